//! Undoing a link within its own apply: scope first, then anchor, alignment, roles.

use super::error::ApplyError;
use super::event::{Event, What};
use super::linked::Look;
use super::perform::{Attempt, may_be_ours};
use super::run::Run;
use crate::directory::error::ErrorKind;
use crate::directory::port::{Clock, WriteAd, WriteEntra};
use crate::model::cloud::Presence;
use crate::model::id::{ApplyId, LinkId};
use crate::plan::document::Purpose;
use crate::plan::step::{Action, Step};
use crate::rules::finding::FindingCode;
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{Reading, State, StepRecord, StepStatus};
use crate::state::recorder::Recorder;
use crate::state::write::Verdict;

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Undoes what was done for a link, in reverse order, and ends it: `rolled-back`, or `stuck` with everything that
    /// could not be undone. Roles are given back whatever else fails. If the link turns out to be formed, it is finished
    /// instead; if a cycle has run and that cannot be told, only its roles are given back.
    pub(super) async fn undo_link(&self, link: &LinkId, why: &str) -> Result<(), ApplyError> {
        let mut problems = Vec::new();
        if let Some(wanted) = self.wanted(link) {
            match self.again(|| self.look(&wanted)).await {
                Ok(Look::Linked) => return self.finish_linked(link).await,
                // Taking a formed link's AD user out of scope again would delete its cloud user with the next cycle.
                Err(error) if self.has_met_a_cycle(link)? => {
                    problems.push(format!("whether the link is formed cannot be read: {}", error.in_full()));
                }
                Ok(Look::Not(_)) | Err(_) => {}
            }
        }
        let only_roles = !problems.is_empty();
        for step in self.steps_of(link).iter().rev() {
            if step.action.writes()
                && !matches!(step.action, Action::Restore { .. })
                && (!only_roles || matches!(step.action, Action::Suspend { .. }))
                && let Err(problem) = self.undo_step(step).await?
            {
                self.emit(What::UndoFailed { step: Box::new(step.clone()), error: problem.clone() });
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            self.skip_pending(link, why).await?;
            let why = self.with_what_stays(link, why)?;
            return self.settle(link, LinkEnding::RolledBack { why }).await;
        }
        let next = if self.with_record(|record| record.roles_out(link))? {
            self.how_to_restore()
        } else {
            "see what was found, then run `matchplan apply` to try again, or `matchplan rollback`".to_owned()
        };
        let found = format!("{why}; undoing it failed: {}", problems.join("; "));
        self.settle(link, LinkEnding::Stuck { found, next }).await
    }

    /// The reason, and what was done for the link that has no way back.
    fn with_what_stays(&self, link: &LinkId, why: &str) -> Result<String, ApplyError> {
        let stays = self.with_record(|record| {
            let done = record.steps_of(link).filter(|s| s.status.standing().is_some_and(|done| done.wrote));
            let for_good = done.filter_map(|s| match &s.step.action {
                Action::Place { user, to: Presence::Gone, .. } => Some(user.to_string()),
                _ => None,
            });
            for_good.collect::<Vec<_>>()
        })?;
        Ok(if stays.is_empty() {
            why.to_owned()
        } else {
            format!("{why}; deleted for good all the same: {}", stays.join(", "))
        })
    }

    /// Whether a sync cycle may have seen what was written for the link.
    fn has_met_a_cycle(&self, link: &LinkId) -> Result<bool, ApplyError> {
        self.with_record(|record| {
            let moved = |s: &&StepRecord| matches!(s.step.action, Action::Move { .. }) && s.status.standing().is_some();
            let wave = record.links.get(link).map(|link| link.wave);
            let synced = |s: &&StepRecord| s.step.action == Action::Sync && Some(s.step.wave) == wave;
            record.steps_of(link).any(|s| moved(&s))
                || record.steps.iter().any(|s| synced(&s) && s.status != StepStatus::Pending)
        })
    }

    /// Undoes one step if it stands. The inner error is the problem that is left.
    pub(super) async fn undo_step(&self, step: &Step) -> Result<Result<(), String>, ApplyError> {
        let apply = &self.apply;
        if let StepStatus::Started { before, .. } = self.status(&step.id)?
            && let Err(problem) = self.classify(step, &before).await?
        {
            return Ok(Err(problem));
        }
        let status = self.status(&step.id)?;
        let undo = |state: &State| status.standing().and_then(|done| state.undo_of(apply, step, done));
        let Some(write) = self.with_state(undo)? else { return Ok(Ok(())) };
        let begun = match &status {
            StepStatus::Undoing { done, .. } => Some(&done.after),
            _ => None,
        };
        let intent = |before| JournalEvent::UndoStarted { apply: apply.clone(), step: step.id.clone(), before };
        match self.perform(&write, begun, intent).await? {
            Attempt::Done { after, assignment, .. } => {
                let step_id = step.id.clone();
                self.record(JournalEvent::StepUndone { apply: apply.clone(), step: step_id, after, assignment })
                    .await?;
                self.emit(What::StepUndone { step: Box::new(step.clone()) });
                Ok(Ok(()))
            }
            Attempt::Forgone(reason) => {
                self.forgo(step, reason).await?;
                Ok(Ok(()))
            }
            // With the object, what was written to it is gone.
            Attempt::Gone(why) if is_left(&step.action) => {
                self.leave(apply, step, why).await?;
                Ok(Ok(()))
            }
            Attempt::Gone(why) | Attempt::Not(why) | Attempt::Unknown(why) => Ok(Err(why)),
        }
    }

    /// In a rollback that leaves out what others have changed since: the person has seen the finding and gone on, so these
    /// steps stand no more, and nothing waits for them.
    pub(super) async fn leave_what_others_changed(&self, link: &LinkId) -> Result<(), ApplyError> {
        let Purpose::Rollback { of } = &self.plan.purpose else { return Ok(()) };
        let about = |code| {
            let mut found = self.plan.findings.iter().filter(|found| found.link.as_ref() == Some(link));
            found.find(|found| found.code == code)
        };
        let Some(finding) = about(FindingCode::ChangedSince) else { return Ok(()) };
        if about(FindingCode::PointOfNoReturn).is_some() {
            return Ok(());
        }
        let left: Vec<Step> = self.with_state(|state| {
            let steps = state.apply(of).into_iter().flat_map(|apply| apply.steps_of(link));
            let steps = steps.filter(|s| s.stands() || matches!(s.status, StepStatus::Started { .. }));
            steps.filter(|s| is_left(&s.step.action)).map(|s| s.step.clone()).collect()
        })?;
        for step in left {
            self.leave(of, &step, finding.message.clone()).await?;
        }
        Ok(())
    }

    async fn leave(&self, of: &ApplyId, step: &Step, why: String) -> Result<(), ApplyError> {
        let (apply, of, id) = (self.apply.clone(), of.clone(), step.id.clone());
        self.record(JournalEvent::StepLeft { apply, of, step: id, why: why.clone() }).await?;
        self.emit(What::StepLeft { step: Box::new(step.clone()), why });
        Ok(())
    }

    /// Reads whether a step that was begun after that reading happened. Writes nothing.
    async fn classify(&self, step: &Step, before: &Reading) -> Result<Result<(), String>, ApplyError> {
        let Some(write) = self.with_state(|state| state.write_of(&self.apply, &step.action))? else {
            return Ok(Ok(()));
        };
        let (apply, id) = (self.apply.clone(), step.id.clone());
        // Patiently: a role that a lagging replica still shows would never be given back.
        let event = match self.read_back(&write, true).await {
            Err(error) if error.kind == ErrorKind::NotFound && is_left(&step.action) => {
                self.leave(&apply, step, error.in_full()).await?;
                return Ok(Ok(()));
            }
            Err(error) => return Ok(Err(error.in_full())),
            Ok((reading, Verdict::AsWanted)) => {
                let wrote = may_be_ours(&write, before);
                JournalEvent::StepSucceeded { apply, step: id, wrote, after: reading, assignment: None }
            }
            Ok((_, Verdict::AsExpected)) => {
                JournalEvent::StepFailed { apply, step: id, error: "it did not happen".to_owned() }
            }
            Ok((_, Verdict::Surprise(error))) => JournalEvent::StepFailed { apply, step: id, error },
        };
        self.record(event).await?;
        Ok(Ok(()))
    }
}

/// Whether what a step of this kind wrote can be left to others: never a role.
const fn is_left(action: &Action) -> bool {
    matches!(action, Action::Align { .. } | Action::Anchor { .. } | Action::Amend { .. } | Action::Move { .. })
}
