//! Roles of every kind: taken, given back with their terms, or forgone by name.

use super::{ADMIN, apply_saying, dies_anywhere, linked};
use crate::apply::event::What;
use crate::apply::options::Options;
use crate::apply::outcome::Ending;
use crate::apply::testing::*;
use crate::model::role::{GLOBAL_ADMINISTRATOR, RoleKind};
use crate::state::ledger::{Forgone, Standing};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// An administrator's link without any role yet.
const BARE: Spec = Spec { role: false, ..ADMIN };

/// So long after the world's beginning.
fn after(world: &World, minutes: i64) -> Timestamp {
    world.now.get().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// One of every kind for the first link.
fn every_kind(world: &World) {
    let (group, other) = (world.add_group("Tier 1", "users"), world.add_group("Tier 2", "groups"));
    let end = Some(after(world, 60 * 24 * 30));
    world.grant(cloud_id(0), "active");
    world.grant_as(cloud_id(0), "ending", RoleKind::Active, end);
    world.grant_as(cloud_id(0), "eligible", RoleKind::Eligible, end);
    world.grant_as(cloud_id(0), "eligible for good", RoleKind::Eligible, None);
    world.grant_as(cloud_id(0), "eligible", RoleKind::Activated, Some(after(world, 60 * 8)));
    world.join(group, cloud_id(0), RoleKind::Active, None);
    world.join(other, cloud_id(0), RoleKind::Eligible, end);
}

// rule: 3.6-eligible, 3.6-time-bound, 3.6-scope, 3.6-activated
#[test]
fn every_kind_comes_back_with_its_term_but_for_the_activation() {
    let world = World::new(&[BARE]);
    every_kind(&world);
    let mut before = world.held(0);
    assert!(before.iter().any(|held| held.contains("activated")) && before.len() == 7);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Complete, "{outcome:?}");
    before.retain(|held| !held.contains("activated"));
    assert_eq!(world.held(0), before);
    let [forgone] = outcome.forgone.as_slice() else { panic!("{:?}", outcome.forgone) };
    assert_eq!((&forgone.why, forgone.holding.kind()), (&Forgone::Activation, RoleKind::Activated));
    let first = world.writes.borrow()[0].clone();
    assert!(first.contains("activated"), "an activation goes before its eligibility: {first}");
    assert!(ledger.state.as_ref().unwrap().suspended_roles().is_empty());
    assert_eq!(ledger.reopened().state, ledger.state);
}

#[test]
fn an_undo_gives_every_kind_back_too() {
    let world = World::new(&[BARE]);
    every_kind(&world);
    let mut before = world.held(0);
    before.retain(|held| !held.contains("activated"));
    world.faults.borrow_mut().insert(7, Fault::Refused); // seven removals, then the alignment
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Partial);
    assert!(matches!(ledger.standing(0), Standing::RolledBack { .. }), "{:?}", ledger.standing(0));
    assert_eq!(world.held(0), before);
}

/// The only role that was forgone, and why; the link is formed all the same.
fn forgone(outcome: &crate::apply::outcome::ApplyOutcome) -> Forgone {
    assert_eq!(outcome.ending, Ending::Complete, "{outcome:?}");
    assert!(!outcome.resumable && outcome.links.values().all(linked));
    let [forgone] = outcome.forgone.as_slice() else { panic!("{:?}", outcome.forgone) };
    forgone.why.clone()
}

// rule: 3.6-time-bound
#[test]
fn a_role_whose_end_passed_meanwhile_is_not_given_back() {
    let world = World::new(&[ADMIN]);
    let roles = world.roles(0);
    let ends = world.now.get().checked_add(SignedDuration::from_secs(30)).unwrap();
    world.grant_as(cloud_id(0), "ending", RoleKind::Eligible, Some(ends));
    let mut ledger = Memory::default();
    let (outcome, said) = apply_saying(&world, &mut ledger, |_| ());
    assert_eq!(forgone(&outcome), Forgone::Ended { ends });
    assert_eq!(world.roles(0), roles, "the other one is back");
    assert!(said.iter().any(|what| matches!(what, What::RoleForgone { .. })));
    assert!(!world.writes.borrow().iter().any(|write| write.starts_with("give role ending")));
    assert_eq!(ledger.reopened().state, ledger.state);
}

/// Does something to the world once the first role is taken.
fn once_taken(world: &World, mut change: impl FnMut()) -> (crate::apply::outcome::ApplyOutcome, Memory) {
    let mut ledger = Memory::default();
    let mut done = false;
    let (outcome, _) = apply_saying(world, &mut ledger, |what| {
        if matches!(what, What::StepSucceeded { step, .. } if step.action.kind() == "align") && !done {
            done = true;
            change();
        }
    });
    (outcome, ledger)
}

