//! The tenant: its domains, its sync features, when it last synced, and who is asking.

use super::cloud::SyncFeature;
use super::id::{ObjectId, TenantId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What we read of `organization`, `domains` and `directory/onPremisesSynchronization`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// `organization.id`.
    pub id: TenantId,
    /// `organization.displayName`.
    pub display_name: String,
    /// The tenant's domains, by name.
    pub domains: Vec<Domain>,
    /// `organization.onPremisesSyncEnabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_enabled: Option<bool>,
    /// `organization.onPremisesLastSyncDateTime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<Timestamp>,
    /// The sync features, or `None` if they could not be read (the snapshot's gaps say why).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<SyncFeatures>,
    /// Every switch of the directory synchronization; empty if they could not be read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub switches: BTreeMap<SyncFeature, bool>,
    /// How many deletions one sync cycle may export (`accidentalDeletionPrevention`), if there is such a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_threshold: Option<u32>,
}

impl Tenant {
    /// The domain of that name, compared without case.
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.domains.iter().find(|d| d.name.eq_ignore_ascii_case(name))
    }

    /// The tenant's first domain, `….onmicrosoft.com`.
    pub fn initial_domain(&self) -> Option<&Domain> {
        self.domains.iter().find(|d| d.initial)
    }
}

/// A domain of the tenant.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named as Graph names it")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// `id`: the name.
    pub name: String,
    /// `isVerified`.
    pub verified: bool,
    /// `authenticationType` is `Federated`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub federated: bool,
    /// `isInitial`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub initial: bool,
    /// `isDefault`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
}

/// The sync features that decide about matching. Source: Graph v1.0 `onPremisesDirectorySynchronizationFeature`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one bool per switch of the tenant, named as Microsoft names them")]
pub struct SyncFeatures {
    /// `blockSoftMatchEnabled`.
    #[serde(default)]
    pub block_soft_match: bool,
    /// `blockCloudObjectTakeoverThroughHardMatchEnabled`.
    #[serde(default)]
    pub block_hard_match: bool,
    /// `softMatchOnUpnEnabled`; cannot be switched off again.
    #[serde(default)]
    pub soft_match_on_upn: bool,
    /// `allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled`.
    #[serde(default)]
    pub allow_object_identifier_update: bool,
    /// `synchronizeUpnForManagedUsersEnabled`.
    #[serde(default)]
    pub synchronize_upn_for_managed_users: bool,
    /// `passwordSyncEnabled`: a takeover replaces the cloud password.
    #[serde(default)]
    pub password_sync: bool,
}

/// Whom the credential speaks for. The planner never takes a role from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The user's or service principal's object id (claim `oid`).
    pub id: ObjectId,
    /// A readable name.
    pub name: String,
}
