//! Who else holds what the linked user would have.
//!
//! Addresses are unique over users, groups and contacts of a tenant, primary or not; UPN, ImmutableID and on-premises
//! SID are unique over users. AD itself checks only UPNs. Source: Microsoft, "Understanding errors during Microsoft
//! Entra synchronization" (AttributeValueMustBeUnique, ObjectTypeMismatch, InvalidSoftMatch); "How Entra Connect
//! restores deleted users" (a soft-deleted user with the same anchor is restored).

use super::finding::{Finding, FindingCode, ObjectRef};
use super::matching::Candidate;
use super::microsoft::MicrosoftError;
use super::objects;
use super::takeover;
use crate::model::ad::AdUser;
use crate::model::address::ProxyAddress;
use crate::model::entra::EntraUser;
use crate::snapshot::index::{Holder, Index};
use std::collections::BTreeSet;

/// Everybody in the way of a candidate, each once.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let mut findings = addresses(link, index);
    findings.extend(upn(link, index));
    findings.extend(anchor(link, index));
    findings.extend(sid(link, index));
    findings.extend(rivals(link, index));
    findings
}

fn own(holder: &Holder<'_>, link: Candidate<'_>) -> bool {
    match holder {
        Holder::Ad(user) => user.guid == link.ad.guid,
        Holder::User(user) | Holder::Deleted(user) => user.id == link.cloud.id,
        Holder::Other(_) | Holder::AdOther(_) | Holder::Recipient(_) => false,
    }
}

/// Whether a cloud user is merely the cloud half of an AD user that is reported itself.
fn is_cloud_half_of(user: &EntraUser, ad_holders: &[&AdUser]) -> bool {
    user.is_synced() && ad_holders.iter().any(|ad| user.security_identifier.as_ref() == Some(&ad.sid))
}

fn addresses(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    let mail = link.ad.mail.iter().map(|mail| format!("smtp:{}", mail.to_lowercase()));
    let keys: BTreeSet<String> = link.ad.proxy_addresses.iter().map(ProxyAddress::conflict_key).chain(mail).collect();
    for key in keys {
        let others: Vec<&Holder<'_>> = index.holders_of(&key).iter().filter(|h| !own(h, link)).collect();
        let in_ad: Vec<&AdUser> =
            others.iter().filter_map(|h| if let Holder::Ad(user) = h { Some(*user) } else { None }).collect();
        for holder in &others {
            let redundant = matches!(holder, Holder::User(user) if is_cloud_half_of(user, &in_ad));
            let other = objects::holder(holder);
            if !redundant && seen.insert((key.clone(), other.id.clone())) {
                findings.push(address_finding(link, holder, other, &key));
            }
        }
    }
    findings
}

fn address_finding(link: Candidate<'_>, holder: &Holder<'_>, other: ObjectRef, key: &str) -> Finding {
    let address = key.split_once(':').map_or(key, |(_, address)| address);
    let (code, error, message, help) = match holder {
        Holder::Ad(_) => (
            FindingCode::AddressConflict,
            MicrosoftError::AttributeValueMustBeUnique,
            format!("{address} would belong to two AD users: {} and {}.", link.ad.sam, other.name),
            format!("Remove the address from {} in AD, or leave it out with `addresses` in this link.", other.name),
        ),
        Holder::User(_) => (
            FindingCode::AddressConflict,
            MicrosoftError::AttributeValueMustBeUnique,
            format!("{address} belongs to another cloud user, {}.", other.name),
            format!("Remove the address from {}, or leave it out with `addresses` in this link.", other.name),
        ),
        Holder::Deleted(_) => (
            FindingCode::SoftDeletedHolder,
            MicrosoftError::AttributeValueMustBeUnique,
            format!("{address} is still held by {}, which is in the recycle bin.", other.name),
            format!(
                "Delete {} for good in the Entra admin center (Deleted users), or restore it and free the address.",
                other.name
            ),
        ),
        Holder::Other(_) | Holder::AdOther(_) | Holder::Recipient(_) => (
            FindingCode::ObjectTypeConflict,
            MicrosoftError::ObjectTypeMismatch,
            format!("{address} belongs to a {}, {}: another type of object cannot be matched.", other.kind, other.name),
            format!("Remove the address from the {} in the directory that is its source.", other.kind),
        ),
    };
    Finding::error(code, message, help).about([objects::ad_user(link.ad), other]).value(address).microsoft(error)
}

fn upn(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let upn = &index.exported_upn(link.ad);
    let in_ad = index.ad_by_upn(upn).iter().filter(|user| user.guid != link.ad.guid);
    // What the cloud makes of it is another name where the suffix is not verified.
    let becomes = takeover::predicted_upn(link.ad, index);
    let in_cloud = becomes.iter().flat_map(|upn| index.cloud_by_upn(upn)).filter(|user| user.id != link.cloud.id);
    let others: Vec<ObjectRef> =
        in_ad.map(|user| objects::ad_user(user)).chain(in_cloud.map(|user| objects::cloud_user(user))).collect();
    // A deleted user's name is free again: Entra prefixes it, and Graph's restore can give the user another one.
    let deleted = index.deleted_by_upn(upn).iter().map(|user| {
        Finding::warning(
            FindingCode::SoftDeletedHolder,
            format!(
                "A user in the recycle bin was called {upn} too; once linked, it can only come back under another name."
            ),
            "Make sure that the cloud user of this link is the right one of the two.",
        )
        .about([objects::ad_user(link.ad), objects::cloud_user(user)])
        .value(upn.as_str())
    });
    let live = others.into_iter().map(|other| {
        Finding::error(
            FindingCode::UpnConflict,
            format!("The sign-in name {upn} would belong to a second user: {} ({}) has it.", other.name, other.kind),
            "Give one of the two another userPrincipalName, or say `upn = \"ad\"` in this link.",
        )
        .about([objects::ad_user(link.ad), other])
        .value(upn.as_str())
        .microsoft(MicrosoftError::AttributeValueMustBeUnique)
    });
    live.chain(deleted).collect()
}

