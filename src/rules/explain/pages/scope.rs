//! What the sync engine sees, and when.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::Finding;
use crate::rules::finding::FindingCode;

const BLANK: Page = Page { theme: Theme::Scope, ..Page::BLANK };

pub(in super::super) static OUT_OF_SCOPE: Page = Page {
    title: "The sync engine does not see this AD user",
    means: "The AD user lies outside of the synced containers and the link does not move it, so no cycle would \
        form the link.",
    cause: "`move_to` is missing, or sync.synced_ous does not list a container that the engine syncs.",
    see: &[
        run("Where the user is", "(Get-ADUser SAM).DistinguishedName"),
        say("On the Connect server: the synchronization service's connector of the domain, Configure Directory \
                Partitions, Containers."),
    ],
    fix: &[say("Write `move_to = \"…\"` with a synced container in the link, or add the user's own container to \
            sync.synced_ous.")],
    sources: &[source::FILTERING],
    related: &[Finding(FindingCode::Exposed)],
    ..BLANK
};

pub(in super::super) static EXCLUDED_FROM_SYNC: Page = Page {
    title: "The default rules keep this AD user out",
    means: "Entra Connect's default rules never sync this user, wherever it lies.",
    cause: "isCriticalSystemObject is present; the account name starts with AAD_ or MSOL_, is SUPPORT_388945a0, or \
        is missing; the mailNickname is that of a system mailbox; msExchRecipientTypeDetails marks a system \
        mailbox; or the object is a replication conflict (CNF).",
    see: &[run(
        "What the rules look at",
        "Get-ADUser SAM -Properties isCriticalSystemObject,mailNickname,msExchRecipientTypeDetails",
    )],
    fix: &[
        say("Remove the link: service and system accounts are not synced."),
        say("If a person's account has such a value by mistake, correct the value."),
    ],
    sources: &[source::DEFAULT_RULES],
    ..BLANK
};

pub(in super::super) static EXPOSED: Page = Page {
    title: "A cycle may see this AD user half done",
    means: "The AD user is in the sync scope while its attributes or the cloud user's roles are being changed. A \
        cycle that runs in between evaluates the match once, and for good, in the wrong moment.",
    cause: "The user is in a synced container already, and the scheduler is not held.",
    see: &[run(
        "Whether and when cycles run (on the Connect server)",
        "Get-ADSyncScheduler | Select-Object SyncCycleEnabled,NextSyncCycleStartTimeInUTC,SyncCycleInProgress",
    )],
    fix: &[
        say("Keep the user in a container that is not synced, and let the link bring it in with `move_to`."),
        say("Or configure sync.hold and sync.release, which stop and restart the scheduler around the steps."),
    ],
    sources: &[source::EXISTING_TENANT, source::SCHEDULER],
    related: &[Finding(FindingCode::ExposureUnknown), Finding(FindingCode::Provisioned)],
    ..BLANK
};

pub(in super::super) static EXPOSURE_UNKNOWN: Page = Page {
    title: "Whether a cycle may see this AD user is unknown",
    means: "The configuration does not say which containers are synced, so the user may be in scope already.",
    cause: "sync.synced_ous is empty.",
    see: &[say("On the Connect server: the synchronization service's connector of the domain, Configure Directory \
            Partitions, Containers.")],
    fix: &[say("List the synced containers as sync.synced_ous in matchplan.toml.")],
    sources: &[source::FILTERING],
    related: &[Finding(FindingCode::Exposed)],
    ..BLANK
};

pub(in super::super) static ADMIN_SD_HOLDER: Page = Page {
    title: "AdminSDHolder protects this AD user",
    means: "The user has adminCount = 1: inherited rights do not count on it, and are taken off again every hour. \
        The account that writes, and Connect's own, may be refused.",
    cause: "The user is, or once was, a member of a protected group such as Domain Admins.",
    see: &[
        run("The mark, and who may write", "Get-ADUser SAM -Properties adminCount,nTSecurityDescriptor"),
        run("Its protected groups", "Get-ADPrincipalGroupMembership SAM"),
    ],
    fix: &[
        say("Take a user that is no administrator any more out of the protected groups, clear adminCount, and \
                switch inheritance on again."),
        say("Otherwise give the account the rights on AdminSDHolder itself, or let a domain administrator write."),
    ],
    sources: &[source::ADMIN_SD_HOLDER, source::CONNECTOR_ACCOUNT],
    related: &[super::super::topic::Topic::Message(super::super::message::Message::PermissionIssue)],
    ..BLANK
};
