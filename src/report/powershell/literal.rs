//! Pieces of a PowerShell script. A value reaches the script only through [`quote`], [`list`] or [`remark`], so that nothing
//! in a directory can end a literal or a comment and become a command; what stands around it is text of this program.
//!
//! Everything is printable ASCII and line feeds. Windows PowerShell 5.1 reads a file without a byte order mark in the
//! machine's code page, in which octets of other letters are quotation marks; and PowerShell takes typographic quotation
//! marks for quotation marks in any encoding.
//!
//! Source: Microsoft, PowerShell documentation, `about_Quoting_Rules`, `about_Character_Encoding`, `about_Requires`.

use std::fmt;
use std::fmt::Write as _;

/// A piece of a script that holds its values safely. Only this file makes one of a text that is not the program's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A piece that the program itself has written.
    pub fn fixed(text: &'static str) -> Self {
        debug_assert!(text.chars().all(is_plain), "{text:?} is not ASCII");
        Self(text.to_owned())
    }

    /// The script's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Both, one behind the other.
    #[must_use = "the piece is a new one"]
    pub fn then(mut self, next: &Self) -> Self {
        self.0 += &next.0;
        self
    }

    /// Each line four blanks further in.
    #[must_use = "the piece is a new one"]
    pub fn indented(&self) -> Self {
        Self(self.0.lines().fold(String::new(), |out, line| match line {
            "" => out + "\n",
            line => out + "    " + line + "\n",
        }))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\n')
}

/// A template of the program's own with a piece for each name in angle brackets, such as `<user>`.
pub fn fill(template: &'static str, pieces: &[(&'static str, &Code)]) -> Code {
    debug_assert!(template.chars().all(is_plain), "{template:?} is not ASCII");
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('<') {
        out += before;
        let piece = behind.split_once('>').and_then(|(name, after)| {
            let piece = pieces.iter().find(|(known, _)| *known == name)?.1;
            Some((piece, after))
        });
        debug_assert!(piece.is_some(), "no piece for <{behind}");
        if let Some((piece, after)) = piece {
            out += &piece.0;
            rest = after;
        } else {
            out.push('<');
            rest = behind;
        }
    }
    Code(out + rest)
}

/// A text as an expression that gives exactly this text: in single quotes, in which PowerShell expands nothing, with every
/// character that is not printable ASCII by its number.
pub fn quote(text: &str) -> Code {
    let mut out = String::with_capacity(text.len() + 2);
    let mut open = true;
    out.push('\'');
    for c in text.chars() {
        if matches!(c, ' '..='~') {
            if !open {
                out += " + '";
                open = true;
            }
            out.push(c);
            if c == '\'' {
                out.push(c);
            }
            continue;
        }
        if open {
            out.push('\'');
            open = false;
        }
        // What is behind the sixteen bits of a [char] goes as its two surrogates.
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, " + [char]0x{unit:04X}");
        }
    }
    if open {
        out.push('\'');
    }
    // The first operand is always a text, so that every plus joins texts.
    Code(if text.chars().all(|c| matches!(c, ' '..='~')) { out } else { format!("({out})") })
}

/// Several texts as an array, also if there is one or none.
pub fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Code {
    array(&texts.into_iter().map(|text| quote(text.as_ref())).collect::<Vec<_>>())
}

/// Several pieces as an array.
pub fn array(pieces: &[Code]) -> Code {
    let pieces: Vec<&str> = pieces.iter().map(Code::as_str).collect();
    Code(format!("@({})", pieces.join(", ")))
}

/// A text in quotes, or `$null`.
pub fn quote_or_null(text: Option<&str>) -> Code {
    text.map_or_else(|| Code::fixed("$null"), quote)
}

/// Yes or no.
pub fn flag(value: bool) -> Code {
    Code::fixed(if value { "$true" } else { "$false" })
}

/// A number.
pub fn number(n: u64) -> Code {
    Code(n.to_string())
}