fn anchor(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let value = link.anchor.to_base64();
    let twins = index.ad_by_anchor(link.anchor).iter().filter(|user| user.guid != link.ad.guid).map(|user| {
        Finding::error(
            FindingCode::AnchorTaken,
            format!("Two AD users have the anchor {value}: {} and {}\\{}.", link.ad.sam, user.domain, user.sam),
            "Clear or correct mS-DS-ConsistencyGuid of the one that it does not belong to.",
        )
        .about([objects::ad_user(link.ad), objects::ad_user(user)])
    });
    let cloud = index.cloud_by_immutable_id(&value).iter().filter(|user| user.id != link.cloud.id).map(|user| {
        let (code, message, help) = if user.deleted.is_some() {
            (
                FindingCode::SoftDeletedHolder,
                format!(
                    "{} in the recycle bin has this AD user's anchor: the next cycle would restore it instead.",
                    user.upn
                ),
                "Delete that user for good, or link to it after restoring it.",
            )
        } else if user.is_synced() {
            (
                FindingCode::Provisioned,
                format!(
                    "This AD user has a cloud object of its own already, {}: no match is evaluated for it any more.",
                    user.upn
                ),
                "Take the AD user out of the sync scope, let a cycle delete the duplicate, purge it, then link.",
            )
        } else {
            (
                FindingCode::AnchorTaken,
                format!("{} has this AD user's anchor as its ImmutableID: Entra would match it instead.", user.upn),
                "Clear the ImmutableID of that user (JSON null, never an empty text), or link to it.",
            )
        };
        Finding::error(code, message, help)
            .about([objects::ad_user(link.ad), objects::cloud_user(user)])
            .microsoft(MicrosoftError::InvalidHardMatch)
    });
    twins.chain(cloud).map(|finding| finding.value(value.as_str())).collect()
}

fn sid(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let value = link.anchor.to_base64();
    let others = index.cloud_by_sid(&link.ad.sid).iter().filter(|user| user.id != link.cloud.id);
    // A user with the anchor too is reported for its anchor.
    let others = others.filter(|user| user.immutable_id.as_ref().is_none_or(|id| id.as_str() != value));
    others
        .map(|user| {
            let code = if user.is_synced() { FindingCode::Provisioned } else { FindingCode::SidTaken };
            Finding::error(
                code,
                format!("{} has this AD user's security identifier: the SID must be unique in the tenant.", user.upn),
                "Find out which of the two cloud users belongs to this person, and repair the other one first.",
            )
            .about([objects::ad_user(link.ad), objects::cloud_user(user)])
            .value(link.ad.sid.as_str())
            .microsoft(MicrosoftError::AttributeValueMustBeUnique)
        })
        .collect()
}

/// Other AD users that Entra could match with the wanted cloud user, since they have its UPN or primary address and this
/// link's AD user will not. One that has a cloud object of its own matches no more, and a hard match comes first.
fn rivals(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let new =
        |user: &&AdUser| user.guid != link.ad.guid && !index.cloud_by_sid(&user.sid).iter().any(|u| u.is_synced());
    if link.anchored {
        return Vec::new();
    }
    let upn = Some(&link.cloud.upn).filter(|upn| index.exported_upn(link.ad) != **upn);
    let by_upn = upn.into_iter().flat_map(|upn| {
        index.ad_by_upn(upn).iter().copied().filter(new).map(|user| (FindingCode::UpnConflict, user, upn.as_str()))
    });
    let primary = link.cloud.proxy_addresses.primary().filter(|primary| !link.ad.proxy_addresses.has_smtp(primary));
    let by_address = primary.into_iter().flat_map(|primary| {
        let holders = index.holders_of(&format!("smtp:{}", primary.to_lowercase())).iter();
        let users = holders.filter_map(|holder| if let Holder::Ad(user) = holder { Some(*user) } else { None });
        users.filter(new).map(move |user| (FindingCode::AddressConflict, user, primary))
    });
    by_upn
        .chain(by_address)
        .map(|(code, rival, value)| {
            Finding::error(
                code,
                format!(
                    "Two AD users could match {}: {} in this link, and {}\\{}, which has its {value}.",
                    link.cloud.upn, link.ad.sam, rival.domain, rival.sam
                ),
                "Give the other AD user another name or address, or write `match = \"hard\"` in this link.",
            )
            .about([objects::ad_user(link.ad), objects::ad_user(rival), objects::cloud_user(link.cloud)])
            .value(value)
        })
        .collect()
}
