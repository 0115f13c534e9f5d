//! Steps that were begun and whose end is not recorded, as the directories show them now: what a resume would find.
//!
//! The write in question and what a reading means for it are the executor's own ([`State::begun`], [`Write::verdict`]),
//! so that both come to the same.
//!
//! [`Write::verdict`]: crate::state::write::Write::verdict

use super::live;
use crate::model::role::Holding;
use crate::plan::step::{Action, Step};
use crate::snapshot::document::Snapshot;
use crate::state::ledger::{ApplyRecord, State, StepRecord, StepStatus};
use crate::state::write::{Verdict, Write};
use jiff::Timestamp;
use serde::Serialize;

/// What there is to look at.
#[derive(Clone, Copy, Debug)]
pub enum Eyes<'a> {
    /// Both directories.
    Snapshot(&'a Snapshot),
    /// They could not be read, for this reason.
    Blind(&'a str),
    /// Nobody was to look.
    Closed,
}

/// A step that was begun and whose end is not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenStep<'a> {
    /// The apply.
    pub apply: &'a ApplyRecord,
    /// The step.
    pub step: &'a Step,
    /// When it was begun.
    pub since: Timestamp,
    /// Whether it is the undoing that was begun, of a step that was done.
    pub undoing: bool,
    /// What a look shows.
    pub found: Found,
}

/// What a look at the directory shows of a write that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Found {
    /// It happened.
    Done,
    /// It did not happen.
    NotDone,
    /// Neither: somebody else was here. Never overwritten.
    Surprise {
        /// What is there.
        what: String,
    },
    /// It cannot be told.
    CannotBeTold {
        /// Why.
        why: String,
    },
    /// Nobody has looked.
    NotLookedAt,
}

/// Every such step of every unfinished apply, oldest first. Waiting for a cycle is no write, and not among them.
pub fn steps<'a>(state: &'a State, eyes: Eyes<'_>) -> Vec<OpenStep<'a>> {
    let unfinished = state.applies.iter().filter(|apply| apply.ended.is_none());
    unfinished.flat_map(|apply| apply.steps.iter().filter_map(move |step| open(state, apply, step, eyes))).collect()
}

fn open<'a>(state: &State, apply: &'a ApplyRecord, record: &'a StepRecord, eyes: Eyes<'_>) -> Option<OpenStep<'a>> {
    let (since, undoing) = match &record.status {
        StepStatus::Started { at, .. } => (*at, false),
        StepStatus::Undoing { at, .. } => (*at, true),
        _ => return None,
    };
    let found = match (&record.step.action, eyes) {
        (Action::Sync | Action::Verify { .. }, _) => return None,
        (_, Eyes::Closed) => Found::NotLookedAt,
        (Action::Hold | Action::Release, _) => Found::CannotBeTold {
            why: "a command leaves nothing to read; it is run again, which does no harm".to_owned(),
        },
        (_, Eyes::Blind(why)) => Found::CannotBeTold { why: why.to_owned() },
        (_, Eyes::Snapshot(snapshot)) => look(&state.begun(&apply.id, record)?, snapshot),
    };
    Some(OpenStep { apply, step: &record.step, since, undoing, found })
}

/// Whether the holder of a right has it, as the snapshot shows it; `None` if that part could not be read.
pub fn is_there(snapshot: &Snapshot, holding: &Holding) -> Option<bool> {
    let seen = live::unseen(snapshot, holding).is_none();
    seen.then(|| snapshot.holdings_of(holding.user()).iter().any(|live| holding.same_as(live)))
}

fn look(write: &Write, snapshot: &Snapshot) -> Found {
    if let Some(gap) = write.holding().and_then(|holding| live::unseen(snapshot, holding)) {
        return Found::CannotBeTold { why: format!("roles could not be read: {}", gap.reason) };
    }
    let Some(reading) = live::reading(snapshot, write) else {
        return Found::CannotBeTold { why: "the user is not there any more".to_owned() };
    };
    if !live::shows(snapshot, write) {
        let why = "no snapshot holds what a user remembers of AD; it is read before anything is written";
        return Found::CannotBeTold { why: why.to_owned() };
    }
    match write.verdict(&reading) {
        Verdict::AsWanted => Found::Done,
        Verdict::AsExpected => Found::NotDone,
        Verdict::Surprise(what) => Found::Surprise { what },
    }
}
