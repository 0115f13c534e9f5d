//! A real client against a served world.

use super::fixture::{JANE, JANE_GUID, texts, world, world_with_users};
use crate::lab::faults::Faults;
use crate::lab::ldap::{LdapServer, LdapServerConfig, serve};
use crate::lab::manners::{Manners, Pace};
use crate::lab::shared::SharedWorld;
use crate::lab::tls::LabTls;
use crate::lab::world::World;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::controls::RawControl;
use ldap3::exop::{Exop, WhoAmI, WhoAmIResp};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Mod, Scope, SearchEntry, SearchOptions};
use std::collections::HashSet;
use std::sync::Arc;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

pub(super) const ADMIN: &str = "CN=Admin,OU=Staff,DC=corp,DC=test";
pub(super) const PASSWORD: &str = "correct horse";

pub(super) struct Lab {
    pub(super) server: LdapServer,
    pub(super) world: SharedWorld,
    tls: LabTls,
}

pub(super) async fn lab(world: World, require_encryption: bool) -> Lab {
    lab_of(SharedWorld::in_memory(world), require_encryption).await
}

async fn lab_of(world: SharedWorld, require_encryption: bool) -> Lab {
    lab_with(world, require_encryption, Manners::default()).await
}

async fn lab_with(world: SharedWorld, require_encryption: bool, manners: Manners) -> Lab {
    let tls = LabTls::generate().unwrap();
    let config = LdapServerConfig {
        world: world.clone(),
        bind_dn: ADMIN.to_owned(),
        bind_upn: "admin@corp.test".to_owned(),
        bind_password: PASSWORD.to_owned().into(),
        plain_port: 0,
        tls_port: 0,
        require_encryption,
        faults: Faults::none(),
        manners,
    };
    Lab { server: serve(config, &tls).await.unwrap(), world, tls }
}

impl Lab {
    fn settings(&self) -> LdapConnSettings {
        let mut roots = RootCertStore::empty();
        roots.add(self.tls.ca_der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        LdapConnSettings::new().set_config(Arc::new(config))
    }

    async fn connect(&self, settings: LdapConnSettings, url: &str) -> Result<Ldap, LdapError> {
        let (connection, ldap) = LdapConnAsync::with_settings(settings, url).await?;
        tokio::spawn(connection.drive());
        Ok(ldap)
    }

    fn plain_url(&self) -> String {
        format!("ldap://{}", self.server.plain)
    }

    async fn anonymous(&self) -> Ldap {
        self.connect(self.settings(), &self.plain_url()).await.unwrap()
    }

    pub(super) async fn bound(&self) -> Ldap {
        let mut ldap = self.anonymous().await;
        ldap.simple_bind(ADMIN, PASSWORD).await.unwrap().success().unwrap();
        ldap
    }
}

async fn read(ldap: &mut Ldap, base: &str, attributes: Vec<&str>) -> SearchEntry {
    let (mut entries, _) =
        ldap.search(base, Scope::Base, "(objectClass=*)", attributes).await.unwrap().success().unwrap();
    SearchEntry::construct(entries.remove(0))
}

#[tokio::test]
async fn binds_by_dn_upn_and_account_name() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.anonymous().await;
    for name in [ADMIN, "cn=admin, ou=staff,dc=corp,dc=TEST", "Admin@corp.test", "corp\\ADMIN"] {
        assert_eq!(ldap.simple_bind(name, PASSWORD).await.unwrap().rc, 0, "{name}");
    }
    let (answer, _) = ldap.extended(WhoAmI).await.unwrap().success().unwrap();
    assert_eq!(answer.parse::<WhoAmIResp>().authzid, "u:CORP\\admin");
}

#[tokio::test]
async fn a_failed_bind_says_why_and_leaves_nobody() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.bound().await;
    for (name, password) in [(ADMIN, "wrong"), (ADMIN, ""), ("admin", PASSWORD), (JANE, PASSWORD), ("", PASSWORD)] {
        let result = ldap.simple_bind(name, password).await.unwrap();
        assert_eq!(result.rc, 49, "{name}");
        assert!(result.text.contains("80090308") && result.text.contains("data 52e"), "{}", result.text);
    }
    assert_eq!(ldap.delete(JANE).await.unwrap().rc, 1, "the earlier bind does not count any more");
}

