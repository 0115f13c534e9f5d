//! Values in a PowerShell script. They reach it only through these types, so that nothing in a directory can end a literal
//! or a comment and become a command.

use crate::model::visible::{is_hidden, visible};
use std::fmt;

/// A text as a literal in single quotes, in which PowerShell expands nothing. PowerShell also takes typographic quotes for
/// single quotes, and each is written twice. Characters that are not seen are written by their numbers.
///
/// Source: Microsoft, PowerShell documentation, "about_Quoting_Rules" and "about_Special_Characters".
pub struct Literal<'a>(pub &'a str);

/// What PowerShell takes for a single quote.
pub const fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}')
}

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.chars().any(is_hidden) {
            f.write_str("'")?;
            self.0
                .chars()
                .try_for_each(|c| write!(f, "{c}{}", if is_quote(c) { String::from(c) } else { String::new() }))?;
            return f.write_str("'");
        }
        let mut open = false;
        f.write_str("(-join @(")?;
        for (n, c) in self.0.chars().enumerate() {
            if is_hidden(c) {
                f.write_str(if open {
                    "', "
                } else if n > 0 {
                    ", "
                } else {
                    ""
                })?;
                write!(f, "[char]::ConvertFromUtf32({})", u32::from(c))?;
                open = false;
                continue;
            }
            if !open {
                f.write_str(if n > 0 { ", '" } else { "'" })?;
                open = true;
            }
            write!(f, "{c}")?;
            if is_quote(c) {
                write!(f, "{c}")?;
            }
        }
        f.write_str(if open { "'))" } else { "))" })
    }
}

/// Several of them as an array.
pub struct List<'a>(pub &'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("@(")?;
        for (n, value) in self.0.iter().enumerate() {
            write!(f, "{}{}", if n > 0 { ", " } else { "" }, Literal(value))?;
        }
        f.write_str(")")
    }
}

/// A text as the rest of a comment line: what would end the line is made visible.
pub struct Comment<'a>(pub &'a str);

impl fmt::Display for Comment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "# {}", visible(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What PowerShell reads of an expression that is made of literals in single quotes and of characters by number.
    /// Panics where anything else is in it.
    fn read(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text.strip_prefix("(-join @(").map_or(text, |inner| inner.strip_suffix("))").unwrap());
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("[char]::ConvertFromUtf32(") {
                let (number, behind) = behind.split_once(')').unwrap();
                out.push(char::from_u32(number.parse().unwrap()).unwrap());
                rest = behind;
            } else {
                let mut chars = rest.char_indices();
                assert!(is_quote(chars.next().unwrap().1), "{rest}");
                let mut chars = chars.peekable();
                let end = loop {
                    let (at, c) = chars.next().expect("it ends");
                    if !is_quote(c) {
                        out.push(c);
                    } else if chars.peek().is_some_and(|(_, next)| is_quote(*next)) {
                        out.push(c);
                        chars.next();
                    } else {
                        break at + c.len_utf8();
                    }
                };
                rest = &rest[end..];
            }
            rest = rest.strip_prefix(", ").unwrap_or_else(|| {
                assert!(rest.is_empty(), "{rest}");
                rest
            });
        }
        out
    }

    #[test]
    fn a_value_cannot_leave_its_literal() {
        assert_eq!(Literal("O'Brien").to_string(), "'O''Brien'");
        assert_eq!(Literal("$(Remove-Item x)`\"").to_string(), "'$(Remove-Item x)`\"'");
        assert_eq!(Literal("a’; Stop-Computer #").to_string(), "'a’’; Stop-Computer #'");
        assert_eq!(Literal("a\nb").to_string(), "(-join @('a', [char]::ConvertFromUtf32(10), 'b'))");
        assert_eq!(Literal("").to_string(), "''");
        assert!(!Comment("x\nStop-Computer\r\u{2028}y").to_string().contains(['\n', '\r', '\u{2028}']));
    }

    proptest! {
        #[test]
        fn powershell_reads_what_was_meant(text in "(\\PC|['’‘‚‛$`\"\n\r\t\u{0}\u{202e},)(]){0,30}") {
            let literal = Literal(&text).to_string();
            prop_assert_eq!(read(&literal), text, "{}", literal);
        }
    }
}
