//! What is proposed and what is not, as data.

use super::evidence::{Confidence, Evidence};
use super::next_cycle::ByItself;
use super::objections::{Objection, Weight};
use crate::model::dn::Dn;
use crate::model::reference::{AdRef, EntraRef};
use crate::plan::document::TenantRef;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format that this version writes.
pub const SUGGESTIONS_VERSION: u32 = 1;

/// Everything that `suggest` has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suggestions {
    /// [`SUGGESTIONS_VERSION`].
    pub format_version: u32,
    /// When the directories were read.
    pub taken: Timestamp,
    /// The tenant.
    pub tenant: TenantRef,
    /// The synced OUs, as the settings have them: where users that are outside of them may be moved to.
    pub synced_ous: Vec<Dn>,
    /// How many of each.
    pub counts: Counts,
    /// What the next sync cycle does without any link: the worst first.
    pub next_cycle: Vec<ByItself>,
    /// The links that are proposed: the surest first, then by AD user. Each user is in one of them at most.
    pub proposals: Vec<Proposal>,
    /// Pairs that look alike, at least likely, and are not proposed.
    pub not_proposed: Vec<NotProposed>,
    /// What could not be seen or is not as it should be, in sentences.
    pub notes: Vec<String>,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// AD users that were read.
    pub ad_users: usize,
    /// Live cloud users that were read.
    pub cloud_users: usize,
    /// Proposals that are written as links.
    pub proposed: usize,
    /// Proposals that are written commented out.
    pub commented_out: usize,
    /// Proposals left out because of a limit.
    pub beyond_limit: usize,
    /// Pairs at least likely that are not proposed.
    pub not_proposed: usize,
    /// Pairs less than likely that are not proposed, and not listed either.
    pub weaker: usize,
    /// Links of the match plans whose users were both found: nothing is proposed for those users.
    pub named: usize,
}

/// One link that is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The AD user.
    pub ad: AdRef,
    /// The cloud user.
    pub cloud: EntraRef,
    /// What to write as `ad`: it names exactly this user.
    pub ad_selector: String,
    /// What to write as `cloud`: it names exactly this user.
    pub cloud_selector: String,
    /// How sure it is that both are the same person.
    pub confidence: Confidence,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What speaks against it, or is to be known first.
    pub against: Vec<Objection>,
    /// Whether a person has to decide first: it is possible only, or there is an objection of weight `hold`.
    pub commented_out: bool,
}

impl Proposal {
    /// Whether a person has to decide first.
    pub fn is_held(confidence: Confidence, against: &[Objection]) -> bool {
        confidence == Confidence::Possible || against.iter().any(|objection| objection.weight() == Weight::Hold)
    }
}

/// A pair that looks alike and is not proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotProposed {
    /// The AD user.
    pub ad: AdRef,
    /// The cloud user.
    pub cloud: EntraRef,
    /// How alike they are.
    pub confidence: Confidence,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What speaks against it; at least one of weight `forbid`.
    pub against: Vec<Objection>,
}
