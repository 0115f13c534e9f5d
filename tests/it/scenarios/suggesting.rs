//! `matchplan suggest` over real protocols: what it writes is planned and applied, what it says of the next cycle is what
//! the engine does, and it changes nothing itself.

use crate::support::site::{Backend, SYNCED, Site};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::lab::world::{World, contoso};
use matchplan::model::dn::Dn;
use serde_json::Value;

fn entry<'a>(world: &'a mut World, account: &str) -> &'a mut AdEntry {
    let named =
        |entry: &&mut AdEntry| entry.values("sAMAccountName").is_some_and(|v| v.texts().iter().any(|v| v == account));
    world.ad[0].entries.iter_mut().find(named).expect("the account is at Contoso")
}

fn json(out: &str) -> Value {
    serde_json::from_str(out).expect("JSON")
}

/// The pairs of a list, as `sam → UPN`.
fn pairs(list: &Value) -> Vec<String> {
    let one =
        |one: &Value| format!("{} → {}", one["ad"]["sam"].as_str().unwrap(), one["cloud"]["upn"].as_str().unwrap());
    list.as_array().expect("a list").iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_planned_and_applied() {
    let site = Site::contoso(Backend::Embedded, "suggest_applied").await.unwrap();
    let before = site.read().await;
    let arguments = ["suggest", "--min-confidence", "certain", "--limit", "2", "--out", "plans/first.toml"];
    site.run(&arguments).await.expect(0).tells("2 links proposed").tells("beyond --limit").shows("kim.kay@contoso.com");
    assert_eq!(site.read().await, before, "nothing changes in either directory");
    let written = site.text("plans/first.toml");
    assert!(written.contains("[[link]]\nad = \"asmith\"\ncloud = \"anna.smith@contoso.com\"\n"), "{written}");
    site.run(&["validate"]).await.expect(0);

    // Somebody may have worked on it.
    site.run(&arguments).await.expect(1).says("plans/first.toml is there already").says("nothing was written");
    assert_eq!(site.text("plans/first.toml"), written);

    // The next wave has others.
    let found = json(&site.run(&["suggest", "--format", "json"]).await.expect(0).out);
    assert_eq!(found["counts"]["named"], 2);
    let proposed = pairs(&found["proposals"]);
    assert!(!proposed.contains(&"asmith → anna.smith@contoso.com".to_owned()), "{proposed:?}");
    assert!(proposed.contains(&"eeriksen → erik.eriksen@contoso.com".to_owned()), "{proposed:?}");

    let moved = written.replace("version = 1\n", &format!("version = 1\n[defaults]\nmove_to = \"{SYNCED}\"\n"));
    site.write("plans/first.toml", &moved);
    site.run(&["apply", "--yes"]).await.expect(0);
    assert_eq!(site.cloud_user("anna.smith@contoso.com").on_premises_sync_enabled, Some(true));
    let found = json(&site.run(&["suggest", "--format", "json", "plans/first.toml"]).await.expect(0).out);
    assert!(!pairs(&found["not_proposed"]).iter().any(|pair| pair.starts_with("asmith")), "{found:#}");
    site.has_no_secret_in_files();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_cycle_does_what_was_said() {
    let mut world = contoso();
    // Put into the synced OU without anybody having thought of the cloud: a namesake, and an administrator.
    for account in ["ccole", "rrice"] {
        let user = entry(&mut world, account);
        let name = user.dn.as_str().split(',').next().unwrap().to_owned();
        user.dn = Dn::parse(&format!("{name},{SYNCED}")).unwrap();
    }
    entry(&mut world, "kkay").attributes.insert("employeeID".to_owned(), AdValues::One("7".to_owned()));
    let kim = world.entra.users.iter_mut().find(|user| user.user_principal_name == "kim.kay@contoso.com").unwrap();
    kim.profile.insert("employeeId".to_owned(), "8".to_owned());
    let site = Site::over(world, Backend::Embedded, "suggest_next_cycle").await.unwrap();

    let ran = site.run(&["suggest"]).await.expect(0);
    let words = |text: &str| text.replace("# ", "").split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [words(&ran.out), words(&ran.err)] {
        assert!(text.contains("THE NEXT SYNC CYCLE WILL MATCH THESE BY ITSELF (2)"), "{text}");
        assert!(text.contains("these are two people: employee id 7 in AD, 8 in the cloud"), "{text}");
        assert!(text.contains("WILL MAKE A SECOND CLOUD USER BESIDE THESE (1)"), "{text}");
    }
    let found = json(&site.run(&["suggest", "--format", "json"]).await.expect(0).out);
    let schema = json(&site.run(&["schema", "suggestions.schema.json"]).await.expect(0).out);
    assert!(jsonschema::is_valid(&schema, &found));
    let unasked: Vec<(String, &str)> = pairs(&found["next_cycle"])
        .into_iter()
        .zip(found["next_cycle"].as_array().unwrap().iter().map(|one| one["outcome"]["result"].as_str().unwrap()))
        .collect();
    // The worst first: two people.
    assert_eq!(
        unasked,
        [
            ("kkay → kim.kay@contoso.com".to_owned(), "takes-over"),
            ("ccole → carla.cole@contoso.com".to_owned(), "takes-over"),
            ("rrice → ruth.rice@contoso.com".to_owned(), "duplicate"),
        ]
    );
    assert!(!pairs(&found["proposals"]).iter().any(|pair| pair.starts_with("kkay")), "the numbers contradict");

    let users = |site: &Site| site.lab.world().read(|world| world.entra.users.len());
    let before = users(&site);
    site.lab.run_cycle().await.unwrap();
    for upn in ["kim.kay@contoso.com", "carla.cole@contoso.com"] {
        assert_eq!(site.cloud_user(upn).on_premises_sync_enabled, Some(true), "{upn}");
    }
    assert_ne!(site.cloud_user("ruth.rice@contoso.com").on_premises_sync_enabled, Some(true));
    assert_eq!(users(&site), before + 1, "one second cloud user");
    let after = json(&site.run(&["suggest", "--format", "json"]).await.expect(0).out);
    assert_eq!(pairs(&after["next_cycle"]), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_gives_the_same_and_a_narrow_one_nothing() {
    let site = Site::contoso(Backend::Embedded, "suggest_snapshot").await.unwrap();
    site.run(&["snapshot", "--out", "all.zst"]).await.expect(0);
    let live = site.run(&["suggest", "--format", "json"]).await.expect(0);
    let saved = site.run(&["suggest", "--format", "json", "--snapshot", "all.zst"]).await.expect(0);
    assert_eq!(json(&saved.out), json(&live.out));
    site.plan(&format!("[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\nmove_to = \"{SYNCED}\"\n"));
    let named = site.run(&["suggest", "--format", "json", "--snapshot", "all.zst"]).await.expect(0);
    assert_eq!(json(&named.out)["counts"]["named"], 1);
    site.run(&["snapshot", "--out", "few.zst", "--for", "plans/wave.toml"]).await.expect(0);
    site.run(&["suggest", "--snapshot", "few.zst"]).await.expect(1).says("not whole directories");
}
