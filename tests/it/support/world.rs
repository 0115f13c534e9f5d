//! A lab's world being served, with the embedded AD or with a real one, and a project that is set up for it.

use super::project::Project;
use super::samba::Samba;
use super::seed::seed;
use matchplan::lab::runtime::{Lab, LabOptions};
use matchplan::lab::sync::ldap_source::ExternalAd;
use matchplan::lab::world::World;
use matchplan::model::dn::Dn;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// Which AD a scenario runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The lab's own LDAP server.
    Embedded,
    /// A real domain controller, which the lab's sync engine reads too.
    Samba,
}

impl Backend {
    /// Both, for scenarios that run on either.
    pub const BOTH: [Self; 2] = [Self::Embedded, Self::Samba];
}

/// A served world with a project beside it. Everything ends when this is dropped.
pub struct Stage {
    /// The project: its `matchplan.toml` points at the served directories, through the same doors as a real one's.
    pub project: Project,
    /// The lab.
    pub lab: Lab,
    /// What the lab's servers and the test's own questions to them run on.
    pub runtime: Runtime,
    _samba: Option<Samba>,
}

impl Stage {
    /// Serves a world; `None` where Samba is wanted and cannot run.
    pub fn open(backend: Backend, world: World) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut project = Project::new();
        let samba = match backend {
            Backend::Embedded => None,
            Backend::Samba => Some(Samba::start()?),
        };
        let (world, external_ad) = match &samba {
            None => (world, None),
            Some(samba) => {
                let real = &samba.directory;
                let external = ExternalAd {
                    url: real.tls_url.parse().unwrap(),
                    bind_dn: real.bind_dn.clone(),
                    password: real.password.clone().into(),
                    ca_file: Some(project.write("ad-ca.pem", &real.ca_pem)),
                    base_dn: Dn::parse(&real.base_dn).unwrap(),
                };
                (runtime.block_on(seed(real, &world)).world, Some(external))
            }
        };
        let password = external_ad.as_ref().map(|ad| ad.password.clone());
        let clock = world.clock;
        let options = LabOptions { world: world.clone(), world_file: None, graph_port: 0, ldap_port: 0, external_ad };
        let lab = runtime.block_on(Lab::start(options)).unwrap();
        let ready = lab.ready();
        let password = password.or_else(|| ready.bind_password.clone()).expect("one of the two has an account");
        project.set("MATCHPLAN_AD_PASSWORD", password.expose_secret());
        project.set("MATCHPLAN_ACCESS_TOKEN", ready.token.expose_secret());
        project.set("MATCHPLAN_CLOCK", &clock.to_string());
        project.write("matchplan.toml", &settings(&world, &lab));
        Some(Self { project, lab, runtime, _samba: samba })
    }

    /// The world as it is now. With a real AD only the cloud's side of it moves.
    pub fn world(&self) -> World {
        self.lab.world().read(Clone::clone)
    }
}

/// `matchplan.toml` for a served world.
fn settings(world: &World, lab: &Lab) -> String {
    let ready = lab.ready();
    let domain = &world.ad[0];
    let cycle = [env!("CARGO_BIN_EXE_matchplan"), "lab", "cycle", "--control", ready.control_url.expose_secret()];
    let scope: Vec<&str> = world.sync.scope.iter().map(Dn::as_str).collect();
    let ca_file: Option<PathBuf> = ready.ca_file.clone();
    let settings = json!({
        "version": 1,
        "entra": {
            "tenant": world.entra.tenant_id,
            "cloud": { "login": ready.graph_url, "graph": ready.graph_url },
            "credential": "access-token",
            "token": { "env": "MATCHPLAN_ACCESS_TOKEN" },
        },
        "ad": [{
            "name": domain.name,
            "url": ready.ldaps_url,
            "ca_file": ca_file,
            "base_dn": domain.base_dn,
            "user": ready.bind_dn,
            "password": { "env": "MATCHPLAN_AD_PASSWORD" },
        }],
        "sync": { "synced_ous": scope, "trigger": { "command": cycle }, "poll": "1s" },
    });
    toml::to_string(&settings).expect("plain settings")
}
