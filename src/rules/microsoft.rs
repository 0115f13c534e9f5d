//! Microsoft's names for what goes wrong.
//!
//! Source: Microsoft, "Understanding errors during Microsoft Entra synchronization" and "Configure Microsoft Entra Connect
//! for an existing tenant".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! microsoft_errors {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An error of the sync engine, of the cloud or of Graph, by Microsoft's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum MicrosoftError {
            $($(#[$doc])* $name,)*
        }

        impl MicrosoftError {
            /// Every name.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name as Microsoft writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

microsoft_errors! {
    /// The anchor matches, and the match is not allowed: a tenant switch, a role.
    InvalidHardMatch,
    /// An address or UPN matches, and the match is not allowed.
    InvalidSoftMatch,
    /// A value that must be unique in the tenant belongs to another object.
    AttributeValueMustBeUnique,
    /// The `onPremisesObjectIdentifier` of the cloud user may not be replaced.
    AttributeUpdateNotAllowed,
    /// The value belongs to an object of another type.
    ObjectTypeMismatch,
    /// A soft match onto a role holder.
    ExistingAdminRoleConflict,
    /// The UPN has characters or a form that the cloud does not take.
    IdentityDataValidationFailed,
    /// The object as a whole is too large.
    LargeObject,
    /// One attribute is too long.
    ExceededAllowedLength,
    /// The UPN moved between two federated domains (obsolete).
    FederatedDomainChangeError,
}

impl fmt::Display for MicrosoftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
