//! From a path to an operation.

use super::answer::Refusal;
use super::pim::Table;
use super::pim::schedules::View;
use crate::lab::world::cloud::AccessId;
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
    /// `DELETE /users/{key}`
    DeleteUser(String),
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
    /// `GET /groups/{id}/members` and `GET /groups/{id}/owners`
    ListGroupHolders(String, AccessId),
    /// `POST /groups/{id}/members/$ref`
    AddGroupMember(String),
    /// `DELETE /groups/{id}/members/{id}/$ref`
    RemoveGroupMember(String, String),
    /// `GET /groups/{id}/appRoleAssignments`
    ListGroupAppRoles(String),
    /// `GET /directoryObjects/{id}`
    GetDirectoryObject(String),
    /// `GET /servicePrincipals/{id}`
    GetServicePrincipal(String),
    /// `GET /servicePrincipals/{id}/synchronization/jobs`
    ListSyncJobs(String),
    /// `GET /servicePrincipals/{id}/synchronization/jobs/{id}/schema`
    GetSyncSchema(String, String),
    /// `POST /servicePrincipals/{id}/synchronization/jobs/{id}/provisionOnDemand`
    ProvisionOnDemand(String, String),
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
    /// `DELETE /directory/administrativeUnits/{id}`
    DeleteUnit(String),
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
    /// `GET …/role{Eligibility,Assignment}Schedules` and `…ScheduleInstances`
    ListSchedules(Table, View),
    /// `GET …/role{Eligibility,Assignment}Schedules/{id}` and `…ScheduleInstances/{id}`
    GetSchedule(Table, View, String),
    /// `GET …/role{Eligibility,Assignment}ScheduleRequests`
    ListScheduleRequests(Table),
    /// `POST …/role{Eligibility,Assignment}ScheduleRequests`
    RequestSchedule(Table),
    /// `GET /identityGovernance/privilegedAccess/group/{eligibility,assignment}Schedules` and `…ScheduleInstances`
    ListGroupSchedules(Table, View),
    /// `POST /identityGovernance/privilegedAccess/group/{eligibility,assignment}ScheduleRequests`
    RequestGroupSchedule(Table),
    /// `GET /policies/roleManagementPolicyAssignments`
    ListPolicyAssignments,
    /// `GET /policies/roleManagementPolicyAssignments/{id}`
    GetPolicyAssignment(String),
    /// `GET /identity/conditionalAccess/policies`
    ListConditionalAccess,
    /// `GET /identity/conditionalAccess/policies/{id}`
    GetConditionalAccess(String),
    /// `POST /$batch`
    Batch,
}

