//! Questions to the ledger.

use super::inverse::inverse;
use super::journal::JournalEvent;
use super::ledger::{
    ApplyRecord, Done, Forgone, ForgoneRole, LinkRecord, Standing, State, StepRecord, StepStatus, SuspendedRole,
};
use super::write::Write;
use crate::model::attribute::AttributeChange;
use crate::model::cloud::{EntraChange, SyncFeature};
use crate::model::id::{ApplyId, LinkId, StepId};
use crate::model::role::Holding;
use crate::plan::document::Purpose;
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::WINDOW;
use std::collections::BTreeSet;

impl State {
    /// The apply of that id.
    pub fn apply(&self, id: &ApplyId) -> Option<&ApplyRecord> {
        self.applies.iter().find(|a| a.id == *id)
    }

    /// The newest apply of the plan with that digest.
    pub fn applied(&self, plan_digest: &str) -> Option<&ApplyRecord> {
        self.applies.iter().rev().find(|a| a.plan_digest == plan_digest)
    }

    /// The newest unfinished apply: it is to be resumed or rolled back before a new one may begin.
    pub fn unfinished(&self) -> Option<&ApplyRecord> {
        self.applies.iter().rev().find(|a| a.ended.is_none())
    }

    /// The unfinished apply that stands in the way of a new one: for links, any; for a rollback, only another rollback.
    pub fn blocking(&self, purpose: &Purpose) -> Option<&ApplyRecord> {
        self.applies.iter().rev().find(|a| {
            a.ended.is_none() && (matches!(purpose, Purpose::Link) || matches!(a.purpose, Purpose::Rollback { .. }))
        })
    }

    /// The newest apply.
    pub fn last_apply(&self) -> Option<&ApplyRecord> {
        self.applies.last()
    }

    /// Roles that were taken for a time and are not back: what `status` shows first, in red.
    pub fn suspended_roles(&self) -> Vec<SuspendedRole<'_>> {
        self.applies.iter().flat_map(ApplyRecord::suspended_roles).collect()
    }

    /// Every link that is formed and was not undone since, newest apply last.
    pub fn linked(&self) -> impl Iterator<Item = (&ApplyRecord, &LinkId, &LinkRecord)> {
        self.applies.iter().flat_map(|apply| {
            apply
                .links
                .iter()
                .filter(|(_, link)| matches!(link.standing, Standing::Linked { .. }))
                .map(move |(id, link)| (apply, id, link))
        })
    }

    /// What a restore step of the apply `of` gives back: what its suspend step really took. `None` if that
    /// step took nothing.
    pub fn taken(&self, of: &ApplyId, restore: &Action) -> Option<&Holding> {
        let Action::Restore { apply, suspend, .. } = restore else { return None };
        let record = self.apply(apply.as_ref().unwrap_or(of))?.step(suspend)?;
        let Action::Suspend { holding, .. } = &record.step.action else { return None };
        let took = match &record.status {
            // Whether it happened is not known; giving back what is there already does nothing.
            StepStatus::Started { .. } => true,
            StepStatus::Succeeded { done }
            | StepStatus::Undoing { done, .. }
            | StepStatus::Undone { done, .. }
            | StepStatus::Forgone { done, .. }
            | StepStatus::Left { done, .. } => done.wrote,
            StepStatus::Pending | StepStatus::Failed { .. } | StepStatus::Skipped { .. } => false,
        };
        took.then_some(holding)
    }

    /// The write that an action of the apply `of` asks for; `None` for actions that do not write, and for a restore of
    /// nothing.
    pub fn write_of(&self, of: &ApplyId, action: &Action) -> Option<Write> {
        Write::of(action, self.taken(of, action))
    }

    /// The write that takes back, within the apply `of`, what was done in `step`; `None` if nothing was written.
    pub fn undo_of(&self, of: &ApplyId, step: &Step, done: &Done) -> Option<Write> {
        inverse(step, done, None, None).and_then(|action| self.write_of(of, &action))
    }

    /// The write that was begun in a step of the apply `of` and whose end is not recorded: the step's own, or its undoing.
    /// Only a reading of the directory tells whether it happened ([`Write::verdict`]).
    pub fn begun(&self, of: &ApplyId, step: &StepRecord) -> Option<Write> {
        match &step.status {
            StepStatus::Started { .. } => self.write_of(of, &step.step.action),
            StepStatus::Undoing { done, .. } => self.undo_of(of, &step.step, done),
            _ => None,
        }
    }

    /// Whether an event is about taking or giving a role: the state alone, without its journal, must know each that may be
    /// out, so it does not wait to be saved.
    pub fn is_about_a_role(&self, event: &JournalEvent) -> bool {
        let (JournalEvent::StepStarted { apply, step, .. } | JournalEvent::StepSucceeded { apply, step, .. }) = event
        else {
            return false;
        };
        let step = self.apply(apply).and_then(|apply| apply.step(step));
        step.is_some_and(|s| matches!(s.step.action, Action::Suspend { .. } | Action::Restore { .. }))
    }

    /// The step that `step` of the rollback `by` takes back: of the apply that is undone, the one of the same link that
    /// is its inverse. `None` if `by` is no rollback.
    pub fn undone_by(&self, by: &ApplyId, step: &Step) -> Option<(&ApplyRecord, &StepRecord)> {
        let Purpose::Rollback { of } = &self.apply(by)?.purpose else { return None };
        let of = self.apply(of)?;
        let found = match &step.action {
            // A restore names its suspend step, and may name an apply other than the one undone.
            Action::Restore { apply, suspend, .. } => {
                let of = apply.as_ref().map_or(Some(of), |id| self.apply(id))?;
                return of.step(suspend).map(|s| (of, s));
            }
            Action::Suspend { holding, .. } => of.steps_of(step.link.as_ref()?).find(|s| {
                matches!(s.step.action, Action::Restore { .. })
                    && s.status.standing().is_some_and(|done| done.assignment.as_ref() == holding.id())
                    && self.taken(&of.id, &s.step.action).is_some_and(|taken| taken.same_as(holding))
            }),
            Action::Align { .. }
            | Action::Anchor { .. }
            | Action::Amend { .. }
            | Action::Place { .. }
            | Action::Authority { .. }
            | Action::Switch { .. }
            | Action::Move { .. } => {
                of.steps_of(step.link.as_ref()?).find(|s| is_about_the_same(&s.step.action, &step.action))
            }
            // A scheduler that an interrupted apply left stopped.
            Action::Release => {
                of.steps.iter().find(|s| matches!(s.step.action, Action::Hold) && s.status.standing().is_some())
            }
            Action::Hold | Action::Sync | Action::Departure { .. } | Action::Arrival { .. } | Action::Verify { .. } => {
                None
            }
        };
        found.map(|s| (of, s))
    }
}

