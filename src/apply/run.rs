//! What every part of a running apply shares: the doors, the ledger, the events.

use super::error::ApplyError;
use super::event::{Event, What};
use super::options::{Options, Ports};
use crate::directory::port::Clock;
use crate::model::id::{ApplyId, LinkId, StepId};
use crate::plan::document::Plan;
use crate::plan::link::PlannedLink;
use crate::plan::step::Step;
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{ApplyRecord, LinkRecord, Standing, State, StepStatus, TaskRecord};
use crate::state::recorder::{RecordError, Recorder};
use futures_util::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::future::Future;

/// A running apply. Links are worked on side by side within one task, so cells do; no borrow is held over an `await`.
pub(super) struct Run<'a, D, S, C, R, F> {
    pub(super) ports: Ports<'a, D, S, C>,
    pub(super) options: Options,
    pub(super) plan: Plan,
    pub(super) apply: ApplyId,
    /// Where the restore sheet is, if there is one.
    pub(super) sheet: Option<String>,
    ledger: RefCell<&'a mut R>,
    /// How many records were taken, and how many of them are durable.
    taken: Cell<usize>,
    durable: Cell<usize>,
    /// Where the links and their steps are in the plan.
    by_link: HashMap<LinkId, Places>,
    sink: RefCell<F>,
    /// Links that failed in this run. A resume starts at zero: it is a person's decision to go on.
    pub(super) failures: Cell<u32>,
    stopping: Cell<bool>,
    /// Until when it has been said that writes wait.
    throttled_until: Cell<Option<Timestamp>>,
    /// Links that nothing more happens to in this run, though a later one may take them up.
    settled: RefCell<BTreeSet<LinkId>>,
}

/// From which wait on it is said that writes wait for room.
const WORTH_SAYING: SignedDuration = SignedDuration::from_secs(2);

/// How many links go first.
const FIRST: usize = 8;

/// Where a link is in the plan.
#[derive(Debug, Default)]
struct Places {
    link: Option<usize>,
    steps: Vec<usize>,
}

fn places(plan: &Plan) -> HashMap<LinkId, Places> {
    let mut by_link = HashMap::<LinkId, Places>::new();
    for (at, link) in plan.links.iter().enumerate() {
        by_link.entry(link.id.clone()).or_default().link.get_or_insert(at);
    }
    for (at, step) in plan.steps.iter().enumerate() {
        if let Some(link) = &step.link {
            by_link.entry(link.clone()).or_default().steps.push(at);
        }
    }
    by_link
}

impl<'a, D, S, C: Clock, R: Recorder, F: FnMut(Event)> Run<'a, D, S, C, R, F> {
    pub(super) fn new(
        ports: Ports<'a, D, S, C>,
        options: Options,
        plan: Plan,
        apply: ApplyId,
        ledger: &'a mut R,
        sink: F,
    ) -> Self {
        let by_link = places(&plan);
        Self {
            ports,
            options,
            plan,
            apply,
            sheet: None,
            ledger: RefCell::new(ledger),
            taken: Cell::new(0),
            durable: Cell::new(0),
            by_link,
            sink: RefCell::new(sink),
            failures: Cell::new(0),
            stopping: Cell::new(false),
            throttled_until: Cell::new(None),
            settled: RefCell::default(),
        }
    }

    /// Journals an event, durably. Links that are worked on side by side have their records synced together.
    pub(super) async fn record(&self, event: JournalEvent) -> Result<(), RecordError> {
        self.ledger.borrow_mut().append(self.ports.clock.now(), event)?;
        let mine = self.taken.get() + 1;
        self.taken.set(mine);
        if self.options.side_by_side > 1 {
            // Whoever else has something to record does so before this goes on.
            tokio::task::yield_now().await;
        }
        if self.durable.get() < mine {
            let all = self.taken.get();
            self.ledger.borrow_mut().commit()?;
            self.durable.set(all);
        }
        Ok(())
    }

    pub(super) fn save(&self) -> Result<(), RecordError> {
        self.ledger.borrow_mut().save()
    }

    pub(super) fn keep_sheet(&self, sheet: &str) -> Result<String, RecordError> {
        self.ledger.borrow_mut().keep_sheet(&self.apply, sheet)
    }

    pub(super) fn emit(&self, what: What) {
        (self.sink.borrow_mut())(Event { at: self.ports.clock.now(), what });
    }

    /// Says that writes wait for room, once for all that wait.
    pub(super) fn say_throttled(&self, wait: SignedDuration) {
        let now = self.ports.clock.now();
        if wait >= WORTH_SAYING && self.throttled_until.get().is_none_or(|until| now >= until) {
            self.throttled_until.set(now.checked_add(wait).ok());
            self.emit(What::Throttled { wait });
        }
    }

    /// Reads something off the ledger.
    pub(super) fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, ApplyError> {
        let ledger = self.ledger.borrow();
        ledger.state().map(read).ok_or_else(|| ApplyError::Fault("the ledger is empty".to_owned()))
    }

    /// Reads something off this apply's record.
    pub(super) fn with_record<T>(&self, read: impl FnOnce(&ApplyRecord) -> T) -> Result<T, ApplyError> {
        self.with_state(|state| state.apply(&self.apply).map(read))?
            .ok_or_else(|| ApplyError::Fault(format!("apply {} is not in the ledger", self.apply)))
    }

