//! Search filters: prepared once, then asked of each entry.
//!
//! An answer is true, false or undefined (RFC 4511 section 4.5.1.7): undefined is what a filter on an attribute that the
//! schema does not know gives, and `not` of it stays undefined, so neither matches. An attribute that the schema knows
//! and the entry lacks gives false.

use super::forest::{Forest, View};
use super::made;
use super::refusal::{Outcome, Refusal};
use super::schema::{self, Attribute, Syntax};
use super::value::{Key, fold};
use rasn_ldap::{AttributeValueAssertion, MatchingRuleAssertion, SubstringChoice, SubstringFilter};
use std::cmp::Ordering;

/// Bitwise AND: all bits of the asserted number are set.
const BIT_AND: &str = "1.2.840.113556.1.4.803";
/// Bitwise OR: any bit of the asserted number is set.
const BIT_OR: &str = "1.2.840.113556.1.4.804";

type Known = &'static Attribute;

/// A prepared filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All are true.
    And(Vec<Filter>),
    /// Any is true.
    Or(Vec<Filter>),
    /// It is false.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(Known),
    /// The attribute has this value.
    Equal(Known, Key),
    /// The attribute has a value on this side of the asserted one, or equal to it.
    Beyond(Known, Ordering, Key),
    /// The attribute has a value with these parts in this order.
    Parts(Known, Parts),
    /// The attribute has a number with all of these bits.
    AllBits(Known, i64),
    /// The attribute has a number with any of these bits.
    AnyBit(Known, i64),
    /// Neither true nor false.
    Undefined,
}

/// The parts of a substring filter, folded if the attribute is text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    initial: Option<Vec<u8>>,
    any: Vec<Vec<u8>>,
    last: Option<Vec<u8>>,
}

impl Filter {
    /// Prepares a filter as it was sent. Refused where the lab cannot evaluate a matching rule.
    pub fn prepare(forest: &Forest<'_>, filter: &rasn_ldap::Filter) -> Outcome<Self> {
        use rasn_ldap::Filter as Sent;
        Ok(match filter {
            Sent::And(all) => Self::And(all.iter().map(|one| Self::prepare(forest, one)).collect::<Outcome<_>>()?),
            Sent::Or(any) => Self::Or(any.iter().map(|one| Self::prepare(forest, one)).collect::<Outcome<_>>()?),
            Sent::Not(inner) => Self::Not(Box::new(Self::prepare(forest, inner)?)),
            Sent::Present(name) => schema::attribute(name).map_or(Self::Undefined, Self::Present),
            // AD treats an approximate match as equality ([MS-ADTS] 3.1.1.3.1.3.1).
            Sent::EqualityMatch(asserted) | Sent::ApproxMatch(asserted) => equal(forest, asserted),
            Sent::GreaterOrEqual(asserted) => beyond(asserted, Ordering::Greater),
            Sent::LessOrEqual(asserted) => beyond(asserted, Ordering::Less),
            Sent::Substrings(sent) => parts(sent),
            Sent::ExtensibleMatch(sent) => rule(sent)?,
            _ => Self::Undefined,
        })
    }

    /// Whether an entry matches; `None` is undefined.
    pub fn test(&self, entry: &View<'_>) -> Option<bool> {
        match self {
            Self::And(all) => combine(all, entry, false),
            Self::Or(any) => combine(any, entry, true),
            Self::Not(inner) => inner.test(entry).map(|matched| !matched),
            Self::Present(attribute) => Some(!entry.values(attribute).is_empty()),
            Self::Equal(attribute, Key::Dn(category)) if attribute.name == "objectCategory" => {
                Some(entry.is_of_category(category))
            }
            Self::Equal(attribute, key) => Some(entry.has_value(attribute, key)),
            Self::Beyond(attribute, side, key) => Some(
                keys(entry, attribute)
                    .any(|value| value.order(key).is_some_and(|order| order == *side || order == Ordering::Equal)),
            ),
            Self::Parts(attribute, parts) => {
                Some(entry.values(attribute).iter().any(|value| parts.match_in(attribute, value)))
            }
            Self::AllBits(attribute, bits) => Some(numbers(entry, attribute).any(|number| number & bits == *bits)),
            Self::AnyBit(attribute, bits) => Some(numbers(entry, attribute).any(|number| number & bits != 0)),
            Self::Undefined => None,
        }
    }
}

/// One answer that is `decisive` decides; otherwise one undefined makes the whole undefined.
fn combine(filters: &[Filter], entry: &View<'_>, decisive: bool) -> Option<bool> {
    let mut combined = Some(!decisive);
    for filter in filters {
        match filter.test(entry) {
            Some(answer) if answer == decisive => return Some(decisive),
            Some(_) => {}
            None => combined = None,
        }
    }
    combined
}

