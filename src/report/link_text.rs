//! One link as a block of lines: what happens to it, in the order in which it happens, with what can be undone.

use super::diff_values::{Pieces, ValueChange, emphasis, value_changes};
use super::finding_text::finding_block;
use super::page::{Line, Mark, Page};
use super::step_text;
use super::style::Tone;
use crate::model::id::LinkId;
use crate::plan::document::{DomainRef, Plan};
use crate::plan::link::{Exposure, Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome};
use crate::rules::finding::Finding;
use crate::rules::prediction::{MatchKey, Prediction, Takeover};
use std::collections::BTreeMap;

/// A plan's steps and findings by link, so that thousands of links are shown in one pass.
#[derive(Debug)]
pub struct ByLink<'a> {
    links: BTreeMap<&'a LinkId, &'a PlannedLink>,
    tasks: BTreeMap<&'a LinkId, &'a PlannedTask>,
    forest: &'a [DomainRef],
    steps: BTreeMap<&'a LinkId, Vec<&'a Step>>,
    findings: BTreeMap<&'a LinkId, Vec<&'a Finding>>,
}

impl<'a> ByLink<'a> {
    /// Sorts a plan's steps and findings to their links.
    pub fn of(plan: &'a Plan) -> Self {
        let (mut steps, mut findings) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for step in &plan.steps {
            if let Some(link) = &step.link {
                steps.entry(link).or_default().push(step);
            }
        }
        for finding in &plan.findings {
            if let Some(link) = &finding.link {
                findings.entry(link).or_default().push(finding);
            }
        }
        let links = plan.links.iter().map(|link| (&link.id, link)).collect();
        let tasks = plan.tasks.iter().map(|task| (&task.id, task)).collect();
        Self { links, tasks, forest: &plan.forest, steps, findings }
    }

    /// The link of that id; `None` where nobody answers to what is written.
    pub fn link(&self, id: &LinkId) -> Option<&'a PlannedLink> {
        self.links.get(id).copied()
    }

    /// How people know a link: by its AD user, or by what is written if nobody answers to it; a task by what it does.
    pub fn name(&self, id: &LinkId) -> String {
        if let Some(link) = self.link(id) {
            return link.ad.to_string();
        }
        if let Some(task) = self.tasks.get(id) {
            return task.title.clone();
        }
        let parts = id.as_str().split_once('/');
        match parts
            .filter(|(domain, _)| self.forest.iter().any(|known| known.name.as_str().eq_ignore_ascii_case(domain)))
        {
            Some((domain, account)) => format!("{domain}\\{account}"),
            None => id.to_string(),
        }
    }

    /// The steps of a link, in execution order.
    pub fn steps(&self, link: &LinkId) -> &[&'a Step] {
        self.steps.get(link).map_or(&[], Vec::as_slice)
    }

    /// The findings about a link.
    pub fn findings(&self, link: &LinkId) -> &[&'a Finding] {
        self.findings.get(link).map_or(&[], Vec::as_slice)
    }
}

/// What kind of change a link sees, in two or three words.
pub fn outcome_word(link: &PlannedLink) -> String {
    match &link.outcome {
        Outcome::Unchanged => "already linked".to_owned(),
        Outcome::Change { method, .. } => method.to_string(),
        Outcome::Blocked => "blocked".to_owned(),
        Outcome::Undo { .. } => "roll back".to_owned(),
    }
}

/// Where the AD user stands, in words.
pub const fn exposure_word(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::Staged => "staged: outside of the sync scope, no cycle sees it",
        Exposure::Held => "held: in sync scope, the scheduler is held while steps run",
        Exposure::Exposed => "exposed: in sync scope, a cycle may run at any moment",
        Exposure::Provisioned => "provisioned: it has a cloud object of its own already",
        Exposure::Unknown => "unknown: whether a cycle sees it could not be determined",
    }
}

/// What the next cycle makes of a link, in words, and how good that is.
pub fn prediction_words(prediction: &Prediction) -> (Tone, String) {
    match prediction {
        Prediction::Linked { by } => (Tone::Good, format!("linked by {}", match_key_word(*by))),
        Prediction::Unproven { by, why } => {
            (Tone::Warn, format!("linked by {} as far as can be told; {why}", match_key_word(*by)))
        }
        Prediction::Error { name, why } => (Tone::Alarm, format!("error {name}: {why}")),
        Prediction::WrongTarget { why } => (Tone::Alarm, format!("another link: {why}")),
        Prediction::Duplicate { error: Some(error), why } => {
            (Tone::Alarm, format!("a second cloud user appears ({error}): {why}"))
        }
        Prediction::Duplicate { error: None, why } => (Tone::Alarm, format!("a second cloud user appears: {why}")),
        Prediction::Restored { why } => (Tone::Alarm, format!("another user is restored: {why}")),
        Prediction::NotEvaluated { why } => (Tone::Alarm, format!("no match is evaluated: {why}")),
        Prediction::NotSynced { why } => (Tone::Alarm, format!("not synced: {why}")),
    }
}

