//! Graph's JSON of roles, PIM's schedules and role-assignable groups, read into the model.
//!
//! Sources: the v1.0 resource types `unifiedRoleAssignment`, `unifiedRoleAssignmentSchedule`,
//! `unifiedRoleEligibilitySchedule`, `privilegedAccessGroupAssignmentSchedule`,
//! `privilegedAccessGroupEligibilitySchedule`, `requestSchedule`, `expirationPattern`, `conditionalAccessPolicy`.

use crate::directory::entra::wire::{list, text};
use crate::model::id::{AssignmentId, ObjectId, RoleDefinitionId};
use crate::model::role::{GroupMember, RoleAssignment, RoleGrant, RoleKind};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;

/// A `unifiedRoleAssignment`, or the same part of one of PIM's schedules.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireAssignment {
    id: AssignmentId,
    principal_id: ObjectId,
    role_definition_id: RoleDefinitionId,
    #[serde(default, deserialize_with = "text")]
    directory_scope_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    app_scope_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    condition: Option<String>,
}

impl WireAssignment {
    /// As the model has it. Graph repeats `/` as the application scope of a directory-wide assignment; a restore must
    /// not send both, so only the directory scope is kept.
    pub fn named(self, name: impl Fn(&RoleDefinitionId) -> String) -> RoleAssignment {
        let app_scope = self.app_scope_id.filter(|_| self.directory_scope_id.is_none());
        RoleAssignment {
            id: self.id,
            principal: self.principal_id,
            kind: RoleKind::Active,
            starts: None,
            ends: None,
            grant: RoleGrant {
                role_name: name(&self.role_definition_id),
                role: self.role_definition_id,
                directory_scope: self.directory_scope_id,
                app_scope,
                condition: self.condition,
            },
        }
    }
}

/// A `unifiedRoleDefinition`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireRole {
    /// `id`.
    pub id: RoleDefinitionId,
    /// `displayName`.
    #[serde(default, deserialize_with = "text")]
    pub display_name: Option<String>,
}

/// What all of PIM's schedules have: whether they stand, for whom, and for how long.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStanding {
    #[serde(default, deserialize_with = "text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "text")]
    member_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    assignment_type: Option<String>,
    #[serde(default)]
    schedule_info: Option<Term>,
}

impl WireStanding {
    /// Whether this is a right of the principal's own. What comes through a group (`Group`) or from above
    /// (`Inherited`) is seen where it is held; what was revoked, refused or not yet approved is no right. A status that
    /// is not known counts as one: it is better to see a right too many than one too few.
    fn counts(&self) -> bool {
        let is = |value: &Option<String>, one: &str| value.as_ref().is_some_and(|v| v.eq_ignore_ascii_case(one));
        let over = ["Canceled", "Denied", "Failed", "Revoked", "PendingApproval", "PendingAdminDecision"];
        (self.member_type.is_none() || is(&self.member_type, "Direct"))
            && !over.iter().any(|status| is(&self.status, status))
    }

    fn kind(&self, eligible: bool) -> RoleKind {
        match &self.assignment_type {
            _ if eligible => RoleKind::Eligible,
            Some(kind) if kind.eq_ignore_ascii_case("Activated") => RoleKind::Activated,
            _ => RoleKind::Active,
        }
    }
}

/// A `unifiedRoleAssignmentSchedule` or `unifiedRoleEligibilitySchedule`.
#[derive(Deserialize)]
pub struct WireSchedule {
    #[serde(flatten)]
    assignment: WireAssignment,
    #[serde(flatten)]
    standing: WireStanding,
}

impl WireSchedule {
    /// As the model has it; `None` for what is no right of the principal's own.
    pub fn named(self, eligible: bool, name: impl Fn(&RoleDefinitionId) -> String) -> Option<RoleAssignment> {
        let Term { starts, ends } = self.standing.schedule_info.unwrap_or_default();
        let kind = self.standing.kind(eligible);
        self.standing.counts().then(|| RoleAssignment { kind, starts, ends, ..self.assignment.named(name) })
    }
}

/// A `privilegedAccessGroupAssignmentSchedule` or `privilegedAccessGroupEligibilitySchedule`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireGroupSchedule {
    group_id: ObjectId,
    principal_id: ObjectId,
    #[serde(default, deserialize_with = "text")]
    access_id: Option<String>,
    #[serde(flatten)]
    standing: WireStanding,
}

/// Who has, or can have, which part in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSchedule {
    /// The group.
    pub group: ObjectId,
    /// Whether this is ownership, and no membership.
    pub owner: bool,
    /// Who, how, until when.
    pub member: GroupMember,
}

impl WireGroupSchedule {
    /// As the model has it; `None` for what is no right of the principal's own.
    pub fn read(self, eligible: bool) -> Option<GroupSchedule> {
        let Term { starts, ends } = self.standing.schedule_info.unwrap_or_default();
        let member = GroupMember { user: self.principal_id, kind: self.standing.kind(eligible), starts, ends };
        let owner = self.access_id.is_some_and(|access| access.eq_ignore_ascii_case("owner"));
        self.standing.counts().then_some(GroupSchedule { group: self.group_id, owner, member })
    }
}

