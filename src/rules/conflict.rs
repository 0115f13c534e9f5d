//! Who else holds what the linked user would have: one file per value.
//!
//! Every side is asked: users and other objects of AD; users, groups and contacts of Entra ID; its recycle bin; and, from
//! an export, the recipients that only Exchange knows. Source: Microsoft, "Understanding errors during Microsoft Entra
//! synchronization" (AttributeValueMustBeUnique, ObjectTypeMismatch, InvalidSoftMatch, InvalidHardMatch).
//!
//! | module | value |
//! |---|---|
//! | [`addresses`] | `mail` and `proxyAddresses`, primary or not |
//! | [`upn`] | the sign-in name, against sign-in names and addresses |
//! | [`anchor`] | the ImmutableID |
//! | [`sid`] | the on-premises security identifier |
//! | [`rivals`] | other AD users that would match the wanted cloud user |
//! | [`owner`] | who a holder is: both halves of a synced object, and the directory in which it is changed |
//!
//! Not seen, and so not judged: deleted groups (Graph shows none of their addresses), and AD objects outside of the
//! search bases.

pub mod addresses;
pub mod anchor;
pub mod owner;
pub mod rivals;
pub mod sid;
pub mod upn;

use super::finding::Finding;
use super::matching::Candidate;
use crate::snapshot::index::Index;

/// Everybody in the way of a candidate, each once.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let mut findings = addresses::find(link, index);
    findings.extend(upn::find(link, index));
    findings.extend(anchor::find(link, index));
    findings.extend(sid::find(link, index));
    findings.extend(rivals::find(link, index));
    findings
}

#[cfg(test)]
mod tests;
