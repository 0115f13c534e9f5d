//! What the next sync cycle is expected to make of a link, and what a takeover overwrites.

use super::microsoft::MicrosoftError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The expected result of the next cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Prediction {
    /// The AD user takes over the wanted cloud user.
    Linked {
        /// What Entra matches by.
        by: MatchKey,
    },
    /// The AD user takes over the wanted cloud user as far as can be told: something that decides could not be read, or
    /// is settled by no document.
    Unproven {
        /// What Entra matches by.
        by: MatchKey,
        /// What could not be seen.
        why: String,
    },
    /// The export fails.
    Error {
        /// Microsoft's name for the error.
        name: MicrosoftError,
        /// Why.
        why: String,
    },
    /// The AD user takes over another cloud user than the wanted one.
    WrongTarget {
        /// Which one, and by what.
        why: String,
    },
    /// A second cloud object is made beside the wanted one, usually with a mangled UPN.
    Duplicate {
        /// Microsoft's name for the error that is recorded with it, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<MicrosoftError>,
        /// Why the match does not happen.
        why: String,
    },
    /// Entra restores a soft-deleted user with the same anchor instead.
    Restored {
        /// Which one, and why.
        why: String,
    },
    /// The AD user has a cloud object of its own, so that no match is evaluated.
    NotEvaluated {
        /// Which one.
        why: String,
    },
    /// Nothing is written: the sync engine does not look at this AD user, or the cloud takes nothing for its cloud user.
    NotSynced {
        /// Why.
        why: String,
    },
}

/// How a match is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By UPN or primary SMTP address.
    Soft,
    /// By source anchor = ImmutableID.
    Hard,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Soft => "soft match",
            Self::Hard => "hard match",
        })
    }
}

/// What Entra can match by, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatchKey {
    /// Source anchor = ImmutableID.
    HardMatch,
    /// Primary SMTP address.
    PrimarySmtp,
    /// UPN.
    Upn,
}

/// What a takeover does to the cloud user, attribute by attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Takeover {
    /// Cloud attributes that get AD's value.
    pub overwritten: Vec<Overwrite>,
    /// Addresses that only the cloud has and that would be gone.
    pub addresses_lost: Vec<String>,
    /// Whether the cloud password is replaced by AD's (password hash sync is on).
    pub password_replaced: bool,
    /// Whether the person's cloud sign-in name changes, which signs them out.
    pub sign_in_name_changes: bool,
    /// The sign-in name that the person gets unless it is held back: where `synchronizeUpnForManagedUsersEnabled` is off, a
    /// user in a managed domain keeps its name if it has a licence, and who has one is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_name_unproven: Option<String>,
}

/// One cloud attribute that the takeover overwrites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overwrite {
    /// The attribute in Graph's spelling.
    pub attribute: String,
    /// Values before; empty if absent.
    pub before: Vec<String>,
    /// Values after.
    pub after: Vec<String>,
}
