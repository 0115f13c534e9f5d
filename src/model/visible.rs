//! Making visible what a terminal, a log or an editor would obey or not show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character moves the cursor, changes colours, reorders a line, or is not seen at all: C0, C1 and DEL, the
/// Unicode direction marks (the "Trojan Source" characters, CVE-2021-42574), line and paragraph separators, zero-width
/// and other default-ignorable characters, and tags.
///
/// Source: Unicode Standard Annex #9 (bidirectional controls) and `DerivedCoreProperties`, `Default_Ignorable_Code_Point`.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text on one line, hidden characters written as `\n` or `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// JSON text in which hidden characters are written as `\uXXXX`: harmless on a terminal and in a review, and it parses to
/// exactly the same values (RFC 8259 section 7). They can only stand inside of JSON's strings, but for line feeds.
pub fn escape_json(text: &str) -> Cow<'_, str> {
    let is_raw = |c: char| is_hidden(c) && c != '\n';
    let is_plain = |octet: u8| octet == b'\n' || (b' '..=b'~').contains(&octet);
    if text.bytes().all(is_plain) || !text.contains(is_raw) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_raw(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// What a stream gets in the end, whoever wrote it: line feeds and tabs stay, and colours where the stream shows them
/// (`colour`); every other hidden character is made visible. Renderers see to that themselves, each in its own way; this
/// is for the one that forgets.
pub fn harmless(text: &str, colour: bool) -> Cow<'_, str> {
    let is_raw = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_raw) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if colour { colour_code(rest) } else { 0 };
        if length > 0 {
            out.push_str(&rest[..length]);
        } else if is_raw(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        rest = &rest[length.max(c.len_utf8())..];
    }
    Cow::Owned(out)
}

/// How many octets of a colour code (ECMA-48 "SGR") a text begins with; none of one that conceals.
fn colour_code(text: &str) -> usize {
    let Some(inside) = text.strip_prefix("\u{1b}[") else { return 0 };
    let length = inside.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(inside.len());
    let conceals = inside[..length].split(';').next() == Some("8");
    if inside[length..].starts_with('m') && !conceals { length + 3 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_pass_and_only_where_they_are_shown() {
        let painted = "\u{1b}[1;31mred\u{1b}[0m\ttab\n";
        assert_eq!(harmless(painted, true), painted);
        assert_eq!(harmless(painted, false), "\\u{1b}[1;31mred\\u{1b}[0m\ttab\n");
        let evil = "\u{1b}[2J\u{1b}]8;;http://x\u{7}\u{9b}31m\u{202e}\u{1b}[8mhidden\r";
        let shown = "\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{9b}31m\\u{202e}\\u{1b}[8mhidden\\r";
        assert_eq!(harmless(evil, true), shown);
        assert!(matches!(harmless("plain\n", false), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let hostile = "a\u{1b}[31mb\u{202e}c\u{200b}d\0e\nf\u{9b}g\u{e0041}h";
        assert_eq!(visible(hostile), "a\\u{1b}[31mb\\u{202e}c\\u{200b}d\\u{0}e\\nf\\u{9b}g\\u{e0041}h");
        assert!(matches!(visible("corp\\jürgen"), Cow::Borrowed("corp\\jürgen")));
    }
}
