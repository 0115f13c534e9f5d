//! A small world in memory for tests: two directories, a sync engine, a clock that only moves when somebody sleeps, and
//! a ledger that can die at any record.

mod cloud;
mod directories;
mod memory;
mod plans;

pub(crate) use self::memory::Memory;

use self::plans::settings;
use super::error::ApplyError;
use super::event::{Event, What};
use super::executor;
use super::options::{Fresh, Options, Ports};
use super::outcome::ApplyOutcome;
use crate::config::settings::Settings;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Provisioned;
use crate::model::ad::AdUser;
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::cloud::{EntraAttribute, SyncFeature};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::{AdGuid, ApplyId, AssignmentId, LinkId, ObjectId};
use crate::model::name::Upn;
use crate::model::profile::Profile;
use crate::model::recipient::AdHolder;
use crate::model::role::{GLOBAL_ADMINISTRATOR, GroupMember, Holding, RoleAssignment, RoleGrant, RoleGroup, RoleKind};
use crate::plan::document::{Plan, Selection};
use crate::plan::step::{Action, Undo};
use jiff::{SignedDuration, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use uuid::Uuid;

pub(crate) const STAGING: &str = "OU=Staging,DC=corp,DC=test";
pub(crate) const SYNCED: &str = "OU=Users,DC=corp,DC=test";

pub(crate) fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

/// How a link of the world is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) hard: bool,
    pub(crate) role: bool,
    pub(crate) staged: bool,
    pub(crate) wave: u32,
}

/// A task by its id, with its steps.
pub(crate) type Task = (&'static str, Vec<(Action, Undo)>);

/// A fault of one write: `committed` says whether the server did it before the connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Before,
    After,
    /// Done, and from then on the server does not answer at all.
    Silent,
    Refused,
}

#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) ad: BTreeMap<AdGuid, AdUser>,
    /// Groups and contacts of AD.
    pub(crate) ad_holders: BTreeMap<AdGuid, AdHolder>,
    pub(crate) cloud: BTreeMap<ObjectId, EntraUser>,
    /// Groups and contacts of the cloud.
    pub(crate) holders: BTreeMap<ObjectId, AddressHolder>,
    /// The recycle bin.
    pub(crate) deleted: BTreeMap<ObjectId, EntraUser>,
    /// What users remember of AD, besides anchor and SID.
    pub(crate) residues: BTreeMap<(ObjectId, EntraAttribute), String>,
    pub(crate) switches: BTreeMap<SyncFeature, bool>,
    pub(crate) roles: Vec<RoleAssignment>,
    pub(crate) groups: Vec<RoleGroup>,
    /// Scopes that were deleted.
    pub(crate) deleted_scopes: BTreeSet<String>,
    pub(crate) last_sync: Option<Timestamp>,
    next_id: u128,
}

