//! One HTTP exchange: sent, answered or not, traced. What it means is for others to say.

use super::trace::{Exchange, Trace};
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use crate::directory::tls;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long connecting may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a whole exchange may take.
const TIMEOUT: Duration = Duration::from_mins(2);
/// The largest answer that is read, decompressed. A page of 999 users is about 3 MB.
const LARGEST_BODY: usize = 64 << 20;

/// The HTTP client, with its trace.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    trace: Option<Arc<Trace>>,
}

/// An answer, whatever its status.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// No usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server's certificate is not trusted; nothing was sent.
    Untrusted(String),
    /// No connection; nothing was sent.
    NotSent(String),
    /// It was (or may have been) sent, and no complete answer came.
    NoAnswer(String),
    /// The answer is larger than anything Graph sends.
    TooLarge,
}

/// Which bodies a trace may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies<'a> {
    /// Both, and this is the request's.
    Shown(Option<&'a Value>),
    /// Neither: the exchange carries secrets.
    Secret,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl Transport {
    /// A client with our TLS, without redirects (a token must not be carried elsewhere), and without a proxy where the
    /// service is on this machine.
    pub fn new(loopback: bool, trace: Option<Arc<Trace>>) -> Result<Self, DirectoryError> {
        let mut config = (*tls::client_config(None)?).clone();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("matchplan/", env!("CARGO_PKG_VERSION")));
        if loopback {
            builder = builder.no_proxy();
        }
        let client =
            builder.build().map_err(|e| DirectoryError::new(ErrorKind::Broken, "set up HTTP", innermost(&e)))?;
        Ok(Self { client, trace })
    }

    /// The client, to build requests with.
    pub const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends once.
    pub async fn exchange(&self, request: reqwest::Request, bodies: Bodies<'_>) -> Result<Reply, Failure> {
        let seen = self.trace.as_ref().map(|trace| {
            let (method, url) = (request.method().to_string(), request.url().to_string());
            (trace, method, url, request.headers().clone())
        });
        let outcome = self.send(request).await;
        if let Some((trace, method, url, request_headers)) = seen {
            let error = outcome.as_ref().err().map(ToString::to_string);
            let shown = |body| if bodies == Bodies::Secret { None } else { Some(body) };
            let reply = outcome.as_ref().ok();
            trace.record(&Exchange {
                method: &method,
                url: &url,
                request_headers: &request_headers,
                request_body: if let Bodies::Shown(body) = bodies { body } else { None },
                status: reply.map(|reply| reply.status),
                response_headers: reply.map(|reply| &reply.headers),
                response_body: reply.and_then(|reply| shown(reply.body.as_slice())),
                error: error.as_deref(),
            });
        }
        outcome
    }

    async fn send(&self, request: reqwest::Request) -> Result<Reply, Failure> {
        let mut response = self.client.execute(request).await.map_err(|e| failure(&e))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e))? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(Failure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    if let Some(problem) = tls::certificate_problem(error) {
        return Failure::Untrusted(problem);
    }
    let reason = if error.is_timeout() { "no answer in time".to_owned() } else { innermost(error) };
    if error.is_connect() || error.is_builder() { Failure::NotSent(reason) } else { Failure::NoAnswer(reason) }
}

/// The cause at the end of the chain; the errors around it only repeat the address.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    one_line(&error.to_string())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrusted(reason) => f.write_str(reason),
            Self::NotSent(reason) => write!(f, "no connection ({reason})"),
            Self::NoAnswer(reason) => write!(f, "the connection broke before the answer was complete ({reason})"),
            Self::TooLarge => write!(f, "the answer is larger than {} MB", LARGEST_BODY >> 20),
        }
    }
}

impl Failure {
    /// The failure as an error of a read or of a write to `host`.
    pub fn into_error(self, what: &str, host: &str, write: bool) -> DirectoryError {
        let kind = match &self {
            Self::Untrusted(_) => ErrorKind::Untrusted,
            Self::NoAnswer(_) | Self::TooLarge if write => ErrorKind::OutcomeUnknown,
            Self::NotSent(_) | Self::NoAnswer(_) => ErrorKind::Unreachable,
            Self::TooLarge => ErrorKind::Broken,
        };
        let error = DirectoryError::new(kind, what, format!("{host}: {self}"));
        match kind {
            ErrorKind::Untrusted => error.with_hint(
                "a proxy that inspects TLS has an authority of its own: have it installed in this machine's certificate \
                 store (on Linux, SSL_CERT_FILE can name a PEM file with all trusted roots)",
            ),
            ErrorKind::Unreachable => error.with_hint(
                "check the network, and HTTPS_PROXY / NO_PROXY if a proxy is between; `cloud` in [entra] says which hosts \
                 are used",
            ),
            _ => error,
        }
    }
}
