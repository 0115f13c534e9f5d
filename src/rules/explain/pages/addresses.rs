//! The form of addresses: proxyAddresses, mail, targetAddress, mailNickname.

use super::super::page::{Page, Step, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Attributes, sources: &[source::PREPARE], ..Page::BLANK };

const LINT: Step = run("Every such value, with a proposal where one can be made", "matchplan lint --base 'DN'");
const LINT_AGAIN: Step = run("Look again", "matchplan lint --base 'DN'");
const SHOW: Step = run("The values", "Get-ADObject 'DN' -Properties mail,proxyAddresses,targetAddress,mailNickname");
const REPLACE: Step = run(
    "Put the right one in place of the wrong one",
    "Set-ADObject 'DN' -Remove @{proxyAddresses='OLD'} -Add @{proxyAddresses='NEW'}",
);

pub(in super::super) static ADDRESS_CHARACTER: Page = Page {
    title: "An address has a character that is not allowed there",
    means: "After its prefix an SMTP address has no blank, no accent and none of < > ( ) ; , [ ] \". X400 and X500 \
        addresses may have almost anything: only control characters, [ ] \" and ' are reported there.",
    cause: "A copied address with a blank at its end, or a name with an accent.",
    see: &[LINT, SHOW],
    fix: &[REPLACE, LINT_AGAIN],
    sources: &[source::PREPARE, source::IDFIX],
    related: &[Finding(FindingCode::AddressFormat)],
    ..BLANK
};

pub(in super::super) static ADDRESS_FORMAT: Page = Page {
    title: "An address has not the form of its type",
    means: "An SMTP address is name@domain with one @ and one colon, that of its prefix; a target address needs \
        its prefix.",
    cause: "A prefix written twice (SMTP:smtp:…), a missing @, or a value of another attribute.",
    see: &[LINT, SHOW],
    fix: &[REPLACE, LINT_AGAIN],
    sources: &[source::PREPARE, source::IDFIX],
    related: &[Finding(FindingCode::AddressCharacter)],
    ..BLANK
};

pub(in super::super) static ADDRESS_TOO_LONG: Page = Page {
    title: "An address is too long",
    means: "mail, targetAddress and each value of proxyAddresses have at most 256 characters.",
    cause: "Mostly an X500 address of an old Exchange organisation.",
    see: &[LINT, SHOW],
    fix: &[say("Remove the address if nobody needs it any more, or shorten it."), LINT_AGAIN],
    unconfirmed: Some("For targetAddress Microsoft's document says 256, the code of its tool IdFix 255."),
    sources: &[source::PREPARE, source::IDFIX],
    related: &[Error(MicrosoftError::ExceededAllowedLength)],
    ..BLANK
};

pub(in super::super) static ADDRESS_DUPLICATE: Page = Page {
    title: "Several AD objects have the address",
    means: "An address belongs to one object, of whatever type, in whichever attribute, and without regard to \
        case. AD checks none of this; the cloud gives it to the first that is synced.",
    cause: "A copied account, a contact or a group that has a person's address, an alias of somebody who left.",
    see: &[
        LINT,
        run(
            "All holders",
            "Get-ADObject -LDAPFilter '(|(mail=ADDRESS)(proxyAddresses=smtp:ADDRESS)(targetAddress=smtp:ADDRESS))'",
        ),
    ],
    fix: &[
        say("Decide who keeps it; the finding names every holder."),
        run("Take it from the others", "Set-ADObject 'DN' -Remove @{proxyAddresses='smtp:ADDRESS'}"),
        LINT_AGAIN,
    ],
    sources: &[source::PREPARE, source::SYNC_ERRORS],
    related: &[
        Finding(FindingCode::AddressConflict),
        Error(MicrosoftError::AttributeValueMustBeUnique),
        Error(MicrosoftError::ObjectTypeMismatch),
    ],
    ..BLANK
};

pub(in super::super) static ADDRESS_NOT_ROUTABLE: Page = Page {
    title: "The domain of an address is none of the internet",
    means: "Nobody outside can send mail to an address such as jane@corp.local, and Exchange Online silently drops \
        addresses in domains that the tenant has not verified.",
    cause: "Exchange once made addresses in the forest's own domain.",
    see: &[LINT, SHOW],
    fix: &[
        say("Remove the address if it is an alias; give the object a public primary address if it is the primary \
            one."),
        LINT_AGAIN,
    ],
    sources: &[source::PREPARE, source::USER_RESOURCE],
    related: &[Finding(FindingCode::SuffixNotRoutable)],
    ..BLANK
};

pub(in super::super) static NICKNAME_FORMAT: Page = Page {
    title: "The mailNickname begins with a dot",
    means: "mailNickname, Exchange's alias, may not start with a full stop.",
    cause: "It was built from a name whose first part was empty.",
    see: &[LINT, SHOW],
    fix: &[run("Correct it", "Set-ADUser SAM -Replace @{mailNickname='NAME'}"), LINT_AGAIN],
    related: &[Finding(FindingCode::NoMailNickname)],
    ..BLANK
};

pub(in super::super) static NICKNAME_TOO_LONG: Page = Page {
    title: "The mailNickname is too long",
    means: "mailNickname, Exchange's alias, has at most 64 characters.",
    cause: "It was built from a long name.",
    see: &[LINT, SHOW],
    fix: &[run("Shorten it", "Set-ADUser SAM -Replace @{mailNickname='NAME'}"), LINT_AGAIN],
    sources: &[source::PREPARE, source::IDFIX],
    related: &[Error(MicrosoftError::ExceededAllowedLength)],
    ..BLANK
};

pub(in super::super) static NICKNAME_DUPLICATE: Page = Page {
    title: "Several AD objects have the mailNickname",
    means: "mailNickname is to be unique. Exchange Online gives the second a made-up alias.",
    cause: "Two people with the same short name.",
    see: &[LINT, run("All holders", "Get-ADObject -LDAPFilter '(mailNickname=NAME)'")],
    fix: &[
        say("Decide who keeps it; the finding names every holder."),
        run("Give the other another one", "Set-ADUser SAM -Replace @{mailNickname='NAME'}"),
        LINT_AGAIN,
    ],
    unconfirmed: Some(
        "Microsoft asks for uniqueness; which error a duplicate gives is not stated, so it is a warning.",
    ),
    related: &[Finding(FindingCode::NoMailNickname)],
    ..BLANK
};
