//! What is left of a lock after its holder is gone, and how it goes.
//!
//! A lock ends with its process, so after a crash only a note is left, which is no obstacle. The lock itself can outlive
//! its holder in one case: on a shared folder, where a server keeps it for a computer that died. Then a person may put
//! the lock file aside. Should the holder be alive after all, it sees that before its next record, and stops.

use super::files;
use super::lock::{LockError, read_note, take};
use super::paths::Paths;
use crate::model::holder::Holder;
use crate::model::id::LockId;

/// Why nothing was released.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// It changed hands since it was looked at.
    #[error("the lock has changed hands meanwhile: {}", .0.as_ref().map_or_else(|| "nobody says who has it now".to_owned(), ToString::to_string))]
    Changed(Option<Holder>),
    /// The lock file.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Removes the note of a holder that ended without giving its lock back.
pub fn clean_up(paths: &Paths, id: LockId) -> Result<(), ReleaseError> {
    // Under the lock, or the note could be a new holder's.
    let held = take(&paths.lock)?.ok_or_else(|| ReleaseError::Changed(read_note(&paths.holder)))?;
    let note = read_note(&paths.holder);
    if note.as_ref().is_some_and(|holder| holder.id == id) {
        std::fs::remove_file(&paths.holder).map_err(|source| LockError::of(&paths.holder, source))?;
        drop(held);
        return Ok(());
    }
    Err(ReleaseError::Changed(note))
}

/// Puts the lock file of the lock `id` aside although it is held, so that a new one can be taken.
///
/// Whoever calls this takes the blame: if its holder is alive, it stops at its next record, but what it is writing at
/// this moment, it writes.
pub fn put_aside(paths: &Paths, id: LockId) -> Result<(), ReleaseError> {
    let note = read_note(&paths.holder);
    if note.as_ref().is_none_or(|holder| holder.id != id) {
        return Err(ReleaseError::Changed(note));
    }
    let failed = |source| LockError::of(&paths.lock, source);
    std::fs::rename(&paths.lock, paths.released(id)).map_err(failed)?;
    files::sync_folder(&paths.lock).map_err(failed)?;
    std::fs::remove_file(&paths.holder).map_err(failed)?;
    Ok(())
}
