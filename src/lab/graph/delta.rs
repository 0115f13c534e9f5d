//! `GET /users/delta`: what changed since a link was given (Microsoft Graph, "user: delta", "Use delta query to track
//! changes").
//!
//! A round remembers the users as they were when it began: a copy of the table, which costs next to nothing. Rounds live
//! in the server's memory: after a restart, beyond the last `KEPT_ROUNDS`, and after seven days of the world's time a link
//! answers 410 and the client starts anew, as it must with Graph.

use super::answer::{Answer, Object, Refusal, Reply};
use super::filter::expr::{Expr, Literal, Operator};
use super::filter::parser;
use super::odata::collection::{select, top};
use super::odata::entity::Property;
use super::request::Request;
use super::user_entity::{USER, property};
use crate::lab::world::World;
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::Table;
use crate::model::id::ObjectId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// How many rounds are remembered.
const KEPT_ROUNDS: u64 = 100;

/// How many users a page shows, unless the client prefers otherwise.
const PAGE: usize = 100;

/// How many users a filter may name.
const MOST_FILTERED: usize = 50;

/// How long a link is good.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What one client was told at one time.
#[derive(Clone, Debug)]
struct Round {
    /// What the first request asked for; links carry it on.
    wish: Arc<Wish>,
    /// When it began.
    made: Timestamp,
    /// The users that this round shows, gone ones too.
    shown: Arc<[ObjectId]>,
    /// The users before it; none at the start.
    before: Table<CloudUser>,
    /// The users and the recycle bin when it began.
    users: Table<CloudUser>,
    bin: Table<CloudUser>,
}

/// What the first request of a client asked for.
#[derive(Debug)]
struct Wish {
    select: Option<String>,
    /// The only users of interest, if there was a filter.
    only: Option<BTreeSet<ObjectId>>,
    page: usize,
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
/// A token that is unknown or too old (410), or options that a delta does not have.
pub fn users(world: &World, request: &Request, deltas: &Deltas) -> Answer {
    if let Some(option) = ["$expand", "$search", "$orderby"].iter().find(|o| request.option(o).is_some()) {
        return Err(Refusal::odata(format!("Query option '{option}' is not supported by delta.")));
    }
    let place = if let Some(token) = request.option("$skiptoken") {
        Place::decode(token)?
    } else {
        let round = match request.option("$deltatoken") {
            None => Round::first(world, Wish::read(request)?),
            Some(latest) if latest.eq_ignore_ascii_case("latest") => {
                Round { shown: Arc::default(), ..Round::first(world, Wish::read(request)?) }
            }
            Some(token) => deltas.get(Place::decode(token)?.round)?.next(world, request)?,
        };
        // A `$select` that is refused must not start a round.
        selected(&round.wish, request)?;
        Place { round: deltas.keep(round), seen: 0 }
    };
    let round = deltas.get(place.round)?;
    if world.clock.duration_since(round.made) > LIFETIME {
        return Err(Refusal::sync_state_not_found());
    }
    page(world, request, &round, &place)
}

impl Wish {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let only = request.option("$filter").map(|text| ids(&parser::parse(text)?)).transpose()?;
        if only.as_ref().is_some_and(|only| only.len() > MOST_FILTERED) {
            return Err(Refusal::bad_request(format!("A delta tracks at most {MOST_FILTERED} filtered objects.")));
        }
        let page = top(request)?.unwrap_or(PAGE);
        Ok(Self { select: request.option("$select").map(str::to_owned), only, page })
    }

    fn wants(&self, id: ObjectId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&id))
    }
}

/// The users that a filter names: `id eq '…' or id eq '…'` is all that a delta knows.
fn ids(filter: &Expr) -> Result<BTreeSet<ObjectId>, Refusal> {
    let unsupported = || Refusal::unsupported_query("The only supported $filter of a delta is on 'id', with 'eq'.");
    match filter {
        Expr::Compare(name, Operator::Eq, Literal::Text(id) | Literal::Guid(id)) if name.eq_ignore_ascii_case("id") => {
            Ok([id.parse().map_err(|_| unsupported())?].into())
        }
        Expr::Or(parts) => parts.iter().try_fold(BTreeSet::new(), |mut all, part| {
            all.append(&mut ids(part)?);
            Ok(all)
        }),
        _ => Err(unsupported()),
    }
}

