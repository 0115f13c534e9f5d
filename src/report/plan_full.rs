//! A plan in full: each link with everything that is known about it and about the undoing of each step.

use super::finding_text::finding_lines;
use super::link_text::{ByLink, block, task_block};
use super::page::{Line, Page};
use super::plan_text::Wave;
use super::step_text;
use super::style::Tone;
use crate::plan::document::Plan;
use crate::plan::link::Outcome;
use crate::plan::step::Action;
use std::collections::BTreeSet;

/// Everything between the heading and what is left over.
pub fn body(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    tasks(page, plan, by_link);
    waves(page, plan, by_link);
    blocked(page, plan, by_link);
    whole_plan_findings(page, plan);
}

/// The tasks, which come before every wave.
fn tasks(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    if plan.tasks.is_empty() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, format_args!("Tasks: {}", plan.tasks.len())));
    for task in &plan.tasks {
        page.gap();
        task_block(page, task, by_link, 2);
    }
    page.gap();
}

/// The links that change, wave by wave, each wave with its sync cycle.
fn waves(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    for wave in Wave::of(plan) {
        page.push(wave.title());
        for step in wave.steps.iter().filter(|step| matches!(step.action, Action::Hold)) {
            page.push(Line::at(2).plain(step_text::headline(step)));
        }
        for link in &wave.links {
            page.gap();
            block(page, link, by_link, 2, true);
        }
        page.gap();
        for step in wave.steps.iter().filter(|step| !matches!(step.action, Action::Hold)) {
            let line = Line::at(2).plain(step_text::headline(step));
            page.push(if matches!(step.action, Action::Sync) {
                line.put(Tone::Alarm, "  point of no return of this wave")
            } else {
                line
            });
        }
        page.gap();
    }
}

/// Links that cannot go on, with what stands in the way.
fn blocked(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    let blocked: Vec<_> = plan.links.iter().filter(|link| link.outcome == Outcome::Blocked).collect();
    if blocked.is_empty() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, format_args!("Blocked: {}", blocked.len())));
    for link in blocked {
        page.gap();
        block(page, link, by_link, 2, true);
    }
    page.gap();
}

/// Findings about the plan as a whole, and those whose link is not among the shown ones.
fn whole_plan_findings(page: &mut Page, plan: &Plan) {
    let links = plan.links.iter().filter(|link| link.outcome != Outcome::Unchanged).map(|link| &link.id);
    let shown: BTreeSet<_> = links.chain(plan.tasks.iter().map(|task| &task.id)).collect();
    let mut findings = plan.findings.iter().filter(|f| f.link.as_ref().is_none_or(|id| !shown.contains(id))).peekable();
    if findings.peek().is_none() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, "Also noticed"));
    for finding in findings {
        if let Some(link) = &finding.link {
            page.push(Line::at(2).plain(format_args!("{link}:")));
        }
        finding_lines(page, finding, 2);
    }
    page.gap();
}
