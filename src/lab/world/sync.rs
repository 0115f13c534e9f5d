//! The sync engine's side of a world: what it is set to, and what it remembers between cycles.

use super::table::Table;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, ObjectId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Settings and memory of the simulated Entra Connect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncEngine {
    /// The containers whose users are synced.
    pub scope: Vec<Dn>,
    /// Which attribute is the source anchor.
    #[serde(default)]
    pub source_anchor: SourceAnchor,
    /// Whether password hashes flow (a takeover then replaces the cloud password).
    #[serde(default)]
    pub password_hash_sync: bool,
    /// A staging server imports and computes but exports nothing.
    #[serde(default)]
    pub staging: bool,
    /// `SyncCycleEnabled`: whether the scheduler runs cycles by itself.
    #[serde(default = "yes")]
    pub scheduler_enabled: bool,
    /// Minutes between scheduled cycles.
    #[serde(default = "half_an_hour")]
    pub interval_minutes: u32,
    /// When the scheduler runs next; `None` before the first cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cycle: Option<Timestamp>,
    /// More deletions than this in one cycle stop its whole export (accidental-delete prevention).
    #[serde(default = "five_hundred")]
    pub deletion_threshold: u32,
    /// How the cloud writes a UPN that somebody else has.
    #[serde(default)]
    pub mangled_upn: MangledUpn,
    /// The objects imported so far. An AD user in here is not new: no match is evaluated for it any more.
    #[serde(default)]
    pub connector_space: Table<Connected>,
    /// The job that provisions single users on demand. Without it there is none, as with Entra Connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_sync: Option<CloudSync>,
    /// The mail-enabled groups and contacts imported so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connected_holders: Vec<ConnectedHolder>,
}

/// The synchronization job of a Cloud Sync configuration, as Graph shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudSync {
    /// The object id of its service principal.
    pub service_principal: ObjectId,
    /// The job's id.
    pub job: String,
    /// The id of the rule from AD to Entra.
    pub rule: String,
}

/// A group or contact of AD that the engine has imported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectedHolder {
    /// The AD object.
    pub ad: AdGuid,
    /// The cloud object it is joined to, or `None` while its export fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<ObjectId>,
    /// The export error of the last cycle, by Microsoft's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a UPN in quarantine is written: Microsoft's page shows both forms ("Identity synchronization and duplicate
/// attribute resiliency").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MangledUpn {
    /// `User+1234@contoso.onmicrosoft.com`.
    #[default]
    WithPlus,
    /// `User1234@contoso.onmicrosoft.com`.
    WithoutPlus,
}

/// An AD user that the engine has imported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connected {
    /// The AD user.
    pub ad: AdGuid,
    /// The anchor it was imported with. Frozen once the user is joined to a cloud object; while its export fails, the
    /// anchor is read anew each cycle, since changing it is Microsoft's own remedy for `AttributeValueMustBeUnique`.
    pub anchor: Anchor,
    /// The cloud object it is joined to, or `None` while its export fails (it is tried again each cycle).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<ObjectId>,
    /// The export error of the last cycle, by Microsoft's name, such as `InvalidSoftMatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The cloud attributes that AD has given a value so far: only these are cleared when AD's value goes away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub flowed: BTreeSet<String>,
}

const fn yes() -> bool {
    true
}

const fn half_an_hour() -> u32 {
    30
}

const fn five_hundred() -> u32 {
    500
}
