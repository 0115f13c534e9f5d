//! What a match rests on that could not be read, or that no document settles.
//!
//! A plan never says "linked" of what it has not seen: each part of the tenant that decides about the match and is
//! missing from the snapshot is a doubt.

use super::Candidate;
use crate::model::address::Address;
use crate::rules::objects;
use crate::rules::prediction::MatchKey;
use crate::snapshot::document::Missing;
use crate::snapshot::index::{Holder, Index};

/// Every reason to doubt that the wanted user is matched, in words.
pub(super) fn doubts(link: Candidate<'_>, by: MatchKey, index: &Index<'_>) -> Vec<String> {
    let snapshot = index.snapshot;
    let soft = by != MatchKey::HardMatch;
    let addressed = !link.ad.proxy_addresses.is_empty();
    // Of a user that was never synced it is known without reading.
    let synced_once = link.cloud.immutable_id.is_some() || link.cloud.security_identifier.is_some();
    let unread_authority = synced_once && link.cloud.cloud_managed.is_none();
    let unread = [
        (true, Missing::SyncFeatures, "whether the tenant's switches allow the match"),
        (true, Missing::Roles, "whether the cloud user holds a role"),
        (true, Missing::PimSchedules, "whether the cloud user is eligible for a role"),
        (true, Missing::RoleGroups, "whether a group brings the cloud user a role"),
        (true, Missing::ObjectIdentifier, "whether the cloud user carries another AD object's identifier"),
        (unread_authority, Missing::SyncBehavior, "whether the cloud is its source of authority"),
        (soft, Missing::DeletedUsers, "whether a soft-deleted user has the anchor and is restored instead"),
        (addressed, Missing::Groups, "whether a group holds one of the addresses"),
        (addressed, Missing::Contacts, "whether a contact holds one of the addresses"),
    ];
    let unseen: Vec<&str> = unread
        .into_iter()
        .filter(|(counts, missing, _)| {
            let switches = *missing == Missing::SyncFeatures && snapshot.tenant.features.is_none();
            *counts && (switches || snapshot.gap(*missing).is_some())
        })
        .map(|(_, _, what)| what)
        .collect();
    let mut doubts = Vec::new();
    if !unseen.is_empty() {
        doubts.push(format!("could not be seen: {}", unseen.join(", ")));
    }
    let federated = snapshot.tenant.domain(link.cloud.upn.suffix()).is_some_and(|domain| domain.federated);
    if soft && federated {
        doubts.push("customers report that soft matches fail in a federated domain".to_owned());
    }
    if soft && matched_before(link) {
        doubts.push("it was synced before, and a soft match is documented to work once per cloud user".to_owned());
    }
    if let Some(other) = on_its_way(link, index) {
        doubts.push(format!("{other} has one of the addresses too, and the one that comes first gets it"));
    }
    doubts
}

/// A group or contact of AD, or a recipient of Exchange, with an address of the AD user: the cloud does not show it, or
/// not yet.
fn on_its_way(link: Candidate<'_>, index: &Index<'_>) -> Option<String> {
    let smtp = link.ad.proxy_addresses.iter().filter(|address| address.smtp_address().is_some());
    let keys = smtp.map(Address::conflict_key);
    keys.flat_map(|key| index.holders_of(&key))
        .find(|holder| matches!(holder, Holder::AdOther(_) | Holder::Recipient(_)))
        .map(|holder| objects::holder(&holder))
        .map(|other| format!("the {} {}", other.kind, other.name))
}

/// Whether the cloud user still carries the SID of an AD account although nothing syncs it: an earlier match.
///
/// Source: Microsoft, "How to use SMTP matching to match on-premises user accounts to Office 365 user accounts" (one
/// time per account that was made in the cloud).
fn matched_before(link: Candidate<'_>) -> bool {
    link.cloud.security_identifier.is_some() && !link.cloud.is_synced()
}
