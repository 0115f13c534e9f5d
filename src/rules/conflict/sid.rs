//! The on-premises security identifier: unique in the tenant.
//!
//! Sources: Microsoft, "Understanding errors during Microsoft Entra synchronization" and "Configure Microsoft Entra Connect
//! for an existing tenant" (AttributeValueMustBeUnique, conflict on `OnPremiseSecurityIdentifier`: the same person, whose
//! anchor changed). Whether the recycle bin counts is not documented; the strict reading is taken.

use crate::rules::finding::{Finding, FindingCode};
use crate::rules::matching::Candidate;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::snapshot::index::Index;

/// Every other cloud user, live or deleted, with the AD user's SID. One with the anchor too is reported for its anchor.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let value = link.anchor.to_base64();
    let others = index.cloud_by_sid(&link.ad.sid).into_iter().filter(|user| user.id != link.cloud.id);
    let others = others.filter(|user| user.immutable_id.as_ref().is_none_or(|id| id.as_str() != value));
    others
        .map(|user| {
            let unique = "the SID must be unique in the tenant";
            let (code, message, help) = if user.deleted.is_some() {
                (
                    FindingCode::SoftDeletedHolder,
                    format!("{} in the recycle bin has this AD user's security identifier: {unique}.", user.upn),
                    "In the cloud, delete that user for good (Entra admin center, Deleted users), or restore it and link to it.",
                )
            } else if user.is_synced() {
                (
                    FindingCode::Provisioned,
                    format!("{} is synced with this AD user's security identifier: {unique}.", user.upn),
                    "Find out which of the two cloud users belongs to this person, and repair the other one first.",
                )
            } else {
                (
                    FindingCode::SidTaken,
                    format!("{} has this AD user's security identifier: {unique}.", user.upn),
                    "In the cloud, clear onPremisesSecurityIdentifier of the one that it does not belong to (beta, JSON null).",
                )
            };
            Finding::error(code, message, help)
                .about([objects::ad_user(link.ad), objects::cloud_user(user)])
                .value(link.ad.sid.to_string())
                .microsoft(MicrosoftError::AttributeValueMustBeUnique)
        })
        .collect()
}
