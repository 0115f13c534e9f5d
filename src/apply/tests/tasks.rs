//! Tasks, and the match window: done, undone, resumed, and closed whatever happens.

use super::*;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::reference::EntraRef;
use crate::plan::document::Plan;
use crate::plan::step::{Action, Undo};
use crate::plan::task::WINDOW;
use crate::state::ledger::Standing;

const SWITCH: SyncFeature = SyncFeature::BlockSoftMatch;
const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAQ==";

fn with_window(world: &World) {
    world.inner.borrow_mut().switches.insert(SWITCH, true);
    let open = Action::Switch { feature: SWITCH, expects: true, sets: false };
    world.tasks.borrow_mut().push((WINDOW, vec![(open, Undo::Inverse)]));
}

fn user(world: &World, n: usize) -> EntraRef {
    EntraRef::from(&world.cloud(n))
}

fn amend(world: &World, n: usize, attribute: EntraAttribute, from: Option<&str>, to: Option<&str>) -> Action {
    let (expects, sets) = (from.map(str::to_owned), to.map(str::to_owned));
    Action::Amend { user: user(world, n), changes: vec![EntraChange { attribute, expects, sets }] }
}

fn task(ledger: &Memory, id: &str) -> Standing {
    ledger.state.as_ref().unwrap().last_apply().unwrap().tasks[&id.into()].standing.clone()
}

/// A world with a task of each kind that has a way back.
fn busy() -> World {
    let world = World::new(&[STAGED, SOFT]);
    with_window(&world);
    // One attribute that a snapshot shows, and one that it does not.
    world.edit_cloud(1, |user| user.immutable_id = Some(ImmutableId(OLD.to_owned())));
    world.inner.borrow_mut().residues.insert((cloud_id(1), EntraAttribute::SamAccountName), "old".to_owned());
    let cleared = |attribute, value: &str| EntraChange { attribute, expects: Some(value.to_owned()), sets: None };
    let changes = vec![cleared(EntraAttribute::ImmutableId, OLD), cleared(EntraAttribute::SamAccountName, "old")];
    let clear = Action::Amend { user: user(&world, 1), changes };
    let on = Action::Switch { feature: SyncFeature::DirectoryExtensions, expects: false, sets: true };
    world.inner.borrow_mut().switches.insert(SyncFeature::DirectoryExtensions, false);
    let mut tasks = world.tasks.borrow_mut();
    tasks.push(("unlink/1", vec![(clear, Undo::Inverse)]));
    tasks.push(("tenant/x", vec![(on, Undo::Inverse)]));
    drop(tasks);
    world
}

#[test]
fn the_window_is_open_for_the_cycle_and_closed_after_it() {
    let world = World::new(&[SOFT]);
    with_window(&world);
    let mut ledger = Memory::default();
    let mut during = Vec::new();
    let (outcome, _) = apply_saying(&world, &mut ledger, |what| match what {
        What::StepSucceeded { step, .. } if step.action.kind() == "align" => during.push(world.switch(SWITCH)),
        What::CycleAsked { .. } => during.push(world.switch(SWITCH)),
        _ => {}
    });
    assert_eq!(outcome.ending, Ending::Complete);
    assert_eq!(during[..2], [true, false], "closed while links are prepared, open for the cycle");
    assert!(world.switch(SWITCH) && matches!(task(&ledger, WINDOW), Standing::Done { .. }));
}

#[test]
fn no_cycle_and_a_failed_link_close_it_too() {
    for (cycle, fault) in [(None, None), (Some(jiff::SignedDuration::from_secs(60)), Some(0))] {
        let world = World::new(&[SOFT]);
        with_window(&world);
        world.cycle.set(cycle);
        world.faults.borrow_mut().extend(fault.map(|at| (at, Fault::Refused)));
        let mut ledger = Memory::default();
        let outcome = apply(&world, &mut ledger);
        assert_ne!(outcome.ending, Ending::Complete);
        assert!(world.switch(SWITCH), "{outcome:?}");
    }
}

