//! The planner's rulebook against the lab's sync engine: two implementations of Microsoft's documents that share no
//! code. What a plan predicts of a link is what the cycle does, on random small worlds.

mod narrow;
mod refresh;
mod scene;
pub(crate) mod seen;

use crate::carry::{self, holdings::Taken};
use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::model::dn::Dn;
use matchplan::model::id::ObjectId;
use matchplan::plan::document::Plan;
use matchplan::plan::link::Outcome;
use matchplan::plan::planner::{PlanInput, plan};
use matchplan::plan::step::Action;
use matchplan::rules::prediction::Prediction;
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

fn settings(hold: bool) -> String {
    let holding = "hold = { command = [\"x\"] }\nrelease = { command = [\"x\"] }\n";
    format!("{SETTINGS}{}[guard]\nmax_role_removals = 99\n", if hold { holding } else { "" })
}

fn make(world: &World, plan_text: &str, hold: bool) -> Plan {
    let config = carry::configuration(&settings(hold), plan_text);
    let snapshot = snapshot(world);
    plan(PlanInput { skip_blocked: true, ..PlanInput::of(&config, &snapshot, world.clock) })
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
        let mut taken = Taken::default();
        for wave in 1..=u32::try_from(made.counts.waves).unwrap() {
            let steps = || made.steps.iter().filter(|step| step.wave == wave).map(|step| &step.action);
            let restores = |action: &&Action| matches!(action, Action::Restore { .. });
            steps().filter(|action| !restores(action)).for_each(|action| carry::perform(action, &mut world, &mut taken));
            let before = world.clone();
            let report = of_embedded_forest(&mut world);
            let here = |link: &&matchplan::plan::link::PlannedLink| matches!(link.outcome, Outcome::Change { wave: w, .. } if w == wave);
            for link in made.links.iter().filter(here) {
                let wanted = match &link.prediction {
                    Some(Prediction::Linked { by } | Prediction::Unproven { by, .. }) => carry::linked_by(*by),
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
            steps().filter(restores).for_each(|action| carry::perform(action, &mut world, &mut taken));
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

    // rule: 1.1-order, 1.4-any-role, 1.4-role-by-group, 1.4-hard-eligible
    #[test]
    fn of_every_link_blocked_or_not_the_cycle_does_what_is_predicted(scene in scene()) {
        let text = match_plan(&scene);
        let config = carry::configuration(&settings(scene.hold), &text);
        for judged in carry::judge(&config, &snapshot(&scene.world)) {
            let mut world = scene.world.clone();
            let report = carry::carry_out(&judged, &mut world);
            let did = report.of(judged.ad);
            prop_assert!(
                carry::agrees(&judged.prediction, judged.cloud, did),
                "{}: predicted {:?}\nthe cycle did {:?}\n{}\n{:#?}", judged.id, judged.prediction, did, text, judged.steps
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
