//! The snapshot's data and file format.

use crate::model::ad::AdUser;
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::DomainName;
use crate::model::role::RoleAssignment;
use crate::model::tenant::{Identity, Tenant};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format that this version reads and writes.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Both directories at one time. Planning needs nothing else of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// [`SNAPSHOT_VERSION`].
    pub format_version: u32,
    /// When reading began.
    pub taken: Timestamp,
    /// The AD domains that were read.
    pub domains: Vec<AdDomainSnapshot>,
    /// The tenant.
    pub tenant: Tenant,
    /// All live users.
    pub users: Vec<EntraUser>,
    /// The recycle bin's users.
    pub deleted_users: Vec<EntraUser>,
    /// Groups and contacts, for their addresses.
    pub holders: Vec<AddressHolder>,
    /// All active role assignments.
    pub roles: Vec<RoleAssignment>,
    /// Whom the credential speaks for, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Identity>,
    /// What could not be read. A plan says of everything that depends on it: could not be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// One AD domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdDomainSnapshot {
    /// The name in the configuration.
    pub name: DomainName,
    /// The DN that was searched.
    pub base_dn: Dn,
    /// The domain's DNS name, from the domain controller.
    pub dns_name: String,
    /// The domain controller that was read.
    pub server: String,
    /// UPN suffixes that the forest lists besides its DNS names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upn_suffixes: Vec<String>,
    /// All its users.
    pub users: Vec<AdUser>,
}

/// Something that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What.
    pub what: Missing,
    /// Why, in one sentence, with the permission that was missing if that is known.
    pub reason: String,
}

/// A part of the tenant that a credential may not be allowed to see. Users and AD are not in here: without them there
/// is no snapshot at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The tenant's sync features.
    SyncFeatures,
    /// Active role assignments.
    Roles,
    /// The recycle bin.
    DeletedUsers,
    /// Groups.
    Groups,
    /// Contacts.
    Contacts,
    /// `onPremisesObjectIdentifier` (beta endpoint).
    ObjectIdentifier,
    /// `onPremisesSyncBehavior` of the linked users.
    SyncBehavior,
    /// Who the credential is.
    Caller,
}

impl Snapshot {
    /// Why a part is missing, or `None` if it was read.
    pub fn gap(&self, what: Missing) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.what == what)
    }
}