#[test]
fn a_window_that_was_open_before_stays_open() {
    let world = World::new(&[SOFT]);
    with_window(&world);
    let plan = world.plan();
    world.inner.borrow_mut().switches.insert(SWITCH, false);
    let mut ledger = Memory::default();
    assert_eq!(apply_with(&world, &mut ledger, Options::default(), plan).0.unwrap().ending, Ending::Complete);
    assert!(!world.switch(SWITCH), "somebody else opened it, and it is not ours to close");
}

#[test]
fn a_window_that_cannot_be_closed_is_stuck_until_it_is() {
    let world = World::new(&[SOFT]);
    with_window(&world);
    let mut ledger = Memory::default();
    apply(&world, &mut ledger);
    let last = world.writes.borrow().len() - 1;
    assert!(world.writes.borrow()[last].starts_with("switch"), "{:?}", world.writes.borrow());

    let world = World::new(&[SOFT]);
    with_window(&world);
    world.faults.borrow_mut().insert(last, Fault::Refused);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!((outcome.ending, outcome.resumable), (Ending::Stuck, true));
    let open: Vec<_> = ledger.state.as_ref().unwrap().last_apply().unwrap().open_window().collect();
    assert_eq!(open, [SWITCH]);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert!(world.switch(SWITCH));
}

#[test]
fn tasks_and_window_that_die_anywhere_are_resumed_to_the_same_end() {
    dies_anywhere(busy, |world, whole, _, death| {
        assert_eq!(world.inner.borrow().switches, whole.inner.borrow().switches, "{death:?}");
        assert_eq!(world.inner.borrow().residues, whole.inner.borrow().residues, "{death:?}");
    });
}

/// The law of going back, for tasks: and dying at every record before.
#[test]
fn rolling_back_tasks_is_the_identity_from_wherever_an_apply_died() {
    let before = busy();
    let mut ledger = Memory::default();
    apply(&busy(), &mut ledger);
    // With the record, and without it: then only the directories show whether its write was made.
    for death in (2..ledger.records).flat_map(|at| [(at, true), (at, false)]) {
        let world = busy();
        // No cycle comes, so that links can go back, too.
        world.cycle.set(None);
        let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
        drop(apply_with(&world, &mut dying, Options::default(), world.plan()));
        let mut ledger = dying.reopened();
        let Some(plan) = rollback_plan(&world, &ledger) else { continue };
        assert!(!plan.is_blocked(), "{death:?}: {:?}", plan.findings);
        let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ending, Ending::Complete, "{death:?}: {outcome:?}");
        assert_eq!(world.inner.borrow().switches, before.inner.borrow().switches, "{death:?}");
        assert_eq!(world.inner.borrow().residues, before.inner.borrow().residues, "{death:?}");
        assert_eq!(world.cloud(1), before.cloud(1), "{death:?}");
        assert_eq!(ledger.state.as_ref().unwrap().applies[0].open_window().next(), None, "{death:?}");
    }
}

pub(super) fn rollback_plan(world: &World, ledger: &Memory) -> Option<Plan> {
    use crate::rollback::plan::{RollbackInput, Target, plan_rollback};
    plan_rollback(&RollbackInput {
        state: ledger.state.as_ref()?,
        target: &Target::Latest,
        snapshot: &world.snapshot(),
        settings: &world.settings.borrow(),
        config_digest: "",
        tool_version: "test",
        now: world.now.get(),
        allow: &std::collections::BTreeSet::new(),
        skip_blocked: false,
    })
    .ok()
}

