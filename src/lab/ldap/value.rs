//! Values: how they compare, what is allowed, and how the world's file holds them.

use super::schema::{Attribute, Syntax};
use crate::lab::world::forest::AdValues;
use crate::model::ad::Octets;
use crate::model::digest::hex;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, Sid};
use std::cmp::Ordering;

/// A value in the form in which equal values are the same. `None`: the octets are no value of this syntax, so a filter
/// that asks for them is undefined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Folded text.
    Text(String),
    /// A distinguished name.
    Dn(Dn),
    /// Octets.
    Octets(Vec<u8>),
    /// A number.
    Number(i64),
}

/// Text without case, without outer spaces, and with runs of spaces as one.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

impl Key {
    /// The key of a stored or asserted value.
    pub fn of(syntax: Syntax, octets: &[u8]) -> Option<Self> {
        let text = || std::str::from_utf8(octets).ok();
        match syntax {
            Syntax::Text | Syntax::Oid | Syntax::Boolean | Syntax::Time => text().map(|t| Self::Text(fold(t))),
            Syntax::Dn => text().and_then(|t| Dn::parse(t).ok()).map(Self::Dn),
            Syntax::Octets => Some(Self::Octets(octets.to_vec())),
            Syntax::Integer => text().and_then(|t| t.parse().ok()).map(Self::Number),
            Syntax::Guid if octets.len() == 36 => {
                let guid: AdGuid = text()?.parse().ok()?;
                Some(Self::Octets(guid.0.to_bytes_le().to_vec()))
            }
            Syntax::Guid => (octets.len() == 16).then(|| Self::Octets(octets.to_vec())),
            Syntax::Sid => match text().and_then(|t| t.parse::<Sid>().ok()) {
                Some(sid) => Some(Self::Octets(sid.to_octets())),
                None => Sid::from_octets(octets).ok().map(|sid| Self::Octets(sid.to_octets())),
            },
        }
    }

    /// How two values of one syntax order; `None` where the syntax has no order.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Octets(a), Self::Octets(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Whether a client may store this value: well formed for the syntax, not empty and not too long.
pub fn is_allowed(attribute: &Attribute, octets: &[u8]) -> bool {
    if octets.is_empty() {
        return false;
    }
    let within = |length: usize| attribute.longest.is_none_or(|longest| length <= longest);
    match (attribute.syntax, std::str::from_utf8(octets)) {
        (Syntax::Octets, _) => within(octets.len()),
        (Syntax::Boolean, Ok(text)) => text == "TRUE" || text == "FALSE",
        (Syntax::Text, Ok(text)) => !text.contains('\0') && within(text.chars().count()),
        (Syntax::Text | Syntax::Boolean, Err(_)) => false,
        (syntax, _) => Key::of(syntax, octets).is_some(),
    }
}

/// The values as LDAP sends them.
pub fn to_octets(values: &AdValues) -> Vec<Vec<u8>> {
    match values {
        AdValues::One(text) => vec![text.clone().into_bytes()],
        AdValues::Many(texts) => texts.iter().map(|text| text.clone().into_bytes()).collect(),
        AdValues::Octets { hex } => {
            hex.iter().filter_map(|value| Octets::try_from(value.clone()).ok()).map(|octets| octets.0).collect()
        }
    }
}

/// The values as the world's file holds them: texts where they are texts. `None` when there are none.
pub fn from_octets(syntax: Syntax, values: &[Vec<u8>]) -> Option<AdValues> {
    let texts = || values.iter().map(|value| String::from_utf8(value.clone()).ok()).collect::<Option<Vec<_>>>();
    let binary = matches!(syntax, Syntax::Octets | Syntax::Guid | Syntax::Sid);
    match (values, if binary { None } else { texts() }) {
        ([], _) => None,
        ([_], Some(mut texts)) => texts.pop().map(AdValues::One),
        (_, Some(texts)) => Some(AdValues::Many(texts)),
        (values, None) => Some(AdValues::Octets { hex: values.iter().map(|value| hex(value)).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::ldap::schema::attribute;

    #[test]
    fn text_compares_without_case_and_with_spaces_as_one() {
        let key = |text: &str| Key::of(Syntax::Text, text.as_bytes());
        assert_eq!(key("  Jane   DOE "), key("jane doe"));
        assert_eq!(key("ÉVA"), key("éva"));
        assert_ne!(key("Éva"), key("Eva"));
        assert_ne!(key("janedoe"), key("jane doe"));
    }

    #[test]
    fn octets_compare_exactly() {
        assert_ne!(Key::of(Syntax::Octets, b"abc"), Key::of(Syntax::Octets, b"ABC"));
    }

    #[test]
    fn a_guid_is_asserted_as_octets_or_text() {
        let octets = [0x5d, 0x5f, 0x35, 0x15, 0x67, 0xd1, 0x4f, 0x4f, 0x80, 0xfb, 0x7c, 0x3b, 0xed, 0xf5, 0xe4, 0x11];
        assert_eq!(Key::of(Syntax::Guid, &octets), Key::of(Syntax::Guid, b"15355f5d-d167-4f4f-80fb-7c3bedf5e411"));
        assert_eq!(Key::of(Syntax::Guid, &octets[..15]), None);
    }

    #[test]
    fn what_a_client_may_store() {
        let allowed = |name: &str, value: &[u8]| is_allowed(attribute(name).unwrap(), value);
        assert!(allowed("mail", "é".repeat(256).as_bytes()) && !allowed("mail", "é".repeat(257).as_bytes()));
        assert!(!allowed("mail", b"") && !allowed("mail", &[0xff, 0xfe]));
        assert!(allowed("adminCount", b"-1") && !allowed("adminCount", b"one"));
        assert!(allowed("mS-DS-ConsistencyGuid", &[7; 17]), "AD does not check its length");
        assert!(!allowed("msExchHideFromAddressLists", b"yes"));
    }

    #[test]
    fn the_file_holds_texts_as_texts_and_octets_in_hexadecimal() {
        assert_eq!(from_octets(Syntax::Text, &[b"a".to_vec()]), Some(AdValues::One("a".to_owned())));
        let octets = from_octets(Syntax::Octets, &[b"ab".to_vec()]).unwrap();
        assert_eq!(octets, AdValues::Octets { hex: vec!["6162".to_owned()] });
        assert_eq!(to_octets(&octets), [b"ab".to_vec()]);
        assert_eq!(from_octets(Syntax::Text, &[]), None);
    }
}
