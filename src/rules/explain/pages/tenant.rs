//! The tenant's switches, and what could not be read.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Tenant, ..Page::BLANK };

pub(in super::super) static SOFT_MATCH_BLOCKED: Page = Page {
    title: "The tenant blocks soft matches",
    means: "blockSoftMatchEnabled is on: every match by address or UPN ends in InvalidSoftMatch. New hybrid-joined \
        devices are refused as well.",
    cause: "Microsoft advises to have it on at all times other than during a matching project.",
    see: &[run("The switch", "(Get-MgDirectoryOnPremiseSynchronization).Features.BlockSoftMatchEnabled")],
    fix: &[
        run(
            "Switch it off for the time of the match",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/directory/onPremisesSynchronization/TENANT-ID -Body \
                '{\"features\":{\"blockSoftMatchEnabled\":false}}'",
        ),
        run(
            "Switch it on again afterwards",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/directory/onPremisesSynchronization/TENANT-ID -Body \
                '{\"features\":{\"blockSoftMatchEnabled\":true}}'",
        ),
        say("Or write `match = \"hard\"`: a hard match is not affected by this switch."),
    ],
    sources: &[source::SYNC_FEATURES, source::EXISTING_TENANT],
    related: &[Error(MicrosoftError::InvalidSoftMatch), Finding(FindingCode::HardMatchBlocked)],
    ..BLANK
};

pub(in super::super) static HARD_MATCH_BLOCKED: Page = Page {
    title: "The tenant blocks takeover by hard match",
    means: "blockCloudObjectTakeoverThroughHardMatchEnabled is on: a hard match with a cloud-managed user ends in \
        InvalidHardMatch, even with one that was synced before, left the scope and was restored.",
    cause: "Microsoft advises to have it on at all times other than during a matching project.",
    see: &[run(
        "The switch",
        "(Get-MgDirectoryOnPremiseSynchronization).Features.BlockCloudObjectTakeoverThroughHardMatchEnabled",
    )],
    fix: &[
        run(
            "Switch it off for the time of the match",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/directory/onPremisesSynchronization/TENANT-ID -Body \
                '{\"features\":{\"blockCloudObjectTakeoverThroughHardMatchEnabled\":false}}'",
        ),
        say("Switch it on again afterwards."),
        say("Or link by soft match, where the addresses allow it."),
    ],
    sources: &[source::SYNC_FEATURES, source::SYNC_ERRORS],
    related: &[Error(MicrosoftError::InvalidHardMatch), Finding(FindingCode::SoftMatchBlocked)],
    ..BLANK
};

pub(in super::super) static SWITCH_OPEN: Page = Page {
    title: "The matching is through, and the tenant still allows it",
    means: "Every link of the plan is formed. Microsoft advises to have blockSoftMatchEnabled and \
        blockCloudObjectTakeoverThroughHardMatchEnabled on at all times other than during a matching project: while one \
        of them is off, an AD user can take over a cloud user.",
    cause: "It was switched off for the matching, or has always been off. matchplan never switches it, and no rollback \
        does: what it was before says nothing about what it should be.",
    see: &[run("The switches", "(Get-MgDirectoryOnPremiseSynchronization).Features | Format-List Block*")],
    fix: &[run(
        "Switch both on",
        "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/directory/onPremisesSynchronization/TENANT-ID -Body \
            '{\"features\":{\"blockSoftMatchEnabled\":true,\"blockCloudObjectTakeoverThroughHardMatchEnabled\":true}}'",
    )],
    sources: &[source::SYNC_FEATURES, source::EXISTING_TENANT],
    related: &[Finding(FindingCode::SoftMatchBlocked), Finding(FindingCode::HardMatchBlocked)],
    ..BLANK
};

pub(in super::super) static UPN_MATCH_OFF: Page = Page {
    title: "The tenant does not match by UPN",
    means: "softMatchOnUpnEnabled is off, and the primary address does not match either, so a second cloud user \
        would be made.",
    cause: "A tenant that began to sync before 30 March 2016; newer ones have it on.",
    see: &[run("The switch", "(Get-MgDirectoryOnPremiseSynchronization).Features.SoftMatchOnUpnEnabled")],
    fix: &[
        say("Give the AD user the cloud user's primary address, if it has one, and match by that."),
        say("Or write `match = \"hard\"` in the link."),
        run(
            "Or switch it on. It cannot be switched off again",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/directory/onPremisesSynchronization/TENANT-ID -Body \
                '{\"features\":{\"softMatchOnUpnEnabled\":true}}'",
        ),
    ],
    sources: &[source::UPN_MATCHING, source::SYNC_FEATURES],
    related: &[Finding(FindingCode::MatchImpossible)],
    ..BLANK
};

