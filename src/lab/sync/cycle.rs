//! One complete run of the engine: import, synchronize, export.

use super::anchor;
use super::flow::{Flow, Occasion};
use super::holders;
use super::matching::{self, Decision, Meeting};
use super::report::{CycleReport, ErrorCode, ExportError, ObjectReport, Outcome, Stopped};
use super::scope::{Exclusion, exclusion};
use super::view::{AdView, ImportedHolder, ImportedUser};
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::keys::{CloudKey, ConnectedKey};
use crate::lab::world::sync::Connected;
use crate::lab::world::table::Table;
use crate::lab::world::{World, derive};
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, ObjectId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How much of the world's time one cycle takes.
pub const CYCLE_LENGTH: SignedDuration = SignedDuration::from_secs(90);

/// How much of it one user takes that is provisioned by itself.
pub const SINGLE_LENGTH: SignedDuration = SignedDuration::from_secs(2);

/// A cycle that reads the world's own forest and may write anchors back to it.
pub fn of_embedded_forest(world: &mut World) -> CycleReport {
    let mut view = AdView::of_forest(&world.ad);
    let writes = anchor::write_backs(&view, world);
    anchor::write_to_forest(&writes, world);
    view.note(&writes);
    cycle(&view, world)
}

/// Runs one cycle over what was imported, after [`anchor::write_backs`] have been written: a user in scope whose
/// `mS-DS-ConsistencyGuid` is still empty is an export error.
///
/// The same view and world give the same result. The world's clock moves on by [`CYCLE_LENGTH`], and the scheduler's
/// next run is one interval after this one began.
pub fn cycle(view: &AdView, world: &mut World) -> CycleReport {
    let started = world.clock;
    let ended = started.saturating_add(CYCLE_LENGTH).unwrap_or(Timestamp::MAX);
    let interval = SignedDuration::from_mins(i64::from(world.sync.interval_minutes.max(1)));
    world.clock = ended;
    world.sync.next_cycle = started.saturating_add(interval).ok();

    let mut users: Vec<&ImportedUser> =
        view.users.iter().filter(|user| exclusion(user, &world.sync.scope).is_none()).collect();
    users.sort_by(|a, b| a.dn.cmp(&b.dn));

    let mut holders: Vec<&ImportedHolder> =
        view.holders.iter().filter(|holder| world.sync.scope.iter().any(|ou| holder.dn.is_under(ou))).collect();
    holders.sort_by(|a, b| a.dn.cmp(&b.dn));

    let mut run = Run::new(world, ended);
    let stopped = run.stop(&users, &holders);
    if stopped.is_some() {
        run.import_only(&users);
    } else {
        run.export(&users);
    }
    let mut objects = run.objects;
    if stopped.is_none() {
        objects.extend(holders::export(&holders, world));
    }
    CycleReport { started, ended, stopped, objects }
}

/// What came of one user that was provisioned by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Single {
    /// AD has no such user.
    NotFound,
    /// A cycle would leave it out, too.
    Excluded(Exclusion),
    /// A staging server exports nothing.
    Staging,
    /// It was already as AD has it.
    Unchanged,
    /// What was done, or refused.
    Reported(Box<ObjectReport>),
}

/// Imports, synchronizes and exports one user of the world's own forest, as a cycle would. Everybody else stays as they are,
/// and the scheduler's next run comes when it would have come. The world's clock moves on by [`SINGLE_LENGTH`].
///
/// Microsoft does not say whether the tenant's last sync shows it. Here it does: whoever waits for a cycle must not take it for
/// one.
pub fn single(dn: &Dn, world: &mut World) -> Single {
    let mut view = AdView::of_forest(&world.ad);
    view.users.retain(|user| user.dn == *dn);
    let writes = anchor::write_backs(&view, world);
    anchor::write_to_forest(&writes, world);
    view.note(&writes);
    let Some(user) = view.users.first() else { return Single::NotFound };
    if let Some(why) = exclusion(user, &world.sync.scope) {
        return Single::Excluded(why);
    }
    if world.sync.staging {
        return Single::Staging;
    }
    world.clock = world.clock.saturating_add(SINGLE_LENGTH).unwrap_or(Timestamp::MAX);
    let now = world.clock;
    let mut run = Run::new(world, now);
    let outcome = if run.live_object_of(user.guid).is_some() { run.update(user) } else { run.add(user) };
    run.record(user, outcome);
    run.world.entra.on_premises_last_sync_date_time = Some(now);
    run.objects.pop().map_or(Single::Unchanged, |report| Single::Reported(Box::new(report)))
}

/// A cycle at work.
struct Run<'w> {
    world: &'w mut World,
    now: Timestamp,
    objects: Vec<ObjectReport>,
}

impl<'w> Run<'w> {
    const fn new(world: &'w mut World, now: Timestamp) -> Self {
        Self { world, now, objects: Vec::new() }
    }

    /// What the engine remembers of an AD user.
    fn known(&self, ad: AdGuid) -> Option<&Connected> {
        self.world.sync.connector_space.find(ConnectedKey::Ad, &ad.to_string()).map(|(_, known)| known)
    }

