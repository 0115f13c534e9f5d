//! What is proposed, as text and JSON; [`super::suggest_toml`] writes the match plan.

use super::events::count;
use super::page::{Line, Mark, Page};
use super::safe;
use super::style::{Style, Tone};
use crate::rules::prediction::MatchKey;
use crate::suggest::document::{Counts, NotProposed, Suggestions};
use crate::suggest::evidence::{Confidence, Evidence};
use crate::suggest::next_cycle::{ByItself, Outcome};
use crate::suggest::objections::{Objection, Weight};
use std::fmt::Write as _;

/// How many of a list are shown; JSON has them all.
const SHOWN: usize = 50;

/// What is to be known besides the match plan: what the next cycle does, what was not proposed, how many there are.
pub fn to_text(suggestions: &Suggestions, style: Style, width: usize) -> String {
    let mut page = Page::new(width);
    next_cycle(&mut page, &suggestions.next_cycle);
    not_proposed(&mut page, &suggestions.not_proposed);
    notes(&mut page, &suggestions.notes);
    page.gap();
    page.sentence(0, "", Tone::Plain, &summary(suggestions));
    page.to_text(style)
}

/// What the next cycle does, in a few lines for whoever sees the match plan elsewhere; nothing if it does nothing.
pub fn alarm(suggestions: &Suggestions, style: Style, width: usize) -> Option<String> {
    let mut page = Page::new(width);
    next_cycle(&mut page, &suggestions.next_cycle);
    (!page.is_empty()).then(|| page.to_text(style))
}

/// As JSON, with the format's version.
pub fn to_json(suggestions: &Suggestions) -> Result<String, serde_json::Error> {
    safe::json(suggestions)
}

/// How many there are.
pub fn summary(suggestions: &Suggestions) -> String {
    let Counts { ad_users, cloud_users, proposed, commented_out, beyond_limit, not_proposed, weaker, named } =
        suggestions.counts;
    let active = |least: Confidence| {
        suggestions.proposals.iter().filter(|one| one.confidence == least && !one.commented_out).count()
    };
    let mut text = format!(
        "{} and {} compared: {} proposed ({} certain, {} likely), {commented_out} more commented out for a person to decide, \
         {} not proposed.",
        count(ad_users, "AD user"),
        count(cloud_users, "cloud user"),
        count(proposed, "link"),
        active(Confidence::Certain),
        active(Confidence::Likely),
        count(not_proposed, "pair"),
    );
    if named > 0 {
        let _ = write!(text, " {} of the match plans left out.", count(named, "link"));
    }
    if weaker > 0 {
        let _ = write!(
            text,
            " Not listed: {} that {} possible only and have something against them.",
            count(weaker, "pair"),
            are(weaker)
        );
    }
    if beyond_limit > 0 {
        let _ = write!(
            text,
            " {} beyond --limit: they come next time, once these are in a match plan.",
            count(beyond_limit, "proposal")
        );
    }
    text
}

const fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// The block that comes first, whatever was asked for.
pub(super) fn next_cycle(page: &mut Page, found: &[ByItself]) {
    if found.is_empty() {
        return;
    }
    let (taken, doubled): (Vec<_>, Vec<_>) =
        found.iter().partition(|one| !matches!(one.outcome, Outcome::Duplicate { .. }));
    let titles = [
        (
            taken,
            "THE NEXT SYNC CYCLE WILL MATCH THESE BY ITSELF",
            "If that is right, nothing is left to do. If not, move the AD user out of the synced OUs or hold the scheduler now, before the cycle.",
        ),
        (
            doubled,
            "THE NEXT SYNC CYCLE WILL MAKE A SECOND CLOUD USER BESIDE THESE",
            "Move the AD user out of the synced OUs or hold the scheduler now, before the cycle; then link them.",
        ),
    ];
    for (list, title, help) in titles.into_iter().filter(|(list, ..)| !list.is_empty()) {
        page.gap();
        let scope = if list.iter().all(|one| one.in_scope) {
            "in the sync scope, and no [[link]] names the AD user"
        } else {
            "if it is in the sync scope, which is not known; no [[link]] names the AD user"
        };
        page.flow(
            Line::at(0).mark(Mark::Alarm).put(Tone::Alarm, format_args!("{title} ({}): ", list.len())),
            2,
            Tone::Plain,
            scope,
        );
        for one in list.iter().take(SHOWN) {
            unasked(page, one);
        }
        more(page, list.len());
        page.sentence(2, "", Tone::Plain, help);
    }
}

