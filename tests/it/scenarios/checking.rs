//! `matchplan check`: both directories, one without the other, and a credential that may not see everything.

use crate::support::program::Ran;
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::lab::world::World;
use serde_json::Value;
use std::net::TcpListener;

const CARLA: &str = "[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n";

/// Contoso without what a visitor's lab has in quarantine from its first day.
async fn site(name: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{CARLA}"));
    site.lab.world().write(tidy).unwrap();
    site
}

fn tidy(world: &mut World) {
    world.entra.users.retain(|user| user.on_premises_provisioning_errors.is_empty());
    let left: Vec<_> = world.entra.users.iter().map(|user| user.id).collect();
    world.entra.role_assignments.retain(|held| left.contains(&held.principal_id));
}

/// The verdict of every check, by its id.
fn verdicts(ran: &Ran) -> impl Fn(&str) -> String {
    let json: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err));
    assert_eq!((json["format_version"].as_u64(), json["kind"].as_str()), (Some(1), Some("check")));
    move |id| {
        let found: Vec<&Value> = json["checks"].as_array().unwrap().iter().filter(|check| check["id"] == id).collect();
        assert!(!found.is_empty(), "there is no {id}: {json:#}");
        found[0]["verdict"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ready_site_passes_and_nothing_is_written() {
    let site = site("check_ready").await;
    let before = site.read().await;
    let ran = site.run(&["check", "--format", "json"]).await.expect(0);
    let verdict = verdicts(&ran);
    for id in ["sync-enabled", "last-sync", "engine-status", "graph-clock", "ad-clock", "ad-reach", "links-ad"] {
        assert_eq!(verdict(id), "pass", "{id}");
    }
    for id in ["links-cloud", "links-scope", "links-target", "quarantined-duplicates", "global-admins", "protect"] {
        assert_eq!(verdict(id), "pass", "{id}");
    }
    site.run(&["check"]).await.expect(0).shows("Sync engine\n").shows("0 fail");
    assert_eq!(site.read().await, before);
    assert!(!site.file("matchplan.journal.jsonl").exists());
    site.has_no_secret_in_files();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_fails_by_name() {
    let site = site("check_wrong").await;
    let change = |world: &mut World| {
        world.entra.features.block_soft_match_enabled = true;
        world.entra.features.allow_on_prem_update_of_on_premises_object_identifier_enabled = true;
    };
    site.lab.world().write(change).unwrap();
    site.plan(CARLA);
    let ran = site.run(&["check", "--format", "json"]).await.expect(3);
    let verdict = verdicts(&ran);
    for id in ["soft-match-switch", "object-identifier-switch", "links-scope"] {
        assert_eq!(verdict(id), "fail", "{id}");
    }
    // Without a match plan there is no link that the switch stands in the way of.
    std::fs::remove_file(site.file("plans/wave.toml")).unwrap();
    let ran = site.run(&["check", "--format", "json"]).await.expect(3);
    assert_eq!(verdicts(&ran)("soft-match-switch"), "pass");
    assert!(!ran.out.contains("links-"), "{}", ran.out);
    site.run(&["check"]).await.expect(3).shows("There is no match plan here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_directory_that_is_down_hides_nothing_of_the_other() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let site = site("check_down").await;
    site.configure(&Wishes { ad: vec![("url", format!("\"ldaps://127.0.0.1:{nobody}\""))], ..Wishes::default() });
    let ran = site.run(&["check", "--format", "json"]).await.expect(3);
    let verdict = verdicts(&ran);
    assert_eq!([verdict("ad-reach"), verdict("tenant-reach")], ["fail", "pass"]);
    assert_eq!([verdict("links-ad"), verdict("links-cloud")], ["cannot-tell", "pass"]);

    let graph = format!("{{ login = \"http://127.0.0.1:{nobody}\", graph = \"http://127.0.0.1:{nobody}\" }}");
    site.configure(&Wishes { entra: vec![("cloud", graph.clone())], ..Wishes::default() });
    let ran = site.run(&["check", "--format", "json"]).await.expect(3);
    let verdict = verdicts(&ran);
    assert_eq!([verdict("ad-reach"), verdict("tenant-reach"), verdict("last-sync")], ["pass", "fail", "cannot-tell"]);
    assert_eq!([verdict("links-ad"), verdict("links-cloud")], ["pass", "cannot-tell"]);

    let ad = vec![("url", format!("\"ldaps://127.0.0.1:{nobody}\""))];
    site.configure(&Wishes { ad, entra: vec![("cloud", graph)], ..Wishes::default() });
    site.run(&["check"]).await.expect(1).shows("FAIL");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_permissions_are_named_and_what_they_hide_is_not_called_good() {
    let site = site("check_permissions").await;
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\nmatch = \"hard\"\nroles = \"suspend\"\n{CARLA}"));
    let change = |world: &mut World| {
        let kept = ["User.Read.All", "Organization.Read.All", "Domain.Read.All"];
        world.entra.caller.permissions.retain(|permission| kept.contains(&permission.as_str()));
        world.entra.caller.permissions.extend(kept.map(str::to_owned));
    };
    site.lab.world().write(change).unwrap();
    let ran = site.run(&["check", "--format", "json"]).await.expect(3);
    let verdict = verdicts(&ran);
    for id in ["permissions-read", "permissions-apply", "permissions-roles"] {
        assert_eq!(verdict(id), "fail", "{id}");
    }
    for id in ["soft-match-switch", "links-roles", "global-admins", "pim"] {
        assert_eq!(verdict(id), "cannot-tell", "{id}");
    }
    assert!(ran.out.contains("OnPremDirectorySynchronization.Read.All"), "{}", ran.out);
}
