//! `--lab`: the embedded lab in place of the configured directories, kept in `.matchplan/lab/`.
//!
//! The settings that go into plans name loopback without a port, so that the same world gives the same plan each time;
//! the ports that this run's servers got are put in only to connect.

use super::error::CliError;
use crate::config::settings::{Bind, Cloud, SecretSource, Settings};
use crate::directory::connected::Access;
use crate::directory::entra::credential::Credential;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{SyncStatus, Triggered};
use crate::lab::faults::Faults;
use crate::lab::manners::Manners;
use crate::lab::runtime::{Lab, LabOptions};
use crate::lab::world::{self, World};
use crate::store::files;
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// How the lab's settings are called in messages.
pub const SETTINGS_NAME: &str = "(lab)";

/// Where the lab of `--lab` lives.
pub const FOLDER: &str = ".matchplan/lab";

/// The ledger of `--lab`. Its lock is the world's, too.
pub const STATE_FILE: &str = ".matchplan/lab/matchplan.state.json";

/// The lab's world of `--lab`.
pub const WORLD_FILE: &str = ".matchplan/lab/world.json";

/// A running lab as a site.
pub struct LabSite {
    /// The lab.
    pub lab: Arc<Lab>,
}

/// The world of `--lab` as it stands: the one that is kept, or the seeded one.
pub fn world() -> Result<World, CliError> {
    let file = Path::new(WORLD_FILE);
    if !file.exists() {
        return Ok(world::contoso::contoso());
    }
    world::load::load(file).map_err(|error| {
        CliError::plain(format!("The lab's world cannot be used: {error}"))
            .hint("Start anew with `matchplan lab reset`.")
    })
}

/// How the lab of `--lab` is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// What happens in it is kept. Only for whoever holds the ledger's lock: two at once would each write the world as it
    /// remembers it, and one would undo what the other did.
    Kept,
    /// Only looked at: this run has a copy, which it forgets.
    Copy,
}

/// Starts the lab of `--lab`, and makes its settings.
pub async fn open(clock: Option<Timestamp>, how: Use) -> Result<(LabSite, String), CliError> {
    let mut world = world()?;
    // A world that lives already has a time of its own, and time does not go back.
    if let Some(clock) = clock.filter(|_| !Path::new(WORLD_FILE).exists()) {
        world.clock = clock;
    }
    let text = settings_text(&world)?;
    let world_file = (how == Use::Kept).then(|| WORLD_FILE.into());
    let faults = Faults::none();
    let options = LabOptions {
        world,
        world_file,
        graph_port: 0,
        ldap_port: 0,
        external_ad: None,
        faults,
        manners: Manners::default(),
    };
    let lab =
        Lab::start(options).await.map_err(|error| CliError::plain(format!("The lab could not be started: {error}")))?;
    Ok((LabSite { lab: Arc::new(lab) }, text))
}

/// A `matchplan.toml` for a world.
pub fn settings_text(world: &World) -> Result<String, CliError> {
    let domains: Vec<toml::Value> = world.ad.iter().map(domain_table).collect();
    let protect: Vec<String> = world
        .entra
        .users
        .iter()
        .map(|user| user.user_principal_name.clone())
        .filter(|upn| upn.to_lowercase().starts_with("breakglass"))
        .collect();
    let scope: Vec<String> = world.sync.scope.iter().map(ToString::to_string).collect();
    let table = toml::toml! {
        version = 1

        [entra]
        credential = "access-token"
        cloud = { login = "http://127.0.0.1", graph = "http://127.0.0.1" }

        [sync]
        trigger = "wait"
        timeout = "45m"
    };
    let mut table = table;
    let mut set = |section: &str, key: &str, value: toml::Value| {
        let entry = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(section) = entry {
            section.insert(key.to_owned(), value);
        }
    };
    set("entra", "tenant", world.entra.tenant_id.to_string().into());
    set("sync", "synced_ous", scope.into());
    if let Some(job) = &world.sync.cloud_sync {
        let table = |key: &str, value: toml::Value| toml::Value::Table([(key.to_owned(), value)].into_iter().collect());
        let principal = job.service_principal.to_string();
        set("sync", "engine", "cloud-sync".into());
        set("sync", "trigger", table("provision_on_demand", table("service_principal", principal.into())));
    }
    set("guard", "protect", protect.into());
    table.insert("state".to_owned(), STATE_FILE.into());
    table.insert("ad".to_owned(), toml::Value::Array(domains));
    toml::to_string(&table).map_err(|error| CliError::plain(format!("The lab's settings cannot be written: {error}")))
}

fn domain_table(domain: &crate::lab::world::forest::AdDomain) -> toml::Value {
    let mut table = toml::Table::new();
    let mut set = |key: &str, value: &str| table.insert(key.to_owned(), value.into());
    set("name", domain.name.as_str());
    set("url", "ldaps://127.0.0.1");
    set("base_dn", domain.base_dn.as_str());
    set("user", "matchplan");
    set("password", "prompt");
    table.into()
}

impl LabSite {
    /// The settings with this run's ports, and the way in.
    pub fn reach(&self, settings: &Settings) -> Result<(Settings, Access), CliError> {
        let ready = self.lab.ready();
        let broken = |what: &str| CliError::plain(format!("The lab says nothing about {what}."));
        let url = |text: &str| Url::parse(text).map_err(|_| broken("its addresses"));
        let mut settings = settings.clone();
        let graph = url(&ready.graph_url)?;
        settings.entra.cloud = Cloud::Custom { login: graph.clone(), graph };
        let ldaps = url(ready.ldaps_url.as_deref().ok_or_else(|| broken("LDAP"))?)?;
        let file = ready.ca_file.as_deref().ok_or_else(|| broken("its certificate authority"))?;
        let authority =
            files::read_whole(file, files::LARGEST_SECRET).map_err(|error| CliError::file("read", file, &error))?;
        let password = ready.bind_password.clone().ok_or_else(|| broken("its password"))?;
        let account = ready.bind_dn.clone().ok_or_else(|| broken("its account"))?;
        let entra =
            Credential::ClientSecret { client_id: ready.client_id.to_string(), secret: ready.client_secret.clone() };
        let mut access = Access { passwords: [].into(), authorities: [].into(), entra };
        for ad in &mut settings.ad {
            ad.url = ldaps.clone();
            ad.ca_file = Some(file.to_owned());
            // However the project's own domains are signed in to: the lab's take its account's password.
            ad.bind = Bind::Simple { user: account.clone(), password: SecretSource::Prompt };
            access.passwords.insert(ad.name.clone(), password.clone());
            access.authorities.insert(ad.name.clone(), authority.clone());
        }
        Ok((settings, access))
    }
}

/// Runs one cycle.
pub async fn trigger(lab: &Lab) -> Result<Triggered, DirectoryError> {
    match lab.run_cycle().await {
        Ok(_) => Ok(Triggered::Asked),
        Err(error) => Err(DirectoryError::new(ErrorKind::Broken, "run a sync cycle in the lab", error.to_string())),
    }
}

/// The engine's account of itself.
pub fn status(lab: &Lab) -> SyncStatus {
    let status = lab.scheduler().status();
    SyncStatus { busy: status.busy, staging: status.staging, suspended: status.suspended }
}

/// Switches the scheduler.
pub async fn enable(lab: &Lab, enabled: bool) -> Result<(), DirectoryError> {
    lab.scheduler()
        .enable(enabled)
        .await
        .map(drop)
        .map_err(|error| DirectoryError::new(ErrorKind::Broken, "switch the lab's sync scheduler", error.to_string()))
}
