//! The journal: every intent and every outcome as one JSON line, chained by checksums.
//!
//! A record is there once its line end is there: an append that was cut short leaves a last line without one, which is
//! recognised and dropped, since nothing was done after a record that never became durable. Any other damage is refused.

use super::ledger::{Context, Forgone, Reading};
use crate::config::settings::Settings;
use crate::model::digest;
use crate::model::id::{ApplyId, AssignmentId, DomainName, LinkId, StepId};
use crate::model::sealed::{self, Upgrade};
use crate::model::visible::escape_json;
use crate::plan::document::{Plan, TenantRef};
use crate::rules::aftermath::Diagnosis;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The format that this version writes, and the newest it reads.
pub const JOURNAL_VERSION: u32 = 3;

/// What leads from each version of a record to the next, oldest first. A record's checksum is taken as it was written.
///
/// Version 2 added a kind of event and members that may be absent, version 3 tasks with their kinds of steps: so a record of
/// an older version is one of today's.
const UPGRADES: &[Upgrade] = &[Ok, Ok];

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
    /// The format of the journal from here on, where it is said: in the first record of a file, and where a newer version
    /// goes on with an older file. A file that says nothing is of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<u32>,
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
        /// The settings that count from here on in place of the plan's: where the ledger came from elsewhere, those of
        /// the configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<Box<Settings>>,
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
    /// What a step wrote is left as others have made it: it is not taken back, and does not stand any more.
    StepLeft {
        /// The rollback in which a person decided so, or the apply that found the object gone.
        apply: ApplyId,
        /// The apply whose step it is.
        of: ApplyId,
        /// The step. Never one that took a role: that is given back, or forgone.
        step: StepId,
        /// Why.
        why: String,
    },
    /// A link is left waiting for a later cycle.
    LinkWaiting {
        /// The apply.
        apply: ApplyId,
        /// The link.
        link: LinkId,
    },
    /// A link or a task came to an end.
    LinkEnded {
        /// The apply.
        apply: ApplyId,
        /// The link or task.
        link: LinkId,
        /// Which end.
        ending: LinkEnding,
    },
    /// Records before this one are lost: what an unfinished apply has done since is to be read, not believed.
    RecordsLost {
        /// What was wrong, in one sentence.
        why: String,
    },
    /// Every link has come to an end, and no role is missing.
    ApplyEnded {
        /// Which.
        apply: ApplyId,
    },
}

/// How a link or a task ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LinkEnding {
    /// Formed, read back, its roles given back.
    Linked,
    /// A task is done, and read back.
    Done,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<u32>,
    event: &'a JournalEvent,
}

impl Record {
    /// The record that follows the one with number `after` and checksum `prev` (0 and empty at the start).
    pub fn following(after: u64, prev: &str, at: Timestamp, event: JournalEvent) -> Result<Self, serde_json::Error> {
        Self::sealed(after + 1, prev, at, None, event)
    }

    /// The same, saying that the journal is of [`JOURNAL_VERSION`] from here on.
    pub fn opening(after: u64, prev: &str, at: Timestamp, event: JournalEvent) -> Result<Self, serde_json::Error> {
        Self::sealed(after + 1, prev, at, Some(JOURNAL_VERSION), event)
    }

    fn sealed(
        seq: u64,
        prev: &str,
        at: Timestamp,
        format: Option<u32>,
        event: JournalEvent,
    ) -> Result<Self, serde_json::Error> {
        let sum = digest::of(&Body { seq, at, prev, format, event: &event })?;
        Ok(Self { seq, at, prev: prev.to_owned(), format, event, sum })
    }

    /// The record as a line, line end included.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|line| escape_json(&line).into_owned() + "\n")
    }
}

/// Whether a record's checksum fits its content, whatever this version knows of that content.
fn is_intact(record: &Value) -> bool {
    let mut body = record.clone();
    let sum = body.as_object_mut().and_then(|members| members.remove("sum"));
    sum.is_some_and(|sum| digest::of(&body).is_ok_and(|computed| sum == *computed))
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
    /// The format of its last record.
    pub format: u32,
}

/// Why a journal cannot be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is damaged.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Written by a newer version.
    #[error("its format version is {found}, and this matchplan reads up to {JOURNAL_VERSION}")]
    Newer {
        /// The version found.
        found: u64,
    },
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
    /// These records.
    pub before: Box<Journal>,
}

impl Journal {
    /// Reads a journal's octets. The first record may have any number: older ones may be in an earlier file.
    pub fn read(octets: &[u8]) -> Result<Self, Unreadable> {
        let mut journal = Self { format: 1, ..Self::default() };
        let mut rest = octets;
        while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
            let line = &rest[..end];
            let found: Result<Value, _> = serde_json::from_slice(line);
            let format = found.as_ref().ok().and_then(|record| record.get("format")?.as_u64());
            if let Some(found) = format.filter(|format| *format > u64::from(JOURNAL_VERSION)) {
                return Err(Unreadable::Newer { found });
            }
            journal.format = format.and_then(|format| u32::try_from(format).ok()).unwrap_or(journal.format);
            let found = found.map_err(|e| format!("it is no record: {e}"));
            match found.and_then(|found| record_of(found, journal.format)).and_then(|record| journal.may_follow(record))
            {
                Ok(record) => journal.records.push(record),
                Err(reason) => {
                    let seq = journal.records.last().map_or(1, |last: &Record| last.seq + 1);
                    let (line, intact) = (journal.records.len() + 1, journal.records.len());
                    return Err(Damage { seq, line, reason, intact, before: Box::new(journal) }.into());
                }
            }
            journal.intact_len += end as u64 + 1;
            rest = &rest[end + 1..];
        }
        journal.torn = !rest.is_empty();
        Ok(journal)
    }

    fn may_follow(&self, record: Record) -> Result<Record, String> {
        match self.records.last() {
            Some(last) if record.seq != last.seq + 1 || record.prev != last.sum => {
                Err(format!("it does not follow record {}", last.seq))
            }
            _ => Ok(record),
        }
    }
}

/// Reads one record of a format. Its checksum is checked as it was written, before anything is upgraded.
fn record_of(found: Value, format: u32) -> Result<Record, String> {
    let intact = is_intact(&found);
    let record = sealed::upgraded(found, format.into(), UPGRADES)?;
    // The shape first: what is no record at all has no checksum either.
    let record = serde_json::from_value(record).map_err(|e| format!("it is no record: {e}"))?;
    if intact { Ok(record) } else { Err("its checksum does not fit its content".to_owned()) }
}
