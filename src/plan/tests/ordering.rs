//! Waves, steps and what is left out.

use crate::model::id::LinkId;
use crate::plan::link::Outcome;
use crate::plan::step::Undo;
use crate::plan::testing::{HELPDESK, SYNCED, Scene, kinds};
use crate::rules::finding::{FindingCode, Severity};
use std::collections::BTreeSet;

fn waves(scene: &Scene) -> Vec<(String, u32)> {
    let wave = |outcome: &Outcome| match outcome {
        Outcome::Change { wave, .. } => *wave,
        _ => 0,
    };
    scene.plan().links.iter().map(|link| (link.id.to_string(), wave(&link.outcome))).collect()
}

/// Links for these names; those in upper case hold a role that may be suspended.
fn people(names: &[&str]) -> Scene {
    names.iter().fold(Scene::empty(), |scene, name| {
        let lower = name.to_lowercase();
        let scene = scene.and_pair(&lower);
        if lower == **name { scene } else { scene.role(&lower, HELPDESK).saying("roles = \"suspend\"") }
    })
}

#[test]
fn administrators_come_after_everybody_else_a_few_at_a_time() {
    let scene = people(&["A", "b", "C", "d", "E"]).guard("max_suspended = 2");
    let wanted = [("corp/a", 2), ("corp/b", 1), ("corp/c", 2), ("corp/d", 1), ("corp/e", 3)];
    assert_eq!(waves(&scene), wanted.map(|(id, wave)| (id.to_owned(), wave)));
    assert_eq!(scene.plan().counts.waves, 3);
    let admins = people(&["A", "B"]).guard("max_suspended = 1");
    assert_eq!(waves(&admins), [("corp/a".to_owned(), 1), ("corp/b".to_owned(), 2)]);
}

#[test]
fn the_steps_of_a_wave_stand_in_the_order_that_locks_nobody_out() {
    let scene = people(&["A", "B"]).his(|ad, _| ad.upn = Some("x@contoso.com".into()));
    let plan = scene.saying("match = \"hard\"").plan();
    assert!(!plan.is_blocked(), "{:#?}", plan.findings);
    assert_eq!(
        kinds(&plan.steps),
        ["suspend", "anchor", "suspend", "anchor", "move", "move", "sync", "verify", "verify", "restore", "restore"]
    );
    let soft = Scene::pair("a").his(|ad, _| ad.upn = Some("x@contoso.com".into())).role("a", HELPDESK);
    let plan = soft.saying("roles = \"suspend\"\nupn = \"cloud\"").plan();
    assert_eq!(kinds(&plan.steps), ["suspend", "align", "anchor", "move", "sync", "verify", "restore"]);
    let undo: Vec<_> = plan.steps.iter().map(|step| std::mem::discriminant(&step.undo)).collect();
    let kind = |undo: Undo| std::mem::discriminant(&undo);
    let (until, never) = (Undo::UntilSync { reason: String::new() }, Undo::Never { reason: String::new() });
    let flows = Undo::FlowsOn { effect: String::new() };
    let wanted = [Undo::Inverse, flows, until.clone(), until, never, Undo::Nothing, Undo::Nothing];
    assert_eq!(undo, wanted.map(kind));
}

#[test]
fn the_scheduler_is_held_around_the_wave_that_needs_it_only() {
    let held = Scene::pair("a").in_scope().holding();
    assert_eq!(kinds(&held.plan().steps), ["hold", "release", "sync", "verify"]);
    assert_eq!(kinds(&Scene::pair("a").holding().plan().steps), ["move", "sync", "verify"]);
    let mut blind = Scene::pair("a").unmoved().holding();
    blind.sync =
        blind.sync.lines().filter(|line| !line.starts_with("synced_ous")).collect::<Vec<_>>().join("\n") + "\n";
    assert_eq!(kinds(&blind.plan().steps), ["hold", "release", "sync", "verify"]);
}

#[test]
fn a_move_to_where_the_user_is_is_none() {
    let here = Scene::pair("a").in_scope().saying(&format!("move_to = \"{}\"", SYNCED.to_lowercase()));
    assert_eq!(kinds(&here.plan().steps), ["sync", "verify"]);
    let within = Scene::pair("a").in_scope().saying(&format!("move_to = \"OU=Munich,{SYNCED}\""));
    assert_eq!(kinds(&within.plan().steps), ["move", "sync", "verify"]);
}

#[test]
fn step_ids_are_unique_and_sort_in_execution_order() {
    let plan = people(&["A", "b", "C", "d", "E", "f"]).guard("max_suspended = 1").plan();
    let ids: Vec<_> = plan.steps.iter().map(|step| step.id.clone()).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(plan.steps.iter().map(|step| step.wave).is_sorted());
}

#[test]
fn blocked_links_stop_the_plan_or_are_left_out_by_name() {
    let scene = people(&["a", "b"])
        .link("ad = \"nobody\"\ncloud = \"nobody@contoso.com\"")
        .his(|ad, _| ad.critical_system_object = true);
    let whole = scene.plan();
    assert!(whole.is_blocked() && whole.skipped.is_empty());
    let rest = scene.clone().skipping().plan();
    assert!(!rest.is_blocked(), "{:#?}", rest.findings);
    assert_eq!(rest.skipped, ["corp/a", "nobody"].map(LinkId::from));
    assert_eq!((rest.counts.links, rest.counts.blocked), (1, 2));
    assert!(rest.steps.iter().all(|step| step.link.as_ref().is_none_or(|link| link.as_str() == "corp/b")));
    // What concerns the plan as a whole is not left out.
    assert!(scene.skipping().and_pair("c").guard("max_links = 1").plan().is_blocked());
}

#[test]
fn a_late_link_in_scope_is_left_out_with_the_rest_in_place() {
    let scene = people(&["a", "B"]).in_scope().holding().skipping();
    let plan = scene.plan();
    assert_eq!(waves(&scene), [("corp/a".to_owned(), 1), ("corp/b".to_owned(), 0)]);
    assert!(!plan.is_blocked() && plan.counts.waves == 1);
    // Alone it has the first cycle for itself.
    assert!(!people(&["B"]).in_scope().holding().plan().is_blocked());
}

#[test]
fn an_address_that_one_link_frees_and_another_takes_is_still_a_conflict() {
    let scene = people(&["a", "b"]).saying("addresses = [\"SMTP:b@contoso.com\", \"smtp:spare@contoso.com\"]");
    let scene = scene.his(|ad, _| ad.proxy_addresses.insert("smtp:spare@contoso.com".into()));
    let freed = scene.links.replacen("[[link]]\n", "[[link]]\naddresses = [\"SMTP:a@contoso.com\"]\n", 1);
    let plan = Scene { links: freed, ..scene }.plan();
    let found =
        |f: &crate::rules::finding::Finding| f.severity == Severity::Error && f.code == FindingCode::AddressConflict;
    assert!(plan.findings.iter().any(|f| found(f) && f.link == Some("corp/b".into())), "{:#?}", plan.findings);
}

#[test]
fn one_address_for_two_links_is_a_conflict_on_both() {
    let spare = "primary_smtp = \"spare@contoso.com\"";
    let scene = Scene::pair("a").saying(spare).and_pair("b").saying(spare);
    let plan = scene.plan();
    let links: BTreeSet<_> =
        plan.findings.iter().filter(|f| f.code == FindingCode::AddressConflict).map(|f| f.link.clone()).collect();
    assert_eq!(links.len(), 2, "{:#?}", plan.findings);
}