#[test]
fn a_scope_deleted_meanwhile_is_a_named_ending() {
    let world = World::new(&[BARE]);
    world.grant(cloud_id(0), "helpdesk");
    world.inner.borrow_mut().roles.last_mut().unwrap().grant.directory_scope =
        Some("/administrativeUnits/7".to_owned());
    let (outcome, _) = once_taken(&world, || {
        world.inner.borrow_mut().deleted_scopes.insert("/administrativeUnits/7".to_owned());
    });
    assert!(matches!(forgone(&outcome), Forgone::Missing { what } if what.contains("/administrativeUnits/7")));
    assert!(world.held(0).is_empty());
}

#[test]
fn a_group_deleted_meanwhile_is_a_named_ending() {
    let world = World::new(&[BARE]);
    let group = world.add_group("Tier 1", "users");
    world.join(group, cloud_id(0), RoleKind::Active, None);
    let (outcome, ledger) = once_taken(&world, || world.inner.borrow_mut().groups.clear());
    assert!(matches!(forgone(&outcome), Forgone::Missing { what } if what.contains("Tier 1")));
    let state = ledger.state.as_ref().unwrap();
    assert!(state.suspended_roles().is_empty() && state.unfinished().is_none());
}

#[test]
fn a_role_that_somebody_gave_back_with_another_end_is_left_as_it_is() {
    let world = World::new(&[ADMIN]);
    let end = after(&world, 600);
    let mut ledger = Memory::default();
    // After the cycle, or the match would fail.
    let (outcome, _) = apply_saying(&world, &mut ledger, |what| {
        if matches!(what, What::StepSucceeded { step, .. } if step.action.kind() == "verify") {
            world.grant_as(cloud_id(0), "helpdesk", RoleKind::Active, Some(end));
        }
    });
    assert_eq!(forgone(&outcome), Forgone::OtherEnd { ends: Some(end) });
    assert_eq!(world.held(0).len(), 1);
}

#[test]
fn a_link_that_is_undone_forgoes_by_name_too() {
    let world = World::new(&[BARE]);
    let group = world.add_group("Tier 1", "users");
    world.join(group, cloud_id(0), RoleKind::Active, None);
    world.cycle.set(None);
    world.has_status.set(true);
    let (outcome, ledger) = once_taken(&world, || world.inner.borrow_mut().groups.clear());
    assert_eq!((outcome.ending, outcome.resumable), (Ending::Partial, false), "{outcome:?}");
    assert!(matches!(ledger.standing(0), Standing::RolledBack { .. }));
    assert!(matches!(outcome.forgone[0].why, Forgone::Missing { .. }));
}

#[test]
fn a_role_that_is_held_otherwise_by_now_is_not_taken() {
    let world = World::new(&[ADMIN]);
    let plan = world.plan();
    let end = after(&world, 600);
    world.inner.borrow_mut().roles.last_mut().unwrap().ends = Some(end);
    let mut ledger = Memory::default();
    apply_with(&world, &mut ledger, Options::default(), plan).0.unwrap();
    assert!(matches!(ledger.standing(0), Standing::Failed { why, .. } if why.contains("held otherwise")));
    assert!(world.writes.borrow().is_empty() && world.held(0).len() == 1);
}

// rule: 1.4-hard-role, 1.4-role-by-group
#[test]
fn whoever_is_given_a_role_before_the_cycle_is_not_matched() {
    for (spec, soft) in [(ADMIN, false), (Spec { role: false, ..ADMIN }, false), (super::SOFT, true)] {
        let world = World::new(&[spec]);
        let group = world.add_group("Tier 1", "users");
        let before = world.image();
        let (outcome, ledger) = once_taken(&world, || world.join(group, cloud_id(0), RoleKind::Eligible, None));
        assert_eq!(outcome.ending, Ending::Partial, "{outcome:?}");
        let Standing::RolledBack { why, .. } = ledger.standing(0) else { panic!("{:?}", ledger.standing(0)) };
        assert!(why.contains("Tier 1"), "{why}");
        assert_eq!(world.triggers.get(), 0, "no cycle was asked for");
        world.inner.borrow_mut().groups[0].members.clear();
        assert_eq!(world.image(), before, "soft: {soft}");
    }
}

