//! `/contacts`, `/directory/administrativeUnits`: what else can hold an address, and what can bound a role.

use super::answer::{Answer, Object, Refusal, Reply};
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, Level, Property, shown};
use super::request::Request;
use super::sensitive::check_role;
use crate::lab::world::World;
use crate::lab::world::cloud::{AdministrativeUnit, CloudHolder};
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::Table;
use crate::model::role::{GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR};
use serde_json::json;

/// `orgContact`.
pub static CONTACT: EntityType = EntityType {
    name: "orgContact",
    properties: CONTACT_PROPERTIES,
    beta_properties: &[],
    order: &[("displayName", Level::Advanced)],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

/// `administrativeUnit`.
pub static ADMINISTRATIVE_UNIT: EntityType = EntityType {
    name: "administrativeUnit",
    properties: &[
        shown("id", Kind::Text, "DAA--D---"),
        shown("deletedDateTime", Kind::Date, "---------"),
        shown("displayName", Kind::Text, "DAAAADDA-"),
        shown("description", Kind::Text, "AAAAAAAA-"),
        shown("isMemberManagementRestricted", Kind::Bool, "---------"),
        shown("membershipRule", Kind::Text, "---------"),
        shown("membershipRuleProcessingState", Kind::Text, "---------"),
        shown("membershipType", Kind::Text, "---------"),
        shown("visibility", Kind::Text, "---------"),
    ],
    beta_properties: &[],
    order: &[("displayName", Level::Advanced)],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

const CONTACTS: Resource = Resource { entity: &CONTACT, context: "contacts" };
const UNITS: Resource = Resource { entity: &ADMINISTRATIVE_UNIT, context: "directory/administrativeUnits" };

/// Columns: `eq ne not ge le in startsWith null endsWith`.
const CONTACT_PROPERTIES: &[Property] = &[
    shown("id", Kind::Text, "---------"),
    shown("deletedDateTime", Kind::Date, "---------"),
    shown("addresses", Kind::Objects, "---------"),
    shown("companyName", Kind::Text, "AAAAAAAA-"),
    shown("department", Kind::Text, "DAADDDDA-"),
    shown("displayName", Kind::Text, "DAAAADDA-"),
    shown("givenName", Kind::Text, "DAADDDDA-"),
    shown("jobTitle", Kind::Text, "DAADDDAA-"),
    shown("mail", Kind::Text, "DAADDDDAA"),
    shown("mailNickname", Kind::Text, "DAADDDDA-"),
    shown("onPremisesLastSyncDateTime", Kind::Date, "AAAAAA---"),
    shown("onPremisesProvisioningErrors", Kind::Objects, "---------"),
    shown("onPremisesSyncEnabled", Kind::Bool, "DAAAAD-D-"),
    shown("phones", Kind::Objects, "---------"),
    shown("proxyAddresses", Kind::Texts, "DAADD-DAA"),
    shown("serviceProvisioningErrors", Kind::Objects, "---------"),
    shown("surname", Kind::Text, "DAADDDDA-"),
];

/// A contact as Graph shows it.
pub fn contact(holder: &CloudHolder) -> Object {
    let CloudHolder { id, display_name, mail, proxy_addresses, on_premises_sync_enabled } = holder;
    [
        ("id", json!(id)),
        ("displayName", json!(display_name)),
        ("mail", json!(mail)),
        ("proxyAddresses", json!(proxy_addresses)),
        ("onPremisesSyncEnabled", json!(on_premises_sync_enabled)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// An administrative unit as Graph shows it.
pub fn unit(unit: &AdministrativeUnit) -> Object {
    let AdministrativeUnit { id, display_name } = unit;
    [("id".to_owned(), json!(id)), ("displayName".to_owned(), json!(display_name))].into_iter().collect()
}

fn find<'a>(holders: &'a Table<CloudHolder>, id: &str) -> Result<&'a CloudHolder, Refusal> {
    let found = holders.find(CloudKey::Id, &id.to_ascii_lowercase());
    found.map(|(_, holder)| holder).ok_or_else(|| Refusal::not_found(id))
}

/// `GET /contacts`.
pub fn list_contacts(world: &World, request: &Request) -> Answer {
    CONTACTS.list(request, &world.entra.contacts, |c| contact(c), |c| c.id.to_string())
}

/// `GET /contacts/$count`.
pub fn count_contacts(world: &World, request: &Request) -> Answer {
    CONTACTS.count(request, &world.entra.contacts, |c| contact(c))
}

/// `GET /contacts/{id}`.
pub fn get_contact(world: &World, request: &Request, id: &str) -> Answer {
    CONTACTS.single(request, contact(find(&world.entra.contacts, id)?))
}

/// `GET /directory/administrativeUnits`.
pub fn list_units(world: &World, request: &Request) -> Answer {
    UNITS.list(request, &world.entra.administrative_units, |u| unit(u), |u| u.id.to_string())
}

/// `GET /directory/administrativeUnits/{id}`.
pub fn get_unit(world: &World, request: &Request, id: &str) -> Answer {
    let found = world.entra.administrative_units.iter().find(|u| u.id.to_string().eq_ignore_ascii_case(id));
    UNITS.single(request, unit(found.ok_or_else(|| Refusal::not_found(id))?))
}

/// `DELETE /directory/administrativeUnits/{id}`: roles that were given for it go with it.
pub fn delete_unit(world: &mut World, id: &str) -> Answer {
    check_role(world, &[GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR])?;
    let units = &mut world.entra.administrative_units;
    let at =
        units.iter().position(|u| u.id.to_string().eq_ignore_ascii_case(id)).ok_or_else(|| Refusal::not_found(id))?;
    let gone = units.remove(at);
    let scope = format!("/administrativeUnits/{}", gone.id);
    let elsewhere = |held: Option<&str>| held.is_none_or(|held| !held.eq_ignore_ascii_case(&scope));
    let cloud = &mut world.entra;
    cloud.role_assignments.retain(|a| elsewhere(a.directory_scope()));
    cloud.role_assignment_schedules.retain(|s| elsewhere(s.directory_scope()));
    cloud.role_eligibility_schedules.retain(|s| elsewhere(s.directory_scope()));
    Ok(Reply::no_content())
}
