//! What a refresh reads: single objects by their ids, and whole parts by themselves.

use super::collect::{holders, identifiers};
use super::http::Graph;
use super::narrow::MOST_CONDITIONS;
use super::read::{Optional, Place, optional, users};
use super::request::{Filter, Request};
use super::wire::{self, WireHolder, WireObjectIdentifier, WireUser};
use crate::directory::collect::{Part, Progress};
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::ObjectId;
use std::collections::{BTreeMap, BTreeSet};

/// A list, narrowed to these ids, in as many requests as that takes.
fn by_id(list: &Request, ids: &BTreeSet<ObjectId>) -> Vec<Request> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.chunks(MOST_CONDITIONS).map(|ids| list.clone().filter(&Filter::is_in("id", ids))).collect()
}

/// One group or contact.
pub(super) fn holder(kind: HolderKind, id: ObjectId) -> Request {
    let mut request = holders(kind);
    request.options.retain(|(name, _)| *name != "$top");
    request.path.push(id.to_string());
    request
}

impl<C: Clock> Graph<C> {
    /// All live users, without what is read of each by itself.
    pub(in crate::directory) async fn live_users(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<EntraUser>, DirectoryError> {
        self.all_users(Place::Live, Part::Users, progress).await
    }

    /// All groups or contacts, if they may be read.
    pub(in crate::directory) async fn optional_holders(
        &self,
        kind: HolderKind,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Optional<Vec<AddressHolder>> {
        optional(self.holders(kind, progress).await)
    }

    /// These users as they are now; who is gone is left out.
    pub(in crate::directory) async fn users_by_id(
        &self,
        ids: &BTreeSet<ObjectId>,
    ) -> Result<Vec<EntraUser>, DirectoryError> {
        let requests = by_id(&users(Place::Live), ids);
        let mut found = Vec::new();
        for (request, values) in requests.iter().zip(self.batch_lists(&requests).await) {
            found.extend(wire::all_from_json(values?, &request.what, |user: WireUser| EntraUser::from(user))?);
        }
        Ok(found)
    }

    /// These groups or contacts as they are now; who is gone is left out. Contacts cannot be filtered by their ids, so
    /// that each is read by itself.
    pub(in crate::directory) async fn holders_by_id(
        &self,
        kind: HolderKind,
        ids: &BTreeSet<ObjectId>,
    ) -> Result<Vec<AddressHolder>, DirectoryError> {
        let requests: Vec<Request> = ids.iter().map(|id| holder(kind, *id)).collect();
        let mut found = Vec::new();
        for (request, outcome) in requests.iter().zip(self.batch(&requests).await) {
            match outcome {
                Ok(value) => {
                    found.push(wire::from_json::<WireHolder>(value.unwrap_or_default(), &request.what)?.of_kind(kind));
                }
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// `onPremisesObjectIdentifier` of these users, if it may be read.
    pub(in crate::directory) async fn identifiers_of(
        &self,
        ids: &BTreeSet<ObjectId>,
    ) -> Optional<BTreeMap<ObjectId, String>> {
        let mut requests = by_id(&identifiers(), ids);
        if requests.is_empty() {
            // Whether it may be read is known of a whole reading, too.
            requests.push(identifiers().one());
        }
        let read = async {
            let mut found = BTreeMap::new();
            for (request, values) in requests.iter().zip(self.batch_lists(&requests).await) {
                let pair =
                    |user: WireObjectIdentifier| user.on_premises_object_identifier.map(|value| (user.id, value));
                found.extend(wire::all_from_json(values?, &request.what, pair)?.into_iter().flatten());
            }
            Ok(found)
        };
        optional(read.await)
    }

    /// `onPremisesObjectIdentifier` of everybody who has one, if it may be read.
    pub(in crate::directory) async fn all_identifiers(&self) -> Optional<BTreeMap<ObjectId, String>> {
        optional(self.object_identifiers().await)
    }

    /// The source of authority of those of these users of whom it is a question, if it may be read.
    pub(in crate::directory) async fn behaviors_of(&self, users: &[EntraUser]) -> Optional<BTreeMap<ObjectId, bool>> {
        optional(self.sync_behaviors(users).await)
    }
}