/// A `requestSchedule`: from when until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WireScheduleInfo")]
struct Term {
    starts: Option<Timestamp>,
    ends: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireScheduleInfo {
    start_date_time: Option<Timestamp>,
    expiration: Option<WireExpiration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireExpiration {
    #[serde(rename = "type", default, deserialize_with = "text")]
    kind: Option<String>,
    end_date_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "text")]
    duration: Option<String>,
}

impl TryFrom<WireScheduleInfo> for Term {
    type Error = String;

    /// The end is a time, or a duration from the start. One that is announced and not said is an error: taken for
    /// "never", a right of some hours would come back for good.
    fn try_from(info: WireScheduleInfo) -> Result<Self, Self::Error> {
        let starts = info.start_date_time;
        let Some(expiration) = info.expiration else { return Ok(Self { starts, ends: None }) };
        let is = |kind: &str| expiration.kind.as_ref().is_some_and(|k| k.eq_ignore_ascii_case(kind));
        let never = is("noExpiration") || (expiration.kind.is_none() || is("notSpecified"));
        let ends = match (expiration.end_date_time, &expiration.duration, starts) {
            _ if is("noExpiration") => None,
            (Some(end), _, _) => Some(end),
            (None, Some(duration), Some(start)) => Some(after(start, duration)?),
            (None, None, _) if never => None,
            _ => return Err("its schedule ends, but does not say when".to_owned()),
        };
        Ok(Self { starts, ends })
    }
}

fn after(start: Timestamp, duration: &str) -> Result<Timestamp, String> {
    let span: Span = duration.parse().map_err(|_| format!("{duration:?} is no ISO 8601 duration"))?;
    // Days and months are counted in UTC, as PIM does.
    let end = start.to_zoned(TimeZone::UTC).checked_add(span).map_err(|e| e.to_string())?;
    Ok(end.timestamp())
}

/// A role-assignable `group`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireGroup {
    /// `id`.
    pub id: ObjectId,
    /// `displayName`.
    #[serde(default, deserialize_with = "text")]
    pub display_name: Option<String>,
    /// `assignedLicenses`.
    #[serde(default, deserialize_with = "list")]
    pub assigned_licenses: Vec<WireLicense>,
}

impl WireGroup {
    /// The name, or the id where there is none.
    pub fn name(&self) -> String {
        self.display_name.clone().unwrap_or_else(|| self.id.to_string())
    }
}

/// An `assignedLicense`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireLicense {
    /// `skuId`.
    #[serde(default, deserialize_with = "text")]
    pub sku_id: Option<String>,
}

/// A `subscribedSku`: a licence that the tenant has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireSku {
    /// `skuId`.
    pub sku_id: String,
    /// `skuPartNumber`, such as `SPE_E5`.
    pub sku_part_number: String,
}

/// A member or owner of a group, of any type.
#[derive(Clone, Debug, Deserialize)]
pub struct WireMember {
    /// `id`.
    pub id: ObjectId,
    #[serde(rename = "@odata.type", default)]
    odata_type: Option<String>,
}

impl WireMember {
    /// Whether this is a user; one that does not say what it is counts as one.
    pub fn is_user(&self) -> bool {
        self.odata_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("#microsoft.graph.user"))
    }

    /// Whether this is a group.
    pub fn is_group(&self) -> bool {
        self.odata_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("#microsoft.graph.group"))
    }
}

/// An `appRoleAssignment` of a group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireAppRole {
    /// `resourceDisplayName`: the application.
    #[serde(default, deserialize_with = "text")]
    pub resource_display_name: Option<String>,
    /// `resourceId`: its service principal.
    #[serde(default, deserialize_with = "text")]
    pub resource_id: Option<String>,
}

/// A `conditionalAccessPolicy`, as far as it names groups.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireAccessPolicy {
    /// `displayName`.
    #[serde(default, deserialize_with = "text")]
    pub display_name: Option<String>,
    /// `state`: `enabled`, `disabled`, `enabledForReportingButNotEnforced`.
    #[serde(default, deserialize_with = "text")]
    pub state: Option<String>,
    conditions: Option<WireConditions>,
}

