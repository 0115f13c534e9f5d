//! Everything that a finding or a proposal depends on besides the object itself: who holds which value, which UPN
//! suffixes the forest lists, which domains the tenant has verified.

use super::finding::{Attribute, HeldBy};
use super::subject::Subject;
use crate::model::ad::AdUser;
use crate::model::address::{Address, ProxyAddress};
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::{AdGuid, ObjectId};
use crate::model::recipient::AdHolder;
use crate::snapshot::document::{AdDomainSnapshot, Snapshot};
use crate::snapshot::lookup::Lookup;
use crate::snapshot::question::{Asked, Question};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

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

/// The kinds of keys; each is looked up by itself.
#[derive(Clone, Copy)]
enum Kind {
    Address,
    Upn,
    Nickname,
    Sam,
}

const KINDS: usize = Kind::Sam as usize + 1;

impl Key {
    const fn kind(&self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::Upn(_) => Kind::Upn,
            Self::Nickname(_) => Kind::Nickname,
            Self::Sam(..) => Kind::Sam,
        }
    }

    fn octets(&self) -> Vec<u8> {
        match self {
            Self::Address(value) | Self::Upn(value) | Self::Nickname(value) => value.as_bytes().to_vec(),
            // Between them an octet that no text has.
            Self::Sam(domain, value) => [domain.as_bytes(), &[0xff], value.as_bytes()].concat(),
        }
    }
}

/// An object of AD, where it was read.
#[derive(Clone, Copy, Debug)]
enum Object<'a> {
    /// A user, and its domain's DNS name.
    User(&'a AdUser, &'a str),
    Holder(&'a AdHolder),
}

impl<'a> Object<'a> {
    const fn guid(self) -> AdGuid {
        match self {
            Self::User(user, _) => user.guid,
            Self::Holder(holder) => holder.guid,
        }
    }

    fn subject(self) -> Subject {
        match self {
            Self::User(user, dns_name) => Subject::of_user(user, dns_name),
            Self::Holder(holder) => Subject::of_holder(holder),
        }
    }

    /// Every value that counts for a kind of keys: its key, where it stands, and how it is written there.
    fn held(self, kind: Kind) -> Vec<(Key, Attribute, Cow<'a, str>)> {
        let address = |attribute, value: &'a str| (Key::Address(address(value)), attribute, Cow::Borrowed(value));
        let (addresses, mail, target, nickname) = match self {
            Self::User(user, _) => {
                (&user.proxy_addresses, &user.mail, &user.target_address, user.mail_nickname.as_deref())
            }
            Self::Holder(other) => {
                (&other.proxy_addresses, &other.mail, &other.target_address, other.mail_nickname.as_deref())
            }
        };
        match (kind, self) {
            (Kind::Address, _) => {
                let own = addresses.iter().map(|value| address(Attribute::ProxyAddresses, value.as_str()));
                let mail = mail.iter().map(|value| address(Attribute::Mail, value));
                let target = target.iter().map(|value| address(Attribute::TargetAddress, value));
                own.chain(mail).chain(target).collect()
            }
            (Kind::Nickname, _) => {
                let held =
                    |value: &'a str| (Key::Nickname(value.to_lowercase()), Attribute::MailNickname, value.into());
                nickname.into_iter().map(held).collect()
            }
            (Kind::Upn, Self::User(user, dns_name)) => vec![if let Some(upn) = &user.upn {
                (Key::Upn(upn.key()), Attribute::UserPrincipalName, upn.as_str().into())
            } else {
                // The name that the sync makes up.
                let implied = Subject::implied_upn(user, dns_name);
                (Key::Upn(implied.to_lowercase()), Attribute::SamAccountName, implied.into())
            }],
            (Kind::Sam, Self::User(user, _)) => {
                let key = Key::Sam(user.domain.as_str().to_lowercase(), user.sam.key());
                vec![(key, Attribute::SamAccountName, user.sam.as_str().into())]
            }
            (Kind::Upn | Kind::Sam, Self::Holder(_)) => Vec::new(),
        }
    }
}

/// An object of the cloud that is not synced from AD.
#[derive(Clone, Copy, Debug)]
enum InCloud<'a> {
    User(&'a EntraUser),
    Holder(&'a AddressHolder),
}

impl InCloud<'_> {
    const fn id(self) -> ObjectId {
        match self {
            Self::User(user) => user.id,
            Self::Holder(holder) => holder.id,
        }
    }

    fn keys(self, kind: Kind) -> Vec<Key> {
        let (addresses, mail, upn) = match self {
            Self::User(user) => (&user.proxy_addresses, user.mail.as_deref(), Some(&user.upn)),
            Self::Holder(holder) => (&holder.proxy_addresses, holder.mail.as_deref(), None),
        };
        match kind {
            Kind::Address => {
                let values = addresses.iter().map(Address::as_str).chain(mail);
                values.map(|value| Key::Address(address(value))).collect()
            }
            Kind::Upn => upn.map(|upn| Key::Upn(upn.key())).into_iter().collect(),
            Kind::Nickname | Kind::Sam => Vec::new(),
        }
    }
}

