//! The checked types of `plans/*.toml`: which AD user becomes one with which cloud user, and how.

use super::table::{Node, parsed};
use super::tasks::{Irreversible, TaskSpec, Window};
use crate::model::address::ProxyAddress;
use crate::model::anchor::{Anchor, AnchorError};
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, DomainName, ObjectId};
use crate::model::name::{SamAccountName, Upn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// All links of all match plan files that were read together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchPlan {
    /// Names of the files, as given.
    pub files: Vec<String>,
    /// The wanted links in the order of files and lines, with each file's `[defaults]` filled in.
    pub links: Vec<LinkSpec>,
    /// What else is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskSpec>,
    /// The switches of the tenant that stand open for the time of the apply.
    #[serde(default, skip_serializing_if = "Window::is_none")]
    pub window: Window,
}

/// One `[[link]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// Which AD user.
    pub ad: AdSelector,
    /// Which cloud user.
    pub cloud: CloudSelector,
    /// How they are matched.
    pub matching: MatchChoice,
    /// What may be done about roles that the cloud user holds.
    pub roles: RolesChoice,
    /// Whose UPN the linked user has.
    pub upn: UpnChoice,
    /// Which address is the primary one.
    pub primary_smtp: PrimaryChoice,
    /// Which addresses the linked user has.
    pub addresses: AddressChoice,
    /// The OU to move the AD user to, so that it comes into sync scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub move_to: Option<Dn>,
    /// What the author says of the source anchor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<AnchorChoice>,
    /// What becomes of a cloud object that an earlier cycle made of the AD user.
    #[serde(default, skip_serializing_if = "is_default")]
    pub duplicate: DuplicateChoice,
    /// What is done about a cloud user with a sign-in name in a federated domain.
    #[serde(default, skip_serializing_if = "is_default")]
    pub federated: FederatedChoice,
    /// The steps without a way back that the author names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<Irreversible>,
    /// Where it was written. Not part of what is wanted: a new comment above a link must not make a saved plan stale, so
    /// this is neither saved nor digested.
    #[serde(skip)]
    pub origin: Origin,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `duplicate`: what becomes of the cloud object that an earlier cycle made of the AD user instead of a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DuplicateChoice {
    /// Nothing: it blocks the link.
    #[default]
    Refuse,
    /// It is deleted, for good, before the match.
    Remove,
}

/// `federated`: what is done about a cloud user whose sign-in name is in a federated domain, where Entra does not let the
/// ImmutableID change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FederatedChoice {
    /// Nothing.
    #[default]
    Refuse,
    /// For the moment of the write it gets a name in the tenant's initial domain.
    Detour,
}

/// What a link says of the source anchor. Where it says nothing, it is the AD user's, and the cloud user takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum AnchorChoice {
    /// The AD user is expected to have this one; another one blocks the link.
    Expected(Anchor),
    /// The AD user takes the one that the cloud user has.
    CloudToAd,
}

impl AnchorChoice {
    /// How [`Self::CloudToAd`] is written.
    pub const CLOUD_TO_AD: &str = "cloud-to-ad";
}

impl TryFrom<String> for AnchorChoice {
    type Error = AnchorError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == Self::CLOUD_TO_AD { Ok(Self::CloudToAd) } else { Anchor::from_base64(&text).map(Self::Expected) }
    }
}

impl From<AnchorChoice> for String {
    fn from(choice: AnchorChoice) -> Self {
        match choice {
            AnchorChoice::Expected(anchor) => anchor.to_base64(),
            AnchorChoice::CloudToAd => AnchorChoice::CLOUD_TO_AD.to_owned(),
        }
    }
}

/// A place in a match plan file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file's name as given; empty for a link that was not read from a file (one embedded in a journal).
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Octets of the link's table header in the file.
    pub span: Range<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// How a link names its AD user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdSelector {
    /// By `sAMAccountName`. The domain may be left out only where one domain is configured.
    Sam {
        /// The configured domain, in the spelling of `[[ad]] name`.
        domain: Option<DomainName>,
        /// The name.
        sam: SamAccountName,
    },
    /// By `userPrincipalName`.
    Upn(Upn),
    /// By distinguished name.
    Dn(Dn),
    /// By `objectGUID`.
    Guid(AdGuid),
}