/// Whether two actions for one link write the same: of a link that is aligned in several steps, the same attributes.
fn is_about_the_same(a: &Action, b: &Action) -> bool {
    let attributes = |changes: &[AttributeChange]| changes.iter().map(|c| c.attribute).collect::<BTreeSet<_>>();
    match (a, b) {
        (Action::Align { changes: a, .. }, Action::Align { changes: b, .. }) => attributes(a) == attributes(b),
        // Of a detour, the way there and the way back change the same attribute.
        (Action::Amend { changes: a, .. }, Action::Amend { changes: b, .. }) => {
            let undone = |done: &EntraChange, undoing: &EntraChange| {
                done.attribute == undoing.attribute
                    && done.attribute.equal(done.sets.as_deref(), undoing.expects.as_deref())
            };
            b.iter().all(|undoing| a.iter().any(|done| undone(done, undoing)))
        }
        (Action::Place { user: a, from, to, .. }, Action::Place { user: b, from: back, to: there, .. }) => {
            a.id == b.id && from == there && to == back
        }
        (Action::Switch { feature: a, .. }, Action::Switch { feature: b, .. }) => a == b,
        _ => a.kind() == b.kind(),
    }
}

impl ApplyRecord {
    /// The step of that id.
    pub fn step(&self, id: &StepId) -> Option<&StepRecord> {
        self.steps.get(id)
    }

    /// The steps of one link, in order.
    pub fn steps_of(&self, link: &LinkId) -> impl DoubleEndedIterator<Item = &StepRecord> {
        self.steps.of_link(link)
    }

