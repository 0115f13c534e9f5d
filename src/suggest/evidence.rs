//! Two users compared: what speaks for one person, how much that is, and whether their employee ids contradict it.

use super::keys::{AdSide, Key, Keys, employee_id, names};
use crate::model::address::AddressSet;
use crate::model::entra::EntraUser;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many shared addresses are named one by one.
const SHOWN: usize = 3;

/// How sure it is that two users are one person. The module's own page has the whole table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One value that identifies a person but may be somebody else's too: a shared address, the account name.
    Possible,
    /// One value that identifies a person, or two weaker ones.
    Likely,
    /// Two values that identify a person, or a mark that only a sync engine leaves.
    Certain,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        })
    }
}

/// A kind of agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The cloud user's ImmutableID is the AD user's source anchor: it was synced once, or a hard match is prepared.
    Anchor,
    /// The cloud user's `onPremisesSecurityIdentifier` is the AD user's SID: it was synced once.
    Sid,
    /// `employeeID` = `employeeId`.
    EmployeeId,
    /// `userPrincipalName`, or the name that the sync makes up where AD has none.
    Upn,
    /// The primary SMTP address; `mail` where there are no proxyAddresses.
    PrimarySmtp,
    /// Any other e-mail address, or a sign-in name that is an address on the other side.
    Address,
    /// `sAMAccountName` = the part before `@` of the cloud's UPN, or its `mailNickname`.
    AccountName,
    /// `displayName`. It adds to other evidence and is none by itself.
    DisplayName,
}

impl EvidenceKind {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Anchor => "the cloud user has its source anchor",
            Self::Sid => "the cloud user has its SID",
            Self::EmployeeId => "same employee id",
            Self::Upn => "same sign-in name",
            Self::PrimarySmtp => "same primary address",
            Self::Address => "shared address",
            Self::AccountName => "account name",
            Self::DisplayName => "same display name",
        }
    }
}

/// One agreement, and the value that agrees as the cloud user has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What kind.
    pub kind: EvidenceKind,
    /// The value.
    pub value: String,
}

/// What agrees between two users, the strongest first. Values that too many users have do not count.
pub fn between(ad: &AdSide<'_>, cloud: &EntraUser, keys: &Keys<'_>) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |kind, value: &str| found.push(Evidence { kind, value: value.to_owned() });
    let identifies = |text: &str| !keys.is_crowded(&Key::name(text));
    let marks = |text: &str| !keys.is_crowded(&Key::mark(text));
    let anchor = ad.anchor.filter(|anchor| cloud.has_anchor(*anchor)).map(|anchor| anchor.to_base64());
    if let Some(anchor) = anchor.filter(|anchor| marks(anchor)) {
        add(EvidenceKind::Anchor, &anchor);
    }
    if let Some(sid) = cloud.security_identifier.as_ref().filter(|sid| **sid == ad.user.sid) {
        add(EvidenceKind::Sid, &sid.to_string());
    }
    if let EmployeeIds::Equal(value) = employee_ids(ad, cloud, keys) {
        add(EvidenceKind::EmployeeId, value);
    }
    let upn = (ad.upn == cloud.upn && identifies(cloud.upn.as_str())).then(|| cloud.upn.key());
    if upn.is_some() {
        add(EvidenceKind::Upn, cloud.upn.as_str());
    }
    let primary = primary(&cloud.proxy_addresses, cloud.mail.as_deref()).filter(|own| {
        let other = primary(&ad.user.proxy_addresses, ad.user.mail.as_deref());
        other.is_some_and(|other| other.to_lowercase() == own.to_lowercase()) && identifies(own)
    });
    if let Some(value) = primary {
        add(EvidenceKind::PrimarySmtp, value);
    }
    let said = [upn, primary.map(str::to_lowercase)];
    let of_ad: BTreeSet<String> =
        names(&ad.user.proxy_addresses, ad.user.mail.as_deref(), ad.upn.as_str()).map(str::to_lowercase).collect();
    let of_cloud = names(&cloud.proxy_addresses, cloud.mail.as_deref(), cloud.upn.as_str());
    let shared: BTreeMap<String, &str> = of_cloud
        .map(|name| (name.to_lowercase(), name))
        .filter(|(key, _)| of_ad.contains(key) && !said.iter().flatten().any(|said| said == key))
        .collect();
    for (_, value) in shared.into_iter().filter(|(key, _)| identifies(key)).take(SHOWN) {
        add(EvidenceKind::Address, value);
    }
    let sam = ad.user.sam.key();
    let accounts = [Some(cloud.upn.prefix()), cloud.mail_nickname.as_deref()];
    let account = accounts.into_iter().flatten().find(|name| name.to_lowercase() == sam);
    if let Some(name) = account.filter(|name| !keys.is_crowded(&Key::account(name))) {
        add(EvidenceKind::AccountName, name);
    }
    if let Some(name) = cloud.display_name.as_deref().filter(|name| same_name(ad.user.display_name.as_deref(), name)) {
        add(EvidenceKind::DisplayName, name);
    }
    found
}

