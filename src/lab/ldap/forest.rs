//! The world's AD domains as one forest: naming contexts, and every entry with the attributes AD computes for it.

use super::refusal::{Outcome, Refusal};
use super::schema::{self, Attribute, Class, Syntax, Writer};
use super::target::Target;
use super::{made, stamp, value};
use crate::lab::world::World;
use crate::lab::world::forest::{AdDomain, AdEntry, AdValues};
use crate::lab::world::keys::{AdKey, dn_key};
use crate::lab::world::table::Row;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, Sid};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

/// The prefix of attributes that are the lab's own (`labDenyWrite`, `labHighestUsn`): never served.
const LAB: &str = "lab";

/// A look at the world's directory side, made for one request.
#[derive(Debug)]
pub struct Forest<'w> {
    /// The world.
    pub world: &'w World,
    /// Whether deleted objects are shown.
    with_deleted: bool,
    /// Entries that every forest has and the world's file need not spell out. Made when first asked for, as all below.
    made: OnceCell<Vec<AdEntry>>,
    contexts: OnceCell<Vec<Dn>>,
    categories: OnceCell<HashMap<&'static str, Dn>>,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the world: index of the domain, and the entry's row in it.
    Stored(usize, Row),
    /// Among the entries that are made, not stored. They cannot be written.
    Made(usize),
    /// Among the deleted objects of a domain. They cannot be written.
    Deleted(usize, Row),
}

impl<'w> Forest<'w> {
    /// Looks at a world.
    pub fn of(world: &'w World) -> Self {
        Self {
            world,
            with_deleted: false,
            made: OnceCell::new(),
            contexts: OnceCell::new(),
            categories: OnceCell::new(),
        }
    }

    /// The same with the deleted objects, or without.
    #[must_use]
    pub fn with_deleted(self, shown: bool) -> Self {
        Self { with_deleted: shown, ..self }
    }

