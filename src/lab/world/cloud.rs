//! The Entra side of a world, spelled as Microsoft Graph spells it.

pub mod access;
pub mod group;
pub mod pim;
pub mod policy;
pub mod role;

pub use access::{ConditionalAccessPolicy, PolicyConditions, PolicyUsers};
pub use group::{AppRoleAssignment, AssignedLicense, CloudGroup, CloudHolder, GroupSchedule};
pub use pim::{AccessId, AssignmentType, RoleSchedule, ScheduleId, Term};
pub use policy::{PolicyRule, PolicyScope, RoleManagementPolicy};
pub use role::{ActiveRole, CloudRoleAssignment, RoleDefinition};

use super::keys::CloudKey;
use super::load::{no_object_id, no_placeholder};
use super::table::Table;
use crate::model::id::{AssignmentId, ObjectId, RoleDefinitionId, TenantId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An Entra tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cloud {
    /// The tenant's id.
    pub tenant_id: TenantId,
    /// The organization's name.
    pub display_name: String,
    /// `organization.onPremisesSyncEnabled`.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    /// `organization.onPremisesLastSyncDateTime`.
    #[serde(default)]
    pub on_premises_last_sync_date_time: Option<Timestamp>,
    /// The tenant's domains.
    pub domains: Vec<CloudDomain>,
    /// `directory/onPremisesSynchronization/{id}.features`.
    #[serde(default)]
    pub features: Features,
    /// Whom the lab's token speaks for and what it may do.
    pub caller: Caller,
    /// Live users.
    pub users: Table<CloudUser>,
    /// Soft-deleted users (`directory/deletedItems`).
    #[serde(default)]
    pub deleted_users: Table<CloudUser>,
    /// Groups.
    #[serde(default)]
    pub groups: Table<CloudGroup>,
    /// Organizational contacts.
    #[serde(default)]
    pub contacts: Table<CloudHolder>,
    /// Administrative units.
    #[serde(default)]
    pub administrative_units: Vec<AdministrativeUnit>,
    /// Role definitions.
    pub role_definitions: Vec<RoleDefinition>,
    /// Active role assignments without an end.
    #[serde(default)]
    pub role_assignments: Table<CloudRoleAssignment>,
    /// Active role assignments that have a start or an end, or that were activated: PIM's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_assignment_schedules: Vec<RoleSchedule>,
    /// PIM's role eligibilities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_eligibility_schedules: Vec<RoleSchedule>,
    /// What PIM asks of those who assign or activate a role or a group's membership. One that is left out has
    /// Microsoft's defaults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_management_policies: Vec<RoleManagementPolicy>,
    /// Conditional Access policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditional_access_policies: Vec<ConditionalAccessPolicy>,
    /// Whether the tenant has a licence with Privileged Identity Management (Microsoft Entra ID P2, Governance).
    #[serde(default = "enabled")]
    pub pim_licensed: bool,
    /// Ids of role assignments that were removed: none is given a second time.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub past_role_assignments: BTreeSet<AssignmentId>,
}

/// `domain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudDomain {
    /// The name.
    pub id: String,
    /// `Managed` or `Federated`.
    pub authentication_type: String,
    /// Whether the tenant has proven that it owns the name.
    pub is_verified: bool,
    /// Whether new users get it.
    #[serde(default)]
    pub is_default: bool,
    /// Whether it is the tenant's first `….onmicrosoft.com`.
    #[serde(default)]
    pub is_initial: bool,
}

/// `onPremisesDirectorySynchronizationFeature`: the switches that matching depends on. What a file leaves out is as in
/// a tenant that is made today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "Graph's own shape")]
pub struct Features {
    /// Blocks soft matches.
    pub block_soft_match_enabled: bool,
    /// Blocks hard matches onto cloud-managed users.
    pub block_cloud_object_takeover_through_hard_match_enabled: bool,
    /// Whether users without an SMTP match are matched by UPN.
    pub soft_match_on_upn_enabled: bool,
    /// Lets the sync engine replace `onPremisesObjectIdentifier`.
    pub allow_on_prem_update_of_on_premises_object_identifier_enabled: bool,
    /// Whether UPN changes flow for managed, licensed users.
    pub synchronize_upn_for_managed_users_enabled: bool,
    /// Whether password hashes are synchronized.
    pub password_sync_enabled: bool,
    /// Quarantine of duplicate UPNs (always on in reality).
    pub quarantine_upon_upn_conflict_enabled: bool,
    /// Quarantine of duplicate addresses (always on in reality).
    pub quarantine_upon_proxy_addresses_conflict_enabled: bool,
}

impl Default for Features {
    /// A tenant that is made today. Source: Microsoft, "Microsoft Entra Connect Sync service features" and "Duplicate
    /// attribute resiliency" (quarantine is on everywhere since 2016, UPN match since 30 March 2016).
    fn default() -> Self {
        Self {
            block_soft_match_enabled: false,
            block_cloud_object_takeover_through_hard_match_enabled: false,
            soft_match_on_upn_enabled: true,
            allow_on_prem_update_of_on_premises_object_identifier_enabled: false,
            synchronize_upn_for_managed_users_enabled: true,
            password_sync_enabled: false,
            quarantine_upon_upn_conflict_enabled: true,
            quarantine_upon_proxy_addresses_conflict_enabled: true,
        }
    }
}