#[test]
fn a_task_whose_value_others_changed_writes_nothing_and_harms_no_link() {
    let world = World::new(&[SOFT, HARD]);
    let clear = amend(&world, 1, EntraAttribute::DomainName, Some("corp.test"), None);
    world.tasks.borrow_mut().push(("unlink/1", vec![(clear, Undo::Inverse)]));
    let plan = world.plan();
    world.inner.borrow_mut().residues.insert((cloud_id(1), EntraAttribute::DomainName), "other.test".to_owned());
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Partial);
    let Standing::RolledBack { why, .. } = task(&ledger, "unlink/1") else { panic!("{:?}", task(&ledger, "unlink/1")) };
    assert!(why.contains("other.test"), "{why}");
    assert!(linked(&ledger.standing(0)) && linked(&ledger.standing(1)));
}

/// Delete, delete for good, and restore: what can go back does, and what cannot is never counted as standing.
#[test]
fn who_is_deleted_for_good_does_not_come_back_and_nothing_waits_for_it() {
    let world = World::new(&[SOFT]);
    let rival = world.next_cloud_id();
    world.add_rival(0);
    let user = EntraRef { id: rival, upn: "rival@corp.test".into() };
    let place = |from, to| Action::Place { user: user.clone(), from, to, upn: None };
    let never = Undo::Never { reason: "a test".to_owned() };
    let delete = (place(Presence::Live, Presence::RecycleBin), Undo::Inverse);
    let purge = (place(Presence::RecycleBin, Presence::Gone), never);
    world.tasks.borrow_mut().push(("deleted/rival", vec![delete, purge]));
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Complete);
    assert_eq!(world.writes.borrow().iter().filter(|write| write.starts_with("place")).count(), 2);
    let plan = rollback_plan(&world, &ledger).expect("the link is formed, so there is a plan that says so");
    assert!(plan.steps.iter().all(|step| step.action.kind() != "revive"), "{:?}", plan.steps);
    assert!(plan.findings.iter().any(|finding| finding.message.contains("cannot be undone")), "{:?}", plan.findings);
}

/// A name that is another for a moment goes back also if the write in between is refused.
#[test]
fn a_detour_ends_where_it_began() {
    for refused in [None, Some(1), Some(2)] {
        let world = World::new(&[Spec { wave: 1, ..HARD }]);
        let own = world.cloud(0).upn.to_string();
        let mut plan = world.plan();
        let at = plan.steps.iter().position(|step| step.action.kind() == "anchor").unwrap();
        let step = |n: &str, action| crate::plan::step::Step {
            id: format!("01-{n}-amend").into(),
            wave: 1,
            link: Some(link_id(0)),
            action,
            undo: Undo::Inverse,
        };
        let upn = EntraAttribute::UserPrincipalName;
        plan.steps.insert(at, step("there", amend(&world, 0, upn, Some(&own), Some("moment@corp.test"))));
        plan.steps.insert(at + 2, step("back", amend(&world, 0, upn, Some("moment@corp.test"), Some(&own))));
        let aligned = plan.steps[..at].iter().filter(|step| step.action.writes()).count();
        world.faults.borrow_mut().extend(refused.map(|n| (aligned + n, Fault::Refused)));
        let mut ledger = Memory::default();
        let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ending == Ending::Complete, refused.is_none(), "{refused:?}: {outcome:?}");
        assert_eq!(world.cloud(0).upn.as_str(), own, "{refused:?}");
    }
}

#[test]
fn the_pilot_goes_first_and_the_others_wait() {
    let world = World::new(&[Spec { wave: 1, ..STAGED }, Spec { wave: 2, ..STAGED }]);
    world.selection.borrow_mut().pilot = Some(1);
    let mut ledger = Memory::default();
    let options = Options { pilot_only: true, ..Options::default() };
    let (outcome, _) = apply_with(&world, &mut ledger, options, world.plan());
    let outcome = outcome.unwrap();
    assert!(outcome.pilot_through && outcome.resumable, "{outcome:?}");
    assert!(linked(&ledger.standing(0)) && ledger.standing(1) == Standing::Waiting);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert!(linked(&ledger.standing(1)));
}
