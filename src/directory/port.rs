//! What the program may ask of the directories, one trait per ability. Planning is given readers only, so by type it
//! cannot write; `apply` sees these traits and never an adapter.

use super::error::DirectoryError;
use crate::model::ad::AdUser;
use crate::model::anchor::ImmutableId;
use crate::model::attribute::AttributeChange;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::{AdGuid, DomainName, ObjectId, Sid};
use crate::model::name::Upn;
use crate::model::recipient::AdHolder;
use crate::model::reference::AdRef;
use crate::model::role::Holding;
use crate::model::tenant::SyncFeatures;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

type Answer<T> = Result<T, DirectoryError>;

/// Reading single users of AD.
pub trait ReadAd {
    /// The user with that GUID, wherever it is now; `None` if there is none.
    fn ad_user(&self, domain: &DomainName, guid: AdGuid) -> impl Future<Output = Answer<Option<AdUser>>>;

    /// The group, contact or other object that is no user with that GUID, wherever it is now; `None` if there is none.
    fn ad_holder(&self, domain: &DomainName, guid: AdGuid) -> impl Future<Output = Answer<Option<AdHolder>>>;

    /// The domain controller that is read and written, for the journal.
    fn domain_controller(&self, domain: &DomainName) -> Option<String>;
}

/// Writing AD.
pub trait WriteAd: ReadAd {
    /// Changes attributes in one atomic modify that deletes exactly the old values: fails with
    /// [`super::error::ErrorKind::Changed`] if one of them is not there any more.
    fn modify(&self, user: &AdRef, changes: &[AttributeChange]) -> impl Future<Output = Answer<()>>;

    /// Moves the user from its container to `parent`, keeping its name.
    fn move_under(&self, user: &AdRef, parent: &Dn) -> impl Future<Output = Answer<()>>;
}

/// Reading single objects of Entra, always fresh and with every attribute that linking looks at.
pub trait ReadEntra {
    /// The live user with that id; `None` if there is none.
    fn entra_user(&self, id: ObjectId) -> impl Future<Output = Answer<Option<EntraUser>>>;

    /// The same in one request: without `onPremisesObjectIdentifier` and the source of authority, which no cycle and no
    /// step of ours changes.
    fn entra_marks(&self, id: ObjectId) -> impl Future<Output = Answer<Option<EntraUser>>> {
        self.entra_user(id)
    }

    /// The same for many users at once; who is not there is left out.
    fn entra_marks_of(&self, ids: &[ObjectId]) -> impl Future<Output = Answer<BTreeMap<ObjectId, EntraUser>>> {
        async move {
            let mut all = BTreeMap::new();
            for id in ids {
                all.extend(self.entra_marks(*id).await?.map(|user| (*id, user)));
            }
            Ok(all)
        }
    }

    /// Every live or soft-deleted user that has this ImmutableID (compared exactly) or this on-premises SID.
    fn users_with(&self, anchor: &ImmutableId, sid: &Sid) -> impl Future<Output = Answer<Vec<EntraUser>>>;

    /// The same for many pairs at once.
    fn users_with_any(&self, marks: &[(ImmutableId, Sid)]) -> impl Future<Output = Answer<Vec<EntraUser>>> {
        async move {
            let mut all = Vec::new();
            for (anchor, sid) in marks {
                all.extend(self.users_with(anchor, sid).await?);
            }
            Ok(all)
        }
    }

    /// Everything that makes one user a role holder. Where PIM cannot be read (no permission, no licence) this is what
    /// is active; a plan has said so as a gap.
    fn holdings_of(&self, user: ObjectId) -> impl Future<Output = Answer<Vec<Holding>>>;

    /// The same for many users at once; those that hold nothing are left out. It may be some seconds older than single
    /// readings.
    fn holdings_of_all(&self, users: &[ObjectId]) -> impl Future<Output = Answer<BTreeMap<ObjectId, Vec<Holding>>>> {
        async move {
            let mut all = BTreeMap::new();
            for user in users {
                let held = self.holdings_of(*user).await?;
                if !held.is_empty() {
                    all.insert(*user, held);
                }
            }
            Ok(all)
        }
    }

    /// What a holding needs and what is not there any more: its scope, its group, as words. `None` if all is there.
    fn missing_for(&self, holding: &Holding) -> impl Future<Output = Answer<Option<String>>>;

    /// The users that hold Global Administrator, directory-wide and directly, with whether they can sign in.
    fn global_administrators(&self) -> impl Future<Output = Answer<Vec<(ObjectId, bool)>>>;

    /// Whom the credential speaks for now: a renewed token may be somebody else's. `None` where it does not say, and in a
    /// double that has no credential.
    fn signed_in(&self) -> impl Future<Output = Answer<Option<ObjectId>>> {
        async { Ok(None) }
    }

    /// Attributes of the live user with that id, `None` each where it is null; `None` if there is no such user.
    fn attributes_of(
        &self,
        id: ObjectId,
        attributes: &[EntraAttribute],
    ) -> impl Future<Output = Answer<Option<BTreeMap<EntraAttribute, Option<String>>>>>;

    /// Whether a user is live, in the recycle bin, or neither.
    fn presence_of(&self, id: ObjectId) -> impl Future<Output = Answer<Presence>>;

    /// The group or contact with that id; `None` if there is none.
    fn address_holder(&self, kind: HolderKind, id: ObjectId) -> impl Future<Output = Answer<Option<AddressHolder>>>;

