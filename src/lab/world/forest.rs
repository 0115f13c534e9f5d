//! The AD side of a world: domains of entries with attributes, much as a directory server stores them.

use crate::model::dn::Dn;
use crate::model::id::{AdGuid, DomainName, Sid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One domain and all its entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdDomain {
    /// The name that the configuration gives this domain, such as `corp`.
    pub name: DomainName,
    /// The DNS name, such as `corp.contoso.com`.
    pub dns_name: String,
    /// The NetBIOS name, such as `CORP`.
    pub netbios_name: String,
    /// The domain's DN.
    pub base_dn: Dn,
    /// All entries below (and including) the base DN, in no particular order.
    pub entries: Vec<AdEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdEntry {
    /// Its distinguished name.
    pub dn: Dn,
    /// `objectGUID`. May be left out of a file: then it is derived from the DN, the same on every load.
    pub guid: AdGuid,
    /// `objectSid`, for users and groups. May be left out of a file for a user: then it is derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
    /// Everything else, by attribute name in the schema's spelling (`objectClass`, `sAMAccountName`, …).
    pub attributes: BTreeMap<String, AdValues>,
}

/// The values of one attribute; a single text may be written without brackets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AdValues {
    /// One text value.
    One(String),
    /// Several text values.
    Many(Vec<String>),
    /// Values that are octets, each in hexadecimal (`mS-DS-ConsistencyGuid`).
    Octets {
        /// The values in hexadecimal.
        hex: Vec<String>,
    },
}
