//! LDAP search filters (RFC 4515), built from parts and never by gluing strings.

use super::given::GivenFilter;
use std::fmt;

/// A search filter. Its text form escapes every octet of a value that could end it or mean something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `(&…)`: all of them.
    And(Vec<Filter>),
    /// `(|…)`: any of them.
    Or(Vec<Filter>),
    /// `(!…)`: not that.
    Not(Box<Filter>),
    /// `(attribute=value)`; the value may be any octets.
    Equal(&'static str, Vec<u8>),
    /// `(attribute>=number)`.
    AtLeast(&'static str, u64),
    /// `(attribute=*)`: the attribute is there.
    Present(&'static str),
    /// One that a person gave.
    Given(GivenFilter),
}

impl Filter {
    /// `(attribute=value)` for text.
    pub fn equal(attribute: &'static str, value: impl AsRef<[u8]>) -> Self {
        Self::Equal(attribute, value.as_ref().to_vec())
    }

    /// All user accounts of people (`inetOrgPerson` included), and neither computers nor contacts.
    pub fn users() -> Self {
        Self::And(vec![Self::equal("objectCategory", "person"), Self::equal("objectClass", "user")])
    }

    /// What has an address and is no account: groups, contacts, public folders, dynamic lists and whatever else Exchange
    /// or an administrator gave one. Users are read by themselves; computers and managed service accounts are of the
    /// class `user` too, and Entra Connect gives none of them an address. An attribute that the schema does not have
    /// (those of Exchange, without Exchange) matches nothing (RFC 4511 section 4.5.1.7).
    pub fn address_holders() -> Self {
        let addresses = ["mail", "proxyAddresses", "targetAddress"].map(Self::Present);
        Self::And(vec![Self::Or(addresses.to_vec()), Self::Not(Box::new(Self::equal("objectClass", "user")))])
    }

    /// Any object.
    pub const fn any() -> Self {
        Self::Present("objectClass")
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, sign: char, parts: &[Self]| {
            write!(f, "({sign}")?;
            parts.iter().try_for_each(|part| part.fmt(f))?;
            f.write_str(")")
        };
        match self {
            Self::And(parts) => list(f, '&', parts),
            Self::Or(parts) => list(f, '|', parts),
            Self::Not(part) => write!(f, "(!{part})"),
            Self::Present(attribute) => write!(f, "({attribute}=*)"),
            Self::AtLeast(attribute, number) => write!(f, "({attribute}>={number})"),
            Self::Given(given) => given.fmt(f),
            Self::Equal(attribute, value) => {
                write!(f, "({attribute}=")?;
                for octet in value {
                    match octet {
                        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'@' | b'_' | b' ' => {
                            write!(f, "{}", char::from(*octet))?;
                        }
                        other => write!(f, "\\{other:02x}")?,
                    }
                }
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        let hostile = Filter::equal("sAMAccountName", "a)(objectClass=*\\\0ä");
        assert_eq!(hostile.to_string(), r"(sAMAccountName=a\29\28objectClass\3d\2a\5c\00\c3\a4)");
        assert_eq!(Filter::equal("objectGUID", [0x5d, 0x00, 0x41]).to_string(), r"(objectGUID=\5d\00A)");
    }

    #[test]
    fn address_holders_are_no_accounts() {
        let expected = "(&(|(mail=*)(proxyAddresses=*)(targetAddress=*))(!(objectClass=user)))";
        assert_eq!(Filter::address_holders().to_string(), expected);
    }

    #[test]
    fn lists_nest() {
        assert_eq!(Filter::users().to_string(), "(&(objectCategory=person)(objectClass=user))");
        let either = Filter::Or(vec![Filter::any(), Filter::users()]);
        assert_eq!(either.to_string(), "(|(objectClass=*)(&(objectCategory=person)(objectClass=user)))");
    }
}
