//! What each operation needs, for the message that says it is missing.
//!
//! Sources: the permission tables of the Graph reference, "Who can perform sensitive actions" (Entra role-based access
//! control), "Configure Microsoft Entra Connect for an existing tenant", "Use Microsoft Entra groups to manage role
//! assignments".

/// What is asked of Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Users, live.
    ReadUsers,
    /// Users in the recycle bin.
    ReadDeletedUsers,
    /// Groups.
    ReadGroups,
    /// Contacts.
    ReadContacts,
    /// Role assignments and definitions.
    ReadRoles,
    /// The organization.
    ReadOrganization,
    /// The tenant's domains.
    ReadDomains,
    /// The tenant's sync features.
    ReadSyncFeatures,
    /// `onPremisesObjectIdentifier`, on the beta endpoint.
    ReadObjectIdentifier,
    /// A user's source of authority, which reading and changing need the same for.
    ReadSyncBehavior,
    /// Clearing `onPremisesObjectIdentifier`, with the other on-premises attributes.
    ClearObjectIdentifier,
    /// Deleting a user, restoring it, deleting it for good.
    DeleteUser,
    /// A switch of the tenant's directory synchronization.
    ChangeSyncFeatures,
    /// The jobs of a synchronization and their rules.
    ReadSyncJobs,
    /// Provisioning of single users on demand.
    ProvisionOnDemand,
    /// A user's ImmutableID.
    SetImmutableId,
    /// Taking a role away.
    RemoveRole,
    /// Giving a role.
    AssignRole,
    /// PIM's schedules of active role assignments.
    ReadRoleSchedules,
    /// PIM's schedules of eligible role assignments.
    ReadRoleEligibility,
    /// PIM's policies for roles.
    ReadRolePolicies,
    /// PIM for Groups' policies.
    ReadGroupPolicies,
    /// Members and owners of groups, and the groups that a user is in.
    ReadMembers,
    /// PIM for Groups' schedules of active members.
    ReadGroupSchedules,
    /// PIM for Groups' schedules of eligible members.
    ReadGroupEligibility,
    /// App roles of groups.
    ReadAppRoles,
    /// Conditional Access policies.
    ReadAccessPolicies,
    /// Whether an object of any type is there.
    ReadObject,
    /// An active assignment that PIM keeps.
    ChangeRoleSchedule,
    /// An eligible assignment.
    ChangeRoleEligibility,
    /// Membership of a role-assignable group.
    ChangeGroupMember,
    /// An active membership that PIM for Groups keeps.
    ChangeGroupSchedule,
    /// An eligible membership.
    ChangeGroupEligibility,
}

impl Operation {
    /// The least permission of Graph that is known to suffice.
    pub const fn permission(self) -> &'static str {
        match self {
            Self::ReadUsers | Self::ReadDeletedUsers | Self::ReadObjectIdentifier => "User.Read.All",
            Self::ReadGroups => "Group.Read.All",
            Self::ReadContacts => "OrgContact.Read.All",
            Self::ReadRoles => "RoleManagement.Read.Directory",
            Self::ReadOrganization => "Organization.Read.All",
            Self::ReadDomains => "Domain.Read.All",
            Self::ReadSyncFeatures => "OnPremDirectorySynchronization.Read.All",
            Self::ReadSyncBehavior | Self::ClearObjectIdentifier => "User-OnPremisesSyncBehavior.ReadWrite.All",
            Self::DeleteUser => "User.DeleteRestore.All",
            Self::ChangeSyncFeatures => "OnPremDirectorySynchronization.ReadWrite.All",
            Self::ReadSyncJobs | Self::ProvisionOnDemand => "Synchronization.ReadWrite.All",
            Self::SetImmutableId => "User.ReadWrite.All",
            Self::RemoveRole | Self::AssignRole | Self::ChangeGroupMember => "RoleManagement.ReadWrite.Directory",
            Self::ReadRoleSchedules => "RoleAssignmentSchedule.Read.Directory",
            Self::ReadRoleEligibility => "RoleEligibilitySchedule.Read.Directory",
            Self::ReadRolePolicies => "RoleManagementPolicy.Read.Directory",
            Self::ReadGroupPolicies => "RoleManagementPolicy.Read.AzureADGroup",
            Self::ReadMembers => "GroupMember.Read.All",
            Self::ReadGroupSchedules => "PrivilegedAssignmentSchedule.Read.AzureADGroup",
            Self::ReadGroupEligibility => "PrivilegedEligibilitySchedule.Read.AzureADGroup",
            Self::ReadAppRoles | Self::ReadObject => "Directory.Read.All",
            Self::ReadAccessPolicies => "Policy.Read.All",
            Self::ChangeRoleSchedule => "RoleAssignmentSchedule.ReadWrite.Directory",
            Self::ChangeRoleEligibility => "RoleEligibilitySchedule.ReadWrite.Directory",
            Self::ChangeGroupSchedule => "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
            Self::ChangeGroupEligibility => "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
        }
    }

    /// The directory role that is needed besides the permission, if any.
    pub const fn role(self) -> Option<&'static str> {
        match self {
            Self::SetImmutableId => Some(
                "User Administrator, and Privileged Authentication Administrator or Global Administrator if the user \
                 holds a role or is in a role-assignable group (an application needs that role assigned to its own \
                 service principal)",
            ),
            Self::DeleteUser => Some(
                "User Administrator, and Privileged Authentication Administrator or Global Administrator if the user \
                 holds a role",
            ),
            Self::ReadSyncJobs | Self::ProvisionOnDemand => Some(
                "Hybrid Identity Administrator, Application Administrator or Cloud Application Administrator, if it is a \
                 person that signs in",
            ),
            Self::ReadSyncBehavior | Self::ClearObjectIdentifier | Self::ChangeSyncFeatures => {
                Some("Hybrid Identity Administrator or Global Administrator, if it is a person that signs in")
            }
            Self::RemoveRole | Self::AssignRole | Self::ChangeRoleSchedule | Self::ChangeRoleEligibility => {
                Some("Privileged Role Administrator")
            }
            Self::ChangeGroupMember | Self::ChangeGroupSchedule | Self::ChangeGroupEligibility => Some(
                "Privileged Role Administrator (an owner of the group needs none), and GroupMember.ReadWrite.All if \
                     the members themselves are changed",
            ),
            _ => None,
        }
    }

    /// What to do about a 403.
    pub fn hint(self) -> String {
        let permission = self.permission();
        let consent = format!("grant {permission} to the application that matchplan signs in with, with admin consent");
        match self.role() {
            Some(role) => format!("{consent}; this action also needs the directory role {role}"),
            None => consent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_through_groups_need_what_roles_need() {
        assert_eq!(Operation::ChangeGroupMember.permission(), Operation::AssignRole.permission());
        assert!(Operation::ChangeGroupMember.hint().contains("owner"));
    }

    #[test]
    fn a_sensitive_action_names_permission_and_role() {
        let hint = Operation::SetImmutableId.hint();
        assert!(hint.contains("User.ReadWrite.All") && hint.contains("Privileged Authentication Administrator"));
        assert!(!Operation::ReadUsers.hint().contains("role"));
    }
}
