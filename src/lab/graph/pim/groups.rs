//! `/identityGovernance/privilegedAccess/group/…Schedules` and `…ScheduleInstances`: PIM for Groups.
//!
//! Source: Graph v1.0 "List eligibilitySchedules", "List assignmentSchedules" (of a group or of a principal: a filter on
//! one of them is required), "privilegedAccessGroupAssignmentSchedule".

use super::schedules::View;
use super::table::{Table, check_licence, schedule_info};
use crate::lab::graph::answer::{Answer, Object, Refusal};
use crate::lab::graph::odata::collection::Resource;
use crate::lab::graph::odata::entity::{EntityType, Kind, Property, shown};
use crate::lab::graph::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::{AccessId, AssignmentType, CloudGroup, Term};
use crate::lab::world::derive;
use crate::model::id::ObjectId;
use serde_json::json;

const SCHEDULE: &[Property] = &[
    shown("id", Kind::Text, "DD-------"),
    shown("createdDateTime", Kind::Date, ""),
    shown("modifiedDateTime", Kind::Date, ""),
    shown("createdUsing", Kind::Text, "DD-----D-"),
    shown("status", Kind::Text, "DD-------"),
    shown("accessId", Kind::Text, "DD-------"),
    shown("principalId", Kind::Text, "DD-------"),
    shown("groupId", Kind::Text, "DD-------"),
    shown("memberType", Kind::Text, "DD-------"),
    shown("scheduleInfo", Kind::Object, ""),
];

const ASSIGNMENT_SCHEDULE: &[Property] = &[
    shown("id", Kind::Text, "DD-------"),
    shown("createdDateTime", Kind::Date, ""),
    shown("modifiedDateTime", Kind::Date, ""),
    shown("createdUsing", Kind::Text, "DD-----D-"),
    shown("status", Kind::Text, "DD-------"),
    shown("accessId", Kind::Text, "DD-------"),
    shown("assignmentType", Kind::Text, "DD-------"),
    shown("principalId", Kind::Text, "DD-------"),
    shown("groupId", Kind::Text, "DD-------"),
    shown("memberType", Kind::Text, "DD-------"),
    shown("scheduleInfo", Kind::Object, ""),
];

const INSTANCE: &[Property] = &[
    shown("id", Kind::Text, "DD-------"),
    shown("startDateTime", Kind::Date, ""),
    shown("endDateTime", Kind::Date, ""),
    shown("accessId", Kind::Text, "DD-------"),
    shown("principalId", Kind::Text, "DD-------"),
    shown("groupId", Kind::Text, "DD-------"),
    shown("memberType", Kind::Text, "DD-------"),
    shown("eligibilityScheduleId", Kind::Text, "DD-------"),
];

const ASSIGNMENT_INSTANCE: &[Property] = &[
    shown("id", Kind::Text, "DD-------"),
    shown("startDateTime", Kind::Date, ""),
    shown("endDateTime", Kind::Date, ""),
    shown("accessId", Kind::Text, "DD-------"),
    shown("assignmentType", Kind::Text, "DD-------"),
    shown("principalId", Kind::Text, "DD-------"),
    shown("groupId", Kind::Text, "DD-------"),
    shown("memberType", Kind::Text, "DD-------"),
    shown("assignmentScheduleId", Kind::Text, "DD-------"),
];

const fn entity(name: &'static str, properties: &'static [Property]) -> EntityType {
    EntityType {
        name,
        properties,
        beta_properties: &[],
        order: &[],
        expand: &["group", "principal"],
        has_filter: true,
        is_directory_object: false,
        page: Some(100),
    }
}

static ELIGIBILITY: EntityType = entity("privilegedAccessGroupEligibilitySchedule", SCHEDULE);
static ASSIGNMENT: EntityType = entity("privilegedAccessGroupAssignmentSchedule", ASSIGNMENT_SCHEDULE);
static ELIGIBILITY_INSTANCE: EntityType = entity("privilegedAccessGroupEligibilityScheduleInstance", INSTANCE);
static THE_ASSIGNMENT_INSTANCE: EntityType =
    entity("privilegedAccessGroupAssignmentScheduleInstance", ASSIGNMENT_INSTANCE);

/// A path below `identityGovernance/privilegedAccess/group`.
pub const PATH: &str = "identityGovernance/privilegedAccess/group";

