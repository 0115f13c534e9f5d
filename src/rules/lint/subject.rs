//! One object as the lint sees it, and why some objects are left out.

use super::finding::Attribute;
use crate::model::ad::AdUser;
use crate::model::address::{Address, AddressSet};
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, DomainName};
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::rules::finding::ObjectRef;
use crate::rules::{exposure, objects};

/// What an object is, as far as rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user: signs in.
    User,
    /// A group.
    Group,
    /// A contact: its addresses are somebody else's by nature.
    Contact,
    /// Anything else with an address.
    Other,
}

/// The attributes of one object that the lint looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// How findings name it.
    pub object: ObjectRef,
    /// Its GUID.
    pub guid: AdGuid,
    /// What it is.
    pub kind: Kind,
    /// The configured domain.
    pub domain: DomainName,
    /// The name that the sync exports where the UPN is empty: `sAMAccountName@<DNS name of the domain>`.
    pub implied_upn: Option<String>,
    /// Where it is.
    pub dn: Dn,
    /// `sAMAccountName`.
    pub sam: Option<String>,
    /// `userPrincipalName`.
    pub upn: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `mailNickname`.
    pub mail_nickname: Option<String>,
    /// `targetAddress`.
    pub target_address: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `givenName`.
    pub given_name: Option<String>,
    /// `proxyAddresses`.
    pub proxy_addresses: AddressSet,
    /// Why the sync leaves it out, if it does.
    pub left_out: Option<&'static str>,
}

impl Subject {
    /// A user; `dns_name` is its domain's.
    pub fn of_user(user: &AdUser, dns_name: &str) -> Self {
        Self {
            object: objects::ad_user(user),
            guid: user.guid,
            kind: Kind::User,
            domain: user.domain.clone(),
            implied_upn: Some(Self::implied_upn(user, dns_name)),
            dn: user.dn.clone(),
            sam: Some(user.sam.to_string()),
            upn: user.upn.as_ref().map(ToString::to_string),
            mail: user.mail.clone(),
            mail_nickname: user.mail_nickname.as_ref().map(ToString::to_string),
            target_address: user.target_address.clone(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
            given_name: user.given_name.as_ref().map(ToString::to_string),
            proxy_addresses: user.proxy_addresses.clone(),
            left_out: exposure::excluded_by_default(user),
        }
    }

    /// The name that the sync exports for a user without a UPN.
    pub fn implied_upn(user: &AdUser, dns_name: &str) -> String {
        format!("{}@{dns_name}", user.sam)
    }

    /// A group, contact or other object with addresses.
    pub fn of_holder(holder: &AdHolder) -> Self {
        let conflict = holder.dn.as_str().to_uppercase().contains("\\0ACNF:");
        Self {
            object: objects::ad_holder(holder),
            guid: holder.guid,
            kind: match holder.kind {
                AdHolderKind::Group => Kind::Group,
                AdHolderKind::Contact => Kind::Contact,
                AdHolderKind::PublicFolder | AdHolderKind::DynamicList | AdHolderKind::Other => Kind::Other,
            },
            domain: holder.domain.clone(),
            implied_upn: None,
            dn: holder.dn.clone(),
            sam: None,
            upn: None,
            mail: holder.mail.clone(),
            mail_nickname: holder.mail_nickname.clone(),
            target_address: holder.target_address.clone(),
            // The snapshot's name may be the common name, which is another attribute.
            display_name: None,
            given_name: None,
            proxy_addresses: holder.proxy_addresses.clone(),
            left_out: conflict.then_some("it is a replication conflict object (CNF)"),
        }
    }

    /// The values of an attribute.
    pub fn values(&self, attribute: Attribute) -> Vec<&str> {
        let single = match attribute {
            Attribute::ProxyAddresses => return self.proxy_addresses.iter().map(Address::as_str).collect(),
            Attribute::UserPrincipalName => &self.upn,
            Attribute::Mail => &self.mail,
            Attribute::MailNickname => &self.mail_nickname,
            Attribute::SamAccountName => &self.sam,
            Attribute::TargetAddress => &self.target_address,
            Attribute::DisplayName => &self.display_name,
            Attribute::GivenName => &self.given_name,
        };
        single.iter().map(String::as_str).collect()
    }

    /// The same object with `new` in place of `old`; without `old`, `new` is added; without `new`, `old` is taken away.
    #[must_use]
    pub fn with(&self, attribute: Attribute, old: Option<&str>, new: Option<&str>) -> Self {
        let mut changed = self.clone();
        let single = match attribute {
            Attribute::ProxyAddresses => {
                let kept = self.proxy_addresses.iter().map(Address::as_str).filter(|value| Some(*value) != old);
                changed.proxy_addresses = kept.chain(new).collect();
                return changed;
            }
            Attribute::UserPrincipalName => &mut changed.upn,
            Attribute::Mail => &mut changed.mail,
            Attribute::MailNickname => &mut changed.mail_nickname,
            Attribute::SamAccountName => &mut changed.sam,
            Attribute::TargetAddress => &mut changed.target_address,
            Attribute::DisplayName => &mut changed.display_name,
            Attribute::GivenName => &mut changed.given_name,
        };
        *single = new.map(ToOwned::to_owned);
        changed
    }

    /// Whether it has anything to do with mail.
    pub fn has_mail(&self) -> bool {
        self.mail.is_some() || self.target_address.is_some() || !self.proxy_addresses.is_empty()
    }
}
