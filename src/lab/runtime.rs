//! Running the lab: both servers, the sync engine and the control API over one world.

use super::control::{self, ControlServer};
use super::faults::Faults;
use super::graph::server::{self as graph, GraphServer, GraphServerConfig};
use super::graph::token::access_token;
use super::ldap::{self, LdapServer, LdapServerConfig};
use super::manners::Manners;
use super::shared::SharedWorld;
use super::sync::ldap_source::ExternalAd;
use super::sync::report::CycleReport;
use super::sync::scheduler::{self, CycleError, Scheduler};
use super::tls::LabTls;
use super::world::{World, derive};
use crate::model::id::TenantId;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::NamedTempFile;
use uuid::Uuid;

/// What to run.
#[derive(Debug)]
pub struct LabOptions {
    /// The world to start with.
    pub world: World,
    /// Where it is kept after each change; in memory only if there is no place.
    pub world_file: Option<PathBuf>,
    /// The Graph server's port; 0 is any free one.
    pub graph_port: u16,
    /// The plain LDAP server's port; 0 is any free one. LDAP over TLS takes any free one.
    pub ldap_port: u16,
    /// A real AD that the sync engine reads. The lab then serves no AD of its own.
    pub external_ad: Option<ExternalAd>,
    /// What goes wrong at both servers. The sync engine is spared: it reads the world itself.
    pub faults: Faults,
    /// How both servers serve.
    pub manners: Manners,
}

/// A running lab. It stops when this is dropped.
#[derive(Debug)]
pub struct Lab {
    scheduler: Arc<Scheduler>,
    ready: Ready,
    #[expect(dead_code, reason = "dropping them stops the servers and removes the CA's file")]
    running: Running,
}

#[derive(Debug)]
struct Running {
    _ldap: Option<LdapServer>,
    _graph: GraphServer,
    _control: ControlServer,
    _ca_file: NamedTempFile,
}

/// Everything that a client of a running lab needs: one JSON line. Its secrets are made anew for each start and open
/// nothing but this lab; they are in no file.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// The Graph server's root, without a version.
    pub graph_url: String,
    /// The token endpoint for client credentials.
    pub token_url: String,
    /// A Graph access token.
    #[serde(serialize_with = "exposed")]
    pub token: SecretString,
    /// Plain LDAP (with StartTLS). Absent if a real AD is read over TLS only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldap_url: Option<String>,
    /// LDAP over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldaps_url: Option<String>,
    /// A PEM file with the CA of the LDAP server's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Who can bind, as a DN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_dn: Option<String>,
    /// The password. Absent for a real AD, whose password is not the lab's to tell.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    pub bind_password: Option<SecretString>,
    /// The control API's root ([`super::control`]); the path is its key.
    #[serde(serialize_with = "exposed")]
    pub control_url: SecretString,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The application's id.
    pub client_id: Uuid,
    /// The application's secret.
    #[serde(serialize_with = "exposed")]
    pub client_secret: SecretString,
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn exposed_if_any<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}

/// 244 random bits from the system's generator, as hexadecimal.
fn random_secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}

