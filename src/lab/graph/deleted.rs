//! `/directory/deletedItems`: the recycle bin.
//!
//! Sources: Graph v1.0 "Delete user", "List deletedItems", "Restore deleted item", "Permanently delete item".

use super::answer::{Answer, Object, Refusal, Reply};
use super::odata::collection::Resource;
use super::request::{Payload, Request};
use super::sensitive::check_update;
use super::user_entity::{USER, view};
use super::user_patch::{check_addresses, check_upn};
use super::users;
use crate::lab::world::World;
use crate::lab::world::cloud::{Cloud, CloudGroup, CloudUser};
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::Row;
use crate::model::id::ObjectId;
use serde_json::{Value, json};

const USERS: Resource = Resource { entity: &USER, context: "users" };
const ITEMS: Resource = Resource { entity: &USER, context: "directoryObjects" };

fn position(world: &World, id: &str) -> Result<Row, Refusal> {
    let found = world.entra.deleted_users.find(CloudKey::Id, &id.to_ascii_lowercase());
    found.map(|(row, _)| row).ok_or_else(|| Refusal::not_found(id))
}

/// A user as a directory object: with its type.
fn typed(user: &CloudUser) -> Object {
    let mut object = view(user);
    object.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
    object
}

/// `GET /directory/deletedItems/microsoft.graph.user`.
pub fn list(world: &World, request: &Request) -> Answer {
    USERS.list_rows(request, &world.entra.deleted_users)
}

/// `GET /directory/deletedItems/microsoft.graph.user/$count`.
pub fn count(world: &World, request: &Request) -> Answer {
    USERS.count_rows(request, &world.entra.deleted_users)
}

/// `GET /directory/deletedItems/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    ITEMS.single(request, typed(&world.entra.deleted_users[position(world, id)?]))
}

/// `DELETE /users/{id or UPN}`: to the recycle bin. A synced user can be deleted so, too; the engine makes it anew if its AD
/// user is still in scope.
pub fn delete(world: &mut World, key: &str) -> Answer {
    let at = users::position(&world.entra.users, key)?;
    let target = world.entra.users[at].id;
    check_update(world, target, true)?;
    let now = world.clock;
    world.entra.soft_delete(target, now);
    Ok(Reply::no_content())
}

/// `DELETE /directory/deletedItems/{id}`: irreversible.
pub fn purge(world: &mut World, id: &str) -> Answer {
    let at = position(world, id)?;
    let target = world.entra.deleted_users[at].id;
    check_update(world, target, true)?;
    world.entra.deleted_users.take(at);
    forget(&mut world.entra, target);
    Ok(Reply::no_content())
}

/// Takes everything away that a user had who is gone for ever.
fn forget(cloud: &mut Cloud, id: ObjectId) {
    cloud.role_assignments.retain(|a| a.principal_id != id);
    cloud.role_assignment_schedules.retain(|s| s.principal_id != id);
    cloud.role_eligibility_schedules.retain(|s| s.principal_id != id);
    let holds = |group: &CloudGroup| {
        let scheduled = group.assignment_schedules.iter().chain(&group.eligibility_schedules);
        group.members.contains(&id) || group.owners.contains(&id) || scheduled.clone().any(|s| s.principal_id == id)
    };
    let touched: Vec<Row> = cloud.groups.rows().filter(|(_, group)| holds(group)).map(|(row, _)| row).collect();
    for row in touched {
        let group = &mut cloud.groups[row];
        group.members.retain(|held| *held != id);
        group.owners.retain(|held| *held != id);
        group.assignment_schedules.retain(|s| s.principal_id != id);
        group.eligibility_schedules.retain(|s| s.principal_id != id);
    }
}

/// `POST /directory/deletedItems/{id}/restore`, with `newUserPrincipalName` and `autoReconcileProxyConflict`.
pub fn restore(world: &mut World, request: &Request, id: &str) -> Answer {
    let at = position(world, id)?;
    let mut user = world.entra.deleted_users[at].clone();
    check_update(world, user.id, true)?;
    let wish = Wish::read(request)?;
    user.deleted_date_time = None;
    user.user_principal_name = wish.upn.unwrap_or_else(|| live_upn(&user).to_owned());
    check_upn(world, &user)?;
    if world.entra.users.find(CloudKey::Upn, &user.user_principal_name.to_lowercase()).is_some() {
        return Err(Refusal::conflict("userPrincipalName"));
    }
    if wish.reconcile {
        let all = std::mem::take(&mut user.proxy_addresses);
        for address in all {
            let alone = CloudUser { proxy_addresses: vec![address.clone()], ..user.clone() };
            if check_addresses(world, &alone).is_ok() {
                user.proxy_addresses.push(address);
            }
        }
    }
    check_addresses(world, &user)?;
    let answer = ITEMS.single(&Request { query: Vec::new(), ..request.clone() }, typed(&user))?;
    world.entra.deleted_users.take(at);
    world.entra.users.push(user);
    Ok(answer)
}

/// The UPN that a user had: Entra puts the id's hexadecimal digits before it on deletion.
fn live_upn(user: &CloudUser) -> &str {
    let upn = user.user_principal_name.as_str();
    let prefix = user.id.0.simple().to_string();
    upn.get(..prefix.len()).filter(|p| p.eq_ignore_ascii_case(&prefix)).map_or(upn, |p| &upn[p.len()..])
}

/// The body of a restore; it may be missing.
#[derive(Default)]
struct Wish {
    upn: Option<String>,
    reconcile: bool,
}

impl Wish {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let mut wish = Self::default();
        if request.body == Payload::None {
            return Ok(wish);
        }
        for (name, value) in request.json_object()?.iter().filter(|(name, _)| !name.contains('@')) {
            match (name.to_ascii_lowercase().as_str(), value) {
                ("newuserprincipalname", Value::String(upn)) => wish.upn = Some(upn.clone()),
                ("autoreconcileproxyconflict", Value::Bool(on)) => wish.reconcile = *on,
                ("newuserprincipalname" | "autoreconcileproxyconflict", Value::Null) => {}
                _ => {
                    return Err(Refusal::odata(format!(
                        "The parameter '{name}' is not a valid parameter for restore."
                    )));
                }
            }
        }
        Ok(wish)
    }
}
