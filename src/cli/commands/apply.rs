//! `matchplan apply`: a saved plan, or plan and ask; or, where an apply is unfinished, go on with that.

use super::plan::{Exchange, check_brakes, make_live};
use super::show::{announce_plan, read_plan};
use crate::apply::options::OnFailure;
use crate::cli::args::{self, Apply, Global, Planning};
use crate::cli::error::{CliError, CliResult};
use crate::cli::executing::{self, Consent, Work};
use crate::cli::exit::Exit;
use crate::cli::reading::Need;
use crate::cli::selecting::{self, select};
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::config::read::Config;
use crate::config::selection::Selection;
use crate::directory::port::Clock as _;
use crate::plan::document::{Plan, Purpose};
use crate::report::compare::Comparison;
use crate::state::ledger::ApplyRecord;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Runs an apply to its end, its interruption, or its refusal.
pub async fn run(args: &Apply, global: &Global, terminal: Terminal) -> CliResult {
    check_brakes(&args.planning.allow)?;
    let saved = saved_plan(&args.files)?;
    let Planning { only, exclude, pilot, .. } = &args.planning;
    if saved.is_some() && (!only.is_empty() || !exclude.is_empty() || pilot.is_some()) {
        return Err(CliError::new(Exit::Usage, "A saved plan is applied as it was saved.")
            .hint("Select when you plan: matchplan plan --only … --out FILE."));
    }
    let (site, lock) = Site::open_locked(global, "apply", terminal).await?;
    let mut work = Work::begin(&site, lock, &global.repeated(), terminal)?;
    work.on_failure = on_failure(args.on_failure);
    work.prepare_only = args.prepare;
    work.yes = args.yes;
    if let Some(unfinished) = work.unfinished() {
        if saved.as_ref().is_some_and(|(_, plan)| plan.digest != unfinished.plan_digest) {
            let flags = global.repeated();
            let message =
                format!("Apply {} is unfinished, and this is another plan; nothing was changed.", unfinished.id);
            return Err(CliError::new(Exit::Partial, message).hint(format!(
                "Run `matchplan{flags} apply` without a plan to finish that one first, or `matchplan{flags} rollback`."
            )));
        }
        terminal.note(&format!("Apply {} is unfinished: going on with it.", unfinished.id));
        let consent = Consent { allow: &args.planning.allow, yes: args.yes };
        return work.resume(consent, global).await;
    }
    match saved {
        Some((file, plan)) => apply_saved(&file, plan, args, work, global).await,
        None => apply_new(args, work, global).await,
    }
}

const fn on_failure(choice: args::OnFailure) -> OnFailure {
    match choice {
        args::OnFailure::Continue => OnFailure::Continue,
        args::OnFailure::Stop => OnFailure::Stop,
        args::OnFailure::Rollback => OnFailure::Rollback,
    }
}

/// The saved plan, if the one file that was given is JSON.
fn saved_plan(files: &[PathBuf]) -> Result<Option<(PathBuf, Plan)>, CliError> {
    let is_json = |path: &&PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    match (files, files.iter().find(is_json)) {
        (_, None) => Ok(None),
        ([file], Some(_)) => Ok(Some((file.clone(), read_plan(file)?))),
        (_, Some(file)) => Err(CliError::new(
            Exit::Usage,
            format!("{} is a saved plan, and a saved plan is applied alone.", file.display()),
        )),
    }
}

async fn apply_new(args: &Apply, work: Work<'_>, global: &Global) -> CliResult {
    if args.expect_digest.is_some() {
        return Err(CliError::new(Exit::Usage, "--expect-digest goes with a saved plan.")
            .hint("Save one with `matchplan plan --out FILE`."));
    }
    let terminal = work.terminal;
    let selection = selecting::selection(&args.planning)?;
    let config = select(work.site.config(&args.files, terminal)?, &selection)?;
    let exchange = Exchange::read(args.planning.recipients.as_deref(), terminal)?;
    let directories = work.site.connect(&work.site.settings, terminal).await?;
    let need = Need { config: &config, how: &args.planning, selection: &selection, now: work.site.clock.now() };
    let snapshot = exchange.into(work.site.snapshot_for(need, &directories, global, terminal).await?);
    let plan = make_live(Need { now: work.site.clock.now(), ..need }, &snapshot, &directories).await?;
    announce_plan(&plan, terminal)?;
    if plan.is_blocked() {
        return Ok(Exit::Blocked);
    }
    if !plan.has_changes() {
        return Ok(Exit::Success);
    }
    if !args.yes && !terminal.confirm("\nApply this plan?").await? {
        terminal.note("Nothing was changed.");
        return Ok(Exit::Success);
    }
    work.execute(plan, &snapshot, &directories, global).await
}

