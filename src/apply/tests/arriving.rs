//! Groups and contacts: joined by a cycle, given back if none comes, and never taken back after one.

use super::tasks::rollback_plan;
use super::*;
use crate::model::attribute::AttributeChange;
use crate::model::cloud::SyncFeature;
use crate::model::entra::{AddressHolder, HolderKind};
use crate::model::id::{AdGuid, ObjectId};
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::model::reference::AdRef;
use crate::plan::step::Undo;
use crate::plan::task::WINDOW;
use crate::rules::finding::FindingCode;
use crate::rules::joining;
use uuid::Uuid;

const LINK: &str = "link/sales";

fn of_ad() -> AdHolder {
    AdHolder {
        kind: AdHolderKind::Group,
        guid: AdGuid(Uuid::from_u128(0x96)),
        dn: dn(STAGING).child("CN", "Sales").unwrap(),
        domain: "corp".into(),
        name: "Sales".to_owned(),
        sam: Some("sales".into()),
        mail: None,
        proxy_addresses: ["SMTP:sales@corp.test"].into_iter().collect(),
        mail_nickname: None,
        target_address: None,
    }
}

fn of_cloud() -> AddressHolder {
    AddressHolder {
        kind: HolderKind::Group,
        id: ObjectId(Uuid::from_u128(0x97)),
        display_name: Some("Sales".to_owned()),
        mail: Some("team@corp.test".to_owned()),
        proxy_addresses: ["SMTP:team@corp.test"].into_iter().collect(),
        synced: false,
        assignable_to_role: false,
        microsoft_365: false,
    }
}

/// A world with a group on both sides and the task that joins them.
fn with_group() -> World {
    let world = World::new(&[]);
    let (ad, cloud) = (of_ad(), of_cloud());
    let changes: Vec<AttributeChange> = joining::changes(&ad, &joining::aligned(&ad, &cloud));
    assert!(!changes.is_empty());
    let user = AdRef::from(&ad);
    let steps = vec![
        (Action::Align { user: user.clone(), changes }, Undo::FlowsOn { effect: "a test".to_owned() }),
        (Action::Move { user, from: dn(STAGING), to: dn(SYNCED) }, Undo::UntilSync { reason: "a test".to_owned() }),
        (Action::Arrival { object: (&cloud).into() }, Undo::Nothing),
    ];
    world.inner.borrow_mut().ad_holders.insert(ad.guid, ad);
    world.inner.borrow_mut().holders.insert(cloud.id, cloud);
    world.tasks.borrow_mut().push((LINK, steps));
    world
}

fn is_synced(world: &World) -> bool {
    world.inner.borrow().holders[&of_cloud().id].synced
}

fn in_ad(world: &World) -> AdHolder {
    world.inner.borrow().ad_holders[&of_ad().guid].clone()
}

fn standing(ledger: &Memory) -> Standing {
    ledger.state.as_ref().unwrap().last_apply().unwrap().tasks[&LINK.into()].standing.clone()
}

#[test]
fn a_group_is_joined_and_that_is_not_taken_back() {
    let world = with_group();
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Complete, "{outcome:?}");
    assert!(is_synced(&world) && matches!(standing(&ledger), Standing::Done { .. }));
    assert_eq!(in_ad(&world).proxy_addresses.to_strings(), ["SMTP:team@corp.test", "smtp:sales@corp.test"]);
    let plan = rollback_plan(&world, &ledger).expect("a plan that says so");
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert!(plan.is_blocked() && plan.findings.iter().any(|found| found.code == FindingCode::PointOfNoReturn));
}

/// Otherwise the window would find its switch open, and `[tenant]` would shut it behind it.
#[test]
fn what_tenant_wants_is_switched_before_the_window_opens() {
    let world = with_group();
    let switch = SyncFeature::BlockSoftMatch;
    world.inner.borrow_mut().switches.insert(switch, false);
    let turn = |on: bool| (Action::Switch { feature: switch, expects: !on, sets: on }, Undo::Inverse);
    world.tasks.borrow_mut().extend([("tenant/block", vec![turn(true)]), (WINDOW, vec![turn(false)])]);
    let mut ledger = Memory::default();
    let mut during = Vec::new();
    let (outcome, _) = apply_saying(&world, &mut ledger, |what| {
        if matches!(what, What::CycleAsked { .. }) {
            during.push(world.switch(switch));
        }
    });
    assert_eq!((outcome.ending, during), (Ending::Complete, vec![false]));
    assert!(is_synced(&world) && world.switch(switch));
}

#[test]
fn without_a_cycle_ad_gets_back_what_it_had() {
    let world = with_group();
    world.cycle.set(None);
    let mut ledger = Memory::default();
    assert_ne!(apply(&world, &mut ledger).ending, Ending::Complete);
    assert_eq!(in_ad(&world), of_ad());
    let Standing::RolledBack { why, .. } = standing(&ledger) else { panic!("{:?}", standing(&ledger)) };
    assert!(why.contains("joined the group Sales"), "{why}");
}

/// It may be joined: taking its AD group out of scope would delete it.
#[test]
fn nothing_is_taken_back_while_it_cannot_be_read_whether_a_cycle_came() {
    let world = with_group();
    world.holders_unread.set(true);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert!(outcome.resumable && is_synced(&world), "{outcome:?}");
    assert!(in_ad(&world).dn.is_under(&dn(SYNCED)));
    world.holders_unread.set(false);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert!(matches!(standing(&ledger), Standing::Done { .. }));
}

#[test]
fn a_group_that_is_deleted_meanwhile_ends_the_waiting() {
    let world = with_group();
    let plan = world.plan();
    world.inner.borrow_mut().holders.clear();
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_ne!(outcome.unwrap().ending, Ending::Complete);
    assert_eq!(in_ad(&world), of_ad());
}

#[test]
fn an_apply_that_dies_anywhere_is_resumed_to_the_same_end() {
    dies_anywhere(with_group, |world, whole, _, death| {
        assert_eq!(in_ad(world), in_ad(whole), "{death:?}");
        assert!(is_synced(world), "{death:?}");
    });
}
