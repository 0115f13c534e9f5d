//! References: a stable id to act by, and a readable name to be understood by.

use super::ad::AdUser;
use super::dn::Dn;
use super::entra::EntraUser;
use super::id::{AdGuid, DomainName, ObjectId};
use super::name::{SamAccountName, Upn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An AD user as plans and states name it. Writes go by the GUID; the names are those of planning time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdRef {
    /// The configured domain.
    pub domain: DomainName,
    /// `objectGUID`.
    pub guid: AdGuid,
    /// The DN at planning time.
    pub dn: Dn,
    /// `sAMAccountName`.
    pub sam: SamAccountName,
}

impl From<&AdUser> for AdRef {
    fn from(user: &AdUser) -> Self {
        Self { domain: user.domain.clone(), guid: user.guid, dn: user.dn.clone(), sam: user.sam.clone() }
    }
}

impl fmt::Display for AdRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\\{}", self.domain, self.sam)
    }
}

/// A cloud user as plans and states name it. Writes go by the id; the UPN is that of planning time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntraRef {
    /// The object id.
    pub id: ObjectId,
    /// The UPN at planning time.
    pub upn: Upn,
}

impl From<&EntraUser> for EntraRef {
    fn from(user: &EntraUser) -> Self {
        Self { id: user.id, upn: user.upn.clone() }
    }
}

impl fmt::Display for EntraRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.upn.fmt(f)
    }
}