#[tokio::test]
async fn nobody_reads_the_root_dse_only() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.anonymous().await;
    let asked = vec!["defaultnamingcontext", "highestCommittedUSN", "currentTime", "supportedControl"];
    let root = read(&mut ldap, "", asked).await;
    assert_eq!(root.attrs["defaultNamingContext"], ["DC=corp,DC=test"]);
    assert_eq!(root.attrs["currentTime"], ["20260301083000.0Z"]);
    assert!(root.attrs["supportedControl"].contains(&"1.2.840.113556.1.4.319".to_owned()));
    assert_eq!(root.attrs.len(), 4);
    let refused = ldap.search("DC=corp,DC=test", Scope::Subtree, "(objectClass=*)", vec!["cn"]).await.unwrap().1;
    assert_eq!(refused.rc, 1);
    assert!(refused.text.starts_with("000004DC: LdapErr"), "{}", refused.text);
    assert_eq!(ldap.modify(JANE, vec![Mod::Replace("title", HashSet::from(["x"]))]).await.unwrap().rc, 1);
    assert_eq!(ldap.compare(JANE, "cn", "x").await.unwrap().0.rc, 1);
}

#[tokio::test]
async fn encryption_is_demanded_where_it_is_configured() {
    let lab = lab(world(), true).await;
    assert_eq!(lab.anonymous().await.simple_bind(ADMIN, PASSWORD).await.unwrap().rc, 8);
    let ldaps = format!("ldaps://localhost:{}", lab.server.tls.port());
    let start_tls = format!("ldap://localhost:{}", lab.server.plain.port());
    for (settings, url) in [(lab.settings(), ldaps), (lab.settings().set_starttls(true), start_tls)] {
        let mut ldap = lab.connect(settings, &url).await.unwrap();
        ldap.simple_bind(ADMIN, PASSWORD).await.unwrap().success().unwrap();
        assert_eq!(read(&mut ldap, JANE, vec!["cn"]).await.attrs["cn"], ["Doe, Jane"]);
    }
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_authority_does_not_connect() {
    let (lab, other) = (lab(world(), true).await, lab(world(), true).await);
    let url = format!("ldaps://localhost:{}", lab.server.tls.port());
    assert!(other.connect(other.settings(), &url).await.is_err());
    assert!(lab.tls.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn paging_reads_all_of_2500_and_no_paging_a_thousand() {
    let lab = lab(world_with_users(2_500), false).await;
    let mut ldap = lab.bound().await;
    let adapters: Vec<Box<dyn Adapter<_, _>>> = vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(700))];
    let query = "(sAMAccountName=u*)";
    let mut stream =
        ldap.streaming_search_with(adapters, "DC=corp,DC=test", Scope::Subtree, query, vec!["cn"]).await.unwrap();
    let mut names = HashSet::new();
    while let Some(entry) = stream.next().await.unwrap() {
        names.extend(SearchEntry::construct(entry).attrs.remove("cn").unwrap());
    }
    let end = stream.finish().await;
    assert_eq!((names.len(), end.rc), (2_500, 0));
    assert_eq!(end.refs.len(), 2, "{:?}", end.refs);

    let search = ldap.search("OU=Left,DC=corp,DC=test", Scope::Subtree, query, vec!["cn"]).await.unwrap();
    assert_eq!((search.0.len(), search.1.rc), (1_000, 4));
    let limited = ldap.with_search_options(SearchOptions::new().sizelimit(7));
    let search = limited.search("OU=Left,DC=corp,DC=test", Scope::Subtree, query, vec!["cn"]).await.unwrap();
    assert_eq!((search.0.len(), search.1.rc), (7, 4));
}

#[tokio::test]
async fn controls_are_honoured_ignored_or_refused() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.bound().await;
    let control = |oid: &str, crit| RawControl { ctype: oid.to_owned(), crit, val: None };
    let critical = ldap.with_controls(control("1.2.3.4", true)).delete(JANE).await.unwrap();
    assert_eq!(critical.rc, 12);
    let scoped = ldap
        .with_controls(vec![control("1.2.840.113556.1.4.1339", true), control("1.2.3.4", false)])
        .search("DC=corp,DC=test", Scope::Subtree, "(cn=nobody)", vec!["cn"])
        .await
        .unwrap();
    assert_eq!((scoped.0.len(), scoped.1.rc), (0, 0));
    let assertion = ldap.with_controls(control("1.3.6.1.1.12", true)).delete(JANE).await.unwrap();
    assert_eq!(assertion.rc, 12, "AD knows no assertion control");
    let unknown = Exop { name: Some("1.2.3.4".to_owned()), val: None };
    assert_eq!(ldap.extended(unknown).await.unwrap().1.rc, 2);
}