fn keys(entry: &View<'_>, attribute: Known) -> impl Iterator<Item = Key> {
    entry.values(attribute).into_iter().filter_map(|value| Key::of(attribute.syntax, &value))
}

fn numbers(entry: &View<'_>, attribute: Known) -> impl Iterator<Item = i64> {
    keys(entry, attribute).filter_map(|key| match key {
        Key::Number(number) => Some(number),
        _ => None,
    })
}

/// `objectCategory=person` means the category of that name, any other DN-valued attribute takes DNs only.
fn equal(forest: &Forest<'_>, asserted: &AttributeValueAssertion) -> Filter {
    let Some(attribute) = schema::attribute(&asserted.attribute_desc) else { return Filter::Undefined };
    let text = std::str::from_utf8(&asserted.assertion_value).unwrap_or_default();
    let category = (attribute.name == "objectCategory").then(|| schema::category_named(text)).flatten();
    let key = match category {
        Some(category) => made::category(forest.world, category).map(Key::Dn),
        None => Key::of(attribute.syntax, &asserted.assertion_value),
    };
    key.map_or(Filter::Undefined, |key| Filter::Equal(attribute, key))
}

fn beyond(asserted: &AttributeValueAssertion, side: Ordering) -> Filter {
    let prepared = schema::attribute(&asserted.attribute_desc)
        .filter(|attribute| !matches!(attribute.syntax, Syntax::Dn | Syntax::Oid | Syntax::Boolean))
        .and_then(|attribute| Key::of(attribute.syntax, &asserted.assertion_value).map(|key| (attribute, key)));
    prepared.map_or(Filter::Undefined, |(attribute, key)| Filter::Beyond(attribute, side, key))
}

fn parts(sent: &SubstringFilter) -> Filter {
    let Some(attribute) = schema::attribute(&sent.r#type) else { return Filter::Undefined };
    let part: fn(&[u8]) -> Vec<u8> = match attribute.syntax {
        Syntax::Text => |octets| fold_part(&String::from_utf8_lossy(octets)).into_bytes(),
        Syntax::Octets => <[u8]>::to_vec,
        _ => return Filter::Undefined,
    };
    let mut parts = Parts::default();
    for choice in &sent.substrings {
        match choice {
            SubstringChoice::Initial(octets) => parts.initial = Some(part(octets)),
            SubstringChoice::Any(octets) => parts.any.push(part(octets)),
            SubstringChoice::Final(octets) => parts.last = Some(part(octets)),
            _ => return Filter::Undefined,
        }
    }
    Filter::Parts(attribute, parts)
}

/// A part folds as a whole value does, but one space at its ends counts: `Jane *` is not `Jane*`.
fn fold_part(text: &str) -> String {
    let folded = fold(text);
    let start = if text.starts_with(' ') { " " } else { "" };
    let end = if text.ends_with(' ') && !folded.is_empty() { " " } else { "" };
    format!("{start}{folded}{end}")
}

impl Parts {
    fn match_in(&self, attribute: Known, value: &[u8]) -> bool {
        let folded;
        let mut rest = if attribute.syntax == Syntax::Text {
            folded = fold(&String::from_utf8_lossy(value));
            folded.as_bytes()
        } else {
            value
        };
        if let Some(initial) = &self.initial {
            let Some(after) = rest.strip_prefix(initial.as_slice()) else { return false };
            rest = after;
        }
        if let Some(last) = &self.last {
            let Some(before) = rest.strip_suffix(last.as_slice()) else { return false };
            rest = before;
        }
        for part in self.any.iter().filter(|part| !part.is_empty()) {
            let Some(at) = rest.windows(part.len()).position(|window| window == part.as_slice()) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

fn rule(sent: &MatchingRuleAssertion) -> Outcome<Filter> {
    let rule = sent.matching_rule.as_deref().map_or("", String::as_str);
    let Some(attribute) = sent.r#type.as_deref().and_then(|name| schema::attribute(name)) else {
        return Ok(Filter::Undefined);
    };
    let number = || match Key::of(Syntax::Integer, &sent.match_value) {
        Some(Key::Number(number)) if attribute.syntax == Syntax::Integer => Some(number),
        _ => None,
    };
    match rule {
        BIT_AND => Ok(number().map_or(Filter::Undefined, |bits| Filter::AllBits(attribute, bits))),
        BIT_OR => Ok(number().map_or(Filter::Undefined, |bits| Filter::AnyBit(attribute, bits))),
        other => Err(Refusal::matching_rule(if other.is_empty() { "of this attribute" } else { other })),
    }
}