/// A text within a comment, behind words of the program's own: for reading only. What is not printable ASCII is written as
/// `\u{e9}`, and so is `#`, with which PowerShell ends block comments and begins what it obeys.
pub fn remark(text: &str) -> Code {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, ' '..='~') && c != '#' { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    Code(out)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What PowerShell reads of an expression that is made by [`quote`], and what stands behind it; `None` where the text
    /// begins with nothing of that kind.
    pub(in super::super) fn read(text: &str) -> Option<(String, &str)> {
        let mut units: Vec<u16> = Vec::new();
        let Some(inside) = text.strip_prefix('(') else {
            let rest = read_quoted(text, &mut units)?;
            return Some((String::from_utf16(&units).ok()?, rest));
        };
        let (mut rest, mut joined) = (read_quoted(inside, &mut units)?, false);
        while let Some(next) = rest.strip_prefix(" + ") {
            joined = true;
            rest = if let Some(number) = next.strip_prefix("[char]0x") {
                units.push(u16::from_str_radix(number.get(..4)?, 16).ok()?);
                &number[4..]
            } else {
                read_quoted(next, &mut units)?
            };
        }
        let rest = rest.strip_prefix(')').filter(|_| joined)?;
        Some((String::from_utf16(&units).ok()?, rest))
    }

    /// A literal in single quotes, in which two stand for one.
    fn read_quoted<'a>(text: &'a str, units: &mut Vec<u16>) -> Option<&'a str> {
        let mut rest = text.strip_prefix('\'')?;
        loop {
            let (before, behind) = rest.split_once('\'')?;
            units.extend(before.encode_utf16());
            let Some(more) = behind.strip_prefix('\'') else { return Some(behind) };
            units.push(u16::from(b'\''));
            rest = more;
        }
    }

    pub(in super::super) fn is_ascii(script: &str) -> bool {
        script.chars().all(is_plain)
    }

    #[test]
    fn a_value_cannot_leave_its_literal() {
        assert_eq!(quote("O'Brien").as_str(), "'O''Brien'");
        assert_eq!(quote("$(Remove-Item x)`\"").as_str(), "'$(Remove-Item x)`\"'");
        assert_eq!(quote("José").as_str(), "('Jos' + [char]0x00E9)");
        assert_eq!(quote("a’; Stop-Computer").as_str(), "('a' + [char]0x2019 + '; Stop-Computer')");
        assert_eq!(quote("\n😀").as_str(), "('' + [char]0x000A + [char]0xD83D + [char]0xDE00)");
        assert_eq!(quote("").as_str(), "''");
        assert_eq!(list(["a'", "é"]).as_str(), "@('a''', ('' + [char]0x00E9))");
        assert_eq!(list::<&str>([]).as_str(), "@()");
    }

    #[test]
    fn a_remark_ends_nothing_and_begins_nothing() {
        let hostile = "x\nStop-Computer\r\u{2028}#> ñ SIG # Begin signature block";
        assert_eq!(
            remark(hostile).as_str(),
            "x\\u{a}Stop-Computer\\u{d}\\u{2028}\\u{23}> \\u{f1} SIG \\u{23} Begin signature block"
        );
    }

    #[test]
    fn a_piece_is_not_read_as_a_template() {
        let filled = fill("a <x> <y>;", &[("x", &quote("<y>")), ("y", &number(3))]);
        assert_eq!(filled.as_str(), "a '<y>' 3;");
    }

    proptest! {
        #[test]
        fn powershell_reads_what_was_meant(text in any::<String>(), odd in "(\\PC|['’‘‚‛$`\"\n\r\t\u{0}\u{202e},)(+]){0,30}") {
            for text in [text, odd] {
                let literal = quote(&text);
                prop_assert!(is_ascii(literal.as_str()), "{literal}");
                prop_assert!(!literal.as_str().contains('\n'));
                prop_assert_eq!(read(literal.as_str()), Some((text.clone(), "")), "{}", literal);
                let remark = remark(&text);
                prop_assert!(is_ascii(remark.as_str()) && !remark.as_str().contains(['\n', '#']), "{remark}");
            }
        }

        #[test]
        fn arrays_hold_exactly_their_values(texts in proptest::collection::vec(any::<String>(), 0..6)) {
            let array = list(&texts);
            let mut rest = array.as_str().strip_prefix("@(").unwrap();
            for (n, text) in texts.iter().enumerate() {
                if n > 0 {
                    rest = rest.strip_prefix(", ").unwrap();
                }
                let (value, behind) = read(rest).unwrap();
                prop_assert_eq!(&value, text);
                rest = behind;
            }
            prop_assert_eq!(rest, ")");
        }
    }
}
