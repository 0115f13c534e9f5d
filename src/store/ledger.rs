//! The ledger on disk: journal and state file kept together.

use super::disk::{self, Disk, RealDisk};
use super::files;
use super::lock::Lock;
use super::paths::Paths;
use super::witness::{self, Witness};
use crate::model::id::ApplyId;
use crate::model::sealed::SealError;
use crate::state::fold::{self, JoinError, Joined};
use crate::state::journal::{Damage, JOURNAL_VERSION, Journal, JournalEvent, Record, Unreadable};
use crate::state::ledger::State;
use crate::state::recorder::{RecordError, Recorder};
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::path::{Path, PathBuf};

/// How much time may pass, in the events' own time, before the state file follows the journal. What matters at once
/// (roles, endings) does not wait.
const SAVE_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Up to this length, in octets, the state file is written with everything that matters.
const SMALL_STATE: u64 = 256 << 10;

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
    /// The journal, of a newer version.
    #[error(
        "the journal {path} cannot be used: its format version is {found}, and this matchplan reads up to {JOURNAL_VERSION}"
    )]
    NewerJournal {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u64,
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

impl OpenError {
    /// Whether a newer version wrote it: nothing of it is damaged, and nothing can be said about it.
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::NewerJournal { .. } | Self::State { source: SealError::Newer { .. }, .. })
    }

    /// Whether the files could be read, and are not whole or do not belong together.
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::State { .. } | Self::Journal { .. } | Self::Join { .. }) && !self.is_newer()
    }
}

/// What was read, and what opening for writing has to mend.
struct Found {
    state: Option<State>,
    /// The digest of the state file, if there is one.
    state_file: Option<String>,
    caught_up: usize,
    journal: Journal,
    behind: bool,
    /// Why records behind the state's end may be missing.
    lost: Option<&'static str>,
}

/// Both files as they are; `None` for one that is not there.
pub(super) struct Read {
    pub(super) state: Option<Result<State, SealError>>,
    pub(super) journal: Option<Result<Journal, Damage>>,
}

/// Reads both files. What cannot be read at all, and what a newer version wrote, is an error.
pub(super) fn read_files(paths: &Paths) -> Result<Read, OpenError> {
    let read = |path: &Path| {
        let content = files::read_limited(path, files::LARGEST_WRITTEN);
        content.map_err(|source| OpenError::Io { path: path.to_owned(), source })
    };
    let state = read(&paths.state)?.map(|octets| {
        let text = String::from_utf8(octets).map_err(|e| SealError::Broken(e.to_string()))?;
        State::from_file(&text)
    });
    if let Some(Err(SealError::Newer { found, newest })) = state {
        let source = SealError::Newer { found, newest };
        return Err(OpenError::State { path: paths.state.clone(), source });
    }
    let journal = match read(&paths.journal)?.map(|octets| Journal::read(&octets)) {
        None => None,
        Some(Ok(journal)) => Some(Ok(journal)),
        Some(Err(Unreadable::Damaged(damage))) => Some(Err(damage)),
        Some(Err(Unreadable::Newer { found })) => {
            return Err(OpenError::NewerJournal { path: paths.journal.clone(), found });
        }
    };
    Ok(Read { state, journal })
}

fn find(paths: &Paths) -> Result<Found, OpenError> {
    let Read { state, journal } = read_files(paths)?;
    let state = state.transpose().map_err(|source| OpenError::State { path: paths.state.clone(), source })?;
    let state_file = state.as_ref().map(|state| state.digest.clone());
    let is_there =
        journal.as_ref().is_some_and(|read| read.as_ref().map_or(true, |journal| !journal.records.is_empty()));
    let journal = journal.unwrap_or_else(|| Ok(Journal::default()));
    let journal = journal.map_err(|source| OpenError::Journal { path: paths.journal.clone(), source })?;
    let joined =
        fold::join(state, &journal).map_err(|source| OpenError::Join { path: paths.journal.clone(), source })?;
    let lost = match (is_there, joined.journal_behind) {
        (false, _) => Some("there was no journal beside the state"),
        (true, true) => Some("the journal beside the state ended before it"),
        (true, false) => None,
    };
    let Joined { state, caught_up, journal_behind: behind } = joined;
    Ok(Found { state, state_file, caught_up, journal, behind, lost })
}

