//! The sign-in name: unique among users, and not another object's address.
//!
//! AD itself checks UPNs against UPNs only, and best-effort. Sources: Microsoft, "Identity synchronization and duplicate
//! attribute resiliency" (a UPN that is taken is replaced by a made-up one); "Plan and troubleshoot UserPrincipalName
//! changes"; "Azure AD Object Attribute Uniqueness" (Microsoft's archived blog: a UPN must not be another object's
//! address).

use super::owner::{Owner, owners};
use crate::model::name::Upn;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::matching::Candidate;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::{objects, takeover};
use crate::snapshot::index::{Holder, Index};

/// Everybody who is called as the linked user would be, or has that name as an address.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let exported = index.exported_upn(link.ad);
    // What the cloud makes of it is another name where the suffix is not verified.
    let becomes = takeover::predicted_upn(link.ad, index);
    let in_ad = index.ad_by_upn(&exported).into_iter().map(Holder::Ad);
    let in_cloud = becomes.iter().flat_map(|upn| index.cloud_by_upn(upn)).map(Holder::User);
    let named = owners(&in_ad.chain(in_cloud).collect::<Vec<_>>(), link, index);
    let mut findings: Vec<Finding> = named.iter().map(|owner| taken(link, owner, &exported)).collect();
    // A name that stays as it is cannot begin to clash.
    for upn in becomes.iter().filter(|upn| **upn != link.cloud.upn) {
        let holders = index.holders_of(&format!("smtp:{}", upn.key()));
        let unnamed = |owner: &&Owner<'_>| !named.iter().any(|other| other.source().is(&owner.source()));
        findings.extend(owners(&holders, link, index).iter().filter(unnamed).map(|owner| address(link, owner, upn)));
    }
    findings.extend(deleted(link, &exported, index));
    findings
}

fn taken(link: Candidate<'_>, owner: &Owner<'_>, upn: &Upn) -> Finding {
    let other = objects::holder(&owner.source());
    Finding::error(
        FindingCode::UpnConflict,
        format!("The sign-in name {upn} would belong to a second user: {} ({}) has it.", other.name, other.kind),
        format!(
            "Give {} ({}) another userPrincipalName in {}, or choose this user's with `upn` in this link.",
            other.name,
            other.kind,
            directory(owner)
        ),
    )
    .about([objects::ad_user(link.ad)])
    .about(owner.objects())
    .value(upn.as_str())
    .microsoft(MicrosoftError::AttributeValueMustBeUnique)
}

fn address(link: Candidate<'_>, owner: &Owner<'_>, upn: &Upn) -> Finding {
    let other = objects::holder(&owner.source());
    let message =
        format!("The sign-in name would become {upn}, which is an address of {} ({}).", other.name, other.kind);
    let help = format!("{}, or choose another name with `upn` in this link.", owner.way_out(upn.as_str()));
    // Whether what lies in the recycle bin counts here is not documented.
    let severity = if matches!(owner.holder, Holder::Deleted(_)) { Severity::Warning } else { Severity::Error };
    Finding::new(severity, FindingCode::UpnConflict, message, help)
        .about([objects::ad_user(link.ad)])
        .about(owner.objects())
        .value(upn.as_str())
        .microsoft(MicrosoftError::AttributeValueMustBeUnique)
}

/// Where a user's name is changed.
fn directory(owner: &Owner<'_>) -> &'static str {
    match owner.source() {
        Holder::Ad(_) | Holder::AdOther(_) => "AD",
        Holder::User(user) if user.is_synced() => "the AD that it is synced from",
        _ => "the cloud",
    }
}

/// A deleted user's name is free again: Entra prefixes it, and Graph's restore can give the user another one.
fn deleted(link: Candidate<'_>, upn: &Upn, index: &Index<'_>) -> Vec<Finding> {
    let users = index.deleted_by_upn(upn).into_iter();
    users
        .map(|user| {
            let message = format!(
                "A user in the recycle bin was called {upn} too; once linked, it can only come back under another name."
            );
            Finding::warning(
                FindingCode::SoftDeletedHolder,
                message,
                "Make sure that the cloud user of this link is the right one of the two.",
            )
            .about([objects::ad_user(link.ad), objects::cloud_user(user)])
            .value(upn.as_str())
        })
        .collect()
}
