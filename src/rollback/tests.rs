//! Going back: to the same bytes, never over somebody else's work, never past the cycle.

mod lost;

use super::drift::drift;
use super::plan::{ALLOW_ROLE_GRANTS, RollbackError, RollbackInput, Target, plan_rollback};
use crate::apply::event::What;
use crate::apply::executor;
use crate::apply::options::{Fresh, Options, Ports};
use crate::apply::outcome::Ending;
use crate::apply::testing::*;
use crate::model::id::ApplyId;
use crate::model::role::RoleKind;
use crate::plan::document::Plan;
use crate::plan::step::Action;
use crate::rules::finding::{FindingCode, Severity};
use crate::state::ledger::Standing;
use proptest::prelude::*;
use std::collections::BTreeSet;

const HARD: Spec = Spec { hard: true, role: false, staged: false, wave: 1 };
const ADMIN: Spec = Spec { role: true, staged: true, ..HARD };

fn plan(world: &World, ledger: &Memory, target: &Target, allow: &[&str]) -> Result<Plan, RollbackError> {
    plan_with(world, ledger, target, allow, false)
}

fn plan_with(
    world: &World,
    ledger: &Memory,
    target: &Target,
    allow: &[&str],
    skip_blocked: bool,
) -> Result<Plan, RollbackError> {
    let allow: BTreeSet<String> = allow.iter().map(ToString::to_string).collect();
    plan_rollback(&RollbackInput {
        state: ledger.state.as_ref().unwrap(),
        target,
        snapshot: &world.snapshot(),
        settings: &world.settings.borrow(),
        config_digest: "",
        tool_version: "test",
        now: world.now.get(),
        allow: &allow,
        skip_blocked,
    })
}

fn codes(plan: &Plan, severity: Severity) -> Vec<FindingCode> {
    plan.findings.iter().filter(|f| f.severity == severity).map(|f| f.code).collect()
}

/// Applies until `stop_at` says so, and leaves the apply interrupted.
fn interrupted(world: &World, ledger: &mut Memory, stop_at: impl Fn(&What) -> bool) -> Ending {
    let options = Options::default();
    let stop = options.stop.clone();
    let ports = Ports { directories: world, sync: world, clock: world };
    let fresh = Fresh { id: ApplyId("first".to_owned()), lineage: "test".to_owned(), plan: world.plan() };
    let events = |event: crate::apply::event::Event| {
        if stop_at(&event.what) {
            stop.request();
        }
    };
    block_on(executor::apply(ports, ledger, options, fresh, events)).unwrap().ending
}

fn before_cycle(what: &What) -> bool {
    matches!(what, What::CycleAsked { .. })
}

fn roll_back(world: &World, ledger: &mut Memory, target: &Target) -> Ending {
    let plan = plan(world, ledger, target, &[ALLOW_ROLE_GRANTS]).unwrap();
    assert!(!plan.is_blocked(), "{:?}", plan.findings);
    apply_with(world, ledger, Options::default(), plan).0.unwrap().ending
}

#[test]
fn before_the_cycle_everything_comes_back_byte_equal_and_the_apply_is_closed() {
    let world = World::new(&[HARD, ADMIN]);
    world.cycle.set(None);
    let before = world.image();
    let mut ledger = Memory::default();
    assert_eq!(interrupted(&world, &mut ledger, before_cycle), Ending::Interrupted);
    assert_ne!(world.image(), before);
    assert_eq!(roll_back(&world, &mut ledger, &Target::Latest), Ending::Complete);
    assert_eq!(world.image(), before);
    let state = ledger.state.as_ref().unwrap();
    assert!(state.unfinished().is_none() && state.suspended_roles().is_empty());
    assert!(state.applies[0].links.values().all(|l| matches!(l.standing, Standing::RolledBack { .. })));
    assert_eq!(plan(&world, &ledger, &Target::Latest, &[]), Err(RollbackError::Nothing));
    assert_eq!(ledger.reopened().state.as_ref(), Some(state));
}

