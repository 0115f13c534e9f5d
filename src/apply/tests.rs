//! Every ending of a link; in [`resuming`] every place where an apply can die.

mod arriving;
mod kinds;
mod meanwhile;
mod on_demand;
mod resuming;
mod tasks;

use super::event::What;
use super::options::{OnFailure, Options};
use super::outcome::{ApplyOutcome, Ending};
use super::testing::*;
use crate::config::settings::{Command, Hold, OnTimeout};
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::attribute::AdAttribute;
use crate::model::role::GLOBAL_ADMINISTRATOR;
use crate::plan::step::Action;
use crate::rules::aftermath::{Aftermath, Seen};
use crate::state::ledger::{Standing, StepStatus};

const SOFT: Spec = Spec { hard: false, role: false, staged: false, wave: 1 };
const HARD: Spec = Spec { hard: true, ..SOFT };
const STAGED: Spec = Spec { hard: true, staged: true, ..SOFT };
const ADMIN: Spec = Spec { hard: true, role: true, staged: true, wave: 2 };

fn linked(standing: &Standing) -> bool {
    matches!(standing, Standing::Linked { .. })
}

/// Dies at every record of the journal, before and after it became durable, then resumes. `check` gets each world that was
/// resumed, the one of an apply that nothing interrupted, the ledger, and where it died. Returns what came of that apply, and
/// how many records it made.
fn dies_anywhere(
    make: impl Fn() -> World,
    check: impl Fn(&World, &World, &Memory, (usize, bool)),
) -> (ApplyOutcome, usize) {
    let whole = make();
    let mut ledger = Memory::default();
    let outcome = apply(&whole, &mut ledger);
    assert_eq!(outcome.ending, Ending::Complete, "{outcome:?}");
    let records = ledger.records;
    for death in (2..records).flat_map(|n| [(n, false), (n, true)]) {
        let world = make();
        let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
        assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err(), "{death:?}");
        let mut ledger = dying.reopened();
        if ledger.state.as_ref().unwrap().unfinished().is_some() {
            let outcome = resume(&world, &mut ledger).unwrap();
            assert_eq!(outcome.ending, Ending::Complete, "{death:?}: {outcome:?}");
        }
        check(&world, &whole, &ledger, death);
    }
    (outcome, records)
}

/// Applies the world's plan and tells `hear` everything that is said, as it is said.
fn apply_saying(
    world: &World,
    ledger: &mut Memory,
    mut hear: impl FnMut(&What),
) -> (super::outcome::ApplyOutcome, Vec<What>) {
    let mut said = Vec::new();
    let ports = super::options::Ports { directories: world, sync: world, clock: world };
    let fresh = super::options::Fresh { id: "apply-0".into(), lineage: "test".to_owned(), plan: world.plan() };
    let outcome = block_on(super::executor::apply(ports, ledger, Options::default(), fresh, |event| {
        hear(&event.what);
        said.push(event.what);
    }));
    (outcome.unwrap(), said)
}

fn with_hold(world: &World) {
    let command = Command::try_from(vec!["hold".to_owned()]).unwrap();
    world.settings.borrow_mut().sync.hold = Some(Hold { hold: command.clone(), release: command });
}

// rule: 3.6-journal
#[test]
fn all_kinds_of_links_are_formed_and_roles_come_back() {
    let world = World::new(&[SOFT, HARD, STAGED, ADMIN]);
    with_hold(&world);
    let roles = world.roles(3);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Complete, "{outcome:?}");
    assert!(!outcome.resumable && outcome.links.values().all(linked));
    assert_eq!(world.roles(3), roles);
    assert!(!world.held.get());
    assert_eq!(world.ad(0).proxy_addresses.to_strings(), ["SMTP:user0@corp.test", "smtp:User0.old@corp.test"]);
    let state = ledger.state.as_ref().unwrap();
    assert!(state.unfinished().is_none() && state.suspended_roles().is_empty());
    assert_eq!(ledger.reopened().state.as_ref(), Some(state), "the ledger is the fold of the journal");
    assert!(ledger.sheets[0].contains("roleManagement/directory/roleAssignments"));
}

