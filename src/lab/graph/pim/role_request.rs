//! `POST …/roleEligibilityScheduleRequests` and `…/roleAssignmentScheduleRequests`: `adminAssign` and `adminRemove`.
//!
//! Source: Graph v1.0 "Create roleEligibilityScheduleRequests", "Create roleAssignmentScheduleRequests".

use super::policies::policy_of;
use super::table::{Table, already_exists, check_licence, does_not_exist};
use super::wish::{Action, Wish, required, text};
use crate::lab::graph::answer::{Answer, Refusal, Reply};
use crate::lab::graph::request::Request;
use crate::lab::graph::role_assignment::{check_holder, check_removal, check_scope, new_id, remove};
use crate::lab::graph::roles;
use crate::lab::graph::sensitive::check_role;
use crate::lab::world::World;
use crate::lab::world::cloud::{
    ActiveRole, AssignmentType, CloudRoleAssignment, PolicyScope, RoleSchedule, ScheduleId, Term,
};
use crate::lab::world::derive;
use crate::model::id::{AssignmentId, RoleDefinitionId};
use crate::model::role::{GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR};
use serde_json::json;

/// What the request is about.
struct Target {
    role: RoleDefinitionId,
    directory_scope: Option<String>,
    app_scope: Option<String>,
}

impl Target {
    fn read(world: &World, request: &Request) -> Result<Self, Refusal> {
        let body = request.json_object()?;
        let role = required(body, "roleDefinitionId")?;
        let definition = roles::find(world, role)
            .ok_or_else(|| Refusal::bad_request(format!("The role definition '{role}' does not exist.")))?;
        let (directory_scope, app_scope) = (text(body, "directoryScopeId")?, text(body, "appScopeId")?);
        if directory_scope.is_some() == app_scope.is_some() {
            return Err(Refusal::bad_request("Exactly one of directoryScopeId and appScopeId must be specified."));
        }
        Ok(Self {
            role: definition.id.clone(),
            directory_scope: directory_scope.map(str::to_owned),
            app_scope: app_scope.map(str::to_owned),
        })
    }

    fn is_at(&self, directory_scope: Option<&str>, app_scope: Option<&str>) -> bool {
        let same = |one: Option<&str>, other: Option<&str>| one.map(str::to_lowercase) == other.map(str::to_lowercase);
        same(self.directory_scope.as_deref(), directory_scope) && same(self.app_scope.as_deref(), app_scope)
    }

    fn is_active(&self, role: &ActiveRole, wish: &Wish) -> bool {
        role.principal_id == wish.principal
            && *role.role_definition_id == self.role
            && self.is_at(role.directory_scope, role.app_scope_id)
    }

    fn is_schedule(&self, schedule: &RoleSchedule, wish: &Wish) -> bool {
        schedule.principal_id == wish.principal
            && schedule.role_definition_id == self.role
            && self.is_at(schedule.directory_scope(), schedule.app_scope_id.as_deref())
    }

    fn scope(&self) -> &str {
        self.directory_scope.as_deref().or(self.app_scope.as_deref()).unwrap_or_default()
    }
}

/// Answers a request.
///
/// # Errors
/// 400 `RoleAssignmentExists`, `RoleAssignmentDoesNotExist`, `RoleAssignmentRequestPolicyValidationFailed`; 403; 404.
pub fn create(world: &mut World, request: &Request, table: Table) -> Answer {
    check_licence(world)?;
    check_role(world, &[GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR])?;
    let (entity, path) = match table {
        Table::Eligibility => ("unifiedRoleEligibilityScheduleRequest", "roleEligibilityScheduleRequests"),
        Table::Assignment => ("unifiedRoleAssignmentScheduleRequest", "roleAssignmentScheduleRequests"),
    };
    let wish = Wish::read(request, &["roleDefinitionId", "directoryScopeId", "appScopeId"], entity)?;
    let target = Target::read(world, request)?;
    let (schedule, term) = match wish.action {
        Action::Assign => assign(world, &wish, &target, table)?,
        Action::Remove => (revoke(world, &wish, &target, table)?, None),
    };
    let about = format!("{path}/{}/{}/{}/{schedule}/{:?}", wish.principal, target.role, target.scope(), wish.action);
    let id = derive::uuid("scheduleRequest", &format!("{about}/{}", world.clock)).to_string();
    let mut shown = wish.show(world, &id, term);
    shown.insert("roleDefinitionId".to_owned(), json!(target.role));
    shown.insert("directoryScopeId".to_owned(), json!(target.directory_scope));
    shown.insert("appScopeId".to_owned(), json!(target.app_scope));
    shown.insert("targetScheduleId".to_owned(), json!(schedule));
    let path = format!("roleManagement/directory/{path}");
    shown.insert("@odata.context".to_owned(), format!("{}#{path}/$entity", request.metadata()).into());
    Ok(Reply::created(shown, format!("{}/{}/{path}/{id}", request.root, request.version.segment())))
}

