//! What Graph and Active Directory answer.

use super::super::message::Message as M;
use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Finding, Message};
use crate::rules::finding::FindingCode;

const BLANK: Page = Page { theme: Theme::Refusals, ..Page::BLANK };

pub(in super::super) static AUTHORIZATION_REQUEST_DENIED: Page = Page {
    title: "Authorization_RequestDenied: not allowed",
    means: "Graph refuses the request (HTTP 403): a permission is missing, or the target is an administrator and \
        the caller is not strong enough for it.",
    cause: "ImmutableID, UPN, password, accountEnabled, deletion and restoring are sensitive actions. On a role \
        holder, a member or an owner of a role-assignable group they take Privileged Authentication Administrator \
        or Global Administrator besides the permission. An application needs that role assigned to its own service \
        principal.",
    see: &[
        run("The permissions that the token has", "Get-MgContext | Select-Object -ExpandProperty Scopes"),
        run(
            "The roles of the target",
            "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\" -ExpandProperty \
                roleDefinition",
        ),
        run("What was asked and answered", "matchplan apply --trace trace.jsonl"),
    ],
    fix: &[
        say("Grant the permission that the message or the finding names, with the administrator's consent."),
        say("For users with a role: assign Privileged Authentication Administrator to the identity that runs the \
                tool, for the time of the project."),
        say("With a person's sign-in on privileged targets, the permission Directory.AccessAsUser.All is needed as \
                well."),
    ],
    sources: &[source::SENSITIVE_ACTIONS, source::USER_UPDATE, source::GRAPH_ERRORS],
    related: &[Finding(FindingCode::RolesUnseen), Finding(FindingCode::CouldNotBeSeen)],
    said: &["Authorization_RequestDenied", "Insufficient privileges to complete the operation"],
    ..BLANK
};

pub(in super::super) static ON_PREMISES_MASTERED: Page = Page {
    title: "The user is synced: Graph does not change what AD owns",
    means: "The attribute belongs to AD as long as the user is synced, ImmutableID included (HTTP 400).",
    cause: "The user was linked in the meantime, or was synced all along. The on-premises attributes can be \
        changed on cloud-only users only.",
    see: &[run(
        "Whether it is synced",
        "Get-MgUser -UserId USER -Property onPremisesSyncEnabled,onPremisesLastSyncDateTime",
    )],
    fix: &[
        run("Plan again: the link may be formed already", "matchplan plan"),
        say("Change the value in AD, and let a cycle bring it to the cloud."),
    ],
    sources: &[source::CLEAR_ATTRIBUTES, source::USER_UPDATE],
    related: &[Finding(FindingCode::AlreadySynced)],
    said: &[
        "Unable to update the specified properties for on-premises mastered Directory Sync objects",
        "objects currently undergoing migration",
    ],
    ..BLANK
};

pub(in super::super) static OBJECT_CONFLICT: Page = Page {
    title: "Another object with the same value exists",
    means: "Graph refuses a value that must be unique (HTTP 400): a UPN, an address or an ImmutableID that another \
        object of the tenant has.",
    cause: "The value was given to somebody else since the plan was made, or by another plan.",
    see: &[
        run("Who has it", "Get-MgUser -Filter \"userPrincipalName eq 'VALUE' or mail eq 'VALUE'\""),
        run("Plan again: the finding names both", "matchplan plan"),
    ],
    fix: &[say("Take the value from the other object, or choose another one.")],
    unconfirmed: Some("Whether soft-deleted users count is not stated."),
    sources: &[source::USER_UPDATE],
    related: &[
        Finding(FindingCode::UpnConflict),
        Finding(FindingCode::AddressConflict),
        Finding(FindingCode::AnchorTaken),
    ],
    said: &["Another object with the same value for property", "ObjectConflict", "ConflictingObjects"],
    ..BLANK
};

pub(in super::super) static FEDERATED_SOURCE_ANCHOR: Page = Page {
    title: "You must provide a required property: FederatedUser.SourceAnchor",
    means: "A user whose name is in a federated domain must have an ImmutableID; it cannot be cleared or changed \
        while the name is there.",
    cause: "The domain of the userPrincipalName is federated.",
    see: &[run("How the domain signs in", "Get-MgDomain -DomainId DOMAIN | Select-Object Id,AuthenticationType")],
    fix: &[
        run(
            "Give the user a name in a managed domain",
            "Update-MgUser -UserId USER -UserPrincipalName NAME@TENANT.onmicrosoft.com",
        ),
        say("Change the ImmutableID, then give the old name back."),
    ],
    unconfirmed: Some(
        "That it is required at creation is documented. The rest rests on customers' reports \
            (MicrosoftDocs/azure-docs, issue 5108).",
    ),
    sources: &[source::USER_RESOURCE],
    related: &[Finding(FindingCode::FederatedDomain)],
    said: &["FederatedUser.SourceAnchor", "You must provide a required property"],
    ..BLANK
};