#[test]
fn applying_to_what_is_already_as_wanted_writes_nothing_and_owns_nothing() {
    let world = World::new(&[HARD]);
    let plan = world.plan();
    world.edit_cloud(0, |u| u.immutable_id = Some(Anchor::from_guid(guid(0)).into()));
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Complete);
    assert_eq!(*world.writes.borrow(), ["align corp\\user0"]);
    let record = &ledger.state.as_ref().unwrap().applies[0];
    let anchor = record.steps.iter().find(|s| s.step.action.kind() == "anchor").unwrap();
    assert!(!anchor.stands() && matches!(anchor.status, StepStatus::Succeeded { .. }));
}

#[test]
fn a_value_that_somebody_else_changed_takes_only_its_link_out() {
    let world = World::new(&[HARD, HARD]);
    let plan = world.plan();
    world.edit_ad(0, |u| u.mail = Some("other@corp.test".to_owned()));
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Partial);
    assert!(matches!(ledger.standing(0), Standing::Failed { why, .. } if why.contains("other@corp.test")));
    assert!(linked(&ledger.standing(1)));
    assert_eq!(world.ad(0).mail.as_deref(), Some("other@corp.test"));
    assert_eq!(world.cloud(0).immutable_id, None);
}

#[test]
fn an_administrators_failure_is_undone_at_once() {
    let world = World::new(&[ADMIN]);
    let before = world.image();
    world.faults.borrow_mut().insert(2, Fault::Refused); // 0 take, 1 align, 2 anchor
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Partial);
    assert!(matches!(ledger.standing(0), Standing::RolledBack { why, .. } if why.contains("insufficient rights")));
    assert_eq!(world.image(), before);
    assert_eq!(world.triggers.get(), 0);
}

#[test]
fn roles_that_do_not_come_back_leave_the_link_stuck_and_a_resume_tries_again() {
    let world = World::new(&[ADMIN]);
    let roles = world.roles(0);
    world.faults.borrow_mut().insert(4, Fault::Refused); // take, align, anchor, move, give
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Stuck);
    assert!(matches!(ledger.standing(0), Standing::Stuck { next, .. } if next.contains("restore.txt")));
    assert_eq!(ledger.state.as_ref().unwrap().suspended_roles().len(), 1);
    let mut ledger = ledger.reopened();
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert_eq!(world.roles(0), roles);
}

#[test]
fn a_lost_answer_is_read_before_anything_is_repeated() {
    for (n, fault) in (0..5).flat_map(|n| [(n, Fault::Before), (n, Fault::After)]) {
        let world = World::new(&[ADMIN]);
        let roles = world.roles(0);
        world.faults.borrow_mut().insert(n, fault);
        let outcome = apply(&world, &mut Memory::default());
        assert_eq!(outcome.ending, Ending::Complete, "write {n} {fault:?}");
        assert_eq!(world.roles(0), roles);
        let expected = if fault == Fault::Before { 6 } else { 5 };
        assert_eq!(world.writes.borrow().len(), expected, "write {n} {fault:?}: {:?}", world.writes.borrow());
    }
}

#[test]
fn without_a_cycle_a_busy_or_silent_engine_leaves_links_stuck_and_nothing_undone() {
    let world = World::new(&[ADMIN]);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Stuck);
    assert!(matches!(ledger.standing(0), Standing::Stuck { next, .. } if next.contains("rollback")));
    assert!(world.cloud(0).immutable_id.is_some());
    // The cycle comes after all: a resume sees it, and the role comes back.
    world.cycle.set(Some(jiff::SignedDuration::from_secs(60)));
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert_eq!(world.roles(0).len(), 1);
}

#[test]
fn without_a_cycle_a_provably_idle_engine_lets_the_wave_be_withdrawn() {
    let world = World::new(&[ADMIN]);
    let before = world.image();
    world.cycle.set(None);
    world.has_status.set(true);
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Partial);
    assert!(matches!(ledger.standing(0), Standing::RolledBack { .. }));
    assert_eq!(world.image(), before);
    let busy = World::new(&[ADMIN]);
    busy.has_status.set(true);
    busy.always_busy.set(true);
    busy.cycle.set(None);
    assert_eq!(apply(&busy, &mut Memory::default()).ending, Ending::Stuck);
}