/// The world. Everything that a test chooses is a public field.
pub(crate) struct World {
    pub(crate) inner: RefCell<Inner>,
    pub(crate) settings: RefCell<Settings>,
    pub(crate) links: RefCell<Vec<(LinkId, Spec)>>,
    /// Tasks by their ids, each with its steps.
    pub(crate) tasks: RefCell<Vec<Task>>,
    pub(crate) selection: RefCell<Selection>,
    pub(crate) now: Cell<Timestamp>,
    /// How long a triggered cycle takes; `None`: none ever comes.
    pub(crate) cycle: Cell<Option<SignedDuration>>,
    /// Whether the engine has a status command.
    pub(crate) has_status: Cell<bool>,
    /// Whether cycles match anything.
    pub(crate) matches: Cell<bool>,
    /// The UPN of the objects that a cycle makes beside the wanted ones.
    pub(crate) duplicate: RefCell<Option<String>>,
    /// Faults by the number of the write.
    pub(crate) faults: RefCell<BTreeMap<usize, Fault>>,
    pub(crate) writes: RefCell<Vec<String>>,
    pub(crate) held: Cell<bool>,
    pub(crate) always_busy: Cell<bool>,
    pub(crate) triggers: Cell<usize>,
    /// What the engine answers to users that it is asked for one by one, in turn; then nothing to go by.
    pub(crate) answers: RefCell<VecDeque<Result<Provisioned, ErrorKind>>>,
    /// Whom it was asked for.
    pub(crate) asked: RefCell<Vec<Dn>>,
    /// Whether AD does not answer.
    pub(crate) silent: Cell<bool>,
    /// Whether roles cannot be read.
    pub(crate) roles_unread: Cell<bool>,
    /// Whether groups and contacts of the cloud cannot be read.
    pub(crate) holders_unread: Cell<bool>,
    /// Whether nobody can be found by anchor or SID.
    pub(crate) carriers_unread: Cell<bool>,
    /// Whom the credential speaks for.
    pub(crate) signed_in: Cell<Option<ObjectId>>,
    /// With the next removal of a role, somebody else removes all of this user's.
    pub(crate) rival_takes_from: Cell<Option<ObjectId>>,
    /// Runs a cycle as soon as a user was moved: the worst moment.
    pub(crate) cycle_on_move: Cell<bool>,
    /// How many readings of roles still show what was there before the first write.
    pub(crate) stale_roles: Cell<usize>,
    /// How far this computer's clock is ahead of the tenant's.
    pub(crate) ahead: Cell<SignedDuration>,
    before_writes: RefCell<Option<Inner>>,
    due: Cell<Option<Timestamp>>,
}

impl World {
    pub(crate) fn new(specs: &[Spec]) -> Self {
        let world = Self {
            inner: RefCell::new(Inner {
                ad: BTreeMap::new(),
                ad_holders: BTreeMap::new(),
                cloud: BTreeMap::new(),
                holders: BTreeMap::new(),
                deleted: BTreeMap::new(),
                residues: BTreeMap::new(),
                switches: BTreeMap::new(),
                roles: Vec::new(),
                groups: Vec::new(),
                deleted_scopes: BTreeSet::new(),
                last_sync: Some("2026-01-01T00:00:00Z".parse().unwrap()),
                next_id: 1000,
            }),
            settings: RefCell::new(settings()),
            links: RefCell::default(),
            tasks: RefCell::default(),
            selection: RefCell::default(),
            now: Cell::new("2026-01-02T00:00:00Z".parse().unwrap()),
            cycle: Cell::new(Some(SignedDuration::from_secs(60))),
            has_status: Cell::new(false),
            matches: Cell::new(true),
            duplicate: RefCell::default(),
            faults: RefCell::default(),
            writes: RefCell::default(),
            held: Cell::new(false),
            always_busy: Cell::new(false),
            triggers: Cell::new(0),
            answers: RefCell::default(),
            asked: RefCell::default(),
            silent: Cell::new(false),
            roles_unread: Cell::new(false),
            holders_unread: Cell::new(false),
            carriers_unread: Cell::new(false),
            signed_in: Cell::new(None),
            rival_takes_from: Cell::new(None),
            cycle_on_move: Cell::new(false),
            stale_roles: Cell::new(0),
            ahead: Cell::new(SignedDuration::ZERO),
            before_writes: RefCell::default(),
            due: Cell::new(None),
        };
        for admin in [1, 2] {
            let id = ObjectId(Uuid::from_u128(admin));
            world.inner.borrow_mut().cloud.insert(id, cloud_user(id, &format!("admin{admin}@corp.test")));
            world.grant(id, GLOBAL_ADMINISTRATOR);
        }
        for (n, spec) in specs.iter().enumerate() {
            world.add(n, *spec);
        }
        world
    }

    fn fresh(&self) -> u128 {
        let mut inner = self.inner.borrow_mut();
        inner.next_id += 1;
        inner.next_id
    }

    /// The id that the next new object gets.
    pub(crate) fn next_cloud_id(&self) -> ObjectId {
        ObjectId(Uuid::from_u128(self.inner.borrow().next_id + 1))
    }