#[derive(Deserialize)]
struct WireConditions {
    users: Option<WireConditionUsers>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireConditionUsers {
    #[serde(default, deserialize_with = "list")]
    include_groups: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    exclude_groups: Vec<String>,
}

impl WireAccessPolicy {
    /// What the policy means to members of the group, in words; `None` if it does not name the group or is off.
    pub fn of_group(&self, group: ObjectId) -> Option<String> {
        let users = self.conditions.as_ref()?.users.as_ref()?;
        let group = group.to_string();
        let names = |groups: &[String]| groups.iter().any(|one| one.eq_ignore_ascii_case(&group));
        let name = self.display_name.as_deref().unwrap_or("without a name");
        if self.state.as_deref() == Some("disabled") {
            None
        } else if names(&users.exclude_groups) {
            Some(format!("exclusion from the Conditional Access policy {name}"))
        } else {
            names(&users.include_groups).then(|| format!("the Conditional Access policy {name}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entra::wire::from_json;
    use serde_json::{Value, json};

    const JANE: &str = "11111111-2222-3333-4444-555555555555";

    fn schedule(more: &Value) -> Value {
        let mut value = json!({"id": "a", "principalId": JANE, "roleDefinitionId": "r", "directoryScopeId": "/",
            "appScopeId": null, "status": "Provisioned", "memberType": "Direct", "createdUsing": "x"});
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        value
    }

    fn read(more: &Value) -> Result<Option<RoleAssignment>, String> {
        let wire = from_json::<WireSchedule>(schedule(more), "x").map_err(|e| e.detail)?;
        Ok(wire.named(false, ToString::to_string))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_directory_wide_assignment_keeps_one_scope() {
        let value = json!({"id": "a", "principalId": JANE, "roleDefinitionId": "r",
            "directoryScopeId": "/", "appScopeId": "/"});
        let assignment = from_json::<WireAssignment>(value, "x").unwrap().named(ToString::to_string);
        assert_eq!((assignment.grant.directory_scope.as_deref(), assignment.grant.app_scope), (Some("/"), None));
    }

    #[test]
    fn an_end_is_a_time_or_a_duration_or_never() {
        let start = "2026-04-12T14:44:50.287Z";
        for (expiration, ends) in [
            (json!({"type": "noExpiration", "endDateTime": null, "duration": null}), None),
            (json!({"type": "afterDateTime", "endDateTime": "2027-01-01T00:00:00Z"}), Some(at("2027-01-01T00:00:00Z"))),
            (json!({"type": "AfterDuration", "duration": "PT5H"}), Some(at("2026-04-12T19:44:50.287Z"))),
            (json!({"type": "afterDuration", "duration": "P365D"}), Some(at("2027-04-12T14:44:50.287Z"))),
            (json!({"type": "afterDuration", "duration": "P1M"}), Some(at("2026-05-12T14:44:50.287Z"))),
            (json!(null), None),
        ] {
            let info = json!({"scheduleInfo": {"startDateTime": start, "expiration": expiration}});
            let role = read(&info).unwrap().unwrap();
            assert_eq!((role.starts, role.ends, role.kind), (Some(at(start)), ends, RoleKind::Active), "{expiration}");
        }
    }

    #[test]
    fn an_end_that_is_announced_and_not_said_is_no_never() {
        for expiration in [
            json!({"type": "afterDateTime", "endDateTime": null}),
            json!({"type": "afterDuration", "duration": "soon"}),
            json!({"type": "afterDuration"}),
        ] {
            let info = json!({"scheduleInfo": {"startDateTime": "2026-04-12T14:44:50Z", "expiration": expiration}});
            let error = read(&info).unwrap_err();
            assert!(error.contains("object a"), "{error}");
        }
    }

    // rule: 3.6-member-type
    #[test]
    fn only_standing_rights_of_the_principal_itself_count() {
        for (more, counts) in [
            (json!({"memberType": "Group"}), false),
            (json!({"memberType": "Inherited"}), false),
            (json!({"status": "Revoked"}), false),
            (json!({"status": "PendingApproval"}), false),
            (json!({"status": "Granted"}), true),
            (json!({"status": "somethingNew"}), true),
            (json!({"assignmentType": "Activated"}), true),
        ] {
            assert_eq!(read(&more).unwrap().is_some(), counts, "{more}");
        }
        assert_eq!(read(&json!({"assignmentType": "Activated"})).unwrap().unwrap().kind, RoleKind::Activated);
    }

    #[test]
    fn a_groups_schedule_says_whether_it_is_ownership() {
        let value = json!({"id": format!("{JANE}_member_1"), "groupId": JANE, "principalId": JANE, "accessId": "owner",
            "memberType": "Direct", "status": "Provisioned", "scheduleInfo": {"startDateTime": null,
                "expiration": {"type": "afterDateTime", "endDateTime": "2027-01-01T00:00:00Z"}}});
        let read = from_json::<WireGroupSchedule>(value, "x").unwrap().read(true).unwrap();
        assert!(read.owner && read.member.kind == RoleKind::Eligible && read.member.ends.is_some());
    }

    #[test]
    fn a_policy_that_is_off_means_nothing_to_a_group() {
        let policy = |state: &str, list: &str| {
            let value = json!({"id": "p", "displayName": "Require MFA", "state": state,
                "conditions": {"users": {list: [JANE.to_uppercase()]}}});
            from_json::<WireAccessPolicy>(value, "x").unwrap().of_group(JANE.parse().unwrap())
        };
        let excluded = policy("enabled", "excludeGroups").unwrap();
        assert_eq!(excluded, "exclusion from the Conditional Access policy Require MFA");
        assert!(policy("enabledForReportingButNotEnforced", "includeGroups").is_some());
        assert_eq!((policy("disabled", "excludeGroups"), policy("enabled", "excludeUsers")), (None, None));
    }
}
