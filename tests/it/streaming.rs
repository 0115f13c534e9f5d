//! `--json`: every command of the program, over the lab or on bad input, says what it says in JSON lines and nothing else.

use crate::support::program::{PROGRAM, Ran, program, run};
use clap::Command;
use matchplan::model::visible::is_hidden;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

/// Two links; one user holds a role meanwhile.
const PLAN: &str = r#"version = 1

[defaults]
move_to = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com"

[[link]]
ad = "ccole"
cloud = "carla.cole@contoso.com"

[[link]]
ad = "hhill"
cloud = "henry.hill@contoso.com"
roles = "suspend"
"#;

/// A key that is none, with what a terminal would obey.
const BROKEN: &str =
    "version = 1\n\n[[link]]\nad = \"jsmith\"\ncloud = \"john.smith@contoso.com\"\n\"\u{202e}colour\" = \"red\"\n";

/// Semicolons behind a byte order mark, and a row without a cloud user.
const LIST: &str = "\u{feff}SamAccountName;CloudUPN\r\nccole;carla.cole@contoso.com\r\nhhill;\r\n";

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let all = matchplan::schemas::all();
    let (_, schema) = all.iter().find(|(name, _)| *name == "events.schema.json").expect("it is one of them");
    jsonschema::validator_for(schema).expect("a schema")
});

/// The lines of a run, each held to the rules of the stream; the last one has the exit code.
#[track_caller]
fn lines(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.err, "", "\n--- stdout\n{}", ran.out);
    let lines: Vec<Value> = ran.out.lines().map(line).collect();
    let last = lines.last().expect("it says something");
    assert!(["result", "error"].contains(&name(last)), "{last}");
    assert_eq!(last["exit_code"], json!(ran.code), "{last}");
    let ends = lines.iter().filter(|line| ["result", "error"].contains(&name(line))).count();
    assert_eq!(ends, 1, "{}", ran.out);
    lines
}

#[track_caller]
fn line(text: &str) -> Value {
    assert!(!text.contains(is_hidden), "{text:?}");
    let line: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(line["at"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()), "{line}");
    assert!(SCHEMA.is_valid(&line), "{line}");
    line
}

#[track_caller]
fn name(line: &Value) -> &str {
    line["event"].as_str().expect("each line is an event")
}

fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(name).collect()
}

/// Runs a command with `--json`, which must end with this exit code; all that it says but progress.
async fn json_run(folder: &Path, words: &[&str], code: i32) -> Vec<Value> {
    let ran = run(program(folder, &[words, &["--json"]].concat())).await;
    let mut lines = lines(&ran);
    assert_eq!(ran.code, code, "{words:?}: {}", ran.out);
    // How long reading takes is the machine's business.
    lines.retain(|line| name(line) != "progress");
    lines
}

/// Every command that has none below it.
fn leaves(command: &Command, path: &str) -> BTreeSet<String> {
    let inner: Vec<&Command> = command.get_subcommands().filter(|one| one.get_name() != "help").collect();
    if inner.is_empty() {
        return [path.to_owned()].into();
    }
    inner.into_iter().flat_map(|one| leaves(one, format!("{path} {}", one.get_name()).trim())).collect()
}

