//! A ledger in memory that dies at a chosen record.

use super::link_id;
use crate::model::id::ApplyId;
use crate::state::fold::join;
use crate::state::journal::{Journal, JournalEvent, Record};
use crate::state::ledger::{Standing, State};
use crate::state::recorder::{RecordError, Recorder};
use jiff::Timestamp;

/// A ledger in memory that dies at a chosen record, before or after it became durable.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) state: Option<State>,
    pub(crate) lines: String,
    pub(crate) dies_at: Option<(usize, bool)>,
    pub(crate) records: usize,
    pub(crate) sheets: Vec<String>,
    pub(crate) dead: bool,
}

impl Memory {
    /// The ledger as another process would read it: from the journal alone.
    pub(crate) fn reopened(&self) -> Self {
        let journal = Journal::read(self.lines.as_bytes()).unwrap();
        let joined = join(None, &journal).unwrap();
        Self { state: joined.state, lines: self.lines.clone(), ..Self::default() }
    }

    pub(crate) fn standing(&self, n: usize) -> Standing {
        self.state.as_ref().unwrap().applies.last().unwrap().links[&link_id(n)].standing.clone()
    }
}

impl Recorder for Memory {
    fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    fn append(&mut self, at: Timestamp, event: JournalEvent) -> Result<(), RecordError> {
        let fatal = self.dies_at.filter(|(n, _)| *n == self.records);
        self.records += 1;
        self.dead |= matches!(fatal, Some((_, false)));
        if self.dead {
            return Err(RecordError::Broken);
        }
        let (serial, mark) = self.state.as_ref().map_or((0, ""), |s| (s.serial, s.journal.as_str()));
        let record = Record::following(serial, mark, at, event)?;
        match &mut self.state {
            Some(state) => state.advance(&record)?,
            None => self.state = Some(State::begin(&record)?),
        }
        self.lines.push_str(&record.to_line()?);
        self.dead = fatal.is_some();
        if self.dead { Err(RecordError::Broken) } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        if self.dead { Err(RecordError::Broken) } else { Ok(()) }
    }

    fn save(&mut self) -> Result<(), RecordError> {
        Ok(())
    }

    fn keep_sheet(&mut self, _: &ApplyId, sheet: &str) -> Result<String, RecordError> {
        self.sheets.push(sheet.to_owned());
        Ok("restore.txt".to_owned())
    }
}
