//! The state machine: which journal event may follow which, and what it makes of the ledger.

use super::doubt;
use super::journal::{Journal, JournalEvent, LinkEnding, Record};
use super::ledger::{
    ApplyRecord, Done, Ended, Forgone, LinkRecord, Loss, Reading, STATE_VERSION, Standing, State, StepRecord,
    StepStatus, TaskRecord,
};
use crate::model::id::{ApplyId, LinkId, Sid, StepId};
use crate::plan::document::{Plan, Purpose};
use crate::plan::link::Outcome;
use crate::plan::step::Action;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An event that may not follow what the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("journal record {seq} is not possible here: {why}")]
pub struct IllegalEvent {
    /// The record.
    pub seq: u64,
    /// Why not.
    pub why: String,
}

/// Why state file and journal do not make one ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// An event is not possible where it stands.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// They are of different ledgers.
    #[error("the journal is of the ledger {journal}, the state of {state}: they are of different origin")]
    Foreign {
        /// The journal's lineage.
        journal: String,
        /// The state's.
        state: String,
    },
    /// The journal is shorter, but it knows something that the state does not: neither is an older form of the other.
    #[error("the journal has an apply {apply} that the state, which is longer, does not know: they have parted")]
    Parted {
        /// The apply.
        apply: ApplyId,
    },
    /// Records between the two are missing, or they have parted.
    #[error(
        "the journal goes on from record {from}, but the state ends with record {serial}: they do not belong together"
    )]
    Apart {
        /// The number before the journal's first record.
        from: u64,
        /// The state's serial.
        serial: u64,
    },
}

/// State and journal put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The ledger, up to the last record; `None` if there is nothing yet.
    pub state: Option<State>,
    /// How many records the state file did not have yet.
    pub caught_up: usize,
    /// Whether the journal ends before the state does (the state came from elsewhere, such as git). It is to be put
    /// aside, and a new one begun.
    pub journal_behind: bool,
}

/// Brings the state file's content up to the journal's end.
pub fn join(state: Option<State>, journal: &Journal) -> Result<Joined, JoinError> {
    let (Some(first), Some(last)) = (journal.records.first(), journal.records.last()) else {
        return Ok(Joined { state, caught_up: 0, journal_behind: false });
    };
    let serial = state.as_ref().map_or(0, |s| s.serial);
    if let Some(state) = &state {
        may_belong(state, journal)?;
    }
    if last.seq < serial {
        return Ok(Joined { state, caught_up: 0, journal_behind: true });
    }
    let apart = JoinError::Apart { from: first.seq - 1, serial };
    let mark = state.as_ref().map_or("", |s| s.journal.as_str());
    let fits = journal
        .records
        .iter()
        .find(|r| r.seq == serial)
        .map_or_else(|| first.seq == serial + 1 && first.prev == mark, |same| same.sum == mark);
    if !fits {
        return Err(apart);
    }
    let mut joined = Joined { state, caught_up: 0, journal_behind: false };
    for record in journal.records.iter().filter(|r| r.seq > serial) {
        match &mut joined.state {
            Some(state) => state.advance(record)?,
            None => joined.state = Some(State::begin(record)?),
        }
        joined.caught_up += 1;
    }
    Ok(joined)
}

/// Whether state and journal may be of one ledger, as far as what they name shows.
fn may_belong(state: &State, journal: &Journal) -> Result<(), JoinError> {
    for record in &journal.records {
        match &record.event {
            JournalEvent::Created { lineage, .. } if *lineage != state.lineage => {
                return Err(JoinError::Foreign { journal: lineage.clone(), state: state.lineage.clone() });
            }
            JournalEvent::ApplyStarted { apply, .. } if record.seq <= state.serial && state.apply(apply).is_none() => {
                return Err(JoinError::Parted { apply: apply.clone() });
            }
            _ => {}
        }
    }
    Ok(())
}

impl State {
    /// The ledger that a first record begins.
    pub fn begin(record: &Record) -> Result<Self, IllegalEvent> {
        match &record.event {
            JournalEvent::Created { lineage, tenant, tool_version } if record.seq == 1 && record.prev.is_empty() => {
                Ok(Self {
                    format_version: STATE_VERSION,
                    tool_version: tool_version.clone(),
                    tenant: tenant.clone(),
                    lineage: lineage.clone(),
                    serial: record.seq,
                    journal: record.sum.clone(),
                    applies: Vec::new(),
                    losses: Vec::new(),
                    digest: String::new(),
                })
            }
            _ => Err(IllegalEvent { seq: record.seq, why: "the ledger has not begun".to_owned() }),
        }
    }

