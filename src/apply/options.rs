//! What an apply is given besides its plan.

use crate::config::settings::Settings;
use crate::model::id::{ApplyId, ObjectId};
use crate::plan::document::Plan;
use crate::rules::aftermath::Seen;
use crate::state::ledger::Context;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// The doors that an apply works through.
#[derive(Debug)]
pub struct Ports<'a, D, S, C> {
    /// AD and Entra.
    pub directories: &'a D,
    /// The sync engine.
    pub sync: &'a S,
    /// The time.
    pub clock: &'a C,
}

/// How an apply is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What happens to the other links when one fails.
    pub on_failure: OnFailure,
    /// Whom the credential speaks for: its roles are never taken. `None` if it could not be read.
    pub caller: Option<ObjectId>,
    /// Users whose roles are never taken: the resolved `protect` list.
    pub protected: BTreeSet<ObjectId>,
    /// Whom the tenant had before anything was done; `None` in a resume, which may come after the cycle.
    pub seen: Option<Arc<Seen>>,
    /// For a resume: the settings that count in place of those in the ledger, where that came from elsewhere.
    pub settings: Option<Settings>,
    /// Who runs it, where.
    pub context: Context,
    /// How many links are worked on side by side; at least one.
    pub side_by_side: usize,
    /// Stop before anything comes into the sync scope: each link of the first wave is prepared and can still go back.
    pub prepare_only: bool,
    /// Stop after the pilot, so that a person can decide whether the others follow.
    pub pilot_only: bool,
    /// How the person asks to stop.
    pub stop: Stop,
}

/// How many links are worked on side by side: as many as fill the batches that are on their way to Entra at the same time.
const SIDE_BY_SIDE: usize = 500;

impl Default for Options {
    fn default() -> Self {
        Self {
            on_failure: OnFailure::default(),
            caller: None,
            protected: BTreeSet::new(),
            seen: None,
            settings: None,
            context: Context::default(),
            side_by_side: SIDE_BY_SIDE,
            prepare_only: false,
            pilot_only: false,
            stop: Stop::default(),
        }
    }
}

/// What happens to the other links when one fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They go on, up to `max_failures`.
    #[default]
    Continue,
    /// Nothing new is begun; resume possible.
    Stop,
    /// Everything that this apply did, and that no cycle took over, is undone.
    Rollback,
}

/// What begins a new apply. Ids are random and made by the caller.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The apply's id.
    pub id: ApplyId,
    /// The ledger's lineage, used if the ledger is new.
    pub lineage: String,
    /// The plan.
    pub plan: Plan,
}

/// The person's wish to stop: what is in flight is finished, the state is saved. Clones share the wish.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn requested(&self) {
        // The sender lives in `self`, so waiting ends only by a request.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
