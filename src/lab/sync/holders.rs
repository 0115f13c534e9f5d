//! Mail-enabled groups and contacts of AD: how they reach the cloud.
//!
//! They have no source anchor that anybody could set, so no hard match; they match on the primary address alone, and only
//! their own kind (*existing tenant*, "Other objects than users"). Groups without mail match nothing; the lab leaves them
//! out altogether, since nothing that links users can meet them. An SMTP address that an object of another type has is
//! `ObjectTypeMismatch`; one that the same type has without being matched, `AttributeValueMustBeUnique`.

use super::report::{ErrorCode, ExportError, ObjectReport, Outcome};
use super::view::{HolderKind, ImportedHolder};
use crate::lab::world::World;
use crate::lab::world::cloud::{Cloud, CloudGroup, CloudHolder};
use crate::lab::world::derive;
use crate::lab::world::keys::CloudKey;
use crate::lab::world::sync::ConnectedHolder;
use crate::lab::world::table::{Record, Row, Table};
use crate::model::id::{AdGuid, ObjectId};
use std::collections::{BTreeMap, BTreeSet};

/// Exports every group and contact in scope, and deletes what has left.
pub fn export(holders: &[&ImportedHolder], world: &mut World) -> Vec<ObjectReport> {
    let known = std::mem::take(&mut world.sync.connected_holders);
    let mut known: BTreeMap<AdGuid, ConnectedHolder> = known.into_iter().map(|c| (c.ad, c)).collect();
    let mut reports = Vec::new();
    for ad in departed(holders, known.values()) {
        let cloud = known.remove(&ad).and_then(|gone| gone.cloud);
        if let Some(id) = cloud.filter(|id| remove(&mut world.entra, *id)) {
            reports.push(ObjectReport { ad, dn: None, cloud: Some(id), outcome: Outcome::Deleted, error: None });
        }
    }
    for holder in holders {
        let joined =
            known.get(&holder.guid).and_then(|c| c.cloud).filter(|id| is_there(&world.entra, holder.kind, *id));
        let result = place(holder, joined, &known, &world.entra);
        let (cloud, outcome, error) = match result {
            Ok((id, outcome)) => {
                let changed = write(holder, id, &mut world.entra);
                (Some(id), (outcome != Outcome::Updated || changed).then_some(outcome), None)
            }
            Err(error) => (joined, Some(Outcome::Failed), Some(error)),
        };
        let named = error.as_ref().map(|e: &ExportError| e.code.as_str().to_owned());
        known.insert(holder.guid, ConnectedHolder { ad: holder.guid, cloud, error: named });
        if let Some(outcome) = outcome {
            reports.push(ObjectReport { ad: holder.guid, dn: Some(holder.dn.clone()), cloud, outcome, error });
        }
    }
    world.sync.connected_holders = known.into_values().collect();
    reports
}

/// Those that were exported before and are now gone from AD or out of scope.
pub fn departed<'k>(holders: &[&ImportedHolder], known: impl Iterator<Item = &'k ConnectedHolder>) -> Vec<AdGuid> {
    let here: BTreeSet<AdGuid> = holders.iter().map(|holder| holder.guid).collect();
    known.map(|c| c.ad).filter(|ad| !here.contains(ad)).collect()
}

/// The cloud object that this one is or becomes.
fn place(
    holder: &ImportedHolder,
    joined: Option<ObjectId>,
    known: &BTreeMap<AdGuid, ConnectedHolder>,
    cloud: &Cloud,
) -> Result<(ObjectId, Outcome), ExportError> {
    let matched = match joined {
        Some(_) => None,
        None => soft_match(holder, known, cloud)?,
    };
    let own = joined.or(matched);
    check_addresses(holder, own, cloud)?;
    Ok(match (joined, matched) {
        (Some(id), _) => (id, Outcome::Updated),
        (None, Some(id)) => (id, Outcome::SoftMatchedBySmtp),
        (None, None) => (derive::object_id("provisioned holder", &holder.guid.to_string()), Outcome::Provisioned),
    })
}

/// The cloud object of the same kind that has the primary address, if it may be taken over.
fn soft_match(
    holder: &ImportedHolder,
    known: &BTreeMap<AdGuid, ConnectedHolder>,
    cloud: &Cloud,
) -> Result<Option<ObjectId>, ExportError> {
    let is_primary = |addresses: &[String]| {
        addresses.iter().filter_map(|a| a.strip_prefix("SMTP:")).any(|a| a.eq_ignore_ascii_case(&holder.primary))
    };
    let key = format!("smtp:{}", holder.primary.to_lowercase());
    // A group that roles can be assigned to lives in the cloud alone; so does a Microsoft 365 group.
    let can_be_synced =
        |g: &CloudGroup| !g.is_assignable_to_role && !g.group_types.iter().any(|kind| kind == "Unified");
    let found = match holder.kind {
        HolderKind::Group => {
            let mut similar = cloud.groups.with(CloudKey::Address, &key);
            similar.find(|(_, g)| can_be_synced(g) && is_primary(&g.proxy_addresses)).map(|(_, g)| g.id)
        }
        HolderKind::Contact => {
            let mut similar = cloud.contacts.with(CloudKey::Address, &key);
            similar.find(|(_, c)| is_primary(&c.proxy_addresses)).map(|(_, c)| c.id)
        }
    };
    let Some(id) = found.filter(|id| !known.values().any(|c| c.cloud == Some(*id))) else { return Ok(None) };
    if cloud.features.block_soft_match_enabled {
        let detail = format!("{id} matches, but the tenant blocks soft matches");
        return Err(ExportError::new(ErrorCode::InvalidSoftMatch, detail));
    }
    Ok(Some(id))
}