impl Lab {
    /// Starts everything on 127.0.0.1. Fails if a port is taken, if a file cannot be written, or if a world without AD
    /// domains is given and no real AD either.
    pub async fn start(options: LabOptions) -> io::Result<Self> {
        let LabOptions { mut world, world_file, graph_port, ldap_port, external_ad, faults, manners } = options;
        scheduler::schedule(&mut world);
        let start = world.clone();
        let tenant_id = world.entra.tenant_id;
        let client_id = derive::uuid("application", &world.entra.caller.id.to_string());
        let token = access_token(&world, &client_id.to_string());
        let account = bind_account(&world, external_ad.as_ref())?;
        let shared = match world_file {
            Some(file) => SharedWorld::begun_in(world, file)?,
            None => SharedWorld::in_memory(world),
        };

        let tls = LabTls::generate().map_err(io::Error::other)?;
        let mut ca_file = tempfile::Builder::new().prefix("matchplan-lab-ca-").suffix(".pem").tempfile()?;
        ca_file.write_all(tls.ca_pem().as_bytes())?;
        ca_file.flush()?;

        let bind_password = random_secret();
        let ldap = match &account {
            Account::OfTheLab { dn, upn } => {
                let config = LdapServerConfig {
                    world: shared.clone(),
                    bind_dn: dn.clone(),
                    bind_upn: upn.clone(),
                    bind_password: bind_password.clone(),
                    plain_port: ldap_port,
                    tls_port: 0,
                    require_encryption: false,
                    faults: faults.clone(),
                    manners: manners.clone(),
                };
                Some(ldap::serve(config, &tls).await?)
            }
            Account::OfARealAd => None,
        };
        let client_secret = random_secret();
        let graph = graph::serve(GraphServerConfig {
            world: shared.clone(),
            port: graph_port,
            access_token: token.clone(),
            client_secret: client_secret.clone(),
            faults: faults.clone(),
            manners: manners.clone(),
        })
        .await?;
        let scheduler = Arc::new(Scheduler::new(shared, external_ad.clone()));
        let key = random_secret();
        let control = control::serve(Arc::clone(&scheduler), start, manners.usage, &key).await?;

        let real =
            |scheme: &str| external_ad.as_ref().filter(|ad| ad.url.scheme() == scheme).map(|ad| ad.url.to_string());
        let served = ldap.as_ref();
        let ready = Ready {
            graph_url: graph.url(),
            token_url: graph.token_url(),
            token,
            ldap_url: served.map(|ldap| format!("ldap://{}", ldap.plain)).or_else(|| real("ldap")),
            ldaps_url: served.map(|ldap| format!("ldaps://{}", ldap.tls)).or_else(|| real("ldaps")),
            ca_file: match &external_ad {
                None => Some(ca_file.path().to_owned()),
                Some(ad) => ad.ca_file.clone(),
            },
            bind_dn: match account {
                Account::OfTheLab { dn, .. } => Some(dn),
                Account::OfARealAd => external_ad.as_ref().map(|ad| ad.bind_dn.clone()),
            },
            bind_password: served.map(|_| bind_password),
            control_url: format!("http://{}/{}", control.addr, key.expose_secret()).into(),
            tenant_id,
            client_id,
            client_secret,
        };
        let running = Running { _ldap: ldap, _graph: graph, _control: control, _ca_file: ca_file };
        Ok(Self { scheduler, ready, running })
    }

    /// What a client needs.
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The world.
    pub fn world(&self) -> SharedWorld {
        self.scheduler.world().clone()
    }

    /// The sync engine.
    pub const fn scheduler(&self) -> &Arc<Scheduler> {
        &self.scheduler
    }

    /// Runs one sync cycle now.
    pub async fn run_cycle(&self) -> Result<CycleReport, CycleError> {
        self.scheduler.run_cycle().await
    }

    /// The world's time.
    pub fn clock(&self) -> Timestamp {
        self.scheduler.world().read(|w| w.clock)
    }

    /// Moves the clock on and runs every cycle that the scheduler has due on the way.
    pub async fn advance(&self, by: SignedDuration) -> Result<Vec<CycleReport>, CycleError> {
        self.scheduler.advance(by).await
    }
}

/// Who binds to the directory that clients use.
enum Account {
    OfTheLab { dn: String, upn: String },
    OfARealAd,
}

fn bind_account(world: &World, external: Option<&ExternalAd>) -> io::Result<Account> {
    if external.is_some() {
        return Ok(Account::OfARealAd);
    }
    let no_domain =
        || io::Error::new(io::ErrorKind::InvalidInput, "the lab's world has no AD domain, and no real AD is named");
    let domain = world.ad.first().ok_or_else(no_domain)?;
    let services = domain.base_dn.child("OU", "Service Accounts").map_err(io::Error::other)?;
    let dn = services.child("CN", "matchplan").map_err(io::Error::other)?;
    Ok(Account::OfTheLab { dn: dn.to_string(), upn: format!("matchplan@{}", domain.dns_name) })
}

#[cfg(test)]
mod tests;
