//! What AD writes beside every change: `uSNChanged` and `whenChanged`, from the world's clock.

use super::forest::stored_text;
use crate::lab::world::World;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::lab::world::keys::{AdKey, dn_key};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The update sequence number of everything that the world's file held from the start.
pub const FIRST_USN: u64 = 12_288;
/// When everything that the world's file held from the start was made.
pub const FIRST_TIME: &str = "20240101000000.0Z";
/// Where a domain's head keeps the highest number given out, so that a deletion does not free one.
const HIGHEST: &str = "labHighestUsn";

/// A moment as generalized time in whole seconds, as AD writes it.
pub fn generalized_time(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S.0Z").to_string()
}

fn number(entry: &AdEntry, name: &str) -> u64 {
    stored_text(entry, name).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// `highestCommittedUSN`: the number of the latest change.
pub fn highest_usn(world: &World) -> u64 {
    let head = world.ad.first().and_then(|domain| domain.entries.find(AdKey::Dn, &dn_key(&domain.base_dn)));
    let noted = head.map(|(_, head)| number(head, HIGHEST)).unwrap_or_default();
    if noted > 0 {
        return noted;
    }
    let entries = world.ad.iter().flat_map(|domain| &domain.entries);
    entries.map(|entry| number(entry, "uSNChanged")).max().unwrap_or_default().max(FIRST_USN)
}

/// Takes the next number and remembers it in the first domain's head, if the world holds one.
pub fn next_usn(world: &mut World) -> u64 {
    let usn = highest_usn(world) + 1;
    if let Some(domain) = world.ad.first_mut()
        && let Some((row, _)) = domain.entries.find(AdKey::Dn, &dn_key(&domain.base_dn))
    {
        domain.entries.update(row, |head| {
            head.attributes.insert(HIGHEST.to_owned(), AdValues::One(usn.to_string()));
        });
    }
    usn
}

/// Where an entry is a domain's head: the highest number that it has by now, whatever a draft of it says.
pub fn keep_highest(draft: &mut AdEntry, now: &AdEntry) {
    if let Some(highest) = now.attributes.get(HIGHEST) {
        draft.attributes.insert(HIGHEST.to_owned(), highest.clone());
    }
}

fn set(entry: &mut AdEntry, name: &str, value: String) {
    entry.attributes.retain(|key, _| !key.eq_ignore_ascii_case(name));
    entry.attributes.insert(name.to_owned(), AdValues::One(value));
}

/// Marks an entry as changed now.
pub fn changed(entry: &mut AdEntry, usn: u64, clock: Timestamp) {
    set(entry, "uSNChanged", usn.to_string());
    set(entry, "whenChanged", generalized_time(clock));
}

/// Marks an entry as created now.
pub fn created(entry: &mut AdEntry, usn: u64, clock: Timestamp) {
    set(entry, "uSNCreated", usn.to_string());
    set(entry, "whenCreated", generalized_time(clock));
    changed(entry, usn, clock);
}
