//! The handle that the lab's servers share.

use super::draw::Seed;
use super::kind::{GraphFault, Kind, LdapFault, Sort};
use super::rates::Rates;
use crate::model::digest;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong in a lab. Clones share it; the default is nothing at all.
#[derive(Clone, Debug, Default)]
pub struct Faults(Option<Arc<Storm>>);

#[derive(Debug)]
struct Storm {
    seed: Seed,
    rates: Rates,
    calm: AtomicBool,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    asked: HashMap<String, Asked>,
    told: Vec<Told>,
}

/// What is known of one request.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// How often it was made.
    times: u32,
    /// How often in a row it met a fault.
    in_a_row: u32,
    /// How often an outage still meets it.
    outage: u32,
}

/// A request, as far as its fate depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    sort: Sort,
    /// How it is told: `PATCH /v1.0/users/…`, `modify CN=…`.
    shown: String,
    key: String,
}

impl Request {
    /// A request of this sort. `shown` says which one it is, `body` is what else it carries; only its digest is kept.
    pub fn new(sort: Sort, shown: impl Into<String>, body: &[u8]) -> Self {
        let shown = shown.into();
        let key = format!("{shown} {}", digest::of_bytes(body));
        Self { sort, shown, key }
    }

    /// How it is told.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// A fault, wherever it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// At Graph.
    Graph(GraphFault),
    /// At AD.
    Ldap(LdapFault),
    /// A read of Graph was answered by a replica that lacks a write.
    Stale,
}

/// What was done to one request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// The request.
    pub request: String,
    /// The how-manieth of its kind it was, from 1.
    pub nth: u32,
    /// What befell it.
    pub fault: Fault,
}

impl Faults {
    /// Nothing ever goes wrong.
    pub const fn none() -> Self {
        Self(None)
    }

    /// What goes wrong with this seed.
    pub fn seeded(seed: u64, rates: Rates) -> Self {
        let (calm, memory) = (AtomicBool::new(false), Mutex::default());
        Self(Some(Arc::new(Storm { seed: Seed(seed), rates, calm, memory })))
    }

    /// The storm is over: from now on nothing goes wrong, and every read is fresh. What is asked now is not counted.
    pub fn calm(&self) {
        self.set_calm(true);
    }

    /// The storm goes on where it was calmed.
    pub fn resume(&self) {
        self.set_calm(false);
    }

    fn set_calm(&self, calm: bool) {
        if let Some(storm) = &self.0 {
            storm.calm.store(calm, Ordering::SeqCst);
        }
    }

    /// What was done to whom, in the order in which it happened.
    pub fn told(&self) -> Vec<Told> {
        self.0.as_ref().map(|storm| storm.lock().told.clone()).unwrap_or_default()
    }

    fn raging(&self) -> Option<&Storm> {
        self.0.as_deref().filter(|storm| !storm.calm.load(Ordering::SeqCst))
    }

    /// What befalls this request to Graph.
    pub fn graph(&self, request: &Request) -> Option<GraphFault> {
        let storm = self.raging()?;
        storm.befall(&storm.rates.graph, request, Fault::Graph)
    }

    /// What befalls this request to AD.
    pub fn ldap(&self, request: &Request) -> Option<LdapFault> {
        let storm = self.raging()?;
        storm.befall(&storm.rates.ldap, request, Fault::Ldap)
    }

    /// Whether a read can be answered by a replica at all.
    pub fn can_lag(&self) -> bool {
        self.raging().is_some_and(|storm| storm.rates.lagging > 0 || storm.rates.going_back > 0)
    }

    /// How often `read` is answered by a replica that does not have the write `write` yet; `nth` counts that write.
    pub fn lag(&self, write: &str, nth: u32, read: &str) -> u32 {
        let Some(storm) = self.raging() else { return 0 };
        let pair = format!("{write} then {read}");
        let lags = storm.seed.below(1000, "lagging", &pair, nth) < u32::from(storm.rates.lagging);
        if lags { 1 + storm.seed.below(3, "lag", &pair, nth) } else { 0 }
    }

    /// Whether `read`, made for the `nth` time, is answered by the replica that lags the most.
    pub fn goes_back(&self, read: &str, nth: u32) -> bool {
        let goes_back =
            |storm: &Storm| storm.seed.below(1000, "going back", read, nth) < u32::from(storm.rates.going_back);
        self.raging().is_some_and(goes_back)
    }

    /// Notes that `read`, made for the `nth` time, was answered by a replica.
    pub fn was_stale(&self, read: &str, nth: u32) {
        if let Some(storm) = self.raging() {
            storm.lock().told.push(Told { request: read.to_owned(), nth, fault: Fault::Stale });
        }
    }
}

impl Storm {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        // What is in there is whole after each line that changes it.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn befall<K: Kind>(&self, rates: &[(K, u16)], request: &Request, fault: fn(K) -> Fault) -> Option<K> {
        let Request { sort, shown, key } = request;
        let memory = &mut *self.lock();
        let asked = memory.asked.entry(key.clone()).or_default();
        asked.times += 1;
        let lasting = || rates.iter().map(|(kind, _)| *kind).find(|kind| kind.goes_on() > 0);
        let kind = if asked.outage > 0 {
            asked.outage -= 1;
            lasting()
        } else if asked.in_a_row >= self.rates.most_in_a_row {
            None
        } else {
            let spared = *sort == Sort::SignIn && self.seed.below(10, "spared", key, asked.times) > 0;
            let drawn = self.seed.choose(rates, "fault", key, asked.times);
            let kind = drawn.filter(|kind| !spared && kind.befalls(*sort));
            asked.outage = kind.map(Kind::goes_on).unwrap_or_default();
            kind
        };
        asked.in_a_row = if kind.is_some() { asked.in_a_row + 1 } else { 0 };
        if let Some(kind) = kind {
            let nth = asked.times;
            memory.told.push(Told { request: shown.clone(), nth, fault: fault(kind) });
        }
        kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Graph(fault) => fault.fmt(f),
            Self::Ldap(fault) => fault.fmt(f),
            Self::Stale => f.write_str("answered by a replica that lags behind"),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, nth, fault } = self;
        write!(f, "{request} (time {nth}): {fault}")
    }
}
