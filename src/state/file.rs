//! The state file: canonical JSON with its digest.

use super::ledger::{STATE_VERSION, State};
use crate::model::digest;
use serde_json::Value;

/// Why a state file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// Not JSON, or cut short, or not a state.
    #[error("it is not a whole state file: {0}")]
    NotAState(String),
    /// Written by a newer version.
    #[error("its format version is {found}; this matchplan reads up to {STATE_VERSION}")]
    Newer {
        /// The version found.
        found: u64,
    },
    /// The digest does not fit the content.
    #[error("it was changed after it was written: its digest is {found}, its content's is {computed}")]
    Edited {
        /// The digest in the file.
        found: String,
        /// The digest of what the file holds.
        computed: String,
    },
}

impl State {
    /// The digest over everything but the digest itself.
    pub fn compute_digest(&self) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        blank_digest(&mut value);
        digest::of(&value)
    }

    /// The file form: canonical JSON with its digest.
    pub fn to_file(&self) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        blank_digest(&mut value);
        value["digest"] = Value::String(digest::of(&value)?);
        digest::to_canonical_file(&value)
    }

    /// Reads the file form and checks version and digest.
    pub fn from_file(text: &str) -> Result<Self, StateFileError> {
        let not_a_state = |e: serde_json::Error| StateFileError::NotAState(e.to_string());
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value: Value = serde_json::from_str(text).map_err(not_a_state)?;
        let found = value
            .get("format_version")
            .and_then(Value::as_u64)
            .ok_or_else(|| StateFileError::NotAState("it has no format_version".to_owned()))?;
        if found > u64::from(STATE_VERSION) {
            return Err(StateFileError::Newer { found });
        }
        let state: Self = serde_json::from_value(value).map_err(not_a_state)?;
        let computed = state.compute_digest().map_err(not_a_state)?;
        if state.digest != computed {
            return Err(StateFileError::Edited { found: state.digest, computed });
        }
        Ok(state)
    }
}

fn blank_digest(value: &mut Value) {
    value["digest"] = Value::String(String::new());
}
