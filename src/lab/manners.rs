//! How the lab's servers serve: how fast, how much, and what they count of it. What goes wrong is for
//! [`super::faults`] to say.

use super::graph::throttle::rules::Rules;
use super::usage::Usage;
use std::sync::Arc;
use std::time::Duration;

/// The manners of both servers. By default they answer at once and without limits.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// How much Graph serves.
    pub throttle: Rules,
    /// How long an answer takes.
    pub pace: Pace,
    /// What both servers have served.
    pub usage: Arc<Usage>,
}

/// What an answer takes beside the work itself. Nobody else waits meanwhile: neither the world nor other requests, not
/// even those on the same connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Added to each HTTP exchange, once for a whole batch, and to each LDAP request. LDAP requests that are sent without
    /// waiting for answers wait for it together.
    pub latency: Duration,
    /// Added to a batch for each request in it that writes: Graph does those of one batch one after the other.
    pub batch_write: Duration,
}
