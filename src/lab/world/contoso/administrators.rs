//! Administrators who hold their role in another way than by a plain assignment: by eligibility, by activation, through
//! a group, for one administrative unit, or by a role of Contoso's own. Each has an AD account in the staging OU.

use super::company::{
    BERLIN, EXCHANGE_ADMINISTRATOR, HELPDESK_ADMINISTRATOR, TEAMS_ADMINISTRATOR, USER_ADMINISTRATOR, assignment,
    role_id,
};
use super::people::add;
use super::person::{in_ad, in_cloud};
use crate::lab::world::World;
use crate::lab::world::cloud::pim::no_schedule_id;
use crate::lab::world::cloud::policy::{Demand, EnablementRule, ExpirationRule, Period};
use crate::lab::world::cloud::{
    AppRoleAssignment, AssignedLicense, AssignmentType, CloudGroup, CloudRoleAssignment, ConditionalAccessPolicy,
    PolicyConditions, PolicyRule, PolicyScope, PolicyUsers, RoleDefinition, RoleManagementPolicy, RoleSchedule,
};
use crate::lab::world::derive;
use crate::model::id::{ObjectId, RoleDefinitionId};
use jiff::Timestamp;
use uuid::Uuid;

/// The group that roles can be assigned to.
const SUPPORT: &str = "Tier 1 Support";

/// Enterprise Mobility + Security E5 ("Product names and service plan identifiers for licensing").
const EMS_E5: Uuid = Uuid::from_u128(0xb05e_124f_c7cc_45a0_a6aa_8cf7_8c94_6968);

/// Contoso's own role.
const LICENCE_AUDITOR: &str = "Contoso Licence Auditor";

/// 1 March 2027, 00:00 UTC.
const SPRING: Timestamp = Timestamp::constant(1_803_859_200, 0);

/// 1 September 2026, 06:30 and 14:30 UTC: an activation of eight hours.
const ACTIVATED: [Timestamp; 2] = [Timestamp::constant(1_788_244_200, 0), Timestamp::constant(1_788_273_000, 0)];

/// Everybody and what they hold.
pub(super) fn join(world: &mut World) {
    let everybody = [
        ("eengel", "Elena", "Engel"),
        ("ggruber", "Gus", "Gruber"),
        ("ccurtis", "Cora", "Curtis"),
        ("ppohl", "Pavel", "Pohl"),
    ];
    add(world, everybody.map(|(sam, given, surname)| in_ad(sam, given, surname)));
    world.entra.users.extend(everybody.map(|(_, given, surname)| in_cloud(given, surname)));
    let [elena, gus, cora, pavel] =
        everybody.map(|(_, given, surname)| id_of(&format!("{given}.{surname}@contoso.com").to_lowercase()));

    let cloud = &mut world.entra;
    // Elena may activate Exchange Administrator until spring; Pavel has activated Teams Administrator this morning.
    cloud.role_eligibility_schedules.extend([
        RoleSchedule { end_date_time: Some(SPRING), ..schedule(elena, EXCHANGE_ADMINISTRATOR) },
        schedule(pavel, TEAMS_ADMINISTRATOR),
    ]);
    let [start, end] = ACTIVATED.map(Some);
    cloud.role_assignment_schedules.push(RoleSchedule {
        assignment_type: AssignmentType::Activated,
        start_date_time: start,
        end_date_time: end,
        ..schedule(pavel, TEAMS_ADMINISTRATOR)
    });
    cloud.role_management_policies.push(exchange_policy());

    // Gus supports everybody, through a group.
    let support = support_group(gus);
    cloud.role_assignments.push(assignment(derive::object_id("group", SUPPORT), HELPDESK_ADMINISTRATOR, None));
    cloud.conditional_access_policies.push(sparing(derive::object_id("group", SUPPORT)));
    cloud.groups.push(support);

    // Cora looks after Berlin's users, and audits licences by a role of Contoso's own.
    let auditor = RoleDefinitionId::from(derive::uuid("roleDefinition", LICENCE_AUDITOR).to_string().as_str());
    cloud.role_definitions.push(RoleDefinition {
        id: auditor.clone(),
        display_name: LICENCE_AUDITOR.to_owned(),
        is_built_in: false,
    });
    cloud.role_assignments.extend([
        assignment(cora, USER_ADMINISTRATOR, Some(BERLIN)),
        CloudRoleAssignment {
            id: derive::assignment_id(cora, &auditor, "/"),
            principal_id: cora,
            role_definition_id: auditor,
            directory_scope_id: Some("/".to_owned()),
            app_scope_id: None,
            condition: None,
        },
    ]);
}

fn id_of(upn: &str) -> ObjectId {
    derive::object_id("user", upn)
}

/// A role over the whole directory for ever.
fn schedule(principal_id: ObjectId, role: &str) -> RoleSchedule {
    RoleSchedule {
        id: no_schedule_id(),
        principal_id,
        role_definition_id: role_id(role),
        directory_scope_id: Some("/".to_owned()),
        app_scope_id: None,
        assignment_type: AssignmentType::Assigned,
        start_date_time: None,
        end_date_time: None,
    }
}

/// An eligibility for Exchange Administrator needs a reason and ends after a year at the latest.
fn exchange_policy() -> RoleManagementPolicy {
    let year = Period::try_from("P365D".to_owned()).unwrap_or_else(|why| unreachable!("{why}"));
    RoleManagementPolicy {
        rules: vec![
            PolicyRule::Expiration {
                id: ExpirationRule::Eligibility,
                is_expiration_required: true,
                maximum_duration: year,
            },
            PolicyRule::Enablement { id: EnablementRule::Eligibility, enabled_rules: vec![Demand::Justification] },
        ],
        ..RoleManagementPolicy::of(PolicyScope::DirectoryRole, "/", role_id(EXCHANGE_ADMINISTRATOR).as_str())
    }
}

/// A group that brings a role, a licence and an application.
fn support_group(member: ObjectId) -> CloudGroup {
    CloudGroup {
        is_assignable_to_role: true,
        members: vec![member],
        owners: vec![id_of("admin.adams@contoso.onmicrosoft.com")],
        assigned_licenses: vec![AssignedLicense { sku_id: EMS_E5, disabled_plans: Vec::new() }],
        app_role_assignments: vec![AppRoleAssignment {
            app_role_id: derive::uuid("appRole", "Contoso Ticketing agent"),
            resource_id: derive::object_id("servicePrincipal", "Contoso Ticketing"),
            resource_display_name: "Contoso Ticketing".to_owned(),
        }],
        ..CloudGroup::named(SUPPORT)
    }
}

/// A policy for everybody but this group.
fn sparing(group: ObjectId) -> ConditionalAccessPolicy {
    let name = "Block sign-in from outside the office";
    ConditionalAccessPolicy {
        id: derive::object_id("conditionalAccessPolicy", name),
        display_name: name.to_owned(),
        state: "enabled".to_owned(),
        conditions: PolicyConditions {
            users: PolicyUsers {
                include_users: vec!["All".to_owned()],
                exclude_groups: vec![group.to_string()],
                ..PolicyUsers::default()
            },
        },
    }
}
