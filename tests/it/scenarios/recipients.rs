//! `--recipients`: what Exchange alone knows, from the export to the plan, the snapshot and the apply of a saved plan.

use super::linking::assert_same;
use crate::support::site::{Backend, SYNCED, Site};

const SAVED: &str = "wave.plan.json";
const HEADER: &str =
    "RecipientTypeDetails,DisplayName,PrimarySmtpAddress,EmailAddresses,ExternalDirectoryObjectId,Guid";
const GUID: &str = "88666888-0101-1111-bbbb-1234567890ab";

/// An export with one public folder of that address.
fn export(site: &Site, address: &str) {
    let row = format!("PublicFolder,News,{address},SMTP:{address} X500:/o=Contoso Ltd/cn=news,,{GUID}");
    site.write("recipients.csv", &format!("\u{feff}#TYPE Selected\r\n{HEADER}\r\n{row}\r\n"));
}

async fn one_link(name: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!("[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\nmove_to = \"{SYNCED}\"\n"));
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_seen_is_said_and_how_to_show_it() {
    let site = one_link("recipients_unseen").await;
    let unseen = "Could not be seen: mail-enabled public folders";
    site.run(&["plan"]).await.expect(0).shows(unseen).shows("Get-Recipient").shows("--recipients");
    export(&site, "news@contoso.com");
    let seen = site.run(&["plan", "--recipients", "recipients.csv"]).await.expect(0);
    assert!(!seen.out.contains(unseen), "{}", seen.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_folder_in_the_way_blocks() {
    let site = one_link("recipients_block").await;
    export(&site, "carla.cole@contoso.com");
    let blocked = site.run(&["plan", "--recipients", "recipients.csv"]).await.expect(3);
    blocked.shows("object-type-conflict").shows("News").shows("Set-MailPublicFolder");
    let json = site.run(&["plan", "--recipients", "recipients.csv", "--format", "json"]).await.expect(3);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["recipients"], "recipients.csv");
    let finding = json["findings"].as_array().unwrap().iter().find(|f| f["code"] == "object-type-conflict").unwrap();
    assert_eq!(finding["microsoft_error"], "ObjectTypeMismatch");
    let objects: Vec<_> = finding["objects"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
    assert!(objects.len() == 2 && objects.contains(&GUID), "both sides are named: {objects:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_holds_the_recipients() {
    let site = one_link("recipients_snapshot").await;
    export(&site, "carla.cole@contoso.com");
    let taken = site.run(&["snapshot", "--out", "s.snapshot.json", "--recipients", "recipients.csv"]).await.expect(0);
    taken.shows("1 Exchange recipients");
    let offline = ["plan", "--snapshot", "s.snapshot.json"];
    site.run(&offline).await.expect(3).shows("object-type-conflict");
    // A newer export takes the place of the snapshot's.
    export(&site, "news@contoso.com");
    site.run(&[&offline[..], &["--recipients", "recipients.csv"]].concat()).await.expect(0);
}

// rule: 1.1-any-address-conflicts
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_of_a_saved_plan_reads_the_export_again() {
    let site = one_link("recipients_saved").await;
    export(&site, "news@contoso.com");
    site.run(&["plan", "--out", SAVED, "--recipients", "recipients.csv"]).await.expect(0);
    site.run(&["show", SAVED]).await.expect(0);
    let before = site.read().await;

    export(&site, "carla.cole@contoso.com");
    site.run(&["apply", SAVED]).await.expect(4).says("does not hold any more; nothing was changed");
    std::fs::remove_file(site.file("recipients.csv")).unwrap();
    site.run(&["apply", SAVED]).await.expect(1).says("There is no file recipients.csv");
    site.write("recipients.csv", &format!("{HEADER}\nPublicFolder,News,n@contoso.com,System.Object[],,{GUID}\n"));
    site.run(&["apply", SAVED]).await.expect(1).says("recipients-not-joined").says("recipients.csv:2:");
    assert_same(&site.read().await, &before);

    // Another file may be named in its place.
    export(&site, "news@contoso.com");
    std::fs::rename(site.file("recipients.csv"), site.file("moved.csv")).unwrap();
    site.run(&["apply", SAVED, "--recipients", "moved.csv"]).await.expect(0).shows("1 link: 1 linked");
}
