//! Errors of the sync, by Microsoft's names.

use super::super::message::Message as M;
use super::super::page::{Page, Step, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding, Message};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Sync, ..Page::BLANK };

/// Where an export's errors are shown.
const EXPORT_ERRORS: Step =
    say("In the Synchronization Service Manager on the Connect server: Operations, the export to ….onmicrosoft.com - \
        AAD, Export Errors. In the Entra admin center: Connect Health, Sync errors, about half an hour old.");

const PLAN: Step = run("Plan the link: the finding names both objects and the value", "matchplan plan");

pub(in super::super) static INVALID_HARD_MATCH: Page = Page {
    title: "InvalidHardMatch: the anchor matches, and the match is not allowed",
    means: "A cloud user has the AD user's anchor as its ImmutableID, and something forbids the takeover. The \
        export of this object fails and is tried again each cycle.",
    cause: "The tenant blocks takeover by hard match; or the cloud user holds or is eligible for a role (since \
        June and July 2026), even one that is soft-deleted; or it is mapped to an earlier AD object.",
    see: &[
        EXPORT_ERRORS,
        run(
            "The tenant's switch",
            "(Get-MgDirectoryOnPremiseSynchronization).Features.BlockCloudObjectTakeoverThroughHardMatchEnabled",
        ),
        run(
            "The user's active roles",
            "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\" -ExpandProperty \
                roleDefinition",
        ),
        run(
            "Its eligible roles",
            "Get-MgRoleManagementDirectoryRoleEligibilityScheduleInstance -Filter \"principalId eq 'ID'\"",
        ),
        PLAN,
    ],
    fix: &[
        say("If the switch is on: switch it off for the match and on again afterwards."),
        say("If the user holds a role: take it, let the cycle match, give it back. `roles = \"suspend\"` in a link \
                does all three."),
        say("If the user is soft-deleted and held a role: restore it first."),
        say("If onPremisesObjectIdentifier is set: clear it."),
    ],
    unconfirmed: Some(
        "The exact texts of the messages about roles are not public at the time of writing. The protections reach \
            tenants at different times in 2026; China (21Vianet) is not in the announced list.",
    ),
    sources: &[source::SYNC_ERRORS, source::EXISTING_TENANT, source::WHATS_NEW],
    related: &[
        Finding(FindingCode::HardMatchBlocked),
        Finding(FindingCode::HoldsRoles),
        Finding(FindingCode::AnchorTaken),
        Error(MicrosoftError::AttributeUpdateNotAllowed),
    ],
    said: &[
        "another cloud created object with the same source anchor already exists",
        "BlockCloudObjectTakeoverThroughHardMatch",
    ],
    ..BLANK
};

pub(in super::super) static INVALID_SOFT_MATCH: Page = Page {
    title: "InvalidSoftMatch: an address or UPN matches, and the match is not allowed",
    means: "No cloud user has the anchor, one has the address or the UPN, and the two may not be joined. The \
        export of this object fails.",
    cause: "The cloud user has another ImmutableID, so it belongs to another AD object; or the tenant blocks soft \
        matches; or the cloud is the user's source of authority. Typical histories: two AD objects with one \
        address, a move between forests, an AD user that was made anew, Connect installed anew with another source \
        anchor.",
    see: &[
        EXPORT_ERRORS,
        run("The cloud user's ImmutableID", "Get-MgUser -UserId USER -Property onPremisesImmutableId"),
        run("The tenant's switch", "(Get-MgDirectoryOnPremiseSynchronization).Features.BlockSoftMatchEnabled"),
        PLAN,
    ],
    fix: &[
        say("Find the two objects, decide which one keeps the value, and take it from the other in the directory \
                that is its source."),
        say("If both are the same person: write the cloud user's ImmutableID into mS-DS-ConsistencyGuid of an AD \
                user that was not imported yet, or set the anchor in the cloud (`match = \"hard\"`)."),
        say("If the tenant blocks soft matches: switch that off for the time of the match."),
    ],
    unconfirmed: Some(
        "With duplicate attribute resiliency, which every tenant has, a new object is quarantined in place of this \
            error; Microsoft's texts differ in where which of the two is seen.",
    ),
    sources: &[source::SYNC_ERRORS, source::SYNC_FEATURES],
    related: &[Finding(FindingCode::ImmutableIdSet), Finding(FindingCode::SoftMatchBlocked), Message(M::Quarantine)],
    said: &["a different immutableId value than the incoming object", "soft match is blocked"],
    ..BLANK
};

