//! `matchplan lint` over LDAP: what is read, what a scope does, what a bad one says, and that Entra is not asked.

use crate::support::program::run;
use crate::support::site::{Backend, Site};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::lab::world::{World, contoso};
use serde_json::Value;

const BASE: &str = "DC=corp,DC=contoso,DC=com";

fn person<'a>(world: &'a mut World, account: &str) -> &'a mut AdEntry {
    let named =
        |entry: &&mut AdEntry| entry.values("sAMAccountName").is_some_and(|v| v.texts().iter().any(|v| v == account));
    world.ad[0].entries.iter_mut().find(named).expect("the account is at Contoso")
}

/// Contoso with an address twice, a bad name and a name that a terminal and a spreadsheet would obey.
fn untidy() -> World {
    let mut world = contoso();
    let mut set = |account: &str, attribute: &str, value: AdValues| {
        person(&mut world, account).attributes.insert(attribute.to_owned(), value);
    };
    let one = |text: &str| AdValues::One(text.to_owned());
    let many = |texts: &[&str]| AdValues::Many(texts.iter().map(|&text| text.to_owned()).collect());
    // In scope, and outside of it: Mei Chen is in the synced OU.
    set("asmith", "proxyAddresses", many(&["SMTP:anna.smith@contoso.com", "smtp:Mei.CHEN@contoso.com"]));
    set("All Staff", "proxyAddresses", many(&["SMTP:everybody@contoso.com", "smtp:Ben.Baker@contoso.com"]));
    set("ccole", "userPrincipalName", one("cärla cole@contoso.com"));
    set("ffox", "displayName", one("=HYPERLINK(\"x\")\u{1b}[31m"));
    set("ffox", "mailNickname", one("=1+1"));
    set("ffox", "targetAddress", one("@SUM(1)"));
    world
}

async fn site(name: &str) -> Site {
    Site::over(untidy(), Backend::Embedded, name).await.unwrap()
}

