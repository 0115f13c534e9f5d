//! Reading single objects, always fresh.
//!
//! Reads that go side by side all come to their end before a failure is told, and the first in their order is: what an
//! apply hears does not depend on which answer was faster, and no request is left behind half asked.

use super::by_id::holder;
use super::http::Graph;
use super::narrow::MOST_CONDITIONS;
use super::permission::Operation;
use super::request::{Filter, Request};
use super::roles::join;
use super::roles::read::Schedules;
use super::wire::{self, WireHolder, WireObjectIdentifier, WireOrganization, WireSyncBehavior, WireUser};
use crate::directory::error::{DirectoryError, ErrorKind, if_there};
use crate::directory::port::{Clock, ReadEntra};
use crate::model::anchor::ImmutableId;
use crate::model::cloud::{EntraAttribute, Presence, SyncFeature};
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::{ObjectId, Sid};
use crate::model::role::{GLOBAL_ADMINISTRATOR, Holding};
use crate::model::tenant::SyncFeatures;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

/// How many single reads are on their way at the same time.
pub(super) const SIDE_BY_SIDE: usize = 8;

/// How many such questions wait at the same time: they meet in batches.
const CHUNKS: usize = 40;

/// Up to how many users' roles are read one by one; for more, those of the tenant are read as a whole.
const ONE_BY_ONE: usize = 20;

const DELETED_USERS: [&str; 3] = ["directory", "deletedItems", "microsoft.graph.user"];

/// Where the users of [`users`] are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Live,
    RecycleBin,
}

/// All users of a place, as a request that can be narrowed.
pub(super) fn users(place: Place) -> Request {
    let request = match place {
        Place::Live => Request::get(Operation::ReadUsers, "read the users of the tenant", &["users"]),
        Place::RecycleBin => {
            Request::get(Operation::ReadDeletedUsers, "read the users in the tenant's recycle bin", &DELETED_USERS)
        }
    };
    request.select(&wire::user_members()).large_pages()
}

/// `onPremisesSyncBehavior` of one user.
pub(super) fn sync_behavior(id: ObjectId) -> Request {
    let path = ["users", &id.to_string(), "onPremisesSyncBehavior"];
    Request::get(Operation::ReadSyncBehavior, format!("read the source of authority of the user {id}"), &path)
}

/// Whether an optional part may be missing for this reason: the credential may not see it, the tenant has no licence for
/// it, or this cloud does not have it. Everything else is a failure.
pub(super) const fn may_be_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Refused)
}

/// A part that may be missing: `Ok(Err(reason))`.
pub(super) type Optional<T> = Result<Result<T, DirectoryError>, DirectoryError>;

/// Sorts failures into those that make a gap and those that stop.
pub(super) fn optional<T>(result: Result<T, DirectoryError>) -> Optional<T> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if may_be_missing(error.kind) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

/// Reads an optional part, unless that was refused before. An object that is not there (any more) refuses nothing.
pub(super) async fn unless_refused<T: Default>(
    refused: &AtomicBool,
    read: impl Future<Output = Result<T, DirectoryError>>,
) -> Result<T, DirectoryError> {
    if refused.load(Ordering::Relaxed) {
        return Ok(T::default());
    }
    let read = optional(read.await)?;
    if let Err(error) = &read
        && error.kind != ErrorKind::NotFound
    {
        refused.store(true, Ordering::Relaxed);
    }
    Ok(read.unwrap_or_default())
}

impl<C: Clock> Graph<C> {
    /// `onPremisesSyncBehavior.isCloudManaged` of one user.
    pub(super) async fn cloud_managed(&self, id: ObjectId) -> Result<Option<bool>, DirectoryError> {
        let request = sync_behavior(id);
        let behavior: WireSyncBehavior = wire::from_json(self.read(&request).await?, &request.what)?;
        Ok(behavior.is_cloud_managed)
    }

