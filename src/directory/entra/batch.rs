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
//! [`Graph::batch`] is what readers call; what is sent together, and how fast, is decided in `gather`.

use super::gather::LINES;
use super::http::Graph;
use super::permission::Operation;
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

/// How many requests wait for their answers at the same time: enough to fill every exchange that may be on its way.
const AT_ONCE: usize = MOST * LINES;

/// How many collections are read on at the same time.
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
    /// Sends any number of requests, in batches, and gives what each came to, in their order. Each is sent as
    /// [`Graph::send`] sends it, with its own retries; those that are ready at the same moment share a batch.
    pub async fn batch(&self, requests: &[Request]) -> Vec<Outcome> {
        // Not a closure: a future with one that borrows could not go to another thread.
        let sent: Vec<_> = requests.iter().map(|request| self.send_in_company(request)).collect();
        stream::iter(sent).buffered(AT_ONCE).collect().await
    }

    /// All items of several collections, in their order, each over all its pages: the first pages by `$batch`, and what
    /// follows, which is rare where one asks narrowly, page by page.
    pub async fn batch_lists(&self, requests: &[Request]) -> Vec<Result<Vec<Value>, DirectoryError>> {
        let first = self.batch(requests).await;
        let whole: Vec<_> = requests.iter().zip(first).map(|(request, page)| self.whole_list(request, page)).collect();
        stream::iter(whole).buffered(SIDE_BY_SIDE).collect().await
    }

    async fn whole_list(&self, request: &Request, first: Outcome) -> Result<Vec<Value>, DirectoryError> {
        let page = first?.ok_or_else(|| unknown(request, "the answer has no body"))?;
        self.rest_of(request, page).await
    }
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
        assert_eq!(
            (first.request_id.as_deref(), first.body.clone()),
            (Some("r"), Some(json!({"error": {"code": "x"}})))
        );
        let second = read[1].as_ref().unwrap();
        assert_eq!((second.status, second.resource_units, second.body.clone()), (204, Some(1), None));
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
