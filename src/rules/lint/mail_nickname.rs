//! `mailNickname`: the Exchange alias.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("mailNickname": no dot at the start, at
//! most 64 characters, unique) and "Understanding the default configuration" (Exchange's attributes flow only where it
//! is set).

use super::finding::Attribute;
use super::problem::{Limit, Problem};
use super::subject::{Kind, Subject};
use crate::rules::finding::{FindingCode, Severity};

/// The longest value.
pub const LIMIT: Limit = Limit::of(64);

const NICKNAME: Attribute = Attribute::MailNickname;

/// What is wrong with it.
pub fn check(subject: &Subject) -> Vec<Problem> {
    let Some(value) = &subject.mail_nickname else {
        return if subject.kind == Kind::User { vec![missing()] } else { Vec::new() };
    };
    let dot = value
        .starts_with('.')
        .then(|| Problem::error(FindingCode::NicknameFormat, NICKNAME, value, "mailNickname begins with a dot."));
    dot.into_iter().chain(LIMIT.check(FindingCode::NicknameTooLong, NICKNAME, value)).collect()
}

fn missing() -> Problem {
    let message = "There is no mailNickname; Entra Connect's Exchange rules flow only where it is set.";
    Problem::missing(FindingCode::NoMailNickname, NICKNAME, Severity::Warning, message)
}
