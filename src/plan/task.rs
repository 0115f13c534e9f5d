//! What was decided about one task: work around the links that forms none.

use crate::model::entra::{EntraUser, HolderKind};
use crate::model::id::LinkId;
use crate::model::reference::EntraRef;
use crate::rules::finding::Origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of the task that opens and closes the tenant's match window.
pub const WINDOW: &str = "window";

const LINK_THE: &str = "link the ";

/// The title of a link of a group or contact.
pub fn link_title(kind: HolderKind, ad: impl fmt::Display, cloud: impl fmt::Display) -> String {
    format!("{LINK_THE}{kind} {ad} with {cloud}")
}

/// Both objects as such a title names them, which may be in words that no field of the plan has.
pub fn linked_in(title: &str) -> Option<&str> {
    let (_, rest) = title.split_once(LINK_THE)?;
    rest.split_once(' ').map(|(_kind, objects)| objects)
}

/// A task as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedTask {
    /// What it does and to whom, in lower case: `unlink/jane@contoso.com`. Steps name it as theirs.
    pub id: LinkId,
    /// What it does, for people.
    pub title: String,
    /// Where it is written; `None` in a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The cloud user that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<EntraRef>,
    /// What becomes of it.
    pub outcome: TaskOutcome,
    /// The cloud user as it was when this was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<EntraUser>>,
}

/// What becomes of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskOutcome {
    /// Everything is as it is to be.
    Unchanged,
    /// Its steps are in the plan.
    Change {
        /// What comes of it, in one sentence.
        why: String,
    },
    /// Error findings stand in the way; it has no steps.
    Blocked,
    /// A rollback of what an apply did.
    Undo,
}

impl TaskOutcome {
    /// Whether it has steps.
    pub const fn is_change(&self) -> bool {
        matches!(self, Self::Change { .. } | Self::Undo)
    }
}
