//! Values for outputs that give characters a meaning: terminals, Markdown on GitHub, HTML, JSON.
//!
//! Each type wraps a raw text and displays it harmlessly, so that which escape applies is decided by type, at the place
//! of use.

use crate::model::visible::{escape_json, visible};
use serde::Serialize;
use std::fmt;
use std::fmt::Write as _;

/// A value for a terminal or a log: one line, hidden characters as `\n` or `\u{1b}`.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(self.0))
    }
}

/// A value as inline code in Markdown, in a table cell or outside of one. In code GitHub sees no mention, no link, no
/// issue number and no emphasis.
///
/// Source: GitHub Flavored Markdown, "Code spans" and "Tables" (a `|` in a cell is written `\|`, in code too).
#[derive(Clone, Copy, Debug)]
pub struct Code<'a>(pub &'a str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Text(self.0).to_string();
        if text.trim().is_empty() {
            return f.write_str("(empty)");
        }
        let ticks = "`".repeat(longest_run(&text, '`') + 1);
        let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
        write!(f, "{ticks}{pad}{}{pad}{ticks}", text.replace('|', "\\|"))
    }
}

/// A sentence with directory values in it, as Markdown prose on one line, after other text on that line. Everything that GitHub would interpret is
/// escaped. Mentions and issue numbers are found by GitHub *after* Markdown was rendered, where an escape is gone
/// already; an empty comment behind the sign keeps them apart.
#[derive(Clone, Copy, Debug)]
pub struct Prose<'a>(pub &'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Text(self.0).to_string();
        let mut chars = text.chars().peekable();
        let (mut before, mut previous) = (' ', ' ');
        while let Some(c) = chars.next() {
            match c {
                '@' => f.write_str("@<!-- -->")?,
                '#' => f.write_str("\\#<!-- -->")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '|' => f.write_str("&#124;")?,
                '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => write!(f, "\\{c}")?,
                // `GH-12` is an issue's number, too.
                '-' if previous.eq_ignore_ascii_case(&'h') && before.eq_ignore_ascii_case(&'g') => {
                    f.write_str("-<!-- -->")?;
                }
                // Bare addresses, `http://…` and `www.…`, become links too.
                ':' if chars.peek() == Some(&'/') => f.write_str("\\:")?,
                '.' if previous.eq_ignore_ascii_case(&'w') => f.write_str("\\.")?,
                _ => f.write_char(c)?,
            }
            (before, previous) = (previous, c);
        }
        Ok(())
    }
}

/// A value as `<code>` in an HTML line of a Markdown file, such as a `<summary>`.
#[derive(Clone, Copy, Debug)]
pub struct HtmlCode<'a>(pub &'a str);

impl fmt::Display for HtmlCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<code>")?;
        for c in Text(self.0).to_string().chars() {
            // Numeric entities for all punctuation: Markdown inside of inline HTML is still Markdown.
            if c.is_ascii_punctuation() { write!(f, "&#{};", u32::from(c))? } else { f.write_char(c)? }
        }
        f.write_str("</code>")
    }
}

/// A block of lines in a Markdown code fence that is longer than any run of backticks within. Lines are the caller's
/// and have no hidden characters ([`super::page::Page`] sees to that).
#[derive(Clone, Copy, Debug)]
pub struct Fence<'a> {
    /// The language behind the opening fence.
    pub language: &'static str,
    /// The lines, each with its line feed.
    pub lines: &'a str,
}

impl fmt::Display for Fence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = "`".repeat(longest_run(self.lines, '`').max(2) + 1);
        writeln!(f, "{ticks}{}\n{}{ticks}", self.language, self.lines)
    }
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// At most `max` characters of a text, with `…` where something was cut.
pub fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Pretty JSON with a line feed at the end. Hidden characters are written as `\uXXXX`, so the file is harmless on a
/// terminal and still parses to exactly the same values (RFC 8259 section 7).
pub fn json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(escape_json(&text).into_owned() + "\n")
}

/// JSON on one line, without a line feed at its end; otherwise as [`json`].
pub fn json_line<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(|text| escape_json(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::visible::is_hidden;

    #[test]
    fn inline_code_cannot_be_closed_from_within() {
        assert_eq!(Code("a|b").to_string(), "`a\\|b`");
        assert_eq!(Code("`` @x `").to_string(), "``` `` @x ` ```");
        assert_eq!(Code(" ").to_string(), "(empty)");
        assert_eq!(Code("a\n# b").to_string(), "`a\\n# b`");
    }

    #[test]
    fn prose_mentions_links_and_formats_nothing() {
        assert_eq!(
            Prose("@team <img> [x](http://y) #12 | `z` www.e.org").to_string(),
            "@<!-- -->team &lt;img&gt; \\[x\\](http\\://y) \\#<!-- -->12 &#124; \\`z\\` www\\.e.org"
        );
    }

    #[test]
    fn html_code_has_no_punctuation_left() {
        assert_eq!(HtmlCode("</summary>*").to_string(), "<code>&#60;&#47;summary&#62;&#42;</code>");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(Fence { language: "diff", lines: "````\n" }.to_string(), "`````diff\n````\n`````\n");
        assert_eq!(Fence { language: "", lines: "x\n" }.to_string(), "```\nx\n```\n");
    }

    #[test]
    fn json_stays_equal_and_becomes_harmless() {
        let value = "\u{9b}\u{202e}\u{7f}\u{e0041}\u{1b}ü\n";
        let text = json(&value).unwrap();
        assert!(!text.trim_end().contains(is_hidden), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("äöü", 2), "äö…");
        assert_eq!(clip("äö", 2), "äö");
    }
}
