//! What a reviewer who approved one plan must look at again in another.
//!
//! Everything in a plan is compared but for what says nothing about what is done: when it was made (how long it may be
//! applied does count), its digest, the ids of its steps, and the lines that links are written on. Structures are taken
//! apart field by field, so that a new field is not forgotten here.

use super::link_text::{ByLink, exposure_word, prediction_words};
use super::plan_text::summary_text;
use super::{diff_values, step_text};
use crate::model::id::LinkId;
use crate::model::role::{GroupMembership, Holding, RoleAssignment};
use crate::plan::document::{Plan, Purpose};
use crate::plan::link::{BeforeImage, Outcome, PlannedLink};
use crate::rules::finding::Finding;
use crate::rules::prediction::Takeover;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeMap, BTreeSet};

/// The differences of two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The plan that was approved.
    pub old: PlanName,
    /// The plan to approve now.
    pub new: PlanName,
    /// What differs in the plan as a whole, settings and sync commands included.
    pub plan: Vec<Aspect>,
    /// Links that appeared, went or changed, by id.
    pub links: Vec<LinkDifference>,
    /// Findings that the old plan did not have.
    pub findings_appeared: Vec<Finding>,
    /// Findings that the new plan no longer has.
    pub findings_gone: Vec<Finding>,
}

/// Which plan it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanName {
    /// Its digest.
    pub digest: String,
    /// When it was made.
    pub created: Timestamp,
    /// Until when an apply of it may start.
    pub expires: Timestamp,
    /// Its summary line.
    pub summary: String,
}

/// One side of something that differs, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aspect {
    /// What: `steps`, `settings`, …
    pub name: &'static str,
    /// The lines that differ, each with at most one equal neighbour on either side.
    pub lines: Vec<AspectLine>,
}

/// A line of an [`Aspect`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AspectLine {
    /// In which plan it stands.
    pub op: LineOp,
    /// The line.
    pub text: String,
}

/// In which plan a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineOp {
    /// In both.
    Equal,
    /// In the old one only.
    Removed,
    /// In the new one only.
    Added,
}

/// A link that is not the same in both plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkDifference {
    /// The link.
    pub id: LinkId,
    /// The AD user, readable.
    pub ad: String,
    /// The cloud user, readable.
    pub cloud: String,
    /// Whether it appeared, went, or changed.
    pub change: LinkChange,
    /// What differs. For a link that appeared or went, all of it.
    pub aspects: Vec<Aspect>,
}

/// What became of a link from the old plan to the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkChange {
    /// Only the new plan has it.
    Appeared,
    /// Only the old plan has it.
    Gone,
    /// Both have it, with differences.
    Changed,
}

impl Comparison {
    /// Compares two plans.
    pub fn of(old: &Plan, new: &Plan) -> Self {
        let (old_findings, new_findings) = (findings(old), findings(new));
        Self {
            old: name(old),
            new: name(new),
            plan: differences(plan_aspects(old), plan_aspects(new)),
            links: links(old, new),
            findings_appeared: new_findings.difference(&old_findings).cloned().collect(),
            findings_gone: old_findings.difference(&new_findings).cloned().collect(),
        }
    }

    /// Whether there is nothing to look at again.
    pub fn is_same(&self) -> bool {
        let Self { old: _, new: _, plan, links, findings_appeared, findings_gone } = self;
        plan.is_empty() && links.is_empty() && findings_appeared.is_empty() && findings_gone.is_empty()
    }
}

fn name(plan: &Plan) -> PlanName {
    PlanName { digest: plan.digest.clone(), created: plan.created, expires: plan.expires, summary: summary_text(plan) }
}

/// A plan's findings, without the lines that links are written on.
fn findings(plan: &Plan) -> BTreeSet<Finding> {
    plan.findings.iter().map(|finding| Finding { origin: None, ..finding.clone() }).collect()
}

/// Names and the lines that stand for them.
type Aspects = Vec<(&'static str, Vec<String>)>;

fn links<'a>(old: &'a Plan, new: &'a Plan) -> Vec<LinkDifference> {
    let (old_by_link, new_by_link) = (ByLink::of(old), ByLink::of(new));
    let by_id = |plan: &'a Plan| plan.links.iter().map(|link| (&link.id, link)).collect::<BTreeMap<_, _>>();
    let (old_links, new_links) = (by_id(old), by_id(new));
    let ids: BTreeSet<_> = old_links.keys().chain(new_links.keys()).copied().collect();
    let mut out = Vec::new();
    for id in ids {
        let (before, after) = (old_links.get(id), new_links.get(id));
        let aspects = |link: Option<&&PlannedLink>, by_link| link.map_or_else(empty_link, |l| link_aspects(l, by_link));
        let aspects = differences(aspects(before, &old_by_link), aspects(after, &new_by_link));
        let change = match (before, after) {
            (None, _) => LinkChange::Appeared,
            (_, None) => LinkChange::Gone,
            _ => LinkChange::Changed,
        };
        let Some(shown) = after.or(before).filter(|_| !aspects.is_empty()) else { continue };
        let (ad, cloud) = (shown.ad.to_string(), shown.cloud.to_string());
        out.push(LinkDifference { id: id.clone(), ad, cloud, change, aspects });
    }
    out
}

/// The names of a link's aspects, in the order in which they are shown.
const LINK_ASPECTS: [&str; 9] =
    ["users", "outcome", "exposure", "anchor", "steps", "next cycle", "takeover", "roles", "cloud user before"];

fn empty_link() -> Aspects {
    LINK_ASPECTS.map(|name| (name, Vec::new())).into()
}

