//! The world as directories, sync engine and clock.

use super::World;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{
    Clock, Provisioned, ReadAd, ReadEntra, SyncEngine, SyncStatus, Triggered, WriteAd, WriteEntra,
};
use crate::model::ad::{AdUser, Octets};
use crate::model::anchor::ImmutableId;
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::{AdGuid, AssignmentId, DomainName, ObjectId, Sid};
use crate::model::name::Upn;
use crate::model::recipient::AdHolder;
use crate::model::reference::AdRef;
use crate::model::role::{GroupMember, Holding, RoleAssignment, RoleKind};
use crate::model::tenant::SyncFeatures;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

pub(super) fn refuse(kind: ErrorKind, what: &str) -> DirectoryError {
    DirectoryError::new(kind, what, "refused by the test's world")
}

impl ReadAd for World {
    async fn ad_user(&self, _: &DomainName, guid: AdGuid) -> Result<Option<AdUser>, DirectoryError> {
        if self.silent.get() {
            return Err(refuse(ErrorKind::Unreachable, "read the AD user"));
        }
        Ok(self.inner.borrow().ad.get(&guid).cloned())
    }

    async fn ad_holder(&self, _: &DomainName, guid: AdGuid) -> Result<Option<AdHolder>, DirectoryError> {
        Ok(self.inner.borrow().ad_holders.get(&guid).cloned())
    }

    fn domain_controller(&self, _: &DomainName) -> Option<String> {
        Some("dc01.corp.test".to_owned())
    }
}

impl WriteAd for World {
    async fn modify(&self, user: &AdRef, changes: &[AttributeChange]) -> Result<(), DirectoryError> {
        self.write(format!("align {user}"), || {
            let mut inner = self.inner.borrow_mut();
            if let Some(live) = inner.ad_holders.get_mut(&user.guid) {
                if changes.iter().any(|c| c.attribute.of_holder(live) != c.expects) {
                    return Err(refuse(ErrorKind::Changed, "modify"));
                }
                for change in changes {
                    match change.attribute {
                        AdAttribute::Mail => live.mail = change.sets.first().cloned(),
                        AdAttribute::ProxyAddresses => live.proxy_addresses = change.sets.iter().cloned().collect(),
                        AdAttribute::UserPrincipalName | AdAttribute::ConsistencyGuid => {}
                    }
                }
                return Ok(());
            }
            let live = inner.ad.get_mut(&user.guid).ok_or_else(|| refuse(ErrorKind::NotFound, "modify"))?;
            let gone = |c: &AttributeChange| {
                let held: Vec<_> = c.attribute.of(live).iter().map(|v| v.to_lowercase()).collect();
                c.removed().any(|v| !held.contains(&v.to_lowercase()))
            };
            if changes.iter().any(gone) {
                return Err(refuse(ErrorKind::Changed, "modify"));
            }
            for change in changes {
                let mut values = change.attribute.of(live);
                values.retain(|v| !change.removed().any(|r| r.eq_ignore_ascii_case(v)));
                values.extend(change.added().cloned());
                match change.attribute {
                    AdAttribute::UserPrincipalName => live.upn = values.first().map(|v| Upn::from(v.as_str())),
                    AdAttribute::Mail => live.mail = values.first().cloned(),
                    AdAttribute::ConsistencyGuid => {
                        let octets = values.first().and_then(|value| AdAttribute::ConsistencyGuid.octets(value));
                        live.consistency_guid = octets.map(Octets);
                    }
                    AdAttribute::ProxyAddresses => live.proxy_addresses = values.into_iter().collect(),
                }
            }
            Ok(())
        })
    }

    async fn move_under(&self, user: &AdRef, parent: &Dn) -> Result<(), DirectoryError> {
        if self.cycle_on_move.take() {
            self.run_cycle();
        }
        self.write(format!("move {user}"), || {
            let mut inner = self.inner.borrow_mut();
            if let Some(live) = inner.ad_holders.get_mut(&user.guid) {
                live.dn = live.dn.moved_to(parent);
                return Ok(());
            }
            let live = inner.ad.get_mut(&user.guid).ok_or_else(|| refuse(ErrorKind::NotFound, "move"))?;
            live.dn = live.dn.moved_to(parent);
            Ok(())
        })
    }
}

impl ReadEntra for World {
    async fn entra_user(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        Ok(self.inner.borrow().cloud.get(&id).cloned())
    }

