//! Taking and giving back as requests. Pure: the time and Graph's address are arguments.
//!
//! Where PIM keeps a term (an end, a start that lies ahead, an eligibility, an activation) the change is a request to
//! PIM; an assignment or a membership in force for good is changed directly, which needs neither PIM nor its licence.
//! Sources: Microsoft Graph v1.0, "Create roleAssignmentScheduleRequests", "Create roleEligibilityScheduleRequest",
//! "Create assignmentScheduleRequest" and "Create eligibilityScheduleRequest" (PIM for Groups), "Add members".

use super::join::{is_over, lies_ahead};
use crate::directory::entra::permission::Operation;
use crate::directory::entra::request::Request;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::model::id::ObjectId;
use crate::model::role::{GroupMembership, Holding, RoleAssignment, RoleGrant, RoleKind};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Map, Value, json};

const ASSIGNMENTS: [&str; 3] = ["roleManagement", "directory", "roleAssignments"];
const GROUP_PIM: [&str; 3] = ["identityGovernance", "privilegedAccess", "group"];

/// The reason that PIM records with a removal.
const TAKEN: &str = "matchplan: suspended so that the user can be linked to its AD account";
/// The reason that PIM records with an assignment.
const RESTORED: &str = "matchplan: restored after linking";

/// The request that takes the holding away.
pub fn take(holding: &Holding, now: Timestamp) -> Request {
    let what = format!("take {holding} from {}", holding.user());
    match holding {
        Holding::Role(role) if by_pim(holding, now) => pim(role, what, "adminRemove", None),
        Holding::Role(role) => {
            let [a, b, c] = ASSIGNMENTS;
            Request::new(Method::DELETE, Operation::RemoveRole, what, &[a, b, c, role.id.as_str()])
        }
        Holding::Group(group) if by_pim(holding, now) => group_pim(group, what, "adminRemove", None),
        Holding::Group(group) => {
            let (id, member) = (group.group.to_string(), group.member.user.to_string());
            Request::new(
                Method::DELETE,
                Operation::ChangeGroupMember,
                what,
                &["groups", &id, "members", &member, "$ref"],
            )
        }
    }
}

/// The request that gives the holding back. `object` is the address of a directory object in this Graph.
///
/// Errors: an activation, which its holder makes anew from the eligibility; a holding whose end has passed.
pub fn give(holding: &Holding, now: Timestamp, object: impl Fn(ObjectId) -> String) -> Result<Request, DirectoryError> {
    let what = format!("give {holding} to {}", holding.user());
    let refuse = |why: &str| Err(DirectoryError::new(ErrorKind::Refused, what.clone(), why));
    if holding.kind() == RoleKind::Activated {
        return refuse("it was an activation, and only its holder can activate it again");
    }
    if is_over(holding.ends(), now) {
        return refuse("its end has passed meanwhile");
    }
    let schedule = schedule_info(holding, now);
    Ok(match holding {
        Holding::Role(role) if by_pim(holding, now) => pim(role, what, "adminAssign", Some(schedule)),
        Holding::Role(role) => {
            let mut body = assignment(role.principal, &role.grant);
            body.insert("@odata.type".into(), json!("#microsoft.graph.unifiedRoleAssignment"));
            Request::new(Method::POST, Operation::AssignRole, what, &ASSIGNMENTS).json(Value::Object(body))
        }
        Holding::Group(group) if by_pim(holding, now) => group_pim(group, what, "adminAssign", Some(schedule)),
        Holding::Group(group) => {
            let path = ["groups", &group.group.to_string(), "members", "$ref"];
            let body = json!({"@odata.id": object(group.member.user)});
            Request::new(Method::POST, Operation::ChangeGroupMember, what, &path).json(body)
        }
    })
}

/// Whether PIM alone can change it.
fn by_pim(holding: &Holding, now: Timestamp) -> bool {
    holding.kind() != RoleKind::Active || holding.ends().is_some() || lies_ahead(holding.starts(), now)
}

fn pim(role: &RoleAssignment, what: String, action: &str, schedule: Option<Value>) -> Request {
    let (operation, collection) = match role.kind {
        RoleKind::Eligible => (Operation::ChangeRoleEligibility, "roleEligibilityScheduleRequests"),
        RoleKind::Active | RoleKind::Activated => (Operation::ChangeRoleSchedule, "roleAssignmentScheduleRequests"),
    };
    let body = order(assignment(role.principal, &role.grant), action, schedule);
    Request::new(Method::POST, operation, what, &["roleManagement", "directory", collection]).json(body)
}

