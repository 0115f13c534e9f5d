//! When cycles run: on demand, and by the scheduler as the world's clock moves.

use super::cycle;
use super::ldap_source::{ExternalAd, LdapSource, SourceError};
use super::report::CycleReport;
use super::{anchor, cycle::of_embedded_forest};
use crate::lab::shared::SharedWorld;
use crate::lab::world::World;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

/// The furthest that the clock moves in one step: every cycle on the way really runs.
pub const LONGEST_ADVANCE: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Why no cycle ran, or the clock did not move.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// Another cycle is running. Entra Connect answers the same; try again when it has ended.
    #[error("a sync cycle is running already: try again when it has ended")]
    Busy,
    /// The real AD could not be read. Nothing was exported.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The world could not be saved. Nothing was changed.
    #[error("the lab's world could not be saved: {0}")]
    Save(#[from] std::io::Error),
    /// The clock was to go backwards, or too far.
    #[error("the lab's clock stands at {now} and cannot move to {to}: it moves forwards, at most 31 days at a time")]
    Clock {
        /// The world's time.
        now: Timestamp,
        /// The time asked for.
        to: Timestamp,
    },
}

/// How the engine stands: what a `status` command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// A cycle is running.
    pub busy: bool,
    /// The server is in staging mode and exports nothing.
    pub staging: bool,
    /// The scheduler is held.
    pub suspended: bool,
}

/// Runs cycles over a shared world.
#[derive(Debug)]
pub struct Scheduler {
    world: SharedWorld,
    external: Option<ExternalAd>,
    running: Mutex<()>,
}

impl Scheduler {
    /// An engine over `world` that imports from `external`, or from the world's own forest.
    pub fn new(world: SharedWorld, external: Option<ExternalAd>) -> Self {
        Self { world, external, running: Mutex::new(()) }
    }

    /// The world.
    pub const fn world(&self) -> &SharedWorld {
        &self.world
    }

    /// How the engine stands.
    pub fn status(&self) -> Status {
        let busy = self.running.try_lock().is_err();
        self.world.read(|w| Status { busy, staging: w.sync.staging, suspended: !w.sync.scheduler_enabled })
    }

    /// Runs one cycle now, also while the scheduler is held (`Start-ADSyncSyncCycle`).
    pub async fn run_cycle(&self) -> Result<CycleReport, CycleError> {
        let running = self.running.try_lock().map_err(|_| CycleError::Busy)?;
        self.cycle(&running).await
    }

    /// Holds or releases the scheduler (`Set-ADSyncScheduler -SyncCycleEnabled`).
    pub async fn enable(&self, enabled: bool) -> Result<Status, CycleError> {
        // A running cycle ends first: after a hold has been answered, none runs.
        let running = self.running.lock().await;
        self.world.write(|w| w.sync.scheduler_enabled = enabled)?;
        drop(running);
        Ok(self.status())
    }

    /// Moves the clock on and runs every cycle that the scheduler has due on the way.
    pub async fn advance(&self, by: SignedDuration) -> Result<Vec<CycleReport>, CycleError> {
        let now = self.world.read(|w| w.clock);
        let to = now.saturating_add(by).unwrap_or(if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX });
        self.advance_to(to).await
    }

    /// Moves the clock to a later time and runs every cycle that the scheduler has due on the way. A cycle takes time,
    /// so the clock can end a little later. Cycles that are due while the scheduler is held are left out.
    pub async fn advance_to(&self, to: Timestamp) -> Result<Vec<CycleReport>, CycleError> {
        let running = self.running.lock().await;
        let now = self.world.read(|w| w.clock);
        if to < now || to.duration_since(now) > LONGEST_ADVANCE {
            return Err(CycleError::Clock { now, to });
        }
        let mut reports = Vec::new();
        let due = |w: &World| w.sync.next_cycle.filter(|due| w.sync.scheduler_enabled && *due <= to);
        while let Some(due) = self.world.read(due) {
            self.world.write(|w| w.clock = w.clock.max(due))?;
            reports.push(self.cycle(&running).await?);
        }
        self.world.write(|w| {
            w.clock = w.clock.max(to);
            skip_missed(w);
        })?;
        Ok(reports)
    }

    /// Replaces the world. A running cycle ends first.
    pub async fn replace(&self, mut world: World) -> Result<(), CycleError> {
        let _running = self.running.lock().await;
        schedule(&mut world);
        Ok(self.world.write(|w| *w = world)?)
    }

    async fn cycle(&self, _running: &MutexGuard<'_, ()>) -> Result<CycleReport, CycleError> {
        let Some(external) = &self.external else { return Ok(self.world.write(of_embedded_forest)?) };
        let mut source = LdapSource::connect(external).await?;
        let mut view = source.view().await?;
        let writes = self.world.read(|w| anchor::write_backs(&view, w));
        source.write_back(&writes, &mut view).await?;
        source.close().await;
        Ok(self.world.write(|w| cycle::cycle(&view, w))?)
    }
}

/// Gives a world that has never seen a cycle the time of its first.
pub fn schedule(world: &mut World) {
    if world.sync.next_cycle.is_none() {
        world.sync.next_cycle = world.clock.saturating_add(interval(world)).ok();
    }
}

/// Leaves out the runs that were due while the scheduler was held: a release must not start one by surprise.
fn skip_missed(world: &mut World) {
    let (now, interval) = (world.clock, interval(world));
    while let Some(due) = world.sync.next_cycle.filter(|due| *due <= now) {
        world.sync.next_cycle = due.saturating_add(interval).ok();
    }
}

fn interval(world: &World) -> SignedDuration {
    SignedDuration::from_mins(i64::from(world.sync.interval_minutes.max(1)))
}
