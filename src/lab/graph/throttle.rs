//! Throttling as Microsoft publishes it for "Identity and access" (Microsoft Graph, "Throttling limits").
//!
//! | module | what |
//! |---|---|
//! | [`cost`] | what a request costs: resource units, and whether it is a write |
//! | [`rules`] | the limits, published or otherwise, and how `--throttle` writes them |
//! | [`meter`] | what one application has spent in one tenant: pure, time is an argument |
//!
//! Limits are kept per application and tenant, each over a window that slides: what was spent longer ago than the window
//! is long is free again. A request that would go over a limit is refused and spends nothing; the published percentage
//! counts it, as it is a measure of demand and goes up to 1.8. Each request of a batch counts for itself, the batch does not.

pub mod cost;
pub mod meter;
pub mod rules;

use super::answer::Refusal;
use crate::lab::manners::Manners;
use cost::Cost;
use meter::{Meter, Quota, Standing};
use rules::Rules;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The throttle of one tenant.
#[derive(Debug)]
pub struct Throttle {
    manners: Manners,
    start: Instant,
    /// By application.
    meters: Mutex<HashMap<Uuid, Meter>>,
}

/// Who asks, of how large a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The application's id.
    pub application: Uuid,
    /// The tenant's id.
    pub tenant: Uuid,
    /// How many users the tenant has.
    pub users: usize,
    /// Whether the request came in a batch.
    pub in_batch: bool,
}

/// What an answer says about its cost: headers by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice(pub Vec<(&'static str, String)>);

impl Throttle {
    /// A throttle with nothing spent yet.
    pub fn new(manners: Manners) -> Self {
        Self { manners, start: Instant::now(), meters: Mutex::default() }
    }

    /// Charges a request to its application.
    ///
    /// # Errors
    /// 429, if it would go over a limit.
    pub fn charge(&self, cost: Cost, caller: Caller) -> (Result<(), Refusal>, Notice) {
        let rules = &self.manners.throttle;
        let now = self.start.elapsed();
        let standing = {
            let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
            meters.entry(caller.application).or_default().charge(now, cost, &rules.limits(caller.users))
        };
        self.manners.usage.count(|all| {
            let graph = &mut all.graph;
            graph.requests += 1;
            graph.inner_requests += u64::from(caller.in_batch);
            if standing.refused.is_some() {
                graph.throttled += 1;
            } else {
                graph.writes += u64::from(cost.write);
                graph.resource_units += u64::from(cost.units);
            }
            graph.peak_writes = graph.peak_writes.max(standing.writes);
            graph.peak_resource_units = graph.peak_resource_units.max(standing.units);
        });
        let admitted = match standing.refused {
            None => Ok(()),
            Some((_, wait)) => Err(Refusal::throttled((!rules.without_retry_after).then(|| retry_after(wait)))),
        };
        (admitted, notice(rules, cost, &standing, caller))
    }
}

/// `Retry-After`: whole seconds, as Graph mostly says it; a decimal where a window is so short that they would say little.
fn retry_after(wait: Duration) -> String {
    if wait > Duration::from_secs(5) {
        return wait.as_secs_f64().ceil().to_string();
    }
    // Rounded up: a client that comes back exactly then is let through.
    format!("{:.3}", (wait.as_secs_f64() * 1000.0).ceil() / 1000.0)
}

fn notice(rules: &Rules, cost: Cost, standing: &Standing, caller: Caller) -> Notice {
    if rules.silent {
        return Notice::default();
    }
    let mut headers = vec![("x-ms-resource-unit", cost.units.to_string())];
    if let Some(share) = standing.share.filter(|share| *share >= 0.8) {
        headers.push(("x-ms-throttle-limit-percentage", format!("{:.2}", share.min(1.8))));
    }
    if let Some((quota, _)) = standing.refused {
        let (limit, reason) = match quota {
            Quota::Writes => ("Write", "WriteLimitExceeded"),
            Quota::ResourceUnits => ("ReadWrite", "ResourceUnitLimitExceeded"),
        };
        let Caller { application, tenant, .. } = caller;
        headers.push(("x-ms-throttle-scope", format!("Tenant_Application/{limit}/{application}/{tenant}")));
        headers.push(("x-ms-throttle-information", reason.to_owned()));
    }
    Notice(headers)
}
