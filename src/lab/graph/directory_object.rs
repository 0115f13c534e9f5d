//! Directory objects of mixed kinds: `/directoryObjects/{id}`, group members, what a user is a member of.

use super::answer::{Answer, Object, Refusal};
use super::groups::{GROUP, group};
use super::holders::{ADMINISTRATIVE_UNIT, CONTACT, contact, unit};
use super::odata::collection::{Item, Resource};
use super::odata::entity::{EntityType, Kind, asked, shown};
use super::request::Request;
use super::user_entity::{USER, view};
use super::users::derived_uuid;
use crate::lab::world::World;
use crate::lab::world::cloud::{AccessId, Caller, CloudUser, RoleDefinition};
use crate::lab::world::keys::CloudKey;
use crate::model::id::ObjectId;
use serde_json::json;

/// `directoryObject`, with the properties of its kinds that a `$select` may name.
static DIRECTORY_OBJECT: EntityType = EntityType {
    name: "directoryObject",
    properties: &[
        shown("id", Kind::Text, "DAA--D---"),
        shown("deletedDateTime", Kind::Date, "---------"),
        asked("accountEnabled", Kind::Bool, "---------"),
        asked("appId", Kind::Text, "---------"),
        asked("assignedLicenses", Kind::Objects, "---------"),
        asked("description", Kind::Text, "---------"),
        asked("displayName", Kind::Text, "DAAAADDA-"),
        asked("givenName", Kind::Text, "---------"),
        asked("groupTypes", Kind::Texts, "---------"),
        asked("isAssignableToRole", Kind::Bool, "---------"),
        asked("mail", Kind::Text, "---------"),
        asked("mailEnabled", Kind::Bool, "---------"),
        asked("mailNickname", Kind::Text, "---------"),
        asked("onPremisesImmutableId", Kind::Text, "---------"),
        asked("onPremisesSyncEnabled", Kind::Bool, "---------"),
        asked("proxyAddresses", Kind::Texts, "---------"),
        asked("roleTemplateId", Kind::Text, "---------"),
        asked("securityEnabled", Kind::Bool, "---------"),
        asked("servicePrincipalType", Kind::Text, "---------"),
        asked("surname", Kind::Text, "---------"),
        asked("userPrincipalName", Kind::Text, "---------"),
        asked("userType", Kind::Text, "---------"),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

/// `directoryRole`, which stands in `memberOf` for an active role over the whole directory.
static DIRECTORY_ROLE: EntityType = EntityType {
    name: "directoryRole",
    properties: &[
        shown("id", Kind::Text, "DAA--D---"),
        shown("deletedDateTime", Kind::Date, "---------"),
        shown("description", Kind::Text, "---------"),
        shown("displayName", Kind::Text, "DAAAADDA-"),
        shown("roleTemplateId", Kind::Text, "---------"),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

/// `servicePrincipal`, of which the lab knows the caller.
pub static SERVICE_PRINCIPAL: EntityType = EntityType {
    name: "servicePrincipal",
    properties: &[
        shown("id", Kind::Text, "DAA--D---"),
        shown("deletedDateTime", Kind::Date, "---------"),
        shown("accountEnabled", Kind::Bool, "---------"),
        shown("appId", Kind::Text, "---------"),
        shown("displayName", Kind::Text, "DAAAADDA-"),
        shown("servicePrincipalType", Kind::Text, "---------"),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

const OBJECTS: Resource = Resource { entity: &DIRECTORY_OBJECT, context: "directoryObjects" };
const SERVICE_PRINCIPALS: Resource = Resource { entity: &SERVICE_PRINCIPAL, context: "servicePrincipals" };

/// The live object with this id: a user, group, contact, administrative unit, or the application that calls.
pub fn find(world: &World, id: ObjectId) -> Option<Item> {
    let entra = &world.entra;
    let key = id.to_string();
    let user = || entra.users.find(CloudKey::Id, &key).map(|(_, u)| Item { entity: &USER, object: view(u) });
    let in_group = || entra.groups.find(CloudKey::Id, &key).map(|(_, g)| Item { entity: &GROUP, object: group(g) });
    let outside =
        || entra.contacts.find(CloudKey::Id, &key).map(|(_, c)| Item { entity: &CONTACT, object: contact(c) });
    let units = &entra.administrative_units;
    let bound = || units.iter().find(|u| u.id == id).map(|u| Item { entity: &ADMINISTRATIVE_UNIT, object: unit(u) });
    let application = || {
        let is_it = entra.caller.app_only && entra.caller.id == id;
        is_it.then(|| Item { entity: &SERVICE_PRINCIPAL, object: service_principal(&entra.caller) })
    };
    user().or_else(in_group).or_else(outside).or_else(bound).or_else(application)
}

fn parsed(id: &str) -> Result<ObjectId, Refusal> {
    id.parse().map_err(|_| Refusal::bad_request(format!("Invalid object identifier '{id}'.")))
}

/// `GET /directoryObjects/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    let found = find(world, parsed(id)?).ok_or_else(|| Refusal::not_found(id))?;
    OBJECTS.single_object(request, &found)
}

/// `GET /servicePrincipals/{id}`: the application that calls.
pub fn get_service_principal(world: &World, request: &Request, id: &str) -> Answer {
    let found = find(world, parsed(id)?).filter(|item| item.entity.name == SERVICE_PRINCIPAL.name);
    SERVICE_PRINCIPALS.single(request, found.ok_or_else(|| Refusal::not_found(id))?.object)
}

/// A page of mixed objects.
pub fn list(request: &Request, items: Vec<Item>) -> Answer {
    OBJECTS.objects(request, items)
}

fn service_principal(caller: &Caller) -> Object {
    [
        ("id", json!(caller.id)),
        ("accountEnabled", json!(true)),
        ("displayName", json!(caller.display_name)),
        ("servicePrincipalType", json!("Application")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// `GET /users/{id}/memberOf`: the groups, and the directory roles that the user itself holds now.
pub fn member_of(world: &World, request: &Request, user: &CloudUser) -> Answer {
    let groups = world.entra.groups.iter().filter(|g| g.is_held_by(user.id, AccessId::Member, world.clock));
    let groups = groups.map(|g| Item { entity: &GROUP, object: group(g) });
    let holds = |definition: &&RoleDefinition| {
        let mut held = world.entra.active_roles(world.clock).filter(|role| role.principal_id == user.id);
        held.any(|role| role.is_directory_wide(definition.id.as_str()))
    };
    let roles = world.entra.role_definitions.iter().filter(holds).map(|definition| {
        let object = [
            ("id", json!(role_object_id(world, definition.id.as_str()))),
            ("displayName", json!(definition.display_name)),
            ("roleTemplateId", json!(definition.id)),
        ];
        let object = object.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Item { entity: &DIRECTORY_ROLE, object }
    });
    list(request, groups.chain(roles).collect())
}

/// The id of a directory role in this tenant: not its template's id, and the same in every run.
fn role_object_id(world: &World, template: &str) -> ObjectId {
    ObjectId(derived_uuid(&format!("{}/directoryRole/{template}", world.entra.tenant_id)))
}
