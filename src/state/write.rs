//! One write in concrete terms, and what a live reading means for it. Pure.

use super::ledger::Reading;
use crate::model::anchor::ImmutableId;
use crate::model::attribute::AttributeChange;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::dn::Dn;
use crate::model::name::Upn;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::Holding;
use crate::plan::step::Action;
use std::collections::BTreeMap;
use std::fmt;

/// A write to one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// AD attributes, in one atomic modify.
    Align {
        /// Whose.
        user: AdRef,
        /// What.
        changes: Vec<AttributeChange>,
    },
    /// The ImmutableID.
    Anchor {
        /// Whose.
        user: EntraRef,
        /// Before.
        expects: Option<ImmutableId>,
        /// After.
        sets: Option<ImmutableId>,
    },
    /// Attributes of a cloud user, in one request.
    Amend {
        /// Whose.
        user: EntraRef,
        /// What.
        changes: Vec<EntraChange>,
    },
    /// Where a cloud user is.
    Place {
        /// Whom.
        user: EntraRef,
        /// Before.
        from: Presence,
        /// After.
        to: Presence,
        /// Its sign-in name when it is restored; `None` for the one that it had.
        upn: Option<Upn>,
    },
    /// The source of authority.
    Authority {
        /// Whose.
        user: EntraRef,
        /// Whether it is the cloud, before.
        expects: bool,
        /// After.
        sets: bool,
    },
    /// A switch of the tenant's directory synchronization.
    Switch {
        /// Which.
        feature: SyncFeature,
        /// Before.
        expects: bool,
        /// After.
        sets: bool,
    },
    /// The container.
    Move {
        /// Whom.
        user: AdRef,
        /// Before.
        from: Dn,
        /// After.
        to: Dn,
    },
    /// Takes a role, or a membership that brings one, away.
    Take {
        /// Whose.
        user: EntraRef,
        /// Which.
        holding: Holding,
    },
    /// Gives it back.
    Give {
        /// To whom.
        user: EntraRef,
        /// What was taken.
        holding: Holding,
    },
}

/// What a live reading means for a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as after the write.
    AsWanted,
    /// Everything is as the write expects it before.
    AsExpected,
    /// Neither: somebody else was here. Never overwritten.
    Surprise(String),
}

impl Write {
    /// The write that `action` asks for. `taken` is what a restore gives back. `None` for actions that do not
    /// write, and for a restore of nothing.
    pub fn of(action: &Action, taken: Option<&Holding>) -> Option<Self> {
        match action {
            Action::Align { user, changes } => Some(Self::Align { user: user.clone(), changes: changes.clone() }),
            Action::Anchor { user, expects, sets } => {
                Some(Self::Anchor { user: user.clone(), expects: expects.clone(), sets: sets.clone() })
            }
            Action::Amend { user, changes } => Some(Self::Amend { user: user.clone(), changes: changes.clone() }),
            Action::Place { user, from, to, upn } => {
                Some(Self::Place { user: user.clone(), from: *from, to: *to, upn: upn.clone() })
            }
            Action::Authority { user, expects, sets } => {
                Some(Self::Authority { user: user.clone(), expects: *expects, sets: *sets })
            }
            Action::Switch { feature, expects, sets } => {
                Some(Self::Switch { feature: *feature, expects: *expects, sets: *sets })
            }
            Action::Move { user, from, to } => {
                Some(Self::Move { user: user.clone(), from: from.clone(), to: to.clone() })
            }
            Action::Suspend { user, holding, .. } => Some(Self::Take { user: user.clone(), holding: holding.clone() }),
            Action::Restore { user, .. } => {
                taken.map(|holding| Self::Give { user: user.clone(), holding: holding.clone() })
            }
            Action::Hold
            | Action::Release
            | Action::Sync
            | Action::Departure { .. }
            | Action::Arrival { .. }
            | Action::Verify { .. } => None,
        }
    }

    /// The right in question, for writes about roles.
    pub const fn holding(&self) -> Option<&Holding> {
        match self {
            Self::Take { holding, .. } | Self::Give { holding, .. } => Some(holding),
            Self::Align { .. }
            | Self::Anchor { .. }
            | Self::Amend { .. }
            | Self::Place { .. }
            | Self::Authority { .. }
            | Self::Switch { .. }
            | Self::Move { .. } => None,
        }
    }

