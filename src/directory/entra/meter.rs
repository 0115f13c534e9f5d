//! What has been asked of Graph so far: HTTP requests, and the resource units by which Entra limits them.

use super::batch::Answer;
use super::transport::Reply;
use std::fmt;
use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts while requests go on.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    inner: AtomicU64,
    units: AtomicU64,
}

/// What was spent up to one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// HTTP requests that were answered.
    pub requests: u64,
    /// Requests inside of batches that were answered.
    pub inner: u64,
    /// Resource units, as `x-ms-resource-unit` tells them; a request without it counts none.
    pub units: u64,
}

impl Meter {
    /// Counts an answer of Graph.
    pub(super) fn outer(&self, reply: &Reply) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let units = reply.headers.get("x-ms-resource-unit").and_then(|value| value.to_str().ok());
        self.units.fetch_add(units.and_then(|value| value.parse().ok()).unwrap_or(0), Ordering::Relaxed);
    }

    /// Counts the answers inside of a batch.
    pub(super) fn inner<'a>(&self, answers: impl Iterator<Item = &'a Answer>) {
        for answer in answers {
            self.inner.fetch_add(1, Ordering::Relaxed);
            self.units.fetch_add(answer.resource_units.unwrap_or(0).into(), Ordering::Relaxed);
        }
    }

    /// What has been spent.
    pub fn spent(&self) -> Spent {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Spent { requests: read(&self.requests), inner: read(&self.inner), units: read(&self.units) }
    }
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            inner: self.inner.saturating_sub(before.inner),
            units: self.units.saturating_sub(before.units),
        }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, inner: _, units } = self;
        write!(f, "{requests} requests, {units} resource units")
    }
}
