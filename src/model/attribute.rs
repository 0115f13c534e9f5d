//! One attribute's change: what a write expects to find, and what it sets.

use super::ad::{AdUser, Octets};
use super::address::ProxyAddress;
use super::recipient::AdHolder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// An AD attribute that aligning a user may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum AdAttribute {
    /// `userPrincipalName`, single-valued.
    #[serde(rename = "userPrincipalName")]
    UserPrincipalName,
    /// `mail`, single-valued.
    #[serde(rename = "mail")]
    Mail,
    /// `proxyAddresses`, a set.
    #[serde(rename = "proxyAddresses")]
    ProxyAddresses,
    /// `mS-DS-ConsistencyGuid`, single-valued octets; here as their Base64, the form of an ImmutableID.
    #[serde(rename = "mS-DS-ConsistencyGuid")]
    ConsistencyGuid,
}

impl AdAttribute {
    /// The schema's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserPrincipalName => "userPrincipalName",
            Self::Mail => "mail",
            Self::ProxyAddresses => "proxyAddresses",
            Self::ConsistencyGuid => "mS-DS-ConsistencyGuid",
        }
    }

    /// The values that `user` has, in canonical order.
    pub fn of(self, user: &AdUser) -> Vec<String> {
        match self {
            Self::UserPrincipalName => user.upn.iter().map(ToString::to_string).collect(),
            Self::Mail => user.mail.iter().cloned().collect(),
            Self::ProxyAddresses => user.proxy_addresses.to_strings(),
            Self::ConsistencyGuid => user.consistency_guid.iter().map(Octets::to_base64).collect(),
        }
    }

    /// The values that a group or contact has, in canonical order: of sign-in names and source anchors it has none that
    /// count.
    pub fn of_holder(self, holder: &AdHolder) -> Vec<String> {
        match self {
            Self::Mail => holder.mail.iter().cloned().collect(),
            Self::ProxyAddresses => holder.proxy_addresses.to_strings(),
            Self::UserPrincipalName | Self::ConsistencyGuid => Vec::new(),
        }
    }

    /// Whether two sets of values of this attribute are the same to us: sets, without case, but for the primary mark.
    pub fn equal(self, a: &[String], b: &[String]) -> bool {
        let keys = |values: &[String]| values.iter().map(|v| self.key(v)).collect::<BTreeSet<_>>();
        keys(a) == keys(b)
    }

    /// What a value compares by.
    pub fn key(self, value: &str) -> String {
        match self {
            Self::ProxyAddresses => ProxyAddress::from(value).key(),
            Self::UserPrincipalName | Self::Mail => value.to_lowercase(),
            Self::ConsistencyGuid => value.to_owned(),
        }
    }

    /// A value in the octets that LDAP carries; `None` for one that is not of this attribute.
    pub fn octets(self, value: &str) -> Option<Vec<u8>> {
        match self {
            Self::ConsistencyGuid => STANDARD.decode(value).ok(),
            Self::UserPrincipalName | Self::Mail | Self::ProxyAddresses => Some(value.as_bytes().to_vec()),
        }
    }
}

impl fmt::Display for AdAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A change of one AD attribute. A write carries it as compare-and-swap: exactly the values in `expects` that are not
/// in `sets` are deleted by name, so a value changed meanwhile makes the write fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeChange {
    /// Which attribute.
    pub attribute: AdAttribute,
    /// All values before; empty means the attribute is absent.
    pub expects: Vec<String>,
    /// All values after; empty means that the attribute is removed.
    pub sets: Vec<String>,
}

impl AttributeChange {
    /// The values that go: those of `expects` without an identical text in `sets`.
    pub fn removed(&self) -> impl Iterator<Item = &String> {
        self.expects.iter().filter(|v| !self.sets.contains(v))
    }

    /// The values that come: those of `sets` without an identical text in `expects`.
    pub fn added(&self) -> impl Iterator<Item = &String> {
        self.sets.iter().filter(|v| !self.expects.contains(v))
    }

    /// The change that takes this one back.
    #[must_use = "the inverse is a new change; this one stays as it is"]
    pub fn inverse(&self) -> Self {
        Self { attribute: self.attribute, expects: self.sets.clone(), sets: self.expects.clone() }
    }
}