/// Operations that Graph has and the lab has not: answered with 501, not with a pretence.
const NOT_IN_THE_LAB: [(&str, &[&str]); 27] = [
    ("GET", &["serviceprincipals", "*", "synchronization", "jobs", "*"]),
    ("POST", &["users"]),
    ("GET", &["users", "*", "manager"]),
    ("GET", &["users", "*", "transitivememberof"]),
    ("POST", &["users", "*", "getmembergroups"]),
    ("POST", &["users", "*", "revokesigninsessions"]),
    ("POST", &["groups"]),
    ("GET", &["groups", "delta"]),
    ("PATCH", &["groups", "*"]),
    ("DELETE", &["groups", "*"]),
    ("GET", &["groups", "*", "transitivemembers"]),
    ("GET", &["groups", "*", "members", "$count"]),
    ("POST", &["groups", "*", "owners", "$ref"]),
    ("DELETE", &["groups", "*", "owners", "*", "$ref"]),
    ("GET", &["directoryobjects", "delta"]),
    ("POST", &["directoryobjects", "getbyids"]),
    ("GET", &["policies", "rolemanagementpolicies"]),
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
        ("DELETE", ["users", _]) => Op::DeleteUser(key(1)),
        ("GET", ["users", _, "memberof"]) => Op::MemberOf(key(1)),
        ("GET", ["users", _, "onpremisessyncbehavior"]) => Op::GetSyncBehavior(key(1)),
        ("PATCH", ["users", _, "onpremisessyncbehavior"]) => Op::PatchSyncBehavior(key(1)),
        ("GET", ["groups"]) => Op::ListGroups,
        ("GET", ["groups", "$count"]) => Op::CountGroups,
        ("GET", ["groups", _]) => Op::GetGroup(key(1)),
        ("GET", ["groups", _, "members"]) => Op::ListGroupHolders(key(1), AccessId::Member),
        ("GET", ["groups", _, "owners"]) => Op::ListGroupHolders(key(1), AccessId::Owner),
        ("POST", ["groups", _, "members", "$ref"]) => Op::AddGroupMember(key(1)),
        ("DELETE", ["groups", _, "members", _, "$ref"]) => Op::RemoveGroupMember(key(1), key(3)),
        ("GET", ["groups", _, "approleassignments"]) => Op::ListGroupAppRoles(key(1)),
        ("GET", ["directoryobjects", _]) => Op::GetDirectoryObject(key(1)),
        ("GET", ["serviceprincipals", _]) => Op::GetServicePrincipal(key(1)),
        ("GET", ["serviceprincipals", _, "synchronization", "jobs"]) => Op::ListSyncJobs(key(1)),
        ("GET", ["serviceprincipals", _, "synchronization", "jobs", _, "schema"]) => Op::GetSyncSchema(key(1), key(4)),
        ("POST", ["serviceprincipals", _, "synchronization", "jobs", _, "provisionondemand"]) => {
            Op::ProvisionOnDemand(key(1), key(4))
        }
        ("GET", ["policies", "rolemanagementpolicyassignments"]) => Op::ListPolicyAssignments,
        ("GET", ["policies", "rolemanagementpolicyassignments", _]) => Op::GetPolicyAssignment(key(2)),
        ("GET", ["identity", "conditionalaccess", "policies"]) => Op::ListConditionalAccess,
        ("GET", ["identity", "conditionalaccess", "policies", _]) => Op::GetConditionalAccess(key(3)),
        (_, ["identitygovernance", "privilegedaccess", "group", set]) => return privileged_access(method, set),
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
        ("DELETE", ["administrativeunits", _]) => Op::DeleteUnit(key()),
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
        (_, ["roleeligibilityschedulerequests"]) => return requests(method, Table::Eligibility),
        (_, ["roleassignmentschedulerequests"]) => return requests(method, Table::Assignment),
        ("GET", [set]) => return schedules(set).map(|(table, view)| Op::ListSchedules(table, view)),
        ("GET", [set, _]) => return schedules(set).map(|(table, view)| Op::GetSchedule(table, view, key())),
        _ => return None,
    })
}

/// The lists of PIM that a path names.
fn schedules(set: &str) -> Option<(Table, View)> {
    Some(match set {
        "roleeligibilityschedules" => (Table::Eligibility, View::Schedule),
        "roleeligibilityscheduleinstances" => (Table::Eligibility, View::Instance),
        "roleassignmentschedules" => (Table::Assignment, View::Schedule),
        "roleassignmentscheduleinstances" => (Table::Assignment, View::Instance),
        _ => return None,
    })
}

fn requests(method: &str, table: Table) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::ListScheduleRequests(table)),
        "POST" => Some(Operation::RequestSchedule(table)),
        _ => None,
    }
}

fn privileged_access(method: &str, set: &str) -> Option<Operation> {
    match (method, set) {
        ("POST", "eligibilityschedulerequests") => Some(Operation::RequestGroupSchedule(Table::Eligibility)),
        ("POST", "assignmentschedulerequests") => Some(Operation::RequestGroupSchedule(Table::Assignment)),
        ("GET", _) => {
            let (table, view) = schedules(&format!("role{set}"))?;
            Some(Operation::ListGroupSchedules(table, view))
        }
        _ => None,
    }
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