#[test]
fn hold_leaves_links_waiting_but_never_an_administrator() {
    let world = World::new(&[HARD, Spec { wave: 1, ..ADMIN }]);
    world.settings.borrow_mut().sync.on_timeout = OnTimeout::Hold;
    world.has_status.set(true);
    world.cycle.set(None);
    let roles = world.roles(1);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!((outcome.ending, outcome.resumable), (Ending::Waiting, true));
    assert_eq!(ledger.standing(0), Standing::Waiting);
    assert!(matches!(ledger.standing(1), Standing::RolledBack { .. }));
    assert_eq!(world.roles(1), roles);
    world.cycle.set(Some(jiff::SignedDuration::from_secs(60)));
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Partial);
    assert!(linked(&ledger.standing(0)));
}

#[test]
fn a_link_that_two_cycles_did_not_form_is_undone() {
    let world = World::new(&[ADMIN]);
    let before = (world.ad(0), world.roles(0));
    world.matches.set(false);
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Partial);
    let Standing::RolledBack { why, .. } = ledger.standing(0) else { panic!("{:?}", ledger.standing(0)) };
    assert!(why.contains("no cloud user carries the anchor or the SID"), "{why}");
    assert_eq!((world.ad(0), world.roles(0)), before);
    assert_eq!(world.triggers.get(), 2, "one advance of the last sync is no proof without a status command");
}

#[test]
fn a_status_command_proves_a_cycle_by_one_advance() {
    let world = World::new(&[ADMIN]);
    world.has_status.set(true);
    world.matches.set(false);
    assert_eq!(apply(&world, &mut Memory::default()).ending, Ending::Partial);
    assert_eq!(world.triggers.get(), 1);
}

#[test]
fn too_many_failures_stop_before_scope_and_a_resume_goes_on() {
    let world = World::new(&[STAGED, STAGED, STAGED, ADMIN]);
    let plan = world.plan();
    for n in [0, 1] {
        world.edit_ad(n, |u| u.mail = Some("other@corp.test".to_owned()));
    }
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.ending, outcome.resumable, world.triggers.get()), (Ending::Partial, true, 0));
    assert!(world.ad(2).dn.is_under(&dn(STAGING)) && world.roles(3).len() == 1);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Partial);
    assert!(linked(&ledger.standing(2)) && linked(&ledger.standing(3)));
}

#[test]
fn on_failure_rollback_undoes_everything() {
    let world = World::new(&[STAGED, STAGED, ADMIN]);
    let plan = world.plan();
    world.edit_ad(1, |u| u.mail = Some("other@corp.test".to_owned()));
    let before = world.image();
    let options = Options { on_failure: OnFailure::Rollback, ..Options::default() };
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, options, plan);
    let outcome = outcome.unwrap();
    assert!(outcome.links.values().all(|s| matches!(s, Standing::RolledBack { .. })), "{outcome:?}");
    assert!(!outcome.resumable);
    assert_eq!(world.image(), before);
}

#[test]
fn a_stop_between_steps_keeps_everything_for_a_resume() {
    let world = World::new(&[STAGED, ADMIN]);
    with_hold(&world);
    let options = Options::default();
    let stop = options.stop.clone();
    let mut ledger = Memory::default();
    let ports = super::options::Ports { directories: &world, sync: &world, clock: &world };
    let fresh = super::options::Fresh { id: "apply-0".into(), lineage: "test".to_owned(), plan: world.plan() };
    let outcome = block_on(super::executor::apply(ports, &mut ledger, options, fresh, |event| {
        if matches!(&event.what, What::StepSucceeded { step, .. } if step.action.kind() == "align") {
            stop.request();
        }
    }))
    .unwrap();
    assert_eq!((outcome.ending, outcome.resumable), (Ending::Interrupted, true));
    assert!(world.held.get(), "half-done links must not meet a cycle");
    assert!(ledger.state.as_ref().unwrap().unfinished().unwrap().is_held());
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert!(!world.held.get());
}

