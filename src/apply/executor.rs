//! Begins, resumes and ends an apply.

use super::error::ApplyError;
use super::event::{Event, What};
use super::options::{Fresh, Options, Ports};
use super::outcome::ApplyOutcome;
use super::run::Run;
use super::wave::Flow;
use crate::directory::port::{Clock, SyncEngine, WriteAd, WriteEntra};
use crate::model::id::DomainName;
use crate::plan::document::{Plan, Purpose};
use crate::state::journal::JournalEvent;
use crate::state::ledger::{Standing, StepStatus};
use crate::state::recorder::Recorder;
use crate::state::sheet::restore_sheet;
use std::collections::BTreeMap;

/// Applies a plan that was shown to hold: to form links, or to roll back.
///
/// Every step is read, compared with what the plan expects, journaled, written, read back and journaled again. What goes
/// wrong with a link is in the outcome; an error means that the apply could not begin, or that the ledger could not be
/// kept, and then nothing more was written.
pub async fn apply<D, S, C, R, F>(
    ports: Ports<'_, D, S, C>,
    ledger: &mut R,
    options: Options,
    fresh: Fresh,
    events: F,
) -> Result<ApplyOutcome, ApplyError>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    let Fresh { id, lineage, plan } = fresh;
    if plan.is_blocked() {
        return Err(ApplyError::Blocked);
    }
    if let Some(state) = ledger.state() {
        if state.tenant.id != plan.tenant.id {
            let (plan, state) = (plan.tenant.id.to_string(), state.tenant.id.to_string());
            return Err(ApplyError::ForeignTenant { plan, state });
        }
        if let Some(blocking) = state.blocking(&plan.purpose) {
            return Err(ApplyError::Unfinished { apply: blocking.id.clone() });
        }
    } else {
        let (tenant, tool_version) = (plan.tenant.clone(), plan.tool_version.clone());
        ledger.record(ports.clock.now(), JournalEvent::Created { lineage, tenant, tool_version })?;
    }
    let event = JournalEvent::ApplyStarted {
        apply: id.clone(),
        plan_digest: plan.compute_digest().map_err(|e| ApplyError::Fault(e.to_string()))?,
        plan: Box::new(plan.clone()),
        context: options.context.clone(),
        controllers: controllers(ports.directories, &plan),
    };
    ledger.record(ports.clock.now(), event)?;
    Run::new(ports, options, plan, id, ledger, events).run(false).await
}

/// Goes on with the newest unfinished apply. It needs no plan file: the ledger holds the plan.
///
/// A step left at *started* is read first, and is then done, not done, or a surprise, which is never overwritten. A link
/// that was stuck is tried again.
pub async fn resume<D, S, C, R, F>(
    ports: Ports<'_, D, S, C>,
    ledger: &mut R,
    options: Options,
    events: F,
) -> Result<ApplyOutcome, ApplyError>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    let unfinished = ledger.state().and_then(|state| state.unfinished());
    let Some(record) = unfinished else { return Err(ApplyError::NothingToResume) };
    let id = record.id.clone();
    let mut plan = record.plan.clone().ok_or_else(|| ApplyError::Fault(format!("apply {id} has lost its plan")))?;
    if let Some(settings) = &options.settings {
        plan.settings.clone_from(settings);
    }
    let event = JournalEvent::ApplyResumed {
        apply: id.clone(),
        context: options.context.clone(),
        controllers: controllers(ports.directories, &plan),
        settings: options.settings.clone().map(Box::new),
    };
    ledger.record(ports.clock.now(), event)?;
    Run::new(ports, options, *plan, id, ledger, events).run(true).await
}

fn controllers<D: WriteAd>(directories: &D, plan: &Plan) -> BTreeMap<DomainName, String> {
    let named = plan
        .forest
        .iter()
        .filter_map(|domain| Some((domain.name.clone(), directories.domain_controller(&domain.name)?)));
    named.collect()
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    async fn run(mut self, resumed: bool) -> Result<ApplyOutcome, ApplyError> {
        let (links, done) = self.with_record(|record| {
            let done = record.steps.iter().filter(|s| matches!(s.status, StepStatus::Succeeded { .. })).count();
            (record.links.len(), done)
        })?;
        self.emit(What::ApplyStarted {
            apply: self.apply.clone(),
            purpose: self.plan.purpose.clone(),
            links,
            steps: self.plan.steps.len(),
            done,
            resumed,
        });
        if let Some(sheet) = restore_sheet(&self.plan, self.apply.as_str()) {
            self.sheet = Some(self.keep_sheet(&sheet)?);
        }
        // What comes before the links is no preparation that could be gone back from at will.
        let mut flow = if self.options.prepare_only { Flow::Next } else { self.tasks().await? };
        let waves = self.with_record(|record| record.links.values().map(|link| link.wave).max().unwrap_or(0))?;
        let mut pilot_through = false;
        let mut wave = 0;
        while flow == Flow::Next && wave < waves {
            wave += 1;
            flow = self.wave(wave, waves).await?;
            if flow == Flow::Next && self.waits_for_decision(wave, waves) {
                pilot_through = self.end_pilot()?;
                flow = Flow::Halt;
            }
        }
        let stopped = flow == Flow::Stopped;
        if self.plan.purpose == Purpose::Link {
            self.close_window().await?;
        }
        if self.with_record(crate::state::ledger::ApplyRecord::can_end)? {
            self.record(JournalEvent::ApplyEnded { apply: self.apply.clone() }).await?;
        }
        self.save()?;
        let outcome = self.with_record(|record| ApplyOutcome::of(record, stopped))?;
        let outcome = ApplyOutcome { pilot_through, ..outcome };
        self.emit(What::ApplyEnded { outcome: outcome.clone() });
        Ok(outcome)
    }

    /// Whether the wave that has just ended is a pilot, and a person is to be asked before the next.
    const fn waits_for_decision(&self, wave: u32, waves: u32) -> bool {
        self.options.pilot_only && self.plan.selection.pilot.is_some() && wave == 1 && waves > 1
    }

    /// Says what came of the pilot. `true` if every link of it is formed.
    fn end_pilot(&self) -> Result<bool, ApplyError> {
        let (linked, of, rest) = self.with_record(|record| {
            let of_pilot = record.links.values().filter(|link| link.wave == 1);
            let linked = of_pilot.clone().filter(|link| matches!(link.standing, Standing::Linked { .. })).count();
            let of = of_pilot.count();
            (linked, of, record.links.len() - of)
        })?;
        self.emit(What::PilotEnded { linked, of, rest });
        Ok(linked == of)
    }
}
