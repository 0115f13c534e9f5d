//! Values that somebody else holds.

use super::super::message::Message as M;
use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding, Message};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Conflicts, ..Page::BLANK };

pub(in super::super) static ADDRESS_CONFLICT: Page = Page {
    title: "Somebody else holds an address of the AD user",
    means: "An address is unique over all users, groups and contacts of a tenant, whether it is the primary one or \
        an alias. Only the primary address makes a match, but any address makes a conflict.",
    cause: "A shared address on two AD users (AD does not check proxyAddresses), an alias that a former colleague \
        left to somebody, or a cloud user that got the address by hand.",
    see: &[
        run(
            "Who has it in AD",
            "Get-ADObject -LDAPFilter '(proxyAddresses=smtp:ADDRESS)' -Properties \
            proxyAddresses",
        ),
        run("Who has it in the cloud", "Get-MgUser -Filter \"proxyAddresses/any(p:p eq 'smtp:ADDRESS')\""),
        run("Who has it in Exchange Online", "Get-Recipient -Filter \"EmailAddresses -eq 'smtp:ADDRESS'\""),
    ],
    fix: &[
        say("Decide who keeps the address, and take it from the other in the directory that is its source."),
        say("Or leave it out of this link with `addresses`."),
        run("Plan again", "matchplan plan"),
    ],
    sources: &[source::SYNC_ERRORS, source::EXISTING_TENANT],
    related: &[Error(MicrosoftError::AttributeValueMustBeUnique), Message(M::Quarantine)],
    ..BLANK
};

pub(in super::super) static UPN_CONFLICT: Page = Page {
    title: "Somebody else has the sign-in name",
    means: "A userPrincipalName is unique over all users of the tenant and, as far as AD could check, of the \
        forest. The one that the AD user would have belongs to another user.",
    cause: "Two AD users with one name, or a cloud user that has the name of another person's AD user.",
    see: &[
        run("In AD, the whole forest", "Get-ADUser -Filter \"userPrincipalName -eq 'UPN'\" -Server DC:3268"),
        run("In the cloud", "Get-MgUser -Filter \"userPrincipalName eq 'UPN'\""),
    ],
    fix: &[
        say("Give one of the two another userPrincipalName, or say in the link which name counts: `upn = \"ad\"` \
                or `upn = \"cloud\"`."),
        run("Plan again", "matchplan plan"),
    ],
    sources: &[source::SYNC_ERRORS, source::UPN_UNIQUENESS],
    related: &[Error(MicrosoftError::AttributeValueMustBeUnique), Message(M::UpnNotUniqueInForest)],
    ..BLANK
};

pub(in super::super) static SOFT_DELETED_HOLDER: Page = Page {
    title: "A user in the recycle bin is in the way",
    means: "A user that was deleted less than 30 days ago has the anchor, the name or an address of this link. \
        With the same anchor Entra restores it and links that one instead of the wanted user.",
    cause: "A user was deleted, or left the sync scope, and was not deleted for good.",
    see: &[run(
        "Deleted users",
        "Get-MgDirectoryDeletedItemAsUser -All -Property \
            id,userPrincipalName,onPremisesImmutableId,proxyAddresses,deletedDateTime",
    )],
    fix: &[
        say("If it is the user that should be linked, restore it and link to it."),
        run(
            "If not, delete it for good; this cannot be undone",
            "Remove-MgDirectoryDeletedItem -DirectoryObjectId \
            ID",
        ),
        run("Plan again", "matchplan plan"),
    ],
    unconfirmed: Some(
        "That the same anchor restores is documented. Whether a soft match looks into the recycle bin, and whether \
            values there count for uniqueness, is not stated: they are reported to be on the safe side.",
    ),
    sources: &[source::RECYCLE_BIN, source::DELETE_FOR_GOOD, source::DIAGNOSE],
    related: &[Finding(FindingCode::CloudUserDeleted)],
    ..BLANK
};

pub(in super::super) static OBJECT_TYPE_CONFLICT: Page = Page {
    title: "A group, a contact or another recipient holds the address",
    means: "An object of another type cannot be matched with a user. The export would end with ObjectTypeMismatch; \
        Entra does not quarantine an address that a group has.",
    cause: "A shared mailbox, a group or a contact that got the person's address, often in Exchange Online only.",
    see: &[
        run("Groups with the address", "Get-MgGroup -Filter \"proxyAddresses/any(p:p eq 'smtp:ADDRESS')\""),
        run("Any recipient with it", "Get-Recipient -Filter \"EmailAddresses -eq 'smtp:ADDRESS'\""),
    ],
    fix: &[
        say("Take the address from the object that should not have it, in the directory that is its source."),
        run("Plan again", "matchplan plan"),
    ],
    sources: &[source::SYNC_ERRORS, source::RESILIENCY],
    related: &[Error(MicrosoftError::ObjectTypeMismatch)],
    ..BLANK
};

pub(in super::super) static WRONG_TARGET: Page = Page {
    title: "The next cycle would link another cloud user",
    means: "Something that Entra looks at first (the anchor, then the primary address, then the UPN) belongs to \
        another cloud user than the link says. Entra would link that one.",
    cause: "The AD user has the primary address of a second cloud user, or that user has the AD user's anchor as \
        its ImmutableID.",
    see: &[run("What the next cycle is expected to do, link by link", "matchplan plan --details")],
    fix: &[
        say("Take the value from the cloud user that should not have it, or correct the link."),
        say("`match = \"hard\"` settles it where an address is the reason, since the anchor is looked at first."),
    ],
    sources: &[source::EXISTING_TENANT],
    related: &[Finding(FindingCode::AnchorTaken), Finding(FindingCode::AddressConflict)],
    ..BLANK
};

pub(in super::super) static MATCH_IMPOSSIBLE: Page = Page {
    title: "The next cycle would not form this link",
    means: "The AD user and the cloud user have nothing in common that Entra matches by, or something forbids it \
        that no other finding names. A new cloud user would be made, or the export would fail.",
    cause: "No common anchor, primary address or UPN after the planned changes; the finding's text says which rule \
        is not met.",
    see: &[run("What is planned and expected", "matchplan plan --details")],
    fix: &[
        say("Do what the finding says, or write `match = \"hard\"` in the link."),
        say("An equal `mail` is not enough: the cloud user needs the address among its proxyAddresses, that is, an \
                Exchange Online address."),
    ],
    sources: &[source::EXISTING_TENANT, source::SMTP_MATCHING],
    related: &[Finding(FindingCode::UpnMatchOff), Finding(FindingCode::WrongTarget)],
    ..BLANK
};

pub(in super::super) static MAIL_WITHOUT_ADDRESSES: Page = Page {
    title: "The AD user has mail, but no proxyAddresses",
    means: "The AD user's `mail` is a cloud user's primary address, and its proxyAddresses is empty. A match by \
        that address cannot be promised.",
    cause: "The mailbox was never managed from AD, so nothing filled proxyAddresses.",
    see: &[run("Both attributes", "Get-ADUser SAM -Properties mail,proxyAddresses")],
    fix: &[
        say("Leave `primary_smtp` and `addresses` out of the link: the address is then written to proxyAddresses \
                before the match."),
        say("Or write `match = \"hard\"` in the link."),
    ],
    unconfirmed: Some(
        "Whether the engine makes a primary address of `mail` depends on its rules; Microsoft's documents on \
            matching speak of proxyAddresses only.",
    ),
    sources: &[source::EXISTING_TENANT, source::SMTP_MATCHING],
    related: &[Finding(FindingCode::MatchImpossible)],
    ..BLANK
};
