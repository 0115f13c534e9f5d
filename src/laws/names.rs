//! Names and ids.

use super::written::{filter_tree, parts};
use crate::directory::ad::filter::Filter;
use crate::directory::entra::permission::Operation;
use crate::directory::entra::request::{Filter as ODataFilter, Request};
use crate::model::address::{AddressKind, AddressSet};
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, Sid};
use crate::model::name::{SamAccountName, Upn};
use ldap3::asn1::PL;

/// A distinguished name, and a value that becomes part of one (the first line, and what follows it).
pub fn dn(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (name, value) = text.split_once('\n').unwrap_or((text, "x"));
    let Ok(name) = Dn::parse(name) else { return };
    assert_eq!(Dn::parse(name.as_str()).as_ref(), Ok(&name));
    assert!(name.is_under(&name) && name.below(&name).is_none());
    let (kind, own) = name.rdn_pair();
    assert!(!kind.is_empty());
    if let Some(parent) = name.parent() {
        assert!(name.is_under(&parent) && !parent.is_under(&name));
        assert_eq!(name.below(&parent), Some(name.rdn()));
        assert_eq!(name.moved_to(&parent), name);
    }
    // A value is one value wherever it is put: it comes back as it was, and what it hangs below does not change.
    for value in [value, &own] {
        if let Ok(child) = name.child("CN", value) {
            assert_eq!(child.rdn_pair(), ("CN", value.to_owned()));
            assert_eq!(child.parent().as_ref(), Some(&name));
        }
    }
}

/// Addresses, one a line; the first line also as every id that there is.
pub fn ids(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let first = text.lines().next().unwrap_or_default();
    addresses(text, first);
    anchors(octets, text, first);
    if let Ok(sid) = first.parse::<Sid>() {
        assert_eq!(sid.to_string().parse(), Ok(sid.clone()));
        assert_eq!(Sid::from_octets(&sid.to_octets()), Ok(sid));
    }
    if let Ok(sid) = Sid::from_octets(octets) {
        assert_eq!(sid.to_octets(), octets);
        assert_eq!(sid.to_string().parse(), Ok(sid));
    }
    let upn = Upn::from(first);
    assert_eq!(upn, Upn::from(first.to_lowercase()));
    let joined = format!("{}@{}", upn.prefix(), upn.suffix());
    assert!(joined == first || (upn.suffix().is_empty() && upn.prefix() == first), "{first:?}");
    assert_eq!(SamAccountName::from(first), SamAccountName::from(first));
}

fn addresses(text: &str, first: &str) {
    let set: AddressSet = text.lines().collect();
    assert_eq!(set.to_strings().iter().map(String::as_str).collect::<AddressSet>(), set);
    let mut with_primary = set.clone();
    with_primary.set_primary(first);
    assert_eq!((with_primary.primary_count(), with_primary.primary()), (1, Some(first)));
    // Whoever could be written to before still can.
    for address in set.iter() {
        assert!(address.smtp_address().is_none_or(|smtp| with_primary.has_smtp(smtp)), "{address} is lost");
        assert!(address.kind() != AddressKind::Other || with_primary.contains(address), "{address} is lost");
    }
    let mut merged = AddressSet::default();
    merged.merge(&set);
    assert_eq!(merged.primary_count(), 0, "merging makes no primary");
    for address in set.iter() {
        assert!(address.smtp_address().is_none_or(|smtp| merged.has_smtp(smtp)), "{address} is lost");
    }
    let again = merged.clone();
    merged.merge(&set);
    assert_eq!(merged, again);
}

fn anchors(octets: &[u8], text: &str, first: &str) {
    let found = [text, first].into_iter().filter_map(|text| Anchor::from_any(text).ok());
    for anchor in found.chain(Anchor::from_octets(octets)) {
        let spellings = [
            anchor.to_base64(),
            anchor.to_guid().to_string(),
            anchor.to_filter_value(),
            anchor.to_connector_dn(),
            format!("(objectGUID={})", anchor.to_filter_value()),
        ];
        for spelling in spellings {
            assert_eq!(Anchor::from_any(&spelling), Ok(anchor), "{spelling}");
        }
        assert_eq!(Anchor::from_guid(AdGuid(anchor.to_guid().0)), anchor);
    }
}

/// Any octets as a value in an LDAP filter, and any text in an OData filter, path and query: it comes back as it was,
/// and nothing of it is read as anything else.
pub fn ldap_value(octets: &[u8]) {
    let filter = Filter::equal("cn", octets);
    let wrapped = Filter::And(vec![Filter::Not(Box::new(filter.clone())), Filter::Or(vec![filter, Filter::any()])]);
    let mut and = parts(filter_tree(&wrapped.to_string()).expect("it is well-formed"));
    assert_eq!(and.len(), 2);
    let or = parts(and.remove(1));
    let not = parts(and.remove(0));
    assert_eq!((not.len(), or.len()), (1, 2));
    assert_eq!(not[0], or[0]);
    // RFC 4511 section 4.5.1: equalityMatch is [3], an attribute and its value.
    assert_eq!(not[0].id, 3);
    let value = parts(not.into_iter().next().expect("it has one part")).remove(1);
    assert_eq!(value.payload, PL::P(octets.to_vec()));
    odata(&String::from_utf8_lossy(octets));
}

/// Read back by the lab's own reading of URLs and of `$filter`, which shares nothing with what built them.
fn odata(text: &str) {
    use crate::lab::graph::filter::expr::{Expr, Literal, Operator};
    use crate::lab::graph::filter::parser;
    use crate::lab::graph::request;
    let filter = ODataFilter::eq("displayName", text);
    let built = Request::get(Operation::ReadUsers, "read", &["users", text]).filter(&filter);
    let base = "https://graph.example".parse().expect("it is a URL");
    // A path segment that means "here" or "above" has no spelling in a URL.
    let Ok(url) = built.url(&base) else { return };
    let segments = request::segments(url.path()).expect("it is UTF-8");
    assert_eq!(url.host_str(), Some("graph.example"));
    if !text.contains('(') && !text.is_empty() {
        assert_eq!(segments, ["v1.0", "users", text]);
    }
    let query = request::query(url.query().unwrap_or_default()).expect("each option stands once");
    let [(name, value)] = query.as_slice() else { panic!("one option became {query:?}") };
    assert_eq!(name, "$filter");
    if let Ok(read) = parser::parse(value) {
        let expected = Expr::Compare("displayName".to_owned(), Operator::Eq, Literal::Text(text.to_owned()));
        assert_eq!(read, expected);
    } else {
        assert!(value.len() > 8000, "{value:?} is refused");
    }
}