    /// `onPremisesObjectIdentifier` of one user.
    async fn object_identifier(&self, id: ObjectId) -> Result<Option<String>, DirectoryError> {
        let what = format!("read onPremisesObjectIdentifier of the user {id}");
        let request = Request::get(Operation::ReadObjectIdentifier, what.clone(), &["users", &id.to_string()]);
        let request = request.beta().select(&["id", "onPremisesObjectIdentifier"]);
        let user: WireObjectIdentifier = wire::from_json(self.read(&request).await?, &what)?;
        Ok(user.on_premises_object_identifier)
    }

    /// The organization.
    pub(super) async fn organization(&self) -> Result<WireOrganization, DirectoryError> {
        let what = "read the organization";
        let request = Request::get(Operation::ReadOrganization, what, &["organization"]).select(&[
            "id",
            "displayName",
            "onPremisesSyncEnabled",
            "onPremisesLastSyncDateTime",
        ]);
        let mut all = self.read_all(&request, |_| ()).await?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => wire::from_json(one, what),
            _ => Err(DirectoryError::new(ErrorKind::Broken, what, "Graph did not send exactly one organization")),
        }
    }

    /// Users of one place that match one filter. The recycle bin may know fewer filters than `/users`; where it refuses,
    /// all of it is read (the caller compares anyway).
    async fn users_where(
        &self,
        place: Place,
        filter: &Filter,
        advanced: bool,
    ) -> Result<Vec<EntraUser>, DirectoryError> {
        let request = users(place).filter(filter);
        let request = if advanced { request.advanced() } else { request };
        let values = match self.read_few(&request).await {
            Err(error) if place == Place::RecycleBin && error.kind == ErrorKind::Refused => {
                self.read_all(&users(place), |_| ()).await?
            }
            other => other?,
        };
        wire::all_from_json(values, &request.what, |user: WireUser| user.into())
    }
}

impl<C: Clock> ReadEntra for Graph<C> {
    async fn signed_in(&self) -> Result<Option<ObjectId>, DirectoryError> {
        Ok(self.tokens().token().await?.claims.and_then(|claims| claims.oid))
    }

    /// The user with every attribute. The two that need more (`onPremisesObjectIdentifier`, the source of authority)
    /// stay `None` where they may not be read; a plan has said so as a gap.
    async fn entra_user(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        let identifier = unless_refused(&self.unseen.object_identifier, self.object_identifier(id));
        let (user, identifier) = tokio::join!(self.entra_marks(id), identifier);
        let Some(mut user) = user? else { return Ok(None) };
        user.object_identifier = identifier?;
        if has_been_synced(&user) {
            user.cloud_managed = unless_refused(&self.unseen.sync_behavior, self.cloud_managed(id)).await?;
        }
        Ok(Some(user))
    }

    async fn entra_marks(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        let what = format!("read the user {id}");
        let request =
            Request::get(Operation::ReadUsers, what.clone(), &["users", &id.to_string()]).select(&wire::user_members());
        let Some(value) = if_there(self.read(&request).await)? else { return Ok(None) };
        Ok(Some(wire::from_json::<WireUser>(value, &what)?.into()))
    }

    async fn address_holder(&self, kind: HolderKind, id: ObjectId) -> Result<Option<AddressHolder>, DirectoryError> {
        let request = holder(kind, id);
        let Some(value) = if_there(self.read(&request).await)? else { return Ok(None) };
        Ok(Some(wire::from_json::<WireHolder>(value, &request.what)?.of_kind(kind)))
    }

    async fn entra_marks_of(&self, ids: &[ObjectId]) -> Result<BTreeMap<ObjectId, EntraUser>, DirectoryError> {
        let users = self.users_by_id(&ids.iter().copied().collect()).await?;
        Ok(users.into_iter().map(|user| (user.id, user)).collect())
    }

