//! One apply at a time: the operating system's lock on a file beside the ledger. It ends with its process, however that
//! ends. Who holds it stands in a note beside it, which only informs: a note without a lock is left over from a crash.

use super::files;
use super::paths::Paths;
use crate::model::holder::Holder;
use same_file::Handle;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A note is a few hundred octets; more is none.
const LARGEST_NOTE: u64 = 64 * 1024;
/// A lock that is taken is tried again for a tenth of a second: a look at it takes it for a moment, and whoever has just
/// got it has yet to say who it is.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(20);

/// A held lock. It is given back when this is dropped.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct Lock {
    file: File,
    note: PathBuf,
    released: PathBuf,
}

/// How a lock stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Nobody holds it.
    Free,
    /// Nobody holds it; this one ended without giving it back.
    LeftOver(Holder),
    /// Somebody holds it; `None` if it does not say who.
    Held(Option<Holder>),
}

/// Why the lock was not got.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another matchplan is at work on this state: {}", .holder.as_ref().map_or_else(|| "it did not say who it is".to_owned(), ToString::to_string))]
    Held {
        /// Who; `None` if it has not said.
        holder: Option<Holder>,
    },
    /// The file system knows no locks.
    #[error("the file system of {path} has no locks, so two applies at once could not be told apart: {source}")]
    Unsupported {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The lock file cannot be made or read.
    #[error("could not lock {path}: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl LockError {
    /// The system's answer to locking the file at `path`.
    pub(super) fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        // ENOLCK has no kind of its own; 37 is Linux's number for it, 77 is that of the BSDs and macOS.
        let no_locks = cfg!(target_os = "linux") && source.raw_os_error() == Some(37)
            || cfg!(any(target_os = "macos", target_os = "freebsd")) && source.raw_os_error() == Some(77);
        if no_locks || source.kind() == io::ErrorKind::Unsupported {
            return Self::Unsupported { path, source };
        }
        Self::Io { path, source }
    }
}

impl Lock {
    /// Takes the lock, or says who has it. Does not wait for it.
    pub fn acquire(paths: &Paths, holder: &Holder) -> Result<Self, LockError> {
        let failed = |source| LockError::of(&paths.lock, source);
        files::make_folder(&paths.work).map_err(failed)?;
        let file = take(&paths.lock)?.ok_or_else(|| LockError::Held { holder: read_note(&paths.holder) })?;
        let text = serde_json::to_vec(holder).map_err(|e| failed(e.into()))?;
        files::replace(&paths.holder, &text).map_err(failed)?;
        Ok(Self { file, note: paths.holder.clone(), released: paths.released(holder.id) })
    }

    /// How the lock stands, without taking it.
    pub fn look(paths: &Paths) -> Result<Stand, LockError> {
        let left_over = || read_note(&paths.holder).map_or(Stand::Free, Stand::LeftOver);
        let file = match File::open(&paths.lock) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(left_over()),
            Err(source) => return Err(LockError::of(&paths.lock, source)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(left_over()),
            Err(TryLockError::WouldBlock) => Ok(Stand::Held(read_note(&paths.holder))),
            Err(TryLockError::Error(source)) => Err(LockError::of(&paths.lock, source)),
        }
    }

    /// Whether a person has released this lock from under us, believing this process to be dead: then somebody else may
    /// be at work, and nothing more may be written.
    pub fn is_released(&self) -> bool {
        self.released.exists()
    }
}

/// Takes the operating system's lock on a file, which is made if it is missing; `None` if somebody has it.
pub(super) fn take(path: &Path) -> Result<Option<File>, LockError> {
    let failed = |source| LockError::of(path, source);
    for attempt in 1..=TRIES {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        match file.try_lock() {
            // A file that was put aside meanwhile is locked in vain.
            Ok(()) if is_at(&file, path).map_err(failed)? => return Ok(Some(file)),
            Ok(()) | Err(TryLockError::WouldBlock) if attempt < TRIES => std::thread::sleep(BETWEEN),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    Ok(None)
}

/// Whether an open file is the one that a path leads to.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match Handle::from_path(path) {
        Ok(there) => Ok(Handle::from_file(file.try_clone()?)? == there),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// What the note says; `None` if there is none, or it is none of ours.
pub(super) fn read_note(path: &Path) -> Option<Holder> {
    // Opening a pipe would wait for its other end.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Holder::from_note(&files::read_limited(path, LARGEST_NOTE).ok()??)
}

impl Drop for Lock {
    /// The note goes before the lock, or it could be the next holder's. What fails here does no harm: the lock ends with
    /// the process, and the next holder replaces the note.
    fn drop(&mut self) {
        if !self.is_released() {
            let _ = std::fs::remove_file(&self.note);
        }
        let _ = self.file.unlock();
    }
}