/// Why a text names no AD user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdSelectorError {
    /// Nothing there.
    #[error("the name is empty")]
    Empty,
    /// Contains `=`, so a DN was meant.
    #[error(transparent)]
    Dn(#[from] crate::model::dn::DnError),
    /// One side of `domain\name` is empty, or there is a second backslash.
    #[error("{0:?} is not of the form domain\\sAMAccountName")]
    Qualified(String),
    /// One side of the `@` is empty.
    #[error("{0:?} is not a user principal name (name@domain)")]
    Upn(String),
    /// AD takes none of these characters in a `sAMAccountName` ([MS-SAMR] 3.1.1.6).
    #[error("{text:?} is no sAMAccountName: it contains {bad:?}")]
    Sam {
        /// The name as given.
        text: String,
        /// The first character that AD refuses.
        bad: char,
    },
}

impl AdSelector {
    /// Reads what a person writes: with `=` it is a DN, then a GUID, with `\` it is `domain\sAMAccountName`, with `@` a
    /// UPN, else a `sAMAccountName`.
    pub fn parse(text: &str) -> Result<Self, AdSelectorError> {
        if text.trim().is_empty() {
            return Err(AdSelectorError::Empty);
        }
        if text.contains('=') {
            return Ok(Self::Dn(Dn::parse(text)?));
        }
        if let Some(guid) = guid(text) {
            return Ok(Self::Guid(AdGuid(guid)));
        }
        if let Some((domain, sam)) = text.split_once('\\') {
            if domain.is_empty() || sam.is_empty() || sam.contains('\\') {
                return Err(AdSelectorError::Qualified(text.to_owned()));
            }
            return Ok(Self::Sam { domain: Some(domain.into()), sam: sam_account_name(sam)? });
        }
        if text.contains('@') {
            return upn(text).map(Self::Upn).ok_or_else(|| AdSelectorError::Upn(text.to_owned()));
        }
        Ok(Self::Sam { domain: None, sam: sam_account_name(text)? })
    }
}

impl fmt::Display for AdSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sam { domain: Some(domain), sam } => write!(f, "{domain}\\{sam}"),
            Self::Sam { domain: None, sam } => sam.fmt(f),
            Self::Upn(upn) => upn.fmt(f),
            Self::Dn(dn) => dn.fmt(f),
            Self::Guid(guid) => guid.fmt(f),
        }
    }
}

/// Reads what names an AD user.
pub(super) fn ad_user(node: &Node<'_>) -> Option<AdSelector> {
    parsed(
        "bad-ad-user",
        "not an AD user",
        "write the sAMAccountName (\"jsmith\", or \"corp\\\\jsmith\" with several domains), the UPN, the DN or the objectGUID",
        AdSelector::parse,
    )(node)
}

/// How a link names its cloud user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CloudSelector {
    /// By object id.
    Id(ObjectId),
    /// By `userPrincipalName`.
    Upn(Upn),
}

/// A text that is neither an object id nor a UPN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a user principal name (name@domain) nor an object id (a GUID)")]
pub struct CloudSelectorError(pub String);

impl CloudSelector {
    /// Reads what a person writes: a GUID is an object id, with `@` it is a UPN.
    pub fn parse(text: &str) -> Result<Self, CloudSelectorError> {
        guid(text)
            .map(|guid| Self::Id(ObjectId(guid)))
            .or_else(|| upn(text).map(Self::Upn))
            .ok_or_else(|| CloudSelectorError(text.to_owned()))
    }
}

impl fmt::Display for CloudSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Upn(upn) => upn.fmt(f),
        }
    }
}

