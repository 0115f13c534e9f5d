//! Who sits at the doors and makes the day a bad one, as the script says, and sees to it that nothing is written that
//! the journal does not know of.

use super::meddler::{Done, Meddling, Pair};
use super::script::{Disturbance, Script};
use crate::doors::{Operation, Passing, Phase, Watcher};
use jiff::SignedDuration;
use matchplan::apply::options::Stop;
use matchplan::lab::shared::SharedWorld;
use matchplan::lab::world::World;
use matchplan::model::entra::EntraUser;
use matchplan::model::id::{ApplyId, ObjectId, StepId};
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the day")]
struct Inner {
    seen: usize,
    /// How many records were written.
    records: usize,
    full: usize,
    read_only: usize,
    /// Whether the newest note of this computer could not be written.
    note_missed: bool,
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
    /// How many of the addresses that others have added in the cloud were there when the newest step began.
    looked_at: usize,
    /// What the program was shown last of each cloud user, and when, in places.
    shown: BTreeMap<ObjectId, Shown>,
    told: Vec<String>,
    wrong: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
}

/// A cloud user as the program saw it. A lagging replica shows what was there before.
struct Shown {
    immutable_id: Option<String>,
    addresses: Vec<String>,
    /// How many records the journal had.
    records: usize,
    /// How many addresses others had added.
    added: usize,
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

    /// Whether the disk refused this computer's newest note: then it cannot know its ledger again.
    pub fn note_missed(&self) -> bool {
        self.inner().note_missed
    }

    pub fn done(&self) -> Done {
        self.inner().done.clone()
    }

    pub fn tell(&self, what: String) {
        self.inner().told.push(what);
    }