/// How sure this makes it; `None` if it is no evidence, as a display name alone.
pub fn confidence(evidence: &[Evidence]) -> Option<Confidence> {
    use EvidenceKind as Kind;
    let has = |kind: Kind| evidence.iter().any(|one| one.kind == kind);
    let count = |kinds: &[Kind]| kinds.iter().filter(|kind| has(**kind)).count();
    let marked = has(Kind::Anchor) || has(Kind::Sid);
    let numbered =
        has(Kind::EmployeeId) && count(&[Kind::Upn, Kind::PrimarySmtp, Kind::Address, Kind::AccountName]) > 0;
    if marked || numbered || has(Kind::Upn) && has(Kind::PrimarySmtp) {
        return Some(Confidence::Certain);
    }
    if count(&[Kind::EmployeeId, Kind::Upn, Kind::PrimarySmtp]) > 0 {
        return Some(Confidence::Likely);
    }
    match (count(&[Kind::Address, Kind::AccountName]), has(Kind::DisplayName)) {
        (2, _) | (1, true) => Some(Confidence::Likely),
        (1, false) => Some(Confidence::Possible),
        _ => None,
    }
}

/// What two employee ids say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmployeeIds<'a> {
    /// Nothing: one side has none, or one that too many users have.
    Silent,
    /// They are the same; as the cloud user has it.
    Equal(&'a str),
    /// They differ in leading zeros only, which spreadsheets drop: neither evidence nor a contradiction.
    OtherZeros(&'a str, &'a str),
    /// They differ, so these are two people, whatever else agrees: AD's, and the cloud's.
    Different(&'a str, &'a str),
}

/// Compares the employee ids of two users.
pub fn employee_ids<'a>(ad: &AdSide<'a>, cloud: &'a EntraUser, keys: &Keys<'_>) -> EmployeeIds<'a> {
    let usable = |id: &&str| !keys.is_crowded(&Key::employee(id));
    let of_ad = employee_id(&ad.user.profile).filter(usable);
    let of_cloud = employee_id(&cloud.profile).filter(usable);
    let (Some(own), Some(other)) = (of_ad, of_cloud) else { return EmployeeIds::Silent };
    let (folded, other_folded) = (own.to_lowercase(), other.to_lowercase());
    if folded == other_folded {
        EmployeeIds::Equal(other)
    } else if folded.trim_start_matches('0') == other_folded.trim_start_matches('0') {
        EmployeeIds::OtherZeros(own, other)
    } else {
        EmployeeIds::Different(own, other)
    }
}

/// The primary address. Several primaries are none; without any address `mail` stands for it.
fn primary<'a>(addresses: &'a AddressSet, mail: Option<&'a str>) -> Option<&'a str> {
    addresses.primary().or_else(|| mail.filter(|_| addresses.is_empty()))
}

/// Whether two display names are the same, but for case and white space.
pub fn same_name(one: Option<&str>, other: &str) -> bool {
    let words = |name: &str| name.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let other = words(other);
    !other.is_empty() && one.is_some_and(|one| words(one) == other)
}
