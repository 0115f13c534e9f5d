//! A state that this computer did not write, honest or forged, and everything around an apply that may be gone, broken or
//! out of date when it is gone on with.

use super::linking::assert_same;
use crate::support::program::Ran;
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::config::settings::Trigger;
use matchplan::model::id::ObjectId;
use matchplan::model::role::{GLOBAL_ADMINISTRATOR, Holding, RoleAssignment};
use matchplan::plan::step::Action;
use matchplan::state::ledger::{Done, Reading, State, StepStatus};
use std::path::Path;

const GINA: &str = "[[link]]\nad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\nroles = \"suspend\"\n";

async fn company(name: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{GINA}"));
    site
}

/// An administrator whose roles are taken, before the point of no return.
async fn prepared(name: &str) -> Site {
    let site = company(name).await;
    site.run(&["apply", "--yes", "--prepare"]).await.expect(6);
    site
}

/// The same command on another computer: nothing of this one's notes is there.
async fn elsewhere(site: &Site, arguments: &[&str]) -> Ran {
    let mut command = site.command(arguments);
    command.env("XDG_STATE_HOME", site.file("another-home"));
    crate::support::program::run(command).await
}

/// Rewrites the state as somebody with an editor and this program's source could, and takes the journal away.
fn forge(site: &Site, change: impl FnOnce(&mut State)) {
    let mut state = State::from_file(&site.text("matchplan.state.json")).unwrap();
    change(&mut state);
    site.write("matchplan.state.json", &state.to_file().unwrap());
    let _ = std::fs::remove_file(site.file("matchplan.journal.jsonl"));
}

