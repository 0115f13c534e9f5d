//! Plans that are saved, reviewed and applied later; and everything that can have happened to them in between.

use super::linking::assert_same;
use super::on_both::on_both;
use crate::support::program::run;
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use ldap3::Mod;
use matchplan::plan::document::Plan;
use std::collections::HashSet;

on_both!(planned_reviewed_applied, the_directory_moved_on, planned_offline, read_narrowly, brought_up_to_date);

const SAVED: &str = "wave.plan.json";

fn two_links(site: &Site) {
    site.plan(&format!(
        "[defaults]\nmove_to = \"{SYNCED}\"\n\
         [[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n\
         [[link]]\nad = \"hhill\"\ncloud = \"henry.hill@contoso.com\"\nroles = \"suspend\"\n"
    ));
}

async fn planned_reviewed_applied(site: Site) {
    two_links(&site);
    let before = site.read().await;
    let planned = site.run(&["plan", "--out", SAVED]).await.expect(0).shows("Saved wave.plan.json.");
    assert_same(&site.read().await, &before);

    let shown = site.run(&["show", SAVED]).await.expect(0).shows("carla.cole@contoso.com").shows("2 links");
    assert!(planned.out.starts_with(&shown.out), "a saved plan shows as it was printed");
    let json = site.run(&["show", SAVED, "--format", "json"]).await.expect(0);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(json.is_object());
    let markdown = site.run(&["show", SAVED, "--format", "markdown"]).await.expect(0).shows("<details>");
    assert!(markdown.out.len() < 65_535);
    for format in ["text", "json", "markdown"] {
        let redacted = site.run(&["show", SAVED, "--redact", "--format", format]).await.expect(0).out;
        for name in ["carla", "cole@", "Henry", "hhill"] {
            assert!(!redacted.contains(name), "{name} is in {format}:\n{redacted}");
        }
    }

    site.run(&["apply", SAVED]).await.expect(0).shows("2 links: 2 linked");
    site.run(&["status"]).await.expect(0).shows("2 links: 2 linked · 0 drifted");
    // It is used up: the directories are no longer what it was made for.
    site.run(&["apply", SAVED]).await.expect(4).says("wave.plan.json was applied already, by apply");
    site.has_no_secret_in_files();
}

async fn the_directory_moved_on(site: Site) {
    two_links(&site);
    site.run(&["plan", "--out", SAVED]).await.expect(0);
    let mut ldap = site.directory.bound().await;
    let alias = Mod::Add("proxyAddresses", HashSet::from(["smtp:colleague@contoso.com"]));
    let (dn, _) = site.ad_user("ccole").await;
    ldap.modify(&dn, vec![alias]).await.unwrap().success().unwrap();
    let moved_on = site.read().await;
    let refused = site.run(&["apply", SAVED]).await.expect(4);
    refused.says("does not hold any more; nothing was changed").says("smtp:colleague@contoso.com");
    assert_same(&site.read().await, &moved_on);
    // The plan that is made now holds.
    site.run(&["plan", "--out", "new.plan.json"]).await.expect(0);
    site.run(&["diff", SAVED, "new.plan.json"]).await.expect(0).shows("smtp:colleague@contoso.com");
    site.run(&["apply", "new.plan.json"]).await.expect(0);
}

async fn planned_offline(site: Site) {
    two_links(&site);
    site.run(&["plan", "--out", SAVED]).await.expect(0);
    site.run(&["snapshot", "--out", "all.snapshot.json"]).await.expect(0);
    let mut offline = site.command(&["plan", "--snapshot", "all.snapshot.json", "--out", "offline.plan.json"]);
    offline.env_remove("TEST_CLIENT_SECRET").env_remove("TEST_AD_PASSWORD");
    run(offline).await.expect(0);
    assert_eq!(site.text("offline.plan.json"), site.text(SAVED));
    site.run(&["snapshot", "--out", "all.snapshot.json.zst"]).await.expect(0);
    // By its octets, whatever it is called.
    std::fs::rename(site.file("all.snapshot.json.zst"), site.file("packed")).unwrap();
    site.run(&["plan", "--snapshot", "packed", "--out", "packed.plan.json"]).await.expect(0);
    assert_eq!(site.text("packed.plan.json"), site.text(SAVED));
    site.run(&["apply", "offline.plan.json"]).await.expect(0).shows("2 links: 2 linked");
}

async fn read_narrowly(site: Site) {
    two_links(&site);
    let json = |read| ["plan", "--format", "json", "-v", "--read", read];
    let narrow = site.run(&json("narrow")).await.expect(0).says("Read narrowly, in");
    let all = site.run(&json("all")).await.expect(0).says("Read all: ");
    let content = |ran: &str| {
        let mut plan: serde_json::Value = serde_json::from_str(ran).unwrap();
        for when in ["created", "expires", "digest"] {
            plan.as_object_mut().unwrap().remove(when);
        }
        plan
    };
    assert_eq!(content(&narrow.out), content(&all.out));
    // So small a tenant is read as a whole, and what either way costs is told.
    site.run(&json("auto")).await.expect(0).says("Reading all of").says("reading narrowly would be about");
    assert!(!site.run(&["plan"]).await.expect(0).err.contains("Read"));

    // A narrow snapshot serves the links that it was read for, and no others.
    site.run(&["snapshot", "--for", "plans/wave.toml", "--out", "some.snapshot.json"])
        .await
        .expect(0)
        .says("serves no others");
    site.run(&["plan", "--snapshot", "some.snapshot.json", "--out", "offline.plan.json"]).await.expect(0);
    site.plan("[[link]]\nad = \"jdoe\"\ncloud = \"jane.doe@contoso.com\"\n");
    let refused = site.run(&["plan", "--snapshot", "some.snapshot.json"]).await.expect(1);
    refused.says("was read for other links").says("the AD account jdoe").says("matchplan snapshot --for");
    site.run(&["lint", "--snapshot", "some.snapshot.json"]).await.expect(1).says("not whole directories");
    site.run(&["snapshot", "--refresh", "some.snapshot.json", "--out", "new.snapshot.json"])
        .await
        .expect(1)
        .says("not whole directories");
    two_links(&site);
    // An apply reads narrowly, too.
    site.run(&["apply", "offline.plan.json", "--read", "narrow"]).await.expect(0).shows("2 links: 2 linked");
}

