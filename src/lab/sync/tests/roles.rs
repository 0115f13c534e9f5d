//! Every way to hold a role stands in the way of a match, hard and soft alike.

use super::fixture::{Small, jane, user};
use crate::lab::sync::report::{ErrorCode, Outcome};
use crate::lab::world::World;
use crate::lab::world::cloud::{
    AssignmentType, CloudGroup, CloudRoleAssignment, CloudUser, GroupSchedule, RoleDefinition, RoleSchedule, ScheduleId,
};
use crate::lab::world::derive;
use crate::model::id::ObjectId;
use jiff::Timestamp;

const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
const CUSTOM: &str = "00000000-1111-4222-8333-444444444444";

type Giving = fn(&mut World, ObjectId);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(id: ObjectId) -> RoleSchedule {
    RoleSchedule {
        id: ScheduleId(String::new()),
        principal_id: id,
        role_definition_id: HELPDESK.into(),
        directory_scope_id: None,
        app_scope_id: None,
        assignment_type: AssignmentType::Assigned,
        start_date_time: None,
        end_date_time: None,
    }
}

fn assignment(id: ObjectId, role: &str, scope: &str) -> CloudRoleAssignment {
    CloudRoleAssignment {
        id: String::new().into(),
        principal_id: id,
        role_definition_id: role.into(),
        directory_scope_id: Some(scope.to_owned()),
        app_scope_id: None,
        condition: None,
    }
}

fn group_id() -> ObjectId {
    derive::object_id("group", "Admins")
}

fn group(assignable: bool) -> CloudGroup {
    CloudGroup { is_assignable_to_role: assignable, ..CloudGroup::named("Admins") }
}

fn membership(id: ObjectId, kind: AssignmentType) -> GroupSchedule {
    let access_id = crate::lab::world::cloud::AccessId::Member;
    let id_of_it = ScheduleId(String::new());
    GroupSchedule {
        id: id_of_it,
        principal_id: id,
        access_id,
        assignment_type: kind,
        start_date_time: None,
        end_date_time: None,
    }
}

/// Every way that blocks.
fn holding() -> Vec<(&'static str, Giving)> {
    vec![
        ("active", |w, id| w.entra.role_assignments.push(assignment(id, HELPDESK, "/"))),
        ("for an administrative unit", |w, id| {
            let scope = "/administrativeUnits/00007003-0000-4000-8000-000000000000";
            w.entra.role_assignments.push(assignment(id, HELPDESK, scope));
        }),
        ("custom", |w, id| {
            let name = "Custom".to_owned();
            w.entra.role_definitions.push(RoleDefinition { id: CUSTOM.into(), display_name: name, is_built_in: false });
            w.entra.role_assignments.push(assignment(id, CUSTOM, "/"));
        }),
        ("eligible", |w, id| w.entra.role_eligibility_schedules.push(schedule(id))),
        ("for a time", |w, id| {
            let end_date_time = Some(at("2026-10-01T00:00:00Z"));
            w.entra.role_assignment_schedules.push(RoleSchedule { end_date_time, ..schedule(id) });
        }),
        ("activated", |w, id| {
            let end_date_time = Some(at("2026-09-01T16:00:00Z"));
            let assignment_type = AssignmentType::Activated;
            w.entra.role_assignment_schedules.push(RoleSchedule { assignment_type, end_date_time, ..schedule(id) });
        }),
        ("member of a group with a role", |w, id| {
            w.entra.groups.push(CloudGroup { members: vec![id], ..group(true) });
            w.entra.role_assignments.push(assignment(group_id(), HELPDESK, "/"));
        }),
        ("member of a group that is eligible", |w, id| {
            w.entra.groups.push(CloudGroup { members: vec![id], ..group(true) });
            w.entra.role_eligibility_schedules.push(schedule(group_id()));
        }),
        ("eligible member of a group with a role", |w, id| {
            let eligibility_schedules = vec![membership(id, AssignmentType::Assigned)];
            w.entra.groups.push(CloudGroup { eligibility_schedules, ..group(true) });
            w.entra.role_assignments.push(assignment(group_id(), HELPDESK, "/"));
        }),
        ("activated member of a group with a role", |w, id| {
            let assignment_schedules = vec![membership(id, AssignmentType::Activated)];
            w.entra.groups.push(CloudGroup { assignment_schedules, ..group(true) });
            w.entra.role_assignments.push(assignment(group_id(), HELPDESK, "/"));
        }),
    ]
}

