//! What is believed of an unfinished apply once journal records were lost.
//!
//! The records that are lost may have begun, done or undone any step of a link that was not at its end. So each such step
//! stands as *started*: whoever goes on reads the directory, and neither believes that it happened nor that it did not.
//! A role whose removal may have happened counts as out until a reading shows it.

use super::ledger::{ApplyRecord, Reading, Standing, StepRecord, StepStatus};
use crate::plan::step::Action;
use jiff::Timestamp;

/// Doubts every step that the lost records may have touched.
pub(super) fn everything(apply: &mut ApplyRecord, at: Timestamp) {
    let ApplyRecord { links, tasks, steps, .. } = apply;
    for record in steps {
        let standing =
            |id| links.get(id).map(|link| &link.standing).or_else(|| tasks.get(id).map(|task| &task.standing));
        let over = record.step.link.as_ref().and_then(standing).is_some_and(|standing| {
            // A link or task at its end is touched by nobody but another apply.
            standing.is_ended() && !matches!(standing, Standing::Stuck { .. })
        });
        if !over && let Some(status) = doubted(record, at) {
            record.status = status;
        }
    }
}

/// What the step stands as from now on, if that is something else than before.
fn doubted(record: &StepRecord, at: Timestamp) -> Option<StepStatus> {
    match (&record.step.action, &record.status) {
        // A proof of a cycle says nothing about writes that are to be made again: it is waited for anew.
        (Action::Sync, StepStatus::Started { .. } | StepStatus::Succeeded { .. })
        // It is run again with its hold, and after it.
        | (Action::Release, StepStatus::Started { .. } | StepStatus::Succeeded { .. }) => Some(StepStatus::Pending),
        // It may be stopped, and stopping it twice does no harm.
        (Action::Hold, StepStatus::Pending | StepStatus::Succeeded { .. }) => {
            Some(StepStatus::Started { at, before: Reading::Nothing })
        }
        // Giving back is preceded by a reading in any case, and what was given back stays given back: a role that somebody
        // has taken since is not to be given again.
        (
            Action::Sync
            | Action::Release
            | Action::Hold
            | Action::Departure { .. } | Action::Arrival { .. }
            | Action::Verify { .. }
            | Action::Restore { .. },
            _,
        ) => None,
        (action, StepStatus::Pending) => Some(StepStatus::Started { at, before: expected(action) }),
        (_, StepStatus::Succeeded { done }) if done.wrote => {
            Some(StepStatus::Started { at: done.at, before: done.before.clone() })
        }
        _ => None,
    }
}

/// What was there before, if the step was done: it is done only where that is what was read.
fn expected(action: &Action) -> Reading {
    match action {
        Action::Align { changes, .. } => {
            let values = changes.iter().map(|change| (change.attribute, change.expects.clone()));
            Reading::Attributes { values: values.collect() }
        }
        Action::Anchor { expects, .. } => Reading::ImmutableId { value: expects.clone() },
        Action::Move { from, .. } => Reading::Container { dn: from.clone() },
        Action::Suspend { holding, .. } => Reading::Holdings { holdings: vec![holding.clone()] },
        Action::Restore { .. } => Reading::Holdings { holdings: Vec::new() },
        Action::Amend { changes, .. } => {
            let values = changes.iter().map(|change| (change.attribute, change.expects.clone()));
            Reading::Values { values: values.collect() }
        }
        Action::Place { from, .. } => Reading::Presence { presence: *from },
        Action::Authority { expects, .. } | Action::Switch { expects, .. } => Reading::Flag { on: *expects },
        Action::Hold
        | Action::Release
        | Action::Sync
        | Action::Departure { .. }
        | Action::Arrival { .. }
        | Action::Verify { .. } => Reading::Nothing,
    }
}
