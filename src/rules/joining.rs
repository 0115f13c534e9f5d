//! Groups and contacts: whether the next cycle joins one of AD with the wanted one of the cloud.
//!
//! They match by the primary address in `proxyAddresses` alone, and only their own kind; nobody can set their anchor, so that
//! there is no hard match, and a group that is not mail-enabled matches nothing. Sources: Microsoft, "Configure Microsoft
//! Entra Connect for an existing tenant" (other objects than users), "Understanding errors during Microsoft Entra
//! synchronization" (ObjectTypeMismatch; AttributeValueMustBeUnique, which is no quarantine for groups), "Use Microsoft Entra
//! groups to manage role assignments" (role-assignable groups live in the cloud alone), "Microsoft 365 groups" (never synced
//! from AD).

use super::finding::{Finding, FindingCode, Severity};
use super::microsoft::MicrosoftError;
use super::objects;
use crate::model::address::{Address, ProxyAddress};
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::entra::{AddressHolder, HolderKind};
use crate::model::name::Upn;
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::model::tenant::SyncFeatures;
use crate::snapshot::index::{Holder, Index};
use std::collections::BTreeSet;

/// A group or contact of AD and the one of the cloud that it is to take over.
#[derive(Clone, Copy, Debug)]
pub struct Joining<'a> {
    /// Of AD, as it is.
    pub now: &'a AdHolder,
    /// Of AD, as it will be.
    pub ad: &'a AdHolder,
    /// Of the cloud.
    pub cloud: &'a AddressHolder,
}

/// The AD object as it will be: with both sides' addresses, and the cloud's primary one, by which it matches.
pub fn aligned(ad: &AdHolder, cloud: &AddressHolder) -> AdHolder {
    let mut wanted = ad.clone();
    let set = &mut wanted.proxy_addresses;
    set.merge(&cloud.proxy_addresses);
    for mail in cloud.mail.iter().chain(&ad.mail) {
        if !set.has_smtp(mail) {
            set.insert(ProxyAddress::alias(mail));
        }
    }
    if let Some(primary) = cloud.primary() {
        set.set_primary(primary);
        if !ad.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(primary)) {
            wanted.mail = Some(primary.to_owned());
        }
    }
    wanted.proxy_addresses.spell_as(&ad.proxy_addresses);
    wanted
}

/// What has to be written to AD for that.
pub fn changes(from: &AdHolder, to: &AdHolder) -> Vec<AttributeChange> {
    [AdAttribute::Mail, AdAttribute::ProxyAddresses]
        .into_iter()
        .map(|attribute| AttributeChange {
            attribute,
            expects: attribute.of_holder(from),
            sets: attribute.of_holder(to),
        })
        .filter(|change| !change.attribute.equal(&change.expects, &change.sets))
        .collect()
}

/// Whether the two are joined already, as far as can be told: the cloud object is synced, and has the AD object's primary
/// address. Neither carries the other's name.
pub fn is_joined(ad: &AdHolder, cloud: &AddressHolder) -> bool {
    let primary = ad.proxy_addresses.primary().or(ad.mail.as_deref());
    let same = |(ours, theirs): (&str, &str)| ours.eq_ignore_ascii_case(theirs);
    cloud.synced && primary.zip(cloud.primary()).is_some_and(same)
}

/// Everything that keeps the next cycle from joining the two. Nothing: it does, by the primary address.
pub fn find(link: Joining<'_>, features: SyncFeatures, index: &Index<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = never_matched(link.cloud).into_iter().chain(blocked(features)).collect();
    for key in keys(link.ad) {
        findings.extend(index.holders_of(&key).iter().filter_map(|holder| held(link, holder, &key)));
        findings.extend(called(link, &key, index));
    }
    findings
}

fn never_matched(cloud: &AddressHolder) -> Option<Finding> {
    let name = cloud.name();
    let (message, help) = if cloud.assignable_to_role {
        (
            format!(
                "Roles can be assigned to the group {name}, and such a group lives in the cloud alone: no cycle takes it over."
            ),
            "Remove this link. A new group in the cloud, without that property, can be linked.",
        )
    } else if cloud.microsoft_365 {
        (
            format!("{name} is a Microsoft 365 group, and AD has none of these: no cycle takes it over."),
            "Remove this link, or name a distribution list or a mail-enabled security group.",
        )
    } else if cloud.primary().is_none() {
        (
            format!("The {} {name} has no primary address, and there is nothing else to match it by.", cloud.kind),
            "Give it an e-mail address in the Exchange admin center, or remove this link: without mail nothing is matched.",
        )
    } else {
        return None;
    };
    Some(Finding::error(FindingCode::NeverMatched, message, help).about([objects::address_holder(cloud)]))
}

