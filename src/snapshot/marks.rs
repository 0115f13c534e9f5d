//! Where a snapshot ends: what to ask for what has changed since.
//!
//! Graph gives a link for each collection ("Use delta query to track changes in Microsoft Graph data"); it lives for seven
//! days. A domain controller counts its changes (`highestCommittedUSN`, [MS-ADTS] 3.1.1.3.2.6); its numbers mean nothing to
//! another one, nor to itself after it was restored, which gives it another `invocationId`.

use crate::model::id::DomainName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The marks of one snapshot. What has none is read as a whole when the snapshot is brought up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// The delta link of users. No credential: whoever follows it needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<String>,
    /// The delta link of groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// The delta link of contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<String>,
    /// The domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<AdMark>,
}

/// How far a domain was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdMark {
    /// The domain's name in the configuration.
    pub domain: DomainName,
    /// The domain controller that counts.
    pub server: String,
    /// Which life of its database counts, as hexadecimal octets.
    pub invocation: String,
    /// The number of its latest change, from before the reading began.
    pub usn: u64,
}