    /// Assigns a role for good, over the whole directory.
    pub(crate) fn grant(&self, principal: ObjectId, role: &str) -> RoleAssignment {
        self.grant_as(principal, role, RoleKind::Active, None)
    }

    /// Assigns a role over the whole directory.
    pub(crate) fn grant_as(
        &self,
        principal: ObjectId,
        role: &str,
        kind: RoleKind,
        ends: Option<Timestamp>,
    ) -> RoleAssignment {
        let grant = RoleGrant {
            role: role.into(),
            role_name: format!("role {role}"),
            directory_scope: Some("/".to_owned()),
            app_scope: None,
            condition: None,
        };
        let id = AssignmentId(format!("assignment-{}", self.fresh()));
        let assignment = RoleAssignment { id, principal, kind, starts: None, ends, grant };
        self.inner.borrow_mut().roles.push(assignment.clone());
        assignment
    }

    /// A role-assignable group that holds a role.
    pub(crate) fn add_group(&self, name: &str, role: &str) -> ObjectId {
        let id = ObjectId(Uuid::from_u128(self.fresh()));
        let (members, owners, uses) = (Vec::new(), Vec::new(), Vec::new());
        self.inner.borrow_mut().groups.push(RoleGroup { id, name: name.to_owned(), members, owners, uses });
        self.grant(id, role);
        id
    }

    /// Puts a user into a group.
    pub(crate) fn join(&self, group: ObjectId, user: ObjectId, kind: RoleKind, ends: Option<Timestamp>) {
        let mut inner = self.inner.borrow_mut();
        let group = inner.groups.iter_mut().find(|known| known.id == group).unwrap();
        group.members.push(GroupMember { user, kind, starts: None, ends });
    }

    /// Everything that makes a user a role holder now. What has ended is not served.
    pub(crate) fn held_by(&self, user: ObjectId) -> Vec<Holding> {
        let now = self.now.get();
        self.snapshot().holdings_of(user).into_iter().filter(|held| !held.is_over(now)).collect()
    }

    /// What person `n` holds, as words that say everything but ids.
    pub(crate) fn held(&self, n: usize) -> BTreeSet<String> {
        self.held_by(cloud_id(n)).iter().map(ToString::to_string).collect()
    }

    fn add(&self, n: usize, spec: Spec) {
        let (guid, id) = (guid(n), cloud_id(n));
        let parent = if spec.staged { STAGING } else { SYNCED };
        let number = u32::try_from(n).unwrap();
        let user = AdUser {
            guid,
            dn: dn(&format!("CN=User {n},{parent}")),
            domain: "corp".into(),
            sam: format!("user{n}").into(),
            sid: format!("S-1-5-21-1-2-3-{}", 1000 + number).parse().unwrap(),
            upn: Some(format!("user{n}@old.test").into()),
            mail: None,
            proxy_addresses: [format!("smtp:User{n}.old@corp.test")].into_iter().collect(),
            consistency_guid: None,
            display_name: None,
            given_name: None,
            surname: None,
            mail_nickname: None,
            target_address: None,
            recipient_type: None,
            profile: Profile::new(),
            user_account_control: 512,
            critical_system_object: false,
            admin_count: false,
        };
        self.inner.borrow_mut().ad.insert(guid, user);
        self.inner.borrow_mut().cloud.insert(id, cloud_user(id, &format!("user{n}@corp.test")));
        if spec.role {
            self.grant(id, "helpdesk");
        }
        let spec = Spec { wave: spec.wave.max(1), ..spec };
        self.links.borrow_mut().push((LinkId(format!("corp/user{n}")), spec));
    }

    pub(crate) fn cloud(&self, n: usize) -> EntraUser {
        self.inner.borrow().cloud[&cloud_id(n)].clone()
    }

    pub(crate) fn roles(&self, n: usize) -> Vec<RoleGrant> {
        let inner = self.inner.borrow();
        inner.roles.iter().filter(|r| r.principal == cloud_id(n)).map(|r| r.grant.clone()).collect()
    }