#[test]
fn the_steps_go_back_in_reverse_order_and_name_no_role_data() {
    let world = World::new(&[ADMIN]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    interrupted(&world, &mut ledger, before_cycle);
    let plan = plan(&world, &ledger, &Target::Latest, &[ALLOW_ROLE_GRANTS]).unwrap();
    let kinds: Vec<_> = plan.steps.iter().map(|s| s.action.kind()).collect();
    assert_eq!(kinds, ["move", "anchor", "align", "restore"]);
    assert!(plan.steps.is_sorted_by_key(|s| s.id.clone()));
    assert_eq!((plan.counts.roles_restored, plan.counts.links), (1, 1));
}

#[test]
fn roles_are_granted_only_by_name() {
    let world = World::new(&[ADMIN]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    interrupted(&world, &mut ledger, before_cycle);
    let refused = plan(&world, &ledger, &Target::Latest, &[]).unwrap();
    assert_eq!(codes(&refused, Severity::Error), [FindingCode::RoleGrant]);
    assert!(refused.is_blocked() && refused.steps.is_empty());
    let granted = plan(&world, &ledger, &Target::Latest, &[ALLOW_ROLE_GRANTS]).unwrap();
    assert_eq!(codes(&granted, Severity::Info), [FindingCode::RoleGrant]);
}

#[test]
fn what_others_changed_since_is_left_alone() {
    let world = World::new(&[HARD, HARD]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    interrupted(&world, &mut ledger, before_cycle);
    world.edit_ad(0, |u| u.mail = Some("new@corp.test".to_owned()));
    let refused = plan(&world, &ledger, &Target::Latest, &[]).unwrap();
    assert_eq!(codes(&refused, Severity::Error), [FindingCode::ChangedSince]);
    let link = Target::Link(link_id(1));
    assert_eq!(roll_back(&world, &mut ledger, &link), Ending::Complete);
    assert_eq!(world.cloud(1).immutable_id, None);
    let rest = plan_with(&world, &ledger, &Target::Latest, &[], true).unwrap();
    assert!(!rest.is_blocked());
    assert_eq!(rest.steps.iter().map(|s| s.action.kind()).collect::<Vec<_>>(), ["anchor"]);
}

#[test]
fn after_the_cycle_a_rollback_is_refused_with_what_is_still_possible() {
    let world = World::new(&[HARD]);
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Complete);
    let refused = plan(&world, &ledger, &Target::Latest, &[]).unwrap();
    assert_eq!(codes(&refused, Severity::Error), [FindingCode::PointOfNoReturn]);
    assert!(refused.findings[0].help.starts_with("Still possible"));
    assert!(refused.steps.is_empty());
    let skipped = plan_with(&world, &ledger, &Target::Latest, &[], true).unwrap();
    assert_eq!((skipped.is_blocked(), skipped.skipped), (false, vec![link_id(0)]));
}

#[test]
fn roles_that_are_missing_on_a_formed_link_can_still_be_given_back() {
    let world = World::new(&[ADMIN]);
    world.faults.borrow_mut().insert(4, Fault::Refused);
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Stuck);
    let rescue = plan(&world, &ledger, &Target::Latest, &[ALLOW_ROLE_GRANTS]).unwrap();
    assert_eq!(codes(&rescue, Severity::Warning), [FindingCode::PointOfNoReturn]);
    assert!(matches!(rescue.steps.as_slice(), [one] if matches!(one.action, Action::Restore { .. })));
    apply_with(&world, &mut ledger, Options::default(), rescue).0.unwrap();
    assert_eq!(world.roles(0).len(), 1);
    assert!(ledger.state.as_ref().unwrap().suspended_roles().is_empty());
}

#[test]
fn a_rollback_can_be_rolled_back() {
    let world = World::new(&[HARD, ADMIN]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    let before = world.image();
    interrupted(&world, &mut ledger, before_cycle);
    let applied = world.image();
    roll_back(&world, &mut ledger, &Target::Latest);
    let first = ledger.state.as_ref().unwrap().last_apply().unwrap().id.clone();
    assert_eq!(roll_back(&world, &mut ledger, &Target::Apply(first)), Ending::Complete);
    assert_eq!(world.image(), applied);
    let second = ledger.state.as_ref().unwrap().last_apply().unwrap().id.clone();
    assert_eq!(roll_back(&world, &mut ledger, &Target::Apply(second)), Ending::Complete);
    assert_eq!(world.image(), before);
}

/// Every way to hold a role comes back as it was: scope, kind, end; and what has ended meanwhile stays ended.
#[test]
fn roles_come_back_with_scope_kind_and_end_and_an_ended_one_does_not() {
    let world = World::new(&[Spec { role: false, ..ADMIN }]);
    world.cycle.set(None);
    let soon = world.now.get() + jiff::SignedDuration::from_hours(1);
    let late = world.now.get() + jiff::SignedDuration::from_hours(1000);
    let group = world.add_group("Tier 1", "helpdesk");
    world.grant_as(cloud_id(0), "eligible", RoleKind::Eligible, Some(late));
    world.grant_as(cloud_id(0), "timed", RoleKind::Active, Some(late));
    world.grant_as(cloud_id(0), "ended", RoleKind::Active, Some(soon));
    world.grant(cloud_id(0), "scoped");
    world.inner.borrow_mut().roles.last_mut().unwrap().grant.directory_scope =
        Some("/administrativeUnits/1".to_owned());
    world.join(group, cloud_id(0), RoleKind::Active, Some(late));
    let before = world.held(0);
    assert_eq!(before.len(), 5);
    let mut ledger = Memory::default();
    interrupted(&world, &mut ledger, before_cycle);
    assert!(world.held(0).is_empty());
    world.now.set(soon);
    let back = plan(&world, &ledger, &Target::Latest, &[ALLOW_ROLE_GRANTS]).unwrap();
    let said = back.findings.iter().find(|finding| finding.message.contains("is not given back")).unwrap();
    assert!(said.message.contains("role ended") && said.message.contains("passed meanwhile"), "{}", said.message);
    apply_with(&world, &mut ledger, Options::default(), back).0.unwrap();
    let ended = |held: &&String| held.contains("role ended");
    assert_eq!(world.held(0), before.iter().filter(|held| !ended(held)).cloned().collect());
    let state = ledger.state.as_ref().unwrap();
    assert!(state.suspended_roles().is_empty() && state.unfinished().is_none());
}

#[test]
fn a_rollback_that_dies_anywhere_is_resumed_to_the_same_end() {
    let make = || {
        let world = World::new(&[HARD, ADMIN]);
        world.cycle.set(None);
        let mut ledger = Memory::default();
        let before = world.image();
        interrupted(&world, &mut ledger, before_cycle);
        (world, ledger.reopened(), before)
    };
    let (world, mut ledger, _) = make();
    let start = ledger.records;
    roll_back(&world, &mut ledger, &Target::Latest);
    for death in (start + 1..ledger.records).flat_map(|n| [(n, false), (n, true)]) {
        let (world, mut dying, before) = make();
        let rollback = plan(&world, &dying, &Target::Latest, &[ALLOW_ROLE_GRANTS]).unwrap();
        dying.dies_at = Some(death);
        assert!(apply_with(&world, &mut dying, Options::default(), rollback).0.is_err(), "{death:?}");
        let mut ledger = dying.reopened();
        if ledger.state.as_ref().unwrap().unfinished().is_some() {
            assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete, "{death:?}");
        }
        assert_eq!(world.image(), before, "{death:?}");
        assert!(ledger.state.as_ref().unwrap().unfinished().is_none(), "{death:?}");
    }
}

/// Instead of being resumed, an apply that died anywhere before the cycle can be rolled back.
#[test]
fn an_apply_that_died_anywhere_before_the_cycle_can_be_rolled_back() {
    let world = World::new(&[HARD, ADMIN]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    interrupted(&world, &mut ledger, before_cycle);
    let records = ledger.records;
    assert!(records > 12);
    for death in (2..records).flat_map(|n| [(n, false), (n, true)]) {
        let world = World::new(&[HARD, ADMIN]);
        world.cycle.set(None);
        let before = world.image();
        let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
        assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
        let mut ledger = dying.reopened();
        assert_eq!(roll_back(&world, &mut ledger, &Target::Latest), Ending::Complete, "{death:?}");
        assert_eq!(world.image(), before, "{death:?}");
        assert!(ledger.state.as_ref().unwrap().unfinished().is_none(), "{death:?}");
        assert!(ledger.state.as_ref().unwrap().suspended_roles().is_empty(), "{death:?}");
    }
}

#[test]
fn drift_names_what_differs() {
    let world = World::new(&[HARD, HARD]);
    let mut ledger = Memory::default();
    apply(&world, &mut ledger);
    let state = ledger.state.clone().unwrap();
    world.edit_cloud(0, |u| u.upn = "user0@corp.test".into());
    assert_eq!(drift(&state, &world.snapshot()), []);
    world.edit_cloud(0, |u| u.sync_enabled = None);
    world.edit_ad(0, |u| u.proxy_addresses.insert("smtp:more@corp.test".into()));
    let found = drift(&state, &world.snapshot());
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].what,
        ["the cloud user is not synced any more", "the address smtp:more@corp.test is in AD only"]
    );
}