const fn match_key_word(key: MatchKey) -> &'static str {
    match key {
        MatchKey::HardMatch => "hard match (source anchor = ImmutableID)",
        MatchKey::PrimarySmtp => "soft match on the primary SMTP address",
        MatchKey::Upn => "soft match on the UPN",
    }
}

/// The block of a link: its headline at `indent`, the rest below. `headline` is left out where a caller has its own.
pub fn block(page: &mut Page, link: &PlannedLink, by_link: &ByLink<'_>, indent: usize, headline: bool) {
    let inner = indent + 4;
    if headline {
        let mark = match link.outcome {
            Outcome::Unchanged => Mark::None,
            Outcome::Change { .. } => Mark::Change,
            Outcome::Blocked => Mark::Alarm,
            Outcome::Undo { .. } => Mark::Remove,
        };
        page.push(
            Line::at(indent)
                .mark(mark)
                .put(Tone::Strong, &link.ad)
                .plain(" → ")
                .put(Tone::Strong, &link.cloud)
                .put(mark.tone(), format_args!("  {}", outcome_word(link))),
        );
    }
    if let Outcome::Change { why, .. } = &link.outcome {
        page.sentence(inner, "why", Tone::Plain, why);
    }
    if let Some(origin) = &link.origin {
        page.push(Line::labelled(inner, "written in").put(Tone::Quiet, origin));
    }
    page.push(Line::labelled(inner, "AD user").plain(&link.ad.dn));
    page.push(Line::labelled(inner, "cloud user").plain(link.cloud.id));
    if !matches!(link.outcome, Outcome::Unchanged | Outcome::Undo { .. }) {
        let tone = if matches!(link.exposure, Exposure::Staged | Exposure::Held) { Tone::Plain } else { Tone::Warn };
        page.push(Line::labelled(inner, "exposure").put(tone, exposure_word(link.exposure)));
    }
    let steps = by_link.steps(&link.id);
    let after = |step: &&&Step| matches!(step.action, Action::Verify { .. } | Action::Restore { .. });
    let crosses = steps.iter().any(|step| matches!(step.action, Action::Verify { .. }));
    for step in steps.iter().filter(|step| !crosses || !after(step)) {
        step_lines(page, step, inner);
    }
    if crosses {
        page.push(Line::at(inner).mark(Mark::Alarm).put(Tone::Alarm, "point of no return: the sync cycle"));
    }
    if let Some(prediction) = &link.prediction {
        let (tone, words) = prediction_words(prediction);
        page.sentence(inner, "next cycle", tone, &words);
    }
    takeover(page, &link.takeover, inner);
    for step in steps.iter().filter(|step| crosses && after(step)) {
        step_lines(page, step, inner);
    }
    for finding in by_link.findings(&link.id) {
        finding_block(page, finding, inner, link.origin.as_ref());
    }
}

/// The block of a task: its headline at `indent`, its steps below.
pub fn task_block(page: &mut Page, task: &PlannedTask, by_link: &ByLink<'_>, indent: usize) {
    let inner = indent + 4;
    let (mark, word) = match task.outcome {
        TaskOutcome::Unchanged => (Mark::None, "nothing to do"),
        TaskOutcome::Change { .. } => (Mark::Change, ""),
        TaskOutcome::Blocked => (Mark::Alarm, "blocked"),
        TaskOutcome::Undo => (Mark::Remove, "roll back"),
    };
    page.push(Line::at(indent).mark(mark).put(Tone::Strong, &task.title).put(mark.tone(), format_args!("  {word}")));
    if let TaskOutcome::Change { why } = &task.outcome {
        page.sentence(inner, "then", Tone::Plain, why);
    }
    if let Some(origin) = &task.origin {
        page.push(Line::labelled(inner, "written in").put(Tone::Quiet, origin));
    }
    if let Some(user) = &task.user {
        page.push(Line::labelled(inner, "cloud user").plain(user.id));
    }
    for step in by_link.steps(&task.id) {
        step_lines(page, step, inner);
    }
    for finding in by_link.findings(&task.id) {
        finding_block(page, finding, inner, task.origin.as_ref());
    }
}

