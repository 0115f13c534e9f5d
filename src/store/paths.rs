//! Which files there are, all derived from the state file's path.

use crate::model::id::{ApplyId, LockId};
use std::path::{Path, PathBuf};

/// The files of one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `matchplan.state.json`: the ledger.
    pub state: PathBuf,
    /// `matchplan.journal.jsonl` beside it.
    pub journal: PathBuf,
    /// `.matchplan/` beside it: working files that are not committed.
    pub work: PathBuf,
    /// `.matchplan/matchplan.state.json.lock`.
    pub lock: PathBuf,
    /// `.matchplan/matchplan.state.json.holder`: who has the lock. A file of its own, since Windows lets nobody read a
    /// locked file.
    pub holder: PathBuf,
}

impl Paths {
    /// The files that belong to the state file `state`.
    pub fn of(state: &Path) -> Self {
        let name =
            state.file_name().map_or_else(|| "matchplan.state.json".into(), |n| n.to_string_lossy().into_owned());
        let folder = state.parent().unwrap_or_else(|| Path::new(""));
        let stem = name.strip_suffix(".state.json").or_else(|| name.strip_suffix(".json")).unwrap_or(&name);
        let work = folder.join(".matchplan");
        Self {
            state: state.to_owned(),
            journal: folder.join(format!("{stem}.journal.jsonl")),
            lock: work.join(format!("{name}.lock")),
            holder: work.join(format!("{name}.holder")),
            work,
        }
    }

    /// Where the restore sheet of an apply is kept.
    pub fn sheet(&self, apply: &ApplyId) -> PathBuf {
        let safe: String =
            apply.as_str().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        self.work.join(format!("restore-{safe}.txt"))
    }

    /// Where the lock file is put aside that belongs to a lock which a person has released from under its holder.
    pub fn released(&self, id: LockId) -> PathBuf {
        let mut name = self.lock.clone().into_os_string();
        name.push(format!(".released-{id}"));
        name.into()
    }

    /// Where a journal is put aside that ends with record `last`, before the state does.
    pub fn old_journal(&self, last: u64) -> PathBuf {
        self.journal.with_extension(format!("until-{last}.jsonl"))
    }
}
