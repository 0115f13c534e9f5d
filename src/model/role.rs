//! Directory roles: who holds which, how, until when.
//!
//! Sources: Microsoft Graph v1.0, `unifiedRoleAssignment`, "Assign roles at different scopes"; "Overview of role
//! management through the privileged identity management (PIM) API".

use super::id::{AssignmentId, ObjectId, RoleDefinitionId};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The template id of Global Administrator, the same in every tenant.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
/// The template id of Privileged Authentication Administrator.
pub const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
/// The template id of Privileged Role Administrator.
pub const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
/// The template id of User Administrator.
pub const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";

/// How a role, or a membership that brings one, is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// Assigned by an administrator, in force.
    #[default]
    Active,
    /// In force because the holder activated what it is eligible for (PIM `Activated`). It ends by itself, and is never
    /// made anew: that would turn a few hours into a standing right.
    Activated,
    /// Held in readiness (PIM): in force only once activated.
    Eligible,
}

impl RoleKind {
    /// Whether this is the kind that everything has unless it is said.
    pub fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Activated => "activated",
            Self::Eligible => "eligible",
        })
    }
}

/// An assignment of a directory role to a principal: active, activated or eligible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    /// The assignment's own id, or its PIM schedule's. A restored assignment gets a new one.
    pub id: AssignmentId,
    /// The user or group that holds the role.
    pub principal: ObjectId,
    /// How it is held.
    #[serde(default, skip_serializing_if = "RoleKind::is_active")]
    pub kind: RoleKind,
    /// When it begins, if PIM gives it a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// When it ends by itself; `None` is permanent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
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

impl RoleAssignment {
    /// Whether it counts for `min_global_admins`: Global Administrator over the whole directory, held directly, in force
    /// and for good.
    pub fn is_standing_global_administrator(&self, now: Timestamp) -> bool {
        let in_force = self.starts.is_none_or(|starts| starts <= now);
        self.kind == RoleKind::Active && self.ends.is_none() && in_force && self.grant.is_global_administrator()
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

/// A role-assignable group that holds a role: each member holds the role through it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleGroup {
    /// `id`.
    pub id: ObjectId,
    /// `displayName`.
    pub name: String,
    /// Its members, direct (such groups do not nest) and in readiness through PIM for Groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<GroupMember>,
    /// Its owners, who can add themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<ObjectId>,
    /// What a member has through the group besides the role: licences, Conditional Access policies that leave its
    /// members out, app roles. Each as words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
}

/// A member of a [`RoleGroup`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMember {
    /// Who.
    pub user: ObjectId,
    /// How.
    #[serde(default, skip_serializing_if = "RoleKind::is_active")]
    pub kind: RoleKind,
    /// When it begins, if PIM gives it a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// When it ends by itself; `None` is permanent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
}

/// A membership that brings roles, with everything that giving it back needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembership {
    /// The group.
    pub group: ObjectId,
    /// Its display name, for people only.
    pub group_name: String,
    /// The roles that it brings.
    pub roles: Vec<RoleGrant>,
    /// Who is in it, how, until when.
    #[serde(flatten)]
    pub member: GroupMember,
}

/// Something that makes a user a role holder: Entra does not match an AD user with it while it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Holding {
    /// A role assignment of the user's own.
    Role(RoleAssignment),
    /// Membership of a group that holds a role.
    Group(GroupMembership),
}

impl Holding {
    /// The user.
    pub const fn user(&self) -> ObjectId {
        match self {
            Self::Role(role) => role.principal,
            Self::Group(group) => group.member.user,
        }
    }

    /// How it is held.
    pub const fn kind(&self) -> RoleKind {
        match self {
            Self::Role(role) => role.kind,
            Self::Group(group) => group.member.kind,
        }
    }

    /// When it begins, if that is said.
    pub const fn starts(&self) -> Option<Timestamp> {
        match self {
            Self::Role(role) => role.starts,
            Self::Group(group) => group.member.starts,
        }
    }

