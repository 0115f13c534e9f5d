//! Delete. What is deleted stays in `CN=Deleted Objects` as a tombstone, which only the control *show deleted* shows.

use super::controls::Controls;
use super::forest::{Forest, Place};
use super::refusal::{Outcome, Refusal};
use super::{stamp, write};
use crate::lab::world::World;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::lab::world::table::Row;
use crate::model::dn::Dn;
use rasn_ldap::DelRequest;

/// Answers a delete. An entry with others below it needs the tree delete control. Links to what is gone go too.
pub fn delete(world: &mut World, request: &DelRequest, controls: &Controls) -> Outcome {
    let (gone, dn): (Vec<(usize, Row, Dn)>, Dn) = {
        let forest = Forest::of(world);
        let (spot, view) = write::writable(&forest, &request.0)?;
        let dn = &view.entry.dn;
        if world.ad.iter().any(|domain| domain.base_dn == *dn) {
            return Err(Refusal::unwilling("A domain's head cannot be deleted"));
        }
        let below = forest.descendants(dn);
        let has_children = !below.is_empty() || !forest.children(dn).is_empty();
        if has_children && !controls.tree_delete {
            return Err(Refusal::has_children());
        }
        if below.iter().any(|(_, view)| view.is_write_protected()) {
            return Err(Refusal::no_rights());
        }
        let below = below.iter().filter_map(|(place, view)| match place {
            Place::Stored(domain, row) if *domain == spot.domain => Some((*domain, *row, view.entry.dn.clone())),
            _ => None,
        });
        ([(spot.domain, spot.entry, dn.clone())].into_iter().chain(below).collect(), dn.clone())
    };
    for (domain, row, _) in &gone {
        let usn = stamp::next_usn(world);
        let clock = world.clock;
        let domain = &mut world.ad[*domain];
        if let Some(tombstone) = domain.entries.take(*row).and_then(|entry| tombstone(entry, &domain.base_dn)) {
            let mut tombstone = tombstone;
            stamp::changed(&mut tombstone, usn, clock);
            domain.deleted.push(tombstone);
        }
    }
    let names: Vec<Dn> = gone.into_iter().map(|(_, _, dn)| dn).collect();
    write::relink(world, &names, |link| (!link.is_under(&dn)).then(|| link.clone()));
    Ok(())
}

/// What a tombstone keeps besides its name, GUID and SID ([MS-ADTS] 3.1.1.5.5.1.1, "Tombstone Requirements").
const KEPT: [&str; 7] = [
    "distinguishedName",
    "instanceType",
    "objectClass",
    "sAMAccountName",
    "uSNCreated",
    "userAccountControl",
    "whenCreated",
];

/// The entry as a deleted object: its old name and its GUID make the new one, so that no two are the same.
fn tombstone(mut entry: AdEntry, base: &Dn) -> Option<AdEntry> {
    let parent = entry.dn.parent()?;
    let (_, name) = entry.dn.rdn_pair();
    let (kind, _) = entry.dn.rdn_pair();
    let deleted = format!("{kind}={}\\0ADEL:{},CN=Deleted Objects,{base}", ldap3::dn_escape(name.as_str()), entry.guid);
    entry.dn = Dn::parse(&deleted).ok()?;
    entry.attributes.retain(|name, _| KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name)));
    entry.attributes.insert("isDeleted".to_owned(), AdValues::One("TRUE".to_owned()));
    entry.attributes.insert("lastKnownParent".to_owned(), AdValues::One(parent.as_str().to_owned()));
    Some(entry)
}
