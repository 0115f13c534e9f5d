//! What was decided about one link.

use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::model::id::LinkId;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::Holding;
pub use crate::rules::exposure::Exposure;
use crate::rules::finding::Origin;
pub use crate::rules::prediction::Method;
use crate::rules::prediction::{Prediction, Takeover};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A link as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedLink {
    /// `domain/sAMAccountName` in lower case.
    pub id: LinkId,
    /// Where it is written; `None` in a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The AD side.
    pub ad: AdRef,
    /// The cloud side.
    pub cloud: EntraRef,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Where the AD user stands towards the sync engine.
    pub exposure: Exposure,
    /// The anchor that the link rests on; `None` if the AD user has none that could be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// What the next cycle makes of it; `None` where there is no cycle (no change, or a rollback).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Prediction>,
    /// What the takeover does to the cloud user.
    #[serde(default)]
    pub takeover: Takeover,
    /// The cloud user and its roles as they were when this was planned.
    pub before: BeforeImage,
}

/// What becomes of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// It is linked already; nothing to do.
    Unchanged,
    /// Its steps are in the plan.
    Change {
        /// How the match is to happen.
        method: Method,
        /// Which branch was taken and why, in one sentence.
        why: String,
        /// Its wave, from 1.
        wave: u32,
    },
    /// Error findings stand in the way; it has no steps.
    Blocked,
    /// A rollback of what an apply did.
    Undo {
        /// The wave, from 1.
        wave: u32,
    },
}

/// The cloud user before anything was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeforeImage {
    /// The user with every attribute that was read.
    pub user: EntraUser,
    /// What makes it a role holder.
    pub roles: Vec<Holding>,
}
