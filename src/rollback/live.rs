//! What a snapshot says of a write's target.

use crate::model::ad::AdUser;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence};
use crate::model::dn::Dn;
use crate::model::entra::EntraUser;
use crate::model::id::ObjectId;
use crate::model::recipient::AdHolder;
use crate::model::reference::AdRef;
use crate::model::role::{Holding, RoleGrant, RoleKind};
use crate::snapshot::document::{Gap, Missing, Snapshot};
use crate::state::ledger::Reading;
use crate::state::write::Write;
use std::collections::BTreeMap;

/// The AD user by its GUID, wherever it is now.
pub(super) fn ad_user<'a>(snapshot: &'a Snapshot, user: &AdRef) -> Option<&'a AdUser> {
    let domains = snapshot.domains.iter().filter(|d| d.name == user.domain);
    domains.flat_map(|d| &d.users).find(|u| u.guid == user.guid)
}

/// The group or contact of AD by its GUID, wherever it is now.
fn ad_holder<'a>(snapshot: &'a Snapshot, holder: &AdRef) -> Option<&'a AdHolder> {
    let domains = snapshot.domains.iter().filter(|d| d.name == holder.domain);
    domains.flat_map(|d| &d.holders).find(|h| h.guid == holder.guid)
}

/// The live cloud user.
pub(super) fn entra_user(snapshot: &Snapshot, id: ObjectId) -> Option<&EntraUser> {
    snapshot.users.iter().find(|u| u.id == id)
}

/// What the write is about, as the snapshot has it; `None` if the object is gone.
pub(super) fn reading(snapshot: &Snapshot, write: &Write) -> Option<Reading> {
    match write {
        Write::Align { user, changes } => {
            let of = changes.iter().map(|c| &c.attribute);
            match user.holder {
                None => ad_user(snapshot, user).map(|live| Reading::attributes(live, of)),
                Some(_) => ad_holder(snapshot, user).map(|live| Reading::holder_attributes(live, of)),
            }
        }
        Write::Move { user, .. } => {
            let dn = match user.holder {
                None => ad_user(snapshot, user).map(|live| &live.dn),
                Some(_) => ad_holder(snapshot, user).map(|live| &live.dn),
            };
            dn.and_then(Dn::parent).map(|dn| Reading::Container { dn })
        }
        Write::Anchor { user, .. } => {
            entra_user(snapshot, user.id).map(|live| Reading::ImmutableId { value: live.immutable_id.clone() })
        }
        Write::Amend { user, changes } => {
            entra_user(snapshot, user.id).map(|live| Reading::Values { values: values(live, changes) })
        }
        Write::Place { user, .. } => Some(Reading::Presence { presence: presence(snapshot, user.id)? }),
        Write::Authority { user, expects, .. } => {
            let live = entra_user(snapshot, user.id)?;
            // A synced user is never asked: AD is its source.
            let unread = if live.is_synced() { false } else { *expects };
            Some(Reading::Flag { on: live.cloud_managed.unwrap_or(unread) })
        }
        Write::Switch { feature, .. } => snapshot.tenant.switches.get(feature).map(|on| Reading::Flag { on: *on }),
        Write::Take { user, holding } | Write::Give { user, holding } => {
            entra_user(snapshot, user.id)?;
            let mut holdings = snapshot.holdings_of(user.id);
            holdings.retain(|live| holding.same_as(live));
            Some(Reading::Holdings { holdings })
        }
    }
}

/// What these attributes are. A snapshot holds some of them; the others were written by the same request, and are taken to
/// be where those are. With none to go by, the write counts as made: what undoes it reads before it writes.
fn values(live: &EntraUser, changes: &[EntraChange]) -> BTreeMap<EntraAttribute, Option<String>> {
    let not_made = changes.iter().any(|change| shown(live, change.attribute).is_ok_and(|value| value != change.sets));
    let unseen = |change: &EntraChange| if not_made { change.expects.clone() } else { change.sets.clone() };
    let value = |change: &EntraChange| shown(live, change.attribute).unwrap_or_else(|Unseen| unseen(change));
    changes.iter().map(|change| (change.attribute, value(change))).collect()
}

/// No snapshot holds it.
struct Unseen;

/// An attribute's value.
fn shown(live: &EntraUser, attribute: EntraAttribute) -> Result<Option<String>, Unseen> {
    match attribute {
        EntraAttribute::UserPrincipalName => Ok(Some(live.upn.to_string())),
        EntraAttribute::ImmutableId => Ok(live.immutable_id.as_ref().map(|id| id.as_str().to_owned())),
        EntraAttribute::SecurityIdentifier => Ok(live.security_identifier.as_ref().map(ToString::to_string)),
        EntraAttribute::ObjectIdentifier
        | EntraAttribute::DistinguishedName
        | EntraAttribute::DomainName
        | EntraAttribute::SamAccountName
        | EntraAttribute::OnPremisesUserPrincipalName => Err(Unseen),
    }
}

/// Whether a snapshot shows anything of what is written.
pub(super) fn shows(snapshot: &Snapshot, write: &Write) -> bool {
    let Write::Amend { user, changes } = write else { return true };
    entra_user(snapshot, user.id).is_none_or(|live| changes.iter().any(|change| shown(live, change.attribute).is_ok()))
}

/// Where a user is; `None` if the recycle bin could not be read.
fn presence(snapshot: &Snapshot, id: ObjectId) -> Option<Presence> {
    if entra_user(snapshot, id).is_some() {
        return Some(Presence::Live);
    }
    if snapshot.gap(Missing::DeletedUsers).is_some() {
        return None;
    }
    let deleted = snapshot.deleted_users.iter().any(|user| user.id == id);
    Some(if deleted { Presence::RecycleBin } else { Presence::Gone })
}

/// The part of the snapshot that would show the holding, if it could not be read.
pub(super) fn unseen<'a>(snapshot: &'a Snapshot, holding: &Holding) -> Option<&'a Gap> {
    let pim = (holding.kind() != RoleKind::Active).then_some(Missing::PimSchedules);
    let group = matches!(holding, Holding::Group(_)).then_some(Missing::RoleGroups);
    [Some(Missing::Roles), pim, group].into_iter().flatten().find_map(|what| snapshot.gap(what))
}

/// A holding as the directory names it, whatever the ledger calls it: its names are for people, and a ledger can be
/// forged. A role that nobody holds now has no name here; its id stands beside what the ledger says then.
pub(super) fn named(snapshot: &Snapshot, holding: &Holding) -> String {
    let role_name = |grant: &RoleGrant| {
        let live =
            snapshot.roles.iter().find(|live| live.grant.role.as_str().eq_ignore_ascii_case(grant.role.as_str()));
        live.map_or_else(|| format!("{} [{}]", grant.role_name, grant.role), |live| live.grant.role_name.clone())
    };
    let mut named = holding.clone();
    match &mut named {
        Holding::Role(role) => role.grant.role_name = role_name(&role.grant),
        Holding::Group(group) => {
            let live = snapshot.role_groups.iter().find(|live| live.id == group.group);
            group.group_name = live.map_or_else(|| format!("[{}]", group.group), |live| live.name.clone());
            let held = snapshot.roles.iter().filter(|live| live.principal == group.group);
            group.roles = held.map(|live| live.grant.clone()).collect();
        }
    }
    named.to_string()
}
