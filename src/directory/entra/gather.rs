//! Requests that are ready at the same moment go together, in one `$batch`, below the tenant's limits.
//!
//! Whoever asks does not know of it: it asks for one thing and gets its answer. Links that are worked on side by side come
//! to the same point together, so that their requests meet here; a request that is alone goes as it is.

use super::batch::{self, Answer, MOST};
use super::http::Graph;
use super::pace::{Class, Pace};
use super::request::Request;
use super::retry;
use super::token::Token;
use super::transport::{Failure, Reply};
use crate::config::settings::GraphLimits;
use crate::directory::port::{Clock, Turn};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderValue};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, oneshot};
use url::Url;

/// How many exchanges are on their way at the same time. Microsoft gives no number for what identity and access takes side
/// by side: what is limited is how much in a window, which [`Pace`] keeps to.
pub(super) const LINES: usize = 25;

/// Where requests meet.
pub(super) struct Gather {
    queue: Mutex<VecDeque<Waiting>>,
    lines: Semaphore,
    /// Whether every exchange needs a line, in company or not.
    strict: bool,
    pace: Arc<Mutex<Pace>>,
    time: Mutex<Option<(Timestamp, SignedDuration)>>,
}

/// A request that waits to be sent.
struct Waiting {
    request: Request,
    tell: oneshot::Sender<Result<Reply, Failure>>,
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gather")
    }
}

impl Default for Gather {
    fn default() -> Self {
        let lines = Semaphore::new(LINES);
        Self { queue: Mutex::default(), lines, strict: false, pace: Arc::default(), time: Mutex::default() }
    }
}

/// What is behind a lock is whole between any two statements that touch it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gather {
    /// Below these limits.
    pub(super) fn within(self, limits: GraphLimits) -> Self {
        Self { pace: Arc::new(Mutex::new(Pace::within(limits))), ..self }
    }

    /// With one exchange after the other, whatever it is.
    pub(super) fn one_at_a_time(self) -> Self {
        Self { lines: Semaphore::new(1), strict: true, ..self }
    }

    /// Up to [`MOST`] requests of one version, those that waited longest. Those that nobody waits for any more are left out.
    fn next(&self) -> Vec<Waiting> {
        let mut queue = locked(&self.queue);
        queue.retain(|waiting| !waiting.tell.is_closed());
        let Some(version) = queue.front().map(|first| first.request.version) else { return Vec::new() };
        let (mut taken, mut left) = (Vec::new(), VecDeque::new());
        for waiting in queue.drain(..) {
            if taken.len() < MOST && waiting.request.version == version {
                taken.push(waiting);
            } else {
                left.push_back(waiting);
            }
        }
        *queue = left;
        taken
    }

    /// The time for the pace: a clock that somebody sets back takes nothing off.
    fn elapsed(&self, now: Timestamp) -> SignedDuration {
        let mut time = locked(&self.time);
        let (last, total) = time.unwrap_or((now, SignedDuration::ZERO));
        let total = total.saturating_add(now.duration_since(last).max(SignedDuration::ZERO));
        *time = Some((now, total));
        total
    }
}

impl<C: Clock> Graph<C> {
    /// Tells the pace how large the tenant is.
    pub fn learn_size(&self, users: u64) {
        locked(&self.gather.pace).set_users(users);
    }

    /// For how long the tenant's limits hold writes up from now, if they do.
    pub fn slowed(&self) -> Option<SignedDuration> {
        let now = self.gather.elapsed(self.clock.now());
        locked(&self.gather.pace).held_up(Class::Writes, now)
    }

    /// Waits until the limits allow one more write, and keeps that right until it is dropped. It returns early if the person
    /// asks to stop.
    pub(super) async fn turn_to_write(&self) -> Turn {
        if !self.wait_for(Class::Writes, 1).await {
            return Turn::default();
        }
        let pace = Arc::clone(&self.gather.pace);
        Turn::until(move || locked(&pace).give_back(Class::Writes, 1))
    }

    /// `false` if the person asked to stop, and nothing was taken.
    async fn wait_for(&self, class: Class, amount: u32) -> bool {
        loop {
            let now = self.gather.elapsed(self.clock.now());
            let taken = locked(&self.gather.pace).take(class, amount, now);
            match taken {
                Ok(()) => return true,
                Err(wait) if self.clock.wait(wait).await => {}
                Err(_) => return false,
            }
        }
    }

    /// One exchange for this request, alone or in company. It is sent once; what its answer means is for the caller.
    pub(super) async fn in_company(&self, request: &Request, token: &Token) -> Result<Reply, Failure> {
        let (tell, mut told) = oneshot::channel();
        locked(&self.gather.queue).push_back(Waiting { request: request.clone(), tell });
        // Whoever else is ready joins before the first of them is sent.
        tokio::task::yield_now().await;
        loop {
            tokio::select! {
                biased;
                answer = &mut told => {
                    return answer.unwrap_or_else(|_| Err(Failure::NoAnswer("its batch was given up".to_owned())));
                }
                line = self.gather.lines.acquire() => {
                    let together = self.gather.next();
                    if together.is_empty() {
                        drop(line);
                        let answer = told.await;
                        return answer.unwrap_or_else(|_| Err(Failure::NoAnswer("its batch was given up".to_owned())));
                    }
                    self.send_together(together, token).await;
                }
            }
        }
    }