const fn resource(table: Table, view: View) -> Resource {
    let (entity, context) = match (table, view) {
        (Table::Eligibility, View::Schedule) => {
            (&ELIGIBILITY, "identityGovernance/privilegedAccess/group/eligibilitySchedules")
        }
        (Table::Eligibility, View::Instance) => {
            (&ELIGIBILITY_INSTANCE, "identityGovernance/privilegedAccess/group/eligibilityScheduleInstances")
        }
        (Table::Assignment, View::Schedule) => {
            (&ASSIGNMENT, "identityGovernance/privilegedAccess/group/assignmentSchedules")
        }
        (Table::Assignment, View::Instance) => {
            (&THE_ASSIGNMENT_INSTANCE, "identityGovernance/privilegedAccess/group/assignmentScheduleInstances")
        }
    };
    Resource { entity, context }
}

/// One row of a group.
pub struct Row {
    /// Its id.
    pub id: String,
    /// The group.
    pub group: ObjectId,
    /// Who.
    pub principal: ObjectId,
    /// As what.
    pub access: AccessId,
    /// Assigned or activated.
    pub kind: AssignmentType,
    /// From when to when.
    pub term: Term,
}

impl Row {
    fn show(&self, view: View) -> Object {
        let instance = format!("{}_i", self.id);
        [
            ("id", json!(if view == View::Schedule { &self.id } else { &instance })),
            ("accessId", json!(self.access)),
            ("assignmentType", json!(if self.kind == AssignmentType::Assigned { "assigned" } else { "activated" })),
            ("principalId", json!(self.principal)),
            ("groupId", json!(self.group)),
            ("memberType", json!("direct")),
            ("createdDateTime", json!(self.term.start)),
            ("status", json!("Provisioned")),
            ("scheduleInfo", schedule_info(self.term)),
            ("startDateTime", json!(self.term.start)),
            ("endDateTime", json!(self.term.end)),
            ("eligibilityScheduleId", json!(self.id)),
            ("assignmentScheduleId", json!(self.id)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// The rows of a group that have not ended, those that begin later too.
pub fn rows(world: &World, group: &CloudGroup, table: Table) -> Vec<Row> {
    let (schedules, with_permanent) = match table {
        Table::Eligibility => (&group.eligibility_schedules, false),
        Table::Assignment => (&group.assignment_schedules, true),
    };
    let scheduled = schedules.iter().filter(|s| !s.term().is_over(world.clock)).map(|s| Row {
        id: s.id.to_string(),
        group: group.id,
        principal: s.principal_id,
        access: s.access_id,
        kind: s.assignment_type,
        term: s.term(),
    });
    let accesses = [AccessId::Member, AccessId::Owner];
    let everybody = accesses.into_iter().flat_map(|access| group.permanent(access).iter().map(move |id| (access, id)));
    let permanent = everybody.map(|(access, principal)| Row {
        id: permanent_id(group, access, *principal),
        group: group.id,
        principal: *principal,
        access,
        kind: AssignmentType::Assigned,
        term: Term::default(),
    });
    scheduled.chain(permanent.filter(|_| with_permanent)).collect()
}

/// The id of what has no clock.
pub fn permanent_id(group: &CloudGroup, access: AccessId, principal: ObjectId) -> String {
    let own = derive::uuid("permanent group assignment", &format!("{} {principal}", group.id));
    format!("{}_{}_{own}", group.id, access.as_str())
}

/// `GET …/group/{eligibility,assignment}Schedules` and `…ScheduleInstances`.
///
/// # Errors
/// 400 without a filter on the group or the principal.
pub fn list(world: &World, request: &Request, table: Table, view: View) -> Answer {
    check_licence(world)?;
    let filter = request.option("$filter").unwrap_or_default().to_ascii_lowercase();
    if !filter.contains("groupid eq") && !filter.contains("principalid eq") {
        return Err(Refusal::coded(
            "MissingParameters",
            "The required filter parameters GroupId or PrincipalId are missing.",
        ));
    }
    let mut found: Vec<Row> = world.entra.groups.iter().flat_map(|group| rows(world, group, table)).collect();
    found.retain(|row| view == View::Schedule || row.term.holds(world.clock));
    resource(table, view).list(request, found, |row| row.show(view), |row| row.id.clone())
}
