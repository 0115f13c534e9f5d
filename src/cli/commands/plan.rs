//! `matchplan plan`: what would change, and what stands in the way.

use super::show::give_plan;
use super::snapshot;
use crate::cli::args::{Global, PlanArgs, PlanFormat};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::reading::{self, Need};
use crate::cli::selecting::{self, select};
use crate::cli::site::{self, Site, SiteClock};
use crate::cli::terminal::Terminal;
use crate::cli::{progress, project};
use crate::config::selection::Selection;
use crate::config::settings::Settings;
use crate::directory::connected::Directories;
use crate::directory::port::Clock as _;
use crate::directory::residues;
use crate::model::cloud::Residues;
use crate::model::id::LinkId;
use crate::model::recipient::Recipient;
use crate::plan::document::Plan;
use crate::plan::planner::{PlanInput, plan, plan_noting};
use crate::report::events::count;
use crate::report::safe::Text;
use crate::rules::finding::FindingCode;
use crate::snapshot::document::Snapshot;
use crate::snapshot::question::Asked;
use crate::store::paths::Paths;
use crate::store::{files, ledger};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;

/// Plans, prints, and saves if asked to. Nothing in either directory changes.
pub async fn run(args: &PlanArgs, global: &Global, terminal: Terminal) -> CliResult {
    check_brakes(&args.planning.allow)?;
    let exchange = Exchange::read(args.planning.recipients.as_deref(), terminal)?;
    let selection = selecting::selection(&args.planning)?;
    let made = if let Some(file) = &args.snapshot {
        offline(args, file, exchange, (global, &selection), terminal)?
    } else {
        let site = Site::open(global, terminal).await?;
        let config = select(site.config(&args.plans, terminal)?, &selection)?;
        let directories = site.connect(&site.settings, terminal).await?;
        let need = Need { config: &config, how: &args.planning, selection: &selection, now: site.clock.now() };
        let snapshot = site.snapshot_for(need, &directories, global, terminal).await?;
        let made = make_live(need, &exchange.into(snapshot), &directories).await?;
        if args.plans.is_empty() && selection.is_all() {
            note_unwritten(&site, &made, terminal);
        }
        made
    };
    give_plan(&made, args.out.as_deref(), args.rendering, terminal)?;
    if let Some(out) = &args.out {
        save(&made, out)?;
        if args.rendering.format == PlanFormat::Text {
            terminal.print(&format!(
                "\nSaved {0}. For review: `matchplan show --format markdown {0}`; then `matchplan{1} apply {0}`.\n",
                out.display(),
                global.repeated()
            ))?;
        }
    }
    Ok(if made.is_blocked() {
        Exit::Blocked
    } else if args.detailed_exitcode && made.has_changes() {
        Exit::Pending
    } else {
        Exit::Success
    })
}

/// Says which links were formed here and stand in no match plan any more: they stay formed, and whoever removed them may
/// have meant otherwise. Only where all match plans were read.
fn note_unwritten(site: &Site, plan: &Plan, terminal: Terminal) {
    // A state that cannot be read is the next apply's business; planning does not need it.
    let Ok(Some(state)) = ledger::read(&Paths::of(&site.state_file())) else { return };
    let written: BTreeSet<&LinkId> = plan.links.iter().map(|link| &link.id).collect();
    let gone: BTreeMap<&LinkId, String> = state
        .linked()
        .filter(|(_, id, _)| !written.contains(id))
        .map(|(_, id, link)| (id, format!("{} → {}", link.ad, link.cloud)))
        .collect();
    if gone.is_empty() {
        return;
    }
    let names: Vec<&str> = gone.values().map(String::as_str).collect();
    let text = format!(
        "{} in no match plan any more, and formed all the same: {}",
        count(gone.len(), "link"),
        names.join(", ")
    );
    terminal.note(&format!("note: {}\n  → Taking a link out of a match plan does not unlink the users.", Text(&text)));
}

