//! `/policies/roleManagementPolicyAssignments`, and what a policy says of a request.
//!
//! Sources: Graph v1.0 "List roleManagementPolicyAssignments", "Rules for role settings in Privileged Identity
//! Management"; for the names of the rules in refusals, "Role assignment schedule requests: common errors".

use super::table::{Table, check_licence};
use crate::lab::graph::answer::{Answer, Object, Refusal};
use crate::lab::graph::filter::expr::{Expr, Literal, Operator};
use crate::lab::graph::filter::parser;
use crate::lab::graph::odata::collection::Resource;
use crate::lab::graph::odata::entity::{EntityType, Kind, shown};
use crate::lab::graph::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::policy::Demand;
use crate::lab::world::cloud::{AccessId, PolicyRule, PolicyScope, RoleManagementPolicy};
use crate::lab::world::derive;
use jiff::Timestamp;
use serde_json::{Value, json};

static POLICY_ASSIGNMENT: EntityType = EntityType {
    name: "unifiedRoleManagementPolicyAssignment",
    properties: &[
        shown("id", Kind::Text, "D--------"),
        shown("policyId", Kind::Text, "D--------"),
        shown("roleDefinitionId", Kind::Text, "D----D---"),
        shown("scopeId", Kind::Text, "D--------"),
        shown("scopeType", Kind::Text, "D--------"),
    ],
    beta_properties: &[],
    order: &[],
    expand: &["policy"],
    has_filter: true,
    is_directory_object: false,
    page: Some(100),
};

const ASSIGNMENTS: Resource =
    Resource { entity: &POLICY_ASSIGNMENT, context: "policies/roleManagementPolicyAssignments" };

/// The policy of a role, or of a group's members or owners.
pub fn policy_of(world: &World, scope_type: PolicyScope, scope_id: &str, about: &str) -> RoleManagementPolicy {
    let is_it = |p: &&RoleManagementPolicy| {
        p.scope_type == scope_type
            && p.scope_id.eq_ignore_ascii_case(scope_id)
            && p.role_definition_id.eq_ignore_ascii_case(about)
    };
    let own = world.entra.role_management_policies.iter().find(is_it);
    own.cloned().unwrap_or_else(|| RoleManagementPolicy::of(scope_type, scope_id, about))
}

/// Every policy of the tenant's roles, or of one group.
fn policies_of(world: &World, scope_type: PolicyScope, scope_id: &str) -> Vec<RoleManagementPolicy> {
    let about = |about: &str| policy_of(world, scope_type, scope_id, about);
    match scope_type {
        PolicyScope::DirectoryRole if scope_id == "/" => {
            world.entra.role_definitions.iter().map(|d| about(d.id.as_str())).collect()
        }
        PolicyScope::Group if world.entra.groups.iter().any(|g| g.id.to_string().eq_ignore_ascii_case(scope_id)) => {
            [AccessId::Member, AccessId::Owner].map(|access| about(access.as_str())).into()
        }
        _ => Vec::new(),
    }
}

fn policy_id(world: &World, policy: &RoleManagementPolicy) -> String {
    let RoleManagementPolicy { scope_type, scope_id, role_definition_id, rules: _ } = policy;
    let of = match scope_type {
        PolicyScope::DirectoryRole => world.entra.tenant_id.to_string(),
        PolicyScope::Group => scope_id.clone(),
    };
    let own = derive::uuid("roleManagementPolicy", &format!("{of} {role_definition_id}"));
    format!("{}_{of}_{own}", scope_type.as_str())
}

fn assignment_id(world: &World, policy: &RoleManagementPolicy) -> String {
    format!("{}_{}", policy_id(world, policy), policy.role_definition_id)
}

