//! Running the lab: both servers, the sync engine and the control API over one world.

use super::control::{self, ControlServer};
use super::graph::server::{self as graph, GraphServer, GraphServerConfig};
use super::ldap::{self, LdapServer, LdapServerConfig};
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
        let LabOptions { mut world, world_file, graph_port, ldap_port, external_ad } = options;
        scheduler::schedule(&mut world);
        let start = world.clone();
        let (tenant_id, caller) = (world.entra.tenant_id, world.entra.caller.id);
        if let Some(file) = &world_file {
            super::shared::save(&world, file)?;
        }
        let account = bind_account(&world, external_ad.as_ref())?;
        let shared = match world_file {
            Some(file) => SharedWorld::kept_in(world, file),
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
                };
                Some(ldap::serve(config, &tls).await?)
            }
            Account::OfARealAd => None,
        };
        let (token, client_secret) = (random_secret(), random_secret());
        let graph = graph::serve(GraphServerConfig {
            world: shared.clone(),
            port: graph_port,
            access_token: token.clone(),
            client_secret: client_secret.clone(),
        })
        .await?;
        let scheduler = Arc::new(Scheduler::new(shared, external_ad.clone()));
        let key = random_secret();
        let control = control::serve(Arc::clone(&scheduler), start, &key).await?;

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
            client_id: derive::uuid("application", &caller.to_string()),
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
mod tests {
    use super::*;
    use crate::lab::sync::report::Outcome;
    use crate::lab::world::contoso;
    use crate::lab::world::forest::AdValues;
    use crate::model::dn::Dn;
    use ldap3::{LdapConnAsync, Mod};
    use serde_json::{Value, json};
    use std::collections::HashSet;

    async fn lab(world: World, world_file: Option<PathBuf>) -> Lab {
        Lab::start(LabOptions { world, world_file, graph_port: 0, ldap_port: 0, external_ad: None }).await.unwrap()
    }

    async fn ldap(lab: &Lab) -> ldap3::Ldap {
        let ready = lab.ready();
        let (connection, mut ldap) = LdapConnAsync::new(ready.ldap_url.as_deref().unwrap()).await.unwrap();
        ldap3::drive!(connection);
        let password = ready.bind_password.as_ref().unwrap().expose_secret();
        ldap.simple_bind(ready.bind_dn.as_deref().unwrap(), password).await.unwrap().success().unwrap();
        ldap
    }

    struct Control {
        client: reqwest::Client,
        root: String,
    }

    fn control(lab: &Lab) -> Control {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder().use_preconfigured_tls(tls).no_proxy().build().unwrap();
        Control { client, root: lab.ready().control_url.expose_secret().to_owned() }
    }

