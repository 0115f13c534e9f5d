//! What this program changes of a cloud user besides its ImmutableID and roles: single attributes, whether it lies in the
//! recycle bin, and, for the tenant as a whole, the sync features.
//!
//! Sources: Microsoft, "Clear on-premises attributes for cloud-only users"; Graph, "Update user", "Delete user", "Restore
//! deleted item", "Permanently delete item"; Graph v1.0 `onPremisesDirectorySynchronizationFeature`.

use super::id::ObjectId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What users remember of AD: the attributes of [`EntraAttribute::ON_PREMISES`] of those that are to be cleared, which no
/// snapshot holds.
pub type Residues = BTreeMap<ObjectId, BTreeMap<EntraAttribute, Option<String>>>;

/// An enum of Graph's names, with each of them as text.
macro_rules! graph_names {
    ($(#[$doc:meta])* $kind:ident { $($(#[$name_doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $kind {
            $($(#[$name_doc])* #[serde(rename = $text)] $name,)*
        }

        impl $kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Graph's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

graph_names! {
    /// An attribute of a cloud user that this program writes, by Graph's name.
    EntraAttribute {
        /// `userPrincipalName`.
        UserPrincipalName = "userPrincipalName",
        /// `onPremisesDistinguishedName`.
        DistinguishedName = "onPremisesDistinguishedName",
        /// `onPremisesDomainName`.
        DomainName = "onPremisesDomainName",
        /// `onPremisesImmutableId`.
        ImmutableId = "onPremisesImmutableId",
        /// `onPremisesObjectIdentifier`: it can only be cleared; the next sync stamps a fresh one.
        ObjectIdentifier = "onPremisesObjectIdentifier",
        /// `onPremisesSamAccountName`.
        SamAccountName = "onPremisesSamAccountName",
        /// `onPremisesSecurityIdentifier`.
        SecurityIdentifier = "onPremisesSecurityIdentifier",
        /// `onPremisesUserPrincipalName`.
        OnPremisesUserPrincipalName = "onPremisesUserPrincipalName",
    }
}

impl EntraAttribute {
    /// The seven that remember an AD user ("Clear on-premises attributes for cloud-only users").
    pub const ON_PREMISES: [Self; 7] = [
        Self::DistinguishedName,
        Self::DomainName,
        Self::ImmutableId,
        Self::ObjectIdentifier,
        Self::SamAccountName,
        Self::SecurityIdentifier,
        Self::OnPremisesUserPrincipalName,
    ];

    /// Whether Graph writes it on its beta endpoint only.
    pub const fn is_beta(self) -> bool {
        !matches!(self, Self::UserPrincipalName | Self::ImmutableId)
    }

    /// Whether a value that was cleared can be set again.
    pub const fn can_return(self) -> bool {
        !matches!(self, Self::ObjectIdentifier)
    }

    /// Whether two values are the same to us: sign-in names compare without case, everything else exactly.
    pub fn equal(self, a: Option<&str>, b: Option<&str>) -> bool {
        match (self, a, b) {
            (Self::UserPrincipalName, Some(a), Some(b)) => a.to_lowercase() == b.to_lowercase(),
            _ => a == b,
        }
    }
}

/// A change of one attribute of a cloud user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntraChange {
    /// Which attribute.
    pub attribute: EntraAttribute,
    /// The value before; `None` is null.
    #[serde(default)]
    pub expects: Option<String>,
    /// The value after; `None` is null.
    #[serde(default)]
    pub sets: Option<String>,
}

/// Where a cloud user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Among the users of the tenant.
    Live,
    /// Soft-deleted: it can be restored for 30 days.
    RecycleBin,
    /// Deleted for good.
    Gone,
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::RecycleBin => "in the recycle bin",
            Self::Gone => "gone for good",
        })
    }
}

graph_names! {
    /// A switch of the tenant's directory synchronization, by Graph's name.
    SyncFeature {
        /// The sync engine may replace `onPremisesObjectIdentifier`.
        AllowOnPremUpdateOfOnPremisesObjectIdentifier = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
        /// Hard matches onto cloud-managed users are refused.
        BlockCloudObjectTakeoverThroughHardMatch = "blockCloudObjectTakeoverThroughHardMatchEnabled",
        /// Soft matches are refused.
        BlockSoftMatch = "blockSoftMatchEnabled",
        /// Cloud-side overrides of mobile and other mails are bypassed.
        BypassDirSyncOverrides = "bypassDirSyncOverridesEnabled",
        /// The cloud's password policy counts for users with synchronized passwords.
        CloudPasswordPolicyForPasswordSyncedUsers = "cloudPasswordPolicyForPasswordSyncedUsersEnabled",
        /// Credentials are updated side by side.
        ConcurrentCredentialUpdate = "concurrentCredentialUpdateEnabled",
        /// Organization ids are provisioned side by side.
        ConcurrentOrgIdProvisioning = "concurrentOrgIdProvisioningEnabled",
        /// Devices are written back.
        DeviceWriteback = "deviceWritebackEnabled",
        /// Directory extensions are synchronized.
        DirectoryExtensions = "directoryExtensionsEnabled",
        /// Forefront Online Protection's conflicts are resolved.
        FopeConflictResolution = "fopeConflictResolutionEnabled",
        /// Groups are written back.
        GroupWriteBack = "groupWriteBackEnabled",
        /// Password hashes are synchronized.
        PasswordSync = "passwordSyncEnabled",
        /// Passwords are written back.
        PasswordWriteback = "passwordWritebackEnabled",
        /// Duplicate addresses are quarantined.
        QuarantineUponProxyAddressesConflict = "quarantineUponProxyAddressesConflictEnabled",
        /// Duplicate sign-in names are quarantined.
        QuarantineUponUpnConflict = "quarantineUponUpnConflictEnabled",
        /// Users whom the primary address does not match are matched by UPN.
        SoftMatchOnUpn = "softMatchOnUpnEnabled",
        /// UPN changes flow for managed, licensed users.
        SynchronizeUpnForManagedUsers = "synchronizeUpnForManagedUsersEnabled",
        /// Microsoft 365 groups are written back.
        UnifiedGroupWriteback = "unifiedGroupWritebackEnabled",
        /// A password change at the next sign-in is synchronized.
        UserForcePasswordChangeOnLogon = "userForcePasswordChangeOnLogonEnabled",
        /// Users are written back.
        UserWriteback = "userWritebackEnabled",
    }
}

impl SyncFeature {
    /// Whether it cannot be switched off again once it is on. Sources: "Microsoft Entra Connect Sync service features";
    /// "Set-EntraDirSyncFeature"; "Duplicate attribute resiliency".
    pub const fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::SoftMatchOnUpn
                | Self::SynchronizeUpnForManagedUsers
                | Self::QuarantineUponUpnConflict
                | Self::QuarantineUponProxyAddressesConflict
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_graphs_own_in_json_too() {
        for feature in SyncFeature::ALL {
            assert_eq!(serde_json::to_value(feature).unwrap(), feature.name());
        }
        for attribute in EntraAttribute::ALL {
            assert_eq!(serde_json::to_value(attribute).unwrap(), attribute.name());
        }
    }

    #[test]
    fn sign_in_names_compare_without_case_and_anchors_exactly() {
        assert!(EntraAttribute::UserPrincipalName.equal(Some("A@x.y"), Some("a@X.y")));
        assert!(!EntraAttribute::ImmutableId.equal(Some("AAAA"), Some("aaaa")));
        assert!(!EntraAttribute::ImmutableId.equal(Some("AAAA"), None));
    }
}
