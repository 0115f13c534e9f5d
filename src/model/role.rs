//! Directory role assignments.
//!
//! Source: Microsoft Graph v1.0, `unifiedRoleAssignment`, "Assign roles at different scopes".

use super::id::{AssignmentId, ObjectId, RoleDefinitionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The template id of Global Administrator, the same in every tenant.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// An active assignment of a directory role to a principal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    /// The assignment's own id. A restored assignment gets a new one.
    pub id: AssignmentId,
    /// The user (or group) that holds the role.
    pub principal: ObjectId,
    /// What is assigned: the part that a restore must bring back unchanged.
    #[serde(flatten)]
    pub grant: RoleGrant,
}

/// What is assigned, without whom and without the changing id: two grants are equal if a restore need not write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RoleGrant {
    /// The role definition.
    pub role: RoleDefinitionId,
    /// The role's display name, for people only.
    pub role_name: String,
    /// Where it holds: `/` for the whole directory, `/administrativeUnits/{id}`, or `/{object id}`. Exactly one of
    /// this and `app_scope` is set, except in Graph's answers, which may repeat `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_scope: Option<String>,
    /// An application-specific scope (`appScopeId`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_scope: Option<String>,
    /// An attribute-based condition, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl RoleGrant {
    /// Whether this is Global Administrator over the whole directory.
    pub fn is_global_administrator(&self) -> bool {
        self.role.as_str().eq_ignore_ascii_case(GLOBAL_ADMINISTRATOR) && self.directory_scope.as_deref() == Some("/")
    }

    /// Whether a restore of `self` is satisfied by `live`: the same role, scope and condition. Names do not count.
    pub fn same_as(&self, live: &Self) -> bool {
        let Self { role, role_name: _, directory_scope, app_scope, condition } = self;
        role.as_str().eq_ignore_ascii_case(live.role.as_str())
            && *directory_scope == live.directory_scope
            && *app_scope == live.app_scope
            && *condition == live.condition
    }
}

impl fmt::Display for RoleGrant {
    /// The role's name, and its scope unless it is the whole directory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.role_name)?;
        match (&self.directory_scope, &self.app_scope) {
            (Some(scope), _) if scope != "/" => write!(f, " (scope {scope})"),
            (None, Some(scope)) => write!(f, " (application scope {scope})"),
            _ => Ok(()),
        }
    }
}
