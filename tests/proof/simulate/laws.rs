//! What must hold, whatever the day was like.

use super::disturber::Disturber;
use super::meddler::{Done, Pair};
use crate::image::{has_ended, roles};
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::lab::world::forest::AdEntry;
use matchplan::model::attribute::AdAttribute;
use matchplan::model::id::{AdGuid, ObjectId};
use matchplan::plan::step::Action;
use matchplan::state::ledger::{Reading, Standing, State, StepRecord};
use std::collections::BTreeSet;

/// At every moment, as soon as the program has ended in whatever way: a role that is not there stands in the ledger.
pub fn nobody_is_forgotten(day: &Disturber, world: &World, state: Option<&State>) -> Vec<String> {
    let out: BTreeSet<String> =
        state.iter().flat_map(|state| state.suspended_roles()).map(|role| role.holding.user().to_string()).collect();
    let missing = expected(day, world).difference(&roles(world)).cloned().collect::<Vec<_>>();
    let forgotten = missing.into_iter().filter(|row| !out.iter().any(|user| row.contains(user)));
    forgotten.map(|row| format!("a role is out, and the ledger does not know: {row}")).collect()
}

/// When nothing is unfinished any more.
pub fn at_the_end(day: &Disturber, world: &World, state: &State) -> Vec<String> {
    let mut wrong = Vec::new();
    let (expected, now) = (expected(day, world), roles(world));
    wrong.extend(expected.difference(&now).map(|row| format!("a role is lost: {row}")));
    wrong.extend(now.difference(&expected).map(|row| format!("a role is too much: {row}")));
    wrong.extend(state.suspended_roles().iter().map(|role| format!("the ledger says that {} is out", role.holding)));
    if !world.sync.scheduler_enabled {
        wrong.push("the scheduler is still held".to_owned());
    }
    let done = day.done();
    for pair in &day.pairs {
        wrong.extend(of_a_pair(day, world, state, &done, *pair));
    }
    wrong
}

/// The roles that should be there: those of the beginning, with what others gave and took. What has ended is not missed.
fn expected(day: &Disturber, world: &World) -> BTreeSet<String> {
    let done = day.done();
    let first = roles(&day.first);
    let all = first.difference(&done.roles_gone).chain(&done.roles_made);
    all.filter(|row| !has_ended(row, world.clock)).cloned().collect()
}

