//! `matchplan state`: the way on with a ledger that is damaged.

use crate::cli::args::{Global, Keep as Choice, Recover};
use crate::cli::error::{CliError, CliResult, capital};
use crate::cli::executing::{unreadable, witness};
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::directory::port::Clock as _;
use crate::report::damage;
use crate::report::safe::Text;
use crate::state::journal::JournalEvent;
use crate::state::recorder::Recorder as _;
use crate::state::salvage::Keep;
use crate::store::disk::RealDisk;
use crate::store::ledger::{self, Ledger};
use crate::store::paths::Paths;
use crate::store::salvage;
use serde_json::json;

/// `state recover`: keeps what is certain, puts the damaged file aside under another name, and records that everything
/// that lost records may have touched is to be read.
pub async fn recover(args: &Recover, global: &Global, terminal: Terminal) -> CliResult {
    let (site, lock) = Site::open_locked(global, "state recover", terminal).await?;
    let paths = Paths::of(&site.state_file());
    let flags = global.repeated();
    let Err(problem) = ledger::read(&paths) else {
        terminal.data(|| Ok(json!({ "damaged": false })))?;
        terminal.print("The ledger is whole; there is nothing to recover.\n")?;
        return Ok(Exit::Success);
    };
    let keep = args.keep.map(|keep| match keep {
        Choice::State => Keep::State,
        Choice::Journal => Keep::Journal,
    });
    let damaged = salvage::survey(&paths, &problem, keep).map_err(|error| unreadable(&error, &paths, &flags))?;
    let Ok(certain) = &damaged.salvaged else { return Err(unreadable(&problem, &paths, &flags)) };
    terminal.note(&format!("{}.", Text(&capital(&damaged.problem))));
    for sentence in damage::sentences(&damaged, &flags) {
        terminal.note(&format!("  {}", Text(&sentence)));
    }
    if !args.yes && !terminal.confirm("\nKeep what is certain, and put the rest aside?").await? {
        terminal.note("Nothing was changed.");
        return Ok(Exit::Success);
    }
    let failed = |error: std::io::Error| CliError::file("put aside", &paths.state, &error);
    let aside = salvage::put_in_place(&paths, certain).map_err(failed)?;
    let opened = Ledger::open_by(&paths, lock, Box::new(RealDisk), witness());
    let mut ledger = opened.map_err(|error| unreadable(&error, &paths, &flags))?;
    let recorded = ledger
        .record(site.clock.now(), JournalEvent::RecordsLost { why: damaged.problem.clone() })
        .and_then(|()| ledger.save());
    recorded.map_err(|error| CliError::plain(format!("{}.", capital(&error.to_string()))))?;
    terminal.data(|| {
        let unfinished = certain.unfinished().map(|apply| &apply.id);
        Ok(json!({ "damaged": true, "kept_up_to_record": certain.serial, "put_aside": aside, "unfinished": unfinished }))
    })?;
    terminal.print(&format!("Kept everything up to record {}.\n", certain.serial))?;
    for path in &aside {
        terminal.print(&format!("Put aside: {}\n", path.display()))?;
    }
    let Some(apply) = certain.unfinished() else {
        terminal
            .print(&format!("Nothing is unfinished, as far as it is certain. `matchplan{flags} status` shows it.\n"))?;
        return Ok(Exit::Success);
    };
    terminal.print(&format!(
        "Apply {} is unfinished. `matchplan{flags} status` shows what the directories say of each of its steps, \
         `matchplan{flags} apply` goes on by that, `matchplan{flags} rollback` goes back.\n",
        apply.id
    ))?;
    Ok(Exit::Partial)
}