    /// One exchange that goes by itself, such as a page of a long collection: below the limits as every other.
    pub(super) async fn by_itself(&self, request: &Request, url: &Url, token: &Token) -> Result<Reply, Failure> {
        let _line = if self.gather.strict { self.gather.lines.acquire().await.ok() } else { None };
        let sent = async { vec![self.exchange(request, url, token).await] };
        self.below_the_limits(&[request], sent).await.pop().unwrap_or_else(|| Err(stopped()))
    }

    async fn send_together(&self, together: Vec<Waiting>, token: &Token) {
        let requests: Vec<&Request> = together.iter().map(|waiting| &waiting.request).collect();
        let sent = async {
            match requests.as_slice() {
                [one] => vec![self.alone(one, token).await],
                many => self.as_batch(many, token).await,
            }
        };
        let answers = self.below_the_limits(&requests, sent).await;
        for (waiting, answer) in together.into_iter().zip(answers) {
            // Whoever has gone meanwhile does not hear it.
            let _ = waiting.tell.send(answer);
        }
    }

    /// Waits for room for these requests, sends them, and learns from the answers, which come in their order.
    async fn below_the_limits(
        &self,
        requests: &[&Request],
        sent: impl Future<Output = Vec<Result<Reply, Failure>>>,
    ) -> Vec<Result<Reply, Failure>> {
        let units: u64 = requests.iter().map(|request| request.units()).sum();
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        if !self.wait_for(Class::Units, units).await {
            return requests.iter().map(|_| Err(stopped())).collect();
        }
        let answers = sent.await;
        let now = self.gather.elapsed(self.clock.now());
        let mut pace = locked(&self.gather.pace);
        pace.done(Class::Units, units, now);
        for (request, answer) in requests.iter().zip(&answers) {
            learn(&mut pace, request, answer.as_ref().ok(), now, self.now());
        }
        answers
    }

    async fn alone(&self, request: &Request, token: &Token) -> Result<Reply, Failure> {
        let url = request.url(&self.base).map_err(|error| Failure::NotSent(error.detail))?;
        self.exchange(request, &url, token).await
    }

    /// The answers, in the order of the requests. What the batch as a whole came to, each of them came to.
    async fn as_batch(&self, requests: &[&Request], token: &Token) -> Vec<Result<Reply, Failure>> {
        let all = |answer: Result<Reply, Failure>| vec![answer; requests.len()];
        let sent = async {
            let outer = batch::envelope(requests).map_err(|error| Failure::NotSent(error.detail))?;
            self.alone(&outer, token).await
        };
        let reply = match sent.await {
            Ok(reply) if (200..300).contains(&reply.status) => reply,
            other => return all(other),
        };
        let body = serde_json::from_slice(&reply.body).ok();
        match batch::read(requests, body, self.now()) {
            Ok(answers) => {
                self.meter.inner(answers.iter().flatten());
                answers
                    .into_iter()
                    .map(|answer| answer.map(|one| as_reply(one, &reply)).map_err(|e| Failure::NoAnswer(e.detail)))
                    .collect()
            }
            Err(error) => all(Err(Failure::NoAnswer(error.detail))),
        }
    }
}

fn stopped() -> Failure {
    Failure::NotSent("stopped as asked, before it was sent".to_owned())
}

/// What one answer says of the limits.
fn learn(pace: &mut Pace, request: &Request, reply: Option<&Reply>, now: SignedDuration, time: Timestamp) {
    let Some(reply) = reply else { return };
    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok());
    if reply.status != 429 {
        if request.is_write() {
            pace.accepted(Class::Writes, 1, now);
        }
        return;
    }
    // Where the server does not say which limit it was: for a write, the tighter one.
    let of_units = header("x-ms-throttle-information").is_some_and(|why| why.contains("ResourceUnit"));
    let class = if request.is_write() && !of_units { Class::Writes } else { Class::Units };
    pace.refused(class, header("retry-after").and_then(|value| retry::parse_retry_after(value, time)), now);
}

/// An inner answer in the form of an outer one, with the outer one's date.
fn as_reply(answer: Answer, outer: &Reply) -> Reply {
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    };
    add("retry-after", answer.retry_after.map(|wait| wait.as_secs_f64().to_string()));
    add("request-id", answer.request_id);
    add("x-ms-throttle-information", answer.throttled_by);
    if let Some(date) = outer.headers.get("date") {
        headers.insert("date", date.clone());
    }
    let body = answer.body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    Reply { status: answer.status, headers, body }
}
