//! A saved snapshot brought up to date: what has changed is read, and what cannot be told to be unchanged.
//!
//! Roles, the recycle bin and everything about the tenant are read anew. Of users, groups, contacts and AD, each part goes
//! by its own mark ([`crate::snapshot::marks`]); a part without one, or with one that counts no more, is read as a whole.
//!
//! Two things about a user are kept where deltas do not look: `onPremisesObjectIdentifier` (beta alone has it) and the
//! source of authority. Both can be changed by themselves only while the user is not synced, so that every user who is not
//! synced and has been, or has such an identifier, is read anew.

use super::ad::connection::AdDomain;
use super::collect::Progress;
use super::connected::Directories;
use super::entra::collect::{Collected, Gaps};
use super::entra::delta::{Delta, Tracked};
use super::error::DirectoryError;
use super::port::Clock;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::ObjectId;
use crate::snapshot::document::{AdDomainSnapshot, Missing, Snapshot};
use crate::snapshot::marks::{AdMark, Marks};
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A snapshot and what is to be said about how it came about.
pub struct Refreshed {
    /// Equal to one that is read anew.
    pub snapshot: Snapshot,
    /// What was read as a whole, and why.
    pub notes: Vec<String>,
}

/// Users as they are now, but for what deltas do not tell.
struct Users {
    all: Vec<EntraUser>,
    /// Those that were read now; `None` if all were.
    fresh: Option<BTreeSet<ObjectId>>,
}

/// A part as it is now, its next mark, and why it was read as a whole if it was.
struct Part<T, M> {
    value: T,
    mark: Option<M>,
    note: Option<String>,
}

impl<C: Clock> Directories<C> {
    /// Where both directories stand now. To be asked before a reading begins, so that nothing that changes under way is
    /// taken for seen.
    pub async fn marks(&self) -> Marks {
        let graph = self.graph();
        let (users, groups, contacts, domains) = tokio::join!(
            graph.mark(Tracked::Users),
            graph.mark(Tracked::Holders(HolderKind::Group)),
            graph.mark(Tracked::Holders(HolderKind::Contact)),
            join_all(self.domains().iter().map(async |domain| domain.mark().await.ok().flatten())),
        );
        Marks { users, groups, contacts, domains: domains.into_iter().flatten().collect() }
    }

