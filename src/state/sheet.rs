//! The restore sheet: how to give back every role that an apply takes for a time, without matchplan.
//!
//! It is kept before the first role is taken. Requests follow Microsoft Graph v1.0, "Create unifiedRoleAssignment".

use crate::model::id::ObjectId;
use crate::model::role::{Holding, RoleGrant};
use crate::model::visible::visible;
use crate::plan::document::Plan;
use crate::plan::step::Action;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The sheet of a plan's suspended roles, as plain text; `None` if it suspends none.
pub fn restore_sheet(plan: &Plan, apply: &str) -> Option<String> {
    let roles: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Suspend { user, holding: Holding::Role(role), restore } => Some((user, role, *restore)),
            _ => None,
        })
        .collect();
    if roles.is_empty() {
        return None;
    }
    let cloud = &plan.settings.entra.cloud;
    let mut out = format!(
        "Restore sheet of apply {apply}\n\
         tenant {} ({})\n\n\
         This apply takes the roles below away from their holders. If matchplan cannot give them back, do it by hand:\n\
         run the PowerShell line of each missing role, or send its request with any Graph client. The account needs\n\
         the role Privileged Role Administrator and the permission RoleManagement.ReadWrite.Directory.\n\
         Before giving a role back, see that the person's link is formed or undone: a role on a user that is still to\n\
         be matched makes the match fail. A role that is there already is answered with an error, which does no harm.\n\n\
         Sign in:\n    Connect-MgGraph -TenantId {} -Scopes RoleManagement.ReadWrite.Directory{}\n",
        visible(&plan.tenant.name),
        plan.tenant.id,
        plan.tenant.id,
        environment(cloud),
    );
    for (n, (user, assignment, restore)) in roles.iter().enumerate() {
        let url = format!("{}/v1.0/roleManagement/directory/roleAssignments", cloud.graph_host());
        let body = restore_body(assignment.principal, &assignment.grant);
        let _ = write!(
            out,
            "\n{}. {} — {}\n   user        {} ({})\n   scope       {}\n   assignment  {}\n   afterwards  {}\n\
             \n   Request:\n    POST {url}\n    Content-Type: application/json\n\n    {body}\n\
             \n   PowerShell:\n    Invoke-MgGraphRequest -Method POST -Uri '{url}' -ContentType 'application/json' -Body '{body}'\n",
            n + 1,
            visible(user.upn.as_str()),
            visible(&assignment.grant.role_name),
            visible(user.upn.as_str()),
            assignment.principal,
            visible(scope(&assignment.grant)),
            visible(assignment.id.as_str()),
            if *restore { "is given back by matchplan" } else { "stays removed (roles = \"remove\")" },
        );
    }
    Some(out)
}

/// The parameter that chooses a national cloud for `Connect-MgGraph`.
fn environment(cloud: &crate::config::settings::Cloud) -> &'static str {
    use crate::config::settings::Cloud;
    match cloud {
        Cloud::Global | Cloud::Custom { .. } => "",
        Cloud::GccHigh => " -Environment USGov",
        Cloud::Dod => " -Environment USGovDoD",
        Cloud::China => " -Environment China",
    }
}

fn scope(grant: &RoleGrant) -> &str {
    grant.directory_scope.as_deref().or(grant.app_scope.as_deref()).unwrap_or("/")
}

/// The JSON body that assigns `grant` to `principal`: ASCII only and without a single quote, so that it stands safely
/// within a PowerShell string, whatever a condition or scope holds.
pub fn restore_body(principal: ObjectId, grant: &RoleGrant) -> String {
    let RoleGrant { role, role_name: _, directory_scope, app_scope, condition } = grant;
    let mut body = Map::new();
    let mut put = |name: &str, value: String| body.insert(name.to_owned(), Value::String(value));
    put("principalId", principal.to_string());
    put("roleDefinitionId", role.to_string());
    match (directory_scope, app_scope) {
        (Some(scope), None) => put("directoryScopeId", scope.clone()),
        (_, Some(scope)) => put("appScopeId", scope.clone()),
        (None, None) => put("directoryScopeId", "/".to_owned()),
    };
    if let Some(condition) = condition {
        put("condition", condition.clone());
    }
    Value::Object(body).to_string().chars().fold(String::new(), |mut out, ch| {
        if ch == '\'' || !ch.is_ascii() {
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
