//! One company for one proof: the lab's servers over real LDAP and HTTP, a plan, a ledger on a real disk.

use crate::control::Control;
use crate::doors::{Doors, Nobody, WITNESS, WatchedDisk, Watcher};
use matchplan::apply::error::ApplyError;
use matchplan::apply::event::Event;
use matchplan::apply::executor;
use matchplan::apply::options::{Fresh, Options, Ports};
use matchplan::apply::outcome::ApplyOutcome;
use matchplan::config::{self, Config};
use matchplan::directory::collect::Progress;
use matchplan::directory::connected::{Access, Directories};
use matchplan::directory::entra::credential::Credential;
use matchplan::directory::error::DirectoryError;
use matchplan::directory::residues::residues;
use matchplan::lab::faults::Faults;
use matchplan::lab::runtime::{Lab, LabOptions};
use matchplan::lab::world::World;
use matchplan::model::holder::Holder;
use matchplan::model::id::{ApplyId, DomainName, LockId};
use matchplan::plan::document::Plan;
use matchplan::plan::planner::{PlanInput, plan};
use matchplan::rollback::plan::{RollbackError, RollbackInput, Target, plan_rollback};
use matchplan::snapshot::document::Snapshot;
use matchplan::state::ledger::State;
use matchplan::store::ledger::{self, Ledger, OpenError};
use matchplan::store::lock::Lock;
use matchplan::store::paths::Paths;
use matchplan::store::witness::Witness;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// The OU that the sync engine reads.
pub const SYNCED: &str = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";

/// How to get to a lab that another process runs. Its secrets open nothing but that lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Way {
    graph: String,
    ldap: String,
    bind_dn: String,
    password: String,
    tenant: String,
    client_id: String,
    client_secret: String,
    control: String,
    now: jiff::Timestamp,
    /// How long a look at the clock takes: after a second the state file follows the journal.
    pub a_look_takes: jiff::SignedDuration,
    /// Whether a cycle runs when it is asked for.
    pub cycles: bool,
}

impl Way {
    /// To a lab of this process.
    pub fn to(lab: &Lab) -> Self {
        let ready = lab.ready();
        let some = |value: &Option<String>| value.clone().expect("the lab serves an AD");
        Self {
            graph: ready.graph_url.clone(),
            ldap: some(&ready.ldap_url),
            bind_dn: some(&ready.bind_dn),
            password: ready.bind_password.as_ref().expect("it has a password").expose_secret().to_owned(),
            tenant: ready.tenant_id.to_string(),
            client_id: ready.client_id.to_string(),
            client_secret: ready.client_secret.expose_secret().to_owned(),
            control: ready.control_url.expose_secret().to_owned(),
            now: lab.clock(),
            a_look_takes: jiff::SignedDuration::from_millis(100),
            cycles: true,
        }
    }

    /// The time that a client begins with.
    pub const fn set_time(&mut self, now: jiff::Timestamp) {
        self.now = now;
    }

    /// The configuration; `sync` is more lines of `[sync]`, `guard` of `[guard]`.
    pub fn config(&self, sync: &str, guard: &str, links: &str) -> Config {
        let text = format!(
            "version = 1\n\
             [entra]\ntenant = {tenant:?}\ncloud = {{ login = {graph:?}, graph = {graph:?} }}\n\
             credential = \"client-secret\"\nclient_id = {client:?}\nsecret = {{ env = \"NOBODY_READS_IT\" }}\n\
             [[ad]]\nname = \"corp\"\nurl = {ldap:?}\nbase_dn = \"DC=corp,DC=contoso,DC=com\"\nuser = {bind:?}\n\
             password = {{ env = \"NOBODY_READS_IT\" }}\n\
             [sync]\nsynced_ous = [{SYNCED:?}]\ntrigger = {{ command = [\"cycle\"] }}\n\
             status = {{ command = [\"status\"] }}\n{sync}\n\
             [guard]\nprotect = [\"breakglass@contoso.onmicrosoft.com\"]\n{guard}\n",
            tenant = self.tenant,
            graph = self.graph,
            client = self.client_id,
            ldap = self.ldap,
            bind = self.bind_dn,
        );
        let (config, found, sources) = config::read(("matchplan.toml", &text), &[("plans/proof.toml", links)]);
        let told = || matchplan::diagnostic::render_all(&found, &sources, false, 120);
        config.unwrap_or_else(|| panic!("{text}\n{links}\n{}", told()))
    }

    /// Connects as these settings say.
    pub async fn connect(&self, settings: &config::settings::Settings) -> Result<Session, DirectoryError> {
        let control = Control::new(&self.control, self.now, self.a_look_takes, self.cycles);
        let entra =
            Credential::ClientSecret { client_id: self.client_id.clone(), secret: self.client_secret.clone().into() };
        let passwords = BTreeMap::from([(DomainName::from("corp"), self.password.clone().into())]);
        let access = Access { passwords, authorities: BTreeMap::new(), entra };
        let directories = Directories::connect(settings, access, Arc::clone(control.time()), None).await?;
        let directories = directories.one_exchange_at_a_time();
        Ok(Session { doors: Doors { directories, control, watcher: Arc::new(Nobody) } })
    }
}

