//! A `$filter`'s tokens.

use super::expr::Literal;
use crate::lab::graph::answer::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or a keyword; `$count` too.
    Word(String),
    /// A value that is no word.
    Value(Literal),
    /// One of `( ) , / :`.
    Mark(char),
}

/// A token and where it starts.
pub type Placed = (Token, usize);

/// Longer filters are refused before they are read; Graph's own limit is the URL's.
pub const MAX_LENGTH: usize = 8_000;

/// The refusal of a text that is no filter.
pub fn syntax_error(position: usize, text: &str) -> Refusal {
    let shown: String = text.chars().take(200).collect();
    Refusal::odata(format!("Invalid filter clause: Syntax error at position {position} in '{shown}'."))
}

/// Cuts a filter into tokens.
///
/// # Errors
/// A text too long, an unfinished string, or a character that no token starts with.
pub fn tokens(text: &str) -> Result<Vec<Placed>, Refusal> {
    if text.len() > MAX_LENGTH {
        return Err(Refusal::odata("Invalid filter clause: the filter is too long."));
    }
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let (token, length) = match first {
            c if c.is_whitespace() => {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '(' | ')' | ',' | '/' | ':' => (Token::Mark(first), 1),
            '\'' => quoted(rest).ok_or_else(|| syntax_error(at, text))?,
            c if c.is_ascii_alphanumeric() || "_@$-".contains(c) => bare(rest).ok_or_else(|| syntax_error(at, text))?,
            _ => return Err(syntax_error(at, text)),
        };
        out.push((token, at));
        rest = &rest[length..];
    }
    Ok(out)
}

/// A text in quotes; two quotes inside mean one. Returns the token and the length it takes.
fn quoted(rest: &str) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            value.push(c);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Some((Token::Value(Literal::Text(value)), at + 1));
        }
    }
    None
}

/// A word, or a GUID, time or number.
fn bare(rest: &str) -> Option<(Token, usize)> {
    if let Some(guid) = rest.get(..36).filter(|g| g.as_bytes()[8] == b'-' && Uuid::try_parse(g).is_ok()) {
        return Some((Token::Value(Literal::Guid(guid.to_ascii_lowercase())), 36));
    }
    let first = rest.chars().next()?;
    if first.is_ascii_digit() || first == '-' {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.:".contains(c))).unwrap_or(rest.len());
        let literal = number_or_time(&rest[..end])?;
        return Some((Token::Value(literal), end));
    }
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_@$.".contains(c))).unwrap_or(rest.len());
    let word = &rest[..end];
    let token = match word {
        "true" => Token::Value(Literal::Bool(true)),
        "false" => Token::Value(Literal::Bool(false)),
        "null" => Token::Value(Literal::Null),
        _ => Token::Word(word.to_owned()),
    };
    Some((token, end))
}

fn number_or_time(text: &str) -> Option<Literal> {
    let midnight = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    text.parse().map(Literal::Int).ok().or_else(|| text.parse::<Timestamp>().ok().or_else(midnight).map(Literal::Time))
}
