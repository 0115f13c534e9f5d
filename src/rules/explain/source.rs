//! Microsoft's public pages that the manual rests on.

use serde::Serialize;

/// A public page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its title.
    pub title: &'static str,
    /// Its address.
    pub url: &'static str,
}

macro_rules! sources {
    ($($name:ident = $title:literal, $url:literal;)*) => {
        $(#[doc = $title] pub const $name: Source = Source { title: $title, url: $url };)*
        /// Every source.
        pub const ALL: &[Source] = &[$($name,)*];
    };
}

sources! {
    EXISTING_TENANT = "Configure Microsoft Entra Connect for an existing tenant", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-install-existing-tenant";
    SYNC_ERRORS = "Understanding errors during Microsoft Entra synchronization", "https://learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-sync-errors";
    SYNC_FEATURES = "Microsoft Entra Connect Sync service features", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-syncservice-features";
    WHATS_NEW = "Microsoft Entra releases and announcements", "https://learn.microsoft.com/entra/fundamentals/whats-new";
    CLEAR_ATTRIBUTES = "Clear on-premises attributes of users in Microsoft Entra ID", "https://learn.microsoft.com/entra/identity/hybrid/connect/tshoot-clear-on-premises-attributes";
    DESIGN = "Microsoft Entra Connect: Design concepts", "https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-design-concepts";
    RESILIENCY = "Identity synchronization and duplicate attribute resiliency", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-syncservice-duplicate-attribute-resiliency";
    DIAGNOSE = "Diagnose and remediate duplicated attribute sync errors", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-health-diagnose-sync-errors";
    UPN_POPULATION = "Microsoft Entra UserPrincipalName population", "https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-userprincipalname";
    DEFAULT_RULES = "Microsoft Entra Connect Sync: Understanding the default configuration", "https://learn.microsoft.com/entra/identity/hybrid/connect/concept-azure-ad-connect-sync-default-configuration";
    FILTERING = "Microsoft Entra Connect Sync: Configure filtering", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-configure-filtering";
    SCHEDULER = "Microsoft Entra Connect Sync: Scheduler", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-feature-scheduler";
    RECYCLE_BIN = "Microsoft Entra Connect Sync: Enable AD recycle bin", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-recycle-bin";
    ACCIDENTAL_DELETES = "Microsoft Entra Connect Sync: Prevent accidental deletes", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-feature-prevent-accidental-deletes";
    CONNECTOR_ACCOUNT = "Microsoft Entra Connect: Configure AD DS Connector Account Permissions", "https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-configure-ad-ds-connector-account";
    ADSYNCTOOLS = "Microsoft Entra Connect: ADSyncTools PowerShell reference", "https://learn.microsoft.com/entra/identity/hybrid/connect/reference-connect-adsynctools";
    LARGE_OBJECT = "Microsoft Entra Connect: LargeObject errors caused by userCertificate attribute", "https://learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-largeobjecterror-usercertificate";
    SMTP_MATCHING = "How to use SMTP matching to match on-premises user accounts to Office 365 user accounts for directory synchronization", "https://support.microsoft.com/kb/2641663";
    UPN_MATCHING = "How to use UPN matching for identity synchronization in Microsoft 365", "https://learn.microsoft.com/troubleshoot/entra/entra-id/user-prov-sync/use-upn-matching-identity-sync";
    PREPARE = "Prepare for directory synchronization to Microsoft 365", "https://learn.microsoft.com/microsoft-365/enterprise/prepare-for-directory-synchronization";
    IDFIX = "IdFix", "https://github.com/microsoft/idfix";
    SYNC_OFF = "Turn off directory synchronization for Microsoft 365", "https://learn.microsoft.com/microsoft-365/enterprise/turn-off-directory-synchronization";
    SOURCE_OF_AUTHORITY = "Transfer user source of authority to the cloud", "https://learn.microsoft.com/entra/identity/hybrid/user-source-of-authority-overview";
    UPN_UNIQUENESS = "SPN and UPN uniqueness", "https://learn.microsoft.com/windows-server/identity/ad-ds/manage/component-updates/spn-and-upn-uniqueness";
    ADMIN_SD_HOLDER = "Appendix C: Protected accounts and groups in Active Directory", "https://learn.microsoft.com/windows-server/identity/ad-ds/plan/security-best-practices/appendix-c--protected-accounts-and-groups-in-active-directory";
    SENSITIVE_ACTIONS = "Privileged roles and permissions in Microsoft Entra ID", "https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions";
    ROLE_GROUPS = "Use Microsoft Entra groups to manage role assignments", "https://learn.microsoft.com/entra/identity/role-based-access-control/groups-concept";
    EMERGENCY_ACCESS = "Manage emergency access accounts in Microsoft Entra ID", "https://learn.microsoft.com/entra/identity/role-based-access-control/security-emergency-access";
    USER_UPDATE = "Microsoft Graph: Update user", "https://learn.microsoft.com/graph/api/user-update";
    USER_RESOURCE = "Microsoft Graph: user resource type", "https://learn.microsoft.com/graph/api/resources/user";
    PROVISIONING_ERROR = "Microsoft Graph: onPremisesProvisioningError resource type", "https://learn.microsoft.com/graph/api/resources/onpremisesprovisioningerror";
    DIRECTORY_SYNC = "Microsoft Graph: onPremisesDirectorySynchronization resource type", "https://learn.microsoft.com/graph/api/resources/onpremisesdirectorysynchronization";
    DELETE_FOR_GOOD = "Microsoft Graph: Permanently delete item (directory object)", "https://learn.microsoft.com/graph/api/directory-deleteditems-delete";
    ROLE_ASSIGNMENTS = "Microsoft Graph: List unifiedRoleAssignments", "https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments";
    PIM_REQUESTS = "Microsoft Graph: Create roleEligibilityScheduleRequests", "https://learn.microsoft.com/graph/api/rbacapplication-post-roleeligibilityschedulerequests";
    PIM_POLICIES = "Microsoft Graph: unifiedRoleManagementPolicy resource type", "https://learn.microsoft.com/graph/api/resources/unifiedrolemanagementpolicy";
    THROTTLING = "Microsoft Graph throttling guidance", "https://learn.microsoft.com/graph/throttling";
    ADVANCED_QUERIES = "Advanced query capabilities on Microsoft Entra ID objects", "https://learn.microsoft.com/graph/aad-advanced-queries";
    GRAPH_ERRORS = "Microsoft Graph error responses and resource types", "https://learn.microsoft.com/graph/errors";
}