fn assign(
    world: &mut World,
    wish: &Wish,
    target: &Target,
    table: Table,
) -> Result<(ScheduleId, Option<Term>), Refusal> {
    check_holder(world, wish.principal)?;
    if let Some(scope) = &target.directory_scope {
        check_scope(world, scope)?;
    }
    let (cloud, now) = (&world.entra, world.clock);
    // An activation does not stand in the way of an assignment.
    let exists = match table {
        Table::Eligibility => cloud.eligibilities(now).any(|s| target.is_schedule(s, wish)),
        Table::Assignment => cloud
            .scheduled_roles(now)
            .any(|r| target.is_active(&r, wish) && r.assignment_type() == AssignmentType::Assigned),
    };
    if exists {
        return Err(already_exists());
    }
    let policy = policy_of(world, PolicyScope::DirectoryRole, "/", target.role.as_str());
    let term = wish.term(world, &policy, table)?;
    Ok((add(world, wish, target, table, term), Some(term)))
}

/// Adds what was asked for, unless it was only to be validated; its id.
fn add(world: &mut World, wish: &Wish, target: &Target, table: Table, term: Term) -> ScheduleId {
    let schedule = RoleSchedule {
        id: new_schedule_id(world, wish, target, table),
        principal_id: wish.principal,
        role_definition_id: target.role.clone(),
        directory_scope_id: target.directory_scope.clone(),
        app_scope_id: target.app_scope.clone(),
        assignment_type: AssignmentType::Assigned,
        start_date_time: term.start,
        end_date_time: term.end,
    };
    let id = schedule.id.clone();
    if wish.validation_only {
        return id;
    }
    let now = world.clock;
    match table {
        Table::Eligibility => world.entra.role_eligibility_schedules.push(schedule),
        // Without a clock it is the directory's own, as if it had been assigned without PIM.
        Table::Assignment if term.end.is_none() && term.holds(now) => {
            let id = new_id(world, &target.role, wish.principal, target.scope());
            let shown = ScheduleId(id.to_string());
            world.entra.role_assignments.push(CloudRoleAssignment {
                id,
                principal_id: wish.principal,
                role_definition_id: target.role.clone(),
                directory_scope_id: target.directory_scope.clone(),
                app_scope_id: target.app_scope.clone(),
                condition: None,
            });
            return shown;
        }
        Table::Assignment => world.entra.role_assignment_schedules.push(schedule),
    }
    id
}

/// A new id: the same in every run with the same story, and never one that was used before.
fn new_schedule_id(world: &World, wish: &Wish, target: &Target, table: Table) -> ScheduleId {
    let cloud = &world.entra;
    let about = format!("{table:?}/{}/{}/{}", wish.principal, target.role, target.scope());
    let is_used = |id: &ScheduleId| {
        let live = cloud.role_assignment_schedules.iter().chain(&cloud.role_eligibility_schedules);
        live.map(|s| &s.id).any(|used| used == id) || cloud.past_role_assignments.contains(&AssignmentId(id.0.clone()))
    };
    let mut time = 0_u32;
    loop {
        let id = derive::schedule_id("schedule", &format!("{about}/{time}"));
        if !is_used(&id) {
            return id;
        }
        time += 1;
    }
}

fn revoke(world: &mut World, wish: &Wish, target: &Target, table: Table) -> Result<ScheduleId, Refusal> {
    let now = world.clock;
    match table {
        Table::Eligibility => {
            let mut all = world.entra.eligibilities(now);
            let id = all.find(|s| target.is_schedule(s, wish)).map(|s| s.id.clone()).ok_or_else(does_not_exist)?;
            drop(all);
            if !wish.validation_only {
                world.entra.role_eligibility_schedules.retain(|s| s.id != id);
                world.entra.past_role_assignments.insert(AssignmentId(id.0.clone()));
            }
            Ok(id)
        }
        Table::Assignment => {
            let found = world.entra.scheduled_roles(now).find(|role| target.is_active(role, wish));
            let found = found.ok_or_else(does_not_exist)?;
            check_removal(world, &found)?;
            let (id, schedule) = (found.id.clone(), found.schedule.map(|s| s.id.clone()));
            if !wish.validation_only {
                remove(world, &id, schedule.as_ref());
            }
            Ok(schedule.unwrap_or(ScheduleId(id.0)))
        }
    }
}
