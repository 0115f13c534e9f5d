//! Waiting for a sync cycle, and proving that one ran.

use super::error::ApplyError;
use super::event::{Event, What};
use super::on_demand::OnDemand;
use super::run::Run;
use crate::config::settings::Trigger;
use crate::directory::port::{Clock, SyncEngine, SyncStatus, Triggered, WriteAd, WriteEntra};
use crate::model::id::LinkId;
use crate::plan::step::Step;
use crate::rules::aftermath::Wanted;
use crate::state::journal::JournalEvent;
use crate::state::ledger::{Reading, StepStatus};
use crate::state::recorder::Recorder;
use jiff::{SignedDuration, Timestamp};

/// How long links are read on after the cycle is proven: replicas lag.
pub(super) const REPLICAS: SignedDuration = SignedDuration::from_mins(2);

/// Up to so many waiting links are looked at with every poll.
const FEW: usize = 20;
// Who is provisioned on demand is looked at with every poll.
const _: () = assert!(crate::config::settings::OnDemand::MOST <= FEW);
/// More than that are looked at with every so manieth poll while the tenant has not synced.
const EVERY: u32 = 10;

/// How waiting ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CycleEnd {
    /// No link waits any more.
    Settled,
    /// A cycle is proven, and these links are not formed.
    NotFormed(Vec<LinkId>),
    /// No proof in time.
    TimedOut(Vec<LinkId>),
    /// The person asked to stop.
    Stopped,
}

/// Counts the tenant's syncs until they prove that a whole cycle ran after our last write.
///
/// With a `status` command: the engine was seen idle after our write, then the last sync advanced, then it is idle
/// again. Without one: the last sync advanced twice, since the first advance may end a cycle that had read AD before
/// we wrote.
///
/// Users that are provisioned on demand are no cycle, and may all the same show as syncs of the tenant: counting begins anew
/// after them, and one advance more is asked for, as the last of them may show late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    last: Option<Timestamp>,
    advances: u32,
    idle_seen: bool,
    pub(super) proven: bool,
    /// Users were provisioned on demand since the last look.
    provisioned: bool,
    /// How many advances prove nothing.
    late: u32,
}

impl Proof {
    /// Counting begins at `mark`, the tenant's last sync as read after our last write.
    pub(super) const fn from(mark: Option<Timestamp>) -> Self {
        Self { last: mark, advances: 0, idle_seen: false, proven: false, provisioned: false, late: 0 }
    }

    /// Begins counting anew: users were provisioned on demand.
    pub(super) const fn provisioned(&mut self) {
        self.provisioned = true;
    }

    /// Takes in one look: first the status was read, then the last sync.
    pub(super) fn observe(&mut self, status: Option<SyncStatus>, last_sync: Option<Timestamp>) {
        if std::mem::take(&mut self.provisioned) {
            (self.last, self.advances, self.late) = (last_sync.max(self.last), 0, 1);
            return;
        }
        match status {
            Some(status) if !self.idle_seen => {
                self.idle_seen = !status.busy;
                self.last = last_sync.max(self.last);
            }
            _ => {
                if last_sync > self.last {
                    self.last = last_sync;
                    self.advances += 1;
                }
                self.proven |= match status {
                    Some(status) => self.advances > self.late && !status.busy,
                    None => self.advances > 1 + self.late,
                };
            }
        }
    }
}

/// How long something has been going on. A clock that somebody sets back takes nothing off: whoever waits for a cycle would
/// wait for the difference, too, with roles taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopwatch {
    last: Timestamp,
    total: SignedDuration,
}

impl Stopwatch {
    /// Begins now.
    pub(super) const fn from(now: Timestamp) -> Self {
        Self { last: now, total: SignedDuration::ZERO }
    }

