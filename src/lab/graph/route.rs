//! From a path to an operation.

use super::answer::Refusal;
use axum::http::Method;

/// What a request asks for. The texts are ids or UPNs from the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `GET /users`
    ListUsers,
    /// `GET /users/$count`
    CountUsers,
    /// `GET /users/delta`
    UsersDelta,
    /// `GET /users/{key}`
    GetUser(String),
    /// `PATCH /users/{key}`
    PatchUser(String),
    /// `GET /users/{key}/memberOf`
    MemberOf(String),
    /// `GET /users/{key}/onPremisesSyncBehavior`
    GetSyncBehavior(String),
    /// `PATCH /users/{key}/onPremisesSyncBehavior`
    PatchSyncBehavior(String),
    /// `GET /me`
    Me,
    /// `GET /groups`
    ListGroups,
    /// `GET /groups/$count`
    CountGroups,
    /// `GET /groups/{id}`
    GetGroup(String),
    /// `GET /contacts`
    ListContacts,
    /// `GET /contacts/$count`
    CountContacts,
    /// `GET /contacts/{id}`
    GetContact(String),
    /// `GET /directory/administrativeUnits`
    ListUnits,
    /// `GET /directory/administrativeUnits/{id}`
    GetUnit(String),
    /// `GET /directory/deletedItems/microsoft.graph.user`
    ListDeletedUsers,
    /// `GET /directory/deletedItems/microsoft.graph.user/$count`
    CountDeletedUsers,
    /// `GET /directory/deletedItems/{id}`
    GetDeleted(String),
    /// `POST /directory/deletedItems/{id}/restore`
    RestoreDeleted(String),
    /// `DELETE /directory/deletedItems/{id}`
    PurgeDeleted(String),
    /// `GET /organization`
    ListOrganization,
    /// `GET /organization/{id}`
    GetOrganization(String),
    /// `GET /domains`
    ListDomains,
    /// `GET /domains/{name}`
    GetDomain(String),
    /// `GET /directory/onPremisesSynchronization`
    ListDirectorySync,
    /// `GET /directory/onPremisesSynchronization/{id}`
    GetDirectorySync(String),
    /// `PATCH /directory/onPremisesSynchronization/{id}`
    PatchDirectorySync(String),
    /// `GET /roleManagement/directory/roleAssignments`
    ListRoleAssignments,
    /// `POST /roleManagement/directory/roleAssignments`
    CreateRoleAssignment,
    /// `GET /roleManagement/directory/roleAssignments/{id}`
    GetRoleAssignment(String),
    /// `DELETE /roleManagement/directory/roleAssignments/{id}`
    DeleteRoleAssignment(String),
    /// `GET /roleManagement/directory/roleDefinitions`
    ListRoleDefinitions,
    /// `GET /roleManagement/directory/roleDefinitions/{id}`
    GetRoleDefinition(String),
    /// Reading PIM's eligibilities
    ReadEligibility,
    /// Requesting a change of PIM's eligibilities
    RequestEligibility,
    /// Reading PIM's assignments
    ReadAssignmentSchedule,
    /// Requesting a change of PIM's assignments
    RequestAssignmentSchedule,
    /// `POST /$batch`
    Batch,
}

/// Operations that Graph has and the lab has not: answered with 501, not with a pretence.
const NOT_IN_THE_LAB: [(&str, &[&str]); 21] = [
    ("POST", &["users"]),
    ("DELETE", &["users", "*"]),
    ("GET", &["users", "*", "manager"]),
    ("GET", &["users", "*", "transitivememberof"]),
    ("POST", &["users", "*", "getmembergroups"]),
    ("POST", &["users", "*", "revokesigninsessions"]),
    ("POST", &["groups"]),
    ("GET", &["groups", "delta"]),
    ("PATCH", &["groups", "*"]),
    ("DELETE", &["groups", "*"]),
    ("GET", &["groups", "*", "members"]),
    ("GET", &["groups", "*", "memberof"]),
    ("GET", &["groups", "*", "onpremisessyncbehavior"]),
    ("GET", &["contacts", "delta"]),
    ("GET", &["contacts", "*", "memberof"]),
    ("GET", &["directory", "deleteditems", "microsoft.graph.group"]),
    ("GET", &["directory", "deleteditems", "microsoft.graph.device"]),
    ("PATCH", &["organization", "*"]),
    ("POST", &["domains"]),
    ("PATCH", &["domains", "*"]),
    ("DELETE", &["domains", "*"]),
];

