//! A plan in brief: a few lines per link, and what holds for all of a wave once.

use super::finding_text::{Errors, grouped};
use super::link_brief::{self, Columns, Usual};
use super::link_text::ByLink;
use super::page::{Line, Mark, Page};
use super::plan_text::{Wave, count};
use super::step_text;
use super::style::Tone;
use crate::plan::document::Plan;
use crate::plan::link::{Exposure, Outcome, PlannedLink};
use crate::plan::step::{Action, Step};
use crate::rules::finding::{Finding, Severity};
use std::collections::BTreeMap;

/// Everything between the heading and what is left over.
pub fn body(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    let columns = Columns::of(plan, by_link);
    let mut errors = Errors::default();
    if plan.steps.iter().any(|step| matches!(step.action, Action::Sync)) {
        let key = "AD, cloud: written by this plan · sync: what the cycle then changes in the cloud (predicted)";
        page.flow(Line::at(2), 4, Tone::Quiet, key);
        page.gap();
    }
    tasks(page, plan, by_link, columns);
    for wave in Wave::of(plan) {
        let usual = Usual {
            exposure: exposures(&wave).first().map(|(exposure, _)| *exposure),
            password_replaced: wave.links.iter().all(|link| link.takeover.password_replaced),
            cycle: wave.has_cycle(),
        };
        opening(page, &wave);
        for link in &wave.links {
            link_brief::link(page, plan, link, by_link, columns, usual, &mut errors);
        }
        closing(page, &wave, by_link, usual);
        page.gap();
    }
    blocked(page, plan, by_link, columns, &mut errors);
    whole_plan_errors(page, plan, &mut errors);
    noticed(page, plan, by_link);
}

/// The tasks that change something, which come before every wave.
fn tasks(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>, columns: Columns) {
    let changing: Vec<_> = plan.tasks.iter().filter(|task| task.outcome.is_change()).collect();
    if changing.is_empty() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, format_args!("Tasks: {}", changing.len())));
    page.gap();
    for task in changing {
        link_brief::task(page, plan, task, by_link, columns);
    }
    page.gap();
}

/// Where the AD users of a wave stand, the most frequent first.
fn exposures(wave: &Wave<'_>) -> Vec<(Exposure, usize)> {
    let mut counted: Vec<(Exposure, usize)> = Vec::new();
    for link in wave.links.iter().filter(|link| matches!(link.outcome, Outcome::Change { .. })) {
        match counted.iter_mut().find(|(exposure, _)| *exposure == link.exposure) {
            Some((_, count)) => *count += 1,
            None => counted.push((link.exposure, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted
}

const fn exposure_phrase(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::Staged => "staged (no cycle sees them yet)",
        Exposure::Held => "in sync scope (the scheduler is held)",
        Exposure::Exposed => "exposed (a cycle may run at any moment)",
        Exposure::Provisioned => "provisioned already",
        Exposure::Unknown => "seen or not seen by a cycle, which is unknown",
    }
}

/// The title of a wave, where its AD users stand, and its first step.
fn opening(page: &mut Page, wave: &Wave<'_>) {
    page.push(wave.title());
    let phrases: Vec<String> =
        exposures(wave).into_iter().map(|(exposure, count)| format!("{count} {}", exposure_phrase(exposure))).collect();
    if !phrases.is_empty() {
        page.flow(Line::at(2).put(Tone::Quiet, "AD users: "), 4, Tone::Quiet, &phrases.join(", "));
    }
    for step in wave.steps.iter().filter(|step| matches!(step.action, Action::Hold)) {
        page.push(Line::at(2).plain(step_text::headline(step)));
    }
    page.gap();
}

/// The wave's own last steps; with the sync cycle, until when what stands above can be undone and what comes after.
fn closing(page: &mut Page, wave: &Wave<'_>, by_link: &ByLink<'_>, usual: Usual) {
    let after: Vec<_> = wave.steps.iter().filter(|step| !matches!(step.action, Action::Hold)).collect();
    if !after.is_empty() {
        page.gap();
    }
    for step in after {
        if !matches!(step.action, Action::Sync) {
            page.push(Line::at(2).plain(step_text::headline(step)));
            continue;
        }
        let point = format!("Point of no return: the sync cycle of wave {}. ", wave.number);
        let start = Line::at(2).mark(Mark::Alarm).put(Tone::Alarm, point);
        page.flow(start, 4, Tone::Plain, "Everything above can be undone until then.");
        let mut after = Vec::new();
        if usual.password_replaced {
            after.push(match wave.links.len() {
                1 => "The cycle replaces the cloud user's password by AD's.".to_owned(),
                n => format!("The cycle replaces the passwords of these {n} cloud users by AD's."),
            });
        }
        match wave.links.iter().map(|link| roles_given_back(by_link.steps(&link.id))).sum() {
            0 => {}
            1 => after.push("Then the role is given back.".to_owned()),
            n => after.push(format!("Then {n} roles are given back.")),
        }
        if !after.is_empty() {
            page.flow(Line::at(4), 4, Tone::Plain, &after.join(" "));
        }
    }
}

fn roles_given_back(steps: &[&Step]) -> usize {
    steps.iter().filter(|step| matches!(step.action, Action::Restore { .. })).count()
}

/// Links that cannot go on: those whose users were found, then those where nobody answers to what is written.
fn blocked<'a>(page: &mut Page, plan: &'a Plan, by_link: &ByLink<'a>, columns: Columns, errors: &mut Errors<'a>) {
    let is_blocked = |link: &&PlannedLink| link.outcome == Outcome::Blocked;
    let found: Vec<&PlannedLink> = plan.links.iter().filter(is_blocked).collect();
    let mut unresolved: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in plan.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let Some(id) = &finding.link else { continue };
        if by_link.link(id).is_none_or(|link| link.outcome == Outcome::Unchanged) {
            unresolved.entry(by_link.name(id)).or_default().push(finding);
        }
    }
    let total = found.len() + unresolved.len();
    if total == 0 {
        return;
    }
    let left_out = if plan.skipped.is_empty() { "" } else { " and left out" };
    page.push(Line::at(0).put(Tone::Strong, format_args!("Blocked{left_out}: {total}")));
    for link in found {
        page.gap();
        link_brief::link(page, plan, link, by_link, columns, Usual::default(), errors);
    }
    for (name, findings) in unresolved {
        page.gap();
        let line = Line::at(2).mark(Mark::Alarm).put(Tone::Strong, &name);
        let origin = findings.iter().find_map(|finding| finding.origin.as_ref());
        page.push(origin.into_iter().fold(line, |line, origin| line.put(Tone::Quiet, format_args!("  {origin}"))));
        for finding in findings {
            errors.add(page, finding, None, &name, 6);
        }
    }
    page.gap();
}

/// Errors that are no link's.
fn whole_plan_errors<'a>(page: &mut Page, plan: &'a Plan, errors: &mut Errors<'a>) {
    let whole = plan.findings.iter().filter(|finding| finding.link.is_none() && finding.severity == Severity::Error);
    let mut whole = whole.peekable();
    if whole.peek().is_none() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, "The plan as a whole"));
    for finding in whole {
        errors.add(page, finding, None, "", 2);
    }
    page.gap();
}

/// What is to be read before going on, those alike together.
fn noticed(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    if plan.findings.iter().all(|finding| finding.severity == Severity::Error) {
        return;
    }
    let title = match count(plan, Severity::Warning) {
        0 => "Also noticed".to_owned(),
        n => format!("Warnings: {n}"),
    };
    page.push(Line::at(0).put(Tone::Strong, title));
    grouped(page, plan, by_link);
    page.gap();
}
