//! What the lint found, as text, JSON and CSV.

use super::events::count;
use super::finding_text::severity_tone;
use super::page::{Line, Mark, Page};
use super::safe::{self, Text};
use super::style::{Style, Tone};
use crate::rules::finding::Severity;
use crate::rules::lint::finding::{LintFinding, Proposal};
use crate::rules::lint::run::{LintCounts, LintReport, LintScope};
use std::fmt::Write as _;

/// The columns of the CSV.
const COLUMNS: [&str; 14] = [
    "severity",
    "code",
    "confidence",
    "object_kind",
    "object",
    "object_id",
    "place",
    "attribute",
    "value",
    "proposed_action",
    "proposed_value",
    "held_also_by",
    "message",
    "help",
];

/// As text: the findings by object, then how many there are. `list_left_out` adds the objects that were left out.
pub fn to_text(report: &LintReport, style: Style, width: usize, list_left_out: bool) -> String {
    let LintReport { format_version: _, scope, counts, findings, left_out } = report;
    let mut page = Page::new(width);
    heading(&mut page, scope);
    let mut last = None;
    for finding in findings {
        let object = &finding.object;
        if last != Some(&object.id) {
            page.gap();
            page.push(
                Line::at(0)
                    .put(Tone::Strong, &object.name)
                    .put(Tone::Quiet, format_args!("  {}  {}", object.kind, object.place)),
            );
            last = Some(&object.id);
        }
        lines(&mut page, finding);
    }
    if list_left_out && !left_out.is_empty() {
        page.gap();
        page.push(Line::at(0).put(Tone::Strong, "Left out, as the sync leaves them out"));
        for one in left_out {
            page.push(Line::at(2).plain(&one.object.name).put(Tone::Quiet, format_args!("  {}", one.why)));
        }
    }
    page.gap();
    page.sentence(0, "", Tone::Plain, &summary(*counts, findings.len(), list_left_out));
    page.to_text(style)
}

fn heading(page: &mut Page, scope: &LintScope) {
    let LintScope { domains, base, filter, tenant_known } = scope;
    page.push(Line::at(0).put(Tone::Strong, format_args!("Lint of {}", domains.join(", "))));
    for (label, value) in [("base", base), ("filter", filter)] {
        if let Some(value) = value {
            page.push(Line::labelled(2, label).plain(value));
        }
    }
    if !tenant_known {
        let text = "not read: whether a domain is verified there is judged by its form alone";
        page.push(Line::labelled(2, "tenant").put(Tone::Quiet, text));
    }
}

fn lines(page: &mut Page, finding: &LintFinding) {
    let LintFinding { object: _, attribute, value, severity, code, confidence, proposed, message, help, duplicate_of } =
        finding;
    let mark = if *severity == Severity::Error { Mark::Alarm } else { Mark::None };
    page.push(
        Line::at(2)
            .mark(mark)
            .put(severity_tone(*severity), format_args!("{severity}[{code}]"))
            .put(Tone::Quiet, format_args!(" ({confidence})")),
    );
    if let Some(value) = value {
        page.push(Line::at(6).put(Tone::Quiet, format_args!("{attribute}  ")).plain(value));
    }
    page.sentence(6, "", Tone::Plain, message);
    for held in duplicate_of {
        page.push(
            Line::labelled(6, "held by")
                .plain(format_args!("{} ", held.object.kind))
                .put(Tone::Strong, &held.object.name)
                .plain(format_args!(" ({}: {}) in {}", held.attribute, held.value, held.object.place)),
        );
    }
    match proposed {
        Some(Proposal::Set { value }) => page.push(Line::labelled(6, "proposed").put(Tone::Add, value)),
        Some(Proposal::Remove) => page.push(Line::labelled(6, "proposed").put(Tone::Remove, "remove it")),
        None => {}
    }
    page.sentence(6, "help", Tone::Plain, help);
}

/// How many there are, and how many of them are not shown.
pub fn summary(counts: LintCounts, shown: usize, listed: bool) -> String {
    let LintCounts { objects, left_out, errors, warnings, infos } = counts;
    let mut text = format!(
        "{} linted, {left_out} left out: {}, {}, {}",
        count(objects, "object"),
        count(errors, "error"),
        count(warnings, "warning"),
        count(infos, "remark")
    );
    let hidden = (errors + warnings + infos).saturating_sub(shown);
    if hidden > 0 {
        let _ = write!(text, ", of which {hidden} are not shown (--severity)");
    }
    text.push('.');
    if left_out > 0 && !listed {
        text.push_str(" `--left-out` lists what was left out and why.");
    }
    text
}

/// As JSON, with the format's version.
pub fn to_json(report: &LintReport) -> Result<String, serde_json::Error> {
    safe::json(report)
}

