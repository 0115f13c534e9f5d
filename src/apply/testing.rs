//! A small world in memory for tests: two directories, a sync engine, a clock that only moves when somebody sleeps, and
//! a ledger that can die at any record.

use super::error::ApplyError;
use super::event::{Event, What};
use super::executor;
use super::options::{Fresh, Options, Ports};
use super::outcome::ApplyOutcome;
use crate::config::settings::{
    Cloud, CredentialKind, EntraSettings, Guard, OnTimeout, Settings, SyncSettings, TenantName,
};
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{Clock, ReadAd, ReadEntra, SyncEngine, SyncStatus, Triggered, WriteAd, WriteEntra};
use crate::model::ad::AdUser;
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::dn::Dn;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, ApplyId, AssignmentId, DomainName, LinkId, ObjectId, Sid, StepId, TenantId};
use crate::model::name::Upn;
use crate::model::profile::Profile;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::{GLOBAL_ADMINISTRATOR, Holding, RoleAssignment, RoleGrant, RoleKind};
use crate::model::tenant::{Domain, SyncFeatures, Tenant};
use crate::plan::document::{Counts, DomainRef, PLAN_VERSION, Plan, Purpose, TenantRef};
use crate::plan::link::{BeforeImage, Exposure, Method, Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::snapshot::document::{AdDomainSnapshot, SNAPSHOT_VERSION, Snapshot};
use crate::state::fold::join;
use crate::state::journal::{Journal, JournalEvent, Record};
use crate::state::ledger::{Standing, State};
use crate::state::recorder::{RecordError, Recorder};
use jiff::{SignedDuration, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
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
    pub(crate) cloud: BTreeMap<ObjectId, EntraUser>,
    pub(crate) roles: Vec<RoleAssignment>,
    pub(crate) last_sync: Option<Timestamp>,
    next_id: u128,
}

/// The world. Everything that a test chooses is a public field.
pub(crate) struct World {
    pub(crate) inner: RefCell<Inner>,
    pub(crate) settings: RefCell<Settings>,
    pub(crate) links: RefCell<Vec<(LinkId, Spec)>>,
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
    /// Whether AD does not answer.
    pub(crate) silent: Cell<bool>,
    /// Whether roles cannot be read.
    pub(crate) roles_unread: Cell<bool>,
    /// Runs a cycle as soon as a user was moved: the worst moment.
    pub(crate) cycle_on_move: Cell<bool>,
    due: Cell<Option<Timestamp>>,
}

impl World {
    pub(crate) fn new(specs: &[Spec]) -> Self {
        let world = Self {
            inner: RefCell::new(Inner {
                ad: BTreeMap::new(),
                cloud: BTreeMap::new(),
                roles: Vec::new(),
                last_sync: Some("2026-01-01T00:00:00Z".parse().unwrap()),
                next_id: 1000,
            }),
            settings: RefCell::new(settings()),
            links: RefCell::default(),
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
            silent: Cell::new(false),
            roles_unread: Cell::new(false),
            cycle_on_move: Cell::new(false),
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

    pub(crate) fn grant(&self, principal: ObjectId, role: &str) -> RoleAssignment {
        let grant = RoleGrant {
            role: role.into(),
            role_name: format!("role {role}"),
            directory_scope: Some("/".to_owned()),
            app_scope: None,
            condition: None,
        };
        let id = AssignmentId(format!("assignment-{}", self.fresh()));
        let assignment = RoleAssignment { id, principal, kind: RoleKind::Active, starts: None, ends: None, grant };
        self.inner.borrow_mut().roles.push(assignment.clone());
        assignment
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

    /// The plan that forms every link of the world.
    pub(crate) fn plan(&self) -> Plan {
        let inner = self.inner.borrow();
        let (mut links, mut steps) = (Vec::new(), Vec::new());
        for (n, (id, spec)) in self.links.borrow().iter().enumerate() {
            let (ad, cloud) = (&inner.ad[&guid(n)], &inner.cloud[&cloud_id(n)]);
            let anchor = Anchor::from_guid(ad.guid);
            let roles: Vec<_> = inner.roles.iter().filter(|r| r.principal == cloud.id).cloned().collect();
            links.push(PlannedLink {
                id: id.clone(),
                origin: None,
                ad: AdRef::from(ad),
                cloud: EntraRef::from(cloud),
                outcome: Outcome::Change {
                    method: if spec.hard { Method::Hard } else { Method::Soft },
                    why: "a test".to_owned(),
                    wave: spec.wave,
                },
                exposure: if spec.staged { Exposure::Staged } else { Exposure::Exposed },
                anchor: Some(anchor),
                prediction: None,
                takeover: crate::rules::prediction::Takeover::default(),
                before: BeforeImage { user: cloud.clone(), roles: roles.iter().cloned().map(Holding::Role).collect() },
            });
            let mut add = |action: Action| {
                let step = format!("{:02}-{:04}-{}-{id}", spec.wave, steps.len(), action.kind());
                let (link, undo) = (Some(id.clone()), Undo::Inverse);
                steps.push(Step { id: StepId(step), wave: spec.wave, link, action, undo });
                steps.last().unwrap().id.clone()
            };
            let user = EntraRef::from(cloud);
            let mut suspended = Vec::new();
            for role in roles {
                let label = role.grant.to_string();
                let holding = Holding::Role(role);
                suspended.push((add(Action::Suspend { user: user.clone(), holding, restore: true }), label));
            }
            let change = |attribute: AdAttribute, sets: Vec<String>| AttributeChange {
                attribute,
                expects: attribute.of(ad),
                sets,
            };
            let changes = vec![
                change(AdAttribute::UserPrincipalName, vec![cloud.upn.to_string()]),
                change(AdAttribute::Mail, vec![format!("user{n}@corp.test")]),
                change(
                    AdAttribute::ProxyAddresses,
                    vec![format!("SMTP:user{n}@corp.test"), format!("smtp:User{n}.old@corp.test")],
                ),
            ];
            add(Action::Align { user: AdRef::from(ad), changes });
            if spec.hard {
                add(Action::Anchor { user: user.clone(), expects: None, sets: Some(anchor.into()) });
            }
            if spec.staged {
                add(Action::Move { user: AdRef::from(ad), from: dn(STAGING), to: dn(SYNCED) });
            }
            add(Action::Verify { ad: AdRef::from(ad), cloud: user.clone(), anchor, sid: ad.sid.clone() });
            for (suspend, label) in suspended {
                add(Action::Restore { user: user.clone(), apply: None, suspend, label });
            }
        }
        let waves = links.iter().filter_map(|l| match l.outcome {
            Outcome::Change { wave, .. } => Some(wave),
            _ => None,
        });
        for wave in 1..=waves.max().unwrap_or(0) {
            let mut add = |action: Action| {
                let id = StepId(format!("{wave:02}-wave-{}", action.kind()));
                steps.push(Step { id, wave, link: None, action, undo: Undo::Nothing });
            };
            if self.settings.borrow().sync.hold.is_some() {
                add(Action::Hold);
                add(Action::Release);
            }
            add(Action::Sync);
        }
        Plan {
            format_version: PLAN_VERSION,
            tool_version: "test".to_owned(),
            purpose: Purpose::Link,
            tenant: tenant(),
            forest: vec![DomainRef {
                name: "corp".into(),
                base_dn: dn("DC=corp,DC=test"),
                dns_name: "corp.test".to_owned(),
            }],
            config_digest: String::new(),
            sources: Vec::new(),
            settings: self.settings.borrow().clone(),
            created: self.now.get(),
            expires: self.now.get(),
            counts: Counts::of(&links, &steps, false),
            findings: Vec::new(),
            skipped: Vec::new(),
            links,
            steps,
            digest: String::new(),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let inner = self.inner.borrow();
        Snapshot {
            format_version: SNAPSHOT_VERSION,
            taken: self.now.get(),
            domains: vec![AdDomainSnapshot {
                name: "corp".into(),
                base_dn: dn("DC=corp,DC=test"),
                dns_name: "corp.test".to_owned(),
                server: "dc01.corp.test".to_owned(),
                upn_suffixes: Vec::new(),
                users: inner.ad.values().cloned().collect(),
                holders: Vec::new(),
            }],
            tenant: Tenant {
                id: tenant().id,
                display_name: tenant().name,
                domains: vec![Domain {
                    name: "corp.test".to_owned(),
                    verified: true,
                    federated: false,
                    initial: true,
                    default: true,
                }],
                sync_enabled: Some(true),
                last_sync: inner.last_sync,
                features: None,
            },
            users: inner.cloud.values().cloned().collect(),
            deleted_users: Vec::new(),
            holders: Vec::new(),
            roles: inner.roles.clone(),
            role_groups: Vec::new(),
            role_policies: Vec::new(),
            recipients: None,
            caller: None,
            gaps: Vec::new(),
        }
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
        let mut grants: Vec<_> = inner.roles.iter().map(|r| (r.principal, r.grant.clone())).collect();
        grants.sort();
        serde_json::to_string_pretty(&(
            inner.ad.values().collect::<Vec<_>>(),
            inner.cloud.values().collect::<Vec<_>>(),
            grants,
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
                let free = |u: &&EntraUser| !inner.roles.iter().any(|r| r.principal == u.id);
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

fn tenant() -> TenantRef {
    TenantRef {
        id: TenantId(Uuid::from_u128(7)),
        name: "Corp".to_owned(),
        initial_domain: "corp.onmicrosoft.com".to_owned(),
    }
}

fn settings() -> Settings {
    Settings {
        entra: EntraSettings {
            tenant: TenantName::parse("corp.onmicrosoft.com").unwrap(),
            cloud: Cloud::Global,
            credential: CredentialKind::AzureCli,
        },
        ad: Vec::new(),
        sync: SyncSettings { on_timeout: OnTimeout::Withdraw, ..SyncSettings::default() },
        guard: Guard { max_failures: 1, ..Guard::default() },
        plan_ttl: Settings::DEFAULT_PLAN_TTL,
        state: Settings::DEFAULT_STATE.into(),
    }
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
        user_type: Some("Member".to_owned()),
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

fn refuse(kind: ErrorKind, what: &str) -> DirectoryError {
    DirectoryError::new(kind, what, "refused by the test's world")
}

impl ReadAd for World {
    async fn ad_user(&self, _: &DomainName, guid: AdGuid) -> Result<Option<AdUser>, DirectoryError> {
        if self.silent.get() {
            return Err(refuse(ErrorKind::Unreachable, "read the AD user"));
        }
        Ok(self.inner.borrow().ad.get(&guid).cloned())
    }

    fn domain_controller(&self, _: &DomainName) -> Option<String> {
        Some("dc01.corp.test".to_owned())
    }
}

impl WriteAd for World {
    async fn modify(&self, user: &AdRef, changes: &[AttributeChange]) -> Result<(), DirectoryError> {
        self.write(format!("align {user}"), || {
            let mut inner = self.inner.borrow_mut();
            let live = inner.ad.get_mut(&user.guid).ok_or_else(|| refuse(ErrorKind::NotFound, "modify"))?;
            let gone = |c: &AttributeChange| {
                let held: Vec<_> = c.attribute.of(live).iter().map(|v| v.to_lowercase()).collect();
                c.removed().any(|v| !held.contains(&v.to_lowercase()))
            };
            if changes.iter().any(gone) {
                return Err(refuse(ErrorKind::Changed, "modify"));
            }
            for change in changes {
                let mut values = change.attribute.of(live);
                values.retain(|v| !change.removed().any(|r| r.eq_ignore_ascii_case(v)));
                values.extend(change.added().cloned());
                match change.attribute {
                    AdAttribute::UserPrincipalName => live.upn = values.first().map(|v| Upn::from(v.as_str())),
                    AdAttribute::Mail => live.mail = values.first().cloned(),
                    AdAttribute::ProxyAddresses => live.proxy_addresses = values.into_iter().collect(),
                }
            }
            Ok(())
        })
    }

    async fn move_under(&self, user: &AdRef, parent: &Dn) -> Result<(), DirectoryError> {
        if self.cycle_on_move.take() {
            self.run_cycle();
        }
        self.write(format!("move {user}"), || {
            let mut inner = self.inner.borrow_mut();
            let live = inner.ad.get_mut(&user.guid).ok_or_else(|| refuse(ErrorKind::NotFound, "move"))?;
            live.dn = live.dn.moved_to(parent);
            Ok(())
        })
    }
}

impl ReadEntra for World {
    async fn entra_user(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        Ok(self.inner.borrow().cloud.get(&id).cloned())
    }

    async fn users_with(&self, anchor: &ImmutableId, sid: &Sid) -> Result<Vec<EntraUser>, DirectoryError> {
        let has =
            |u: &&EntraUser| u.immutable_id.as_ref() == Some(anchor) || u.security_identifier.as_ref() == Some(sid);
        Ok(self.inner.borrow().cloud.values().filter(has).cloned().collect())
    }

    async fn holdings_of(&self, user: ObjectId) -> Result<Vec<Holding>, DirectoryError> {
        if self.roles_unread.get() {
            return Err(refuse(ErrorKind::Unreachable, "read roles"));
        }
        let inner = self.inner.borrow();
        Ok(inner.roles.iter().filter(|r| r.principal == user).cloned().map(Holding::Role).collect())
    }

    async fn missing_for(&self, _: &Holding) -> Result<Option<String>, DirectoryError> {
        Ok(None)
    }

    async fn global_administrators(&self) -> Result<Vec<(ObjectId, bool)>, DirectoryError> {
        let inner = self.inner.borrow();
        let all = inner.roles.iter().filter(|r| r.grant.is_global_administrator());
        Ok(all.map(|r| (r.principal, inner.cloud[&r.principal].account_enabled == Some(true))).collect())
    }

    async fn sync_features(&self) -> Result<Option<SyncFeatures>, DirectoryError> {
        Ok(None)
    }

    async fn last_sync(&self) -> Result<Option<Timestamp>, DirectoryError> {
        Ok(self.inner.borrow().last_sync)
    }
}

impl WriteEntra for World {
    async fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> Result<(), DirectoryError> {
        self.write(format!("anchor {user}"), || {
            let mut inner = self.inner.borrow_mut();
            let live = inner.cloud.get_mut(&user).ok_or_else(|| refuse(ErrorKind::NotFound, "anchor"))?;
            if live.is_synced() {
                return Err(refuse(ErrorKind::Refused, "anchor"));
            }
            live.immutable_id = value.cloned();
            Ok(())
        })
    }

    async fn take(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let Holding::Role(role) = holding else { return Err(refuse(ErrorKind::Refused, "take")) };
        self.write(format!("take {}", role.id), || {
            let mut inner = self.inner.borrow_mut();
            let before = inner.roles.len();
            inner.roles.retain(|r| r.id != role.id);
            if inner.roles.len() == before { Err(refuse(ErrorKind::NotFound, "take")) } else { Ok(()) }
        })
    }

    async fn give(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let Holding::Role(role) = holding else { return Err(refuse(ErrorKind::Refused, "give")) };
        let id = AssignmentId(format!("assignment-{}", self.fresh()));
        self.write(format!("give {}", role.principal), || {
            let mut inner = self.inner.borrow_mut();
            if inner.roles.iter().any(|r| r.principal == role.principal && r.grant.same_as(&role.grant)) {
                return Err(refuse(ErrorKind::Refused, "give"));
            }
            inner.roles.push(RoleAssignment { id: id.clone(), ..role.clone() });
            Ok(())
        })
    }
}

impl SyncEngine for World {
    async fn trigger(&self) -> Result<Triggered, DirectoryError> {
        self.triggers.set(self.triggers.get() + 1);
        if self.due.get().is_some() {
            return Ok(Triggered::Busy);
        }
        self.due.set(self.cycle.get().map(|time| self.now.get().checked_add(time).unwrap()));
        Ok(Triggered::Asked)
    }

    async fn status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        let busy = self.due.get().is_some() || self.always_busy.get();
        Ok(self.has_status.get().then_some(SyncStatus { busy, staging: false, suspended: self.held.get() }))
    }

    async fn hold(&self) -> Result<(), DirectoryError> {
        self.held.set(true);
        Ok(())
    }

    async fn release(&self) -> Result<(), DirectoryError> {
        self.held.set(false);
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, time: SignedDuration) {
        self.pass(time);
    }
}

/// A ledger in memory that dies at a chosen record, before or after it became durable.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) state: Option<State>,
    pub(crate) lines: String,
    pub(crate) dies_at: Option<(usize, bool)>,
    pub(crate) records: usize,
    pub(crate) sheets: Vec<String>,
    pub(crate) dead: bool,
}

impl Memory {
    /// The ledger as another process would read it: from the journal alone.
    pub(crate) fn reopened(&self) -> Self {
        let journal = Journal::read(self.lines.as_bytes()).unwrap();
        let joined = join(None, &journal).unwrap();
        Self { state: joined.state, lines: self.lines.clone(), ..Self::default() }
    }

    pub(crate) fn standing(&self, n: usize) -> Standing {
        self.state.as_ref().unwrap().applies.last().unwrap().links[&link_id(n)].standing.clone()
    }
}

impl Recorder for Memory {
    fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    fn record(&mut self, at: Timestamp, event: JournalEvent) -> Result<(), RecordError> {
        let fatal = self.dies_at.filter(|(n, _)| *n == self.records);
        self.records += 1;
        self.dead |= matches!(fatal, Some((_, false)));
        if self.dead {
            return Err(RecordError::Broken);
        }
        let (serial, mark) = self.state.as_ref().map_or((0, ""), |s| (s.serial, s.journal.as_str()));
        let record = Record::following(serial, mark, at, event)?;
        match &mut self.state {
            Some(state) => state.advance(&record)?,
            None => self.state = Some(State::begin(&record)?),
        }
        self.lines.push_str(&record.to_line()?);
        self.dead = fatal.is_some();
        if self.dead { Err(RecordError::Broken) } else { Ok(()) }
    }

    fn save(&mut self) -> Result<(), RecordError> {
        Ok(())
    }

    fn keep_sheet(&mut self, _: &ApplyId, sheet: &str) -> Result<String, RecordError> {
        self.sheets.push(sheet.to_owned());
        Ok("restore.txt".to_owned())
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