pub(in super::super) static ATTRIBUTE_VALUE_MUST_BE_UNIQUE: Page = Page {
    title: "AttributeValueMustBeUnique: another object has the value",
    means: "A value that must be unique in the tenant (an address, the UPN, mail, the SID, the ImmutableID) \
        belongs to another object.",
    cause: "AttributeConflictName in the message says which. ProxyAddresses or UserPrincipalName: two objects have \
        one value, often since the AD user was made anew. OnPremiseSecurityIdentifier: the same person comes with \
        another anchor, as after only the ImmutableID was cleared.",
    see: &[
        EXPORT_ERRORS,
        run("Who has the address", "Get-MgUser -Filter \"proxyAddresses/any(p:p eq 'smtp:ADDRESS')\""),
        run("Who has the SID", "Get-MgUser -Filter \"onPremisesSecurityIdentifier eq 'SID'\""),
        PLAN,
    ],
    fix: &[
        say("Two persons: take the value from the one that should not have it, in the directory that is its \
                source, and let a cycle run."),
        run(
            "One person whose AD user was made anew: write the cloud user's ImmutableID into the new one before it \
                is imported",
            "Set-ADSyncToolsMsDsConsistencyGuid -Identity SAM -Value IMMUTABLE-ID",
        ),
        say("One person whose cloud user was cleared by half: clear the other on-premises attributes too."),
    ],
    sources: &[source::SYNC_ERRORS, source::EXISTING_TENANT, source::DIAGNOSE],
    related: &[
        Finding(FindingCode::AddressConflict),
        Finding(FindingCode::UpnConflict),
        Finding(FindingCode::SidTaken),
        Message(M::Quarantine),
        Message(M::OrphanedObject),
    ],
    said: &[
        "values that may already be associated with another object",
        "AttributeConflictName",
        "OnPremiseSecurityIdentifier",
        "A synchronized object with the same proxy address already exists",
        "Unable to update this object because the following attributes associated with this object",
        "correct or remove the duplicate values in your local directory",
    ],
    ..BLANK
};

pub(in super::super) static ATTRIBUTE_UPDATE_NOT_ALLOWED: Page = Page {
    title: "AttributeUpdateNotAllowed: the cloud user is mapped to an earlier AD object",
    means: "onPremisesObjectIdentifier of the cloud user is that of another AD object, and Entra refuses to \
        replace it: a protection against the takeover of accounts, from July 2026.",
    cause: "The AD user was made anew, moved between forests, or came with a merger, while the cloud user kept the \
        mark of the old one.",
    see: &[
        EXPORT_ERRORS,
        run(
            "The mark (beta only)",
            "Invoke-MgGraphRequest 'beta/users/ID?$select=onPremisesObjectIdentifier,onPremisesImmutableId'",
        ),
        say("The audit log has 'Update user' events for changes of it."),
        PLAN,
    ],
    fix: &[
        run(
            "Clear it, with User-OnPremisesSyncBehavior.ReadWrite.All and Hybrid Identity Administrator",
            "Invoke-MgGraphRequest -Method PATCH -Uri beta/users/ID -Body '{\"onPremisesObjectIdentifier\":null}'",
        ),
        run("Let a cycle run", "Start-ADSyncSyncCycle -PolicyType Delta"),
        say("If that cannot be done: switch allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled on for a short \
                time, and off again."),
    ],
    sources: &[source::EXISTING_TENANT, source::WHATS_NEW, source::CLEAR_ATTRIBUTES],
    related: &[Finding(FindingCode::ObjectIdentifierSet)],
    said: &["Hard match operation blocked due to security hardening", "Review OnPremisesObjectIdentifier mapping"],
    ..BLANK
};

