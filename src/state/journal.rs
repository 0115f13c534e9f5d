//! The journal: every intent and every outcome as one JSON line, chained by checksums.
//!
//! A record is there once its line end is there: an append that was cut short leaves a last line without one, which is
//! recognised and dropped, since nothing was done after a record that never became durable. Any other damage is refused.

use super::ledger::{Context, Forgone, Reading};
use crate::model::digest;
use crate::model::id::{ApplyId, AssignmentId, DomainName, LinkId, StepId};
use crate::model::visible::escape_json;
use crate::plan::document::{Plan, TenantRef};
use crate::rules::aftermath::Diagnosis;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The checksum of the record before it; empty for the very first.
    pub prev: String,
    /// What happened, or is about to.
    pub event: JournalEvent,
    /// The checksum over all of the above, `sha256:…`.
    pub sum: String,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum JournalEvent {
    /// The ledger begins. Always the first record, and only that.
    Created {
        /// A random id.
        lineage: String,
        /// The tenant that it is about.
        tenant: TenantRef,
        /// The version of matchplan.
        tool_version: String,
    },
    /// An apply or a rollback begins.
    ApplyStarted {
        /// Its id.
        apply: ApplyId,
        /// The whole plan, settings included.
        plan: Box<Plan>,
        /// The digest of the plan.
        plan_digest: String,
        /// Who runs it, where.
        context: Context,
        /// The domain controller per domain.
        controllers: BTreeMap<DomainName, String>,
    },
    /// An unfinished apply goes on.
    ApplyResumed {
        /// Which.
        apply: ApplyId,
        /// Who runs it now, where.
        context: Context,
        /// The domain controller per domain, now.
        controllers: BTreeMap<DomainName, String>,
    },
    /// The intent of a step.
    StepStarted {
        /// The apply.
        apply: ApplyId,
        /// The step.
        step: StepId,
        /// What was read just before.
        before: Reading,
    },
    /// A step is done and read back.
    StepSucceeded {
        /// The apply.
        apply: ApplyId,
        /// The step.
        step: StepId,
        /// Whether we wrote.
        wrote: bool,
        /// What was read back.
        after: Reading,
        /// For a role that was given back: the new assignment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<AssignmentId>,
    },
    /// A step did not happen.
    StepFailed {
        /// The apply.
        apply: ApplyId,
        /// The step.
        step: StepId,
        /// Why.
        error: String,
    },
    /// A step is left out.
    StepSkipped {
        /// The apply.
        apply: ApplyId,
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// The intent to undo a step within its own apply.
    UndoStarted {
        /// The apply.
        apply: ApplyId,
        /// The step.
        step: StepId,
        /// What was read just before.
        before: Reading,
    },
    /// A step is undone and that is read back.
    StepUndone {
        /// The apply.
        apply: ApplyId,
        /// The step.
        step: StepId,
        /// What was read back.
        after: Reading,
        /// For a suspended role: the assignment that brought it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<AssignmentId>,
    },
    /// A link was not formed, and this was found.
    LinkDiagnosed {
        /// The apply.
        apply: ApplyId,
        /// The link.
        link: LinkId,
        /// What was found, why, and the way back.
        diagnosis: Box<Diagnosis>,
    },
    /// What a suspend step took is not given back, for good.
    RoleForgone {
        /// The apply.
        apply: ApplyId,
        /// The restore step that found it so, or the suspend step itself where that was being undone.
        step: StepId,
        /// Why.
        reason: Forgone,
    },
    /// A link is left waiting for a later cycle.
    LinkWaiting {
        /// The apply.
        apply: ApplyId,
        /// The link.
        link: LinkId,
    },
    /// A link came to an end.
    LinkEnded {
        /// The apply.
        apply: ApplyId,
        /// The link.
        link: LinkId,
        /// Which end.
        ending: LinkEnding,
    },
    /// Every link has come to an end, and no role is missing.
    ApplyEnded {
        /// Which.
        apply: ApplyId,
    },
}

/// How a link ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LinkEnding {
    /// Formed, read back, its roles given back.
    Linked,
    /// What was done for it is undone.
    RolledBack {
        /// Why.
        why: String,
    },
    /// A step failed; what was done before it stands.
    Failed {
        /// What failed.
        why: String,
    },
    /// A person must decide.
    Stuck {
        /// What was found.
        found: String,
        /// What to do next.
        next: String,
    },
}

/// What is checksummed: a record without its sum.
#[derive(Serialize)]
struct Body<'a> {
    seq: u64,
    at: Timestamp,
    prev: &'a str,
    event: &'a JournalEvent,
}

impl Record {
    /// The record that follows the one with number `after` and checksum `prev` (0 and empty at the start).
    pub fn following(after: u64, prev: &str, at: Timestamp, event: JournalEvent) -> Result<Self, serde_json::Error> {
        let seq = after + 1;
        let sum = digest::of(&Body { seq, at, prev, event: &event })?;
        Ok(Self { seq, at, prev: prev.to_owned(), event, sum })
    }

    /// The record as a line, line end included.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|line| escape_json(&line).into_owned() + "\n")
    }

    fn is_intact(&self) -> bool {
        let Self { seq, at, prev, event, sum } = self;
        digest::of(&Body { seq: *seq, at: *at, prev, event }).is_ok_and(|computed| computed == *sum)
    }
}

/// A journal as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// Its records, intact and chained.
    pub records: Vec<Record>,
    /// How many octets these records take. Less than the file's length if the last append was cut short: the rest is to
    /// be cut off before anything is appended.
    pub intact_len: u64,
    /// Whether the last append was cut short.
    pub torn: bool,
}

/// Damage that is not an append cut short. Nothing may be concluded from the record where it starts and what follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal is damaged at record {seq} (line {line}): {reason}; {intact} records before it are intact")]
pub struct Damage {
    /// The number that the damaged record should have.
    pub seq: u64,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
    /// How many records before it are intact.
    pub intact: usize,
}

impl Journal {
    /// Reads a journal's octets. The first record may have any number: older ones may be in an earlier file.
    pub fn read(octets: &[u8]) -> Result<Self, Damage> {
        let mut journal = Self::default();
        let mut rest = octets;
        while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
            let line = &rest[..end];
            let damage = |reason: String| Damage {
                seq: journal.records.last().map_or(1, |last: &Record| last.seq + 1),
                line: journal.records.len() + 1,
                reason,
                intact: journal.records.len(),
            };
            let record: Record = serde_json::from_slice(line).map_err(|e| damage(format!("it is no record: {e}")))?;
            if !record.is_intact() {
                return Err(damage("its checksum does not fit its content".to_owned()));
            }
            if let Some(last) = journal.records.last()
                && (record.seq != last.seq + 1 || record.prev != last.sum)
            {
                return Err(damage(format!("it does not follow record {}", last.seq)));
            }
            journal.records.push(record);
            journal.intact_len += end as u64 + 1;
            rest = &rest[end + 1..];
        }
        journal.torn = !rest.is_empty();
        Ok(journal)
    }
}
