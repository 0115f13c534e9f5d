//! What came of an apply.

use crate::model::id::{ApplyId, LinkId};
use crate::rules::aftermath::Diagnosis;
use crate::state::ledger::{ApplyRecord, ForgoneRole, Standing, StepRecord, StepStatus};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How an apply ended, for now or for good. Each maps to one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Every link came to the end that was wanted.
    Complete,
    /// Links are waiting for a cycle: resume possible.
    Waiting,
    /// Some links failed or were rolled back, or could not be reached and can be resumed.
    Partial,
    /// The person stopped it; state saved, resume possible.
    Interrupted,
    /// A link is stuck: a person must decide.
    Stuck,
}

/// What came of an apply, link by link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApplyOutcome {
    /// The apply.
    pub apply: ApplyId,
    /// How it ended.
    pub ending: Ending,
    /// Whether the apply is unfinished, so that `apply` must resume it before anything new.
    pub resumable: bool,
    /// Every link with its standing. A rollback's links end as `rolled-back`.
    pub links: BTreeMap<LinkId, Standing>,
    /// Every task with its standing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<LinkId, Standing>,
    /// Whether it stopped after its pilot, which formed every link: a person decides whether the others follow.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pilot_through: bool,
    /// Why links were not formed, and the way back.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub diagnoses: BTreeMap<LinkId, Diagnosis>,
    /// Roles that were taken and are not given back, and activations that were ended, each with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forgone: Vec<ForgoneRole>,
}

impl ApplyOutcome {
    /// Reads the outcome off the record.
    pub fn of(record: &ApplyRecord, interrupted: bool) -> Self {
        let links: BTreeMap<_, _> = record.links.iter().map(|(id, link)| (id.clone(), link.standing.clone())).collect();
        let diagnosed = record.links.iter().filter_map(|(id, link)| Some((id.clone(), link.diagnosis.clone()?)));
        let diagnoses = diagnosed.collect();
        let tasks: BTreeMap<_, _> = record.tasks.iter().map(|(id, task)| (id.clone(), task.standing.clone())).collect();
        let any = |wanted: fn(&Standing) -> bool| links.values().chain(tasks.values()).any(wanted);
        let ending = if any(|s| matches!(s, Standing::Stuck { .. })) {
            Ending::Stuck
        } else if interrupted {
            Ending::Interrupted
        } else if record.ended.as_ref().is_some_and(|ended| ended.complete) {
            Ending::Complete
        } else if any(|s| matches!(s, Standing::Failed { .. })) || record.steps.iter().any(is_open) {
            Ending::Partial
        } else if any(|s| matches!(s, Standing::Waiting | Standing::InProgress)) {
            Ending::Waiting
        } else {
            Ending::Partial
        };
        Self {
            apply: record.id.clone(),
            ending,
            resumable: record.ended.is_none(),
            links,
            tasks,
            pilot_through: false,
            diagnoses,
            forgone: record.forgone_roles().collect(),
        }
    }

    /// How many links stand as `wanted` says.
    pub fn count(&self, wanted: impl Fn(&Standing) -> bool) -> usize {
        self.links.values().filter(|standing| wanted(standing)).count()
    }
}

/// Whether a write was begun and nobody knows how it ended.
const fn is_open(step: &StepRecord) -> bool {
    step.step.action.writes() && matches!(step.status, StepStatus::Started { .. } | StepStatus::Undoing { .. })
}
