//! What the engine imports from AD, wherever that AD is.

use super::anchor::WriteBack;
use super::profile;
use crate::lab::world::derive;
use crate::lab::world::forest::{AdDomain, AdEntry, AdValues};
use crate::model::address::ProxyAddress;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, Sid};
use std::collections::{BTreeMap, HashMap};

/// Everything that the engine's AD connector sees, in scope or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdView {
    /// The users.
    pub users: Vec<ImportedUser>,
    /// The mail-enabled groups and contacts.
    pub holders: Vec<ImportedHolder>,
}

/// What else than a user has addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderKind {
    /// A group.
    Group,
    /// A contact.
    Contact,
}

/// A mail-enabled group or contact as imported.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedHolder {
    /// Which of them.
    pub kind: HolderKind,
    /// `objectGUID`.
    pub guid: AdGuid,
    /// `distinguishedName`.
    pub dn: Dn,
    /// `displayName`, or `cn`.
    pub display_name: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// The one primary SMTP address, without its `SMTP:`.
    pub primary: String,
    /// `proxyAddresses`, sorted.
    pub proxy_addresses: Vec<ProxyAddress>,
}

impl ImportedHolder {
    /// Reads a group or contact; `None` if it is not mail-enabled, or a system object, or a replication conflict's loser
    /// (*default configuration*: a contact needs `mail` and a primary SMTP address).
    pub fn read(kind: HolderKind, guid: AdGuid, dn: Dn, values: impl Fn(&str) -> Vec<Vec<u8>>) -> Option<Self> {
        let texts = |name: &str| {
            let mut texts: Vec<String> =
                values(name).into_iter().map(|octets| String::from_utf8_lossy(&octets).into_owned()).collect();
            texts.sort();
            texts
        };
        let text = |name: &str| texts(name).into_iter().find(|text| !text.is_empty());
        let proxy_addresses: Vec<ProxyAddress> = texts("proxyAddresses").into_iter().map(ProxyAddress).collect();
        let primary = the_primary(&proxy_addresses)?.to_owned();
        let mail = text("mail");
        let excluded = text("isCriticalSystemObject").is_some() || dn.as_str().to_uppercase().contains("\\0ACNF:");
        if excluded || kind == HolderKind::Contact && mail.is_none() {
            return None;
        }
        let display_name = text("displayName").or_else(|| text("cn"));
        Some(Self { kind, guid, dn, display_name, mail, primary, proxy_addresses })
    }
}

