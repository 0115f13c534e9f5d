//! Going back, whatever was in between: by the program, by the program in two halves, and by hand.

use super::linking::assert_same;
use super::roles::{CORA, ELENA, PAVEL, held};
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::plan::document::Purpose;
use matchplan::state::ledger::State;
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

const STATE: &str = "matchplan.state.json";
const JOURNAL: &str = "matchplan.journal.jsonl";
const GINA: (&str, &str) = ("ggrant", "gina.grant@contoso.com");
const ERIK: (&str, &str) = ("eeriksen", "erik.eriksen@contoso.com");
const FIONA: (&str, &str) = ("ffox", "fiona.fox@contoso.com");
const HARD: &str = "match = \"hard\"\nupn = \"cloud\"\n";
const SUSPEND: &str = "roles = \"suspend\"\n";

async fn company(name: &str, links: &[((&str, &str), &str)]) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    plan(&site, links);
    site
}

fn plan(site: &Site, links: &[((&str, &str), &str)]) {
    let mut text = format!("[defaults]\nmove_to = \"{SYNCED}\"\n");
    for ((ad, cloud), more) in links {
        writeln!(text, "[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\n{more}").unwrap();
    }
    site.plan(&text);
}

/// The id of the newest apply or rollback.
fn newest(site: &Site) -> String {
    State::from_file(&site.text(STATE)).unwrap().applies.last().unwrap().id.to_string()
}

/// The requests of a restore sheet: where to, and what.
fn requests(sheet: &str) -> Vec<(String, serde_json::Value)> {
    let mut lines = sheet.lines().map(str::trim);
    let mut all = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(url) = line.strip_prefix("POST ") {
            let body = lines.by_ref().find(|line| line.starts_with('{')).expect("each request has a body");
            all.push((url.to_owned(), serde_json::from_str(body).expect("the body is JSON")));
        }
    }
    all
}

/// The process is killed with roles of every kind out. A person gives them back with nothing but the sheet and any HTTP
/// client, and the program sees it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sheet_alone_gives_every_role_back() {
    let people = [GINA, ELENA, CORA, PAVEL];
    let site = company("sheet_by_hand", &people.map(|who| (who, SUSPEND))).await;
    let sync = vec![("trigger", "\"wait\"".to_owned()), ("timeout", "\"1h\"".to_owned())];
    site.configure(&Wishes { sync, ..Wishes::default() });
    // An activation ends with its holder's eligibility, and only its holder makes it again.
    let lasting = |(_, upn): (&str, &str)| -> BTreeSet<String> {
        held(&site, upn).into_iter().filter(|held| !held.contains("Activated")).collect()
    };
    let before = people.map(lasting);
    let mut applying = site.start(&["apply", "--yes"]);
    applying.until("waits for the scheduler's next cycle").await;
    applying.kill().await;
    assert!(people.iter().all(|(_, upn)| held(&site, upn).is_empty()), "everything is out");

    let names = fs::read_dir(site.file(".matchplan")).unwrap().map(|entry| entry.unwrap().path());
    let sheets: Vec<_> = names.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    assert_eq!(sheets.len(), 1);
    let requests = requests(&fs::read_to_string(&sheets[0]).unwrap());
    let tls = (*matchplan::directory::tls::client_config(None).expect("TLS without roots")).clone();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
    for (url, body) in &requests {
        let request = client.post(url).bearer_auth(site.lab.ready().token.expose_secret()).json(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{url}: {}", answer.text().await.unwrap());
    }
    assert_eq!(people.map(lasting), before, "{} requests", requests.len());

    let seen = site.run(&["status"]).await.expect(6).tells("that the state calls suspended are there");
    assert!(!seen.out.contains("still suspended"), "{}", seen.out);
    // Nothing is given, so nothing needs to be allowed.
    site.run(&["rollback", "--yes"]).await.expect(0).shows("4 rolled back");
    assert_eq!(people.map(lasting), before);
    site.run(&["status"]).await.expect(0);
}