    pub(crate) fn ad(&self, n: usize) -> AdUser {
        self.inner.borrow().ad[&guid(n)].clone()
    }

    /// Another cloud user with the SID of AD user `n`.
    pub(crate) fn add_rival(&self, n: usize) {
        let id = ObjectId(Uuid::from_u128(self.fresh()));
        let rival = EntraUser { security_identifier: Some(self.ad(n).sid), ..cloud_user(id, "rival@corp.test") };
        self.inner.borrow_mut().cloud.insert(id, rival);
    }

    pub(crate) fn edit_ad(&self, n: usize, edit: impl FnOnce(&mut AdUser)) {
        edit(self.inner.borrow_mut().ad.get_mut(&guid(n)).unwrap());
    }

    pub(crate) fn edit_cloud(&self, n: usize, edit: impl FnOnce(&mut EntraUser)) {
        edit(self.inner.borrow_mut().cloud.get_mut(&cloud_id(n)).unwrap());
    }

    /// Both directories with everything that a rollback must bring back: exact spellings, and grants without their ids.
    pub(crate) fn image(&self) -> String {
        let inner = self.inner.borrow();
        let mut grants: Vec<_> = inner.roles.iter().map(|r| (r.principal, r.kind, r.ends, r.grant.clone())).collect();
        grants.sort();
        let members =
            |group: &RoleGroup| group.members.iter().map(|m| (m.user, m.kind, m.ends)).collect::<BTreeSet<_>>();
        let groups: Vec<_> = inner.groups.iter().map(|group| (group.id, members(group))).collect();
        serde_json::to_string_pretty(&(
            inner.ad.values().collect::<Vec<_>>(),
            inner.cloud.values().collect::<Vec<_>>(),
            grants,
            groups,
        ))
        .unwrap()
    }

    /// Runs a cycle now: hard match, then soft match, never onto a role holder; otherwise a new object.
    pub(crate) fn run_cycle(&self) {
        let now = self.now.get();
        let scope = dn(SYNCED);
        let users: Vec<AdUser> = self.inner.borrow().ad.values().filter(|u| u.dn.is_under(&scope)).cloned().collect();
        for ad in users {
            let anchor = ImmutableId::from(Anchor::from_guid(ad.guid));
            let found = {
                let inner = self.inner.borrow();
                let free = |u: &&EntraUser| self.held_by(u.id).is_empty();
                let by_anchor = inner.cloud.values().find(|u| u.immutable_id.as_ref() == Some(&anchor));
                let by_upn = || {
                    let same = |u: &&EntraUser| ad.upn.as_ref() == Some(&u.upn) && u.immutable_id.is_none();
                    inner.cloud.values().find(same)
                };
                match by_anchor {
                    Some(user) if user.is_synced() => Some(user.id),
                    Some(user) => Some(user).filter(free).map(|u| u.id),
                    None => by_upn().filter(free).map(|u| u.id),
                }
                .filter(|_| self.matches.get())
            };
            let taken = self.inner.borrow().cloud.values().any(|u| u.immutable_id.as_ref() == Some(&anchor));
            let id = match found {
                Some(id) => id,
                None if taken => continue,
                None => {
                    let id = ObjectId(Uuid::from_u128(self.fresh()));
                    let upn = self.duplicate.borrow().clone().unwrap_or_else(|| format!("dup-{}@corp.test", ad.sam));
                    self.inner.borrow_mut().cloud.insert(id, cloud_user(id, &upn));
                    id
                }
            };
            let mut inner = self.inner.borrow_mut();
            let user = inner.cloud.get_mut(&id).unwrap();
            user.immutable_id = Some(anchor);
            user.sync_enabled = Some(true);
            user.security_identifier = Some(ad.sid.clone());
            user.last_sync = Some(now);
            user.proxy_addresses = ad.proxy_addresses.clone();
        }
        if self.matches.get() {
            let mut inner = self.inner.borrow_mut();
            let primary = |holder: &AdHolder| holder.proxy_addresses.primary().map(str::to_lowercase);
            let in_scope = inner.ad_holders.values().filter(|holder| holder.dn.is_under(&scope));
            let of_ad: BTreeSet<String> = in_scope.filter_map(primary).collect();
            for holder in inner.holders.values_mut() {
                holder.synced |= holder.primary().is_some_and(|own| of_ad.contains(&own.to_lowercase()));
            }
        }
        self.inner.borrow_mut().last_sync = Some(now);
    }

