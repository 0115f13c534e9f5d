//! A page: lines with marks and tones, to be written as text for a terminal or as a `diff` block for Markdown.
//!
//! Every piece of every line passes [`Text`] on its way in, so no renderer can forget to.

use super::safe::{Fence, Text};
use super::style::{Style, Tone};
use std::fmt::{Display, Write as _};

/// What a line says about what it shows, in its first column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    #[default]
    None,
    /// `+`: it comes.
    Add,
    /// `-`: it goes.
    Remove,
    /// `~`: it changes.
    Change,
    /// `>`: it moves.
    Move,
    /// `!`: it is lost, blocked, or cannot be undone.
    Alarm,
}

impl Mark {
    /// The mark's sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Add => "+",
            Self::Remove => "-",
            Self::Change => "~",
            Self::Move => ">",
            Self::Alarm => "!",
        }
    }

    /// The tone of the sign.
    pub const fn tone(self) -> Tone {
        match self {
            Self::None => Tone::Plain,
            Self::Add => Tone::Add,
            Self::Remove => Tone::Remove,
            Self::Change | Self::Move => Tone::Change,
            Self::Alarm => Tone::Alarm,
        }
    }
}

/// One line.
#[derive(Clone, Debug, Default)]
#[must_use = "a line is shown only once it is on a page"]
pub struct Line {
    indent: usize,
    mark: Mark,
    spans: Vec<(Tone, String)>,
}

/// How wide the names before values are.
const LABEL: usize = 10;

impl Line {
    /// An empty line that starts after `indent` columns.
    pub fn at(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// A line that starts with a name in a column of its own.
    pub fn labelled(indent: usize, label: &str) -> Self {
        Self::at(indent).put(Tone::Quiet, format_args!("{label:<LABEL$} "))
    }

    /// Puts a mark before the line's text.
    pub const fn mark(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }

    /// Adds a piece of text; what a terminal would obey is made visible.
    pub fn put(mut self, tone: Tone, text: impl Display) -> Self {
        let text = text.to_string();
        self.spans.push((tone, Text(&text).to_string()));
        self
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        let mark = if self.mark == Mark::None { 0 } else { 2 };
        self.indent + mark + self.spans.iter().map(|(_, text)| text.chars().count()).sum::<usize>()
    }

    /// Adds spaces up to a column; none if the line reaches it already.
    pub fn to_column(self, column: usize) -> Self {
        let spaces = column.saturating_sub(self.width());
        self.plain(format_args!("{:spaces$}", ""))
    }

    /// Adds a piece of text in no particular tone.
    pub fn plain(self, text: impl Display) -> Self {
        self.put(Tone::Plain, text)
    }
}

/// Lines in order.
#[derive(Clone, Debug)]
pub struct Page {
    width: usize,
    lines: Vec<Line>,
}

impl Page {
    /// An empty page. Sentences are wrapped at `width` columns (never under 40); values are never wrapped, because
    /// people copy them.
    pub fn new(width: usize) -> Self {
        Self { width: width.max(40), lines: Vec::new() }
    }

