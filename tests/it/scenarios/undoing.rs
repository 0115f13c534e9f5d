//! No cycle comes, somebody presses Ctrl-C, somebody changes their mind: what stands, and the way back.

use super::linking::assert_same;
use super::on_both::on_both;
use crate::support::site::{SYNCED, Site, Wishes};
use std::fmt::Write as _;

on_both!(
    rollback_before_the_cycle_leaves_no_trace,
    one_link_goes_back_and_the_other_is_formed,
    a_rollback_is_reviewed_like_any_plan,
    what_is_not_synced_in_time_is_withdrawn,
    without_proof_of_idleness_a_person_decides,
    rollback_after_the_cycle_is_refused,
);

#[cfg(unix)]
mod interrupted {
    use super::super::on_both::on_both;
    use super::{interrupted_and_rolled_back, interrupted_while_waiting};
    on_both!(interrupted_while_waiting, interrupted_and_rolled_back);
}

/// Links of every kind that needs no role.
const LINKS: [(&str, &str, &str); 5] = [
    ("bbaker", "ben.baker@contoso.com", ""),
    ("ccole", "carla.cole@contoso.com", ""),
    ("eeriksen", "erik.eriksen@contoso.com", "match = \"hard\"\nupn = \"cloud\"\n"),
    ("ffox", "fiona.fox@contoso.com", ""),
    ("asmith", "anna.smith@contoso.com", ""),
];
/// An administrator.
const GINA: (&str, &str, &str) = ("ggrant", "gina.grant@contoso.com", "roles = \"suspend\"\n");

fn plan(site: &Site, links: &[(&str, &str, &str)]) {
    let mut text = format!("[defaults]\nmove_to = \"{SYNCED}\"\n");
    for (ad, cloud, more) in links {
        writeln!(text, "[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\n{more}").unwrap();
    }
    site.plan(&text);
}

/// Nobody runs a cycle.
fn no_cycle(site: &Site, timeout: &str, on_timeout: &str) {
    let sync = vec![
        ("trigger", "\"wait\"".to_owned()),
        ("timeout", format!("\"{timeout}\"")),
        ("on_timeout", format!("\"{on_timeout}\"")),
    ];
    site.configure(&Wishes { sync, ..Wishes::default() });
}

async fn rollback_before_the_cycle_leaves_no_trace(site: Site) {
    plan(&site, &LINKS);
    no_cycle(&site, "2s", "hold");
    let before = site.read().await;
    site.run(&["apply", "--yes"])
        .await
        .expect(6)
        .shows("5 links: 5 waiting")
        .shows("rollback` takes back what was done");
    assert_ne!(site.read().await, before, "something was written");
    site.run(&["status"]).await.expect(6).shows("5 waiting");

    site.run(&["rollback", "--yes"]).await.expect(0).shows("5 links: 5 rolled back");
    assert_same(&site.read().await, &before);
    site.run(&["status"]).await.expect(0);
    // The same links can be wanted again.
    site.run(&["plan", "--detailed-exitcode"]).await.expect(2).shows("5 links");
}

async fn one_link_goes_back_and_the_other_is_formed(site: Site) {
    plan(&site, &LINKS[..2]);
    no_cycle(&site, "2s", "hold");
    let before = site.read().await;
    site.run(&["apply", "--yes"]).await.expect(6).shows("2 links: 2 waiting");
    site.run(&["rollback", "--link", "corp/bbaker", "--yes"]).await.expect(0).shows("1 link: 1 rolled back");
    let now = site.read().await;
    let bbaker = |entries: &crate::support::site::Entries| {
        entries.iter().find(|(dn, _)| dn.starts_with("CN=Benjamin Baker,")).map(|(dn, held)| (dn.clone(), held.clone()))
    };
    assert_eq!(bbaker(&now.ad), bbaker(&before.ad));

    site.lab.run_cycle().await.unwrap();
    site.run(&["apply"]).await.says("going on with it").shows("1 linked");
    assert_eq!(site.cloud_user("carla.cole@contoso.com").on_premises_sync_enabled, Some(true));
    assert_eq!(site.cloud_user("ben.baker@contoso.com").on_premises_sync_enabled, None);
}

async fn a_rollback_is_reviewed_like_any_plan(site: Site) {
    plan(&site, &LINKS[1..3]);
    no_cycle(&site, "2s", "hold");
    let before = site.read().await;
    site.run(&["plan", "--out", "links.plan.json"]).await.expect(0);
    site.run(&["apply", "links.plan.json"]).await.expect(6);
    let half = site.read().await;

    // A plan that forms links is not executed by the way of a rollback, which would not prove it.
    site.run(&["rollback", "links.plan.json", "--yes"]).await.expect(64).says("forms links; it is no rollback");
    site.run(&["rollback", "--out", "back.plan.json"]).await.expect(0).shows("Saved back.plan.json.");
    site.run(&["show", "back.plan.json", "--format", "markdown"]).await.expect(0).shows("carla.cole@contoso.com");
    assert_same(&site.read().await, &half);
    let forged = site.text("back.plan.json").replace("c.cole@contoso.com", "d.cole@contoso.com");
    site.write("forged.plan.json", &forged);
    site.run(&["rollback", "forged.plan.json"]).await.expect(4);
    assert_same(&site.read().await, &half);

    site.run(&["rollback", "back.plan.json"]).await.expect(0).shows("2 links: 2 rolled back");
    assert_same(&site.read().await, &before);
}

