//! What `status` and the end of an apply say of tasks and of a match window that stands open.

use super::events::count;
use super::page::{Line, Mark, Page};
use super::standing_text;
use super::style::Tone;
use crate::model::cloud::SyncFeature;
use crate::model::id::{ApplyId, LinkId};
use crate::state::ledger::{ApplyRecord, Standing, State};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many links stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StandingCounts {
    /// Waiting for their turn or their cycle.
    pub waiting: usize,
    /// Under way.
    pub in_progress: usize,
    /// In need of a decision.
    pub stuck: usize,
    /// Failed without harm.
    pub failed: usize,
    /// Undone.
    pub rolled_back: usize,
    /// Formed.
    pub linked: usize,
    /// Formed, with attributes that differ by now.
    pub drifted: usize,
}

impl StandingCounts {
    /// Counts one more.
    pub const fn count(&mut self, standing: &Standing) {
        match standing {
            Standing::Waiting => self.waiting += 1,
            Standing::InProgress => self.in_progress += 1,
            Standing::Linked { .. } | Standing::Done { .. } => self.linked += 1,
            Standing::RolledBack { .. } => self.rolled_back += 1,
            Standing::Failed { .. } => self.failed += 1,
            Standing::Stuck { .. } => self.stuck += 1,
        }
    }
}

/// One task, where it stands.
#[derive(Debug, Serialize)]
pub struct TaskStatus<'a> {
    /// The task.
    pub id: &'a LinkId,
    /// What it does, for people.
    pub title: &'a str,
    /// The apply that it was last part of.
    pub apply: &'a ApplyId,
    /// Where it stands.
    pub standing: &'a Standing,
}

/// Every task of a ledger, as it stood last.
pub fn tasks(state: &State) -> Vec<TaskStatus<'_>> {
    let mut newest: BTreeMap<&LinkId, TaskStatus<'_>> = BTreeMap::new();
    for apply in &state.applies {
        for (id, task) in &apply.tasks {
            newest.insert(id, TaskStatus { id, title: &task.title, apply: &apply.id, standing: &task.standing });
        }
    }
    newest.into_values().collect()
}

/// The switches that an apply opened for its time and that are not closed again, or may not be.
pub fn open(state: &State) -> Vec<SyncFeature> {
    state.applies.iter().flat_map(ApplyRecord::open_window).collect()
}

/// The line that must not be overlooked: the tenant lets through what it is set to block.
pub fn window_line(page: &mut Page, open: &[SyncFeature], flags: &str) {
    if open.is_empty() {
        return;
    }
    let names: Vec<&str> = open.iter().map(|feature| feature.name()).collect();
    page.push(Line::at(0).mark(Mark::Alarm).put(
        Tone::Alarm,
        format_args!(
            "the match window stands open: {} is off for the whole tenant; type `matchplan{flags} apply` to go on and close \
             it, or `matchplan{flags} rollback`",
            names.join(", ")
        ),
    ));
}

/// Where a task stands, on a line, with what was found.
pub fn task_line(page: &mut Page, indent: usize, title: &str, standing: &Standing) {
    let grave = matches!(standing, Standing::Stuck { .. } | Standing::Failed { .. });
    let mark = if grave { Mark::Alarm } else { Mark::None };
    let line = Line::at(indent).mark(mark).put(Tone::Strong, title);
    page.push(line.put(standing_text::tone(standing), format_args!("  {standing}")));
    if let Some(why) = standing_text::why(standing) {
        page.sentence(indent + 4, if grave { "found" } else { "why" }, Tone::Plain, why);
    }
    if let Standing::Stuck { next, .. } = standing {
        page.sentence(indent + 4, "next", Tone::Strong, next);
    }
}

/// The section about tasks.
pub fn task_lines(page: &mut Page, tasks: &[TaskStatus<'_>]) {
    if tasks.is_empty() {
        return;
    }
    page.gap();
    page.push(Line::at(0).put(Tone::Strong, count(tasks.len(), "task")));
    for task in tasks {
        task_line(page, 2, task.title, task.standing);
    }
}