/// One session through all of it: the words, and the exit code.
const SESSION: &[(&[&str], i32)] = &[
    (&["init", "project"], 0),
    (&["init", "project"], 1),
    (&["validate", "--lab", "plans/wave.toml"], 0),
    (&["validate", "--lab", "broken.toml"], 1),
    (&["validate", "--config", "nowhere.toml"], 1),
    (&["snapshot", "--lab", "--out", "company.zst"], 0),
    (&["snapshot", "--lab", "--for", "plans/wave.toml", "--out", "wave.zst", "--verbose"], 0),
    (&["import", "csv", "list.csv"], 3),
    (&["import", "csv", "list.csv", "--into", "list.toml"], 3),
    (&["suggest", "--lab"], 0),
    (&["suggest", "--lab", "--out", "found.toml"], 0),
    (&["plan", "--lab", "broken.toml"], 1),
    (&["plan", "--lab", "plans/wave.toml", "--out", "wave.plan.json", "--detailed-exitcode", "-v"], 2),
    (&["plan", "--lab", "plans/wave.toml", "--format", "json", "--redact"], 0),
    (&["plan", "--lab", "plans/wave.toml", "--format", "text"], 64),
    (&["lint", "--lab"], 0),
    (&["lint", "--lab", "--out", "lint.txt"], 0),
    (&["lint", "--lab", "--format", "csv"], 64),
    (&["show", "wave.plan.json"], 0),
    (&["show", "wave.plan.json", "--redact", "--out", "wave.txt"], 0),
    (&["show", "broken.toml"], 4),
    (&["diff", "wave.plan.json", "wave.plan.json"], 0),
    (&["apply", "--lab", "plans/wave.toml"], 64),
    (&["apply", "--lab", "wave.plan.json"], 0),
    (&["apply", "--lab", "wave.plan.json"], 4),
    (&["status", "--lab"], 0),
    (&["check", "--lab", "plans/wave.toml"], 3),
    (&["tenant", "--lab"], 0),
    (&["rollback", "--lab", "--link", "corp/ccole", "--out", "back.plan.json"], 3),
    (&["rollback", "--lab", "--yes"], 3),
    (&["lab", "reset"], 0),
    (&["apply", "--lab", "plans/wave.toml", "--prepare", "--yes"], 6),
    (&["rollback", "--lab"], 64),
    (&["rollback", "--lab", "--yes"], 0),
    (&["state", "recover", "--lab"], 0),
    (&["lock", "status", "--lab"], 0),
    (&["lock", "release", "3f0c9d1e", "--lab"], 0),
    (&["anchor", "88666888-0101-1111-bbbb-1234567890ab"], 0),
    (&["anchor", "\u{1b}[31mred\u{202e}"], 1),
    (&["explain"], 0),
    (&["explain", "upn-conflict"], 0),
    (&["explain", "no-such-thing"], 1),
    (&["schema"], 0),
    (&["schema", "events.schema.json"], 0),
    (&["completions", "bash"], 0),
    (&["man", "apply"], 0),
    (&["man", "--out", "man1"], 0),
    (&["lab", "reset"], 0),
    (&["lab", "world", "--seeded"], 0),
    (&["lab", "usage", "--control", "http://127.0.0.1:9/"], 1),
    (&["lab", "cycle", "--control", "http://127.0.0.1:9/"], 1),
    (&["lab", "status", "--control", "http://127.0.0.1:9/"], 1),
    (&["lab", "hold", "--control", "http://127.0.0.1:9/"], 1),
    (&["lab", "release", "--control", "http://127.0.0.1:9/"], 1),
    (&["lab", "serve", "--world", "nowhere.json"], 1),
    (&["\u{1b}]0;no such command\u{7}"], 64),
    (&["plan", "--no-such-option"], 64),
    (&["--help"], 0),
];

/// A folder with what the session reads.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("plans")).unwrap();
    for (file, text) in [("plans/wave.toml", PLAN), ("broken.toml", BROKEN), ("list.csv", LIST)] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

#[tokio::test]
async fn every_command_says_json_lines_and_nothing_else() {
    let said = SESSION.iter().map(|(words, _)| words.join(" "));
    let said: Vec<String> = said.collect();
    for leaf in leaves(&matchplan::cli::args::command(), "") {
        let run = said.iter().any(|words| format!("{words} ").starts_with(&format!("{leaf} ")));
        assert!(run, "`{leaf}` is not in the session");
    }
    let folder = folder();
    for (words, code) in SESSION {
        let lines = json_run(folder.path(), words, *code).await;
        if *code == 0 {
            assert_eq!(name(lines.last().unwrap()), "result", "{words:?}");
            assert!(lines.last().unwrap().get("data").is_some(), "{words:?} has no data");
        }
    }
}

