//! The questions that are asked of a snapshot, one by one.
//!
//! A snapshot need not hold a whole tenant: it is enough if it holds the answer to every question that planning asks of
//! it. So planning notes its questions ([`Asked`]), whoever reads the directories asks them there, and planning again
//! notes those that the answers led to, until no question is left without its answer. What planning sees is then the same
//! as in a whole snapshot, and so is the plan: there is no second list of what a plan depends on that could be wrong.

use crate::model::ad::AdUser;
use crate::model::address::{Address, AddressSet};
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::dn::Dn;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, ObjectId, Sid};
use crate::model::name::SamAccountName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// One question. Its answer is every object of the two directories to which it applies, and names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// The AD user with this `objectGUID`.
    AdGuid(AdGuid),
    /// The AD user of this name.
    AdDn(Dn),
    /// AD users with this `sAMAccountName`, in any domain.
    AdSam(String),
    /// AD users with this UPN, made up for want of one or not.
    AdUpn(String),
    /// AD users with this source anchor.
    AdAnchor(Anchor),
    /// AD users with this `objectSid`.
    AdSid(Sid),
    /// Objects of AD with this `mailNickname`.
    AdNickname(String),
    /// The AD user whose `sAMAccountName` is most like this one.
    AdAlike(String),
    /// Whoever holds this address, in either directory: `type:address`.
    Address(String),
    /// The live cloud user with this id.
    CloudId(ObjectId),
    /// Live cloud users with this UPN.
    CloudUpn(String),
    /// Live cloud users with this ImmutableID, in its own case.
    ImmutableId(String),
    /// Live cloud users with this `onPremisesSecurityIdentifier`.
    CloudSid(Sid),
    /// Live cloud users that are synced: which AD attribute is their ImmutableID.
    SyncedUsers,
    /// Something that only whole directories answer.
    Everything,
}

/// Which questions were asked.
#[derive(Debug, Default)]
pub struct Asked(Mutex<BTreeSet<Question>>);

impl Asked {
    /// Notes one.
    pub fn note(&self, question: Question) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question);
    }

    /// All of them so far.
    pub fn questions(&self) -> BTreeSet<Question> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Question {
    /// Every question whose answer this AD user is part of. `source` is its domain's source anchor.
    pub fn of_ad(user: &AdUser, source: SourceAnchor) -> Vec<Self> {
        let mut all = vec![
            Self::AdGuid(user.guid),
            Self::AdDn(user.dn.clone()),
            Self::AdSam(user.sam.key()),
            Self::AdSid(user.sid.clone()),
        ];
        all.extend(user.upn.as_ref().map(|upn| Self::AdUpn(upn.key())));
        all.extend(user.anchor(source).ok().map(Self::AdAnchor));
        all.extend(user.mail_nickname.as_ref().map(|nickname| Self::AdNickname(nickname.to_lowercase())));
        all.extend(addresses(&user.proxy_addresses, user.mail.as_deref()));
        all
    }

    /// Every question whose answer this live cloud user is part of.
    pub fn of_cloud(user: &EntraUser) -> Vec<Self> {
        let mut all = vec![Self::CloudId(user.id), Self::CloudUpn(user.upn.key())];
        all.extend(user.immutable_id.as_ref().map(|value| Self::ImmutableId(value.as_str().to_owned())));
        all.extend(user.security_identifier.clone().map(Self::CloudSid));
        all.extend(addresses(&user.proxy_addresses, user.mail.as_deref()));
        all
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdGuid(guid) => write!(f, "the AD user {guid}"),
            Self::AdDn(dn) => write!(f, "the AD user {dn}"),
            Self::AdSam(sam) => write!(f, "the AD account {sam}"),
            Self::AdUpn(upn) => write!(f, "the AD sign-in name {upn}"),
            Self::AdAnchor(anchor) => write!(f, "the AD user with the anchor {anchor}"),
            Self::AdSid(sid) => write!(f, "the AD user with the SID {sid}"),
            Self::AdNickname(nickname) => write!(f, "the mailNickname {nickname}"),
            Self::AdAlike(sam) => write!(f, "AD accounts like {sam}"),
            Self::Address(key) => write!(f, "the address {key}"),
            Self::CloudId(id) => write!(f, "the cloud user {id}"),
            Self::CloudUpn(upn) => write!(f, "the cloud sign-in name {upn}"),
            Self::ImmutableId(value) => write!(f, "the ImmutableID {value}"),
            Self::CloudSid(sid) => write!(f, "the cloud user with the SID {sid}"),
            Self::SyncedUsers => f.write_str("the synced users"),
            Self::Everything => f.write_str("both directories as a whole"),
        }
    }
}

fn addresses(set: &AddressSet, mail: Option<&str>) -> impl Iterator<Item = Question> {
    let mail = mail.map(|mail| format!("smtp:{}", mail.to_lowercase()));
    set.iter().map(Address::conflict_key).chain(mail).map(Question::Address)
}

/// The account name that a person may have meant with `wanted`, if one is very like it.
pub fn most_alike<'a>(wanted: &str, names: impl Iterator<Item = &'a SamAccountName>) -> Option<&'a SamAccountName> {
    names
        .map(|name| (strsim::jaro_winkler(wanted, &name.key()), name))
        .filter(|(likeness, _)| *likeness > 0.9)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::ProxyAddress;

    #[test]
    fn a_name_is_alike_or_nobody_is() {
        let names: Vec<SamAccountName> = ["jsmith", "JSmyth", "asmith", "zoe"].map(Into::into).to_vec();
        assert_eq!(most_alike("jsmiht", names.iter()).map(SamAccountName::as_str), Some("jsmith"));
        assert_eq!(most_alike("jsmyth", names.iter()).map(SamAccountName::as_str), Some("JSmyth"));
        assert_eq!(most_alike("nobody", names.iter()), None);
    }

    #[test]
    fn mail_counts_as_an_address_of_its_own() {
        let set: AddressSet = ["SMTP:Jane@Contoso.com", "x500:/o=A"].into_iter().map(ProxyAddress::from).collect();
        let keys = ["smtp:jane@contoso.com", "x500:/o=a", "smtp:j@contoso.com"];
        let wanted: Vec<Question> = keys.map(|key| Question::Address(key.to_owned())).to_vec();
        assert_eq!(addresses(&set, Some("J@contoso.com")).collect::<Vec<_>>(), wanted);
    }
}
