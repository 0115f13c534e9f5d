//! One step in words: as an event line, in a list, in a comparison of plans.

use super::diff_values::{ValueChange, value_changes};
use super::page::Mark;
use super::style::Tone;
use crate::model::anchor::ImmutableId;
use crate::model::cloud::{EntraChange, Presence};
use crate::model::role::Holding;
use crate::plan::step::{Action, Step, Undo};

/// What a step does, on one line, without its link: `align corp\jsmith: userPrincipalName, mail`.
pub fn headline(step: &Step) -> String {
    match &step.action {
        Action::Hold => "hold the sync scheduler".to_owned(),
        Action::Release => "release the sync scheduler".to_owned(),
        Action::Sync => format!("sync cycle of wave {}", step.wave),
        Action::Suspend { user, holding, restore: true } => format!("suspend role {holding} of {user}"),
        Action::Suspend { user, holding, .. } if !holding.comes_back() => format!("end role {holding} of {user}"),
        Action::Suspend { user, holding, restore: false } => format!("remove role {holding} of {user} for good"),
        Action::Align { user, changes } => {
            let names: Vec<&str> = changes.iter().map(|change| change.attribute.name()).collect();
            format!("align {user}: {}", names.join(", "))
        }
        Action::Anchor { user, sets: Some(_), .. } => format!("set the ImmutableID of {user}"),
        Action::Anchor { user, sets: None, .. } => format!("clear the ImmutableID of {user}"),
        Action::Amend { user, changes } => {
            let names: Vec<&str> = changes.iter().map(|change| change.attribute.name()).collect();
            format!("change {user}: {}", names.join(", "))
        }
        Action::Place { user, from: Presence::RecycleBin, to: Presence::Live, .. } => {
            format!("restore {user} from the recycle bin")
        }
        Action::Place { user, to: Presence::Gone, .. } => format!("delete {user} for good"),
        Action::Place { user, .. } => format!("delete {user}"),
        Action::Authority { user, sets: true, .. } => format!("make the cloud the source of authority of {user}"),
        Action::Authority { user, sets: false, .. } => format!("make AD the source of authority of {user}"),
        Action::Switch { feature, sets, .. } => format!("switch {feature} {}", on_or_off(*sets)),
        Action::Arrival { object } => format!("wait for the sync cycle that joins {object} with AD"),
        Action::Departure { user } => format!("wait for the sync cycle that deletes {user}"),
        Action::Move { user, to, .. } => format!("move {user} to {to}"),
        Action::Verify { ad, cloud, .. } => format!("verify that {ad} and {cloud} are one"),
        Action::Restore { user, label, .. } => format!("restore role {label} of {user}"),
    }
}

const fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// One value that a step writes in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudWrite {
    /// What it is called; a user's name where the user as a whole is written.
    pub name: String,
    /// Before; nothing for null.
    pub before: Vec<String>,
    /// After; nothing for null.
    pub after: Vec<String>,
}

/// What a step writes in the cloud, value by value. Nothing of roles, which are not values.
pub fn cloud_writes(action: &Action) -> Vec<CloudWrite> {
    let one = |name: &str, before: Vec<String>, after: Vec<String>| CloudWrite { name: name.to_owned(), before, after };
    match action {
        Action::Anchor { expects, sets, .. } => {
            let text = |id: &Option<ImmutableId>| id.iter().map(ToString::to_string).collect();
            vec![one("onPremisesImmutableId", text(expects), text(sets))]
        }
        Action::Amend { changes, .. } => {
            let text = |value: &Option<String>| value.iter().cloned().collect();
            let of = |change: &EntraChange| one(change.attribute.name(), text(&change.expects), text(&change.sets));
            changes.iter().map(of).collect()
        }
        Action::Place { user, from, to, upn } => {
            let to = upn.as_ref().map_or_else(|| to.to_string(), |upn| format!("{to} as {upn}"));
            vec![one(user.upn.as_str(), vec![from.to_string()], vec![to])]
        }
        Action::Authority { expects, sets, .. } => {
            vec![one("isCloudManaged", vec![expects.to_string()], vec![sets.to_string()])]
        }
        Action::Switch { feature, expects, sets } => {
            vec![one(feature.name(), vec![on_or_off(*expects).to_owned()], vec![on_or_off(*sets).to_owned()])]
        }
        Action::Hold
        | Action::Suspend { .. }
        | Action::Align { .. }
        | Action::Move { .. }
        | Action::Release
        | Action::Sync
        | Action::Departure { .. }
        | Action::Arrival { .. }
        | Action::Verify { .. }
        | Action::Restore { .. } => Vec::new(),
    }
}

