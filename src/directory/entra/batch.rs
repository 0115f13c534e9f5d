//! `$batch`: up to twenty requests in one, each answered by itself.
//!
//! What Microsoft says of it, and what follows for us ("Combine multiple HTTP requests using JSON batching", "Throttling
//! and batching"):
//!
//! - The answer as a whole is 200 as soon as the batch could be read: success is each inner status, never the outer one.
//! - Answers come in any order. They are told apart by their ids; one that is missing is no success and no failure, but
//!   unknown.
//! - Every inner request counts for the limits by itself and can be refused with 429 by itself, with a `Retry-After` of
//!   its own. Only those are sent again, after the longest wait that one of them asks for.
//! - An inner request goes below one version, so that a batch is of one version.
//!
//! [`Graph::batch`] is what readers and writers call; [`Graph::send_batch`] is one batch and nothing more, for who paces and repeats by
//! itself.

use super::http::Graph;
use super::permission::Operation;
use super::refusal;
use super::request::{Request, Version};
use super::retry;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How many requests one batch holds at most.
pub const MOST: usize = 20;

/// How many batches are on their way at the same time.
const SIDE_BY_SIDE: usize = 4;

/// What one request came to: the JSON of a success (`None` where it has no body), or why it failed.
pub type Outcome = Result<Option<Value>, DirectoryError>;

/// The answer to one request of a batch, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status of this request alone.
    pub status: u16,
    /// How long this request is to wait before it is sent again, where the server says so.
    pub retry_after: Option<SignedDuration>,
    /// The server's name for this request, for support cases.
    pub request_id: Option<String>,
    /// What it cost, in resource units, where the server says so.
    pub resource_units: Option<u32>,
    /// Which limit it met, where the server says so (`x-ms-throttle-information`).
    pub throttled_by: Option<String>,
    /// The JSON body; a body that is no JSON is a string.
    pub body: Option<Value>,
}

impl Answer {
    /// Whether it is a success.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// What it comes to if it is final.
    pub fn into_outcome(self, request: &Request) -> Outcome {
        if self.is_success() {
            return Ok(self.body);
        }
        let body = self.body.map(|body| body.to_string()).unwrap_or_default();
        Err(refusal::from_graph(request, self.status, self.request_id.as_deref(), body.as_bytes()))
    }
}

#[derive(Deserialize)]
struct WireBatch {
    responses: Vec<WireAnswer>,
}

#[derive(Deserialize)]
struct WireAnswer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Option<Value>,
}

impl WireAnswer {
    fn read(self, now: Timestamp) -> Answer {
        let headers = self.headers.unwrap_or_default();
        let header = |name: &str| {
            let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            // Header values are text; a number is seen in samples.
            found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        Answer {
            status: self.status,
            retry_after: header("retry-after").and_then(|value| retry::parse_retry_after(&value, now)),
            request_id: header("request-id"),
            resource_units: header("x-ms-resource-unit").and_then(|value| value.parse().ok()),
            throttled_by: header("x-ms-throttle-information"),
            body: self.body.filter(|body| !body.is_null()),
        }
    }
}

/// The one request that carries these. Errors: none or too many of them, of several versions, or one without an address.
pub fn envelope(requests: &[&Request]) -> Result<Request, DirectoryError> {
    let what = || match requests {
        [one] => one.what.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.what, rest.len()),
        [] => "send nothing".to_owned(),
    };
    let version = requests.first().map_or(Version::V1, |first| first.version);
    if requests.is_empty() || requests.len() > MOST || requests.iter().any(|request| request.version != version) {
        let reason = format!("a batch holds 1 to {MOST} requests of one version, not {}", requests.len());
        return Err(DirectoryError::new(ErrorKind::Broken, what(), reason));
    }
    let items = requests.iter().enumerate().map(|(at, request)| item(at, request));
    let body = json!({ "requests": items.collect::<Result<Vec<_>, _>>()? });
    let operation = requests.first().map_or(Operation::ReadUsers, |first| first.operation);
    let mut outer = Request::new(Method::POST, operation, what(), &["$batch"]).json(body);
    outer.version = version;
    outer.harmless = requests.iter().all(|request| !request.is_write());
    Ok(outer)
}

fn item(at: usize, request: &Request) -> Result<Value, DirectoryError> {
    let mut item = json!({ "id": id(at), "method": request.method.as_str(), "url": request.relative()? });
    let mut headers = Map::new();
    if request.eventual {
        headers.insert("ConsistencyLevel".to_owned(), "eventual".into());
    }
    if let Some(body) = &request.body {
        headers.insert("Content-Type".to_owned(), "application/json".into());
        item["body"] = body.clone();
    }
    if !headers.is_empty() {
        item["headers"] = Value::Object(headers);
    }
    Ok(item)
}

/// Ids count from 1, as Microsoft's samples do.
fn id(at: usize) -> String {
    (at + 1).to_string()
}

