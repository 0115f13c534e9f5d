//! Addresses: `mail` and `proxyAddresses` are unique over users, groups and contacts of a tenant, primary or not, and so
//! are sign-in names among them. Only the primary address makes a match; any of them can make a conflict.
//!
//! What an alignment brings from the cloud user to AD counts as well: it can clash with another object there. Sources:
//! Microsoft, "Understanding errors during Microsoft Entra synchronization" (AttributeValueMustBeUnique,
//! ObjectTypeMismatch); "Identity synchronization and duplicate attribute resiliency" (an address that another user has is
//! quarantined, one that a group has is a hard error); "Azure AD Object Attribute Uniqueness" (Microsoft's archived blog:
//! UPN, `mail` and `proxyAddresses` of two objects must not overlap).

use super::owner::{Owner, is_own, owners};
use crate::model::ad::AdUser;
use crate::model::address::Address;
use crate::model::name::Upn;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::matching::Candidate;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::snapshot::index::{Holder, Index};
use std::collections::BTreeSet;

/// Everybody who has an address, or is called by one, that the linked user would have.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in keys(link.ad) {
        let holders = index.holders_of(&key);
        findings.extend(owners(&holders, link, index).iter().map(|owner| held(link, owner, &key, index)));
        findings.extend(called(link, &key, &holders, index));
    }
    findings
}

/// The addresses of an AD user as conflicts are looked for; `mail` counts as an e-mail address.
fn keys(ad: &AdUser) -> BTreeSet<String> {
    let mail = ad.mail.iter().map(|mail| format!("smtp:{}", mail.to_lowercase()));
    ad.proxy_addresses.iter().map(Address::conflict_key).chain(mail).collect()
}

/// What one may do on this link's side.
fn our_side(link: Candidate<'_>, key: &str, index: &Index<'_>) -> &'static str {
    let there = index.ad_user(link.ad.guid).is_some_and(|before| keys(before).contains(key));
    if there { "or from this link's AD user" } else { "or leave it out with `addresses` in this link" }
}

fn held(link: Candidate<'_>, owner: &Owner<'_>, key: &str, index: &Index<'_>) -> Finding {
    use MicrosoftError::{AttributeValueMustBeUnique, ObjectTypeMismatch};
    let address = key.split_once(':').map_or(key, |(_, address)| address);
    let source = owner.source();
    let other = objects::holder(&source);
    let mut severity = Severity::Error;
    let (code, error, message) = match &source {
        Holder::Ad(_) => (
            FindingCode::AddressConflict,
            Some(AttributeValueMustBeUnique),
            format!("{address} would belong to two AD users: {} and {}.", link.ad.sam, other.name),
        ),
        Holder::User(_) => (
            FindingCode::AddressConflict,
            Some(AttributeValueMustBeUnique),
            format!("{address} belongs to another cloud user, {}.", other.name),
        ),
        Holder::Deleted(_) => (
            FindingCode::SoftDeletedHolder,
            Some(AttributeValueMustBeUnique),
            format!("{address} is still held by {}, which is in the recycle bin.", other.name),
        ),
        Holder::Recipient(_) if !objects::is_other_type(&source) => (
            FindingCode::AddressConflict,
            Some(AttributeValueMustBeUnique),
            format!("{address} belongs to another {}, {}.", other.kind, other.name),
        ),
        // The sync engine leaves these lists alone, so nothing fails at sync; Exchange on premises is another matter.
        Holder::AdOther(_) if !objects::is_other_type(&source) => {
            severity = Severity::Warning;
            let message = format!(
                "{address} belongs to an {}, {}: it is not synced, but mail to that address has two recipients on premises.",
                other.kind, other.name
            );
            (FindingCode::ObjectTypeConflict, None, message)
        }
        Holder::Other(_) | Holder::AdOther(_) | Holder::Recipient(_) => {
            let article = if other.kind.starts_with(['A', 'E']) { "an" } else { "a" };
            let message = format!(
                "{address} belongs to {article} {}, {}: another type of object cannot be matched.",
                other.kind, other.name
            );
            (FindingCode::ObjectTypeConflict, Some(ObjectTypeMismatch), message)
        }
    };
    let help = format!("{}, {}.", owner.way_out(address), our_side(link, key, index));
    finish(Finding::new(severity, code, message, help), link, owner, address, error)
}

/// Others whose sign-in name is an address that this link would be the first to bring into the cloud.
fn called(link: Candidate<'_>, key: &str, holders: &[Holder<'_>], index: &Index<'_>) -> Vec<Finding> {
    let Some(address) = key.strip_prefix("smtp:").filter(|address| !link.cloud.proxy_addresses.has_smtp(address))
    else {
        return Vec::new();
    };
    let upn = Upn::from(address.to_owned());
    let in_cloud = index.cloud_by_upn(&upn).into_iter().map(Holder::User);
    let in_ad = index.ad_by_upn(&upn).into_iter().map(Holder::Ad);
    let named: Vec<Holder<'_>> = in_cloud.chain(in_ad).filter(|holder| !is_own(holder, link)).collect();
    let has_it = |owner: &Owner<'_>| {
        let parts = [Some(owner.holder), owner.original];
        parts.into_iter().flatten().any(|part| holders.iter().any(|holder| holder.is(&part)))
    };
    owners(&named, link, index)
        .iter()
        .filter(|owner| !has_it(owner))
        .map(|owner| {
            let other = objects::holder(&owner.source());
            let finding = Finding::error(
                FindingCode::AddressConflict,
                format!(
                    "{address} is the sign-in name of another user, {} ({}): one value cannot belong to both.",
                    other.name, other.kind
                ),
                format!("Give {} another userPrincipalName, {}.", other.name, our_side(link, key, index)),
            );
            finish(finding, link, owner, address, Some(MicrosoftError::AttributeValueMustBeUnique))
        })
        .collect()
}

fn finish(
    finding: Finding,
    link: Candidate<'_>,
    owner: &Owner<'_>,
    address: &str,
    error: Option<MicrosoftError>,
) -> Finding {
    let finding = finding.about([objects::ad_user(link.ad)]).about(owner.objects()).value(address);
    match error {
        Some(error) => finding.microsoft(error),
        None => finding,
    }
}