    /// Changes what it remembers, where that is another thing. A user that was never seen begins as `new`.
    fn remember(&mut self, new: Connected, change: impl FnOnce(&mut Connected)) {
        let memory = &mut self.world.sync.connector_space;
        let Some((row, before)) = memory.find(ConnectedKey::Ad, &new.ad.to_string()) else {
            let mut known = new;
            change(&mut known);
            return memory.push(known);
        };
        let (before, mut known) = (before.clone(), before.clone());
        change(&mut known);
        if known != before {
            memory.replace(row, known);
        }
    }

    /// Whether this cycle exports nothing, and why.
    fn stop(&self, users: &[&ImportedUser], holders: &[&ImportedHolder]) -> Option<Stopped> {
        if self.world.sync.staging {
            return Some(Stopped::Staging);
        }
        let is_joined = |ad: &&AdGuid| self.known(**ad).is_some_and(|known| known.cloud.is_some());
        let users = self.departed(users).iter().filter(is_joined).count();
        let joined = self.world.sync.connected_holders.iter().filter(|holder| holder.cloud.is_some());
        let deletions = users + holders::departed(holders, joined).len();
        let threshold = self.world.sync.deletion_threshold;
        // *Accidental deletes*: "the export is stopped" as a whole.
        (u32::try_from(deletions).unwrap_or(u32::MAX) > threshold)
            .then_some(Stopped::DeletionThreshold { deletions, threshold })
    }

    /// The users that were imported before and are now gone from AD or out of scope.
    fn departed(&self, users: &[&ImportedUser]) -> Vec<AdGuid> {
        let here: BTreeSet<AdGuid> = users.iter().map(|user| user.guid).collect();
        let known = self.world.sync.connector_space.iter().map(|known| known.ad);
        let departed: BTreeSet<AdGuid> = known.filter(|ad| !here.contains(ad)).collect();
        departed.into_iter().collect()
    }

    /// Import and synchronization without export: new users are known from now on, and still new to the cloud.
    fn import_only(&mut self, users: &[&ImportedUser]) {
        for user in users {
            let source = self.world.sync.source_anchor;
            let imported = anchor::of(user, source, None).unwrap_or_else(|_| Anchor::from_guid(user.guid));
            self.remember(connected(user.guid, imported, None), |_| {});
        }
    }

    fn export(&mut self, users: &[&ImportedUser]) {
        for ad in self.departed(users) {
            self.delete(ad);
        }
        // Changes of joined users go out before new users: an address that one gives up is free for the next.
        let (joined, new): (Vec<_>, Vec<_>) = users.iter().partition(|user| self.live_object_of(user.guid).is_some());
        for user in joined {
            let outcome = self.update(user);
            self.record(user, outcome);
        }
        for user in new {
            let outcome = self.add(user);
            self.record(user, outcome);
        }
        let cloud = &mut self.world.entra;
        cloud.on_premises_sync_enabled = Some(true);
        cloud.on_premises_last_sync_date_time = Some(self.now);
    }

    /// The live cloud user that an AD user is joined to. One that was deleted in the cloud makes the AD user new again.
    fn live_object_of(&self, ad: AdGuid) -> Option<&CloudUser> {
        live(&self.world.entra.users, self.known(ad)?.cloud?)
    }

    /// Soft-deletes the cloud object of a user that left (*sync errors*: `DirSyncEnabled` is off from then on).
    /// What is managed in the cloud stays.
    fn delete(&mut self, ad: AdGuid) {
        let live = self.live_object_of(ad).map(|user| (user.id, user.is_cloud_managed));
        let memory = &mut self.world.sync.connector_space;
        if let Some((row, _)) = memory.find(ConnectedKey::Ad, &ad.to_string()) {
            memory.take(row);
        }
        let Some((id, cloud_managed)) = live else { return };
        let outcome = if cloud_managed { Outcome::Skipped } else { Outcome::Deleted };
        if !cloud_managed {
            self.world.entra.soft_delete(id, self.now);
        }
        self.objects.push(ObjectReport { ad, dn: None, cloud: Some(id), outcome, error: None });
    }

    /// Ongoing sync of a joined user.
    fn update(&mut self, user: &ImportedUser) -> Result<Done, ExportError> {
        let anchor = anchor::of(user, self.world.sync.source_anchor, self.known(user.guid))?;
        let Some(current) = self.live_object_of(user.guid).cloned() else { return Ok(Done::Nothing) };
        if current.is_cloud_managed {
            return Ok(Done::Object(current.id, Outcome::Skipped));
        }
        let changed = self.write(user, anchor, Occasion::Ongoing, &current)?;
        Ok(if changed { Done::Object(current.id, Outcome::Updated) } else { Done::Nothing })
    }