    /// Folds one more record in. After an error the ledger is as it was.
    pub fn advance(&mut self, record: &Record) -> Result<(), IllegalEvent> {
        let illegal = |why: String| IllegalEvent { seq: record.seq, why };
        if record.seq != self.serial + 1 || record.prev != self.journal {
            return Err(illegal(format!("it does not follow record {}", self.serial)));
        }
        apply_event(self, record.at, &record.event).map_err(illegal)?;
        self.serial = record.seq;
        record.sum.clone_into(&mut self.journal);
        Ok(())
    }
}

/// Checks before it changes anything, so that an illegal event leaves no trace.
fn apply_event(state: &mut State, at: Timestamp, event: &JournalEvent) -> Result<(), String> {
    match event {
        JournalEvent::Created { .. } => Err("the ledger has begun already".to_owned()),
        JournalEvent::ApplyStarted { apply, plan, plan_digest, context, controllers } => {
            may_start(state, apply, plan)?;
            state.applies.push(ApplyRecord {
                id: apply.clone(),
                purpose: plan.purpose.clone(),
                context: context.clone(),
                started: at,
                ended: None,
                plan_digest: plan_digest.clone(),
                controllers: controllers.clone(),
                links: links_of(plan),
                tasks: tasks_of(plan),
                steps: plan.steps.iter().map(|s| StepRecord { step: s.clone(), status: StepStatus::Pending }).collect(),
                plan: Some(plan.clone()),
            });
            Ok(())
        }
        JournalEvent::ApplyResumed { apply, context, controllers, settings } => {
            let record = unfinished(state, apply)?;
            if let (Some(plan), Some(settings)) = (&mut record.plan, settings) {
                plan.settings = (**settings).clone();
            }
            record.context = context.clone();
            record.controllers.clone_from(controllers);
            Ok(())
        }
        JournalEvent::StepStarted { apply, step, before } => {
            let status = StepStatus::Started { at, before: before.clone() };
            let action = state.apply(apply).and_then(|a| a.step(step)).map(|s| &s.step.action);
            let is_hold = action == Some(&Action::Hold);
            let is_switch = matches!(action, Some(Action::Switch { .. }));
            let link = change(state, apply, step, "start", |old| {
                // A resume holds the scheduler, or opens a match window, again.
                let again = is_hold && matches!(old, StepStatus::Succeeded { .. })
                    || is_switch && matches!(old, StepStatus::Undone { .. } | StepStatus::Failed { .. });
                (again || matches!(old, StepStatus::Pending | StepStatus::Started { .. })).then_some(status)
            })?;
            begin(state, apply, link.as_ref());
            if is_hold {
                release_again(state, apply, step);
            }
            Ok(())
        }
        JournalEvent::StepSucceeded { apply, step, wrote, after, assignment } => {
            change(state, apply, step, "succeed", |old| match old {
                StepStatus::Started { before, .. } => Some(StepStatus::Succeeded {
                    done: Done {
                        at,
                        wrote: *wrote,
                        before: before.clone(),
                        after: after.clone(),
                        assignment: assignment.clone(),
                    },
                }),
                _ => None,
            })?;
            undo_elsewhere(state, apply, step, at);
            Ok(())
        }
        JournalEvent::StepFailed { apply, step, error } => change(state, apply, step, "fail", |old| {
            matches!(old, StepStatus::Pending | StepStatus::Started { .. })
                .then(|| StepStatus::Failed { at, error: error.clone() })
        })
        .map(drop),
        JournalEvent::StepSkipped { apply, step, why } => change(state, apply, step, "be left out", |old| {
            matches!(old, StepStatus::Pending).then(|| StepStatus::Skipped { at, why: why.clone() })
        })
        .map(drop),
        JournalEvent::UndoStarted { apply, step, before: _ } => change(state, apply, step, "be undone", |old| {
            old.standing().map(|done| StepStatus::Undoing { at, done: done.clone() })
        })
        .map(drop),
        JournalEvent::StepUndone { apply, step, after: _, assignment } => {
            change(state, apply, step, "have been undone", |old| match old {
                StepStatus::Undoing { done, .. } => {
                    Some(StepStatus::Undone { at, done: done.clone(), assignment: assignment.clone() })
                }
                _ => None,
            })
            .map(drop)
        }
        JournalEvent::LinkDiagnosed { apply, link, diagnosis } => {
            link_of(unfinished(state, apply)?, link)?.diagnosis = Some((**diagnosis).clone());
            Ok(())
        }
        JournalEvent::RoleForgone { apply, step, reason } => forgo(state, at, apply, step, reason),
        JournalEvent::StepLeft { apply, of, step, why } => leave(state, at, apply, of, step, why),
        JournalEvent::LinkWaiting { apply, link } => {
            let record = link_of(unfinished(state, apply)?, link)?;
            // A stuck link that a resume took up may wait again.
            if record.standing.is_ended() && !matches!(record.standing, Standing::Stuck { .. }) {
                return Err(format!("link {link} is {} and cannot wait", record.standing));
            }
            record.standing = Standing::Waiting;
            Ok(())
        }
        JournalEvent::LinkEnded { apply, link, ending } => end_link(state, at, apply, link, ending),
        JournalEvent::RecordsLost { why } => {
            state.losses.push(Loss { at, after: state.serial, why: why.clone() });
            state
                .applies
                .iter_mut()
                .filter(|apply| apply.ended.is_none())
                .for_each(|apply| doubt::everything(apply, at));
            Ok(())
        }
        JournalEvent::ApplyEnded { apply } => {
            let record = unfinished(state, apply)?;
            if !record.can_end() {
                return Err(format!("apply {apply} has links that are not at their end, or roles that are missing"));
            }
            end_apply(record, at);
            Ok(())
        }
    }
}

