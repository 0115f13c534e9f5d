//! A small wave by Cloud Sync's provisioning on demand: a pilot of one and then the rest, a user that it refuses, and the
//! scheduler where the permission is missing.

use crate::support::program::{Ran, program, run};
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::lab::world::cloud::CloudUser;
use matchplan::lab::world::sync::CloudSync;
use matchplan::lab::world::{World, contoso, load};
use std::path::Path;

const PRINCIPAL: &str = "00000000-0000-4000-8000-00000000c5c5";
const LINKS: [(&str, &str); 3] =
    [("asmith", "anna.smith@contoso.com"), ("bbaker", "ben.baker@contoso.com"), ("jjung", "jonas.jung@contoso.com")];

/// Contoso with a job of Cloud Sync.
fn with_a_job(allowed: bool) -> World {
    let mut world = contoso();
    world.sync.cloud_sync = Some(CloudSync {
        service_principal: PRINCIPAL.parse().unwrap(),
        job: "AD2AADProvisioning.a948e1d58215475cb76a66f39959b21a.791b065b".to_owned(),
        rule: "6c409270-f78a-4bc6-af23-7cf3ab6482fe".to_owned(),
    });
    if allowed {
        world.entra.caller.permissions.push("Synchronization.ReadWrite.All".to_owned());
    }
    world
}

fn plan(links: &[(&str, &str)]) -> String {
    let links = links.iter().map(|(ad, cloud)| format!("[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\n"));
    format!("[defaults]\nmove_to = \"{SYNCED}\"\n{}", links.collect::<String>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pilot_of_one_and_then_the_rest_without_any_cycle() {
    let site = Site::over(with_a_job(true), Backend::Embedded, "on_demand_pilot").await.unwrap();
    let trigger = format!("{{ provision_on_demand = {{ service_principal = \"{PRINCIPAL}\" }} }}");
    let sync = vec![("engine", "\"cloud-sync\"".to_owned()), ("trigger", trigger), ("status", String::new())];
    site.configure(&Wishes { sync, ..Wishes::default() });
    site.plan(&plan(&LINKS));
    let next = |site: &Site| site.lab.world().read(|world| world.sync.next_cycle);
    let before: Vec<CloudUser> = LINKS.iter().map(|(_, cloud)| site.cloud_user(cloud)).collect();
    let due = next(&site);

    site.run(&["plan", "--pilot", "1", "--out", "p.plan.json"]).await.expect(0).shows("Wave 2: 2 links");
    let said = site.run(&["apply", "--yes", "p.plan.json"]).await.expect(0);
    let said = said
        .says("wave 1: 1 user provisioned on demand")
        .says("1 of 1 link formed")
        .says("wave 2: 2 users provisioned on demand");
    assert!(!said.err.contains("is proven"), "no cycle ran, and none is proven: {}", said.err);
    said.shows("3 links: 3 linked");
    assert_eq!(next(&site), due, "no cycle ran");
    for user in before {
        let after = site.cloud_user(&user.user_principal_name);
        assert_eq!((after.id, after.on_premises_sync_enabled), (user.id, Some(true)));
    }
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0);
}

/// A project whose lab has this world. Its time passes as fast as it is waited for.
struct Fast(tempfile::TempDir);

impl Fast {
    fn over(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("plans")).unwrap();
        std::fs::create_dir_all(folder.path().join(".matchplan/lab")).unwrap();
        std::fs::write(folder.path().join("plans/wave.toml"), format!("version = 1\n{}", plan(&LINKS[..2]))).unwrap();
        let fast = Self(folder);
        fast.put(world);
        fast
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, world: &World) {
        std::fs::write(self.folder().join(".matchplan/lab/world.json"), serde_json::to_vec(world).unwrap()).unwrap();
    }

    fn world(&self) -> World {
        load::load(&self.folder().join(".matchplan/lab/world.json")).unwrap()
    }

    fn synced(&self, upn: &str) -> Option<bool> {
        let world = self.world();
        let user = world.entra.users.iter().find(|user| user.user_principal_name == upn).cloned();
        user.unwrap().on_premises_sync_enabled
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        run(program(self.folder(), arguments)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_is_undone_with_the_reason() {
    let fast = Fast::over(&with_a_job(true));
    fast.run(&["apply", "plans/wave.toml", "--lab", "--yes", "--prepare"]).await.expect(6);
    let mut world = fast.world();
    world.entra.features.block_soft_match_enabled = true;
    fast.put(&world);
    let said = fast.run(&["apply", "--lab"]).await.expect(6);
    said.says("wave 1: 0 users provisioned on demand, 2 refused")
        .says("provisioning on demand did not form the link (refused: InvalidSoftMatch");
    assert_eq!(fast.synced("anna.smith@contoso.com"), None);
    let ous: Vec<String> = fast.world().ad[0].entries.iter().map(|entry| entry.dn.to_string()).collect();
    assert!(ous.contains(&"CN=Anna Smith,OU=Staging,DC=corp,DC=contoso,DC=com".to_owned()), "{ous:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_permission_the_scheduler_does_it() {
    let fast = Fast::over(&with_a_job(false));
    let said = fast.run(&["apply", "plans/wave.toml", "--lab", "--yes"]).await.expect(0);
    let said = said.says("grant Synchronization.ReadWrite.All").says("wave 1 waits for the scheduler's next cycle");
    assert!(!said.err.contains("provisioned on demand"), "{}", said.err);
    said.shows("2 links: 2 linked");
    assert_eq!(fast.synced("anna.smith@contoso.com"), Some(true));
}
