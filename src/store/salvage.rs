//! A ledger on disk that is not whole: what is certain of it, and the way to go on with that.

use super::files;
use super::ledger::{OpenError, Read, read_files};
use super::paths::Paths;
use crate::state::journal::Journal;
use crate::state::ledger::State;
use crate::state::salvage::{Damaged, Health, Keep, salvage};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Looks at the files of a ledger that cannot be used for the reason `problem`. Touches nothing. A file that cannot be
/// read at all, or that a newer version wrote, is an error: nothing is known of it.
pub fn survey(paths: &Paths, problem: &OpenError, keep: Option<Keep>) -> Result<Damaged, OpenError> {
    let Read { state, journal } = read_files(paths)?;
    let state_file = match &state {
        None => Health::Missing,
        Some(Ok(state)) => Health::Whole { from: 1, up_to: state.serial },
        Some(Err(error)) => Health::Broken { why: error.to_string(), certain: None },
    };
    let range = |journal: &Journal| journal.records.first().zip(journal.records.last()).map(|(a, b)| (a.seq, b.seq));
    let (health, records) = match journal {
        None => (Health::Missing, Journal::default()),
        Some(Ok(journal)) => match range(&journal) {
            Some((from, up_to)) => (Health::Whole { from, up_to }, journal),
            None => (Health::Missing, journal),
        },
        Some(Err(damage)) => {
            (Health::Broken { why: damage.to_string(), certain: range(&damage.before) }, *damage.before)
        }
    };
    let salvaged = salvage(state.and_then(Result::ok), &records, keep);
    let sheets = sheets(paths, salvaged.as_ref().ok());
    Ok(Damaged { problem: problem.to_string(), state_file, journal: health, salvaged, sheets })
}

/// Every restore sheet, but for those of applies that are certain to have ended.
fn sheets(paths: &Paths, state: Option<&State>) -> Vec<String> {
    let ended: Vec<PathBuf> = state
        .iter()
        .flat_map(|state| &state.applies)
        .filter(|apply| apply.ended.is_some())
        .map(|apply| paths.sheet(&apply.id))
        .collect();
    let is_sheet = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("restore-") && path.extension().is_some_and(|end| end == "txt") && !ended.contains(path)
    };
    let entries = fs::read_dir(&paths.work).into_iter().flatten().filter_map(Result::ok);
    let mut sheets: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_sheet).collect();
    sheets.sort();
    sheets.iter().map(|path| path.display().to_string()).collect()
}

/// Puts what is certain in the place of what is damaged. What was there is kept under another name, which is returned;
/// nothing is deleted.
///
/// The caller holds the lock. The ledger has no journal then, and opening it says what that means
/// ([`super::ledger::Ledger::loss`]): so it comes to the same wherever this ends half-way.
pub fn put_in_place(paths: &Paths, state: &State) -> io::Result<Vec<PathBuf>> {
    let mut aside = Vec::new();
    if paths.state.exists() {
        let kept = free_name(&paths.state);
        files::replace(&kept, &files::read_whole(&paths.state, files::LARGEST_WRITTEN)?)?;
        aside.push(kept);
    }
    files::replace(&paths.state, state.to_file()?.as_bytes())?;
    if paths.journal.exists() {
        let kept = free_name(&paths.journal);
        fs::rename(&paths.journal, &kept)?;
        files::sync_folder(&kept)?;
        aside.push(kept);
    }
    Ok(aside)
}

/// The file's name with `.damaged-1` behind, or the first number that is free.
fn free_name(path: &Path) -> PathBuf {
    let named = |n: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{n}"));
        PathBuf::from(name)
    };
    let mut n = 1;
    while named(n).exists() {
        n += 1;
    }
    named(n)
}
