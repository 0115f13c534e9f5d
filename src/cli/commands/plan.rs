//! `matchplan plan`: what would change, and what stands in the way.

use super::show::print_plan;
use super::snapshot;
use crate::cli::args::{Format, Global, PlanArgs, Planning};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::site::{self, Site};
use crate::cli::terminal::Terminal;
use crate::config::read::Config;
use crate::config::settings::Settings;
use crate::directory::port::Clock as _;
use crate::plan::document::Plan;
use crate::plan::planner::{PlanInput, plan};
use crate::rules::finding::FindingCode;
use crate::snapshot::document::Snapshot;
use crate::store::files;
use jiff::Timestamp;
use std::path::Path;

/// Plans, prints, and saves if asked to. Nothing in either directory changes.
pub async fn run(args: &PlanArgs, global: &Global, terminal: Terminal) -> CliResult {
    check_brakes(&args.planning.allow)?;
    let made = if let Some(file) = &args.snapshot {
        offline(args, file, global, terminal)?
    } else {
        let site = Site::open(global, terminal).await?;
        let config = site.config(&args.plans, terminal)?;
        let directories = site.connect(&site.settings, terminal).await?;
        let snapshot = site.snapshot(&directories, terminal).await?;
        make(&config, &snapshot, site.clock.now(), &args.planning)?
    };
    print_plan(&made, args.out.as_deref(), args.rendering, terminal)?;
    if let Some(out) = &args.out {
        save(&made, out)?;
        if args.rendering.format == Format::Text {
            terminal.print(&format!(
                "\nSaved {}. For review: matchplan show --format markdown {0}\nThen:              matchplan apply {0}\n",
                out.display()
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

/// Plans from a saved snapshot: no credentials, no network.
fn offline(args: &PlanArgs, file: &Path, global: &Global, terminal: Terminal) -> Result<Plan, CliError> {
    let text = project::config_text(&global.config)?;
    let read = project::read_all((&global.config.display().to_string(), &text), &args.plans)?;
    let config = project::checked(read, terminal)?;
    make(&config, &snapshot::read(file)?, site::clock(global).now(), &args.planning)
}

/// Makes a plan; a snapshot of another tenant than the configured one is refused.
pub fn make(config: &Config, snapshot: &Snapshot, now: Timestamp, how: &Planning) -> Result<Plan, CliError> {
    same_tenant(&config.settings, snapshot)?;
    Ok(plan(PlanInput { config, snapshot, now, skip_blocked: how.skip_blocked, allow: &how.allow }))
}

fn same_tenant(settings: &Settings, snapshot: &Snapshot) -> Result<(), CliError> {
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
    const BRAKES: [FindingCode; 4] =
        [FindingCode::TooManyLinks, FindingCode::TooManyRoleRemovals, FindingCode::RolesUnseen, FindingCode::RoleGrant];
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