/// Plans from a saved snapshot: no credentials, no network.
fn offline(
    args: &PlanArgs,
    file: &Path,
    exchange: Exchange,
    (global, selection): (&Global, &Selection),
    terminal: Terminal,
) -> Result<Plan, CliError> {
    let text = project::config_text(&global.config)?;
    let read = project::read_all((&global.config.display().to_string(), &text), &args.plans)?;
    let config = select(project::checked(read, terminal)?, selection)?;
    // Not given back: the process ends soon, and a million users are ten million pieces of memory.
    let snapshot = ManuallyDrop::new(exchange.into(snapshot::read(file, terminal)?));
    let bar = progress::thinking(terminal, "Planning");
    let need = Need { config: &config, how: &args.planning, selection, now: site::clock(global).now() };
    let made = make(need, &snapshot, &Residues::new());
    bar.finish_and_clear();
    made
}

/// Makes a plan from a snapshot of the live directories, and of what no snapshot holds.
pub async fn make_live(
    need: Need<'_>,
    snapshot: &Snapshot,
    directories: &Directories<SiteClock>,
) -> Result<Plan, CliError> {
    let residues = residues::residues(&need.config.plan, snapshot, directories).await?;
    make(need, snapshot, &residues)
}

/// Makes a plan; a snapshot of another tenant than the configured one is refused.
fn make(need: Need<'_>, snapshot: &Snapshot, residues: &Residues) -> Result<Plan, CliError> {
    let Need { config, how, selection, now } = need;
    same_tenant(&config.settings, snapshot)?;
    let (skip_blocked, allow) = (how.skip_blocked, how.allow.as_slice());
    let input = PlanInput { config, snapshot, now, skip_blocked, allow, selection, residues };
    let mut made = if snapshot.coverage.is_whole() {
        plan(input)
    } else {
        let asked = Arc::new(Asked::default());
        let made = plan_noting(input, &asked);
        reading::refuse_unanswered(&asked, snapshot)?;
        made
    };
    if let Some(file) = &how.recipients {
        made.recipients = Some(file.display().to_string());
        made.seal();
    }
    Ok(made)
}

/// What an export says of Exchange's recipients; nothing without one.
pub struct Exchange(Option<Vec<Recipient>>);

impl Exchange {
    /// Reads the export, before anything else takes time.
    pub fn read(file: Option<&Path>, terminal: Terminal) -> Result<Self, CliError> {
        Ok(Self(file.map(|file| project::recipients(file, terminal)).transpose()?))
    }

    /// The snapshot with them; one that brings its own keeps those unless there is an export now.
    pub fn into(self, snapshot: Snapshot) -> Snapshot {
        Snapshot { recipients: self.0.or(snapshot.recipients), ..snapshot }
    }
}

pub(super) fn same_tenant(settings: &Settings, snapshot: &Snapshot) -> Result<(), CliError> {
    let (wanted, tenant) = (settings.entra.tenant.as_str(), &snapshot.tenant);
    if tenant.id.to_string().eq_ignore_ascii_case(wanted) || tenant.domain(wanted).is_some() {
        return Ok(());
    }
    Err(CliError::new(
        Exit::Stale,
        format!("The configuration is for the tenant {wanted}, but this is {} ({}).", tenant.display_name, tenant.id),
    )
    .hint("Use the configuration of that tenant, or sign in to the right one."))
}

/// A brake that does not exist is a typing error, and going on would lift nothing.
pub fn check_brakes(allow: &[String]) -> Result<(), CliError> {
    const BRAKES: [FindingCode; 6] = [
        FindingCode::TooManyLinks,
        FindingCode::TooManyRoleRemovals,
        FindingCode::RolesUnseen,
        FindingCode::UnprovenRestore,
        FindingCode::PermanentFeature,
        FindingCode::RoleGrant,
    ];
    let known: Vec<&str> = BRAKES.iter().map(|code| brake_name(*code)).collect();
    match allow.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(CliError::new(Exit::Usage, format!("There is no brake called {unknown}."))
            .hint(format!("Brakes that can be lifted: {}.", known.join(", ")))),
    }
}

const fn brake_name(code: FindingCode) -> &'static str {
    match code {
        // The brake lets all of them pass, each finding is about one.
        FindingCode::RoleGrant => "role-grants",
        other => other.as_str(),
    }
}

/// Writes the saved plan.
pub fn save(plan: &Plan, out: &Path) -> Result<(), CliError> {
    let text = plan.to_file().map_err(|error| CliError::plain(format!("The plan cannot be written: {error}")))?;
    files::replace(out, text.as_bytes()).map_err(|error| CliError::file("write", out, &error))
}
