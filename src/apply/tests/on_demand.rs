//! Small waves whose users are asked for one by one.

use super::{ADMIN, SOFT, linked};
use crate::apply::cycle::Proof;
use crate::apply::event::What;
use crate::apply::options::Options;
use crate::apply::outcome::{ApplyOutcome, Ending};
use crate::apply::testing::*;
use crate::config::settings::{Engine, OnDemand, Trigger};
use crate::directory::error::ErrorKind;
use crate::directory::port::{Provisioned, SyncStatus};
use crate::model::id::ObjectId;
use crate::state::ledger::Standing;
use jiff::Timestamp;
use uuid::Uuid;

fn world(specs: &[Spec], answers: impl IntoIterator<Item = Result<Provisioned, ErrorKind>>) -> World {
    let world = World::new(specs);
    {
        let sync = &mut world.settings.borrow_mut().sync;
        sync.engine = Engine::CloudSync;
        let service_principal = ObjectId(Uuid::from_u128(5));
        sync.trigger = Trigger::ProvisionOnDemand(OnDemand { service_principal, job: None, rule: None });
    }
    world.answers.borrow_mut().extend(answers);
    world
}

fn run(world: &World, ledger: &mut Memory) -> (ApplyOutcome, Vec<What>) {
    let (outcome, said) = apply_with(world, ledger, Options::default(), world.plan());
    (outcome.unwrap(), said)
}

fn proven(said: &[What]) -> bool {
    said.iter().any(|what| matches!(what, What::CycleProven { .. }))
}

fn falls_back(said: &[What]) -> bool {
    said.iter().any(|what| matches!(what, What::CycleAsked { triggered: false, .. }))
}

#[test]
fn a_user_that_is_provisioned_is_linked_by_its_marks_and_by_its_new_name() {
    let world = world(&[ADMIN], [Ok(Provisioned::Done)]);
    let mut ledger = Memory::default();
    let (outcome, said) = run(&world, &mut ledger);
    assert_eq!(outcome.ending, Ending::Complete, "{outcome:?}");
    assert!(outcome.links.values().all(linked) && !proven(&said) && !falls_back(&said));
    let told = |what: &What| matches!(what, What::Provisioned { done: 1, refused: 0, .. });
    assert!(said.iter().any(told) && world.asked.borrow().len() == 1);
    assert!(world.asked.borrow()[0].is_under(&dn(SYNCED)), "the user was asked for where it was before it was moved");
    assert_eq!((world.roles(0).len(), world.triggers.get()), (1, 0));
}

#[test]
fn a_refused_user_is_undone_with_the_reason() {
    let world = world(&[SOFT], [Ok(Provisioned::Refused("refused: InvalidSoftMatch: blocked".to_owned()))]);
    world.cycle.set(None);
    let before = world.image();
    let mut ledger = Memory::default();
    let (_, said) = run(&world, &mut ledger);
    let Standing::RolledBack { why, .. } = ledger.standing(0) else { panic!("{:?}", ledger.standing(0)) };
    assert!(why.contains("provisioning on demand did not form the link (refused: InvalidSoftMatch: blocked)"), "{why}");
    assert_eq!(world.image(), before);
    assert!(said.contains(&What::Provisioned { wave: 1, done: 0, refused: 1 }) && !proven(&said));
}

#[test]
fn a_refusal_is_not_believed_where_the_marks_say_otherwise() {
    let world = world(&[SOFT, SOFT], [Ok(Provisioned::Refused("refused: late".to_owned())), Ok(Provisioned::Done)]);
    let mut ledger = Memory::default();
    let (outcome, _) = run(&world, &mut ledger);
    assert!(outcome.links.values().all(linked), "{outcome:?}");
}

#[test]
fn what_is_said_to_be_done_and_is_not_proves_no_cycle() {
    let world = world(&[SOFT, SOFT], [Ok(Provisioned::Done), Ok(Provisioned::Done)]);
    world.matches.set(false);
    world.cycle.set(None);
    let mut ledger = Memory::default();
    let (outcome, said) = run(&world, &mut ledger);
    assert!(!proven(&said), "two users in turn are no two cycles");
    assert!(said.iter().any(|what| matches!(what, What::TimedOut { .. })));
    assert_eq!(outcome.ending, Ending::Stuck, "whether a cycle runs is not known, so nothing is undone");
    assert_eq!(world.asked.borrow().len(), 2, "who was answered is not asked for again");
}

#[test]
fn without_an_answer_the_scheduler_is_waited_for() {
    let twice = [SOFT, SOFT];
    for (kind, asked) in [(ErrorKind::Forbidden, 1), (ErrorKind::NotFound, 1), (ErrorKind::Throttled, 3)] {
        let world = world(&twice, std::iter::repeat_n(Err(kind), 10));
        let mut ledger = Memory::default();
        let (outcome, said) = run(&world, &mut ledger);
        assert!(falls_back(&said), "{kind:?}");
        assert_eq!(world.asked.borrow().len(), asked, "{kind:?}");
        assert!(outcome.links.values().all(linked), "{kind:?}: {outcome:?}");
    }
}

#[test]
fn more_than_twenty_wait_for_the_scheduler() {
    let world = world(&[SOFT; OnDemand::MOST + 1], []);
    world.cycle.set(None);
    let (_, said) = run(&world, &mut Memory::default());
    assert!(falls_back(&said) && world.asked.borrow().is_empty());
    assert_eq!(world.triggers.get(), 0);
}

#[test]
fn users_on_demand_count_for_no_cycle() {
    let at = |second: i64| Some(Timestamp::from_second(second).unwrap());
    let idle = Some(SyncStatus::default());
    for (status, needed) in [(None, 3), (idle, 2)] {
        let mut proof = Proof::from(at(0));
        proof.observe(status, at(0));
        proof.provisioned();
        // The last user shows late.
        for second in [1, 2] {
            proof.observe(status, at(second));
        }
        for more in 1..needed {
            assert!(!proof.proven, "{status:?} after {more}");
            proof.observe(status, at(10 * i64::from(more)));
        }
        assert!(proof.proven, "{status:?}");
    }
}
