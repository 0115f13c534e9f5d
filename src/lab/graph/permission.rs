//! Which Graph permissions an operation needs: any one of its list.
//!
//! Source: Microsoft Graph v1.0, the "Permissions" table of each operation's page. Where the tables for signed-in users
//! and for applications differ in a name that only one of them can have, the list here holds both.

use super::answer::Refusal;
use super::pim::Table;
use super::pim::policies::scope_of;
use super::request::{Payload, Request};
use super::route::Operation;
use crate::lab::world::cloud::{AccessId, Caller, PolicyScope};
use serde_json::Value;

const USER_READ: &[&str] = &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const USER_WRITE: &[&str] =
    &["User.ReadUpdate.All", "User.ReadWrite.All", "User.ReadWrite.CrossCloud", "Directory.ReadWrite.All"];
const USER_SYNC: &[&str] = &["User-OnPremisesSyncBehavior.ReadWrite.All"];
const USER_DELETE: &[&str] = &["User.DeleteRestore.All", "User.ReadWrite.All"];
const MEMBER_OF: &[&str] = &[
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadBasic.All",
    "Group.ReadBasic.All",
];
const GROUP_READ: &[&str] = &[
    "GroupMember.Read.All",
    "Group.ReadBasic.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const CONTACT_READ: &[&str] = &["OrgContact.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const UNIT_READ: &[&str] = &[
    "AdministrativeUnit.Read.All",
    "AdministrativeUnit.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const ORGANIZATION_READ: &[&str] = &[
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "User.Read",
    "User.Read.All",
];
const DOMAIN_READ: &[&str] =
    &["Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const SYNC_READ: &[&str] = &["OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"];
const SYNC_WRITE: &[&str] = &["OnPremDirectorySynchronization.ReadWrite.All"];
const ROLE_READ: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const ROLE_WRITE: &[&str] = &["RoleManagement.ReadWrite.Directory"];
const ELIGIBILITY_READ: &[&str] = &[
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
];
const ELIGIBILITY_WRITE: &[&str] =
    &["RoleEligibilitySchedule.ReadWrite.Directory", "RoleManagement.ReadWrite.Directory"];
const ASSIGNMENT_READ: &[&str] = &[
    "RoleAssignmentSchedule.Read.Directory",
    "RoleAssignmentSchedule.ReadWrite.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
];
const ASSIGNMENT_WRITE: &[&str] = &["RoleAssignmentSchedule.ReadWrite.Directory", "RoleManagement.ReadWrite.Directory"];
const GROUP_ELIGIBILITY_READ: &[&str] = &[
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    "PrivilegedAccess.Read.AzureADGroup",
    "PrivilegedAccess.ReadWrite.AzureADGroup",
];
const GROUP_ELIGIBILITY_WRITE: &[&str] =
    &["PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup", "PrivilegedAccess.ReadWrite.AzureADGroup"];
const GROUP_ASSIGNMENT_READ: &[&str] = &[
    "PrivilegedAssignmentSchedule.Read.AzureADGroup",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "PrivilegedAccess.Read.AzureADGroup",
    "PrivilegedAccess.ReadWrite.AzureADGroup",
];
const GROUP_ASSIGNMENT_WRITE: &[&str] =
    &["PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup", "PrivilegedAccess.ReadWrite.AzureADGroup"];
const ROLE_POLICY_READ: &[&str] = &[
    "RoleManagementPolicy.Read.Directory",
    "RoleManagementPolicy.ReadWrite.Directory",
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
];
const GROUP_POLICY_READ: &[&str] =
    &["RoleManagementPolicy.Read.AzureADGroup", "RoleManagementPolicy.ReadWrite.AzureADGroup"];
const CONDITIONAL_ACCESS_READ: &[&str] = &["Policy.Read.All", "Policy.Read.ConditionalAccess"];
const GROUP_HOLDERS_READ: &[&str] = &[
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const GROUP_MEMBERS_READ_BASIC: &[&str] = &["GroupMember.ReadBasic.All", "Group.ReadBasic.All"];
const GROUP_MEMBERS_WRITE: &[&str] = &["GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"];
const APP_ROLES_READ: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];
const OBJECT_READ: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All"];
const APPLICATION_READ: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const JOB_READ: &[&str] =
    &["Synchronization.Read.All", "Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"];
const JOB_RUN: &[&str] = &["Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"];
const UNIT_WRITE: &[&str] = &["AdministrativeUnit.ReadWrite.All", "Directory.ReadWrite.All"];

/// What `User.ReadBasic.All` shows of other users.
const BASIC: [&str; 6] = ["displayName", "givenName", "id", "mail", "surname", "userPrincipalName"];

/// Any one of these permissions allows the operation. `None`: it needs none of its own.
const fn needed(operation: &Operation) -> Option<&'static [&'static str]> {
    use Operation as Op;
    Some(match operation {
        Op::Batch => return None,
        Op::ListUsers
        | Op::CountUsers
        | Op::UsersDelta
        | Op::GetUser(_)
        | Op::Me
        | Op::ListDeletedUsers
        | Op::CountDeletedUsers
        | Op::GetDeleted(_) => USER_READ,
        Op::PatchUser(_) => USER_WRITE,
        Op::GetSyncBehavior(_) | Op::PatchSyncBehavior(_) => USER_SYNC,
        Op::DeleteUser(_) | Op::RestoreDeleted(_) | Op::PurgeDeleted(_) => USER_DELETE,
        Op::MemberOf(_) => MEMBER_OF,
        Op::ListGroups | Op::CountGroups | Op::GetGroup(_) => GROUP_READ,
        Op::ListContacts | Op::CountContacts | Op::GetContact(_) => CONTACT_READ,
        Op::ListUnits | Op::GetUnit(_) => UNIT_READ,
        Op::ListOrganization | Op::GetOrganization(_) => ORGANIZATION_READ,
        Op::ListDomains | Op::GetDomain(_) => DOMAIN_READ,
        Op::ListDirectorySync | Op::GetDirectorySync(_) => SYNC_READ,
        Op::PatchDirectorySync(_) => SYNC_WRITE,
        Op::ListRoleAssignments | Op::GetRoleAssignment(_) | Op::ListRoleDefinitions | Op::GetRoleDefinition(_) => {
            ROLE_READ
        }
        Op::CreateRoleAssignment | Op::DeleteRoleAssignment(_) => ROLE_WRITE,
        Op::ListSchedules(Table::Eligibility, _) | Op::GetSchedule(Table::Eligibility, ..) => ELIGIBILITY_READ,
        Op::ListSchedules(Table::Assignment, _) | Op::GetSchedule(Table::Assignment, ..) => ASSIGNMENT_READ,
        Op::RequestSchedule(Table::Eligibility) | Op::ListScheduleRequests(Table::Eligibility) => ELIGIBILITY_WRITE,
        Op::RequestSchedule(Table::Assignment) | Op::ListScheduleRequests(Table::Assignment) => ASSIGNMENT_WRITE,
        Op::ListGroupSchedules(Table::Eligibility, _) => GROUP_ELIGIBILITY_READ,
        Op::ListGroupSchedules(Table::Assignment, _) => GROUP_ASSIGNMENT_READ,
        Op::RequestGroupSchedule(Table::Eligibility) => GROUP_ELIGIBILITY_WRITE,
        Op::RequestGroupSchedule(Table::Assignment) => GROUP_ASSIGNMENT_WRITE,
        Op::ListPolicyAssignments | Op::GetPolicyAssignment(_) => ROLE_POLICY_READ,
        Op::ListConditionalAccess | Op::GetConditionalAccess(_) => CONDITIONAL_ACCESS_READ,
        Op::ListGroupHolders(..) => GROUP_HOLDERS_READ,
        Op::AddGroupMember(_) | Op::RemoveGroupMember(..) => GROUP_MEMBERS_WRITE,
        Op::ListGroupAppRoles(_) => APP_ROLES_READ,
        Op::GetDirectoryObject(_) => OBJECT_READ,
        Op::GetServicePrincipal(_) => APPLICATION_READ,
        Op::ListSyncJobs(_) | Op::GetSyncSchema(..) => JOB_READ,
        Op::ProvisionOnDemand(..) => JOB_RUN,
        Op::DeleteUnit(_) => UNIT_WRITE,
    })
}

/// Whether the caller has one of these permissions.
pub fn has(caller: &Caller, wanted: &[&str]) -> bool {
    wanted.iter().any(|w| caller.permissions.iter().any(|p| p.eq_ignore_ascii_case(w)))
}

/// Whether a request to PIM only takes away.
fn removes(request: &Request) -> bool {
    let Payload::Json(Value::Object(body)) = &request.body else { return false };
    body.iter().any(|(k, v)| k.eq_ignore_ascii_case("action") && v == "adminRemove")
}

/// Whether the caller may do this at all.
///
/// # Errors
/// 403 `Authorization_RequestDenied`.
pub fn check(caller: &Caller, operation: &Operation, request: &Request) -> Result<(), Refusal> {
    let has = |wanted: &[&str]| has(caller, wanted);
    let of_a_group = match operation {
        Operation::ListPolicyAssignments => scope_of(request).is_some_and(|(_, kind)| kind == PolicyScope::Group),
        Operation::GetPolicyAssignment(id) => id.starts_with("Group_"),
        _ => false,
    };
    if of_a_group {
        return if has(GROUP_POLICY_READ) { Ok(()) } else { Err(Refusal::denied()) };
    }
    let allowed = needed(operation).is_none_or(has)
        || match operation {
            Operation::ListUsers | Operation::CountUsers | Operation::GetUser(_) => {
                has(&["User.ReadBasic.All"]) && is_basic(request)
            }
            Operation::Me => has(&["User.Read", "User.ReadWrite"]),
            Operation::PatchUser(_) => {
                has(&["User.EnableDisableAccount.All"]) && changes_only(request, "accountEnabled")
            }
            Operation::ListGroupHolders(_, AccessId::Member) => has(GROUP_MEMBERS_READ_BASIC),
            Operation::RequestSchedule(table) => {
                let narrow: &[&str] = match table {
                    Table::Eligibility => &["RoleEligibilitySchedule.Remove.Directory"],
                    Table::Assignment => &["RoleAssignmentSchedule.Remove.Directory"],
                };
                has(narrow) && removes(request)
            }
            Operation::RequestGroupSchedule(table) => {
                let narrow: &[&str] = match table {
                    Table::Eligibility => &["PrivilegedEligibilitySchedule.Remove.AzureADGroup"],
                    Table::Assignment => &["PrivilegedAssignmentSchedule.Remove.AzureADGroup"],
                };
                has(narrow) && removes(request)
            }
            _ => false,
        };
    let stamp =
        matches!(operation, Operation::PatchUser(_)) && changes(request).any(|c| c == "onpremisesobjectidentifier");
    if allowed && (!stamp || has(USER_SYNC)) { Ok(()) } else { Err(Refusal::denied()) }
}

/// Without `$select` the default properties are asked for, which `User.ReadBasic.All` shows in part: as null.
fn is_basic(request: &Request) -> bool {
    let selected = request.option("$select").unwrap_or_default();
    request.option("$filter").is_none()
        && selected
            .split(',')
            .map(str::trim)
            .all(|name| name.is_empty() || BASIC.iter().any(|b| b.eq_ignore_ascii_case(name)))
}

/// The members of the body, in lower case.
fn changes(request: &Request) -> impl Iterator<Item = String> {
    let names: Vec<String> = match &request.body {
        Payload::Json(Value::Object(body)) => body.keys().map(|k| k.to_ascii_lowercase()).collect(),
        _ => Vec::new(),
    };
    names.into_iter().filter(|n| !n.contains('@'))
}

fn changes_only(request: &Request, name: &str) -> bool {
    let mut changes = changes(request).peekable();
    changes.peek().is_some() && changes.all(|c| c.eq_ignore_ascii_case(name))
}
