//! The ledger on disk: journal and state file kept together.

use super::disk::{self, Disk, RealDisk};
use super::files;
use super::lock::Lock;
use super::paths::Paths;
use crate::model::id::ApplyId;
use crate::model::sealed::SealError;
use crate::state::fold::{self, JoinError};
use crate::state::journal::{Damage, Journal, JournalEvent, Record};
use crate::state::ledger::State;
use crate::state::recorder::{RecordError, Recorder};
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::path::{Path, PathBuf};

/// No state file or journal of this program comes near this size; a larger one is refused before it fills the memory.
const LIMIT: u64 = 512 * 1024 * 1024;

/// How much time may pass, in the events' own time, before the state file follows the journal. What matters at once
/// (roles, endings) does not wait.
const SAVE_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk.
    #[error("could not read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The state file.
    #[error("the state file {path} cannot be used: {source}")]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SealError,
    },
    /// The journal.
    #[error("the journal {path} cannot be used: {source}")]
    Journal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Damage,
    },
    /// Each is whole, but not together.
    #[error("the journal {path} does not fit the state file: {source}")]
    Join {
        /// The journal file.
        path: PathBuf,
        /// What does not fit.
        source: JoinError,
    },
}

/// What was read, and what opening for writing has to mend.
struct Found {
    state: Option<State>,
    caught_up: usize,
    journal: Journal,
    behind: bool,
}

fn find(paths: &Paths) -> Result<Found, OpenError> {
    let read = |path: &Path| {
        files::read_limited(path, LIMIT).map_err(|source| OpenError::Io { path: path.to_owned(), source })
    };
    let state = read(&paths.state)?
        .map(|octets| {
            let text = String::from_utf8(octets).map_err(|e| SealError::Broken(e.to_string()))?;
            State::from_file(&text)
        })
        .transpose()
        .map_err(|source| OpenError::State { path: paths.state.clone(), source })?;
    let journal = Journal::read(&read(&paths.journal)?.unwrap_or_default())
        .map_err(|source| OpenError::Journal { path: paths.journal.clone(), source })?;
    let joined =
        fold::join(state, &journal).map_err(|source| OpenError::Join { path: paths.journal.clone(), source })?;
    Ok(Found { state: joined.state, caught_up: joined.caught_up, journal, behind: joined.journal_behind })
}

/// Reads the ledger as it stands, for commands that change nothing; needs no lock. `None` if there is none.
pub fn read(paths: &Paths) -> Result<Option<State>, OpenError> {
    find(paths).map(|found| found.state)
}

/// The ledger, open for writing. Holds the lock.
#[derive(Debug)]
pub struct Ledger {
    paths: Paths,
    state: Option<State>,
    /// Made with the first record: an apply that is refused leaves no file behind.
    journal: Option<File>,
    intact_len: u64,
    broken: bool,
    saved: Option<Timestamp>,
    unsaved: bool,
    disk: Box<dyn Disk>,
    lock: Lock,
}

impl Ledger {
    /// Opens the ledger: drops an append that was cut short, brings the state file up to the journal, and puts a journal
    /// aside that ends before the state does.
    pub fn open(paths: &Paths, lock: Lock) -> Result<Self, OpenError> {
        Self::open_on(paths, lock, Box::new(RealDisk))
    }

    /// The same on another disk.
    pub fn open_on(paths: &Paths, lock: Lock, disk: Box<dyn Disk>) -> Result<Self, OpenError> {
        let found = find(paths)?;
        let failed = |source| OpenError::Io { path: paths.journal.clone(), source };
        let mut intact_len = found.journal.intact_len;
        if found.behind {
            let last = found.journal.records.last().map_or(0, |r| r.seq);
            std::fs::rename(&paths.journal, paths.old_journal(last)).map_err(failed)?;
            intact_len = 0;
        }
        let is_there = paths.journal.exists();
        let journal = is_there.then(|| files::open_at(&paths.journal, intact_len).map_err(failed)).transpose()?;
        let mut ledger = Self {
            paths: paths.clone(),
            state: found.state,
            journal,
            intact_len,
            broken: false,
            saved: None,
            unsaved: found.caught_up > 0,
            disk,
            lock,
        };
        if ledger.unsaved {
            ledger.write_state().map_err(|source| OpenError::Io { path: paths.state.clone(), source })?;
        }
        Ok(ledger)
    }

    /// The ledger's files.
    pub const fn paths(&self) -> &Paths {
        &self.paths
    }

    fn write_state(&mut self) -> std::io::Result<()> {
        if let Some(state) = &self.state {
            disk::replace(&*self.disk, &self.paths.state, state.to_file()?.as_bytes())?;
        }
        self.unsaved = false;
        Ok(())
    }

    /// Whether the files are still ours to write.
    fn ours(&self) -> Result<(), RecordError> {
        if self.lock.is_released() { Err(RecordError::Released) } else { Ok(()) }
    }

    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        let journal = match &mut self.journal {
            Some(journal) => journal,
            None => self.journal.insert(files::open_at(&self.paths.journal, self.intact_len)?),
        };
        self.disk.write(&self.paths.journal, journal, line)?;
        self.disk.sync(&self.paths.journal, journal)?;
        self.intact_len += line.len() as u64;
        Ok(())
    }
}

/// Whether the state file must have this at once.
fn is_weighty(event: &JournalEvent) -> bool {
    !matches!(
        event,
        JournalEvent::StepStarted { .. } | JournalEvent::StepSucceeded { .. } | JournalEvent::StepSkipped { .. }
    )
}

impl Recorder for Ledger {
    fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    fn record(&mut self, at: Timestamp, event: JournalEvent) -> Result<(), RecordError> {
        if self.broken {
            return Err(RecordError::Broken);
        }
        self.ours()?;
        let (serial, mark) = self.state.as_ref().map_or((0, ""), |s| (s.serial, s.journal.as_str()));
        let weighty = is_weighty(&event);
        let record = Record::following(serial, mark, at, event)?;
        let line = record.to_line()?;
        // Folded first: an illegal event must never reach the file. A record that then cannot be written breaks this
        // ledger for good, and the next one to open it does not see the record.
        match &mut self.state {
            Some(state) => state.advance(&record)?,
            None => self.state = Some(State::begin(&record)?),
        }
        if let Err(source) = self.append(line.as_bytes()) {
            self.broken = true;
            let _ = self.journal.as_ref().map(|journal| journal.set_len(self.intact_len));
            return Err(RecordError::Io { what: format!("write {}", self.paths.journal.display()), source });
        }
        self.unsaved = true;
        let due = self.saved.is_none_or(|saved| at.duration_since(saved).abs() >= SAVE_AFTER);
        if weighty || due {
            self.saved = Some(at);
            self.save()?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), RecordError> {
        if self.broken || !self.unsaved {
            return Ok(());
        }
        self.ours()?;
        self.write_state()
            .map_err(|source| RecordError::Io { what: format!("write {}", self.paths.state.display()), source })
    }

    fn keep_sheet(&mut self, apply: &ApplyId, sheet: &str) -> Result<String, RecordError> {
        self.ours()?;
        let path = self.paths.sheet(apply);
        disk::replace(&*self.disk, &path, sheet.as_bytes())
            .map_err(|source| RecordError::Io { what: format!("write {}", path.display()), source })?;
        Ok(path.display().to_string())
    }
}
