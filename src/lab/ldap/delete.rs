//! Delete. The lab keeps no tombstones: what is deleted is gone.

use super::controls::Controls;
use super::forest::Forest;
use super::refusal::{Outcome, Refusal};
use super::{stamp, write};
use crate::lab::world::World;
use crate::model::dn::Dn;
use rasn_ldap::DelRequest;

/// Answers a delete. An entry with others below it needs the tree delete control. Links to what is gone go too.
pub fn delete(world: &mut World, request: &DelRequest, controls: &Controls) -> Outcome {
    let (domain, dn): (usize, Dn) = {
        let forest = Forest::of(world);
        let (spot, view) = write::writable(&forest, &request.0)?;
        let dn = &view.entry.dn;
        if world.ad.iter().any(|domain| domain.base_dn == *dn) {
            return Err(Refusal::unwilling("A domain's head cannot be deleted"));
        }
        let below: Vec<_> =
            forest.entries().filter(|other| other.entry.dn != *dn && other.entry.dn.is_under(dn)).collect();
        if !below.is_empty() && !controls.tree_delete {
            return Err(Refusal::has_children());
        }
        if below.iter().any(super::forest::View::is_write_protected) {
            return Err(Refusal::no_rights());
        }
        (spot.domain, dn.clone())
    };
    stamp::next_usn(world);
    world.ad[domain].entries.retain(|entry| !entry.dn.is_under(&dn));
    write::relink(world, |link| (!link.is_under(&dn)).then(|| link.clone()));
    Ok(())
}
