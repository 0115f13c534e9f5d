//! An apply or an undo that ends in the middle, and what a resume makes of it.

use super::*;

#[test]
fn an_unfinished_apply_blocks_a_new_one() {
    let world = World::new(&[HARD]);
    let mut ledger = Memory { dies_at: Some((4, false)), ..Memory::default() };
    assert!(apply_with(&world, &mut ledger, Options::default(), world.plan()).0.is_err());
    let mut ledger = ledger.reopened();
    let again = apply_with(&world, &mut ledger, Options::default(), world.plan()).0;
    assert!(matches!(again, Err(crate::apply::error::ApplyError::Unfinished { .. })));
}

/// Dies at every record of the journal, before and after it became durable, then resumes: the world is always the one
/// of an apply that nothing interrupted.
#[test]
fn an_apply_that_dies_anywhere_is_resumed_to_the_same_end() {
    let make = || {
        let world = World::new(&[SOFT, STAGED, ADMIN]);
        with_hold(&world);
        world
    };
    let grants = |world: &World| (0..3).map(|n| world.roles(n)).collect::<Vec<_>>();
    let (_, records) = dies_anywhere(make, |world, whole, ledger, death| {
        assert!(ledger.state.as_ref().unwrap().suspended_roles().is_empty(), "{death:?}");
        assert_eq!(grants(world), grants(whole), "{death:?}");
        for n in 0..3 {
            assert_eq!(world.ad(n), whole.ad(n), "{death:?}");
            assert_eq!(world.cloud(n).immutable_id, whole.cloud(n).immutable_id, "{death:?}");
        }
        assert!(!world.held.get(), "{death:?}");
    });
    assert!(records > 30, "{records}");
}

/// The same for an apply that withdraws: dying in the middle of the undo.
#[test]
fn an_undo_that_dies_anywhere_is_resumed_to_the_same_end() {
    let make = || {
        let world = World::new(&[ADMIN]);
        world.faults.borrow_mut().insert(3, Fault::Refused); // the move
        world
    };
    let before = make().image();
    let mut ledger = Memory::default();
    apply(&make(), &mut ledger);
    for death in (2..ledger.records).flat_map(|n| [(n, false), (n, true)]) {
        let world = make();
        let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
        assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
        let mut ledger = dying.reopened();
        let refused_again = world.faults.borrow().is_empty() && ledger.state.is_some();
        if ledger.state.as_ref().unwrap().unfinished().is_none() {
            assert_eq!(world.image(), before, "{death:?}");
            continue;
        }
        let outcome = resume(&world, &mut ledger).unwrap();
        match outcome.ending {
            Ending::Partial => assert_eq!(world.image(), before, "{death:?}"),
            // Died after the refusal but before it was journaled: the move is tried again, and works.
            Ending::Complete => assert!(refused_again, "{death:?}"),
            other => panic!("{death:?}: {other:?}"),
        }
        assert_eq!(world.roles(0).len(), 1, "{death:?}");
    }
}

#[test]
fn a_surprise_found_by_a_resume_is_never_overwritten() {
    let world = World::new(&[HARD]);
    // Dies after the anchor's intent became durable, before the write.
    let mut dying = Memory { dies_at: Some((4, true)), ..Memory::default() };
    assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
    let mut ledger = dying.reopened();
    world.edit_cloud(0, |u| u.immutable_id = Some(ImmutableId("somebody@else".to_owned())));
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Partial);
    assert_eq!(world.cloud(0).immutable_id, Some(ImmutableId("somebody@else".to_owned())));
    assert!(matches!(ledger.standing(0), Standing::Failed { .. }));
}

#[test]
fn a_second_primary_address_is_not_taken_for_a_finished_alignment() {
    let world = World::new(&[HARD]);
    let plan = world.plan();
    let set = ["SMTP:user0@corp.test", "SMTP:User0.old@corp.test"];
    world.edit_ad(0, |u| {
        u.upn = Some("user0@corp.test".into());
        u.mail = Some("user0@corp.test".to_owned());
        u.proxy_addresses = set.into_iter().collect();
    });
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Partial);
    assert_eq!(AdAttribute::ProxyAddresses.of(&world.ad(0)).len(), 2);
    assert!(world.writes.borrow().is_empty());
}

