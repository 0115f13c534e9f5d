//! Role management policies: what PIM asks of those who assign, and of those who activate.

use jiff::{Span, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `unifiedRoleManagementPolicyAssignment` and its `policy`. Rules that are left out are Microsoft's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleManagementPolicy {
    /// Whether it is about a role or about a group.
    #[serde(default)]
    pub scope_type: PolicyScope,
    /// `/`, or the group's id.
    #[serde(default = "whole_directory")]
    pub scope_id: String,
    /// The role, or `member` or `owner` of the group.
    pub role_definition_id: String,
    /// The rules.
    pub rules: Vec<PolicyRule>,
}

/// `scopeType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PolicyScope {
    /// A role in the directory.
    #[default]
    DirectoryRole,
    /// A group's membership or ownership.
    Group,
}

impl PolicyScope {
    /// As Graph writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DirectoryRole => "DirectoryRole",
            Self::Group => "Group",
        }
    }
}

/// A rule, by its type. Whom it is about stands in its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "@odata.type", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PolicyRule {
    /// How long it may last.
    #[serde(rename = "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule")]
    Expiration {
        /// Which.
        id: ExpirationRule,
        /// Whether it must have an end.
        is_expiration_required: bool,
        /// The longest time, if it must have an end.
        maximum_duration: Period,
    },
    /// What a request must bring along.
    #[serde(rename = "#microsoft.graph.unifiedRoleManagementPolicyEnablementRule")]
    Enablement {
        /// Which.
        id: EnablementRule,
        /// What it must bring along.
        enabled_rules: Vec<Demand>,
    },
    /// Whether an activation must be approved.
    #[serde(rename = "#microsoft.graph.unifiedRoleManagementPolicyApprovalRule")]
    Approval {
        /// Which.
        id: ApprovalRule,
        /// Whether.
        setting: ApprovalSetting,
    },
    /// Whether an activation must meet an authentication context of Conditional Access.
    #[serde(rename = "#microsoft.graph.unifiedRoleManagementPolicyAuthenticationContextRule")]
    AuthenticationContext {
        /// Which.
        id: AuthenticationContextRule,
        /// Whether.
        is_enabled: bool,
        /// Which context, such as `c1`.
        claim_value: Option<String>,
    },
}

/// The expiration rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExpirationRule {
    /// Of an eligibility.
    #[serde(rename = "Expiration_Admin_Eligibility")]
    Eligibility,
    /// Of an active assignment.
    #[serde(rename = "Expiration_Admin_Assignment")]
    Assignment,
    /// Of an activation.
    #[serde(rename = "Expiration_EndUser_Assignment")]
    Activation,
}

/// The enablement rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EnablementRule {
    /// Of an eligibility.
    #[serde(rename = "Enablement_Admin_Eligibility")]
    Eligibility,
    /// Of an active assignment.
    #[serde(rename = "Enablement_Admin_Assignment")]
    Assignment,
    /// Of an activation.
    #[serde(rename = "Enablement_EndUser_Assignment")]
    Activation,
}

/// The approval rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApprovalRule {
    /// Of an activation.
    #[serde(rename = "Approval_EndUser_Assignment")]
    Activation,
}

/// The authentication context rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AuthenticationContextRule {
    /// Of an activation.
    #[serde(rename = "AuthenticationContext_EndUser_Assignment")]
    Activation,
}

/// What a request must bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Demand {
    /// A sign-in with more than one factor.
    MultiFactorAuthentication,
    /// A reason.
    Justification,
    /// A ticket's number and system.
    Ticketing,
}

/// `approvalSettings`, as far as the lab goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalSetting {
    /// Whether somebody must approve.
    pub is_approval_required: bool,
}

/// A length of time as ISO 8601 writes it, such as `P180D` or `PT8H`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Period {
    text: String,
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<Span>() {
            Ok(span) if span.is_positive() => Ok(Self { text }),
            Ok(_) => Err(format!("{text} is no length of time")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.text
    }
}

impl Period {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The time that lies this much after another; the end of all time if that is beyond it.
    pub fn after(&self, start: Timestamp) -> Timestamp {
        let end = self.text.parse::<Span>().and_then(|span| start.to_zoned(TimeZone::UTC).checked_add(span));
        end.map_or(Timestamp::MAX, |end| end.timestamp())
    }
}

/// Reads a length of time that is written in this file.
fn period(text: &str) -> Period {
    Period { text: text.to_owned() }
}

impl RoleManagementPolicy {
    /// The policy of a role, or of a group's members or owners, with nothing of its own.
    pub fn of(scope_type: PolicyScope, scope_id: &str, role_definition_id: &str) -> Self {
        let (scope_id, role_definition_id) = (scope_id.to_owned(), role_definition_id.to_owned());
        Self { scope_type, scope_id, role_definition_id, rules: Vec::new() }
    }

