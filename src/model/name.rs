//! Sign-in names: both kinds compare without case, as AD and Entra compare them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;
use std::hash::{Hash, Hasher};

macro_rules! folded_name {
    ($(#[$doc:meta])* $name:ident($text:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub $text);

        impl $name {
            /// The name as it was read.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name in lower case: the key for look-ups.
            pub fn key(&self) -> String {
                self.0.to_lowercase()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                if self.0.is_ascii() && other.0.is_ascii() {
                    self.0.eq_ignore_ascii_case(&other.0)
                } else {
                    self.key() == other.key()
                }
            }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.key().cmp(&other.key())
            }
        }
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.key().hash(state);
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $name {
            fn from(s: &str) -> Self {
                Self(s.into())
            }
        }
        impl From<String> for $name {
            fn from(s: String) -> Self {
                Self(s.into())
            }
        }
    };
}

folded_name! {
    /// A `userPrincipalName`, `prefix@suffix`.
    Upn(String)
}
folded_name! {
    /// A `sAMAccountName`: unique within its domain only.
    SamAccountName(SmolStr)
}

impl Upn {
    /// What stands before the last `@`.
    pub fn prefix(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(prefix, _)| prefix)
    }

    /// What stands after the last `@`; empty if there is none.
    pub fn suffix(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, suffix)| suffix)
    }
}
