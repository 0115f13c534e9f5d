//! Problems in files that people write: what is wrong, where exactly, what to do.
//!
//! A [`Diagnostic`] is data; [`Diagnostic::render`] draws it for a terminal, [`Diagnostic::to_json`] gives it to
//! scripts. Both need the [`Sources`] that the labels point into. Nothing of a file reaches a terminal raw: control and
//! direction characters are made visible, and values that look like secrets were masked when the file was added.

use crate::model::visible::{is_hidden, visible};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Nothing goes on before this is mended.
    Error,
}

/// Which file of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// A marked place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub file: SourceId,
    /// Octets of the file's text.
    pub span: Range<usize>,
    /// What is said there; may be empty.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a diagnostic that nobody shows helps nobody"]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name in kebab-case, for scripts and for the documentation.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where; the first one is the place of the problem, the others explain it.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

/// The texts that diagnostics point into, kept as they may be shown.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceText>,
}

#[derive(Clone, Debug)]
struct SourceText {
    name: String,
    /// The text with the same octets at the same places, but for what may not be shown.
    shown: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

/// Line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1; a byte order mark is not counted.
    pub column: usize,
}

/// A [`Label`] for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LabelJson {
    /// The file's name.
    pub file: String,
    /// First character.
    pub start: Position,
    /// One behind the last character.
    pub end: Position,
    /// What is said there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A [`Diagnostic`] for scripts: `file`, `line`, `column` and `end` are those of the first label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiagnosticJson {
    /// How bad it is.
    pub severity: Severity,
    /// The stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Character in the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// One behind the last character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Position>,
    /// The further places that explain it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<LabelJson>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Sources {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        // Same length in octets, so that spans stay right. The renderer replaces C0 and tabs itself.
        let shown = text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
            match (is_hidden(c), c.len_utf8()) {
                (true, 2) => shown.push('·'),
                (true, 3) => shown.push('\u{fffd}'),
                (true, 4) => shown.push_str("··"),
                _ => shown.push(c),
            }
            shown
        });
        self.files.push(SourceText { name: visible(name).into_owned(), shown, lines });
        SourceId(self.files.len() - 1)
    }

    /// Hides a part of a file from everything that is shown later. Line ends stay.
    pub fn mask(&mut self, file: SourceId, span: Range<usize>) {
        let source = &mut self.files[file.0];
        let span = source.clamp(&span);
        let hidden: String = source.shown[span.clone()]
            .chars()
            .flat_map(|c| std::iter::repeat_n(if c == '\n' || c == '\r' { c } else { '*' }, c.len_utf8()))
            .collect();
        source.shown.replace_range(span, &hidden);
    }

    /// A file's name, made visible.
    pub fn name(&self, file: SourceId) -> &str {
        &self.files[file.0].name
    }

    /// Where an octet of a file stands.
    pub fn position(&self, file: SourceId, octet: usize) -> Position {
        self.files[file.0].position(octet)
    }
}

impl SourceText {
    /// Moves both ends to character boundaries within the text.
    fn clamp(&self, span: &Range<usize>) -> Range<usize> {
        let floor = |mut at: usize| {
            at = at.min(self.shown.len());
            while !self.shown.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        start..floor(span.end).max(start)
    }

    /// The index of the line that an octet is in.
    fn line(&self, octet: usize) -> usize {
        self.lines.partition_point(|start| *start <= octet).saturating_sub(1)
    }

    fn position(&self, octet: usize) -> Position {
        let octet = self.clamp(&(octet..octet)).start;
        let line = self.line(octet);
        let before = &self.shown[self.lines[line]..octet];
        let mark = usize::from(line == 0 && octet > 0 && self.starts_with_mark());
        Position { line: line + 1, column: before.chars().count() - mark + 1 }
    }

    /// Whether a byte order mark stands at the start (it is shown as U+FFFD, which no one writes there).
    fn starts_with_mark(&self) -> bool {
        self.shown.starts_with('\u{fffd}')
    }

    /// The part from the line of `start` to the line of `end`, both inclusive: where it begins, and its text. Rendering
    /// whole files would cost their size for each problem.
    fn lines_around(&self, start: usize, end: usize) -> (usize, &str) {
        let mut from = self.lines[self.line(start)];
        if from == 0 && self.starts_with_mark() {
            from = '\u{fffd}'.len_utf8();
        }
        let to = self.lines.get(self.line(end) + 1).copied().unwrap_or(self.shown.len());
        (from, self.shown[from..to].trim_end_matches(['\r', '\n']))
    }
}

impl Label {
    /// A marked place.
    pub fn new(file: SourceId, span: Range<usize>, text: impl Into<String>) -> Self {
        Self { file, span, text: text.into() }
    }
}

impl Diagnostic {
    /// An error; labels and help are added to it.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), labels: Vec::new(), help: None }
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place.
    pub fn label(mut self, file: SourceId, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label::new(file, span, text));
        self
    }

