//! The ledger: every apply with its links and steps, as the fold of the journal's events.

use super::steps::Steps;
use crate::model::ad::AdUser;
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::attribute::AdAttribute;
use crate::model::cloud::{EntraAttribute, Presence};
use crate::model::dn::Dn;
use crate::model::id::{ApplyId, AssignmentId, DomainName, LinkId, Sid, StepId};
use crate::model::recipient::AdHolder;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::Holding;
use crate::plan::document::{Plan, Purpose, TenantRef};
use crate::plan::link::Method;
use crate::plan::step::Step;
use crate::rules::aftermath::Diagnosis;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The format that this version writes, and the newest it reads.
pub const STATE_VERSION: u32 = 3;

/// What was done: the content of `matchplan.state.json`. It holds directory data, but never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`STATE_VERSION`].
    pub format_version: u32,
    /// The version of matchplan that made the ledger.
    pub tool_version: String,
    /// The tenant that it is about. A plan for another one is refused.
    pub tenant: TenantRef,
    /// A random id, made once: two ledgers with the same lineage are versions of one another.
    pub lineage: String,
    /// The sequence number of the last journal record that is folded in.
    pub serial: u64,
    /// The checksum of that record: where the journal goes on.
    pub journal: String,
    /// Every apply and rollback, oldest first.
    pub applies: Vec<ApplyRecord>,
    /// Where journal records were lost, oldest first.
    pub losses: Vec<Loss>,
    /// The digest over everything above, `sha256:…`. It detects accidents, not forgery.
    #[serde(default)]
    pub digest: String,
}

/// A place at which journal records were lost. What an unfinished apply had done until then is not believed either way:
/// its steps stand as *started*, and whoever goes on reads the directories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// When it was noticed.
    pub at: Timestamp,
    /// The last record that is certain.
    pub after: u64,
    /// What was wrong, in one sentence.
    pub why: String,
}

/// One run of `apply`, resumes included, or of a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyRecord {
    /// Its id.
    pub id: ApplyId,
    /// What it is for.
    pub purpose: Purpose,
    /// Who ran it, where.
    pub context: Context,
    /// When it began.
    pub started: Timestamp,
    /// When and how it ended; `None` while it is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The digest of its plan.
    pub plan_digest: String,
    /// The whole plan, settings included, while it is unfinished: a resume needs no plan file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Plan>>,
    /// The domain controller that is read and written, per domain.
    #[serde(default)]
    pub controllers: BTreeMap<DomainName, String>,
    /// Its links.
    pub links: BTreeMap<LinkId, LinkRecord>,
    /// Its tasks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<LinkId, TaskRecord>,
    /// Its steps in the plan's order.
    pub steps: Steps,
}

/// Who ran an apply, where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The computer's name.
    pub host: String,
    /// The account on that computer.
    pub user: String,
}

/// The end of an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Whether every link came to the end that was wanted.
    pub complete: bool,
}

/// One link of an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRecord {
    /// The AD side.
    pub ad: AdRef,
    /// The cloud side.
    pub cloud: EntraRef,
    /// How the match is to happen; `None` in a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The anchor that the link rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// The SID of the AD user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
    /// Its wave, from 1.
    pub wave: u32,
    /// Where it stands.
    pub standing: Standing,
    /// Why it was not formed and the way back, as found after the last cycle that did not form it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
}

/// One task of an apply: work around a match that forms no link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRecord {
    /// What it does, for people.
    pub title: String,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a link or a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Standing {
    /// Its turn, or its sync cycle, has not come yet.
    Waiting,
    /// Its steps are under way.
    InProgress,
    /// Formed, and read back.
    Linked {
        /// When it was seen.
        at: Timestamp,
    },
    /// A task is done, and read back.
    Done {
        /// When.
        at: Timestamp,
    },
    /// What was done for it is undone.
    RolledBack {
        /// When.
        at: Timestamp,
        /// Why, in one sentence.
        why: String,
    },
    /// A step failed. What was done before it stands; nothing of it is dangerous: no role is missing.
    Failed {
        /// When.
        at: Timestamp,
        /// What failed, in one sentence.
        why: String,
    },
    /// A person must decide.
    Stuck {
        /// When.
        at: Timestamp,
        /// What was found.
        found: String,
        /// What to do next.
        next: String,
    },
}

