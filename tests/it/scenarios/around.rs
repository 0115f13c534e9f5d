//! Work around the links: unlinking, the recycle bin, the match window, duplicates, federated users, a pilot.

use super::on_both::on_both;
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use std::collections::BTreeSet;

on_both!(through_the_recycle_bin, a_duplicate_is_removed, through_the_window, by_a_detour, a_pilot_first,);

/// An OU that is not synced.
const LEFT: &str = "OU=Staging,DC=corp,DC=contoso,DC=com";

fn link(account: &str, cloud: &str, more: &str) -> String {
    format!("[[link]]\nad = \"{account}\"\ncloud = \"{cloud}\"\n{more}\n")
}

fn to_synced_ou() -> String {
    format!("move_to = \"{SYNCED}\"\n")
}

fn hold(site: &Site) {
    let sync = vec![("hold", site.engine("hold")), ("release", site.engine("release"))];
    site.configure(&Wishes { sync, ..Wishes::default() });
}

/// Contoso, changed, on the embedded AD.
async fn changed(name: &str, change: impl FnOnce(&mut World)) -> Site {
    let mut world = matchplan::lab::world::contoso();
    change(&mut world);
    Site::over(world, Backend::Embedded, name).await.expect("the embedded AD is always there")
}

/// What a cloud user remembers of AD.
fn residue(user: &CloudUser) -> [&Option<String>; 6] {
    [
        &user.on_premises_distinguished_name,
        &user.on_premises_domain_name,
        &user.on_premises_immutable_id,
        &user.on_premises_sam_account_name,
        &user.on_premises_security_identifier,
        &user.on_premises_user_principal_name,
    ]
}

async fn through_the_recycle_bin(site: Site) {
    let ours = "isabel.ito@contoso.com";
    let section =
        format!("[[unlink]]\ncloud = \"{ours}\"\nmethod = \"recycle-bin\"\nad = \"iito\"\nmove_to = \"{LEFT}\"\n");
    site.plan(&section);
    let before = site.cloud_user(ours);
    let plan = site.run(&["plan", "--detailed-exitcode"]).await.expect(2);
    plan.shows("through the recycle bin").shows("deleted-for-a-while").shows("Plan: 1 task");
    let applied = site.run(&["apply", "--yes"]).await.expect(0);
    applied.shows("1 task: 1 done");
    let after = site.cloud_user(ours);
    assert_eq!((after.id, after.on_premises_sync_enabled), (before.id, None));
    assert_eq!(residue(&after), [&None; 6], "nothing points to AD any more");
    assert_eq!(after.proxy_addresses, before.proxy_addresses, "and nothing else is lost");
    assert!(site.ad_user("iito").await.0.ends_with(LEFT));

    // The next cycle makes nothing of it, and planning again has an answer to what was written.
    site.lab.run_cycle().await.expect("a cycle");
    assert_eq!(site.cloud_user(ours), after);

    site.run(&["rollback", "--yes"]).await.expect(0);
    let back = site.cloud_user(ours);
    assert_eq!(residue(&back), residue(&before));
    assert!(site.ad_user("iito").await.0.ends_with(SYNCED));
    site.lab.run_cycle().await.expect("a cycle");
    assert_eq!(site.cloud_user(ours).on_premises_sync_enabled, Some(true), "the next cycle links it again");
}

async fn a_duplicate_is_removed(site: Site) {
    hold(&site);
    let wanted = "wanda.wolf@contoso.com";
    let of_wanda = |world: &World| {
        let all = world.entra.users.iter().chain(&world.entra.deleted_users);
        all.filter(|user| user.user_principal_name.contains("wanda.wolf")).map(|user| user.id).collect::<BTreeSet<_>>()
    };
    assert_eq!(site.lab.world().read(of_wanda).len(), 2, "a failed match left a second one");
    site.plan(&link("wwolf", wanted, "duplicate = \"remove\""));
    site.run(&["plan"]).await.expect(3).shows("irreversible").shows("allow = [\"purge\"]");
    site.plan(&link("wwolf", wanted, "duplicate = \"remove\"\nallow = [\"purge\"]"));
    site.run(&["plan"]).await.expect(0).shows("1 user deleted for good").shows("never");
    let before = site.cloud_user(wanted);
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 link: 1 linked");
    let after = site.cloud_user(wanted);
    assert_eq!((after.id, after.on_premises_sync_enabled), (before.id, Some(true)));
    assert_eq!(site.lab.world().read(of_wanda), BTreeSet::from([before.id]));
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("formed already");
}

