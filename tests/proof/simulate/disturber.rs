//! Who sits at the doors and makes the day a bad one, as the script says, and sees to it that nothing is written that
//! the journal does not know of.

use super::meddler::{Done, Pair};
use super::script::{Disturbance, Script};
use crate::doors::{Operation, Passing, Phase, Watcher};
use jiff::SignedDuration;
use matchplan::apply::options::Stop;
use matchplan::lab::shared::SharedWorld;
use matchplan::lab::world::World;
use matchplan::model::id::{ApplyId, StepId};
use matchplan::plan::step::Action;
use matchplan::state::journal::{JournalEvent, Record};
use matchplan::state::write::Write;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// The disturber of one day.
pub struct Disturber {
    pub first: World,
    pub pairs: Vec<Pair>,
    world: SharedWorld,
    journal: PathBuf,
    disturbances: BTreeMap<usize, Disturbance>,
    inner: Mutex<Inner>,
    died: Notify,
}

#[derive(Default)]
struct Inner {
    seen: usize,
    full: usize,
    read_only: usize,
    dead: bool,
    power: bool,
    calm: bool,
    stop: Stop,
    passing: Option<Passing>,
    /// How much of the journal is on the disk for certain.
    kept: u64,
    actions: BTreeMap<(ApplyId, StepId), Action>,
    /// Intents without an outcome, with the write that each allows.
    open: BTreeMap<(ApplyId, StepId), String>,
    done: Done,
    told: Vec<String>,
    wrong: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
}

impl fmt::Debug for Disturber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disturber")
    }
}

impl Disturber {
    pub fn new(script: &Script, world: SharedWorld, pairs: Vec<Pair>, journal: PathBuf) -> Self {
        let first = world.read(World::clone);
        let disturbances = script.disturbances.clone();
        Self { first, pairs, world, journal, disturbances, inner: Mutex::default(), died: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panics with it")
    }

    /// The program is started: it lives, and can be stopped by this.
    pub fn begin(&self, stop: Stop) {
        let mut inner = self.inner();
        (inner.dead, inner.power, inner.stop) = (false, false, stop);
    }

    /// The bad day is over.
    pub fn calm(&self) {
        let mut inner = self.inner();
        (inner.calm, inner.full, inner.read_only) = (true, 0, 0);
    }

    pub fn is_calm(&self) -> bool {
        self.inner().calm
    }

    /// Waits for the process to die.
    pub async fn death(&self) {
        while !self.inner().dead {
            self.died.notified().await;
        }
    }

    /// What the power took with it: the length that the journal has then, by a number that chooses it.
    pub fn without_power(&self, length: u64, choice: u64) -> Option<u64> {
        let inner = self.inner();
        let lost = length.saturating_sub(inner.kept);
        (inner.dead && inner.power && lost > 0).then(|| inner.kept + choice % lost)
    }

    pub fn done(&self) -> Done {
        self.inner().done.clone()
    }

    pub fn tell(&self, what: String) {
        self.inner().told.push(what);
    }

    pub fn take_told(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().told)
    }

    pub fn take_wrong(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().wrong)
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.inner().counts.clone()
    }
}

impl Inner {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Learns from what has become durable.
    fn learn(&mut self, record: &Record) {
        let intent = |actions: &BTreeMap<_, Action>, key: &(ApplyId, StepId), undo: bool| {
            actions.get(key).map(|action| allowed(action, undo)).unwrap_or_default()
        };
        match &record.event {
            JournalEvent::ApplyStarted { apply, plan, .. } => {
                let steps = plan.steps.iter().map(|s| ((apply.clone(), s.id.clone()), s.action.clone()));
                self.actions.extend(steps);
            }
            JournalEvent::StepStarted { apply, step, .. } => {
                let key = (apply.clone(), step.clone());
                self.open.insert(key.clone(), intent(&self.actions, &key, false));
            }
            JournalEvent::UndoStarted { apply, step, .. } => {
                let key = (apply.clone(), step.clone());
                self.open.insert(key.clone(), intent(&self.actions, &key, true));
            }
            JournalEvent::StepSucceeded { apply, step, .. }
            | JournalEvent::StepFailed { apply, step, .. }
            | JournalEvent::StepUndone { apply, step, .. }
            | JournalEvent::RoleForgone { apply, step, .. } => {
                self.open.remove(&(apply.clone(), step.clone()));
            }
            _ => {}
        }
    }

