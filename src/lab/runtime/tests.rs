use super::*;
use crate::lab::sync::report::Outcome;
use crate::lab::world::contoso;
use crate::lab::world::forest::AdValues;
use crate::model::dn::Dn;
use ldap3::{LdapConnAsync, Mod};
use serde_json::{Value, json};
use std::collections::HashSet;

async fn lab(world: World, world_file: Option<PathBuf>) -> Lab {
    Lab::start(LabOptions {
        world,
        world_file,
        graph_port: 0,
        ldap_port: 0,
        external_ad: None,
        faults: Faults::none(),
        manners: Manners::default(),
    })
    .await
    .unwrap()
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
    let options = LabOptions {
        world,
        world_file: None,
        graph_port: 0,
        ldap_port: 0,
        external_ad: Some(external.clone()),
        faults: Faults::none(),
        manners: Manners::default(),
    };
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
