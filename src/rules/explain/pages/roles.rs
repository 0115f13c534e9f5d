//! Roles, and giving them back.

use super::super::message::Message as M;
use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding, Message};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Roles, ..Page::BLANK };

pub(in super::super) static HOLDS_ROLES: Page = Page {
    title: "The cloud user holds a role",
    means: "Entra does not match an AD user with a role holder. A soft match ends in a quarantined duplicate, a \
        hard match in InvalidHardMatch (June and July 2026).",
    cause: "The user has an active or eligible role, of the directory or of an administrative unit, built in or \
        custom, its own or through a role-assignable group.",
    see: &[
        run(
            "Active roles",
            "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\" -ExpandProperty \
                roleDefinition",
        ),
        run(
            "Eligible roles",
            "Get-MgRoleManagementDirectoryRoleEligibilityScheduleInstance -Filter \"principalId eq 'ID'\"",
        ),
        run("Groups that may hold roles", "Get-MgUserMemberOf -UserId ID"),
    ],
    fix: &[
        say("Write `roles = \"suspend\"` in the link: the roles are taken, the link is formed, and the roles are \
                given back as they were."),
        say("Think twice: Microsoft advises against linking on-premises accounts with administrators. An account \
                of its own in the cloud is safer."),
    ],
    unconfirmed: Some(
        "Microsoft's texts say 'any role' (June) and 'privileged role' (July), and nothing about groups. The \
            strict reading is taken: any role, of any kind, groups included.",
    ),
    sources: &[source::EXISTING_TENANT, source::SYNC_ERRORS, source::WHATS_NEW],
    related: &[
        Error(MicrosoftError::ExistingAdminRoleConflict),
        Error(MicrosoftError::InvalidHardMatch),
        Finding(FindingCode::RestoreImpossible),
    ],
    ..BLANK
};

pub(in super::super) static ROLES_UNSEEN: Page = Page {
    title: "Roles could not be read",
    means: "Whether the cloud user holds a role is unknown, and a role would make the match fail.",
    cause: "The credential lacks RoleManagement.Read.Directory, or the read failed half way.",
    see: &[run("Try the read", "Get-MgRoleManagementDirectoryRoleAssignment -Top 1")],
    fix: &[
        say("Grant RoleManagement.Read.Directory to the credential, and plan again."),
        run("Or go on without knowing, at your own risk", "matchplan plan --allow roles-unseen"),
    ],
    sources: &[source::ROLE_ASSIGNMENTS],
    related: &[Message(M::AuthorizationRequestDenied), Finding(FindingCode::HoldsRoles)],
    ..BLANK
};

pub(in super::super) static OWN_IDENTITY: Page = Page {
    title: "The link is about the identity that runs the tool",
    means: "The plan would change the account that it runs with: its password becomes AD's, its sessions may end, \
        and a role that is taken cannot be given back by it any more.",
    cause: "An administrator signed in with the Azure CLI links their own account.",
    see: &[run("Whom the tool runs as", "az account show --query user")],
    fix: &[say("Run matchplan as an application or as another administrator for this link.")],
    sources: &[source::EXISTING_TENANT],
    related: &[Finding(FindingCode::GlobalAdminsLeft)],
    ..BLANK
};

pub(in super::super) static GLOBAL_ADMINS_LEFT: Page = Page {
    title: "Too few Global Administrators would be left",
    means: "While the plan runs, fewer enabled, directly assigned, active Global Administrators would be left than \
        guard.min_global_admins wants. If something goes wrong then, nobody may be able to help.",
    cause: "The plan suspends the role of several of them at once, or the tenant has too few to begin with.",
    see: &[run(
        "Who holds the role",
        "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"roleDefinitionId eq \
            '62e90394-69f5-4237-9190-012177145e10'\" -ExpandProperty principal",
    )],
    fix: &[
        say("Keep two emergency access accounts, cloud-only, and name them in guard.protect."),
        say("Link the Global Administrators by several plans, one after the other."),
    ],
    sources: &[source::EMERGENCY_ACCESS],
    related: &[Finding(FindingCode::ProtectedUser)],
    ..BLANK
};

