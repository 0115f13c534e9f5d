//! Compare.

use super::forest::Forest;
use super::refusal::{Outcome, Refusal};
use super::schema;
use super::target::Target;
use super::value::Key;
use rasn_ldap::{CompareRequest, ResultCode};

/// Answers a compare: compareTrue or compareFalse.
pub fn compare(forest: &Forest<'_>, request: &CompareRequest) -> Outcome<ResultCode> {
    let (_, entry) = forest.locate(&Target::parse(&request.entry)?)?;
    let attribute = schema::attribute(&request.ava.attribute_desc).ok_or_else(Refusal::unknown_attribute)?;
    if entry.values(attribute).is_empty() {
        return Err(Refusal::no_value(attribute));
    }
    let key = Key::of(attribute.syntax, &request.ava.assertion_value).ok_or_else(|| Refusal::bad_value(attribute))?;
    Ok(if entry.has_value(attribute, &key) { ResultCode::CompareTrue } else { ResultCode::CompareFalse })
}
