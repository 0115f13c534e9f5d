//! PIM's policies as Graph sends them: which rules an administrator who assigns has to keep.
//!
//! Source: Microsoft Graph v1.0, `unifiedRoleManagementPolicyAssignment` and "Overview of rules for Microsoft Entra roles
//! in PIM APIs": a rule says by its type what it is about, and by its target whom it binds (caller), for what kind of
//! assignment (level) and when (operations). Its id repeats that, and is not looked at.

use crate::directory::entra::wire::{flag, list, text};
use crate::model::id::RoleDefinitionId;
use crate::model::role::{AdminRules, PolicySubject, RolePolicy};
use serde::Deserialize;

/// A `unifiedRoleManagementPolicyAssignment`, with its policy and the policy's rules expanded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WirePolicyAssignment {
    /// The role; for a group it says `member` or `owner`.
    pub role_definition_id: RoleDefinitionId,
    policy: WirePolicy,
}

#[derive(Deserialize)]
struct WirePolicy {
    rules: Vec<WireRule>,
}

/// Any of the rule types: each member is one type's own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRule {
    #[serde(rename = "@odata.type", default, deserialize_with = "text")]
    odata_type: Option<String>,
    target: Option<WireTarget>,
    #[serde(default, deserialize_with = "flag")]
    is_expiration_required: bool,
    #[serde(default, deserialize_with = "text")]
    maximum_duration: Option<String>,
    #[serde(default, deserialize_with = "list")]
    enabled_rules: Vec<String>,
    setting: Option<WireSetting>,
    #[serde(default, deserialize_with = "flag")]
    is_enabled: bool,
}

#[derive(Deserialize)]
struct WireTarget {
    #[serde(default, deserialize_with = "text")]
    caller: Option<String>,
    #[serde(default, deserialize_with = "text")]
    level: Option<String>,
    #[serde(default, deserialize_with = "list")]
    operations: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSetting {
    #[serde(default, deserialize_with = "flag")]
    is_approval_required: bool,
}

impl WireTarget {
    /// Whether a rule with this target binds an administrator who assigns, at this level.
    fn binds(&self, level: &str) -> bool {
        let is = |value: &Option<String>, one: &str| value.as_ref().is_some_and(|v| v.eq_ignore_ascii_case(one));
        let assigns = |one: &String| ["all", "assign"].iter().any(|operation| one.eq_ignore_ascii_case(operation));
        is(&self.caller, "Admin")
            && is(&self.level, level)
            && (self.operations.is_empty() || self.operations.iter().any(assigns))
    }
}

impl WirePolicyAssignment {
    /// As the model has it.
    pub fn of(self, subject: PolicySubject) -> RolePolicy {
        let rules = &self.policy.rules;
        RolePolicy { subject, active: admin_rules(rules, "Assignment"), eligible: admin_rules(rules, "Eligibility") }
    }
}

fn admin_rules(rules: &[WireRule], level: &str) -> AdminRules {
    let mut all = AdminRules::default();
    for rule in rules.iter().filter(|rule| rule.target.as_ref().is_some_and(|target| target.binds(level))) {
        let kind = rule.odata_type.as_deref().unwrap_or_default();
        let kind = kind.rsplit('.').next().unwrap_or_default();
        match kind.strip_prefix("unifiedRoleManagementPolicy") {
            Some("ExpirationRule") => {
                all.expiration_required |= rule.is_expiration_required;
                all.longest = rule.maximum_duration.clone().or(all.longest);
            }
            Some("EnablementRule") => {
                let asks = |one: &str| rule.enabled_rules.iter().any(|rule| rule.eq_ignore_ascii_case(one));
                all.justification |= asks("Justification");
                all.ticket |= asks("Ticketing");
                all.mfa |= asks("MultiFactorAuthentication");
            }
            Some("ApprovalRule") => {
                all.approval |= rule.setting.as_ref().is_some_and(|setting| setting.is_approval_required);
            }
            Some("AuthenticationContextRule") => all.authentication_context |= rule.is_enabled,
            // Notifications, and what may come: they do not stop an assignment.
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entra::wire::from_json;
    use serde_json::{Value, json};

    fn rule(kind: &str, caller: &str, level: &str, more: &Value) -> Value {
        let mut rule = json!({"@odata.type": format!("#microsoft.graph.unifiedRoleManagementPolicy{kind}"), "id": "x",
            "target": {"caller": caller, "level": level, "operations": ["all"], "inheritableSettings": []}});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    }

    fn policy(rules: &[Value]) -> RolePolicy {
        let value = json!({"id": "a", "policyId": "p", "scopeId": "/", "scopeType": "DirectoryRole",
            "roleDefinitionId": "r", "policy": {"id": "p", "displayName": "DirectoryRole", "rules": rules}});
        let wire = from_json::<WirePolicyAssignment>(value, "x").unwrap();
        let subject = PolicySubject::Role(wire.role_definition_id.clone());
        wire.of(subject)
    }

    #[test]
    fn rules_are_told_apart_by_type_and_target() {
        let read = policy(&[
            rule(
                "ExpirationRule",
                "Admin",
                "Eligibility",
                &json!({"isExpirationRequired": false, "maximumDuration": "P365D"}),
            ),
            rule(
                "ExpirationRule",
                "Admin",
                "Assignment",
                &json!({"isExpirationRequired": true, "maximumDuration": "P15D"}),
            ),
            rule("EnablementRule", "Admin", "Assignment", &json!({"enabledRules": ["Justification", "Ticketing"]})),
            rule("EnablementRule", "Admin", "Eligibility", &json!({"enabledRules": ["MultiFactorAuthentication"]})),
            rule("NotificationRule", "Admin", "Eligibility", &json!({"notificationType": "Email"})),
            rule(
                "ExpirationRule",
                "EndUser",
                "Assignment",
                &json!({"isExpirationRequired": true, "maximumDuration": "PT8H"}),
            ),
            rule("ApprovalRule", "EndUser", "Assignment", &json!({"setting": {"isApprovalRequired": true}})),
            rule("AuthenticationContextRule", "EndUser", "Assignment", &json!({"isEnabled": true, "claimValue": "c1"})),
        ]);
        let active = AdminRules {
            expiration_required: true,
            longest: Some("P15D".into()),
            justification: true,
            ticket: true,
            ..AdminRules::default()
        };
        let eligible = AdminRules { longest: Some("P365D".into()), mfa: true, ..AdminRules::default() };
        assert_eq!((read.active, read.eligible), (active, eligible), "what binds the activating user is not for us");
    }

    #[test]
    fn approval_and_authentication_context_of_administrators_are_seen() {
        let read = policy(&[
            rule("ApprovalRule", "admin", "assignment", &json!({"setting": {"isApprovalRequired": true}})),
            rule("AuthenticationContextRule", "Admin", "Eligibility", &json!({"isEnabled": true, "claimValue": "c1"})),
        ]);
        assert!(read.active.approval && !read.eligible.approval);
        assert!(read.eligible.authentication_context && !read.active.authentication_context);
        assert_eq!(policy(&[]).active, AdminRules::default());
    }

    #[test]
    fn a_policy_without_its_rules_is_no_policy_without_rules() {
        let value = json!({"id": "a", "roleDefinitionId": "r", "policy": {"id": "p"}});
        assert!(from_json::<WirePolicyAssignment>(value, "x").is_err());
    }
}
