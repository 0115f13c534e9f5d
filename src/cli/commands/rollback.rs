//! `matchplan rollback`: an ordinary plan from the state and a fresh snapshot, reviewed and applied like any other.

use super::plan::{check_brakes, save};
use super::show::{announce_plan, give_plan, read_plan};
use crate::cli::args::{Global, PlanFormat, Rendering, Rollback};
use crate::cli::error::{CliError, CliResult};
use crate::cli::executing::{Consent, HowBack, Work, same_tenant};
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::model::id::{ApplyId, LinkId};
use crate::plan::document::{Plan, Purpose};
use crate::rollback::plan::Target;
use std::path::Path;

/// Plans the rollback; writes it to a file, or asks and executes it.
pub async fn run(args: &Rollback, global: &Global, terminal: Terminal) -> CliResult {
    check_brakes(&args.allow)?;
    let saved = args.file.as_deref().map(read_rollback).transpose()?;
    let (site, lock) = Site::open_locked(global, "rollback", terminal).await?;
    let work = Work::begin(&site, lock, &global.repeated(), terminal)?;
    let unfinished = work.unfinished().filter(|record| matches!(record.purpose, Purpose::Rollback { .. }));
    if let Some(record) = unfinished {
        terminal.note(&format!("Rollback {} is unfinished: going on with it.", record.id));
        return work.resume(Consent { allow: &args.allow, yes: args.yes }, global).await;
    }
    let directories = site.connect(&site.settings, terminal).await?;
    let snapshot = site.snapshot(&directories, terminal).await?;
    let plan = if let Some(plan) = &saved {
        same_tenant(plan, &snapshot)?;
        let now = work.rollback_again(plan, &snapshot, &args.allow)?;
        if now.steps != plan.steps {
            return Err(CliError::new(Exit::Stale, "The saved rollback does not hold any more; nothing was changed.")
                .hint("Plan it again: matchplan rollback --out FILE."));
        }
        now
    } else {
        let how = HowBack { allow: &args.allow, skip_blocked: args.skip_blocked };
        work.plan_rollback(&target(args)?, &snapshot, how)?
    };
    if let Some(out) = &args.out {
        let how = Rendering { format: PlanFormat::Text, redact: false, details: false };
        give_plan(&plan, Some(out), how, terminal)?;
        save(&plan, out)?;
        let flags = global.repeated();
        terminal.print(&format!("\nSaved {0}. After review: `matchplan{flags} rollback {0}`.\n", out.display()))?;
        return Ok(if plan.is_blocked() { Exit::Blocked } else { Exit::Success });
    }
    announce_plan(&plan, terminal)?;
    if plan.is_blocked() {
        return Ok(Exit::Blocked);
    }
    if !plan.has_changes() {
        return Ok(Exit::Success);
    }
    if saved.is_none() && !args.yes && !terminal.confirm("\nRoll back?").await? {
        terminal.note("Nothing was changed.");
        return Ok(Exit::Success);
    }
    work.execute(plan, &snapshot, &directories, global).await
}

/// Reads a saved rollback. A plan that forms links would not be proven again here, so it is refused.
fn read_rollback(file: &Path) -> Result<Plan, CliError> {
    let plan = read_plan(file)?;
    match plan.purpose {
        Purpose::Rollback { .. } => Ok(plan),
        Purpose::Link => Err(CliError::new(Exit::Usage, format!("{} forms links; it is no rollback.", file.display()))
            .hint(format!("Apply it: matchplan apply {}", file.display()))
            .hint("Plan a rollback: matchplan rollback --out FILE")),
    }
}

fn target(args: &Rollback) -> Result<Target, CliError> {
    match (&args.apply, &args.link) {
        (None, None) => Ok(Target::Latest),
        (Some(apply), None) => Ok(Target::Apply(ApplyId(apply.clone()))),
        (None, Some(link)) => Ok(Target::Link(LinkId(link.to_lowercase().replace('\\', "/")))),
        (Some(_), Some(_)) => Err(CliError::new(
            Exit::Usage,
            "--apply and --link do not go together: a link is rolled back where it was last changed.",
        )),
    }
}
