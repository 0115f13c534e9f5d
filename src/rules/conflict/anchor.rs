//! The ImmutableID: unique in the tenant, and exactly one AD user's anchor.
//!
//! A soft-deleted user with the same anchor is restored by the next cycle. Sources: Microsoft, "Understanding errors
//! during Microsoft Entra synchronization" (InvalidHardMatch); "How Entra Connect restores deleted users".

use crate::model::entra::EntraUser;
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::matching::Candidate;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::snapshot::index::Index;

/// Everybody else with the AD user's anchor.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let value = link.anchor.to_base64();
    let twins = index.ad_by_anchor(link.anchor).into_iter().filter(|user| user.guid != link.ad.guid).map(|user| {
        Finding::error(
            FindingCode::AnchorTaken,
            format!("Two AD users have the anchor {value}: {} and {}\\{}.", link.ad.sam, user.domain, user.sam),
            format!(
                "In AD, clear or correct mS-DS-ConsistencyGuid of the one that it does not belong to; the other is {}.",
                user.dn
            ),
        )
        .about([objects::ad_user(link.ad), objects::ad_user(user)])
    });
    let others = index.cloud_by_immutable_id(&value).into_iter().filter(|user| user.id != link.cloud.id);
    twins.chain(others.map(|user| in_cloud(link, user))).map(|finding| finding.value(value.as_str())).collect()
}

fn in_cloud(link: Candidate<'_>, user: &EntraUser) -> Finding {
    let (code, message, help) = if user.deleted.is_some() {
        (
            FindingCode::SoftDeletedHolder,
            format!(
                "{} in the recycle bin has this AD user's anchor: the next cycle would restore it instead.",
                user.upn
            ),
            "Restore it or delete it for good first: a [[deleted]] section with that user and `action`; or link to it after \
             restoring it.",
        )
    } else if user.is_synced() {
        (
            FindingCode::Provisioned,
            format!(
                "This AD user has a cloud object of its own already, {}: no match is evaluated for it any more.",
                user.upn
            ),
            "If that is what a failed match left behind, write `duplicate = \"remove\"` in this link; or take the AD user out of \
             the sync scope, let a cycle delete the duplicate, purge it, then link.",
        )
    } else {
        (
            FindingCode::AnchorTaken,
            format!("{} has this AD user's anchor as its ImmutableID: Entra would match it instead.", user.upn),
            "In the cloud, clear the ImmutableID of that user (JSON null, never an empty text), or link to it.",
        )
    };
    Finding::error(code, message, help)
        .about([objects::ad_user(link.ad), objects::cloud_user(user)])
        .microsoft(MicrosoftError::InvalidHardMatch)
}
