//! A plan for scripts: the saved plan's facts with what is computed from them.
//!
//! The shape is stable within one `format_version`: members are added, never renamed. It is not the saved plan, and
//! `apply` does not take it.

use super::diff_values::{ValueChange, value_changes};
use super::link_text::ByLink;
use super::{plan_text, safe, step_text};
use crate::config::settings::{Guard, SyncSettings};
use crate::model::id::{LinkId, StepId};
use crate::plan::document::{Counts, DomainRef, Plan, Purpose, Selection, TenantRef};
use crate::plan::link::{Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::PlannedTask;
use crate::rules::finding::{Finding, FindingCode};
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version of this output's shape.
pub const VIEW_VERSION: u32 = 1;

/// A plan with what is computed from it.
#[derive(Debug, Serialize)]
pub struct PlanView<'a> {
    /// [`VIEW_VERSION`].
    pub format_version: u32,
    /// Always `plan`.
    pub kind: &'static str,
    /// The summary line.
    pub summary: String,
    /// Whether error findings block it.
    pub blocked: bool,
    /// Whether anything would be done.
    pub has_changes: bool,
    /// What `plan --detailed-exitcode` ends with: 0 nothing to do, 2 changes are pending, 3 blocked.
    pub exit_code: u8,
    /// What it is for.
    pub purpose: &'a Purpose,
    /// The tenant.
    pub tenant: &'a TenantRef,
    /// The AD domains.
    pub forest: &'a [DomainRef],
    /// When it was made.
    pub created: Timestamp,
    /// Until when an apply of it may start.
    pub expires: Timestamp,
    /// The version of matchplan that made it.
    pub tool_version: &'a str,
    /// The digest of its configuration.
    pub config_digest: &'a str,
    /// The match plan files it was made from.
    pub sources: &'a [String],
    /// The export of Exchange's recipients it was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<&'a str>,
    /// Its own digest.
    pub digest: &'a str,
    /// The sync settings, commands included, that it runs with.
    pub sync: &'a SyncSettings,
    /// The brakes that it runs with.
    pub guard: &'a Guard,
    /// What it comes to, in numbers.
    pub counts: &'a Counts,
    /// The waves in order.
    pub waves: Vec<WaveView<'a>>,
    /// The steps that cannot be taken back once they are done: the sync cycles, and writes without an inverse.
    pub points_of_no_return: Vec<&'a StepId>,
    /// Which links were planned, where that was not all; and how many go first.
    #[serde(skip_serializing_if = "Selection::is_all")]
    pub selection: &'a Selection,
    /// What was decided about each task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskView<'a>>,
    /// What was decided about each link.
    pub links: Vec<LinkView<'a>>,
    /// Links that were left out.
    pub skipped: &'a [LinkId],
    /// What the planner noticed.
    pub findings: &'a [Finding],
    /// The steps in execution order.
    pub steps: &'a [Step],
}

/// One wave.
#[derive(Debug, Default, Serialize)]
pub struct WaveView<'a> {
    /// From 1.
    pub wave: u32,
    /// Its links.
    pub links: Vec<&'a LinkId>,
    /// Whether it ends in a sync cycle.
    pub sync_cycle: bool,
}

/// One task, with its differences value by value.
#[derive(Debug, Serialize)]
pub struct TaskView<'a> {
    /// As planned.
    #[serde(flatten)]
    pub task: &'a PlannedTask,
    /// What changes.
    pub diff: Vec<AttributeDiff<'a>>,
    /// Its steps.
    pub steps: Vec<&'a StepId>,
    /// The codes of its findings.
    pub findings: Vec<FindingCode>,
}

/// One link, with its differences value by value.
#[derive(Debug, Serialize)]
pub struct LinkView<'a> {
    /// As planned.
    #[serde(flatten)]
    pub link: &'a PlannedLink,
    /// What changes, by us and by the sync.
    pub diff: Vec<AttributeDiff<'a>>,
    /// Its steps.
    pub steps: Vec<&'a StepId>,
    /// The codes of its findings.
    pub findings: Vec<FindingCode>,
}

/// The change of one attribute.
#[derive(Debug, Serialize)]
pub struct AttributeDiff<'a> {
    /// Where it changes.
    pub side: Side,
    /// Who writes it.
    pub by: Writer,
    /// The attribute in its directory's spelling.
    pub attribute: Cow<'a, str>,
    /// What happens to each value.
    pub values: Vec<ValueChange>,
    /// The step that writes it; absent for what the sync does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<&'a StepId>,
    /// How it is undone; absent for what the sync does, which cannot be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<&'a Undo>,
}

/// A directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Active Directory.
    Ad,
    /// Entra ID.
    Cloud,
}

/// Who changes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writer {
    /// This tool.
    Matchplan,
    /// The sync engine's takeover, predicted.
    Sync,
}

impl<'a> PlanView<'a> {
    /// The view of a plan.
    pub fn of(plan: &'a Plan) -> Self {
        let Plan {
            format_version: _,
            tool_version,
            purpose,
            tenant,
            forest,
            config_digest,
            sources,
            recipients,
            settings,
            created,
            expires,
            counts,
            findings,
            skipped,
            selection,
            tasks,
            links,
            steps,
            digest,
        } = plan;
        let by_link = ByLink::of(plan);
        let blocked = plan.is_blocked();
        Self {
            format_version: VIEW_VERSION,
            kind: "plan",
            summary: plan_text::summary_text(plan),
            blocked,
            has_changes: plan.has_changes(),
            exit_code: if blocked { 3 } else { u8::from(plan.has_changes()) * 2 },
            purpose,
            tenant,
            forest,
            created: *created,
            expires: *expires,
            tool_version,
            config_digest,
            sources,
            recipients: recipients.as_deref(),
            digest,
            sync: &settings.sync,
            guard: &settings.guard,
            counts,
            waves: waves(plan),
            points_of_no_return: steps.iter().filter(|step| is_point_of_no_return(step)).map(|step| &step.id).collect(),
            selection,
            tasks: tasks.iter().map(|task| TaskView::of(task, &by_link)).collect(),
            links: links.iter().map(|link| LinkView::of(link, &by_link)).collect(),
            skipped,
            findings,
            steps,
        }
    }
}