    async fn holdings_of_all(&self, users: &[ObjectId]) -> Result<BTreeMap<ObjectId, Vec<Holding>>, DirectoryError> {
        if users.len() <= ONE_BY_ONE {
            let read = stream::iter(users).map(async |user| Ok((*user, self.holdings_of(*user).await?)));
            let read: Vec<_> = read.buffered(SIDE_BY_SIDE).collect().await;
            let all: Result<BTreeMap<_, _>, _> = read.into_iter().collect();
            return all.map(|mut all| {
                all.retain(|_, held| !held.is_empty());
                all
            });
        }
        let wanted: BTreeSet<ObjectId> = users.iter().copied().collect();
        let mut all = self.holdings_of_everybody().await?;
        all.retain(|user, _| wanted.contains(user));
        Ok(all)
    }

    async fn users_with(&self, anchor: &ImmutableId, sid: &Sid) -> Result<Vec<EntraUser>, DirectoryError> {
        self.users_with_any(&[(anchor.clone(), sid.clone())]).await
    }

    async fn users_with_any(&self, marks: &[(ImmutableId, Sid)]) -> Result<Vec<EntraUser>, DirectoryError> {
        let read = stream::iter(marks.chunks(MOST_CONDITIONS)).map(async |marks| {
            let anchors = marks.iter().map(|(anchor, _)| Filter::eq("onPremisesImmutableId", anchor.as_str()));
            let sids = marks.iter().map(|(_, sid)| Filter::eq("onPremisesSecurityIdentifier", &sid.to_string()));
            let Some((anchors, sids)) = Filter::any_of(anchors).zip(Filter::any_of(sids)) else {
                return Ok(Vec::new());
            };
            let (a, b, c, d) = tokio::join!(
                self.users_where(Place::Live, &anchors, true),
                self.users_where(Place::Live, &sids, false),
                self.users_where(Place::RecycleBin, &anchors, true),
                self.users_where(Place::RecycleBin, &sids, false),
            );
            Ok([a?, b?, c?, d?].concat())
        });
        let read: Vec<_> = read.buffered(CHUNKS).collect().await;
        // OData compares text without case, an anchor is case-sensitive: what counts is decided here.
        let anchors: BTreeSet<&str> = marks.iter().map(|(anchor, _)| anchor.as_str()).collect();
        let sids: BTreeSet<&Sid> = marks.iter().map(|(_, sid)| sid).collect();
        let matches = |user: &EntraUser| {
            user.immutable_id.as_ref().is_some_and(|id| anchors.contains(id.as_str()))
                || user.security_identifier.as_ref().is_some_and(|sid| sids.contains(sid))
        };
        let all = read.into_iter().collect::<Result<Vec<_>, _>>()?.concat().into_iter().filter(matches);
        Ok(all.map(|user| (user.id, user)).collect::<BTreeMap<_, _>>().into_values().collect())
    }

    async fn holdings_of(&self, user: ObjectId) -> Result<Vec<Holding>, DirectoryError> {
        // Boxed: the reads of every kind side by side make a large future.
        let (roles, memberships) = tokio::join!(Box::pin(self.roles_of(user)), Box::pin(self.memberships_of(user)));
        let mut all: Vec<Holding> = roles?.into_iter().map(Holding::Role).collect();
        all.extend(memberships?.into_iter().map(Holding::Group));
        all.sort();
        Ok(all)
    }

    async fn missing_for(&self, holding: &Holding) -> Result<Option<String>, DirectoryError> {
        self.missing_part(holding).await
    }