pub(in super::super) static OBJECT_TYPE_MISMATCH: Page = Page {
    title: "ObjectTypeMismatch: an object of another type has the address",
    means: "A user, a group and a contact cannot be matched with one another. One of another type holds the \
        address, and the export fails.",
    cause: "A group or contact of Microsoft 365 got an address that a new AD user has too, or the other way round.",
    see: &[
        EXPORT_ERRORS,
        run("Groups with the address", "Get-MgGroup -Filter \"proxyAddresses/any(p:p eq 'smtp:ADDRESS')\""),
        run("Any recipient with it", "Get-Recipient -Filter \"EmailAddresses -eq 'smtp:ADDRESS'\""),
        PLAN,
    ],
    fix: &[
        say("Decide which object keeps the address, and take it from the other in the directory that is its source."),
        run("Let a cycle run", "Start-ADSyncSyncCycle -PolicyType Delta"),
    ],
    sources: &[source::SYNC_ERRORS],
    related: &[Finding(FindingCode::ObjectTypeConflict)],
    said: &["different object type", "object type mismatch"],
    ..BLANK
};

pub(in super::super) static EXISTING_ADMIN_ROLE_CONFLICT: Page = Page {
    title: "Existing Admin Role Conflict: a soft match with a role holder",
    means: "An AD user has the UPN or address of a cloud user with an administrative role. Entra does not match \
        the two, and usually leaves a second, quarantined user behind.",
    cause: "The cloud user of an administrator was to be linked without taking its roles first.",
    see: &[
        EXPORT_ERRORS,
        run(
            "The roles of the cloud user",
            "Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\" -ExpandProperty \
                roleDefinition",
        ),
        PLAN,
    ],
    fix: &[
        say("Take the cloud user's roles. Note each one with its scope before."),
        run(
            "Delete the quarantined user, then for good from the recycle bin",
            "Remove-MgDirectoryDeletedItem -DirectoryObjectId ID",
        ),
        run("Let a cycle match the two", "Start-ADSyncSyncCycle -PolicyType Delta"),
        say("Give the roles back. `roles = \"suspend\"` in a link does all of this but the deletion of a duplicate \
                that is there already."),
    ],
    unconfirmed: Some(
        "Whether eligible roles and those through groups block a soft match is not stated; they are taken to.",
    ),
    sources: &[source::SYNC_ERRORS, source::EXISTING_TENANT],
    related: &[Finding(FindingCode::HoldsRoles), Finding(FindingCode::Provisioned)],
    said: &[
        "Existing Admin Role Conflict",
        "AdminRoleConflict",
        "ExistingAdminRole",
        "user object in Microsoft Entra ID that has an administrative role assigned",
        "has an admin role",
    ],
    ..BLANK
};

pub(in super::super) static IDENTITY_DATA_VALIDATION_FAILED: Page = Page {
    title: "IdentityDataValidationFailed: the sign-in name has a form that the cloud does not take",
    means: "The userPrincipalName has characters or a format that Entra ID refuses, so the object is not written.",
    cause: "Blanks, accents, or one of \\ % & * + / = ? { } | < > ( ) ; : , [ ] \" in the name; more than 64 \
        characters before the @ or 48 after it; a full stop before the @.",
    see: &[EXPORT_ERRORS, run("The name", "(Get-ADUser SAM).UserPrincipalName")],
    fix: &[
        say("Allowed are A-Z, a-z, 0-9 and ' . - _ ! # ^ ~ before the @."),
        run("Give the AD user a name that fits", "Set-ADUser SAM -UserPrincipalName NEW-UPN"),
    ],
    unconfirmed: Some(
        "Elsewhere Microsoft says that a name with bad characters is replaced by MailNickName@initial domain in \
            place of this error.",
    ),
    sources: &[source::SYNC_ERRORS, source::PREPARE, source::USER_UPDATE],
    related: &[Finding(FindingCode::UnverifiedSuffix), Message(M::DataValidationFailed)],
    said: &[
        "userPrincipalName attribute value has invalid or unsupported characters",
        "userPrincipalName attribute doesn't follow the required format",
    ],
    ..BLANK
};