    /// Roles that this apply took for a time and that are not back.
    pub fn suspended_roles(&self) -> impl Iterator<Item = SuspendedRole<'_>> {
        self.steps.iter().filter_map(|s| self.suspended(s))
    }

    /// The role that a step took for a time, if it did and the role is not back.
    fn suspended<'a>(&'a self, s: &'a StepRecord) -> Option<SuspendedRole<'a>> {
        let Action::Suspend { user, holding, restore: true } = &s.step.action else { return None };
        let certain = match &s.status {
            StepStatus::Started { .. } => false,
            StepStatus::Succeeded { done } | StepStatus::Undoing { done, .. } if done.wrote => true,
            _ => return None,
        };
        let link = s.step.link.as_ref()?;
        let is_back = self.steps_of(link).any(|r| {
            matches!(&r.step.action, Action::Restore { apply: None, suspend, .. } if *suspend == s.step.id)
                && r.status.standing().is_some()
        });
        (!is_back).then_some(SuspendedRole { apply: self, link, step: &s.step.id, user, holding, certain })
    }

    /// What this apply took and does not give back, with the reason. What `roles = "remove"` took is not among it.
    pub fn forgone_roles(&self) -> impl Iterator<Item = ForgoneRole> {
        self.steps.iter().filter_map(|s| {
            let Action::Suspend { user, holding, .. } = &s.step.action else { return None };
            let why = match &s.status {
                StepStatus::Forgone { reason, .. } => reason.clone(),
                StepStatus::Succeeded { done } if done.wrote && !holding.comes_back() => Forgone::Activation,
                _ => return None,
            };
            let link = s.step.link.clone()?;
            Some(ForgoneRole { link, user: user.clone(), holding: holding.clone(), why })
        })
    }

    /// Whether a role taken for `link` is not back.
    pub fn roles_out(&self, link: &LinkId) -> bool {
        // In a rollback, a taken role is the goal: it takes back a restore.
        self.purpose == Purpose::Link && self.steps_of(link).any(|step| self.suspended(step).is_some())
    }

    /// Whether the sync scheduler was stopped by this apply and not started again.
    pub fn is_held(&self) -> bool {
        let done = |wanted: fn(&Action) -> bool| {
            self.steps.iter().filter(move |s| wanted(&s.step.action) && s.status.standing().is_some()).count()
        };
        done(|a| matches!(a, Action::Hold)) > done(|a| matches!(a, Action::Release))
    }

    /// Where each link and each task stands.
    pub fn standings(&self) -> impl Iterator<Item = &Standing> {
        self.links.values().map(|link| &link.standing).chain(self.tasks.values().map(|task| &task.standing))
    }

    /// Where a link or a task stands, to change it.
    pub fn standing_mut(&mut self, id: &LinkId) -> Option<&mut Standing> {
        let link = self.links.get_mut(id).map(|link| &mut link.standing);
        link.or_else(|| self.tasks.get_mut(id).map(|task| &mut task.standing))
    }

    /// The switches of the tenant that this apply opened for its time, or may have, and that are not closed again.
    pub fn open_window(&self) -> impl Iterator<Item = SyncFeature> {
        let steps = self.steps.iter().filter(|s| s.step.link.as_ref().is_some_and(|id| id.as_str() == WINDOW));
        steps.filter_map(|s| match &s.step.action {
            // A rollback's step of the same task closes it.
            Action::Switch { feature, sets: false, .. } => {
                let done = s.status.standing().map(|done| done.wrote);
                done.unwrap_or(matches!(s.status, StepStatus::Started { .. })).then_some(*feature)
            }
            _ => None,
        })
    }

    /// Whether every link and task is at its end, none of them stuck, no role missing, the scheduler not held and the match
    /// window closed.
    pub fn can_end(&self) -> bool {
        self.standings().all(|standing| standing.is_ended() && !matches!(standing, Standing::Stuck { .. }))
            && !self.links.keys().any(|id| self.roles_out(id))
            && !self.is_held()
            && self.open_window().next().is_none()
    }
}

impl StepRecord {
    /// Whether something that we wrote in this step still stands. An activation that was ended is over: nothing of it
    /// stands, and nothing can be taken back; nor can what has no way back.
    pub fn stands(&self) -> bool {
        let over = match (&self.step.action, &self.step.undo) {
            (Action::Suspend { holding, .. }, _) => !holding.comes_back(),
            (Action::Place { .. }, Undo::Nothing) => true,
            (action, Undo::Never { .. }) => action.writes(),
            _ => false,
        };
        self.step.action.writes() && !over && self.status.standing().is_some_and(|done| done.wrote)
    }
}
