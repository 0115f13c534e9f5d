//! What a handler says: a reply, or a refusal in Graph's words.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A JSON object on its way out.
pub type Object = Map<String, Value>;

/// What a handler returns.
pub type Answer = Result<Reply, Refusal>;

/// The body of a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// None, as with a 204.
    Empty,
    /// JSON with OData's content type.
    Json(Value),
    /// Plain text, as `$count` answers.
    Text(String),
}

/// A success.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Body,
    /// Where a created object lives.
    pub location: Option<String>,
}

impl Reply {
    /// 200 with a JSON object.
    pub fn object(object: Object) -> Self {
        Self { status: StatusCode::OK, body: Body::Json(Value::Object(object)), location: None }
    }

    /// 201 with the created object and where it lives.
    pub fn created(object: Object, location: String) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), ..Self::object(object) }
    }

    /// 200 with plain text.
    pub fn text(text: String) -> Self {
        Self { body: Body::Text(text), ..Self::no_content() }.with_status(StatusCode::OK)
    }

    /// 204.
    pub const fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Body::Empty, location: None }
    }

    fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// An entry of `error.details`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// `ObjectConflict`, `InvalidValue`, ….
    pub code: &'static str,
    /// The property.
    pub target: String,
}

/// An error as Graph words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// `error.code`.
    pub code: &'static str,
    /// `error.message`.
    pub message: String,
    /// `error.details`; each repeats the message.
    pub details: Vec<Detail>,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
}

/// The ids and the time that every answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The server's id of this request.
    pub request_id: Uuid,
    /// The client's id of it; the server's if the client gave none.
    pub client_request_id: Uuid,
    /// The world's time.
    pub date: Timestamp,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// 400 `BadRequest`: what Graph's OData layer refuses.
    pub fn odata(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 400 `Request_BadRequest`: what the directory refuses.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// 400 `Request_UnsupportedQuery`.
    pub fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
    }

    /// 400 with a code of its own.
    pub fn coded(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400: a value that the property cannot take.
    pub fn invalid_value(property: &str) -> Self {
        Self::bad_request(format!("Invalid value specified for property '{property}' of resource 'User'."))
            .detailed("InvalidValue", property)
    }

    /// 400 `ObjectConflict`: the value is taken.
    pub fn conflict(property: &str) -> Self {
        Self::bad_request(format!("Another object with the same value for property {property} already exists."))
            .detailed("ObjectConflict", property)
            .detailed("ConflictingObjects", property)
    }

    /// 401 `InvalidAuthenticationToken`.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
    }

    /// 403 `Authorization_RequestDenied`.
    pub fn denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    }

    /// 404 `Request_ResourceNotFound`.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            format!(
                "Resource '{what}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
    }

    /// 410: a delta link whose memory is gone.
    pub fn sync_state_not_found() -> Self {
        Self::new(
            StatusCode::GONE,
            "syncStateNotFound",
            "The sync state generation is not found; continue with a full synchronization.",
        )
    }

    /// 424: a batch item whose predecessor failed.
    pub fn failed_dependency() -> Self {
        Self::new(StatusCode::FAILED_DEPENDENCY, "FailedDependency", "A request that this request depends on failed.")
    }

    /// 501: Graph knows this, the lab does not. Said openly, so that nobody takes silence for success.
    pub fn not_in_the_lab(what: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", format!("The lab does not implement {what}."))
    }

    /// 429.
    pub fn throttled(retry_after: Option<String>) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests.");
        Self { retry_after, ..refusal }
    }

    /// 500: something broke on the way. Graph says no more about it.
    pub fn internal_error() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "An internal server error has occurred.")
    }

    /// 502: what stands before the service had no usable answer from it.
    pub fn bad_gateway() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "BadGateway", "The server returned an invalid response.")
    }

    /// 503: the service takes no requests now.
    pub fn service_unavailable(retry_after: Option<String>) -> Self {
        Self { retry_after, ..Self::unavailable("The service is unavailable. Please try again.") }
    }

    /// 504: what stands before the service did not wait for it any longer. Whether it was done, the answer does not say.
    pub fn gateway_timeout() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout", "The server did not answer in time.")
    }

    /// 503: the world could not be saved, so nothing was changed.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
    }

    /// The same with an entry in `details`.
    #[must_use]
    pub fn detailed(mut self, code: &'static str, target: &str) -> Self {
        self.details.push(Detail { code, target: target.to_owned() });
        self
    }

    /// The error body, `{"error": {…}}` (Microsoft Graph, "Error responses and resource types").
    pub fn to_json(&self, trace: &Trace) -> Value {
        let Self { status: _, code, message, details, retry_after: _ } = self;
        let mut error = json!({
            "code": code,
            "message": message,
            "innerError": {
                "date": trace.date.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": trace.request_id,
                "client-request-id": trace.client_request_id,
            },
        });
        if !details.is_empty() {
            error["details"] = details
                .iter()
                .map(|Detail { code, target }| json!({ "code": code, "message": message, "target": target }))
                .collect();
        }
        json!({ "error": error })
    }
}
