//! The HTTP door: bytes in, bytes out, on loopback.

use super::answer::{Answer, Body, Refusal, Reply, Trace};
use super::batch::{self, content_type};
use super::broken;
use super::conditions::{self, Conditions, Fate};
use super::delta::Deltas;
use super::dispatch::Graph;
use super::request::{self, Payload, Request, Version};
use super::throttle::{Notice, Throttle};
use super::token::{self, TokenRequest};
use super::tokens::Tokens;
use crate::lab::faults::{Faults, GraphFault};
use crate::lab::manners::{Manners, Pace};
use crate::lab::shared::SharedWorld;
use axum::Router;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, Request as HttpRequest, Response, StatusCode};
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

/// The largest request body, as Graph's batches have it.
const MAX_BODY: usize = 4 << 20;

/// `expires_in` of an issued token.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3599);

/// What a server is started with.
#[derive(Debug)]
pub struct GraphServerConfig {
    /// The world that it serves.
    pub world: SharedWorld,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// A bearer token that is accepted at once and for ever.
    pub access_token: SecretString,
    /// The client secret that the token endpoint accepts, for any client id.
    pub client_secret: SecretString,
    /// What goes wrong.
    pub faults: Faults,
    /// How it serves.
    pub manners: Manners,
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct GraphServer {
    /// Where it listens.
    pub addr: SocketAddr,
    service: Arc<Service>,
    /// Dropping it stops the server.
    _stop: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Service {
    graph: Graph,
    client_secret: SecretString,
    manners: Manners,
    /// More threads than processors would only be in each other's way.
    working: Semaphore,
}

/// Starts a server.
///
/// # Errors
/// The port cannot be listened on.
pub async fn serve(config: GraphServerConfig) -> std::io::Result<GraphServer> {
    let GraphServerConfig { world, port, access_token, client_secret, faults, manners } = config;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let addr = listener.local_addr()?;
    let root = format!("http://{addr}");
    let graph = Graph {
        world,
        tokens: Tokens::new(&access_token, TOKEN_LIFETIME),
        throttle: Throttle::new(manners.clone()),
        conditions: Conditions::new(faults, root.clone()),
        deltas: Deltas::default(),
        on_demand: super::on_demand::Limit::default(),
        root,
        serial: 0.into(),
    };
    let at_once = std::thread::available_parallelism().map_or(1, NonZero::get) * 2;
    let service = Arc::new(Service { graph, client_secret, manners, working: Semaphore::new(at_once) });
    let router = Router::new().fallback(handle).with_state(Arc::clone(&service));
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let until = async {
            // An error means that the sender is gone, which is what stops us.
            let _ = stopped.await;
        };
        // axum's own loop only ends when told to: it retries failed accepts.
        let _ = axum::serve(listener, router).with_graceful_shutdown(until).await;
    });
    Ok(GraphServer { addr, service, _stop: stop })
}

impl GraphServer {
    /// The URL below which `/v1.0` and `/beta` are.
    pub fn url(&self) -> String {
        self.service.graph.root.clone()
    }

    /// The URL of the tenant's token endpoint.
    pub fn token_url(&self) -> String {
        let tenant = self.service.graph.world.read(|w| w.entra.tenant_id);
        format!("{}/{tenant}/oauth2/v2.0/token", self.url())
    }

    /// A refresh token, as an earlier sign-in would have left it with a client.
    pub fn issue_refresh_token(&self) -> SecretString {
        self.service.graph.tokens.issue_refresh()
    }
}

