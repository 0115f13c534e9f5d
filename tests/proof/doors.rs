//! The doors that an apply works through, with somebody watching: every write to a directory, every command to the sync
//! engine and every operation on the ledger's disk is a place at which a watcher may end the process, make the disk
//! fail, or let somebody else change the world. There is no other effect, so no place can be left out.

use crate::control::{Control, Time};
use matchplan::directory::connected::Directories;
use matchplan::directory::error::DirectoryError;
use matchplan::directory::port::{
    Clock, ReadAd, ReadEntra, SyncEngine, SyncStatus, Triggered, Turn, WriteAd, WriteEntra,
};
use matchplan::model::ad::AdUser;
use matchplan::model::anchor::ImmutableId;
use matchplan::model::attribute::AttributeChange;
use matchplan::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use matchplan::model::dn::Dn;
use matchplan::model::entra::{AddressHolder, EntraUser, HolderKind};
use matchplan::model::id::{AdGuid, DomainName, ObjectId, Sid};
use matchplan::model::name::Upn;
use matchplan::model::recipient::AdHolder;
use matchplan::model::reference::AdRef;
use matchplan::model::role::Holding;
use matchplan::model::tenant::SyncFeatures;
use matchplan::state::journal::{JournalEvent, Record};
use matchplan::state::write::Write;
use matchplan::store::disk::{Disk, RealDisk};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tempfile::NamedTempFile;

