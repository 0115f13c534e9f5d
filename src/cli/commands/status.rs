//! `matchplan status`: what is waiting, in progress, suspended or drifting. Changes nothing, takes no lock.

use crate::cli::args::{Global, Status, TextOrJson};
use crate::cli::error::{CliError, CliResult};
use crate::cli::executing::{unreadable, witness};
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::directory::port::Clock as _;
use crate::plan::document::Purpose;
use crate::report::status::StatusView;
use crate::rollback::drift::drift;
use crate::rollback::open::{self, Eyes};
use crate::rollback::waiting;
use crate::snapshot::document::Snapshot;
use crate::state::ledger::{Standing, State};
use crate::store::ledger::{self, OpenError, Seen};
use crate::store::paths::Paths;
use crate::store::salvage;

/// Prints the status; exit code 6 while something is unfinished, 7 while something is stuck.
pub async fn run(args: &Status, global: &Global, terminal: Terminal) -> CliResult {
    let site = Site::open(global, terminal).await?;
    let paths = Paths::of(&site.state_file());
    let flags = global.repeated();
    let (ledger, damaged) = match ledger::look(&paths, &witness()) {
        Ok(seen) => (seen, None),
        Err(problem) => {
            let told = |error: &OpenError| unreadable(error, &paths, &flags);
            if !problem.is_damage() {
                return Err(told(&problem));
            }
            let damaged = salvage::survey(&paths, &problem, None).map_err(|error| told(&error))?;
            let Ok(state) = &damaged.salvaged else { return Err(told(&problem)) };
            let state = Some(state.clone());
            (Seen { state, known: false, loss: Some("the ledger is damaged") }, Some(damaged))
        }
    };
    let Some(state) = ledger.state else {
        give(&StatusView::nothing(), args, global, terminal)?;
        return Ok(Exit::Success);
    };
    // What going on would make of it: nothing of what records that are lost may have touched is believed.
    let state = if ledger.loss.is_some() { state.doubt(site.clock.now()) } else { state };
    let linked = state.linked().next().is_some();
    let begun = !open::steps(&state, Eyes::Closed).is_empty();
    let mut blind = None;
    let out = !state.suspended_roles().is_empty();
    let snapshot = if args.offline || !(linked || begun || out || waiting::any(&state)) {
        None
    } else {
        match look(&site, terminal).await {
            Ok(snapshot) => Some(snapshot),
            Err(error) if linked && state.unfinished().is_none() => return Err(error),
            // The state alone says where each link stands; the directories would only say why.
            Err(error) => {
                terminal.note(&format!("note: the directories were not looked at.\n{error}"));
                blind = Some(error.message);
                None
            }
        }
    };
    let eyes = match (&snapshot, &blind) {
        (Some(snapshot), _) => Eyes::Snapshot(snapshot),
        (None, Some(why)) => Eyes::Blind(why),
        (None, None) => Eyes::Closed,
    };
    let drifted = snapshot.as_ref().filter(|_| linked).map(|snapshot| drift(&state, snapshot));
    let now = snapshot.as_ref().map(|snapshot| waiting::diagnoses(&state, snapshot)).unwrap_or_default();
    let view = StatusView::of(&state, drifted.as_deref())
        .with_diagnoses(now)
        .with_roles_seen(|holding| snapshot.as_ref().and_then(|snapshot| open::is_there(snapshot, holding)))
        .with_open_steps(&open::steps(&state, eyes), &flags)
        .known_here(ledger.known)
        .with_damage(damaged.as_ref(), &flags);
    give(&view, args, global, terminal)?;
    Ok(if damaged.is_some() { Exit::Stuck } else { exit(&state) })
}

fn give(view: &StatusView<'_>, args: &Status, global: &Global, terminal: Terminal) -> Result<(), CliError> {
    let as_text = || view.to_text(&global.repeated(), terminal.out_style(), terminal.width);
    terminal.give(args.format == TextOrJson::Json, || view.to_json(), as_text)
}

async fn look(site: &Site, terminal: Terminal) -> Result<Snapshot, CliError> {
    let directories = site.connect(&site.settings, terminal).await?;
    site.snapshot(&directories, terminal).await
}

fn exit(state: &State) -> Exit {
    let stuck = |record: &&crate::state::ledger::ApplyRecord| {
        record.purpose == Purpose::Link && record.standings().any(|standing| matches!(standing, Standing::Stuck { .. }))
    };
    if state.applies.iter().rev().take(1).any(|record| stuck(&record)) {
        Exit::Stuck
    } else if state.unfinished().is_some() || !state.suspended_roles().is_empty() {
        Exit::Partial
    } else {
        Exit::Success
    }
}
