//! What the service is like today: the one place where throttling, replication delay and faults meet Graph.
//!
//! Every request passes here before anything else looks at it, a batch item like any other. What is decided is
//! [`Faults`]' business; here a request gets its name, and a refusal its words.

use super::answer::Refusal;
use super::replica::Replicas;
use super::request::{Payload, Request};
use crate::lab::faults::{Faults, GraphFault, Request as Asked, RetryAfter, Sort};
use crate::lab::world::World;
use axum::http::{Method, Uri};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The state of the service.
#[derive(Debug)]
pub struct Conditions {
    faults: Faults,
    replicas: Replicas,
    /// Where the service is. It is taken out of bodies, so that a free port decides nothing.
    root: String,
}

/// What befalls a request, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What.
    pub fault: GraphFault,
    /// Whether the request is one to the token endpoint, which words its errors otherwise.
    pub sign_in: bool,
}

impl Conditions {
    /// A service at `root` with these faults.
    pub fn new(faults: Faults, root: String) -> Self {
        Self { replicas: Replicas::new(faults.clone()), faults, root }
    }

    /// What befalls an HTTP request as a whole.
    pub fn fate(&self, method: &Method, uri: &Uri, body: &[u8]) -> Option<Fate> {
        let path = uri.path();
        let sort = match path {
            _ if path.ends_with("/oauth2/v2.0/token") => Sort::SignIn,
            _ if method == Method::GET => Sort::Read,
            _ if path.ends_with("/$batch") => Sort::Batch,
            _ => Sort::Write,
        };
        let target = uri.path_and_query().map_or(path, |all| all.as_str());
        // A sign-in's form holds secrets that are new with each start, and a signature that is new each time.
        let body = match sort {
            Sort::SignIn => String::new(),
            _ => String::from_utf8_lossy(body).replace(&self.root, ""),
        };
        let asked = Asked::new(sort, format!("{method} {target}"), body.as_bytes());
        let fault = self.faults.graph(&asked)?;
        Some(Fate { fault, sign_in: sort == Sort::SignIn })
    }

    /// Whether an item of a batch is served.
    ///
    /// # Errors
    /// What the service answers instead.
    pub fn admit(&self, item: &Request) -> Result<(), Refusal> {
        let body = match &item.body {
            Payload::Json(body) => body.to_string().replace(&self.root, ""),
            _ => String::new(),
        };
        let shown = format!("{} {} in a batch", item.method, item.url_below_root());
        let asked = Asked::new(Sort::Item, shown, body.as_bytes());
        let fault = self.faults.graph(&asked);
        fault.and_then(|fault| refusal(fault, item.trace.date)).map_or(Ok(()), Err)
    }

    /// The world as a replica has it that answers this read; `None` for the primary.
    pub fn replica(&self, read: &Request) -> Option<Arc<World>> {
        self.replicas.answering(read)
    }

    /// The world before a write, if there are replicas that may lag behind it.
    pub fn before(&self, world: &World) -> Option<Arc<World>> {
        self.faults.can_lag().then(|| Arc::new(world.clone()))
    }

    /// Notes that a write was done to the primary, which was `before` it.
    pub fn wrote(&self, write: &Request, before: Arc<World>) {
        self.replicas.wrote(write, before);
    }
}

/// Graph's words for a fault that refuses a request; `None` for those that break the answer instead.
pub fn refusal(fault: GraphFault, now: Timestamp) -> Option<Refusal> {
    Some(match fault {
        GraphFault::Throttled(after) => Refusal::throttled(retry_after(after, now)),
        GraphFault::InternalError => Refusal::internal_error(),
        GraphFault::BadGateway => Refusal::bad_gateway(),
        GraphFault::Unavailable(after) => Refusal::service_unavailable(retry_after(after, now)),
        GraphFault::Outage => Refusal::service_unavailable(None),
        GraphFault::GatewayTimeout | GraphFault::GatewayTimeoutDone => Refusal::gateway_timeout(),
        GraphFault::CutBefore | GraphFault::CutAfter | GraphFault::CutInBody | GraphFault::NotJson => return None,
    })
}

/// The value of `Retry-After`.
fn retry_after(after: RetryAfter, now: Timestamp) -> Option<String> {
    Some(match after {
        RetryAfter::Unsaid => return None,
        RetryAfter::Seconds => "2".to_owned(),
        RetryAfter::Decimal => "2.128".to_owned(),
        RetryAfter::Date => {
            now.saturating_add(SignedDuration::from_secs(2)).unwrap_or(now).strftime(super::HTTP_DATE).to_string()
        }
        RetryAfter::Hour => "3600".to_owned(),
    })
}
