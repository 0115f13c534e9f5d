//! Work around the links: unlinking, the recycle bin, what is deleted for good.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Unlinking, ..Page::BLANK };

const USER: &str =
    "Get-MgUser -UserId USER -Property userPrincipalName,onPremisesSyncEnabled,onPremisesImmutableId | Format-List";

pub(in super::super) static NOT_SYNCED: Page = Page {
    title: "The user that is to be unlinked is not synced",
    means: "Nothing in AD is its source, so there is no source of authority to move, and no cycle would delete it.",
    cause: "It was unlinked before, or never linked.",
    see: &[run("What the cloud says", USER)],
    fix: &[
        say("`method = \"clear\"` takes away what it still remembers of an AD user."),
        say("If it never was linked, remove the section."),
    ],
    sources: &[source::SOURCE_OF_AUTHORITY, source::CLEAR_ATTRIBUTES],
    related: &[Finding(FindingCode::StillSynced)],
    ..BLANK
};

pub(in super::super) static STILL_SYNCED: Page = Page {
    title: "A synced user's on-premises attributes cannot be cleared",
    means: "Graph answers 400, \"on-premises mastered Directory Sync objects\": the sync engine owns these attributes.",
    cause: "`method = \"clear\"` is for users that no cycle touches any more.",
    see: &[run("What the cloud says", USER)],
    fix: &[
        say(
            "`method = \"source-of-authority\"`: the cloud becomes the source, nobody is deleted, and there is a way back.",
        ),
        say("`method = \"recycle-bin\"`: the older way; the user is deleted and restored."),
    ],
    sources: &[source::CLEAR_ATTRIBUTES, source::SOURCE_OF_AUTHORITY],
    related: &[Finding(FindingCode::NotSynced)],
    ..BLANK
};

pub(in super::super) static NOT_LINKED: Page = Page {
    title: "The AD user and the cloud user are not linked with each other",
    means: "Moving this AD user out of the sync scope would delete another cloud user than the one that is named.",
    cause: "The ImmutableID or the SID of the cloud user belongs to another AD user.",
    see: &[run("What the cloud says", USER), run("Whose anchor that is", "matchplan anchor IMMUTABLE-ID")],
    fix: &[say("Name the AD user that the cloud user is synced from.")],
    sources: &[source::DESIGN],
    ..BLANK
};

pub(in super::super) static AUTHORITY_PREREQUISITES: Page = Page {
    title: "Before the source of authority moves to the cloud",
    means: "From then on AD's changes do not reach the cloud user, and the engine skips it (event 6956). What has to be the \
        case before that cannot be seen from here.",
    cause: "The link's section says `method = \"source-of-authority\"`.",
    see: &[
        run("Connect Sync, 2.5.76.0 or newer", "(Get-Module ADSync -ListAvailable).Version"),
        run("Mailboxes that are still on premises", "Get-Mailbox USER"),
    ],
    fix: &[
        say(
            "No on-premises Exchange for this user, no application that signs in by LDAP or by the AD password, the HR feed moved to the cloud.",
        ),
        say(
            "Let a sync finish first. Leave the AD user in the sync scope: taking it out before deletes the cloud user.",
        ),
        say(
            "The way back is `matchplan rollback`, and a sync cycle after it; the user must have no cloud-only references by then (cloud groups, access packages).",
        ),
    ],
    sources: &[source::SOURCE_OF_AUTHORITY],
    related: &[Finding(FindingCode::CloudManaged)],
    ..BLANK
};

pub(in super::super) static COMES_BACK: Page = Page {
    title: "The next cycle would bring back what is unlinked",
    means: "An AD user in the sync scope has the anchor or the SID of the cloud user: the next cycle matches the two again, or \
        makes a second cloud user.",
    cause: "Clearing is for users whose AD user is gone, or outside of the scope.",
    see: &[run("The AD user", "Get-ADUser SAM -Properties objectGUID,mS-DS-ConsistencyGuid")],
    fix: &[
        say("Take the AD user out of the sync scope and let a cycle run; or delete it, if nobody needs it."),
        say(
            "While it stays in scope, `method = \"source-of-authority\"` is what keeps the engine away from the cloud user.",
        ),
    ],
    sources: &[source::SYNC_ERRORS, source::SOURCE_OF_AUTHORITY],
    ..BLANK
};

pub(in super::super) static RESIDUE_UNSEEN: Page = Page {
    title: "What the user remembers of AD could not be read",
    means: "Clearing saves every value first, so that it can be undone; values that were not read cannot be saved.",
    cause: "The plan was made from a snapshot, which does not hold these attributes.",
    see: &[run(
        "What the user remembers",
        "Invoke-MgGraphRequest -Uri '/beta/users/USER?$select=onPremisesDistinguishedName,onPremisesSamAccountName,onPremisesObjectIdentifier'",
    )],
    fix: &[run("Plan from the live directories", "matchplan plan")],
    sources: &[source::CLEAR_ATTRIBUTES],
    ..BLANK
};

