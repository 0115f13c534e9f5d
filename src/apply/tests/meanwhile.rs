//! What others do meanwhile, and what lags: nothing of theirs is taken for ours, and nothing is concluded from what cannot
//! be read.

use super::*;

/// Between our look and our removal: the server says that there is nothing to remove, so it was not we who did it.
#[test]
fn a_role_that_somebody_else_took_a_moment_before_is_not_given_back() {
    let world = World::new(&[ADMIN]);
    let plan = world.plan();
    world.rival_takes_from.set(Some(cloud_id(0)));
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Complete);
    assert!(world.roles(0).is_empty(), "their removal stands");
    assert!(!world.writes.borrow().iter().any(|write| write.starts_with("give")));
}

/// The answer to a removal is lost, the next try finds nothing to remove, and a replica still shows the role.
#[test]
fn a_removal_whose_answer_was_lost_is_ours_however_long_replicas_lag() {
    let world = World::new(&[ADMIN]);
    let roles = world.roles(0);
    let plan = world.plan();
    world.faults.borrow_mut().insert(0, Fault::After);
    world.stale_roles.set(9);
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Complete, "{:?}", ledger.standing(0));
    assert_eq!(world.roles(0), roles, "it comes back");
}

/// Whether a role has ended is for the tenant's clock to say.
#[test]
fn a_wrong_clock_here_takes_no_role() {
    let world = World::new(&[STAGED]);
    let ends = world.now.get() + jiff::SignedDuration::from_hours(3);
    world.grant_as(cloud_id(0), "helpdesk", crate::model::role::RoleKind::Eligible, Some(ends));
    let before = world.held(0);
    let mut ledger = Memory::default();
    let plan = world.plan();
    let options = Options { seen: Some(std::sync::Arc::default()), ..Options::default() };
    // Somebody sets this computer's clock as soon as the role is out.
    let ports = crate::apply::options::Ports { directories: &world, sync: &world, clock: &world };
    let fresh = crate::apply::options::Fresh { id: "apply-0".into(), lineage: "test".to_owned(), plan };
    let outcome = block_on(crate::apply::executor::apply(ports, &mut ledger, options, fresh, |event| {
        if matches!(&event.what, What::StepSucceeded { step, .. } if step.action.kind() == "move") {
            world.ahead.set(jiff::SignedDuration::from_hours(24));
        }
    }));
    assert!(outcome.is_ok());
    assert_eq!(world.held(0), before);
}

/// What somebody adds in the cloud after the plan would be lost in the match.
#[test]
fn an_address_that_others_gave_the_cloud_user_meanwhile_takes_the_link_out() {
    let world = World::new(&[Spec { wave: 1, ..ADMIN }, SOFT]);
    let plan = world.plan();
    let before = (world.ad(0), world.roles(0));
    world.edit_cloud(0, |user| user.proxy_addresses.insert("smtp:new@corp.test".into()));
    let mut ledger = Memory::default();
    let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), plan);
    assert_eq!(outcome.unwrap().ending, Ending::Partial);
    let Standing::RolledBack { why, .. } = ledger.standing(0) else { panic!("{:?}", ledger.standing(0)) };
    assert!(why.contains("smtp:new@corp.test") && why.contains("plan again"), "{why}");
    assert_eq!((world.ad(0), world.roles(0)), before);
    assert!(linked(&ledger.standing(1)));
}

/// With the object, what was written to it is gone: nothing waits for a person then.
#[test]
fn a_cloud_user_that_others_deleted_leaves_nothing_unfinished() {
    let world = World::new(&[STAGED]);
    world.cycle.set(None);
    world.has_status.set(true);
    let mut ledger = Memory::default();
    let (outcome, _) = apply_saying(&world, &mut ledger, |what| {
        if matches!(what, What::TimedOut { .. }) {
            world.inner.borrow_mut().cloud.remove(&cloud_id(0));
        }
    });
    assert_eq!((outcome.ending, outcome.resumable), (Ending::Partial, false), "{outcome:?}");
    assert!(world.ad(0).dn.is_under(&dn(STAGING)), "the AD side goes back");
    let steps = &ledger.state.as_ref().unwrap().applies[0].steps;
    assert!(steps.iter().any(|s| matches!(s.status, StepStatus::Left { .. })));
    assert_eq!(ledger.reopened().state, ledger.state);
}

/// A clock that is set back does not make an administrator wait for the difference.
#[test]
fn a_clock_that_is_set_back_does_not_lengthen_the_wait() {
    let world = World::new(&[ADMIN]);
    let before = world.image();
    world.cycle.set(None);
    world.has_status.set(true);
    let mut polls = 0;
    let (outcome, _) = apply_saying(&world, &mut Memory::default(), |what| {
        if matches!(what, What::CyclePolled { .. }) {
            polls += 1;
            if polls == 3 {
                world.ahead.set(jiff::SignedDuration::from_hours(-24 * 90));
            }
            assert!(polls < 2000, "it waits for the clock");
        }
    });
    assert_eq!(outcome.ending, Ending::Partial);
    assert_eq!(world.image(), before);
}

/// Others took it before we came to it; the process then ends between the intent and the outcome.
#[test]
fn a_role_that_others_took_before_a_crash_is_not_given_back_after_it() {
    let world = World::new(&[ADMIN]);
    let plan = world.plan();
    world.inner.borrow_mut().roles.clear();
    let is_take = |s: &crate::state::ledger::StepRecord| {
        s.step.action.kind() == "suspend" && matches!(s.status, StepStatus::Started { .. })
    };
    let mut crashed = 0;
    for death in 0.. {
        let mut ledger = Memory { dies_at: Some((death, true)), ..Memory::default() };
        let again = World::new(&[ADMIN]);
        again.inner.borrow_mut().roles.clear();
        let options = Options::default();
        if apply_with(&again, &mut ledger, options, plan.clone()).0.is_ok() {
            break;
        }
        let mut ledger = ledger.reopened();
        let mut steps = ledger.state.iter().flat_map(|state| state.applies.iter().flat_map(|apply| &apply.steps));
        if !steps.any(is_take) {
            continue;
        }
        crashed += 1;
        assert_eq!(resume(&again, &mut ledger).unwrap().ending, Ending::Complete);
        assert!(again.roles(0).is_empty(), "their removal stands, record {death}");
    }
    assert!(crashed > 0);
}

/// Moving the AD user of a formed link out of scope would delete the cloud user: without a look nothing but roles goes back.
#[test]
fn after_a_cycle_a_link_that_cannot_be_looked_at_gets_only_its_roles_back() {
    let world = World::new(&[ADMIN]);
    world.has_status.set(true);
    let before = world.roles(0);
    let mut ledger = Memory::default();
    let (outcome, _) = apply_saying(&world, &mut ledger, |what| {
        world.carriers_unread.set(world.carriers_unread.get() || matches!(what, What::CycleAsked { .. }));
    });
    assert_eq!(outcome.ending, Ending::Stuck, "{outcome:?}");
    assert_eq!(world.roles(0), before);
    assert!(!world.ad(0).dn.is_under(&dn(STAGING)), "it stays where the cycle found it");
    let Standing::Stuck { found, .. } = ledger.standing(0) else { panic!("{:?}", ledger.standing(0)) };
    assert!(found.contains("whether the link is formed cannot be read"), "{found}");
    world.carriers_unread.set(false);
    assert_eq!(resume(&world, &mut ledger).unwrap().ending, Ending::Complete);
    assert!(linked(&ledger.standing(0)));
}
