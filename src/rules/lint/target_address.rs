//! `targetAddress`: where mail is forwarded to.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("targetAddress": at most 256 characters,
//! where IdFix allowed 255; unique; the characters of e-mail addresses).

use super::finding::{Attribute, Confidence};
use super::mail;
use super::problem::{Limit, Problem};
use super::subject::Subject;
use super::world::is_type;
use crate::rules::finding::FindingCode;

/// The longest value.
pub const LIMIT: Limit = Limit { error: 256, warning: 255 };

const TARGET: Attribute = Attribute::TargetAddress;

/// What is wrong with it.
pub fn check(subject: &Subject) -> Vec<Problem> {
    let Some(value) = &subject.target_address else { return Vec::new() };
    let mut problems: Vec<Problem> = LIMIT.check(FindingCode::AddressTooLong, TARGET, value).into_iter().collect();
    match value.split_once(':').filter(|(kind, _)| is_type(kind)) {
        Some((kind, address)) if kind.eq_ignore_ascii_case("smtp") => {
            problems.extend(mail::smtp(TARGET, value, address));
        }
        Some((_, "")) => {
            let message = "targetAddress: nothing stands behind the type of this address.";
            problems.push(Problem::error(FindingCode::AddressFormat, TARGET, value, message));
        }
        // Fax, X.400, Notes: each has a form of its own, and is not for the cloud to deliver to.
        Some(_) => {}
        None => {
            if value.contains('@') {
                let message = "targetAddress: this address has no type before it, such as SMTP:.";
                let problem = Problem::warning(FindingCode::AddressFormat, TARGET, value, message);
                problems.push(problem.believed(Confidence::Experience));
            }
            problems.extend(mail::smtp(TARGET, value, value));
        }
    }
    problems
}