    fn pass(&self, time: SignedDuration) {
        self.now.set(self.now.get().checked_add(time).unwrap());
        if self.due.get().is_some_and(|due| due <= self.now.get()) && !self.held.get() {
            self.due.set(None);
            self.run_cycle();
        }
    }

    /// Counts a write, and breaks it if a fault is due.
    fn write(&self, what: String, commit: impl FnOnce() -> Result<(), DirectoryError>) -> Result<(), DirectoryError> {
        let n = self.writes.borrow().len();
        self.before_writes.borrow_mut().get_or_insert_with(|| self.inner.borrow().clone());
        self.writes.borrow_mut().push(what.clone());
        let broken = || DirectoryError::new(ErrorKind::OutcomeUnknown, what.clone(), "the connection broke");
        match self.faults.borrow_mut().remove(&n) {
            None => commit(),
            Some(Fault::Before) => Err(broken()),
            Some(Fault::After) => commit().and_then(|()| Err(broken())),
            Some(Fault::Silent) => {
                self.silent.set(true);
                commit().and_then(|()| Err(broken()))
            }
            Some(Fault::Refused) => Err(DirectoryError::new(ErrorKind::Forbidden, what, "insufficient rights")),
        }
    }
}

pub(crate) fn guid(n: usize) -> AdGuid {
    AdGuid(Uuid::from_u128(0xAD00 + n as u128))
}

pub(crate) fn cloud_id(n: usize) -> ObjectId {
    ObjectId(Uuid::from_u128(0xC100 + n as u128))
}

pub(crate) fn link_id(n: usize) -> LinkId {
    LinkId(format!("corp/user{n}"))
}

fn cloud_user(id: ObjectId, upn: &str) -> EntraUser {
    EntraUser {
        id,
        upn: Upn::from(upn),
        display_name: None,
        given_name: None,
        surname: None,
        mail: None,
        mail_nickname: None,
        proxy_addresses: [format!("SMTP:{upn}")].into_iter().collect(),
        account_enabled: Some(true),
        user_type: Some("Member".into()),
        immutable_id: None,
        sync_enabled: None,
        security_identifier: None,
        last_sync: None,
        object_identifier: None,
        cloud_managed: None,
        provisioning_errors: Vec::new(),
        profile: Profile::new(),
        deleted: None,
    }
}

/// Runs a future that never waits for anything outside of the test.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Applies a plan with options, and keeps what was said.
pub(crate) fn apply_with(
    world: &World,
    ledger: &mut Memory,
    options: Options,
    plan: Plan,
) -> (Result<ApplyOutcome, ApplyError>, Vec<What>) {
    let mut said = Vec::new();
    let n = ledger.state.as_ref().map_or(0, |s| s.applies.len());
    let fresh = Fresh { id: ApplyId(format!("apply-{n}")), lineage: "test".to_owned(), plan };
    let ports = Ports { directories: world, sync: world, clock: world };
    let outcome = block_on(executor::apply(ports, ledger, options, fresh, |e: Event| said.push(e.what)));
    (outcome, said)
}

pub(crate) fn apply(world: &World, ledger: &mut Memory) -> ApplyOutcome {
    apply_with(world, ledger, Options::default(), world.plan()).0.unwrap()
}

pub(crate) fn resume(world: &World, ledger: &mut Memory) -> Result<ApplyOutcome, ApplyError> {
    let ports = Ports { directories: world, sync: world, clock: world };
    block_on(executor::resume(ports, ledger, Options::default(), |_| {}))
}