pub(in super::super) static LARGE_OBJECT: Page = Page {
    title: "LargeObject: the object as a whole is too large",
    means: "All attributes together exceed what an object of Entra ID may hold, so the export fails.",
    cause: "Mostly certificates (userCertificate and userSMIMECertificate take 15 each), the photo, or very many \
        addresses: about 300 is a safe limit.",
    see: &[
        EXPORT_ERRORS,
        run(
            "How much there is",
            "Get-ADUser SAM -Properties userCertificate,userSMIMECertificate,thumbnailPhoto,proxyAddresses | \
                Select-Object \
                @{n='certs';e={$_.userCertificate.Count}},@{n='photo';e={$_.thumbnailPhoto.Length}},@{n='addresses';e={$_.proxyAddresses.Count}}",
        ),
    ],
    fix: &[
        say("Remove expired certificates, addresses that nobody needs, or the photo, in AD."),
        run("Let a cycle run", "Start-ADSyncSyncCycle -PolicyType Delta"),
    ],
    sources: &[source::SYNC_ERRORS, source::LARGE_OBJECT],
    related: &[Error(MicrosoftError::ExceededAllowedLength)],
    said: &["The size of the object exceeds", "object is too large"],
    ..BLANK
};

pub(in super::super) static EXCEEDED_ALLOWED_LENGTH: Page = Page {
    title: "ExceededAllowedLength: an attribute is too long",
    means: "One attribute has more characters or more values than Entra ID takes.",
    cause: "Mostly too many addresses or certificates, or a directory extension of more than 250 characters.",
    see: &[EXPORT_ERRORS, say("The error's details name the attribute.")],
    fix: &[
        say("Shorten the value in AD, or take it out of the sync rules."),
        run("Let a cycle run", "Start-ADSyncSyncCycle -PolicyType Delta"),
    ],
    sources: &[source::SYNC_ERRORS],
    related: &[Error(MicrosoftError::LargeObject)],
    said: &["exceeds the maximum allowed length", "exceeded the allowed length"],
    ..BLANK
};

pub(in super::super) static FEDERATED_DOMAIN_CHANGE_ERROR: Page = Page {
    title: "FederatedDomainChangeError: obsolete",
    means: "The sign-in name was to move from one federated domain to another, which the sync could not do. It can \
        since 2019, and Microsoft has taken the error out of its documents.",
    cause: "Old guides and old versions of Connect still speak of it.",
    see: &[EXPORT_ERRORS],
    fix: &[
        say("If it is really seen: update Entra Connect."),
        say("The old cure was to give the cloud user a name in a managed domain first (….onmicrosoft.com), and \
                then the new one."),
    ],
    unconfirmed: Some(
        "That it is gone is known from the change of the document in 2019, not from a text that says so.",
    ),
    sources: &[source::SYNC_ERRORS],
    related: &[Finding(FindingCode::FederatedDomain)],
    said: &["federated domain change"],
    ..BLANK
};

pub(in super::super) static QUARANTINE: Page = Page {
    title: "Quarantine: a user was made without the value, or under a mangled name",
    means: "With duplicate attribute resiliency, which no tenant can switch off, a new or changed object with a \
        UPN or address that is taken is written all the same: without the address, or under a name such as \
        jsmith+1234@contoso.onmicrosoft.com. The export shows success, nothing is tried again, and one e-mail \
        tells of it.",
    cause: "A match was expected and did not happen, or two objects have one value. The wanted cloud user is \
        untouched; a second one stands beside it and holds the anchor.",
    see: &[
        run(
            "Users with such errors",
            "Get-MgUser -All -Property id,userPrincipalName,onPremisesProvisioningErrors | Where-Object \
                OnPremisesProvisioningErrors",
        ),
        run(
            "Mangled names (both forms are documented, with and without the +)",
            "Get-MgUser -All | Where-Object UserPrincipalName -match '\\d{4}@.*\\.onmicrosoft\\.com$'",
        ),
        PLAN,
    ],
    fix: &[
        say("If the value belongs to two persons: take it from one; within about an hour the service gives it to \
                the other."),
        say("If the two are one person: take the AD user out of the sync scope, let a cycle delete the duplicate, \
                delete it for good, remove the reason, and bring the AD user back."),
        run("Delete it for good", "Remove-MgDirectoryDeletedItem -DirectoryObjectId ID"),
    ],
    sources: &[source::RESILIENCY, source::DIAGNOSE],
    related: &[Finding(FindingCode::Provisioned), Finding(FindingCode::AddressConflict), Message(M::OrphanedObject)],
    said: &[
        "quarantine",
        "quarantined",
        "DirSyncProvisioningErrors",
        "Identity Synchronization Error Report",
        "duplicate attribute resiliency",
    ],
    ..BLANK
};

