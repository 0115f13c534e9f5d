//! One wave: the links' own steps side by side, a barrier, scope, one proven cycle, and each link's end.

use super::cycle::CycleEnd;
use super::error::ApplyError;
use super::event::{Event, What};
use super::options::OnFailure;
use super::own::StepEnd;
use super::run::Run;
use crate::config::settings::OnTimeout;
use crate::directory::error::DirectoryError;
use crate::directory::port::{Clock, SyncEngine, WriteAd, WriteEntra};
use crate::model::id::LinkId;
use crate::plan::document::Purpose;
use crate::plan::step::{Action, Step};
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{LinkRecord, Reading, Standing, StepStatus};
use crate::state::recorder::Recorder;
use std::future::Future;

/// How often an engine that says it is busy is looked at before idleness counts as unproven.
const IDLE_LOOKS: u32 = 30;
/// How often the scheduler's hold and release are tried.
const ENGINE_TRIES: u32 = 4;

/// What follows a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next wave.
    Next,
    /// Nothing new: the brake, or no cycle comes.
    Halt,
    /// The person asked to stop.
    Stopped,
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Runs one wave, from wherever an earlier run left it.
    pub(super) async fn wave(&self, wave: u32, waves: u32) -> Result<Flow, ApplyError> {
        let open = self.open_links(wave)?;
        if self.is_stopping() && !open.is_empty() {
            return Ok(Flow::Stopped);
        }
        if !open.is_empty() {
            self.emit(What::WaveStarted { wave, waves, links: open.len() });
            self.side_by_side(&open, |link| self.take_up(link)).await?;
        }
        let flow = match self.plan.purpose {
            Purpose::Link => self.link_wave(wave).await?,
            Purpose::Rollback { .. } => self.rollback_wave(wave).await?,
        };
        // A stopped apply keeps its hold: released in the middle, half-done links would meet a cycle.
        if flow != Flow::Stopped {
            self.release(wave).await?;
            // Not `open_links`: what is only put aside for this run, a resume takes up, and it needs the wave's steps.
            let over = |link: &LinkRecord| link.standing.is_ended() && !matches!(link.standing, Standing::Stuck { .. });
            if self.with_record(|record| record.links.values().filter(|link| link.wave == wave).all(over))? {
                self.skip_wave_steps(wave).await?;
            }
        }
        Ok(flow)
    }

    async fn link_wave(&self, wave: u32) -> Result<Flow, ApplyError> {
        let links = self.open_links(wave)?;
        if links.is_empty() {
            return Ok(self.flow());
        }
        if !self.hold(wave).await? {
            return Ok(self.halted());
        }
        let own = |action: &Action| action.writes() && !matches!(action, Action::Move { .. } | Action::Restore { .. });
        self.side_by_side(&links, |link| self.link_steps(link, own)).await?;
        if let Some(flow) = self.barrier(wave).await? {
            return Ok(flow);
        }
        if self.options.prepare_only {
            return Ok(Flow::Halt);
        }
        let Some(sync) = self.wave_step(wave, |action| matches!(action, Action::Sync)) else { return Ok(self.flow()) };
        if self.status(&sync.id)? == StepStatus::Pending {
            let links = self.open_links(wave)?;
            self.check_before_cycle(&links).await?;
            if let Some(flow) = self.barrier(wave).await? {
                return Ok(flow);
            }
        }
        let links = self.open_links(wave)?;
        if let Err(why) = self.open_window().await? {
            let why = format!("the match window could not be opened, so the match would be refused: {why}");
            self.failures.set(self.failures.get() + 1);
            self.side_by_side(&links, |link| self.undo_link(link, &why)).await?;
            return Ok(self.halted());
        }
        self.side_by_side(&links, |link| self.link_steps(link, |action| matches!(action, Action::Move { .. }))).await?;
        if let Some(flow) = self.barrier(wave).await? {
            return Ok(flow);
        }
        if !self.release(wave).await? {
            return Ok(self.halted());
        }
        let links = self.open_links(wave)?;
        if links.is_empty() {
            return Ok(self.flow());
        }
        match self.await_cycle(&sync, links).await? {
            CycleEnd::Settled => {
                // Links that no cycle forms any more were undone on the way.
                self.barrier(wave).await?;
                Ok(self.flow())
            }
            CycleEnd::Stopped => Ok(Flow::Stopped),
            CycleEnd::NotFormed(links) => {
                self.not_formed(&links).await?;
                if self.is_stopping() {
                    return Ok(Flow::Stopped);
                }
                self.barrier(wave).await?;
                Ok(self.flow())
            }
            CycleEnd::TimedOut(links) => {
                self.time_out(&sync, links).await?;
                Ok(self.halted())
            }
        }
    }

    /// Whether the next wave may follow.
    fn flow(&self) -> Flow {
        if self.is_braked() { Flow::Halt } else { Flow::Next }
    }

    /// Nothing follows: because of what happened, or because the person asked.
    fn halted(&self) -> Flow {
        if self.is_stopping() { Flow::Stopped } else { Flow::Halt }
    }

    /// Finishes what an earlier run left half-done for a link.
    async fn take_up(&self, link: &LinkId) -> Result<(), ApplyError> {
        if self.plan.purpose != Purpose::Link {
            return Ok(());
        }
        let formed = self.with_record(|record| {
            record.steps_of(link).any(|s| {
                matches!(s.step.action, Action::Verify { .. }) && matches!(s.status, StepStatus::Succeeded { .. })
            })
        })?;
        if formed {
            return self.finish_linked(link).await;
        }
        if !self.is_being_undone(link)? {
            if let Some(why) = self.must_not_stay_taken(link).await? {
                self.failures.set(self.failures.get() + 1);
                self.undo_link(link, &why).await?;
            }
            return Ok(());
        }
        let (why, undoing) = self.with_record(|record| {
            let failed = record.steps_of(link).find_map(|s| match &s.status {
                StepStatus::Failed { error, .. } => Some(error.clone()),
                _ => None,
            });
            let undoing = record.steps_of(link).any(|s| s.status.is_taken_back());
            (failed.unwrap_or_else(|| "it was being undone when the apply was interrupted".to_owned()), undoing)
        })?;
        if undoing || self.must_undo(link)? || self.options.on_failure == OnFailure::Rollback {
            return self.undo_link(link, &why).await;
        }
        self.skip_pending(link, &why).await?;
        self.settle(link, LinkEnding::Failed { why }).await
    }

    /// Between the stages: whether to stop here. What may not stay half-done is undone first.
    async fn barrier(&self, wave: u32) -> Result<Option<Flow>, ApplyError> {
        if self.options.on_failure == OnFailure::Rollback && self.failures.get() > 0 {
            let waves = self.plan.steps.iter().map(|s| s.wave).max().unwrap_or(wave);
            for wave in (1..=waves).rev() {
                let links = self.open_links(wave)?;
                let why = "another link failed, and everything was to be undone then";
                self.side_by_side(&links, |link| self.undo_link(link, why)).await?;
            }
            return Ok(Some(Flow::Halt));
        }
        if self.is_braked() {
            let mut undo = Vec::new();
            for link in self.open_links(wave)? {
                if self.must_undo(&link)? {
                    undo.push(link);
                }
            }
            let why = "too many other links failed, so the apply stopped before the sync cycle";
            self.side_by_side(&undo, |link| self.undo_link(link, why)).await?;
            return Ok(Some(Flow::Halt));
        }
        Ok(self.is_stopping().then_some(Flow::Stopped))
    }

    /// A cycle is proven, and these links are not formed.
    async fn not_formed(&self, links: &[LinkId]) -> Result<(), ApplyError> {
        // With a status command a cycle that is running now is waited for; without one, two have just passed.
        self.is_idle().await;
        if self.is_stopping() {
            return Ok(());
        }
        self.side_by_side(links, |link| async move {
            let Some(found) = self.diagnosis(link).await? else { return self.finish_linked(link).await };
            self.failures.set(self.failures.get() + 1);
            self.undo_link(link, &format!("a whole sync cycle ran and did not form the link: {found}")).await
        })
        .await?;
        Ok(())
    }

    /// No proven cycle in time: withdraw, or leave the links waiting.
    async fn time_out(&self, sync: &Step, links: Vec<LinkId>) -> Result<(), ApplyError> {
        let settings = &self.plan.settings.sync;
        self.emit(What::TimedOut { wave: sync.wave, then: settings.on_timeout });
        let (mut withdraw, mut waiting) = (Vec::new(), Vec::new());
        for link in links {
            // A link whose roles are taken is never left waiting.
            if settings.on_timeout == OnTimeout::Hold && !self.must_restore(&link)? {
                waiting.push(link);
            } else {
                withdraw.push(link);
            }
        }
        self.side_by_side(&waiting, |link| async move {
            if self.diagnosis(link).await?.is_none() {
                return self.finish_linked(link).await;
            }
            self.record(JournalEvent::LinkWaiting { apply: self.apply.clone(), link: link.clone() }).await?;
            self.put_aside(link);
            self.say_standing(link)
        })
        .await?;
        if withdraw.is_empty() {
            return Ok(());
        }
        let late = format!("no sync cycle was proven within {:#}", settings.timeout);
        if self.is_idle().await {
            self.side_by_side(&withdraw, |link| async {
                let Some(found) = self.diagnosis(link).await? else { return self.finish_linked(link).await };
                self.undo_link(link, &format!("{late}: {found}")).await
            })
            .await?;
            return Ok(());
        }
        if self.is_stopping() {
            // Whether a cycle runs was not asked to the end, so nothing is concluded.
            return Ok(());
        }
        self.side_by_side(&withdraw, |link| self.strand(link, &late)).await?;
        Ok(())
    }

    fn must_restore(&self, link: &LinkId) -> Result<bool, ApplyError> {
        self.with_record(|record| record.roles_out(link))
    }

    /// Leaves a link to a person: undoing it while a cycle may be running could break a link that is being formed.
    async fn strand(&self, link: &LinkId, late: &str) -> Result<(), ApplyError> {
        let Some(found) = self.diagnosis(link).await? else { return self.finish_linked(link).await };
        let found = format!("{late}, and it cannot be proven that no cycle is running, so nothing was undone: {found}");
        let mut next = "`matchplan apply` waits for a cycle again; once you know that none is running, `matchplan \
                        rollback` undoes the link"
            .to_owned();
        if self.must_restore(link)?
            && let Some(sheet) = &self.sheet
        {
            next = format!("{next}; {sheet} says how to give the roles back by hand");
        }
        self.settle(link, LinkEnding::Stuck { found, next }).await
    }

    /// Whether the engine says that no cycle is running. `false` also where nothing can be asked.
    pub(super) async fn is_idle(&self) -> bool {
        for look in 1..=IDLE_LOOKS {
            match self.sync_status().await {
                Ok(None) => return false,
                Ok(Some(status)) if !status.busy => return true,
                Ok(Some(_)) | Err(()) => {}
            }
            if self.is_stopping() {
                return false;
            }
            if look < IDLE_LOOKS {
                self.pause(self.plan.settings.sync.poll).await;
            }
        }
        false
    }

    async fn rollback_wave(&self, wave: u32) -> Result<Flow, ApplyError> {
        let links = self.open_links(wave)?;
        if links.is_empty() {
            return Ok(Flow::Next);
        }
        if !self.hold(wave).await? {
            return Ok(self.halted());
        }
        self.side_by_side(&links, |link| self.rollback_link(link)).await?;
        Ok(if self.is_stopping() && !self.open_links(wave)?.is_empty() { Flow::Stopped } else { Flow::Next })
    }

    /// Takes one link back. After a step that fails only roles are still given back.
    async fn rollback_link(&self, link: &LinkId) -> Result<(), ApplyError> {
        let (mut failed, mut unknown, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        for step in self.steps_of(link).iter().filter(|s| s.action.writes()) {
            let is_restore = matches!(step.action, Action::Restore { .. });
            if self.is_stopping() {
                return Ok(());
            }
            let went_wrong = !failed.is_empty() || !unknown.is_empty();
            if went_wrong && !is_restore {
                continue;
            }
            match self.step(step).await? {
                StepEnd::Done => {}
                StepEnd::Failed(why) => failed.push(why),
                StepEnd::Unknown(why) if is_restore => roles.push(why),
                StepEnd::Unknown(why) => unknown.push(why),
            }
        }
        if !roles.is_empty() {
            roles.extend(failed);
            roles.extend(unknown);
            let next = self.how_to_restore();
            return self.settle(link, LinkEnding::Stuck { found: roles.join("; "), next }).await;
        }
        if !unknown.is_empty() {
            self.put_aside(link);
            return Ok(());
        }
        if failed.is_empty() {
            self.leave_what_others_changed(link).await?;
            return self.settle(link, LinkEnding::RolledBack { why: "rolled back as planned".to_owned() }).await;
        }
        let why = failed.join("; ");
        self.skip_pending(link, &why).await?;
        self.settle(link, LinkEnding::Failed { why }).await
    }

    fn wave_step(&self, wave: u32, wanted: impl Fn(&Action) -> bool) -> Option<Step> {
        self.plan.steps.iter().find(|s| s.wave == wave && wanted(&s.action)).cloned()
    }

    /// Stops the scheduler if the wave asks for it. `false` if that did not work: then nothing of the wave may begin.
    async fn hold(&self, wave: u32) -> Result<bool, ApplyError> {
        let Some(step) = self.wave_step(wave, |action| matches!(action, Action::Hold)) else { return Ok(true) };
        // An earlier run may have released it again before every link was through.
        let again = self.with_record(|record| {
            let released = record
                .steps
                .iter()
                .any(|s| s.step.wave == wave && s.step.action == Action::Release && s.status != StepStatus::Pending);
            let to_write = record.steps.iter().any(|s| {
                let restore = matches!(s.step.action, Action::Restore { .. });
                s.step.wave == wave && s.step.action.writes() && !restore && s.status == StepStatus::Pending
            });
            released && to_write
        })?;
        self.engine_step(&step, again, || self.ports.sync.hold()).await
    }

    /// Starts the scheduler again if we stopped it. `false` if that did not work.
    async fn release(&self, wave: u32) -> Result<bool, ApplyError> {
        let Some(hold) = self.wave_step(wave, |action| matches!(action, Action::Hold)) else { return Ok(true) };
        let Some(step) = self.wave_step(wave, |action| matches!(action, Action::Release)) else { return Ok(true) };
        if matches!(self.status(&hold.id)?, StepStatus::Pending | StepStatus::Skipped { .. }) {
            return Ok(true);
        }
        self.engine_step(&step, false, || self.ports.sync.release()).await
    }

    /// Both commands may be repeated without harm, so a step that was begun is simply done again.
    async fn engine_step<Fut>(&self, step: &Step, again: bool, command: impl Fn() -> Fut) -> Result<bool, ApplyError>
    where
        Fut: Future<Output = Result<(), DirectoryError>>,
    {
        if !again && matches!(self.status(&step.id)?, StepStatus::Succeeded { .. } | StepStatus::Skipped { .. }) {
            return Ok(true);
        }
        let (apply, id) = (&self.apply, &step.id);
        self.emit(What::StepStarted { step: Box::new(step.clone()) });
        let before = Reading::Nothing;
        self.record(JournalEvent::StepStarted { apply: apply.clone(), step: id.clone(), before }).await?;
        let mut attempt = 1;
        let error = loop {
            match command().await {
                Ok(()) => {
                    let (apply, step_id, after) = (apply.clone(), id.clone(), Reading::Nothing);
                    self.record(JournalEvent::StepSucceeded {
                        apply,
                        step: step_id,
                        wrote: true,
                        after,
                        assignment: None,
                    })
                    .await?;
                    self.emit(What::StepSucceeded { step: Box::new(step.clone()), wrote: true });
                    return Ok(true);
                }
                Err(error) if attempt == ENGINE_TRIES || self.is_stopping() => break error.in_full(),
                Err(_) => self.pause(self.plan.settings.sync.poll).await,
            }
            attempt += 1;
        };
        self.emit(What::StepFailed { step: Box::new(step.clone()), error });
        Ok(false)
    }

    /// A wave whose links are all at their end leaves no step open.
    async fn skip_wave_steps(&self, wave: u32) -> Result<(), ApplyError> {
        for step in self.plan.steps.iter().filter(|s| s.wave == wave && s.link.is_none()) {
            if self.status(&step.id)? == StepStatus::Pending {
                let (apply, step, why) =
                    (self.apply.clone(), step.id.clone(), "no link of the wave needs it".to_owned());
                self.record(JournalEvent::StepSkipped { apply, step, why }).await?;
            }
        }
        Ok(())
    }
}
