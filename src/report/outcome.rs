//! The last words of an apply: exactly what stands, and what to type next.

use super::events::{count, link_line};
use super::page::{Line, Mark, Page};
use super::status_window::{task_line, window_line};
use super::style::{Style, Tone};
use crate::apply::outcome::{ApplyOutcome, Ending};
use crate::model::id::LinkId;
use crate::plan::document::Purpose;
use crate::state::ledger::{ApplyRecord, Forgone, ForgoneRole, Standing, SuspendedRole};
use std::collections::BTreeMap;

/// The end of an apply as text. `flags` is what the person gave before the command and must give again, such as
/// ` --lab` or ` --config x.toml`, with its leading space; empty for nothing.
pub fn render(outcome: &ApplyOutcome, record: &ApplyRecord, flags: &str, style: Style, width: usize) -> String {
    let mut page = Page::new(width);
    let suspended: Vec<_> =
        if record.purpose == Purpose::Link { record.suspended_roles().collect() } else { Vec::new() };
    roles_line(&mut page, &suspended, flags);
    if record.is_held() {
        held_line(&mut page, flags);
    }
    window_line(&mut page, &record.open_window().collect::<Vec<_>>(), flags);
    for (id, link) in &record.links {
        // A rollback's links end as rolled back, which is what was wanted.
        let wanted = match outcome.links.get(id) {
            Some(Standing::Linked { .. }) => true,
            Some(Standing::RolledBack { .. }) => matches!(record.purpose, Purpose::Rollback { .. }),
            _ => false,
        };
        if !wanted {
            link_line(&mut page, 0, (&link.ad, &link.cloud), &link.standing, link.diagnosis.as_ref());
        }
    }
    for (id, task) in &record.tasks {
        let wanted = match outcome.tasks.get(id) {
            Some(Standing::Done { .. }) => true,
            Some(Standing::RolledBack { .. }) => matches!(record.purpose, Purpose::Rollback { .. }),
            _ => false,
        };
        if !wanted {
            task_line(&mut page, 0, &task.title, &task.standing);
        }
    }
    forgone_lines(&mut page, 0, &outcome.forgone);
    page.gap();
    let word = if record.purpose == Purpose::Link { "Apply" } else { "Rollback" };
    page.push(Line::at(0).put(Tone::Strong, format_args!("{word} {}: {}", outcome.apply, tally(outcome))));
    for (tone, sentence) in next(outcome, record, flags) {
        page.sentence(0, "", tone, &sentence);
    }
    page.to_text(style)
}

/// Roles that were taken and are not given back, one line each, with the reason.
pub(super) fn forgone_lines(page: &mut Page, indent: usize, roles: &[ForgoneRole]) {
    for ForgoneRole { link: _, user, holding, why } in roles {
        let (tone, fate) = match why {
            Forgone::Activation => (Tone::Plain, "ended"),
            Forgone::OtherEnd { .. } => (Tone::Warn, "left as it is"),
            Forgone::Ended { .. } | Forgone::Missing { .. } => (Tone::Warn, "not given back"),
        };
        let start = Line::at(indent).mark(Mark::Change).put(tone, format_args!("{holding} of {user}: {fate}"));
        page.flow(start.plain("; "), indent + 4, Tone::Plain, &why.to_string());
    }
}

/// The line that must not be overlooked: who is without a role that is to come back.
pub(super) fn roles_line(page: &mut Page, suspended: &[SuspendedRole<'_>], flags: &str) {
    if suspended.is_empty() {
        return;
    }
    let names: Vec<String> = suspended
        .iter()
        .map(|role| {
            let doubt = if role.certain { "" } else { " (the removal was interrupted; it may still be there)" };
            format!("{} of {}{doubt}", role.holding, role.user)
        })
        .collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    page.push(Line::at(0).mark(Mark::Alarm).put(
        Tone::Alarm,
        format_args!(
            "{} {are} still suspended: {}; type `matchplan{flags} apply` to go on",
            count(names.len(), "role"),
            names.join(", ")
        ),
    ));
}

/// The line about a scheduler that we stopped.
pub(super) fn held_line(page: &mut Page, flags: &str) {
    page.push(Line::at(0).mark(Mark::Alarm).put(
        Tone::Alarm,
        format_args!("the sync scheduler is still held; type `matchplan{flags} apply` to go on and release it"),
    ));
}

/// How many links and tasks stand where: `14 links: 12 linked · 2 stuck`.
pub(super) fn tally(outcome: &ApplyOutcome) -> String {
    let of = |all: &BTreeMap<LinkId, Standing>, noun: &str| {
        let kinds = ["linked", "done", "rolled back", "waiting", "in progress", "failed", "stuck"];
        let parts: Vec<String> = kinds
            .iter()
            .map(|kind| (all.values().filter(|standing| standing.kind() == *kind).count(), kind))
            .filter(|(n, _)| *n > 0)
            .map(|(n, kind)| format!("{n} {kind}"))
            .collect();
        let parts = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(" · ") };
        format!("{}: {parts}", count(all.len(), noun))
    };
    match (outcome.links.is_empty(), outcome.tasks.is_empty()) {
        (_, true) => of(&outcome.links, "link"),
        (true, false) => of(&outcome.tasks, "task"),
        (false, false) => format!("{}; {}", of(&outcome.links, "link"), of(&outcome.tasks, "task")),
    }
}