/// When, relative to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has not begun.
    Before,
    /// Half of the octets are written.
    Half,
    /// All octets are written, and not yet durable.
    Written,
    /// It is over.
    After,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Operation<'a> {
    /// A record is appended to the journal.
    Record(&'a Record),
    /// The state file is replaced.
    State,
    /// The restore sheet is kept.
    Sheet,
    /// This computer notes what it is about to write to the ledger.
    Witness,
    /// A directory is written.
    Write(&'a Write),
    /// The sync engine is told something: `hold`, `release` or `trigger`.
    Engine(&'static str),
}

/// Somebody who watches the doors, and may interfere.
pub trait Watcher: Debug + Send + Sync {
    /// The apply is at this place. An error makes the operation fail; only a disk's operations can fail here, since a
    /// directory's fail on the wire. May not return at all.
    fn at(&self, operation: &Operation<'_>, phase: Phase) -> io::Result<()>;

    /// The program was shown a cloud user, as it is or as a lagging replica has it.
    fn shown(&self, user: &EntraUser) {
        let _ = user;
    }

    /// Whether the process counts as dead: then nothing passes a door any more.
    fn is_dead(&self) -> bool {
        false
    }

    /// Time that goes by now, once.
    fn passing(&self) -> Option<Passing> {
        None
    }
}

/// How time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// For everybody.
    Pass(jiff::SignedDuration),
    /// The computer's clock is set, and nothing else.
    Jump(jiff::SignedDuration),
}

/// Both directories and the sync engine.
pub struct Doors {
    pub directories: Directories<Time>,
    pub control: Arc<Control>,
    pub watcher: Arc<dyn Watcher>,
}

impl Doors {
    fn at(&self, operation: &Operation<'_>, phase: Phase) {
        // The trait says that no directory's operation fails here.
        self.watcher.at(operation, phase).expect("only a disk fails here");
    }

    /// Lets time go by that is due. Nobody hears of an answer that comes to a dead process.
    async fn alive(&self) {
        match self.watcher.passing() {
            Some(Passing::Pass(time)) => self.control.time().sleep(time).await,
            Some(Passing::Jump(by)) => self.control.time().jump(by),
            None => {}
        }
        if self.watcher.is_dead() {
            std::future::pending::<()>().await;
        }
    }

    async fn write<T>(
        &self,
        write: Write,
        send: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let operation = Operation::Write(&write);
        self.at(&operation, Phase::Before);
        self.alive().await;
        let answer = send.await;
        self.alive().await;
        self.at(&operation, Phase::After);
        self.alive().await;
        answer
    }

    async fn tell<T>(
        &self,
        what: &'static str,
        command: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        self.at(&Operation::Engine(what), Phase::Before);
        self.alive().await;
        let answer = command.await;
        self.at(&Operation::Engine(what), Phase::After);
        self.alive().await;
        answer
    }
}

impl ReadAd for Doors {
    async fn ad_user(&self, domain: &DomainName, guid: AdGuid) -> Result<Option<AdUser>, DirectoryError> {
        self.directories.ad_user(domain, guid).await
    }

    async fn ad_holder(&self, domain: &DomainName, guid: AdGuid) -> Result<Option<AdHolder>, DirectoryError> {
        self.directories.ad_holder(domain, guid).await
    }

    fn domain_controller(&self, domain: &DomainName) -> Option<String> {
        self.directories.domain_controller(domain)
    }
}

impl WriteAd for Doors {
    async fn modify(&self, user: &AdRef, changes: &[AttributeChange]) -> Result<(), DirectoryError> {
        let write = Write::Align { user: user.clone(), changes: changes.to_vec() };
        self.write(write, self.directories.modify(user, changes)).await
    }

    async fn move_under(&self, user: &AdRef, parent: &Dn) -> Result<(), DirectoryError> {
        // The port is not told from where.
        let write = Write::Move { user: user.clone(), from: parent.clone(), to: parent.clone() };
        self.write(write, self.directories.move_under(user, parent)).await
    }
}

impl ReadEntra for Doors {
    async fn entra_user(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        let user = self.directories.entra_user(id).await?;
        if let Some(user) = &user {
            self.watcher.shown(user);
        }
        Ok(user)
    }

    async fn users_with_any(&self, marks: &[(ImmutableId, Sid)]) -> Result<Vec<EntraUser>, DirectoryError> {
        self.directories.users_with_any(marks).await
    }

    async fn entra_marks(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        let user = self.directories.entra_marks(id).await?;
        if let Some(user) = &user {
            self.watcher.shown(user);
        }
        Ok(user)
    }

    async fn holdings_of_all(&self, users: &[ObjectId]) -> Result<BTreeMap<ObjectId, Vec<Holding>>, DirectoryError> {
        self.directories.holdings_of_all(users).await
    }

    async fn users_with(&self, anchor: &ImmutableId, sid: &Sid) -> Result<Vec<EntraUser>, DirectoryError> {
        self.directories.users_with(anchor, sid).await
    }

    async fn holdings_of(&self, user: ObjectId) -> Result<Vec<Holding>, DirectoryError> {
        self.directories.holdings_of(user).await
    }

    async fn missing_for(&self, holding: &Holding) -> Result<Option<String>, DirectoryError> {
        self.directories.missing_for(holding).await
    }

    async fn global_administrators(&self) -> Result<Vec<(ObjectId, bool)>, DirectoryError> {
        self.directories.global_administrators().await
    }

    async fn signed_in(&self) -> Result<Option<ObjectId>, DirectoryError> {
        self.directories.signed_in().await
    }

    async fn attributes_of(
        &self,
        id: ObjectId,
        attributes: &[EntraAttribute],
    ) -> Result<Option<BTreeMap<EntraAttribute, Option<String>>>, DirectoryError> {
        self.directories.attributes_of(id, attributes).await
    }

    async fn presence_of(&self, id: ObjectId) -> Result<Presence, DirectoryError> {
        self.directories.presence_of(id).await
    }

    async fn address_holder(&self, kind: HolderKind, id: ObjectId) -> Result<Option<AddressHolder>, DirectoryError> {
        self.directories.address_holder(kind, id).await
    }

    async fn is_cloud_managed(&self, id: ObjectId) -> Result<Option<bool>, DirectoryError> {
        self.directories.is_cloud_managed(id).await
    }

    async fn sync_switches(&self) -> Result<BTreeMap<SyncFeature, bool>, DirectoryError> {
        self.directories.sync_switches().await
    }

    async fn sync_features(&self) -> Result<Option<SyncFeatures>, DirectoryError> {
        self.directories.sync_features().await
    }

    fn time(&self) -> jiff::Timestamp {
        self.directories.time()
    }

    async fn last_sync(&self) -> Result<Option<jiff::Timestamp>, DirectoryError> {
        self.directories.last_sync().await
    }
}

impl WriteEntra for Doors {
    async fn turn(&self) -> Turn {
        self.directories.turn().await
    }

    fn held_up(&self) -> Option<jiff::SignedDuration> {
        self.directories.held_up()
    }

    async fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> Result<(), DirectoryError> {
        // The port is told neither the name nor what was there.
        let write = Write::Anchor { user: named(user), expects: None, sets: value.cloned() };
        self.write(write, self.directories.set_immutable_id(user, value)).await
    }

    async fn amend(&self, user: ObjectId, changes: &[EntraChange]) -> Result<(), DirectoryError> {
        let write = Write::Amend { user: named(user), changes: changes.to_vec() };
        self.write(write, self.directories.amend(user, changes)).await
    }

    async fn place(
        &self,
        user: ObjectId,
        from: Presence,
        to: Presence,
        upn: Option<&Upn>,
    ) -> Result<(), DirectoryError> {
        let write = Write::Place { user: named(user), from, to, upn: upn.cloned() };
        self.write(write, self.directories.place(user, from, to, upn)).await
    }

    async fn set_authority(&self, user: ObjectId, cloud: bool) -> Result<(), DirectoryError> {
        let write = Write::Authority { user: named(user), expects: !cloud, sets: cloud };
        self.write(write, self.directories.set_authority(user, cloud)).await
    }

    async fn set_switch(&self, feature: SyncFeature, on: bool) -> Result<(), DirectoryError> {
        let write = Write::Switch { feature, expects: !on, sets: on };
        self.write(write, self.directories.set_switch(feature, on)).await
    }

    async fn take(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let user = holder(holding);
        self.write(Write::Take { user, holding: holding.clone() }, self.directories.take(holding)).await
    }

    async fn give(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let user = holder(holding);
        self.write(Write::Give { user, holding: holding.clone() }, self.directories.give(holding)).await
    }
}

fn holder(holding: &Holding) -> matchplan::model::reference::EntraRef {
    named(holding.user())
}

fn named(id: ObjectId) -> matchplan::model::reference::EntraRef {
    matchplan::model::reference::EntraRef { id, upn: id.to_string().as_str().into() }
}

impl SyncEngine for Doors {
    async fn trigger(&self) -> Result<Triggered, DirectoryError> {
        self.tell("trigger", self.control.cycle()).await
    }

    async fn status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        self.control.status().await.map(Some)
    }

    async fn hold(&self) -> Result<(), DirectoryError> {
        self.tell("hold", self.control.enable(false)).await
    }

    async fn release(&self) -> Result<(), DirectoryError> {
        self.tell("release", self.control.enable(true)).await
    }
}

impl Clock for Doors {
    fn now(&self) -> jiff::Timestamp {
        self.control.time().now()
    }

    async fn sleep(&self, time: jiff::SignedDuration) {
        self.alive().await;
        self.control.time().sleep(time).await;
    }
}

/// The real disk, watched.
#[derive(Debug)]
pub struct WatchedDisk(pub Arc<dyn Watcher>);

/// The folder of this computer's notes.
pub const WITNESS: &str = "witness";

/// Which of the ledger's files a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Journal,
    State,
    Sheet,
    Witness,
}