pub(in super::super) static BAD_REQUEST: Page = Page {
    title: "Request_BadRequest: Graph does not take the request as it is",
    means: "A value, a property or the body is not accepted (HTTP 400). The message behind it says which.",
    cause: "An empty text where null is meant (Update-MgUser -OnPremisesImmutableId $null sends one), \
        proxyAddresses, which Graph only reads, or a value with characters that are not allowed.",
    see: &[run("What was asked and answered", "matchplan apply --trace trace.jsonl")],
    fix: &[
        run(
            "Clear an attribute with JSON null",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/users/ID -Body '{\"onPremisesImmutableId\":null}'",
        ),
        say("Change addresses in AD or in Exchange Online."),
    ],
    sources: &[source::USER_UPDATE, source::USER_RESOURCE, source::GRAPH_ERRORS],
    related: &[Message(M::OnPremisesMastered), Message(M::ObjectConflict)],
    said: &["Request_BadRequest", "Invalid value specified for property", "Property 'proxyAddresses' is read-only"],
    ..BLANK
};

pub(in super::super) static RESOURCE_NOT_FOUND: Page = Page {
    title: "Request_ResourceNotFound: there is no such object",
    means: "Graph knows no object of that id or name (HTTP 404), or does not know it yet: after a change, reads \
        may be behind for a while.",
    cause: "The object was deleted or renamed, or it is in another tenant.",
    see: &[run("Deleted users", "Get-MgDirectoryDeletedItemAsUser -All -Property id,userPrincipalName")],
    fix: &[run("Plan again", "matchplan plan")],
    sources: &[source::GRAPH_ERRORS],
    related: &[Finding(FindingCode::CloudUserMissing), Finding(FindingCode::CloudUserDeleted)],
    said: &[
        "Request_ResourceNotFound",
        "does not exist or one of its queried reference-property objects are not present",
    ],
    ..BLANK
};

pub(in super::super) static UNSUPPORTED_QUERY: Page = Page {
    title: "Request_UnsupportedQuery: the filter needs an advanced query, or is not supported",
    means: "Some properties, onPremisesImmutableId among them, can be filtered only with ConsistencyLevel: \
        eventual and $count=true, and some not at all.",
    cause: "A query by hand without the two.",
    see: &[run(
        "The same with both",
        "Get-MgUser -Filter \"onPremisesImmutableId eq 'IMMUTABLE-ID'\" -ConsistencyLevel eventual -CountVariable n",
    )],
    fix: &[say(
        "Add the header and $count=true, and encode + / = of Base64 in a URL. Compare the case of the answer: an \
            anchor is case-sensitive.",
    )],
    sources: &[source::ADVANCED_QUERIES, source::USER_RESOURCE],
    said: &["Request_UnsupportedQuery", "Unsupported or invalid query filter clause"],
    ..BLANK
};

pub(in super::super) static AAD_PREMIUM_LICENSE_REQUIRED: Page = Page {
    title: "AadPremiumLicenseRequired: Privileged Identity Management is not licensed",
    means: "PIM's part of Graph answers with this error in a tenant without Entra ID P2 or Entra ID Governance. \
        Eligible roles could then not be seen, which is not the same as: there are none.",
    cause: "The tenant never had the licence, or it has ended.",
    see: &[run("The tenant's licences", "Get-MgSubscribedSku | Select-Object SkuPartNumber,ConsumedUnits")],
    fix: &[
        say("In a tenant that never had PIM there are no eligible roles: active assignments are all there is."),
        say("If the licence has ended, look at the remaining assignments in the Entra admin center."),
    ],
    unconfirmed: Some("What becomes of eligibilities after a licence has ended was not looked up."),
    sources: &[source::ROLE_GROUPS, source::PIM_REQUESTS],
    related: &[Finding(FindingCode::CouldNotBeSeen), Finding(FindingCode::UnprovenRestore)],
    said: &[
        "AadPremiumLicenseRequired",
        "The tenant needs an AAD Premium 2 license",
        "needs to have Microsoft Entra ID P2",
    ],
    ..BLANK
};

pub(in super::super) static PERMISSION_SCOPE_NOT_GRANTED: Page = Page {
    title: "PermissionScopeNotGranted: PIM lacks a permission",
    means: "PIM's part of Graph says with this error that the credential may not do it.",
    cause: "RoleEligibilitySchedule.ReadWrite.Directory, RoleAssignmentSchedule.ReadWrite.Directory or \
        RoleManagement.ReadWrite.Directory was not granted.",
    see: &[run("The permissions that the token has", "Get-MgContext | Select-Object -ExpandProperty Scopes")],
    fix: &[say("Grant the permission with the administrator's consent, and plan again.")],
    sources: &[source::PIM_REQUESTS],
    related: &[Message(M::AuthorizationRequestDenied)],
    said: &["PermissionScopeNotGranted", "Authorization failed due to missing permission scope"],
    ..BLANK
};

