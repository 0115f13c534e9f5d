//! Every text of a saved plan and of a ledger replaced by every nasty value, one after the other, in every format.
//!
//! The texts are found in the JSON, so a member that is new is met without anybody thinking of it; one that takes no such
//! value (an id, a time, a name of a kind) keeps its own.

use super::corpus::{NASTY, assert_harmless, assert_lines, assert_markdown};
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use jiff::SignedDuration;
use matchplan::apply::event::{Event, What};
use matchplan::apply::outcome::ApplyOutcome;
use matchplan::model::sealed;
use matchplan::plan::document::Plan;
use matchplan::report::compare::Comparison;
use matchplan::report::plan_text::Detail;
use matchplan::report::status::StatusView;
use matchplan::report::style::Style;
use matchplan::report::{events, outcome, plan_json, plan_markdown, plan_text, powershell, redact};
use matchplan::state::ledger::State;
use matchplan::state::sheet::restore_sheet;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The places of all texts in a value.
fn places(value: &Value, here: String, all: &mut Vec<String>) {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::String(_) => all.push(here),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| places(item, format!("{here}/{n}"), all)),
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, format!("{here}/{}", escape(name)), all));
        }
        _ => {}
    }
}

/// The places of texts that take any value and keep it: the rest are ids, times and names of kinds.
fn free_places<T: DeserializeOwned + serde::Serialize>(whole: &Value) -> Vec<String> {
    let mut all = Vec::new();
    places(whole, String::new(), &mut all);
    all.retain(|place| {
        let mut changed = whole.clone();
        let value = Value::from(NASTY[0]);
        *changed.pointer_mut(place).unwrap() = value.clone();
        let read = serde_json::from_value::<T>(changed).and_then(serde_json::to_value);
        read.is_ok_and(|read| read.pointer(place) == Some(&value))
    });
    all
}

/// The value with every free text replaced; the corpus begins at `turn`.
fn nasty<T: DeserializeOwned>(whole: &Value, free: &[String], turn: usize) -> T {
    let mut changed = whole.clone();
    for (n, place) in free.iter().enumerate() {
        let text = NASTY[(n + turn) % NASTY.len()];
        // Long ones, too, but not so many that nothing else fits.
        let text = if n % 41 == 40 { text.repeat(400) } else { text.to_owned() };
        *changed.pointer_mut(place).unwrap() = Value::from(text);
    }
    serde_json::from_value(changed).expect("each text was tried by itself")
}

/// A saved plan and a ledger with links of every kind, from the real program over a real world.
async fn documents() -> (Value, Value) {
    let site = Site::contoso(Backend::Embedded, "hostile_rendered").await.unwrap();
    site.plan(&format!(
        "[defaults]\nmove_to = \"{SYNCED}\"\nroles = \"suspend\"\n\
         [[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n\
         [[link]]\nad = \"eeriksen\"\ncloud = \"erik.eriksen@contoso.com\"\nmatch = \"hard\"\nupn = \"cloud\"\n\
         [[link]]\nad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\n\
         [[link]]\nad = \"nobody\"\ncloud = \"hugo.hill@contoso.com\"\n"
    ));
    let wait = |timeout: &str| vec![("trigger", "\"wait\"".to_owned()), ("timeout", format!("\"{timeout}\""))];
    site.configure(&Wishes { sync: wait("2s"), ..Wishes::default() });
    let json = |name: &str| serde_json::from_str::<Value>(&site.text(name)).unwrap();
    site.run(&["plan", "--out", "blocked.plan.json"]).await.expect(3);
    // Blind to the engine's status, the administrator's link gets stuck with roles out.
    let blind: String = site
        .text("matchplan.toml")
        .lines()
        .filter(|line| !line.starts_with("status"))
        .map(|l| l.to_owned() + "\n")
        .collect();
    site.write("matchplan.toml", &blind);
    site.run(&["apply", "--yes", "--skip-blocked"]).await.expect(7);
    (json("blocked.plan.json"), json("matchplan.state.json"))
}

fn show_plan(plan: &Plan, other: &Plan) {
    for width in [40, 100] {
        for detail in [Detail::Brief, Detail::Full] {
            assert_lines(&plan_text::render(plan, Style::PLAIN, width, detail));
        }
        assert_lines(&Comparison::of(plan, other).to_text(Style::PLAIN, width));
    }
    let json = plan_json::render(plan).unwrap();
    assert_harmless(&json);
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["tenant"]["name"], plan.tenant.name, "the value itself comes through");
    assert_markdown(&plan_markdown::render(plan, "x.plan.json"));
    let comparison = Comparison::of(plan, other);
    assert_markdown(&comparison.to_markdown("matchplan diff a b"));
    assert_harmless(&comparison.to_json().unwrap());
    let file = sealed::to_file(plan).unwrap();
    assert_harmless(&file);
    assert_eq!(Plan::from_file(&file).unwrap().links, plan.links);
}