async fn through_the_window(site: Site) {
    let blocks = |world: &World| world.entra.features.block_soft_match_enabled;
    site.plan("[tenant]\nblockSoftMatchEnabled = true\n");
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 task: 1 done");
    assert!(site.lab.world().read(blocks));
    site.run(&["tenant"]).await.expect(0).shows("soft matches are refused");

    let asmith = link("asmith", "anna.smith@contoso.com", &(to_synced_ou() + "match = \"soft\""));
    site.plan(&asmith);
    site.run(&["plan"]).await.expect(3).shows("soft-match-blocked");
    site.plan(&format!("{asmith}[window]\nsoft_match = true\n"));
    site.run(&["plan"]).await.expect(0).shows("match window for soft matches");
    let said = site.run(&["apply", "--yes"]).await.expect(0);
    said.shows("1 link: 1 linked; 1 task: 1 done");
    assert!(site.lab.world().read(blocks), "the window is closed again");
    assert_eq!(site.cloud_user("anna.smith@contoso.com").on_premises_sync_enabled, Some(true));
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("formed already");
}

async fn by_a_detour(site: Site) {
    let erik = "erik.eriksen@contoso.com";
    let more = to_synced_ou() + "match = \"hard\"\nupn = \"cloud\"";
    site.lab
        .world()
        .write(|world| {
            for domain in &mut world.entra.domains {
                if domain.id == "contoso.com" {
                    "Federated".clone_into(&mut domain.authentication_type);
                }
            }
        })
        .expect("the world is in memory");
    site.plan(&link("eeriksen", erik, &more));
    site.run(&["plan"]).await.expect(3).shows("federated = \"detour\"");
    site.plan(&link("eeriksen", erik, &format!("{more}\nfederated = \"detour\"")));
    site.run(&["plan"]).await.expect(0).shows("erik.eriksen@contoso.onmicrosoft.com").shows("sign-in-name-detour");
    let before = site.cloud_user(erik);
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 link: 1 linked");
    let after = site.cloud_user(erik);
    assert_eq!((after.id, after.on_premises_sync_enabled), (before.id, Some(true)));
    assert_eq!(after.user_principal_name, erik);
}