    impl Control {
        async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
            let url = format!("{}{path}", self.root);
            let request = self.client.request(method.parse().unwrap(), url).body(body.to_owned());
            let answer = request.send().await.unwrap();
            let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
            (status, serde_json::from_str(&text).unwrap_or(Value::Null))
        }
    }

    /// The whole way by real protocol: move a user into scope over LDAP, run a cycle, see the link over Graph.
    #[tokio::test]
    async fn a_move_into_scope_links_at_the_next_cycle() {
        let lab = lab(contoso(), None).await;
        let mut ldap = ldap(&lab).await;
        let (name, staging) = ("CN=Anna Smith", "OU=Staging,DC=corp,DC=contoso,DC=com");
        let synced = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";
        let moved = ldap.modifydn(&format!("{name},{staging}"), name, true, Some(synced)).await.unwrap();
        assert_eq!(moved.rc, 0, "{moved:?}");
        let dn = Dn::parse(&format!("{name},{synced}")).unwrap();

        let report = lab.run_cycle().await.unwrap();
        let anna = report.objects.iter().find(|o| o.dn.as_ref() == Some(&dn)).unwrap();
        assert_eq!((anna.outcome, &anna.error), (Outcome::SoftMatchedBySmtp, &None));
        let again = lab.run_cycle().await.unwrap();
        assert_eq!(again.objects, [], "the second cycle changes nothing");

        let graph = control(&lab);
        let url = format!("{}/v1.0/users/{}?$select=onPremisesSyncEnabled", lab.ready().graph_url, anna.cloud.unwrap());
        let token = lab.ready().token.expose_secret();
        let answer: Value = graph.client.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["onPremisesSyncEnabled"], json!(true));
    }

    /// The engine reads the lab's own LDAP server as if it were somebody's AD, and writes anchors back over LDAP.
    #[tokio::test]
    async fn the_engine_reads_an_ad_over_ldap() {
        let directory = lab(contoso(), None).await;
        let ready = directory.ready();
        let mut url = url::Url::parse(ready.ldaps_url.as_deref().unwrap()).unwrap();
        let external = ExternalAd {
            url: url.clone(),
            bind_dn: ready.bind_dn.clone().unwrap(),
            password: ready.bind_password.clone().unwrap(),
            ca_file: ready.ca_file.clone(),
            base_dn: Dn::parse("DC=corp,DC=contoso,DC=com").unwrap(),
        };
        let mut world = contoso();
        world.ad.clear();
        let options =
            LabOptions { world, world_file: None, graph_port: 0, ldap_port: 0, external_ad: Some(external.clone()) };
        let lab = Lab::start(options).await.unwrap();
        assert_eq!(lab.ready().ldaps_url.as_deref(), Some(url.as_str()));
        assert!(lab.ready().bind_password.is_none(), "not the lab's to tell");

        let over_ldap = lab.run_cycle().await.unwrap();
        let kim = over_ldap.objects[0].dn.clone().unwrap();
        let written = directory.world().read(|w| {
            let entry = w.ad[0].entries.iter().find(|e| e.dn == kim).unwrap();
            (entry.guid, entry.values("mS-DS-ConsistencyGuid").map(AdValues::to_octets))
        });
        let (guid, anchor) = written;
        assert_eq!(anchor, Some(vec![crate::model::anchor::Anchor::from_guid(guid).octets().to_vec()]));
        // The embedded forest gives the very same cycle.
        assert_eq!(directory.run_cycle().await.unwrap(), over_ldap);
        assert_eq!(directory.world().read(|w| w.entra.clone()), lab.world().read(|w| w.entra.clone()));

        // A plain connection to another machine is refused before anything is sent.
        url.set_host(Some("192.0.2.1")).unwrap();
        let plain = url::Url::parse("ldap://192.0.2.1:389").unwrap();
        let far = ExternalAd { url: plain, ..external };
        let error = crate::lab::sync::ldap_source::LdapSource::connect(&far).await.err().unwrap();
        assert!(error.to_string().contains("ldaps://"), "{error}");
    }

    /// A world kept in a file goes on where it was.
    #[tokio::test]
    async fn a_world_in_a_file_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("world.json");
        let first = lab(contoso(), Some(file.clone())).await;
        let mut ldap = ldap(&first).await;
        let dn = "CN=Anna Smith,OU=Staging,DC=corp,DC=contoso,DC=com";
        let change = Mod::Replace("displayName", HashSet::from(["Anna S."]));
        ldap.modify(dn, vec![change]).await.unwrap().success().unwrap();
        first.run_cycle().await.unwrap();
        let before = first.world().read(World::clone);
        let text = std::fs::read_to_string(&file).unwrap();
        for secret in [&first.ready().token, &first.ready().client_secret, &first.ready().control_url] {
            assert!(!text.contains(secret.expose_secret()));
        }
        drop(first);
        assert_eq!(crate::lab::world::load(&file).unwrap(), before);
    }

    #[tokio::test]
    async fn the_control_api_steers_the_lab() {
        let lab = lab(contoso(), None).await;
        let control = control(&lab);
        assert_eq!(
            control.ask("GET", "/status", "").await,
            (200, json!({"busy": false, "staging": false, "suspended": false}))
        );
        let (status, held) = control.ask("POST", "/scheduler", r#"{"enabled":false}"#).await;
        assert_eq!((status, &held["suspended"]), (200, &json!(true)));
        let (status, moved) = control.ask("POST", "/clock", r#"{"advance":"45m"}"#).await;
        assert_eq!((status, &moved["clock"], &moved["cycles"]), (200, &json!("2026-09-01T08:45:00Z"), &json!([])));
        let (status, moved) = control.ask("POST", "/clock", r#"{"set":"2026-09-01T08:50:00Z"}"#).await;
        assert_eq!((status, &moved["clock"]), (200, &json!("2026-09-01T08:50:00Z")));
        let (status, report) = control.ask("POST", "/cycle", "").await;
        assert_eq!((status, &report["objects"][0]["outcome"]), (200, &json!("soft-matched-by-smtp")));

        let (status, world) = control.ask("GET", "/world", "").await;
        assert_eq!((status, &world["sync"]["scheduler_enabled"]), (200, &json!(false)));
        let mut other = world;
        other["entra"]["displayName"] = json!("Another");
        assert_eq!(control.ask("PUT", "/world", &other.to_string()).await.0, 204);
        assert_eq!(lab.world().read(|w| w.entra.display_name.clone()), "Another");
        assert_eq!(control.ask("POST", "/reset", "").await.0, 204);
        assert_eq!(lab.world().read(World::clone), contoso());

        for (method, path, body) in [
            ("POST", "/clock", r#"{"advance":"-1m"}"#),
            ("POST", "/clock", "{}"),
            ("POST", "/scheduler", r#"{"on":true}"#),
            ("PUT", "/world", r#"{"version":2}"#),
        ] {
            let (status, problem) = control.ask(method, path, body).await;
            assert!(status == 400 && problem["error"].is_string(), "{path} {body}: {status} {problem}");
        }
        let stranger = Control { root: format!("{}x", control.root), ..control };
        assert_eq!(stranger.ask("GET", "/world", "").await.0, 404);
    }

    #[tokio::test]
    async fn ready_is_one_line_with_everything_and_debug_tells_no_secret() {
        let lab = lab(contoso(), None).await;
        let line = serde_json::to_string(lab.ready()).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        for name in [
            "graph_url",
            "token_url",
            "token",
            "ldap_url",
            "ldaps_url",
            "ca_file",
            "bind_dn",
            "bind_password",
            "control_url",
            "tenant_id",
            "client_id",
            "client_secret",
        ] {
            assert!(ready[name].is_string(), "{name}");
        }
        let shown = format!("{lab:?}");
        for name in ["token", "bind_password", "control_url", "client_secret"] {
            assert!(!shown.contains(ready[name].as_str().unwrap()), "{name}");
        }
        let ca = std::fs::read_to_string(ready["ca_file"].as_str().unwrap()).unwrap();
        assert!(ca.contains("BEGIN CERTIFICATE") && !ca.contains("PRIVATE KEY"));
    }
}