pub(in super::super) static PROPERTY_CONFLICT: Page = Page {
    title: "PropertyConflict: the user's onPremisesProvisioningErrors names a value that another object has",
    means: "Graph's way to show a quarantined value: propertyCausingError says which property (UserPrincipalName \
        or ProxyAddress), value which value.",
    cause: "Another object has the value; see the page on quarantine.",
    see: &[run(
        "The errors of a user",
        "Get-MgUser -UserId USER -Property onPremisesProvisioningErrors | Select-Object -ExpandProperty \
            OnPremisesProvisioningErrors",
    )],
    fix: &[say("As for QuarantinedAttributeValueMustBeUnique: find the other object, and decide who keeps the \
        value.")],
    unconfirmed: Some(
        "PropertyConflict is the only documented category; others are seen in scripts of third parties. An unknown \
            one is shown as it comes.",
    ),
    sources: &[source::PROVISIONING_ERROR, source::RESILIENCY],
    related: &[Message(M::Quarantine)],
    said: &["onPremisesProvisioningErrors", "propertyCausingError"],
    ..BLANK
};

pub(in super::super) static ORPHANED_OBJECT: Page = Page {
    title: "Orphaned object: the cloud user lost the AD object that it was synced from",
    means: "The cloud user has no source any more, and its AD user, restored or made anew, comes with another \
        anchor. A second cloud user is made in a duplicated state, and changes in AD do not reach the first.",
    cause: "The deletion in AD never reached the cloud, or a domain migration gave the user another anchor.",
    see: &[
        say("In the Entra admin center: Connect Health, Sync errors, Duplicate Attribute, the error, Diagnose. It \
                asks whether the user exists in AD and whether both accounts are one person."),
        run("The AD user with the cloud user's ImmutableID", "matchplan anchor IMMUTABLE-ID"),
    ],
    fix: &[
        say("Connect Health's Apply Fix sets the source anchor on the right cloud user and deletes the other."),
        say("For a cloud-only user it refuses: 'Updating source anchor to cloud-based user in your tenant is not \
                supported.' Link it with matchplan."),
        say("If it says that the user with the conflicting attribute is soft deleted: delete that one for good \
            first."),
    ],
    sources: &[source::DIAGNOSE, source::EXISTING_TENANT],
    related: &[
        Error(MicrosoftError::AttributeValueMustBeUnique),
        Finding(FindingCode::Provisioned),
        Finding(FindingCode::SoftDeletedHolder),
    ],
    said: &[
        "orphaned object",
        "orphaned from Microsoft Entra ID",
        "Updating source anchor to cloud-based user in your tenant is not supported",
        "User with conflicting attribute is soft deleted",
        "The fix process failed to update the values",
    ],
    ..BLANK
};

pub(in super::super) static CLOUD_ONLY_OBJECT: Page = Page {
    title: "Error type 114: the engine would delete or change a cloud-only object",
    means: "The sync sent a deletion or a password change for an object that belongs to the cloud, and the cloud \
        protects it.",
    cause: "The sync still knows an object that was restored, converted to the cloud or cut off when tenant sync \
        was switched off; its AD object was moved out of scope; or the request named no unique object.",
    see: &[
        EXPORT_ERRORS,
        run("Whose anchor it is: the Dn of the error is CN={hexadecimal}", "matchplan anchor 'CN={…}'"),
    ],
    fix: &[
        say("Find the object, and move the cloud account to the recycle bin."),
        run("Let a cycle take note of that", "Start-ADSyncSyncCycle -PolicyType Delta"),
        say("Confirm the deletion, restore the user from the recycle bin, and run one more cycle."),
        say("Have an emergency access account ready before you touch administrators."),
    ],
    sources: &[source::SYNC_ERRORS],
    related: &[Message(M::BlockOnPremisesSync)],
    said: &[
        "0x8023134a",
        "ErrorType 114",
        "Error Type 114",
        "This synchronization operation, Delete, is not valid",
        "This synchronization operation, Delete, isn't valid",
        "Deleting a cloud-only object isn't supported",
        "Deleting a cloud-only object is not supported",
        "one or more cloud-only users' credential update",
        "contains changes to one or more cloud-only user objects",
    ],
    ..BLANK
};