macro_rules! cases {
    ($($(#[$doc:meta])* async fn $name:ident() $body:block)*) => {
        $($(#[$doc])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() $body)*
    };
}

cases! {
    /// No credential of Entra's is looked for, so none has to be there; nothing is written anywhere.
    async fn reads_ad_alone() {
        let site = site("lint_reads_ad_alone").await;
        let before = site.read().await;
        let mut command = site.command(&["lint"]);
        command.env_remove("TEST_CLIENT_SECRET");
        let ran = run(command).await.expect(3);
        let ran = ran.shows("error[upn-character]").shows("carla.cole@contoso.com").shows("error[address-duplicate]");
        assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
        assert_eq!(site.read().await, before);
    }

    async fn a_narrow_scope_sees_duplicates_outside_of_it() {
        let site = site("lint_narrow_scope").await;
        let staging = format!("OU=Staging,{BASE}");
        let ran = site.run(&["lint", "--base", &staging, "--filter", "(sAMAccountName=asmith)", "--format", "json"]).await;
        let report: Value = serde_json::from_str(&ran.expect(3).out).unwrap();
        assert_eq!((&report["format_version"], &report["counts"]["objects"]), (&Value::from(1), &Value::from(1)));
        let findings = report["findings"].as_array().unwrap();
        let duplicate = findings.iter().find(|finding| finding["code"] == "address-duplicate").unwrap();
        assert_eq!(duplicate["object"]["name"], "corp\\asmith");
        let holders = duplicate["duplicate_of"].as_array().unwrap();
        assert!(!holders.is_empty() && holders.iter().all(|held| held["object"]["name"] == "corp\\mchen"), "{holders:#?}");
        // It is Mei's own address, so Anna's alias is the one to go.
        assert_eq!(duplicate["proposed"]["action"], "remove");
        let schema: Value =
            serde_json::from_str(&site.run(&["schema", "lint-report.schema.json"]).await.expect(0).out).unwrap();
        assert!(jsonschema::is_valid(&schema, &report));
    }

    async fn a_group_with_somebodys_address_is_named_and_linted() {
        let site = site("lint_group").await;
        let ran = site.run(&["lint", "--filter", "(sAMAccountName=bbaker)"]).await.expect(3);
        ran.shows("error[address-duplicate]").shows("AD group corp\\All Staff");
        let group = site.run(&["lint", "--filter", "(objectClass=group)", "--format", "json"]).await.expect(3);
        let report: Value = serde_json::from_str(&group.out).unwrap();
        let findings = report["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["object"]["kind"] == "AD group"
            && finding["value"] == "smtp:Ben.Baker@contoso.com"
            && finding["proposed"]["action"] == "remove"), "{findings:#?}");
    }

    async fn csv_runs_nothing() {
        let site = site("lint_csv").await;
        let ran = site.run(&["lint", "--format", "csv", "--out", "lint.csv"]).await.expect(3);
        let ran = ran.shows("Wrote lint.csv").says("apostrophe");
        assert!(ran.out.contains("linted"), "{}", ran.out);
        let text = std::fs::read_to_string(site.file("lint.csv")).unwrap();
        assert!(text.contains("'@SUM(1)") && !text.contains(",@SUM(1)") && !text.contains('\u{1b}'), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(site.file("lint.csv")).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    async fn a_threshold_hides_and_the_exit_code_stays() {
        let site = site("lint_threshold").await;
        let ran = site.run(&["lint", "--severity", "error"]).await.expect(3);
        assert!(ran.out.contains("are not shown") && !ran.out.contains("warning["), "{}", ran.out);
        let clean = site.run(&["lint", "--filter", "(sAMAccountName=ddiaz)"]).await.expect(0);
        clean.shows("0 errors, 1 warning");
    }

    async fn a_bad_scope_says_what_is_wrong() {
        let site = site("lint_bad_scope").await;
        let (nowhere, hostile) = (format!("OU=Nowhere,{BASE}"), "(mail=*))(|(objectClass=*)");
        for (arguments, code, says) in [
            (&["--filter", hostile][..], 64, "is no LDAP filter"),
            (&["--filter", "mail=*"], 64, "must begin with ("),
            (&["--base", "Users"], 64, "is not a distinguished name"),
            (&["--base", "OU=Users,DC=fabrikam,DC=com"], 64, "lies in none of the domains"),
            (&["--base", &nowhere], 1, "the object is not there"),
            (&["--filter", "(sAMAccountName=nobody)"], 1, "Nothing was linted"),
            (&["--filter", "(noSuchAttribute=x)"], 1, "Nothing was linted"),
            (&["--filter", "(mail=*)", "--snapshot", "x"], 64, "cannot be used with"),
        ] {
            let ran = site.run(&[&["lint"], arguments].concat()).await.expect(code).says(says);
            assert!(!ran.err.contains("panicked"), "{}", ran.err);
        }
    }

    /// A snapshot knows the tenant, so that its domains decide; it needs neither configuration nor credential.
    async fn a_snapshot_is_linted_offline() {
        let site = site("lint_offline").await;
        site.run(&["snapshot", "--out", "all.snapshot.json"]).await.expect(0);
        std::fs::remove_file(site.file("matchplan.toml")).unwrap();
        let ran = site.run(&["lint", "--snapshot", "all.snapshot.json"]).await.expect(3);
        let ran = ran.shows("error[upn-character]").shows("warning[unverified-suffix]");
        assert!(!ran.out.contains("suffix-not-routable"), "{}", ran.out);
        let staging = format!("OU=Staging,{BASE}");
        let narrow = site.run(&["lint", "--snapshot", "all.snapshot.json", "--base", &staging]).await.expect(3);
        assert!(!narrow.out.contains("\ncorp\\mchen"), "{}", narrow.out);
        site.run(&["lint", "--snapshot", "all.snapshot.json", "--base", "DC=x"]).await.expect(64).says("lies in none");
    }
}