    /// When it ends by itself.
    pub const fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::Role(role) => role.ends,
            Self::Group(group) => group.member.ends,
        }
    }

    /// Whether it can be given back at all. An activation cannot: its holder activates again what is given back.
    pub fn comes_back(&self) -> bool {
        self.kind() != RoleKind::Activated
    }

    /// Whether it brings Global Administrator over the whole directory, in whatever way: taking it may leave too few.
    pub fn grants_global_administrator(&self) -> bool {
        match self {
            Self::Role(role) => role.grant.is_global_administrator(),
            Self::Group(group) => group.roles.iter().any(RoleGrant::is_global_administrator),
        }
    }

    /// Whether its end has passed.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends().is_some_and(|ends| ends <= now)
    }

    /// Whether `live` ends when this does. The cloud may round what it was told, so a minute makes no difference.
    pub fn same_end(&self, live: &Self) -> bool {
        match (self.ends(), live.ends()) {
            (None, None) => true,
            (Some(one), Some(other)) => one.duration_since(other).abs() < SignedDuration::from_mins(1),
            _ => false,
        }
    }

    /// Whether `live` is the same right, held the same way: a restore of `self` need not write where it stands. Ids,
    /// names and times do not count.
    pub fn same_as(&self, live: &Self) -> bool {
        match (self, live) {
            (Self::Role(one), Self::Role(other)) => one.kind == other.kind && one.grant.same_as(&other.grant),
            (Self::Group(one), Self::Group(other)) => one.group == other.group && one.member.kind == other.member.kind,
            _ => false,
        }
    }

    /// The assignment's own id, if it has one.
    pub const fn id(&self) -> Option<&AssignmentId> {
        match self {
            Self::Role(role) => Some(&role.id),
            Self::Group(_) => None,
        }
    }
}

impl fmt::Display for Holding {
    /// The role with its scope, or the group with its roles; how and until when, unless it is active for good.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "{}", role.grant)?,
            Self::Group(group) => {
                let roles: Vec<String> = group.roles.iter().map(ToString::to_string).collect();
                write!(f, "{} through the group {}", roles.join(", "), group.group_name)?;
            }
        }
        match (self.kind(), self.ends()) {
            (RoleKind::Active, None) => Ok(()),
            (RoleKind::Active, Some(ends)) => write!(f, " (until {ends})"),
            (kind, None) => write!(f, " ({kind})"),
            (kind, Some(ends)) => write!(f, " ({kind} until {ends})"),
        }
    }
}

/// What a PIM policy asks of an administrator who assigns.
///
/// Source: Microsoft Graph v1.0, `unifiedRoleManagementPolicyRule` and "Rules in PIM - mapping guide": the rules whose
/// target's caller is `Admin`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one bool per demand of the policy")]
pub struct AdminRules {
    /// Permanent assignments are not allowed (`isExpirationRequired`).
    #[serde(default)]
    pub expiration_required: bool,
    /// The longest assignment that is allowed (`maximumDuration`), as ISO 8601, such as `P365D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<String>,
    /// A justification is asked for, which matchplan gives.
    #[serde(default)]
    pub justification: bool,
    /// A ticket number is asked for.
    #[serde(default)]
    pub ticket: bool,
    /// Multifactor authentication is asked of whoever assigns.
    #[serde(default)]
    pub mfa: bool,
    /// Somebody has to approve.
    #[serde(default)]
    pub approval: bool,
    /// An authentication context is asked for.
    #[serde(default)]
    pub authentication_context: bool,
}

/// The PIM policy of one role, or of membership in one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RolePolicy {
    /// What it governs.
    pub subject: PolicySubject,
    /// What active assignments ask for.
    pub active: AdminRules,
    /// What eligible assignments ask for.
    pub eligible: AdminRules,
}

/// What a [`RolePolicy`] governs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicySubject {
    /// A directory role.
    Role(RoleDefinitionId),
    /// Membership of a group (PIM for Groups).
    Group(ObjectId),
}