/// The answers in the order of the requests. Errors, by request: no answer, or several with its id.
pub fn read(
    requests: &[&Request],
    body: Option<Value>,
    now: Timestamp,
) -> Result<Vec<Result<Answer, DirectoryError>>, DirectoryError> {
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let whole: WireBatch = serde_json::from_value(body.unwrap_or_default())
        .map_err(|e| unknown(first, &format!("the answer to the batch is not as documented: {e}")))?;
    let mut by_id: BTreeMap<String, Vec<WireAnswer>> = BTreeMap::new();
    for answer in whole.responses {
        by_id.entry(answer.id.clone()).or_default().push(answer);
    }
    let one = |(at, request): (usize, &&Request)| match by_id.remove(&id(at)).unwrap_or_default() {
        mut one if one.len() == 1 => Ok(one.remove(0).read(now)),
        none if none.is_empty() => Err(unknown(request, "the answer to the batch leaves this request out")),
        _ => Err(unknown(request, "the batch holds several answers to this request")),
    };
    Ok(requests.iter().enumerate().map(one).collect())
}

/// Nothing is known of this request: a write may have been done.
fn unknown(request: &Request, reason: &str) -> DirectoryError {
    let kind = if request.is_write() { ErrorKind::OutcomeUnknown } else { ErrorKind::Broken };
    DirectoryError::new(kind, request.what.clone(), reason)
}

impl<C: Clock> Graph<C> {
    /// Sends one batch of at most [`MOST`] requests of one version, and reads its answers in the order of the requests. The
    /// batch as a whole is sent again where that is safe, as every request is; an inner refusal is left to the caller.
    ///
    /// Errors of the whole: it was refused, or got no answer ([`ErrorKind::OutcomeUnknown`] if it holds a write that may
    /// have been done).
    pub async fn send_batch(
        &self,
        requests: &[&Request],
    ) -> Result<Vec<Result<Answer, DirectoryError>>, DirectoryError> {
        let answers = read(requests, self.send(&envelope(requests)?).await?, self.now())?;
        self.meter.inner(answers.iter().flatten());
        Ok(answers)
    }

