//! Add.

use super::forest::{Forest, Place, View, class_chain};
use super::refusal::{Outcome, Refusal};
use super::schema::{self, Class, Writer};
use super::target::Target;
use super::value::{self, Key};
use super::{made, sid, stamp, write};
use crate::lab::world::World;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::model::dn::Dn;
use rasn_ldap::AddRequest;
use std::collections::BTreeMap;

/// `userAccountControl` of a new user without a password: a normal account (512), disabled (2), that needs no password
/// (32).
const DISABLED_WITHOUT_PASSWORD: &str = "546";

/// Answers an add. The entry gets a GUID and, if it is an account, a SID; both follow from the world's state, so the
/// same requests make the same world.
pub fn add(world: &mut World, request: &AddRequest) -> Outcome {
    let (domain, mut entry) = draft(world, request)?;
    let usn = stamp::next_usn(world);
    stamp::created(&mut entry, usn, world.clock);
    world.ad[domain].entries.push(entry);
    Ok(())
}

fn draft(world: &World, request: &AddRequest) -> Outcome<(usize, AdEntry)> {
    let forest = Forest::of(world);
    let Target::Dn(dn) = Target::parse(&request.entry)? else { return Err(Refusal::bad_dn(&request.entry)) };
    if forest.place_of(&dn).is_some() {
        return Err(Refusal::entry_exists());
    }
    let (domain, parent) = parent_of(&forest, &dn)?;
    let attributes = attributes(&forest, &dn, request)?;
    let usn = stamp::highest_usn(world) + 1;
    let guid = made::guid(&format!("added:{usn}:{}", dn.as_str().to_lowercase()));
    let mut entry = AdEntry { dn, guid, sid: None, attributes };
    let class = structural_class(&entry)?;
    write::check_superior(&parent, class)?;
    let chain = class_chain(&entry);
    let overfull = |(name, values): (&String, &AdValues)| {
        schema::attribute(name).filter(|known| write::holds_one(known, &chain) && value::to_octets(values).len() > 1)
    };
    if let Some(known) = entry.attributes.iter().find_map(overfull) {
        return Err(Refusal::single_valued(known));
    }
    let forbidden = |name: &String| schema::attribute(name).is_some_and(|known| !known.allowed_on(&chain));
    if entry.attributes.keys().any(forbidden) {
        return Err(Refusal::class_violation());
    }
    if matches!(class.name, "user" | "inetOrgPerson" | "computer" | "group") {
        make_account(world, domain, &mut entry, class);
    }
    write::check_unique(world, domain, None, &entry)?;
    Ok((domain, entry))
}

/// The parent of a new entry, which must exist and allow writes, and the index of its domain.
fn parent_of<'f>(forest: &'f Forest<'_>, dn: &Dn) -> Outcome<(usize, View<'f>)> {
    let parent = dn.parent().ok_or_else(|| Refusal::bad_dn(dn.as_str()))?;
    let (place, view) = forest.locate(&Target::Dn(parent.clone()))?;
    if view.is_write_protected() {
        return Err(Refusal::no_rights());
    }
    let context = forest.context_of(&parent);
    let own = || forest.world.ad.iter().position(|domain| Some(&domain.base_dn) == context.as_ref());
    match place {
        Place::Stored(domain, _) => Ok((domain, view)),
        // The configuration is nobody's to write; a made container of a domain is like any other.
        Place::Made(_) => own().map(|domain| (domain, view)).ok_or_else(Refusal::no_rights),
        // Never shown to a request that writes.
        Place::Deleted(..) => Err(Refusal::no_rights()),
    }
}

/// The attributes as sent, checked one by one. The naming attribute may be sent if it says what the name says.
fn attributes(forest: &Forest<'_>, dn: &Dn, request: &AddRequest) -> Outcome<BTreeMap<String, AdValues>> {
    let mut attributes = BTreeMap::new();
    for sent in &request.attributes {
        let known = write::known(&sent.r#type)?;
        let mut values: Vec<Vec<u8>> = Vec::new();
        let mut keys = Vec::new();
        for value in sent.vals.iter() {
            write::check_value(forest, known, value)?;
            let key = Key::of(known.syntax, value);
            if keys.contains(&key) {
                return Err(Refusal::value_exists(known));
            }
            keys.push(key);
            values.push(value.to_vec());
        }
        match known.writer {
            Writer::Client | Writer::Class => {}
            Writer::Rename => {
                let (kind, name) = dn.rdn_pair();
                let says_so = keys == Key::of(known.syntax, name.as_bytes()).map_or(Vec::new(), |key| vec![Some(key)]);
                if kind.eq_ignore_ascii_case(known.name) && !says_so {
                    return Err(Refusal::bad_dn(dn.as_str()));
                }
                continue;
            }
            Writer::System => return Err(Refusal::system_only(known)),
            Writer::Sam => return Err(Refusal::owned_by_sam()),
        }
        let values = value::from_octets(known.syntax, &values).ok_or_else(|| Refusal::bad_value(known))?;
        if attributes.insert(known.name.to_owned(), values).is_some() {
            return Err(Refusal::value_exists(known));
        }
    }
    Ok(attributes)
}

/// The class that decides how the entry is named; it must be one that clients may add.
fn structural_class(entry: &AdEntry) -> Outcome<&'static Class> {
    let named = entry.attributes.get("objectClass").map(value::to_octets).unwrap_or_default();
    let named: Vec<String> = named.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect();
    let class = match schema::structural(&named) {
        Some(class) => class,
        // A class that is named and not known is refused as an unknown attribute is: it has no OID.
        None if named.iter().any(|name| !name.eq_ignore_ascii_case("top")) => return Err(Refusal::unknown_attribute()),
        None => return Err(Refusal::class_violation()),
    };
    if !class.addable {
        return Err(Refusal::unwilling("Entries of this class are made by the directory itself"));
    }
    if entry.dn.rdn_pair().0.eq_ignore_ascii_case(class.named_by) {
        Ok(class)
    } else {
        Err(Refusal::naming_violation())
    }
}

/// Gives an account what AD gives it where the request does not: a name, a SID, and the state of an account that has no
/// password yet.
fn make_account(world: &World, domain: usize, entry: &mut AdEntry, class: &Class) {
    let hash = made::guid(&format!("sam:{}", entry.guid)).0.simple().to_string().to_uppercase();
    let name = || AdValues::One(format!("${}-{}", &hash[..6], &hash[6..18]));
    entry.attributes.entry("sAMAccountName".to_owned()).or_insert_with(name);
    if class.name != "group" {
        let state = || AdValues::One(DISABLED_WITHOUT_PASSWORD.to_owned());
        entry.attributes.entry("userAccountControl".to_owned()).or_insert_with(state);
    }
    entry.sid = sid::next(&world.ad[domain]);
}