async fn what_is_not_synced_in_time_is_withdrawn(site: Site) {
    plan(&site, &[LINKS[1], LINKS[2], GINA]);
    no_cycle(&site, "2s", "withdraw");
    let (before, roles) = (site.read().await, site.grants());
    let applied = site.run(&["apply", "--yes"]).await.expect(6);
    applied.says("no proven cycle in time").shows("no sync cycle was proven within 2s");
    assert_same(&site.read().await, &before);
    assert_eq!(site.grants(), roles);
    site.run(&["status"]).await.shows("2 rolled back");
}

/// Without a status command nobody knows whether a cycle is running, so undoing could break a link that is being formed.
async fn without_proof_of_idleness_a_person_decides(site: Site) {
    plan(&site, &[GINA]);
    no_cycle(&site, "2s", "withdraw");
    let blind = site.text("matchplan.toml");
    let blind: String =
        blind.lines().filter(|line| !line.starts_with("status = ")).map(|l| l.to_owned() + "\n").collect();
    site.write("matchplan.toml", &blind);
    let roles = site.grants();
    let stuck = site.run(&["apply", "--yes"]).await.expect(7).shows("2 roles are still suspended").shows("1 stuck");
    assert_ne!(site.grants(), roles);
    // The sheet by which a person gives the roles back without matchplan.
    let sheet = stuck.out.split_whitespace().find(|word| word.contains("restore-")).expect("the sheet is named");
    let sheet = site.text(sheet.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '.'));
    assert!(sheet.contains("roleAssignments") && sheet.contains("gina.grant@contoso.com"), "{sheet}");
    site.run(&["status"]).await.expect(7).shows("2 roles are still suspended");

    site.lab.run_cycle().await.unwrap();
    site.run(&["apply"]).await.expect(0).shows("1 link: 1 linked");
    assert_eq!(site.grants(), roles);
    site.run(&["status"]).await.expect(0);
}

async fn rollback_after_the_cycle_is_refused(site: Site) {
    plan(&site, &LINKS[1..2]);
    site.run(&["apply", "--yes"]).await.expect(0);
    let before = site.read().await;
    site.run(&["rollback", "--yes"]).await.expect(3).shows("carla.cole@contoso.com");
    assert_same(&site.read().await, &before);
}

async fn interrupted_while_waiting(site: Site) {
    plan(&site, &[LINKS[1], GINA]);
    no_cycle(&site, "1h", "withdraw");
    let roles = site.grants();
    let mut applying = site.start(&["apply", "--yes"]);
    applying.until("waits for the scheduler's next cycle").await;
    site.run(&["apply", "--yes"]).await.expect(5).says("Another matchplan is at work on this state: `matchplan apply`");
    site.run(&["rollback", "--yes"]).await.expect(5);
    site.run(&["status"]).await.expect(6);
    applying.interrupt();
    applying.end().await.expect(130).shows("Stopped as asked").shows("`matchplan apply` goes on from here");
    let unfinished = site.run(&["status"]).await.expect(6);
    unfinished.shows("in progress");

    // The first wave meets a cycle; the administrator's has not begun.
    site.lab.run_cycle().await.unwrap();
    let mut applying = site.start(&["apply"]);
    applying.until("wave      2 of 2").await;
    applying.until("waits for the scheduler's next cycle").await;
    assert_ne!(site.grants(), roles);
    applying.interrupt();
    applying.end().await.expect(130).shows("2 roles are still suspended");
    assert!(site.run(&["status"]).await.expect(6).out.lines().next().unwrap().contains("2 roles are still suspended"));

    site.lab.run_cycle().await.unwrap();
    site.run(&["apply"]).await.expect(0).says("going on with it").shows("2 links: 2 linked");
    assert_eq!(site.grants(), roles);
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes.");
}

async fn interrupted_and_rolled_back(site: Site) {
    plan(&site, &[GINA]);
    no_cycle(&site, "1h", "withdraw");
    let before = site.read().await;
    let mut applying = site.start(&["apply", "--yes"]);
    applying.until("waits for the scheduler's next cycle").await;
    applying.interrupt();
    applying.end().await.expect(130);
    let half = site.read().await;
    // Giving a role is a decision of its own.
    site.run(&["rollback", "--yes"]).await.expect(3).shows("role-grants");
    assert_same(&site.read().await, &half);
    site.run(&["rollback", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 link: 1 rolled back");
    assert_same(&site.read().await, &before);
    site.run(&["status"]).await.expect(0);
}