/// No other object may have one of the SMTP addresses.
fn check_addresses(holder: &ImportedHolder, own: Option<ObjectId>, cloud: &Cloud) -> Result<(), ExportError> {
    let users = with_any(&cloud.users, holder);
    let users = users.into_iter().map(|u| (None, u.id, &u.user_principal_name, &u.proxy_addresses));
    let groups = with_any(&cloud.groups, holder);
    let groups = groups.into_iter().map(|g| (Some(HolderKind::Group), g.id, &g.display_name, &g.proxy_addresses));
    let contacts = with_any(&cloud.contacts, holder);
    let contacts = contacts.into_iter().map(|c| (Some(HolderKind::Contact), c.id, &c.display_name, &c.proxy_addresses));
    let mut others = users.chain(groups).chain(contacts).filter(|(_, id, _, _)| Some(*id) != own);
    let shared = |addresses: &[String]| {
        let smtp = holder.proxy_addresses.iter().filter(|a| a.smtp_address().is_some());
        smtp.into_iter().find(|a| addresses.iter().any(|other| other.eq_ignore_ascii_case(a.as_str())))
    };
    let conflict = others.find_map(|(kind, id, name, addresses)| Some((kind, id, name, shared(addresses)?)));
    let Some((kind, id, name, address)) = conflict else { return Ok(()) };
    let code =
        if kind == Some(holder.kind) { ErrorCode::AttributeValueMustBeUnique } else { ErrorCode::ObjectTypeMismatch };
    Err(ExportError::new(code, format!("ProxyAddresses: {name} ({id}) has {address}")))
}

/// The records with any of the holder's addresses, in their order.
fn with_any<'t, T: Record<Key = CloudKey>>(table: &'t Table<T>, holder: &ImportedHolder) -> Vec<&'t T> {
    let keys = holder.proxy_addresses.iter().map(|address| address.as_str().to_lowercase());
    let found: BTreeMap<_, _> = keys.flat_map(|key| table.with(CloudKey::Address, &key)).collect();
    found.into_values().collect()
}

fn is_there(cloud: &Cloud, kind: HolderKind, id: ObjectId) -> bool {
    match kind {
        HolderKind::Group => cloud.groups.find(CloudKey::Id, &id.to_string()).is_some(),
        HolderKind::Contact => cloud.contacts.find(CloudKey::Id, &id.to_string()).is_some(),
    }
}

/// A group or contact that has left is gone at once: neither has a place in the recycle bin.
fn remove(cloud: &mut Cloud, id: ObjectId) -> bool {
    let before = cloud.groups.len() + cloud.contacts.len();
    cloud.groups.retain(|g| g.id != id);
    cloud.contacts.retain(|c| c.id != id);
    before != cloud.groups.len() + cloud.contacts.len()
}

/// Lets AD's values flow. `true` if anything changed.
fn write(holder: &ImportedHolder, id: ObjectId, cloud: &mut Cloud) -> bool {
    let addresses: Vec<String> = holder.proxy_addresses.iter().map(|a| a.0.clone()).collect();
    let name = holder.display_name.clone().unwrap_or_else(|| holder.primary.clone());
    let mail = Some(holder.mail.clone().unwrap_or_else(|| holder.primary.clone()));
    match holder.kind {
        HolderKind::Group => {
            let found = cloud.groups.find(CloudKey::Id, &id.to_string()).map(|(row, group)| (row, group.clone()));
            let before = found.as_ref().map(|(_, group)| group.clone());
            let mut next = before.unwrap_or_else(|| CloudGroup { id, ..CloudGroup::named(&name) });
            (next.display_name, next.mail, next.proxy_addresses) = (name, mail, addresses);
            next.on_premises_sync_enabled = Some(true);
            put(&mut cloud.groups, found, next)
        }
        HolderKind::Contact => {
            let next = CloudHolder {
                id,
                display_name: name,
                mail,
                proxy_addresses: addresses,
                on_premises_sync_enabled: Some(true),
            };
            let found = cloud.contacts.find(CloudKey::Id, &id.to_string()).map(|(row, contact)| (row, contact.clone()));
            put(&mut cloud.contacts, found, next)
        }
    }
}

/// Puts a record in its place. `true` if that changed anything.
fn put<T: Record>(table: &mut Table<T>, found: Option<(Row, T)>, next: T) -> bool {
    match found {
        Some((_, before)) if before == next => return false,
        Some((row, _)) => table.replace(row, next),
        None => table.push(next),
    }
    true
}
