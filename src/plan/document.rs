//! The plan, and the saved plan: the canonical JSON that a reviewer approves.

use super::link::{Outcome, PlannedLink};
use super::step::{Action, Step};
use super::task::{PlannedTask, TaskOutcome};
pub use crate::config::selection::Selection;
use crate::config::settings::Settings;
use crate::model::cloud::Presence;
use crate::model::dn::Dn;
use crate::model::id::{ApplyId, DomainName, LinkId, TenantId};
use crate::model::sealed::{self, SealError};
use crate::model::tenant::Tenant;
use crate::rules::finding::{Finding, Severity};
use crate::snapshot::document::AdDomainSnapshot;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The format that this version writes, and the newest it reads.
pub const PLAN_VERSION: u32 = 1;

/// A plan. Serialised, it is the saved plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub format_version: u32,
    /// The version of matchplan that made it.
    pub tool_version: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The tenant it is for.
    pub tenant: TenantRef,
    /// The AD domains it is for.
    pub forest: Vec<DomainRef>,
    /// The digest of the configuration and match plans it was made from.
    pub config_digest: String,
    /// The match plan files it was made from, as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The export of Exchange's recipients it was made with, as given; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<String>,
    /// The settings it was made with; apply, resume and rollback work from these.
    pub settings: Settings,
    /// When it was made.
    pub created: Timestamp,
    /// Until when an apply of it may start.
    pub expires: Timestamp,
    /// What it comes to, in numbers.
    pub counts: Counts,
    /// What the planner noticed.
    pub findings: Vec<Finding>,
    /// Links that were left out, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<LinkId>,
    /// Which links were planned, where that was not all; and how many go first.
    #[serde(default, skip_serializing_if = "Selection::is_all")]
    pub selection: Selection,
    /// What was decided about each task, in the order in which they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<PlannedTask>,
    /// What was decided about each link, by id.
    pub links: Vec<PlannedLink>,
    /// The steps in execution order.
    pub steps: Vec<Step>,
    /// The digest over everything above, `sha256:…`. It detects accidents, not forgery.
    #[serde(default)]
    pub digest: String,
}

/// What a plan is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Purpose {
    /// To form links.
    Link,
    /// To go back from an apply.
    Rollback {
        /// The apply that is undone.
        of: ApplyId,
    },
}

/// A tenant by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantRef {
    /// Its id.
    pub id: TenantId,
    /// The organization's name.
    pub name: String,
    /// Its initial domain.
    pub initial_domain: String,
}

impl From<&Tenant> for TenantRef {
    fn from(tenant: &Tenant) -> Self {
        let initial_domain = tenant.initial_domain().map_or_else(String::new, |domain| domain.name.clone());
        Self { id: tenant.id, name: tenant.display_name.clone(), initial_domain }
    }
}

/// An AD domain by name and DN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainRef {
    /// The name in the configuration.
    pub name: DomainName,
    /// The DN that was searched.
    pub base_dn: Dn,
    /// The DNS name.
    pub dns_name: String,
}

impl From<&AdDomainSnapshot> for DomainRef {
    fn from(domain: &AdDomainSnapshot) -> Self {
        let AdDomainSnapshot { name, base_dn, dns_name, .. } = domain;
        Self { name: name.clone(), base_dn: base_dn.clone(), dns_name: dns_name.clone() }
    }
}

/// What a plan comes to, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Links that change.
    pub links: usize,
    /// Of these, hard matches.
    pub hard: usize,
    /// Of these, soft matches.
    pub soft: usize,
    /// Links that are formed already.
    pub unchanged: usize,
    /// Links that are blocked.
    pub blocked: usize,
    /// Attributes changed in either directory by this plan's own writes.
    pub attribute_changes: usize,
    /// Role assignments taken and given back.
    pub roles_suspended: usize,
    /// Role assignments taken for good.
    pub roles_removed: usize,
    /// Activations ended, which their holders can repeat.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub activations_ended: usize,
    /// Role assignments given back in a rollback.
    pub roles_restored: usize,
    /// Users moved.
    pub moves: usize,
    /// Waves, one sync cycle each.
    pub waves: usize,
    /// Tasks that change something.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tasks: usize,
    /// Cloud users deleted for good.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub purges: usize,
}