/// The first role of the newest apply.
fn first_role(state: &mut State) -> &mut RoleAssignment {
    let mut steps = state.applies.last_mut().unwrap().steps.iter_mut();
    let role = steps.find_map(|record| match &mut record.step.action {
        Action::Suspend { holding: Holding::Role(role), .. } => Some(role),
        _ => None,
    });
    role.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_computer_goes_on_but_each_role_is_named_and_allowed() {
    let site = prepared("elsewhere_honest").await;
    let before = site.grants();
    let asked = elsewhere(&site, &["apply", "--yes"]).await.expect(3);
    asked
        .says("does not stand as this computer left it")
        .says("role User Administrator (fe930be7-5e62-47db-91af-98c3a49a38b1; the whole directory, active for good)")
        .says("to gina.grant@contoso.com")
        .says("--allow role-grants");
    assert_eq!(site.grants(), before, "nothing was given");
    // Nobody to ask is no consent either.
    elsewhere(&site, &["apply", "--allow", "role-grants"]).await.expect(64).says("--yes");
    elsewhere(&site, &["apply", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 linked");
    assert!(site.grants().len() > before.len());
    // Now it is the other one's; and this one does not know it any more.
    elsewhere(&site, &["apply", "--yes"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_computer_goes_on_unasked_also_without_its_journal() {
    let site = prepared("elsewhere_own").await;
    std::fs::remove_file(site.file("matchplan.journal.jsonl")).unwrap();
    site.run(&["apply"]).await.expect(0).shows("1 linked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_state_grants_nothing() {
    let site = prepared("elsewhere_forged").await;
    let before = site.grants();
    // A role that nobody took, called by a harmless name.
    forge(&site, |state| first_role(state).grant.role = GLOBAL_ADMINISTRATOR.into());
    let asked = site.run(&["apply", "--yes"]).await.expect(3);
    asked.says(&format!("role Global Administrator ({GLOBAL_ADMINISTRATOR}")).says("--allow role-grants");
    site.run(&["rollback", "--yes"]).await.expect(3).shows("ledger-elsewhere").shows("Global Administrator");
    assert_eq!(site.grants(), before);

    // For somebody else than the link is about: named as what it is, and not written even when it is allowed.
    let stranger: ObjectId = site.cloud_user("ben.baker@contoso.com").id.to_string().parse().unwrap();
    forge(&site, |state| first_role(state).principal = stranger);
    site.run(&["apply", "--yes"]).await.expect(3).says("to ben.baker@contoso.com");
    site.run(&["rollback", "--yes", "--allow", "role-grants"]).await;
    site.run(&["apply", "--yes", "--allow", "role-grants"]).await;
    let his = |site: &Site| site.grants().iter().filter(|(holder, ..)| *holder == stranger.to_string()).count();
    assert_eq!(his(&site), 0);
}

/// Each thing that a role can be widened by is in what is shown, and without the word of a person nothing is given.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_widened_role_is_seen_as_what_it_is() {
    let site = prepared("elsewhere_widened").await;
    forge(&site, |state| {
        let role = first_role(state);
        role.grant.directory_scope = Some("/administrativeUnits/1".to_owned());
        role.ends = Some("2031-01-01T00:00:00Z".parse().unwrap());
    });
    let asked = site.run(&["apply", "--yes"]).await.expect(3);
    asked.says("scope /administrativeUnits/1, active until 2031-01-01T00:00:00Z");
}

/// A whole finished apply can be made up, too: a rollback of it shows what it is and gives nothing unasked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_made_up_apply_grants_nothing_by_rollback() {
    let site = company("elsewhere_made_up").await;
    site.run(&["apply", "--yes"]).await.expect(0);
    let before = site.grants();
    forge(&site, |state| {
        let role = first_role(state);
        role.grant.role = GLOBAL_ADMINISTRATOR.into();
        let apply = state.applies.last_mut().unwrap();
        for record in &mut apply.steps {
            let done = Done {
                at: apply.started,
                wrote: true,
                before: Reading::Nothing,
                after: Reading::Holdings { holdings: Vec::new() },
                assignment: None,
            };
            record.status = match &record.step.action {
                Action::Suspend { .. } => StepStatus::Succeeded { done },
                _ => StepStatus::Pending,
            };
        }
    });
    site.run(&["rollback", "--yes"]).await.expect(3).shows("ledger-elsewhere").shows("role-grant");
    assert_eq!(site.grants(), before);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_a_forged_state_are_not_run_and_its_hosts_not_asked() {
    let site = prepared("elsewhere_commands").await;
    let trap = site.file("trap");
    let command = |words: &[&str]| {
        Trigger::Command(words.iter().map(ToString::to_string).collect::<Vec<_>>().try_into().unwrap())
    };
    forge(&site, |state| {
        let settings = &mut state.applies[0].plan.as_mut().unwrap().settings;
        settings.sync.trigger = command(&["touch", trap.to_str().unwrap()]);
        settings.ad[0].url = "ldaps://127.0.0.1:1".parse().unwrap();
        settings.guard.min_global_admins = 0;
    });
    let resumed = site.run(&["apply", "--yes", "--allow", "role-grants", "--prepare"]).await.expect(6);
    resumed.says("Its settings differ from the configuration's in [[ad]], [sync], [guard]");
    // What was replaced stays replaced, now that the ledger is known here.
    site.run(&["apply"]).await.expect(0).shows("1 linked");
    assert!(!Path::new(&trap).exists(), "the command of the state was run");
}

/// Plans are gone or broken, the saved plan is deleted, expired and on another branch, the configuration has changed: an
/// apply that was begun goes on, and goes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_around_it_stands_in_the_way_of_resuming() {
    for (name, back) in [("around_resume", false), ("around_rollback", true)] {
        let site = company(name).await;
        let before = site.read().await;
        site.run(&["plan", "--out", "links.plan.json"]).await.expect(0);
        site.run(&["apply", "links.plan.json", "--prepare"]).await.expect(6);
        let edited = site.text("links.plan.json").replace("gina.grant", "somebody.else");
        site.write("links.plan.json", &edited);
        site.write("plans/wave.toml", "version = 1\n[[link]\nad = broken");
        site.write("plans/more.toml", "not even this");
        // Another trigger, brakes that the plan would not pass now, and a protected user of the plan.
        site.configure(&Wishes { sync: vec![("poll", "\"2s\"".to_owned())], ..Wishes::default() });
        let tight = site.text("matchplan.toml").replace("[guard]\n", "[guard]\nmax_links = 1\nmax_role_removals = 1\n");
        site.write("matchplan.toml", &tight);
        if back {
            std::fs::remove_dir_all(site.file("plans")).unwrap();
            std::fs::remove_file(site.file("links.plan.json")).unwrap();
        }
        let later = async |arguments: &[&str]| {
            let mut command = site.command(arguments);
            command.env("MATCHPLAN_CLOCK", "2027-09-01T08:00:00Z");
            crate::support::program::run(command).await
        };
        if back {
            later(&["rollback", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 rolled back");
            assert_same(&site.read().await, &before);
        } else {
            later(&["apply"]).await.expect(0).says("going on with it").shows("1 linked");
        }
    }
}

/// Neither does the configuration: with the settings that it began with, it goes on or back. A ledger that this computer did
/// not write brings no settings of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_configuration_does_not_stand_in_the_way_either() {
    for (name, broken, back) in [("config_broken", true, false), ("config_gone", false, true)] {
        let site = prepared(name).await;
        let text = site.text("matchplan.toml");
        if broken {
            site.write("matchplan.toml", &text.replace("[entra]", "[entra"));
        } else {
            std::fs::remove_file(site.file("matchplan.toml")).unwrap();
        }
        elsewhere(&site, &["apply", "--yes"]).await.expect(1);
        site.run(&["status", "--offline"]).await.expect(6).says("cannot be used");
        site.run(&["plan"]).await.expect(1);
        let arguments: &[&str] = if back { &["rollback", "--yes", "--allow", "role-grants"] } else { &["apply"] };
        let ran = site.run(arguments).await.expect(0);
        ran.says("the settings that it began with count").shows(if back { "1 rolled back" } else { "1 linked" });
        // With nothing unfinished there is nothing to go by.
        site.run(&["status"]).await.expect(1);
    }
}
