//! A small company for one test: AD (the embedded one, or Samba), Graph, the sync engine, and a project folder whose
//! `matchplan.toml` names them. The program finds everything as it would find the real ones.

use super::ldap::{Directory, attributes, expect_code};
use super::program::{PROGRAM, Ran, Running, program, run};
use super::samba::Samba;
use super::seed::seed;
use ldap3::{Scope, SearchEntry, SearchResult};
use matchplan::lab::faults::Faults;
use matchplan::lab::runtime::{Lab, LabOptions};
use matchplan::lab::sync::ldap_source::ExternalAd;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::model::dn::Dn;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::process::Command;

/// The OU that the sync engine reads.
pub const SYNCED: &str = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";
const BASE: &str = "DC=corp,DC=contoso,DC=com";

/// Where AD comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The lab's own LDAP server.
    Embedded,
    /// A real domain controller, which the lab's sync engine reads.
    Samba,
}

/// A directory's entries: DN, attribute in lower case, values.
pub type Entries = BTreeMap<String, BTreeMap<String, BTreeSet<Vec<u8>>>>;

/// Everything that both directories hold, as plain clients of LDAP and Graph read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Both {
    pub ad: Entries,
    pub cloud: BTreeMap<&'static str, BTreeSet<String>>,
}

/// The company.
pub struct Site {
    pub lab: Lab,
    pub directory: Directory,
    folder: TempDir,
    password: String,
    traces: Traces,
    _samba: Option<Samba>,
}