pub(in super::super) static SYNC_FEATURES_UNSEEN: Page = Page {
    title: "The tenant's switches could not be read",
    means: "Whether the tenant blocks matches, matches by UPN, or replaces passwords is unknown. The plan goes by \
        Microsoft's defaults and says so.",
    cause: "The credential lacks OnPremDirectorySynchronization.Read.All. With a person's sign-in, the person \
        needs a role besides.",
    see: &[run("Try the read", "Get-MgDirectoryOnPremiseSynchronization | Select-Object -ExpandProperty Features")],
    fix: &[say("Grant OnPremDirectorySynchronization.Read.All, and plan again; or look at the switches by hand.")],
    unconfirmed: Some(
        "Which role is the least that a person needs to read them is not clear from the documents; Global \
            Administrator is the one that older ones name.",
    ),
    sources: &[source::DIRECTORY_SYNC, source::SYNC_FEATURES],
    related: &[
        Finding(FindingCode::SoftMatchBlocked),
        Finding(FindingCode::HardMatchBlocked),
        Finding(FindingCode::CouldNotBeSeen),
    ],
    ..BLANK
};

pub(in super::super) static SYNC_DISABLED: Page = Page {
    title: "Directory synchronization is off in the tenant",
    means: "Nothing is synced into this tenant, so no cycle would form a link.",
    cause: "Sync was never set up, or was switched off. After it was switched off it cannot be switched on for 72 \
        hours.",
    see: &[run(
        "The tenant's state",
        "Get-MgOrganization | Select-Object OnPremisesSyncEnabled,OnPremisesLastSyncDateTime",
    )],
    fix: &[
        say("Set up Entra Connect or Cloud Sync, with the users of the plan outside of its scope at first."),
        run("Plan again", "matchplan plan"),
    ],
    sources: &[source::SYNC_OFF],
    ..BLANK
};

pub(in super::super) static CLOUD_MANAGED: Page = Page {
    title: "The source of authority of this user is the cloud",
    means: "The user was handed over to the cloud (isCloudManaged is true). Updates from AD are blocked, so it is \
        never taken over.",
    cause: "An administrator changed the user's source of authority.",
    see: &[run("The switch of the user", "Invoke-MgGraphRequest v1.0/users/ID/onPremisesSyncBehavior")],
    fix: &[
        run(
            "Hand it back; it needs User-OnPremisesSyncBehavior.ReadWrite.All and Hybrid Identity Administrator",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/users/ID/onPremisesSyncBehavior -Body \
                '{\"isCloudManaged\":false}'",
        ),
        say("Take the user out of cloud groups and access packages first: it must not be referenced by them."),
        run("Plan again", "matchplan plan"),
    ],
    unconfirmed: Some(
        "That such a user is never matched follows from the description of isCloudManaged; no text says it in \
            these words.",
    ),
    sources: &[source::SOURCE_OF_AUTHORITY],
    ..BLANK
};

pub(in super::super) static FEDERATED_DOMAIN: Page = Page {
    title: "The sign-in name is in a federated domain",
    means: "The cloud user signs in through another identity provider. Its ImmutableID cannot be changed while its \
        name is in such a domain, and soft matches there are reported to fail.",
    cause: "The domain of the userPrincipalName is federated, with AD FS or another provider.",
    see: &[run("How the domain signs in", "Get-MgDomain -DomainId DOMAIN | Select-Object Id,AuthenticationType")],
    fix: &[
        say("For a hard match: give the cloud user a name in a managed domain (….onmicrosoft.com) for the time of \
                the match."),
        say("For a soft match: try one link first."),
        say("See to it that the identity provider issues the same ImmutableID as the anchor in its claims."),
    ],
    unconfirmed: Some(
        "Only customers' reports of 2018 say so (MicrosoftDocs/azure-docs, issue 5108); Microsoft's documents are \
            silent. That a new name frees the ImmutableID is the usual cure, and unconfirmed as well.",
    ),
    sources: &[source::DESIGN, source::USER_RESOURCE],
    related: &[super::super::topic::Topic::Message(super::super::message::Message::FederatedSourceAnchor)],
    ..BLANK
};

pub(in super::super) static COULD_NOT_BE_SEEN: Page = Page {
    title: "A part of the tenant could not be read",
    means: "Something that may stand in the way of a link could not be looked at. That is not the same as: there \
        is nothing. The finding says which part.",
    cause: "The credential lacks a permission, the tenant a licence, or the read failed half way.",
    see: &[run("The parts that are missing, with the reason for each", "matchplan plan --details")],
    fix: &[say("Grant the permission that the finding names, and plan again; or check that part by hand.")],
    sources: &[source::GRAPH_ERRORS],
    related: &[Finding(FindingCode::RolesUnseen), Finding(FindingCode::SyncFeaturesUnseen)],
    ..BLANK
};

pub(in super::super) static FOREIGN_TENANT: Page = Page {
    title: "This is another tenant",
    means: "The plan, the state or the snapshot is about one tenant, and the configuration about another.",
    cause: "A file from another folder, or a credential that signs in elsewhere.",
    see: &[run("Where the credential signs in", "az account show --query tenantId")],
    fix: &[say("Use the state and the snapshot that belong to this tenant, or correct [entra] tenant.")],
    ..BLANK
};

pub(in super::super) static DOMAIN_UNREAD: Page = Page {
    title: "A configured AD domain is not in the snapshot",
    means: "The configuration names an AD domain that the snapshot does not hold, so its users and addresses are \
        unknown.",
    cause: "The snapshot was taken before the [[ad]] section was added or renamed.",
    see: &[run("Read both directories again", "matchplan snapshot --out FILE")],
    fix: &[say("Take a new snapshot with this configuration, and plan from it.")],
    ..BLANK
};
