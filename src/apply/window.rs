//! The match window: switches of the tenant that stand open for exactly one apply. It is opened just before the first link
//! comes into the sync scope and closed when the waves are over, whatever came of them; after a crash, a resume or a rollback
//! closes it.

use super::error::ApplyError;
use super::event::{Event, What};
use super::own::StepEnd;
use super::perform::Attempt;
use super::run::Run;
use crate::directory::port::{Clock, WriteAd, WriteEntra};
use crate::model::id::LinkId;
use crate::plan::step::Step;
use crate::plan::task::WINDOW;
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{Standing, StepStatus};
use crate::state::recorder::Recorder;

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Opens the window, if there is one and it is not open. The inner error is why it could not be opened.
    pub(super) async fn open_window(&self) -> Result<Result<(), String>, ApplyError> {
        for step in self.steps_of(&window()) {
            let end = match self.status(&step.id)? {
                StepStatus::Succeeded { .. } => StepEnd::Done,
                // A run before this one closed it, or could not open it.
                StepStatus::Undone { .. } | StepStatus::Failed { .. } => self.open_again(&step).await?,
                _ => self.step(&step).await?,
            };
            if let StepEnd::Failed(why) | StepEnd::Unknown(why) = end {
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    async fn open_again(&self, step: &Step) -> Result<StepEnd, ApplyError> {
        let (apply, id) = (&self.apply, &step.id);
        let Some(write) = self.with_state(|state| state.write_of(apply, &step.action))? else {
            return Ok(StepEnd::Done);
        };
        self.emit(What::StepStarted { step: Box::new(step.clone()) });
        let intent = |before| JournalEvent::StepStarted { apply: apply.clone(), step: id.clone(), before };
        match self.perform(&write, None, intent).await? {
            Attempt::Done { wrote, after, assignment } => {
                let (apply, step_id) = (apply.clone(), id.clone());
                self.record(JournalEvent::StepSucceeded { apply, step: step_id, wrote, after, assignment }).await?;
                self.emit(What::StepSucceeded { step: Box::new(step.clone()), wrote });
                Ok(StepEnd::Done)
            }
            Attempt::Not(why) | Attempt::Gone(why) | Attempt::Unknown(why) => {
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Unknown(why))
            }
            Attempt::Forgone(_) => Ok(StepEnd::Done),
        }
    }

    /// Closes what was opened. What cannot be closed makes the window a stuck task, which `status` shows first.
    pub(super) async fn close_window(&self) -> Result<(), ApplyError> {
        let id = window();
        let Some(standing) = self.with_record(|record| record.tasks.get(&id).map(|task| task.standing.clone()))? else {
            return Ok(());
        };
        let mut problems = Vec::new();
        for step in self.steps_of(&id) {
            if let Err(problem) = self.undo_step(&step).await? {
                self.emit(What::UndoFailed { step: Box::new(step.clone()), error: problem.clone() });
                problems.push(problem);
            }
        }
        if !problems.is_empty() {
            let found = format!("the match window stands open, and closing it failed: {}", problems.join("; "));
            let next =
                "`matchplan apply` tries again; or switch it on by hand, in the Entra admin center or with Graph"
                    .to_owned();
            return self.settle(&id, LinkEnding::Stuck { found, next }).await;
        }
        let over = self.with_record(|record| {
            record
                .links
                .values()
                .all(|link| link.standing.is_ended() && !matches!(link.standing, Standing::Stuck { .. }))
        })?;
        if over && (!standing.is_ended() || matches!(standing, Standing::Stuck { .. })) {
            self.skip_pending(&id, "no link came so far that it was needed").await?;
            return self.settle(&id, LinkEnding::Done).await;
        }
        Ok(())
    }
}

fn window() -> LinkId {
    LinkId(WINDOW.to_owned())
}