#[tokio::test]
async fn a_guid_is_a_target_of_every_write() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.bound().await;
    let guid = format!("<GUID={JANE_GUID}>");
    let octets = HashSet::from([&b"\xff\x00\x01"[..]]);
    let changes = vec![Mod::Replace(&b"mS-DS-ConsistencyGuid"[..], octets)];
    ldap.modify(&guid, changes).await.unwrap().success().unwrap();
    assert_eq!(texts(&lab.world.read(World::clone), JANE, "mS-DS-ConsistencyGuid"), ["ff0001"]);
    let entry = read(&mut ldap, &guid, vec!["objectGUID", "ms-ds-consistencyguid", "objectSid"]).await;
    assert_eq!(entry.bin_attrs["mS-DS-ConsistencyGuid"], [[0xff, 0, 1]]);
    assert_eq!(entry.bin_attrs["objectGUID"][0][..4], [0x5d, 0x5f, 0x35, 0x15]);
    ldap.modifydn(&guid, "CN=Jane", true, Some("OU=Left,DC=corp,DC=test")).await.unwrap().success().unwrap();
    assert_eq!(read(&mut ldap, &guid, vec!["1.1"]).await.dn, "CN=Jane,OU=Left,DC=corp,DC=test");
    assert_eq!(ldap.compare("CN=Jane,OU=Left,DC=corp,DC=test", "mail", "JANE@corp.test").await.unwrap().0.rc, 6);
    assert_eq!(ldap.compare("CN=Jane,OU=Left,DC=corp,DC=test", "mail", "x@corp.test").await.unwrap().0.rc, 5);
    ldap.delete(&guid).await.unwrap().success().unwrap();
    assert_eq!(ldap.delete(&guid).await.unwrap().rc, 32);
    let class = HashSet::from(["user"]);
    assert_eq!(ldap.add(JANE, vec![("objectClass", class)]).await.unwrap().rc, 0);
}

#[tokio::test]
async fn of_fifty_swaps_exactly_one_wins() {
    let lab = lab(world(), false).await;
    let mut swaps = tokio::task::JoinSet::new();
    for number in 0..50 {
        let mut ldap = lab.bound().await;
        swaps.spawn(async move {
            let new = format!("new{number}@corp.test");
            let changes = vec![
                Mod::Delete("mail", HashSet::from(["jane@corp.test"])),
                Mod::Add("mail", HashSet::from([new.as_str()])),
            ];
            ldap.modify(JANE, changes).await.unwrap().rc
        });
    }
    let mut codes = swaps.join_all().await;
    codes.sort_unstable();
    assert_eq!(codes, [vec![0], vec![16; 49]].concat());
}

#[tokio::test]
async fn what_cannot_be_saved_is_not_answered_as_done() {
    let not_a_folder = tempfile::NamedTempFile::new().unwrap();
    let lab = lab_of(SharedWorld::kept_in(world(), not_a_folder.path().join("world.json")), false).await;
    let mut ldap = lab.bound().await;
    assert_eq!(ldap.delete(JANE).await.unwrap().rc, 52);
    assert_eq!(lab.world.read(World::clone), world());
}