/// The operation that a request asks for.
///
/// # Errors
/// An unknown path (400, as Graph says it), a method that the path does not have (405), or an operation of Graph's that
/// the lab does not implement (501).
pub fn resolve(method: &Method, segments: &[String]) -> Result<Operation, Refusal> {
    let lower: Vec<String> = segments.iter().map(|s| normal(s)).collect();
    let path: Vec<&str> = lower.iter().map(String::as_str).collect();
    let not_here = NOT_IN_THE_LAB.iter().any(|(m, pattern)| method == *m && fits(pattern, &path));
    if not_here {
        return Err(Refusal::not_in_the_lab(&format!("{method} /{}", segments.join("/"))));
    }
    if let Some(operation) = known(method.as_str(), &path, segments) {
        return Ok(operation);
    }
    if ["GET", "POST", "PATCH", "DELETE"].iter().any(|m| known(m, &path, segments).is_some()) {
        return Err(Refusal::method_not_allowed());
    }
    if path == ["directory", "deleteditems"] {
        return Err(Refusal::bad_request("The resource type must be specified, such as microsoft.graph.user."));
    }
    let segment = segments.last().map_or("", String::as_str);
    Err(Refusal::odata(format!("Resource not found for the segment '{segment}'.")))
}

/// Lower case, and the long form of a cast.
fn normal(segment: &str) -> String {
    let lower = segment.to_ascii_lowercase();
    if lower.starts_with("graph.") { format!("microsoft.{lower}") } else { lower }
}

fn fits(pattern: &[&str], path: &[&str]) -> bool {
    pattern.len() == path.len() && pattern.iter().zip(path).all(|(p, s)| *p == "*" || p == s)
}

fn known(method: &str, path: &[&str], segments: &[String]) -> Option<Operation> {
    use Operation as Op;
    // A key keeps its spelling; `$count` and casts are no keys.
    let key = |at: usize| segments.get(at).cloned().unwrap_or_default();
    Some(match (method, path) {
        ("POST", ["$batch"]) => Op::Batch,
        ("GET", ["me"]) => Op::Me,
        ("GET", ["users"]) => Op::ListUsers,
        ("GET", ["users", "$count"]) => Op::CountUsers,
        ("GET", ["users", "delta"]) => Op::UsersDelta,
        ("GET", ["users", _]) => Op::GetUser(key(1)),
        ("PATCH", ["users", _]) => Op::PatchUser(key(1)),
        ("GET", ["users", _, "memberof"]) => Op::MemberOf(key(1)),
        ("GET", ["users", _, "onpremisessyncbehavior"]) => Op::GetSyncBehavior(key(1)),
        ("PATCH", ["users", _, "onpremisessyncbehavior"]) => Op::PatchSyncBehavior(key(1)),
        ("GET", ["groups"]) => Op::ListGroups,
        ("GET", ["groups", "$count"]) => Op::CountGroups,
        ("GET", ["groups", _]) => Op::GetGroup(key(1)),
        ("GET", ["contacts"]) => Op::ListContacts,
        ("GET", ["contacts", "$count"]) => Op::CountContacts,
        ("GET", ["contacts", _]) => Op::GetContact(key(1)),
        ("GET", ["organization"]) => Op::ListOrganization,
        ("GET", ["organization", _]) => Op::GetOrganization(key(1)),
        ("GET", ["domains"]) => Op::ListDomains,
        ("GET", ["domains", _]) => Op::GetDomain(key(1)),
        (_, ["directory", rest @ ..]) => return directory(method, rest, segments),
        (_, ["rolemanagement", "directory", rest @ ..]) => return role_management(method, rest, segments),
        _ => return None,
    })
}

