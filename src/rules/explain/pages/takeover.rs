//! What a takeover changes.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::Finding;
use crate::rules::finding::FindingCode;

const BLANK: Page = Page { theme: Theme::Takeover, ..Page::BLANK };

pub(in super::super) static UNVERIFIED_SUFFIX: Page = Page {
    title: "The UPN's suffix is no verified domain of the tenant",
    means: "The cloud sign-in name would become MailNickName@initial domain (….onmicrosoft.com), and the person \
        could not sign in under the name that they know.",
    cause: "The AD user has a suffix such as corp.local, or one that was never verified in the tenant.",
    see: &[
        run("Verified domains", "Get-MgDomain | Select-Object Id,IsVerified,IsInitial"),
        run("The AD user's name", "(Get-ADUser SAM).UserPrincipalName"),
    ],
    fix: &[
        say("Write `upn = \"cloud\"` in the link: AD takes the cloud user's sign-in name."),
        say("Or add and verify the domain in the tenant first."),
    ],
    sources: &[source::UPN_POPULATION],
    related: &[Finding(FindingCode::SignInNameChanges), Finding(FindingCode::SuffixNotInForest)],
    ..BLANK
};

pub(in super::super) static SUFFIX_NOT_IN_FOREST: Page = Page {
    title: "The forest does not list the UPN's suffix",
    means: "AD takes a userPrincipalName with any suffix, but administrators can choose only those that the forest \
        lists.",
    cause: "The suffix of the cloud user's name was never added to the forest.",
    see: &[run("The forest's suffixes", "(Get-ADForest).UPNSuffixes")],
    fix: &[run("Add it", "Set-ADForest FOREST -UPNSuffixes @{Add='SUFFIX'}")],
    sources: &[source::PREPARE],
    related: &[Finding(FindingCode::UnverifiedSuffix)],
    ..BLANK
};

pub(in super::super) static SIGN_IN_NAME_CHANGES: Page = Page {
    title: "A person's sign-in name changes",
    means: "The name that the person types, on premises or in the cloud, will be another one. In the cloud that \
        ends sessions and may ask the person to sign in again everywhere.",
    cause: "`upn` in the link makes one side take the name of the other, or the takeover gives the cloud user AD's \
        name.",
    see: &[run("Before and after, link by link", "matchplan plan --details")],
    fix: &[
        say("Tell the person, and check what knows them by the old name: saved passwords, OneDrive links, apps \
                that map by UPN, certificates on premises."),
        say("`upn = \"cloud\"` keeps the cloud name and changes AD's; `upn = \"ad\"` keeps AD's."),
    ],
    unconfirmed: Some(
        "Whether the new name reaches a licensed, managed user at takeover depends on \
            synchronizeUpnForManagedUsersEnabled, which is on in newer tenants.",
    ),
    sources: &[source::UPN_POPULATION, source::SYNC_FEATURES],
    ..BLANK
};

pub(in super::super) static ADDRESSES_LOST: Page = Page {
    title: "Addresses that only the cloud has would be lost",
    means: "After the takeover AD is the source of the addresses. Those that only the cloud user has are gone, and \
        mail to them is returned.",
    cause: "The cloud user got addresses in Exchange Online that AD's proxyAddresses do not hold.",
    see: &[
        run("The cloud's addresses", "(Get-MgUser -UserId USER -Property proxyAddresses).ProxyAddresses"),
        run("AD's addresses", "(Get-ADUser SAM -Properties proxyAddresses).proxyAddresses"),
    ],
    fix: &[
        say("Write `addresses = \"merge\"` in the link: AD gets the cloud's addresses before the takeover."),
        say("If they may go, say so in the link."),
    ],
    sources: &[source::EXISTING_TENANT],
    ..BLANK
};

pub(in super::super) static SEVERAL_PRIMARIES: Page = Page {
    title: "The AD user has several primary addresses",
    means: "More than one value of proxyAddresses starts with SMTP: in capitals. A match goes by the one primary \
        address, so none can be matched by.",
    cause: "A script wrote SMTP: for each address.",
    see: &[run("The values", "(Get-ADUser SAM -Properties proxyAddresses).proxyAddresses")],
    fix: &[say("Name the right one with `primary_smtp` in the link; the others become aliases.")],
    sources: &[source::EXISTING_TENANT],
    ..BLANK
};

pub(in super::super) static NO_MAIL_NICKNAME: Page = Page {
    title: "The AD user has no mailNickname",
    means: "Entra Connect's Exchange rules flow only for users that have a mailNickname. Without one, attributes \
        of the mailbox do not come from AD. It does not block the match.",
    cause: "The user was made without Exchange tools.",
    see: &[run("The attribute", "(Get-ADUser SAM -Properties mailNickname).mailNickname")],
    fix: &[run(
        "Set it, if the cloud user has a mailbox that is managed from AD",
        "Set-ADUser SAM -Replace @{mailNickname='NAME'}",
    )],
    sources: &[source::DEFAULT_RULES],
    ..BLANK
};

pub(in super::super) static AD_USER_DISABLED: Page = Page {
    title: "The AD account is disabled",
    means: "The takeover gives the cloud user AD's state, so the person could not sign in to the cloud any more.",
    cause: "The AD account is a former employee's, or is kept disabled on purpose, as for a shared mailbox.",
    see: &[run("Its state", "(Get-ADUser SAM).Enabled")],
    fix: &[run("Enable the AD account first, if the person is to keep working", "Enable-ADAccount SAM")],
    unconfirmed: Some(
        "That disabled users are synced as disabled ones is common experience, and follows from the default rules; \
            the page that would say so in these words was not at hand.",
    ),
    sources: &[source::DEFAULT_RULES],
    ..BLANK
};