async fn brought_up_to_date(site: Site) {
    two_links(&site);
    site.run(&["snapshot", "--out", "old.snapshot.json"]).await.expect(0);
    let mut ldap = site.directory.bound().await;
    let alias = Mod::Add("proxyAddresses", HashSet::from(["smtp:colleague@contoso.com"]));
    let (dn, _) = site.ad_user("ccole").await;
    ldap.modify(&dn, vec![alias]).await.unwrap().success().unwrap();
    let refreshed =
        site.run(&["snapshot", "--refresh", "old.snapshot.json", "--out", "new.snapshot.json"]).await.expect(0);
    for whole in ["all of corp", "cloud users were read"] {
        assert!(!refreshed.err.contains(whole), "{}", refreshed.err);
    }
    site.run(&["snapshot", "--out", "anew.snapshot.json"]).await.expect(0);
    let content = |file: &str| {
        let mut snapshot: serde_json::Value = serde_json::from_str(&site.text(file)).unwrap();
        for when in ["taken", "marks"] {
            snapshot.as_object_mut().unwrap().remove(when);
        }
        snapshot
    };
    assert_eq!(content("new.snapshot.json"), content("anew.snapshot.json"));
    assert_ne!(content("new.snapshot.json"), content("old.snapshot.json"));
    // It can be brought up to date again.
    site.run(&["snapshot", "--refresh", "new.snapshot.json", "--out", "newer.snapshot.json"]).await.expect(0);
    assert_eq!(content("newer.snapshot.json"), content("anew.snapshot.json"));
}

/// A site with a saved plan.
async fn saved(name: &str) -> (Site, Plan) {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    two_links(&site);
    site.run(&["plan", "--out", SAVED]).await.expect(0);
    let plan = Plan::from_file(&site.text(SAVED)).unwrap();
    (site, plan)
}

/// What a careful forger writes: the digest fits.
fn forge(site: &Site, mut plan: Plan, change: impl FnOnce(&mut Plan)) {
    change(&mut plan);
    plan.seal();
    site.write(SAVED, &plan.to_file().unwrap());
}

/// Applying the saved plan ends with code 4, this message, and not a single write.
async fn refused(site: &Site, more: &[&str], message: &str) {
    let before = site.read().await;
    let arguments = [&["apply", SAVED], more].concat();
    site.run(&arguments).await.expect(4).says(message);
    assert_same(&site.read().await, &before);
    assert!(!site.file("matchplan.journal.jsonl").exists(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_or_truncated_plan_is_refused() {
    let (site, _) = saved("an_edited_plan").await;
    let text = site.text(SAVED);
    site.write(SAVED, &text.replace("SMTP:carla.cole@contoso.com", "SMTP:carla.k@contoso.com"));
    refused(&site, &[], "it was changed after it was written").await;
    site.write(SAVED, &text[..text.len() / 2]);
    refused(&site, &[], "it is not whole, or not a file of this kind").await;
    // Git may change line ends; that is no edit.
    site.write(SAVED, &text.replace('\n', "\r\n"));
    site.run(&["apply", SAVED]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_step_is_seen() {
    let (site, plan) = saved("a_forged_step").await;
    forge(&site, plan.clone(), |plan| {
        plan.steps.remove(0);
    });
    refused(&site, &[], "does not hold any more; nothing was changed").await;
    // The plan's settings are what apply and resume work by, commands included.
    forge(&site, plan, |plan| {
        let command = vec!["touch".to_owned(), "forged".to_owned()];
        plan.settings.sync.trigger = matchplan::config::settings::Trigger::Command(command.try_into().unwrap());
    });
    refused(&site, &[], "does not hold any more; nothing was changed").await;
    assert!(!site.file("forged").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_for_another_tenant_is_refused() {
    let (site, plan) = saved("another_tenant").await;
    forge(&site, plan, |plan| plan.tenant.id = "11111111-2222-3333-4444-555555555555".parse().unwrap());
    refused(&site, &[], "11111111-2222-3333-4444-555555555555").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_plan_is_refused() {
    let (site, plan) = saved("expired").await;
    let before = site.read().await;
    let mut late = site.command(&["apply", SAVED]);
    let after = plan.expires + jiff::SignedDuration::from_secs(1);
    late.env("MATCHPLAN_CLOCK", after.to_string());
    run(late).await.expect(4).says("expired at").says("matchplan diff OLD NEW");
    assert_same(&site.read().await, &before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_approved_digest_is_applied() {
    let (site, plan) = saved("approved_digest").await;
    let other = format!("sha256:{}", "0".repeat(64));
    refused(&site, &["--expect-digest", &other], "is not the plan that was approved").await;
    site.run(&["apply", SAVED, "--expect-digest", &plan.digest]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_configuration_is_seen() {
    let (site, _) = saved("changed_configuration").await;
    site.configure(&Wishes { sync: vec![("timeout", "\"9m\"".to_owned())], ..Wishes::default() });
    refused(&site, &[], "does not hold any more; nothing was changed").await;
}