async fn handle(State(service): State<Arc<Service>>, request: HttpRequest<HttpBody>) -> Response<HttpBody> {
    let _in_flight = service.manners.usage.exchange();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await;
    let is_batch = parts.method == Method::POST && parts.uri.path().ends_with("/$batch");
    // What a batch writes is done one after the other; a body that is no batch is refused at once.
    let writes = body.as_deref().ok().filter(|_| is_batch).map_or(0, batch::writes);
    let served = Arc::clone(&service);
    // Saving a world touches the disk, and a large one takes its time to filter. The semaphore is never closed.
    let turn = service.working.acquire().await;
    let work = tokio::task::spawn_blocking(move || served.respond(&parts, body.as_deref().ok()));
    let response = work.await.unwrap_or_else(|_| {
        let mut response = Response::new(HttpBody::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    drop(turn);
    let Pace { latency, batch_write } = service.manners.pace;
    let wait = latency + batch_write * writes;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    if is_batch {
        service.manners.usage.count(|all| all.graph.batches += 1);
    }
    response
}

impl Service {
    /// Answers one request as the conditions let it; `body` is `None` if it is too large or broke off.
    fn respond(&self, parts: &axum::http::request::Parts, body: Option<&[u8]>) -> Response<HttpBody> {
        match self.graph.conditions.fate(&parts.method, &parts.uri, body.unwrap_or_default()) {
            None => self.serve(parts, body),
            Some(Fate { fault: GraphFault::CutBefore, .. }) => broken::cut(),
            Some(Fate { fault: GraphFault::CutAfter, .. }) => {
                self.serve(parts, body);
                broken::cut()
            }
            Some(Fate { fault: GraphFault::CutInBody, .. }) => broken::cut_in_body(self.serve(parts, body)),
            Some(Fate { fault: GraphFault::NotJson, .. }) => broken::proxy_page(),
            Some(fate) => {
                if fate.fault == GraphFault::GatewayTimeoutDone {
                    self.serve(parts, body);
                }
                self.refuse(fate)
            }
        }
    }

    /// The answer to a request that is refused for no reason of its own.
    fn refuse(&self, Fate { fault, sign_in }: Fate) -> Response<HttpBody> {
        let trace = self.graph.trace(None);
        let refusal = conditions::refusal(fault, trace.date).unwrap_or_else(Refusal::internal_error);
        if !sign_in {
            return self.graph_response((Err(refusal), Notice::default()), &trace);
        }
        let answer = self.graph.world.read(|w| token::transient(w, refusal.status, trace.request_id));
        let mut response = token_response(answer, trace.request_id);
        if let Some(after) = &refusal.retry_after {
            response.headers_mut().insert(RETRY_AFTER, value(after));
        }
        response
    }

    /// Answers one request.
    fn serve(&self, parts: &axum::http::request::Parts, body: Option<&[u8]>) -> Response<HttpBody> {
        let headers = request::headers(&parts.headers);
        let path = parts.uri.path();
        if let Some(tenant) = path.strip_prefix('/').and_then(|p| p.strip_suffix("/oauth2/v2.0/token")) {
            return self.token(tenant, &parts.method, body.unwrap_or_default());
        }
        let trace = self.graph.trace(headers.get("client-request-id").map(String::as_str));
        let below = path.trim_start_matches('/');
        let (first, rest) = below.split_once('/').unwrap_or((below, ""));
        let request = match (Version::from_segment(first), body) {
            (None, _) => Err(Refusal::odata(format!("Invalid version: {first}."))),
            (Some(_), None) => Err(Refusal::odata("The request body is too large or incomplete.")),
            (Some(version), Some(body)) => {
                let path = format!("/{rest}");
                request::segments(&path).and_then(|segments| {
                    let query = request::query(parts.uri.query().unwrap_or_default())?;
                    let body = Payload::parse(body, headers.get("content-type").map(String::as_str));
                    let (method, root) = (parts.method.clone(), self.graph.root.clone());
                    Ok(Request { method, version, root, path, segments, query, headers, body, trace })
                })
            }
        };
        let served = match request {
            Ok(request) => self.graph.answer(&request),
            Err(refusal) => (Err(refusal), Notice::default()),
        };
        self.graph_response(served, &trace)
    }

    fn token(&self, tenant: &str, method: &Method, body: &[u8]) -> Response<HttpBody> {
        if method != Method::POST {
            let mut response = Response::new(HttpBody::empty());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return response;
        }
        let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
        let request = TokenRequest {
            tenant,
            form: &form,
            root: &self.graph.root,
            now: jiff::Timestamp::now().as_second(),
            request_id: self.graph.trace(None).request_id,
        };
        let tokens = &self.graph.tokens;
        let answer = self.graph.world.read(|w| token::answer(w, tokens, &self.client_secret, &request));
        token_response(answer, request.request_id)
    }

    fn graph_response(&self, (answer, notice): (Answer, Notice), trace: &Trace) -> Response<HttpBody> {
        let retry_after = answer.as_ref().err().and_then(|refusal| refusal.retry_after.clone());
        let (status, body, location) = match answer {
            Ok(Reply { status, body, location }) => (status, body, location),
            Err(refusal) => (refusal.status, Body::Json(refusal.to_json(trace)), None),
        };
        let (body, kind) = match body {
            Body::Empty => (HttpBody::empty(), None),
            Body::Json(json) => (HttpBody::from(json.to_string()), Some(content_type(status))),
            Body::Text(text) => (HttpBody::from(text), Some("text/plain")),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // RFC 9110 section 6.6.1; the lab's time, not the machine's.
        headers.insert(DATE, value(&trace.date.strftime(super::HTTP_DATE).to_string()));
        headers.insert("odata-version", HeaderValue::from_static("4.0"));
        headers.insert("request-id", value(&trace.request_id.to_string()));
        headers.insert("client-request-id", value(&trace.client_request_id.to_string()));
        for (name, text) in notice.0 {
            headers.insert(name, value(&text));
        }
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(location) = location {
            headers.insert(LOCATION, value(&location));
        }
        if let Some(after) = retry_after {
            headers.insert(RETRY_AFTER, value(&after));
        }
        if status == StatusCode::UNAUTHORIZED {
            let root = &self.graph.root;
            headers.insert(
                WWW_AUTHENTICATE,
                value(&format!(
                    "Bearer realm=\"\", authorization_uri=\"{root}/common/oauth2/authorize\", \
                     client_id=\"00000003-0000-0000-c000-000000000000\""
                )),
            );
        }
        response
    }
}

/// An answer of the token endpoint.
fn token_response((status, body): (StatusCode, serde_json::Value), request_id: uuid::Uuid) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert("x-ms-request-id", value(&request_id.to_string()));
    response
}

/// A header value; text that cannot be one becomes empty.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