#[test]
fn roles_that_cannot_be_read_before_the_cycle_undo_only_who_had_some() {
    let world = World::new(&[ADMIN, Spec { role: false, ..ADMIN }]);
    let (outcome, ledger) = once_taken(&world, || world.roles_unread.set(true));
    assert_eq!(outcome.ending, Ending::Stuck, "a role that cannot be read cannot be given back yet");
    assert!(linked(&ledger.standing(1)) && !linked(&ledger.standing(0)));
}

// rule: 3.6-last-administrator
#[test]
fn the_guard_counts_global_administrators_however_they_are_held() {
    let other = crate::model::id::ObjectId(uuid::Uuid::from_u128(1));
    let by_group = |world: &World| {
        let group = world.add_group("Admins", GLOBAL_ADMINISTRATOR);
        world.join(group, cloud_id(0), RoleKind::Active, None);
    };
    let eligible = |world: &World| drop(world.grant_as(cloud_id(0), GLOBAL_ADMINISTRATOR, RoleKind::Eligible, None));
    for give in [by_group as fn(&World), eligible] {
        let world = World::new(&[BARE]);
        give(&world);
        let plan = world.plan();
        // One of the two others is only eligible by now: it does not count.
        let make_eligible = |role: &mut crate::model::role::RoleAssignment| role.kind = RoleKind::Eligible;
        world.inner.borrow_mut().roles.iter_mut().filter(|role| role.principal == other).for_each(make_eligible);
        let mut ledger = Memory::default();
        apply_with(&world, &mut ledger, Options::default(), plan).0.unwrap();
        assert!(matches!(ledger.standing(0), Standing::Failed { why, .. } if why.contains("min_global_admins")));
        assert!(world.writes.borrow().is_empty());
    }
}

#[test]
fn an_apply_with_every_kind_that_dies_anywhere_is_resumed_to_the_same_end() {
    let make = || {
        let world = World::new(&[BARE]);
        every_kind(&world);
        let soon = world.now.get().checked_add(SignedDuration::from_secs(20)).unwrap();
        world.grant_as(cloud_id(0), "soon over", RoleKind::Active, Some(soon));
        world
    };
    let (outcome, _) = dies_anywhere(make, |world, whole, ledger, death| {
        let state = ledger.state.as_ref().unwrap();
        assert!(state.suspended_roles().is_empty() && state.unfinished().is_none(), "{death:?}");
        assert_eq!(world.held(0), whole.held(0), "{death:?}");
    });
    assert_eq!(outcome.forgone.len(), 2);
}

/// A random holding: a role or a membership, how, and how many minutes it lasts.
fn holding() -> impl Strategy<Value = (bool, u8, RoleKind, Option<i64>)> {
    let kind = prop_oneof![Just(RoleKind::Active), Just(RoleKind::Eligible), Just(RoleKind::Activated)];
    (any::<bool>(), 0..4_u8, kind, prop::option::of(prop_oneof![Just(0_i64), Just(1), Just(600), Just(60 * 24 * 400)]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Suspend, match, restore: the same rights as before, but for activations and what has ended meanwhile.
    #[test]
    fn everything_comes_back_but_activations_and_what_has_ended(
        holdings in prop::collection::btree_map((any::<bool>(), 0..4_u8), holding(), 0..7),
        faults in prop::collection::btree_map(0..12_usize, prop_oneof![Just(Fault::Before), Just(Fault::After)], 0..3),
    ) {
        let world = World::new(&[BARE]);
        let groups: Vec<_> = (0..4).map(|n| world.add_group(&format!("Tier {n}"), "users")).collect();
        for ((through, n), (.., kind, minutes)) in holdings {
            let ends = minutes.map(|minutes| after(&world, minutes));
            if through {
                world.join(groups[usize::from(n)], cloud_id(0), kind, ends);
            } else {
                world.grant_as(cloud_id(0), &format!("role {n}"), kind, ends);
            }
        }
        let before = world.held_by(cloud_id(0));
        *world.faults.borrow_mut() = faults;
        let mut ledger = Memory::default();
        let outcome = apply(&world, &mut ledger);
        prop_assert_eq!(outcome.ending, Ending::Complete);
        let now = world.now.get();
        let wanted: BTreeSet<String> =
            before.iter().filter(|held| held.comes_back() && !held.is_over(now)).map(ToString::to_string).collect();
        prop_assert_eq!(world.held(0), wanted);
        prop_assert!(ledger.state.as_ref().unwrap().suspended_roles().is_empty());
        prop_assert_eq!(&ledger.reopened().state, &ledger.state);
    }
}