impl Standing {
    /// The standing as a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InProgress => "in progress",
            Self::Linked { .. } => "linked",
            Self::Done { .. } => "done",
            Self::RolledBack { .. } => "rolled back",
            Self::Failed { .. } => "failed",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// Whether nothing more happens to the link in its apply, unless a person acts.
    pub const fn is_ended(&self) -> bool {
        !matches!(self, Self::Waiting | Self::InProgress)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// One step of an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// The step as planned.
    pub step: Step,
    /// What became of it.
    pub status: StepStatus,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StepStatus {
    /// Not begun.
    Pending,
    /// The intent is journaled; whether it happened must be read.
    Started {
        /// When.
        at: Timestamp,
        /// What was there.
        before: Reading,
    },
    /// Done and read back.
    Succeeded {
        /// What was done.
        done: Done,
    },
    /// It did not happen.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        error: String,
    },
    /// The intent to undo it is journaled; whether that happened must be read.
    Undoing {
        /// When.
        at: Timestamp,
        /// What had been done.
        done: Done,
    },
    /// Undone and read back.
    Undone {
        /// When.
        at: Timestamp,
        /// What had been done.
        done: Done,
        /// For a suspended role: the id of the assignment that brought it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<AssignmentId>,
    },
    /// Left out.
    Skipped {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// For a suspended role: it was taken and is not given back, for good.
    Forgone {
        /// When that was found.
        at: Timestamp,
        /// What had been done.
        done: Done,
        /// Why.
        reason: Forgone,
    },
    /// It was done, others have changed it since, and it is left as they made it.
    Left {
        /// When that was decided.
        at: Timestamp,
        /// What had been done.
        done: Done,
        /// Why.
        why: String,
    },
}

/// Why what was taken for a time is not given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "reason", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Forgone {
    /// It was an activation: only its holder can make it again.
    Activation,
    /// Its end passed meanwhile.
    Ended {
        /// The end.
        ends: Timestamp,
    },
    /// What it needs is not there any more.
    Missing {
        /// What, in words.
        what: String,
    },
    /// Somebody gave it back meanwhile, with another end; that is not overwritten.
    OtherEnd {
        /// The end that it has now; `None` is permanent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends: Option<Timestamp>,
    },
}

impl fmt::Display for Forgone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Activation => f.write_str("it was an activation; its holder can activate it again while eligible"),
            Self::Ended { ends } => write!(f, "its end, {ends}, passed meanwhile"),
            Self::Missing { what } => f.write_str(what),
            Self::OtherEnd { ends: Some(ends) } => write!(f, "somebody gave it back meanwhile, until {ends}"),
            Self::OtherEnd { ends: None } => f.write_str("somebody gave it back meanwhile, for good"),
        }
    }
}

/// A role that was taken, or an activation that was ended, and that is not given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ForgoneRole {
    /// The link it was taken for.
    pub link: LinkId,
    /// Whose.
    pub user: EntraRef,
    /// What was taken.
    pub holding: Holding,
    /// Why it does not come back.
    #[serde(flatten)]
    pub why: Forgone,
}

impl StepStatus {
    /// What was done and still stands.
    pub const fn standing(&self) -> Option<&Done> {
        match self {
            Self::Succeeded { done } | Self::Undoing { done, .. } => Some(done),
            Self::Pending
            | Self::Started { .. }
            | Self::Failed { .. }
            | Self::Undone { .. }
            | Self::Skipped { .. }
            | Self::Forgone { .. }
            | Self::Left { .. } => None,
        }
    }

    /// Whether it is taken back or given up, or that was begun.
    pub const fn is_taken_back(&self) -> bool {
        matches!(self, Self::Undoing { .. } | Self::Undone { .. } | Self::Forgone { .. } | Self::Left { .. })
    }

    /// The status as a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Started { .. } => "started",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Undoing { .. } => "undoing",
            Self::Undone { .. } => "undone",
            Self::Skipped { .. } => "skipped",
            Self::Forgone { .. } => "forgone",
            Self::Left { .. } => "left",
        }
    }
}

/// A step's outcome, as it was read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// Whether we wrote; `false` if everything was already as wanted. A rollback undoes only what we wrote.
    pub wrote: bool,
    /// What was there before.
    pub before: Reading,
    /// What was there after.
    pub after: Reading,
    /// For a role that was given back: the id of its new assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentId>,
}

/// What a step's target held, in the step's own terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Reading {
    /// The attributes that an `align` step changes.
    Attributes {
        /// All values of each, as spelled; empty means absent.
        values: BTreeMap<AdAttribute, Vec<String>>,
    },
    /// The ImmutableID of the cloud user; `None` is null.
    ImmutableId {
        /// The value.
        value: Option<ImmutableId>,
    },
    /// The AD user's container.
    Container {
        /// Its DN.
        dn: Dn,
    },
    /// What the cloud user has of the right in question: the role at its scope, or the membership.
    Holdings {
        /// None, or usually one.
        holdings: Vec<Holding>,
    },
    /// The attributes of the cloud user that an `amend` step changes; `None` is null.
    Values {
        /// The value of each.
        values: BTreeMap<EntraAttribute, Option<String>>,
    },
    /// Where the cloud user is.
    Presence {
        /// Where.
        presence: Presence,
    },
    /// A switch, or whether the cloud is the source of authority.
    Flag {
        /// Whether it is on.
        on: bool,
    },
    /// When the tenant was last synced, read after the wave's last write: cycles are counted from here.
    LastSync {
        /// `organization.onPremisesLastSyncDateTime`.
        at: Option<Timestamp>,
    },
    /// The step reads or waits only.
    Nothing,
}

impl Reading {
    /// The attributes of `user` that `of` names.
    pub fn attributes<'a>(user: &AdUser, of: impl IntoIterator<Item = &'a AdAttribute>) -> Self {
        Self::Attributes { values: of.into_iter().map(|attribute| (*attribute, attribute.of(user))).collect() }
    }

    /// The same of a group or contact.
    pub fn holder_attributes<'a>(holder: &AdHolder, of: impl IntoIterator<Item = &'a AdAttribute>) -> Self {
        Self::Attributes { values: of.into_iter().map(|attribute| (*attribute, attribute.of_holder(holder))).collect() }
    }
}

/// A role that was taken and is not back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspendedRole<'a> {
    /// The apply that took it.
    pub apply: &'a ApplyRecord,
    /// The link it was taken for.
    pub link: &'a LinkId,
    /// The suspend step.
    pub step: &'a StepId,
    /// Whose.
    pub user: &'a EntraRef,
    /// What was taken.
    pub holding: &'a Holding,
    /// `false` if it is not certain that the removal happened: the step was begun, its end is not known.
    pub certain: bool,
}