/// A step's lines: what it writes, value by value, and how that is undone.
fn step_lines(page: &mut Page, step: &Step, indent: usize) {
    let inner = indent + 2;
    match &step.action {
        Action::Hold | Action::Release | Action::Sync | Action::Departure { .. } | Action::Arrival { .. } => {
            page.push(Line::at(indent).plain(step_text::headline(step)));
        }
        Action::Verify { .. } => return,
        Action::Suspend { holding, restore, .. } => {
            let (tone, _, fate) = step_text::fate(holding, *restore);
            let fate = if *restore { "suspended until the link is formed" } else { fate };
            page.push(Line::labelled(indent, "role").put(Tone::Strong, holding).put(tone, format_args!("  {fate}")));
        }
        Action::Restore { label, .. } => {
            page.push(Line::labelled(indent, "role").put(Tone::Strong, label).put(Tone::Good, "  restored at once"));
        }
        Action::Align { changes, .. } => {
            page.push(Line::at(indent).plain("AD, one write"));
            for change in changes {
                attribute(page, change.attribute.name(), &change.expects, &change.sets, inner);
            }
        }
        Action::Anchor { .. }
        | Action::Amend { .. }
        | Action::Place { .. }
        | Action::Authority { .. }
        | Action::Switch { .. } => {
            page.push(Line::at(indent).plain("cloud, our write"));
            for write in step_text::cloud_writes(&step.action) {
                attribute(page, &write.name, &write.before, &write.after, inner);
            }
        }
        Action::Move { from, to, .. } => {
            page.push(Line::at(indent).plain("AD, move"));
            page.push(Line::at(inner).mark(Mark::Remove).put(Tone::Remove, from));
            page.push(Line::at(inner).mark(Mark::Add).put(Tone::Add, to));
        }
    }
    if let Some(how) = step_text::undo(&step.undo) {
        let tone = match step.undo {
            Undo::Inverse | Undo::Nothing => Tone::Quiet,
            Undo::UntilSync { .. } | Undo::FlowsOn { .. } => Tone::Warn,
            Undo::Never { .. } => Tone::Alarm,
        };
        page.sentence(inner, "undo", tone, &how);
    }
}

/// An attribute's values: `+ - ~`, one line each; what stays is counted.
fn attribute(page: &mut Page, name: &str, before: &[String], after: &[String], indent: usize) {
    let changes = value_changes(before, after);
    let kept = changes.iter().filter(|change| matches!(change, ValueChange::Kept { .. })).count();
    for change in &changes {
        let named = |mark: Mark| Line::at(indent).mark(mark).plain(format_args!("{name}  "));
        page.push(match change {
            ValueChange::Kept { .. } => continue,
            ValueChange::Added { new } => named(Mark::Add).put(Tone::Add, new),
            ValueChange::Removed { old } => named(Mark::Remove).put(Tone::Remove, old),
            ValueChange::Changed { old, new } => {
                let (left, right) = emphasis(old, new);
                let line = pieces(named(Mark::Change), &left, Tone::Remove, Tone::RemovePart);
                pieces(line.plain(" → "), &right, Tone::Add, Tone::AddPart)
            }
        });
    }
    if kept > 0 && kept < changes.len() {
        let stay = if kept == 1 { "value stays" } else { "values stay" };
        page.push(Line::at(indent + 2).put(Tone::Quiet, format_args!("{name}  {kept} {stay}")));
    }
}

/// Adds a value in pieces: those that differ stand out.
pub fn pieces(line: Line, pieces: &Pieces, same: Tone, differs: Tone) -> Line {
    pieces.iter().fold(line, |line, (differ, text)| line.put(if *differ { differs } else { same }, text))
}

/// What the takeover does to the cloud user.
fn takeover(page: &mut Page, takeover: &Takeover, indent: usize) {
    let Takeover { overwritten, addresses_lost, password_replaced, sign_in_name_changes, sign_in_name_unproven } =
        takeover;
    if *takeover == Takeover::default() {
        return;
    }
    page.push(Line::at(indent).plain("cloud, by the sync (predicted)"));
    for overwrite in overwritten {
        attribute(page, &overwrite.attribute, &overwrite.before, &overwrite.after, indent + 2);
    }
    let alarm = || Line::at(indent + 2).mark(Mark::Alarm);
    for lost in addresses_lost {
        page.push(alarm().put(Tone::Alarm, "address lost  ").put(Tone::Alarm, lost));
    }
    if *sign_in_name_changes {
        page.push(alarm().put(Tone::Warn, "the sign-in name changes: the person is signed out"));
    }
    if let Some(name) = sign_in_name_unproven {
        page.push(
            alarm().put(Tone::Warn, format_args!("the sign-in name becomes {name} unless the user has a licence")),
        );
    }
    if *password_replaced {
        page.push(alarm().put(Tone::Warn, "the password is replaced by AD's"));
    }
}