/// What it means, and what to type.
fn next(outcome: &ApplyOutcome, record: &ApplyRecord, flags: &str) -> Vec<(Tone, String)> {
    let resume = format!("`matchplan{flags} apply`");
    let status = format!("`matchplan{flags} status`");
    let rollback = format!("`matchplan{flags} rollback`");
    let is_rollback = matches!(record.purpose, Purpose::Rollback { .. });
    let mut out = match outcome.ending {
        Ending::Complete if is_rollback => {
            vec![(Tone::Good, "Everything that could be taken back is taken back, and was read back.".to_owned())]
        }
        Ending::Complete if record.links.is_empty() => {
            vec![(Tone::Good, "Everything is done and was read back.".to_owned())]
        }
        Ending::Complete => vec![
            (Tone::Good, "Every link is formed and was read back.".to_owned()),
            (Tone::Plain, format!("{status} shows whether anything drifts later.")),
        ],
        Ending::Waiting if outcome.pilot_through => vec![(
            Tone::Good,
            format!(
                "The pilot is formed and was read back; the other links wait for you. {resume} goes on with them; {rollback} takes back what was done."
            ),
        )],
        Ending::Waiting => vec![(
            Tone::Warn,
            format!(
                "The links that are waiting or in progress need a sync cycle. {resume} goes on; {rollback} takes back \
                 what was done."
            ),
        )],
        Ending::Partial => vec![(
            Tone::Warn,
            "Not every link came to the end that was wanted; the reasons stand above. No other link is affected."
                .to_owned(),
        )],
        Ending::Interrupted => {
            vec![(Tone::Warn, "Stopped as asked. What was in flight is finished, and the state is saved.".to_owned())]
        }
        Ending::Stuck => vec![(
            Tone::Alarm,
            format!(
                "A stuck link needs your decision: what was found and what to do stands above. {status} shows it again."
            ),
        )],
    };
    match (outcome.ending, outcome.resumable) {
        (Ending::Complete | Ending::Waiting, _) => {}
        (_, true) => out.push((Tone::Plain, format!("{resume} goes on from here; {rollback} takes back what was done."))),
        (_, false) => out.push((
            Tone::Plain,
            format!("This apply has ended. Mend the cause and type `matchplan{flags} plan` for what is still to do; {rollback} takes back what was done."),
        )),
    }
    out
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::report::testing::{record, suspended_record};
    use snapbox::IntoData as _;

    fn text(record: &ApplyRecord, interrupted: bool) -> String {
        render(&ApplyOutcome::of(record, interrupted), record, " --lab", Style::PLAIN, 100)
    }

    #[test]
    fn a_complete_apply_is_short() {
        let at = "2026-11-20T11:00:00Z".parse().unwrap();
        let mut record = record();
        record.ended = Some(crate::state::ledger::Ended { at, complete: true });
        record.links.values_mut().for_each(|link| link.standing = Standing::Linked { at });
        snapbox::assert_data_eq!(
            text(&record, false),
            snapbox::str![[r#"
Apply apply-1: 2 links: 2 linked
Every link is formed and was read back.
`matchplan --lab status` shows whether anything drifts later.

"#]]
            .raw()
        );
    }

    #[test]
    fn missing_roles_come_first() {
        let text = text(&suspended_record(), true);
        assert!(
            text.starts_with(
                "! 1 role is still suspended: User Administrator of jane.doe@contoso.com; \
                 type `matchplan --lab apply` to go on\n"
            ),
            "{text}"
        );
        assert!(text.contains("`matchplan --lab apply` goes on from here"), "{text}");
    }

    #[test]
    fn every_ending_says_what_to_type() {
        let at = "2026-11-20T11:00:00Z".parse().unwrap();
        let why = "the anchor was refused".to_owned();
        for (standing, wanted) in [
            (Standing::Waiting, "need a sync cycle"),
            (Standing::Failed { at, why: why.clone() }, "the anchor was refused"),
            (Standing::RolledBack { at, why }, "the anchor was refused"),
            (Standing::Stuck { at, found: "f".to_owned(), next: "call the owner".to_owned() }, "call the owner"),
        ] {
            let mut record = record();
            record.links.values_mut().for_each(|link| link.standing = standing.clone());
            let text = text(&record, false);
            assert!(text.contains(wanted) && text.contains("`matchplan --lab "), "{text}");
        }
    }
}
