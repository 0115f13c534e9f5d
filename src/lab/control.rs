//! The lab's control API: what a person, a script or a test does to the world from outside.
//!
//! Loopback only, JSON, under a path segment that nobody can guess (there is no other key):
//!
//! | request | answer |
//! |---|---|
//! | `POST /cycle` | runs a sync cycle: its report |
//! | `GET /status` | `{"busy":…, "staging":…, "suspended":…}` |
//! | `POST /scheduler` `{"enabled":false}` | holds (or releases) the scheduler: the status |
//! | `POST /clock` `{"advance":"30m"}` or `{"set":"2026-09-01T09:00:00Z"}` | `{"clock":…, "cycles":[…]}` |
//! | `GET /world` | the world |
//! | `PUT /world` | replaces it |
//! | `POST /reset` | puts back the world that the lab started with |
//! | `GET /usage` | what both servers have served ([`Counted`]) |
//! | `POST /usage/reset` | the same, and sets the counters back |
//!
//! What goes wrong is `{"error":"…"}`: 400 for a request that cannot be used, 409 while a cycle is running, 502 if the
//! real AD cannot be read, 500 if the world cannot be saved.

use super::sync::report::CycleReport;
use super::sync::scheduler::{CycleError, Scheduler, Status};
use super::usage::{Counted, Usage};
use super::world::World;
use super::world::load;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The largest world that a request brings, in octets.
const LARGEST_BODY: usize = 256 << 20;

/// A running control API. It stops when this is dropped.
#[derive(Debug)]
pub struct ControlServer {
    /// Where it listens.
    pub addr: SocketAddr,
    #[expect(dead_code, reason = "dropping it stops the server")]
    serving: JoinSet<()>,
}

/// Starts the API on any free port of 127.0.0.1, below `/{segment}/`. `start` is what `POST /reset` goes back to.
pub async fn serve(
    scheduler: Arc<Scheduler>,
    start: World,
    usage: Arc<Usage>,
    segment: &SecretString,
) -> io::Result<ControlServer> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let addr = listener.local_addr()?;
    let app = Router::new().nest(&format!("/{}", segment.expose_secret()), api(scheduler, start, usage));
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        // axum's server only ends when it is aborted.
        let _ = axum::serve(listener, app).await;
    });
    Ok(ControlServer { addr, serving })
}

#[derive(Clone)]
struct Control {
    scheduler: Arc<Scheduler>,
    start: Arc<World>,
    usage: Arc<Usage>,
}

fn api(scheduler: Arc<Scheduler>, start: World, usage: Arc<Usage>) -> Router {
    Router::new()
        .route("/cycle", post(run_cycle))
        .route("/status", get(status))
        .route("/scheduler", post(enable))
        .route("/clock", post(move_clock))
        .route("/world", get(show_world).put(replace_world))
        .route("/reset", post(reset))
        .route("/usage", get(usage_now))
        .route("/usage/reset", post(usage_reset))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Control { scheduler, start: Arc::new(start), usage })
}

async fn run_cycle(State(control): State<Control>) -> Result<Json<CycleReport>, Problem> {
    Ok(Json(control.scheduler.run_cycle().await?))
}

async fn status(State(control): State<Control>) -> Json<Status> {
    Json(control.scheduler.status())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enable {
    enabled: bool,
}

async fn enable(State(control): State<Control>, body: Bytes) -> Result<Json<Status>, Problem> {
    let Enable { enabled } = read(&body)?;
    Ok(Json(control.scheduler.enable(enabled).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MoveClock {
    Advance(SignedDuration),
    Set(Timestamp),
}

/// What moving the clock did.
#[derive(Serialize)]
struct ClockMoved {
    clock: Timestamp,
    cycles: Vec<CycleReport>,
}

async fn move_clock(State(control): State<Control>, body: Bytes) -> Result<Json<ClockMoved>, Problem> {
    let cycles = match read(&body)? {
        MoveClock::Advance(by) => control.scheduler.advance(by).await?,
        MoveClock::Set(to) => control.scheduler.advance_to(to).await?,
    };
    Ok(Json(ClockMoved { clock: control.scheduler.world().read(|w| w.clock), cycles }))
}

async fn show_world(State(control): State<Control>) -> Json<World> {
    Json(World::clone(&control.scheduler.world().now()))
}

async fn replace_world(State(control): State<Control>, body: Bytes) -> Result<StatusCode, Problem> {
    let text = std::str::from_utf8(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let world = load::parse(text, Path::new("in this request")).map_err(|e| Problem::bad_request(e.to_string()))?;
    control.scheduler.replace(world).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn usage_now(State(control): State<Control>) -> Json<Counted> {
    Json(control.usage.now())
}

async fn usage_reset(State(control): State<Control>) -> Json<Counted> {
    Json(control.usage.reset())
}

async fn reset(State(control): State<Control>) -> Result<StatusCode, Problem> {
    control.scheduler.replace(World::clone(&control.start)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(error.to_string()))
}

/// An answer that says what went wrong.
struct Problem {
    status: StatusCode,
    message: String,
}

impl Problem {
    const fn bad_request(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message }
    }
}

impl From<CycleError> for Problem {
    fn from(error: CycleError) -> Self {
        let status = match error {
            CycleError::Busy => StatusCode::CONFLICT,
            CycleError::Source(_) => StatusCode::BAD_GATEWAY,
            CycleError::Save(_) => StatusCode::INTERNAL_SERVER_ERROR,
            CycleError::Clock { .. } => StatusCode::BAD_REQUEST,
        };
        Self { status, message: error.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(serde_json::json!({ "error": self.message }))).into_response()
    }
}