fn link_aspects(link: &PlannedLink, by_link: &ByLink<'_>) -> Aspects {
    let PlannedLink { id, origin: _, ad, cloud, outcome, exposure, anchor, prediction, takeover, before } = link;
    let BeforeImage { user, roles } = before;
    let lines = [
        vec![format!("{ad} {} {}", ad.guid, ad.dn), format!("{cloud} {}", cloud.id)],
        outcome_lines(outcome),
        vec![exposure_word(*exposure).to_owned()],
        anchor.iter().map(ToString::to_string).collect(),
        by_link.steps(id).iter().flat_map(|step| step_text::lines(step)).collect(),
        prediction.iter().map(|prediction| prediction_words(prediction).1).collect(),
        takeover_lines(takeover),
        roles.iter().map(holding_line).collect(),
        flat(user),
    ];
    LINK_ASPECTS.into_iter().zip(lines).collect()
}

fn outcome_lines(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Unchanged => vec!["already linked".to_owned()],
        // The wave is part of every step's line.
        Outcome::Change { method, why, wave: _ } => vec![method.to_string(), why.clone()],
        Outcome::Blocked => vec!["blocked".to_owned()],
        Outcome::Undo { wave: _ } => vec!["roll back".to_owned()],
    }
}

fn takeover_lines(takeover: &Takeover) -> Vec<String> {
    let Takeover { overwritten, addresses_lost, password_replaced, sign_in_name_changes, sign_in_name_unproven } =
        takeover;
    let mut lines = Vec::new();
    for overwrite in overwritten {
        for value in diff_values::value_changes(&overwrite.before, &overwrite.after) {
            lines.push(format!("{} {}", overwrite.attribute, step_text::in_words(&value)));
        }
    }
    lines.extend(addresses_lost.iter().map(|address| format!("address lost {address}")));
    lines.extend(password_replaced.then(|| "the password is replaced".to_owned()));
    lines.extend(sign_in_name_changes.then(|| "the sign-in name changes".to_owned()));
    lines.extend(sign_in_name_unproven.iter().map(|name| format!("the sign-in name may become {name}")));
    lines
}

fn holding_line(holding: &Holding) -> String {
    let times = |starts: &Option<_>| starts.map(|at: jiff::Timestamp| format!(", from {at}")).unwrap_or_default();
    match holding {
        Holding::Role(RoleAssignment { id, principal, kind: _, starts, ends: _, grant }) => {
            let condition = grant.condition.as_deref().map(|text| format!(", condition {text}")).unwrap_or_default();
            format!("{holding} ({}) held by {principal}, assignment {id}{condition}{}", grant.role, times(starts))
        }
        Holding::Group(GroupMembership { group, group_name: _, roles: _, member }) => {
            format!("{holding} ({group}), member {}{}", member.user, times(&member.starts))
        }
    }
}

fn plan_aspects(plan: &Plan) -> Aspects {
    let Plan {
        format_version,
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
        // The counts are counts of what is compared below.
        counts: _,
        findings: _,
        skipped,
        selection,
        tasks,
        // By link.
        links: _,
        steps,
        digest: _,
    } = plan;
    vec![
        ("made by", vec![format!("matchplan {tool_version}, format {format_version}")]),
        (
            "purpose",
            vec![match purpose {
                Purpose::Link => "link".to_owned(),
                Purpose::Rollback { of } => format!("roll back apply {of}"),
            }],
        ),
        ("tenant", flat(tenant)),
        ("domains", forest.iter().flat_map(flat).collect()),
        ("validity", vec![format!("{} from when it was made", expires.duration_since(*created))]),
        ("settings and sync commands", flat(settings)),
        ("configuration", vec![config_digest.clone()]),
        ("match plans", sources.clone()),
        ("Exchange recipients", recipients.iter().cloned().collect()),
        ("left out", skipped.iter().map(ToString::to_string).collect()),
        ("selection", flat(selection)),
        ("tasks", tasks.iter().map(|task| format!("{}: {}", task.id, task.title)).collect()),
        ("steps of tasks", steps.iter().filter(|step| step.wave == 0).flat_map(step_text::lines).collect()),
        ("steps of the waves", steps.iter().filter(|step| step.link.is_none()).flat_map(step_text::lines).collect()),
    ]
}

/// A value as `path = JSON` lines, one per leaf: nothing in it can be forgotten.
fn flat<T: Serialize>(value: &T) -> Vec<String> {
    fn walk(path: &str, value: &Value, lines: &mut Vec<String>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                let sorted: BTreeMap<_, _> = members.iter().collect();
                for (name, value) in sorted {
                    let dot = if path.is_empty() { "" } else { "." };
                    walk(&format!("{path}{dot}{name}"), value, lines);
                }
            }
            // A list on one line: a command reads better whole.
            leaf => lines.push(format!("{path} = {leaf}")),
        }
    }
    let mut lines = Vec::new();
    match serde_json::to_value(value) {
        Ok(value) => walk("", &value, &mut lines),
        // Plans are read from JSON, so this does not happen; if it did, it must not look like "nothing differs".
        Err(error) => lines.push(format!("cannot be shown: {error}")),
    }
    lines
}

/// The aspects whose lines differ.
fn differences(old: Aspects, new: Aspects) -> Vec<Aspect> {
    old.into_iter()
        .zip(new)
        .filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| Aspect { name, lines: line_diff(&old, &new) })
        .collect()
}

fn line_diff(old: &[String], new: &[String]) -> Vec<AspectLine> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut lines = Vec::new();
    for op in diff.grouped_ops(1).iter().flatten() {
        lines.extend(diff.iter_changes(op).map(|change| AspectLine {
            op: match change.tag() {
                ChangeTag::Equal => LineOp::Equal,
                ChangeTag::Delete => LineOp::Removed,
                ChangeTag::Insert => LineOp::Added,
            },
            text: change.value().to_owned(),
        }));
    }
    lines
}