    /// The forest's root domain: the first one of the world.
    pub fn root(&self) -> Option<&'w AdDomain> {
        self.world.ad.first()
    }

    /// The naming contexts: every domain, and the forest's configuration.
    pub fn naming_contexts(&self) -> &[Dn] {
        self.contexts.get_or_init(|| {
            let domains = self.world.ad.iter().map(|domain| domain.base_dn.clone());
            domains.chain(made::configuration(self.world)).collect()
        })
    }

    fn made(&self) -> &[AdEntry] {
        self.made.get_or_init(|| {
            let mut made = made::entries(self.world);
            if self.with_deleted {
                made.extend(made::deleted_objects(self.world));
            }
            made
        })
    }

    /// The DN of an object category.
    fn category(&self, name: &str) -> Option<&Dn> {
        let categories = self.categories.get_or_init(|| {
            let all = schema::categories().filter_map(|name| Some((name, made::category(self.world, name)?)));
            all.collect()
        });
        categories.get(name)
    }

    /// The naming context that holds a name.
    pub fn context_of(&self, dn: &Dn) -> Option<Dn> {
        let holding = self.naming_contexts().iter().filter(|context| dn.is_under(context));
        holding.max_by_key(|context| context.as_str().len()).cloned()
    }

    fn places(&self) -> impl Iterator<Item = (Place, &AdEntry)> {
        let stored = self
            .world
            .ad
            .iter()
            .enumerate()
            .flat_map(|(d, domain)| domain.entries.rows().map(move |(row, entry)| (Place::Stored(d, row), entry)));
        let made = self.made().iter().enumerate().map(|(at, entry)| (Place::Made(at), entry));
        stored.chain(made).chain(self.deleted())
    }

    /// The deleted objects, if they are shown.
    fn deleted(&self) -> impl Iterator<Item = (Place, &AdEntry)> {
        let domains = self.world.ad.iter().enumerate().filter(|_| self.with_deleted);
        domains.flat_map(|(d, domain)| domain.deleted.rows().map(move |(row, entry)| (Place::Deleted(d, row), entry)))
    }

    fn deleted_with(&self, key: AdKey, text: &str) -> impl Iterator<Item = (Place, &AdEntry)> {
        let domains = self.world.ad.iter().enumerate().filter(|_| self.with_deleted);
        domains.flat_map(move |(d, domain)| {
            domain.deleted.with(key, text).map(move |(row, entry)| (Place::Deleted(d, row), entry))
        })
    }

    /// The stored entries with a key.
    fn stored(&self, key: AdKey, text: &str) -> impl Iterator<Item = (Place, &AdEntry)> {
        let domains = self.world.ad.iter().enumerate();
        domains.flat_map(move |(d, domain)| {
            domain.entries.with(key, text).map(move |(row, entry)| (Place::Stored(d, row), entry))
        })
    }

    /// The entries that an index names for a key, and all of those that are made: whoever asks tests them.
    pub fn candidates(&self, key: AdKey, text: &str) -> Vec<(Place, View<'_>)> {
        let stored: Vec<_> = self.stored(key, text).collect();
        let made = self.made().iter().enumerate().map(|(at, entry)| (Place::Made(at), entry));
        let deleted: Vec<_> = self.deleted_with(key, text).collect();
        stored
            .into_iter()
            .chain(made)
            .chain(deleted)
            .map(|(place, entry)| (place, View { forest: self, entry }))
            .collect()
    }

    /// The entries directly below a name.
    pub fn children(&self, dn: &Dn) -> Vec<View<'_>> {
        let of_dn = |view: &View<'_>| view.entry.dn.parent().as_ref() == Some(dn);
        self.candidates(AdKey::Parent, &dn_key(dn)).into_iter().map(|(_, view)| view).filter(of_dn).collect()
    }

    /// The stored entries below a name, at any depth, with their places.
    pub fn descendants(&self, dn: &Dn) -> Vec<(Place, View<'_>)> {
        let mut found = Vec::new();
        let mut open = vec![dn_key(dn)];
        while let Some(parent) = open.pop() {
            for (place, entry) in self.stored(AdKey::Parent, &parent) {
                open.push(dn_key(&entry.dn));
                found.push((place, View { forest: self, entry }));
            }
        }
        found
    }
    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = View<'_>> {
        self.places().map(|(_, entry)| View { forest: self, entry })
    }

    /// The place of the entry with this name, if there is one.
    pub fn place_of(&self, dn: &Dn) -> Option<Place> {
        self.find_dn(dn).map(|(place, _)| place)
    }

    fn find_dn(&self, dn: &Dn) -> Option<(Place, &AdEntry)> {
        let made = || self.made().iter().enumerate().find(|(_, entry)| entry.dn == *dn);
        let key = dn_key(dn);
        let stored = self.stored(AdKey::Dn, &key).next();
        stored
            .or_else(|| self.deleted_with(AdKey::Dn, &key).next())
            .or_else(|| made().map(|(at, entry)| (Place::Made(at), entry)))
    }

    /// The entry with this GUID.
    pub fn find_guid(&self, guid: AdGuid) -> Option<(Place, View<'_>)> {
        let made = || self.made().iter().enumerate().find(|(_, entry)| entry.guid == guid);
        let key = guid.to_string();
        let found = self.stored(AdKey::Guid, &key).next().or_else(|| self.deleted_with(AdKey::Guid, &key).next());
        let found = found.or_else(|| made().map(|(at, entry)| (Place::Made(at), entry)));
        found.map(|(place, entry)| (place, View { forest: self, entry }))
    }

    fn find_sid(&self, sid: &Sid) -> Option<(Place, &AdEntry)> {
        let made = || self.made().iter().enumerate().find(|(_, entry)| entry.sid.as_ref() == Some(sid));
        let stored = self.stored(AdKey::Sid, &sid.to_string()).next();
        stored.or_else(|| made().map(|(at, entry)| (Place::Made(at), entry)))
    }

    /// Finds what a request names: referral for another forest's names, noSuchObject for missing ones. The rootDSE is
    /// no entry.
    pub fn locate(&self, target: &Target) -> Outcome<(Place, View<'_>)> {
        let found = match target {
            Target::Root => return Err(Refusal::no_such_object(None)),
            Target::Dn(dn) => self.find_dn(dn),
            Target::Guid(guid) => self.find_guid(*guid).map(|(place, view)| (place, view.entry)),
            Target::Sid(sid) => self.find_sid(sid),
        };
        let missing = || match target {
            Target::Dn(dn) => self.missing(dn),
            _ => Refusal::no_such_object(None),
        };
        found.map(|(place, entry)| (place, View { forest: self, entry })).ok_or_else(missing)
    }

    /// Why a name leads nowhere: a DNS-named tree that is not held is another server's, all else does not exist.
    fn missing(&self, dn: &Dn) -> Refusal {
        if self.context_of(dn).is_none()
            && let Some(host) = dns_name(dn)
        {
            return Refusal::elsewhere(&host, dn);
        }
        let ancestors = std::iter::successors(dn.parent(), Dn::parent);
        Refusal::no_such_object(ancestors.into_iter().find(|dn| self.place_of(dn).is_some()).as_ref())
    }

    /// The names of the groups that name this entry as a member.
    fn groups_of(&self, dn: &Dn) -> Vec<Vec<u8>> {
        let is_named = |group: &AdEntry| {
            let members = stored(group, "member").map_or(&[][..], AdValues::texts);
            members.iter().any(|member| Dn::parse(member).is_ok_and(|member| member == *dn))
        };
        let key = dn_key(dn);
        let groups = self.stored(AdKey::Link, &key).filter(|(_, group)| is_named(group));
        groups.map(|(_, group)| group.dn.as_str().as_bytes().to_vec()).collect()
    }
}

