//! Words of servers and commands, made fit for an error message: one line, no control characters, not endless.

use super::scrub::scrub;
use crate::model::visible::is_hidden;

/// The longest text that is kept, in characters.
const LONGEST: usize = 500;

/// The text on one line: runs of white space become one space, other characters that are not seen or that a terminal
/// would obey become `\u{…}`, and what is longer than 500 characters is cut with an ellipsis.
pub fn one_line(text: &str) -> String {
    // Before the cut: half a secret is not recognised.
    let text = scrub(text);
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let words = text.split_whitespace().flat_map(|word| [" ", word]).skip(1);
    for (at, ch) in words.flat_map(str::chars).enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        if is_hidden(ch) { out.extend(ch.escape_unicode()) } else { out.push(ch) }
    }
    out
}

/// The first `count` lines that hold something, each as [`one_line`], joined by ` / `.
pub fn first_lines(text: &str, count: usize) -> String {
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).take(count).map(one_line).collect();
    lines.join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_cannot_reach_the_terminal() {
        assert_eq!(one_line("a\r\n  b\u{1b}[31mred\0\u{202e}"), "a b\\u{1b}[31mred\\u{0}\\u{202e}");
        assert_eq!(one_line("a\u{200b}b\u{e0100}\u{61c}"), "a\\u{200b}b\\u{e0100}\\u{61c}");
        assert_eq!(one_line(&"x".repeat(600)).chars().count(), LONGEST + 1);
        super::super::scrub::remember("cut-in-half-4711");
        let cut = one_line(&format!("{}cut-in-half-4711", "x ".repeat(246)));
        assert!(cut.ends_with("x [redacte…"), "{cut}");
        assert_eq!(first_lines("\n one \n\ntwo\nthree", 2), "one / two");
    }
}