fn spec() -> impl Strategy<Value = Spec> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 1..3_u32).prop_map(|(hard, role, staged, wave)| Spec {
        hard,
        role,
        staged,
        wave,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the links, wherever the person stops, whichever answers are lost: rollback ∘ apply is the identity, to
    /// the byte, as long as no cycle ran.
    #[test]
    fn rolling_back_before_the_cycle_is_the_identity(
        specs in prop::collection::vec(spec(), 1..5),
        stop_after in 1..24_usize,
        faults in prop::collection::btree_map(0..20_usize, prop_oneof![Just(Fault::Before), Just(Fault::After)], 0..3),
    ) {
        let world = World::new(&specs);
        world.cycle.set(None);
        for n in 0..specs.len() {
            world.edit_ad(n, |u| u.proxy_addresses.insert(format!("SIP:User{n}@Corp.Test").as_str().into()));
        }
        // The cloud has the address too, or the alignment would drop it.
        let before = world.image();
        *world.faults.borrow_mut() = faults;
        let mut ledger = Memory::default();
        let count = std::cell::Cell::new(0);
        interrupted(&world, &mut ledger, |what| {
            count.set(count.get() + 1);
            count.get() >= stop_after || before_cycle(what)
        });
        world.faults.borrow_mut().clear();
        prop_assert_eq!(roll_back(&world, &mut ledger, &Target::Latest), Ending::Complete);
        prop_assert_eq!(world.image(), before);
        let state = ledger.state.as_ref().unwrap();
        prop_assert!(state.unfinished().is_none());
        prop_assert_eq!(&ledger.reopened().state, &ledger.state);
    }
}

/// A link that is stuck since others have changed what we wrote is at its end once a person goes on without it.
#[test]
fn what_others_changed_can_be_left_to_them() {
    let world = World::new(&[HARD]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    interrupted(&world, &mut ledger, before_cycle);
    let theirs = crate::model::anchor::ImmutableId("somebody@else".to_owned());
    world.edit_cloud(0, |u| u.immutable_id = Some(theirs.clone()));
    let rest = plan_with(&world, &ledger, &Target::Latest, &[], true).unwrap();
    assert_eq!(apply_with(&world, &mut ledger, Options::default(), rest).0.unwrap().ending, Ending::Complete);
    assert_eq!(world.cloud(0).immutable_id, Some(theirs), "never overwritten");
    let state = ledger.state.as_ref().unwrap();
    assert!(state.unfinished().is_none(), "nothing stands in the way of a new apply");
    assert_eq!(ledger.reopened().state.as_ref(), Some(state));
}