pub(in super::super) static DATA_VALIDATION_FAILED: Page = Page {
    title: "DataValidationFailed: a value has a form that the cloud does not take",
    means: "A general name for a value that Entra ID refuses. For the sign-in name the documented one is \
        IdentityDataValidationFailed.",
    cause: "An attribute with characters, a length or a format that is not allowed.",
    see: &[EXPORT_ERRORS, say("The error's details name the attribute.")],
    fix: &[say("Correct the value in AD, and let a cycle run.")],
    unconfirmed: Some(
        "The name occurs in Microsoft's own diagnostic scripts; its documents describe \
            IdentityDataValidationFailed only.",
    ),
    sources: &[source::SYNC_ERRORS, source::PREPARE],
    related: &[Error(MicrosoftError::IdentityDataValidationFailed)],
    ..BLANK
};

pub(in super::super) static PERMISSION_ISSUE: Page = Page {
    title: "permission-issue 8344: Connect's account may not write the AD user",
    means: "Entra Connect writes to AD too, such as objectGUID into an empty mS-DS-ConsistencyGuid, and AD refused \
        that (insufficient access rights).",
    cause: "The connector account lacks the right, or the user is protected by AdminSDHolder (adminCount = 1), \
        where inherited rights do not count.",
    see: &[
        run("Whether the user is protected", "(Get-ADUser SAM -Properties adminCount).adminCount"),
        say("In the Synchronization Service Manager: Operations, the export to the AD domain, Export Errors."),
    ],
    fix: &[
        run(
            "Give the connector account the right to write the anchor (ADSyncConfig module, on the Connect server)",
            "Set-ADSyncMsDsConsistencyGuidPermissions -ADConnectorAccountName ACCOUNT -ADConnectorAccountDomain \
                DOMAIN",
        ),
        say("For protected users: grant it on AdminSDHolder too (-IncludeAdminSDHolders), or take the user out of \
                the protected groups."),
    ],
    unconfirmed: Some(
        "The connection with AdminSDHolder is common experience of administrators; Microsoft's page names the \
            right only.",
    ),
    sources: &[source::CONNECTOR_ACCOUNT, source::ADMIN_SD_HOLDER],
    related: &[Finding(FindingCode::AdminSdHolder)],
    said: &[
        "permission-issue",
        "Error code: 8344",
        "8344",
        "Insufficient access rights to perform the operation",
        "INSUFF_ACCESS_RIGHTS",
    ],
    ..BLANK
};

pub(in super::super) static DELETION_THRESHOLD: Page = Page {
    title: "stopped-deletion-threshold-exceeded: the engine would delete too many objects",
    means: "One export would delete more objects than the threshold allows (500 unless it was changed), so no \
        deletion is exported at all.",
    cause: "Many users left the sync scope at once, often by a change of containers or filters.",
    see: &[
        run("The threshold", "Get-ADSyncExportDeletionThreshold"),
        say("In the Synchronization Service Manager: Connectors, ….onmicrosoft.com - AAD, Search Connector Space, \
                Pending Export, Delete."),
    ],
    fix: &[
        say("If the deletions are not meant, bring the objects back into scope."),
        run("If they are, lift the limit for one export", "Disable-ADSyncExportDeletionThreshold"),
        run("And set it again", "Enable-ADSyncExportDeletionThreshold -DeletionThreshold 500"),
    ],
    sources: &[source::ACCIDENTAL_DELETES],
    said: &["stopped-deletion-threshold-exceeded", "exceeded the configured deletion threshold"],
    ..BLANK
};

pub(in super::super) static BLOCK_ON_PREMISES_SYNC: Page = Page {
    title: "blockOnPremisesSync, event 6956: the cloud is the source of this user",
    means: "The user's source of authority was handed to the cloud, and the sync leaves its changes in AD aside.",
    cause: "isCloudManaged is true for the user.",
    see: &[run("The switch of the user", "Invoke-MgGraphRequest v1.0/users/ID/onPremisesSyncBehavior")],
    fix: &[say(
        "That is how it is meant to be. To go back to AD as the source, set isCloudManaged to false and let a \
            cycle run.",
    )],
    sources: &[source::SOURCE_OF_AUTHORITY],
    related: &[Finding(FindingCode::CloudManaged)],
    said: &["blockOnPremisesSync", "event 6956", "EventID 6956"],
    ..BLANK
};