    async fn users_with(&self, anchor: &ImmutableId, sid: &Sid) -> Result<Vec<EntraUser>, DirectoryError> {
        if self.carriers_unread.get() {
            return Err(refuse(ErrorKind::Unreachable, "find who carries the anchor"));
        }
        let has =
            |u: &&EntraUser| u.immutable_id.as_ref() == Some(anchor) || u.security_identifier.as_ref() == Some(sid);
        Ok(self.inner.borrow().cloud.values().filter(has).cloned().collect())
    }

    async fn holdings_of(&self, user: ObjectId) -> Result<Vec<Holding>, DirectoryError> {
        if self.roles_unread.get() {
            return Err(refuse(ErrorKind::Unreachable, "read roles"));
        }
        if self.stale_roles.get() > 0
            && let Some(before) = self.before_writes.borrow().clone()
        {
            self.stale_roles.set(self.stale_roles.get() - 1);
            let live = self.inner.replace(before);
            let held = self.held_by(user);
            self.inner.replace(live);
            return Ok(held);
        }
        Ok(self.held_by(user))
    }

    async fn missing_for(&self, holding: &Holding) -> Result<Option<String>, DirectoryError> {
        let inner = self.inner.borrow();
        Ok(match holding {
            Holding::Role(role) => {
                let scope = role.grant.directory_scope.as_deref().unwrap_or("/");
                inner.deleted_scopes.contains(scope).then(|| format!("the scope {scope} is not there any more"))
            }
            Holding::Group(group) => (!inner.groups.iter().any(|known| known.id == group.group))
                .then(|| format!("the group {} is not there any more", group.group_name)),
        })
    }

    async fn global_administrators(&self) -> Result<Vec<(ObjectId, bool)>, DirectoryError> {
        let inner = self.inner.borrow();
        let now = self.now.get();
        let all = inner.roles.iter().filter(|r| r.is_standing_global_administrator(now));
        let all = all.filter(|r| inner.cloud.contains_key(&r.principal));
        Ok(all.map(|r| (r.principal, inner.cloud[&r.principal].account_enabled == Some(true))).collect())
    }

    async fn signed_in(&self) -> Result<Option<ObjectId>, DirectoryError> {
        Ok(self.signed_in.get())
    }

    async fn attributes_of(
        &self,
        id: ObjectId,
        attributes: &[EntraAttribute],
    ) -> Result<Option<BTreeMap<EntraAttribute, Option<String>>>, DirectoryError> {
        Ok(self.values(id, attributes))
    }

    async fn presence_of(&self, id: ObjectId) -> Result<Presence, DirectoryError> {
        Ok(self.presence(id))
    }

    async fn address_holder(&self, kind: HolderKind, id: ObjectId) -> Result<Option<AddressHolder>, DirectoryError> {
        if self.holders_unread.get() {
            return Err(refuse(ErrorKind::Unreachable, "read the group"));
        }
        Ok(self.inner.borrow().holders.get(&id).filter(|holder| holder.kind == kind).cloned())
    }

    async fn is_cloud_managed(&self, id: ObjectId) -> Result<Option<bool>, DirectoryError> {
        Ok(self.inner.borrow().cloud.get(&id).map(|user| user.cloud_managed == Some(true)))
    }

    async fn sync_switches(&self) -> Result<BTreeMap<SyncFeature, bool>, DirectoryError> {
        Ok(self.inner.borrow().switches.clone())
    }

    async fn sync_features(&self) -> Result<Option<SyncFeatures>, DirectoryError> {
        Ok(None)
    }

    fn time(&self) -> Timestamp {
        self.now.get()
    }

    async fn last_sync(&self) -> Result<Option<Timestamp>, DirectoryError> {
        Ok(self.inner.borrow().last_sync)
    }
}

impl WriteEntra for World {
    async fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> Result<(), DirectoryError> {
        self.write(format!("anchor {user}"), || {
            let mut inner = self.inner.borrow_mut();
            let live = inner.cloud.get_mut(&user).ok_or_else(|| refuse(ErrorKind::NotFound, "anchor"))?;
            if live.is_synced() {
                return Err(refuse(ErrorKind::Refused, "anchor"));
            }
            live.immutable_id = value.cloned();
            Ok(())
        })
    }

    async fn amend(&self, user: ObjectId, changes: &[EntraChange]) -> Result<(), DirectoryError> {
        self.write(format!("amend {user}"), || self.change(user, changes))
    }

    async fn place(&self, user: ObjectId, from: Presence, to: Presence, _: Option<&Upn>) -> Result<(), DirectoryError> {
        self.write(format!("place {user} {to}"), || self.bring(user, from, to))
    }