#[test]
fn guards_are_read_live_before_each_removal() {
    let world = World::new(&[HARD]);
    world.grant(cloud_id(0), GLOBAL_ADMINISTRATOR);
    let plan = world.plan();
    // Somebody disables one of the two other Global Administrators after planning.
    let other = crate::model::id::ObjectId(uuid::Uuid::from_u128(1));
    world.inner.borrow_mut().cloud.get_mut(&other).unwrap().account_enabled = Some(false);
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan.clone());
    assert_eq!(outcome.unwrap().ending, Ending::Partial);
    assert!(matches!(ledger.standing(0), Standing::Failed { why, .. } if why.contains("min_global_admins")));
    assert!(world.writes.borrow().is_empty());
    for options in [
        Options { caller: Some(cloud_id(0)), ..Options::default() },
        Options { protected: [cloud_id(0)].into(), ..Options::default() },
    ] {
        let (outcome, _) = apply_with(&world, &mut Memory::default(), options, plan.clone());
        assert_eq!(outcome.unwrap().ending, Ending::Partial);
        assert!(world.writes.borrow().is_empty());
    }
}

/// Two administrators, two state files: both see that one other Global Administrator is left, and both remove theirs.
#[test]
fn a_guard_that_breaks_while_a_role_is_taken_gives_it_back() {
    let other = crate::model::id::ObjectId(uuid::Uuid::from_u128(1));
    let make = || {
        let world = World::new(&[STAGED]);
        world.grant(cloud_id(0), GLOBAL_ADMINISTRATOR);
        let before = world.held(0);
        world.rival_takes_from.set(Some(other));
        (world, before)
    };
    // Taken for a time, and for good (`roles = "remove"`).
    for restore in [true, false] {
        let (world, before) = make();
        let mut plan = world.plan();
        plan.steps.retain(|step| restore || !matches!(step.action, Action::Restore { .. }));
        for step in &mut plan.steps {
            if let Action::Suspend { restore: back, .. } = &mut step.action {
                *back = restore;
            }
        }
        let mut ledger = Memory::default();
        let (outcome, said) = apply_with(&world, &mut ledger, Options::default(), plan);
        assert_eq!(outcome.unwrap().ending, Ending::Partial);
        let why = match ledger.standing(0) {
            Standing::Failed { why, .. } | Standing::RolledBack { why, .. } => why,
            other => panic!("{other:?}"),
        };
        assert!(why.contains("given back at once") && why.contains("min_global_admins"), "{why}");
        assert_eq!(world.held(0), before);
        assert_eq!(world.writes.borrow().len(), 2, "nothing but taking it and giving it back");
        assert!(said.iter().any(|what| matches!(what, What::StepUndone { .. })));
        assert!(ledger.state.as_ref().unwrap().unfinished().is_none());
        assert_eq!(ledger.reopened().state, ledger.state);
    }
    // Where the process ends between the removal and the second look, the next one looks.
    let mut records = Memory::default();
    let (world, _) = make();
    apply_with(&world, &mut records, Options::default(), world.plan()).0.unwrap();
    for death in (2..records.records).flat_map(|n| [(n, false), (n, true)]) {
        let (world, before) = make();
        let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
        assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
        let mut ledger = dying.reopened();
        if ledger.state.as_ref().unwrap().unfinished().is_some() {
            // The other one's removal falls between the two where it did not yet.
            resume(&world, &mut ledger).unwrap();
        }
        assert_eq!(world.held(0), before, "{death:?}");
        assert!(ledger.state.as_ref().unwrap().suspended_roles().is_empty(), "{death:?}");
    }
}

#[test]
fn whoever_is_signed_in_now_keeps_its_roles() {
    let world = World::new(&[ADMIN]);
    world.signed_in.set(Some(cloud_id(0)));
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), world.plan());
    assert_eq!(outcome.unwrap().ending, Ending::Partial);
    assert!(matches!(ledger.standing(0), Standing::Failed { why, .. } if why.contains("lose its own rights")));
    assert!(world.writes.borrow().is_empty());
}

