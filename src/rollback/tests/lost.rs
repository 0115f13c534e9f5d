//! Journal records are lost: whatever the apply did in them, the next one reads it, and no role is lost sight of.

use super::{ADMIN, HARD, plan};
use crate::apply::executor;
use crate::apply::options::{Options, Ports};
use crate::apply::outcome::Ending;
use crate::apply::testing::*;
use crate::config::settings::{Command, Hold};
use crate::model::role::Holding;
use crate::plan::step::Action;
use crate::rollback::open::{self, Eyes, Found};
use crate::rollback::plan::{ALLOW_ROLE_GRANTS, Target};
use crate::state::journal::{Journal, JournalEvent};
use crate::state::recorder::Recorder as _;
use crate::state::salvage::salvage;
use std::collections::BTreeSet;

/// The ledger with nothing but its first `keep` records, recovered.
fn recovered(whole: &Memory, keep: usize, world: &World) -> Memory {
    let mut journal = Journal::read(whole.lines.as_bytes()).unwrap();
    journal.records.truncate(keep);
    let mut ledger = Memory { state: Some(salvage(None, &journal, None).unwrap()), ..Memory::default() };
    ledger.record(world.now.get(), JournalEvent::RecordsLost { why: "a test".to_owned() }).unwrap();
    ledger
}

/// Every role that the world's people held at first and do not hold now is in sight.
fn sees_every_role(ledger: &Memory, world: &World, first: &[BTreeSet<String>], at: &str) {
    let roles = ledger.state.as_ref().unwrap().suspended_roles();
    for (n, held) in first.iter().enumerate() {
        for gone in held.difference(&world.held(n)) {
            let seen = |holding: &Holding| holding.user() == cloud_id(n) && holding.to_string() == *gone;
            assert!(roles.iter().any(|role| seen(role.holding)), "{at}: {gone} of {n} is out of sight");
        }
    }
}

