//! A link's own steps, and what happens to the link when one fails.

use super::error::ApplyError;
use super::event::{Event, What};
use super::options::OnFailure;
use super::perform::Attempt;
use super::run::Run;
use crate::directory::error::DirectoryError;
use crate::directory::port::{Clock, WriteAd, WriteEntra};
use crate::model::address::Address;
use crate::model::entra::EntraUser;
use crate::model::id::{LinkId, ObjectId};
use crate::model::reference::EntraRef;
use crate::model::role::Holding;
use crate::plan::step::{Action, Step};
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{Forgone, StepStatus};
use crate::state::recorder::Recorder;
use crate::state::write::Write;
use std::collections::BTreeMap;

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
            StepStatus::Pending => None,
            StepStatus::Started { before, .. } => Some(before),
            StepStatus::Failed { error, .. } => return Ok(StepEnd::Failed(error)),
            StepStatus::Succeeded { .. }
            | StepStatus::Skipped { .. }
            | StepStatus::Undone { .. }
            | StepStatus::Undoing { .. }
            | StepStatus::Forgone { .. }
            | StepStatus::Left { .. } => return Ok(StepEnd::Done),
        };
        let (apply, id) = (&self.apply, &step.id);
        let Some(write) = self.with_state(|state| state.write_of(apply, &step.action))? else {
            let why = "nothing was taken that could be given back".to_owned();
            self.record(JournalEvent::StepSkipped { apply: apply.clone(), step: id.clone(), why }).await?;
            return Ok(StepEnd::Done);
        };
        self.emit(What::StepStarted { step: Box::new(step.clone()) });
        let intent = |before| JournalEvent::StepStarted { apply: apply.clone(), step: id.clone(), before };
        match self.perform(&write, begun.as_ref(), intent).await? {
            Attempt::Done { wrote, after, assignment } => {
                self.record(JournalEvent::StepSucceeded {
                    apply: apply.clone(),
                    step: id.clone(),
                    wrote,
                    after,
                    assignment,
                })
                .await?;
                self.emit(What::StepSucceeded { step: Box::new(step.clone()), wrote });
                match &write {
                    Write::Take { user, holding } if wrote => self.look_again(step, user, holding).await,
                    _ => Ok(StepEnd::Done),
                }
            }
            Attempt::Forgone(reason) => {
                self.forgo(step, reason).await?;
                Ok(StepEnd::Done)
            }
            // A restore that did not happen stays to be done: a failed one would never be tried again.
            Attempt::Not(why) | Attempt::Gone(why) if matches!(step.action, Action::Restore { .. }) => {
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Unknown(why))
            }
            Attempt::Not(why) | Attempt::Gone(why) => {
                self.record(JournalEvent::StepFailed { apply: apply.clone(), step: id.clone(), error: why.clone() })
                    .await?;
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Failed(why))
            }
            Attempt::Unknown(why) => {
                self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
                Ok(StepEnd::Unknown(why))
            }
        }
    }

    /// The guard again, now that the role is taken: if it does not hold any more, the role goes back at once.
    async fn look_again(&self, step: &Step, user: &EntraRef, holding: &Holding) -> Result<StepEnd, ApplyError> {
        let Err(why) = self.leaves_enough(holding).await else { return Ok(StepEnd::Done) };
        let back = match self.undo_step(step).await? {
            Ok(()) if holding.comes_back() => "it was given back at once".to_owned(),
            Ok(()) => "its holder can activate it again".to_owned(),
            Err(problem) => format!("it could not be given back: {problem}"),
        };
        let why = format!("somebody else removed one while {holding} was taken from {user}, {back}: {why}");
        self.emit(What::StepFailed { step: Box::new(step.clone()), error: why.clone() });
        Ok(StepEnd::Failed(why))
    }

    /// Why a role that was taken for a link must go back now, if it must: the process may have ended between the removal
    /// and the second look.
    pub(super) async fn must_not_stay_taken(&self, link: &LinkId) -> Result<Option<String>, ApplyError> {
        for step in self.steps_of(link) {
            let Action::Suspend { holding, .. } = &step.action else { continue };
            let taken = self.status(&step.id)?.standing().is_some_and(|done| done.wrote);
            if taken && let Err(why) = self.leaves_enough(holding).await {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    /// Journals that what was taken is not given back, and says so.
    pub(super) async fn forgo(&self, step: &Step, reason: Forgone) -> Result<(), ApplyError> {
        let (apply, id) = (self.apply.clone(), step.id.clone());
        self.record(JournalEvent::RoleForgone { apply, step: id, reason: reason.clone() }).await?;
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
        self.skip_pending(link, why).await?;
        self.settle(link, LinkEnding::Failed { why: why.to_owned() }).await
    }

    /// A live look before the cycle, at what others may have changed since the plan: a role would make the match fail, an
    /// address would be lost by it. Such a link is taken out and undone.
    pub(super) async fn check_before_cycle(&self, links: &[LinkId]) -> Result<(), ApplyError> {
        let users: Vec<ObjectId> =
            links.iter().map(|link| self.link(link).map(|record| record.cloud.id)).collect::<Result<_, _>>()?;
        // A first look at all of them together. Who holds something there, or could not be read so, is looked at alone.
        let held = self.again(|| self.ports.directories.holdings_of_all(&users)).await;
        let seen = self.again(|| self.ports.directories.entra_marks_of(&users)).await;
        self.side_by_side(links, async |link| {
            let user = self.link(link)?.cloud;
            let holds_none = held.as_ref().is_ok_and(|held| !held.contains_key(&user.id));
            self.check_one(link, &user, holds_none, seen.as_ref().ok()).await
        })
        .await?;
        Ok(())
    }

    async fn check_one(
        &self,
        link: &LinkId,
        user: &EntraRef,
        holds_none: bool,
        seen: Option<&BTreeMap<ObjectId, EntraUser>>,
    ) -> Result<(), ApplyError> {
        let suspends = self.steps_of(link).iter().any(|s| matches!(s.action, Action::Suspend { .. }));
        let held = if holds_none { Ok(Ok(())) } else { self.holds_nothing(user).await };
        let why = match held {
            Ok(Err(why)) => Some(why),
            Err(error) if suspends => {
                Some(format!("whether {user} still holds a role cannot be read: {}", error.in_full()))
            }
            // It holds none; or its roles cannot be read, which the plan has said.
            Ok(Ok(())) | Err(_) => match self.addresses_since(link, seen).await {
                Ok(since) if since.is_empty() => None,
                Ok(since) => Some(format!(
                    "{user} was given {} since the plan was made, and the match would lose that: plan again",
                    since.join(", ")
                )),
                Err(error) => Some(format!("whether {user} has new addresses cannot be read: {}", error.in_full())),
            },
        };
        let Some(why) = why else { return Ok(()) };
        self.failures.set(self.failures.get() + 1);
        self.undo_link(link, &why).await
    }

    /// Addresses that the cloud user did not have when the plan was made and that the AD user does not have: AD's list
    /// replaces the cloud's in a match.
    async fn addresses_since(
        &self,
        link: &LinkId,
        seen: Option<&BTreeMap<ObjectId, EntraUser>>,
    ) -> Result<Vec<String>, DirectoryError> {
        let Some(planned) = self.planned(link) else { return Ok(Vec::new()) };
        let directories = self.ports.directories;
        let user = match seen {
            Some(seen) => seen.get(&planned.cloud.id).cloned(),
            None => self.again(|| directories.entra_marks(planned.cloud.id)).await?,
        };
        let addresses = user.filter(|user| !user.is_synced()).map(|user| user.proxy_addresses).unwrap_or_default();
        let mut since = addresses.iter().filter(|a| !planned.before.user.proxy_addresses.contains(*a)).peekable();
        if since.peek().is_none() {
            return Ok(Vec::new());
        }
        let ad = self.again(|| directories.ad_user(&planned.ad.domain, planned.ad.guid)).await?;
        let kept = |address: Address<'_>| ad.as_ref().is_some_and(|ad| ad.proxy_addresses.contains(address));
        Ok(since.filter(|address| !kept(*address)).map(|address| address.to_string()).collect())
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

    /// Whether a link that fails must be undone at once: its roles are taken, it was moved, its sign-in name is another for a
    /// moment, or a user was deleted for it.
    pub(super) fn must_undo(&self, link: &LinkId) -> Result<bool, ApplyError> {
        self.with_record(|record| {
            record.roles_out(link)
                || record.steps_of(link).any(|s| {
                    is_dangerous_half_done(&s.step.action)
                        && (s.stands() || matches!(s.status, StepStatus::Started { .. }))
                })
        })
    }

    /// Whether an undo of the link was begun and is not at its end.
    pub(super) fn is_being_undone(&self, link: &LinkId) -> Result<bool, ApplyError> {
        self.with_record(|record| {
            record.steps_of(link).any(|s| s.status.is_taken_back() || matches!(s.status, StepStatus::Failed { .. }))
        })
    }
}

/// Whether a step of this kind must not stand alone.
const fn is_dangerous_half_done(action: &Action) -> bool {
    matches!(action, Action::Move { .. } | Action::Suspend { .. } | Action::Amend { .. } | Action::Place { .. })
}