    async fn global_administrators(&self) -> Result<Vec<(ObjectId, bool)>, DirectoryError> {
        let what = "read the Global Administrators";
        let of_role = Filter::eq("roleDefinitionId", GLOBAL_ADMINISTRATOR);
        // PIM alone knows which of them were activated or end by themselves: those do not count.
        let (named, scheduled) = tokio::join!(
            self.assignments(what, Some(&of_role), |_| ()),
            unless_refused(&self.unseen.role_schedules, self.role_schedules(Schedules::Active, Some(&of_role))),
        );
        let now = self.now();
        let standing = join::roles(named?, scheduled?, Vec::new(), now).into_iter();
        let standing = standing.filter(|role| role.is_standing_global_administrator(now));
        let principals: BTreeSet<ObjectId> = standing.map(|role| role.principal).collect();
        let enabled = stream::iter(principals).map(async |id| {
            let request = Request::get(Operation::ReadUsers, what, &["users", &id.to_string()]);
            // What is not there is a group or an application: it signs in otherwise, so it is not counted.
            let user = if_there(self.read(&request.select(&["id", "accountEnabled"])).await)?;
            Ok(user.map(|user| (id, user["accountEnabled"] == true)))
        });
        let found: Vec<_> = enabled.buffered(SIDE_BY_SIDE).collect().await;
        let mut found: Vec<_> = found.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        found.sort_unstable();
        Ok(found)
    }

    async fn attributes_of(
        &self,
        id: ObjectId,
        attributes: &[EntraAttribute],
    ) -> Result<Option<BTreeMap<EntraAttribute, Option<String>>>, DirectoryError> {
        let names: Vec<&str> = attributes.iter().map(|attribute| attribute.name()).collect();
        let what = format!("read {} of the user {id}", names.join(", "));
        let request = Request::get(Operation::ReadUsers, what.clone(), &["users", &id.to_string()]).select(&names);
        let beta = attributes.contains(&EntraAttribute::ObjectIdentifier);
        let read = self.read(&if beta { request.beta() } else { request }).await;
        let Some(value) = if_there(read)? else { return Ok(None) };
        let read = attributes.iter().map(|attribute| match &value[attribute.name()] {
            Value::Null => Ok((*attribute, None)),
            Value::String(text) => Ok((*attribute, (!text.is_empty()).then(|| text.clone()))),
            _ => Err(DirectoryError::new(ErrorKind::Broken, what.clone(), format!("{attribute} is no text"))),
        });
        read.collect::<Result<_, _>>().map(Some)
    }

    async fn presence_of(&self, id: ObjectId) -> Result<Presence, DirectoryError> {
        let there = |path: &[&str]| {
            let what = format!("see whether the user {id} is there");
            let request = Request::get(Operation::ReadUsers, what, path).select(&["id"]);
            async move { if_there(self.read(&request).await).map(|found| found.is_some()) }
        };
        let id = id.to_string();
        // Live first: a user that is restored between the two looks would be seen nowhere the other way round.
        if there(&["users", &id]).await? {
            return Ok(Presence::Live);
        }
        let [first, second, cast] = DELETED_USERS;
        Ok(if there(&[first, second, &id, cast]).await? { Presence::RecycleBin } else { Presence::Gone })
    }

    async fn is_cloud_managed(&self, id: ObjectId) -> Result<Option<bool>, DirectoryError> {
        let managed = if_there(self.cloud_managed(id).await)?;
        Ok(managed.map(Option::unwrap_or_default))
    }

    async fn sync_switches(&self) -> Result<BTreeMap<SyncFeature, bool>, DirectoryError> {
        Ok(self.synchronization().await?.1.switches)
    }

    async fn sync_features(&self) -> Result<Option<SyncFeatures>, DirectoryError> {
        Ok(optional(self.synchronization().await)?.ok().and_then(|(_, found)| found.features))
    }

    fn time(&self) -> Timestamp {
        self.now()
    }

    async fn last_sync(&self) -> Result<Option<Timestamp>, DirectoryError> {
        Ok(self.organization().await?.on_premises_last_sync_date_time)
    }
}

/// Whether the user's source of authority can be anything but the plain cloud: it has been synced once and is not now.
/// (A synced user whose source of authority was moved to the cloud keeps its anchor and loses `onPremisesSyncEnabled`.)
pub(super) fn has_been_synced(user: &EntraUser) -> bool {
    !user.is_synced() && (user.immutable_id.is_some() || user.security_identifier.is_some())
}
