//! Role definitions, and who holds a role now.

use super::pim::{AssignmentType, RoleSchedule, Term};
use super::{Cloud, enabled};
use crate::lab::world::derive;
use crate::lab::world::load::no_placeholder;
use crate::model::id::{AssignmentId, ObjectId, RoleDefinitionId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `unifiedRoleDefinition`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleDefinition {
    /// The id; for built-in roles the template id.
    pub id: RoleDefinitionId,
    /// The display name.
    pub display_name: String,
    /// Whether Microsoft made it.
    #[serde(default = "enabled")]
    pub is_built_in: bool,
}

/// `unifiedRoleAssignment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudRoleAssignment {
    /// The assignment's id. May be left out of a file: then it is derived.
    #[serde(default = "no_assignment_id")]
    #[schemars(transform = no_placeholder)]
    pub id: AssignmentId,
    /// The holder.
    pub principal_id: ObjectId,
    /// The role.
    pub role_definition_id: RoleDefinitionId,
    /// The scope; `/` is the whole directory.
    #[serde(default)]
    pub directory_scope_id: Option<String>,
    /// An application-specific scope.
    #[serde(default)]
    pub app_scope_id: Option<String>,
    /// A condition.
    #[serde(default)]
    pub condition: Option<String>,
}

impl CloudRoleAssignment {
    /// Where it holds in the directory; a world's file may leave out `/`.
    pub fn directory_scope(&self) -> Option<&str> {
        let whole = self.app_scope_id.is_none().then_some("/");
        self.directory_scope_id.as_deref().or(whole)
    }
}

/// An active role, however it came about: what `roleAssignments` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveRole<'a> {
    /// The assignment's id.
    pub id: AssignmentId,
    /// The holder: a user, a service principal, or a role-assignable group.
    pub principal_id: ObjectId,
    /// The role.
    pub role_definition_id: &'a RoleDefinitionId,
    /// The scope in the directory.
    pub directory_scope: Option<&'a str>,
    /// An application-specific scope.
    pub app_scope_id: Option<&'a str>,
    /// A condition.
    pub condition: Option<&'a str>,
    /// PIM's row, of a role that has a clock.
    pub schedule: Option<&'a RoleSchedule>,
}

impl<'a> ActiveRole<'a> {
    fn permanent(assignment: &'a CloudRoleAssignment) -> Self {
        Self {
            id: assignment.id.clone(),
            principal_id: assignment.principal_id,
            role_definition_id: &assignment.role_definition_id,
            directory_scope: assignment.directory_scope(),
            app_scope_id: assignment.app_scope_id.as_deref(),
            condition: assignment.condition.as_deref(),
            schedule: None,
        }
    }

    fn scheduled(schedule: &'a RoleSchedule) -> Self {
        Self {
            id: derive::scheduled_assignment_id(&schedule.role_definition_id, &schedule.id),
            principal_id: schedule.principal_id,
            role_definition_id: &schedule.role_definition_id,
            directory_scope: schedule.directory_scope(),
            app_scope_id: schedule.app_scope_id.as_deref(),
            condition: None,
            schedule: Some(schedule),
        }
    }

    /// From when to when.
    pub fn term(&self) -> Term {
        self.schedule.map_or_else(Term::default, RoleSchedule::term)
    }

    /// Whether it was assigned or activated.
    pub fn assignment_type(&self) -> AssignmentType {
        self.schedule.map_or(AssignmentType::Assigned, |schedule| schedule.assignment_type)
    }

    /// Whether it is this role over the whole directory.
    pub fn is_directory_wide(&self, role: &str) -> bool {
        self.role_definition_id.as_str().eq_ignore_ascii_case(role) && self.directory_scope == Some("/")
    }
}

impl Cloud {
    /// Every active role that has not ended, those that begin later too.
    pub fn scheduled_roles(&self, now: Timestamp) -> impl Iterator<Item = ActiveRole<'_>> {
        let with_a_clock = self.role_assignment_schedules.iter().filter(move |s| !s.term().is_over(now));
        self.role_assignments.iter().map(ActiveRole::permanent).chain(with_a_clock.map(ActiveRole::scheduled))
    }

    /// Every role that is active now.
    pub fn active_roles(&self, now: Timestamp) -> impl Iterator<Item = ActiveRole<'_>> {
        self.scheduled_roles(now).filter(move |role| role.term().holds(now))
    }

    /// Every eligibility that has not ended.
    pub fn eligibilities(&self, now: Timestamp) -> impl Iterator<Item = &RoleSchedule> {
        self.role_eligibility_schedules.iter().filter(move |s| !s.term().is_over(now))
    }
}

fn no_assignment_id() -> AssignmentId {
    AssignmentId(String::new())
}