/// The DNS name that the `DC=` parts at the end of a name spell.
fn dns_name(dn: &Dn) -> Option<String> {
    let names = std::iter::successors(Some(dn.clone()), Dn::parent);
    let labels: Vec<String> = names
        .filter_map(|name| match name.rdn_pair() {
            (kind, value) if kind.eq_ignore_ascii_case("DC") => Some(value.to_lowercase()),
            _ => None,
        })
        .collect();
    (!labels.is_empty()).then(|| labels.join("."))
}

/// The name from the domain down, such as `corp.contoso.com/Staff/Jane Doe`; a domain's own ends with the slash.
///
/// Source: [MS-ADTS] 3.1.1.4.5.7, "canonicalName".
fn canonical_name(dn: &Dn) -> Option<String> {
    let names = std::iter::successors(Some(dn.clone()), Dn::parent).map(|name| {
        let (kind, value) = name.rdn_pair();
        (!kind.eq_ignore_ascii_case("DC")).then(|| value.replace('\\', r"\\").replace('/', r"\/"))
    });
    let mut path: Vec<String> = names.flatten().collect();
    path.reverse();
    Some(format!("{}/{}", dns_name(dn)?, path.join("/")))
}

/// The stored values of an attribute, whatever the case of its name in the world's file.
pub fn stored<'e>(entry: &'e AdEntry, name: &str) -> Option<&'e crate::lab::world::forest::AdValues> {
    let exact = entry.attributes.get(name);
    exact.or_else(|| entry.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, values)| values))
}

/// The first stored value of an attribute as text.
pub fn stored_text(entry: &AdEntry, name: &str) -> Option<String> {
    stored(entry, name).and_then(|values| String::from_utf8(value::to_octets(values).into_iter().next()?).ok())
}

/// The names of an entry's classes, with all superclasses of the structural one, from `top` down.
pub fn class_chain(entry: &AdEntry) -> Vec<String> {
    let named: Vec<String> = stored(entry, "objectClass")
        .map(value::to_octets)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|name| String::from_utf8(name).ok())
        .collect();
    let mut chain: Vec<String> = match schema::structural(&named) {
        Some(class) => class.chain.iter().map(|&name| name.to_owned()).collect(),
        None => vec!["top".to_owned()],
    };
    let extra = |name: &String| !chain.iter().any(|known| known.eq_ignore_ascii_case(name));
    let extra: Vec<String> = named.into_iter().filter(extra).collect();
    chain.extend(extra);
    chain
}

/// An entry as clients see it: the stored attributes and those that AD computes.
#[derive(Clone, Copy, Debug)]
pub struct View<'f> {
    forest: &'f Forest<'f>,
    /// The entry as stored.
    pub entry: &'f AdEntry,
}