/// An apply that dies anywhere and loses any number of its last records is resumed to the end that it would have had.
#[test]
fn whatever_records_are_lost_a_resume_comes_to_the_same_end() {
    let make = || {
        let world = World::new(&[HARD, ADMIN]);
        let command = |word: &str| Command::try_from(vec![word.to_owned()]).unwrap();
        world.settings.borrow_mut().sync.hold = Some(Hold { hold: command("hold"), release: command("release") });
        world
    };
    let whole = make();
    let first: Vec<_> = (0..2).map(|n| whole.held(n)).collect();
    let mut ledger = Memory::default();
    apply(&whole, &mut ledger);
    let mut tried = 0;
    for death in (2..ledger.records).flat_map(|n| [(n, false), (n, true)]) {
        for keep in 2..=death.0 {
            let at = format!("died at {death:?}, kept {keep}");
            let world = make();
            let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
            assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
            let mut ledger = recovered(&dying, keep, &world);
            sees_every_role(&ledger, &world, &first, &at);
            let outcome = resume(&world, &mut ledger).unwrap();
            assert_eq!(outcome.ending, Ending::Complete, "{at}: {outcome:?}");
            assert_eq!((0..2).map(|n| world.held(n)).collect::<Vec<_>>(), first, "{at}");
            for n in 0..2 {
                assert_eq!(world.ad(n), whole.ad(n), "{at}");
                assert_eq!(world.cloud(n).immutable_id, whole.cloud(n).immutable_id, "{at}");
            }
            assert!(!world.held.get(), "{at}: the scheduler is still held");
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

/// And before the cycle it is rolled back to the first octet.
#[test]
fn whatever_records_are_lost_a_rollback_comes_to_the_beginning() {
    let make = || {
        let world = World::new(&[HARD, ADMIN]);
        world.cycle.set(None);
        world
    };
    let whole = make();
    let mut ledger = Memory::default();
    super::interrupted(&whole, &mut ledger, super::before_cycle);
    for death in (2..ledger.records).flat_map(|n| [(n, false), (n, true)]) {
        for keep in 2..=death.0 {
            let at = format!("died at {death:?}, kept {keep}");
            let world = make();
            let before = world.image();
            let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
            assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
            let mut ledger = recovered(&dying, keep, &world);
            let back = plan(&world, &ledger, &Target::Latest, &[ALLOW_ROLE_GRANTS]).unwrap();
            assert!(!back.is_blocked(), "{at}: {:?}", back.findings);
            let (outcome, _) = apply_with(&world, &mut ledger, Options::default(), back);
            assert_eq!(outcome.unwrap().ending, Ending::Complete, "{at}");
            assert_eq!(world.image(), before, "{at}");
        }
    }
}

/// What `status` says of a step that was begun is what the executor comes to.
#[test]
fn a_step_that_was_begun_is_classed_as_a_resume_finds_it() {
    let make = || {
        let world = World::new(&[HARD, ADMIN]);
        world.cycle.set(None);
        world
    };
    let mut ledger = Memory::default();
    super::interrupted(&make(), &mut ledger, super::before_cycle);
    let mut seen = BTreeSet::new();
    for death in (2..ledger.records).flat_map(|n| [(n, false), (n, true)]) {
        let world = make();
        let mut dying = Memory { dies_at: Some(death), ..Memory::default() };
        assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
        let mut ledger = dying.reopened();
        let (state, snapshot) = (ledger.state.clone().unwrap(), world.snapshot());
        let image = world.image();
        let closed = open::steps(&state, Eyes::Closed);
        let blind = open::steps(&state, Eyes::Blind("no route"));
        let open = open::steps(&state, Eyes::Snapshot(&snapshot));
        assert!(closed.iter().all(|step| step.found == Found::NotLookedAt) && closed.len() == open.len());
        assert!(blind.iter().all(|step| matches!(&step.found, Found::CannotBeTold { why } if why == "no route")));
        assert_eq!(world.image(), image, "looking writes nothing");
        let before = world.writes.borrow().len();
        let (options, ports) = (Options::default(), Ports { directories: &world, sync: &world, clock: &world });
        let stop = options.stop.clone();
        let _ = block_on(executor::resume(ports, &mut ledger, options, |event| {
            if super::before_cycle(&event.what) {
                stop.request();
            }
        }));
        let writes = world.writes.borrow()[before..].to_vec();
        for step in open {
            let write = match &step.step.action {
                Action::Align { user, .. } => format!("align {user}"),
                Action::Anchor { user, .. } => format!("anchor {}", user.id),
                Action::Move { user, .. } => format!("move {user}"),
                Action::Suspend { holding, .. } => format!("take {holding}"),
                other => panic!("{other:?} is not left open here"),
            };
            let wrote = writes.contains(&write);
            match step.found {
                Found::Done => assert!(!wrote, "{death:?}: {write} is done, and was done again"),
                Found::NotDone => assert!(wrote, "{death:?}: {write} is not done, and was not done"),
                other => panic!("{death:?}: {other:?}"),
            }
            seen.insert((step.step.action.kind(), wrote));
        }
    }
    let kinds = ["align", "anchor", "move", "suspend"];
    assert_eq!(seen, kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]).collect());
}

/// Somebody else was there between the crash and the look.
#[test]
fn a_surprise_and_what_cannot_be_told_are_said_as_such() {
    let world = World::new(&[ADMIN]);
    world.cycle.set(None);
    // Dies after the alignment was sent, before that is recorded.
    let mut dying = Memory { dies_at: Some((5, false)), ..Memory::default() };
    assert!(apply_with(&world, &mut dying, Options::default(), world.plan()).0.is_err());
    let state = dying.reopened().state.unwrap();
    let look = |world: &World| {
        let snapshot = world.snapshot();
        let open = open::steps(&state, Eyes::Snapshot(&snapshot));
        assert_eq!(open.len(), 1);
        (open[0].step.action.kind(), open[0].found.clone())
    };
    assert_eq!(look(&world), ("align", Found::Done));
    world.edit_ad(0, |user| user.mail = Some("somebody@else.test".to_owned()));
    assert!(matches!(look(&world).1, Found::Surprise { what } if what.contains("somebody@else.test")));
    let guid = world.ad(0).guid;
    world.inner.borrow_mut().ad.remove(&guid);
    assert!(matches!(look(&world).1, Found::CannotBeTold { why } if why.contains("not there any more")));
}
