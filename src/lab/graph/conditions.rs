//! What the service is like today: the one place where throttling, replication delay and faults are decided.
//!
//! Every request passes here before anything else looks at it, a batch item like any other.

use super::answer::Refusal;
use super::request::Request;

/// The state of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conditions {
    /// Every request is served, and every answer is about this moment.
    #[default]
    Calm,
}

impl Conditions {
    /// Whether this request is served.
    ///
    /// # Errors
    /// What the service answers instead.
    pub const fn admit(self, _request: &Request) -> Result<(), Refusal> {
        match self {
            Self::Calm => Ok(()),
        }
    }
}
