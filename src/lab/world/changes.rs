//! What a change did to a world, as it stands in a log: found without reading the world, applied to an earlier one.

use super::World;
use super::cloud::{CloudGroup, CloudHolder, CloudRoleAssignment, CloudUser};
use super::forest::AdEntry;
use super::sync::Connected;
use super::table::{Record, Table};
use serde::{Deserialize, Serialize};

/// The difference between two worlds of one life.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Each domain's entries.
    #[serde(default, skip_serializing_if = "nothing_in_any")]
    entries: Vec<Rows<AdEntry>>,
    /// Each domain's deleted objects.
    #[serde(default, skip_serializing_if = "nothing_in_any")]
    deleted: Vec<Rows<AdEntry>>,
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    users: Rows<CloudUser>,
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    deleted_users: Rows<CloudUser>,
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    groups: Rows<CloudGroup>,
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    contacts: Rows<CloudHolder>,
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    role_assignments: Rows<CloudRoleAssignment>,
    #[serde(default, skip_serializing_if = "Rows::is_empty")]
    connector_space: Rows<Connected>,
    /// All else, whole, if any of it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rest: Option<Box<World>>,
}

/// What changed in one table.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows<T> {
    /// Records that are new, or other than they were.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    set: Vec<T>,
    /// Records that are gone, as they were.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    gone: Vec<T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { set: Vec::new(), gone: Vec::new() }
    }
}

impl<T> Rows<T> {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.gone.is_empty()
    }
}

fn nothing_in_any(all: &[Rows<AdEntry>]) -> bool {
    all.iter().all(Rows::is_empty)
}

impl<T: Record> Rows<T> {
    fn between(before: &Table<T>, after: &Table<T>) -> Self {
        let mut rows = Self::default();
        for row in after.changes_since(before) {
            let (then, now) = (before.get(row), after.get(row));
            let is_gone = |then: &&T| {
                let (key, name) = then.identity();
                after.find(key, &name).is_none()
            };
            rows.set.extend(now.cloned());
            rows.gone.extend(then.filter(is_gone).cloned());
        }
        rows
    }

    fn apply(self, table: &mut Table<T>) {
        let row = |table: &Table<T>, record: &T| {
            let (key, name) = record.identity();
            table.find(key, &name).map(|(row, _)| row)
        };
        for record in self.gone {
            if let Some(row) = row(table, &record) {
                table.take(row);
            }
        }
        for record in self.set {
            match row(table, &record) {
                Some(row) => table.replace(row, record),
                None => table.push(record),
            }
        }
    }
}

/// Everything but the tables.
fn rest(world: &World) -> World {
    let mut rest = world.clone();
    for domain in &mut rest.ad {
        domain.entries.clear();
        domain.deleted.clear();
    }
    let cloud = &mut rest.entra;
    cloud.users.clear();
    cloud.deleted_users.clear();
    cloud.groups.clear();
    cloud.contacts.clear();
    cloud.role_assignments.clear();
    rest.sync.connector_space.clear();
    rest
}

impl Changes {
    /// What changed; `None` if it is so much that the whole world had better be written.
    pub fn between(before: &World, after: &World) -> Option<Self> {
        let heads = |world: &World| world.ad.iter().map(|domain| domain.base_dn.clone()).collect::<Vec<_>>();
        if heads(before) != heads(after) {
            return None;
        }
        let domains = before.ad.iter().zip(&after.ad);
        let (old, new) = (&before.entra, &after.entra);
        let rest_after = rest(after);
        Some(Self {
            entries: domains.clone().map(|(before, after)| Rows::between(&before.entries, &after.entries)).collect(),
            deleted: domains.map(|(before, after)| Rows::between(&before.deleted, &after.deleted)).collect(),
            users: Rows::between(&old.users, &new.users),
            deleted_users: Rows::between(&old.deleted_users, &new.deleted_users),
            groups: Rows::between(&old.groups, &new.groups),
            contacts: Rows::between(&old.contacts, &new.contacts),
            role_assignments: Rows::between(&old.role_assignments, &new.role_assignments),
            connector_space: Rows::between(&before.sync.connector_space, &after.sync.connector_space),
            rest: (rest(before) != rest_after).then(|| Box::new(rest_after)),
        })
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        let cloud = [self.users.is_empty(), self.deleted_users.is_empty(), self.groups.is_empty()];
        cloud.into_iter().all(|none| none)
            && self.contacts.is_empty()
            && self.role_assignments.is_empty()
            && self.connector_space.is_empty()
            && self.rest.is_none()
            && nothing_in_any(&self.entries)
            && nothing_in_any(&self.deleted)
    }

    /// Does to a world what was done.
    pub fn apply(self, world: &mut World) {
        if let Some(rest) = self.rest {
            let mut next = *rest;
            // As many domains as before: a log never holds a change of their number.
            for (domain, old) in next.ad.iter_mut().zip(&mut world.ad) {
                domain.entries = std::mem::take(&mut old.entries);
                domain.deleted = std::mem::take(&mut old.deleted);
            }
            let (cloud, old) = (&mut next.entra, &mut world.entra);
            cloud.users = std::mem::take(&mut old.users);
            cloud.deleted_users = std::mem::take(&mut old.deleted_users);
            cloud.groups = std::mem::take(&mut old.groups);
            cloud.contacts = std::mem::take(&mut old.contacts);
            cloud.role_assignments = std::mem::take(&mut old.role_assignments);
            next.sync.connector_space = std::mem::take(&mut world.sync.connector_space);
            *world = next;
        }
        for (rows, domain) in self.entries.into_iter().zip(&mut world.ad) {
            rows.apply(&mut domain.entries);
        }
        for (rows, domain) in self.deleted.into_iter().zip(&mut world.ad) {
            rows.apply(&mut domain.deleted);
        }
        let cloud = &mut world.entra;
        self.users.apply(&mut cloud.users);
        self.deleted_users.apply(&mut cloud.deleted_users);
        self.groups.apply(&mut cloud.groups);
        self.contacts.apply(&mut cloud.contacts);
        self.role_assignments.apply(&mut cloud.role_assignments);
        self.connector_space.apply(&mut world.sync.connector_space);
    }
}