/// The sheet: one that is run in PowerShell. Each of its commands must be the one that we wrote.
fn show_sheet(plan: &Plan) -> usize {
    let Some(sheet) = restore_sheet(plan, NASTY[11]) else { return 0 };
    assert_lines(&sheet);
    let mut commands = 0;
    for line in sheet.lines().map(str::trim).filter(|line| line.starts_with("Invoke-MgGraphRequest")) {
        commands += 1;
        assert!(line.is_ascii(), "PowerShell takes typographic quotes for quotes: {line}");
        // Everything that comes from a directory stands between single quotes, and none of it ends them.
        let parts: Vec<&str> = line.split('\'').collect();
        assert_eq!(parts.len(), 7, "{line}");
        let ours = [parts[0], parts[2], parts[4], parts[6]];
        assert_eq!(ours, ["Invoke-MgGraphRequest -Method POST -Uri ", " -ContentType ", " -Body ", ""]);
        let path = parts[1].split_once("/v1.0/").unwrap().1;
        assert!(path.chars().all(|c| c.is_ascii_alphanumeric() || "/-$".contains(c)), "{path}");
        let _: Value = serde_json::from_str(parts[5]).unwrap();
    }
    commands
}

/// The plan as PowerShell: ASCII whatever a value holds, and no value ends the literal that it stands in.
fn show_script(plan: &Plan) -> usize {
    let script = powershell::render(&Plan { findings: Vec::new(), ..plan.clone() });
    let odd = script.lines().find(|line| !line.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
    assert_eq!(odd, None, "not ASCII");
    let (functions, steps) = script.split_once("# ---- The plan ----").unwrap();
    let ours = functions.lines().skip_while(|line| !line.starts_with("$Matchplan = ")).take_while(|line| *line != "}");
    let code = |line: &&str| !line.trim_start().starts_with('#');
    let lines: Vec<&str> = ours.chain(steps.lines()).filter(code).collect();
    for line in &lines {
        assert!(line.matches('\'').count().is_multiple_of(2), "a literal is open at the end of {line}");
    }
    lines.len()
}

fn show_state(state: &State, plan: &Plan) {
    let view = StatusView::of(state, None);
    assert_lines(&view.to_text("", Style::PLAIN, 100));
    assert_harmless(&view.to_json().unwrap());
    let record = state.applies.last().unwrap();
    let ended = ApplyOutcome::of(record, true);
    assert_lines(&outcome::render(&ended, record, "", Style::PLAIN, 100));
    let mut progress = events::Progress::default();
    for event in happenings(plan, state, ended) {
        if let Some(line) = events::line(&event, Style::PLAIN) {
            assert_lines(&line);
            assert_eq!(line.matches('\n').count(), 1, "one event is one line: {line}");
        }
        let json = events::json_line(&event).unwrap();
        assert_harmless(&json);
        assert_eq!(json.matches('\n').count(), 1, "{json}");
        let _: Value = serde_json::from_str(&json).unwrap();
        progress.take(&event);
        assert_harmless(progress.message());
        assert!(!progress.message().contains('\n'));
    }
}

/// Events with everything that the plan and the ledger hold, and with a server's words.
fn happenings(plan: &Plan, state: &State, ended: ApplyOutcome) -> Vec<Event> {
    let mut whats = vec![What::ApplyEnded { outcome: ended }];
    let record = state.applies.last().unwrap();
    for (n, step) in plan.steps.iter().enumerate() {
        let (step, error) = (Box::new(step.clone()), NASTY[n % NASTY.len()].to_owned());
        whats.push(What::StepStarted { step: step.clone() });
        whats.push(What::StepSucceeded { step: step.clone(), wrote: true });
        whats.push(What::StepFailed { step: step.clone(), error: error.clone() });
        whats.push(What::UndoFailed { step, error: error.clone() });
        whats.push(What::Throttled { wait: SignedDuration::from_secs(90) });
        whats.push(What::Retrying { what: error.clone(), error, after: SignedDuration::from_secs(1) });
    }
    for (id, link) in &record.links {
        whats.push(What::LinkEnded {
            link: id.clone(),
            ad: link.ad.clone(),
            cloud: link.cloud.clone(),
            standing: link.standing.clone(),
            diagnosis: link.diagnosis.clone().map(Box::new),
        });
    }
    let at = record.started;
    whats.into_iter().map(|what| Event { at, what }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_of_a_plan_and_of_a_ledger_is_shown_harmlessly_in_every_format() {
    let (plan_json, state_json) = documents().await;
    let plain: Plan = serde_json::from_value(plan_json.clone()).unwrap();
    let (plan_places, state_places) = (free_places::<Plan>(&plan_json), free_places::<State>(&state_json));
    assert!(plan_places.len() > 150 && state_places.len() > 100, "{} and {}", plan_places.len(), state_places.len());
    for must in ["/tenant/name", "/links/0/cloud/upn", "/links/0/before/user/display_name", "/findings/0/message"] {
        assert!(plan_places.iter().any(|place| place == must), "{must} is not among them");
    }
    let mut commands = 0;
    for turn in 0..NASTY.len() {
        let plan: Plan = nasty(&plan_json, &plan_places, turn);
        show_plan(&plan, &plain);
        show_plan(&redact::plan(&plan), &redact::plan(&plain));
        commands += show_sheet(&plan);
        assert!(show_script(&plan) > 100, "the script has its steps");
        show_state(&nasty(&state_json, &state_places, turn), &plan);
    }
    assert!(commands >= NASTY.len(), "a role was suspended, and each sheet says how it comes back");
}
