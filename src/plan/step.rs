//! Steps: one write or one wait each, with what it expects to find and how it is undone.

use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::attribute::AttributeChange;
use crate::model::cloud::{EntraChange, Presence, SyncFeature};
use crate::model::dn::Dn;
use crate::model::id::{ApplyId, LinkId, Sid, StepId};
use crate::model::name::Upn;
use crate::model::reference::{AdRef, EntraRef, HolderRef};
use crate::model::role::Holding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the plan; sorts in execution order.
    pub id: StepId,
    /// The wave it belongs to, from 1; 0 for a task, which comes before every wave.
    pub wave: u32,
    /// The link or task it is for; `None` for the wave's own steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// What is done.
    pub action: Action,
    /// How it is undone.
    pub undo: Undo,
}

impl Step {
    /// The id of a plan's step number `number`, from 1: sorts in execution order, and says what is done for whom.
    pub fn numbered(number: usize, action: &Action, link: Option<&LinkId>) -> StepId {
        let of = link.map_or_else(String::new, |link| format!("-{link}"));
        StepId(format!("{number:06}-{}{of}", action.kind()))
    }
}

/// What a step does. The order here is the order within a wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Stops the sync scheduler for the time of the wave.
    Hold,
    /// Takes one role assignment, or one membership that brings roles, away before anything else of its link.
    Suspend {
        /// Whose.
        user: EntraRef,
        /// Which, with everything that a restore needs.
        holding: Holding,
        /// Whether it comes back after the match (`roles = "suspend"`) or not (`roles = "remove"`, and activations).
        restore: bool,
    },
    /// Changes AD attributes in one atomic modify.
    Align {
        /// Whose.
        user: AdRef,
        /// What, each with the values expected before.
        changes: Vec<AttributeChange>,
    },
    /// Sets (or in a rollback clears) the ImmutableID.
    Anchor {
        /// Whose.
        user: EntraRef,
        /// The value before; `None` is null.
        #[serde(default)]
        expects: Option<ImmutableId>,
        /// The value after; `None` is null.
        #[serde(default)]
        sets: Option<ImmutableId>,
    },
    /// Changes attributes of a cloud user in one request.
    Amend {
        /// Whose.
        user: EntraRef,
        /// What, each with the value expected before.
        changes: Vec<EntraChange>,
    },
    /// Deletes a cloud user, restores it from the recycle bin, or deletes it there for good.
    Place {
        /// Whom.
        user: EntraRef,
        /// Where it is before.
        from: Presence,
        /// Where it is after.
        to: Presence,
        /// The sign-in name that it gets when it is restored; `None` for the one that it had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upn: Option<Upn>,
    },
    /// Moves the source of authority of a user (`onPremisesSyncBehavior.isCloudManaged`).
    Authority {
        /// Whose.
        user: EntraRef,
        /// Whether the cloud is the source before.
        expects: bool,
        /// Whether it is after.
        sets: bool,
    },
    /// Turns a switch of the tenant's directory synchronization.
    Switch {
        /// Which.
        feature: SyncFeature,
        /// How it stands before.
        expects: bool,
        /// How it stands after.
        sets: bool,
    },
    /// Moves the AD user to another container, usually into the sync scope.
    Move {
        /// Whom.
        user: AdRef,
        /// The container before.
        from: Dn,
        /// The container after.
        to: Dn,
    },
    /// Starts the sync scheduler again.
    Release,
    /// One proven sync cycle.
    Sync,
    /// Waits until a sync cycle has soft-deleted a cloud user whose AD user left the sync scope.
    Departure {
        /// Whom.
        user: EntraRef,
    },
    /// Waits until a sync cycle has joined a group or contact of the cloud with one of AD.
    Arrival {
        /// Which one of the cloud.
        object: HolderRef,
    },
    /// Reads until the link is formed, or the deadline passes.
    Verify {
        /// The AD side.
        ad: AdRef,
        /// The cloud side, by object id.
        cloud: EntraRef,
        /// The exact anchor it must have.
        anchor: Anchor,
        /// The SID it must have.
        sid: Sid,
    },
    /// Gives back what a [`Action::Suspend`] step took. It carries no role data of its own, so an edited plan cannot
    /// grant anything: the journal says what was taken.
    Restore {
        /// Whose.
        user: EntraRef,
        /// The apply in which the suspend step ran; `None` means this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        apply: Option<ApplyId>,
        /// The suspend step.
        suspend: StepId,
        /// For people only: the role's name and scope.
        label: String,
    },
}

impl Action {
    /// The step's kind as a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Suspend { .. } => "suspend",
            Self::Align { .. } => "align",
            Self::Anchor { .. } => "anchor",
            Self::Amend { .. } => "amend",
            Self::Place { from: Presence::RecycleBin, to: Presence::Live, .. } => "revive",
            Self::Place { to: Presence::Gone, .. } => "purge",
            Self::Place { .. } => "delete",
            Self::Authority { .. } => "authority",
            Self::Switch { .. } => "switch",
            Self::Departure { .. } => "departure",
            Self::Arrival { .. } => "arrival",
            Self::Move { .. } => "move",
            Self::Release => "release",
            Self::Sync => "sync",
            Self::Verify { .. } => "verify",
            Self::Restore { .. } => "restore",
        }
    }

    /// Whether the step changes a directory (and so has something to undo).
    pub const fn writes(&self) -> bool {
        match self {
            Self::Suspend { .. }
            | Self::Align { .. }
            | Self::Anchor { .. }
            | Self::Amend { .. }
            | Self::Place { .. }
            | Self::Authority { .. }
            | Self::Switch { .. }
            | Self::Move { .. }
            | Self::Restore { .. } => true,
            Self::Hold
            | Self::Release
            | Self::Sync
            | Self::Departure { .. }
            | Self::Arrival { .. }
            | Self::Verify { .. } => false,
        }
    }
}

/// How a step is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Undo {
    /// By the inverse write, at any time.
    Inverse,
    /// By the inverse write, but only until the next sync cycle.
    UntilSync {
        /// What makes it impossible after the cycle.
        reason: String,
    },
    /// By the inverse write, also later; after the cycle it flows to the cloud.
    FlowsOn {
        /// What that does.
        effect: String,
    },
    /// Not at all.
    Never {
        /// Why.
        reason: String,
    },
    /// There is nothing to undo: the step reads, waits, is itself the undoing of another step, or ends an activation,
    /// which ends by itself anyway.
    Nothing,
}