async fn a_pilot_first(site: Site) {
    let links = [
        ("asmith", "anna.smith@contoso.com"),
        ("bbaker", "ben.baker@contoso.com"),
        ("jjung", "jonas.jung@contoso.com"),
    ];
    let text: String = links.iter().map(|(ad, cloud)| link(ad, cloud, &to_synced_ou())).collect();
    site.plan(&text);
    site.run(&["plan", "--pilot", "1", "--out", "p.plan.json"]).await.expect(0).shows("Wave 2: 2 links");
    let said = site.run(&["apply", "--yes", "p.plan.json"]).await.expect(0);
    said.says("1 of 1 link formed; 2 links wait for your decision").shows("3 links: 3 linked");
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cloud_becomes_the_source_and_ad_again() {
    let site = changed("authority", |_| ()).await;
    let ours = "isabel.ito@contoso.com";
    site.plan(&format!("[[unlink]]\ncloud = \"{ours}\"\nmethod = \"source-of-authority\"\n"));
    site.run(&["plan"]).await.expect(0).shows("authority-prerequisites").shows("isCloudManaged");
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 task: 1 done");
    assert!(site.cloud_user(ours).is_cloud_managed);
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0);
    site.run(&["rollback", "--yes"]).await.expect(0);
    site.lab.run_cycle().await.expect("a cycle");
    let back = site.cloud_user(ours);
    assert_eq!((back.is_cloud_managed, back.on_premises_sync_enabled), (false, Some(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_user_remembers_is_cleared_and_set_back() {
    let left = "left.behind@contoso.com";
    let site = changed("clear", |world| {
        let text = |value: &str| Some(value.to_owned());
        let mut user = CloudUser::named(left);
        user.id = "00000000-0000-4000-8000-00000000c1ea".parse().unwrap();
        user.on_premises_immutable_id = text("AAAAAAAAAAAAAAAAAAAAAQ==");
        user.on_premises_sam_account_name = text("lbehind");
        user.on_premises_security_identifier = text("S-1-5-21-9-9-9-1109");
        user.on_premises_object_identifier = text("an earlier object");
        world.entra.users.push(user);
    })
    .await;
    let before = site.cloud_user(left);
    site.plan(&format!("[[unlink]]\ncloud = \"{left}\"\nmethod = \"clear\"\n"));
    let plan = site.run(&["plan", "--out", "p.plan.json"]).await.expect(0);
    plan.shows("onPremisesSamAccountName").shows("lbehind").shows("User-OnPremisesSyncBehavior.ReadWrite.All");
    site.run(&["apply", "--yes", "p.plan.json"]).await.expect(0).shows("1 task: 1 done");
    let after = site.cloud_user(left);
    assert_eq!((residue(&after), &after.on_premises_object_identifier), ([&None; 6], &None));
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0);
    site.run(&["rollback", "--yes"]).await.expect(0);
    assert_eq!(residue(&site.cloud_user(left)), residue(&before));
    site.run(&["status"]).await.expect(0).shows("rolled back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_in_the_recycle_bin_is_purged_and_the_link_is_formed() {
    let site = changed("purge", |_| ()).await;
    let wanted = link("qquinn", "quentin.quinn@contoso.com", &to_synced_ou());
    site.plan(&wanted);
    site.run(&["plan"]).await.expect(3).shows("soft-deleted-holder");
    let holder = site.lab.world().read(|world| {
        let quinn = |user: &&CloudUser| user.user_principal_name.contains("quinn");
        world.entra.deleted_users.iter().find(quinn).map(|user| user.id).expect("in the bin")
    });
    let purge = |allow: &str| format!("[[deleted]]\nuser = \"{holder}\"\naction = \"purge\"\n{allow}");
    site.plan(&purge(""));
    site.run(&["apply", "--yes"]).await.expect(3).shows("irreversible");
    site.plan(&purge("allow = [\"purge\"]\n"));
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 task: 1 done");
    assert!(site.lab.world().read(|world| world.entra.deleted_users.iter().all(|user| user.id != holder)));
    site.run(&["rollback", "--yes"]).await.expect(1).says("nothing that could be undone");
    site.plan(&wanted);
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 link: 1 linked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_comes_back_from_the_recycle_bin_and_a_rollback_deletes_it_again() {
    let gone = "gone.again@contoso.com";
    let site = changed("restore", |world| {
        let mut user = CloudUser::named(gone);
        user.id = "00000000-0000-4000-8000-0000000090e0".parse().unwrap();
        let (id, now) = (user.id, world.clock);
        world.entra.users.push(user);
        world.entra.soft_delete(id, now);
    })
    .await;
    site.plan(&format!("[[deleted]]\nuser = \"{gone}\"\naction = \"restore\"\nupn = \"back.again@contoso.com\"\n"));
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 task: 1 done");
    site.cloud_user("back.again@contoso.com");
    site.run(&["rollback", "--yes"]).await.expect(0);
    assert!(
        site.lab.world().read(|world| world
            .entra
            .users
            .iter()
            .all(|user| !user.user_principal_name.starts_with("back")))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permanent_feature_needs_its_name() {
    let site = changed("permanent", |world| world.entra.features.soft_match_on_upn_enabled = false).await;
    site.plan("[tenant]\nsoftMatchOnUpnEnabled = true\n");
    site.run(&["apply", "--yes"]).await.expect(3).shows("--allow permanent-feature");
    site.run(&["apply", "--yes", "--allow", "permanent-feature"]).await.expect(0).shows("1 task: 1 done");
    site.plan("[tenant]\nsoftMatchOnUpnEnabled = false\n");
    site.run(&["apply", "--yes"]).await.expect(3).tells("does not let it be switched off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_selected_is_planned() {
    let site = changed("selected", |_| ()).await;
    let links = [("asmith", "anna.smith@contoso.com"), ("bbaker", "ben.baker@contoso.com")];
    let text: String = links.iter().map(|(ad, cloud)| link(ad, cloud, &to_synced_ou())).collect();
    site.plan(&text);
    site.write("later.txt", "# not yet\nben.baker@contoso.com # on holiday\n");
    site.run(&["plan", "--exclude", "@later.txt", "--out", "p.plan.json"]).await.expect(0).shows("Plan: 1 link");
    site.run(&["plan", "--only", "corp/bbaker"]).await.expect(0).shows("ben.baker");
    site.run(&["plan", "--only", "nobody"]).await.expect(64).says("nobody").says("corp/jsmith");
    site.run(&["plan", "--only", "@matchplan.toml.missing"]).await.expect(1);
    site.run(&["apply", "--yes", "p.plan.json", "--only", "asmith"]).await.expect(64).says("as it was saved");
    site.run(&["apply", "--yes", "p.plan.json"]).await.expect(0).shows("1 link: 1 linked");
    site.run(&["plan", "--detailed-exitcode"]).await.expect(2).shows("ben.baker");
}
