//! `/groups`, `/contacts`, `/directory/administrativeUnits`: what else can hold an address or bound a role.

use super::answer::{Answer, Object, Refusal};
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, Level, Property, asked, shown};
use super::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::{AdministrativeUnit, CloudHolder};
use serde_json::json;

/// `group`.
pub static GROUP: EntityType = EntityType {
    name: "group",
    properties: GROUP_PROPERTIES,
    beta_properties: &[],
    order: &[("displayName", Level::Default), ("deletedDateTime", Level::Advanced)],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

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

const GROUPS: Resource = Resource { entity: &GROUP, context: "groups" };
const CONTACTS: Resource = Resource { entity: &CONTACT, context: "contacts" };
const UNITS: Resource = Resource { entity: &ADMINISTRATIVE_UNIT, context: "directory/administrativeUnits" };

/// Columns: `eq ne not ge le in startsWith null endsWith`.
const GROUP_PROPERTIES: &[Property] = &[
    shown("id", Kind::Text, "DAA--D---"),
    shown("deletedDateTime", Kind::Date, "---------"),
    asked("accessType", Kind::Object, "---------"),
    asked("allowExternalSenders", Kind::Bool, "---------"),
    asked("assignedLabels", Kind::Objects, "---------"),
    asked("assignedLicenses", Kind::Objects, "---------"),
    asked("autoSubscribeNewMembers", Kind::Bool, "---------"),
    shown("classification", Kind::Text, "AAAAA-A--"),
    shown("createdDateTime", Kind::Date, "---------"),
    shown("description", Kind::Text, "AAAAA-A--"),
    shown("displayName", Kind::Text, "DAAAADDA-"),
    shown("expirationDateTime", Kind::Date, "AAAAAA---"),
    shown("groupTypes", Kind::Texts, "AAA------"),
    asked("hasMembersWithLicenseErrors", Kind::Bool, "A-A------"),
    asked("hideFromAddressLists", Kind::Bool, "---------"),
    asked("hideFromOutlookClients", Kind::Bool, "---------"),
    asked("infoCatalogs", Kind::Texts, "---------"),
    asked("isArchived", Kind::Bool, "---------"),
    shown("isAssignableToRole", Kind::Bool, "AAA------"),
    asked("isFavorite", Kind::Bool, "---------"),
    asked("isManagementRestricted", Kind::Bool, "---------"),
    asked("isSubscribedByMail", Kind::Bool, "---------"),
    asked("licenseProcessingState", Kind::Object, "---------"),
    shown("mail", Kind::Text, "DAADDDDAA"),
    shown("mailEnabled", Kind::Bool, "AAA------"),
    shown("mailNickname", Kind::Text, "DAADDDDA-"),
    shown("membershipRule", Kind::Text, "AAAAA-A--"),
    shown("membershipRuleProcessingState", Kind::Text, "AAA--A---"),
    shown("onPremisesDomainName", Kind::Text, "---------"),
    asked("onPremisesExtensionAttributes", Kind::Object, "---------"),
    shown("onPremisesLastSyncDateTime", Kind::Date, "AAAAAA---"),
    shown("onPremisesNetBiosName", Kind::Text, "---------"),
    shown("onPremisesProvisioningErrors", Kind::Objects, "---------"),
    shown("onPremisesSamAccountName", Kind::Text, "AAAAAAA--"),
    shown("onPremisesSecurityIdentifier", Kind::Text, "DAA--D-A-"),
    shown("onPremisesSyncEnabled", Kind::Bool, "DAAAAD-D-"),
    asked("organizationId", Kind::Text, "---------"),
    shown("preferredDataLocation", Kind::Text, "---------"),
    shown("preferredLanguage", Kind::Text, "AAAAAAAA-"),
    shown("proxyAddresses", Kind::Texts, "DAADD-DAA"),
    shown("renewedDateTime", Kind::Date, "AAAAAA---"),
    shown("resourceBehaviorOptions", Kind::Texts, "---------"),
    shown("resourceProvisioningOptions", Kind::Texts, "AAA---A--"),
    shown("securityEnabled", Kind::Bool, "AAA--A---"),
    shown("securityIdentifier", Kind::Text, "---------"),
    shown("serviceProvisioningErrors", Kind::Objects, "---------"),
    shown("theme", Kind::Text, "---------"),
    shown("uniqueName", Kind::Text, "---------"),
    asked("unseenConversationsCount", Kind::Int, "---------"),
    asked("unseenCount", Kind::Int, "---------"),
    asked("unseenMessagesCount", Kind::Int, "---------"),
    shown("visibility", Kind::Text, "---------"),
    asked("welcomeMessageEnabled", Kind::Bool, "---------"),
];

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

/// The members that groups and contacts share.
fn shared(holder: &CloudHolder) -> Object {
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

/// A group as Graph shows it. A world's group with a mail address is a distribution list, one without a security group.
pub fn group(holder: &CloudHolder) -> Object {
    let mut object = shared(holder);
    object.insert("mailEnabled".to_owned(), holder.mail.is_some().into());
    object.insert("securityEnabled".to_owned(), holder.mail.is_none().into());
    object
}

/// A contact as Graph shows it.
pub fn contact(holder: &CloudHolder) -> Object {
    shared(holder)
}

fn unit(unit: &AdministrativeUnit) -> Object {
    let AdministrativeUnit { id, display_name } = unit;
    [("id".to_owned(), json!(id)), ("displayName".to_owned(), json!(display_name))].into_iter().collect()
}

fn find<'a>(holders: &'a [CloudHolder], id: &str) -> Result<&'a CloudHolder, Refusal> {
    holders.iter().find(|h| h.id.to_string().eq_ignore_ascii_case(id)).ok_or_else(|| Refusal::not_found(id))
}

/// `GET /groups`.
pub fn list_groups(world: &World, request: &Request) -> Answer {
    GROUPS.list(request, &world.entra.groups, |g| group(g), |g| g.id.to_string())
}

/// `GET /groups/$count`.
pub fn count_groups(world: &World, request: &Request) -> Answer {
    GROUPS.count(request, &world.entra.groups, |g| group(g))
}

/// `GET /groups/{id}`.
pub fn get_group(world: &World, request: &Request, id: &str) -> Answer {
    GROUPS.single(request, group(find(&world.entra.groups, id)?))
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
