//! Privileged Identity Management's rows: eligibilities, and active assignments with a clock.

use crate::lab::world::load::no_placeholder;
use crate::model::id::{ObjectId, RoleDefinitionId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ScheduleId(pub String);

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `assignmentType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssignmentType {
    /// An administrator gave it.
    #[default]
    Assigned,
    /// Its holder was eligible and switched it on.
    Activated,
}

/// `accessId`: what somebody is in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessId {
    /// A member, who has what the group has.
    #[default]
    Member,
    /// An owner, who says who is a member.
    Owner,
}

impl AccessId {
    /// As Graph writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Owner => "owner",
        }
    }
}

/// `unifiedRoleAssignmentSchedule` or `unifiedRoleEligibilitySchedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleSchedule {
    /// The id. May be left out of a file: then it is derived.
    #[serde(default = "no_schedule_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ScheduleId,
    /// The holder: a user, or a role-assignable group.
    pub principal_id: ObjectId,
    /// The role.
    pub role_definition_id: RoleDefinitionId,
    /// The scope; `/` is the whole directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_scope_id: Option<String>,
    /// An application-specific scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_scope_id: Option<String>,
    /// Assigned or activated; an eligibility is neither.
    #[serde(default)]
    pub assignment_type: AssignmentType,
    /// When it begins; from ever if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date_time: Option<Timestamp>,
    /// When it ends; never if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date_time: Option<Timestamp>,
}

impl RoleSchedule {
    /// From when to when.
    pub const fn term(&self) -> Term {
        Term { start: self.start_date_time, end: self.end_date_time }
    }

    /// Where it holds in the directory; a world's file may leave out `/`.
    pub fn directory_scope(&self) -> Option<&str> {
        let whole = self.app_scope_id.is_none().then_some("/");
        self.directory_scope_id.as_deref().or(whole)
    }
}

/// From when to when something holds. The end no longer belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// The beginning; `None`: from ever.
    pub start: Option<Timestamp>,
    /// The end; `None`: never.
    pub end: Option<Timestamp>,
}

impl Term {
    /// Whether it has ended: nobody is told of it any more, and it blocks nothing.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    /// Whether it holds now.
    pub fn holds(self, now: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= now) && !self.is_over(now)
    }
}

/// A schedule's id that a file leaves out, until the ids are filled in.
pub(in crate::lab::world) const fn no_schedule_id() -> ScheduleId {
    ScheduleId(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_holds_from_its_start_until_just_before_its_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let term = Term { start: Some(at(10)), end: Some(at(20)) };
        assert!(!term.holds(at(9)) && term.holds(at(10)) && term.holds(at(19)) && !term.holds(at(20)));
        assert!(!term.is_over(at(9)) && term.is_over(at(20)));
        assert!(Term::default().holds(Timestamp::MAX));
    }
}