    fn check(&mut self, write: &str) {
        if !self.open.values().any(|allowed| allowed == write) {
            self.wrong.push(format!("a write that no intent in the journal is about: {write}"));
        }
    }
}

/// What may be written for an action, in the words of [`said`].
fn allowed(action: &Action, undo: bool) -> String {
    match action {
        Action::Align { user, .. } => format!("align {}", user.guid),
        Action::Move { user, .. } => format!("move {}", user.guid),
        Action::Anchor { user, .. } => format!("anchor {}", user.id),
        Action::Suspend { user, .. } => format!("{} {}", if undo { "give" } else { "take" }, user.id),
        Action::Restore { user, .. } => format!("{} {}", if undo { "take" } else { "give" }, user.id),
        Action::Hold => "hold".to_owned(),
        Action::Release => "release".to_owned(),
        Action::Sync => "trigger".to_owned(),
        Action::Verify { .. } => String::new(),
    }
}

fn said(write: &Write) -> String {
    match write {
        Write::Align { user, .. } => format!("align {}", user.guid),
        Write::Move { user, .. } => format!("move {}", user.guid),
        Write::Anchor { user, .. } => format!("anchor {}", user.id),
        Write::Take { user, .. } => format!("take {}", user.id),
        Write::Give { user, .. } => format!("give {}", user.id),
    }
}

impl Watcher for Disturber {
    fn at(&self, operation: &Operation<'_>, phase: Phase) -> io::Result<()> {
        let on_disk = matches!(operation, Operation::Record(_) | Operation::State | Operation::Sheet);
        let inner = &mut *self.inner();
        if inner.dead {
            return if on_disk { Err(io::Error::other("the process is dead")) } else { Ok(()) };
        }
        match (operation, phase) {
            (Operation::Record(record), Phase::After) => {
                inner.kept = std::fs::metadata(&self.journal).map_or(0, |file| file.len());
                inner.learn(record);
            }
            (Operation::Write(write), Phase::Before) => inner.check(&said(write)),
            (Operation::Engine(what), Phase::Before) => inner.check(what),
            _ => {}
        }
        if inner.calm {
            return Ok(());
        }
        let place = inner.seen;
        inner.seen += 1;
        if let Some(what) = self.disturbances.get(&place) {
            inner.told.push(format!("place {place} ({phase:?}): {what:?}"));
            match what {
                Disturbance::Die { power } => {
                    (inner.dead, inner.power) = (true, *power);
                    inner.count("deaths");
                    self.died.notify_one();
                    return if on_disk { Err(io::Error::other("the process is dead")) } else { Ok(()) };
                }
                Disturbance::Full(times) => {
                    inner.full = *times;
                    inner.count("full disks");
                }
                Disturbance::ReadOnly(times) => {
                    inner.read_only = *times;
                    inner.count("read-only disks");
                }
                Disturbance::Meddle(what) => {
                    let done = &mut inner.done;
                    let change = |world: &mut World| done.meddle(*what, world, &self.first, &self.pairs);
                    let did = self.world.write(change).expect("the lab's world is in memory");
                    if let Some(did) = did {
                        inner.told.push(format!("    others: {did}"));
                        inner.count("changes by others");
                    }
                }
                Disturbance::Jump(minutes) => {
                    inner.passing = Some(Passing::Jump(SignedDuration::from_mins(*minutes)));
                    inner.count("clock jumps");
                }
                Disturbance::Pass(minutes) => {
                    inner.passing = Some(Passing::Pass(SignedDuration::from_mins(*minutes)));
                    inner.count("long delays");
                }
                Disturbance::Interrupt => {
                    inner.stop.request();
                    inner.count("interrupts");
                }
            }
        }
        if on_disk && phase != Phase::After {
            if inner.full > 0 {
                inner.full -= 1;
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            if inner.read_only > 0 {
                inner.read_only -= 1;
                return Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem));
            }
        }
        Ok(())
    }

    fn is_dead(&self) -> bool {
        self.inner().dead
    }

    fn passing(&self) -> Option<Passing> {
        self.inner().passing.take()
    }
}
