//! `sAMAccountName`, where it stands in for a UPN.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("sAMAccountName": at most 20 characters,
//! `[ \ " | , / : < > + = ; ? * ' ]`; it matters only where the userPrincipalName is missing or not valid). IdFix let
//! `'` pass.

use super::finding::{Attribute, Confidence};
use super::problem::{Limit, Problem, offending};
use super::subject::{Kind, Subject};
use super::user_principal_name as upn;
use crate::rules::finding::FindingCode;

/// The longest value of a user.
pub const LIMIT: Limit = Limit::of(20);

const SAM: Attribute = Attribute::SamAccountName;

/// Whether a character may not stand in it.
pub fn is_bad(c: char) -> bool {
    c.is_control() || "\\\"|,/[]:<>+=;?*'".contains(c)
}

/// What is wrong with it, if it matters.
pub fn check(subject: &Subject) -> Vec<Problem> {
    let stands_in = subject.upn.as_deref().is_none_or(|value| !upn::form(value).is_empty());
    match &subject.sam {
        Some(value) if stands_in && subject.kind == Kind::User => {
            let characters = offending(value, is_bad).map(|found| {
                let message = format!("sAMAccountName, which stands in for the userPrincipalName, has {found}.");
                let disputed = value.chars().all(|c| !is_bad(c) || c == '\'');
                if disputed {
                    Problem::warning(FindingCode::SamCharacter, SAM, value, message).believed(Confidence::StrictReading)
                } else {
                    Problem::error(FindingCode::SamCharacter, SAM, value, message)
                }
            });
            characters.into_iter().chain(LIMIT.check(FindingCode::SamTooLong, SAM, value)).collect()
        }
        _ => Vec::new(),
    }
}
