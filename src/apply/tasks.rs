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
    /// Does every task that is not at its end: up to the cycle that it needs, then that cycle for all of them, then the rest.
    pub(super) async fn tasks(&self) -> Result<Flow, ApplyError> {
        let open = self.open_tasks()?;
        if open.is_empty() {
            return Ok(Flow::Next);
        }
        if self.is_stopping() {
            return Ok(Flow::Stopped);
        }
        self.side_by_side(&open, |id| self.task(id)).await?;
        let departing = self.departing(&open)?;
        if !departing.is_empty() {
            self.await_departures(departing).await?;
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
            if let Action::Departure { .. } = step.action {
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

    /// The tasks whose next step is to wait for a cycle that deletes a user.
    fn departing(&self, tasks: &[LinkId]) -> Result<Vec<(LinkId, Step)>, ApplyError> {
        let mut departing = Vec::new();
        for id in tasks.iter().filter(|id| !self.is_put_aside(id)) {
            for step in self.steps_of(id) {
                let waits = matches!(self.status(&step.id)?, StepStatus::Pending | StepStatus::Started { .. });
                if waits {
                    if matches!(step.action, Action::Departure { .. }) {
                        departing.push((id.clone(), step));
                    }
                    break;
                }
            }
        }
        Ok(departing)
    }

    /// Asks for a cycle, and looks until every user lies in the recycle bin or the time is over. Whoever is not deleted in
    /// time gets its AD user back: a cycle that deletes it after all is followed by one that restores it, as its anchor is
    /// the same.
    async fn await_departures(&self, mut waiting: Vec<(LinkId, Step)>) -> Result<(), ApplyError> {
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
                match self.has_departed(&step).await {
                    Some(Presence::RecycleBin) => self.departed(&step).await?,
                    Some(Presence::Gone) => {
                        let why = "the cloud user was deleted for good meanwhile, so it cannot be restored";
                        self.not_departed(&id, &step, why).await?;
                    }
                    Some(Presence::Live) | None => left.push((id, step)),
                }
            }
            waiting = left;
            if waiting.is_empty() || self.is_stopping() {
                return Ok(());
            }
            if waited >= timeout {
                let why = format!("no sync cycle deleted the cloud user within {timeout:#}");
                for (id, step) in &waiting {
                    self.not_departed(id, step, &why).await?;
                }
                return Ok(());
            }
            self.pause(poll).await;
        }
    }

    /// Where the user is now; `None` if it cannot be read, which proves nothing.
    async fn has_departed(&self, step: &Step) -> Option<Presence> {
        let Action::Departure { user } = &step.action else { return None };
        self.again(|| self.ports.directories.presence_of(user.id)).await.ok()
    }

    async fn departed(&self, step: &Step) -> Result<(), ApplyError> {
        let (apply, id, after) =
            (self.apply.clone(), step.id.clone(), Reading::Presence { presence: Presence::RecycleBin });
        self.record(JournalEvent::StepSucceeded { apply, step: id, wrote: false, after, assignment: None }).await?;
        self.emit(What::StepSucceeded { step: Box::new(step.clone()), wrote: false });
        Ok(())
    }

    async fn not_departed(&self, id: &LinkId, step: &Step, why: &str) -> Result<(), ApplyError> {
        let (apply, step_id, error) = (self.apply.clone(), step.id.clone(), why.to_owned());
        self.record(JournalEvent::StepFailed { apply, step: step_id, error: error.clone() }).await?;
        self.emit(What::StepFailed { step: Box::new(step.clone()), error });
        self.failures.set(self.failures.get() + 1);
        self.withdraw(id, why).await
    }
}
