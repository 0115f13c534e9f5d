//! What can go wrong at a directory, sorted by what to do next.

use super::scrub::scrub;
use std::fmt;

/// A failed read or write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DirectoryError {
    /// What kind of failure, which decides what the program does next.
    pub kind: ErrorKind,
    /// What was tried, on which object: "read users of corp.contoso.com", "set the ImmutableID of jane@contoso.com".
    pub what: String,
    /// The server's own words: its code, message and request id, never a credential.
    pub detail: String,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection, or it broke before the request was sent: nothing happened there.
    Unreachable,
    /// The connection broke or timed out after a write was sent: it may have happened. Read before doing anything else.
    OutcomeUnknown,
    /// The server's certificate is not trusted.
    Untrusted,
    /// Wrong password, expired token, 401.
    Unauthenticated,
    /// A permission or role is missing, 403, LDAP 50.
    Forbidden,
    /// The object is not there.
    NotFound,
    /// A value is no longer what the write expected.
    Changed,
    /// Another object already has the value, or the server's own rule refuses it.
    Refused,
    /// The server is busy; trying again later is right.
    Busy,
    /// A limit on requests is reached (429): certainly nothing was done, and trying again once there is room is right.
    Throttled,
    /// The answer is not complete or not what the protocol promises: nothing may be concluded from it.
    Broken,
}

impl DirectoryError {
    /// A failure without a hint. `detail` may be anybody's words: secrets in it are taken out.
    pub fn new(kind: ErrorKind, what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, what: what.into(), detail: scrub(&detail.into()).into_owned(), hint: None }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What went wrong and what to do about it, in one text: for a ledger, which keeps one text for both.
    pub fn in_full(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{self}; {hint}"),
            None => self.to_string(),
        }
    }
}

/// What was read; `None` if it is not there.
///
/// # Errors
/// Every other failure.
pub fn if_there<T>(read: Result<T, DirectoryError>) -> Result<Option<T>, DirectoryError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind: _, what, detail, hint: _ } = self;
        write!(f, "could not {what}: {detail}")
    }
}
