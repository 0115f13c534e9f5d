//! The form of names: UPN, account name, display name, given name.

use super::super::page::{Page, Step, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Attributes, sources: &[source::PREPARE], ..Page::BLANK };

/// Everything that a lint shows, for the object's container.
const LINT: Step = run("Every such value, with a proposal where one can be made", "matchplan lint --base 'DN'");
const LINT_AGAIN: Step = run("Look again", "matchplan lint --base 'DN'");
const SET_UPN: Step =
    run("Give the user a name that fits, such as the proposed one", "Set-ADUser SAM -UserPrincipalName NEW-UPN");
const TELL: Step = say("Tell the person: it may be the name that they sign in with.");
const SHOW_UPN: Step = run("The name", "(Get-ADUser SAM).UserPrincipalName");

pub(in super::super) static UPN_MISSING: Page = Page {
    title: "The user has no userPrincipalName",
    means: "The sync makes a sign-in name up from sAMAccountName and the domain, and in the cloud it may become \
        MailNickName@initial domain.",
    cause: "An account that was made by a script or a migration without the attribute.",
    see: &[LINT, SHOW_UPN],
    fix: &[SET_UPN, LINT_AGAIN],
    sources: &[source::PREPARE, source::UPN_POPULATION],
    related: &[Finding(FindingCode::UnverifiedSuffix)],
    ..BLANK
};

pub(in super::super) static UPN_CHARACTER: Page = Page {
    title: "The UPN has a character that the cloud does not take",
    means: "Before the @ only A-Z, a-z, 0-9 and ' . - _ ! # ^ ~ are allowed. An apostrophe is fine; a blank or an \
        accent is not.",
    cause: "A name with an accent or a blank was taken over as it is written.",
    see: &[LINT, SHOW_UPN],
    fix: &[SET_UPN, TELL, LINT_AGAIN],
    unconfirmed: Some(
        "One text of Microsoft's has the export fail (IdentityDataValidationFailed), another has the name replaced \
            by MailNickName@initial domain.",
    ),
    sources: &[source::PREPARE, source::USER_UPDATE],
    related: &[Error(MicrosoftError::IdentityDataValidationFailed), Finding(FindingCode::UpnFormat)],
    ..BLANK
};

pub(in super::super) static UPN_FORMAT: Page = Page {
    title: "The UPN is no name@domain",
    means: "A sign-in name has one @ with something on both sides, and no full stop just before the @.",
    cause: "A typing error, or a value of another attribute.",
    see: &[LINT, SHOW_UPN],
    fix: &[SET_UPN, TELL, LINT_AGAIN],
    sources: &[source::PREPARE, source::SYNC_ERRORS],
    related: &[Error(MicrosoftError::IdentityDataValidationFailed), Finding(FindingCode::UpnCharacter)],
    ..BLANK
};

pub(in super::super) static UPN_TOO_LONG: Page = Page {
    title: "The UPN is too long",
    means: "At most 64 characters stand before the @, 48 after it, and 113 in all. The limits themselves are \
        allowed.",
    cause: "A long double name, or a deep domain name as the suffix.",
    see: &[LINT, SHOW_UPN],
    fix: &[SET_UPN, TELL, LINT_AGAIN],
    related: &[Error(MicrosoftError::ExceededAllowedLength)],
    ..BLANK
};

pub(in super::super) static UPN_DUPLICATE: Page = Page {
    title: "Several AD objects have the UPN",
    means: "A sign-in name belongs to one user. Of several, the first that is synced gets it; the others are \
        quarantined under mangled names.",
    cause: "AD checks new names on a best-effort basis only: duplicates remain from before, or were made on two \
        domain controllers at once.",
    see: &[
        LINT,
        run("All holders in the forest", "Get-ADUser -Filter \"userPrincipalName -eq 'UPN'\" -Server DC:3268"),
    ],
    fix: &[say("Decide who keeps the name; the finding names every holder."), SET_UPN, LINT_AGAIN],
    sources: &[source::PREPARE, source::UPN_UNIQUENESS],
    related: &[Finding(FindingCode::UpnConflict), Error(MicrosoftError::AttributeValueMustBeUnique)],
    ..BLANK
};