fn of_a_pair(day: &Disturber, world: &World, state: &State, done: &Done, pair: Pair) -> Vec<String> {
    let mut wrong = Vec::new();
    let (Some(first_ad), Some(ad)) = (entry(&day.first, pair.ad), entry(world, pair.ad)) else {
        return vec![format!("the AD user {} is gone", pair.ad)];
    };
    let (Some(first), Some(user)) = (user(&day.first, pair.cloud), user(world, pair.cloud)) else {
        return vec![format!("the cloud user {} is gone", pair.cloud)];
    };
    let name = &first.user_principal_name;
    let mut must = |what: bool, why: String| {
        if !what {
            wrong.push(format!("{name}: {why}"));
        }
    };

    // No address is lost, and nobody's work is overwritten.
    let (in_ad, in_cloud) = (addresses(&texts(ad, "proxyAddresses")), addresses(&user.proxy_addresses));
    let of_others = |list: &[(AdGuid, String)]| -> Vec<String> {
        list.iter().filter(|(guid, _)| *guid == pair.ad).map(|(_, value)| value.clone()).collect()
    };
    for address in addresses(&texts(first_ad, "proxyAddresses")).union(&addresses(&of_others(&done.ad_addresses))) {
        must(in_ad.contains(address), format!("AD has lost {address}"));
    }
    let added = done.cloud_addresses.iter().filter(|(id, _)| *id == pair.cloud).map(|(_, value)| value.clone());
    let kept: Vec<String> = first.proxy_addresses.iter().cloned().chain(added).collect();
    for address in addresses(&kept) {
        must(in_cloud.contains(&address), format!("the cloud has lost {address}"));
    }
    let mail = of_others(&done.ad_mail);
    if let Some(theirs) = mail.last() {
        must(texts(ad, "mail") == [theirs.clone()], format!("mail of others is overwritten: {:?}", texts(ad, "mail")));
    }
    let anchor = done.anchors.iter().rev().find(|(id, _)| *id == pair.cloud).map(|(_, value)| value);
    if let Some(theirs) = anchor {
        let now = &user.on_premises_immutable_id;
        must(now.as_ref() == Some(theirs), format!("an ImmutableID of others is overwritten by {now:?}"));
    }

    // The ledger says what the directories hold, and nothing has changed that it does not know of.
    let synced = user.on_premises_sync_enabled == Some(true);
    for (link, record) in state.applies.iter().flat_map(|apply| &apply.links) {
        if record.cloud.id == pair.cloud && matches!(record.standing, Standing::Linked { .. }) {
            let marks = synced && record.anchor.map(|a| a.to_base64()) == user.on_premises_immutable_id;
            must(marks, format!("{link} is linked in the ledger only"));
        }
    }
    for attribute in [AdAttribute::UserPrincipalName, AdAttribute::Mail, AdAttribute::ProxyAddresses] {
        let meddled = (attribute == AdAttribute::Mail && !mail.is_empty())
            || (attribute == AdAttribute::ProxyAddresses && !of_others(&done.ad_addresses).is_empty());
        let ledger = newest(state, pair, |after| match after {
            Reading::Attributes { values } => values.get(&attribute).cloned(),
            _ => None,
        });
        let wanted = ledger.unwrap_or_else(|| texts(first_ad, attribute.name()));
        let now = texts(ad, attribute.name());
        must(meddled || attribute.equal(&now, &wanted), format!("{attribute} is {now:?}, the ledger says {wanted:?}"));
    }
    let container = newest(state, pair, |after| match after {
        Reading::Container { dn } => Some(dn.clone()),
        _ => None,
    });
    let wanted = container.or_else(|| first_ad.dn.parent());
    must(ad.dn.parent() == wanted, format!("it is at {}, the ledger says under {wanted:?}", ad.dn));
    if !synced && anchor.is_none() {
        let ledger = newest(state, pair, |after| match after {
            Reading::ImmutableId { value } => Some(value.as_ref().map(|id| id.as_str().to_owned())),
            _ => None,
        });
        let wanted = ledger.unwrap_or_else(|| first.on_premises_immutable_id.clone());
        let now = &user.on_premises_immutable_id;
        must(*now == wanted, format!("the ImmutableID is {now:?}, the ledger says {wanted:?}"));
    }
    wrong
}

/// What the newest step that stands for this pair read after it wrote.
fn newest<T>(state: &State, pair: Pair, of: impl Fn(&Reading) -> Option<T>) -> Option<T> {
    let mine = |step: &&StepRecord| match &step.step.action {
        Action::Align { user, .. } | Action::Move { user, .. } => user.guid == pair.ad,
        Action::Anchor { user, .. } => user.id == pair.cloud,
        _ => false,
    };
    let steps = state.applies.iter().rev().flat_map(|apply| apply.steps.iter().rev());
    steps.filter(mine).filter(|step| step.stands()).find_map(|step| of(&step.status.standing()?.after))
}

fn entry(world: &World, guid: AdGuid) -> Option<&AdEntry> {
    world.ad.iter().flat_map(|domain| &domain.entries).find(|entry| entry.guid == guid)
}

fn user(world: &World, id: ObjectId) -> Option<&CloudUser> {
    world.entra.users.iter().find(|user| user.id == id)
}

fn texts(entry: &AdEntry, attribute: &str) -> Vec<String> {
    entry.values(attribute).map_or_else(Vec::new, |values| values.texts().to_vec())
}

/// Addresses without regard to case, and so to which one is the primary.
fn addresses(values: &[String]) -> BTreeSet<String> {
    values.iter().map(|value| value.to_lowercase()).collect()
}
