//! Requests to Graph: with a token, sent again where that is safe, and pages read to their end.

use super::claims::Claims;
use super::cloud::Endpoints;
use super::credential::Credential;
use super::gather::Gather;
use super::meter::{Meter, Spent};
use super::pages::Pages;
use super::permission::Operation;
use super::refusal;
use super::request::Request;
use super::retry;
use super::token::{Token, TokenSource};
use super::trace::Trace;
use super::transport::{Bodies, Failure, Reply, Transport};
use crate::config::settings::GraphLimits;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use crate::model::granted::Granted;
use crate::model::id::{ObjectId, RoleDefinitionId};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

/// One tenant's Graph.
#[derive(Debug)]
pub struct Graph<C> {
    pub(super) tokens: TokenSource<C>,
    pub(super) clock: Arc<C>,
    /// Optional parts that were refused once: asking again with every poll would be refused with every poll.
    pub(super) unseen: Unseen,
    /// Names of role definitions, read once.
    pub(super) role_names: OnceCell<BTreeMap<RoleDefinitionId, String>>,
    /// How many seconds Graph's clock is ahead of ours, by its newest answer.
    ahead: AtomicI64,
    /// What has been asked so far.
    pub(super) meter: Meter,
    pub(super) gather: Gather,
    /// Whether requests that are ready at the same moment go together.
    gathers: bool,
    transport: Transport,
    pub(super) base: Url,
}

/// Which optional parts this credential may not read.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// `onPremisesObjectIdentifier`.
    pub object_identifier: AtomicBool,
    /// `onPremisesSyncBehavior`.
    pub sync_behavior: AtomicBool,
    /// PIM's schedules of active role assignments.
    pub role_schedules: AtomicBool,
    /// PIM's schedules of eligible role assignments.
    pub role_eligibility: AtomicBool,
    /// Memberships, and which groups can hold roles.
    pub role_groups: AtomicBool,
    /// PIM for Groups' schedules of active members.
    pub group_schedules: AtomicBool,
    /// PIM for Groups' schedules of eligible members.
    pub group_eligibility: AtomicBool,
}

impl<C: Clock> Graph<C> {
    /// A Graph that has not been asked anything yet. Errors: TLS cannot be set up.
    pub fn new(
        endpoints: Endpoints,
        credential: Credential,
        clock: Arc<C>,
        trace: Option<Arc<Trace>>,
    ) -> Result<Self, DirectoryError> {
        let transport = Transport::new(endpoints.is_loopback(), trace)?;
        let base = endpoints.graph.clone();
        let tokens = TokenSource::new(credential, endpoints, transport.clone(), Arc::clone(&clock));
        Ok(Self {
            tokens,
            clock,
            role_names: OnceCell::new(),
            unseen: Unseen::default(),
            ahead: AtomicI64::new(0),
            meter: Meter::default(),
            gather: Gather::default(),
            gathers: false,
            transport,
            base,
        })
    }

    /// The same Graph, with single requests that are ready at the same moment sent as one `$batch`.
    #[must_use]
    pub const fn gathering(mut self) -> Self {
        self.gathers = true;
        self
    }

    /// The same with one exchange after the other, so that what goes together does not depend on which answer was faster.
    #[must_use]
    pub fn one_at_a_time(self) -> Self {
        Self { gather: self.gather.one_at_a_time(), ..self }
    }

    /// The same below these limits.
    #[must_use]
    pub fn within(self, limits: GraphLimits) -> Self {
        Self { gather: self.gather.within(limits), ..self }
    }

    /// The tokens, for their lifetime and claims.
    pub const fn tokens(&self) -> &TokenSource<C> {
        &self.tokens
    }

    /// What has been asked of Graph so far.
    pub fn spent(&self) -> Spent {
        self.meter.spent()
    }

    /// What the credential's token really carries; `None` where the token does not say (it is opaque to us).
    pub async fn granted(&self) -> Result<Option<Granted>, DirectoryError> {
        let claims = self.tokens.token().await?.claims;
        // A token that is no JWT of Entra's can still decode as an empty object.
        Ok(claims.filter(|claims| *claims != Claims::default()).map(|claims| claims.granted()))
    }