fn unasked(page: &mut Page, one: &ByItself) {
    let ByItself { ad, cloud, outcome, in_scope: _, confidence, contradiction } = one;
    let line = Line::at(2).mark(Mark::Alarm).put(Tone::Strong, ad).plain(" → ").put(Tone::Strong, cloud).plain("  ");
    match outcome {
        Outcome::TakesOver { by } => page.flow(line, 6, Tone::Plain, by_what(*by)),
        Outcome::MayTakeOver { by, why } => {
            page.flow(line, 6, Tone::Plain, &format!("probably, {}; {why}", by_what(*by)));
        }
        Outcome::Duplicate { why } => page.flow(line, 6, Tone::Plain, &format!("no match: {why}")),
    }
    match (contradiction, confidence) {
        (Some(why), _) => page.flow(Line::at(6).put(Tone::Alarm, "these are two people: "), 6, Tone::Plain, why),
        (None, Some(confidence)) => {
            page.sentence(6, "", Tone::Quiet, &format!("the same person: {confidence}"));
        }
        (None, None) => page.sentence(6, "", Tone::Warn, "nothing says that they are the same person"),
    }
}

const fn by_what(by: MatchKey) -> &'static str {
    match by {
        MatchKey::HardMatch => "by its source anchor",
        MatchKey::PrimarySmtp => "by the primary SMTP address",
        MatchKey::Upn => "by the sign-in name (UPN)",
    }
}

/// Who looks alike and is not proposed, and why.
pub(super) fn not_proposed(page: &mut Page, found: &[NotProposed]) {
    if found.is_empty() {
        return;
    }
    page.gap();
    page.push(Line::at(0).put(Tone::Strong, format_args!("Not proposed ({})", found.len())));
    for NotProposed { ad, cloud, confidence, evidence: found, against } in found.iter().take(SHOWN) {
        page.push(Line::at(2).put(Tone::Strong, ad).plain(" → ").put(Tone::Strong, cloud));
        evidence(page, 6, *confidence, found);
        for objection in against.iter().filter(|objection| objection.weight() == Weight::Forbid) {
            page.flow(Line::at(6).put(Tone::Warn, "no: "), 10, Tone::Plain, &objection.why);
        }
    }
    more(page, found.len());
}

/// What speaks for it.
pub(super) fn evidence(page: &mut Page, indent: usize, confidence: Confidence, evidence: &[Evidence]) {
    let said: Vec<String> =
        evidence.iter().map(|one| format!("{} ({})", one.kind.words(), clipped(&one.value))).collect();
    page.list(Line::at(indent).put(Tone::Change, format_args!("{confidence}: ")), indent + 4, Tone::Plain, &said);
}

/// What speaks against it.
pub(super) fn objections(page: &mut Page, indent: usize, against: &[Objection]) {
    for objection in against {
        let word = match objection.weight() {
            Weight::Forbid => "no: ",
            Weight::Hold => "decide first: ",
            Weight::Remark => "note: ",
        };
        page.flow(Line::at(indent).put(Tone::Warn, word), indent + 4, Tone::Plain, &objection.why);
    }
}

pub(super) fn notes(page: &mut Page, notes: &[String]) {
    for note in notes {
        page.gap();
        page.flow(Line::at(0).put(Tone::Warn, "note: "), 2, Tone::Plain, note);
    }
}

fn more(page: &mut Page, all: usize) {
    if all > SHOWN {
        page.push(Line::at(2).plain(format_args!("… and {} more: `--format json` has them all", all - SHOWN)));
    }
}

/// A value of a directory may be as long as it likes.
fn clipped(value: &str) -> String {
    safe::clip(value, 120)
}
