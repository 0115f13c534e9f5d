//! A server between the program and the lab's Graph: it passes everything on but for what a test wants answered
//! otherwise, or not at all.

use super::site::{Site, Wishes};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path: `PATCH /v1.0/users/…`.
    pub line: String,
    pub headers: HeaderMap,
    pub body: String,
}

/// What becomes of it.
pub enum Act {
    /// The lab answers.
    Pass,
    /// This is the answer: status, headers, JSON.
    Answer(u16, Vec<(&'static str, String)>, Value),
    /// Nobody answers.
    Hang,
}

type Choose = Arc<dyn Fn(&Asked) -> Act + Send + Sync>;

/// The server. What is not passed on is told to the test.
pub struct Tap {
    choose: Arc<Mutex<Choose>>,
    caught: UnboundedReceiver<String>,
    _serving: JoinSet<()>,
}

struct Inner {
    lab: String,
    url: String,
    client: reqwest::Client,
    choose: Arc<Mutex<Choose>>,
    caught: UnboundedSender<String>,
}

impl Tap {
    /// Puts a tap before a site's Graph, and makes the site's `matchplan.toml` lead there.
    pub async fn before(site: &Site, wishes: Wishes, choose: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let choose: Arc<Mutex<Choose>> = Arc::new(Mutex::new(Arc::new(choose)));
        let (told, caught) = unbounded_channel();
        let tls = (*matchplan::directory::tls::client_config(None).unwrap()).clone();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        let lab = site.lab.ready().graph_url.clone();
        let inner = Arc::new(Inner { lab, url: url.clone(), client, choose: Arc::clone(&choose), caught: told });
        let router = Router::new().fallback(move |request: Request| {
            let inner = Arc::clone(&inner);
            async move { inner.answer(request).await }
        });
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let cloud = format!("{{ login = \"{url}\", graph = \"{url}\" }}");
        let mut wishes = wishes;
        wishes.entra.push(("cloud", cloud));
        site.configure(&wishes);
        Self { choose, caught, _serving: serving }
    }

    /// Chooses otherwise from now on.
    pub fn choose(&self, choose: impl Fn(&Asked) -> Act + Send + Sync + 'static) {
        *self.choose.lock().unwrap() = Arc::new(choose);
    }

    /// Waits until a request was not passed on.
    pub async fn caught(&mut self) -> String {
        let told = tokio::time::timeout(std::time::Duration::from_mins(2), self.caught.recv());
        told.await.expect("nothing was caught").expect("the tap runs")
    }
}

impl Inner {
    async fn answer(&self, request: Request) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let octets = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        let line = format!("{} {}", parts.method, parts.uri);
        let body = String::from_utf8(octets.to_vec()).unwrap();
        let asked = Asked { line, headers: parts.headers.clone(), body };
        let choose = Arc::clone(&self.choose.lock().unwrap());
        match choose(&asked) {
            Act::Pass => {}
            Act::Answer(status, headers, json) => {
                let _ = self.caught.send(asked.line);
                let builder =
                    headers.into_iter().fold(Response::builder(), |all, (name, value)| all.header(name, value));
                return builder.status(status).body(Body::from(json.to_string())).unwrap();
            }
            Act::Hang => {
                let _ = self.caught.send(asked.line);
                std::future::pending::<()>().await;
            }
        }
        let mut headers = parts.headers;
        for name in ["host", "content-length", "accept-encoding", "connection"] {
            headers.remove(name);
        }
        // The program asks for a token for where it believes Graph to be.
        let form = |url: &str| url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>();
        let body = asked.body.replace(&self.url, &self.lab).replace(&form(&self.url), &form(&self.lab));
        let url = format!("{}{}", self.lab, parts.uri);
        let sent = self.client.request(parts.method, url).headers(headers).body(body).send().await.unwrap();
        let mut builder = Response::builder().status(sent.status());
        for (name, value) in sent.headers() {
            if !matches!(name.as_str(), "content-length" | "transfer-encoding" | "content-encoding" | "connection") {
                builder = builder.header(name, value);
            }
        }
        // Links to further pages lead to the lab; the program must come back here.
        let text = sent.text().await.unwrap().replace(&self.lab, &self.url);
        builder.body(Body::from(text)).unwrap()
    }
}