pub(in super::super) static SUFFIX_NOT_ROUTABLE: Page = Page {
    title: "The UPN's suffix is no domain of the internet",
    means: "A suffix such as corp.local cannot be verified in a tenant, so the cloud name becomes \
        MailNickName@initial domain (….onmicrosoft.com).",
    cause: "The forest was named so, and users got the domain's own name as their suffix.",
    see: &[LINT, run("The forest's suffixes", "(Get-ADForest).UPNSuffixes")],
    fix: &[run("Add a public suffix to the forest", "Set-ADForest FOREST -UPNSuffixes @{Add='SUFFIX'}"), SET_UPN, TELL],
    unconfirmed: Some(
        "Endings for private use are known by name here; whether another domain exists, only the tenant's verified \
            domains can say.",
    ),
    sources: &[source::PREPARE, source::UPN_POPULATION],
    related: &[Finding(FindingCode::UnverifiedSuffix), Finding(FindingCode::SuffixNotInForest)],
    ..BLANK
};

pub(in super::super) static SAM_CHARACTER: Page = Page {
    title: "The sAMAccountName has a character that is not allowed",
    means: "Where the UPN is missing or not valid, sAMAccountName stands in for it, and then [ \\ \" | , / : < > + \
        = ; ? * ' ] may not stand in it.",
    cause: "An old account name, together with a UPN that is no good.",
    see: &[LINT, run("Both names", "Get-ADUser SAM -Properties userPrincipalName")],
    fix: &[
        say("Give the user a valid userPrincipalName: then the account name does not matter."),
        run("Or another account name", "Set-ADUser SAM -SamAccountName NEW-NAME"),
    ],
    unconfirmed: Some("The apostrophe is in Microsoft's list, and IdFix let it pass: it alone is a warning."),
    related: &[Finding(FindingCode::UpnMissing), Finding(FindingCode::UpnFormat)],
    ..BLANK
};

pub(in super::super) static SAM_TOO_LONG: Page = Page {
    title: "The sAMAccountName is too long",
    means: "Where it stands in for the UPN, it has at most 20 characters.",
    cause: "A name written by a tool that did not keep the limit.",
    see: &[LINT, run("Both names", "Get-ADUser SAM -Properties userPrincipalName")],
    fix: &[
        say("Give the user a valid userPrincipalName: then the account name does not matter."),
        run("Or another account name", "Set-ADUser SAM -SamAccountName NEW-NAME"),
    ],
    related: &[Finding(FindingCode::UpnMissing)],
    ..BLANK
};

pub(in super::super) static SAM_DUPLICATE: Page = Page {
    title: "Several objects of a domain have the sAMAccountName",
    means: "An account name belongs to one object of a domain.",
    cause: "Two domain controllers took the same name at once, or one of them is a replication conflict object.",
    see: &[LINT, run("All holders", "Get-ADObject -LDAPFilter '(sAMAccountName=NAME)'")],
    fix: &[
        say("Decide who keeps the name; the finding names every holder."),
        run("Give the other another name", "Set-ADUser DN -SamAccountName NEW-NAME"),
        LINT_AGAIN,
    ],
    related: &[Finding(FindingCode::AdUserAmbiguous)],
    ..BLANK
};

pub(in super::super) static DISPLAY_NAME_BLANK: Page = Page {
    title: "The displayName is blank",
    means: "The attribute is there and holds blanks only. People could not find the person in address lists.",
    cause: "A script built it from parts that were empty.",
    see: &[LINT],
    fix: &[run("Give the user a name", "Set-ADUser SAM -DisplayName 'NAME'"), LINT_AGAIN],
    ..BLANK
};

pub(in super::super) static DISPLAY_NAME_TOO_LONG: Page = Page {
    title: "The displayName is too long",
    means: "At most 256 characters are allowed. IdFix allowed 255, so 256 is a warning.",
    cause: "Titles and departments in the name.",
    see: &[LINT],
    fix: &[run("Shorten it", "Set-ADUser SAM -DisplayName 'NAME'"), LINT_AGAIN],
    unconfirmed: Some("Microsoft's document says 256, the code of its tool IdFix 255."),
    sources: &[source::PREPARE, source::IDFIX],
    related: &[Error(MicrosoftError::ExceededAllowedLength)],
    ..BLANK
};

pub(in super::super) static GIVEN_NAME_TOO_LONG: Page = Page {
    title: "The givenName is too long",
    means: "At most 64 characters are allowed. IdFix allowed 63, so 64 is a warning.",
    cause: "Several names in one attribute.",
    see: &[LINT],
    fix: &[run("Shorten it", "Set-ADUser SAM -GivenName 'NAME'"), LINT_AGAIN],
    unconfirmed: Some("Microsoft's document says 64, the code of its tool IdFix 63."),
    sources: &[source::PREPARE, source::IDFIX],
    related: &[Error(MicrosoftError::ExceededAllowedLength)],
    ..BLANK
};