fn may_start(state: &State, apply: &ApplyId, plan: &Plan) -> Result<(), String> {
    if state.applies.iter().any(|a| a.id == *apply) {
        return Err(format!("there is an apply {apply} already"));
    }
    if plan.tenant.id != state.tenant.id {
        return Err(format!("its plan is for tenant {}, the ledger for {}", plan.tenant.id, state.tenant.id));
    }
    if let Purpose::Rollback { of } = &plan.purpose
        && state.apply(of).is_none()
    {
        return Err(format!("there is no apply {of} to roll back"));
    }
    if let Some(blocking) = state.blocking(&plan.purpose) {
        return Err(format!("apply {} is unfinished", blocking.id));
    }
    let ids: BTreeSet<&StepId> = plan.steps.iter().map(|s| &s.id).collect();
    if ids.len() != plan.steps.len() {
        return Err("its plan has two steps of the same id".to_owned());
    }
    let (links, tasks) = (links_of(plan), tasks_of(plan));
    if let Some(both) = tasks.keys().find(|id| links.contains_key(id)) {
        return Err(format!("its plan has both a link and a task {both}"));
    }
    let known = |id: &&LinkId| links.contains_key(id) || tasks.contains_key(id);
    match plan.steps.iter().filter_map(|s| s.link.as_ref()).find(|id| !known(id)) {
        Some(stray) => Err(format!("its plan has steps for link {stray}, which it does not change")),
        None => Ok(()),
    }
}

fn links_of(plan: &Plan) -> BTreeMap<LinkId, LinkRecord> {
    let sids: HashMap<&LinkId, &Sid> = plan
        .steps
        .iter()
        .rev()
        .filter_map(|step| match &step.action {
            Action::Verify { sid, .. } => Some((step.link.as_ref()?, sid)),
            _ => None,
        })
        .collect();
    plan.links
        .iter()
        .filter_map(|link| {
            let (method, wave) = match &link.outcome {
                Outcome::Change { method, wave, .. } => (Some(*method), *wave),
                Outcome::Undo { wave } => (None, *wave),
                Outcome::Unchanged | Outcome::Blocked => return None,
            };
            let record = LinkRecord {
                ad: link.ad.clone(),
                cloud: link.cloud.clone(),
                method,
                anchor: link.anchor,
                sid: sids.get(&link.id).map(|sid| (*sid).clone()),
                wave,
                standing: Standing::Waiting,
                diagnosis: None,
            };
            Some((link.id.clone(), record))
        })
        .collect()
}

fn tasks_of(plan: &Plan) -> BTreeMap<LinkId, TaskRecord> {
    let changing = plan.tasks.iter().filter(|task| task.outcome.is_change());
    let record = |title: &str| TaskRecord { title: title.to_owned(), standing: Standing::Waiting };
    changing.map(|task| (task.id.clone(), record(&task.title))).collect()
}

fn unfinished<'a>(state: &'a mut State, apply: &ApplyId) -> Result<&'a mut ApplyRecord, String> {
    match state.applies.iter_mut().find(|a| a.id == *apply) {
        Some(record) if record.ended.is_none() => Ok(record),
        Some(_) => Err(format!("apply {apply} has ended")),
        None => Err(format!("there is no apply {apply}")),
    }
}

fn link_of<'a>(apply: &'a mut ApplyRecord, link: &LinkId) -> Result<&'a mut LinkRecord, String> {
    let id = apply.id.clone();
    apply.links.get_mut(link).ok_or_else(|| format!("apply {id} has no link {link}"))
}