/// Whom the token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caller {
    /// The user's or service principal's object id.
    pub id: ObjectId,
    /// A readable name.
    pub display_name: String,
    /// `true` for a service principal with application permissions, `false` for a signed-in user.
    #[serde(default)]
    pub app_only: bool,
    /// The Graph permissions it has, such as `User.ReadWrite.All`.
    pub permissions: Vec<String>,
    /// The directory roles (template ids) it holds, which sensitive actions need besides permissions.
    pub roles: Vec<RoleDefinitionId>,
    /// Whether it signed in with more than one factor. A service principal never does.
    #[serde(default)]
    pub multi_factor: bool,
}

/// `user`, with the members that linking touches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudUser {
    /// The object id. May be left out of a file: then it is derived from the UPN.
    #[serde(default = "no_object_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ObjectId,
    /// The UPN.
    pub user_principal_name: String,
    /// The display name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The given name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// The surname.
    #[serde(default)]
    pub surname: Option<String>,
    /// The primary address.
    #[serde(default)]
    pub mail: Option<String>,
    /// The Exchange alias.
    #[serde(default)]
    pub mail_nickname: Option<String>,
    /// All addresses.
    #[serde(default)]
    pub proxy_addresses: Vec<String>,
    /// Whether sign-in is allowed.
    #[serde(default = "enabled")]
    pub account_enabled: bool,
    /// `Member` or `Guest`.
    #[serde(default = "member")]
    pub user_type: String,
    /// The ImmutableID.
    #[serde(default)]
    pub on_premises_immutable_id: Option<String>,
    /// Whether the user is synced now.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    /// The AD user's SID.
    #[serde(default)]
    pub on_premises_security_identifier: Option<String>,
    /// The AD user's DN.
    #[serde(default)]
    pub on_premises_distinguished_name: Option<String>,
    /// The AD domain's DNS name.
    #[serde(default)]
    pub on_premises_domain_name: Option<String>,
    /// The AD user's sAMAccountName.
    #[serde(default)]
    pub on_premises_sam_account_name: Option<String>,
    /// The AD user's UPN.
    #[serde(default)]
    pub on_premises_user_principal_name: Option<String>,
    /// When it was last synced.
    #[serde(default)]
    pub on_premises_last_sync_date_time: Option<Timestamp>,
    /// The sync engine's stamp (beta only).
    #[serde(default)]
    pub on_premises_object_identifier: Option<String>,
    /// Whether the source of authority was moved to the cloud (`onPremisesSyncBehavior.isCloudManaged`).
    #[serde(default)]
    pub is_cloud_managed: bool,
    /// What the last sync could not provision.
    #[serde(default)]
    pub on_premises_provisioning_errors: Vec<CloudProvisioningError>,
    /// What describes the person, by Graph's names (`jobTitle`, `department`, …); the one text of `businessPhones` too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profile: BTreeMap<String, String>,
    /// When it was deleted, in the recycle bin.
    #[serde(default)]
    pub deleted_date_time: Option<Timestamp>,
    /// A number that stands for the password; a takeover with password hash sync changes it. Never served.
    #[serde(default)]
    pub password_version: u32,
}

/// `onPremisesProvisioningError`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudProvisioningError {
    /// `PropertyConflict`.
    pub category: String,
    /// When.
    pub occurred_date_time: Timestamp,
    /// `UserPrincipalName` or `ProxyAddress`.
    pub property_causing_error: String,
    /// The value.
    pub value: String,
}

/// `administrativeUnit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdministrativeUnit {
    /// The object id. May be left out of a file: then it is derived from the display name.
    #[serde(default = "no_object_id")]
    #[schemars(transform = no_placeholder)]
    pub id: ObjectId,
    /// The display name.
    pub display_name: String,
}

impl Cloud {
    /// Moves a live user to the recycle bin, as Entra does it: the UPN is prefixed with the id's digits, so that another
    /// user can have it.
    pub fn soft_delete(&mut self, id: ObjectId, now: Timestamp) {
        let row = self.users.find(CloudKey::Id, &id.to_string()).map(|(row, _)| row);
        let Some(mut user) = row.and_then(|row| self.users.take(row)) else { return };
        user.user_principal_name = format!("{}{}", id.0.simple(), user.user_principal_name);
        user.on_premises_sync_enabled = None;
        user.deleted_date_time = Some(now);
        self.deleted_users.push(user);
    }
}

impl CloudUser {
    /// An enabled member of that UPN with nothing else; its id is still to be filled in.
    pub fn named(upn: &str) -> Self {
        Self {
            id: no_object_id(),
            user_principal_name: upn.to_owned(),
            display_name: None,
            given_name: None,
            surname: None,
            mail: None,
            mail_nickname: None,
            proxy_addresses: Vec::new(),
            account_enabled: true,
            user_type: member(),
            on_premises_immutable_id: None,
            on_premises_sync_enabled: None,
            on_premises_security_identifier: None,
            on_premises_distinguished_name: None,
            on_premises_domain_name: None,
            on_premises_sam_account_name: None,
            on_premises_user_principal_name: None,
            on_premises_last_sync_date_time: None,
            on_premises_object_identifier: None,
            is_cloud_managed: false,
            on_premises_provisioning_errors: Vec::new(),
            profile: BTreeMap::new(),
            deleted_date_time: None,
            password_version: 0,
        }
    }
}

const fn enabled() -> bool {
    true
}

fn member() -> String {
    "Member".to_owned()
}
