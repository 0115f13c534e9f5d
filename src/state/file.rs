//! The state file: a sealed file of its own version.

use super::ledger::State;
use crate::model::sealed::{self, SealError, Upgrade};
use serde_json::{Value, json};

/// What leads from each version of the state file to the next, oldest first. Version 3 added tasks, which may be absent.
const UPGRADES: &[Upgrade] = &[say_that_nothing_was_lost, Ok];

/// From version 1 to 2, which says where records were lost. Version 1 had no way to lose any and go on.
fn say_that_nothing_was_lost(mut state: Value) -> Result<Value, String> {
    let members = state.as_object_mut().ok_or("it is no object")?;
    members.insert("losses".to_owned(), json!([]));
    Ok(state)
}

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

    /// Reads the file form and checks version and digest. A file of an older version is upgraded.
    pub fn from_file(text: &str) -> Result<Self, SealError> {
        sealed::from_file(text, UPGRADES)
    }
}
