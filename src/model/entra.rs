//! What we read of objects in Entra ID.

use super::address::AddressSet;
use super::anchor::{Anchor, ImmutableId};
use super::id::{ObjectId, Sid};
use super::name::Upn;
use super::profile::Profile;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// A user in Entra ID, live or in the recycle bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntraUser {
    /// `id`.
    pub id: ObjectId,
    /// `userPrincipalName`. For a soft-deleted user Entra prefixes it with the id's hexadecimal digits.
    pub upn: Upn,
    /// `displayName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<SmolStr>,
    /// `givenName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<SmolStr>,
    /// `surname`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<SmolStr>,
    /// `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// `mailNickname`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_nickname: Option<SmolStr>,
    /// `proxyAddresses` (read-only in Graph).
    #[serde(default, skip_serializing_if = "AddressSet::is_empty")]
    pub proxy_addresses: AddressSet,
    /// `accountEnabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_enabled: Option<bool>,
    /// `userType`: `Member` or `Guest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_type: Option<SmolStr>,
    /// `onPremisesImmutableId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable_id: Option<ImmutableId>,
    /// `onPremisesSyncEnabled`; only `true` means synced, `false` and null mean the same to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_enabled: Option<bool>,
    /// `onPremisesSecurityIdentifier`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_identifier: Option<Sid>,
    /// `onPremisesLastSyncDateTime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<Timestamp>,
    /// `onPremisesObjectIdentifier` (beta only): set by the sync engine, blocks a hard match of another AD object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_identifier: Option<String>,
    /// `onPremisesSyncBehavior.isCloudManaged`: a user whose source of authority is the cloud is never matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_managed: Option<bool>,
    /// `onPremisesProvisioningErrors`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisioning_errors: Vec<ProvisioningError>,
    /// The attributes that describe the person.
    #[serde(default, skip_serializing_if = "Profile::is_empty")]
    pub profile: Profile,
    /// `deletedDateTime`: set for a user in the recycle bin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
}

impl EntraUser {
    /// Whether the ImmutableID is this anchor, compared exactly.
    pub fn has_anchor(&self, anchor: Anchor) -> bool {
        self.immutable_id.as_ref().is_some_and(|id| id.as_str() == anchor.to_base64())
    }

    /// Whether the sync engine manages this user now.
    pub fn is_synced(&self) -> bool {
        self.sync_enabled == Some(true)
    }

    /// The UPN that a soft-deleted user had, and gets back when it is restored: Entra puts the object id's 32
    /// hexadecimal digits before it. A live user's UPN is returned as it is.
    pub fn upn_before_deletion(&self) -> Upn {
        let digits = self.id.0.simple().to_string();
        let prefix = self.upn.as_str().get(..digits.len());
        match prefix.filter(|prefix| prefix.eq_ignore_ascii_case(&digits)) {
            Some(_) => self.upn.as_str()[digits.len()..].into(),
            None => self.upn.clone(),
        }
    }
}

/// An entry of `onPremisesProvisioningErrors`. Microsoft documents few values, so all are open text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningError {
    /// `category`, such as `PropertyConflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `propertyCausingError`, such as `UserPrincipalName` or `ProxyAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// `value`: the value in conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `occurredDateTime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Timestamp>,
}

/// What else in the tenant can hold an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HolderKind {
    /// A group of any kind.
    Group,
    /// An organizational contact.
    Contact,
}

impl fmt::Display for HolderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "group",
            Self::Contact => "contact",
        })
    }
}

/// A group or contact, read for its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressHolder {
    /// Group or contact.
    pub kind: HolderKind,
    /// `id`.
    pub id: ObjectId,
    /// `displayName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// `proxyAddresses`.
    #[serde(default, skip_serializing_if = "AddressSet::is_empty")]
    pub proxy_addresses: AddressSet,
    /// Whether it is synced from AD.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synced: bool,
    /// `isAssignableToRole`, of a group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assignable_to_role: bool,
    /// Whether it is a Microsoft 365 group: `Unified` in `groupTypes`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub microsoft_365: bool,
}

impl AddressHolder {
    /// Its primary address, or its `mail`; `None` if it has none, or more than one.
    pub fn primary(&self) -> Option<&str> {
        match self.proxy_addresses.primary_count() {
            0 => self.mail.as_deref(),
            _ => self.proxy_addresses.primary(),
        }
    }

    /// What people call it.
    pub fn name(&self) -> String {
        self.display_name.clone().or_else(|| self.mail.clone()).unwrap_or_else(|| self.id.to_string())
    }
}
