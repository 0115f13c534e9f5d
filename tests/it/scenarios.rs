//! The program from the outside, on the embedded AD and on a real one: the same commands, the same results.

use crate::support::project::Ran;
use crate::support::world::{Backend, Stage};
use matchplan::lab::world::contoso;

fn plan(backend: Backend) -> Option<Ran> {
    let mut stage = Stage::open(backend, contoso())?;
    stage.project.record(&format!("plan-{backend:?}").to_lowercase());
    stage.project.write("plans/contoso.toml", include_str!("../../plans/contoso.toml"));
    Some(stage.project.run(&["plan", "plans/contoso.toml"]))
}

#[test]
fn a_plan_is_the_same_on_either_ad() {
    let embedded = plan(Backend::Embedded).unwrap().expect(0);
    assert!(embedded.out.contains("anna.smith@contoso.com"), "{}", embedded.out);
    let Some(real) = plan(Backend::Samba) else { return };
    let real = real.expect(0);
    // The ids are each directory's own, and nothing else differs.
    assert_eq!(without_ids(&embedded.out), without_ids(&real.out));
}

#[test]
fn what_is_applied_is_linked_and_planned_no_more() {
    for backend in Backend::BOTH {
        let Some(mut stage) = Stage::open(backend, contoso()) else { continue };
        stage.project.record(&format!("apply-{backend:?}").to_lowercase());
        stage.project.write("plans/contoso.toml", include_str!("../../plans/contoso.toml"));
        let applied = stage.project.run(&["apply", "plans/contoso.toml", "--yes"]).expect(0);
        let users = stage.world().entra.users;
        let anna = users.iter().find(|user| user.user_principal_name == "anna.smith@contoso.com").unwrap();
        assert_eq!(anna.on_premises_sync_enabled, Some(true), "{backend:?}: {}", applied.out);
        assert_eq!(anna.on_premises_sam_account_name.as_deref(), Some("asmith"));
        assert!(stage.project.read("matchplan.state.json").contains("corp/asmith"));
        stage.project.run(&["plan", "plans/contoso.toml", "--detailed-exitcode"]).expect(0);
        // Nor does the next cycle undo anything.
        stage.runtime.block_on(stage.lab.run_cycle()).unwrap();
        stage.project.run(&["plan", "plans/contoso.toml", "--detailed-exitcode"]).expect(0);
    }
}

/// The text with every GUID, SID and anchor blanked out.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '=' && c != '+' && c != '/');
        word.len() == 36 && word.matches('-').count() == 4
            || word.len() == 24 && word.ends_with("==")
            || word.starts_with("S-1-5-21-")
            || word.starts_with("sha256:")
    };
    text.split_inclusive(char::is_whitespace)
        .map(|word| if is_id(word.trim()) { "…\n".to_owned() } else { word.to_owned() })
        .collect()
}