    /// What time it is there, by the `Date` of an answer (RFC 9110 section 6.6.1); `None` where it has none.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, DirectoryError> {
        let request =
            Request::get(Operation::ReadOrganization, "read the time of Graph", &["organization"]).select(&["id"]);
        let reply = self.send_to(&request, &request.url(&self.base)?, Company::None).await?;
        Ok(date_of(&reply))
    }

    /// What time it is at Graph, as far as its newest answer told: whether a role has ended is for Graph to say, and our
    /// own clock may be wrong.
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        let now = self.clock.now();
        now.saturating_add(ahead).unwrap_or(now)
    }

    /// Learns how far the clocks are apart. What a `Date` in whole seconds and a slow line explain does not count.
    fn learn_the_time(&self, reply: &Reply) {
        const EXPLAINED: i64 = 5;
        let Some(there) = date_of(reply) else { return };
        let ahead = there.as_second() - self.clock.now().as_second();
        self.ahead.store(if ahead.abs() <= EXPLAINED { 0 } else { ahead }, Ordering::Relaxed);
    }

    /// Sends a request; the answer's JSON, or `None` where there is none (204).
    pub async fn send(&self, request: &Request) -> Result<Option<Value>, DirectoryError> {
        self.send_with(request, if self.gathers { Company::Welcome } else { Company::None }).await
    }

    /// The same, in one batch with whatever else is ready.
    pub(super) async fn send_in_company(&self, request: &Request) -> Result<Option<Value>, DirectoryError> {
        self.send_with(request, Company::Welcome).await
    }

    /// The same, never in a batch; a write that is refused for a limit is sent again when there is room.
    pub(super) async fn send_alone(&self, request: &Request) -> Result<Option<Value>, DirectoryError> {
        self.send_with(request, Company::None).await
    }

    async fn send_with(&self, request: &Request, company: Company) -> Result<Option<Value>, DirectoryError> {
        let url = request.url(&self.base)?;
        let reply = self.send_to(request, &url, company).await?;
        if reply.body.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&reply.body).map(Some).map_err(|_| {
            let kind = if request.is_write() { ErrorKind::OutcomeUnknown } else { ErrorKind::Broken };
            DirectoryError::new(kind, request.what.clone(), "the answer is not JSON")
        })
    }

    /// Sends a GET that must have a body.
    pub async fn read(&self, request: &Request) -> Result<Value, DirectoryError> {
        self.send(request)
            .await?
            .ok_or_else(|| DirectoryError::new(ErrorKind::Broken, request.what.clone(), "the answer has no body"))
    }

    /// The number that a `/$count` answers, as plain text.
    pub async fn count(&self, request: &Request) -> Result<u64, DirectoryError> {
        let reply = self.send_to(request, &request.url(&self.base)?, Company::None).await?;
        let text = String::from_utf8_lossy(&reply.body);
        text.trim()
            .trim_start_matches('\u{feff}')
            .parse()
            .map_err(|_| DirectoryError::new(ErrorKind::Broken, request.what.clone(), "the answer is no number"))
    }

    /// All items of a collection, over all its pages; `progress` hears how many there are so far. A page that leads to
    /// another host, in a circle or on without end ([`Pages`]) is an error, and so is one that fails: half a collection is never returned.
    pub async fn read_all(&self, request: &Request, progress: impl FnMut(usize)) -> Result<Vec<Value>, DirectoryError> {
        let first = request.url(&self.base)?;
        self.follow(request, Vec::new(), Pages::default(), Some(first), progress).await
    }

    /// The same for a collection that is narrowed to a few items: its first page may come in company.
    pub async fn read_few(&self, request: &Request) -> Result<Vec<Value>, DirectoryError> {
        if self.gathers {
            let page = self.read(request).await?;
            self.rest_of(request, page).await
        } else {
            self.read_all(request, |_| ()).await
        }
    }

    /// The same where the first page is here already.
    pub(super) async fn rest_of(&self, request: &Request, page: Value) -> Result<Vec<Value>, DirectoryError> {
        let mut items = Vec::new();
        let mut pages = Pages::default();
        let url = request.url(&self.base)?;
        let next = self.take_page(request, page, url, 0, &mut pages, &mut items)?;
        self.follow(request, items, pages, next, |_| ()).await
    }

    async fn follow(
        &self,
        request: &Request,
        mut items: Vec<Value>,
        mut pages: Pages,
        mut next: Option<Url>,
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Value>, DirectoryError> {
        while let Some(url) = next {
            let reply = self.send_to(request, &url, Company::None).await?;
            let octets = reply.body.len();
            let page: Value = serde_json::from_slice(&reply.body)
                .map_err(|_| DirectoryError::new(ErrorKind::Broken, request.what.clone(), "the answer is not JSON"))?;
            next = self.take_page(request, page, url, octets, &mut pages, &mut items)?;
            progress(items.len());
        }
        Ok(items)
    }

    /// Takes a page's items; the address of the next page.
    fn take_page(
        &self,
        request: &Request,
        mut page: Value,
        url: Url,
        octets: usize,
        pages: &mut Pages,
        items: &mut Vec<Value>,
    ) -> Result<Option<Url>, DirectoryError> {
        let broken = |reason: &str| DirectoryError::new(ErrorKind::Broken, request.what.clone(), reason);
        let Some(Value::Array(values)) = page.get_mut("value").map(Value::take) else {
            return Err(broken("a page has no `value`"));
        };
        pages.count(url, octets, values.len()).map_err(|why| broken(&why))?;
        items.extend(values);
        match page.get("@odata.nextLink") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(link)) => self
                .same_host(link)
                .map(Some)
                .ok_or_else(|| broken("the next page is at another address, where the token must not go")),
            Some(_) => Err(broken("the link to the next page is no text")),
        }
    }

    /// All items of a delta, from a link or from the beginning, and the link that it ends with.
    pub(super) async fn read_to_delta_link(
        &self,
        request: &Request,
        link: Option<&str>,
    ) -> Result<(Vec<Value>, String), DirectoryError> {
        let broken = |reason: &str| DirectoryError::new(ErrorKind::Broken, request.what.clone(), reason);
        let elsewhere = || broken("its link leads to another address, where the token must not go");
        let mut url = match link {
            Some(link) => self.same_host(link).ok_or_else(elsewhere)?,
            None => request.url(&self.base)?,
        };
        let mut items = Vec::new();
        let mut pages = Pages::default();
        loop {
            let reply = self.send_to(request, &url, Company::None).await?;
            let octets = reply.body.len();
            let page: Value = serde_json::from_slice(&reply.body).map_err(|_| broken("the answer is not JSON"))?;
            let last = page.get("@odata.deltaLink").and_then(Value::as_str).map(str::to_owned);
            let next = self.take_page(request, page, url, octets, &mut pages, &mut items)?;
            url = match (next, last) {
                (Some(next), _) => next,
                (None, Some(last)) => return Ok((items, last)),
                (None, None) => return Err(broken("its last page has no link for the next time")),
            };
        }
    }

    /// The address of a directory object, as references to it are written.
    pub(super) fn address_of(&self, object: ObjectId) -> String {
        format!("{}/v1.0/directoryObjects/{object}", self.base.as_str().trim_end_matches('/'))
    }

    /// A link of the server, if it stays where we are.
    fn same_host(&self, link: &str) -> Option<Url> {
        let url = Url::parse(link).ok()?;
        (url.origin() == self.base.origin() && url.username().is_empty() && url.password().is_none()).then_some(url)
    }

    /// Sends until there is an answer to go by. In company a write is sent once, also where it was refused for a limit: by the
    /// time of another try the reading that it rests on may be old, which is for the caller to see to.
    async fn send_to(&self, request: &Request, url: &Url, company: Company) -> Result<Reply, DirectoryError> {
        let (mut retries, mut reconnects, mut renewed) = (0, 0, false);
        loop {
            let token = self.tokens.token().await?;
            let answer = match company {
                // Boxed: whoever reads several things side by side would carry all of this for each of them.
                Company::Welcome => Box::pin(self.in_company(request, &token)).await,
                Company::None => Box::pin(self.by_itself(request, url, &token)).await,
            };
            if let Ok(reply) = &answer {
                self.learn_the_time(reply);
            }
            let wait = match answer {
                Ok(reply) if (200..300).contains(&reply.status) => return Ok(reply),
                Ok(reply) if reply.status == 401 && !renewed && self.tokens.forget(&token).await => {
                    renewed = true;
                    continue;
                }
                Ok(reply) => {
                    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok());
                    let after = header("retry-after");
                    let after = after.and_then(|value| retry::parse_retry_after(value, self.now()));
                    let once = company == Company::Welcome && request.is_write();
                    let wait = if once { None } else { retry::wait(reply.status, request.is_write(), after, retries) };
                    retries += 1;
                    let refused = || refusal::from_graph(request, reply.status, header("request-id"), &reply.body);
                    wait.ok_or_else(refused)?
                }
                // A read may be repeated; a write only if it certainly was not sent.
                Err(Failure::NoAnswer(_)) if !request.is_write() && reconnects < retry::MOST_RECONNECTS => {
                    reconnects += 1;
                    retry::backoff(reconnects - 1)
                }
                Err(failure) => {
                    let host = self.base.host_str().unwrap_or_default();
                    return Err(failure.into_error(&request.what, host, request.is_write()));
                }
            };
            if !self.clock.wait(wait).await {
                let detail = format!(
                    "stopped as asked; {} would have been asked again in {wait:#}",
                    self.base.host_str().unwrap_or_default()
                );
                return Err(DirectoryError::new(ErrorKind::Busy, request.what.clone(), detail));
            }
        }
    }

    pub(super) async fn exchange(&self, request: &Request, url: &Url, token: &Token) -> Result<Reply, Failure> {
        let mut builder = self
            .transport
            .client()
            .request(request.method.clone(), url.clone())
            .bearer_auth(token.value.expose_secret())
            .header("accept", "application/json")
            .header("client-request-id", Uuid::new_v4().to_string())
            .header("return-client-request-id", "true");
        if request.eventual {
            builder = builder.header("ConsistencyLevel", "eventual");
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let built = builder.build().map_err(|_| Failure::NotSent("the request is not usable".to_owned()))?;
        let reply = self.transport.exchange(built, Bodies::Shown(request.body.as_ref())).await?;
        self.meter.outer(&reply);
        Ok(reply)
    }
}

/// Whether a request may go together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    Welcome,
    None,
}

/// The `Date` of an answer (RFC 9110 section 6.6.1).
fn date_of(reply: &Reply) -> Option<Timestamp> {
    let date = reply.headers.get("date").and_then(|value| value.to_str().ok());
    date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|date| date.timestamp())
}
