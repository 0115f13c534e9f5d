//! A search entry as it came over the wire: names and octets.
//!
//! `ldap3`'s own reader sorts values into text and binary by whether they *happen* to be UTF-8, so that a GUID lands now
//! in one and now in the other, and it panics on an answer that is not well-formed. This one keeps octets and returns
//! errors.

use ldap3::asn1::{PL, StructureTag};
use std::collections::BTreeMap;

/// One entry. Attribute names compare without case, as LDAP's do.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Entry {
    /// The entry's DN, as text.
    pub dn: String,
    attributes: BTreeMap<String, Vec<Vec<u8>>>,
}

/// Why an answer is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sent an entry that is not well-formed LDAP ({0})")]
pub struct Malformed(pub &'static str);

/// A part of a multi-valued attribute that the server did not send at once (MS-ADTS 3.1.1.3.1.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextRange {
    /// The index of the first value that is still missing.
    pub from: usize,
}

impl Entry {
    /// Reads `SearchResultEntry` (RFC 4511 section 4.5.2).
    pub fn read(entry: StructureTag) -> Result<Self, Malformed> {
        let mut parts = constructed(entry, "no sequence")?.into_iter();
        let dn = parts.next().ok_or(Malformed("no name")).and_then(|t| primitive(t, "no name"))?;
        let dn = String::from_utf8(dn).map_err(|_| Malformed("a name that is not UTF-8"))?;
        let list = parts.next().ok_or(Malformed("no attributes")).and_then(|t| constructed(t, "no attributes"))?;
        let mut attributes = BTreeMap::new();
        for attribute in list {
            let mut pair = constructed(attribute, "no attribute")?.into_iter();
            let name = pair.next().ok_or(Malformed("no type")).and_then(|t| primitive(t, "no type"))?;
            let name = String::from_utf8(name).map_err(|_| Malformed("a type that is not UTF-8"))?;
            let values = pair.next().ok_or(Malformed("no values")).and_then(|t| constructed(t, "no values"))?;
            let values = values.into_iter().map(|t| primitive(t, "no value")).collect::<Result<Vec<_>, _>>()?;
            attributes.entry(name.to_ascii_lowercase()).or_insert_with(Vec::new).extend(values);
        }
        Ok(Self { dn, attributes })
    }

    /// An entry from its parts; what tests and [`Self::complete`] build.
    pub fn new(dn: &str, attributes: &[(&str, &[&[u8]])]) -> Self {
        let attributes = attributes
            .iter()
            .map(|(name, values)| (name.to_ascii_lowercase(), values.iter().map(|v| v.to_vec()).collect()))
            .collect();
        Self { dn: dn.to_owned(), attributes }
    }

