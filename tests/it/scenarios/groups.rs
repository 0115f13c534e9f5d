//! Links of groups and contacts.

use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::{CloudGroup, CloudHolder};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::model::id::ObjectId;
use std::collections::BTreeMap;

mod embedded {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_group_and_a_contact() {
        there(Backend::Embedded, "group-and-contact", super::a_group_and_a_contact).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_group_through_the_window() {
        there(Backend::Embedded, "group-window", super::a_group_through_the_window).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_link_that_no_cycle_forms() {
        there(Backend::Embedded, "group-no-cycle", super::a_link_that_no_cycle_forms).await;
    }
}

mod samba {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_group_and_a_contact() {
        there(Backend::Samba, "group-and-contact", super::a_group_and_a_contact).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_link_that_no_cycle_forms() {
        there(Backend::Samba, "group-no-cycle", super::a_link_that_no_cycle_forms).await;
    }
}

const STAGED: &str = "OU=Staging,DC=corp,DC=contoso,DC=com";
const TEAM: &str = "00000000-0000-4000-8000-0000000000a1";
const PARTNER: &str = "00000000-0000-4000-8000-0000000000a2";

fn entry(dn: &str, guid: u128, values: &[(&str, &[&str])]) -> AdEntry {
    let many = |values: &[&str]| AdValues::Many(values.iter().map(ToString::to_string).collect());
    AdEntry {
        dn: matchplan::model::dn::Dn::parse(dn).unwrap(),
        guid: matchplan::model::id::AdGuid(uuid::Uuid::from_u128(guid)),
        sid: None,
        attributes: values.iter().map(|(name, values)| ((*name).to_owned(), many(values))).collect::<BTreeMap<_, _>>(),
    }
}

/// Contoso with a mail-enabled group and a contact on both sides.
fn world() -> World {
    let mut world = matchplan::lab::world::contoso();
    let group = entry(
        &format!("CN=Marketing,{STAGED}"),
        0xa1,
        &[
            ("objectClass", &["top", "group"]),
            ("cn", &["Marketing"]),
            ("sAMAccountName", &["marketing"]),
            ("groupType", &["-2147483646"]),
            ("mail", &["marketing@corp.contoso.com"]),
            ("proxyAddresses", &["SMTP:marketing@corp.contoso.com"]),
        ],
    );
    let contact = entry(
        &format!("CN=Wide World,{STAGED}"),
        0xa2,
        &[
            ("objectClass", &["top", "person", "organizationalPerson", "contact"]),
            ("cn", &["Wide World"]),
            ("displayName", &["Wide World Importers"]),
            ("mail", &["orders@wideworld.example"]),
            ("proxyAddresses", &["SMTP:orders@wideworld.example"]),
        ],
    );
    world.ad[0].entries.push(group);
    world.ad[0].entries.push(contact);
    let addresses = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<String>>();
    world.entra.groups.push(CloudGroup {
        id: TEAM.parse().unwrap(),
        mail: Some("team.marketing@contoso.com".to_owned()),
        proxy_addresses: addresses(&["SMTP:team.marketing@contoso.com", "smtp:mkt@contoso.com"]),
        ..CloudGroup::named("Team Marketing")
    });
    world.entra.contacts.push(CloudHolder {
        id: PARTNER.parse().unwrap(),
        display_name: "Wide World".to_owned(),
        mail: Some("orders@wideworld.example".to_owned()),
        proxy_addresses: addresses(&["SMTP:orders@wideworld.example", "smtp:wide.world@contoso.com"]),
        on_premises_sync_enabled: None,
    });
    world
}

/// Runs a scenario in that world, or leaves it out where Samba cannot run.
async fn there<F: Future<Output = ()>>(backend: Backend, name: &str, scenario: impl FnOnce(Site) -> F) {
    if let Some(site) = Site::over(world(), backend, name).await {
        scenario(site).await;
    }
}

fn group_link(more: &str) -> String {
    format!("[[link]]\nkind = \"group\"\nad = \"marketing\"\ncloud = \"{TEAM}\"\nmove_to = \"{SYNCED}\"\n{more}")
}

fn contact_link() -> String {
    format!(
        "[[link]]\nkind = \"contact\"\nad = \"orders@wideworld.example\"\ncloud = \"Wide World\"\nmove_to = \"{SYNCED}\"\n"
    )
}

fn group(site: &Site) -> CloudGroup {
    let id: ObjectId = TEAM.parse().unwrap();
    site.lab.world().read(|world| world.entra.groups.iter().find(|g| g.id == id).cloned()).expect("the group is there")
}

fn contact(site: &Site) -> CloudHolder {
    let id: ObjectId = PARTNER.parse().unwrap();
    site.lab
        .world()
        .read(|world| world.entra.contacts.iter().find(|c| c.id == id).cloned())
        .expect("the contact is there")
}

fn sorted(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values
}

async fn a_group_and_a_contact(site: Site) {
    site.plan(&(group_link("") + &contact_link()));
    let plan = site.run(&["plan", "--out", "p.plan.json"]).await.expect(0);
    plan.shows("link the group marketing").shows("members-from-ad").shows("Plan: 2 tasks");
    site.run(&["show", "p.plan.json"])
        .await
        .expect(0)
        .shows("the next cycle matches the two by team.marketing@contoso.com");
    let before = site.read().await;
    site.run(&["apply", "--yes", "p.plan.json"]).await.expect(0).shows("2 tasks: 2 done");

    let group = group(&site);
    assert_eq!(group.on_premises_sync_enabled, Some(true), "the same object is synced now");
    assert_eq!(group.mail.as_deref(), Some("team.marketing@contoso.com"));
    let all = ["SMTP:team.marketing@contoso.com", "smtp:marketing@corp.contoso.com", "smtp:mkt@contoso.com"];
    assert_eq!(sorted(group.proxy_addresses), all, "nothing of the cloud's is lost");
    let contact = contact(&site);
    assert_eq!(contact.on_premises_sync_enabled, Some(true));
    assert_eq!(sorted(contact.proxy_addresses), ["SMTP:orders@wideworld.example", "smtp:wide.world@contoso.com"]);
    assert!(site.ad_user("marketing").await.0.ends_with(SYNCED));
    assert_ne!(before.ad, site.read().await.ad);

    // Planning again finds them joined; the contact has AD's name now.
    site.plan(&(group_link("") + &contact_link().replace("Wide World", PARTNER)));
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0);
    // What a cycle has taken over is not taken back: that would take addresses from the cloud, or delete the group.
    site.run(&["rollback", "--yes"]).await.expect(3).shows("point-of-no-return");
    site.lab.run_cycle().await.expect("a cycle");
    assert!(site.lab.world().read(|world| world.entra.groups.iter().any(|g| g.id.to_string() == TEAM)));
}

async fn a_group_through_the_window(site: Site) {
    let blocks = |world: &World| world.entra.features.block_soft_match_enabled;
    site.lab.world().write(|world| world.entra.features.block_soft_match_enabled = true).expect("in memory");
    site.plan(&group_link(""));
    site.run(&["plan"]).await.expect(3).shows("soft-match-blocked");
    site.plan(&group_link("[window]\nsoft_match = true\n"));
    site.run(&["plan"]).await.expect(0).shows("match window for soft matches");
    site.run(&["apply", "--yes"]).await.expect(0).shows("2 tasks: 2 done");
    assert_eq!(group(&site).on_premises_sync_enabled, Some(true));
    assert!(site.lab.world().read(blocks), "the window is closed again");
}

/// The scheduler never runs: what was written to AD is taken back, and nothing else has changed.
async fn a_link_that_no_cycle_forms(site: Site) {
    let sync = vec![("trigger", "\"wait\"".to_owned()), ("timeout", "\"4s\"".to_owned())];
    site.configure(&Wishes { sync, ..Wishes::default() });
    site.plan(&group_link(""));
    let before = site.ad_user("marketing").await;
    let applied = site.run(&["apply", "--yes"]).await;
    applied.expect(6).tells("no sync cycle joined the group Team Marketing with AD");
    assert_eq!(site.ad_user("marketing").await, before);
    assert_eq!(group(&site).on_premises_sync_enabled, None);
    site.run(&["status"]).await.expect(0).shows("rolled back");
}
