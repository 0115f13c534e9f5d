//! A company whose directories hold nasty values wherever a directory takes them, and servers that speak as nastily: the
//! real program, every command, every format.

use super::corpus::{NASTY, assert_harmless, assert_lines, assert_markdown};
use crate::support::program::Ran;
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use crate::support::tap::{Act, Tap};
use matchplan::lab::world::World;
use matchplan::lab::world::contoso;
use matchplan::lab::world::forest::AdValues;
use serde_json::{Value, json};

/// Members of Graph's objects and attributes of AD that take any text.
const CLOUD: [&str; 4] = ["displayName", "givenName", "surname", "mailNickname"];
const AD: [&str; 8] =
    ["displayName", "givenName", "sn", "description", "title", "department", "company", "physicalDeliveryOfficeName"];

/// Contoso, with a nasty value behind each such text.
fn hostile_world() -> World {
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        NASTY[turn % NASTY.len()]
    };
    let mut json = serde_json::to_value(contoso()).unwrap();
    soil(&mut json["entra"], &mut next);
    let mut world: World = serde_json::from_value(json).unwrap();
    for entry in &mut world.ad[0].entries {
        if !entry.has_class("user") {
            continue;
        }
        for name in AD {
            let before = entry.values(name).and_then(|values| values.texts().first().cloned()).unwrap_or_default();
            // Longer ones are findings, which would leave less to show.
            let value: String = format!("{before}{}", next()).chars().take(60).collect();
            entry.attributes.insert(name.to_owned(), AdValues::One(value));
        }
    }
    // A name in the tree: what a DN can hold at worst.
    let carla = world.ad[0].entries.iter_mut().find(|entry| has(entry, "sAMAccountName", "ccole")).unwrap();
    let parent = carla.dn.parent().unwrap();
    carla.dn = parent.child("CN", "Carla\u{1b}[2J\u{202e}\n| FORGED | <b>`@team`").unwrap();
    carla.attributes.insert("cn".to_owned(), AdValues::One("Carla\u{1b}[2J\u{202e}\n| FORGED | <b>`@team`".to_owned()));
    world
}

fn has(entry: &matchplan::lab::world::forest::AdEntry, name: &str, value: &str) -> bool {
    entry.values(name).is_some_and(|values| values.texts() == [value])
}

fn soil(value: &mut Value, next: &mut impl FnMut() -> &'static str) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if CLOUD.contains(&name.as_str()) => text.push_str(next()),
                    other => soil(other, next),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| soil(item, next)),
        _ => {}
    }
}

const LINKS: &str = "[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n\
    [[link]]\nad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\nroles = \"suspend\"\n\
    [[link]]\nad = \"eeriksen\"\ncloud = \"erik.eriksen@contoso.com\"\nmatch = \"hard\"\nupn = \"cloud\"\n";

/// `words` are a server's: their white space is one space each, so a word of theirs can stand where a line is wrapped.
fn check(ran: &Ran, form: &str) {
    if form == "words" {
        assert_harmless(&ran.out);
        return assert_harmless(&ran.err);
    }
    assert_lines(&ran.err);
    assert!(!ran.err.contains("fault of its own"), "{}", ran.err);
    match form {
        "stream" => {
            assert!(!ran.out.is_empty() && ran.err.is_empty(), "{}", ran.err);
            assert_harmless(&ran.out);
            for line in ran.out.lines() {
                let _: Value = serde_json::from_str(line).unwrap();
            }
        }
        "markdown" => assert_markdown(&ran.out),
        "json" => {
            assert_harmless(&ran.out);
            let _: Value = serde_json::from_str(&ran.out).unwrap();
        }
        _ => assert_lines(&ran.out),
    }
}

/// Everything that was written is harmless to look at, too.
fn check_files(site: &Site) {
    let mut folders = vec![site.folder().to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|end| ["json", "jsonl", "csv", "txt"].iter().any(|one| end == *one))
            {
                assert_harmless(&std::fs::read_to_string(&entry).unwrap());
                seen += 1;
            }
        }
    }
    assert!(seen >= 2, "{seen} files");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_story_of_a_nasty_company() {
    let site = Site::over(hostile_world(), Backend::Embedded, "hostile_showing").await.unwrap();
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{LINKS}"));
    let forms = [("text", &[][..]), ("json", &["--format", "json"]), ("markdown", &["--format", "markdown"])];
    for (form, flags) in forms {
        for more in [&[][..], &["--redact"], &["--details"]] {
            check(&site.run(&[&["plan"], flags, more].concat()).await.expect(0), form);
        }
    }
    site.run(&["plan", "--out", "a.plan.json"]).await.expect(0);
    for (form, flags) in forms {
        check(&site.run(&[&["show", "a.plan.json"], flags].concat()).await.expect(0), form);
        check(&site.run(&[&["diff", "a.plan.json", "a.plan.json"], flags].concat()).await.expect(0), form);
    }
    let snapshot = site.run(&["snapshot", "--out", "a.snapshot.json"]).await.expect(0);
    check(&snapshot, "text");
    for (form, file) in [("text", "lint.txt"), ("json", "lint.json"), ("csv", "lint.csv")] {
        check(&site.run(&["lint", "--format", form]).await, form);
        check(&site.run(&["lint", "--format", form, "--out", file]).await, "text");
    }
    for (form, file) in [("toml", "suggested.txt"), ("json", "suggested.json")] {
        let suggest = ["suggest", "--format", form];
        check(&site.run(&suggest).await.expect(0), form);
        check(&site.run(&[&suggest[..], &["--out", file]].concat()).await.expect(0), "text");
    }
    let csv = site.text("lint.csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    for row in rows.records() {
        for cell in &row.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?} is a formula");
        }
    }
    for (form, flags) in &forms[..2] {
        check(&site.run(&[&["check"], *flags].concat()).await, form);
        check(&site.run(&[&["validate"], *flags].concat()).await.expect(0), form);
    }
    check(&site.run(&["apply", "a.plan.json"]).await.expect(0), "text");
    for (form, flags) in &forms[..2] {
        check(&site.run(&[&["status"], *flags].concat()).await.expect(0), form);
        check(&site.run(&[&["lock", "status"], *flags].concat()).await.expect(0), form);
    }
    check(&site.run(&["rollback", "--yes"]).await, "text");
    for words in [&["plan"][..], &["lint"], &["suggest"], &["check"], &["show", "a.plan.json"], &["apply", "--yes"]] {
        check(&site.run(&[words, &["--json"]].concat()).await, "stream");
    }
    check(&site.run(&["status", "--json"]).await, "stream");
    check_files(&site);
    // The values themselves came through unchanged.
    let saved: Value = serde_json::from_str(&site.text("a.plan.json")).unwrap();
    let name = saved["tenant"]["name"].as_str().unwrap();
    assert!(NASTY.iter().any(|text| name.ends_with(text)), "{name:?}");
}