#[test]
fn a_link_with_a_rival_for_its_sid_does_not_count_as_formed() {
    let world = World::new(&[HARD]);
    world.add_rival(0);
    let mut ledger = Memory::default();
    assert_eq!(apply(&world, &mut ledger).ending, Ending::Stuck);
    let Standing::Stuck { found, .. } = ledger.standing(0) else { panic!("{:?}", ledger.standing(0)) };
    assert!(found.contains("rival@corp.test") && found.contains("SID"), "{found}");
}

#[test]
fn an_undo_leaves_alone_what_was_already_there() {
    let world = World::new(&[ADMIN]);
    let plan = world.plan();
    let anchor = ImmutableId::from(Anchor::from_guid(guid(0)));
    world.edit_cloud(0, |u| u.immutable_id = Some(anchor.clone()));
    world.faults.borrow_mut().insert(2, Fault::Refused); // take, align, move
    let before = world.image();
    let mut ledger = Memory::default();
    apply_with(&world, &mut ledger, Options::default(), plan).0.unwrap();
    assert!(matches!(ledger.standing(0), Standing::RolledBack { .. }));
    assert_eq!(world.cloud(0).immutable_id, Some(anchor));
    assert_eq!(world.image(), before);
}

/// A duplicate in the form that Microsoft shows, with and without the `+`.
#[test]
fn a_duplicate_ends_the_waiting_at_once_and_the_way_back_is_kept() {
    for (upn, quarantined) in [
        ("user0+1234@corp.onmicrosoft.com", true),
        ("user01234@corp.onmicrosoft.com", true),
        ("dup-user0@corp.test", false),
    ] {
        let world = World::new(&[Spec { hard: false, ..ADMIN }]);
        let roles = world.roles(0);
        world.matches.set(false);
        *world.duplicate.borrow_mut() = Some(upn.to_owned());
        let mut ledger = Memory::default();
        let options = Options { seen: Some(std::sync::Arc::default()), ..Options::default() };
        let (outcome, said) = apply_with(&world, &mut ledger, options, world.plan());
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ending, Ending::Partial);
        assert_eq!(world.roles(0), roles);
        assert_eq!(world.triggers.get(), 1, "no second cycle is waited for: none could form the link");
        let diagnosis = &outcome.diagnoses[&link_id(0)];
        let is_quarantined = matches!(diagnosis.aftermath, Aftermath::QuarantinedDuplicate { .. });
        assert_eq!(is_quarantined, quarantined, "{diagnosis:?}");
        assert!(diagnosis.way_back.iter().any(|step| step.contains("deletedItems")));
        assert!(said.iter().any(|what| matches!(what, What::LinkEnded { diagnosis: Some(_), .. })));
        let kept = ledger.reopened().state.unwrap().applies[0].links[&link_id(0)].diagnosis.clone();
        assert_eq!(kept.as_ref(), Some(diagnosis), "the journal keeps it");
    }
}

#[test]
fn a_user_that_was_there_before_is_no_duplicate() {
    let world = World::new(&[SOFT]);
    world.matches.set(false);
    let mut ledger = Memory::default();
    // The fake engine gives its new object the next free id.
    let taken = world.next_cloud_id();
    let seen = Seen { live: [taken].into(), ..Seen::default() };
    let options = Options { seen: Some(std::sync::Arc::new(seen)), ..Options::default() };
    let outcome = apply_with(&world, &mut ledger, options, world.plan()).0.unwrap();
    assert!(matches!(outcome.diagnoses[&link_id(0)].aftermath, Aftermath::LinkedElsewhere { .. }), "{outcome:?}");
}

#[test]
fn a_link_that_is_left_waiting_says_what_was_seen_and_forgets_it_once_formed() {
    let world = World::new(&[HARD]);
    world.settings.borrow_mut().sync.on_timeout = OnTimeout::Hold;
    world.cycle.set(None);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Waiting);
    assert_eq!(outcome.diagnoses[&link_id(0)].aftermath, Aftermath::NothingYet);
    world.cycle.set(Some(jiff::SignedDuration::from_secs(60)));
    let outcome = resume(&world, &mut ledger).unwrap();
    assert_eq!((outcome.ending, outcome.diagnoses.len()), (Ending::Complete, 0));
}
