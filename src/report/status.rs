//! What `status` says: first what is dangerous, then what is unfinished, then what stands.

use super::damage;
use super::events::{count, link_line};
use super::outcome::{forgone_lines, held_line, roles_line};
use super::page::{Line, Mark, Page};
use super::safe;
use super::status_window::{self as window, StandingCounts, TaskStatus, window_line};
use super::step_text::headline;
use super::style::{Style, Tone};
use crate::model::cloud::SyncFeature;
use crate::model::id::{ApplyId, LinkId, ObjectId, StepId};
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::{Holding, RoleKind};
use crate::plan::document::{Purpose, TenantRef};
use crate::rollback::drift::Drift;
use crate::rollback::open::{Found, OpenStep};
use crate::rules::aftermath::Diagnosis;
use crate::state::ledger::{ApplyRecord, Context, Forgone, ForgoneRole, Standing, State, SuspendedRole};
use crate::state::salvage::{Damaged, Health};
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The version of the JSON form's shape.
pub const STATUS_VERSION: u32 = 1;

/// The ledger, as `status` shows it.
#[derive(Debug, Serialize)]
pub struct StatusView<'a> {
    /// [`STATUS_VERSION`].
    pub format_version: u32,
    /// Always `status`.
    pub kind: &'static str,
    /// The tenant that the ledger is about; `None` where there is no ledger yet.
    pub tenant: Option<&'a TenantRef>,
    /// Roles that are not back.
    pub suspended_roles: Vec<SuspendedView<'a>>,
    /// Roles that the newest apply of their link took and does not give back, with the reason. Activations, which end by
    /// themselves, are not among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forgone_roles: Vec<ForgoneRole>,
    /// Whether the sync scheduler is held by an unfinished apply.
    pub scheduler_held: bool,
    /// Switches of the tenant that an apply opened for its time and that are not closed again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open_window: Vec<SyncFeature>,
    /// The apply to resume, if one is unfinished.
    pub unfinished: Option<UnfinishedView<'a>>,
    /// How many links stand where.
    pub counts: StandingCounts,
    /// Every link with its newest standing, by id.
    pub links: Vec<LinkStatus<'a>>,
    /// Every task with its newest standing, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskStatus<'a>>,
    /// What differs from what was linked; `None` if the directories were not asked.
    pub drift: Option<&'a [Drift]>,
    /// Steps that were begun and whose end is not recorded, with what a resume would find.
    pub open_steps: Vec<OpenView>,
    /// What is wrong with the ledger, if it is damaged: then everything here is as far as it is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<DamageView>,
    /// Whether the ledger stands as this computer left it; otherwise going on asks first.
    pub known_here: bool,
    #[serde(skip)]
    suspended: Vec<SuspendedRole<'a>>,
}

/// What is wrong with a damaged ledger.
#[derive(Debug, Serialize)]
pub struct DamageView {
    /// What is wrong.
    pub problem: String,
    /// The last record that is certain.
    pub up_to: u64,
    /// The state file.
    pub state_file: Health,
    /// The journal.
    pub journal: Health,
    /// Where each role that may be out is written down.
    pub restore_sheets: Vec<String>,
    /// What is certain and what to do, one sentence each.
    pub told: Vec<String>,
}

/// A step that was begun and whose end is not recorded.
#[derive(Debug, Serialize)]
pub struct OpenView {
    /// The apply.
    pub apply: ApplyId,
    /// The link, unless it is a step of the wave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// The step.
    pub step: StepId,
    /// What it does, in words.
    pub what: String,
    /// Whether it is its undoing that was begun.
    pub undoing: bool,
    /// When it was begun.
    pub since: Timestamp,
    /// What a look at the directories shows.
    pub found: Found,
    /// What happens next, and what to type.
    pub next: String,
}

/// A role that is not back.
#[derive(Debug, Serialize)]
pub struct SuspendedView<'a> {
    /// The apply that took it.
    pub apply: &'a ApplyId,
    /// The link it was taken for.
    pub link: &'a LinkId,
    /// The suspend step.
    pub step: &'a StepId,
    /// Whose it is.
    pub user: ObjectId,
    /// The holder's UPN at planning time.
    pub upn: &'a str,
    /// The role, or the group with its roles.
    pub role: String,
    /// How it is held.
    pub role_kind: RoleKind,
    /// Where it holds.
    pub scope: Option<&'a str>,
    /// The group that brings it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<ObjectId>,
    /// When it ends by itself; `None` is permanent.
    pub ends: Option<Timestamp>,
    /// `false` if the removal was interrupted, so that the role may still be there.
    pub certain: bool,
    /// Whether its holder has it again, as the directory shows it now; `None` if nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<bool>,
}