fn group_pim(group: &GroupMembership, what: String, action: &str, schedule: Option<Value>) -> Request {
    let (operation, collection) = match group.member.kind {
        RoleKind::Eligible => (Operation::ChangeGroupEligibility, "eligibilityScheduleRequests"),
        RoleKind::Active | RoleKind::Activated => (Operation::ChangeGroupSchedule, "assignmentScheduleRequests"),
    };
    let mut body = Map::new();
    body.insert("accessId".into(), json!("member"));
    body.insert("groupId".into(), json!(group.group));
    body.insert("principalId".into(), json!(group.member.user));
    let [a, b, c] = GROUP_PIM;
    let body = order(body, action, schedule);
    Request::new(Method::POST, operation, what, &[a, b, c, collection]).json(body)
}

/// A request to PIM. Removing needs no schedule.
fn order(mut body: Map<String, Value>, action: &str, schedule: Option<Value>) -> Value {
    body.insert("action".into(), json!(action));
    body.insert("justification".into(), json!(if schedule.is_some() { RESTORED } else { TAKEN }));
    if let Some(schedule) = schedule {
        body.insert("scheduleInfo".into(), schedule);
    }
    Value::Object(body)
}

/// The saved term: from now, or from the saved start if that still lies ahead, until the saved end.
fn schedule_info(holding: &Holding, now: Timestamp) -> Value {
    let start = holding.starts().filter(|start| *start > now).unwrap_or(now);
    let expiration = match holding.ends() {
        None => json!({"type": "noExpiration"}),
        Some(end) => json!({"type": "afterDateTime", "endDateTime": end}),
    };
    json!({"startDateTime": start, "expiration": expiration})
}