impl Counts {
    /// Counts links, tasks and steps.
    pub fn of(links: &[PlannedLink], tasks: &[PlannedTask], steps: &[Step], rollback: bool) -> Self {
        use super::link::Method;
        let mut counts =
            Self { tasks: tasks.iter().filter(|task| task.outcome.is_change()).count(), ..Self::default() };
        counts.blocked = tasks.iter().filter(|task| task.outcome == TaskOutcome::Blocked).count();
        for link in links {
            match &link.outcome {
                Outcome::Unchanged => counts.unchanged += 1,
                Outcome::Blocked => counts.blocked += 1,
                Outcome::Undo { .. } => counts.links += 1,
                Outcome::Change { method, .. } => {
                    counts.links += 1;
                    match method {
                        Method::Hard => counts.hard += 1,
                        Method::Soft => counts.soft += 1,
                    }
                }
            }
        }
        for step in steps {
            counts.waves = counts.waves.max(step.wave as usize);
            match &step.action {
                Action::Align { changes, .. } => counts.attribute_changes += changes.len(),
                Action::Anchor { .. } => counts.attribute_changes += 1,
                Action::Amend { changes, .. } => counts.attribute_changes += changes.len(),
                Action::Place { to: Presence::Gone, .. } => counts.purges += 1,
                Action::Suspend { restore: true, .. } => counts.roles_suspended += 1,
                Action::Suspend { holding, .. } if !holding.comes_back() => counts.activations_ended += 1,
                Action::Suspend { restore: false, .. } => counts.roles_removed += 1,
                Action::Restore { .. } if rollback => counts.roles_restored += 1,
                Action::Move { .. } => counts.moves += 1,
                Action::Place { .. }
                | Action::Authority { .. }
                | Action::Switch { .. }
                | Action::Restore { .. }
                | Action::Hold
                | Action::Release
                | Action::Sync
                | Action::Departure { .. }
                | Action::Arrival { .. }
                | Action::Verify { .. } => {}
            }
        }
        counts
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

impl fmt::Display for Counts {
    /// The summary line, such as `3 links: 1 hard, 2 soft · 7 attribute changes · 1 role suspended and restored`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            links,
            hard,
            soft,
            unchanged,
            blocked,
            attribute_changes,
            roles_suspended,
            roles_removed,
            activations_ended,
            roles_restored,
            moves,
            waves: _,
            tasks,
            purges,
        } = *self;
        let mut parts = Vec::new();
        let kinds: Vec<String> =
            [(hard, "hard"), (soft, "soft")].iter().filter(|(n, _)| *n > 0).map(|(n, k)| format!("{n} {k}")).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
        if links > 0 || tasks == 0 {
            parts.push(format!("{}{kinds}", plural(links, "link", "links")));
        }
        if tasks > 0 {
            parts.push(plural(tasks, "task", "tasks"));
        }
        if links > 0 || tasks == 0 || attribute_changes > 0 {
            parts.push(plural(attribute_changes, "attribute change", "attribute changes"));
        }
        if roles_suspended > 0 {
            parts.push(format!("{} suspended and restored", plural(roles_suspended, "role", "roles")));
        }
        if roles_removed > 0 {
            parts.push(format!("{} removed", plural(roles_removed, "role", "roles")));
        }
        if activations_ended > 0 {
            parts.push(format!("{} ended", plural(activations_ended, "activation", "activations")));
        }
        if roles_restored > 0 {
            parts.push(format!("{} restored", plural(roles_restored, "role", "roles")));
        }
        if moves > 0 {
            parts.push(plural(moves, "move", "moves"));
        }
        if purges > 0 {
            parts.push(format!("{} deleted for good", plural(purges, "user", "users")));
        }
        if unchanged > 0 {
            parts.push(format!("{unchanged} already linked"));
        }
        if blocked > 0 {
            parts.push(format!("{blocked} blocked"));
        }
        f.write_str(&parts.join(" · "))
    }
}

impl Plan {
    /// Whether anything would be done.
    pub fn has_changes(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Whether error findings block it. Those of links that were left out on purpose do not.
    pub fn is_blocked(&self) -> bool {
        let skipped: BTreeSet<&LinkId> = self.skipped.iter().collect();
        let left_out = |finding: &Finding| finding.link.as_ref().is_some_and(|link| skipped.contains(link));
        self.findings.iter().any(|finding| finding.severity == Severity::Error && !left_out(finding))
    }

    /// The digest over everything but the digest itself.
    pub fn compute_digest(&self) -> Result<String, serde_json::Error> {
        sealed::digest_of(self)
    }

    /// Fills in the digest: the last thing that the maker of a plan does.
    pub fn seal(&mut self) {
        // Every member is plain data with text keys, so serialising into memory cannot fail.
        self.digest = self.compute_digest().unwrap_or_default();
    }

    /// The saved form: canonical JSON with its digest.
    pub fn to_file(&self) -> Result<String, serde_json::Error> {
        sealed::to_file(self)
    }

    /// Reads the saved form and checks version and digest.
    pub fn from_file(text: &str) -> Result<Self, SealError> {
        let plan: Self = sealed::from_file(text, &[])?;
        // A value in another spelling (a time with another offset) passes the file's digest, and would have another one as
        // soon as it is written again: what was approved has one spelling.
        let computed = plan.compute_digest().map_err(|error| SealError::Broken(error.to_string()))?;
        if computed == plan.digest { Ok(plan) } else { Err(SealError::Edited { found: plan.digest, computed }) }
    }
}