impl Found {
    /// Why records may be missing that an unfinished apply has written. Not if this computer wrote the last one itself.
    fn loss(&self, witness: &Witness) -> Option<&'static str> {
        let open = self.state.as_ref().filter(|state| state.unfinished().is_some() && !witness.wrote_last(state));
        open.and(self.lost)
    }

    /// A ledger that is not there yet is begun here.
    fn is_known(&self, witness: &Witness) -> bool {
        self.state.as_ref().is_none_or(|state| witness.vouches_for(state, self.state_file.as_deref()))
    }
}

/// Reads the ledger as it stands, for commands that change nothing; needs no lock. `None` if there is none.
pub fn read(paths: &Paths) -> Result<Option<State>, OpenError> {
    find(paths).map(|found| found.state)
}

/// What there is, for a command that only looks.
#[derive(Debug)]
pub struct Seen {
    /// The ledger; `None` if there is none.
    pub state: Option<State>,
    /// Whether it stands as this computer left it.
    pub known: bool,
    /// Why records may be missing at its end, as [`Ledger::loss`].
    pub loss: Option<&'static str>,
}

/// Reads the ledger with what there is to say about it; needs no lock.
pub fn look(paths: &Paths, witness: &Witness) -> Result<Seen, OpenError> {
    let found = find(paths)?;
    Ok(Seen { known: found.is_known(witness), loss: found.loss(witness), state: found.state })
}

/// The ledger, open for writing. Holds the lock.
#[derive(Debug)]
pub struct Ledger {
    paths: Paths,
    state: Option<State>,
    /// Made with the first record: an apply that is refused leaves no file behind.
    journal: Option<File>,
    intact_len: u64,
    /// Records that were taken and are not on the disk yet.
    pending: Pending,
    broken: bool,
    saved: Option<Timestamp>,
    /// How many octets of the journal the state file does not have yet.
    unsaved: u64,
    /// The state file's length when it was last written.
    state_len: u64,
    disk: Box<dyn Disk>,
    witness: Witness,
    /// Whether the ledger stands as this computer left it, or a person has taken it on.
    known: bool,
    loss: Option<&'static str>,
    /// The format of the journal's last record.
    format: u32,
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
        Self::open_by(paths, lock, disk, Witness::nobody())
    }

    /// The same with a witness, who says whether the ledger stands as this computer left it.
    pub fn open_by(paths: &Paths, lock: Lock, disk: Box<dyn Disk>, witness: Witness) -> Result<Self, OpenError> {
        let mut found = find(paths)?;
        let known = found.is_known(&witness);
        let loss = found.loss(&witness);
        let failed = |source| OpenError::Io { path: paths.journal.clone(), source };
        let mut intact_len = found.journal.intact_len;
        if found.behind {
            let last = found.journal.records.last().map_or(0, |r| r.seq);
            std::fs::rename(&paths.journal, paths.old_journal(last)).map_err(failed)?;
            intact_len = 0;
        }
        if intact_len == 0 {
            found.journal.format = 0;
        }
        let is_there = paths.journal.exists();
        let journal = is_there.then(|| files::open_at(&paths.journal, intact_len).map_err(failed)).transpose()?;
        let mut ledger = Self {
            paths: paths.clone(),
            state: found.state,
            journal,
            intact_len,
            pending: Pending::default(),
            broken: false,
            saved: None,
            unsaved: found.caught_up as u64,
            state_len: 0,
            disk,
            witness,
            known,
            loss,
            format: found.journal.format,
            lock,
        };
        if let (true, Some(state), Some(digest)) = (known, &ledger.state, &found.state_file) {
            ledger.witness.has_state(&state.lineage, digest);
        }
        if ledger.unsaved > 0 {
            ledger.write_state().map_err(|source| OpenError::Io { path: paths.state.clone(), source })?;
        }
        Ok(ledger)
    }

    /// Whether the ledger stands as this computer left it. One that does not may have been written by anybody who can
    /// write to the repository.
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// A person has looked at what the ledger would do and takes it on: from its next record on it is known here.
    pub const fn take_on(&mut self) {
        self.known = true;
    }

    /// Why records may be missing that an unfinished apply has written: the state came without its journal. Before anything
    /// else is recorded, that is ([`JournalEvent::RecordsLost`]).
    pub const fn loss(&self) -> Option<&'static str> {
        self.loss
    }

    /// The ledger's files.
    pub const fn paths(&self) -> &Paths {
        &self.paths
    }

    fn write_state(&mut self) -> std::io::Result<()> {
        if let Some(state) = &self.state {
            let (text, digest) = state.sealed()?;
            if self.known {
                self.witness.expect_state(&state.lineage, &digest, &*self.disk);
            }
            disk::replace(&*self.disk, &self.paths.state, text.as_bytes())?;
            self.state_len = text.len() as u64;
            if self.known {
                self.witness.has_state(&state.lineage, &digest);
                self.witness.make_good(&*self.disk);
            }
        }
        self.unsaved = 0;
        Ok(())
    }

    /// Whether the state file is to follow now. A large one is written again only once the journal has grown by as much:
    /// written whole with every link that ends, it would cost the square of the links. The journal has it all meanwhile.
    fn is_due(&self, pending: &Pending) -> bool {
        if pending.of_a_role {
            return true;
        }
        let due = pending.weighty
            || pending.at.zip(self.saved).is_none_or(|(at, saved)| at.duration_since(saved).abs() >= SAVE_AFTER);
        due && (self.state_len < SMALL_STATE || self.unsaved >= self.state_len)
    }

    /// Writes some records in one piece, noted before.
    fn keep(&mut self, records: &[Taken]) -> Result<(), RecordError> {
        if let Some(state) = self.state.as_ref().filter(|_| self.known) {
            let sums: Vec<&str> = records.iter().map(|taken| taken.sum.as_str()).collect();
            let (before, serial) = records.first().map_or(("", 0), |first| (first.prev.as_str(), first.seq));
            self.witness.expect_records(&state.lineage, serial, before, &sums, &*self.disk);
        }
        let lines: String = records.iter().map(|taken| taken.line.as_str()).collect();
        if let Err(source) = self.append_octets(lines.as_bytes()) {
            self.broken = true;
            let _ = self.journal.as_ref().map(|journal| journal.set_len(self.intact_len));
            return Err(RecordError::Io { what: format!("write {}", self.paths.journal.display()), source });
        }
        self.witness.make_good(&*self.disk);
        self.unsaved += lines.len() as u64;
        Ok(())
    }

    /// Whether the files are still ours to write.
    fn ours(&self) -> Result<(), RecordError> {
        if self.lock.is_released() { Err(RecordError::Released) } else { Ok(()) }
    }

    fn append_octets(&mut self, lines: &[u8]) -> std::io::Result<()> {
        let journal = match &mut self.journal {
            Some(journal) => journal,
            None => self.journal.insert(files::open_at(&self.paths.journal, self.intact_len)?),
        };
        self.disk.write(&self.paths.journal, journal, lines)?;
        self.disk.sync(&self.paths.journal, journal)?;
        self.intact_len += lines.len() as u64;
        Ok(())
    }
}