    /// The attribute's values, of which ranged ones must have been completed before.
    pub fn values(&self, attribute: &str) -> &[Vec<u8>] {
        self.attributes.get(&attribute.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// About how many octets it takes in memory.
    pub fn size(&self) -> usize {
        let one = |octets: usize| octets + size_of::<Vec<u8>>();
        let values = |values: &Vec<Vec<u8>>| values.iter().map(|value| one(value.len())).sum::<usize>();
        let attributes = self.attributes.iter().map(|(name, all)| one(name.len()) + values(all));
        size_of::<Self>() + self.dn.len() + attributes.sum::<usize>()
    }

    /// Folds `attribute;range=a-b` into the attribute itself, and says where to go on if the range was not the last.
    /// `None` if there is nothing (more) to fetch.
    pub fn fold_range(&mut self, attribute: &str) -> Result<Option<NextRange>, Malformed> {
        let prefix = format!("{};range=", attribute.to_ascii_lowercase());
        let Some(name) = self.attributes.keys().find(|name| name.starts_with(&prefix)).cloned() else {
            return Ok(None);
        };
        let values = self.attributes.remove(&name).unwrap_or_default();
        let (_, last) = name[prefix.len()..].split_once('-').ok_or(Malformed("a range without an end"))?;
        let next = match last {
            "*" => None,
            last => {
                let last: usize = last.parse().map_err(|_| Malformed("a range that is no number"))?;
                if values.is_empty() {
                    return Err(Malformed("an empty range that is not the last"));
                }
                Some(NextRange { from: last.checked_add(1).ok_or(Malformed("a range without an end"))? })
            }
        };
        self.attributes.entry(attribute.to_ascii_lowercase()).or_default().extend(values);
        Ok(next)
    }

    /// Adds the values that `part`, an answer to a request for the next range, has of `attribute`; says where to go on.
    /// An answer that does not move on is an error, or the reading would never end.
    pub fn complete(
        &mut self,
        attribute: &str,
        mut part: Self,
        asked: NextRange,
    ) -> Result<Option<NextRange>, Malformed> {
        let next = part.fold_range(attribute)?;
        if next.is_some_and(|next| next.from <= asked.from) {
            return Err(Malformed("a range that does not move on"));
        }
        let values = part.attributes.remove(&attribute.to_ascii_lowercase()).unwrap_or_default();
        self.attributes.entry(attribute.to_ascii_lowercase()).or_default().extend(values);
        Ok(next)
    }
}

fn constructed(tag: StructureTag, what: &'static str) -> Result<Vec<StructureTag>, Malformed> {
    match tag.payload {
        PL::C(parts) => Ok(parts),
        PL::P(_) => Err(Malformed(what)),
    }
}

fn primitive(tag: StructureTag, what: &'static str) -> Result<Vec<u8>, Malformed> {
    match tag.payload {
        PL::P(octets) => Ok(octets),
        PL::C(_) => Err(Malformed(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ldap3::asn1::{ASNTag, OctetString, Sequence, Set, Tag};

    fn octets(value: &[u8]) -> Tag {
        Tag::OctetString(OctetString { inner: value.to_vec(), ..Default::default() })
    }

    fn wire(dn: &[u8], attributes: Vec<(&str, Vec<&[u8]>)>) -> StructureTag {
        let attributes = attributes.into_iter().map(|(name, values)| {
            let values = Tag::Set(Set { inner: values.into_iter().map(octets).collect(), ..Default::default() });
            Tag::Sequence(Sequence { inner: vec![octets(name.as_bytes()), values], ..Default::default() })
        });
        let attributes = Tag::Sequence(Sequence { inner: attributes.collect(), ..Default::default() });
        let entry = Sequence { id: 4, inner: vec![octets(dn), attributes], ..Default::default() };
        entry.into_structure()
    }

    #[test]
    fn octets_stay_octets_whether_or_not_they_are_utf8() {
        let entry = Entry::read(wire(b"CN=a", vec![("objectGUID", vec![b"0123456789abcdef"])])).unwrap();
        assert_eq!(entry.values("OBJECTguid"), [b"0123456789abcdef".to_vec()]);
        let entry = Entry::read(wire(b"CN=a", vec![("objectGUID", vec![&[0xff, 0xfe]])])).unwrap();
        assert_eq!(entry.values("objectGUID"), [vec![0xff, 0xfe]]);
    }

    #[test]
    fn what_is_not_well_formed_is_an_error_and_no_panic() {
        assert!(Entry::read(octets(b"x").into_structure()).is_err());
        assert!(Entry::read(wire(&[0xff], vec![])).is_err());
    }

    #[test]
    fn ranges_are_folded_until_the_last() {
        let mut entry = Entry::new("CN=a", &[("proxyAddresses", &[]), ("proxyAddresses;range=0-1", &[b"1", b"2"])]);
        let next = entry.fold_range("proxyAddresses").unwrap().unwrap();
        assert_eq!(next.from, 2);
        let part = Entry::new("CN=a", &[("proxyaddresses;Range=2-3", &[b"3", b"4"])]);
        let next = entry.complete("proxyAddresses", part, next).unwrap().unwrap();
        let part = Entry::new("CN=a", &[("proxyAddresses;range=4-*", &[b"5"])]);
        assert_eq!(entry.complete("proxyAddresses", part, next).unwrap(), None);
        assert_eq!(entry.values("proxyAddresses").len(), 5);
        assert_eq!(entry.fold_range("proxyAddresses").unwrap(), None);
    }

    #[test]
    fn a_range_that_stands_still_is_refused() {
        let mut entry = Entry::default();
        let part = Entry::new("CN=a", &[("proxyAddresses;range=0-1", &[b"1", b"2"])]);
        assert!(entry.complete("proxyAddresses", part, NextRange { from: 2 }).is_err());
    }
}