fn blocked(features: SyncFeatures) -> Option<Finding> {
    features.block_soft_match.then(|| {
        Finding::error(
            FindingCode::SoftMatchBlocked,
            "The tenant blocks soft matches (blockSoftMatchEnabled is on), and a group or contact has no other.",
            "Write `[window]` with `soft_match = true`: it stands open for this apply only.",
        )
        .microsoft(MicrosoftError::InvalidSoftMatch)
    })
}

/// The addresses as conflicts are looked for.
fn keys(ad: &AdHolder) -> BTreeSet<String> {
    let mail = ad.mail.iter().map(|mail| format!("smtp:{}", mail.to_lowercase()));
    ad.proxy_addresses.iter().map(Address::conflict_key).chain(mail).collect()
}

/// Somebody else who has one of the addresses.
fn held(link: Joining<'_>, holder: &Holder<'_>, key: &str) -> Option<Finding> {
    use MicrosoftError::{AttributeValueMustBeUnique, ObjectTypeMismatch};
    let Joining { now, cloud, .. } = link;
    let kind = cloud.kind;
    let address = key.split_once(':').map_or(key, |(_, address)| address);
    let other = objects::holder(holder);
    let same_kind = match holder {
        Holder::AdOther(ad) if ad.guid == now.guid => return None,
        Holder::Other(other) if other.id == cloud.id => return None,
        // It is the cloud object itself, as Exchange sees it.
        Holder::Recipient(recipient) if recipient.id.eq_ignore_ascii_case(&cloud.id.to_string()) => return None,
        Holder::AdOther(ad) => ad.kind.in_cloud() == Some(kind),
        Holder::Other(other) => other.kind == kind,
        Holder::Recipient(recipient) => is_of_kind(&recipient.kind, kind),
        Holder::Ad(_) | Holder::User(_) | Holder::Deleted(_) => false,
    };
    let mut severity = Severity::Error;
    let (code, error, message) = match holder {
        Holder::Other(other) if other.synced && same_kind && keys(now).contains(key) => (
            FindingCode::Provisioned,
            Some(AttributeValueMustBeUnique),
            format!(
                "{address} is an address of {}, which is synced: an earlier cycle has made it of this AD {kind}, it seems, and no \
                 match is evaluated for it any more.",
                other.name()
            ),
        ),
        Holder::AdOther(ad) if ad.kind == AdHolderKind::DynamicList => {
            severity = Severity::Warning;
            let message = format!("{address} belongs to an {}, {}, too; it is not synced.", other.kind, other.name);
            (FindingCode::ObjectTypeConflict, None, message)
        }
        Holder::Deleted(_) => (
            FindingCode::SoftDeletedHolder,
            Some(ObjectTypeMismatch),
            format!("{address} is still held by {}, which is in the recycle bin.", other.name),
        ),
        _ if same_kind => (
            FindingCode::AddressConflict,
            Some(AttributeValueMustBeUnique),
            format!(
                "{address} belongs to another {}, {}; of groups and contacts the export fails then.",
                other.kind, other.name
            ),
        ),
        _ => (
            FindingCode::ObjectTypeConflict,
            Some(ObjectTypeMismatch),
            format!("{address} belongs to {} ({}): another type of object than a {kind}.", other.name, other.kind),
        ),
    };
    let help = format!("Remove the address from {} or from the AD {kind}.", other.name);
    let finding = Finding::new(severity, code, message, help).about([objects::ad_holder(now), other]).value(address);
    Some(match error {
        Some(error) => finding.microsoft(error),
        None => finding,
    })
}

/// Users whose sign-in name is an address that AD brings into the cloud.
fn called(link: Joining<'_>, key: &str, index: &Index<'_>) -> Vec<Finding> {
    let Some(address) = key.strip_prefix("smtp:").filter(|address| !link.cloud.proxy_addresses.has_smtp(address))
    else {
        return Vec::new();
    };
    let has_it = |holder: &Holder<'_>, id| matches!(holder, Holder::User(user) if user.id == id);
    let holders = index.holders_of(key);
    let named = index.cloud_by_upn(&Upn::from(address.to_owned()));
    let named = named.into_iter().filter(|user| !holders.iter().any(|holder| has_it(holder, user.id)));
    let finding = |user| {
        Finding::error(
            FindingCode::ObjectTypeConflict,
            format!(
                "{address} is somebody's sign-in name: one value cannot belong to a user and a {}.",
                link.cloud.kind
            ),
            "Give that user another userPrincipalName, or take the address from the AD object.",
        )
        .about([objects::ad_holder(link.now), objects::cloud_user(user)])
        .value(address)
        .microsoft(MicrosoftError::ObjectTypeMismatch)
    };
    named.map(finding).collect()
}

/// Whether Exchange's `RecipientTypeDetails` is such a kind.
fn is_of_kind(details: &str, kind: HolderKind) -> bool {
    let details = details.to_lowercase();
    match kind {
        HolderKind::Group => details.ends_with("group") && !details.starts_with("dynamic"),
        HolderKind::Contact => details == "mailcontact",
    }
}
