//! `POST /$batch`: up to twenty requests in one (Microsoft Graph, "Combine multiple HTTP requests using JSON batching").

use super::answer::{Answer, Body, Object, Refusal, Reply, Trace};
use super::request::{self, Payload, Request, Version};
use super::throttle::Notice;
use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many items a batch may have.
const MAX_ITEMS: usize = 20;

/// A batch item, read but not yet sent.
struct Item {
    id: String,
    depends_on: Vec<String>,
    request: Result<Request, Refusal>,
}

/// Answers a batch: `serve` answers one item with its status and answer.
///
/// # Errors
/// 400 for a batch that is not well formed; then nothing is done.
pub fn answer(request: &Request, mut serve: impl FnMut(&Request) -> Served) -> Answer {
    let items = read(request)?;
    let mut failed: BTreeSet<String> = BTreeSet::new();
    let mut responses: Vec<Value> = Vec::with_capacity(items.len());
    for Item { id, depends_on, request: item } in items {
        let refused = |refusal| Served { answer: Err(refusal), trace: request.trace, notice: Notice::default() };
        let served = match item {
            _ if depends_on.iter().any(|d| failed.contains(d)) => refused(Refusal::failed_dependency()),
            Err(refusal) => refused(refusal),
            Ok(item) => serve(&item),
        };
        if served.answer.is_err() {
            failed.insert(id.clone());
        }
        responses.push(response(&id, served));
    }
    // Graph promises no order, so the lab does not let a client get used to one.
    responses.reverse();
    Ok(Reply::object(Object::from_iter([("responses".to_owned(), Value::Array(responses))])))
}

/// An item's answer, with what it says about its cost.
#[derive(Debug)]
pub struct Served {
    /// The answer.
    pub answer: Answer,
    /// Its ids.
    pub trace: Trace,
    /// Its cost.
    pub notice: Notice,
}

fn response(id: &str, Served { answer, trace, notice }: Served) -> Value {
    let retry_after = answer.as_ref().err().and_then(|refusal| refusal.retry_after.clone());
    let (status, body, location) = match answer {
        Ok(Reply { status, body, location }) => (status, body, location),
        Err(refusal) => (refusal.status, Body::Json(refusal.to_json(&trace)), None),
    };
    let mut headers = json!({ "Cache-Control": "no-cache" });
    for (name, value) in notice.0 {
        headers[name] = value.into();
    }
    if let Some(location) = location {
        headers["Location"] = location.into();
    }
    if let Some(retry_after) = retry_after {
        headers["Retry-After"] = retry_after.into();
    }
    let body = match body {
        Body::Empty => None,
        Body::Json(body) => {
            headers["OData-Version"] = "4.0".into();
            headers["Content-Type"] = content_type(status).into();
            Some(body)
        }
        Body::Text(text) => {
            headers["Content-Type"] = "text/plain".into();
            Some(text.parse::<u64>().map_or(Value::String(text), Value::from))
        }
    };
    let mut out = json!({ "id": id, "status": status.as_u16(), "headers": headers });
    if let Some(body) = body {
        out["body"] = body;
    }
    out
}

/// How many requests of a batch's body write.
pub fn writes(body: &[u8]) -> u32 {
    #[derive(Deserialize)]
    struct Methods {
        #[serde(default)]
        requests: Vec<Method>,
    }
    #[derive(Deserialize)]
    struct Method {
        #[serde(default)]
        method: String,
    }
    let methods = serde_json::from_slice::<Methods>(body).map(|batch| batch.requests).unwrap_or_default();
    let writes = methods.iter().take(MAX_ITEMS).filter(|item| !item.method.eq_ignore_ascii_case("GET"));
    writes.map(|_| 1).sum()
}

/// The content type of a JSON answer.
pub fn content_type(status: StatusCode) -> &'static str {
    if status.is_success() {
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    } else {
        "application/json"
    }
}

fn read(request: &Request) -> Result<Vec<Item>, Refusal> {
    let body = request.json_object()?;
    let Some(Value::Array(raw)) = body.get("requests") else {
        return Err(Refusal::odata("Invalid batch payload format."));
    };
    if raw.is_empty() {
        return Err(Refusal::odata("Batch request payload must contain at least one request."));
    }
    if raw.len() > MAX_ITEMS {
        return Err(Refusal::coded(
            "MaximumValueExceeded",
            format!("Number of batch request steps exceeds the maximum value of {MAX_ITEMS}."),
        ));
    }
    let mut seen = BTreeSet::new();
    raw.iter()
        .map(|raw| {
            let item = read_item(request, raw)?;
            // Only what stands before can be depended on.
            if item.depends_on.iter().any(|d| !seen.contains(d)) {
                return Err(Refusal::odata(format!("Invalid dependency for request Id: {}", item.id)));
            }
            if !seen.insert(item.id.clone()) {
                return Err(Refusal::odata("Request Id needs to be unique within a batch."));
            }
            Ok(item)
        })
        .collect()
}

fn read_item(outer: &Request, raw: &Value) -> Result<Item, Refusal> {
    let text = |name: &str| raw.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let missing = |name: &str| Refusal::odata(format!("Invalid batch payload format: '{name}' is missing."));
    let id = text("id").ok_or_else(|| missing("id"))?.to_owned();
    let url = text("url").ok_or_else(|| missing("url"))?;
    let method = text("method").ok_or_else(|| missing("method"))?.to_ascii_uppercase();
    let method = match method.as_str() {
        "GET" | "POST" | "PATCH" | "PUT" | "DELETE" => {
            Method::from_bytes(method.as_bytes()).map_err(|_| missing("method"))?
        }
        _ => return Err(Refusal::odata(format!("Invalid method for request Id: {id}"))),
    };
    let depends_on = match raw.get("dependsOn") {
        None | Some(Value::Null) => Vec::new(),
        Some(list) => serde_json::from_value(list.clone()).map_err(|_| missing("dependsOn"))?,
    };
    let mut headers = BTreeMap::new();
    for (name, value) in raw.get("headers").and_then(Value::as_object).unwrap_or(&Map::new()) {
        headers.insert(name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_owned());
    }
    let body = match raw.get("body") {
        None | Some(Value::Null) => Payload::None,
        Some(body) if headers.get("content-type").is_some_and(|t| t.to_ascii_lowercase().contains("json")) => {
            Payload::Json(body.clone())
        }
        Some(_) => {
            return Err(Refusal::odata(format!(
                "Write request id : {id} does not contain Content-Type header or body."
            )));
        }
    };
    let request = item_request(outer, url, method, headers, body);
    Ok(Item { id, depends_on, request })
}

/// The item as a request of its own. Its URL may be relative, start with the version, or be absolute.
fn item_request(
    outer: &Request,
    url: &str,
    method: Method,
    headers: BTreeMap<String, String>,
    body: Payload,
) -> Result<Request, Refusal> {
    let local = match url.split_once("://") {
        None => url,
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
    };
    let local = local.split('#').next().unwrap_or(local);
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    let trimmed = path.trim_start_matches('/');
    let (first, rest) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    let (version, path) = match Version::from_segment(first) {
        Some(version) => (version, rest),
        None => (outer.version, trimmed),
    };
    let path = format!("/{path}");
    let segments = request::segments(&path)?;
    if segments.iter().any(|s| s.eq_ignore_ascii_case("$batch")) {
        return Err(Refusal::odata("A batch cannot contain a batch."));
    }
    Ok(Request {
        method,
        version,
        root: outer.root.clone(),
        segments,
        path,
        query: request::query(query)?,
        headers,
        body,
        trace: outer.trace,
    })
}
