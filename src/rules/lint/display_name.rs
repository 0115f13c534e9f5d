//! `displayName`.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("displayName": at most 256 characters,
//! where IdFix allowed 255; not blank).

use super::finding::Attribute;
use super::problem::{Limit, Problem};
use super::subject::Subject;
use crate::rules::finding::FindingCode;

/// The longest value.
pub const LIMIT: Limit = Limit { error: 256, warning: 255 };

/// What is wrong with it.
pub fn check(subject: &Subject) -> Vec<Problem> {
    let Some(value) = &subject.display_name else { return Vec::new() };
    let blank = value.trim().is_empty().then(|| {
        Problem::error(FindingCode::DisplayNameBlank, Attribute::DisplayName, value, "displayName is there, and blank.")
    });
    blank.into_iter().chain(LIMIT.check(FindingCode::DisplayNameTooLong, Attribute::DisplayName, value)).collect()
}