#[tokio::test]
async fn a_stopped_server_cuts_its_connections() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.bound().await;
    let plain = lab.server.plain;
    lab.server.stop();
    assert!(ldap.delete(JANE).await.is_err());
    assert!(std::net::TcpStream::connect(plain).is_err());
}

#[tokio::test]
async fn what_was_deleted_and_what_changed_since_a_number_is_found() {
    let lab = lab(world(), false).await;
    let mut ldap = lab.bound().await;
    let highest = async |ldap: &mut Ldap| {
        let found = ldap.search("", Scope::Base, "(objectClass=*)", vec!["highestCommittedUSN"]).await.unwrap();
        let root = SearchEntry::construct(found.success().unwrap().0.remove(0));
        root.attrs["highestCommittedUSN"][0].parse::<u64>().unwrap()
    };
    let before = highest(&mut ldap).await;
    let filter = format!("(uSNChanged>={})", before + 1);
    let deleted = RawControl { ctype: "1.2.840.113556.1.4.417".to_owned(), crit: true, val: None };
    let found = async |ldap: &mut Ldap, shown: bool| {
        if shown {
            ldap.with_controls(vec![deleted.clone()]);
        }
        let attributes = vec!["objectGUID", "isDeleted", "lastKnownParent", "description"];
        let found = ldap.search("DC=corp,DC=test", Scope::Subtree, &filter, attributes).await.unwrap();
        found.success().unwrap().0.into_iter().map(SearchEntry::construct).collect::<Vec<_>>()
    };
    // The domain's head notes the number, which is no change of its own.
    assert_eq!(found(&mut ldap, true).await.len(), 0);
    ldap.delete(JANE).await.unwrap().success().unwrap();
    assert_eq!(highest(&mut ldap).await, before + 1);
    assert_eq!(found(&mut ldap, false).await.len(), 0, "only the control shows it");
    let tombstones = found(&mut ldap, true).await;
    assert_eq!(tombstones.len(), 1);
    let tombstone = &tombstones[0];
    assert!(tombstone.dn.contains("\\0ADEL:") && tombstone.dn.ends_with(",CN=Deleted Objects,DC=corp,DC=test"));
    assert_eq!(tombstone.attrs["isDeleted"], ["TRUE"]);
    assert!(JANE.ends_with(&tombstone.attrs["lastKnownParent"][0]));
    ldap.with_controls(vec![deleted.clone()]);
    let base = "CN=Deleted Objects,DC=corp,DC=test";
    let below = ldap.search(base, Scope::OneLevel, "(isDeleted=TRUE)", vec!["1.1"]).await.unwrap();
    assert_eq!(below.success().unwrap().0.len(), 1);
    assert_eq!(ldap.search(base, Scope::Base, "(objectClass=*)", vec!["1.1"]).await.unwrap().1.rc, 32);
}

#[tokio::test]
async fn requests_that_are_not_waited_for_wait_for_the_latency_together() {
    let manners = Manners {
        pace: Pace { latency: std::time::Duration::from_millis(300), ..Pace::default() },
        ..Manners::default()
    };
    let usage = std::sync::Arc::clone(&manners.usage);
    let lab = lab_with(SharedWorld::in_memory(world()), false, manners).await;
    let mut ldap = lab.bound().await;
    let changes = (0..100).map(|n| {
        let mut ldap = ldap.clone();
        async move {
            let value = HashSet::from([format!("n{n}").into_bytes()]);
            ldap.modify(JANE, vec![Mod::Replace(b"description".to_vec(), value)]).await.unwrap().success().unwrap();
        }
    });
    futures_util::future::join_all(changes).await;
    let counted = usage.now().ldap;
    assert_eq!(counted.writes, 100);
    assert!(counted.peak_pipelined > 50, "{counted:?}");
    ldap.unbind().await.unwrap();
}