    /// Says what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Whether nothing can go on.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Draws the problem with its marked lines. `width` is the terminal's, in columns.
    pub fn render(&self, sources: &Sources, colour: bool, width: usize) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let message = visible(&self.message);
        let mut group = Group::with_title(level.primary_title(message.as_ref()).id(self.code));
        let texts: Vec<Cow<'_, str>> = self.labels.iter().map(|label| visible(&label.text)).collect();
        for (file, labels) in self.labels_by_place(sources) {
            let source = &sources.files[file.0];
            let start = labels.iter().map(|at| self.labels[*at].span.start).min().unwrap_or_default();
            let end = labels.iter().map(|at| self.labels[*at].span.end).max().unwrap_or_default();
            let clamped = source.clamp(&(start..end.max(start)));
            let (from, text) = source.lines_around(clamped.start, clamped.end);
            let annotations = labels.iter().map(|at| {
                let span = source.clamp(&self.labels[*at].span);
                let local = |octet: usize| octet.saturating_sub(from).min(text.len());
                let kind = if *at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                let label = (!texts[*at].is_empty()).then(|| texts[*at].as_ref());
                kind.span(local(span.start)..local(span.end)).label(label)
            });
            group = group.element(
                Snippet::source(text)
                    .path(source.name.as_str())
                    .line_start(source.line(from) + 1)
                    .annotations(annotations),
            );
        }
        let help = self.help.as_deref().map(visible);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_ref()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(width).decor_style(DecorStyle::Ascii).render(&[group])
    }

    /// The labels' indexes, gathered where they lie close together in one file, in the order of their first label.
    fn labels_by_place(&self, sources: &Sources) -> Vec<(SourceId, Vec<usize>)> {
        const CLOSE: usize = 8;
        let mut places: Vec<(SourceId, usize, Vec<usize>)> = Vec::new();
        for (at, label) in self.labels.iter().enumerate() {
            let line = sources.position(label.file, label.span.start).line;
            match places.iter_mut().find(|(file, near, _)| *file == label.file && near.abs_diff(line) <= CLOSE) {
                Some((_, _, labels)) => labels.push(at),
                None => places.push((label.file, line, vec![at])),
            }
        }
        places.into_iter().map(|(file, _, labels)| (file, labels)).collect()
    }

    /// The form for scripts.
    pub fn to_json(&self, sources: &Sources) -> DiagnosticJson {
        let mut labels = self.labels.iter().map(|label| LabelJson {
            file: sources.name(label.file).to_owned(),
            start: sources.position(label.file, label.span.start),
            end: sources.position(label.file, label.span.end),
            text: visible(&label.text).into_owned(),
        });
        let first = labels.next();
        DiagnosticJson {
            severity: self.severity,
            code: self.code.to_owned(),
            message: visible(&self.message).into_owned(),
            file: first.as_ref().map(|label| label.file.clone()),
            line: first.as_ref().map(|label| label.start.line),
            column: first.as_ref().map(|label| label.start.column),
            end: first.as_ref().map(|label| label.end),
            related: labels.collect(),
            help: self.help.as_deref().map(|help| visible(help).into_owned()),
        }
    }
}