/// What `matchplan.toml` says differently from the usual.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Replaces `[sync]` keys; the value is TOML.
    pub sync: Vec<(&'static str, String)>,
    /// Replaces `[[ad]]` keys.
    pub ad: Vec<(&'static str, String)>,
    /// Replaces `[entra]` keys.
    pub entra: Vec<(&'static str, String)>,
}

impl Site {
    /// Contoso. `None` where Samba is wanted and cannot run. `name` is the scenario's: its traffic is recorded.
    pub async fn contoso(backend: Backend, name: &str) -> Option<Self> {
        Self::over(matchplan::lab::world::contoso(), backend, name).await
    }

    /// Another world with the same AD domain.
    pub async fn over(world: World, backend: Backend, name: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (samba, world) = match backend {
            Backend::Embedded => (None, world),
            Backend::Samba => {
                let samba = Samba::start()?;
                let world = seed(&samba.directory, &world).await.world;
                (Some(samba), world)
            }
        };
        let ca_file = folder.path().join("ca.pem");
        let external_ad = samba.as_ref().map(|samba| {
            fs::write(&ca_file, &samba.directory.ca_pem).expect("the folder is ours");
            ExternalAd {
                url: samba.directory.tls_url.parse().expect("a URL"),
                bind_dn: samba.directory.bind_dn.clone(),
                password: samba.directory.password.clone().into(),
                ca_file: Some(ca_file.clone()),
                base_dn: Dn::parse(BASE).expect("a DN"),
            }
        });
        let lab = Lab::start(LabOptions {
            world,
            world_file: None,
            graph_port: 0,
            ldap_port: 0,
            external_ad,
            faults: Faults::none(),
            manners: matchplan::lab::manners::Manners::default(),
        });
        let lab = lab.await.expect("the lab starts");
        let directory = samba.as_ref().map_or_else(|| embedded(&lab), |samba| samba.directory.clone());
        fs::write(&ca_file, &directory.ca_pem).expect("the folder is ours");
        fs::create_dir(folder.path().join("plans")).expect("the folder is ours");
        let traces = Traces::of(&format!("{name}-{}", if samba.is_some() { "samba" } else { "embedded" }));
        let password = directory.password.clone();
        let site = Self { lab, directory, folder, password, traces, _samba: samba };
        site.configure(&Wishes::default());
        Some(site)
    }

    /// The project folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the project.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Where the program's traffic is recorded as it runs.
    pub fn traces(&self) -> &Path {
        self.traces.raw.path()
    }

    /// Reads a file of the project.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("the file is there")
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).expect("the folder is ours");
    }

    /// Writes the only match plan.
    pub fn plan(&self, links: &str) {
        self.write("plans/wave.toml", &format!("version = 1\n{links}"));
    }

    /// A command of `[sync]` that asks the lab's engine for this: `cycle`, `status`, `hold` or `release`.
    pub fn engine(&self, what: &str) -> String {
        let words = [PROGRAM, "lab", what, "--control", self.lab.ready().control_url.expose_secret()];
        format!("{{ command = {} }}", toml::Value::from(words.to_vec()))
    }

    /// Writes `matchplan.toml`.
    pub fn configure(&self, wishes: &Wishes) {
        let ready = self.lab.ready();
        let text = |value: &str| toml::Value::from(value).to_string();
        let table = |head: &str, keys: &[(&'static str, String)], wishes: &[(&'static str, String)]| {
            let mut keys: BTreeMap<_, _> = keys.iter().cloned().collect();
            keys.extend(wishes.iter().cloned());
            let lines = keys.iter().filter(|(_, value)| !value.is_empty());
            lines.fold(format!("{head}\n"), |lines, (key, value)| format!("{lines}{key} = {value}\n"))
        };
        let entra = table(
            "[entra]",
            &[
                ("tenant", text(&ready.tenant_id.to_string())),
                ("cloud", format!("{{ login = {0}, graph = {0} }}", text(&ready.graph_url))),
                ("credential", text("client-secret")),
                ("client_id", text(&ready.client_id.to_string())),
                ("secret", "{ env = \"TEST_CLIENT_SECRET\" }".to_owned()),
            ],
            &wishes.entra,
        );
        let ad = table(
            "[[ad]]",
            &[
                ("name", text("corp")),
                ("url", text(&self.directory.tls_url)),
                ("ca_file", text("ca.pem")),
                ("base_dn", text(BASE)),
                ("user", text(&self.directory.bind_upn)),
                ("password", "{ env = \"TEST_AD_PASSWORD\" }".to_owned()),
            ],
            &wishes.ad,
        );
        let sync = table(
            "[sync]",
            &[
                ("synced_ous", format!("[{}]", text(SYNCED))),
                ("trigger", self.engine("cycle")),
                ("status", self.engine("status")),
                ("poll", text("1s")),
                ("timeout", text("2m")),
            ],
            &wishes.sync,
        );
        let guard = "[guard]\nprotect = [\"breakglass@contoso.onmicrosoft.com\"]\n";
        self.write("matchplan.toml", &format!("version = 1\n{entra}\n{ad}\n{sync}\n{guard}"));
    }

    /// A command of the program in the project's folder; its traffic with Graph is recorded.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.folder(), arguments);
        command.env("TEST_CLIENT_SECRET", self.lab.ready().client_secret.expose_secret());
        command.env("TEST_AD_PASSWORD", &self.password);
        command.env("MATCHPLAN_CLOCK", self.lab.clock().to_string());
        let talks = ["snapshot", "suggest", "check", "plan", "apply", "status", "rollback", "tenant"];
        if arguments.first().is_some_and(|command| talks.contains(command)) {
            command.arg("--trace").arg(self.traces.next());
        }
        command
    }

    /// Runs the program to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// Reads both directories whole.
    pub async fn read(&self) -> Both {
        Both { ad: self.read_ad().await, cloud: self.read_cloud().await }
    }

    /// An AD user's attributes, with its DN.
    pub async fn ad_user(&self, account: &str) -> (String, BTreeMap<String, BTreeSet<Vec<u8>>>) {
        let wanted = BTreeSet::from([account.as_bytes().to_vec()]);
        let mut entries = self.read_ad().await.into_iter();
        entries.find(|(_, attributes)| attributes.get("samaccountname") == Some(&wanted)).expect("the user is in AD")
    }

    /// A cloud user as the lab holds it.
    pub fn cloud_user(&self, upn: &str) -> CloudUser {
        let find = |world: &World| world.entra.users.iter().find(|user| user.user_principal_name == upn).cloned();
        self.lab.world().read(find).expect("the user is in the cloud")
    }

    /// Who holds which role where, without the assignments' ids: those are new after each restore.
    pub fn grants(&self) -> BTreeSet<(String, String, Option<String>)> {
        self.lab.world().read(|world| {
            let grants = world.entra.role_assignments.iter();
            grants
                .map(|a| (a.principal_id.to_string(), a.role_definition_id.to_string(), a.directory_scope_id.clone()))
                .collect()
        })
    }

    /// Panics if a secret stands in any file that the program has written, the traces included.
    pub fn has_no_secret_in_files(&self) {
        let mut folders = vec![self.folder().to_owned(), self.traces.raw.path().to_owned()];
        let secrets =
            [self.lab.ready().client_secret.expose_secret(), self.lab.ready().token.expose_secret(), &self.password];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the folder is ours") {
                let path = entry.expect("the folder is ours").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = String::from_utf8_lossy(&fs::read(&path).expect("the file is ours")).into_owned();
                let told = secrets.iter().any(|secret| text.contains(*secret)) || text.contains("\"access_token\"");
                assert!(!told, "{} holds a secret", path.display());
            }
        }
    }

    async fn read_ad(&self) -> Entries {
        let mut ldap = self.directory.bound().await;
        let answer = ldap.search(BASE, Scope::Subtree, "(objectClass=*)", ["*", "objectGUID"]).await;
        let SearchResult(found, answer) = answer.expect("the directory answers");
        expect_code(&answer, &[0], "reading all of AD");
        let entries = found.into_iter().filter(|entry| !entry.is_ref()).map(|entry| {
            let entry = SearchEntry::construct(entry);
            let dn = entry.dn.clone();
            let mut held = attributes(entry);
            // What a controller counts for itself, and what this very sign-in changes.
            for name in ["usnchanged", "whenchanged", "dscorepropagationdata", "lastlogon", "logoncount"] {
                held.remove(name);
            }
            (dn, held)
        });
        entries.collect()
    }

    async fn read_cloud(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        const USER: &str = "$select=id,userPrincipalName,displayName,givenName,surname,mail,mailNickname,\
            proxyAddresses,accountEnabled,otherMails,onPremisesImmutableId,onPremisesSyncEnabled,\
            onPremisesSecurityIdentifier,onPremisesDistinguishedName,onPremisesSamAccountName,\
            onPremisesUserPrincipalName,onPremisesDomainName,onPremisesLastSyncDateTime,onPremisesProvisioningErrors,\
            lastPasswordChangeDateTime";
        let mut all = BTreeMap::new();
        for (kind, path) in [
            ("users", format!("users?$top=999&{USER}")),
            ("deleted users", format!("directory/deletedItems/microsoft.graph.user?{USER}")),
            ("groups", "groups".to_owned()),
            ("contacts", "contacts".to_owned()),
            ("organization", "organization".to_owned()),
            ("role assignments", "roleManagement/directory/roleAssignments".to_owned()),
        ] {
            let values = self.graph(&path).await.into_iter().map(|mut value| {
                if kind == "role assignments" {
                    // A role that comes back is a new assignment.
                    value.remove("id");
                }
                Value::Object(value).to_string()
            });
            all.insert(kind, values.collect());
        }
        all
    }

    /// All pages of a collection of Graph.
    pub async fn graph(&self, path: &str) -> Vec<Map<String, Value>> {
        let tls = (*matchplan::directory::tls::client_config(None).expect("TLS without roots")).clone();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
        let mut next = Some(format!("{}/v1.0/{path}", self.lab.ready().graph_url));
        let mut all = Vec::new();
        while let Some(url) = next {
            let request = client.get(url).bearer_auth(self.lab.ready().token.expose_secret());
            let answer = request.send().await.expect("Graph answers");
            assert_eq!(answer.status(), 200, "{path}");
            let mut page: Value = answer.json().await.expect("Graph answers JSON");
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
            let Value::Array(values) = page["value"].take() else { panic!("{path} is no collection") };
            all.extend(values.into_iter().map(|value| match value {
                Value::Object(value) => value,
                other => panic!("{other} is no entity"),
            }));
        }
        all
    }
}

