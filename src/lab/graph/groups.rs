//! `/groups`: groups, who is in them, and what being in them brings.
//!
//! Sources: Graph v1.0 "List group members", "Add members", "Remove member", "List appRoleAssignments granted to a group";
//! "Use Microsoft Entra groups to manage role assignments" for groups that roles can be assigned to.

use super::answer::{Answer, Object, Refusal, Reply};
use super::directory_object;
use super::odata::collection::{Item, Resource};
use super::odata::entity::{EntityType, Kind, Level, Property, asked, shown};
use super::permission;
use super::request::Request;
use super::sensitive::{DIRECTORY_WRITERS, GROUPS_ADMINISTRATOR, check_role};
use crate::lab::world::World;
use crate::lab::world::cloud::{AccessId, AppRoleAssignment, AssignmentType, CloudGroup};
use crate::lab::world::derive;
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::{Row, Table};
use crate::model::id::ObjectId;
use crate::model::role::{GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, USER_ADMINISTRATOR};
use serde_json::{Value, json};

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
    shown("isAssignableToRole", Kind::Bool, "DAA------"),
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

/// `appRoleAssignment`.
static APP_ROLE_ASSIGNMENT: EntityType = EntityType {
    name: "appRoleAssignment",
    properties: &[
        shown("id", Kind::Text, ""),
        shown("deletedDateTime", Kind::Date, ""),
        shown("appRoleId", Kind::Text, ""),
        shown("createdDateTime", Kind::Date, ""),
        shown("principalDisplayName", Kind::Text, "D-----D--"),
        shown("principalId", Kind::Text, ""),
        shown("principalType", Kind::Text, ""),
        shown("resourceDisplayName", Kind::Text, "D-----D--"),
        shown("resourceId", Kind::Text, "D--------"),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: true,
    is_directory_object: false,
    page: Some(100),
};

const GROUPS: Resource = Resource { entity: &GROUP, context: "groups" };
const APP_ROLES: Resource = Resource { entity: &APP_ROLE_ASSIGNMENT, context: "appRoleAssignments" };

/// Roles that let a person change who is in a group that no role can be assigned to.
const KEEPERS: [&str; 4] = [GLOBAL_ADMINISTRATOR, GROUPS_ADMINISTRATOR, USER_ADMINISTRATOR, DIRECTORY_WRITERS];

/// Roles that let a person change who is in a group that roles can be assigned to.
const ROLE_KEEPERS: [&str; 2] = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR];

/// A group as Graph shows it. A world's group with a mail address is a distribution list, one without a security group.
pub fn group(group: &CloudGroup) -> Object {
    let CloudGroup {
        id,
        display_name,
        mail,
        proxy_addresses,
        on_premises_sync_enabled,
        group_types,
        is_assignable_to_role,
        members: _,
        owners: _,
        assignment_schedules: _,
        eligibility_schedules: _,
        assigned_licenses,
        app_role_assignments: _,
    } = group;
    [
        ("id", json!(id)),
        ("displayName", json!(display_name)),
        ("mail", json!(mail)),
        ("mailEnabled", json!(mail.is_some())),
        ("securityEnabled", json!(mail.is_none() || *is_assignable_to_role)),
        ("proxyAddresses", json!(proxy_addresses)),
        ("onPremisesSyncEnabled", json!(on_premises_sync_enabled)),
        ("groupTypes", json!(group_types)),
        // Graph shows null, not false, where no role can be assigned.
        ("isAssignableToRole", json!(is_assignable_to_role.then_some(true))),
        ("assignedLicenses", json!(assigned_licenses)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Where the group with this id is.
///
/// # Errors
/// 404.
pub fn position(groups: &Table<CloudGroup>, id: &str) -> Result<Row, Refusal> {
    let found = groups.find(CloudKey::Id, &id.to_ascii_lowercase());
    found.map(|(row, _)| row).ok_or_else(|| Refusal::not_found(id))
}

fn find<'a>(world: &'a World, id: &str) -> Result<&'a CloudGroup, Refusal> {
    position(&world.entra.groups, id).map(|at| &world.entra.groups[at])
}

/// `GET /groups`.
pub fn list(world: &World, request: &Request) -> Answer {
    GROUPS.list(request, &world.entra.groups, |g| group(g), |g| g.id.to_string())
}

/// `GET /groups/$count`.
pub fn count(world: &World, request: &Request) -> Answer {
    GROUPS.count(request, &world.entra.groups, |g| group(g))
}

/// `GET /groups/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    GROUPS.single(request, group(find(world, id)?))
}

