//! Roles in the script: whether one is held, how it is taken, how it is given back.

use super::quote::Literal;
use crate::model::reference::EntraRef;
use crate::model::role::{Holding, RoleKind};
use crate::state::restore_request::{RestoreRequest, TakeRequest};
use jiff::Timestamp;

/// The permissions that taking and giving back need.
pub(super) fn scopes(holding: &Holding, now: Timestamp) -> Vec<&'static str> {
    let give = RestoreRequest::of(holding, "", now).map(|request| request.permission);
    // A membership of such a group is as good as its role.
    [TakeRequest::of(holding, now).permission, "RoleManagement.ReadWrite.Directory"].into_iter().chain(give).collect()
}

pub(super) fn take(user: &EntraRef, holding: &Holding, now: Timestamp) -> String {
    let TakeRequest { method, path, body, permission: _ } = TakeRequest::of(holding, now);
    let request = request(method, &path, body.as_deref());
    let (held, gone) = (is_held(holding), format!("{} holds {holding} no more", user.upn));
    format!(
        "if ({held}) {{\n    {request}\n}} else {{ Write-Host '   it is not held any more' }}\n\
         Wait-For {} 120 {{ -not ({held}) }}\n",
        Literal(&gone)
    )
}

pub(super) fn give(user: &EntraRef, holding: &Holding, graph: &str, now: Timestamp) -> String {
    let Some(RestoreRequest { path, body, permission: _ }) = RestoreRequest::of(holding, graph, now) else {
        let why = format!("{holding} was an activation: {} activates it again while eligible.", user.upn);
        return format!("Write-Host {}\n", Literal(&why));
    };
    let request = request("POST", &path, Some(&body));
    let (held, back) = (is_held(holding), format!("{} holds {holding} again", user.upn));
    format!(
        "if (-not ({held})) {{\n    {request}\n}} else {{ Write-Host '   it is held already' }}\n\
         Wait-For {} 120 {{ {held} }}\n",
        Literal(&back)
    )
}

fn request(method: &str, path: &str, body: Option<&str>) -> String {
    let body = body.map(|body| format!(" -ContentType 'application/json' -Body {}", Literal(body))).unwrap_or_default();
    format!(
        "Invoke-MgGraphRequest -Method {method} -Uri ($graph + {}){body} | Out-Null",
        Literal(&format!("/v1.0{path}"))
    )
}

/// An expression that is true while the holding stands.
fn is_held(holding: &Holding) -> String {
    let user = holding.user();
    match holding {
        Holding::Role(role) => {
            let collection = match (role.kind, role.ends) {
                (RoleKind::Active, None) => "roleAssignments",
                (RoleKind::Eligible, _) => "roleEligibilitySchedules",
                (RoleKind::Active | RoleKind::Activated, _) => "roleAssignmentSchedules",
            };
            let (directory, app) = (role.grant.directory_scope.as_deref(), role.grant.app_scope.as_deref());
            let scope = match (directory, app) {
                (None, Some(app)) => format!("$_.appScopeId -eq {}", Literal(app)),
                (directory, _) => format!("$_.directoryScopeId -eq {}", Literal(directory.unwrap_or("/"))),
            };
            let path = format!("/roleManagement/directory/{collection}?$filter=principalId eq '{user}'");
            let role = role.grant.role.to_string();
            format!(
                "[bool] @(Get-Items {} | Where-Object {{ ($_.roleDefinitionId -eq {}) -and ({scope}) }})",
                Literal(&path),
                Literal(&role)
            )
        }
        Holding::Group(group) if group.member.kind == RoleKind::Active && group.member.ends.is_none() => {
            let path = format!(
                "/users/{user}/memberOf/microsoft.graph.group?$filter=id eq '{}'&$count=true&$select=id",
                group.group
            );
            format!("[bool] @(Get-Items {})", Literal(&path))
        }
        Holding::Group(group) => {
            let collection =
                if group.member.kind == RoleKind::Eligible { "eligibilitySchedules" } else { "assignmentSchedules" };
            let path = format!(
                "/identityGovernance/privilegedAccess/group/{collection}?$filter=groupId eq '{}' and principalId eq '{user}'",
                group.group
            );
            format!("[bool] @(Get-Items {})", Literal(&path))
        }
    }
}
