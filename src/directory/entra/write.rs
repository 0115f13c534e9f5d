//! Writing Entra. Each write is one request; the caller reads back.

use super::http::Graph;
use super::permission::Operation;
use super::request::Request;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{Clock, WriteEntra};
use crate::model::anchor::ImmutableId;
use crate::model::id::ObjectId;
use crate::model::role::{Holding, RoleGrant};
use reqwest::Method;
use serde_json::{Map, Value, json};

const ASSIGNMENTS: [&str; 3] = ["roleManagement", "directory", "roleAssignments"];

impl<C: Clock> WriteEntra for Graph<C> {
    async fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> Result<(), DirectoryError> {
        let what = match value {
            Some(value) => format!("set the ImmutableID of the user {user} to {value}"),
            None => format!("clear the ImmutableID of the user {user}"),
        };
        // Clearing is JSON null; "" is refused.
        let body = json!({"onPremisesImmutableId": value.map(ImmutableId::as_str)});
        let path = ["users", &user.to_string()];
        let request = Request::new(Method::PATCH, Operation::SetImmutableId, what, &path).json(body);
        self.send(&request).await.map(drop)
    }

    async fn take(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let what = format!("take {holding} from {}", holding.user());
        let Holding::Role(role) = holding else {
            return Err(DirectoryError::new(ErrorKind::Refused, what, "memberships cannot be taken yet"));
        };
        let [a, b, c] = ASSIGNMENTS;
        let request = Request::new(Method::DELETE, Operation::RemoveRole, what, &[a, b, c, role.id.as_str()]);
        self.send(&request).await.map(drop)
    }

    async fn give(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let what = format!("give {holding} to {}", holding.user());
        let Holding::Role(role) = holding else {
            return Err(DirectoryError::new(ErrorKind::Refused, what, "memberships cannot be given yet"));
        };
        let body = body(role.principal, &role.grant);
        let request = Request::new(Method::POST, Operation::AssignRole, what, &ASSIGNMENTS).json(body);
        self.send(&request).await.map(drop)
    }
}

/// A new assignment with the same scope; exactly one kind of scope is sent.
fn body(principal: ObjectId, grant: &RoleGrant) -> Value {
    let RoleGrant { role, role_name: _, directory_scope, app_scope, condition } = grant;
    let mut body = Map::new();
    body.insert("@odata.type".into(), json!("#microsoft.graph.unifiedRoleAssignment"));
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
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(directory: Option<&str>, app: Option<&str>) -> RoleGrant {
        RoleGrant {
            role: "r".into(),
            role_name: "Reader".into(),
            directory_scope: directory.map(str::to_owned),
            app_scope: app.map(str::to_owned),
            condition: None,
        }
    }

    #[test]
    fn exactly_one_scope_is_sent_and_it_is_the_saved_one() {
        let principal = "11111111-2222-3333-4444-555555555555".parse().unwrap();
        let unit = body(principal, &grant(Some("/administrativeUnits/a"), None));
        assert_eq!((&unit["directoryScopeId"], unit.get("appScopeId")), (&json!("/administrativeUnits/a"), None));
        let app = body(principal, &grant(None, Some("/app")));
        assert_eq!((app.get("directoryScopeId"), &app["appScopeId"]), (None, &json!("/app")));
        assert!(unit.get("condition").is_none() && unit.get("role_name").is_none());
    }
}
