//! `POST /identityGovernance/privilegedAccess/group/{eligibility,assignment}ScheduleRequests`.
//!
//! Source: Graph v1.0 "Create eligibilityScheduleRequest", "Create assignmentScheduleRequest" (PIM for Groups).

use super::groups::{PATH, Row, permanent_id, rows};
use super::policies::policy_of;
use super::table::{Table, already_exists, check_licence, does_not_exist};
use super::wish::{Action, Wish, required};
use crate::lab::graph::answer::{Answer, Refusal, Reply};
use crate::lab::graph::directory_object;
use crate::lab::graph::groups::position;
use crate::lab::graph::request::Request;
use crate::lab::graph::sensitive::{GROUPS_ADMINISTRATOR, check_role};
use crate::lab::world::World;
use crate::lab::world::cloud::{AccessId, AssignmentType, GroupSchedule, PolicyScope, ScheduleId, Term};
use crate::lab::world::derive;
use crate::lab::world::table::Row as Place;
use crate::model::id::AssignmentId;
use crate::model::role::{GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR};
use serde_json::json;

/// Answers a request.
///
/// # Errors
/// 400 `RoleAssignmentExists`, `RoleAssignmentDoesNotExist`, `RoleAssignmentRequestPolicyValidationFailed`; 403; 404.
pub fn create(world: &mut World, request: &Request, table: Table) -> Answer {
    check_licence(world)?;
    let (entity, path) = match table {
        Table::Eligibility => ("privilegedAccessGroupEligibilityScheduleRequest", "eligibilityScheduleRequests"),
        Table::Assignment => ("privilegedAccessGroupAssignmentScheduleRequest", "assignmentScheduleRequests"),
    };
    let wish = Wish::read(request, &["accessId", "groupId"], entity)?;
    let body = request.json_object()?;
    let access = match required(body, "accessId")? {
        "member" => AccessId::Member,
        "owner" => AccessId::Owner,
        other => return Err(Refusal::odata(format!("Invalid value '{other}' for property 'accessId'."))),
    };
    let at = position(&world.entra.groups, required(body, "groupId")?)?;
    check_caller(world, at)?;
    let (schedule, term) = match wish.action {
        Action::Assign => assign(world, &wish, at, access, table)?,
        Action::Remove => (revoke(world, &wish, at, access, table)?, None),
    };
    let id = derive::uuid("group scheduleRequest", &format!("{path}/{schedule}/{:?}/{}", wish.action, world.clock));
    let mut shown = wish.show(world, &id.to_string(), term);
    shown.insert("accessId".to_owned(), json!(access));
    shown.insert("groupId".to_owned(), json!(world.entra.groups[at].id));
    shown.insert("targetScheduleId".to_owned(), json!(schedule));
    shown.insert("@odata.context".to_owned(), format!("{}#{PATH}/{path}/$entity", request.metadata()).into());
    Ok(Reply::created(shown, format!("{}/{}/{PATH}/{path}/{id}", request.root, request.version.segment())))
}

/// An owner may; for a group that roles can be assigned to, a Privileged Role Administrator; for others, a Groups
/// Administrator.
fn check_caller(world: &World, at: Place) -> Result<(), Refusal> {
    let group = &world.entra.groups[at];
    if group.holders(AccessId::Owner, world.clock).contains(&world.entra.caller.id) {
        return Ok(());
    }
    let keeper = if group.is_assignable_to_role { PRIVILEGED_ROLE_ADMINISTRATOR } else { GROUPS_ADMINISTRATOR };
    check_role(world, &[GLOBAL_ADMINISTRATOR, keeper])
}

fn is_it(row: &Row, wish: &Wish, access: AccessId) -> bool {
    row.principal == wish.principal && row.access == access
}

fn assign(
    world: &mut World,
    wish: &Wish,
    at: Place,
    access: AccessId,
    table: Table,
) -> Result<(String, Option<Term>), Refusal> {
    if directory_object::find(world, wish.principal).is_none() {
        return Err(Refusal::not_found(&wish.principal.to_string()));
    }
    let group = &world.entra.groups[at];
    // An activation does not stand in the way of an assignment.
    let stands = |row: &Row| is_it(row, wish, access) && row.kind == AssignmentType::Assigned;
    if rows(world, group, table).iter().any(stands) {
        return Err(already_exists());
    }
    let policy = policy_of(world, PolicyScope::Group, &group.id.to_string(), access.as_str());
    let term = wish.term(world, &policy, table)?;
    let permanent = table == Table::Assignment && term.end.is_none() && term.holds(world.clock);
    let id =
        if permanent { permanent_id(group, access, wish.principal) } else { new_id(world, wish, at, access, table) };
    if wish.validation_only {
        return Ok((id, Some(term)));
    }
    let group = &mut world.entra.groups[at];
    if permanent {
        match access {
            AccessId::Member => group.members.push(wish.principal),
            AccessId::Owner => group.owners.push(wish.principal),
        }
        return Ok((id, Some(term)));
    }
    let schedules = match table {
        Table::Eligibility => &mut group.eligibility_schedules,
        Table::Assignment => &mut group.assignment_schedules,
    };
    schedules.push(GroupSchedule {
        id: ScheduleId(id.clone()),
        principal_id: wish.principal,
        access_id: access,
        assignment_type: AssignmentType::Assigned,
        start_date_time: term.start,
        end_date_time: term.end,
    });
    Ok((id, Some(term)))
}

/// A new id: the same in every run with the same story, and never one that was used before.
fn new_id(world: &World, wish: &Wish, at: Place, access: AccessId, table: Table) -> String {
    let group = &world.entra.groups[at];
    let is_used = |id: &str| {
        let live = group.eligibility_schedules.iter().chain(&group.assignment_schedules);
        live.map(|s| s.id.0.as_str()).any(|used| used == id)
            || world.entra.past_role_assignments.contains(&AssignmentId(id.to_owned()))
    };
    let mut time = 0_u32;
    loop {
        let own = derive::schedule_id("group schedule", &format!("{table:?}/{}/{}/{time}", group.id, wish.principal));
        let id = format!("{}_{}_{own}", group.id, access.as_str());
        if !is_used(&id) {
            return id;
        }
        time += 1;
    }
}

fn revoke(world: &mut World, wish: &Wish, at: Place, access: AccessId, table: Table) -> Result<String, Refusal> {
    let found = rows(world, &world.entra.groups[at], table).into_iter().find(|row| is_it(row, wish, access));
    let Row { id, .. } = found.ok_or_else(does_not_exist)?;
    if wish.validation_only {
        return Ok(id);
    }
    let group = &mut world.entra.groups[at];
    let permanent = permanent_id(group, access, wish.principal);
    match table {
        Table::Eligibility => group.eligibility_schedules.retain(|s| s.id.0 != id),
        Table::Assignment => {
            group.assignment_schedules.retain(|s| s.id.0 != id);
            let everybody = match access {
                AccessId::Member => &mut group.members,
                AccessId::Owner => &mut group.owners,
            };
            if id == permanent {
                everybody.retain(|held| *held != wish.principal);
            }
        }
    }
    world.entra.past_role_assignments.insert(AssignmentId(id.clone()));
    Ok(id)
}