fn directory(method: &str, path: &[&str], segments: &[String]) -> Option<Operation> {
    use Operation as Op;
    let key = || segments.get(2).cloned().unwrap_or_default();
    Some(match (method, path) {
        ("GET", ["administrativeunits"]) => Op::ListUnits,
        ("GET", ["administrativeunits", _]) => Op::GetUnit(key()),
        ("GET", ["deleteditems", "microsoft.graph.user"]) => Op::ListDeletedUsers,
        ("GET", ["deleteditems", "microsoft.graph.user", "$count"]) => Op::CountDeletedUsers,
        ("GET", ["deleteditems", _] | ["deleteditems", _, "microsoft.graph.user"]) => Op::GetDeleted(key()),
        ("POST", ["deleteditems", _, "restore"]) => Op::RestoreDeleted(key()),
        ("DELETE", ["deleteditems", _]) => Op::PurgeDeleted(key()),
        ("GET", ["onpremisessynchronization"]) => Op::ListDirectorySync,
        ("GET", ["onpremisessynchronization", _]) => Op::GetDirectorySync(key()),
        ("PATCH", ["onpremisessynchronization", _]) => Op::PatchDirectorySync(key()),
        _ => return None,
    })
}

fn role_management(method: &str, path: &[&str], segments: &[String]) -> Option<Operation> {
    use Operation as Op;
    let key = || segments.get(3).cloned().unwrap_or_default();
    Some(match (method, path) {
        ("GET", ["roleassignments"]) => Op::ListRoleAssignments,
        ("POST", ["roleassignments"]) => Op::CreateRoleAssignment,
        ("GET", ["roleassignments", _]) => Op::GetRoleAssignment(key()),
        ("DELETE", ["roleassignments", _]) => Op::DeleteRoleAssignment(key()),
        ("GET", ["roledefinitions"]) => Op::ListRoleDefinitions,
        ("GET", ["roledefinitions", _]) => Op::GetRoleDefinition(key()),
        (
            "GET",
            ["roleeligibilityscheduleinstances" | "roleeligibilityschedules" | "roleeligibilityschedulerequests"]
            | ["roleeligibilityscheduleinstances" | "roleeligibilityschedules" | "roleeligibilityschedulerequests", _],
        ) => Op::ReadEligibility,
        ("POST", ["roleeligibilityschedulerequests"]) => Op::RequestEligibility,
        (
            "GET",
            ["roleassignmentscheduleinstances" | "roleassignmentschedules" | "roleassignmentschedulerequests"]
            | ["roleassignmentscheduleinstances" | "roleassignmentschedules" | "roleassignmentschedulerequests", _],
        ) => Op::ReadAssignmentSchedule,
        ("POST", ["roleassignmentschedulerequests"]) => Op::RequestAssignmentSchedule,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn route(method: &Method, path: &str) -> Result<Operation, Refusal> {
        resolve(method, &crate::lab::graph::request::segments(path).unwrap())
    }

    #[test]
    fn paths_compare_without_case_and_keys_keep_theirs() {
        assert_eq!(route(&Method::GET, "/Users/Jane%40contoso.com"), Ok(Operation::GetUser("Jane@contoso.com".into())));
        assert_eq!(route(&Method::GET, "/users/delta()"), Ok(Operation::UsersDelta));
        for cast in ["graph.user", "microsoft.graph.user"] {
            let path = format!("/directory/deletedItems/{cast}");
            assert_eq!(route(&Method::GET, &path), Ok(Operation::ListDeletedUsers));
        }
    }

    #[test]
    fn what_is_unknown_forbidden_or_missing_is_told_apart() {
        assert_eq!(route(&Method::GET, "/nonsense").unwrap_err().status, StatusCode::BAD_REQUEST);
        assert_eq!(route(&Method::PATCH, "/contacts/x").unwrap_err().status, StatusCode::METHOD_NOT_ALLOWED);
        let sync = "/directory/onPremisesSynchronization";
        assert_eq!(route(&Method::POST, sync).unwrap_err().status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(route(&Method::POST, "/users").unwrap_err().status, StatusCode::NOT_IMPLEMENTED);
    }
}