    /// The same snapshot as of now. Errors as those of a whole one.
    pub async fn refresh(
        &self,
        old: &Snapshot,
        taken: Timestamp,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Refreshed, DirectoryError> {
        let progress = Mutex::new(progress);
        let progress = |event: Progress| (progress.lock().unwrap_or_else(PoisonError::into_inner))(event);
        let marks = old.marks.clone().unwrap_or_default();
        let domains = try_join_all(self.domains().iter().map(|domain| domain_now(domain, old, &marks)));
        let cloud = Box::pin(self.cloud_now(old, &marks, &progress));
        let (domains, cloud) = tokio::try_join!(domains, cloud)?;
        let (collected, mut marks, mut notes) = cloud;
        let mut read = Vec::new();
        for Part { value, mark, note } in domains {
            read.push(value);
            marks.domains.extend(mark);
            notes.extend(note);
        }
        let mut snapshot = collected.into_snapshot(taken, read);
        snapshot.marks = Some(marks);
        Ok(Refreshed { snapshot, notes })
    }

    async fn cloud_now(
        &self,
        old: &Snapshot,
        marks: &Marks,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(Collected, Marks, Vec<String>), DirectoryError> {
        let of = |kind: HolderKind| -> Vec<AddressHolder> {
            old.holders.iter().filter(|holder| holder.kind == kind).cloned().collect()
        };
        let graph = self.graph();
        let (frame, users, groups, contacts) = tokio::try_join!(
            graph.frame(progress),
            self.users_now(old, marks.users.as_deref(), progress),
            self.holders_now(of(HolderKind::Group), HolderKind::Group, marks.groups.as_deref(), progress),
            self.holders_now(of(HolderKind::Contact), HolderKind::Contact, marks.contacts.as_deref(), progress),
        )?;
        let (mut collected, mut gaps) = (frame.collected, frame.gaps);
        let notes = [&users.note, &groups.note, &contacts.note].into_iter().flatten().cloned().collect();
        let marks = Marks { users: users.mark, groups: groups.mark, contacts: contacts.mark, domains: Vec::new() };
        collected.users = self.with_details(old, users.value, &mut gaps).await?;
        collected.holders = gaps.or_gap(Missing::Groups, groups.value);
        collected.holders.extend(gaps.or_gap(Missing::Contacts, contacts.value));
        collected.gaps = gaps.sorted();
        Ok((collected, marks, notes))
    }

    /// All users by id, those that were touched as they are now.
    async fn users_now(
        &self,
        old: &Snapshot,
        link: Option<&str>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Part<Users, String>, DirectoryError> {
        let graph = self.graph();
        match self.delta(Tracked::Users, link).await? {
            Ok(Delta { touched, link }) => {
                let mut users: BTreeMap<ObjectId, EntraUser> = old
                    .users
                    .iter()
                    .filter(|user| !touched.contains(&user.id))
                    .map(|user| (user.id, user.clone()))
                    .collect();
                users.extend(graph.users_by_id(&touched).await?.into_iter().map(|user| (user.id, user)));
                let value = Users { all: users.into_values().collect(), fresh: Some(touched) };
                Ok(Part { value, mark: Some(link), note: None })
            }
            Err(why) => {
                let mark = graph.mark(Tracked::Users).await;
                let note = Some(format!("all cloud users were read: {why}"));
                let value = Users { all: graph.live_users(progress).await?, fresh: None };
                Ok(Part { value, mark, note })
            }
        }
    }

    async fn holders_now(
        &self,
        old: Vec<AddressHolder>,
        kind: HolderKind,
        link: Option<&str>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Part<Result<Vec<AddressHolder>, DirectoryError>, String>, DirectoryError> {
        let graph = self.graph();
        match self.delta(Tracked::Holders(kind), link).await? {
            Ok(Delta { touched, link }) => {
                let mut holders: BTreeMap<ObjectId, AddressHolder> = old
                    .into_iter()
                    .filter(|holder| !touched.contains(&holder.id))
                    .map(|holder| (holder.id, holder))
                    .collect();
                holders
                    .extend(graph.holders_by_id(kind, &touched).await?.into_iter().map(|holder| (holder.id, holder)));
                Ok(Part { value: Ok(holders.into_values().collect()), mark: Some(link), note: None })
            }
            Err(why) => {
                let what = if kind == HolderKind::Group { "groups" } else { "contacts" };
                let mark = graph.mark(Tracked::Holders(kind)).await;
                let value = graph.optional_holders(kind, progress).await?;
                Ok(Part { value, mark, note: Some(format!("all {what} were read: {why}")) })
            }
        }
    }

    async fn delta(&self, tracked: Tracked, link: Option<&str>) -> Result<Result<Delta, String>, DirectoryError> {
        match link {
            Some(link) => self.graph().touched_since(tracked, link).await,
            None => Ok(Err("the snapshot has no mark of when they were read".to_owned())),
        }
    }

    /// The users with what deltas do not tell, read anew of everybody for whom it may have changed.
    async fn with_details(
        &self,
        old: &Snapshot,
        users: Users,
        gaps: &mut Gaps,
    ) -> Result<Vec<EntraUser>, DirectoryError> {
        let Users { all: mut users, fresh } = users;
        let graph = self.graph();
        // What could not be read then may be readable now, so that all of it is.
        let fresh = fresh.filter(|_| old.gap(Missing::ObjectIdentifier).is_none());
        let read = match &fresh {
            None => graph.all_identifiers().await?,
            Some(fresh) => {
                let open = users.iter().filter(|user| fresh.contains(&user.id) || may_differ(user)).map(|user| user.id);
                graph.identifiers_of(&open.collect()).await?
            }
        };
        let is_gap = read.is_err();
        let identifiers = gaps.or_gap(Missing::ObjectIdentifier, read);
        for user in &mut users {
            if is_gap || fresh.as_ref().is_none_or(|fresh| fresh.contains(&user.id)) || may_differ(user) {
                user.object_identifier = identifiers.get(&user.id).cloned();
            }
        }
        let behaviors = gaps.or_gap(Missing::SyncBehavior, graph.behaviors_of(&users).await?);
        for user in &mut users {
            user.cloud_managed = behaviors.get(&user.id).copied();
        }
        Ok(users)
    }
}

/// Whether `onPremisesObjectIdentifier` may have changed by itself.
fn may_differ(user: &EntraUser) -> bool {
    !user.is_synced()
        && (user.object_identifier.is_some() || user.immutable_id.is_some() || user.security_identifier.is_some())
}

/// A domain as it is now.
async fn domain_now(
    domain: &AdDomain,
    old: &Snapshot,
    marks: &Marks,
) -> Result<Part<AdDomainSnapshot, AdMark>, DirectoryError> {
    let read = old.domains.iter().find(|read| read.name == *domain.name());
    let mark = marks.domains.iter().find(|mark| mark.domain == *domain.name());
    let why = match read.zip(mark) {
        Some((read, mark)) => match Box::pin(domain.refreshed(read, mark)).await? {
            Ok((value, mark)) => return Ok(Part { value, mark: Some(mark), note: None }),
            Err(why) => why,
        },
        None => "the snapshot has no mark of when it was read".to_owned(),
    };
    let mark = domain.mark().await?;
    let note = Some(format!("all of {} was read: {why}", domain.name()));
    Ok(Part { value: domain.snapshot().await?, mark, note })
}
