//! The AD side of a world: domains of entries with attributes, much as a directory server stores them.

use super::load::{no_guid, no_placeholder};
use super::table::Table;
use crate::model::ad::Octets;
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
    pub entries: Table<AdEntry>,
    /// What was deleted, as it stands in `CN=Deleted Objects`.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub deleted: Table<AdEntry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdEntry {
    /// Its distinguished name.
    pub dn: Dn,
    /// `objectGUID`. May be left out of a file: then it is derived from the DN, the same on every load.
    #[serde(default = "no_guid")]
    #[schemars(transform = no_placeholder)]
    pub guid: AdGuid,
    /// `objectSid`, for users and groups. May be left out of a file: then it is derived.
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

impl AdEntry {
    /// The values of an attribute, asked for by name in any case.
    pub fn values(&self, name: &str) -> Option<&AdValues> {
        let any_case =
            || self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, values)| values);
        self.attributes.get(name).or_else(any_case)
    }

    /// Whether it has that object class.
    pub fn has_class(&self, class: &str) -> bool {
        self.values("objectClass").is_some_and(|v| v.texts().iter().any(|c| c.eq_ignore_ascii_case(class)))
    }

    /// Whether it is a security principal, which has a SID.
    pub fn is_account(&self) -> bool {
        ["user", "inetOrgPerson", "computer", "group"].iter().any(|class| self.has_class(class))
    }
}

impl AdValues {
    /// One value of octets.
    pub fn octets(value: &[u8]) -> Self {
        Self::Octets { hex: vec![crate::model::digest::hex(value)] }
    }

    /// The values that are text; octets are none.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
            Self::Octets { .. } => &[],
        }
    }

    /// All values as LDAP carries them. Text that stands where hexadecimal belongs is taken as it is.
    pub fn to_octets(&self) -> Vec<Vec<u8>> {
        match self {
            Self::One(text) => vec![text.clone().into_bytes()],
            Self::Many(texts) => texts.iter().map(|t| t.clone().into_bytes()).collect(),
            Self::Octets { hex } => hex
                .iter()
                .map(|text| {
                    Octets::try_from(text.clone()).map_or_else(|_| text.clone().into_bytes(), |octets| octets.0)
                })
                .collect(),
        }
    }
}
