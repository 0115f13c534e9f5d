//! What a person, or a directory, can get wrong: one clear message, what to do, the documented exit code, and nothing
//! changed.

use super::linking::assert_same;
use crate::support::program::{Ran, program, run};
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::lab::tls::LabTls;
use matchplan::lab::world::World;
use matchplan::lab::world::contoso;
use matchplan::lab::world::forest::AdValues;
use std::net::TcpListener;

const CARLA: &str = "[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n";

/// Contoso, with a plan of these links.
async fn site(name: &str, links: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{links}"));
    site
}

/// `plan` and `apply --yes` both end with this code and say all of this, and nothing has changed.
async fn refused(site: &Site, code: i32, says: &[&str]) {
    let before = site.read().await;
    for arguments in [&["plan"][..], &["apply", "--yes"]] {
        let ran = site.run(arguments).await.expect(code);
        said(&ran, says);
    }
    assert_same(&site.read().await, &before);
    assert!(!site.file("matchplan.journal.jsonl").exists(), "nothing was begun");
}

#[track_caller]
fn said(ran: &Ran, says: &[&str]) {
    let all = format!("{}{}", ran.out, ran.err);
    for text in says {
        assert!(all.contains(text), "{text:?} is not in\n{all}");
    }
    assert!(!all.contains("panicked"), "{all}");
}

/// A port of this machine where nobody listens.
fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

