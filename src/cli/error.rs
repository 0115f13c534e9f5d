//! Errors as a person meets them: what happened, why it matters, what to type next.

use super::exit::Exit;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::report::safe::Text;
use std::fmt;

/// An error that ends a command.
#[derive(Debug)]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// What happened, to which object.
    pub message: String,
    /// What to do next, one line each.
    pub hints: Vec<String>,
}

/// What a command comes to.
pub type CliResult = Result<Exit, CliError>;

impl CliError {
    /// An error with that exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new() }
    }

    /// An ordinary error, exit code 1.
    pub fn plain(message: impl Into<String>) -> Self {
        Self::new(Exit::Error, message)
    }

    /// A file that could not be read or written.
    pub fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::plain(format!("Could not {what} {}: {error}", path.display()))
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<DirectoryError> for CliError {
    fn from(error: DirectoryError) -> Self {
        let mut found = Self::plain(capital(&error.to_string()));
        found.hints.extend(error.hint.clone());
        if error.hint.is_none() && error.kind == ErrorKind::Unreachable {
            found.hints.push("Check the address in matchplan.toml and that this machine may connect there.".to_owned());
        }
        found
    }
}

impl fmt::Display for CliError {
    /// `error: …`, then each hint on a line of its own. Nothing of a directory appears raw.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", Text(&self.message))?;
        for hint in &self.hints {
            write!(f, "\n  → {}", Text(hint))?;
        }
        Ok(())
    }
}

/// Something of ours that would not go into JSON.
pub fn unwritable(error: &serde_json::Error) -> CliError {
    CliError::plain(format!("This cannot be written as JSON: {error}"))
}

/// A sentence's text with its first letter large.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
