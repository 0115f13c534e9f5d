//! What the executor asks of whatever keeps the ledger: a disk, or a test's memory.

use super::fold::IllegalEvent;
use super::journal::JournalEvent;
use super::ledger::State;
use crate::model::id::ApplyId;
use jiff::Timestamp;

/// Keeps journal and state.
pub trait Recorder {
    /// The ledger up to the last record; `None` before the first.
    fn state(&self) -> Option<&State>;

    /// Folds an event in and takes its record. It is not durable before [`Recorder::commit`]: nothing may be done that
    /// rests on it. After an error nothing may be written to a directory any more: what is not journaled cannot be undone.
    fn append(&mut self, at: Timestamp, event: JournalEvent) -> Result<(), RecordError>;

    /// Makes all records durable that were taken, together: syncing a disk costs the same for one and for a hundred.
    fn commit(&mut self) -> Result<(), RecordError>;

    /// Appends an event and makes it durable.
    fn record(&mut self, at: Timestamp, event: JournalEvent) -> Result<(), RecordError> {
        self.append(at, event)?;
        self.commit()
    }

    /// Brings the state file up to date with the journal.
    fn save(&mut self) -> Result<(), RecordError>;

    /// Keeps the restore sheet of an apply, durably, and says where it is.
    fn keep_sheet(&mut self, apply: &ApplyId, sheet: &str) -> Result<String, RecordError>;
}

/// Why a record could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk.
    #[error("could not {what}: {source}")]
    Io {
        /// What was tried, on which file.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The event is not possible here: a fault of this program.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// A record could not be written as JSON: a fault of this program.
    #[error("could not write a record as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// An earlier record was lost, so nothing can follow it.
    #[error("an earlier journal record could not be written, so no further one may be")]
    Broken,
    /// A person released the lock from under this process.
    #[error("somebody has released this apply's lock, so another one may be at work by now")]
    Released,
}