macro_rules! cases {
    ($($(#[$doc:meta])* async fn $name:ident() $body:block)*) => {
        $($(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() $body)*
    };
}

cases! {
    async fn broken_toml() {
        let site = site("broken_toml", "[[link]\nad = \"ccole\"\n").await;
        refused(&site, 1, &["plans/wave.toml:4", "1 problem", "nothing was changed"]).await;
    }

    async fn unknown_keys() {
        let site = site("unknown_keys", "[[link]]\nad = \"ccole\"\nclod = \"carla.cole@contoso.com\"\n").await;
        refused(&site, 1, &["clod", "plans/wave.toml:6", "did you mean `cloud`?"]).await;
    }

    async fn the_same_user_in_two_links() {
        let again = "[[link]]\nad = \"ffox\"\ncloud = \"Carla.Cole@contoso.com\"\n";
        let site = site("same_user_twice", &format!("{CARLA}{again}")).await;
        refused(&site, 1, &["Carla.Cole@contoso.com", "plans/wave.toml:9"]).await;
    }

    async fn a_missing_user() {
        let site = site("missing_user", "[[link]]\nad = \"cole\"\ncloud = \"carla.cole@contoso.com\"\n").await;
        refused(&site, 3, &["ad-user-missing", "Did you mean ccole?"]).await;
        site.plan("[[link]]\nad = \"ccole\"\ncloud = \"karla.cole@contoso.com\"\n");
        refused(&site, 3, &["cloud-user-missing", "karla.cole@contoso.com"]).await;
    }

    async fn an_ambiguous_user() {
        let mut world = contoso();
        set(&mut world, "ffox", "userPrincipalName", "ccole@contoso.com");
        set(&mut world, "ccole", "userPrincipalName", "ccole@contoso.com");
        let site = Site::over(world, Backend::Embedded, "ambiguous_user").await.unwrap();
        site.plan("[[link]]\nad = \"ccole@contoso.com\"\ncloud = \"carla.cole@contoso.com\"\n");
        refused(&site, 3, &["ad-user-ambiguous", "2 AD users answer to", "DN or objectGUID"]).await;
    }

    async fn a_user_that_is_synced_already() {
        let site = site("synced_already", "[[link]]\nad = \"uupton\"\ncloud = \"amir.nasser@contoso.com\"\n").await;
        refused(&site, 3, &["amir.nasser@contoso.com", "already"]).await;
    }

    async fn a_protected_user() {
        let link = "[[link]]\nad = \"bglass\"\ncloud = \"breakglass@contoso.onmicrosoft.com\"\nroles = \"suspend\"\n";
        let site = site("protected_user", link).await;
        refused(&site, 3, &["protected", "breakglass@contoso.onmicrosoft.com"]).await;
    }

    async fn an_anchor_that_is_no_anchor() {
        let anchor = "xMf1FXx9RIcbcAbDlqeOA==";
        let site = site("no_anchor", &format!("{CARLA}match = \"hard\"\nanchor = \"{anchor}\"\n")).await;
        refused(&site, 1, &[anchor, "plans/wave.toml:8"]).await;
        said(&site.run(&["anchor", anchor]).await.expect(1), &[anchor, "23"]);
        // In the cloud, where somebody else has put it.
        site.plan("[[link]]\nad = \"vvogt\"\ncloud = \"vera.vogt@contoso.com\"\nmatch = \"soft\"\n");
        refused(&site, 3, &[anchor]).await;
    }

    async fn a_state_file_of_a_newer_version() {
        let site = site("newer_state", CARLA).await;
        site.run(&["apply", "--yes"]).await.expect(0);
        let state = site.text("matchplan.state.json").replace("\"format_version\": 3", "\"format_version\": 99");
        assert!(state.contains("\"format_version\": 99"));
        site.write("matchplan.state.json", &state);
        let before = site.read().await;
        for arguments in [&["apply", "--yes"][..], &["rollback", "--yes"], &["status"]] {
            said(&site.run(arguments).await.expect(1), &["he state file matchplan.state.json cannot be used", "99", "a newer one"]);
        }
        assert_same(&site.read().await, &before);
        assert_eq!(site.text("matchplan.state.json"), state);
    }

    async fn ldap_is_unreachable() {
        let site = site("ldap_unreachable", CARLA).await;
        let url = format!("\"ldaps://127.0.0.1:{}\"", nobody());
        site.configure(&Wishes { ad: vec![("url", url)], ..Wishes::default() });
        refused(&site, 1, &["Could not connect to ldaps://127.0.0.1", "matchplan.toml"]).await;
    }

    async fn graph_is_unreachable() {
        let site = site("graph_unreachable", CARLA).await;
        let host = format!("\"http://127.0.0.1:{}\"", nobody());
        let login = format!("\"{}\"", site.lab.ready().graph_url);
        let before = site.read().await;
        for (login, what) in [(&host, "Could not sign in to Entra ID"), (&login, "Could not read")] {
            let mut entra = ready_token();
            if *login == host {
                entra.clear();
            }
            entra.push(("cloud", format!("{{ login = {login}, graph = {host} }}")));
            site.configure(&Wishes { entra, ..Wishes::default() });
            let mut apply = site.command(&["apply", "--yes"]);
            apply.env("TEST_TOKEN", "some-token");
            said(&run(apply).await.expect(1), &[what, "127.0.0.1: no connection", "check the network"]);
        }
        assert_same(&site.read().await, &before);
    }

    async fn a_wrong_password() {
        let site = site("wrong_password", CARLA).await;
        let before = site.read().await;
        let mut apply = site.command(&["apply", "--yes"]);
        apply.env("TEST_AD_PASSWORD", "wrong-7431");
        let ran = run(apply).await.expect(1);
        said(&ran, &["the user name or the password is wrong", "check the password's source"]);
        assert!(!format!("{}{}", ran.out, ran.err).contains("wrong-7431"));
        let mut unset = site.command(&["plan"]);
        unset.env_remove("TEST_AD_PASSWORD");
        said(&run(unset).await.expect(1), &["TEST_AD_PASSWORD is not set"]);
        assert_same(&site.read().await, &before);
    }

    /// The other build has `tests/kerberos`.
    #[cfg(not(any(windows, feature = "kerberos")))]
    async fn kerberos_in_a_build_without_it() {
        let site = site("no_kerberos", CARLA).await;
        let url = site.directory.tls_url.replace("127.0.0.1", "localhost");
        let ad = [("bind", "'kerberos'"), ("user", ""), ("password", ""), ("url", &format!("'{url}'"))];
        let ad = ad.map(|(key, value)| (key, value.to_owned())).to_vec();
        site.configure(&Wishes { ad, ..Wishes::default() });
        // The file is right, and no password is looked for.
        site.run(&["validate"]).await.expect(0);
        refused(&site, 1, &["this build of matchplan has no Kerberos", "--features kerberos", "`bind = \"simple\"`"]).await;
        said(&site.run(&["check"]).await, &["no Kerberos", "klist"]);
    }

    async fn a_wrong_secret() {
        let site = site("wrong_secret", CARLA).await;
        let before = site.read().await;
        let mut apply = site.command(&["apply", "--yes"]);
        apply.env("TEST_CLIENT_SECRET", "wrong-7431");
        let ran = run(apply).await.expect(1);
        said(&ran, &["the client secret is wrong", "AADSTS7000215", "not its id"]);
        assert!(!format!("{}{}", ran.out, ran.err).contains("wrong-7431"));
        assert_same(&site.read().await, &before);
    }

    async fn a_token_that_is_no_good() {
        let site = site("bad_token", CARLA).await;
        site.configure(&Wishes { entra: ready_token(), ..Wishes::default() });
        let before = site.read().await;
        let mut apply = site.command(&["apply", "--yes"]);
        apply.env("TEST_TOKEN", "no-token-of-the-lab");
        let ran = run(apply).await.expect(1);
        said(&ran, &["401", "renew the secret or the token"]);
        assert!(!format!("{}{}", ran.out, ran.err).contains("no-token-of-the-lab"));
        assert_same(&site.read().await, &before);
    }

    async fn a_missing_permission_to_read() {
        let site = without(contoso(), &["User.", "Directory."], "may_not_read").await;
        let before = site.lab.world().read(World::clone);
        said(&site.run(&["apply", "--yes"]).await.expect(1), &["HTTP 403", "grant User.Read.All to the application"]);
        assert_eq!(site.lab.world().read(World::clone), before);
    }

    async fn a_missing_permission_to_write() {
        let site = without(contoso(), &["User.ReadWrite.All"], "may_not_write").await;
        site.plan(&format!("[[link]]\nad = \"llang\"\ncloud = \"lena.lang@contoso.com\"\nmatch = \"hard\"\nmove_to = \"{SYNCED}\"\n"));
        let before = site.read().await;
        let ran = site.run(&["apply", "--yes"]).await.expect(6);
        said(&ran, &["HTTP 403", "grant User.ReadWrite.All", "Privileged Authentication Administrator", "1 failed"]);
        assert_same(&site.read().await, &before);
    }

    async fn a_missing_role() {
        let mut world = contoso();
        let caller = world.entra.caller.id;
        world.entra.caller.roles.clear();
        world.entra.role_assignments.retain(|assignment| assignment.principal_id != caller);
        let site = without(world, &["RoleManagement.ReadWrite.Directory"], "missing_role").await;
        site.plan(&format!(
            "[[link]]\nad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\nroles = \"suspend\"\nmove_to = \"{SYNCED}\"\n"
        ));
        let before = site.read().await;
        // What it may not read about PIM is a brake of its own; past it, taking the role is what is refused.
        site.run(&["apply", "--yes"]).await.expect(3).shows("unproven-restore");
        let ran = site.run(&["apply", "--yes", "--allow", "unproven-restore"]).await;
        assert_ne!(ran.code, 0, "{}", ran.out);
        said(&ran, &["RoleManagement.ReadWrite.Directory", "Privileged Role Administrator"]);
        assert_same(&site.read().await, &before);
    }

    async fn a_certificate_that_is_not_trusted() {
        let site = site("untrusted", CARLA).await;
        site.write("ca.pem", LabTls::generate().unwrap().ca_pem());
        refused(&site, 1, &["certificate", "ca_file"]).await;
    }

    async fn nobody_to_ask() {
        let site = site("nobody_to_ask", CARLA).await;
        let before = site.read().await;
        said(&site.run(&["apply"]).await.expect(64), &["no terminal to ask on", "--yes"]);
        assert_same(&site.read().await, &before);
    }

    async fn words_that_are_not_known() {
        let folder = tempfile::tempdir().unwrap();
        said(&run(program(folder.path(), &["aply"])).await.expect(64), &["apply"]);
        said(&run(program(folder.path(), &["plan", "--allow", "everything"])).await.expect(64), &["too-many-links"]);
        said(&run(program(folder.path(), &["plan"])).await.expect(1), &["matchplan init", "--lab"]);
    }
}

/// A token from the environment in place of a secret.
fn ready_token() -> Vec<(&'static str, String)> {
    vec![
        ("credential", "\"access-token\"".to_owned()),
        ("token", "{ env = \"TEST_TOKEN\" }".to_owned()),
        ("client_id", String::new()),
        ("secret", String::new()),
    ]
}

/// Gives an AD user another value of an attribute.
fn set(world: &mut World, account: &str, attribute: &str, value: &str) {
    let is_it = |v: &AdValues| v.texts() == [account];
    let entry = world.ad[0].entries.iter_mut().find(|e| e.values("sAMAccountName").is_some_and(is_it)).unwrap();
    entry.attributes.insert(attribute.to_owned(), AdValues::One(value.to_owned()));
}

/// A site whose application lacks all permissions that begin like this.
async fn without(mut world: World, permissions: &[&str], name: &str) -> Site {
    world.entra.caller.permissions.retain(|held| !permissions.iter().any(|start| held.starts_with(start)));
    let site = Site::over(world, Backend::Embedded, name).await.unwrap();
    site.plan(&format!("{CARLA}move_to = \"{SYNCED}\"\n"));
    site
}