impl Round {
    /// The round of a client that knows nothing yet: all users.
    fn first(world: &World, wish: Wish) -> Self {
        let shown = world.entra.users.iter().map(|user| user.id).filter(|id| wish.wants(*id)).collect();
        let (users, bin) = (world.entra.users.clone(), world.entra.deleted_users.clone());
        Self { wish: Arc::new(wish), made: world.clock, shown, before: Table::default(), users, bin }
    }

    /// The round that follows: all users that are new, other than they were in what is selected, or gone.
    fn next(&self, world: &World, request: &Request) -> Result<Self, Refusal> {
        if world.clock.duration_since(self.made) > LIFETIME {
            return Err(Refusal::sync_state_not_found());
        }
        let properties = selected(&self.wish, request)?;
        let (users, bin) = (&world.entra.users, &world.entra.deleted_users);
        let is_live = |id: ObjectId| users.find(CloudKey::Id, &id.to_string()).is_some();
        let mut shown = Vec::new();
        for row in users.changes_since(&self.users) {
            let (then, now) = (self.users.get(row), users.get(row));
            match (then, now) {
                (Some(then), Some(now)) if then.id == now.id => {
                    let differs = |p: &&'static Property| property(then, p.name) != property(now, p.name);
                    shown.extend(properties.iter().any(differs).then_some(now.id));
                }
                (then, now) => {
                    shown.extend(then.map(|then| then.id).filter(|id| !is_live(*id)));
                    shown.extend(now.map(|now| now.id));
                }
            }
        }
        // Those who were in the recycle bin already, and are gone for ever now.
        let purged = bin.changes_since(&self.bin).filter_map(|row| self.bin.get(row)).map(|user| user.id);
        let in_bin = |id: ObjectId| bin.find(CloudKey::Id, &id.to_string()).is_some();
        shown.extend(purged.filter(|id| !in_bin(*id) && !is_live(*id)));
        shown.retain(|id| self.wish.wants(*id));
        Ok(Self {
            wish: Arc::clone(&self.wish),
            made: world.clock,
            shown: shown.into(),
            before: self.users.clone(),
            users: users.clone(),
            bin: bin.clone(),
        })
    }
}

fn selected(wish: &Wish, request: &Request) -> Result<Vec<&'static Property>, Refusal> {
    let mut properties = match &wish.select {
        Some(text) => select(&USER, text, request)?,
        None => USER.shown(),
    };
    if let Some(id) = USER.property("id", request.version).filter(|id| !properties.contains(id)) {
        properties.push(id);
    }
    Ok(properties)
}

/// The values of `Prefer` (RFC 7240), in lower case.
fn preferences(request: &Request) -> impl Iterator<Item = String> {
    request.header("prefer").unwrap_or_default().split(',').map(|one| one.trim().to_ascii_lowercase())
}

fn page(world: &World, request: &Request, round: &Round, place: &Place) -> Answer {
    let properties = selected(&round.wish, request)?;
    let preferred = preferences(request).find_map(|one| one.strip_prefix("odata.maxpagesize=")?.parse().ok());
    let size = preferred.filter(|size| (1..=999).contains(size)).unwrap_or(round.wish.page);
    let is_minimal = preferences(request).any(|one| one == "return=minimal");
    let start = place.seen.min(round.shown.len());
    let end = start.saturating_add(size).min(round.shown.len());
    let shown = &round.shown[start..end];
    let items: Vec<Value> = shown.iter().map(|id| item(world, round, *id, &properties, is_minimal)).collect();
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
///
/// Of a live user what is set, and what was set before; what never was is left out ("Default: return the same properties
/// as initial delta request"). `Prefer: return=minimal` leaves out what is as it was, too.
fn item(world: &World, round: &Round, id: ObjectId, properties: &[&'static Property], is_minimal: bool) -> Value {
    let key = id.to_string();
    let Some((_, user)) = world.entra.users.find(CloudKey::Id, &key) else {
        let in_bin = world.entra.deleted_users.find(CloudKey::Id, &key).is_some();
        return json!({ "id": id, "@removed": { "reason": if in_bin { "changed" } else { "deleted" } } });
    };
    let before = round.before.find(CloudKey::Id, &key).map(|(_, user)| user);
    let is_set = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    let mut shown = Object::new();
    for selected in properties {
        let now = property(user, selected.name).unwrap_or_default();
        let then = before.and_then(|user| property(user, selected.name)).unwrap_or_default();
        let stays = is_minimal && before.is_some() && now == then && selected.name != "id";
        if !stays && (is_set(&now) || is_set(&then)) {
            shown.insert(selected.name.to_owned(), now);
        }
    }
    Value::Object(shown)
}