    pub(super) fn status(&self, step: &StepId) -> Result<StepStatus, ApplyError> {
        self.with_record(|record| record.step(step).map(|s| s.status.clone()))?
            .ok_or_else(|| ApplyError::Fault(format!("step {step} is not in the ledger")))
    }

    pub(super) fn link(&self, link: &LinkId) -> Result<LinkRecord, ApplyError> {
        self.with_record(|record| record.links.get(link).cloned())?
            .ok_or_else(|| ApplyError::Fault(format!("link {link} is not in the ledger")))
    }

    /// The links of a wave that something may still happen to in this run. A stuck link of an earlier run is among them:
    /// resuming tries again.
    pub(super) fn open_links(&self, wave: u32) -> Result<Vec<LinkId>, ApplyError> {
        let settled = self.settled.borrow();
        self.with_record(|record| {
            let open = |link: &LinkRecord| !link.standing.is_ended() || matches!(link.standing, Standing::Stuck { .. });
            let links =
                record.links.iter().filter(|(id, link)| link.wave == wave && open(link) && !settled.contains(*id));
            links.map(|(id, _)| id.clone()).collect()
        })
    }

    /// Whether nothing more happens to a link or task in this run.
    pub(super) fn is_put_aside(&self, id: &LinkId) -> bool {
        self.settled.borrow().contains(id)
    }

    /// Nothing more happens to a link in this run.
    pub(super) fn put_aside(&self, link: &LinkId) {
        self.settled.borrow_mut().insert(link.clone());
    }

    /// The steps of a link, in order.
    pub(super) fn steps_of(&self, link: &LinkId) -> Vec<Step> {
        let places = self.by_link.get(link).map_or(&[][..], |places| &places.steps);
        places.iter().map(|at| self.plan.steps[*at].clone()).collect()
    }

    /// A link as it was planned.
    pub(super) fn planned(&self, link: &LinkId) -> Option<&PlannedLink> {
        self.by_link.get(link)?.link.map(|at| &self.plan.links[at])
    }

    /// Ends a link or a task, and says so.
    pub(super) async fn settle(&self, link: &LinkId, ending: LinkEnding) -> Result<(), ApplyError> {
        self.record(JournalEvent::LinkEnded { apply: self.apply.clone(), link: link.clone(), ending }).await?;
        self.put_aside(link);
        let task = self.with_record(|record| record.tasks.get(link).cloned())?;
        match task {
            Some(TaskRecord { title, standing }) => {
                self.emit(What::TaskEnded { task: link.clone(), title, standing });
                Ok(())
            }
            None => self.say_standing(link),
        }
    }

    pub(super) fn say_standing(&self, link: &LinkId) -> Result<(), ApplyError> {
        let record = self.link(link)?;
        self.emit(What::LinkEnded {
            link: link.clone(),
            ad: record.ad,
            cloud: record.cloud,
            standing: record.standing,
            diagnosis: record.diagnosis.map(Box::new),
        });
        Ok(())
    }

    /// Leaves out a link's steps that were not begun.
    pub(super) async fn skip_pending(&self, link: &LinkId, why: &str) -> Result<(), ApplyError> {
        let pending: Vec<StepId> = self.with_record(|record| {
            let steps = record.steps_of(link).filter(|s| s.status == StepStatus::Pending);
            steps.map(|s| s.step.id.clone()).collect()
        })?;
        for step in pending {
            self.record(JournalEvent::StepSkipped { apply: self.apply.clone(), step, why: why.to_owned() }).await?;
        }
        Ok(())
    }

    /// Whether the person asked to stop. Says so once.
    pub(super) fn is_stopping(&self) -> bool {
        let stopping = self.options.stop.is_requested();
        if stopping && !self.stopping.replace(true) {
            self.emit(What::Stopping);
        }
        stopping
    }

    /// Whether enough links failed that nothing new may be begun.
    pub(super) fn is_braked(&self) -> bool {
        let failures = self.failures.get();
        match self.options.on_failure {
            super::options::OnFailure::Continue => failures > self.plan.settings.guard.max_failures,
            super::options::OnFailure::Stop | super::options::OnFailure::Rollback => failures > 0,
        }
    }

    /// Lets time pass, or returns early if the person asks to stop.
    pub(super) async fn pause(&self, time: SignedDuration) {
        tokio::select! {
            () = self.ports.clock.sleep(time) => {}
            () = self.options.stop.requested() => {}
        }
    }

    /// Works on links side by side. Each is worked on to its end, also if another meets an error; then the first error
    /// is returned. A few go first, then more and more: what is wrong with all of them shows before many are begun.
    pub(super) async fn side_by_side<'b, T, Fut>(
        &self,
        links: &'b [LinkId],
        work: impl Fn(&'b LinkId) -> Fut,
    ) -> Result<Vec<T>, ApplyError>
    where
        Fut: Future<Output = Result<T, ApplyError>>,
    {
        let most = self.options.side_by_side.max(1);
        let (mut rest, mut width) = (links, FIRST.min(most));
        let mut all = Vec::with_capacity(links.len());
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(if width < most { width.min(rest.len()) } else { rest.len() });
            all.extend(stream::iter(part.iter().map(&work)).buffer_unordered(width).collect::<Vec<_>>().await);
            (rest, width) = (behind, (width * 4).min(most));
        }
        all.into_iter().collect()
    }
}