/// What somebody else has changed stays; the rest goes back, and the plan that was reviewed holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_changed_stays_and_the_rest_goes_back() {
    let site = company("skip_blocked", &[(ERIK, HARD), (FIONA, "")]).await;
    let fiona = site.ad_user(FIONA.0).await;
    site.run(&["apply", "--yes", "--prepare"]).await.expect(6);
    assert_ne!(site.ad_user(FIONA.0).await, fiona);
    let change = |world: &mut matchplan::lab::world::World| {
        let erik = world.entra.users.iter_mut().find(|user| user.user_principal_name == ERIK.1).unwrap();
        erik.on_premises_immutable_id = Some("c29tZWJvZHkgZWxzZSE=".to_owned());
    };
    site.lab.world().write(change).unwrap();
    site.run(&["rollback", "--yes"]).await.expect(3).shows("changed-since").shows("--skip-blocked");
    let back = ["rollback", "--skip-blocked", "--out", "back.plan.json"];
    site.run(&back).await.expect(0).shows("warning[changed-since]");
    site.run(&["rollback", "back.plan.json"]).await.expect(0).shows("2 rolled back");
    assert_eq!(site.cloud_user(ERIK.1).on_premises_immutable_id.as_deref(), Some("c29tZWJvZHkgZWxzZSE="));
    assert_eq!(site.ad_user(FIONA.0).await, fiona);
}

/// An earlier one is taken back while a later one stands, and that again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_one_is_taken_back_while_later_ones_stand() {
    let site = company("earlier", &[(GINA, SUSPEND)]).await;
    let roles = held(&site, GINA.1);
    site.run(&["apply", "--yes", "--prepare"]).await.expect(6);
    site.run(&["rollback", "--yes", "--allow", "role-grants"]).await.expect(0);
    let first = newest(&site);
    plan(&site, &[(FIONA, "")]);
    site.run(&["apply", "--yes"]).await.expect(0).shows("1 linked");
    let later = site.read().await;

    // A rollback of the rollback does what the apply had done; the guards hold for it, too.
    site.run(&["rollback", "--apply", &first, "--yes"]).await.expect(0);
    assert!(held(&site, GINA.1).is_empty());
    let second = newest(&site);
    site.run(&["rollback", "--apply", &second, "--yes"]).await.expect(3).shows("role-grant");
    site.run(&["rollback", "--apply", &second, "--yes", "--allow", "role-grants"]).await.expect(0);
    assert_eq!(held(&site, GINA.1), roles);
    assert_same(&site.read().await, &later);
    // What a cycle has taken over does not go back by this program, and the refusal says what remains.
    site.run(&["rollback", "--yes"]).await.expect(3).shows("point-of-no-return").tells("Still possible:");
}

/// A rollback in two halves: the second by `apply`, or by `rollback`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_rollback_is_finished_by_either_command() {
    for command in ["apply", "rollback"] {
        let site = company(&format!("two_halves_{command}"), &[(GINA, SUSPEND)]).await;
        let (before, roles) = (site.read().await, held(&site, GINA.1));
        site.run(&["apply", "--yes", "--prepare"]).await.expect(6);
        let begun = site.text(JOURNAL).lines().count();
        site.run(&["rollback", "--yes", "--allow", "role-grants"]).await.expect(0);
        // The journal as it was when a process that did all of it could record only its beginning.
        let kept: String = site.text(JOURNAL).split_inclusive('\n').take(begun + 2).collect();
        site.write(JOURNAL, &kept);
        fs::remove_file(site.file(STATE)).unwrap();
        let half = site.run(&["status"]).await.expect(6).shows("Begun, and the end is not recorded: 1 step");
        half.shows("it happened").shows("rollback of");
        let finished = site.run(&[command, "--yes", "--allow", "role-grants"]).await.expect(0);
        finished.says("going on with it").shows("1 rolled back");
        assert_same(&site.read().await, &before);
        assert_eq!(held(&site, GINA.1), roles);
        let state = State::from_file(&site.text(STATE)).unwrap();
        assert!(state.unfinished().is_none() && matches!(state.applies[1].purpose, Purpose::Rollback { .. }));
    }
}