/// Every way that looks like one and is none.
fn not_holding() -> Vec<(&'static str, Giving)> {
    vec![
        ("an end that has passed", |w, id| {
            let end_date_time = Some(at("2026-09-01T08:00:00Z"));
            w.entra.role_assignment_schedules.push(RoleSchedule { end_date_time, ..schedule(id) });
            w.entra.role_eligibility_schedules.push(RoleSchedule { end_date_time, ..schedule(id) });
        }),
        ("a start that is to come", |w, id| {
            let start_date_time = Some(at("2026-09-02T08:00:00Z"));
            w.entra.role_assignment_schedules.push(RoleSchedule { start_date_time, ..schedule(id) });
            w.entra.role_eligibility_schedules.push(RoleSchedule { start_date_time, ..schedule(id) });
        }),
        ("a role-assignable group without a role", |w, id| {
            w.entra.groups.push(CloudGroup { members: vec![id], ..group(true) });
        }),
        ("an owner", |w, id| {
            w.entra.groups.push(CloudGroup { owners: vec![id], ..group(true) });
            w.entra.role_assignments.push(assignment(group_id(), HELPDESK, "/"));
        }),
        ("somebody else's role", |w, _| w.entra.role_assignments.push(assignment(group_id(), HELPDESK, "/"))),
    ]
}

fn hard(giving: Giving) -> Small {
    let small = jane();
    let target = CloudUser { on_premises_immutable_id: Some(small.anchor()), ..user("j@x.com", &[]) };
    let id = target.id;
    small.with(target).having(|w| giving(w, id))
}

fn soft(giving: Giving) -> Small {
    let target = user("j@x.com", &["SMTP:jane@x.com"]);
    let id = target.id;
    jane().with(target).having(|w| giving(w, id))
}

/// Existing tenant, "Hard match security protections".
// rule: 3.6-role-groups, 3.6-role-group-eligible
#[test]
fn a_hard_match_meets_every_kind_of_role() {
    for (name, giving) in holding() {
        assert_eq!(hard(giving).outcome(), (Outcome::Failed, Some(ErrorCode::InvalidHardMatch)), "{name}");
    }
    for (name, giving) in not_holding() {
        assert_eq!(hard(giving).outcome(), (Outcome::HardMatched, None), "{name}");
    }
}

/// Existing tenant, "Considerations on soft matching user with Admin role".
#[test]
fn a_soft_match_meets_every_kind_of_role() {
    for (name, giving) in holding() {
        let expected = (Outcome::Provisioned, Some(ErrorCode::ExistingAdminRoleConflict));
        assert_eq!(soft(giving).outcome(), expected, "{name}");
    }
    for (name, giving) in not_holding() {
        assert_eq!(soft(giving).outcome(), (Outcome::SoftMatchedBySmtp, None), "{name}");
    }
}

/// Existing tenant, recovery table: a soft-deleted user with a role is not restored.
#[test]
fn a_restore_meets_every_kind_of_role() {
    for (name, giving) in holding() {
        let small = jane();
        let target = CloudUser { on_premises_immutable_id: Some(small.anchor()), ..user("j@x.com", &[]) };
        let id = target.id;
        let mut small = small.deleted(target).having(|w| giving(w, id));
        assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::InvalidHardMatch)), "{name}");
    }
}

/// Duplicate attributes: both forms of a UPN in quarantine, and what the duplicate says of it.
#[test]
fn the_duplicate_of_an_administrator_has_a_mangled_upn_in_either_form() {
    use crate::lab::world::sync::MangledUpn;
    for (form, plus) in [(MangledUpn::WithPlus, true), (MangledUpn::WithoutPlus, false)] {
        let target = user("jane@x.com", &["SMTP:jane@x.com"]);
        let mut small = jane().role_for(target.id).with(target).having(|w| w.sync.mangled_upn = form);
        let id = small.report().cloud.unwrap();
        let duplicate = small.cloud(id);
        let (name, domain) = duplicate.user_principal_name.split_once('@').unwrap();
        let digits = name.strip_prefix(if plus { "jane+" } else { "jane" }).unwrap();
        assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{name}");
        assert_eq!(domain, super::fixture::INITIAL);
        let errors: Vec<_> = duplicate.on_premises_provisioning_errors.iter().collect();
        let of: Vec<_> = errors.iter().map(|e| (e.property_causing_error.as_str(), e.value.as_str())).collect();
        assert_eq!(of, [("UserPrincipalName", "jane@x.com"), ("ProxyAddress", "SMTP:jane@x.com")]);
        assert!(errors.iter().all(|e| e.category == "PropertyConflict"));
    }
}
