//! What `check` says: point by point what was seen, and what to do.

use super::events::count;
use super::page::{Line, Page};
use super::safe;
use super::style::{Style, Tone};
use crate::check::{Area, Check, Verdict};
use serde::Serialize;

/// The version of the JSON form's shape.
pub const CHECK_VERSION: u32 = 1;

/// Columns before what was seen.
const SEEN: usize = 15;

/// The points that were checked, for showing.
#[derive(Debug, Serialize)]
pub struct CheckView<'a> {
    /// [`CHECK_VERSION`].
    pub format_version: u32,
    /// Always `check`.
    pub kind: &'static str,
    /// Whether there was a match plan whose links were looked at.
    pub with_links: bool,
    /// How many came to what.
    pub counts: Counts,
    /// Each point.
    pub checks: &'a [Check],
}

/// How many checks came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// As it should be.
    pub pass: usize,
    /// Something is to be done.
    pub fail: usize,
    /// Could not be read.
    pub cannot_tell: usize,
}

impl<'a> CheckView<'a> {
    /// The view of these checks.
    pub fn of(checks: &'a [Check], with_links: bool) -> Self {
        let of = |verdict: Verdict| checks.iter().filter(|check| check.verdict == verdict).count();
        let counts = Counts { pass: of(Verdict::Pass), fail: of(Verdict::Fail), cannot_tell: of(Verdict::CannotTell) };
        Self { format_version: CHECK_VERSION, kind: "check", with_links, counts, checks }
    }

    /// As text.
    pub fn to_text(&self, style: Style, width: usize) -> String {
        let mut page = Page::new(width);
        for area in Area::ALL {
            let checks: Vec<&Check> = self.checks.iter().filter(|check| check.area == area).collect();
            if checks.is_empty() {
                continue;
            }
            page.gap();
            page.push(Line::at(0).put(Tone::Strong, area.title()));
            for check in checks {
                lines(&mut page, check);
            }
        }
        page.gap();
        let Counts { pass, fail, cannot_tell } = self.counts;
        let tone = if fail > 0 { Tone::Alarm } else { Tone::Good };
        let sum =
            format!("{}: {pass} pass · {fail} fail · {cannot_tell} cannot tell", count(self.checks.len(), "check"));
        page.push(Line::at(0).put(tone, sum));
        if !self.with_links {
            page.sentence(0, "", Tone::Plain, "There is no match plan here, so no link was looked at.");
        }
        page.to_text(style)
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        safe::json(self)
    }
}

fn lines(page: &mut Page, check: &Check) {
    let tone = match check.verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Fail => Tone::Alarm,
        Verdict::CannotTell => Tone::Warn,
    };
    let domain = check.domain.as_deref().map(|domain| format!("{domain}: ")).unwrap_or_default();
    let first = Line::at(2).put(tone, format_args!("{:<width$}", check.verdict.to_string(), width = SEEN - 2));
    page.push(first.put(Tone::Strong, format_args!("{domain}{}", check.title)));
    page.sentence(SEEN, "", Tone::Plain, &check.seen);
    if let Some(help) = &check.help {
        let tone = if check.verdict == Verdict::Pass { Tone::Quiet } else { Tone::Plain };
        page.flow(Line::at(SEEN).plain("→ "), SEEN + 2, tone, help);
    }
}
