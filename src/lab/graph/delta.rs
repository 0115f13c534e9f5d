//! `GET /users/delta`: what changed since a link was given (Microsoft Graph, "Use delta query to track changes").
//!
//! A round remembers what the client was told. Rounds live in the server's memory: after a restart, and beyond the last
//! `KEPT_ROUNDS`, a link answers 410 and the client starts anew, as it must after seven days with Graph.

use super::answer::{Answer, Object, Refusal, Reply};
use super::odata::collection::select;
use super::odata::entity::Property;
use super::request::Request;
use super::user_entity::{USER, view};
use crate::lab::world::World;
use crate::model::digest;
use crate::model::id::ObjectId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many rounds are remembered.
const KEPT_ROUNDS: u64 = 100;

/// How many users a page shows.
const PAGE: usize = 100;

/// What one client was told at one time.
#[derive(Clone, Debug, Default)]
struct Round {
    /// The `$select` of the first request; links carry it on.
    select: Option<String>,
    /// The users that this round shows, gone ones too.
    shown: Vec<ObjectId>,
    /// All live users then, with a digest of each.
    state: BTreeMap<ObjectId, String>,
}

/// The rounds of all clients.
#[derive(Debug, Default)]
pub struct Deltas(Mutex<(u64, BTreeMap<u64, Round>)>);

/// What a link carries.
#[derive(Serialize, Deserialize)]
struct Place {
    #[serde(rename = "r")]
    round: u64,
    #[serde(rename = "n")]
    seen: usize,
}

impl Place {
    fn encode(&self) -> String {
        // Two numbers always serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Result<Self, Refusal> {
        let octets = URL_SAFE_NO_PAD.decode(text).ok();
        octets.and_then(|o| serde_json::from_slice(&o).ok()).ok_or_else(|| Refusal::odata("Badly formed token."))
    }
}

impl Deltas {
    fn get(&self, round: u64) -> Result<Round, Refusal> {
        let rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.1.get(&round).cloned().ok_or_else(Refusal::sync_state_not_found)
    }

    fn keep(&self, round: Round) -> u64 {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.0 += 1;
        let number = rounds.0;
        rounds.1.insert(number, round);
        rounds.1.retain(|n, _| n + KEPT_ROUNDS > number);
        number
    }
}

/// `GET /users/delta`.
///
/// # Errors
/// A token that is unknown (410), or options that the lab's delta does not have.
pub fn users(world: &World, request: &Request, deltas: &Deltas) -> Answer {
    if let Some(option) = ["$filter", "$expand", "$search", "$orderby"].iter().find(|o| request.option(o).is_some()) {
        return Err(Refusal::not_in_the_lab(&format!("{option} on a delta")));
    }
    let place = if let Some(token) = request.option("$skiptoken") {
        Place::decode(token)?
    } else {
        let round = match request.option("$deltatoken") {
            None => Round { select: request.option("$select").map(str::to_owned), ..Round::default() },
            Some("latest") => {
                Round { select: request.option("$select").map(str::to_owned), state: state(world), ..Round::default() }
            }
            Some(token) => deltas.get(Place::decode(token)?.round)?,
        };
        // A `$select` that is refused must not start a round.
        selected(&round, request)?;
        Place { round: deltas.keep(next(world, round)), seen: 0 }
    };
    let round = deltas.get(place.round)?;
    page(world, request, &round, &place)
}

fn state(world: &World) -> BTreeMap<ObjectId, String> {
    // An object of JSON values always serialises.
    world.entra.users.iter().map(|u| (u.id, digest::of(&view(u)).unwrap_or_default())).collect()
}

/// The round that follows: all users that are new, other than they were, or gone.
fn next(world: &World, before: Round) -> Round {
    let state = state(world);
    let changed = state.iter().filter(|(id, digest)| before.state.get(id) != Some(digest)).map(|(id, _)| *id);
    let gone = before.state.keys().filter(|id| !state.contains_key(id)).copied();
    Round { shown: changed.chain(gone).collect(), select: before.select, state }
}

fn selected(round: &Round, request: &Request) -> Result<Vec<&'static Property>, Refusal> {
    let mut properties = match &round.select {
        Some(text) => select(&USER, text, request)?,
        None => USER.shown(),
    };
    if let Some(id) = USER.property("id", request.version).filter(|id| !properties.contains(id)) {
        properties.push(id);
    }
    Ok(properties)
}

fn page(world: &World, request: &Request, round: &Round, place: &Place) -> Answer {
    let properties = selected(round, request)?;
    let start = place.seen.min(round.shown.len());
    let end = start.saturating_add(PAGE).min(round.shown.len());
    let items: Vec<Value> = round.shown[start..end].iter().map(|id| item(world, *id, &properties)).collect();
    let (link, option, seen) = if end < round.shown.len() {
        ("@odata.nextLink", "$skiptoken", end)
    } else {
        ("@odata.deltaLink", "$deltatoken", 0)
    };
    // A link carries everything in its token.
    let bare = Request { query: Vec::new(), ..request.clone() };
    let url = bare.url_with(option, &Place { round: place.round, seen }.encode());
    Ok(Reply::object(Object::from_iter([
        ("@odata.context".to_owned(), format!("{}#users/$delta", request.metadata()).into()),
        (link.to_owned(), url.into()),
        ("value".to_owned(), items.into()),
    ])))
}

/// A live user, or a note that it is gone: to the recycle bin (`changed`) or for ever (`deleted`).
fn item(world: &World, id: ObjectId, properties: &[&'static Property]) -> Value {
    if let Some(user) = world.entra.users.iter().find(|u| u.id == id) {
        return Value::Object(USER.project(view(user), properties));
    }
    let in_bin = world.entra.deleted_users.iter().any(|u| u.id == id);
    json!({ "id": id, "@removed": { "reason": if in_bin { "changed" } else { "deleted" } } })
}
