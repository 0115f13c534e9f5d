//! Scenes of attribute values that the sync refuses, replaces or drops. Source: Microsoft, "Prepare for directory
//! synchronization to Microsoft 365".

use super::{Case, jane};
use crate::model::ad::AdUser;
use crate::plan::testing::{Scene, ad};
use crate::rules::finding::FindingCode::{self, *};
use crate::rules::finding::Severity::*;

const IDENTITY: Option<&str> = Some("IdentityDataValidationFailed");
const LENGTH: Option<&str> = Some("ExceededAllowedLength");

/// `matchplan lint` raises these. In a plan they are said with both directories in view: a duplicate as a conflict, a
/// suffix as one that the tenant has not verified, a missing name as the one that is made up.
pub(super) const OF_LINT_ALONE: [FindingCode; 5] =
    [UpnMissing, UpnDuplicate, AddressDuplicate, SuffixNotRoutable, SamDuplicate];

fn his(change: impl FnOnce(&mut AdUser)) -> Scene {
    jane().his(|ad, _| change(ad))
}

fn long(n: usize) -> String {
    "a".repeat(n)
}

fn has(address: &str) -> Scene {
    his(|ad| ad.proxy_addresses.insert(address.into()))
}

fn called(upn: &str) -> Scene {
    his(|ad| ad.upn = Some(upn.into())).saying("upn = \"ad\"")
}

pub(super) fn values() -> Vec<Case> {
    vec![
        Case(
            "a diacritic in the UPN",
            called("jäne@contoso.com"),
            &[(Error, UpnCharacter, IDENTITY), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "which takes the cloud's",
            his(|ad| ad.upn = Some("jäne@contoso.com".into())),
            &[(Warning, SignInNameChanges, None)],
        ),
        Case(
            "a dot before @",
            called("jane.@contoso.com"),
            &[(Error, UpnFormat, IDENTITY), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "65 characters before @",
            called(&format!("{}@contoso.com", long(65))),
            &[(Error, UpnTooLong, LENGTH), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "an account name that stands in for a UPN",
            his(|ad| (ad.upn, ad.sam) = (Some("jane".into()), "ja?ne".into())).relink_ad().saying("upn = \"ad\""),
            &[(Error, UpnFormat, IDENTITY), (Warning, SamCharacter, None), (Warning, UnverifiedSuffix, None)],
        ),
        Case(
            "one that is too long",
            his(|ad| (ad.upn, ad.sam) = (Some("jane".into()), long(21).as_str().into()))
                .relink_ad()
                .saying("upn = \"ad\""),
            &[(Error, UpnFormat, IDENTITY), (Warning, SamTooLong, None), (Warning, UnverifiedSuffix, None)],
        ),
        Case("a diacritic in an address", has("smtp:jäne@contoso.com"), &[(Warning, AddressCharacter, None)]),
        Case("half an address", has("smtp:jd@"), &[(Warning, AddressFormat, None)]),
        Case("an endless address", has(&format!("X500:{}", long(252))), &[(Error, AddressTooLong, LENGTH)]),
        Case("one that is just not", has(&format!("X500:{}", long(251))), &[]),
        Case("an address that leads nowhere", has("smtp:jd@contoso.local"), &[(Warning, AddressNotRoutable, None)]),
        Case(
            "a dot before the alias",
            his(|ad| ad.mail_nickname = Some(".jane".into())),
            &[(Warning, NicknameFormat, None)],
        ),
        Case(
            "an endless alias",
            his(|ad| ad.mail_nickname = Some(long(65).into())),
            &[(Error, NicknameTooLong, LENGTH)],
        ),
        Case(
            "another AD user has the alias",
            jane().ad(AdUser { mail_nickname: Some("JANE".into()), ..ad("joe") }),
            &[(Warning, NicknameDuplicate, None)],
        ),
        Case("a blank name", his(|ad| ad.display_name = Some(" ".into())), &[(Warning, DisplayNameBlank, None)]),
        Case(
            "an endless name",
            his(|ad| ad.display_name = Some(long(257).into())),
            &[(Error, DisplayNameTooLong, LENGTH)],
        ),
        Case(
            "one that IdFix refused",
            his(|ad| ad.display_name = Some(long(256).into())),
            &[(Warning, DisplayNameTooLong, None)],
        ),
        Case(
            "an endless given name",
            his(|ad| ad.given_name = Some(long(65).into())),
            &[(Error, GivenNameTooLong, LENGTH)],
        ),
    ]
}

impl Scene {
    /// Names the AD user of the first link by its GUID.
    fn relink_ad(mut self) -> Self {
        self.links = self.links.replacen("ad = \"jane\"", &format!("ad = \"{}\"", ad("jane").guid), 1);
        self
    }
}
