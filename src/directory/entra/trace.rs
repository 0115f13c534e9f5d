//! `--trace FILE`: every exchange as one JSON line, without secrets, for support cases and contract checks.

use crate::directory::scrub::{REDACTED, scrub};
use crate::model::visible::escape_json;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Headers whose values are secrets.
const SECRET_HEADERS: [&str; 5] = ["cookie", "set-cookie", "proxy-authorization", "x-api-key", "www-authenticate"];

/// JSON members whose values are secrets, wherever they stand, in lower case.
const SECRET_MEMBERS: [&str; 10] = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "password",
    "passwordprofile",
    "secrettext",
    "assertion",
    "accesstoken",
];

/// Where exchanges are written.
pub struct Trace {
    sink: Mutex<Sink>,
}

struct Sink {
    out: Box<dyn Write + Send>,
    failed: Option<String>,
}

/// One request and what came back.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The method.
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// Request headers.
    pub request_headers: &'a HeaderMap,
    /// Request body; `None` also where it must not be shown.
    pub request_body: Option<&'a Value>,
    /// The status, or `None` if no answer came.
    pub status: Option<u16>,
    /// Response headers.
    pub response_headers: Option<&'a HeaderMap>,
    /// Response body; `None` also where it must not be shown.
    pub response_body: Option<&'a [u8]>,
    /// Why no answer came.
    pub error: Option<&'a str>,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

impl Trace {
    /// A trace that writes to `out`, each line whole and flushed.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { sink: Mutex::new(Sink { out, failed: None }) }
    }

    /// Writes one exchange. A trace that cannot be written stops nothing; [`Self::failure`] tells it afterwards.
    pub fn record(&self, exchange: &Exchange<'_>) {
        let mut line = escape_json(&to_json(exchange).to_string()).into_owned();
        line.push('\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = sink.out.write_all(line.as_bytes()).and_then(|()| sink.out.flush()) {
            sink.failed.get_or_insert_with(|| error.to_string());
        }
    }

    /// Why the trace is not complete, if a line could not be written.
    pub fn failure(&self) -> Option<String> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).failed.clone()
    }
}

fn to_json(exchange: &Exchange<'_>) -> Value {
    let Exchange { method, url, request_headers, request_body, status, response_headers, response_body, error } =
        exchange;
    let mut line = json!({
        "method": method,
        "url": scrub(url),
        "request_headers": headers(request_headers),
        "request_body": request_body.map(|body| redacted(body.clone())),
        "status": status,
        "response_headers": response_headers.map(headers),
        "response_body": response_body.and_then(body),
    });
    if let (Some(error), Some(line)) = (error, line.as_object_mut()) {
        line.insert("error".into(), json!(scrub(error)));
    }
    line
}

fn headers(headers: &HeaderMap) -> Value {
    let mut out = Map::new();
    for (name, value) in headers {
        let value = match name.as_str() {
            "authorization" => "Bearer [redacted]".to_owned(),
            name if SECRET_HEADERS.contains(&name) => REDACTED.to_owned(),
            _ => scrub(&String::from_utf8_lossy(value.as_bytes())).into_owned(),
        };
        match out.get_mut(name.as_str()) {
            Some(Value::String(before)) => before.extend([", ", &value]),
            _ => drop(out.insert(name.as_str().to_owned(), Value::String(value))),
        }
    }
    Value::Object(out)
}

/// JSON where it is JSON, text where it is not, nothing where it is empty.
fn body(octets: &[u8]) -> Option<Value> {
    if octets.is_empty() {
        return None;
    }
    let json = serde_json::from_slice(octets).ok();
    Some(redacted(json.unwrap_or_else(|| Value::String(String::from_utf8_lossy(octets).into_owned()))))
}

fn redacted(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let secret = SECRET_MEMBERS.contains(&name.to_lowercase().as_str()) && !value.is_null();
                (name, if secret { Value::String(REDACTED.to_owned()) } else { redacted(value) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::String(text) => Value::String(scrub(&text).into_owned()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use std::io;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn planted_secrets_do_not_come_out() {
        let out = Shared::default();
        let trace = Trace::new(Box::new(out.clone()));
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer s3cret-token"));
        headers.insert("client-request-id", HeaderValue::from_static("abc"));
        let mut answered = HeaderMap::new();
        answered.append("set-cookie", HeaderValue::from_static("x=s3cret"));
        answered.append("set-cookie", HeaderValue::from_static("y=s3cret"));
        let request = json!({"passwordProfile": {"password": "s3cret"}, "onPremisesImmutableId": null});
        let response = json!({"value": [{"access_token": "s3cret", "note": "got eyJhbGciOiJub25lIn0.s3cret.s3cret!"}]});
        trace.record(&Exchange {
            method: "PATCH",
            url: "https://graph.example/v1.0/users/1",
            request_headers: &headers,
            request_body: Some(&request),
            status: Some(204),
            response_headers: Some(&answered),
            response_body: Some(response.to_string().as_bytes()),
            error: None,
        });
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        assert!(text.ends_with('\n') && text.lines().count() == 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["request_headers"]["authorization"], "Bearer [redacted]");
        assert_eq!(line["request_headers"]["client-request-id"], "abc");
        assert_eq!(line["request_body"]["onPremisesImmutableId"], Value::Null);
        assert_eq!((&line["status"], &line["method"]), (&json!(204), &json!("PATCH")));
    }

    #[test]
    fn a_full_disk_is_remembered_and_stops_nothing() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let trace = Trace::new(Box::new(Full));
        let headers = HeaderMap::new();
        let exchange = Exchange {
            method: "GET",
            url: "u",
            request_headers: &headers,
            request_body: None,
            status: None,
            response_headers: None,
            response_body: None,
            error: Some("reset"),
        };
        trace.record(&exchange);
        assert!(trace.failure().is_some());
    }
}
