//! What Microsoft's side says besides the errors of an export: Graph's refusals, the engine's notes, AD's codes.

use std::fmt;

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A message of Graph, of the sync engine or of Active Directory.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Message {
            $($(#[$doc])* $name,)*
        }

        impl Message {
            /// Every message.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Microsoft's name for it, or ours where it has none.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

messages! {
    /// A value was taken from an object, or the object made under a mangled name.
    Quarantine = "QuarantinedAttributeValueMustBeUnique",
    /// Microsoft's name in `onPremisesProvisioningErrors`.
    PropertyConflict = "PropertyConflict",
    /// The cloud user lost the AD object that it was synced from.
    OrphanedObject = "orphaned-object",
    /// The engine would delete or change what is cloud-only.
    CloudOnlyObject = "error-type-114",
    /// The older name of a failed validation.
    DataValidationFailed = "DataValidationFailed",
    /// The connector account may not write to AD.
    PermissionIssue = "permission-issue",
    /// The engine would delete too many objects.
    DeletionThreshold = "stopped-deletion-threshold-exceeded",
    /// Single changes that are skipped since the cloud is the source.
    BlockOnPremisesSync = "blockOnPremisesSync",
    /// AD has the UPN already.
    UpnNotUniqueInForest = "ERROR_DS_UPN_VALUE_NOT_UNIQUE_IN_FOREST",
    /// Graph: not allowed.
    AuthorizationRequestDenied = "Authorization_RequestDenied",
    /// Graph: the attribute belongs to AD.
    OnPremisesMastered = "on-premises-mastered",
    /// Graph: another object has the value.
    ObjectConflict = "ObjectConflict",
    /// Graph: the ImmutableID of a federated user.
    FederatedSourceAnchor = "FederatedUser.SourceAnchor",
    /// Graph: a request that is not well-formed.
    BadRequest = "Request_BadRequest",
    /// Graph: there is no such object.
    ResourceNotFound = "Request_ResourceNotFound",
    /// Graph: a filter that needs more.
    UnsupportedQuery = "Request_UnsupportedQuery",
    /// Graph: PIM is not licensed.
    AadPremiumLicenseRequired = "AadPremiumLicenseRequired",
    /// Graph: PIM lacks a permission.
    PermissionScopeNotGranted = "PermissionScopeNotGranted",
    /// Graph: the role is assigned already.
    RoleAssignmentExists = "RoleAssignmentExists",
    /// Graph: the role is not assigned.
    RoleAssignmentDoesNotExist = "RoleAssignmentDoesNotExist",
    /// Graph: the role's policy forbids the assignment.
    RolePolicy = "RoleAssignmentRequestPolicyValidationFailed",
    /// Graph: too many requests.
    TooManyRequests = "TooManyRequests",
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
