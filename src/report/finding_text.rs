//! Findings in words: each by itself with everything that is known, or briefly and those alike together.

use super::link_text::ByLink;
use super::page::{Line, Mark, Page};
use super::style::Tone;
use crate::plan::document::Plan;
use crate::plan::link::PlannedLink;
use crate::rules::finding::{Finding, FindingCode, Origin, Severity};
use std::collections::BTreeMap;

/// The tone of a severity.
pub const fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Alarm,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Quiet,
    }
}

/// A finding: what, both sides with their place, the value, Microsoft's name for it, what to do, where it is written.
pub fn finding_lines(page: &mut Page, finding: &Finding, indent: usize) {
    finding_block(page, finding, indent, None);
}

/// As [`finding_lines`]; where it is written is left out if the block around it says so already.
pub fn finding_block(page: &mut Page, finding: &Finding, indent: usize, around: Option<&Origin>) {
    let Finding { severity, code, link: _, origin, message, objects, value, microsoft_error, help } = finding;
    let tone = severity_tone(*severity);
    let mark = if *severity == Severity::Error { Mark::Alarm } else { Mark::None };
    page.push(Line::at(indent).mark(mark).put(tone, format_args!("{severity}[{code}]")));
    let inner = indent + 4;
    page.sentence(inner, "", Tone::Plain, message);
    for object in objects {
        page.push(
            Line::labelled(inner, "object")
                .plain(format_args!("{} ", object.kind))
                .put(Tone::Strong, &object.name)
                .plain(format_args!(" ({}) in {}", object.id, object.place)),
        );
    }
    if let Some(value) = value {
        page.push(Line::labelled(inner, "value").plain(value));
    }
    if let Some(name) = microsoft_error {
        page.push(Line::labelled(inner, "Microsoft").plain(name));
    }
    page.sentence(inner, "help", Tone::Plain, help);
    if let Some(origin) = origin.as_ref().filter(|origin| around != Some(origin)) {
        page.push(Line::labelled(inner, "written in").put(Tone::Quiet, origin));
    }
}

/// How wide the labels of brief lines are.
pub const BRIEF_LABEL: usize = 6;

/// A brief line: a short label in a narrow column.
pub fn brief_label(indent: usize, label: &str) -> Line {
    Line::at(indent).put(Tone::Quiet, format_args!("{label:<BRIEF_LABEL$}"))
}

/// Errors, briefly, with each advice in full only where it is given first.
#[derive(Debug, Default)]
pub struct Errors<'a> {
    advised: BTreeMap<(FindingCode, &'a str), String>,
}

impl<'a> Errors<'a> {
    /// Adds an error to the page: message, what the message does not name, and what to do. `link` is the one around
    /// it, `name` how it is called.
    pub fn add(
        &mut self,
        page: &mut Page,
        finding: &'a Finding,
        link: Option<&PlannedLink>,
        name: &str,
        indent: usize,
    ) {
        let Finding { severity, code, link: _, origin: _, message, objects, value, microsoft_error, help } = finding;
        let start = Line::at(indent).put(severity_tone(*severity), format_args!("{severity}[{code}] "));
        page.flow(start, indent + 2, Tone::Plain, message);
        let own = |id: &str| link.is_some_and(|link| link.ad.guid.to_string() == id || link.cloud.id.to_string() == id);
        for object in objects.iter().filter(|object| !own(&object.id) && !message.contains(&object.name)) {
            page.push(
                brief_label(indent, "with").plain(format_args!("{} ", object.kind)).put(Tone::Strong, &object.name),
            );
        }
        // A message names an address without its `smtp:`.
        let named = |value: &str| message.contains(value.rsplit_once(':').map_or(value, |(_, address)| address));
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty() && !named(value)) {
            page.push(brief_label(indent, "value").plain(value));
        }
        if let Some(name) = microsoft_error {
            page.push(brief_label(indent, "sync").plain(format_args!("would end with {name}")));
        }
        let help_label = brief_label(indent, "help");
        match self.advised.get(&(*code, help.as_str())) {
            Some(first) if first == name => {}
            Some(first) => page.push(help_label.put(Tone::Quiet, format_args!("as for {first}"))),
            None => {
                page.flow(help_label, indent + BRIEF_LABEL, Tone::Plain, help);
                self.advised.insert((*code, help), name.to_owned());
            }
        }
    }
}

/// Findings that are not errors, those alike together: the code, each message once with the links that it is about,
/// and what to do once.
pub fn grouped(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    let mut groups: BTreeMap<_, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    let mild = plan.findings.iter().filter(|finding| finding.severity != Severity::Error);
    for Finding { severity, code, link, message, help, .. } in mild {
        let links = groups.entry((*severity, *code, help)).or_default().entry(message).or_default();
        links.extend(link.as_ref().map(|id| by_link.name(id)));
    }
    for ((severity, code, help), messages) in groups {
        let start = Line::at(2).put(severity_tone(severity), format_args!("{severity}[{code}] "));
        let inner = 6;
        if let ([message], [links]) =
            (messages.keys().collect::<Vec<_>>().as_slice(), messages.values().collect::<Vec<_>>().as_slice())
        {
            page.flow(start, inner, Tone::Plain, message);
            if !links.is_empty() {
                page.list(brief_label(inner, "for"), inner + BRIEF_LABEL, Tone::Strong, links);
            }
        } else {
            page.push(start);
            for (message, links) in messages {
                let names = if links.is_empty() { String::new() } else { format!("{}: ", links.join(", ")) };
                page.flow(Line::at(inner).put(Tone::Strong, names), inner + 2, Tone::Plain, message);
            }
        }
        page.flow(brief_label(inner, "help"), inner + BRIEF_LABEL, Tone::Plain, help);
    }
}