/// What a person wrote, or somebody slipped in: file names and TOML values.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nasty_files_are_shown_harmlessly() {
    let site = Site::contoso(Backend::Embedded, "hostile_files").await.unwrap();
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let links = NASTY.map(|text| format!("[[link]]\nad = {0}\ncloud = {0}\n{0} = {0}\n", quoted(text)));
    site.plan(&links.concat());
    for arguments in [&["validate"][..], &["plan"], &["apply", "--yes"]] {
        check(&site.run(arguments).await.expect(1), "text");
    }
    check(&site.run(&["validate", "--format", "json"]).await.expect(1), "json");
    // Raw in the file, as no editor would show it.
    site.plan(&format!("[[link]]\nad = '''{}'''\ncloud = 'x\u{202e}\u{9b}'\n# {}\n", NASTY[2], NASTY[3]));
    check(&site.run(&["validate"]).await, "text");
    #[cfg(unix)]
    {
        let name = "plans/e\u{1b}[2J\u{202e}\nINJECTED.toml";
        site.write(name, "version = 1\n[[link]]\nad = 1\n");
        site.write("e\u{1b}[2J\u{202e}.plan.json", "{}");
        check(&site.run(&["validate"]).await.expect(1), "text");
        check(&site.run(&["validate", name]).await.expect(1), "text");
        check(&site.run(&["show", "e\u{1b}[2J\u{202e}.plan.json"]).await.expect(4), "text");
        check(&site.run(&["show", "none\u{1b}[2J\nINJECTED"]).await.expect(1), "text");
        check(&site.run(&["plan", "--allow", "x\u{1b}[2J\nINJECTED"]).await.expect(64), "text");
        check(&site.run(&["rollback", "--link", "x\u{1b}[2J\nINJECTED"]).await, "text");
        check(&site.run(&["anchor", "x\u{1b}[2J\nINJECTED"]).await, "text");
        check(&site.run(&["explain", "x\u{1b}[2J\nINJECTED"]).await, "text");
    }
}

/// A server's own words, in every kind of refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nasty_servers_are_quoted_harmlessly() {
    let site = Site::contoso(Backend::Embedded, "hostile_servers").await.unwrap();
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{LINKS}"));
    let printing = toml::Value::from(vec!["/bin/sh".to_owned(), "-c".to_owned(), "cat nasty >&2; exit 1".to_owned()]);
    site.write("nasty", &NASTY.concat());
    let sync = vec![("trigger", format!("{{ command = {printing} }}")), ("timeout", "\"2s\"".to_owned())];
    let tap = Tap::before(&site, Wishes { sync, ..Wishes::default() }, |_| Act::Pass).await;
    let words = NASTY.concat();
    for status in [400, 401, 403, 404, 409, 500] {
        let words = words.clone();
        let body = json!({"error": {"code": words, "message": words, "innerError": {"request-id": words}},
            "error_description": words});
        let of = body.clone();
        tap.choose(
            move |asked| {
                if asked.line.contains("/users") { Act::Answer(status, vec![], body.clone()) } else { Act::Pass }
            },
        );
        for arguments in [&["plan"][..], &["check"], &["status"]] {
            check(&site.run(arguments).await, "words");
        }
        tap.choose(
            move |asked| {
                if asked.line.contains("oauth2") { Act::Answer(status, vec![], of.clone()) } else { Act::Pass }
            },
        );
        check(&site.run(&["plan"]).await.expect(1), "words");
    }
    let words = words.clone();
    tap.choose(move |asked| {
        if asked.line.starts_with("PATCH") {
            Act::Answer(400, vec![], json!({"error": {"code": words, "message": words}}))
        } else {
            Act::Pass
        }
    });
    let ran = site.run(&["apply", "--yes"]).await;
    check(&ran, "words");
    assert!(ran.err.contains("failed") && ran.err.contains("exit code 1"), "{}", ran.err);
    check(&site.run(&["status"]).await, "words");
    check(&site.run(&["status", "--format", "json"]).await, "json");
    check_files(&site);
}
