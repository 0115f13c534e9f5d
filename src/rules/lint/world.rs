//! Everything that a finding or a proposal depends on besides the object itself: who holds which value, which UPN
//! suffixes the forest lists, which domains the tenant has verified.

use super::finding::{Attribute, HeldBy};
use super::subject::Subject;
use crate::model::address::{Address, ProxyAddress};
use crate::model::id::{AdGuid, ObjectId};
use crate::snapshot::document::{AdDomainSnapshot, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Values that are compared with each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// An address of any type, `type:address` in lower case: `proxyAddresses`, `mail` and `targetAddress`.
    Address(String),
    /// A UPN in lower case; of a user without one, the name that the sync makes up.
    Upn(String),
    /// A `mailNickname` in lower case.
    Nickname(String),
    /// A `sAMAccountName` in lower case, in one domain.
    Sam(String, String),
}

impl Key {
    /// What a value of `subject` is compared by; `None` for attributes that need not be unique.
    pub fn of(attribute: Attribute, value: &str, subject: &Subject) -> Option<Self> {
        Some(match attribute {
            Attribute::UserPrincipalName => Self::Upn(value.to_lowercase()),
            Attribute::ProxyAddresses | Attribute::Mail | Attribute::TargetAddress => Self::Address(address(value)),
            Attribute::MailNickname => Self::Nickname(value.to_lowercase()),
            Attribute::SamAccountName => Self::Sam(subject.domain.as_str().to_lowercase(), value.to_lowercase()),
            Attribute::DisplayName | Attribute::GivenName => return None,
        })
    }
}

/// An address by which it is compared: the type counts as `smtp` where none is written.
fn address(value: &str) -> String {
    let typed = value.split_once(':').is_some_and(|(kind, _)| is_type(kind));
    if typed { ProxyAddress(value.to_owned()).conflict_key() } else { format!("smtp:{}", value.to_lowercase()) }
}

/// Whether what stands before a colon can be an address type (`smtp`, `X500`, `EUM`, `CCMAIL`, …).
pub fn is_type(kind: &str) -> bool {
    !kind.is_empty() && kind.len() <= 20 && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Who holds what in AD, and what the tenant has.
#[derive(Clone, Debug, Default)]
pub struct World {
    subjects: BTreeMap<AdGuid, Subject>,
    held: BTreeMap<Key, BTreeSet<(AdGuid, Attribute, String)>>,
    /// Values of cloud objects that are not synced from AD: taken, but by nobody whom the lint could name as a fault.
    in_cloud: BTreeMap<Key, BTreeSet<ObjectId>>,
    /// UPN suffixes in lower case: the forest's own and those that it lists.
    suffixes: BTreeSet<String>,
    /// The tenant's verified domains in lower case, if they are known.
    verified: Option<BTreeSet<String>>,
}

impl World {
    /// What AD's domains hold. Whole domains: a narrower reading would miss duplicates.
    pub fn of_domains(domains: &[AdDomainSnapshot]) -> Self {
        let mut world = Self::default();
        for domain in domains {
            let listed = domain.upn_suffixes.iter().chain([&domain.dns_name]);
            world.suffixes.extend(listed.filter(|suffix| !suffix.is_empty()).map(|suffix| suffix.to_lowercase()));
            for user in &domain.users {
                world.add(Subject::of_user(user, &domain.dns_name));
            }
            for holder in &domain.holders {
                world.add(Subject::of_holder(holder));
            }
        }
        world
    }

    /// What both directories hold.
    pub fn of_snapshot(snapshot: &Snapshot) -> Self {
        let mut world = Self::of_domains(&snapshot.domains);
        let verified = snapshot.tenant.domains.iter().filter(|domain| domain.verified);
        world.verified = Some(verified.map(|domain| domain.name.to_lowercase()).collect());
        for user in snapshot.users.iter().filter(|user| !user.is_synced()) {
            let addresses = user.proxy_addresses.iter().map(Address::as_str).chain(user.mail.as_deref());
            let keys = addresses.map(|value| Key::Address(address(value))).chain([Key::Upn(user.upn.key())]);
            for key in keys {
                world.in_cloud.entry(key).or_default().insert(user.id);
            }
        }
        for holder in snapshot.holders.iter().filter(|holder| !holder.synced) {
            let addresses = holder.proxy_addresses.iter().map(Address::as_str).chain(holder.mail.as_deref());
            for value in addresses {
                world.in_cloud.entry(Key::Address(address(value))).or_default().insert(holder.id);
            }
        }
        world
    }

    fn add(&mut self, subject: Subject) {
        for attribute in Attribute::ALL {
            for value in subject.values(attribute) {
                if let Some(key) = Key::of(attribute, value, &subject) {
                    self.held.entry(key).or_default().insert((subject.guid, attribute, value.to_owned()));
                }
            }
        }
        if let (None, Some(implied)) = (&subject.upn, &subject.implied_upn) {
            let key = Key::Upn(implied.to_lowercase());
            self.held.entry(key).or_default().insert((subject.guid, Attribute::SamAccountName, implied.clone()));
        }
        self.subjects.insert(subject.guid, subject);
    }

    /// Every object, by GUID.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.subjects.values()
    }

    /// All others who hold a value.
    pub fn others(&self, key: &Key, own: AdGuid) -> Vec<HeldBy> {
        let held = self.held.get(key).into_iter().flatten().filter(|(guid, ..)| *guid != own);
        let mut others: Vec<HeldBy> = held
            .filter_map(|(guid, attribute, value)| {
                let subject = self.subjects.get(guid)?;
                Some(HeldBy {
                    object: subject.object.clone(),
                    attribute: *attribute,
                    value: value.clone(),
                    left_out: subject.left_out.is_some(),
                })
            })
            .collect();
        others.sort();
        others
    }

    /// Whether anybody else has a value, on either side. `cloud_half` is the cloud user that is the same person.
    pub fn is_taken(&self, key: &Key, own: AdGuid, cloud_half: Option<ObjectId>) -> bool {
        let in_ad = self.held.get(key).is_some_and(|held| held.iter().any(|(guid, ..)| *guid != own));
        let in_cloud = self.in_cloud.get(key).is_some_and(|held| held.iter().any(|id| Some(*id) != cloud_half));
        in_ad || in_cloud
    }

    /// Whether the forest lists a UPN suffix.
    pub fn lists(&self, suffix: &str) -> bool {
        self.suffixes.contains(&suffix.to_lowercase())
    }

    /// Whether a domain is verified in the tenant; `None` where the tenant was not read.
    pub fn is_verified(&self, domain: &str) -> Option<bool> {
        self.verified.as_ref().map(|verified| verified.contains(&domain.to_lowercase()))
    }

    /// Where a value that nobody holds was looked for.
    pub const fn looked_at(&self) -> &'static str {
        if self.verified.is_some() { "either directory" } else { "AD" }
    }

    /// The UPN suffixes that the forest lists, in order.
    pub fn suffixes(&self) -> impl Iterator<Item = &str> {
        self.suffixes.iter().map(String::as_str)
    }
}
