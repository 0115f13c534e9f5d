//! The request with which any Graph client gives back what was taken.
//!
//! Sources: Microsoft Graph v1.0, "Create unifiedRoleAssignment", "Create roleAssignmentScheduleRequests", "Create
//! roleEligibilityScheduleRequest", "Create assignmentScheduleRequest" and "Create eligibilityScheduleRequest" (PIM for
//! Groups), "Add members".

use crate::model::role::{GroupMembership, Holding, RoleAssignment, RoleGrant, RoleKind};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// A request that gives a holding back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreRequest {
    /// The path below `https://GRAPH/v1.0`. It holds nothing but fixed words and ids.
    pub path: String,
    /// The JSON body: printable ASCII only and without a single quote, so that it stands safely within a PowerShell string, whatever
    /// a condition or scope holds.
    pub body: String,
    /// The permission that it takes.
    pub permission: &'static str,
}

impl RestoreRequest {
    /// The request for a holding as it was at `now`; `None` for an activation, which only its holder makes anew. `graph`
    /// is Graph's address without a path.
    pub fn of(holding: &Holding, graph: &str, now: Timestamp) -> Option<Self> {
        if !holding.comes_back() {
            return None;
        }
        let ahead = holding.starts().filter(|starts| *starts > now);
        let direct = holding.kind() == RoleKind::Active && holding.ends().is_none() && ahead.is_none();
        let schedule = (!direct).then(|| {
            let expiration = match holding.ends() {
                None => json!({"type": "noExpiration"}),
                Some(ends) => json!({"type": "afterDateTime", "endDateTime": ends}),
            };
            json!({"startDateTime": ahead.unwrap_or(now), "expiration": expiration})
        });
        let (path, body, permission) = match holding {
            Holding::Role(role) => of_role(role, schedule),
            Holding::Group(group) => of_membership(group, schedule, graph),
        };
        Some(Self { path, body: in_quotes(&body), permission })
    }
}

fn of_role(role: &RoleAssignment, schedule: Option<Value>) -> (String, Value, &'static str) {
    let RoleGrant { role: definition, role_name: _, directory_scope, app_scope, condition } = &role.grant;
    let mut body = Map::new();
    body.insert("principalId".into(), json!(role.principal));
    body.insert("roleDefinitionId".into(), json!(definition));
    match (directory_scope, app_scope) {
        (Some(scope), None) => body.insert("directoryScopeId".into(), json!(scope)),
        (_, Some(scope)) => body.insert("appScopeId".into(), json!(scope)),
        (None, None) => body.insert("directoryScopeId".into(), json!("/")),
    };
    if let Some(condition) = condition {
        body.insert("condition".into(), json!(condition));
    }
    let collection = match (&schedule, role.kind) {
        (None, _) => "roleAssignments",
        (Some(_), RoleKind::Eligible) => "roleEligibilityScheduleRequests",
        (Some(_), RoleKind::Active | RoleKind::Activated) => "roleAssignmentScheduleRequests",
    };
    (format!("/roleManagement/directory/{collection}"), ordered(body, schedule), "RoleManagement.ReadWrite.Directory")
}

fn of_membership(group: &GroupMembership, schedule: Option<Value>, graph: &str) -> (String, Value, &'static str) {
    let GroupMembership { group: id, member, .. } = group;
    if schedule.is_none() {
        let body = json!({"@odata.id": format!("{graph}/v1.0/directoryObjects/{}", member.user)});
        return (format!("/groups/{id}/members/$ref"), body, "GroupMember.ReadWrite.All");
    }
    let mut body = Map::new();
    body.insert("accessId".into(), json!("member"));
    body.insert("groupId".into(), json!(id));
    body.insert("principalId".into(), json!(member.user));
    let (collection, permission) = match member.kind {
        RoleKind::Eligible => ("eligibilityScheduleRequests", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"),
        RoleKind::Active | RoleKind::Activated => {
            ("assignmentScheduleRequests", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup")
        }
    };
    (format!("/identityGovernance/privilegedAccess/group/{collection}"), ordered(body, schedule), permission)
}

/// An order to PIM, where there is a schedule.
fn ordered(mut body: Map<String, Value>, schedule: Option<Value>) -> Value {
    if let Some(schedule) = schedule {
        body.insert("action".into(), json!("adminAssign"));
        body.insert("justification".into(), json!("given back by hand after a match"));
        body.insert("scheduleInfo".into(), schedule);
    }
    Value::Object(body)
}

fn in_quotes(body: &Value) -> String {
    body.to_string().chars().fold(String::new(), |mut out, ch| {
        if ch == '\'' || !ch.is_ascii() || ch.is_ascii_control() {
            let mut units = [0; 2];
            for unit in ch.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(ch);
        }
        out
    })
}