impl View<'_> {
    /// The values of an attribute, none if the entry has none.
    pub fn values(&self, attribute: &Attribute) -> Vec<Vec<u8>> {
        let entry = self.entry;
        let text = |text: &str| vec![text.as_bytes().to_vec()];
        match attribute.name {
            "distinguishedName" => return text(entry.dn.as_str()),
            "objectGUID" => return vec![entry.guid.0.to_bytes_le().to_vec()],
            "objectSid" => return entry.sid.iter().map(crate::model::id::Sid::to_octets).collect(),
            "objectClass" => return class_chain(entry).into_iter().map(String::into_bytes).collect(),
            "name" => return text(&entry.dn.rdn_pair().1),
            "canonicalName" => return canonical_name(&entry.dn).map(String::into_bytes).into_iter().collect(),
            _ if attribute.writer == Writer::Rename => {
                let (kind, value) = entry.dn.rdn_pair();
                if kind.eq_ignore_ascii_case(attribute.name) {
                    return text(&value);
                }
            }
            _ => {}
        }
        let mut values = stored(entry, attribute.name).map(value::to_octets).unwrap_or_default();
        if attribute.name == "memberOf" {
            values.extend(self.forest.groups_of(&entry.dn));
            let mut seen = BTreeSet::new();
            values.retain(|value| seen.insert(value.to_ascii_lowercase()));
        } else if values.is_empty() {
            values.extend(self.default(attribute.name).map(String::into_bytes));
        }
        values
    }

    /// The name of the category that it has by its class.
    fn own_category(&self) -> &'static str {
        schema::structural(&class_chain(self.entry)).map_or("Container", |class: &Class| class.category)
    }

    /// Whether it is of an object category: quicker than reading a name that was just written.
    pub fn is_of_category(&self, category: &Dn) -> bool {
        match stored_text(self.entry, "objectCategory") {
            Some(text) => Dn::parse(&text).is_ok_and(|dn| dn == *category),
            None => self.forest.category(self.own_category()) == Some(category),
        }
    }

    /// What AD always has and a world's file may leave out.
    fn default(&self, name: &str) -> Option<String> {
        let class = || schema::structural(&class_chain(self.entry));
        match name {
            "objectCategory" => self.forest.category(self.own_category()).map(|dn| dn.as_str().to_owned()),
            "instanceType" => Some("4".to_owned()),
            "uSNCreated" | "uSNChanged" => Some(stamp::FIRST_USN.to_string()),
            "whenCreated" | "whenChanged" => Some(stamp::FIRST_TIME.to_owned()),
            "sAMAccountType" => match class()?.name {
                "user" | "inetOrgPerson" => Some("805306368".to_owned()),
                "computer" => Some("805306369".to_owned()),
                "group" => Some("268435456".to_owned()),
                _ => None,
            },
            "userAccountControl" => match class()?.name {
                "user" | "inetOrgPerson" => Some("512".to_owned()),
                "computer" => Some("4096".to_owned()),
                _ => None,
            },
            "primaryGroupID" => matches!(class()?.name, "user" | "inetOrgPerson").then(|| "513".to_owned()),
            "groupType" => (class()?.name == "group").then(|| "-2147483646".to_owned()),
            _ => None,
        }
    }

    /// The names of all attributes that the entry has, each in the schema's spelling, sorted.
    pub fn names(&self) -> BTreeSet<String> {
        const COMPUTED: [&str; 15] = [
            "distinguishedName",
            "groupType",
            "instanceType",
            "memberOf",
            "name",
            "objectCategory",
            "objectClass",
            "objectGUID",
            "objectSid",
            "primaryGroupID",
            "sAMAccountType",
            "uSNChanged",
            "uSNCreated",
            "whenChanged",
            "whenCreated",
        ];
        let stored = self.entry.attributes.keys().filter(|name| !is_lab(name));
        let kind = self.entry.dn.rdn_pair().0.to_owned();
        let all = stored.cloned().chain(COMPUTED.map(str::to_owned)).chain(["userAccountControl".to_owned(), kind]);
        all.map(|name| schema::attribute(&name).map_or(name, |attribute| attribute.name.to_owned())).collect()
    }

    /// The values of an attribute that the schema may not know but the world's file gives.
    pub fn values_named(&self, name: &str) -> Vec<Vec<u8>> {
        match schema::attribute(name) {
            Some(attribute) => self.values(attribute),
            None if is_lab(name) => Vec::new(),
            None => stored(self.entry, name).map(value::to_octets).unwrap_or_default(),
        }
    }

    /// The stored spelling of an attribute's name.
    pub fn spelling(&self, name: &str) -> String {
        let stored = || self.entry.attributes.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
        schema::attribute(name).map(|known| known.name.to_owned()).or_else(stored).unwrap_or_else(|| name.to_owned())
    }

    /// Whether the entry refuses all writes. The lab's stand-in for an access control list: the attribute
    /// `labDenyWrite` with the value `TRUE` in the world's file.
    pub fn is_write_protected(&self) -> bool {
        stored_text(self.entry, "labDenyWrite").is_some_and(|text| text.eq_ignore_ascii_case("TRUE"))
    }

    /// Whether a value equals one of an attribute's.
    pub fn has_value(&self, attribute: &Attribute, key: &value::Key) -> bool {
        let syntax: Syntax = attribute.syntax;
        self.values(attribute).iter().any(|value| value::Key::of(syntax, value).as_ref() == Some(key))
    }
}

fn is_lab(name: &str) -> bool {
    name.get(..LAB.len()).is_some_and(|start| start.eq_ignore_ascii_case(LAB))
}
