//! Conditional Access: which policies name whom.

use crate::lab::world::load::{no_object_id, no_placeholder};
use crate::model::id::ObjectId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `conditionalAccessPolicy`, with its users and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionalAccessPolicy {
    /// The object id. May be left out of a file: then it is derived from the display name.
    #[serde(default = "no_object_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ObjectId,
    /// The display name.
    pub display_name: String,
    /// `enabled`, `disabled` or `enabledForReportingButNotEnforced`.
    #[serde(default = "enabled")]
    pub state: String,
    /// When it applies.
    #[serde(default)]
    pub conditions: PolicyConditions,
}

/// `conditionalAccessConditionSet`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyConditions {
    /// Whom it applies to.
    #[serde(default)]
    pub users: PolicyUsers,
}

/// `conditionalAccessUsers`: object ids, or words such as `All` and `GuestsOrExternalUsers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PolicyUsers {
    /// Users it applies to.
    pub include_users: Vec<String>,
    /// Users it spares.
    pub exclude_users: Vec<String>,
    /// Groups it applies to.
    pub include_groups: Vec<String>,
    /// Groups it spares.
    pub exclude_groups: Vec<String>,
}

fn enabled() -> String {
    "enabled".to_owned()
}