fn which(target: &Path) -> Which {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    if target.parent().and_then(Path::file_name).is_some_and(|folder| folder == WITNESS) {
        Which::Witness
    } else if name.ends_with(".jsonl") {
        Which::Journal
    } else if name.starts_with("restore-") {
        Which::Sheet
    } else {
        Which::State
    }
}

const fn whole(which: Which) -> Operation<'static> {
    match which {
        Which::State | Which::Journal => Operation::State,
        Which::Sheet => Operation::Sheet,
        Which::Witness => Operation::Witness,
    }
}

impl Disk for WatchedDisk {
    fn write(&self, target: &Path, file: &mut File, octets: &[u8]) -> io::Result<()> {
        if which(target) != Which::Journal {
            self.0.at(&whole(which(target)), Phase::Before)?;
            return RealDisk.write(target, file, octets);
        }
        let record: Record = serde_json::from_slice(octets).expect("one append is one record");
        let operation = Operation::Record(&record);
        self.0.at(&operation, Phase::Before)?;
        let (first, second) = octets.split_at(octets.len() / 2);
        RealDisk.write(target, file, first)?;
        self.0.at(&operation, Phase::Half)?;
        RealDisk.write(target, file, second)?;
        self.0.at(&operation, Phase::Written)?;
        RealDisk.sync(target, file)?;
        self.0.at(&operation, Phase::After)
    }

    /// A record is durable when its write returns: the watcher is told of both in one place.
    fn sync(&self, target: &Path, file: &File) -> io::Result<()> {
        match which(target) {
            Which::Journal => Ok(()),
            Which::State | Which::Sheet => RealDisk.sync(target, file),
            Which::Witness => {
                RealDisk.sync(target, file)?;
                self.0.at(&Operation::Witness, Phase::After)
            }
        }
    }

    fn persist(&self, target: &Path, temporary: NamedTempFile) -> io::Result<()> {
        self.0.at(&whole(which(target)), Phase::Written)?;
        RealDisk.persist(target, temporary)
    }

    fn sync_folder(&self, target: &Path) -> io::Result<()> {
        RealDisk.sync_folder(target)?;
        self.0.at(&whole(which(target)), Phase::After)
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Watcher for Nobody {
    fn at(&self, _: &Operation<'_>, _: Phase) -> io::Result<()> {
        Ok(())
    }
}

/// The step that a record is about, and what the record is to it.
pub fn about(event: &JournalEvent) -> Option<(Kind, String)> {
    let (kind, step) = match event {
        JournalEvent::StepStarted { step, .. } => (Kind::Intent, step),
        JournalEvent::StepSucceeded { step, .. }
        | JournalEvent::StepFailed { step, .. }
        | JournalEvent::StepLeft { step, .. }
        | JournalEvent::RoleForgone { step, .. } => (Kind::Outcome, step),
        JournalEvent::UndoStarted { step, .. } => (Kind::UndoIntent, step),
        JournalEvent::StepUndone { step, .. } => (Kind::UndoOutcome, step),
        JournalEvent::StepSkipped { .. }
        | JournalEvent::Created { .. }
        | JournalEvent::ApplyStarted { .. }
        | JournalEvent::ApplyResumed { .. }
        | JournalEvent::LinkDiagnosed { .. }
        | JournalEvent::RecordsLost { .. }
        | JournalEvent::LinkWaiting { .. }
        | JournalEvent::LinkEnded { .. }
        | JournalEvent::ApplyEnded { .. } => return None,
    };
    // `000001-suspend-corp/jsmith`: a plan's step says its kind in its id.
    let word = step.as_str().split('-').nth(1).unwrap_or_default();
    // One kind that goes by several names.
    let word = if ["revive", "delete", "purge"].contains(&word) { "place" } else { word };
    Some((kind, word.to_owned()))
}

/// What a record is to its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Intent,
    Outcome,
    UndoIntent,
    UndoOutcome,
}
