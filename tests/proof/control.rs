//! The lab's control API from outside, as the program's `lab` commands use it: the sync engine, and the time.

use jiff::{SignedDuration, Timestamp};
use matchplan::directory::error::{DirectoryError, ErrorKind};
use matchplan::directory::port::{Clock, SyncStatus, Triggered};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// A client of the control API.
pub struct Control {
    http: reqwest::Client,
    url: String,
    time: Arc<Time>,
    cycles: bool,
}

impl Control {
    /// `url` is the API's root with its key; without `cycles` the engine never runs one.
    pub fn new(url: &str, now: Timestamp, a_look_takes: SignedDuration, cycles: bool) -> Arc<Self> {
        let http = client();
        let time = Time {
            http: http.clone(),
            clock: format!("{url}/clock"),
            now: Mutex::new(now),
            a_look_takes,
            naps: AtomicU32::new(0),
        };
        Arc::new(Self { http, url: url.to_owned(), time: Arc::new(time), cycles })
    }

    pub const fn time(&self) -> &Arc<Time> {
        &self.time
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, DirectoryError> {
        let broken = |detail: String| DirectoryError::new(ErrorKind::Broken, format!("ask the lab for {path}"), detail);
        let answer = self.http.post(format!("{}{path}", self.url)).json(body).send().await;
        let answer = answer.map_err(|e| broken(e.to_string()))?;
        if !answer.status().is_success() {
            return Err(broken(answer.status().to_string()));
        }
        answer.json().await.map_err(|e| broken(e.to_string()))
    }

    pub async fn cycle(&self) -> Result<Triggered, DirectoryError> {
        if self.cycles {
            self.post("/cycle", &json!({})).await?;
        }
        Ok(Triggered::Asked)
    }

    pub async fn enable(&self, enabled: bool) -> Result<(), DirectoryError> {
        self.post("/scheduler", &json!({ "enabled": enabled })).await.map(drop)
    }

    pub async fn status(&self) -> Result<SyncStatus, DirectoryError> {
        let broken = |e: reqwest::Error| DirectoryError::new(ErrorKind::Broken, "ask the lab's engine", e.to_string());
        let answer = self.http.get(format!("{}/status", self.url)).send().await.map_err(broken)?;
        answer.json().await.map_err(broken)
    }
}

/// Plain HTTP on loopback: no root certificates are read for it.
fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.expect("ring has them").with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client")
}

/// The time: it moves when somebody sleeps, and takes the lab's with it. A look at the clock takes its time, too.
#[derive(Debug)]
pub struct Time {
    http: reqwest::Client,
    clock: String,
    now: Mutex<Timestamp>,
    a_look_takes: SignedDuration,
    naps: AtomicU32,
}

/// How often one start of the program may wait before it counts as hanging: eight hours of looks every ten seconds are less.
const ENDLESS: u32 = 20_000;

impl Time {
    /// Somebody sets the computer's clock.
    pub fn jump(&self, by: SignedDuration) {
        *self.now.lock().unwrap() += by;
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        let mut now = self.now.lock().unwrap();
        *now += self.a_look_takes;
        *now
    }

    async fn sleep(&self, time: SignedDuration) {
        let naps = self.naps.fetch_add(1, Ordering::Relaxed);
        assert!(naps < ENDLESS, "the program waits without end");
        self.jump(time);
        let body = json!({ "advance": time });
        // The lab's time does not go on while it is being stopped, which is nobody's business here.
        let _ = self.http.post(&self.clock).json(&body).send().await;
    }
}