async fn apply_saved(file: &Path, plan: Plan, args: &Apply, work: Work<'_>, global: &Global) -> CliResult {
    let terminal = work.terminal;
    check_saved(file, &plan, args, work.site.clock.now())?;
    let recipients = recipients_of(&plan, args);
    let exchange = Exchange::read(recipients.as_deref(), terminal)?;
    let directories = work.site.connect(&work.site.settings, terminal).await?;
    let again = match &plan.purpose {
        Purpose::Link => Some(Again::of(&plan, args, recipients, &work)?),
        Purpose::Rollback { .. } => None,
    };
    let read = match &again {
        Some(again) => {
            work.site.snapshot_for(again.need(work.site.clock.now()), &directories, global, terminal).await?
        }
        None => work.site.snapshot(&directories, terminal).await?,
    };
    let snapshot = exchange.into(read);
    executing::same_tenant(&plan, &snapshot)?;
    let now = match &again {
        Some(again) => make_live(again.need(work.site.clock.now()), &snapshot, &directories).await?,
        None => work.rollback_again(&plan, &snapshot, &args.planning.allow)?,
    };
    if !acts_alike(&plan, &now)
        && let Some(earlier) = work.state().and_then(|state| state.applied(&plan.digest))
    {
        return Err(used_up(file, earlier));
    }
    prove(file, &plan, &now, terminal)?;
    if !plan.has_changes() {
        terminal.print("No changes: the saved plan has no step.\n")?;
        return Ok(Exit::Success);
    }
    if terminal.stream().is_some() {
        // A person has read it; what follows the stream may have not.
        announce_plan(&plan, terminal)?;
    }
    work.execute(plan, &snapshot, &directories, global).await
}

/// Version, digest and shape were checked when it was read; this checks what was approved, and until when.
fn check_saved(file: &Path, plan: &Plan, args: &Apply, now: Timestamp) -> Result<(), CliError> {
    let stale = |message: String| CliError::new(Exit::Stale, message);
    if let Some(wanted) = args.expect_digest.as_ref().filter(|wanted| **wanted != plan.digest) {
        return Err(stale(format!("{} is not the plan that was approved.", file.display()))
            .hint(format!("approved: {wanted}"))
            .hint(format!("this file: {}", plan.digest)));
    }
    if now > plan.expires {
        return Err(stale(format!("{} expired at {}; it is {now} now.", file.display(), plan.expires))
            .hint("Plan again, and have the new plan reviewed: `matchplan diff OLD NEW` shows what changed."));
    }
    if plan.is_blocked() {
        return Err(CliError::new(Exit::Blocked, format!("{} is blocked by error findings.", file.display()))
            .hint(format!("matchplan show {} names each.", file.display())));
    }
    Ok(())
}

/// The export of Exchange's recipients to plan again with: the one that was planned with, unless another is given now.
fn recipients_of(plan: &Plan, args: &Apply) -> Option<PathBuf> {
    args.planning.recipients.clone().or_else(|| plan.recipients.as_ref().map(PathBuf::from))
}

/// What a saved plan is planned again from, besides the live directories: the same match plans, in the same way.
struct Again {
    config: Config,
    how: Planning,
    selection: Selection,
}

impl Again {
    fn of(plan: &Plan, args: &Apply, recipients: Option<PathBuf>, work: &Work<'_>) -> Result<Self, CliError> {
        let files: Vec<PathBuf> = plan.sources.iter().map(PathBuf::from).collect();
        let selection = plan.selection.clone();
        let config = select(work.site.config(&files, work.terminal)?, &selection)?;
        let Planning { allow, read, .. } = args.planning.clone();
        let how = Planning { skip_blocked: !plan.skipped.is_empty(), allow, recipients, read, ..Planning::default() };
        Ok(Self { config, how, selection })
    }

    const fn need(&self, now: Timestamp) -> Need<'_> {
        Need { config: &self.config, how: &self.how, selection: &self.selection, now }
    }
}

/// The saved plan still holds if planning again gives the same. Otherwise the directories, the match plans or the
/// configuration have moved on, or somebody edited the file: nothing is written.
fn prove(file: &Path, saved: &Plan, now: &Plan, terminal: Terminal) -> Result<(), CliError> {
    if acts_alike(saved, now) && !now.is_blocked() {
        return Ok(());
    }
    let comparison = Comparison::of(saved, now);
    if terminal.stream().is_some() {
        terminal.give(true, || comparison.to_json(), String::new)?;
    } else {
        terminal.note(comparison.to_text(terminal.err_style(), terminal.width).trim_end());
    }
    Err(CliError::new(Exit::Stale, format!("{} does not hold any more; nothing was changed.", file.display()))
        .hint("What differs is shown above. Plan again, and have the new plan reviewed."))
}

/// A plan that was applied before does not hold any more because of that, which is no news worth a comparison.
fn used_up(file: &Path, earlier: &ApplyRecord) -> CliError {
    let message = format!(
        "{} was applied already, by apply {} of {}; nothing was changed.",
        file.display(),
        earlier.id,
        earlier.started
    );
    CliError::new(Exit::Stale, message)
        .hint("`matchplan status` says what came of it; plan again for what is still to do.")
}

/// Whether two plans do the same: everything that executing reads. The settings are part of it, since an apply runs the
/// sync commands and the guards that its plan names.
fn acts_alike(saved: &Plan, now: &Plan) -> bool {
    let links = |plan: &Plan| -> Vec<_> {
        let links = plan.links.iter();
        links.map(|link| (link.id.clone(), link.outcome.clone(), link.before.user.last_sync)).collect()
    };
    let tasks = |plan: &Plan| -> Vec<_> {
        plan.tasks.iter().map(|task| (task.id.clone(), task.title.clone(), task.outcome.clone())).collect()
    };
    saved.steps == now.steps
        && saved.settings == now.settings
        && links(saved) == links(now)
        && tasks(saved) == tasks(now)
}