/// CSV text, and whether a cell in it was kept from being a formula.
pub struct Csv {
    /// The text, with a header.
    pub text: String,
    /// Cells that got an apostrophe before them.
    pub defused: usize,
}

/// As CSV (RFC 4180), one finding to a line. Hidden characters are made visible. A cell that a spreadsheet would run as a
/// formula gets an apostrophe before it.
///
/// Source: OWASP, "CSV Injection".
pub fn to_csv(report: &LintReport) -> Result<Csv, csv::Error> {
    let mut defused = 0;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for finding in &report.findings {
        let LintFinding { object, attribute, value, severity, code, confidence, proposed, message, help, duplicate_of } =
            finding;
        let (action, new) = match proposed {
            Some(Proposal::Set { value }) => ("set", value.as_str()),
            Some(Proposal::Remove) => ("remove", ""),
            None => ("", ""),
        };
        let holders: Vec<String> = duplicate_of
            .iter()
            .map(|held| format!("{} {} ({}: {})", held.object.kind, held.object.name, held.attribute, held.value))
            .collect();
        let (severity, holders) = (severity.to_string(), holders.join("; "));
        let cells: [&str; COLUMNS.len()] = [
            &severity,
            code.as_str(),
            confidence.as_str(),
            &object.kind,
            &object.name,
            &object.id,
            &object.place,
            attribute.name(),
            value.as_deref().unwrap_or_default(),
            action,
            new,
            &holders,
            message,
            help,
        ];
        writer.write_record(cells.map(|cell| harmless(cell, &mut defused)))?;
    }
    let octets = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    // Every cell was text, and so is what was written between them.
    Ok(Csv { text: String::from_utf8_lossy(&octets).into_owned(), defused })
}

fn harmless(cell: &str, defused: &mut usize) -> String {
    let shown = Text(cell).to_string();
    // A spreadsheet looks past blanks.
    if shown.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        *defused += 1;
        return format!("'{shown}");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::finding::{FindingCode, ObjectRef};
    use crate::rules::lint::finding::{Attribute, Confidence, HeldBy};
    use crate::rules::lint::run::REPORT_VERSION;

    fn hostile() -> LintReport {
        let object = |name: &str| ObjectRef {
            kind: "AD user".to_owned(),
            id: name.to_owned(),
            name: format!("corp\\{name}"),
            place: format!("CN={name},DC=corp"),
        };
        LintReport {
            format_version: REPORT_VERSION,
            scope: LintScope { domains: vec!["corp".to_owned()], ..LintScope::default() },
            counts: LintCounts { objects: 1, left_out: 0, errors: 1, warnings: 1, infos: 0 },
            findings: vec![LintFinding {
                object: object("jane"),
                attribute: Attribute::Mail,
                value: Some("=cmd|'/c calc'!A1\u{1b}[31m\r\n,\"x\"".to_owned()),
                severity: Severity::Error,
                code: FindingCode::AddressDuplicate,
                confidence: Confidence::Documented,
                proposed: Some(Proposal::Set { value: " +49@contoso.com".to_owned() }),
                message: "Bad.".to_owned(),
                help: "Good.".to_owned(),
                duplicate_of: vec![HeldBy {
                    object: object("joe"),
                    attribute: Attribute::ProxyAddresses,
                    value: "SMTP:a@b\u{202e}".to_owned(),
                    left_out: false,
                }],
            }],
            left_out: Vec::new(),
        }
    }

    #[test]
    fn csv_reads_back_and_runs_nothing() {
        let Csv { text, defused } = to_csv(&hostile()).unwrap();
        assert_eq!(defused, 2);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(&rows[0][8], "'=cmd|'/c calc'!A1\\u{1b}[31m\\r\\n,\"x\"");
        assert_eq!(&rows[0][10], "' +49@contoso.com");
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text:?}");
        for first in "=+-@".chars() {
            assert!(harmless(&format!("{first}1"), &mut 0).starts_with('\''));
        }
        assert_eq!(harmless("jane@contoso.com", &mut 0), "jane@contoso.com");
    }

    #[test]
    fn text_shows_what_a_terminal_would_obey_and_both_holders() {
        let text = to_text(&hostile(), Style::PLAIN, 100, false);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text:?}");
        assert!(text.contains("corp\\jane") && text.contains("corp\\joe"), "{text}");
        assert!(text.contains("of which 1 are not shown"), "{text}");
    }

    #[test]
    fn json_has_a_version_and_the_exact_values() {
        let json = to_json(&hostile()).unwrap();
        assert_eq!(serde_json::from_str::<LintReport>(&json).unwrap(), hostile());
        assert!(json.contains("\"format_version\": 1") && !json.contains('\u{1b}'));
    }
}
