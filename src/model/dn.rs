//! Distinguished names (RFC 4514), as text that compares the way AD compares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};

/// A distinguished name. Keeps the spelling it was read with; equality, order and hash ignore case and the optional
/// white space around separators. Serialised as the text.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Dn(Box<str>);

/// Why a text is no distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a distinguished name: {reason}")]
pub struct DnError {
    /// The text as given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Splits at unescaped separators (RFC 4514 section 2.4: a backslash protects the next character). A multi-valued
/// RDN (`cn=a+uid=b`) stays one part, and the old `;` separator is not accepted.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, ch) in text.char_indices() {
        match ch {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The text without the optional spaces around it. One behind a backslash belongs to the value, and so does any other
/// white space (RFC 4514 section 2.4).
fn trim(text: &str) -> &str {
    let text = text.trim_start_matches(' ');
    let bare = text.trim_end_matches(' ');
    let backslashes = bare.len() - bare.trim_end_matches('\\').len();
    let escaped = backslashes % 2 == 1 && bare.len() < text.len();
    &text[..bare.len() + usize::from(escaped)]
}

/// Resolves escapes (RFC 4514 section 3): `\xx` is an octet, `\c` is that character.
fn unescape(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        let (octet, after) = match (first, hex, tail) {
            (b'\\', Some(octet), [_, _, after @ ..]) => (octet, after),
            (b'\\', None, [next, after @ ..]) => (*next, after),
            _ => (*first, tail),
        };
        octets.push(octet);
        rest = after;
    }
    String::from_utf8_lossy(&octets).into_owned()
}

impl Dn {
    /// Reads a distinguished name; each part must be `type=value` with neither empty.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        let err = |reason| DnError { text: text.to_owned(), reason };
        if text.contains('\0') {
            return Err(err("it contains a NUL"));
        }
        for part in split(text) {
            let (kind, value) = part.split_once('=').ok_or_else(|| err("a part has no `=`"))?;
            let (kind, value) = (trim(kind), trim(value));
            if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') {
                return Err(err("a part has no attribute type before its `=`"));
            }
            if value.is_empty() {
                return Err(err("a part has no value after its `=`"));
            }
        }
        Ok(Self(Box::from(text)))
    }

    /// What two names compare by, part for part: `type=value` in lower case, with escapes resolved (`\2c` and `\,` are the
    /// same comma).
    fn folded(&self) -> impl DoubleEndedIterator<Item = String> + ExactSizeIterator {
        split(&self.0).into_iter().map(|part| {
            let (kind, value) = part.split_once('=').unwrap_or((part, ""));
            let mut folded = trim(kind).to_ascii_lowercase();
            folded.push('=');
            let value = trim(value);
            if value.is_ascii() && !value.contains('\\') {
                folded.extend(value.chars().map(|c| c.to_ascii_lowercase()));
            } else {
                folded.push_str(&unescape(value).to_lowercase());
            }
            folded
        })
    }

    /// What looks this name up: equal for equal names, and only for those.
    pub fn key(&self) -> Vec<u8> {
        self.folded().fold(Vec::with_capacity(self.0.len() + 1), |mut key, part| {
            key.extend_from_slice(part.as_bytes());
            // An octet that no text has.
            key.push(0xff);
            key
        })
    }

    /// Builds `kind=value,parent`, escaping the value (RFC 4514 section 2.4).
    pub fn child(&self, kind: &str, value: &str) -> Result<Self, DnError> {
        Self::parse(&format!("{kind}={},{}", ldap3::dn_escape(value), self.0))
    }

    /// The text as read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first part, such as `CN=Jane Doe`.
    pub fn rdn(&self) -> &str {
        trim(split(&self.0)[0])
    }

    /// The first part's attribute type as written and its value with escapes resolved, such as `("CN", "Doe, Jane")`.
    pub fn rdn_pair(&self) -> (&str, String) {
        let (kind, value) = self.rdn().split_once('=').unwrap_or((self.rdn(), ""));
        (trim(kind), unescape(trim(value)))
    }

    /// Everything after the first part, or `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        let first = split(&self.0)[0].len();
        self.0.get(first + 1..).and_then(|rest| Self::parse(rest.trim_start_matches(' ')).ok())
    }

    /// The same first part under another parent: what a move makes of this name.
    #[must_use = "this name stays as it is"]
    pub fn moved_to(&self, parent: &Self) -> Self {
        let text = format!("{},{}", self.rdn(), parent.0);
        Self::parse(&text).unwrap_or_else(|_| parent.clone())
    }

    /// The parts before `base` as written, such as `OU=Users,OU=Corp`; `None` if this name does not lie below `base`.
    pub fn below(&self, base: &Self) -> Option<&str> {
        let own = self.folded().len().checked_sub(base.folded().len());
        let own = own.filter(|own| *own > 0 && self.is_under(base))?;
        // Each part stands before one separator.
        let length = split(&self.0).iter().take(own).map(|part| part.len() + 1).sum::<usize>() - 1;
        self.0.get(..length).map(trim)
    }

    /// `type=value` of each part, in lower case and with escapes resolved: equal for equal names.
    pub fn folded_parts(&self) -> impl DoubleEndedIterator<Item = String> + ExactSizeIterator {
        self.folded()
    }

    /// Whether this name is `base` or lies below it.
    pub fn is_under(&self, base: &Self) -> bool {
        let (mut own, mut above) = (self.folded().rev(), base.folded().rev());
        above.all(|part| own.next() == Some(part))
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.folded().eq(other.folded())
    }
}
impl Eq for Dn {}
impl PartialOrd for Dn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Dn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}
impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|part| part.hash(state));
    }
}
impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dn({})", self.0)
    }
}
impl Serialize for Dn {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}
impl TryFrom<String> for Dn {
    type Error = DnError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl From<Dn> for String {
    fn from(dn: Dn) -> Self {
        dn.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    #[test]
    fn compares_without_case_and_outer_space() {
        assert_eq!(dn("CN=Jane Doe,OU=Users,DC=x"), dn("cn=jane doe, ou=users , dc=X"));
        assert_ne!(dn("CN=a,DC=x"), dn("CN=b,DC=x"));
    }

    #[test]
    fn an_escaped_comma_does_not_split() {
        let d = dn("CN=Doe\\, Jane,OU=Users,DC=x");
        assert_eq!(d.rdn(), "CN=Doe\\, Jane");
        assert_eq!(d.rdn_pair(), ("CN", "Doe, Jane".to_owned()));
        assert_eq!(d.parent().unwrap(), dn("OU=Users,DC=x"));
        assert_eq!(d.moved_to(&dn("OU=New,DC=x")).as_str(), "CN=Doe\\, Jane,OU=New,DC=x");
        assert!(!dn("CN=a\\,DC=x").is_under(&dn("DC=x")));
    }

    #[test]
    fn the_parts_below_a_base_stay_as_written() {
        assert_eq!(dn("CN=Doe\\, J, OU=A ,dc=x,DC=y").below(&dn("DC=X,DC=Y")), Some("CN=Doe\\, J, OU=A"));
        assert_eq!(dn("OU=A,DC=x").below(&dn("OU=B,DC=x")), None);
        assert_eq!(dn("DC=x").below(&dn("DC=x")), None);
        assert_eq!(dn("DC=x").below(&dn("OU=A,DC=x")), None);
    }

    #[test]
    fn under_means_whole_parts() {
        assert!(dn("CN=a,OU=Users,DC=x").is_under(&dn("ou=users,dc=x")));
        assert!(dn("OU=Users,DC=x").is_under(&dn("OU=Users,DC=x")));
        assert!(!dn("CN=a,OU=OtherOU=Users,DC=x").is_under(&dn("OU=Users,DC=x")));
    }

    #[test]
    fn child_escapes_its_value() {
        let child = dn("DC=x").child("CN", "Doe, Jane+#").unwrap();
        assert_eq!(child, dn("CN=Doe\\, Jane\\+\\#,DC=x"));
        assert_eq!(child.parent().unwrap(), dn("DC=x"));
    }

    #[test]
    fn only_spaces_that_are_not_escaped_are_optional() {
        // RFC 4514 section 2.4: a space at the end of a value is escaped, and belongs to it.
        let d = dn("CN=a\\ , OU=b ,DC=x");
        assert_eq!((d.rdn(), d.rdn_pair()), ("CN=a\\ ", ("CN", "a ".to_owned())));
        assert_eq!(d.moved_to(&dn("DC=y")).as_str(), "CN=a\\ ,DC=y");
        assert_eq!(d.below(&dn("DC=x")), Some("CN=a\\ , OU=b"));
        assert_eq!(dn("CN=a\\\\ ,DC=x").rdn_pair(), ("CN", "a\\".to_owned()));
        // Every other white space is a character like any.
        for space in ['\u{a0}', '\u{c}', '\t', '\u{2003}'] {
            let value = format!("{space}a{space}");
            assert_eq!(dn("DC=x").child("CN", &value).unwrap().rdn_pair(), ("CN", value));
            assert_ne!(dn(&format!("CN=a{space},DC=x")), dn("CN=a,DC=x"));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "jsmith", "CN=", "=x", "CN=a,,DC=x", "CN=a\0,DC=x"] {
            assert!(Dn::parse(text).is_err(), "{text:?}");
        }
    }
}
