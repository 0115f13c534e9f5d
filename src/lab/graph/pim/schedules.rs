//! `roleEligibilitySchedules`, `roleAssignmentSchedules` and their instances.
//!
//! A schedule also shows what begins later; an instance is what holds now. What has ended is in neither. Source: Graph
//! v1.0 "unifiedRoleAssignmentSchedule", "unifiedRoleAssignmentScheduleInstance" and their twins for eligibilities.

use super::table::{Table, check_licence, schedule_info};
use crate::lab::graph::answer::{Answer, Object, Refusal};
use crate::lab::graph::odata::collection::{Resource, embedded};
use crate::lab::graph::odata::entity::{EntityType, Kind, shown};
use crate::lab::graph::request::Request;
use crate::lab::graph::role_assignment::principal;
use crate::lab::graph::roles::{self, ROLE_DEFINITION};
use crate::lab::world::World;
use crate::lab::world::cloud::{ActiveRole, AssignmentType, RoleSchedule, Term};
use crate::lab::world::derive;
use crate::model::id::ObjectId;
use serde_json::{Value, json};

const EXPAND: &[&str] = &["principal", "roleDefinition", "directoryScope", "activatedUsing"];

const fn entity(name: &'static str, properties: &'static [crate::lab::graph::odata::entity::Property]) -> EntityType {
    EntityType {
        name,
        properties,
        beta_properties: &[],
        order: &[],
        expand: EXPAND,
        has_filter: true,
        is_directory_object: false,
        page: Some(100),
    }
}

static ELIGIBILITY_SCHEDULE: EntityType = entity(
    "unifiedRoleEligibilitySchedule",
    &[
        shown("id", Kind::Text, "DD---D---"),
        shown("appScopeId", Kind::Text, "DD---D-D-"),
        shown("createdDateTime", Kind::Date, ""),
        shown("createdUsing", Kind::Text, "DD-----D-"),
        shown("directoryScopeId", Kind::Text, "DD---D-D-"),
        shown("memberType", Kind::Text, "DD-------"),
        shown("modifiedDateTime", Kind::Date, ""),
        shown("principalId", Kind::Text, "DD---D---"),
        shown("roleDefinitionId", Kind::Text, "DD---D---"),
        shown("scheduleInfo", Kind::Object, ""),
        shown("status", Kind::Text, "DD-------"),
    ],
);

static ASSIGNMENT_SCHEDULE: EntityType = entity(
    "unifiedRoleAssignmentSchedule",
    &[
        shown("id", Kind::Text, "DD---D---"),
        shown("appScopeId", Kind::Text, "DD---D-D-"),
        shown("assignmentType", Kind::Text, "DD-------"),
        shown("createdDateTime", Kind::Date, ""),
        shown("createdUsing", Kind::Text, "DD-----D-"),
        shown("directoryScopeId", Kind::Text, "DD---D-D-"),
        shown("memberType", Kind::Text, "DD-------"),
        shown("modifiedDateTime", Kind::Date, ""),
        shown("principalId", Kind::Text, "DD---D---"),
        shown("roleDefinitionId", Kind::Text, "DD---D---"),
        shown("scheduleInfo", Kind::Object, ""),
        shown("status", Kind::Text, "DD-------"),
    ],
);

static ELIGIBILITY_INSTANCE: EntityType = entity(
    "unifiedRoleEligibilityScheduleInstance",
    &[
        shown("id", Kind::Text, "DD---D---"),
        shown("appScopeId", Kind::Text, "DD---D-D-"),
        shown("directoryScopeId", Kind::Text, "DD---D-D-"),
        shown("endDateTime", Kind::Date, ""),
        shown("memberType", Kind::Text, "DD-------"),
        shown("principalId", Kind::Text, "DD---D---"),
        shown("roleDefinitionId", Kind::Text, "DD---D---"),
        shown("roleEligibilityScheduleId", Kind::Text, "DD---D---"),
        shown("startDateTime", Kind::Date, ""),
    ],
);

static ASSIGNMENT_INSTANCE: EntityType = entity(
    "unifiedRoleAssignmentScheduleInstance",
    &[
        shown("id", Kind::Text, "DD---D---"),
        shown("appScopeId", Kind::Text, "DD---D-D-"),
        shown("assignmentType", Kind::Text, "DD-------"),
        shown("directoryScopeId", Kind::Text, "DD---D-D-"),
        shown("endDateTime", Kind::Date, ""),
        shown("memberType", Kind::Text, "DD-------"),
        shown("principalId", Kind::Text, "DD---D---"),
        shown("roleAssignmentOriginId", Kind::Text, "DD---D---"),
        shown("roleAssignmentScheduleId", Kind::Text, "DD---D---"),
        shown("roleDefinitionId", Kind::Text, "DD---D---"),
        shown("startDateTime", Kind::Date, ""),
    ],
);

