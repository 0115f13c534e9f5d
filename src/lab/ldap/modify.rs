//! Modify: all changes of a request, in order, or none.

use super::controls::Controls;
use super::forest::{Forest, class_chain, stored};
use super::refusal::{Outcome, Refusal};
use super::schema::{Attribute, Writer};
use super::value::{self, Key};
use super::{stamp, write};
use crate::lab::world::World;
use crate::lab::world::forest::AdEntry;
use rasn_ldap::{ChangeOperation, ModifyRequest, ModifyRequestChanges};

/// Answers a modify. A request whose result equals what was there succeeds and moves neither `uSNChanged` nor
/// `whenChanged`.
pub fn modify(world: &mut World, request: &ModifyRequest, controls: &Controls) -> Outcome {
    let (spot, changed) = {
        let forest = Forest::of(world);
        let (spot, view) = write::writable(&forest, &request.object)?;
        if request.changes.is_empty() {
            return Err(Refusal::unwilling("The request holds no changes"));
        }
        let mut draft = view.entry.clone();
        let chain = class_chain(&draft);
        for change in &request.changes {
            apply(&forest, &mut draft, &chain, change, controls)?;
        }
        if stored(view.entry, "sAMAccountName").is_some() && stored(&draft, "sAMAccountName").is_none() {
            return Err(Refusal::class_violation());
        }
        write::check_unique(world, spot.domain, Some(view.entry), &draft)?;
        (spot, (draft != *view.entry).then_some(draft))
    };
    if let Some(entry) = changed {
        let usn = stamp::next_usn(world);
        let mut entry = entry;
        // The domain's head itself has just been given the number.
        stamp::changed(&mut entry, usn, world.clock);
        stamp::keep_highest(&mut entry, &world.ad[spot.domain].entries[spot.entry]);
        world.ad[spot.domain].entries.replace(spot.entry, entry);
    }
    Ok(())
}

/// Applies one change to a draft of the entry.
fn apply(
    forest: &Forest<'_>,
    entry: &mut AdEntry,
    chain: &[String],
    change: &ModifyRequestChanges,
    controls: &Controls,
) -> Outcome {
    let attribute = write::known(&change.modification.r#type)?;
    match attribute.writer {
        Writer::Client => {}
        Writer::System => return Err(Refusal::system_only(attribute)),
        Writer::Sam => return Err(Refusal::owned_by_sam()),
        Writer::Rename => return Err(Refusal::names_the_entry()),
        Writer::Class => return Err(Refusal::class_is_fixed()),
    }
    if !attribute.allowed_on(chain) {
        return Err(Refusal::class_violation());
    }
    let given: Vec<Vec<u8>> = change.modification.vals.iter().map(|value| value.to_vec()).collect();
    let mut values = Values { single: write::holds_one(attribute, chain), ..Values::of(entry, attribute) };
    match change.operation {
        ChangeOperation::Add => values.add(forest, given, controls.permissive_modify)?,
        ChangeOperation::Delete => values.delete(&given, controls.permissive_modify)?,
        ChangeOperation::Replace => {
            values.stored.clear();
            if !given.is_empty() {
                values.add(forest, given, false)?;
            }
        }
    }
    values.put(entry);
    Ok(())
}

/// The values of one attribute while they are being changed.
struct Values {
    attribute: &'static Attribute,
    single: bool,
    stored: Vec<Vec<u8>>,
}

impl Values {
    fn of(entry: &AdEntry, attribute: &'static Attribute) -> Self {
        let stored = stored(entry, attribute.name).map(value::to_octets).unwrap_or_default();
        Self { attribute, single: attribute.single, stored }
    }

    /// Where an equal value stands. Text is equal without regard to case: AD keeps one of `SMTP:a` and `smtp:a`.
    fn find(&self, value: &[u8]) -> Option<usize> {
        let key = |octets: &[u8]| Key::of(self.attribute.syntax, octets);
        let wanted = key(value)?;
        self.stored.iter().position(|stored| key(stored).as_ref() == Some(&wanted))
    }

    fn add(&mut self, forest: &Forest<'_>, given: Vec<Vec<u8>>, permissive: bool) -> Outcome {
        if given.is_empty() {
            return Err(Refusal::bad_value(self.attribute));
        }
        for value in given {
            write::check_value(forest, self.attribute, &value)?;
            match self.find(&value) {
                Some(_) if permissive => {}
                Some(_) => return Err(Refusal::value_exists(self.attribute)),
                None if self.single && !self.stored.is_empty() => {
                    return Err(Refusal::single_valued(self.attribute));
                }
                None => self.stored.push(value),
            }
        }
        Ok(())
    }

    /// Deletes these values, or all where none are given.
    fn delete(&mut self, given: &[Vec<u8>], permissive: bool) -> Outcome {
        if given.is_empty() && self.stored.is_empty() && !permissive {
            return Err(Refusal::no_value(self.attribute));
        }
        if given.is_empty() {
            self.stored.clear();
        }
        for value in given {
            match self.find(value) {
                Some(at) => {
                    self.stored.remove(at);
                }
                None if permissive => {}
                None => return Err(Refusal::no_value(self.attribute)),
            }
        }
        Ok(())
    }

    /// Writes the values back. The same values, in whatever order, are left exactly as the world's file has them.
    fn put(self, entry: &mut AdEntry) {
        let sorted = |mut values: Vec<Vec<u8>>| {
            values.sort();
            values
        };
        if sorted(Self::of(entry, self.attribute).stored) == sorted(self.stored.clone()) {
            return;
        }
        entry.attributes.retain(|name, _| !name.eq_ignore_ascii_case(self.attribute.name));
        if let Some(values) = value::from_octets(self.attribute.syntax, &self.stored) {
            entry.attributes.insert(self.attribute.name.to_owned(), values);
        }
    }
}
