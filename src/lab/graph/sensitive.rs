//! Who may act on whom: sensitive actions need a directory role that is at least as strong as the target's roles.
//!
//! Source: Microsoft Entra, "Privileged roles and permissions", "Who can perform sensitive actions"; Graph v1.0 "Update
//! user". A service principal with the permission may act on users without roles; for any other target it needs a role
//! of its own, as a person does.

use super::answer::Refusal;
use crate::lab::world::World;
use crate::lab::world::cloud::{AccessId, ActiveRole, CloudGroup};
use crate::model::id::{ObjectId, RoleDefinitionId};
use crate::model::role::{GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, USER_ADMINISTRATOR};

/// Hybrid Identity Administrator.
pub const HYBRID_IDENTITY_ADMINISTRATOR: &str = "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2";
/// Groups Administrator.
pub const GROUPS_ADMINISTRATOR: &str = "fdd7a751-b60b-444a-984c-02652fe8fa1c";
/// Directory Writers.
pub const DIRECTORY_WRITERS: &str = "9360feb5-f418-4baa-8175-e2a00bac4301";

/// Roles whose holders a User Administrator may still act on.
const WITHIN_USER_ADMINISTRATORS_REACH: [&str; 10] = [
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", // Directory Readers
    GROUPS_ADMINISTRATOR,
    "95e79109-95c0-4d8e-aee3-d01accf2d47b", // Guest Inviter
    "729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk Administrator
    "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", // Message Center Reader
    "966707d0-3269-4727-9be2-8c3a10f19b9d", // Password Administrator
    "4a5d8f65-41da-4de4-8968-e035b65339cf", // Reports Reader
    USER_ADMINISTRATOR,
    "27460883-1df1-4691-b032-3b79643e5e63", // User Experience Success Manager
    "75934031-6c7e-415a-99d7-48dbd49e875e", // Usage Summary Reports Reader
];

/// Whether changing this property of a user is a sensitive action.
pub fn is_sensitive(property: &str) -> bool {
    [
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "onPremisesImmutableId",
        "otherMails",
        "passwordProfile",
        "userPrincipalName",
    ]
    .contains(&property)
}

fn same_role(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The roles that a principal itself holds now, whatever their scope. An eligibility is no role yet.
fn roles_of(world: &World, principal: ObjectId) -> Vec<&str> {
    let active = world.entra.active_roles(world.clock);
    active.filter(|a| a.principal_id == principal).map(|a| a.role_definition_id.as_str()).collect()
}

/// Whether somebody is a member or an owner of a group that roles can be assigned to, whether it has one or not.
fn is_in_a_role_group(world: &World, principal: ObjectId) -> bool {
    let mut groups = world.entra.groups.iter().filter(|group| group.is_assignable_to_role);
    let is_in = |access, group: &CloudGroup| group.is_held_by(principal, access, world.clock);
    groups.any(|group| is_in(AccessId::Member, group) || is_in(AccessId::Owner, group))
}

/// The roles that a principal has now, itself or as a member of a group.
pub fn effective_roles(world: &World, principal: ObjectId) -> Vec<ActiveRole<'_>> {
    let through = |group: &&CloudGroup| group.is_held_by(principal, AccessId::Member, world.clock);
    let groups: Vec<ObjectId> = world.entra.groups.iter().filter(through).map(|group| group.id).collect();
    let active = world.entra.active_roles(world.clock);
    active.filter(|a| a.principal_id == principal || groups.contains(&a.principal_id)).collect()
}

/// Whether the caller holds one of these roles.
pub fn caller_has_role(world: &World, wanted: &[&str]) -> bool {
    let caller = &world.entra.caller;
    let is_wanted = |role: &RoleDefinitionId| wanted.iter().any(|w| same_role(role.as_str(), w));
    let through_the_world = || effective_roles(world, caller.id).iter().any(|a| is_wanted(a.role_definition_id));
    caller.roles.iter().any(is_wanted) || through_the_world()
}

/// Whether the caller may change a user; `sensitive` if one of the changes is on the list of sensitive actions.
///
/// # Errors
/// 403 `Authorization_RequestDenied`.
pub fn check_update(world: &World, target: ObjectId, sensitive: bool) -> Result<(), Refusal> {
    let app_only = world.entra.caller.app_only;
    if caller_has_role(world, &[GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR]) {
        return Ok(());
    }
    let user_administrator = caller_has_role(world, &[USER_ADMINISTRATOR]);
    let allowed = if sensitive {
        let theirs = roles_of(world, target);
        let ordinary = !is_in_a_role_group(world, target);
        let in_reach = theirs.iter().all(|role| WITHIN_USER_ADMINISTRATORS_REACH.iter().any(|r| same_role(role, r)));
        let unprivileged = app_only || caller_has_role(world, &[HYBRID_IDENTITY_ADMINISTRATOR]);
        ordinary && ((user_administrator && in_reach) || (unprivileged && theirs.is_empty()))
    } else {
        app_only || user_administrator || caller_has_role(world, &[DIRECTORY_WRITERS, HYBRID_IDENTITY_ADMINISTRATOR])
    };
    if allowed { Ok(()) } else { Err(Refusal::denied()) }
}

/// What a signed-in administrator needs besides the permission; a service principal's permission is enough.
///
/// # Errors
/// 403 `Authorization_RequestDenied`.
pub fn check_role(world: &World, wanted: &[&str]) -> Result<(), Refusal> {
    if world.entra.caller.app_only || caller_has_role(world, wanted) { Ok(()) } else { Err(Refusal::denied()) }
}