/// Changes a step's status if `to` allows it, and says whose step it is.
fn change(
    state: &mut State,
    apply: &ApplyId,
    step: &StepId,
    verb: &str,
    to: impl FnOnce(&StepStatus) -> Option<StepStatus>,
) -> Result<Option<LinkId>, String> {
    let record = unfinished(state, apply)?;
    let found = record.steps.get_mut(step);
    let found = found.ok_or_else(|| format!("apply {apply} has no step {step}"))?;
    found.status =
        to(&found.status).ok_or_else(|| format!("step {step} is {} and cannot {verb}", found.status.kind()))?;
    Ok(found.step.link.clone())
}

fn begin(state: &mut State, apply: &ApplyId, link: Option<&LinkId>) {
    let record = state.applies.iter_mut().find(|a| a.id == *apply);
    if let Some(standing) = record.zip(link).and_then(|(record, link)| record.standing_mut(link))
        && (*standing == Standing::Waiting)
    {
        *standing = Standing::InProgress;
    }
}

/// A resume may have to stop the scheduler again for the same wave; then it must be started again, too.
fn release_again(state: &mut State, apply: &ApplyId, hold: &StepId) {
    let Some(record) = state.applies.iter_mut().find(|a| a.id == *apply) else { return };
    let wave = record.step(hold).map(|s| s.step.wave);
    for step in record.steps.iter_mut().filter(|s| s.step.action == Action::Release && Some(s.step.wave) == wave) {
        step.status = StepStatus::Pending;
    }
}

/// A rollback's step that succeeded means that the step it takes back no longer stands.
fn undo_elsewhere(state: &mut State, apply: &ApplyId, step: &StepId, at: Timestamp) {
    let Some(by) = state.apply(apply).and_then(|a| a.step(step)) else { return };
    let Some(of) = state.undone_by(apply, &by.step) else { return };
    let Some(by) = by.status.standing() else { return };
    let (assignment, found_before) = (by.assignment.clone(), by.before.clone());
    let (of_apply, of_step) = (of.0.id.clone(), of.1.step.id.clone());
    let record = state.applies.iter_mut().find(|a| a.id == of_apply);
    let record = record.and_then(|a| a.steps.get_mut(&of_step));
    if let Some(record) = record {
        let done = match &record.status {
            // It was begun, its end never recorded; the rollback found it done.
            StepStatus::Started { at, before } => {
                Some(Done { at: *at, wrote: true, before: before.clone(), after: found_before, assignment: None })
            }
            status => status.standing().cloned(),
        };
        if let Some(done) = done {
            record.status = StepStatus::Undone { at, done, assignment };
        }
    }
    close(state, at, &of_apply);
}

/// What a step wrote does not stand any more, since others have changed it.
fn leave(
    state: &mut State,
    at: Timestamp,
    apply: &ApplyId,
    of: &ApplyId,
    step: &StepId,
    why: &str,
) -> Result<(), String> {
    let purpose = unfinished(state, apply)?.purpose.clone();
    if of != apply && purpose != (Purpose::Rollback { of: of.clone() }) {
        return Err(format!("{apply} is no rollback of {of}"));
    }
    let record = state.applies.iter_mut().find(|a| a.id == *of);
    let record = record.and_then(|a| a.steps.get_mut(step));
    let record = record.ok_or_else(|| format!("apply {of} has no step {step}"))?;
    if matches!(record.step.action, Action::Suspend { .. } | Action::Restore { .. }) {
        return Err(format!("step {step} is about a role, and a role is never left"));
    }
    let done = done_or_begun(&record.status)
        .ok_or_else(|| format!("step {step} is {} and leaves nothing", record.status.kind()))?;
    record.status = StepStatus::Left { at, done, why: why.to_owned() };
    Ok(())
}

/// What was done and stands, or may: of a step that was begun and whose end was never recorded.
fn done_or_begun(status: &StepStatus) -> Option<Done> {
    match status {
        StepStatus::Started { at, before } => {
            Some(Done { at: *at, wrote: true, before: before.clone(), after: Reading::Nothing, assignment: None })
        }
        status => status.standing().cloned(),
    }
}