    /// Every rule: its own, and Microsoft's default for each that it leaves out.
    pub fn all_rules(&self) -> Vec<PolicyRule> {
        let own = |default: &PolicyRule| self.rules.iter().find(|rule| rule.id() == default.id());
        defaults().into_iter().map(|default| own(&default).cloned().unwrap_or(default)).collect()
    }

    /// Whether an assignment must have an end, and by when.
    pub fn latest_end(&self, which: ExpirationRule, start: Timestamp) -> Option<Timestamp> {
        self.all_rules().into_iter().find_map(|rule| match rule {
            PolicyRule::Expiration { id, is_expiration_required: true, maximum_duration } if id == which => {
                Some(maximum_duration.after(start))
            }
            _ => None,
        })
    }

    /// What a request must bring along.
    pub fn demands(&self, which: EnablementRule) -> Vec<Demand> {
        let found = self.all_rules().into_iter().find_map(|rule| match rule {
            PolicyRule::Enablement { id, enabled_rules } if id == which => Some(enabled_rules),
            _ => None,
        });
        found.unwrap_or_default()
    }
}

impl PolicyRule {
    /// The rule's id, which says whom it is about.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Expiration { id: ExpirationRule::Eligibility, .. } => "Expiration_Admin_Eligibility",
            Self::Expiration { id: ExpirationRule::Assignment, .. } => "Expiration_Admin_Assignment",
            Self::Expiration { id: ExpirationRule::Activation, .. } => "Expiration_EndUser_Assignment",
            Self::Enablement { id: EnablementRule::Eligibility, .. } => "Enablement_Admin_Eligibility",
            Self::Enablement { id: EnablementRule::Assignment, .. } => "Enablement_Admin_Assignment",
            Self::Enablement { id: EnablementRule::Activation, .. } => "Enablement_EndUser_Assignment",
            Self::Approval { .. } => "Approval_EndUser_Assignment",
            Self::AuthenticationContext { .. } => "AuthenticationContext_EndUser_Assignment",
        }
    }
}

/// What a role has whose policy nobody has touched: permanent assignments are allowed, an active one asks for a reason,
/// an activation lasts eight hours and asks for a second factor and a reason.
///
/// Source: Microsoft Graph, "Rules for role settings in Privileged Identity Management", and the sample answers of "List
/// roleManagementPolicyAssignments".
fn defaults() -> [PolicyRule; 8] {
    let expiration = |id, is_expiration_required, longest| PolicyRule::Expiration {
        id,
        is_expiration_required,
        maximum_duration: period(longest),
    };
    let enablement = |id, demands: &[Demand]| PolicyRule::Enablement { id, enabled_rules: demands.to_vec() };
    [
        expiration(ExpirationRule::Eligibility, false, "P365D"),
        enablement(EnablementRule::Eligibility, &[]),
        expiration(ExpirationRule::Assignment, false, "P180D"),
        enablement(EnablementRule::Assignment, &[Demand::Justification]),
        expiration(ExpirationRule::Activation, true, "PT8H"),
        enablement(EnablementRule::Activation, &[Demand::MultiFactorAuthentication, Demand::Justification]),
        PolicyRule::Approval { id: ApprovalRule::Activation, setting: ApprovalSetting { is_approval_required: false } },
        PolicyRule::AuthenticationContext {
            id: AuthenticationContextRule::Activation,
            is_enabled: false,
            claim_value: None,
        },
    ]
}

fn whole_directory() -> String {
    "/".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_of_its_own_replaces_the_default_with_its_id() {
        let policy: RoleManagementPolicy = serde_json::from_value(json!({
            "roleDefinitionId": "x",
            "rules": [{
                "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule",
                "id": "Expiration_Admin_Assignment", "isExpirationRequired": true, "maximumDuration": "P15D",
            }],
        }))
        .unwrap();
        let start: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let end = policy.latest_end(ExpirationRule::Assignment, start).unwrap();
        assert_eq!(end.to_string(), "2026-09-16T08:00:00Z");
        assert_eq!(policy.latest_end(ExpirationRule::Eligibility, start), None);
        assert_eq!(policy.all_rules().len(), defaults().len());
        assert_eq!(policy.demands(EnablementRule::Assignment), [Demand::Justification]);
    }

    #[test]
    fn a_rule_that_does_not_exist_cannot_be_written_down() {
        for bad in [
            json!({ "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyEnablementRule", "id": "Enablement_X", "enabledRules": [] }),
            json!({
                "@odata.type": "#microsoft.graph.unifiedRoleManagementPolicyExpirationRule",
                "id": "Expiration_Admin_Assignment", "isExpirationRequired": true, "maximumDuration": "for ever",
            }),
        ] {
            assert!(serde_json::from_value::<PolicyRule>(bad).is_err());
        }
    }
}