    /// How long it has been, with a look at the clock at least every so often.
    pub(super) fn look(&mut self, now: Timestamp, every: SignedDuration) -> SignedDuration {
        let passed = now.duration_since(self.last);
        self.last = now;
        self.total = self.total.saturating_add(if passed.is_negative() { every } else { passed });
        self.total
    }
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Waits for a cycle that forms `links`, ending each as soon as it is formed.
    pub(super) async fn await_cycle(&self, sync: &Step, links: Vec<LinkId>) -> Result<CycleEnd, ApplyError> {
        let mut waiting = links;
        let fresh = self.status(&sync.id)? == StepStatus::Pending;
        let Some(mut proof) = self.mark(sync).await? else {
            return Ok(if self.is_stopping() { CycleEnd::Stopped } else { CycleEnd::TimedOut(waiting) });
        };
        let (timeout, poll) = (self.plan.settings.sync.timeout, self.plan.settings.sync.poll);
        let mut watch = Stopwatch::from(self.ports.clock.now());
        let (mut ask, mut asked_after, mut proven_at) = (!proof.proven, 0, None);
        let mut on_demand = OnDemand::of(&self.plan.settings.sync.trigger, waiting.len());
        let (mut synced, mut synced_at) = (proof.last, None);
        // What has only now been written cannot be formed before the tenant has synced again.
        let (mut looked_after, mut polls) = (if fresh { proof.last } else { None }, 1_u32);
        loop {
            let waited = watch.look(self.ports.clock.now(), poll);
            // Status before last sync, and both before the links: what the proof says is then true of each look.
            let status = self.sync_status().await;
            let last_sync = self.last_sync().await;
            let mut may_ask = false;
            if let (Ok(status), Ok(last_sync)) = (status, last_sync) {
                proof.observe(status, last_sync);
                // The cycle after users on demand is the scheduler's.
                ask |= proof.advances > asked_after && !proof.proven && on_demand.is_none();
                may_ask = status.is_none() || proof.idle_seen;
            }
            let of = waiting.len();
            // Many links are looked at only once the tenant has synced again, and now and then: no cycle, no link.
            let looks = waiting.len() <= FEW || proof.last != looked_after || polls.is_multiple_of(EVERY);
            if looks {
                looked_after = if proof.proven { None } else { proof.last };
                waiting = self.look_and_finish(waiting).await?;
            }
            polls += 1;
            let linked = of - waiting.len();
            // A duplicate comes with a sync, so nothing is read before the tenant has synced again, and not for ever then.
            if proof.last != synced {
                (synced, synced_at) = (proof.last, Some(waited));
            }
            if looks && synced_at.is_some_and(|at| waited - at < REPLICAS) {
                let open = self.side_by_side(&waiting, |link| self.conclude(link)).await?;
                waiting = open.into_iter().flatten().collect();
            }
            if let Some(on_demand) = &mut on_demand {
                waiting = self.give_up_refused(waiting, on_demand, waited).await?;
                if ask && may_ask && !waiting.is_empty() {
                    ask = !self.provision(sync.wave, &waiting, on_demand, waited).await;
                    proof.provisioned();
                    // A duplicate comes with it, too.
                    synced_at = Some(waited);
                }
            } else if ask && may_ask && !waiting.is_empty() && self.ask(sync.wave).await {
                (ask, asked_after) = (false, proof.advances);
            }
            self.emit(What::CyclePolled { wave: sync.wave, waited, timeout, last_sync: proof.last, linked, of });
            if proof.proven && proven_at.is_none() {
                proven_at = Some(waited);
                self.emit(What::CycleProven { wave: sync.wave, last_sync: proof.last });
            }
            if waiting.is_empty() {
                self.end_sync(sync, proof.last).await?;
                return Ok(CycleEnd::Settled);
            }
            if proven_at.is_some_and(|at| waited - at >= REPLICAS) {
                self.end_sync(sync, proof.last).await?;
                return Ok(CycleEnd::NotFormed(waiting));
            }
            if proven_at.is_none() && waited >= timeout {
                return Ok(CycleEnd::TimedOut(waiting));
            }
            if self.is_stopping() {
                return Ok(CycleEnd::Stopped);
            }
            self.pause(poll).await;
        }
    }

    /// Where counting begins: read once after the last write and journaled, so that a resume counts from there. `None`
    /// if it cannot be read until the timeout.
    async fn mark(&self, sync: &Step) -> Result<Option<Proof>, ApplyError> {
        match self.status(&sync.id)? {
            StepStatus::Started { before: Reading::LastSync { at }, .. } => return Ok(Some(Proof::from(at))),
            StepStatus::Succeeded { done } => {
                let Reading::LastSync { at } = done.after else { return Ok(Some(Proof::from(None))) };
                return Ok(Some(Proof { proven: true, ..Proof::from(at) }));
            }
            StepStatus::Failed { .. } | StepStatus::Skipped { .. } => return Ok(None),
            _ => {}
        }
        self.emit(What::StepStarted { step: Box::new(sync.clone()) });
        let (mut watch, settings) = (Stopwatch::from(self.ports.clock.now()), &self.plan.settings.sync);
        loop {
            let waited = watch.look(self.ports.clock.now(), settings.poll);
            if let Ok(at) = self.last_sync().await {
                let before = Reading::LastSync { at };
                let (apply, step) = (self.apply.clone(), sync.id.clone());
                self.record(JournalEvent::StepStarted { apply, step, before }).await?;
                return Ok(Some(Proof::from(at)));
            }
            if waited >= settings.timeout || self.is_stopping() {
                return Ok(None);
            }
            self.pause(settings.poll).await;
        }
    }