    /// What a reading of this write's target means for it. Sets compare without case but for the `SMTP:` mark, so a
    /// primary address counts as written only if it is the one and only primary.
    pub fn verdict(&self, live: &Reading) -> Verdict {
        match (self, live) {
            (Self::Align { changes, .. }, Reading::Attributes { values }) => {
                align_verdict(changes, |change| values.get(&change.attribute).map_or(&[][..], Vec::as_slice))
            }
            (Self::Anchor { expects, sets, .. }, Reading::ImmutableId { value }) => {
                compare(value, expects, sets, || {
                    format!(
                        "the ImmutableID is {}, neither {} nor {}",
                        or_null(value.as_ref()),
                        or_null(expects.as_ref()),
                        or_null(sets.as_ref())
                    )
                })
            }
            (Self::Amend { changes, .. }, Reading::Values { values }) => amend_verdict(changes, values),
            (Self::Place { from, to, .. }, Reading::Presence { presence }) => {
                compare(presence, from, to, || format!("the user is {presence}, neither {from} nor {to}"))
            }
            (Self::Authority { expects, sets, .. } | Self::Switch { expects, sets, .. }, Reading::Flag { on }) => {
                compare(on, expects, sets, || "it stands otherwise".to_owned())
            }
            (Self::Move { from, to, .. }, Reading::Container { dn }) => {
                compare(dn, from, to, || format!("the user is in {dn}, neither in {from} nor in {to}"))
            }
            // What was read is about the user, what would be written about the holder.
            (Self::Take { user, holding } | Self::Give { user, holding }, _) if holding.user() != user.id => {
                Verdict::Surprise(format!("the role is not {user}'s but {}'s", holding.user()))
            }
            (Self::Take { holding, .. }, Reading::Holdings { holdings }) => match holdings.as_slice() {
                [] => Verdict::AsWanted,
                // Another end is somebody's decision, which a restore would overwrite.
                [one] if !one.same_end(holding) => Verdict::Surprise(format!("it is held otherwise by now: {one}")),
                [one] if one.id() == holding.id() => Verdict::AsExpected,
                _ => Verdict::Surprise(format!("{holding} was assigned anew by somebody else")),
            },
            (Self::Give { holding, .. }, Reading::Holdings { holdings }) => match holdings.first() {
                None => Verdict::AsExpected,
                Some(_) if holdings.iter().any(|live| live.same_end(holding)) => Verdict::AsWanted,
                Some(one) => Verdict::Surprise(format!("somebody gave it back otherwise: {one}")),
            },
            _ => Verdict::Surprise("what was read is not what this step is about".to_owned()),
        }
    }
}

fn compare<T: PartialEq>(live: &T, expects: &T, sets: &T, surprise: impl FnOnce() -> String) -> Verdict {
    if live == sets {
        Verdict::AsWanted
    } else if live == expects {
        Verdict::AsExpected
    } else {
        Verdict::Surprise(surprise())
    }
}

fn or_null(value: Option<&ImmutableId>) -> String {
    value.map_or_else(|| "null".to_owned(), |id| format!("{:?}", id.as_str()))
}

fn align_verdict<'a>(changes: &'a [AttributeChange], live: impl Fn(&'a AttributeChange) -> &'a [String]) -> Verdict {
    if changes.iter().all(|c| c.attribute.equal(live(c), &c.sets)) {
        return Verdict::AsWanted;
    }
    let odd = |c: &&'a AttributeChange| !c.attribute.equal(live(c), &c.expects);
    // What is neither before nor after is somebody else's; of the rest, some is as before and some as after.
    let foreign = changes.iter().filter(odd).find(|c| !c.attribute.equal(live(c), &c.sets));
    foreign.or_else(|| changes.iter().find(odd)).map_or(Verdict::AsExpected, |c| {
        Verdict::Surprise(format!("{} is {:?}, expected {:?}", c.attribute, live(c), c.expects))
    })
}

fn amend_verdict(changes: &[EntraChange], live: &BTreeMap<EntraAttribute, Option<String>>) -> Verdict {
    let now = |change: &EntraChange| live.get(&change.attribute).and_then(Option::as_deref);
    let is = |change: &EntraChange, value: &Option<String>| change.attribute.equal(now(change), value.as_deref());
    if changes.iter().all(|change| is(change, &change.sets)) {
        return Verdict::AsWanted;
    }
    changes.iter().find(|change| !is(change, &change.expects)).map_or(Verdict::AsExpected, |change| {
        let shown = |value: Option<&str>| value.map_or_else(|| "null".to_owned(), |value| format!("{value:?}"));
        Verdict::Surprise(format!(
            "{} is {}, expected {}",
            change.attribute,
            shown(now(change)),
            shown(change.expects.as_deref())
        ))
    })
}

impl fmt::Display for Write {
    /// What is tried, as the words after "could not".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Align { user, .. } => write!(f, "align {user}"),
            Self::Anchor { user, sets: Some(_), .. } => write!(f, "set the ImmutableID of {user}"),
            Self::Anchor { user, sets: None, .. } => write!(f, "clear the ImmutableID of {user}"),
            Self::Amend { user, changes } => {
                let names: Vec<&str> = changes.iter().map(|change| change.attribute.name()).collect();
                write!(f, "change {} of {user}", names.join(", "))
            }
            Self::Place { user, from: Presence::RecycleBin, to: Presence::Live, .. } => {
                write!(f, "restore {user} from the recycle bin")
            }
            Self::Place { user, to: Presence::Gone, .. } => write!(f, "delete {user} for good"),
            Self::Place { user, .. } => write!(f, "delete {user}"),
            Self::Authority { user, sets: true, .. } => write!(f, "make the cloud the source of authority of {user}"),
            Self::Authority { user, sets: false, .. } => write!(f, "make AD the source of authority of {user}"),
            Self::Switch { feature, sets, .. } => write!(f, "switch {feature} {}", if *sets { "on" } else { "off" }),
            Self::Move { user, to, .. } => write!(f, "move {user} to {to}"),
            Self::Take { user, holding } => write!(f, "take the role {holding} from {user}"),
            Self::Give { user, holding } => write!(f, "give the role {holding} to {user}"),
        }
    }
}