    /// Adds a line.
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds an empty line, unless the page is empty or ends in one.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.lines.push(Line::default());
        }
    }

    /// How many columns there are.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Adds a sentence after a name, wrapped.
    pub fn sentence(&mut self, indent: usize, label: &str, tone: Tone, text: &str) {
        let text = Text(text).to_string();
        let hanging = if label.is_empty() { indent } else { indent + LABEL + 1 };
        let first = if label.is_empty() { Line::at(hanging) } else { Line::labelled(indent, label) };
        self.wrapped(first, hanging, tone, words(&text).iter().map(String::as_str));
    }

    /// Adds a sentence behind what stands on `first`, wrapped; further lines start after `hanging` columns.
    pub fn flow(&mut self, first: Line, hanging: usize, tone: Tone, text: &str) {
        let text = Text(text).to_string();
        self.wrapped(first, hanging, tone, words(&text).iter().map(String::as_str));
    }

    /// As [`Page::flow`], for names with commas in between; no name is broken.
    pub fn list(&mut self, first: Line, hanging: usize, tone: Tone, names: &[String]) {
        let last = names.len().saturating_sub(1);
        let names: Vec<String> =
            (0..).zip(names).map(|(n, name)| format!("{}{}", Text(name), if n < last { "," } else { "" })).collect();
        self.wrapped(first, hanging, tone, names.iter().map(String::as_str));
    }

    /// Breaks between words, so that no line is longer than the page is wide unless a single word is.
    fn wrapped<'a>(&mut self, first: Line, hanging: usize, tone: Tone, words: impl Iterator<Item = &'a str>) {
        let width = self.width.max(hanging + 20);
        let (mut line, mut part) = (first, String::new());
        let mut used = line.width();
        for word in words.filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            let space = usize::from(!part.is_empty());
            if used + space + length > width && used > hanging {
                self.push(line.put(tone, std::mem::take(&mut part)));
                (line, used) = (Line::at(hanging), hanging);
            }
            if !part.is_empty() {
                part.push(' ');
                used += 1;
            }
            part.push_str(word);
            used += length;
        }
        self.push(line.put(tone, part));
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The page as text, each line with its line feed.
    pub fn to_text(&self, style: Style) -> String {
        let mut out = String::new();
        for Line { indent, mark, spans } in &self.lines {
            if !spans.is_empty() {
                let _ = write!(out, "{:indent$}", "");
                if *mark != Mark::None {
                    style.paint_into(&mut out, mark.tone(), mark.sign());
                    out.push(' ');
                }
                for (tone, text) in spans {
                    style.paint_into(&mut out, *tone, text);
                }
                out.truncate(out.trim_end_matches(' ').len());
            }
            out.push('\n');
        }
        out
    }

    /// The page as a fenced `diff` block: marks in the first column, where GitHub colours by them.
    pub fn to_fence(&self) -> String {
        let mut lines = String::new();
        let margin = self.lines.iter().filter(|l| !l.spans.is_empty()).map(|l| l.indent).min().unwrap_or_default();
        for Line { indent, mark, spans } in &self.lines {
            let sign = if *mark == Mark::Change { "!" } else { mark.sign() };
            let text: String = spans.iter().map(|(_, text)| text.as_str()).collect();
            let indent = indent.saturating_sub(margin);
            let line = format!("{sign:<1} {:indent$}{text}", "");
            lines.push_str(line.trim_end());
            lines.push('\n');
        }
        Fence { language: "diff", lines: &lines }.to_string()
    }
}

/// The words of a text. What stands between backticks is one word, so that a command to be typed is never broken.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut inside = false;
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if inside => last.extend([" ", word]),
            _ => words.push(word.to_owned()),
        }
        inside ^= word.matches('`').count() % 2 == 1;
    }
    if inside {
        // A backtick without its partner, from a directory: no reason for one endless line.
        return text.split(' ').map(str::to_owned).collect();
    }
    words
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use snapbox::IntoData as _;

    #[test]
    fn sentences_wrap_and_values_do_not() {
        let mut page = Page::new(40);
        page.sentence(2, "why", Tone::Plain, "one two three four five six seven eight");
        page.push(Line::at(2).plain("CN=a very long name that somebody wants to copy,DC=corp"));
        let text = page.to_text(Style::PLAIN);
        snapbox::assert_data_eq!(
            text,
            snapbox::str![[r#"
  why        one two three four five six
             seven eight
  CN=a very long name that somebody wants to copy,DC=corp

"#]]
            .raw()
        );
    }

    #[test]
    fn a_command_is_not_broken() {
        let mut page = Page::new(40);
        page.sentence(0, "", Tone::Plain, "the links are waiting; `matchplan --lab rollback` takes it all back");
        page.sentence(0, "", Tone::Plain, "a name` with one backtick from a directory is still wrapped");
        snapbox::assert_data_eq!(
            page.to_text(Style::PLAIN),
            snapbox::str![[r#"
the links are waiting;
`matchplan --lab rollback` takes it all
back
a name` with one backtick from a
directory is still wrapped

"#]]
            .raw()
        );
    }

    #[test]
    fn a_hostile_value_cannot_leave_its_line() {
        let mut page = Page::new(80);
        page.push(Line::at(0).mark(Mark::Add).plain("x\n```\n@team \u{1b}[2J"));
        page.sentence(0, "", Tone::Warn, "a\u{202e}b\nc");
        assert_eq!(page.to_text(Style::PLAIN), "+ x\\n```\\n@team \\u{1b}[2J\na\\u{202e}b\\nc\n");
        assert!(page.to_fence().starts_with("````diff\n"), "{}", page.to_fence());
    }
}