pub(in super::super) static OWNS_ROLE_GROUP: Page = Page {
    title: "The cloud user owns a role-assignable group",
    means: "An owner of a role-assignable group can add itself as a member and so get the group's roles. Owning is \
        no role, but it counts for what Graph allows others to do to this user.",
    cause: "The user was made an owner when the group was created, or later.",
    see: &[run("What the user owns", "Get-MgUserOwnedObject -UserId ID")],
    fix: &[
        say("Decide whether an account that is synced from on premises should own such a group; give the ownership \
                to a cloud-only account if not."),
        say("Changing this user takes Privileged Authentication Administrator or Global Administrator."),
    ],
    unconfirmed: Some("Whether owning such a group blocks a match is not stated."),
    sources: &[source::ROLE_GROUPS, source::SENSITIVE_ACTIONS],
    related: &[Finding(FindingCode::GroupCarriesMore)],
    ..BLANK
};

pub(in super::super) static GROUP_CARRIES_MORE: Page = Page {
    title: "The group gives more than roles",
    means: "The user leaves a role-assignable group for the time of the match. The group also gives licences, app \
        roles, or a place in Conditional Access policies, and those are gone for that time too.",
    cause: "One group is used for roles and for other things.",
    see: &[
        run("Its licences", "Get-MgGroup -GroupId ID -Property assignedLicenses"),
        run("Its app roles", "Get-MgGroupAppRoleAssignment -GroupId ID"),
        run(
            "Policies that name it",
            "Get-MgIdentityConditionalAccessPolicy | Where-Object { $_.Conditions.Users.ExcludeGroups -contains \
                'ID' -or $_.Conditions.Users.IncludeGroups -contains 'ID' }",
        ),
    ],
    fix: &[
        say("Give the user what it needs in another way for the time of the match, or choose a time when it does \
                not matter."),
        say("A user who is left out of a Conditional Access exclusion may be locked out: check that first."),
    ],
    sources: &[source::ROLE_GROUPS],
    related: &[Finding(FindingCode::HoldsRoles)],
    ..BLANK
};

pub(in super::super) static RESTORE_IMPOSSIBLE: Page = Page {
    title: "The role could be taken, but not be given back",
    means: "The role's PIM policy does not let an administrator assign it as it stands now, so it would be lost. A \
        role is suspended only where it is proven that it can be restored.",
    cause: "The policy forbids permanent assignments, allows a shorter time than is left, or asks for approval, a \
        ticket or an authentication context that the tool cannot give.",
    see: &[
        run(
            "The policy of the role",
            "Get-MgPolicyRoleManagementPolicyAssignment -Filter \"scopeId eq '/' and scopeType eq 'DirectoryRole' \
                and roleDefinitionId eq 'ROLE'\" -ExpandProperty 'policy($expand=rules)'",
        ),
        say("In the Entra admin center: Identity Governance, Privileged Identity Management, Roles, the role's \
                settings."),
    ],
    fix: &[
        say("Relax the policy for the time of the match, or change the assignment to one that the policy allows."),
        say("Or take the role by hand, link, and assign it by hand."),
    ],
    sources: &[source::PIM_POLICIES, source::PIM_REQUESTS],
    related: &[Finding(FindingCode::UnprovenRestore), Message(M::RolePolicy)],
    ..BLANK
};

pub(in super::super) static UNPROVEN_RESTORE: Page = Page {
    title: "Whether the role can be given back could not be seen",
    means: "The role's PIM policy could not be read, so it is not proven that the role can be restored after the \
        match.",
    cause: "The credential may not read policies, or the tenant has no PIM licence.",
    see: &[run(
        "Try the read",
        "Get-MgPolicyRoleManagementPolicyAssignment -Filter \"scopeId eq '/' and scopeType eq 'DirectoryRole'\" \
            -Top 1",
    )],
    fix: &[
        say("Grant RoleManagementPolicy.Read.Directory, or RoleManagement.Read.Directory, and plan again."),
        run("Or look at the policy by hand, and lift this brake", "matchplan plan --allow unproven-restore"),
    ],
    sources: &[source::PIM_POLICIES],
    related: &[Finding(FindingCode::RestoreImpossible), Message(M::AadPremiumLicenseRequired)],
    ..BLANK
};
