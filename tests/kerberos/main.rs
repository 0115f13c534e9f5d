//! Signing in with Kerberos, at a real domain controller's own Kerberos server.
//!
//! Of this machine's Kerberos nothing is used but its programs and libraries: `krb5.conf` and the ticket cache are the
//! test's own, and every server is on loopback. The domain controller is at an address, and a ticket wants a name: a
//! passage on `localhost` leads there, for whose name the domain has a service once the test has added it.
//!
//! Needs the feature `kerberos`, Samba, and `kinit` (`tests/run kerberos`). Where a program is missing it fails.
#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod passage;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the integration tests, which use all of it")]
mod support;
mod tickets;

use ldap3::Mod;
use passage::Passage;
use std::collections::{BTreeSet, HashSet};
use std::net::Ipv4Addr;
use std::time::Duration;
use support::program::Running;
use support::site::{Backend, SYNCED, Site, Wishes};
use tickets::Tickets;

const ADMINISTRATOR: &str = "Administrator@CORP.CONTOSO.COM";
const CARLA_AND_GINA: &str = "[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n\
    [[link]]\nad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\nroles = \"suspend\"\n";

/// Contoso on Samba, signed in to with tickets only.
struct World {
    site: Site,
    controller: Ipv4Addr,
    tickets: Tickets,
    ldaps: Passage,
    ldap: Passage,
}

impl World {
    async fn new() -> Self {
        let site = Site::contoso(Backend::Samba, "kerberos").await.expect("Samba runs here");
        let controller =
            site.directory.tls_url.trim_start_matches("ldaps://").split(':').next().unwrap().parse().unwrap();
        let tickets = Tickets::of(site.folder(), controller);
        let (ldaps, ldap) = (Passage::to((controller, 636).into()).await, Passage::to((controller, 389).into()).await);
        site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{CARLA_AND_GINA}"));
        let world = Self { site, controller, tickets, ldaps, ldap };
        world.configure(&format!("ldaps://localhost:{}", world.ldaps.port), false);
        world
    }

    fn configure(&self, url: &str, starttls: bool) {
        let ad = [("bind", "'kerberos'"), ("user", ""), ("password", ""), ("url", &format!("'{url}'"))];
        let mut ad = ad.map(|(key, value)| (key, value.to_owned())).to_vec();
        if starttls {
            ad.push(("starttls", "true".to_owned()));
        }
        let sync = vec![("trigger", "'wait'".to_owned())];
        self.site.configure(&Wishes { sync, ad, ..Wishes::default() });
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = self.site.command(arguments);
        // No password is asked for, so none is there.
        command.env_remove("TEST_AD_PASSWORD");
        self.tickets.name_in(&mut command);
        command
    }

    async fn run(&self, arguments: &[&str]) -> support::program::Ran {
        support::program::run(self.command(arguments)).await
    }

    /// Adds a name for which the domain controller takes tickets.
    async fn serve_as(&self, service: &str) {
        let mut ldap = self.site.directory.bound().await;
        let controller = format!("CN=DC1,OU=Domain Controllers,{}", self.site.directory.base_dn);
        let add = vec![Mod::Add("servicePrincipalName", HashSet::from([service]))];
        ldap.modify(&controller, add).await.unwrap().success().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_does_all_the_work() {
    let world = World::new().await;
    let password = &world.site.directory.password;

    // What can be wrong, each with what to type next.
    let refused = world.run(&["plan"]).await.expect(1).says("there is no Kerberos ticket");
    refused.says("kinit USER@CORP.CONTOSO.COM");
    world.tickets.get(ADMINISTRATOR, password, &[]).await;
    world.run(&["plan"]).await.expect(1).says("the domain knows no service ldap/localhost");
    world.serve_as("ldap/localhost").await;
    world.tickets.lead_to("127.0.0.1:1");
    world.run(&["plan"]).await.expect(1).says("no Kerberos server of CORP.CONTOSO.COM could be found or reached");
    world.tickets.lead_to(&format!("{}:88", world.controller));
    world.tickets.get(ADMINISTRATOR, password, &["-l", "2s"]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.run(&["plan"]).await.expect(1).says("the Kerberos ticket has expired");

    // Reading, over StartTLS with a keytab and over LDAPS with a ticket.
    world.tickets.throw_away();
    world.tickets.keep_key(ADMINISTRATOR, password).await;
    world.configure(&format!("ldap://localhost:{}", world.ldap.port), true);
    world.run(&["snapshot", "--out", "all.snapshot.json"]).await.expect(0);
    assert_eq!(world.ldap.taken(), 1);
    world.tickets.throw_away();
    world.tickets.get(ADMINISTRATOR, password, &[]).await;
    world.configure(&format!("ldaps://localhost:{}", world.ldaps.port), false);
    let checked = world.run(&["check", "--format", "json"]).await;
    let checked: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    let reach = checked["checks"].as_array().unwrap().iter().find(|check| check["id"] == "ad-reach").unwrap();
    assert_eq!(reach["verdict"], "pass");
    assert!(reach["seen"].as_str().unwrap().contains("signed in with Kerberos"), "{reach}");

    // Writing, by a saved plan. While the first wave waits, the connection breaks and the ticket is replaced: what comes
    // then goes over a new connection, with the new ticket.
    world.run(&["plan", "--out", "wave.plan.json"]).await.expect(0);
    assert!(world.site.text("wave.plan.json").contains("\"bind\": \"kerberos\""));
    let mut applying = Running::start(world.command(&["apply", "wave.plan.json", "--yes"]));
    applying.until("waits for the scheduler's next cycle").await;
    world.tickets.throw_away();
    world.tickets.get(ADMINISTRATOR, password, &[]).await;
    let before = world.ldaps.taken();
    assert_eq!(world.ldaps.cut().await, 1);
    world.site.lab.run_cycle().await.unwrap();
    applying.until("wave      2 of 2").await;
    applying.until("waits for the scheduler's next cycle").await;
    assert_eq!(world.ldaps.taken(), before + 1);
    world.site.lab.run_cycle().await.unwrap();
    applying.end().await.expect(0).shows("2 links: 2 linked");

    // Read with a password, by a client that has nothing to do with the program.
    let (dn, carla) = world.site.ad_user("ccole").await;
    assert!(dn.ends_with(SYNCED), "{dn}");
    assert_eq!(carla["mail"], BTreeSet::from([b"carla.cole@contoso.com".to_vec()]));
    let (dn, _) = world.site.ad_user("ggrant").await;
    assert!(dn.ends_with(SYNCED), "{dn}");
    world.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes.");
    world.site.has_no_secret_in_files();
}
