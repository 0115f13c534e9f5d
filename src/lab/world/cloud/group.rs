//! Groups and contacts: what else can hold an address, and what can carry a role for its members.

use super::pim::{AccessId, AssignmentType, ScheduleId, Term, no_schedule_id};
use crate::lab::world::load::{no_object_id, no_placeholder};
use crate::model::id::ObjectId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `orgContact`, with what linking looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudHolder {
    /// The object id. May be left out of a file: then it is derived from the display name.
    #[serde(default = "no_object_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ObjectId,
    /// The display name.
    pub display_name: String,
    /// The primary address.
    #[serde(default)]
    pub mail: Option<String>,
    /// All addresses.
    #[serde(default)]
    pub proxy_addresses: Vec<String>,
    /// Whether it is synced now.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
}

/// `group`, with what linking looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudGroup {
    /// The object id. May be left out of a file: then it is derived from the display name.
    #[serde(default = "no_object_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ObjectId,
    /// The display name.
    pub display_name: String,
    /// The primary address.
    #[serde(default)]
    pub mail: Option<String>,
    /// All addresses.
    #[serde(default)]
    pub proxy_addresses: Vec<String>,
    /// Whether it is synced now.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    /// `Unified`, `DynamicMembership`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_types: Vec<String>,
    /// Whether a role can be assigned to it; fixed when it is made.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_assignable_to_role: bool,
    /// The members without an end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<ObjectId>,
    /// The owners without an end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<ObjectId>,
    /// Members and owners for a time, or by activation: PIM for Groups'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignment_schedules: Vec<GroupSchedule>,
    /// Who may become a member or owner: PIM for Groups'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eligibility_schedules: Vec<GroupSchedule>,
    /// The licences that its members get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned_licenses: Vec<AssignedLicense>,
    /// The applications that its members may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub app_role_assignments: Vec<AppRoleAssignment>,
}

/// `assignedLicense`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignedLicense {
    /// The product.
    pub sku_id: Uuid,
    /// The product's parts that are switched off.
    #[serde(default)]
    pub disabled_plans: Vec<Uuid>,
}

/// `appRoleAssignment` of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRoleAssignment {
    /// The application's role; the nil UUID is its default access.
    #[serde(default)]
    #[schemars(transform = no_placeholder)]
    pub app_role_id: Uuid,
    /// The application's service principal.
    pub resource_id: ObjectId,
    /// The application's name.
    pub resource_display_name: String,
}

/// `privilegedAccessGroupEligibilitySchedule` or `privilegedAccessGroupAssignmentSchedule`; its group is the one that
/// it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSchedule {
    /// The id. May be left out of a file: then it is derived.
    #[serde(default = "no_schedule_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ScheduleId,
    /// Who.
    pub principal_id: ObjectId,
    /// Member or owner.
    #[serde(default)]
    pub access_id: AccessId,
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

impl GroupSchedule {
    /// From when to when.
    pub const fn term(&self) -> Term {
        Term { start: self.start_date_time, end: self.end_date_time }
    }
}

impl CloudGroup {
    /// A group of that name with nothing else; its id is still to be filled in.
    pub fn named(display_name: &str) -> Self {
        Self {
            id: no_object_id(),
            display_name: display_name.to_owned(),
            mail: None,
            proxy_addresses: Vec::new(),
            on_premises_sync_enabled: None,
            group_types: Vec::new(),
            is_assignable_to_role: false,
            members: Vec::new(),
            owners: Vec::new(),
            assignment_schedules: Vec::new(),
            eligibility_schedules: Vec::new(),
            assigned_licenses: Vec::new(),
            app_role_assignments: Vec::new(),
        }
    }

    /// The members or owners without an end.
    pub const fn permanent(&self, access: AccessId) -> &Vec<ObjectId> {
        match access {
            AccessId::Member => &self.members,
            AccessId::Owner => &self.owners,
        }
    }

    /// Everybody who is a member or owner now, in whatever way, each once.
    pub fn holders(&self, access: AccessId, now: Timestamp) -> Vec<ObjectId> {
        let mut all = self.permanent(access).clone();
        for schedule in &self.assignment_schedules {
            let counts = schedule.access_id == access && schedule.term().holds(now);
            if counts && !all.contains(&schedule.principal_id) {
                all.push(schedule.principal_id);
            }
        }
        all
    }

    /// Whether somebody is a member or owner now, in whatever way.
    pub fn is_held_by(&self, id: ObjectId, access: AccessId, now: Timestamp) -> bool {
        let for_a_time = || {
            let mut all = self.assignment_schedules.iter();
            all.any(|s| s.principal_id == id && s.access_id == access && s.term().holds(now))
        };
        self.permanent(access).contains(&id) || for_a_time()
    }

    /// Whether somebody may become a member or owner now.
    pub fn is_eligible(&self, id: ObjectId, access: AccessId, now: Timestamp) -> bool {
        let mut all = self.eligibility_schedules.iter();
        all.any(|s| s.principal_id == id && s.access_id == access && s.term().holds(now))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference to the field")]
const fn is_false(value: &bool) -> bool {
    !*value
}
