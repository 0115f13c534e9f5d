//! Replication delay: reads that do not see a write yet.
//!
//! Writes go to the primary. What the world was before each of the last writes is kept, and a read made after a write
//! is for its first few times ([`Faults::lag`]) answered by the world before it. A read is past a write once it has
//! shown it, and only looks at later ones then, so it never goes back, unless [`Faults::goes_back`] says so.
//!
//! Two reads are the same read if they name the same object or ask a collection the same question of the same version of
//! Graph; what they `$select` and `$expand` does not matter.

use super::request::Request;
use crate::lab::faults::Faults;
use crate::lab::world::World;
use axum::http::Method;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many writes a replica can be behind.
const MOST_BEHIND: usize = 8;

/// The replicas of one service.
#[derive(Debug)]
pub struct Replicas {
    faults: Faults,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// The last writes, the oldest first.
    writes: VecDeque<Write>,
    /// How often each write and each read was made.
    times: HashMap<String, u32>,
}

#[derive(Debug)]
struct Write {
    name: String,
    nth: u32,
    before: Arc<World>,
    /// How often each read was made since, without showing this write.
    missed: HashMap<String, u32>,
}

impl Replicas {
    /// Replicas that lag as these faults say.
    pub fn new(faults: Faults) -> Self {
        Self { faults, memory: Mutex::default() }
    }

    /// Notes a write to the primary, which was `before` it.
    pub fn wrote(&self, write: &Request, before: Arc<World>) {
        let memory = &mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{} {}", write.method, write.path);
        let nth = memory.count(&name);
        memory.writes.push_back(Write { name, nth, before, missed: HashMap::new() });
        if memory.writes.len() > MOST_BEHIND {
            memory.writes.pop_front();
        }
    }

    /// The world as the replica has it that answers this read; `None` for the primary.
    pub fn answering(&self, read: &Request) -> Option<Arc<World>> {
        // A list of changes is about what its reader was told before, which is the primary's to know.
        if !self.faults.can_lag() || read.method != Method::GET || read.path.ends_with("/delta") {
            return None;
        }
        let name = name_of(read);
        let memory = &mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = memory.count(&name);
        let missing = memory.writes.iter_mut().find_map(|write| {
            let missed = write.missed.entry(name.clone()).or_default();
            let lags = *missed < self.faults.lag(&write.name, write.nth, &name);
            *missed += u32::from(lags);
            lags.then(|| Arc::clone(&write.before))
        });
        let oldest = || memory.writes.front().map(|write| Arc::clone(&write.before));
        let world = missing.or_else(|| if self.faults.goes_back(&name, nth) { oldest() } else { None })?;
        self.faults.was_stale(&name, nth);
        Some(world)
    }
}

impl Memory {
    fn count(&mut self, name: &str) -> u32 {
        let times = self.times.entry(name.to_owned()).or_default();
        *times += 1;
        *times
    }
}

/// What a read asks for.
fn name_of(read: &Request) -> String {
    let (version, path) = (read.version.segment(), &read.path);
    match read.option("$filter") {
        Some(filter) => format!("GET /{version}{path}?$filter={filter}"),
        None => format!("GET /{version}{path}"),
    }
}
