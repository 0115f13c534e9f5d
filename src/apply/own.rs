//! A link's own steps, and what happens to the link when one fails.

use super::error::ApplyError;
use super::event::{Event, What};
use super::options::OnFailure;
use super::perform::Attempt;
use super::run::Run;
use crate::directory::port::{Clock, WriteAd, WriteEntra};
use crate::model::id::LinkId;
use crate::plan::step::{Action, Step};
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{Forgone, StepStatus};
use crate::state::recorder::Recorder;
use crate::state::write::Write;

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StepEnd {
    /// Done, now or earlier, or rightly left out.
    Done,
    /// It did not happen.
    Failed(String),
    /// Whether it happened is not known: it stays *started*.
    Unknown(String),
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Does the steps of a link that `mine` picks, in order, until one fails or the person asks to stop.
    pub(super) async fn link_steps(&self, link: &LinkId, mine: impl Fn(&Action) -> bool) -> Result<(), ApplyError> {
        let steps: Vec<Step> = self.steps_of(link).into_iter().filter(|s| mine(&s.action)).collect();
        let begun = self.with_record(|r| r.steps_of(link).any(|s| s.status != StepStatus::Pending))?;
        if !begun && self.is_braked() {
            return Ok(());
        }
        for step in &steps {
            if self.is_stopping() {
                return Ok(());
            }
            match self.step(step).await? {
                StepEnd::Done => {}
                StepEnd::Failed(why) => return self.fail_link(link, &why).await,
                StepEnd::Unknown(why) => return self.lose_link(link, &why).await,
            }
        }
        Ok(())
    }

    /// Does one writing step, unless it is done already.
    pub(super) async fn step(&self, step: &Step) -> Result<StepEnd, ApplyError> {
        let begun = match self.status(&step.id)? {
            StepStatus::Pending => false,
            StepStatus::Started { .. } => true,
            StepStatus::Failed { error, .. } => return Ok(StepEnd::Failed(error)),
            StepStatus::Succeeded { .. }
            | StepStatus::Skipped { .. }
            | StepStatus::Undone { .. }
            | StepStatus::Undoing { .. }
            | StepStatus::Forgone { .. } => return Ok(StepEnd::Done),
        };
        let taken = self.with_state(|state| state.taken(&self.apply, &step.action).cloned())?;
        let (apply, id) = (&self.apply, &step.id);
        let Some(write) = Write::of(&step.action, taken.as_ref()) else {
            let why = "nothing was taken that could be given back".to_owned();
            self.record(JournalEvent::StepSkipped { apply: apply.clone(), step: id.clone(), why })?;
            return Ok(StepEnd::Done);
        };
        self.emit(What::StepStarted { step: Box::new(step.clone()) });
        let intent = |before| JournalEvent::StepStarted { apply: apply.clone(), step: id.clone(), before };
        match self.perform(&write, begun, intent).await? {
            Attempt::Done { wrote, after, assignment } => {
                self.record(JournalEvent::StepSucceeded {
                    apply: apply.clone(),
                    step: id.clone(),
                    wrote,
                    after,
                    assignment,
                })?;
                self.emit(What::StepSucceeded { step: Box::new(step.clone()), wrote });
                Ok(StepEnd::Done)
            }
            Attempt::Forgone(reason) => {
                self.forgo(step, reason)?;
                Ok(StepEnd::Done)
            }
            // A restore that did not happen stays to be done: a failed one would never be tried again.
            Attempt::Not(why) if matches!(step.action, Action::Restore { .. }) => {
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Unknown(why))
            }
            Attempt::Not(why) => {
                self.record(JournalEvent::StepFailed { apply: apply.clone(), step: id.clone(), error: why.clone() })?;
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Failed(why))
            }
            Attempt::Unknown(why) => {
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Unknown(why))
            }
        }
    }

    /// Journals that what was taken is not given back, and says so.
    pub(super) fn forgo(&self, step: &Step, reason: Forgone) -> Result<(), ApplyError> {
        let (apply, id) = (self.apply.clone(), step.id.clone());
        self.record(JournalEvent::RoleForgone { apply, step: id, reason: reason.clone() })?;
        self.emit(What::RoleForgone { step: Box::new(step.clone()), reason });
        Ok(())
    }

    /// Gives back what a suspend step took.
    pub(super) async fn restore_step(&self, step: &Step) -> Result<Result<(), String>, ApplyError> {
        Ok(match self.step(step).await? {
            StepEnd::Done => Ok(()),
            StepEnd::Failed(why) | StepEnd::Unknown(why) => Err(why),
        })
    }

    /// A step of the link did not happen: the link is taken out of what follows.
    async fn fail_link(&self, link: &LinkId, why: &str) -> Result<(), ApplyError> {
        self.failures.set(self.failures.get() + 1);
        if self.must_undo(link)? || self.options.on_failure == OnFailure::Rollback {
            return self.undo_link(link, why).await;
        }
        self.skip_pending(link, why)?;
        self.settle(link, LinkEnding::Failed { why: why.to_owned() })
    }

    /// A live look before the cycle: somebody may have given the user a role meanwhile, or a removal may show late. The
    /// match would fail then, so the link is taken out and undone.
    pub(super) async fn check_free_of_roles(&self, link: &LinkId) -> Result<(), ApplyError> {
        let user = self.link(link)?.cloud;
        let suspends = self.steps_of(link).iter().any(|s| matches!(s.action, Action::Suspend { .. }));
        let why = match self.holds_nothing(&user).await {
            Ok(Err(why)) => why,
            Err(error) if suspends => format!("whether {user} still holds a role cannot be read: {}", error.in_full()),
            // It holds none; or its roles cannot be read, which the plan has said.
            Ok(Ok(())) | Err(_) => return Ok(()),
        };
        self.failures.set(self.failures.get() + 1);
        self.undo_link(link, &why).await
    }

    /// Whether a step of the link happened is not known. A resume reads it again; roles do not wait for that.
    async fn lose_link(&self, link: &LinkId, why: &str) -> Result<(), ApplyError> {
        if self.is_stopping() {
            // Nothing new is begun, undoing neither.
            self.put_aside(link);
            return Ok(());
        }
        self.failures.set(self.failures.get() + 1);
        if self.must_undo(link)? {
            return self.undo_link(link, why).await;
        }
        self.put_aside(link);
        Ok(())
    }

    /// Whether a link that fails must be undone at once: its roles are taken, or it was moved.
    pub(super) fn must_undo(&self, link: &LinkId) -> Result<bool, ApplyError> {
        self.with_record(|record| {
            record.roles_out(link)
                || record.steps_of(link).any(|s| {
                    matches!(s.step.action, Action::Move { .. } | Action::Suspend { .. })
                        && (s.stands() || matches!(s.status, StepStatus::Started { .. }))
                })
        })
    }

    /// Whether an undo of the link was begun and is not at its end.
    pub(super) fn is_being_undone(&self, link: &LinkId) -> Result<bool, ApplyError> {
        self.with_record(|record| {
            record.steps_of(link).any(|s| {
                matches!(
                    s.status,
                    StepStatus::Undoing { .. }
                        | StepStatus::Undone { .. }
                        | StepStatus::Forgone { .. }
                        | StepStatus::Failed { .. }
                )
            })
        })
    }
}