/// Who holds what in AD, and what the tenant has.
#[derive(Debug, Default)]
pub struct World<'a> {
    /// AD's objects, as they were read.
    objects: Vec<Object<'a>>,
    /// Cloud objects that are not synced from AD: their values are taken, but by nobody whom the lint could name as a fault.
    in_cloud: Vec<InCloud<'a>>,
    /// UPN suffixes in lower case: the forest's own and those that it lists.
    suffixes: BTreeSet<String>,
    /// The tenant's verified domains in lower case, if they are known.
    verified: Option<BTreeSet<String>>,
    /// Where the questions are noted, if anybody wants to know them.
    asked: Option<Arc<Asked>>,
    /// Who holds a value, in AD and in the cloud; each built when it is first asked for.
    held: [OnceLock<(Lookup, Lookup)>; KINDS],
}

impl<'a> World<'a> {
    /// What AD's domains hold. Whole domains: a narrower reading would miss duplicates.
    pub fn of_domains(domains: &'a [AdDomainSnapshot]) -> Self {
        let mut world = Self::default();
        for domain in domains {
            let listed = domain.upn_suffixes.iter().chain([&domain.dns_name]);
            world.suffixes.extend(listed.filter(|suffix| !suffix.is_empty()).map(|suffix| suffix.to_lowercase()));
            world.objects.extend(domain.users.iter().map(|user| Object::User(user, &domain.dns_name)));
            world.objects.extend(domain.holders.iter().map(Object::Holder));
        }
        world
    }

    /// What both directories hold.
    pub fn of_snapshot(snapshot: &'a Snapshot) -> Self {
        let mut world = Self::of_domains(&snapshot.domains);
        let verified = snapshot.tenant.domains.iter().filter(|domain| domain.verified);
        world.verified = Some(verified.map(|domain| domain.name.to_lowercase()).collect());
        let users = snapshot.users.iter().filter(|user| !user.is_synced()).map(InCloud::User);
        let holders = snapshot.holders.iter().filter(|holder| !holder.synced).map(InCloud::Holder);
        world.in_cloud = users.chain(holders).collect();
        world
    }

    /// The same world, noting what it is asked.
    #[must_use]
    pub fn noting(mut self, asked: Option<Arc<Asked>>) -> Self {
        self.asked = asked;
        self
    }

    fn note(&self, key: &Key) {
        let Some(asked) = &self.asked else { return };
        match key {
            Key::Address(address) => asked.note(Question::Address(address.clone())),
            Key::Upn(upn) => {
                asked.note(Question::AdUpn(upn.clone()));
                asked.note(Question::CloudUpn(upn.clone()));
            }
            Key::Nickname(nickname) => asked.note(Question::AdNickname(nickname.clone())),
            Key::Sam(_, sam) => asked.note(Question::AdSam(sam.clone())),
        }
    }

    /// Every object, by GUID.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        // Of one that two domains show, the last.
        let by_guid: BTreeMap<AdGuid, Object<'a>> =
            self.objects.iter().map(|object| (object.guid(), *object)).collect();
        by_guid.into_values().map(Object::subject)
    }

    /// Where the holders of a kind of values are.
    fn held(&self, kind: Kind) -> &(Lookup, Lookup) {
        self.held[kind as usize].get_or_init(|| {
            let in_ad = Lookup::new(self.objects.len(), |place, add| {
                self.objects[place].held(kind).iter().for_each(|(key, ..)| add(&key.octets()));
            });
            let in_cloud = Lookup::new(self.in_cloud.len(), |place, add| {
                self.in_cloud[place].keys(kind).iter().for_each(|key| add(&key.octets()));
            });
            (in_ad, in_cloud)
        })
    }

    /// Who in AD holds a value, where, and how it is written there.
    fn in_ad(&self, key: &Key, own: AdGuid) -> impl Iterator<Item = (Object<'a>, Attribute, Cow<'a, str>)> {
        let objects = self.held(key.kind()).0.places(&key.octets()).map(|place| self.objects[place]);
        objects.filter(move |object| object.guid() != own).flat_map(move |object| {
            let held = object.held(key.kind()).into_iter().filter(move |(other, ..)| other == key);
            held.map(move |(_, attribute, value)| (object, attribute, value))
        })
    }

    /// All others who hold a value.
    pub fn others(&self, key: &Key, own: AdGuid) -> Vec<HeldBy> {
        self.note(key);
        let mut others: Vec<HeldBy> = self
            .in_ad(key, own)
            .map(|(object, attribute, value)| {
                let Subject { object, left_out, .. } = object.subject();
                HeldBy { object, attribute, value: value.into_owned(), left_out: left_out.is_some() }
            })
            .collect();
        others.sort();
        others.dedup();
        others
    }

    /// Whether anybody else has a value, on either side. `cloud_half` is the cloud user that is the same person.
    pub fn is_taken(&self, key: &Key, own: AdGuid, cloud_half: Option<ObjectId>) -> bool {
        self.note(key);
        let cloud = self.held(key.kind()).1.places(&key.octets()).map(|place| self.in_cloud[place]);
        let mut others = cloud.filter(|object| Some(object.id()) != cloud_half);
        others.any(|object| object.keys(key.kind()).contains(key)) || self.in_ad(key, own).next().is_some()
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