/// The plan as JSON text, with a line feed at its end.
pub fn render(plan: &Plan) -> Result<String, serde_json::Error> {
    safe::json(&PlanView::of(plan))
}

/// Whether nothing brings back what was before, once the step is done.
pub const fn is_point_of_no_return(step: &Step) -> bool {
    matches!(step.action, Action::Sync) || matches!(step.undo, Undo::Never { .. })
}

fn waves(plan: &Plan) -> Vec<WaveView<'_>> {
    let mut waves: BTreeMap<u32, WaveView<'_>> = BTreeMap::new();
    for link in &plan.links {
        if let Outcome::Change { wave, .. } | Outcome::Undo { wave } = link.outcome {
            waves.entry(wave).or_default().links.push(&link.id);
        }
    }
    for step in plan.steps.iter().filter(|step| step.wave > 0) {
        waves.entry(step.wave).or_default().sync_cycle |= matches!(step.action, Action::Sync);
    }
    waves.into_iter().map(|(wave, view)| WaveView { wave, ..view }).collect()
}

impl<'a> TaskView<'a> {
    fn of(task: &'a PlannedTask, by_link: &ByLink<'a>) -> Self {
        let steps = by_link.steps(&task.id);
        let findings = by_link.findings(&task.id).iter().map(|finding| finding.code).collect();
        Self { task, diff: written(steps), steps: steps.iter().map(|step| &step.id).collect(), findings }
    }
}

/// What steps write, value by value.
fn written<'a>(steps: &[&'a Step]) -> Vec<AttributeDiff<'a>> {
    let mut diff = Vec::new();
    for step in steps {
        let ours = |side, attribute, values| AttributeDiff {
            side,
            by: Writer::Matchplan,
            attribute,
            values,
            step: Some(&step.id),
            undo: Some(&step.undo),
        };
        match &step.action {
            Action::Align { changes, .. } => diff.extend(
                changes.iter().map(|c| ours(Side::Ad, c.attribute.name().into(), value_changes(&c.expects, &c.sets))),
            ),
            Action::Anchor { .. }
            | Action::Amend { .. }
            | Action::Place { .. }
            | Action::Authority { .. }
            | Action::Switch { .. } => {
                let writes = step_text::cloud_writes(&step.action).into_iter();
                diff.extend(writes.map(|write| {
                    let values = value_changes(&write.before, &write.after);
                    ours(Side::Cloud, write.name.into(), values)
                }));
            }
            Action::Move { from, to, .. } => {
                let values = vec![ValueChange::Changed { old: from.to_string(), new: to.to_string() }];
                diff.push(ours(Side::Ad, "container".into(), values));
            }
            Action::Hold
            | Action::Suspend { .. }
            | Action::Release
            | Action::Sync
            | Action::Departure { .. }
            | Action::Arrival { .. }
            | Action::Verify { .. }
            | Action::Restore { .. } => {}
        }
    }
    diff
}

impl<'a> LinkView<'a> {
    fn of(link: &'a PlannedLink, by_link: &ByLink<'a>) -> Self {
        let steps = by_link.steps(&link.id);
        let mut diff = written(steps);
        diff.extend(link.takeover.overwritten.iter().map(|overwrite| AttributeDiff {
            side: Side::Cloud,
            by: Writer::Sync,
            attribute: overwrite.attribute.as_str().into(),
            values: value_changes(&overwrite.before, &overwrite.after),
            step: None,
            undo: None,
        }));
        let findings = by_link.findings(&link.id).iter().map(|finding| finding.code).collect();
        Self { link, diff, steps: steps.iter().map(|step| &step.id).collect(), findings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::visible::is_hidden;
    use crate::report::testing::{HOSTILE, hostile, sample};

    #[test]
    fn computed_members_are_there() {
        let json: serde_json::Value = serde_json::from_str(&render(&sample()).unwrap()).unwrap();
        assert_eq!(json["exit_code"], 3);
        assert_eq!(json["blocked"], true);
        assert_eq!(json["points_of_no_return"], serde_json::json!(["0005-sync"]));
        assert_eq!(json["waves"][0]["links"], serde_json::json!(["corp/jsmith", "corp/jdoe"]));
        assert_eq!(
            json["links"][0]["diff"][0],
            serde_json::json!({
                "side": "ad", "by": "matchplan", "attribute": "userPrincipalName", "step": "0002-align-corp/jsmith",
                "undo": {"kind": "flows-on", "effect": "the cloud user's addresses follow"},
                "values": [{"op": "changed", "old": "jsmith@corp.contoso.com", "new": "john.smith@contoso.com"}],
            })
        );
        assert_eq!(json["links"][0]["diff"][2]["by"], "sync");
        assert_eq!(json["links"][3]["findings"], serde_json::json!(["address-conflict"]));
        assert_eq!(render(&sample()).unwrap(), render(&sample()).unwrap());
    }

    #[test]
    fn hostile_values_are_escaped_and_equal() {
        let text = render(&hostile()).unwrap();
        assert!(!text.replace('\n', "").contains(is_hidden));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["tenant"]["name"], HOSTILE);
    }
}
