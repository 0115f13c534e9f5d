//! `matchplan status`: what is waiting, in progress, suspended or drifting. Changes nothing, takes no lock.

use super::show::unwritable;
use crate::cli::args::{Global, Status, TextOrJson};
use crate::cli::error::{CliError, CliResult};
use crate::cli::executing::unreadable;
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::plan::document::Purpose;
use crate::report::status::StatusView;
use crate::rollback::drift::drift;
use crate::rollback::waiting;
use crate::snapshot::document::Snapshot;
use crate::state::ledger::{Standing, State};
use crate::store::ledger;
use crate::store::paths::Paths;

/// Prints the status; exit code 6 while something is unfinished, 7 while something is stuck.
pub async fn run(args: &Status, global: &Global, terminal: Terminal) -> CliResult {
    let site = Site::open(global, terminal).await?;
    let paths = Paths::of(&site.state_file());
    let Some(state) = ledger::read(&paths).map_err(|error| unreadable(&error))? else {
        give(&StatusView::nothing(), args, global, terminal)?;
        return Ok(Exit::Success);
    };
    let linked = state.linked().next().is_some();
    let snapshot = if args.offline || !(linked || waiting::any(&state)) {
        None
    } else {
        match look(&site, terminal).await {
            Ok(snapshot) => Some(snapshot),
            Err(error) if linked => return Err(error),
            // The state alone says where each link stands; the directories would only say why.
            Err(error) => {
                terminal.note(&format!("note: the directories were not looked at.\n{error}"));
                None
            }
        }
    };
    let drifted = snapshot.as_ref().filter(|_| linked).map(|snapshot| drift(&state, snapshot));
    let now = snapshot.as_ref().map(|snapshot| waiting::diagnoses(&state, snapshot)).unwrap_or_default();
    let view = StatusView::of(&state, drifted.as_deref()).with_diagnoses(now);
    give(&view, args, global, terminal)?;
    Ok(exit(&state))
}

fn give(view: &StatusView<'_>, args: &Status, global: &Global, terminal: Terminal) -> Result<(), CliError> {
    terminal.print(&match args.format {
        TextOrJson::Text => view.to_text(&global.repeated(), terminal.out_style(), terminal.width),
        TextOrJson::Json => view.to_json().map_err(|error| unwritable(&error))?,
    })
}

async fn look(site: &Site, terminal: Terminal) -> Result<Snapshot, CliError> {
    let directories = site.connect(&site.settings, terminal).await?;
    site.snapshot(&directories, terminal).await
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
