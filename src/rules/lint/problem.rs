//! What a rule says of one value of one object.

use super::finding::{Attribute, Confidence, HeldBy};
use crate::model::visible::visible;
use crate::rules::finding::{FindingCode, Severity};
use std::collections::BTreeSet;

/// Something wrong with a value, before anybody has looked for a better one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How much it weighs.
    pub severity: Severity,
    /// Its code.
    pub code: FindingCode,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where.
    pub attribute: Attribute,
    /// The value; `None` where one is missing.
    pub value: Option<String>,
    /// What is the case and why it matters.
    pub message: String,
    /// The others who hold the value.
    pub duplicate_of: Vec<HeldBy>,
}

impl Problem {
    /// An error that Microsoft documents.
    pub fn error(code: FindingCode, attribute: Attribute, value: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            confidence: Confidence::Documented,
            attribute,
            value: Some(value.to_owned()),
            message: message.into(),
            duplicate_of: Vec::new(),
        }
    }

    /// A warning that Microsoft documents.
    pub fn warning(code: FindingCode, attribute: Attribute, value: &str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, attribute, value, message) }
    }

    /// A value that is not there.
    pub fn missing(code: FindingCode, attribute: Attribute, severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, value: None, ..Self::error(code, attribute, "", message) }
    }

    /// The same, less sure.
    #[must_use]
    pub fn believed(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }
}

/// A limit on a text's length for which Microsoft's guide and IdFix give two numbers (or one).
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Longer is an error.
    pub error: usize,
    /// Longer is a warning.
    pub warning: usize,
}

impl Limit {
    /// One number that all agree on.
    pub const fn of(limit: usize) -> Self {
        Self { error: limit, warning: limit }
    }

    /// What is wrong with the length of a value; the limits themselves are fine.
    pub fn check(self, code: FindingCode, attribute: Attribute, value: &str) -> Option<Problem> {
        let length = value.chars().count();
        if length > self.error {
            let message = format!("{attribute} has {length} characters; at most {} are taken.", self.error);
            return Some(Problem::error(code, attribute, value, message));
        }
        (length > self.warning).then(|| {
            let message = format!(
                "{attribute} has {length} characters; Microsoft's texts name {} and {} as the limit.",
                self.error, self.warning
            );
            Problem::warning(code, attribute, value, message).believed(Confidence::StrictReading)
        })
    }
}

/// Those characters of a text that are not wanted, each once, as a list for people: `“ä”, “ ”`.
pub fn offending(text: &str, unwanted: impl Fn(char) -> bool) -> Option<String> {
    let found: BTreeSet<char> = text.chars().filter(|c| unwanted(*c)).collect();
    if found.is_empty() {
        return None;
    }
    let names = found.iter().map(|c| match c {
        ' ' => "a space".to_owned(),
        '\u{a0}' => "a no-break space".to_owned(),
        c => format!("“{}”", visible(&c.to_string())),
    });
    Some(names.collect::<Vec<_>>().join(", "))
}