/// An apply that is not at its end.
#[derive(Debug, Serialize)]
pub struct UnfinishedView<'a> {
    /// Its id.
    pub apply: &'a ApplyId,
    /// What it is for.
    pub purpose: &'a Purpose,
    /// When it began.
    pub started: Timestamp,
    /// Who ran it, where.
    pub context: &'a Context,
}

/// One link, where it stands.
#[derive(Debug, Serialize)]
pub struct LinkStatus<'a> {
    /// The link.
    pub id: &'a LinkId,
    /// The AD side.
    pub ad: &'a AdRef,
    /// The cloud side.
    pub cloud: &'a EntraRef,
    /// The apply that it was last part of.
    pub apply: &'a ApplyId,
    /// Where it stands.
    pub standing: &'a Standing,
    /// Why it was not formed, and the way back: as the directories show it now, or as it was found at the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Cow<'a, Diagnosis>>,
}

impl<'a> StatusView<'a> {
    /// The view of a ledger. `drift` is what a comparison with the live directories found.
    pub fn of(state: &'a State, drift: Option<&'a [Drift]>) -> Self {
        let suspended = state.suspended_roles();
        let mut links: BTreeMap<&LinkId, LinkStatus<'a>> = BTreeMap::new();
        for apply in &state.applies {
            for (id, link) in &apply.links {
                let (ad, cloud, standing) = (&link.ad, &link.cloud, &link.standing);
                let diagnosis = link.diagnosis.as_ref().map(Cow::Borrowed);
                links.insert(id, LinkStatus { id, ad, cloud, apply: &apply.id, standing, diagnosis });
            }
        }
        let newest =
            |role: &ForgoneRole, apply: &ApplyId| links.get(&role.link).is_some_and(|link| link.apply == apply);
        let forgone_roles = state.applies.iter().flat_map(|apply| {
            apply.forgone_roles().filter(|role| role.why != Forgone::Activation && newest(role, &apply.id))
        });
        let forgone_roles = forgone_roles.collect();
        let mut counts = StandingCounts::default();
        for link in links.values() {
            counts.count(link.standing);
        }
        let mut drifted: Vec<_> = drift.unwrap_or_default().iter().map(|drift| &drift.link).collect();
        drifted.sort();
        drifted.dedup();
        counts.drifted = drifted.len();
        Self {
            format_version: STATUS_VERSION,
            kind: "status",
            tenant: Some(&state.tenant),
            suspended_roles: suspended.iter().map(SuspendedView::of).collect(),
            forgone_roles,
            scheduler_held: state.applies.iter().any(|apply| apply.ended.is_none() && apply.is_held()),
            open_window: window::open(state),
            tasks: window::tasks(state),
            unfinished: state.unfinished().map(UnfinishedView::of),
            counts,
            links: links.into_values().collect(),
            drift,
            open_steps: Vec::new(),
            damage: None,
            known_here: true,
            suspended,
        }
    }

    /// The same with whether each suspended role is there again: somebody may have given it back by the restore sheet.
    #[must_use]
    pub fn with_roles_seen(mut self, there: impl Fn(&Holding) -> Option<bool>) -> Self {
        for (role, view) in self.suspended.iter().zip(&mut self.suspended_roles) {
            view.there = there(role.holding);
        }
        self
    }