    async fn end_sync(&self, sync: &Step, at: Option<Timestamp>) -> Result<(), ApplyError> {
        if matches!(self.status(&sync.id)?, StepStatus::Started { .. }) {
            let (apply, step, after) = (self.apply.clone(), sync.id.clone(), Reading::LastSync { at });
            self.record(JournalEvent::StepSucceeded { apply, step, wrote: false, after, assignment: None }).await?;
            self.emit(What::StepSucceeded { step: Box::new(sync.clone()), wrote: false });
        }
        Ok(())
    }

    /// Asks for a cycle; where users are provisioned on demand, and these are too many, the scheduler's is waited for.
    /// `true` if it was asked for, or the scheduler will run it; `false` if asking must be repeated.
    pub(super) async fn ask(&self, wave: u32) -> bool {
        let asked = match self.plan.settings.sync.trigger {
            Trigger::ProvisionOnDemand(_) => Ok(Triggered::Scheduler),
            Trigger::Command(_) | Trigger::Wait => self.ports.sync.trigger().await,
        };
        match asked {
            Ok(Triggered::Busy) => false,
            Ok(answer) => {
                self.emit(What::CycleAsked { wave, triggered: answer == Triggered::Asked });
                true
            }
            Err(error) => {
                self.say_retry("start a sync cycle", &error.to_string());
                false
            }
        }
    }

    /// Looks at links and finishes those that are formed; the others go on waiting.
    async fn look_and_finish(&self, links: Vec<LinkId>) -> Result<Vec<LinkId>, ApplyError> {
        let (known, mut waiting): (Vec<LinkId>, Vec<LinkId>) =
            links.into_iter().partition(|link| self.wanted(link).is_some());
        let wanted: Vec<Wanted> = known.iter().filter_map(|link| self.wanted(link)).collect();
        let looks = match self.look_at_all(&wanted).await {
            Ok(looks) => looks.into_iter().map(Ok).collect(),
            // One that cannot be read keeps no other waiting.
            Err(_) => self.look_one_by_one(&wanted).await,
        };
        let mut formed = Vec::new();
        for (link, look) in known.into_iter().zip(looks) {
            match look {
                Ok(true) => formed.push(link),
                Ok(false) => waiting.push(link),
                Err(error) => {
                    self.say_retry("see whether the link is formed", &error.to_string());
                    waiting.push(link);
                }
            }
        }
        self.side_by_side(&formed, |link| self.finish_linked(link)).await?;
        waiting.sort();
        Ok(waiting)
    }

    /// Undoes a link that provably no later cycle forms, now and not at the timeout: each moment that it waits, somebody
    /// may begin to work with the duplicate, and an administrator is without roles.
    async fn conclude(&self, link: &LinkId) -> Result<Option<LinkId>, ApplyError> {
        let Some(diagnosis) = self.hopeless(link).await else { return Ok(Some(link.clone())) };
        self.failures.set(self.failures.get() + 1);
        self.keep(link, &diagnosis).await?;
        self.undo_link(link, &format!("no cycle can form the link any more: {diagnosis}")).await?;
        Ok(None)
    }

    pub(super) async fn sync_status(&self) -> Result<Option<SyncStatus>, ()> {
        self.ports
            .sync
            .status()
            .await
            .map_err(|error| self.say_retry("read the sync engine's status", &error.to_string()))
    }

    async fn last_sync(&self) -> Result<Option<Timestamp>, ()> {
        let answer = self.ports.directories.last_sync().await;
        answer.map_err(|error| self.say_retry("read when the tenant was last synced", &error.to_string()))
    }

    pub(super) fn say_retry(&self, what: &str, error: &str) {
        let after = self.plan.settings.sync.poll;
        self.emit(What::Retrying { what: what.to_owned(), error: error.to_owned(), after });
    }
}