/// Whether the schedule or what it has come to is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The schedule.
    Schedule,
    /// Its instance.
    Instance,
}

const fn resource(table: Table, view: View) -> Resource {
    let (entity, context) = match (table, view) {
        (Table::Eligibility, View::Schedule) => {
            (&ELIGIBILITY_SCHEDULE, "roleManagement/directory/roleEligibilitySchedules")
        }
        (Table::Eligibility, View::Instance) => {
            (&ELIGIBILITY_INSTANCE, "roleManagement/directory/roleEligibilityScheduleInstances")
        }
        (Table::Assignment, View::Schedule) => {
            (&ASSIGNMENT_SCHEDULE, "roleManagement/directory/roleAssignmentSchedules")
        }
        (Table::Assignment, View::Instance) => {
            (&ASSIGNMENT_INSTANCE, "roleManagement/directory/roleAssignmentScheduleInstances")
        }
    };
    Resource { entity, context }
}

/// What all four show.
struct Row<'a> {
    schedule: String,
    instance: String,
    principal: ObjectId,
    role: &'a str,
    directory_scope: Option<&'a str>,
    app_scope: Option<&'a str>,
    kind: AssignmentType,
    term: Term,
}

impl<'a> Row<'a> {
    fn active(role: &ActiveRole<'a>) -> Self {
        Self {
            // What was assigned without PIM has one id for both.
            schedule: role.schedule.map_or_else(|| role.id.to_string(), |schedule| schedule.id.to_string()),
            principal: role.principal_id,
            role: role.role_definition_id.as_str(),
            directory_scope: role.directory_scope,
            app_scope: role.app_scope_id,
            kind: role.assignment_type(),
            term: role.term(),
            instance: role.id.to_string(),
        }
    }

    fn eligible(schedule: &'a RoleSchedule) -> Self {
        Self {
            schedule: schedule.id.to_string(),
            instance: derive::scheduled_assignment_id(&schedule.role_definition_id, &schedule.id).to_string(),
            principal: schedule.principal_id,
            role: schedule.role_definition_id.as_str(),
            directory_scope: schedule.directory_scope(),
            app_scope: schedule.app_scope_id.as_deref(),
            kind: schedule.assignment_type,
            term: schedule.term(),
        }
    }

    fn id(&self, view: View) -> &str {
        match view {
            View::Schedule => &self.schedule,
            View::Instance => &self.instance,
        }
    }

    fn show(&self, world: &World, view: View) -> Object {
        let definition = roles::find(world, self.role).map(|d| embedded(&ROLE_DEFINITION, roles::view(d)));
        [
            ("id", json!(self.id(view))),
            ("appScopeId", json!(self.app_scope)),
            ("assignmentType", json!(self.kind)),
            ("directoryScopeId", json!(self.directory_scope)),
            ("memberType", json!("Direct")),
            ("principalId", json!(self.principal)),
            ("roleDefinitionId", json!(self.role)),
            // Of a schedule.
            ("createdDateTime", json!(self.term.start)),
            ("scheduleInfo", schedule_info(self.term)),
            ("status", json!("Provisioned")),
            // Of an instance.
            ("startDateTime", json!(self.term.start)),
            ("endDateTime", json!(self.term.end)),
            ("roleAssignmentOriginId", json!(self.instance)),
            ("roleAssignmentScheduleId", json!(self.schedule)),
            ("roleEligibilityScheduleId", json!(self.schedule)),
            // For `$expand`.
            ("roleDefinition", json!(definition)),
            ("principal", principal(world, self.principal).unwrap_or(Value::Null)),
            ("directoryScope", Value::Null),
            ("activatedUsing", Value::Null),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

fn rows(world: &World, table: Table, view: View) -> Vec<Row<'_>> {
    let (cloud, now) = (&world.entra, world.clock);
    let mut rows: Vec<Row> = match table {
        Table::Assignment => cloud.scheduled_roles(now).map(|role| Row::active(&role)).collect(),
        Table::Eligibility => cloud.eligibilities(now).map(Row::eligible).collect(),
    };
    rows.retain(|row| view == View::Schedule || row.term.holds(now));
    rows
}

/// `GET …/role{Eligibility,Assignment}Schedules` and `…ScheduleInstances`.
pub fn list(world: &World, request: &Request, table: Table, view: View) -> Answer {
    check_licence(world)?;
    let id = |row: &Row| row.id(view).to_owned();
    resource(table, view).list(request, rows(world, table, view), |row| row.show(world, view), id)
}

/// One of them, by id.
pub fn get(world: &World, request: &Request, table: Table, view: View, id: &str) -> Answer {
    check_licence(world)?;
    let found = rows(world, table, view).into_iter().find(|row| row.id(view) == id);
    resource(table, view).single(request, found.ok_or_else(|| Refusal::not_found(id))?.show(world, view))
}
