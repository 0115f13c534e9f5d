//! The restore sheet: how to give back everything that an apply takes for a time, without matchplan.
//!
//! It is kept before the first role is taken.

use super::restore_request::RestoreRequest;
use crate::model::reference::EntraRef;
use crate::model::role::{Holding, RoleGrant};
use crate::model::visible::visible;
use crate::plan::document::Plan;
use crate::plan::step::Action;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The sheet of a plan's suspended roles, as plain text; `None` if it suspends none.
pub fn restore_sheet(plan: &Plan, apply: &str) -> Option<String> {
    let cloud = &plan.settings.entra.cloud;
    let graph = cloud.graph_host();
    let taken: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Suspend { user, holding, restore } => {
                Some((user, holding, *restore, RestoreRequest::of(holding, &graph, plan.created)))
            }
            _ => None,
        })
        .collect();
    if taken.is_empty() {
        return None;
    }
    let requests = taken.iter().filter_map(|(.., request)| request.as_ref());
    let mut scopes: BTreeSet<&str> = requests.map(|request| request.permission).collect();
    // A membership of such a group is as good as its role, so both permissions are asked for.
    scopes.insert("RoleManagement.ReadWrite.Directory");
    let scopes: Vec<&str> = scopes.into_iter().collect();
    let mut out = format!(
        "Restore sheet of apply {apply}\n\
         tenant {} ({})\n\n\
         This apply takes the roles below away from their holders. If matchplan cannot give them back, do it by hand:\n\
         run the PowerShell line of each missing role, or send its request with any Graph client. The account needs\n\
         the role Privileged Role Administrator and the permissions below.\n\
         Before giving a role back, see that the person's link is formed or undone: a role on a user that is still to\n\
         be matched makes the match fail. A role that is there already is answered with an error, which does no harm.\n\n\
         Sign in:\n    Connect-MgGraph -TenantId {} -Scopes {}{}\n",
        visible(&plan.tenant.name),
        plan.tenant.id,
        plan.tenant.id,
        scopes.join(","),
        environment(cloud),
    );
    for (n, (user, holding, restore, request)) in taken.iter().enumerate() {
        entry(&mut out, n + 1, user, holding, *restore);
        if let Some(RestoreRequest { path, body, permission: _ }) = request {
            let url = format!("{graph}/v1.0{path}");
            let _ = write!(
                out,
                "\n   Request:\n    POST {url}\n    Content-Type: application/json\n\n    {body}\n\
                 \n   PowerShell:\n    Invoke-MgGraphRequest -Method POST -Uri '{url}' -ContentType 'application/json' -Body '{body}'\n",
            );
        }
    }
    Some(out)
}

/// What is taken from whom, for how long it was held, and what becomes of it.
fn entry(out: &mut String, n: usize, user: &EntraRef, holding: &Holding, restore: bool) {
    let upn = visible(user.upn.as_str());
    let (title, facts) = match holding {
        Holding::Role(role) => (
            visible(&role.grant.role_name).to_string(),
            vec![
                ("scope", visible(scope(&role.grant)).to_string()),
                ("assignment", visible(role.id.as_str()).to_string()),
            ],
        ),
        Holding::Group(group) => {
            let roles: Vec<String> = group.roles.iter().map(|grant| visible(&grant.role_name).to_string()).collect();
            let group = format!("{} ({})", visible(&group.group_name), group.group);
            (format!("member of {group}"), vec![("roles", roles.join(", "))])
        }
    };
    let _ = write!(out, "\n{n}. {upn} — {title}\n");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "   {name:<11} {value}");
    };
    line("user", &format!("{upn} ({})", holding.user()));
    for (name, value) in &facts {
        line(name, value);
    }
    let until = holding.ends().map_or_else(|| "for good".to_owned(), |ends| format!("until {ends}"));
    let from = holding.starts().map_or_else(String::new, |starts| format!(" from {starts}"));
    line("held", &format!("{}{from} {until}", holding.kind()));
    let afterwards = match (holding.comes_back(), restore) {
        (false, _) => "ends; its holder can activate it again while eligible",
        (true, true) => "is given back by matchplan",
        (true, false) => "stays removed (roles = \"remove\")",
    };
    line("afterwards", afterwards);
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
