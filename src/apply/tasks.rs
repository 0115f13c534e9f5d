//! The tasks of an apply, which come before every wave: each step by step, and those that need a sync cycle together.

use super::cycle::Stopwatch;
use super::error::ApplyError;
use super::event::{Event, What};
use super::own::StepEnd;
use super::run::Run;
use super::wave::Flow;
use crate::directory::port::{Clock, SyncEngine, WriteAd, WriteEntra};
use crate::model::cloud::Presence;
use crate::model::id::LinkId;
use crate::plan::document::Purpose;
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::WINDOW;
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{Reading, Standing, StepStatus};
use crate::state::recorder::Recorder;

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Does every task that is not at its end: the tenant's switches one after the other, then the others up to the cycle that
    /// they need, that cycle for all of them, and the rest.
    pub(super) async fn tasks(&self) -> Result<Flow, ApplyError> {
        let open = self.open_tasks()?;
        if open.is_empty() {
            return Ok(Flow::Next);
        }
        if self.is_stopping() {
            return Ok(Flow::Stopped);
        }
        // A switch decides what the cycle makes of everything else, the window included.
        let turns = |id: &LinkId| self.steps_of(id).iter().any(|step| matches!(step.action, Action::Switch { .. }));
        let (switches, others): (Vec<_>, Vec<_>) = open.iter().cloned().partition(turns);
        for id in &switches {
            self.task(id).await?;
        }
        let others = self.let_through(others).await?;
        self.side_by_side(&others, |id| self.task(id)).await?;
        let waiting = self.waiting(&open)?;
        if !waiting.is_empty() {
            self.await_their_cycle(waiting).await?;
            let open = self.open_tasks()?;
            self.side_by_side(&open, |id| self.task(id)).await?;
        }
        Ok(match (self.is_stopping(), self.is_braked()) {
            (true, _) => Flow::Stopped,
            (false, true) => Flow::Halt,
            (false, false) => Flow::Next,
        })
    }

    /// The tasks that something may still happen to in this run. The match window has its own times, except in a rollback,
    /// which closes it at once.
    fn open_tasks(&self) -> Result<Vec<LinkId>, ApplyError> {
        let is_window = |id: &LinkId| id.as_str() == WINDOW && self.plan.purpose == Purpose::Link;
        let open = |standing: &Standing| !standing.is_ended() || matches!(standing, Standing::Stuck { .. });
        let open = self.with_record(|record| {
            let tasks = record.tasks.iter().filter(|(id, task)| open(&task.standing) && !is_window(id));
            tasks.map(|(id, _)| id.clone()).collect::<Vec<_>>()
        })?;
        Ok(open.into_iter().filter(|id| !self.is_put_aside(id)).collect())
    }

    /// Opens the match window, if there is one and a group or contact needs it. Returns the tasks that can go on.
    async fn let_through(&self, tasks: Vec<LinkId>) -> Result<Vec<LinkId>, ApplyError> {
        let joins = |id: &LinkId| self.steps_of(id).iter().any(|step| matches!(step.action, Action::Arrival { .. }));
        let (joining, mut others): (Vec<_>, Vec<_>) = tasks.into_iter().partition(joins);
        if joining.is_empty() || self.plan.purpose != Purpose::Link {
            others.extend(joining);
            return Ok(others);
        }
        match self.open_window().await? {
            Ok(()) => others.extend(joining),
            Err(why) => {
                for id in &joining {
                    self.failures.set(self.failures.get() + 1);
                    self.withdraw(id, &format!("the match window could not be opened: {why}")).await?;
                }
            }
        }
        Ok(others)
    }

    /// Does the steps of a task in order, as far as no cycle has to come first.
    async fn task(&self, id: &LinkId) -> Result<(), ApplyError> {
        if self.is_being_undone(id)? {
            let why = "it was being undone when the apply was interrupted, or a step failed";
            return self.withdraw(id, why).await;
        }
        for step in &self.steps_of(id) {
            if self.is_stopping() {
                return Ok(());
            }
            if awaits_cycle(&step.action) {
                if matches!(self.status(&step.id)?, StepStatus::Pending | StepStatus::Started { .. }) {
                    return Ok(());
                }
                continue;
            }
            match self.step(step).await? {
                StepEnd::Done => {}
                StepEnd::Failed(why) => {
                    self.failures.set(self.failures.get() + 1);
                    return self.withdraw(id, &why).await;
                }
                // It stays begun: a resume reads it again.
                StepEnd::Unknown(_) => {
                    self.failures.set(self.failures.get() + 1);
                    self.put_aside(id);
                    return Ok(());
                }
            }
        }
        let ending = match self.plan.purpose {
            Purpose::Link => LinkEnding::Done,
            Purpose::Rollback { .. } => LinkEnding::RolledBack { why: "rolled back as planned".to_owned() },
        };
        self.settle(id, ending).await
    }

    /// Undoes what was done for a task, the newest first, and ends it.
    pub(super) async fn withdraw(&self, id: &LinkId, why: &str) -> Result<(), ApplyError> {
        let mut problems = Vec::new();
        if let Some(arrival) = self.arrival(id)? {
            match self.seen(&arrival).await {
                // Taking the AD object out of scope again would delete it in the cloud with the next cycle.
                Seen::Done(after) => {
                    self.cycle_came(&arrival, after).await?;
                    return self.settle(id, LinkEnding::Done).await;
                }
                Seen::Unknown => {
                    let found = format!("{why}; whether a cycle has joined the two cannot be read");
                    let next = "run `matchplan apply` to look again".to_owned();
                    return self.settle(id, LinkEnding::Stuck { found, next }).await;
                }
                Seen::NotYet | Seen::Never(_) => {}
            }
        }
        for step in self.steps_of(id).iter().rev().filter(|step| step.action.writes()) {
            let stays = matches!(step.undo, Undo::Nothing | Undo::Never { .. });
            if !stays && let Err(problem) = self.undo_step(step).await? {
                self.emit(What::UndoFailed { step: Box::new(step.clone()), error: problem.clone() });
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            self.skip_pending(id, why).await?;
            return self.settle(id, LinkEnding::RolledBack { why: why.to_owned() }).await;
        }
        let found = format!("{why}; undoing it failed: {}", problems.join("; "));
        let next = "see what was found, then run `matchplan apply` to try again, or `matchplan rollback`".to_owned();
        self.settle(id, LinkEnding::Stuck { found, next }).await
    }

    /// The step that waits for a cycle to join a group or contact, as long as it waits.
    fn arrival(&self, id: &LinkId) -> Result<Option<Step>, ApplyError> {
        for step in self.steps_of(id).into_iter().filter(|step| matches!(step.action, Action::Arrival { .. })) {
            if matches!(self.status(&step.id)?, StepStatus::Started { .. }) {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    /// The tasks whose next step is to wait for a cycle.
    fn waiting(&self, tasks: &[LinkId]) -> Result<Vec<(LinkId, Step)>, ApplyError> {
        let mut waiting = Vec::new();
        for id in tasks.iter().filter(|id| !self.is_put_aside(id)) {
            for step in self.steps_of(id) {
                let waits = matches!(self.status(&step.id)?, StepStatus::Pending | StepStatus::Started { .. });
                if waits {
                    if awaits_cycle(&step.action) {
                        waiting.push((id.clone(), step));
                    }
                    break;
                }
            }
        }
        Ok(waiting)
    }

    /// Asks for a cycle, and looks until it has done for every task what that waits for, or the time is over. A user that
    /// is not deleted in time gets its AD user back: a cycle that deletes it after all is followed by one that restores it,
    /// as its anchor is the same. A group or contact that is not joined in time gets back what it had in AD.
    async fn await_their_cycle(&self, mut waiting: Vec<(LinkId, Step)>) -> Result<(), ApplyError> {
        for (_, step) in &waiting {
            if self.status(&step.id)? == StepStatus::Pending {
                self.emit(What::StepStarted { step: Box::new(step.clone()) });
                let (apply, id, before) = (self.apply.clone(), step.id.clone(), Reading::Nothing);
                self.record(JournalEvent::StepStarted { apply, step: id, before }).await?;
            }
        }
        let (timeout, poll) = (self.plan.settings.sync.timeout, self.plan.settings.sync.poll);
        let mut watch = Stopwatch::from(self.ports.clock.now());
        let mut asked = false;
        loop {
            let waited = watch.look(self.ports.clock.now(), poll);
            asked = asked || self.ask(0).await;
            let mut left = Vec::new();
            for (id, step) in waiting {
                match self.seen(&step).await {
                    Seen::Done(after) => self.cycle_came(&step, after).await?,
                    Seen::Never(why) => self.no_cycle_came(&id, &step, why).await?,
                    Seen::NotYet => left.push((id, step, true)),
                    Seen::Unknown => left.push((id, step, false)),
                }
            }
            if left.is_empty() || self.is_stopping() {
                return Ok(());
            }
            if waited >= timeout {
                for (id, step, read) in &left {
                    let missing = match (&step.action, read) {
                        // It may be joined, and then nothing may be undone. It stays begun: a resume looks again.
                        (Action::Arrival { .. }, false) => {
                            self.failures.set(self.failures.get() + 1);
                            self.put_aside(id);
                            continue;
                        }
                        (Action::Arrival { object }, true) => format!("joined {object} with AD"),
                        _ => "deleted the cloud user".to_owned(),
                    };
                    let why = format!("no sync cycle {missing} within {timeout:#}");
                    self.no_cycle_came(id, step, &why).await?;
                }
                return Ok(());
            }
            waiting = left.into_iter().map(|(id, step, _)| (id, step)).collect();
            self.pause(poll).await;
        }
    }

    /// Whether a cycle has done what a step waits for.
    async fn seen(&self, step: &Step) -> Seen {
        let directories = self.ports.directories;
        match &step.action {
            Action::Departure { user } => match self.again(|| directories.presence_of(user.id)).await {
                Ok(Presence::RecycleBin) => Seen::Done(Reading::Presence { presence: Presence::RecycleBin }),
                Ok(Presence::Gone) => {
                    Seen::Never("the cloud user was deleted for good meanwhile, so it cannot be restored")
                }
                Ok(Presence::Live) => Seen::NotYet,
                Err(_) => Seen::Unknown,
            },
            Action::Arrival { object } => match self.again(|| directories.address_holder(object.kind, object.id)).await
            {
                Ok(Some(holder)) if holder.synced => Seen::Done(Reading::Flag { on: true }),
                Ok(Some(_)) => Seen::NotYet,
                Ok(None) => Seen::Never("it was deleted in the cloud meanwhile"),
                Err(_) => Seen::Unknown,
            },
            _ => Seen::NotYet,
        }
    }

    async fn cycle_came(&self, step: &Step, after: Reading) -> Result<(), ApplyError> {
        let (apply, id) = (self.apply.clone(), step.id.clone());
        self.record(JournalEvent::StepSucceeded { apply, step: id, wrote: false, after, assignment: None }).await?;
        self.emit(What::StepSucceeded { step: Box::new(step.clone()), wrote: false });
        Ok(())
    }

    async fn no_cycle_came(&self, id: &LinkId, step: &Step, why: &str) -> Result<(), ApplyError> {
        let (apply, step_id, error) = (self.apply.clone(), step.id.clone(), why.to_owned());
        self.record(JournalEvent::StepFailed { apply, step: step_id, error: error.clone() }).await?;
        self.emit(What::StepFailed { step: Box::new(step.clone()), error });
        self.failures.set(self.failures.get() + 1);
        self.withdraw(id, why).await
    }
}

/// What a look at the cloud tells of a step that waits for a cycle.
enum Seen {
    /// The cycle has done it.
    Done(Reading),
    /// It has not yet.
    NotYet,
    /// It never will, and why.
    Never(&'static str),
    /// It could not be read, which proves nothing.
    Unknown,
}

const fn awaits_cycle(action: &Action) -> bool {
    matches!(action, Action::Departure { .. } | Action::Arrival { .. })
}
