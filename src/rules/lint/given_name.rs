//! `givenName`.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("givenName": at most 64 characters, where
//! IdFix allowed 63).

use super::finding::Attribute;
use super::problem::{Limit, Problem};
use super::subject::Subject;
use crate::rules::finding::FindingCode;

/// The longest value.
pub const LIMIT: Limit = Limit { error: 64, warning: 63 };

/// What is wrong with it.
pub fn check(subject: &Subject) -> Vec<Problem> {
    let value = subject.given_name.as_deref();
    value
        .and_then(|value| LIMIT.check(FindingCode::GivenNameTooLong, Attribute::GivenName, value))
        .into_iter()
        .collect()
}