#[tokio::test]
async fn an_apply_can_be_followed() {
    let folder = folder();
    let folder = folder.path();
    // Nobody is asked; what would be applied, and the question, stand there all the same.
    let asked = json_run(folder, &["apply", "plans/wave.toml", "--lab"], 64).await;
    assert_eq!(names(&asked), ["plan", "question", "error"]);
    assert_eq!(asked[1]["text"], "Apply this plan?");
    let hints = asked[2]["hints"].as_array().unwrap();
    assert!(hints.iter().any(|hint| hint.as_str().unwrap().contains("--yes")), "{hints:?}");

    let applied = json_run(folder, &["apply", "plans/wave.toml", "--lab", "--yes"], 0).await;
    let events = names(&applied);
    assert_eq!(events[..3], ["plan", "apply-started", "wave-started"]);
    assert_eq!(events[events.len() - 2..], ["apply-ended", "result"]);
    // Every step of the plan is done, and one that takes its time was begun before.
    let steps: BTreeSet<&str> =
        applied[0]["data"]["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect();
    let of = |event: &str| -> Vec<&str> {
        let these = applied.iter().filter(|line| name(line) == event);
        these.map(|line| line["step"]["id"].as_str().unwrap()).collect()
    };
    assert_eq!(of("step-succeeded").into_iter().collect::<BTreeSet<_>>(), steps);
    for step in of("step-started") {
        let at =
            |event: &str| applied.iter().position(|line| name(line) == event && line["step"]["id"] == step).unwrap();
        assert!(at("step-started") < at("step-succeeded"), "{step}");
    }
    let ended: Vec<&Value> = applied.iter().filter(|line| name(line) == "link-ended").collect();
    assert_eq!(ended.len(), 2, "{events:?}");
    let result = &applied[applied.len() - 1]["data"];
    assert_eq!((&result["ending"], &result["apply"]), (&json!("complete"), &applied[1]["apply"]));
    for link in ended {
        assert_eq!(result["links"][link["link"].as_str().unwrap()], link["standing"]);
    }
    // No way back from a formed link: the plan says so, and nothing is executed.
    let back = json_run(folder, &["rollback", "--lab", "--yes"], 3).await;
    assert_eq!((names(&back), &back[0]["data"]["blocked"]), (vec!["plan", "result"], &json!(true)));
}

#[tokio::test]
async fn a_pilot_without_anybody_to_ask_stands_and_the_others_wait() {
    let folder = folder();
    let apply = &["apply", "plans/wave.toml", "--lab", "--pilot", "1"];
    json_run(folder.path(), &["plan", "plans/wave.toml", "--lab", "--pilot", "1", "--out", "p.json"], 0).await;
    json_run(folder.path(), apply, 64).await;
    let said = json_run(folder.path(), &["apply", "p.json", "--lab"], 6).await;
    let question = said.iter().find(|line| name(line) == "question").unwrap();
    assert_eq!(question["text"], "The pilot is formed. Go on with the other links?");
    assert_eq!(said.last().unwrap()["data"]["pilot_through"], json!(true));
    let on = json_run(folder.path(), &["apply", "--lab"], 0).await;
    assert_eq!(on.last().unwrap()["data"]["ending"], "complete");
}

#[tokio::test]
async fn what_was_written_badly_is_said_with_its_place() {
    let folder = folder();
    let checked = json_run(folder.path(), &["validate", "--lab", "broken.toml"], 1).await;
    assert_eq!(names(&checked), ["diagnostic", "error"]);
    let found = &checked[0];
    assert_eq!((&found["line"], &found["severity"]), (&json!(6), &json!("error")), "{found}");
    assert!(found["file"].as_str().unwrap().ends_with("broken.toml") && found["code"].is_string(), "{found}");
    assert_eq!((&checked[1]["data"]["valid"], &checked[1]["exit_code"]), (&json!(false), &json!(1)));
    // The same where another command reads it.
    assert_eq!(names(&json_run(folder.path(), &["plan", "--lab", "broken.toml"], 1).await), ["diagnostic", "error"]);

    let rows = json_run(folder.path(), &["import", "csv", "list.csv"], 3).await;
    let diagnostic = rows.iter().find(|line| name(line) == "diagnostic").unwrap();
    assert_eq!((&diagnostic["line"], &diagnostic["severity"]), (&json!(3), &json!("warning")));
    let data = &rows.last().unwrap()["data"];
    assert_eq!((&data["added"], &data["left_out"]), (&json!(1), &json!(1)));
    assert!(data["text"].as_str().unwrap().contains("carla.cole@contoso.com"), "{data}");
}

#[tokio::test]
async fn values_arrive_as_they_are_and_are_never_obeyed() {
    let folder = folder();
    let nasty = "\u{1b}]0;owned\u{7}\u{202e}";
    let explained = json_run(folder.path(), &["man", nasty], 64).await;
    assert_eq!(explained[0]["message"], format!("There is no command {nasty}."));
    let fixed = ["status", "--lab", "--json", "--clock", "2026-11-20T10:00:00Z"];
    let status = lines(&run(program(folder.path(), &fixed)).await);
    assert_eq!(status[0]["at"], "2026-11-20T10:00:00Z");
}

#[tokio::test]
async fn a_lab_that_serves_says_so_at_once() {
    let folder = folder();
    let mut command = program(folder.path(), &["lab", "serve", "--json"]);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{PROGRAM}: {error}"));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).await.unwrap();
    let ready = line(first.trim_end());
    assert_eq!(name(&ready), "ready");
    let control = ready["data"]["control_url"].as_str().unwrap();
    for (what, member) in [("usage", "requests"), ("cycle", "report"), ("status", "enabled")] {
        let said = json_run(folder.path(), &["lab", what, "--control", control], 0).await;
        assert!(said[0]["data"].is_object(), "{what} {member}: {}", said[0]);
    }
    for what in ["hold", "release"] {
        json_run(folder.path(), &["lab", what, "--control", control], 0).await;
    }
    #[cfg(unix)]
    {
        let id = child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let (mut rest, mut err) = (first, String::new());
        out.read_to_string(&mut rest).await.unwrap();
        child.stderr.take().unwrap().read_to_string(&mut err).await.unwrap();
        let code = child.wait().await.unwrap().code().unwrap();
        let said = lines(&Ran { code, out: rest, err });
        assert_eq!((names(&said).last(), code), (Some(&"result"), 0));
    }
}
