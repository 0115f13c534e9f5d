//! The state file: a sealed file of its own version.

use super::ledger::{STATE_VERSION, State};
use crate::model::sealed::{self, SealError};

impl State {
    /// The digest over everything but the digest itself.
    pub fn compute_digest(&self) -> Result<String, serde_json::Error> {
        sealed::digest_of(self)
    }

    /// The file form: canonical JSON with its digest.
    pub fn to_file(&self) -> Result<String, serde_json::Error> {
        sealed::to_file(self)
    }

    /// The file form and the digest in it.
    pub fn sealed(&self) -> Result<(String, String), serde_json::Error> {
        sealed::sealed(self)
    }

    /// Reads the file form and checks version and digest.
    pub fn from_file(text: &str) -> Result<Self, SealError> {
        sealed::from_file(text, STATE_VERSION)
    }
}