    /// The same with what was found of steps that were begun. `flags` as in [`super::outcome::render`].
    #[must_use]
    pub fn with_open_steps(mut self, steps: &[OpenStep<'_>], flags: &str) -> Self {
        self.open_steps = steps.iter().map(|step| OpenView::of(step, flags)).collect();
        self
    }

    /// The same of a ledger that is damaged, as far as it is certain.
    #[must_use]
    pub fn with_damage(mut self, damaged: Option<&Damaged>, flags: &str) -> Self {
        self.damage = damaged.map(|damaged| DamageView {
            problem: damaged.problem.clone(),
            up_to: damaged.salvaged.as_ref().map_or(0, |state| state.serial),
            state_file: damaged.state_file.clone(),
            journal: damaged.journal.clone(),
            restore_sheets: damaged.sheets.clone(),
            told: damage::sentences(damaged, flags),
        });
        self
    }

    /// The same for a ledger that does not stand as this computer left it.
    #[must_use]
    pub const fn known_here(mut self, known: bool) -> Self {
        self.known_here = known;
        self
    }

    /// The view where nothing was applied yet.
    pub fn nothing() -> Self {
        Self {
            format_version: STATUS_VERSION,
            kind: "status",
            tenant: None,
            suspended_roles: Vec::new(),
            forgone_roles: Vec::new(),
            scheduler_held: false,
            open_window: Vec::new(),
            tasks: Vec::new(),
            unfinished: None,
            counts: StandingCounts::default(),
            links: Vec::new(),
            drift: None,
            suspended: Vec::new(),
            open_steps: Vec::new(),
            known_here: true,
            damage: None,
        }
    }

    /// The same with what the directories show now of links that are not at their end.
    #[must_use]
    pub fn with_diagnoses(mut self, mut now: BTreeMap<LinkId, Diagnosis>) -> Self {
        for link in &mut self.links {
            link.diagnosis = now.remove(link.id).map(Cow::Owned).or(link.diagnosis.take());
        }
        self
    }

    /// As text; the first line is about suspended roles if there are any. `flags` as in [`super::outcome::render`].
    pub fn to_text(&self, flags: &str, style: Style, width: usize) -> String {
        let mut page = Page::new(width);
        if let Some(damage) = &self.damage {
            let problem = format!("the ledger is damaged: {}", damage.problem);
            page.push(Line::at(0).mark(Mark::Alarm).put(Tone::Alarm, problem));
            damage.told.iter().for_each(|sentence| page.sentence(2, "", Tone::Plain, sentence));
            page.gap();
            let up_to = format!("As far as it is certain, up to record {}:", damage.up_to);
            page.push(Line::at(0).put(Tone::Strong, up_to));
        }
        let seen = self.suspended.iter().zip(&self.suspended_roles);
        let (back, out): (Vec<_>, Vec<_>) = seen.partition(|(_, view)| view.there == Some(true));
        let out: Vec<SuspendedRole<'_>> = out.into_iter().map(|(role, _)| role.clone()).collect();
        roles_line(&mut page, &out, flags);
        if !back.is_empty() {
            let names: Vec<String> =
                back.iter().map(|(role, _)| format!("{} of {}", role.holding, role.user)).collect();
            let (n, are) = (count(names.len(), "role"), if names.len() == 1 { "is" } else { "are" });
            let text = format!(
                "{n} that the state calls suspended {are} there: {}. Going on or back records that.",
                names.join(", ")
            );
            page.sentence(0, "", Tone::Good, &text);
        }
        if self.scheduler_held {
            held_line(&mut page, flags);
        }
        window_line(&mut page, &self.open_window, flags);
        let Some(TenantRef { id, name, initial_domain }) = self.tenant else {
            return "No state: nothing was applied here yet.\n".to_owned();
        };
        page.push(Line::at(0).put(Tone::Strong, name).plain(format_args!(" ({initial_domain}, tenant {id})")));
        if let Some(unfinished) = &self.unfinished {
            unfinished.lines(&mut page, flags);
            if !self.known_here {
                page.sentence(
                    0,
                    "",
                    Tone::Warn,
                    "The state does not stand as this computer left it: going on shows first what it would do, and asks.",
                );
            }
        }
        self.open_lines(&mut page);
        self.sections(&mut page);
        window::task_lines(&mut page, &self.tasks);
        if !self.forgone_roles.is_empty() {
            page.gap();
            page.push(
                Line::at(0).put(Tone::Strong, format_args!("Roles not given back: {}", self.forgone_roles.len())),
            );
            forgone_lines(&mut page, 2, &self.forgone_roles);
        }
        self.drift_lines(&mut page);
        page.gap();
        page.push(Line::at(0).put(Tone::Strong, self.summary()));
        page.to_text(style)
    }

    fn sections(&self, page: &mut Page) {
        type Wanted = fn(&Standing) -> bool;
        let sections: [(&str, Wanted); 6] = [
            ("Stuck", |s| matches!(s, Standing::Stuck { .. })),
            ("In progress", |s| matches!(s, Standing::InProgress)),
            ("Waiting", |s| matches!(s, Standing::Waiting)),
            ("Failed", |s| matches!(s, Standing::Failed { .. })),
            ("Rolled back", |s| matches!(s, Standing::RolledBack { .. })),
            ("Linked", |s| matches!(s, Standing::Linked { .. })),
        ];
        for (title, wanted) in sections {
            let links: Vec<_> = self.links.iter().filter(|link| wanted(link.standing)).collect();
            if links.is_empty() {
                continue;
            }
            page.gap();
            page.push(Line::at(0).put(Tone::Strong, format_args!("{title}: {}", links.len())));
            for link in links {
                link_line(page, 2, (link.ad, link.cloud), link.standing, link.diagnosis.as_deref());
            }
        }
    }

    fn open_lines(&self, page: &mut Page) {
        if self.open_steps.is_empty() {
            return;
        }
        page.gap();
        let title = format!("Begun, and the end is not recorded: {}", count(self.open_steps.len(), "step"));
        page.push(Line::at(0).put(Tone::Strong, title));
        for OpenView { what, undoing, since, found, next, .. } in &self.open_steps {
            let what = if *undoing { format!("undo: {what}") } else { what.clone() };
            page.push(Line::at(2).plain(what).put(Tone::Quiet, format_args!("  begun {since}")));
            let (tone, found) = match found {
                Found::Done => (Tone::Good, "it happened".to_owned()),
                Found::NotDone => (Tone::Plain, "it did not happen".to_owned()),
                Found::Surprise { what } => (Tone::Alarm, format!("a surprise: {what}")),
                Found::CannotBeTold { why } => (Tone::Warn, format!("it cannot be told: {why}")),
                Found::NotLookedAt => (Tone::Quiet, "whether it happened is not looked at".to_owned()),
            };
            page.sentence(6, "found", tone, &found);
            page.sentence(6, "next", Tone::Plain, next);
        }
    }

    fn drift_lines(&self, page: &mut Page) {
        let Some(drift) = self.drift.filter(|drift| !drift.is_empty()) else { return };
        page.gap();
        page.push(Line::at(0).put(Tone::Strong, "Drift").plain(" (changed since the link was formed; not enforced)"));
        for Drift { apply: _, link: _, ad, cloud, what } in drift {
            page.push(Line::at(2).put(Tone::Strong, ad).plain(" → ").put(Tone::Strong, cloud));
            for sentence in what {
                page.push(Line::at(4).mark(Mark::Change).plain(sentence));
            }
        }
    }

    /// The last line: how many links stand where.
    pub fn summary(&self) -> String {
        let StandingCounts { waiting, in_progress, stuck, failed, rolled_back, linked, drifted } = self.counts;
        let drifted = match self.drift {
            Some(_) => format!("{drifted} drifted"),
            None => "drift not looked for".to_owned(),
        };
        let mut parts: Vec<String> = [
            (linked, "linked"),
            (waiting, "waiting"),
            (in_progress, "in progress"),
            (stuck, "stuck"),
            (failed, "failed"),
            (rolled_back, "rolled back"),
        ]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
        if parts.is_empty() && !self.tasks.is_empty() {
            return format!("No link was ever applied; {}.", count(self.tasks.len(), "task"));
        }
        if parts.is_empty() {
            return "No link was ever applied.".to_owned();
        }
        if linked > 0 {
            parts.push(drifted);
        }
        format!("{}: {}", count(self.links.len(), "link"), parts.join(" · "))
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        safe::json(self)
    }
}

impl<'a> SuspendedView<'a> {
    fn of(role: &SuspendedRole<'a>) -> Self {
        let SuspendedRole { apply, link, step, user, holding, certain } = role;
        let scope = match holding {
            Holding::Role(role) => role.grant.directory_scope.as_deref().or(role.grant.app_scope.as_deref()),
            Holding::Group(_) => None,
        };
        let group = match holding {
            Holding::Group(group) => Some(group.group),
            Holding::Role(_) => None,
        };
        Self {
            apply: &apply.id,
            link,
            step,
            user: user.id,
            upn: user.upn.as_str(),
            role: holding.to_string(),
            role_kind: holding.kind(),
            scope,
            group,
            ends: holding.ends(),
            certain: *certain,
            there: None,
        }
    }
}

impl OpenView {
    fn of(open: &OpenStep<'_>, flags: &str) -> Self {
        let OpenStep { apply, step, since, undoing, found } = open;
        let resume = format!("`matchplan{flags} apply`");
        let next = match (found, undoing) {
            (Found::Done, false) => format!("{resume} records that and goes on"),
            (Found::Done, true) => format!("{resume} records that and ends the link"),
            (Found::NotDone, false) => format!("{resume} does it and goes on; `matchplan{flags} rollback` goes back"),
            (Found::NotDone, true) => format!("{resume} undoes it"),
            (Found::Surprise { .. }, _) => format!(
                "it is never overwritten: find out who changed it; {resume} takes the link out, and `matchplan{flags} rollback` names what is left"
            ),
            (Found::CannotBeTold { .. }, _) => format!("{resume} reads it again"),
            (Found::NotLookedAt, _) => {
                format!("`matchplan{flags} status` without --offline looks; {resume} goes on by what it reads")
            }
        };
        Self {
            apply: apply.id.clone(),
            link: step.link.clone(),
            step: step.id.clone(),
            what: headline(step),
            undoing: *undoing,
            since: *since,
            found: found.clone(),
            next,
        }
    }
}

impl<'a> UnfinishedView<'a> {
    const fn of(apply: &'a ApplyRecord) -> Self {
        Self { apply: &apply.id, purpose: &apply.purpose, started: apply.started, context: &apply.context }
    }