/// The embedded AD as a directory to connect to.
fn embedded(lab: &Lab) -> Directory {
    let ready = lab.ready();
    let some = |value: &Option<String>| value.clone().expect("the lab serves an AD");
    Directory {
        plain_url: some(&ready.ldap_url),
        tls_url: some(&ready.ldaps_url),
        ca_pem: fs::read_to_string(ready.ca_file.as_ref().expect("it has a CA")).expect("the CA's file is readable"),
        base_dn: BASE.to_owned(),
        bind_dn: some(&ready.bind_dn),
        bind_upn: "matchplan@corp.contoso.com".to_owned(),
        password: ready.bind_password.as_ref().expect("it has a password").expose_secret().to_owned(),
    }
}

/// The recorded traffic of one scenario, `target/contract/NAME.jsonl`, for the contract check of `tests/run`.
struct Traces {
    file: PathBuf,
    raw: TempDir,
    count: AtomicU32,
}

impl Traces {
    fn of(name: &str) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in target");
        let folder = target.join("contract");
        fs::create_dir_all(&folder).expect("target is ours");
        Self {
            file: folder.join(format!("{name}.jsonl")),
            raw: tempfile::tempdir().expect("a temporary folder can be made"),
            count: AtomicU32::new(0),
        }
    }

    /// A new file for one run; a run begins its file anew.
    fn next(&self) -> PathBuf {
        self.raw.path().join(format!("{:03}", self.count.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        let runs = 0..*self.count.get_mut();
        let texts = runs.map(|run| fs::read_to_string(self.raw.path().join(format!("{run:03}"))).unwrap_or_default());
        let all: String = texts.collect();
        if !all.is_empty() {
            fs::write(&self.file, all).expect("target is ours");
        }
    }
}
