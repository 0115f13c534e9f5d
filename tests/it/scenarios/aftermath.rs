//! Something changes between the plan and the cycle, and the link is not formed: what is said of it, and that the link
//! is undone without waiting for the timeout.

use super::on_both::on_both;
use crate::support::program::Ran;
use crate::support::site::{SYNCED, Site, Wishes};
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use serde_json::{Value, json};

on_both!(
    a_role_given_meanwhile_makes_a_quarantined_duplicate,
    an_address_taken_meanwhile_links_somebody_else,
    a_switch_turned_meanwhile_is_named,
    a_waiting_link_shows_its_duplicate_in_both_spellings,
);

const CARLA: &str = "carla.cole@contoso.com";
const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";

/// A plan for Carla alone, whose cycle comes when the test runs it.
fn plan(site: &Site, timeout: &str, on_timeout: &str) {
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n[[link]]\nad = \"ccole\"\ncloud = \"{CARLA}\"\n"));
    let sync = vec![
        ("trigger", "\"wait\"".to_owned()),
        ("timeout", format!("\"{timeout}\"")),
        ("on_timeout", format!("\"{on_timeout}\"")),
    ];
    site.configure(&Wishes { sync, ..Wishes::default() });
}

/// Applies, does something while the apply waits for a cycle, and runs one.
async fn meanwhile(site: &Site, change: impl FnOnce(&mut World)) -> Ran {
    plan(site, "1h", "withdraw");
    let mut applying = site.start(&["apply", "--yes"]);
    applying.until("waits for the scheduler's next cycle").await;
    site.lab.world().write(change).unwrap();
    site.lab.run_cycle().await.unwrap();
    applying.end().await
}

fn give_role(world: &mut World) {
    let carla = user(world, CARLA).id;
    let role =
        json!({ "principalId": carla, "roleDefinitionId": HELPDESK, "directoryScopeId": "/", "id": "meanwhile" });
    world.entra.role_assignments.push(serde_json::from_value(role).unwrap());
}

fn user<'a>(world: &'a mut World, upn: &str) -> &'a mut CloudUser {
    world.entra.users.iter_mut().find(|user| user.user_principal_name == upn).expect("the user is there")
}

/// Standard output holds each of these, wherever its lines are broken.
#[track_caller]
fn shows(ran: &Ran, texts: &[&str]) {
    let flat: Vec<&str> = ran.out.split_whitespace().collect();
    let flat = flat.join(" ");
    for text in texts {
        assert!(flat.contains(text), "{text:?} is not in\n--- stdout\n{}\n--- stderr\n{}", ran.out, ran.err);
    }
}

/// The link as `status --format json` tells it.
async fn told(site: &Site) -> Value {
    let json: Value = serde_json::from_str(&site.run(&["status", "--format", "json"]).await.out).unwrap();
    json["links"][0].clone()
}

async fn a_role_given_meanwhile_makes_a_quarantined_duplicate(site: Site) {
    let before = site.ad_user("ccole").await;
    let ran = meanwhile(&site, give_role).await.expect(6);
    shows(
        &ran,
        &[
            "no cycle can form the link any more",
            "quarantined duplicate carla.cole+",
            "ExistingAdminRoleConflict: carla.cole@contoso.com holds Helpdesk Administrator",
            "1. See that nobody works with carla.cole+",
            "deletedItems",
            "1 rolled back",
        ],
    );
    assert!(!ran.out.contains("no proven cycle in time"), "nobody waits for a timeout");
    let mut after = site.ad_user("ccole").await;
    // The engine itself wrote it when it first saw the user, and nobody takes that back.
    after.1.remove("ms-ds-consistencyguid");
    assert_eq!(after, before);
    let link = told(&site).await;
    assert_eq!(link["diagnosis"]["aftermath"]["result"], "quarantined-duplicate");
    assert_eq!(link["diagnosis"]["microsoft_error"], "ExistingAdminRoleConflict");
}

async fn an_address_taken_meanwhile_links_somebody_else(site: Site) {
    let ran = meanwhile(&site, |world| {
        // Carla's primary address is another user's now, who has no ImmutableID.
        let theirs = user(world, CARLA).proxy_addresses.clone();
        let other = user(world, "ben.baker@contoso.com");
        other.proxy_addresses = theirs;
        other.mail = Some(CARLA.to_owned());
        let carla = user(world, CARLA);
        carla.proxy_addresses.clear();
        carla.mail = None;
    })
    .await
    .expect(6);
    shows(&ran, &["was linked with another user", "Do not delete", "1 rolled back"]);
    assert_eq!(told(&site).await["diagnosis"]["aftermath"]["result"], "linked-elsewhere");
}

/// The export is refused, so nothing new is in the cloud.
async fn a_switch_turned_meanwhile_is_named(site: Site) {
    plan(&site, "2s", "hold");
    site.run(&["apply", "--yes"]).await.expect(6);
    site.lab.world().write(|world| world.entra.features.block_soft_match_enabled = true).unwrap();
    site.lab.run_cycle().await.unwrap();
    let status = site.run(&["status"]).await.expect(6);
    shows(&status, &["InvalidSoftMatch: the tenant's switch blockSoftMatchEnabled is on", "no cloud user carries"]);
    assert_eq!(told(&site).await["diagnosis"]["aftermath"]["result"], "nothing-yet");
}

/// Microsoft shows quarantined names with a `+` before the digits, and without.
async fn a_waiting_link_shows_its_duplicate_in_both_spellings(site: Site) {
    plan(&site, "2s", "hold");
    let ran = site.run(&["apply", "--yes"]).await.expect(6);
    shows(&ran, &["1 waiting", "no cloud user carries the anchor"]);
    shows(&site.run(&["status"]).await.expect(6), &["no cloud user carries the anchor"]);
    site.lab.world().write(give_role).unwrap();
    site.lab.run_cycle().await.unwrap();
    let status = site.run(&["status"]).await.expect(6);
    shows(&status, &["quarantined duplicate carla.cole+", "the way back, in this order"]);
    let renamed = site.lab.world().write(|world| {
        let is_duplicate = |user: &&mut CloudUser| user.user_principal_name.starts_with("carla.cole+");
        let duplicate = world.entra.users.iter_mut().find(is_duplicate).expect("the cycle made it");
        duplicate.user_principal_name = duplicate.user_principal_name.replace('+', "");
        duplicate.user_principal_name.clone()
    });
    let renamed = format!("quarantined duplicate {}", renamed.unwrap());
    shows(&site.run(&["status"]).await.expect(6), &[&renamed]);
    shows(&site.run(&["status", "--offline"]).await.expect(6), &["no cloud user carries the anchor"]);
    let ran = site.run(&["apply"]).await.expect(6);
    shows(&ran, &["no cycle can form the link any more", &renamed, "1 rolled back"]);
    assert_eq!(told(&site).await["diagnosis"]["aftermath"]["result"], "quarantined-duplicate");
}
