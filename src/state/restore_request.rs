//! The requests with which any Graph client takes a role away, and gives back what was taken.
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
        let order = schedule.map(|schedule| ("adminAssign", "given back by hand after a match", Some(schedule)));
        let (path, body, permission) = match holding {
            Holding::Role(role) => of_role(role, order),
            Holding::Group(group) => of_membership(group, order, graph),
        };
        Some(Self { path, body: in_quotes(&body), permission })
    }
}

/// How a holding is taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeRequest {
    /// The request.
    pub way: TakeWay,
    /// The permission that it takes.
    pub permission: &'static str,
}

/// The request that takes a holding away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeWay {
    /// `DELETE /roleManagement/directory/roleAssignments/{id}`. The id is the one that the assignment has by then: each
    /// restore gives it a new one.
    Assignment,
    /// `DELETE` of this path below `https://GRAPH/v1.0`.
    Delete(String),
    /// `POST`, an order to PIM.
    Order {
        /// As [`RestoreRequest::path`].
        path: String,
        /// As [`RestoreRequest::body`].
        body: String,
    },
}

impl TakeRequest {
    /// The request for a holding as it was at `now`.
    pub fn of(holding: &Holding, now: Timestamp) -> Self {
        let ahead = holding.starts().is_some_and(|starts| starts > now);
        if holding.kind() == RoleKind::Active && holding.ends().is_none() && !ahead {
            return match holding {
                Holding::Role(_) => Self { way: TakeWay::Assignment, permission: "RoleManagement.ReadWrite.Directory" },
                Holding::Group(group) => {
                    let path = format!("/groups/{}/members/{}/$ref", group.group, group.member.user);
                    Self { way: TakeWay::Delete(path), permission: "GroupMember.ReadWrite.All" }
                }
            };
        }
        let order = Some(("adminRemove", "taken for the time of a match", None));
        let (path, body, permission) = match holding {
            Holding::Role(role) => of_role(role, order),
            Holding::Group(group) => of_membership(group, order, ""),
        };
        Self { way: TakeWay::Order { path, body: in_quotes(&body) }, permission }
    }
}

/// What PIM is told to do, why, and from when to when.
type Order = Option<(&'static str, &'static str, Option<Value>)>;

fn of_role(role: &RoleAssignment, order: Order) -> (String, Value, &'static str) {
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
    let collection = match (&order, role.kind) {
        (None, _) => "roleAssignments",
        (Some(_), RoleKind::Eligible) => "roleEligibilityScheduleRequests",
        (Some(_), RoleKind::Active | RoleKind::Activated) => "roleAssignmentScheduleRequests",
    };
    (format!("/roleManagement/directory/{collection}"), ordered(body, order), "RoleManagement.ReadWrite.Directory")
}

fn of_membership(group: &GroupMembership, order: Order, graph: &str) -> (String, Value, &'static str) {
    let GroupMembership { group: id, member, .. } = group;
    if order.is_none() {
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
    (format!("/identityGovernance/privilegedAccess/group/{collection}"), ordered(body, order), permission)
}

fn ordered(mut body: Map<String, Value>, order: Order) -> Value {
    if let Some((action, why, schedule)) = order {
        body.insert("action".into(), json!(action));
        body.insert("justification".into(), json!(why));
        body.extend(schedule.map(|schedule| ("scheduleInfo".to_owned(), schedule)));
    }
    Value::Object(body)
}

/// JSON as text that holds printable ASCII only and no single quote.
pub(crate) fn in_quotes(body: &Value) -> String {
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