/// `GET /groups/{id}/members` and `GET /groups/{id}/owners`: those who are there now, in whatever way.
pub fn list_holders(world: &World, request: &Request, id: &str, access: AccessId) -> Answer {
    let holders = find(world, id)?.holders(access, world.clock);
    let items: Vec<Item> = holders.iter().filter_map(|id| directory_object::find(world, *id)).collect();
    directory_object::list(request, items)
}

/// `GET /groups/{id}/appRoleAssignments`.
pub fn list_app_roles(world: &World, request: &Request, id: &str) -> Answer {
    let group = find(world, id)?;
    let name = |a: &AppRoleAssignment| {
        derive::uuid("appRoleAssignment", &format!("{} {} {}", group.id, a.resource_id, a.app_role_id)).to_string()
    };
    let view = |a: &&AppRoleAssignment| {
        [
            ("id", json!(name(a))),
            ("appRoleId", json!(a.app_role_id)),
            ("principalDisplayName", json!(group.display_name)),
            ("principalId", json!(group.id)),
            ("principalType", json!("Group")),
            ("resourceDisplayName", json!(a.resource_display_name)),
            ("resourceId", json!(a.resource_id)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    };
    APP_ROLES.list(request, &group.app_role_assignments, view, |a| name(a))
}

/// Whether the caller may change who is in this group.
///
/// # Errors
/// 403; or 400 for a group whose members AD or a rule decides on.
fn check_change(world: &World, group: &CloudGroup) -> Result<(), Refusal> {
    let caller = &world.entra.caller;
    let roles: &[&str] = if group.is_assignable_to_role { &ROLE_KEEPERS } else { &KEEPERS };
    if group.is_assignable_to_role && !permission::has(caller, &["RoleManagement.ReadWrite.Directory"]) {
        return Err(Refusal::denied());
    }
    if !group.is_held_by(caller.id, AccessId::Owner, world.clock) {
        check_role(world, roles)?;
    }
    if group.on_premises_sync_enabled == Some(true) {
        return Err(Refusal::bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
             currently undergoing migration.",
        ));
    }
    if group.group_types.iter().any(|kind| kind == "DynamicMembership") {
        return Err(Refusal::bad_request(
            "Insufficient privileges to complete the operation: the members of a dynamic group are decided by its rule.",
        ));
    }
    Ok(())
}

/// `POST /groups/{id}/members/$ref`.
///
/// # Errors
/// 400 for a member that is there already, 403, 404.
pub fn add_member(world: &mut World, request: &Request, id: &str) -> Answer {
    let at = position(&world.entra.groups, id)?;
    check_change(world, &world.entra.groups[at])?;
    let member = referenced(request)?;
    let item = directory_object::find(world, member).ok_or_else(|| Refusal::not_found(&member.to_string()))?;
    if world.entra.groups[at].is_assignable_to_role && item.entity.name == "group" {
        return Err(Refusal::bad_request("A group cannot be a member of a group that roles can be assigned to."));
    }
    let group = &mut world.entra.groups[at];
    if group.is_held_by(member, AccessId::Member, world.clock) {
        return Err(Refusal::bad_request(
            "One or more added object references already exist for the following modified properties: 'members'.",
        ));
    }
    group.members.push(member);
    Ok(Reply::no_content())
}

/// The object that a reference's body names: `{"@odata.id": "https://…/directoryObjects/{id}"}`.
fn referenced(request: &Request) -> Result<ObjectId, Refusal> {
    let link = request.json_object()?.get("@odata.id").and_then(Value::as_str);
    let link = link.ok_or_else(|| Refusal::odata("A reference needs the property '@odata.id'."))?;
    let last = link.trim_end_matches([')', '/']).rsplit(['/', '(']).next().unwrap_or_default().trim_matches('\'');
    last.parse().map_err(|_| Refusal::bad_request(format!("Invalid URL format specified in @odata.id: '{link}'.")))
}

/// `DELETE /groups/{id}/members/{id}/$ref`. An activated or time-bound membership ends with it.
pub fn remove_member(world: &mut World, id: &str, member: &str) -> Answer {
    let at = position(&world.entra.groups, id)?;
    check_change(world, &world.entra.groups[at])?;
    let now = world.clock;
    let group = &mut world.entra.groups[at];
    let is_it = |id: &ObjectId| id.to_string().eq_ignore_ascii_case(member);
    if !group.holders(AccessId::Member, now).iter().any(is_it) {
        return Err(Refusal::not_found(member));
    }
    group.members.retain(|id| !is_it(id));
    group.assignment_schedules.retain(|s| {
        s.access_id != AccessId::Member
            || !is_it(&s.principal_id)
            || !s.term().holds(now) && s.assignment_type == AssignmentType::Assigned
    });
    Ok(Reply::no_content())
}