    /// Sends any number of requests, in batches, and gives what each came to, in their order. Inner requests that were
    /// throttled are sent again alone, by the rules of [`retry::wait`]; an inner 401 gets a new token once.
    pub async fn batch(&self, requests: &[Request]) -> Vec<Outcome> {
        let mut by_version: [Vec<usize>; 2] = [Vec::new(), Vec::new()];
        for (at, request) in requests.iter().enumerate() {
            by_version[usize::from(request.version == Version::Beta)].push(at);
        }
        let chunks: Vec<Vec<usize>> = by_version.iter().flat_map(|all| all.chunks(MOST)).map(<[_]>::to_vec).collect();
        let sent = stream::iter(chunks).map(async |chunk| {
            let outcomes = self.until_answered(requests, &chunk).await;
            chunk.into_iter().zip(outcomes).collect::<Vec<_>>()
        });
        let mut all: Vec<(usize, Outcome)> = sent.buffer_unordered(SIDE_BY_SIDE).concat().await;
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// One chunk, sent again with what is left of it until everything has its answer.
    async fn until_answered(&self, requests: &[Request], chunk: &[usize]) -> Vec<Outcome> {
        let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
        let mut open: Vec<usize> = chunk.to_vec();
        let (mut retries, mut renewed) = (0, false);
        while !open.is_empty() {
            let sent: Vec<&Request> = open.iter().map(|at| &requests[*at]).collect();
            let token = self.tokens.token().await;
            let answers = match self.send_batch(&sent).await {
                Ok(answers) => answers,
                Err(error) => {
                    outcomes.extend(open.iter().map(|at| (*at, Err(of_the_whole(&error, &requests[*at])))));
                    break;
                }
            };
            let refused = answers.iter().flatten().any(|answer| answer.status == 401);
            let renews = refused
                && !renewed
                && match &token {
                    Ok(token) => self.tokens.forget(token).await,
                    Err(_) => false,
                };
            renewed |= renews;
            let mut again = Vec::new();
            let mut longest = SignedDuration::ZERO;
            for (at, answer) in open.iter().zip(answers) {
                let request = &requests[*at];
                let wait = match &answer {
                    Ok(answer) if answer.status == 401 && renews => Some(SignedDuration::ZERO),
                    Ok(answer) => retry::wait(answer.status, request.is_write(), answer.retry_after, retries),
                    Err(_) => None,
                };
                match (wait, answer) {
                    (Some(wait), Ok(_)) => {
                        longest = longest.max(wait);
                        again.push(*at);
                    }
                    (_, answer) => {
                        outcomes.insert(*at, answer.and_then(|answer| answer.into_outcome(request)));
                    }
                }
            }
            open = again;
            retries += 1;
            if !open.is_empty() && !longest.is_zero() && !self.clock.wait(longest).await {
                let stopped = |request: &Request| {
                    let detail = format!("stopped as asked; it would have been sent again in {longest:#}");
                    Err(DirectoryError::new(ErrorKind::Busy, request.what.clone(), detail))
                };
                outcomes.extend(open.iter().map(|at| (*at, stopped(&requests[*at]))));
                break;
            }
        }
        outcomes.into_values().collect()
    }

    /// All items of several collections, in their order, each over all its pages: the first pages by `$batch`, and what
    /// follows, which is rare where one asks narrowly, page by page.
    pub async fn batch_lists(&self, requests: &[Request]) -> Vec<Result<Vec<Value>, DirectoryError>> {
        let first = self.batch(requests).await;
        // Not a closure: a future with one that borrows could not go to another thread.
        let whole: Vec<_> = requests.iter().zip(first).map(|(request, page)| self.whole_list(request, page)).collect();
        stream::iter(whole).buffered(SIDE_BY_SIDE).collect().await
    }

    async fn whole_list(&self, request: &Request, first: Outcome) -> Result<Vec<Value>, DirectoryError> {
        let page = first?.ok_or_else(|| unknown(request, "the answer has no body"))?;
        self.rest_of(request, page).await
    }
}

/// What the failure of a batch means for one of its requests.
fn of_the_whole(error: &DirectoryError, request: &Request) -> DirectoryError {
    let kind = match error.kind {
        ErrorKind::OutcomeUnknown if !request.is_write() => ErrorKind::Unreachable,
        ErrorKind::Broken if request.is_write() => ErrorKind::OutcomeUnknown,
        kind => kind,
    };
    DirectoryError { kind, what: request.what.clone(), ..error.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entra::request::Filter;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn list(filter: &str) -> Request {
        Request::get(Operation::ReadUsers, format!("read {filter}"), &["users"])
            .select(&["id"])
            .filter(&Filter::eq("mail", filter))
    }

    fn patch() -> Request {
        Request::new(Method::PATCH, Operation::SetImmutableId, "set it", &["users", "a/b"]).json(json!({"x": null}))
    }

    #[test]
    fn each_request_goes_with_its_own_headers_and_body() {
        let (advanced, patch) = (list("a&b'c").advanced(), patch());
        let outer = envelope(&[&advanced, &patch]).unwrap();
        assert_eq!((outer.path.as_slice(), outer.is_write()), (&["$batch".to_owned()][..], true));
        assert_eq!(
            outer.body.unwrap(),
            json!({"requests": [
                {"id": "1", "method": "GET", "headers": {"ConsistencyLevel": "eventual"},
                 "url": "/users?$select=id&$filter=mail%20eq%20%27a%26b%27%27c%27&$count=true"},
                {"id": "2", "method": "PATCH", "headers": {"Content-Type": "application/json"},
                 "url": "/users/a%2Fb", "body": {"x": null}},
            ]})
        );
        assert!(!envelope(&[&list("a")]).unwrap().is_write());
    }

    #[test]
    fn a_batch_is_of_one_version_and_not_too_large() {
        let (v1, beta) = (list("a"), list("a").beta());
        assert!(envelope(&[&v1, &beta]).is_err());
        assert!(envelope(&[]).is_err());
        assert!(envelope(&[&v1; MOST]).is_ok() && envelope(&[&v1; MOST + 1]).is_err());
        assert_eq!(envelope(&[&beta]).unwrap().version, Version::Beta);
    }

    #[test]
    fn answers_find_their_requests_in_any_order() {
        let (get, patch) = (list("a"), patch());
        let body = json!({"responses": [
            {"id": "2", "status": 204, "headers": {"x-ms-resource-unit": "1"}},
            {"id": "1", "status": 429, "headers": {"retry-after": "2.128", "Request-Id": "r"}, "body": {"error": {"code": "x"}}},
        ]});
        let read = read(&[&get, &patch], Some(body), now()).unwrap();
        let first = read[0].as_ref().unwrap();
        assert_eq!((first.status, first.retry_after), (429, Some(SignedDuration::from_millis(2128))));
        let error = first.clone().into_outcome(&get).unwrap_err();
        assert_eq!((error.kind, error.what.as_str()), (ErrorKind::Throttled, "read a"));
        assert!(error.detail.contains("request-id r"), "{error}");
        let second = read[1].as_ref().unwrap();
        assert_eq!((second.status, second.resource_units, second.body.clone()), (204, Some(1), None));
        assert_eq!(second.clone().into_outcome(&patch), Ok(None));
    }

    #[test]
    fn an_answer_that_is_missing_or_there_twice_is_no_answer() {
        let (get, patch) = (list("a"), patch());
        let twice =
            json!({"responses": [{"id": "1", "status": 200}, {"id": "1", "status": 200}, {"id": "9", "status": 200}]});
        let read_of = |body| read(&[&get, &patch], Some(body), now());
        let answers = read_of(twice).unwrap();
        assert_eq!(answers[0].as_ref().unwrap_err().kind, ErrorKind::Broken);
        assert_eq!(answers[1].as_ref().unwrap_err().kind, ErrorKind::OutcomeUnknown);
        assert!(read_of(json!({"value": []})).is_err());
        assert!(read(&[&get], None, now()).is_err());
    }
}