/// What a suspend step took is given up: the step that was to give it back is left out, and the suspend step no longer
/// waits for it, in whatever apply it is.
fn forgo(state: &mut State, at: Timestamp, apply: &ApplyId, step: &StepId, reason: &Forgone) -> Result<(), String> {
    let record = unfinished(state, apply)?;
    let found = record.step(step).ok_or_else(|| format!("apply {apply} has no step {step}"))?;
    let (of, suspend) = match (&found.step.action, &found.status) {
        (Action::Suspend { .. }, StepStatus::Succeeded { .. } | StepStatus::Undoing { .. }) => {
            (apply.clone(), step.clone())
        }
        (Action::Restore { apply: of, suspend, .. }, StepStatus::Pending | StepStatus::Started { .. }) => {
            (of.clone().unwrap_or_else(|| apply.clone()), suspend.clone())
        }
        (_, status) => return Err(format!("step {step} is {} and has nothing to give up", status.kind())),
    };
    let taken = state.applies.iter_mut().find(|a| a.id == of);
    let taken = taken.and_then(|a| a.steps.get_mut(&suspend));
    let done = taken.as_ref().and_then(|record| done_or_begun(&record.status));
    let Some((taken, done)) = taken.zip(done) else {
        return Err(format!("step {suspend} took nothing that could be given up"));
    };
    taken.status = StepStatus::Forgone { at, done, reason: reason.clone() };
    if suspend != *step || of != *apply {
        change(state, apply, step, "be left out", |_| {
            Some(StepStatus::Skipped { at, why: format!("it is not given back: {reason}") })
        })?;
    }
    if of != *apply {
        close(state, at, &of);
    }
    Ok(())
}

/// Ends an apply that a rollback brought to its end.
fn close(state: &mut State, at: Timestamp, apply: &ApplyId) {
    if let Some(record) = state.applies.iter_mut().find(|a| a.id == *apply)
        && record.ended.is_none()
        && record.can_end()
    {
        end_apply(record, at);
    }
}

fn end_link(
    state: &mut State,
    at: Timestamp,
    apply: &ApplyId,
    link: &LinkId,
    ending: &LinkEnding,
) -> Result<(), String> {
    let record = unfinished(state, apply)?;
    let purpose = record.purpose.clone();
    let roles_out = record.roles_out(link);
    let is_task = record.tasks.contains_key(link);
    let id = record.id.clone();
    let standing = record.standing_mut(link).ok_or_else(|| format!("apply {id} has no link or task {link}"))?;
    if standing.is_ended() && !matches!(standing, Standing::Stuck { .. }) {
        return Err(format!("link {link} is {standing} already"));
    }
    if is_task != matches!(ending, LinkEnding::Done) && matches!(ending, LinkEnding::Done | LinkEnding::Linked) {
        return Err(format!("a task is done and a link is linked, but not {link}"));
    }
    if roles_out && !matches!(ending, LinkEnding::Stuck { .. }) {
        return Err(format!("link {link} cannot end while a role taken for it is not back"));
    }
    *standing = match ending {
        LinkEnding::Linked => Standing::Linked { at },
        LinkEnding::Done => Standing::Done { at },
        LinkEnding::RolledBack { why } => Standing::RolledBack { at, why: why.clone() },
        LinkEnding::Failed { why } => Standing::Failed { at, why: why.clone() },
        LinkEnding::Stuck { found, next } => Standing::Stuck { at, found: found.clone(), next: next.clone() },
    };
    if *ending == LinkEnding::Linked {
        link_of(record, link)?.diagnosis = None;
    }
    if let (Purpose::Rollback { of }, LinkEnding::RolledBack { .. }) = (purpose, ending) {
        close_elsewhere(state, at, apply, &of, link);
    }
    Ok(())
}

/// A link that a rollback brought back has come to its end in the apply that is undone, too.
fn close_elsewhere(state: &mut State, at: Timestamp, by: &ApplyId, of: &ApplyId, link: &LinkId) {
    let Some(record) = state.applies.iter_mut().find(|a| a.id == *of) else { return };
    if record.steps_of(link).any(StepRecord::stands) {
        return;
    }
    let why = format!("undone by rollback {by}");
    for place in record.steps.places(link).to_vec() {
        let step = &mut record.steps[place];
        if matches!(step.status, StepStatus::Pending | StepStatus::Started { .. }) {
            step.status = StepStatus::Skipped { at, why: why.clone() };
        }
    }
    if let Some(standing) = record.standing_mut(link) {
        *standing = Standing::RolledBack { at, why };
    }
    close(state, at, of);
}

fn end_apply(record: &mut ApplyRecord, at: Timestamp) {
    let complete = record.standings().all(|standing| match record.purpose {
        Purpose::Link => matches!(standing, Standing::Linked { .. } | Standing::Done { .. }),
        Purpose::Rollback { .. } => matches!(standing, Standing::RolledBack { .. }),
    });
    record.ended = Some(Ended { at, complete });
    record.plan = None;
}