    /// A law was broken.
    pub fn object(&self, what: String) {
        self.inner().wrong.push(what);
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
    /// Why the disk refuses the next operation, if it does.
    fn refusal(&mut self) -> Option<io::ErrorKind> {
        let (left, kind) = match (self.full, self.read_only) {
            (0, 0) => return None,
            (0, _) => (&mut self.read_only, io::ErrorKind::ReadOnlyFilesystem),
            _ => (&mut self.full, io::ErrorKind::StorageFull),
        };
        *left -= 1;
        Some(kind)
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Graph does not compare before it writes: an ImmutableID that others set after the program's last look, or that a
    /// lagging replica did not show it, is overwritten. The look must have been a fresh one.
    fn excuse(&mut self, user: ObjectId) {
        let fresh = |shown: &&Shown| shown.records + 1 >= self.records;
        if let Some(shown) = self.shown.get(&user).filter(fresh) {
            self.done.anchors.retain(|(id, theirs)| *id != user || shown.immutable_id.as_ref() == Some(theirs));
        }
    }

    /// Whether a cycle may run at any moment, as far as the journal tells.
    fn is_exposed(&self) -> bool {
        self.open.keys().any(|key| matches!(self.actions.get(key), Some(Action::Move { .. } | Action::Sync)))
    }

    /// Learns from what has become durable.
    fn learn(&mut self, record: &Record) {
        self.records += 1;
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
                let exposes = matches!(self.actions.get(&key), Some(Action::Move { .. } | Action::Sync));
                // Whatever is added in the cloud between the last look and the cycle, the cycle replaces: no look can be
                // late enough. Neither can one see what a lagging replica does not show yet.
                if exposes {
                    self.done.cloud_addresses.truncate(self.looked_at);
                    let shown = &self.shown;
                    let mut at = 0;
                    self.done.cloud_addresses.retain(|(user, address)| {
                        at += 1;
                        let lags = |shown: &Shown| shown.added >= at && !shown.addresses.contains(address);
                        !shown.get(user).is_some_and(lags)
                    });
                }
                self.looked_at = self.done.cloud_addresses.len();
                self.open.insert(key.clone(), intent(&self.actions, &key, false));
            }
            JournalEvent::UndoStarted { apply, step, .. } => {
                let key = (apply.clone(), step.clone());
                self.open.insert(key.clone(), intent(&self.actions, &key, true));
            }
            JournalEvent::StepSucceeded { apply, step, .. }
            | JournalEvent::StepFailed { apply, step, .. }
            | JournalEvent::StepUndone { apply, step, .. }
            | JournalEvent::StepLeft { of: apply, step, .. }
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
        Action::Amend { user, .. } => format!("amend {}", user.id),
        Action::Place { user, .. } => format!("place {}", user.id),
        Action::Authority { user, .. } => format!("authority {}", user.id),
        Action::Switch { feature, .. } => format!("switch {feature}"),
        Action::Departure { .. } | Action::Arrival { .. } | Action::Verify { .. } => String::new(),
    }
}

/// An operation, for whoever lives the day again.
fn named(operation: &Operation<'_>) -> String {
    match operation {
        Operation::Record(record) => {
            let event = serde_json::to_value(&record.event).unwrap_or_default();
            let said = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            format!("record {} {} {}", record.seq, said("kind"), said("step"))
        }
        Operation::State => "state".to_owned(),
        Operation::Sheet => "restore sheet".to_owned(),
        Operation::Witness => "note".to_owned(),
        Operation::Write(write) => said(write),
        Operation::Engine(what) => (*what).to_owned(),
    }
}

fn said(write: &Write) -> String {
    match write {
        Write::Align { user, .. } => format!("align {}", user.guid),
        Write::Move { user, .. } => format!("move {}", user.guid),
        Write::Anchor { user, .. } => format!("anchor {}", user.id),
        Write::Take { user, .. } => format!("take {}", user.id),
        Write::Give { user, .. } => format!("give {}", user.id),
        Write::Amend { user, .. } => format!("amend {}", user.id),
        Write::Place { user, .. } => format!("place {}", user.id),
        Write::Authority { user, .. } => format!("authority {}", user.id),
        Write::Switch { feature, .. } => format!("switch {feature}"),
    }
}

impl Watcher for Disturber {
    fn at(&self, operation: &Operation<'_>, phase: Phase) -> io::Result<()> {
        let on_disk = !matches!(operation, Operation::Write(_) | Operation::Engine(_));
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
            (Operation::Write(Write::Anchor { user, .. }), Phase::After) => inner.excuse(user.id),
            (Operation::Engine(what), Phase::Before) => inner.check(what),
            _ => {}
        }
        if inner.calm {
            return Ok(());
        }
        let place = inner.seen;
        inner.seen += 1;
        if let Some(what) = self.disturbances.get(&place) {
            inner.told.push(format!("place {place} ({phase:?} of {}): {what:?}", named(operation)));
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
                    let exposed = inner.is_exposed();
                    let done = &mut inner.done;
                    let change = |world: &mut World| done.meddle(*what, world, &self.first, &self.pairs);
                    let did = self.world.write(change).expect("the lab's world is in memory");
                    // What comes into the middle of a cycle is the cycle's.
                    if matches!(what, Meddling::AddressInCloud(_)) && did.is_some() && exposed {
                        done.cloud_addresses.pop();
                    }
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
        let refusal = if !on_disk || phase == Phase::After { None } else { inner.refusal() };
        if matches!(operation, Operation::Witness) {
            inner.note_missed = refusal.is_some();
        }
        refusal.map_or(Ok(()), |kind| Err(io::Error::from(kind)))
    }

    fn shown(&self, user: &EntraUser) {
        let inner = &mut *self.inner();
        let (records, added) = (inner.records, inner.done.cloud_addresses.len());
        let immutable_id = user.immutable_id.as_ref().map(|id| id.as_str().to_owned());
        let addresses = user.proxy_addresses.iter().map(|address| address.to_string()).collect();
        inner.shown.insert(user.id, Shown { immutable_id, addresses, records, added });
    }

    fn is_dead(&self) -> bool {
        self.inner().dead
    }

    fn passing(&self) -> Option<Passing> {
        self.inner().passing.take()
    }
}