    /// Whether the cloud is the source of authority of the live user with that id; `None` if there is no such user.
    fn is_cloud_managed(&self, id: ObjectId) -> impl Future<Output = Answer<Option<bool>>>;

    /// Every switch of the tenant's directory synchronization. Unlike [`ReadEntra::sync_features`], not being allowed to
    /// see them is an error.
    fn sync_switches(&self) -> impl Future<Output = Answer<BTreeMap<SyncFeature, bool>>>;

    /// The tenant's sync features now; `None` if this credential may not see them.
    fn sync_features(&self) -> impl Future<Output = Answer<Option<SyncFeatures>>>;

    /// What time it is in the tenant, by its newest answer: whether a role has ended is not for our own clock to say.
    fn time(&self) -> Timestamp;

    /// `organization.onPremisesLastSyncDateTime`.
    fn last_sync(&self) -> impl Future<Output = Answer<Option<Timestamp>>>;
}

/// Writing Entra.
pub trait WriteEntra: ReadEntra {
    /// Waits until the tenant's limits allow one more write. Whoever is to write asks for its turn before it reads what the
    /// write rests on: a reading that then waited would be old.
    fn turn(&self) -> impl Future<Output = Turn> {
        async { Turn::default() }
    }

    /// Sets the ImmutableID, or clears it with JSON `null`.
    fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> impl Future<Output = Answer<()>>;

    /// Changes attributes of a user in one request; null clears.
    fn amend(&self, user: ObjectId, changes: &[EntraChange]) -> impl Future<Output = Answer<()>>;

    /// Deletes a live user, restores one from the recycle bin (with `upn` under that name), or deletes it there for good.
    fn place(
        &self,
        user: ObjectId,
        from: Presence,
        to: Presence,
        upn: Option<&Upn>,
    ) -> impl Future<Output = Answer<()>>;

    /// Makes the cloud the source of authority of a user, or AD again.
    fn set_authority(&self, user: ObjectId, cloud: bool) -> impl Future<Output = Answer<()>>;

    /// Turns a switch of the tenant's directory synchronization.
    fn set_switch(&self, feature: SyncFeature, on: bool) -> impl Future<Output = Answer<()>>;

    /// For how long the tenant's limits hold writes up from now; `None` where they do not.
    fn held_up(&self) -> Option<SignedDuration> {
        None
    }

    /// Takes a role, an eligibility or a membership away. Taking one that is gone already is
    /// [`super::error::ErrorKind::NotFound`].
    fn take(&self, holding: &Holding) -> impl Future<Output = Answer<()>>;

    /// Gives back what [`WriteEntra::take`] took: the same scope, condition, kind, start (if it still lies ahead) and
    /// end. Giving what is there already is [`super::error::ErrorKind::Refused`]; so is an activation.
    fn give(&self, holding: &Holding) -> impl Future<Output = Answer<()>>;
}

/// The right to one write to Entra. It ends when it is dropped.
#[derive(Default)]
pub struct Turn(Option<Box<dyn FnOnce() + Send>>);

impl Turn {
    /// A turn that tells of its end.
    pub fn until(end: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// The sync engine, as far as we can speak to it.
pub trait SyncEngine {
    /// Asks for a cycle. With `trigger = "wait"` it does nothing: the scheduler will run one.
    fn trigger(&self) -> impl Future<Output = Answer<Triggered>>;

    /// Brings one user to Entra by itself, where the engine can do that (`trigger = { provision_on_demand = … }`). It is
    /// no cycle, and proves none. Errors: nothing is known of the user, and asking again may do.
    fn provision(&self, _user: &Dn) -> impl Future<Output = Answer<Provisioned>> {
        async { Ok(Provisioned::Unsaid) }
    }

    /// What the `status` command says; `None` without one.
    fn status(&self) -> impl Future<Output = Answer<Option<SyncStatus>>>;

    /// Stops the scheduler (`hold`).
    fn hold(&self) -> impl Future<Output = Answer<()>>;

    /// Starts the scheduler again (`release`).
    fn release(&self) -> impl Future<Output = Answer<()>>;
}

/// What a trigger did. None of these proves a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triggered {
    /// The trigger returned without complaint.
    Asked,
    /// A cycle is running already; ask again later.
    Busy,
    /// There is no trigger: we wait for the scheduler.
    Scheduler,
}

/// What the engine said of one user. Whether the link is formed is for its marks to say, not for this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provisioned {
    /// The user was written, or was already as AD has it.
    Done,
    /// The user was refused or left out; in the engine's words, which may be anybody's.
    Refused(String),
    /// Nothing to go by: the next cycle takes the user.
    Unsaid,
}

/// The sync engine's own account of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct SyncStatus {
    /// A cycle is running.
    pub busy: bool,
    /// A staging server: it exports nothing.
    pub staging: bool,
    /// The scheduler is suspended.
    pub suspended: bool,
}

/// The time, as an argument: real, fixed, or the lab's.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    fn sleep(&self, time: SignedDuration) -> impl Future<Output = ()>;

    /// Lets time pass before something is tried again. `false`, and at once, if the person asks to stop: then it is not
    /// tried again.
    fn wait(&self, time: SignedDuration) -> impl Future<Output = bool> {
        async move {
            self.sleep(time).await;
            true
        }
    }
}
