//! What takes a step back, from what its outcome says: the values that were really there, as they were spelled.

use super::ledger::{Done, Reading};
use crate::model::attribute::AttributeChange;
use crate::model::cloud::{EntraChange, Presence};
use crate::model::id::ApplyId;
use crate::model::role::{Holding, RoleAssignment};
use crate::plan::step::{Action, Step};

/// The action that undoes `step`, which was done as `done` says. `None` if it wrote nothing.
///
/// `from` names the apply that the step belongs to, for an undo from another apply; `taken` is what a
/// restore step gave back (its suspend step knows).
pub fn inverse(step: &Step, done: &Done, from: Option<&ApplyId>, taken: Option<&Holding>) -> Option<Action> {
    if !done.wrote {
        return None;
    }
    match (&step.action, &done.before, &done.after) {
        (Action::Align { user, .. }, Reading::Attributes { values: before }, Reading::Attributes { values: after }) => {
            let changes = after
                .iter()
                .map(|(attribute, now)| AttributeChange {
                    attribute: *attribute,
                    expects: now.clone(),
                    sets: before.get(attribute).cloned().unwrap_or_default(),
                })
                .collect();
            Some(Action::Align { user: user.clone(), changes })
        }
        (
            Action::Anchor { user, .. },
            Reading::ImmutableId { value: before },
            Reading::ImmutableId { value: after },
        ) => Some(Action::Anchor { user: user.clone(), expects: after.clone(), sets: before.clone() }),
        (Action::Amend { user, .. }, Reading::Values { values: before }, Reading::Values { values: after }) => {
            let changes: Vec<EntraChange> = after
                .iter()
                .filter(|(attribute, _)| attribute.can_return())
                .map(|(attribute, now)| EntraChange {
                    attribute: *attribute,
                    expects: now.clone(),
                    sets: before.get(attribute).cloned().flatten(),
                })
                .collect();
            (!changes.is_empty()).then(|| Action::Amend { user: user.clone(), changes })
        }
        // What is deleted for good does not come back.
        (Action::Place { user, from, to, .. }, _, _) if *to != Presence::Gone => {
            Some(Action::Place { user: user.clone(), from: *to, to: *from, upn: None })
        }
        (Action::Authority { user, expects, sets }, _, _) => {
            Some(Action::Authority { user: user.clone(), expects: *sets, sets: *expects })
        }
        (Action::Switch { feature, expects, sets }, _, _) => {
            Some(Action::Switch { feature: *feature, expects: *sets, sets: *expects })
        }
        (Action::Move { user, .. }, Reading::Container { dn: before }, Reading::Container { dn: after }) => {
            Some(Action::Move { user: user.clone(), from: after.clone(), to: before.clone() })
        }
        (Action::Suspend { user, holding, .. }, _, _) if holding.comes_back() => Some(Action::Restore {
            user: user.clone(),
            apply: from.cloned(),
            suspend: step.id.clone(),
            label: holding.to_string(),
        }),
        (Action::Restore { user, .. }, _, _) => {
            let holding = match taken? {
                Holding::Role(role) => Holding::Role(RoleAssignment { id: done.assignment.clone()?, ..role.clone() }),
                Holding::Group(group) => Holding::Group(group.clone()),
            };
            Some(Action::Suspend { user: user.clone(), holding, restore: true })
        }
        _ => None,
    }
}