/// The one primary SMTP address, without its `SMTP:`. Two are none: nothing says which one is meant.
fn the_primary(addresses: &[ProxyAddress]) -> Option<&str> {
    let mut primaries = addresses.iter().filter_map(|a| a.0.strip_prefix("SMTP:"));
    match (primaries.next(), primaries.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// An AD user as imported.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedUser {
    /// `objectGUID`.
    pub guid: AdGuid,
    /// `objectSid`.
    pub sid: Sid,
    /// `distinguishedName`.
    pub dn: Dn,
    /// The DNS name of its domain.
    pub domain: String,
    /// `sAMAccountName`.
    pub sam: Option<String>,
    /// `userPrincipalName`.
    pub upn: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `givenName`.
    pub given_name: Option<String>,
    /// `sn`.
    pub surname: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `mailNickname`.
    pub mail_nickname: Option<String>,
    /// `proxyAddresses`, sorted.
    pub proxy_addresses: Vec<ProxyAddress>,
    /// What describes the person, by AD's names.
    pub profile: BTreeMap<&'static str, String>,
    /// `mS-DS-ConsistencyGuid`, of whatever length.
    pub consistency_guid: Option<Vec<u8>>,
    /// `userAccountControl`.
    pub user_account_control: Option<u32>,
    /// Whether `isCriticalSystemObject` has a value, TRUE or FALSE.
    pub critical_system_object: bool,
    /// `msExchRecipientTypeDetails`; zero while it has no value.
    pub recipient_type: i64,
}

/// The attributes that an import asks for, besides the [`profile`].
pub const IMPORTED_ATTRIBUTES: [&str; 16] = [
    "objectGUID",
    "objectSid",
    "sAMAccountName",
    "userPrincipalName",
    "displayName",
    "givenName",
    "sn",
    "mail",
    "mailNickname",
    "proxyAddresses",
    "mS-DS-ConsistencyGuid",
    "userAccountControl",
    "isCriticalSystemObject",
    "msExchRecipientTypeDetails",
    "objectClass",
    "cn",
];

impl ImportedUser {
    /// Reads a user's attributes through `values`, which answers for a name with all values as octets.
    pub fn read(guid: AdGuid, sid: Sid, dn: Dn, domain: &str, values: impl Fn(&str) -> Vec<Vec<u8>>) -> Self {
        let texts = |name: &str| {
            let mut texts: Vec<String> =
                values(name).into_iter().map(|octets| String::from_utf8_lossy(&octets).into_owned()).collect();
            texts.sort();
            texts
        };
        // AD stores no empty values; a world's author may write one and means none.
        let text = |name: &str| texts(name).into_iter().find(|text| !text.is_empty());
        // As the default rules do with each of these.
        let trimmed = |name: &str| text(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            guid,
            sid,
            dn,
            domain: domain.to_owned(),
            sam: text("sAMAccountName"),
            upn: text("userPrincipalName"),
            display_name: text("displayName"),
            given_name: trimmed("givenName"),
            surname: trimmed("sn"),
            mail: trimmed("mail"),
            mail_nickname: trimmed("mailNickname"),
            proxy_addresses: texts("proxyAddresses").into_iter().map(ProxyAddress).collect(),
            profile: profile::ad_names().filter_map(|name| text(name).map(|value| (name, value))).collect(),
            consistency_guid: values("mS-DS-ConsistencyGuid").into_iter().find(|octets| !octets.is_empty()),
            user_account_control: text("userAccountControl").and_then(|n| n.parse().ok()),
            critical_system_object: text("isCriticalSystemObject").is_some(),
            recipient_type: text("msExchRecipientTypeDetails").and_then(|n| n.parse().ok()).unwrap_or(0),
        }
    }

    /// The one primary SMTP address, without its `SMTP:`. Two are none: nothing says which one is meant.
    pub fn primary_smtp(&self) -> Option<&str> {
        the_primary(&self.proxy_addresses)
    }

    /// Whether sign-in is disabled (`userAccountControl` bit 2).
    pub fn is_disabled(&self) -> bool {
        self.user_account_control.is_some_and(|bits| bits & 2 != 0)
    }
}

impl AdView {
    /// Imports from the lab's own forest.
    pub fn of_forest(forest: &[AdDomain]) -> Self {
        let users = forest.iter().flat_map(|domain| {
            let is_user = |e: &&AdEntry| is_user(|class| e.has_class(class));
            domain.entries.iter().filter(is_user).map(|entry| {
                let sid = entry.sid.clone().unwrap_or_else(|| derive::sid(&domain.base_dn, &entry.dn));
                ImportedUser::read(entry.guid, sid, entry.dn.clone(), &domain.dns_name, |name| {
                    entry.values(name).map(AdValues::to_octets).unwrap_or_default()
                })
            })
        });
        let holders = forest.iter().flat_map(|domain| &domain.entries).filter_map(|entry| {
            let kind = holder_kind(|class| entry.has_class(class))?;
            ImportedHolder::read(kind, entry.guid, entry.dn.clone(), |name| {
                entry.values(name).map(AdValues::to_octets).unwrap_or_default()
            })
        });
        Self { users: users.collect(), holders: holders.collect() }
    }

    /// Takes note of what has been written back since the import.
    pub fn note(&mut self, writes: &[WriteBack]) {
        let written: HashMap<AdGuid, &WriteBack> = writes.iter().map(|write| (write.guid, write)).collect();
        for user in &mut self.users {
            if let Some(write) = written.get(&user.guid) {
                user.consistency_guid = Some(write.anchor.octets().to_vec());
            }
        }
    }
}

/// Whether an object of these classes is a group or a contact.
pub fn holder_kind(has_class: impl Fn(&str) -> bool) -> Option<HolderKind> {
    match (has_class("group"), has_class("contact")) {
        (true, _) => Some(HolderKind::Group),
        (false, true) => Some(HolderKind::Contact),
        (false, false) => None,
    }
}

/// Whether an object of these classes is a user to the engine. Computers are users to AD's schema; inetOrgPersons are
/// users to the engine (*default configuration*).
pub fn is_user(has_class: impl Fn(&str) -> bool) -> bool {
    (has_class("user") || has_class("inetOrgPerson")) && !has_class("computer")
}
