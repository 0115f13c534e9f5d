//! What the verbs that write have in common: finding the entry, rights, uniqueness, links.

use super::forest::{Forest, Place, View, class_chain, stored};
use super::refusal::{Outcome, Refusal};
use super::schema::{self, Attribute, Class, Syntax};
use super::target::Target;
use super::value::{self, Key};
use crate::lab::world::World;
use crate::lab::world::forest::{AdDomain, AdEntry};
use crate::lab::world::keys::{AdKey, dn_key};
use crate::lab::world::table::Row;
use crate::model::dn::Dn;
use std::collections::BTreeSet;

/// Where a stored entry is: index of its domain in the world, and its own index in the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Index in [`World::ad`].
    pub domain: usize,
    /// The entry's row in the domain.
    pub entry: Row,
}

/// Finds the entry that a request wants to write, and checks the right to: no rights on protected entries nor on those
/// that are not stored (the configuration belongs to the forest's owner).
pub fn writable<'f>(forest: &'f Forest<'_>, target: &str) -> Outcome<(Spot, View<'f>)> {
    let (place, view) = forest.locate(&Target::parse(target)?)?;
    match place {
        Place::Stored(domain, entry) if !view.is_write_protected() => Ok((Spot { domain, entry }, view)),
        _ => Err(Refusal::no_rights()),
    }
}

/// The attribute of this name. Options such as `;lang-en` are none that AD knows.
pub fn known(name: &str) -> Outcome<&'static Attribute> {
    schema::attribute(name).ok_or_else(Refusal::unknown_attribute)
}

/// Checks that the schema lets entries of a class be below this parent. A parent of a class that the lab does not know
/// is none of its business.
pub fn check_superior(parent: &View<'_>, class: &Class) -> Outcome {
    match schema::structural(&class_chain(parent.entry)) {
        Some(parent) if !class.may_be_below(parent) => Err(Refusal::naming_violation()),
        _ => Ok(()),
    }
}

/// Whether an entry with this chain of classes holds at most one value of the attribute. For accounts `description` is
/// such a one, though the schema says otherwise: the security accounts manager knows one only ([MS-ADTS] 3.1.1.5.3.2).
pub fn holds_one(attribute: &Attribute, chain: &[String]) -> bool {
    let is_account = || chain.iter().any(|class| class == "user" || class == "group");
    attribute.single || (attribute.name == "description" && is_account())
}

/// Checks a value's syntax and length, and that a link leads somewhere.
pub fn check_value(forest: &Forest<'_>, attribute: &Attribute, value: &[u8]) -> Outcome {
    if !value::is_allowed(attribute, value) {
        return Err(Refusal::bad_value(attribute));
    }
    let is_link = attribute.syntax == Syntax::Dn && attribute.name != "objectCategory";
    match Key::of(Syntax::Dn, value) {
        Some(Key::Dn(dn)) if is_link && forest.place_of(&dn).is_none() => Err(Refusal::no_link_target()),
        _ => Ok(()),
    }
}

/// Checks what must be unique, for an entry as it is going to be, in the domain of this index. `before` is the entry as
/// it is, if it exists: what it keeps is not checked, so a world that holds duplicates stays writable.
///
/// `userPrincipalName` and `servicePrincipalName` are unique in the forest, `sAMAccountName` in its domain, and a UPN
/// may not be the implicit UPN (`sAMAccountName@domain`) of somebody else. Addresses are not unique in AD.
pub fn check_unique(world: &World, domain: usize, before: Option<&AdEntry>, after: &AdEntry) -> Outcome {
    let others_with = |name: &'static str, value: &str| {
        let all = world.ad.iter().enumerate();
        let all = all.flat_map(|(at, domain)| {
            domain.entries.with(AdKey::Value(name), value).map(move |(_, entry)| (at, domain, entry))
        });
        let others = all.filter(|(_, _, other)| before.is_none_or(|before| before.guid != other.guid));
        others.collect::<Vec<(usize, &AdDomain, &AdEntry)>>()
    };
    let new = |name: &'static str| {
        let kept = before.map(|before| folded(before, name)).unwrap_or_default();
        folded(after, name).into_iter().filter(move |key| !kept.contains(key))
    };
    for sam in new("sAMAccountName") {
        if others_with("sAMAccountName", &sam).iter().any(|(at, _, _)| *at == domain) {
            return Err(Refusal::account_exists());
        }
    }
    for name in ["userPrincipalName", "servicePrincipalName"] {
        for key in new(name) {
            if !others_with(name, &key).is_empty() {
                return Err(Refusal::not_unique_in_forest(known(name)?));
            }
        }
    }
    for upn in new("userPrincipalName") {
        let Some((prefix, suffix)) = upn.rsplit_once('@') else { continue };
        let is_in_domain = |(_, domain, _): &(usize, &AdDomain, &AdEntry)| domain.dns_name.eq_ignore_ascii_case(suffix);
        if others_with("sAMAccountName", prefix).iter().any(is_in_domain) {
            return Err(Refusal::account_exists());
        }
    }
    Ok(())
}

fn folded(entry: &AdEntry, name: &str) -> Vec<String> {
    let values = stored(entry, name).map(value::to_octets).unwrap_or_default();
    values.iter().map(|value| value::fold(&String::from_utf8_lossy(value))).collect()
}

/// Keeps links whole: rewrites the DN-valued attributes that name one of these objects. `rename` gives the new name of an
/// object, the same name where nothing changed, or `None` where it is gone.
pub fn relink(world: &mut World, names: &[Dn], rename: impl Fn(&Dn) -> Option<Dn>) {
    for domain in &mut world.ad {
        let linking: BTreeSet<Row> =
            names.iter().flat_map(|dn| domain.entries.with(AdKey::Link, &dn_key(dn))).map(|(row, _)| row).collect();
        for row in linking {
            domain.entries.update(row, |entry| relink_entry(entry, &rename));
        }
    }
}

fn relink_entry(entry: &mut AdEntry, rename: &impl Fn(&Dn) -> Option<Dn>) {
    let links = |(name, _): &(&String, _)| schema::attribute(name).is_some_and(|known| known.syntax == Syntax::Dn);
    let names: Vec<String> = entry.attributes.iter().filter(links).map(|(name, _)| name.clone()).collect();
    for name in names {
        let Some(values) = entry.attributes.get(&name).map(value::to_octets) else { continue };
        let linked: Vec<Vec<u8>> = values
            .iter()
            .filter_map(|value| match Key::of(Syntax::Dn, value) {
                Some(Key::Dn(dn)) => match rename(&dn) {
                    Some(new) if new == dn => Some(value.clone()),
                    new => new.map(|new| new.as_str().as_bytes().to_vec()),
                },
                _ => Some(value.clone()),
            })
            .collect();
        if linked == values {
            continue;
        }
        match value::from_octets(Syntax::Dn, &linked) {
            Some(values) => entry.attributes.insert(name, values),
            None => entry.attributes.remove(&name),
        };
    }
}
