//! Microsoft's documents as a table: `tests/scenarios/*.toml`, written by hand, one scenario to a rule or more.
//!
//! Each scenario is a small world and one link. The program reads the world as it reads real directories, over LDAP and
//! HTTP from the lab's servers; what it predicts and finds must be what the scenario says. Then the link's steps are
//! done, blocked or not, a cycle runs, and what it does must be what the scenario says too.

mod expect;
mod format;
mod served;
mod world;

use crate::carry::{self, Judged};
use format::Scenario;
use matchplan::plan::link::Outcome;
use matchplan::plan::planner::{PlanInput, plan};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// How many scenarios are under way at the same time.
const AT_ONCE: usize = 4;

/// All scenarios, with the name of their file.
fn table() -> Vec<(String, Scenario)> {
    let mut files: Vec<PathBuf> = fs::read_dir("tests/scenarios")
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    files.sort();
    let scenarios = files.iter().flat_map(|path| {
        let text = fs::read_to_string(path).expect("the file is readable");
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        let table: format::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        table.scenario.into_iter().map(move |scenario| (name.clone(), scenario))
    });
    scenarios.collect()
}

#[test]
fn every_scenario_has_a_name_of_its_own_and_names_its_source_and_rules() {
    let mut names = BTreeSet::new();
    for (file, scenario) in table() {
        let named = !scenario.source.is_empty() && !scenario.rules.is_empty();
        assert!(named, "{file}: {} names no source or no rule", scenario.name);
        assert!(names.insert(scenario.name.clone()), "{file}: {} stands in the table twice", scenario.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_documents_say_is_what_is_predicted_and_what_happens() {
    let mut wrong = Vec::new();
    let mut waiting = table().into_iter();
    let mut running = tokio::task::JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((file, scenario)) = waiting.next()
        {
            let name = format!("{file}: {}", scenario.name);
            let played = tokio::spawn(async move { play(&scenario).await });
            running.spawn(async move { (name, played.await.unwrap_or_else(|panic| vec![panic.to_string()])) });
        }
        match running.join_next().await {
            Some(done) => {
                let (name, differences) = done.expect("it only waits");
                wrong.extend(differences.into_iter().map(|what| format!("{name}\n    {what}")));
            }
            None => break,
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

/// Plays one scenario; returns what is not as it says.
async fn play(scenario: &Scenario) -> Vec<String> {
    let (mut world, cast) = match world::build(scenario) {
        Ok(built) => built,
        Err(problem) => return vec![problem],
    };
    let snapshot = served::snapshot(&world).await;
    let config = carry::configuration(&world::settings(scenario), &world::match_plan(scenario, &cast));
    let input = PlanInput { allow: &scenario.allow, ..PlanInput::of(&config, &snapshot, world.clock) };
    let made = plan(input);
    let mut wrong = expect::findings(scenario, &made);
    let judged = carry::judge(&config, &snapshot);
    let prediction = judged.first().map(|judged| &judged.prediction);
    wrong.extend(expect::prediction(scenario, prediction));
    let linked = made.links.first().is_some_and(|link| link.outcome == Outcome::Unchanged);
    if (scenario.prediction == "linked already") != linked {
        wrong.push(format!("it is {}linked already", if linked { "" } else { "not " }));
    }
    let before = world.clone();
    let report = match judged.first() {
        Some(judged) => carry::carry_out(judged, &mut world),
        None => matchplan::lab::sync::cycle::of_embedded_forest(&mut world),
    };
    let did = cast.ad.get("jane").and_then(|guid| report.of(*guid));
    if let Some(Judged { prediction, cloud, .. }) = judged.first()
        && !carry::agrees(prediction, *cloud, did)
    {
        wrong.push(format!("predicted {prediction:?}, the cycle did {did:?}"));
    }
    wrong.extend(expect::result(scenario, &cast, did));
    wrong.extend(expect::after(scenario, &cast, &before, &world, did));
    wrong
}