    /// Matches, restores or provisions a user that is new to the cloud.
    fn add(&mut self, user: &ImportedUser) -> Result<Done, ExportError> {
        // A new user has been given nothing yet; what an earlier cloud object got does not count.
        if self.known(user.guid).is_some() {
            self.remember(connected(user.guid, Anchor::from_guid(user.guid), None), |known| {
                known.cloud = None;
                known.flowed.clear();
            });
        }
        let anchor = anchor::of(user, self.world.sync.source_anchor, None)?;
        self.remember(connected(user.guid, anchor, None), |known| known.anchor = anchor);
        let cloud = &self.world.entra;
        let taken = &self.world.sync.connector_space;
        match matching::decide(user, anchor, Meeting { cloud, now: self.now, taken }) {
            Decision::Join(id, outcome) => {
                let Some(target) = live(&cloud.users, id).cloned() else { return Ok(Done::Nothing) };
                let synced = target.on_premises_sync_enabled == Some(true);
                let occasion = if synced { Occasion::Ongoing } else { Occasion::Takeover };
                self.write(user, anchor, occasion, &target)?;
                Ok(Done::Object(id, outcome))
            }
            Decision::Restore(id) => {
                let Some(deleted) = live(&cloud.deleted_users, id).cloned() else { return Ok(Done::Nothing) };
                self.write(user, anchor, Occasion::Appearance, &deleted)?;
                let bin = &mut self.world.entra.deleted_users;
                if let Some((row, _)) = bin.find(CloudKey::Id, &id.to_string()) {
                    bin.take(row);
                }
                Ok(Done::Object(id, Outcome::Restored))
            }
            Decision::Provision(reason) => {
                let id = derive::object_id("provisioned user", &format!("{anchor} {}", self.now));
                self.write(user, anchor, Occasion::Appearance, &blank(id))?;
                Ok(match reason {
                    None => Done::Object(id, Outcome::Provisioned),
                    Some(error) => Done::ObjectWithError(id, Outcome::Provisioned, error),
                })
            }
            Decision::Refuse(error) => Err(error),
            Decision::CloudManaged(id) => Ok(Done::Object(id, Outcome::Skipped)),
        }
    }

    /// Lets attributes flow onto a cloud user and remembers the join. `true` if the cloud user changed.
    fn write(
        &mut self,
        user: &ImportedUser,
        anchor: Anchor,
        occasion: Occasion,
        current: &CloudUser,
    ) -> Result<bool, ExportError> {
        let with_password = self.world.sync.password_hash_sync && self.world.entra.features.password_sync_enabled;
        let mangled_upn = self.world.sync.mangled_upn;
        let flow = Flow { user, anchor, occasion, with_password, mangled_upn, now: self.now };
        let mut flowed = self.known(user.guid).map(|known| known.flowed.clone()).unwrap_or_default();
        let next = flow.onto(current, &mut flowed, &self.world.entra)?;
        self.remember(connected(user.guid, anchor, None), |known| {
            known.cloud = Some(next.id);
            known.flowed = flowed;
        });
        let changed = next != *current;
        let users = &mut self.world.entra.users;
        match users.find(CloudKey::Id, &next.id.to_string()).map(|(row, _)| row) {
            Some(row) if changed => users.replace(row, next),
            Some(_) => {}
            None => users.push(next),
        }
        Ok(changed)
    }

    /// Remembers how a user's export went, and reports it unless nothing happened.
    fn record(&mut self, user: &ImportedUser, result: Result<Done, ExportError>) {
        let known = self.known(user.guid);
        let (cloud, outcome, error) = match result {
            Ok(Done::Nothing) => (None, None, None),
            Ok(Done::Object(id, outcome)) => (Some(id), Some(outcome), None),
            Ok(Done::ObjectWithError(id, outcome, error)) => (Some(id), Some(outcome), Some(error)),
            Err(error) => (known.and_then(|k| k.cloud), Some(Outcome::Failed), Some(error)),
        };
        // The role conflict that made a duplicate stands for as long as the duplicate does.
        let ongoing = matches!(outcome, None | Some(Outcome::Updated));
        let duplicate = ongoing && known.is_some_and(|k| k.error.as_deref() == Some(ADMIN_ROLE_CONFLICT));
        // A user whose anchor cannot be read is known by its objectGUID until it can be.
        self.remember(connected(user.guid, Anchor::from_guid(user.guid), None), |known| {
            if !duplicate {
                known.error = error.as_ref().map(|error| error.code.as_str().to_owned());
            }
        });
        if let Some(outcome) = outcome {
            self.objects.push(ObjectReport { ad: user.guid, dn: Some(user.dn.clone()), cloud, outcome, error });
        }
    }
}

fn live(users: &Table<CloudUser>, id: ObjectId) -> Option<&CloudUser> {
    users.find(CloudKey::Id, &id.to_string()).map(|(_, user)| user)
}

const ADMIN_ROLE_CONFLICT: &str = ErrorCode::ExistingAdminRoleConflict.as_str();

/// How one user's export went.
enum Done {
    Nothing,
    Object(ObjectId, Outcome),
    ObjectWithError(ObjectId, Outcome, ExportError),
}

const fn connected(ad: AdGuid, anchor: Anchor, cloud: Option<ObjectId>) -> Connected {
    Connected { ad, anchor, cloud, error: None, flowed: BTreeSet::new() }
}

/// A cloud user before anything has flowed.
fn blank(id: ObjectId) -> CloudUser {
    CloudUser { id, ..CloudUser::named("") }
}
