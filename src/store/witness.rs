//! What this computer itself wrote last to a ledger, noted outside of the project.
//!
//! State and journal may be committed to git, so that whoever can change the repository can write them, and neither
//! checksums nor digests have a key. The witness tells a ledger that stands as this computer left it from one that came
//! from elsewhere: another computer, or somebody's editor. It holds no secret: only numbers and checksums.
//!
//! It is written before the ledger is, and names what was there before, too. Wherever the process ends in between, what
//! is then on disk is one of the two.

use super::disk::Disk;
use super::files;
use crate::model::digest;
use crate::state::ledger::State;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// The note's length on disk: it is written in place, in one piece, once per group of records.
const LENGTH: usize = 8192;

/// How many records one note can be about.
pub(super) const MOST_RECORDS: usize = 128;

/// How much of a checksum is noted of the records in the middle of a group: 128 bits cannot be met by chance or by work.
const MARK: usize = 32;

/// What this computer wrote last to one ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// Which ledger.
    lineage: String,
    /// The newest record's number.
    serial: u64,
    /// Its checksum.
    record: String,
    /// The checksum of the record before it, or before its group.
    record_before: String,
    /// The beginnings of the checksums of the records between these two: a power failure may leave a part of a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    between: Vec<String>,
    /// The digest of the state file that was to be written last.
    state: String,
    /// The digest of the last one that certainly was.
    state_before: String,
}

/// The witness of a ledger.
#[derive(Debug, Default)]
pub struct Witness {
    /// Where notes are kept; `None` if this computer has no place for them.
    folder: Option<PathBuf>,
    note: Note,
    file: Option<(PathBuf, File)>,
    /// Whether the newest note could not be written.
    missed: bool,
}

impl Witness {
    /// Nobody: every ledger that was not begun in this run counts as coming from elsewhere.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// The witness that keeps its notes in `folder`, which is made when there is something to note.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }

    /// Whether a ledger stands as this computer left it. `state_file` is the digest of the state file as it was read;
    /// `None` if there is none and the ledger was read from its journal alone.
    pub fn vouches_for(&self, state: &State, state_file: Option<&str>) -> bool {
        let Some(note) = self.read(&state.lineage) else { return false };
        let known = |found: &str, one: &str, other: &str| !found.is_empty() && (found == one || found == other);
        let head = known(&state.journal, &note.record, &note.record_before)
            || note.between.iter().any(|between| between == mark(&state.journal));
        head && state_file.is_none_or(|found| known(found, &note.state, &note.state_before))
    }

    /// Whether the ledger's last record is the newest that this computer wrote: then none behind it is lost.
    pub fn wrote_last(&self, state: &State) -> bool {
        self.read(&state.lineage).is_some_and(|note| !state.journal.is_empty() && state.journal == note.record)
    }

    /// Notes records that are about to be appended in one piece, given by their checksums; `before` is that of the record
    /// before the first, whose number is `serial`. Without a place for notes, or where they cannot be written, the ledger
    /// will count as coming from elsewhere: that asks for more care, and loses nothing.
    pub(super) fn expect_records(&mut self, lineage: &str, serial: u64, before: &str, sums: &[&str], disk: &dyn Disk) {
        let Some((last, between)) = sums.split_last() else { return };
        self.turn_to(lineage);
        self.note.serial = serial + between.len() as u64;
        (*last).clone_into(&mut self.note.record);
        before.clone_into(&mut self.note.record_before);
        self.note.between = between.iter().map(|sum| mark(sum).to_owned()).collect();
        self.write(disk);
    }

    /// Notes a state file that is about to be written.
    pub(super) fn expect_state(&mut self, lineage: &str, digest: &str, disk: &dyn Disk) {
        self.turn_to(lineage);
        digest.clone_into(&mut self.note.state);
        self.write(disk);
    }

    /// The state file with this digest is on the disk. Goes into the next note: until then the newest names it, too.
    pub(super) fn has_state(&mut self, lineage: &str, digest: &str) {
        self.turn_to(lineage);
        digest.clone_into(&mut self.note.state_before);
    }

    /// What was noted ahead is now on the disk. A note that could not be written then, as the disk was full for a moment, is
    /// written now: without it this computer would not know its own ledger again.
    pub(super) fn make_good(&mut self, disk: &dyn Disk) {
        if self.missed {
            self.write(disk);
        }
    }

    fn turn_to(&mut self, lineage: &str) {
        if self.note.lineage != lineage {
            self.note = self.read(lineage).unwrap_or_default();
            lineage.clone_into(&mut self.note.lineage);
            self.file = None;
        }
    }

    /// A lineage is a text from a file that others can write: it never becomes a path itself.
    fn path(&self, lineage: &str) -> Option<PathBuf> {
        let name = digest::of_bytes(lineage.as_bytes()).replace("sha256:", "");
        self.folder.as_ref().map(|folder| folder.join(format!("{name}.json")))
    }

    fn read(&self, lineage: &str) -> Option<Note> {
        let octets = files::read_limited(&self.path(lineage)?, LENGTH as u64).ok()??;
        let note: Note = serde_json::from_slice(&octets).ok()?;
        (note.lineage == lineage).then_some(note)
    }

    fn write(&mut self, disk: &dyn Disk) {
        self.missed = self.try_write(disk).is_err();
        if self.missed {
            // A note that is not up to date vouches for nothing newer than itself.
            self.file = None;
        }
    }

    fn try_write(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let Some(path) = self.path(&self.note.lineage) else { return Ok(()) };
        if self.file.is_none() {
            self.file = Some((path.clone(), open(&path)?));
        }
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut note = serde_json::to_vec(&self.note)?;
        if note.len() > LENGTH {
            return Err(io::Error::other("the note is too long"));
        }
        note.resize(LENGTH, b' ');
        file.seek(SeekFrom::Start(0))?;
        disk.write(path, file, &note)?;
        disk.sync(path, file)
    }
}

/// The beginning of a checksum, without its kind.
fn mark(sum: &str) -> &str {
    let digits = sum.strip_prefix("sha256:").unwrap_or(sum);
    digits.get(..MARK).unwrap_or(digits)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    files::sync_folder(path)?;
    Ok(file)
}