/// Draws all of them, one blank line between two, and a last line that counts them ("2 errors, 1 warning"). Empty if
/// there are none.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, colour: bool, width: usize) -> String {
    let mut out = String::new();
    let mut counts: BTreeMap<std::cmp::Reverse<Severity>, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{}\n", diagnostic.render(sources, colour, width).trim_end());
        *counts.entry(std::cmp::Reverse(diagnostic.severity)).or_default() += 1;
    }
    let counted: Vec<String> = counts
        .into_iter()
        .map(|(severity, count)| {
            let word = match severity.0 {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            format!("{count} {word}{}", if count == 1 { "" } else { "s" })
        })
        .collect();
    if !counted.is_empty() {
        let _ = writeln!(out, "{}", counted.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn draws_the_place_the_code_and_the_help() {
        let mut sources = Sources::new();
        let file = sources.add("plans/a.toml", "version = 1\r\n[[link]]\r\nad = \"jö\"\r\ncluod = \"x\"\r\n");
        let diagnostic = Diagnostic::error("unknown-key", "`cluod` is not a key of [[link]]")
            .label(file, 35..40, "did you mean `cloud`?")
            .label(file, 13..21, "in this link")
            .help("write `cloud`");
        assert_data_eq!(
            diagnostic.render(&sources, false, 80),
            str![[r#"
error[unknown-key]: `cluod` is not a key of [[link]]
 --> plans/a.toml:4:1
  |
2 | [[link]]
  | -------- in this link
3 | ad = "jö"
4 | cluod = "x"
  | ^^^^^ did you mean `cloud`?
  |
  = help: write `cloud`
"#]]
        );
        let json = diagnostic.to_json(&sources);
        assert_eq!((json.line, json.column, json.end), (Some(4), Some(1), Some(Position { line: 4, column: 6 })));
        assert_eq!(json.related[0].start, Position { line: 2, column: 1 });
    }

    #[test]
    fn places_far_apart_are_drawn_apart() {
        let mut sources = Sources::new();
        let text = format!("first\n{}last\n", "x\n".repeat(1000));
        let file = sources.add("f", &text);
        let end = text.len() - 5;
        let drawn = Diagnostic::error("twice", "both").label(file, end..end + 4, "").label(file, 0..5, "");
        assert_data_eq!(
            drawn.render(&sources, false, 80),
            str![[r"
error[twice]: both
    --> f:1002:1
     |
1002 | last
     | ^^^^
     |
    ::: f:1:1
     |
   1 | first
     | -----
"]]
        );
    }

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        let mut sources = Sources::new();
        let text = "\u{feff}a = '\u{1b}[31m\u{9b}2J\u{202e}\u{200b}'";
        let file = sources.add("evil\u{1b}]0;x\u{7}.toml", text);
        let drawn = Diagnostic::warning("x", "name \u{1b}[1m\u{85}")
            .label(file, 3..text.len(), "label\u{2066}\n")
            .help("help\u{1b}")
            .render(&sources, false, 80);
        let raw: Vec<char> = drawn.chars().filter(|c| *c != '\n' && is_hidden(*c)).collect();
        assert!(raw.is_empty(), "{raw:?} in\n{drawn}");
    }

    #[test]
    fn what_is_masked_is_not_drawn_and_a_byte_order_mark_moves_nothing() {
        let mut sources = Sources::new();
        let text = "\u{feff}password = \"hünter2\"\n";
        let file = sources.add("m", text);
        let span = 3 + 11..text.len() - 1;
        sources.mask(file, span.clone());
        let drawn =
            Diagnostic::error("secret-in-file", "a secret").label(file, span.clone(), "").render(&sources, false, 80);
        assert!(!drawn.contains("nter2") && drawn.contains("m:1:12"), "{drawn}");
        assert_eq!(sources.position(file, span.start).column, 12);
    }

    #[test]
    fn spans_outside_of_the_text_do_no_harm() {
        let mut sources = Sources::new();
        for text in ["", "\u{feff}", "ä", "a\r\n", "\r", "\n\n"] {
            let file = sources.add("f", text);
            for start in 0..5 {
                for end in 0..5 {
                    let d = Diagnostic::error("x", "m").label(file, start..end, "t").label(file, end..start, "u");
                    let _ = (d.render(&sources, false, 80), d.to_json(&sources));
                }
            }
        }
    }

    #[test]
    fn all_are_counted() {
        let sources = Sources::new();
        let drawn = render_all(&[Diagnostic::warning("b", "w"), Diagnostic::error("a", "e")], &sources, false, 80);
        assert!(drawn.ends_with("\n1 error, 1 warning\n"), "{drawn}");
        assert_eq!(render_all(&[], &sources, false, 80), "");
    }
}
