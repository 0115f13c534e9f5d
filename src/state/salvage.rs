//! What is certain of a ledger that is not whole. Pure.

use super::fold::join;
use super::journal::{Journal, JournalEvent};
use super::ledger::{STATE_VERSION, State};
use crate::plan::document::Purpose;
use jiff::Timestamp;
use serde::Serialize;

/// Which of two that do not belong together is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The state file.
    State,
    /// The journal.
    Journal,
}

/// Why nothing can be salvaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsalvageable {
    /// Neither holds an apply.
    #[error("neither the state file nor the journal has anything that is certain")]
    Nothing,
    /// Both are whole as far as they go, and neither is an older form of the other.
    #[error("state file and journal are each usable, but they are not of one ledger")]
    Choose,
}

/// The ledger up to the last record that is certain. `state` is the state file's content if that is whole, `journal` the
/// journal's records up to the first that is damaged. The newer of two that belong together wins; of two that do not,
/// the one that is chosen.
///
/// Nothing here says what was lost; [`State::doubt`] makes the honest reading of it.
pub fn salvage(state: Option<State>, journal: &Journal, keep: Option<Keep>) -> Result<State, Unsalvageable> {
    let alone = || join(None, journal).ok().and_then(|joined| joined.state).or_else(|| from_the_middle(journal));
    match (state, keep) {
        (Some(state), Some(Keep::State)) => Ok(state),
        (Some(state), None) => match join(Some(state), journal) {
            Ok(joined) => joined.state.ok_or(Unsalvageable::Nothing),
            Err(_) => Err(Unsalvageable::Choose),
        },
        (_, Some(Keep::Journal)) | (None, _) => alone().ok_or(Unsalvageable::Nothing),
    }
}

/// A ledger from a journal whose beginning is elsewhere: from the first apply that it holds whole, its plan included. What
/// concerns applies before that is left out.
fn from_the_middle(journal: &Journal) -> Option<State> {
    let begin = journal.records.iter().position(
        |record| matches!(&record.event, JournalEvent::ApplyStarted { plan, .. } if plan.purpose == Purpose::Link),
    )?;
    let first = &journal.records[begin];
    let JournalEvent::ApplyStarted { plan, .. } = &first.event else { return None };
    let mut state = State {
        format_version: STATE_VERSION,
        tool_version: plan.tool_version.clone(),
        tenant: plan.tenant.clone(),
        // Its own is in what is lost. Derived, so that salvaging twice gives the same.
        lineage: format!("salvaged from {}", first.sum),
        serial: first.seq - 1,
        journal: first.prev.clone(),
        applies: Vec::new(),
        losses: Vec::new(),
        digest: String::new(),
    };
    for record in &journal.records[begin..] {
        if state.advance(record).is_err() {
            state.serial = record.seq;
            record.sum.clone_into(&mut state.journal);
        }
    }
    Some(state)
}

impl State {
    /// The same with the honest reading of a loss: every step that lost records may have touched is in doubt. For showing;
    /// going on journals a [`JournalEvent::RecordsLost`], which does the same.
    #[must_use]
    pub fn doubt(mut self, at: Timestamp) -> Self {
        for apply in self.applies.iter_mut().filter(|apply| apply.ended.is_none()) {
            super::doubt::everything(apply, at);
        }
        self
    }
}

/// How one of the ledger's two files is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Health {
    /// It is not there.
    Missing,
    /// It is whole.
    Whole {
        /// The first record that it tells of.
        from: u64,
        /// The last.
        up_to: u64,
    },
    /// It is damaged.
    Broken {
        /// How.
        why: String,
        /// The first and the last record before the damage; `None` if nothing of it is certain.
        #[serde(skip_serializing_if = "Option::is_none")]
        certain: Option<(u64, u64)>,
    },
}

/// A ledger that is not whole, and what is certain of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// What is wrong, in one sentence.
    pub problem: String,
    /// The state file.
    pub state_file: Health,
    /// The journal.
    pub journal: Health,
    /// The ledger up to the last certain record, or why there is none.
    pub salvaged: Result<State, Unsalvageable>,
    /// The restore sheets beside it, but for those of applies that are certain to have ended: between them they name every
    /// role that may be out, also of applies that are lost.
    pub sheets: Vec<String>,
}
