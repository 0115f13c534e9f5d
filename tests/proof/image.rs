//! A world as far as an apply is answerable for it, in a form that two worlds can be compared in.

use jiff::Timestamp;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::{AssignmentType, GroupSchedule};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What of a world is compared: by object, as JSON text. Ids of assignments and times of syncs are left out, since a role
/// that comes back is a new assignment. So are activations: they end, and only their holder can make them again.
pub fn image(world: &World) -> BTreeMap<String, String> {
    let mut image = BTreeMap::new();
    for entry in world.ad.iter().flat_map(|domain| &domain.entries) {
        // What a controller counts for itself is left out; one value and a list of one are the same.
        let counted = ["labHighestUsn", "uSNChanged", "whenChanged"];
        let kept = entry.attributes.iter().filter(|(name, _)| !counted.contains(&name.as_str()));
        let attributes: BTreeMap<&String, BTreeSet<Vec<u8>>> =
            kept.map(|(name, values)| (name, values.to_octets().into_iter().collect())).collect();
        let attributes: Vec<String> = attributes
            .iter()
            .map(|(name, values)| {
                let values: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value)).collect();
                format!("{name}: {}", values.join(", "))
            })
            .collect();
        image.insert(format!("AD {}", entry.guid), json!({ "dn": entry.dn, "attributes": attributes }).to_string());
    }
    let cloud = &world.entra;
    for (place, user) in cloud.users.iter().map(|u| ("cloud", u)).chain(cloud.deleted_users.iter().map(|u| ("bin", u)))
    {
        let mut value = json!(user);
        value["onPremisesLastSyncDateTime"] = Value::Null;
        value["deletedDateTime"] = Value::Null;
        sort(&mut value["proxyAddresses"]);
        image.insert(format!("{place} {}", user.id), value.to_string());
    }
    for group in &cloud.groups {
        let mut value = json!(group);
        sort(&mut value["members"]);
        image.insert(format!("group {}", group.id), without_ids(value).to_string());
    }
    for contact in &cloud.contacts {
        image.insert(format!("contact {}", contact.id), json!(contact).to_string());
    }
    image.insert("roles".to_owned(), json!(roles(world)).to_string());
    image.insert("features".to_owned(), json!(cloud.features).to_string());
    image.insert("scheduler".to_owned(), world.sync.scheduler_enabled.to_string());
    image
}

/// Who holds which role how, without the assignments' ids and without what has ended.
pub fn roles(world: &World) -> BTreeSet<String> {
    let cloud = &world.entra;
    let active = cloud.role_assignments.iter().map(|role| {
        json!([role.principal_id, role.role_definition_id, role.directory_scope_id, role.app_scope_id, role.condition])
    });
    let scheduled = [("active", &cloud.role_assignment_schedules), ("eligible", &cloud.role_eligibility_schedules)];
    let scheduled = scheduled.into_iter().flat_map(|(kind, rows)| {
        let kept = rows.iter().filter(|row| row.assignment_type != AssignmentType::Activated);
        kept.map(move |row| {
            json!([kind, row.principal_id, row.role_definition_id, row.directory_scope(), row.end_date_time])
        })
    });
    let members = cloud.groups.iter().flat_map(|group| {
        let kept = |rows: &[GroupSchedule]| -> Vec<GroupSchedule> {
            rows.iter().filter(|row| row.assignment_type != AssignmentType::Activated).cloned().collect()
        };
        let rows = [("timed", kept(&group.assignment_schedules)), ("eligible", kept(&group.eligibility_schedules))];
        let timed = rows.into_iter().flat_map(move |(kind, rows)| {
            rows.into_iter().map(move |row| json!([kind, group.id, row.access_id, row.principal_id, row.end_date_time]))
        });
        group.members.iter().map(|user| json!(["member", group.id, user])).chain(timed)
    });
    let all = active.chain(scheduled).chain(members).map(|row| row.to_string());
    all.filter(|row| !has_ended(row, world.clock)).collect()
}

/// Whether a row of [`roles`] has an end, and it has passed.
pub fn has_ended(row: &str, now: Timestamp) -> bool {
    let row: Vec<Value> = serde_json::from_str(row).expect("a row is a list");
    let end = row.last().and_then(Value::as_str).and_then(|end| end.parse::<Timestamp>().ok());
    end.is_some_and(|end| end <= now)
}

/// What differs between two images, for a person.
pub fn differences(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differ = keys.into_iter().filter(|key| left.get(*key) != right.get(*key));
    differ.map(|key| format!("{key}\n      {:?}\n      {:?}", left.get(key), right.get(key))).collect()
}

fn sort(list: &mut Value) {
    if let Value::Array(values) = list {
        values.sort_by_key(ToString::to_string);
    }
}

/// The schedules in a group have ids of their own.
fn without_ids(mut group: Value) -> Value {
    for rows in group.as_object_mut().into_iter().flat_map(|g| g.values_mut()) {
        for row in rows.as_array_mut().into_iter().flatten() {
            if let Value::Object(row) = row {
                row.remove("id");
                row.remove("startDateTime");
            }
        }
    }
    group
}