pub(in super::super) static ROLE_ASSIGNMENT_EXISTS: Page = Page {
    title: "RoleAssignmentExists: the user has the role already",
    means: "The role that was to be given is there, with the same scope.",
    cause: "Somebody gave it back by hand, or a request whose answer was lost went through.",
    see: &[
        run(
            "The user's assignments",
            "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\" -ExpandProperty \
                roleDefinition",
        ),
        run("What the tool still wants to give back", "matchplan status"),
    ],
    fix: &[run("Let the tool look again: what is there already counts as given back", "matchplan apply")],
    unconfirmed: Some("The name is known from PIM's answers; no page of Microsoft's lists them."),
    sources: &[source::PIM_REQUESTS],
    related: &[Message(M::RoleAssignmentDoesNotExist)],
    said: &["RoleAssignmentExists", "The Role assignment already exists"],
    ..BLANK
};

pub(in super::super) static ROLE_ASSIGNMENT_DOES_NOT_EXIST: Page = Page {
    title: "RoleAssignmentDoesNotExist: there is no such role to take",
    means: "The role that was to be taken is gone already.",
    cause: "Its end has passed, or somebody took it.",
    see: &[run(
        "The user's assignments",
        "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\" -ExpandProperty roleDefinition",
    )],
    fix: &[run("Plan again: what is gone is not taken and not given back", "matchplan plan")],
    unconfirmed: Some("The name is known from PIM's answers; no page of Microsoft's lists them."),
    sources: &[source::PIM_REQUESTS],
    related: &[Message(M::RoleAssignmentExists)],
    said: &["RoleAssignmentDoesNotExist", "The Role assignment does not exist"],
    ..BLANK
};

pub(in super::super) static ROLE_POLICY: Page = Page {
    title: "RoleAssignmentRequestPolicyValidationFailed: the role's policy forbids it",
    means: "PIM's policy of the role does not allow the assignment as it was asked for. The message names the \
        rule: ExpirationRule, JustificationRule, TicketingRule, MfaRule and the like.",
    cause: "The policy wants an end, allows a shorter time, or asks for a justification, a ticket, approval or \
        stronger sign-in.",
    see: &[run(
        "The policy of the role",
        "Get-MgPolicyRoleManagementPolicyAssignment -Filter \"scopeId eq '/' and scopeType eq 'DirectoryRole' and \
            roleDefinitionId eq 'ROLE'\" -ExpandProperty 'policy($expand=rules)'",
    )],
    fix: &[
        say("Relax the policy for the time of the match, or give the role back by hand in the Entra admin center."),
        run("What is still to be given back", "matchplan status"),
    ],
    unconfirmed: Some("The names of the rules are known from PIM's answers; no page of Microsoft's lists them."),
    sources: &[source::PIM_POLICIES, source::PIM_REQUESTS],
    related: &[Finding(FindingCode::RestoreImpossible), Finding(FindingCode::UnprovenRestore)],
    said: &["RoleAssignmentRequestPolicyValidationFailed", "The following policy rules failed"],
    ..BLANK
};

pub(in super::super) static TOO_MANY_REQUESTS: Page = Page {
    title: "TooManyRequests: Graph is throttling",
    means: "The tenant, or this application in it, asked more than Graph allows in a time (HTTP 429). The tool \
        waits as long as Retry-After says and goes on by itself.",
    cause: "Other programs use the same tenant, or the plan is very large.",
    see: &[run("What was asked and answered", "matchplan plan --trace trace.jsonl")],
    fix: &[say("Wait a few minutes and try again; plan fewer links at once.")],
    sources: &[source::THROTTLING],
    said: &["TooManyRequests", "Too many requests", "429", "activityLimitReached"],
    ..BLANK
};

pub(in super::super) static UPN_NOT_UNIQUE_IN_FOREST: Page = Page {
    title: "AD refuses a userPrincipalName that another user has",
    means: "Domain controllers of Windows Server 2012 R2 and later check a new userPrincipalName against the \
        forest and refuse one that is taken (LDAP constraint violation, error 8648).",
    cause: "Another AD user has the name, or had it until a moment ago and the change has not reached this domain \
        controller.",
    see: &[run(
        "Who has it, in the whole forest",
        "Get-ADUser -Filter \"userPrincipalName -eq 'UPN'\" -Server DC:3268",
    )],
    fix: &[
        say("Give the other user another name, or choose another one for this link."),
        run("Plan again", "matchplan plan"),
    ],
    unconfirmed: Some(
        "The check is a best effort: without a global catalog at hand only the controller's own data is looked at, \
            so duplicates can exist all the same.",
    ),
    sources: &[source::UPN_UNIQUENESS],
    related: &[Finding(FindingCode::UpnConflict)],
    said: &[
        "000021C8",
        "CONSTRAINT_ATT_TYPE",
        "8648",
        "UPN value provided for addition/modification is not unique forest-wide",
        "constraintViolation",
    ],
    ..BLANK
};