fn view(world: &World, policy: &RoleManagementPolicy, with_rules: bool) -> Object {
    let RoleManagementPolicy { scope_type, scope_id, role_definition_id, rules: _ } = policy;
    let id = policy_id(world, policy);
    let mut expanded = json!({
        "id": id,
        "displayName": scope_type.as_str(),
        "description": scope_type.as_str(),
        "isOrganizationDefault": false,
        "scopeId": scope_id,
        "scopeType": scope_type.as_str(),
        "lastModifiedDateTime": null,
    });
    if with_rules {
        expanded["rules"] = policy.all_rules().iter().map(rule).collect();
    }
    [
        ("id", json!(assignment_id(world, policy))),
        ("policyId", json!(id)),
        ("scopeId", json!(scope_id)),
        ("scopeType", json!(scope_type.as_str())),
        ("roleDefinitionId", json!(role_definition_id)),
        ("policy", expanded),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// A rule as Graph shows it. Its id says whom it is about: `Expiration_{caller}_{level}`.
fn rule(rule: &PolicyRule) -> Value {
    let mut shown = json!(rule);
    let mut parts = rule.id().split('_').skip(1);
    shown["target"] = json!({
        "caller": parts.next(),
        "operations": ["all"],
        "level": parts.next(),
        "inheritableSettings": [],
        "enforcedSettings": [],
    });
    if let PolicyRule::Approval { .. } = rule {
        shown["setting"]["isApprovalRequiredForExtension"] = json!(false);
        shown["setting"]["isRequestorJustificationRequired"] = json!(true);
        shown["setting"]["approvalMode"] = json!("SingleStage");
        shown["setting"]["approvalStages"] = json!([]);
    }
    shown
}

/// The scope that a filter names: `scopeId eq '…' and scopeType eq '…'`.
pub fn scope_of(request: &Request) -> Option<(String, PolicyScope)> {
    let mut parts = Vec::new();
    flatten(parser::parse(request.option("$filter")?).ok()?, &mut parts);
    let value = |wanted: &str| {
        parts.iter().find_map(|part| match part {
            Expr::Compare(name, Operator::Eq, Literal::Text(text)) if name.eq_ignore_ascii_case(wanted) => Some(text),
            _ => None,
        })
    };
    let scope_type = value("scopeType")?;
    let is_it = |known: &PolicyScope| known.as_str().eq_ignore_ascii_case(scope_type);
    let scope_type = [PolicyScope::DirectoryRole, PolicyScope::Group].into_iter().find(is_it)?;
    Some((value("scopeId")?.clone(), scope_type))
}

fn flatten(expr: Expr, parts: &mut Vec<Expr>) {
    match expr {
        Expr::And(inner) => inner.into_iter().for_each(|part| flatten(part, parts)),
        other => parts.push(other),
    }
}

/// `$expand=policy($expand=rules)`.
fn with_rules(request: &Request) -> bool {
    let expand = request.option("$expand").unwrap_or_default().to_ascii_lowercase();
    expand.split_once('(').is_some_and(|(_, inner)| inner.contains("rules"))
}

/// `GET /policies/roleManagementPolicyAssignments`.
///
/// # Errors
/// 400 without a filter that names the scope.
pub fn list(world: &World, request: &Request) -> Answer {
    check_licence(world)?;
    let (scope_id, scope_type) = scope_of(request).ok_or_else(|| {
        Refusal::odata(
            "A $filter on scopeId and scopeType is required, such as scopeId eq '/' and scopeType eq 'DirectoryRole'.",
        )
    })?;
    let rules = with_rules(request);
    let policies = policies_of(world, scope_type, &scope_id);
    ASSIGNMENTS.list(request, policies, |p| view(world, p, rules), |p| assignment_id(world, p))
}

/// `GET /policies/roleManagementPolicyAssignments/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    check_licence(world)?;
    let groups = world.entra.groups.iter();
    let all = groups.flat_map(|g| policies_of(world, PolicyScope::Group, &g.id.to_string()));
    let mut all = all.chain(policies_of(world, PolicyScope::DirectoryRole, "/"));
    let found = all.find(|p| assignment_id(world, p).eq_ignore_ascii_case(id));
    let found = found.ok_or_else(|| Refusal::not_found(id))?;
    ASSIGNMENTS.single(request, view(world, &found, with_rules(request)))
}

/// What a request brings along.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// When it is to begin.
    pub start: Timestamp,
    /// When it is to end.
    pub end: Option<Timestamp>,
    /// Whether it says why.
    pub justified: bool,
    /// Whether it names a ticket.
    pub ticketed: bool,
    /// Whether its caller signed in with more than one factor.
    pub multi_factor: bool,
}

impl Claim {
    /// Holds the request against the policy. Approval and authentication context are asked of those who activate, not
    /// of an administrator who assigns.
    ///
    /// # Errors
    /// 400 `RoleAssignmentRequestPolicyValidationFailed` with every rule that is not met.
    pub fn check(&self, policy: &RoleManagementPolicy, table: Table) -> Result<(), Refusal> {
        let mut failed = Vec::new();
        let latest = policy.latest_end(table.expiration(), self.start);
        if latest.is_some_and(|latest| self.end.is_none_or(|end| end > latest)) {
            failed.push("ExpirationRule");
        }
        for demand in policy.demands(table.enablement()) {
            match demand {
                Demand::Justification if !self.justified => failed.push("JustificationRule"),
                Demand::Ticketing if !self.ticketed => failed.push("TicketingRule"),
                Demand::MultiFactorAuthentication if !self.multi_factor => failed.push("MfaRule"),
                _ => {}
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(Refusal::coded(
            "RoleAssignmentRequestPolicyValidationFailed",
            format!("The following policy rules failed: {}", json!(failed)),
        ))
    }
}
