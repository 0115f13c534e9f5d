//! One apply at a time: the operating system's lock on a file beside the ledger. It ends with its process, however that
//! ends, and says who holds it.

use super::files;
use super::paths::Paths;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The computer.
    pub host: String,
    /// The command, without its values: `apply`, `rollback`.
    pub command: String,
    /// Since when.
    pub started: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, host, command, started } = self;
        write!(f, "`matchplan {command}` on {host}, process {pid}, since {started}")
    }
}

/// A held lock. It is given back when this is dropped.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct Lock {
    file: File,
    holder: PathBuf,
}

/// Why the lock was not got.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another matchplan is at work on this state: {}", .holder.as_ref().map_or_else(|| "it did not say who it is".to_owned(), ToString::to_string))]
    Held {
        /// Who; `None` if it has not said yet.
        holder: Option<Holder>,
    },
    /// The lock file cannot be made, or its file system has no locks.
    #[error("could not lock {path}: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock, or says who has it. Never waits.
    pub fn acquire(paths: &Paths, holder: &Holder) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: paths.lock.clone(), source };
        files::make_folder(&paths.work).map_err(failed)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&paths.lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { holder: read_holder(paths) }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let text = serde_json::to_vec(holder).map_err(|e| failed(e.into()))?;
        files::replace(&paths.holder, &text).map_err(failed)?;
        Ok(Self { file, holder: paths.holder.clone() })
    }

    /// Who holds the lock now, without taking it; `None` if nobody does.
    pub fn status(paths: &Paths) -> Result<Option<Option<Holder>>, LockError> {
        let file = match OpenOptions::new().write(true).open(&paths.lock) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LockError::Io { path: paths.lock.clone(), source }),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(read_holder(paths))),
            Err(TryLockError::Error(source)) => Err(LockError::Io { path: paths.lock.clone(), source }),
        }
    }
}

fn read_holder(paths: &Paths) -> Option<Holder> {
    let text = files::read_limited(&paths.holder, 64 * 1024).ok()??;
    serde_json::from_slice(&text).ok()
}

impl Drop for Lock {
    /// The holder's note goes before the lock, or it could be the next holder's. What fails here does no harm: the lock
    /// ends with the process, and the next holder replaces the note.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.holder);
        let _ = self.file.unlock();
    }
}