/// Who gets which role where; exactly one kind of scope is sent.
fn assignment(principal: ObjectId, grant: &RoleGrant) -> Map<String, Value> {
    let RoleGrant { role, role_name: _, directory_scope, app_scope, condition } = grant;
    let mut body = Map::new();
    body.insert("principalId".into(), json!(principal));
    body.insert("roleDefinitionId".into(), json!(role));
    match (directory_scope, app_scope) {
        (None, Some(scope)) => body.insert("appScopeId".into(), json!(scope)),
        (Some(scope), _) => body.insert("directoryScopeId".into(), json!(scope)),
        (None, None) => body.insert("directoryScopeId".into(), json!("/")),
    };
    if let Some(condition) = condition {
        body.insert("condition".into(), json!(condition));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::GroupMember;

    const JANE: &str = "11111111-2222-3333-4444-555555555555";
    const ADMINS: &str = "99999999-2222-3333-4444-555555555555";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        at("2026-11-24T12:00:00Z")
    }

    fn reader() -> RoleGrant {
        RoleGrant {
            role: "r".into(),
            role_name: "Reader".into(),
            directory_scope: Some("/administrativeUnits/a".into()),
            app_scope: None,
            condition: None,
        }
    }

    fn role(kind: RoleKind, starts: Option<&str>, ends: Option<&str>) -> Holding {
        let grant = reader();
        let (starts, ends) = (starts.map(at), ends.map(at));
        Holding::Role(RoleAssignment { id: "a1".into(), principal: JANE.parse().unwrap(), kind, starts, ends, grant })
    }

    fn member(kind: RoleKind, ends: Option<&str>) -> Holding {
        Holding::Group(GroupMembership {
            group: ADMINS.parse().unwrap(),
            group_name: "Admins".into(),
            roles: vec![reader()],
            member: GroupMember { user: JANE.parse().unwrap(), kind, starts: None, ends: ends.map(at) },
        })
    }

    fn given(holding: &Holding) -> Result<Request, DirectoryError> {
        give(holding, now(), |id| format!("https://graph/v1.0/directoryObjects/{id}"))
    }

    fn line(request: &Request) -> String {
        format!("{} {}", request.method, request.path.join("/"))
    }

    const PAST: Option<&str> = Some("2026-01-01T00:00:00Z");
    const FUTURE: Option<&str> = Some("2026-12-24T00:00:00Z");
    const END: Option<&str> = Some("2027-01-01T00:00:00Z");

    #[test]
    fn what_stands_for_good_is_changed_directly() {
        let standing = role(RoleKind::Active, PAST, None);
        assert_eq!(line(&take(&standing, now())), "DELETE roleManagement/directory/roleAssignments/a1");
        let back = given(&standing).unwrap();
        assert_eq!(line(&back), "POST roleManagement/directory/roleAssignments");
        let body = back.body.unwrap();
        assert_eq!((&body["directoryScopeId"], body.get("scheduleInfo")), (&json!("/administrativeUnits/a"), None));
        let inside = member(RoleKind::Active, None);
        assert_eq!(line(&take(&inside, now())), format!("DELETE groups/{ADMINS}/members/{JANE}/$ref"));
        let back = given(&inside).unwrap();
        assert_eq!(line(&back), format!("POST groups/{ADMINS}/members/$ref"));
        let body = back.body.unwrap();
        assert_eq!(body, json!({"@odata.id": format!("https://graph/v1.0/directoryObjects/{JANE}")}));
    }

    #[test]
    fn pim_keeps_start_and_end() {
        for (holding, collection, info) in [
            (
                role(RoleKind::Active, PAST, END),
                "roleManagement/directory/roleAssignmentScheduleRequests",
                json!({"startDateTime": "2026-11-24T12:00:00Z",
                    "expiration": {"type": "afterDateTime", "endDateTime": "2027-01-01T00:00:00Z"}}),
            ),
            (
                role(RoleKind::Active, FUTURE, None),
                "roleManagement/directory/roleAssignmentScheduleRequests",
                json!({"startDateTime": "2026-12-24T00:00:00Z", "expiration": {"type": "noExpiration"}}),
            ),
            (
                role(RoleKind::Eligible, PAST, None),
                "roleManagement/directory/roleEligibilityScheduleRequests",
                json!({"startDateTime": "2026-11-24T12:00:00Z", "expiration": {"type": "noExpiration"}}),
            ),
            (
                member(RoleKind::Eligible, END),
                "identityGovernance/privilegedAccess/group/eligibilityScheduleRequests",
                json!({"startDateTime": "2026-11-24T12:00:00Z",
                    "expiration": {"type": "afterDateTime", "endDateTime": "2027-01-01T00:00:00Z"}}),
            ),
            (
                member(RoleKind::Active, END),
                "identityGovernance/privilegedAccess/group/assignmentScheduleRequests",
                json!({"startDateTime": "2026-11-24T12:00:00Z",
                    "expiration": {"type": "afterDateTime", "endDateTime": "2027-01-01T00:00:00Z"}}),
            ),
        ] {
            let (taken, back) = (take(&holding, now()), given(&holding).unwrap());
            assert_eq!([line(&taken), line(&back)], [format!("POST {collection}"), format!("POST {collection}")]);
            let (taken, back) = (taken.body.unwrap(), back.body.unwrap());
            assert_eq!((&taken["action"], taken.get("scheduleInfo")), (&json!("adminRemove"), None));
            assert_eq!((&back["action"], &back["scheduleInfo"]), (&json!("adminAssign"), &info));
            assert_eq!((&back["principalId"], &back["justification"]), (&json!(JANE), &json!(RESTORED)));
        }
    }

    #[test]
    fn an_activation_is_taken_and_never_given() {
        let activated = role(RoleKind::Activated, PAST, END);
        assert_eq!(line(&take(&activated, now())), "POST roleManagement/directory/roleAssignmentScheduleRequests");
        assert_eq!(given(&activated).unwrap_err().kind, ErrorKind::Refused);
        assert_eq!(given(&member(RoleKind::Activated, END)).unwrap_err().kind, ErrorKind::Refused);
    }

    #[test]
    fn what_has_ended_is_not_given() {
        for holding in [role(RoleKind::Eligible, None, PAST), member(RoleKind::Active, PAST)] {
            let error = given(&holding).unwrap_err();
            assert!(error.kind == ErrorKind::Refused && error.detail.contains("end has passed"), "{error}");
        }
    }

    #[test]
    fn exactly_one_scope_is_sent_and_it_is_the_saved_one() {
        let grant = |directory: Option<&str>, app: Option<&str>| RoleGrant {
            role: "r".into(),
            role_name: "Reader".into(),
            directory_scope: directory.map(str::to_owned),
            app_scope: app.map(str::to_owned),
            condition: None,
        };
        let principal = JANE.parse().unwrap();
        let unit = assignment(principal, &grant(Some("/administrativeUnits/a"), None));
        assert_eq!((&unit["directoryScopeId"], unit.get("appScopeId")), (&json!("/administrativeUnits/a"), None));
        let app = assignment(principal, &grant(None, Some("/app")));
        assert_eq!((app.get("directoryScopeId"), &app["appScopeId"]), (None, &json!("/app")));
        assert!(unit.get("condition").is_none() && unit.get("role_name").is_none());
    }
}
