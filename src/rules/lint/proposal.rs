//! The first candidate that is really a better value: it passes every rule, differs from what is there, is held by
//! nobody else on either side, and was not proposed to anybody else in this run.

use super::finding::{Attribute, Proposal};
use super::problem::Problem;
use super::subject::Subject;
use super::world::{Key, World};
use super::{repair, run};
use crate::model::address::{AddressKind, ProxyAddress};
use crate::model::id::{AdGuid, ObjectId};
use crate::rules::finding::FindingCode;
use std::collections::{BTreeMap, BTreeSet};

/// What was proposed in this run, for which attribute of which object. One object may have one address in two
/// attributes, but not twice in one.
#[derive(Debug, Default)]
pub struct Claims(BTreeMap<Key, BTreeSet<(AdGuid, Attribute)>>);

impl Claims {
    fn allow(&self, key: &Key, guid: AdGuid, attribute: Attribute) -> bool {
        let claims = self.0.get(key).into_iter().flatten();
        claims.into_iter().all(|(other, of)| *other == guid && *of != attribute)
    }
}

/// A proposal, or why there is none.
pub type Outcome = Result<Proposal, &'static str>;

/// Looks for a better value. `problems` are all those of this one value.
pub fn propose(
    problems: &[&Problem],
    subject: &Subject,
    cloud_half: Option<ObjectId>,
    world: &World<'_>,
    claims: &mut Claims,
) -> Outcome {
    let Some(first) = problems.first() else { return Err("there is nothing to repair") };
    let (attribute, value) = (first.attribute, first.value.as_deref());
    if let Some(duplicate) = problems.iter().find(|problem| problem.code == FindingCode::AddressDuplicate)
        && let Some(outcome) = shared_address(duplicate, value.unwrap_or_default())
    {
        return outcome;
    }
    if problems.iter().any(|problem| problem.code == FindingCode::SeveralPrimaries)
        && super::proxy_addresses::meant_as_primary(subject).is_none()
    {
        return Err("mail names none of the primary addresses, so which one is meant cannot be told");
    }
    for candidate in repair::candidates(attribute, value, subject, world) {
        let keys = keys(attribute, &candidate, subject);
        let free = keys
            .iter()
            .all(|key| !world.is_taken(key, subject.guid, cloud_half) && claims.allow(key, subject.guid, attribute));
        let differs = Some(candidate.as_str()) != value;
        if differs && free && passes(attribute, value, &candidate, subject, world) {
            for key in keys {
                claims.0.entry(key).or_default().insert((subject.guid, attribute));
            }
            return Ok(Proposal::Set { value: candidate });
        }
    }
    Err(match attribute {
        Attribute::UserPrincipalName => {
            "no UPN suffix that would pass is known for this user: neither its own nor that of its addresses will do"
        }
        Attribute::TargetAddress => "where mail is to go cannot be guessed",
        _ => "no value that passes could be made of what this object has",
    })
}

/// What a value takes up: an address or sign-in name must not be anybody else's sign-in name or address either.
fn keys(attribute: Attribute, value: &str, subject: &Subject) -> Vec<Key> {
    let mut keys: Vec<Key> = Key::of(attribute, value, subject).into_iter().collect();
    match attribute {
        Attribute::UserPrincipalName => keys.extend(Key::of(Attribute::Mail, value, subject)),
        Attribute::Mail => keys.push(Key::Upn(value.to_lowercase())),
        Attribute::ProxyAddresses => {
            let address = ProxyAddress(value.to_owned());
            keys.extend(address.smtp_address().map(|address| Key::Upn(address.to_lowercase())));
        }
        _ => {}
    }
    keys
}

fn passes(attribute: Attribute, old: Option<&str>, new: &str, subject: &Subject, world: &World<'_>) -> bool {
    // Another spelling of a value that is there already is no value of its own.
    if subject.values(attribute).iter().any(|value| Some(*value) != old && value.eq_ignore_ascii_case(new)) {
        return false;
    }
    let changed = subject.with(attribute, old, Some(new));
    run::rules(attribute, &changed, world).iter().all(|problem| problem.value.as_deref() != Some(new))
}

/// An address that several objects have. `None`: the holder needs another one, which is looked for as usual.
fn shared_address(duplicate: &Problem, value: &str) -> Option<Outcome> {
    let is_own = |attribute: Attribute, value: &str| match attribute {
        Attribute::Mail => true,
        Attribute::ProxyAddresses => ProxyAddress(value.to_owned()).kind() == AddressKind::PrimarySmtp,
        _ => false,
    };
    match duplicate.attribute {
        Attribute::TargetAddress => Some(Err("where mail is to go cannot be guessed")),
        attribute if is_own(attribute, value) => None,
        _ => {
            let theirs = duplicate.duplicate_of.iter().any(|held| is_own(held.attribute, &held.value));
            Some(if theirs {
                Ok(Proposal::Remove)
            } else {
                Err("for none of them is it the primary address, so who should keep it cannot be told")
            })
        }
    }
}