/// What becomes of a right that is taken, in words, and how grave that is.
pub fn fate(holding: &Holding, restore: bool) -> (Tone, Mark, &'static str) {
    if !holding.comes_back() {
        (Tone::Warn, Mark::Remove, "ends; its holder can activate it again while eligible")
    } else if restore {
        (Tone::Change, Mark::Change, "suspended, given back after the match")
    } else {
        (Tone::Alarm, Mark::Remove, "removed for good")
    }
}

/// How a step is undone, in words; `None` where there is nothing to undo.
pub fn undo(undo: &Undo) -> Option<String> {
    match undo {
        Undo::Inverse => Some("at any time".to_owned()),
        Undo::UntilSync { reason } => Some(format!("only until the next sync cycle: {reason}")),
        Undo::FlowsOn { effect } => Some(format!("at any time, but after the cycle it flows on: {effect}")),
        Undo::Never { reason } => Some(format!("never: {reason}")),
        Undo::Nothing => None,
    }
}

/// Everything about a step that a reviewer approved, line by line. Two steps with the same lines do the same; the id,
/// which shifts with every step before it, is not among them.
pub fn lines(step: &Step) -> Vec<String> {
    let Step { id: _, wave, link: _, action, undo: how } = step;
    let mut lines = vec![format!("wave {wave}: {}", headline(step))];
    match action {
        Action::Hold | Action::Release | Action::Sync | Action::Switch { .. } => {}
        Action::Suspend { user, holding: Holding::Role(role), restore: _ } => {
            let grant = &role.grant;
            lines.push(format!("  user {}", user.id));
            lines.push(format!("  assignment {} of {} to {}", role.id, grant.role, role.principal));
            lines.extend(grant.condition.iter().map(|condition| format!("  condition {condition}")));
            lines.extend(role.starts.iter().map(|starts| format!("  from {starts}")));
        }
        Action::Suspend { user, holding: Holding::Group(group), restore: _ } => {
            lines.push(format!("  user {}", user.id));
            lines.push(format!("  member {} of {}", group.member.user, group.group));
            lines.extend(group.member.starts.iter().map(|starts| format!("  from {starts}")));
        }
        Action::Align { user, changes } => {
            lines.push(format!("  user {} {}", user.guid, user.dn));
            for change in changes {
                for value in value_changes(&change.expects, &change.sets) {
                    lines.push(format!("  {} {}", change.attribute, in_words(&value)));
                }
            }
        }
        Action::Anchor { user, expects, sets } => {
            let or_none = |id: &Option<_>| id.as_ref().map_or("(none)".to_owned(), ToString::to_string);
            lines.push(format!("  user {}", user.id));
            lines.push(format!("  onPremisesImmutableId {} → {}", or_none(expects), or_none(sets)));
        }
        Action::Amend { user, .. } | Action::Place { user, .. } | Action::Authority { user, .. } => {
            lines.push(format!("  user {}", user.id));
            let or_none = |values: &[String]| if values.is_empty() { "(none)".to_owned() } else { values.join(", ") };
            let shown = |w: CloudWrite| format!("  {} {} → {}", w.name, or_none(&w.before), or_none(&w.after));
            lines.extend(cloud_writes(action).into_iter().map(shown));
        }
        Action::Departure { user } => lines.push(format!("  user {}", user.id)),
        Action::Arrival { object } => lines.push(format!("  {} {}", object.kind, object.id)),
        Action::Move { user, from, to: _ } => {
            lines.push(format!("  user {} {}", user.guid, user.dn));
            lines.push(format!("  from {from}"));
        }
        Action::Verify { ad, cloud, anchor, sid } => {
            lines.push(format!("  {} and {}, anchor {anchor}, SID {sid}", ad.guid, cloud.id));
        }
        Action::Restore { user, apply, suspend: _, label: _ } => {
            lines.push(format!("  user {}", user.id));
            lines.extend(apply.iter().map(|apply| format!("  taken in apply {apply}")));
        }
    }
    lines.extend(undo(how).map(|how| format!("  undo {how}")));
    lines
}

/// One value's change on one line.
pub fn in_words(change: &ValueChange) -> String {
    match change {
        ValueChange::Changed { old, new } => format!("~ {old} → {new}"),
        ValueChange::Added { new } => format!("+ {new}"),
        ValueChange::Removed { old } => format!("- {old}"),
        ValueChange::Kept { value } => format!("= {value}"),
    }
}