/// A GUID with hyphens, with or without braces. The 32 bare digits are not read as one: they can be a name.
pub(super) fn guid(text: &str) -> Option<uuid::Uuid> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    (inner.len() == 36).then(|| uuid::Uuid::try_parse(inner).ok()).flatten()
}

/// Something before an `@`, something behind, no white space and no control character.
fn upn(text: &str) -> Option<Upn> {
    let (prefix, suffix) = text.rsplit_once('@')?;
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    (clean && !prefix.is_empty() && !suffix.is_empty()).then(|| text.into())
}

/// A name without the characters that AD refuses ([MS-SAMR] 3.1.1.6).
fn sam_account_name(text: &str) -> Result<SamAccountName, AdSelectorError> {
    let refused = |c: &char| "\"/\\[]:|<>+=;?,*@".contains(*c) || c.is_control();
    match text.chars().find(refused) {
        Some(bad) => Err(AdSelectorError::Sam { text: text.to_owned(), bad }),
        None => Ok(text.into()),
    }
}

/// `match`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatchChoice {
    /// By the published decision tree.
    #[default]
    Auto,
    /// By UPN and primary SMTP address.
    Soft,
    /// By ImmutableID.
    Hard,
}

/// `roles`: what may be done about directory roles, which block a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RolesChoice {
    /// Nothing: a held role blocks the link.
    #[default]
    Refuse,
    /// Remove, match, restore.
    Suspend,
    /// Remove for good.
    Remove,
}

/// `upn`: whose UPN the linked user has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpnChoice {
    /// Nothing said: the cloud's for a soft match, AD's for a hard match.
    #[default]
    Default,
    /// The cloud user's: AD takes it over.
    Cloud,
    /// The AD user's: it stays, and flows to the cloud.
    Ad,
}

/// `primary_smtp`: which address is the primary one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrimaryChoice {
    /// The cloud user's.
    #[default]
    Cloud,
    /// The AD user's.
    Ad,
    /// This address, without `SMTP:`.
    Value(String),
}

/// `addresses`: which addresses the linked user has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AddressChoice {
    /// Both sides' addresses: nothing is lost.
    #[default]
    Merge,
    /// AD's, but for what the match itself needs.
    Keep,
    /// Exactly these: at most one `SMTP:`, no two alike.
    Exact(Vec<ProxyAddress>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ad_users_are_named_in_four_ways() {
        let sam = |domain: Option<&str>, sam: &str| AdSelector::Sam { domain: domain.map(Into::into), sam: sam.into() };
        for (text, wanted) in [
            ("jsmith", sam(None, "jsmith")),
            ("corp\\jsmith", sam(Some("corp"), "jsmith")),
            ("j@corp.example", AdSelector::Upn("j@corp.example".into())),
            ("CN=J,DC=x", AdSelector::Dn(Dn::parse("CN=J,DC=x").unwrap())),
            ("CN=J\\, S,DC=x", AdSelector::Dn(Dn::parse("CN=J\\, S,DC=x").unwrap())),
            (
                "{88666888-0101-1111-bbbb-1234567890ab}",
                AdSelector::Guid("88666888-0101-1111-bbbb-1234567890ab".parse().unwrap()),
            ),
        ] {
            assert_eq!(AdSelector::parse(text), Ok(wanted), "{text}");
        }
        for text in ["", " ", "\\x", "corp\\", "a\\b\\c", "@x", "x@", "a=b,", "a/b", "a\u{1b}b"] {
            assert!(AdSelector::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn cloud_users_are_named_in_two_ways() {
        assert_eq!(CloudSelector::parse("j@contoso.com"), Ok(CloudSelector::Upn("j@contoso.com".into())));
        assert!(matches!(CloudSelector::parse("88666888-0101-1111-bbbb-1234567890ab"), Ok(CloudSelector::Id(_))));
        for text in ["", "jsmith", "John Smith", "j smith@contoso.com"] {
            assert!(CloudSelector::parse(text).is_err(), "{text:?}");
        }
    }
}
