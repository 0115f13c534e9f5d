//! Making visible what a terminal, a log or an editor would obey or not show.

use std::borrow::Cow;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let hostile = "a\u{1b}[31mb\u{202e}c\u{200b}d\0e\nf\u{9b}g\u{e0041}h";
        assert_eq!(visible(hostile), "a\\u{1b}[31mb\\u{202e}c\\u{200b}d\\u{0}e\\nf\\u{9b}g\\u{e0041}h");
        assert!(matches!(visible("corp\\jürgen"), Cow::Borrowed("corp\\jürgen")));
    }
}
