//! Which two users a link means.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::Finding;
use crate::rules::finding::FindingCode;

const BLANK: Page = Page { theme: Theme::Users, ..Page::BLANK };

pub(in super::super) static AD_USER_MISSING: Page = Page {
    title: "No AD user answers to what the link says",
    means: "The link names an AD user, and none of the users that were read is called so. Nothing is linked by \
        guess.",
    cause: "A misspelt name, the wrong domain in front of it, a user that was renamed or deleted, or one that lies \
        outside of base_dn.",
    see: &[
        run(
            "Look for the name in AD",
            "Get-ADUser -Filter \"sAMAccountName -eq 'NAME' -or userPrincipalName -eq 'NAME'\" -Server DC",
        ),
        say("Compare its DN with base_dn of the domain in matchplan.toml."),
    ],
    fix: &[
        say("Correct the name; with several domains write 'domain\\name', or name the user by its DN or objectGUID."),
        run("Plan again", "matchplan plan"),
    ],
    related: &[Finding(FindingCode::AdUserAmbiguous), Finding(FindingCode::DomainUnread)],
    ..BLANK
};

pub(in super::super) static AD_USER_AMBIGUOUS: Page = Page {
    title: "Several AD users answer to what the link says",
    means: "More than one AD user fits, and the tool takes none of them.",
    cause: "Two domains have the same account name, or two users have the same userPrincipalName: AD checks that \
        on a best-effort basis only.",
    see: &[run(
        "List those that fit, in the whole forest",
        "Get-ADUser -Filter \"userPrincipalName -eq 'UPN'\" -Server DC:3268 -Properties objectGUID",
    )],
    fix: &[
        say("Name the one that you mean by its DN or objectGUID."),
        say("If two users have one userPrincipalName, give one of them another before anything is synced."),
    ],
    sources: &[source::UPN_UNIQUENESS],
    related: &[Finding(FindingCode::UpnConflict)],
    ..BLANK
};

pub(in super::super) static CLOUD_USER_MISSING: Page = Page {
    title: "No cloud user answers to what the link says",
    means: "The link names a cloud user, and the tenant has none of that name or id.",
    cause: "A misspelt name, an e-mail address in place of the userPrincipalName, a user that was renamed, or the \
        wrong tenant.",
    see: &[run("Look for the user", "Get-MgUser -Filter \"userPrincipalName eq 'UPN' or mail eq 'UPN'\"")],
    fix: &[
        say("Write the userPrincipalName or, better, the object id of the cloud user."),
        run("Plan again", "matchplan plan"),
    ],
    related: &[Finding(FindingCode::CloudUserDeleted)],
    ..BLANK
};

pub(in super::super) static CLOUD_USER_DELETED: Page = Page {
    title: "The cloud user is in the recycle bin",
    means: "The link means a user that was deleted less than 30 days ago. Nothing can be linked to it while it is \
        there.",
    cause: "The user was deleted, or its AD user left the sync scope, which soft-deletes the cloud user.",
    see: &[run(
        "List deleted users",
        "Get-MgDirectoryDeletedItemAsUser -All -Property id,userPrincipalName,deletedDateTime",
    )],
    fix: &[
        run("Restore the user", "Restore-MgDirectoryDeletedItem -DirectoryObjectId ID"),
        say("A user that held a privileged role is restored first and stripped of the role before a hard match."),
        run("Plan again", "matchplan plan"),
    ],
    sources: &[source::RECYCLE_BIN, source::EXISTING_TENANT],
    related: &[Finding(FindingCode::SoftDeletedHolder)],
    ..BLANK
};

pub(in super::super) static CLOUD_USER_AMBIGUOUS: Page = Page {
    title: "Several cloud users answer to what the link says",
    means: "More than one cloud user fits, and the tool takes none of them.",
    cause: "A live user and a deleted one, or users that were read twice under one name.",
    see: &[run(
        "List those that fit",
        "Get-MgUser -Filter \"userPrincipalName eq 'UPN'\" -Property id,userPrincipalName,onPremisesImmutableId",
    )],
    fix: &[say("Name the one that you mean by its object id.")],
    ..BLANK
};

pub(in super::super) static LINKED_TWICE: Page = Page {
    title: "Two links name the same user",
    means: "An AD user or a cloud user stands in more than one link of the plan. One AD user is linked with one \
        cloud user.",
    cause: "The same pair in two files, or two spellings of one user: a UPN here and an object id there.",
    see: &[run("Every link with file and line", "matchplan plan --details")],
    fix: &[say("Remove all but one of the links that the finding names.")],
    ..BLANK
};

pub(in super::super) static ALREADY_SYNCED: Page = Page {
    title: "The cloud user is synced from another AD user",
    means: "The cloud user has a source already. A match is evaluated for cloud users without one only, so the \
        link cannot be formed.",
    cause: "The wrong cloud user in the link, an earlier match with another account of the same person, or an AD \
        user that was made anew.",
    see: &[
        run(
            "What the cloud user is synced from",
            "Get-MgUser -UserId USER -Property \
                onPremisesSyncEnabled,onPremisesImmutableId,onPremisesDistinguishedName,onPremisesSecurityIdentifier",
        ),
        run("The AD user with that ImmutableID", "matchplan anchor IMMUTABLE-ID"),
    ],
    fix: &[
        say("If it is the wrong cloud user, correct the link."),
        say("If the old AD user is gone for good: take it out of the sync scope, let a cycle run, restore the \
                cloud user from the recycle bin, and plan again. Expect its ImmutableID to be there still."),
        say("If the AD user was made anew, Microsoft's cure is to write the cloud user's ImmutableID into \
                mS-DS-ConsistencyGuid of the new one before it is imported."),
    ],
    sources: &[source::EXISTING_TENANT, source::SYNC_ERRORS],
    related: &[Finding(FindingCode::Provisioned), Finding(FindingCode::ImmutableIdSet)],
    ..BLANK
};

pub(in super::super) static GUEST_USER: Page = Page {
    title: "The cloud user is a guest",
    means: "The wanted cloud user was invited from elsewhere. Linking makes an AD account of yours its source.",
    cause: "A person who was invited before they joined, or the wrong one of two users with a similar name.",
    see: &[run(
        "Kind and origin of the user",
        "Get-MgUser -UserId USER -Property userType,externalUserState,identities",
    )],
    fix: &[
        say("Make sure that it is the user that you mean."),
        say("Convert it to an internal member first, then plan again."),
    ],
    unconfirmed: Some("Microsoft's documents on matching do not speak of guests."),
    sources: &[source::EXISTING_TENANT],
    ..BLANK
};
