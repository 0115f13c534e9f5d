//! `matchplan status`: what is waiting, in progress, suspended or drifting. Changes nothing, takes no lock.

use super::show::unwritable;
use crate::cli::args::{Global, Status, TextOrJson};
use crate::cli::error::CliResult;
use crate::cli::executing::unreadable;
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::plan::document::Purpose;
use crate::report::status::StatusView;
use crate::rollback::drift::drift;
use crate::state::ledger::{Standing, State};
use crate::store::ledger;
use crate::store::paths::Paths;

/// Prints the status; exit code 6 while something is unfinished, 7 while something is stuck.
pub async fn run(args: &Status, global: &Global, terminal: Terminal) -> CliResult {
    let site = Site::open(global, terminal).await?;
    let paths = Paths::of(&site.state_file());
    let Some(state) = ledger::read(&paths).map_err(|error| unreadable(&error))? else {
        terminal.print("No state: nothing was applied here yet.\n")?;
        return Ok(Exit::Success);
    };
    let drifted = if args.offline || state.linked().next().is_none() {
        None
    } else {
        let directories = site.connect(&site.settings, terminal).await?;
        Some(drift(&state, &site.snapshot(&directories, terminal).await?))
    };
    let view = StatusView::of(&state, drifted.as_deref());
    terminal.print(&match args.format {
        TextOrJson::Text => view.to_text(&global.repeated(), terminal.out_style(), terminal.width),
        TextOrJson::Json => view.to_json().map_err(|error| unwritable(&error))?,
    })?;
    Ok(exit(&state))
}

fn exit(state: &State) -> Exit {
    let stuck = |record: &&crate::state::ledger::ApplyRecord| {
        record.purpose == Purpose::Link
            && record.links.values().any(|link| matches!(link.standing, Standing::Stuck { .. }))
    };
    if state.applies.iter().rev().take(1).any(|record| stuck(&record)) {
        Exit::Stuck
    } else if state.unfinished().is_some() || !state.suspended_roles().is_empty() {
        Exit::Partial
    } else {
        Exit::Success
    }
}
