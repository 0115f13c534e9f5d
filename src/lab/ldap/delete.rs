//! Delete. The lab keeps no tombstones: what is deleted is gone.

use super::controls::Controls;
use super::forest::{Forest, Place};
use super::refusal::{Outcome, Refusal};
use super::{stamp, write};
use crate::lab::world::World;
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
    stamp::next_usn(world);
    for (domain, row, _) in &gone {
        world.ad[*domain].entries.take(*row);
    }
    let names: Vec<Dn> = gone.into_iter().map(|(_, _, dn)| dn).collect();
    write::relink(world, &names, |link| (!link.is_under(&dn)).then(|| link.clone()));
    Ok(())
}
