//! Rename and move.

use super::forest::{Forest, Place, class_chain};
use super::refusal::{Outcome, Refusal};
use super::target::Target;
use super::write::Spot;
use super::{schema, stamp, write};
use crate::lab::world::World;
use crate::lab::world::table::Row;
use crate::model::dn::Dn;
use rasn_ldap::ModifyDnRequest;

/// Answers a modifyDN. `objectGUID` and `objectSid` stay; entries below move along, and links to all of them follow.
pub fn modify_dn(world: &mut World, request: &ModifyDnRequest) -> Outcome {
    let (spot, old, new) = plan(world, request)?;
    if old.as_str() == new.as_str() {
        return Ok(());
    }
    let usn = stamp::next_usn(world);
    let clock = world.clock;
    let moved: Vec<(Row, Dn)> = {
        let forest = Forest::of(world);
        let below = forest.descendants(&old).into_iter().filter_map(|(place, view)| match place {
            Place::Stored(domain, row) if domain == spot.domain => Some((row, view.entry.dn.clone())),
            _ => None,
        });
        [(spot.entry, old.clone())].into_iter().chain(below).collect()
    };
    let entries = &mut world.ad[spot.domain].entries;
    for (row, dn) in &moved {
        if let Some(name) = renamed(dn, &old, &new) {
            entries.update(*row, |entry| entry.dn = name);
        }
    }
    entries.update(spot.entry, |entry| stamp::changed(entry, usn, clock));
    let names: Vec<Dn> = moved.into_iter().map(|(_, dn)| dn).collect();
    write::relink(world, &names, |dn| Some(renamed(dn, &old, &new).unwrap_or_else(|| dn.clone())));
    Ok(())
}

/// Checks the request: the entry's spot, its name and its new name.
fn plan(world: &World, request: &ModifyDnRequest) -> Outcome<(Spot, Dn, Dn)> {
    let forest = Forest::of(world);
    let (spot, view) = write::writable(&forest, &request.entry)?;
    if !request.delete_old_rdn {
        return Err(Refusal::unwilling("AD keeps no old name: deleteoldrdn must be TRUE"));
    }
    let old = view.entry.dn.clone();
    let domain = &world.ad[spot.domain];
    if old == domain.base_dn {
        return Err(Refusal::unwilling("A domain's head cannot be renamed or moved"));
    }
    let parent = match &request.new_superior {
        Some(superior) => new_parent(&forest, superior, spot.domain)?,
        None => old.parent().ok_or_else(|| Refusal::bad_dn(old.as_str()))?,
    };
    if parent.is_under(&old) {
        return Err(Refusal::unwilling("An entry cannot be moved below itself"));
    }
    let new_rdn = request.new_rdn.as_str();
    let new = Dn::parse(&format!("{new_rdn},{parent}")).map_err(|_| Refusal::bad_dn(new_rdn))?;
    if new.parent().as_ref() != Some(&parent) {
        return Err(Refusal::bad_dn(new_rdn));
    }
    let class = schema::structural(&class_chain(view.entry));
    if let (Some(class), Some(superior)) = (class, &request.new_superior) {
        let (_, superior) = forest.locate(&Target::parse(superior)?)?;
        write::check_superior(&superior, class)?;
    }
    let named_by = class.map_or_else(|| old.rdn_pair().0, |class| class.named_by);
    if !new.rdn_pair().0.eq_ignore_ascii_case(named_by) {
        return Err(Refusal::naming_violation());
    }
    if new != old && forest.place_of(&new).is_some() {
        return Err(Refusal::entry_exists());
    }
    Ok((spot, old, new))
}

/// The container to move into: it must exist in the same domain, and the account must have rights on it.
fn new_parent(forest: &Forest<'_>, superior: &str, domain: usize) -> Outcome<Dn> {
    let (place, view) = forest.locate(&Target::parse(superior)?).map_err(|refusal| match refusal.code {
        rasn_ldap::ResultCode::NoSuchObject => Refusal::no_new_parent(),
        _ => refusal,
    })?;
    if view.is_write_protected() {
        return Err(Refusal::no_rights());
    }
    let base = &forest.world.ad[domain].base_dn;
    match place {
        Place::Stored(at, _) if at != domain => Err(Refusal::other_domain()),
        Place::Made(_) if forest.context_of(&view.entry.dn).as_ref() != Some(base) => Err(Refusal::other_domain()),
        _ => Ok(view.entry.dn.clone()),
    }
}

/// The name of an object after `old` became `new`: its own, or one below it. `None` if it is not concerned.
fn renamed(dn: &Dn, old: &Dn, new: &Dn) -> Option<Dn> {
    if dn == old {
        return Some(new.clone());
    }
    if !dn.is_under(old) {
        return None;
    }
    renamed(&dn.parent()?, old, new).map(|parent| dn.moved_to(&parent))
}