/// Both directories, connected.
pub struct Session {
    pub doors: Doors,
}

impl Session {
    /// The same doors with somebody who watches.
    pub fn watched(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.doors.watcher = watcher;
        self
    }

    /// Everything that both directories hold.
    pub async fn snapshot(&self) -> Result<Snapshot, DirectoryError> {
        let now = matchplan::directory::port::Clock::now(&self.doors);
        self.doors.directories.snapshot(now, |_: Progress| ()).await
    }

    /// Plans the links of a configuration. Brakes that are lifted are named.
    pub async fn plan(&self, config: &Config, allow: &[&str]) -> Result<Plan, DirectoryError> {
        let snapshot = self.snapshot().await?;
        let residues = residues(&config.plan, &snapshot, &self.doors.directories).await?;
        let allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
        Ok(plan(PlanInput { allow: &allow, residues: &residues, ..PlanInput::of(config, &snapshot, snapshot.taken) }))
    }

    /// Plans the rollback of what is newest, roles included, without what cannot go back.
    pub async fn plan_rollback(
        &self,
        state: &State,
        plan: &Plan,
    ) -> Result<Result<Plan, RollbackError>, DirectoryError> {
        let snapshot = self.snapshot().await?;
        Ok(plan_rollback(&RollbackInput {
            state,
            target: &Target::Latest,
            snapshot: &snapshot,
            settings: &plan.settings,
            config_digest: "",
            tool_version: "proof",
            now: snapshot.taken,
            allow: &BTreeSet::from(["role-grants".to_owned()]),
            skip_blocked: true,
        }))
    }

    /// Applies a plan to its end.
    pub async fn apply(
        &self,
        ledger: &mut Ledger,
        id: &str,
        plan: Plan,
        options: Options,
        events: impl FnMut(Event),
    ) -> Result<ApplyOutcome, ApplyError> {
        let fresh = Fresh { id: ApplyId(id.to_owned()), lineage: "proof".to_owned(), plan };
        Box::pin(executor::apply(self.ports(), ledger, options, fresh, events)).await
    }

    /// Goes on with what is unfinished.
    pub async fn resume(
        &self,
        ledger: &mut Ledger,
        options: Options,
        events: impl FnMut(Event),
    ) -> Result<ApplyOutcome, ApplyError> {
        Box::pin(executor::resume(self.ports(), ledger, options, events)).await
    }

    const fn ports(&self) -> Ports<'_, Doors, Doors, Doors> {
        Ports { directories: &self.doors, sync: &self.doors, clock: &self.doors }
    }
}

/// One link after the other, so that the same seed does the same.
pub fn one_by_one() -> Options {
    Options { side_by_side: 1, ..Options::default() }
}

/// Starts the lab over a world.
pub async fn serve(world: World, faults: Faults) -> Lab {
    let options = LabOptions {
        world,
        world_file: None,
        graph_port: 0,
        ldap_port: 0,
        external_ad: None,
        faults,
        manners: matchplan::lab::manners::Manners::default(),
    };
    Lab::start(options).await.expect("the lab starts on free ports")
}

/// A folder for one ledger: in memory where the system has such a place, since a process that is killed takes nothing
/// with it that it has written, on whatever disk.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder can be made")
}

/// The ledger's files in a folder.
pub fn paths(folder: &Path) -> Paths {
    Paths::of(&folder.join("matchplan.state.json"))
}

/// Opens the ledger on a disk that works.
pub fn open(paths: &Paths, watcher: Arc<dyn Watcher>) -> Ledger {
    try_open(paths, watcher).expect("what a crash leaves can be read")
}

/// Opens the ledger as another process would, or as the first one.
pub fn try_open(paths: &Paths, watcher: Arc<dyn Watcher>) -> Result<Ledger, OpenError> {
    let started = "2026-09-01T08:00:00Z".parse().expect("a time");
    let [host, user, command] = ["proof", "nobody", "apply"].map(str::to_owned);
    let id = LockId(uuid::Uuid::new_v4());
    let holder = Holder { id, pid: std::process::id(), host, user, command, started };
    let lock = Lock::acquire(paths, &holder).expect("nobody else has the lock: the dead hold none");
    Ledger::open_by(paths, lock, Box::new(WatchedDisk(watcher)), Witness::in_folder(paths.work.join(WITNESS)))
}

/// The ledger as a command that changes nothing reads it.
pub fn state(paths: &Paths) -> Option<State> {
    ledger::read(paths).expect("what a crash leaves can be read")
}