#[test]
fn roles_that_cannot_even_be_read_are_given_back_by_a_resume() {
    let world = World::new(&[ADMIN]);
    let roles = world.roles(0);
    let mut ledger = Memory::default();
    let ports = crate::apply::options::Ports { directories: &world, sync: &world, clock: &world };
    let fresh = crate::apply::options::Fresh { id: "apply-0".into(), lineage: "test".to_owned(), plan: world.plan() };
    let outcome = block_on(crate::apply::executor::apply(ports, &mut ledger, Options::default(), fresh, |event| {
        if matches!(&event.what, What::StepSucceeded { step, .. } if step.action.kind() == "verify") {
            world.roles_unread.set(true);
        }
    }))
    .unwrap();
    assert_eq!(outcome.ending, Ending::Stuck);
    world.roles_unread.set(false);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert_eq!(world.roles(0), roles);
}

#[test]
fn an_undo_goes_scope_anchor_alignment_roles() {
    let world = World::new(&[ADMIN]);
    world.cycle.set(None);
    world.has_status.set(true);
    apply(&world, &mut Memory::default());
    let kinds: Vec<String> =
        world.writes.borrow().iter().map(|w| w.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds, ["take", "align", "anchor", "move", "move", "anchor", "align", "give"]);
}

#[test]
fn a_cycle_that_slips_into_an_undo_is_noticed_before_it_deletes_the_user() {
    let world = World::new(&[ADMIN]);
    world.cycle.set(None);
    world.has_status.set(true);
    let mut ledger = Memory::default();
    let ports = crate::apply::options::Ports { directories: &world, sync: &world, clock: &world };
    let fresh = crate::apply::options::Fresh { id: "apply-0".into(), lineage: "test".to_owned(), plan: world.plan() };
    let outcome = block_on(crate::apply::executor::apply(ports, &mut ledger, Options::default(), fresh, |event| {
        if matches!(event.what, What::TimedOut { .. }) {
            world.cycle_on_move.set(true);
        }
    }))
    .unwrap();
    assert_eq!((outcome.ending, world.roles(0).len()), (Ending::Stuck, 1));
    assert!(world.cloud(0).is_synced() && world.ad(0).dn.is_under(&dn(STAGING)));
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Stuck);
    assert!(matches!(ledger.standing(0), Standing::Stuck { next, .. } if next.contains(SYNCED)));
    world.edit_ad(0, |u| u.dn = u.dn.moved_to(&dn(SYNCED)));
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
}

#[test]
fn a_resume_holds_the_scheduler_again_before_it_writes() {
    let world = World::new(&[STAGED, STAGED, STAGED]);
    with_hold(&world);
    let plan = world.plan();
    for n in [0, 1] {
        world.edit_ad(n, |u| u.mail = Some("other@corp.test".to_owned()));
    }
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options { side_by_side: 1, ..Options::default() }, plan);
    assert!(outcome.unwrap().resumable && !world.held.get());
    let ports = crate::apply::options::Ports { directories: &world, sync: &world, clock: &world };
    let mut held_at_writes = Vec::new();
    let outcome = block_on(crate::apply::executor::resume(ports, &mut ledger, Options::default(), |event| {
        if matches!(&event.what, What::StepSucceeded { step, wrote: true } if step.link.is_some()) {
            held_at_writes.push(world.held.get());
        }
    }))
    .unwrap();
    assert_eq!(held_at_writes, [true, true, true], "align, anchor, move");
    assert!(!outcome.resumable && !world.held.get() && linked(&ledger.standing(2)));
}

#[test]
fn a_write_whose_end_nobody_can_tell_stays_started_until_a_resume_reads_it() {
    let world = World::new(&[HARD]);
    world.faults.borrow_mut().insert(0, Fault::Silent);
    let mut ledger = Memory::default();
    let outcome = apply(&world, &mut ledger);
    assert_eq!((outcome.ending, outcome.resumable), (Ending::Partial, true));
    assert_eq!(ledger.standing(0), Standing::InProgress);
    let started = |s: &crate::state::ledger::StepRecord| matches!(s.status, StepStatus::Started { .. });
    assert!(started(&ledger.state.as_ref().unwrap().applies[0].steps[0]));
    world.silent.set(false);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert_eq!(world.writes.borrow().iter().filter(|w| w.starts_with("align")).count(), 1);
}