pub(in super::super) static DELETED_FOR_A_WHILE: Page = Page {
    title: "The user is deleted until it is restored",
    means: "From the cycle that sees the AD user gone to the moment of the restore, the person cannot sign in, and mail to it is \
        refused.",
    cause: "`method = \"recycle-bin\"` unlinks by deleting and restoring; before the source of authority could be moved there \
        was no other way.",
    see: &[run("Who lies in the recycle bin", "Get-MgDirectoryDeletedItemAsUser -All")],
    fix: &[
        say("Prefer `method = \"source-of-authority\"`."),
        say("Otherwise apply outside of working hours; matchplan restores as soon as the cycle has deleted."),
    ],
    sources: &[source::RECYCLE_BIN, source::SOURCE_OF_AUTHORITY],
    ..BLANK
};

pub(in super::super) static DELETION_THRESHOLD: Page = Page {
    title: "More deletions than the tenant lets one cycle export",
    means: "The engine stops the whole export, also of everything else, until an administrator lets it pass.",
    cause: "Accidental-delete prevention counts the objects that one cycle would delete; 500 is usual.",
    see: &[run("The threshold", "Get-ADSyncExportDeletionThreshold")],
    fix: &[say("Unlink fewer users at a time, or move their source of authority, which deletes nobody.")],
    sources: &[source::ACCIDENTAL_DELETES],
    ..BLANK
};

pub(in super::super) static DELETED_USER_MISSING: Page = Page {
    title: "Nobody in the recycle bin answers",
    means: "There is nothing to restore and nothing to delete for good, so nothing is done.",
    cause: "It was restored or purged already, 30 days have passed, or the name is misspelled. By its UPN a user is looked for as \
        it was called before it was deleted.",
    see: &[run("Who lies in the recycle bin", "Get-MgDirectoryDeletedItemAsUser -All")],
    fix: &[say("Remove the section, or name the user by its object id.")],
    sources: &[source::DELETE_FOR_GOOD],
    ..BLANK
};

pub(in super::super) static IRREVERSIBLE: Page = Page {
    title: "A step without a way back that nobody named",
    means: "Deleting a user from the recycle bin takes its mailbox, files and memberships with it, and no rollback brings them \
        back.",
    cause: "The section asks for it, and does not say `allow = [\"purge\"]`.",
    see: &[run("What would be lost", "Get-MgDirectoryDeletedItemAsUser -All")],
    fix: &[say("If it is right, write `allow = [\"purge\"]` in that section, for that one user.")],
    sources: &[source::DELETE_FOR_GOOD],
    related: &[Finding(FindingCode::DuplicateInUse)],
    ..BLANK
};

pub(in super::super) static PERMANENT_FEATURE: Page = Page {
    title: "A switch that cannot be switched off again",
    means: "softMatchOnUpnEnabled, synchronizeUpnForManagedUsersEnabled and the two of duplicate attribute resiliency stay on \
        for the whole tenant once they are on.",
    cause: "`[tenant]` in the match plan asks for it.",
    see: &[run("How every switch stands", "matchplan tenant")],
    fix: &[run("If it is right", "matchplan plan --allow permanent-feature")],
    sources: &[source::SYNC_FEATURES],
    ..BLANK
};

pub(in super::super) static DUPLICATE_IN_USE: Page = Page {
    title: "What would be removed as a duplicate may be somebody's account",
    means: "`duplicate = \"remove\"` deletes for good, so it takes only what Entra certainly made in a failed match: a user \
        without roles, under a mangled name such as jane.doe+1234@contoso.onmicrosoft.com.",
    cause: "The cloud user that has this AD user's anchor or SID has a name of its own, a role, or is protected.",
    see: &[run("The user in question", USER)],
    fix: &[
        say(
            "If it is the person's real account, the AD user is linked already: remove the link, or name that user in it.",
        ),
        say("If it is a duplicate that somebody renamed, delete it and purge it by hand, then plan again."),
    ],
    sources: &[source::RESILIENCY, source::EXISTING_TENANT],
    related: &[Finding(FindingCode::Provisioned), Error(MicrosoftError::InvalidSoftMatch)],
    ..BLANK
};

pub(in super::super) static SIGN_IN_NAME_DETOUR: Page = Page {
    title: "The sign-in name changes for a moment",
    means: "The ImmutableID of a user with a name in a federated domain cannot be changed. So the user gets a name in the \
        initial domain, the ImmutableID is written, and the name goes back: three writes in a row.",
    cause: "`federated = \"detour\"` in the link.",
    see: &[run("Which domains are federated", "Get-MgDomain | Select-Object Id,AuthenticationType")],
    fix: &[
        say("Apply outside of working hours: whoever signs in just then may be refused, and sessions may end."),
        say(
            "After a crash, `matchplan apply` goes on and gives the name back; `matchplan status` says that it is missing.",
        ),
    ],
    unconfirmed: Some(
        "Microsoft documents only that a federated user needs an ImmutableID; the refusal and the way around it are customers' reports.",
    ),
    sources: &[source::USER_RESOURCE, source::USER_UPDATE],
    related: &[Finding(FindingCode::FederatedDomain)],
    ..BLANK
};
