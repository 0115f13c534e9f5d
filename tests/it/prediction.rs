//! The planner's rulebook against the lab's sync engine: two implementations of Microsoft's documents that share no
//! code. What a plan predicts of a link is what the cycle does, on random small worlds.

mod scene;
mod seen;

use matchplan::config;
use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::sync::report::Outcome as Done;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::{CloudRoleAssignment, CloudUser};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::model::attribute::AttributeChange;
use matchplan::model::dn::Dn;
use matchplan::model::id::{AdGuid, ObjectId};
use matchplan::model::role::Holding;
use matchplan::plan::document::Plan;
use matchplan::plan::link::Outcome;
use matchplan::plan::planner::{PlanInput, plan};
use matchplan::plan::step::Action;
use matchplan::rules::prediction::{MatchKey, Prediction};
use proptest::prelude::*;
use scene::{NAMES, STAFF, Scene, guid, scene};
use seen::snapshot;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const SETTINGS: &str = r#"version = 1
[entra]
tenant = "x.onmicrosoft.com"
[[ad]]
name = "ad"
url = "ldaps://dc.ad.test"
base_dn = "DC=ad,DC=test"
user = "svc@ad.test"
password = { env = "AD_PASSWORD" }
[sync]
synced_ous = ["OU=Staff,DC=ad,DC=test"]
"#;

/// The scene's links as a person writes them, before anything is applied.
fn match_plan(scene: &Scene) -> String {
    let mut text = "version = 1\n".to_owned();
    let mut targets = BTreeSet::new();
    for link in &scene.links {
        let starts = |user: &&CloudUser| user.user_principal_name.starts_with(&format!("{}@", NAMES[link.cloud]));
        let Some(target) = scene.world.entra.users.iter().find(starts) else { continue };
        // The reader refuses what is plainly linked twice.
        if !targets.insert(target.id) {
            continue;
        }
        let cloud = if link.by_id { target.id.to_string() } else { target.user_principal_name.clone() };
        let _ =
            write!(text, "[[link]]\nad = \"{}\"\ncloud = \"{cloud}\"\n{}\n", NAMES[link.ad], link.choices.join("\n"));
        let entry = scene.world.ad[0].entries.iter().find(|entry| entry.guid == guid(link.ad)).unwrap();
        if !entry.dn.is_under(&Dn::parse(STAFF).unwrap()) {
            let _ = writeln!(text, "move_to = \"{STAFF}\"");
        }
    }
    text
}

fn make(world: &World, plan_text: &str, hold: bool) -> Plan {
    let holding = "hold = { command = [\"x\"] }\nrelease = { command = [\"x\"] }\n";
    let settings = format!("{SETTINGS}{}[guard]\nmax_role_removals = 99\n", if hold { holding } else { "" });
    let (config, found, sources) = config::read(("matchplan.toml", &settings), &[("a.toml", plan_text)]);
    let config =
        config.unwrap_or_else(|| panic!("{}", matchplan::diagnostic::render_all(&found, &sources, false, 120)));
    let snapshot = snapshot(world);
    plan(PlanInput { config: &config, snapshot: &snapshot, now: world.clock, skip_blocked: true, allow: &[] })
}

fn entry(world: &mut World, guid: AdGuid) -> &mut AdEntry {
    world.ad[0].entries.iter_mut().find(|entry| entry.guid == guid).unwrap()
}

fn align(entry: &mut AdEntry, change: &AttributeChange) {
    let name = change.attribute.name();
    let set = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
    let found = entry.values(name).map_or(&[][..], AdValues::texts);
    assert_eq!(set(found), set(&change.expects), "a step expects what is there");
    entry.attributes.remove(name);
    if !change.sets.is_empty() {
        entry.attributes.insert(name.to_owned(), AdValues::Many(change.sets.clone()));
    }
}

/// Does one step by hand. A restore gives back what `taken` holds.
fn perform(action: &Action, world: &mut World, taken: &mut Vec<CloudRoleAssignment>) {
    match action {
        Action::Suspend { holding: Holding::Role(assignment), restore, .. } => {
            let (out, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut world.entra.role_assignments)
                .into_iter()
                .partition(|role| role.id == assignment.id);
            assert_eq!(out.len(), 1);
            world.entra.role_assignments = rest;
            taken.extend(out.into_iter().filter(|_| *restore));
        }
        Action::Align { user, changes } => changes.iter().for_each(|change| align(entry(world, user.guid), change)),
        Action::Anchor { user, expects, sets } => {
            let cloud = world.entra.users.iter_mut().find(|u| u.id == user.id).unwrap();
            assert_eq!(cloud.on_premises_immutable_id, expects.as_ref().map(ToString::to_string));
            cloud.on_premises_immutable_id = sets.as_ref().map(ToString::to_string);
        }
        Action::Move { user, from, to } => {
            let entry = entry(world, user.guid);
            assert_eq!(entry.dn.parent().as_ref(), Some(from));
            entry.dn = entry.dn.moved_to(to);
        }
        Action::Restore { user, .. } => {
            let at = taken.iter().position(|role| role.principal_id == user.id).unwrap();
            world.entra.role_assignments.push(taken.remove(at));
        }
        Action::Suspend { holding: Holding::Group(_), .. } => panic!("no groups in these worlds"),
        Action::Hold | Action::Release | Action::Sync | Action::Verify { .. } => {}
    }
}

