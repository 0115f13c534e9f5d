//! What the lab's servers have served since the start, or since somebody set the counters back: for benchmarks.

use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The counters of a running lab.
#[derive(Debug, Default)]
pub struct Usage(Mutex<Counted>);

/// The counters at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Microsoft Graph.
    pub graph: GraphCounted,
    /// LDAP.
    pub ldap: LdapCounted,
}

/// What Graph has served. Requests are counted with their refusals; what was throttled cost nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphCounted {
    /// HTTP exchanges, those with the token endpoint among them.
    pub exchanges: u64,
    /// Requests to Graph: alone or in a batch, throttled or not. The batch itself is none.
    pub requests: u64,
    /// Those of them that came in a batch.
    pub inner_requests: u64,
    /// Batches.
    pub batches: u64,
    /// Writes that were let through.
    pub writes: u64,
    /// Resource units that were spent.
    pub resource_units: u64,
    /// Requests that were answered 429 for what they cost.
    pub throttled: u64,
    /// The most writes within one window of their limit.
    pub peak_writes: u64,
    /// The most resource units within one window of their limit.
    pub peak_resource_units: u64,
    /// Exchanges in progress now.
    pub in_flight: u64,
    /// The most exchanges in progress at once.
    pub peak_in_flight: u64,
}

/// What LDAP has served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LdapCounted {
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests of any kind.
    pub requests: u64,
    /// Searches, each page one.
    pub searches: u64,
    /// Entries in their answers.
    pub entries: u64,
    /// Modify, modifyDN, add and delete.
    pub writes: u64,
    /// The most requests of one connection that waited for their answers at once.
    pub peak_pipelined: u64,
}

impl Usage {
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts something.
    pub fn count(&self, counting: impl FnOnce(&mut Counted)) {
        counting(&mut self.lock());
    }

    /// The counters now.
    pub fn now(&self) -> Counted {
        *self.lock()
    }

    /// Sets the counters back, and gives what they were. What is in progress stays counted.
    pub fn reset(&self) -> Counted {
        let mut counted = self.lock();
        let before = *counted;
        let in_flight = before.graph.in_flight;
        *counted = Counted::default();
        counted.graph.in_flight = in_flight;
        counted.graph.peak_in_flight = in_flight;
        before
    }

    /// Notes that an exchange begins; it ends when the answer is dropped.
    pub fn exchange(self: &std::sync::Arc<Self>) -> InFlight {
        self.count(|all| {
            all.graph.exchanges += 1;
            all.graph.in_flight += 1;
            all.graph.peak_in_flight = all.graph.peak_in_flight.max(all.graph.in_flight);
        });
        InFlight(std::sync::Arc::clone(self))
    }
}

/// An exchange in progress.
#[derive(Debug)]
pub struct InFlight(std::sync::Arc<Usage>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.count(|all| all.graph.in_flight = all.graph.in_flight.saturating_sub(1));
    }
}
