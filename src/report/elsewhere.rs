//! What a ledger that does not stand as this computer left it would have it do.

use super::events::count;
use super::page::{Line, Mark, Page};
use super::step_text::lines;
use super::style::{Style, Tone};
use crate::rollback::elsewhere::{Ahead, Gift};
use crate::rules::finding::ObjectRef;
use crate::state::ledger::ApplyRecord;

/// Everything that going on with `apply` would do. `differing` names the sections of the settings in the ledger that are
/// not those of the configuration, which counts.
pub fn render(apply: &ApplyRecord, ahead: &Ahead<'_>, differing: &[&str], style: Style, width: usize) -> String {
    let mut page = Page::new(width);
    page.sentence(
        0,
        "",
        Tone::Warn,
        &format!(
            "The state does not stand as this computer left it: another computer wrote it, or somebody edited it. Apply {} \
             was begun {} by {} on {}, it says.",
            apply.id, apply.started, apply.context.user, apply.context.host
        ),
    );
    if !differing.is_empty() {
        let text = format!(
            "Its settings differ from the configuration's in {}: the configuration counts, its commands included.",
            differing.join(", ")
        );
        page.sentence(0, "", Tone::Warn, &text);
    }
    page.gap();
    let title = if ahead.writes.is_empty() {
        "No write is still to be done".to_owned()
    } else {
        count(ahead.writes.len(), "write") + " to do"
    };
    page.push(Line::at(0).put(Tone::Strong, title));
    for line in ahead.writes.iter().flat_map(|step| lines(step)) {
        page.push(Line::at(2).plain(line));
    }
    if !ahead.gifts.is_empty() {
        page.gap();
        let title = format!("{} that it would give, and that is not there now", count(ahead.gifts.len(), "role"));
        page.push(Line::at(0).put(Tone::Strong, title));
        for Gift { user, right } in &ahead.gifts {
            let ObjectRef { kind, id, name, place } = right;
            page.push(
                Line::at(2)
                    .mark(Mark::Add)
                    .put(Tone::Alarm, format_args!("{kind} {name}"))
                    .plain(format_args!(" ({id}; {place}) to {} ({})", user.name, user.id)),
            );
        }
    }
    page.to_text(style)
}