fn user(world: &World, id: ObjectId) -> &CloudUser {
    world.entra.users.iter().find(|user| user.id == id).unwrap()
}

/// The e-mail addresses of a user, in lower case.
fn addresses(user: &CloudUser) -> BTreeSet<String> {
    user.proxy_addresses.iter().map(|address| address.to_lowercase()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_plan_predicts_is_what_the_cycle_does(scene in scene()) {
        let text = match_plan(&scene);
        let mut world = scene.world.clone();
        let made = make(&world, &text, scene.hold);
        prop_assert!(!made.is_blocked(), "{:#?}", made.findings);
        let mut taken = Vec::new();
        for wave in 1..=u32::try_from(made.counts.waves).unwrap() {
            let steps = || made.steps.iter().filter(|step| step.wave == wave).map(|step| &step.action);
            let restores = |action: &&Action| matches!(action, Action::Restore { .. });
            steps().filter(|action| !restores(action)).for_each(|action| perform(action, &mut world, &mut taken));
            let before = world.clone();
            let report = of_embedded_forest(&mut world);
            let here = |link: &&matchplan::plan::link::PlannedLink| matches!(link.outcome, Outcome::Change { wave: w, .. } if w == wave);
            for link in made.links.iter().filter(here) {
                let wanted = match &link.prediction {
                    Some(Prediction::Linked { by: MatchKey::HardMatch }) => Done::HardMatched,
                    Some(Prediction::Linked { by: MatchKey::PrimarySmtp }) => Done::SoftMatchedBySmtp,
                    Some(Prediction::Linked { by: MatchKey::Upn }) => Done::SoftMatchedByUpn,
                    other => return Err(TestCaseError::fail(format!("{} is not blocked: {other:?}", link.id))),
                };
                let found = report.of(link.ad.guid);
                prop_assert_eq!(
                    found.map(|object| (object.outcome, object.cloud, object.error.clone())),
                    Some((wanted, Some(link.cloud.id), None)),
                    "{}\n{}", link.id, text
                );
                // The takeover preview's promise.
                let lost: BTreeSet<String> = link.takeover.addresses_lost.iter().map(|a| a.to_lowercase()).collect();
                let (was, is) = (addresses(user(&before, link.cloud.id)), addresses(user(&world, link.cloud.id)));
                prop_assert_eq!(was.difference(&is).cloned().collect::<BTreeSet<_>>(), lost, "{}\n{}", link.id, text);
            }
            steps().filter(restores).for_each(|action| perform(action, &mut world, &mut taken));
        }
        prop_assert!(taken.is_empty(), "every suspended role is back");

        // What is linked is no change from then on, whatever its names have become.
        let linked: Vec<_> =
            made.links.iter().filter(|link| !matches!(link.outcome, Outcome::Blocked)).map(|link| &link.id).collect();
        let again = make(&world, &text, scene.hold);
        for id in linked {
            let link = again.links.iter().find(|link| link.id == *id);
            let planned = made.links.iter().find(|link| link.id == *id).unwrap();
            // A name that a takeover freed and that somebody else has got since means somebody else.
            let upn = planned.cloud.upn.as_str();
            let taken = |u: &CloudUser| u.id != planned.cloud.id && u.user_principal_name.eq_ignore_ascii_case(upn);
            prop_assert!(
                link.is_some_and(|link| link.outcome == Outcome::Unchanged) || world.entra.users.iter().any(taken),
                "{id}\n{text}\n{planned:#?}"
            );
        }
    }

    #[test]
    fn merging_loses_no_address(scene in scene()) {
        let merging = Scene {
            links: scene.links.iter().cloned().map(|mut link| {
                link.choices.retain(|choice| !choice.starts_with("addresses"));
                link
            }).collect(),
            ..scene
        };
        let made = make(&merging.world, &match_plan(&merging), merging.hold);
        for link in &made.links {
            prop_assert!(link.takeover.addresses_lost.is_empty(), "{:#?}", link);
        }
    }
}