    async fn set_authority(&self, user: ObjectId, cloud: bool) -> Result<(), DirectoryError> {
        self.write(format!("authority {user}"), || {
            let mut inner = self.inner.borrow_mut();
            let live = inner.cloud.get_mut(&user).ok_or_else(|| refuse(ErrorKind::NotFound, "authority"))?;
            (live.cloud_managed, live.sync_enabled) = (Some(cloud), live.sync_enabled.filter(|_| !cloud));
            Ok(())
        })
    }

    async fn set_switch(&self, feature: SyncFeature, on: bool) -> Result<(), DirectoryError> {
        self.write(format!("switch {feature} {on}"), || {
            self.turn(feature, on);
            Ok(())
        })
    }

    async fn take(&self, holding: &Holding) -> Result<(), DirectoryError> {
        self.write(format!("take {holding}"), || {
            let mut inner = self.inner.borrow_mut();
            let gone = || refuse(ErrorKind::NotFound, "take");
            if let Some(other) = self.rival_takes_from.take() {
                inner.roles.retain(|role| role.principal != other);
            }
            match holding {
                Holding::Role(role) => {
                    let at = inner.roles.iter().position(|r| r.id == role.id).ok_or_else(gone)?;
                    inner.roles.remove(at);
                }
                Holding::Group(wanted) => {
                    let group = inner.groups.iter_mut().find(|group| group.id == wanted.group).ok_or_else(gone)?;
                    let same = |m: &GroupMember| m.user == wanted.member.user && m.kind == wanted.member.kind;
                    let at = group.members.iter().position(same).ok_or_else(gone)?;
                    group.members.remove(at);
                }
            }
            Ok(())
        })
    }

    async fn give(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let id = AssignmentId(format!("assignment-{}", self.fresh()));
        self.write(format!("give {holding}"), || {
            let now = self.now.get();
            let there = self.held_by(holding.user()).iter().any(|held| holding.same_as(held));
            if holding.kind() == RoleKind::Activated || holding.is_over(now) || there {
                return Err(refuse(ErrorKind::Refused, "give"));
            }
            let mut inner = self.inner.borrow_mut();
            match holding {
                Holding::Role(role) => {
                    if role.grant.directory_scope.as_ref().is_some_and(|scope| inner.deleted_scopes.contains(scope)) {
                        return Err(refuse(ErrorKind::NotFound, "give"));
                    }
                    inner.roles.push(RoleAssignment { id, ..role.clone() });
                }
                Holding::Group(wanted) => {
                    let group = inner.groups.iter_mut().find(|group| group.id == wanted.group);
                    let group = group.ok_or_else(|| refuse(ErrorKind::NotFound, "give"))?;
                    group.members.push(wanted.member.clone());
                }
            }
            Ok(())
        })
    }
}

impl SyncEngine for World {
    async fn trigger(&self) -> Result<Triggered, DirectoryError> {
        self.triggers.set(self.triggers.get() + 1);
        if self.due.get().is_some() {
            return Ok(Triggered::Busy);
        }
        self.due.set(self.cycle.get().map(|time| self.now.get().checked_add(time).unwrap()));
        Ok(Triggered::Asked)
    }

    /// Each answer shows as a sync of the tenant, which is the case that misleads. Where there is none, the scheduler comes.
    async fn provision(&self, user: &Dn) -> Result<Provisioned, DirectoryError> {
        self.asked.borrow_mut().push(user.clone());
        let answer = self.answers.borrow_mut().pop_front().unwrap_or(Ok(Provisioned::Unsaid));
        match &answer {
            Ok(Provisioned::Done) if self.matches.get() => self.run_cycle(),
            Ok(_) => self.inner.borrow_mut().last_sync = Some(self.now.get()),
            Err(_) => self.due.set(self.cycle.get().map(|time| self.now.get().checked_add(time).unwrap())),
        }
        answer.map_err(|kind| refuse(kind, "provision on demand"))
    }

    async fn status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        let busy = self.due.get().is_some() || self.always_busy.get();
        Ok(self.has_status.get().then_some(SyncStatus { busy, staging: false, suspended: self.held.get() }))
    }

    async fn hold(&self) -> Result<(), DirectoryError> {
        self.held.set(true);
        Ok(())
    }

    async fn release(&self) -> Result<(), DirectoryError> {
        self.held.set(false);
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.now.get() + self.ahead.get()
    }

    async fn sleep(&self, time: SignedDuration) {
        self.pass(time);
    }
}