/// Records that are folded in and not on the disk yet.
#[derive(Debug, Default)]
struct Pending {
    records: Vec<Taken>,
    /// The newest one's time.
    at: Option<Timestamp>,
    /// Whether the state file should have one of them soon.
    weighty: bool,
    /// Whether one is about taking or giving a role: the state file has it at once.
    of_a_role: bool,
}

/// One of them, ready to be written.
#[derive(Debug)]
struct Taken {
    seq: u64,
    prev: String,
    sum: String,
    line: String,
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

    fn append(&mut self, at: Timestamp, event: JournalEvent) -> Result<(), RecordError> {
        if self.broken {
            return Err(RecordError::Broken);
        }
        self.ours()?;
        let (serial, mark) = self.state.as_ref().map_or((0, ""), |s| (s.serial, s.journal.as_str()));
        let of_a_role = self.state.as_ref().is_some_and(|state| state.is_about_a_role(&event));
        let weighty = is_weighty(&event);
        let next = if self.format < JOURNAL_VERSION { Record::opening } else { Record::following };
        let record = next(serial, mark, at, event)?;
        let line = record.to_line()?;
        // Folded first: an illegal event must never reach the file. A record that then cannot be written breaks this
        // ledger for good, and the next one to open it does not see the record.
        match &mut self.state {
            Some(state) => state.advance(&record)?,
            None => self.state = Some(State::begin(&record)?),
        }
        self.format = JOURNAL_VERSION;
        let pending = &mut self.pending;
        pending.of_a_role |= of_a_role;
        pending.weighty |= weighty;
        pending.at = Some(at);
        pending.records.push(Taken { seq: record.seq, prev: record.prev, sum: record.sum, line });
        Ok(())
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        if self.broken {
            return Err(RecordError::Broken);
        }
        let pending = std::mem::take(&mut self.pending);
        if pending.records.is_empty() {
            return Ok(());
        }
        self.ours()?;
        for part in pending.records.chunks(witness::MOST_RECORDS) {
            self.keep(part)?;
        }
        if self.is_due(&pending) {
            self.saved = pending.at;
            self.save()?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), RecordError> {
        if self.broken || self.unsaved == 0 {
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