    fn lines(&self, page: &mut Page, flags: &str) {
        let kind = match self.purpose {
            Purpose::Link => "apply".to_owned(),
            Purpose::Rollback { of } => format!("rollback of {of},"),
        };
        let Context { host, user } = self.context;
        page.sentence(
            0,
            "",
            Tone::Warn,
            &format!(
                "Unfinished: {kind} {}, begun {} by {user} on {host}. Type `matchplan{flags} apply` to go on, or \
                 `matchplan{flags} rollback` to take it back.",
                self.apply, self.started
            ),
        );
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::report::testing::{state_of, suspended_record};
    use snapbox::IntoData as _;

    #[test]
    fn missing_roles_are_the_first_line_in_red() {
        let state = state_of(vec![suspended_record()]);
        let view = StatusView::of(&state, None);
        let coloured = view.to_text("", Style::COLOUR, 100);
        assert!(coloured.starts_with("\u{1b}[1;31m!\u{1b}[0m \u{1b}[1;31m1 role is still suspended: "), "{coloured}");
        snapbox::assert_data_eq!(
            view.to_text("", Style::PLAIN, 100),
            snapbox::str![[r#"
! 1 role is still suspended: User Administrator of jane.doe@contoso.com; type `matchplan apply` to go on
Contoso (contoso.onmicrosoft.com, tenant 00000000-0000-0000-0000-0000007e0001)
Unfinished: apply apply-1, begun 2026-11-20T10:30:00Z by olga on admin-pc. Type `matchplan apply` to
go on, or `matchplan rollback` to take it back.

In progress: 2
  corp\jdoe → jane.doe@contoso.com  in progress
  corp\jsmith → john.smith@contoso.com  in progress

2 links: 2 in progress

"#]]
            .raw()
        );
        let json: serde_json::Value = serde_json::from_str(&view.to_json().unwrap()).unwrap();
        assert_eq!(json["suspended_roles"][0]["role"], "User Administrator");
        assert_eq!(json["counts"]["in_progress"], 2);
    }

    #[test]
    fn nothing_is_json_too() {
        let json: serde_json::Value = serde_json::from_str(&StatusView::nothing().to_json().unwrap()).unwrap();
        assert_eq!((&json["kind"], &json["tenant"]), (&"status".into(), &serde_json::Value::Null));
        assert!(StatusView::nothing().to_text("", Style::PLAIN, 80).starts_with("No state"));
    }

    #[test]
    fn drift_is_shown_by_pair() {
        let at = "2026-11-20T11:00:00Z".parse().unwrap();
        let mut record = crate::report::testing::record();
        record.ended = Some(crate::state::ledger::Ended { at, complete: true });
        record.links.values_mut().for_each(|link| link.standing = Standing::Linked { at });
        let (id, link) = record.links.iter().next().map(|(id, link)| (id.clone(), link.clone())).unwrap();
        let what = vec!["the cloud user is not synced any more".to_owned()];
        let drift = [Drift { apply: record.id.clone(), link: id, ad: link.ad, cloud: link.cloud, what }];
        let state = state_of(vec![record]);
        let text = StatusView::of(&state, Some(&drift)).to_text("", Style::PLAIN, 100);
        assert!(text.contains("    ~ the cloud user is not synced any more\n"), "{text}");
        assert!(text.ends_with("2 links: 2 linked · 1 drifted\n"), "{text}");
    }

    #[test]
    fn the_newest_apply_decides() {
        let (older, mut newer) = (suspended_record(), crate::report::testing::record());
        newer.id = "apply-2".into();
        newer.links.retain(|id, _| id.as_str() == "corp/jdoe");
        let at = "2026-11-20T12:00:00Z".parse().unwrap();
        newer.links.values_mut().for_each(|l| l.standing = Standing::RolledBack { at, why: "asked for".to_owned() });
        let state = state_of(vec![older, newer]);
        let view = StatusView::of(&state, Some(&[]));
        let wanted = StandingCounts { in_progress: 1, rolled_back: 1, ..StandingCounts::default() };
        assert_eq!(view.counts, wanted);
    }
}
