//! What happens during an apply, as it happens. Rendering is `report`'s business.

use super::outcome::ApplyOutcome;
use crate::config::settings::OnTimeout;
use crate::model::id::{ApplyId, LinkId};
use crate::model::reference::{AdRef, EntraRef};
use crate::plan::document::Purpose;
use crate::plan::step::Step;
use crate::rules::aftermath::Diagnosis;
use crate::state::ledger::{Forgone, Standing};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Event {
    /// When, by our own clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The apply begins, or goes on after an interruption.
    ApplyStarted {
        /// Its id.
        apply: ApplyId,
        /// What it is for.
        purpose: Purpose,
        /// How many links it changes.
        links: usize,
        /// How many steps it has.
        steps: usize,
        /// How many of these were done before it was interrupted.
        done: usize,
        /// Whether it goes on from an earlier run.
        resumed: bool,
    },
    /// The links of one wave begin.
    WaveStarted {
        /// From 1.
        wave: u32,
        /// How many waves there are.
        waves: u32,
        /// How many links it has.
        links: usize,
    },
    /// A step begins.
    StepStarted {
        /// Which.
        step: Box<Step>,
    },
    /// A step is done and read back.
    StepSucceeded {
        /// Which.
        step: Box<Step>,
        /// `false` if everything was already as wanted.
        wrote: bool,
    },
    /// A step did not happen, and its link is taken out of what follows.
    StepFailed {
        /// Which.
        step: Box<Step>,
        /// Why.
        error: String,
    },
    /// A step is undone and that is read back.
    StepUndone {
        /// Which.
        step: Box<Step>,
    },
    /// What was taken is not given back, for good; the link goes on all the same.
    RoleForgone {
        /// The step that was to give it back, or that took it and was being undone.
        step: Box<Step>,
        /// Why.
        reason: Forgone,
    },
    /// What a step wrote is left as others have made it.
    StepLeft {
        /// Which.
        step: Box<Step>,
        /// Why.
        why: String,
    },
    /// A step could not be undone.
    UndoFailed {
        /// Which.
        step: Box<Step>,
        /// Why.
        error: String,
    },
    /// A try went wrong in a way that another try may mend.
    Retrying {
        /// What is tried.
        what: String,
        /// What went wrong.
        error: String,
        /// How long until the next try.
        after: SignedDuration,
    },
    /// The tenant's limit on requests is reached, and writes wait until there is room again.
    Throttled {
        /// For how long, at most.
        wait: SignedDuration,
    },
    /// A cycle was asked for, or we wait for the scheduler's.
    CycleAsked {
        /// The wave that needs it.
        wave: u32,
        /// `false` if there is no trigger and the scheduler's next cycle is waited for.
        triggered: bool,
    },
    /// Users were provisioned by themselves, without a cycle. That they are linked is for the next looks to say.
    Provisioned {
        /// The wave whose links wait.
        wave: u32,
        /// How many the engine says are done.
        done: usize,
        /// How many it refused or left out; each is told with its link.
        refused: usize,
    },
    /// One look at the cloud while a cycle is waited for.
    CyclePolled {
        /// The wave that waits.
        wave: u32,
        /// How long it has been waiting.
        waited: SignedDuration,
        /// When it gives up.
        timeout: SignedDuration,
        /// The tenant's last sync.
        last_sync: Option<Timestamp>,
        /// How many links of the wave are formed.
        linked: usize,
        /// Of how many that wait.
        of: usize,
    },
    /// A whole cycle is proven to have run after our last write.
    CycleProven {
        /// The wave.
        wave: u32,
        /// The tenant's last sync.
        last_sync: Option<Timestamp>,
    },
    /// No proven cycle in time.
    TimedOut {
        /// The wave.
        wave: u32,
        /// What follows.
        then: OnTimeout,
    },
    /// A link came to an end, or is left waiting.
    LinkEnded {
        /// Which.
        link: LinkId,
        /// The AD side.
        ad: AdRef,
        /// The cloud side.
        cloud: EntraRef,
        /// How it stands.
        standing: Standing,
        /// Why it was not formed, and the way back.
        #[serde(skip_serializing_if = "Option::is_none")]
        diagnosis: Option<Box<Diagnosis>>,
    },
    /// A task came to an end.
    TaskEnded {
        /// Which.
        task: LinkId,
        /// What it does, for people.
        title: String,
        /// How it stands.
        standing: Standing,
    },
    /// The pilot is through: a person decides whether the others follow.
    PilotEnded {
        /// How many of its links are formed.
        linked: usize,
        /// Of how many.
        of: usize,
        /// How many links wait for the decision.
        rest: usize,
    },
    /// The person asked to stop: what is in flight is finished.
    Stopping,
    /// The apply ends, for now or for good.
    ApplyEnded {
        /// What came of it.
        outcome: ApplyOutcome,
    },
}
