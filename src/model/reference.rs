//! References: a stable id to act by, and a readable name to be understood by.

use super::ad::AdUser;
use super::dn::Dn;
use super::entra::{AddressHolder, EntraUser, HolderKind};
use super::id::{AdGuid, DomainName, ObjectId};
use super::name::{SamAccountName, Upn};
use super::recipient::AdHolder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An AD user, group or contact as plans and states name it. Writes go by the GUID; the names are those of planning time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdRef {
    /// The configured domain.
    pub domain: DomainName,
    /// `objectGUID`.
    pub guid: AdGuid,
    /// The DN at planning time.
    pub dn: Dn,
    /// `sAMAccountName`; for a contact, which has none, its name.
    pub sam: SamAccountName,
    /// What it is, if it is no user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<HolderKind>,
}

impl From<&AdUser> for AdRef {
    fn from(user: &AdUser) -> Self {
        Self { domain: user.domain.clone(), guid: user.guid, dn: user.dn.clone(), sam: user.sam.clone(), holder: None }
    }
}

impl From<&AdHolder> for AdRef {
    fn from(holder: &AdHolder) -> Self {
        Self {
            domain: holder.domain.clone(),
            guid: holder.guid,
            dn: holder.dn.clone(),
            sam: holder.sam.clone().unwrap_or_else(|| holder.name.as_str().into()),
            holder: holder.kind.in_cloud(),
        }
    }
}

impl fmt::Display for AdRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\\{}", self.domain, self.sam)
    }
}

/// A group or contact of the cloud as plans and states name it. It is read by the id; the name is that of planning time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderRef {
    /// Group or contact.
    pub kind: HolderKind,
    /// The object id.
    pub id: ObjectId,
    /// The display name at planning time.
    pub name: String,
}

impl From<&AddressHolder> for HolderRef {
    fn from(holder: &AddressHolder) -> Self {
        Self { kind: holder.kind, id: holder.id, name: holder.name() }
    }
}

impl fmt::Display for HolderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", self.kind, self.name)
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
