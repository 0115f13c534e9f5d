//! A ledger that is not whole, in every way that one of two files can be: what is said, and the way on.

use crate::support::program::{Ran, program, run};
use crate::support::site::{Backend, SYNCED, Site};
use matchplan::state::fold::join;
use matchplan::state::journal::{Journal, JournalEvent};
use matchplan::state::ledger::{State, StepStatus};
use std::fs;
use std::path::Path;

const STATE: &str = "matchplan.state.json";
const JOURNAL: &str = "matchplan.journal.jsonl";

/// An administrator whose roles are taken, before the point of no return.
async fn prepared(name: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!(
        "[[link]]\nad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\nroles = \"suspend\"\nmove_to = \"{SYNCED}\"\n"
    ));
    site.run(&["apply", "--yes", "--prepare"]).await.expect(6);
    site
}

/// Breaks the record with this number.
fn break_record(site: &Site, number: usize) {
    let lines: Vec<String> = site.text(JOURNAL).lines().map(str::to_owned).collect();
    let broken = |(n, line): (usize, &String)| {
        if n + 1 == number { line.replace("\"seq\"", "\"sqe\"") + "\n" } else { format!("{line}\n") }
    };
    site.write(JOURNAL, &lines.iter().enumerate().map(broken).collect::<String>());
}

/// Cuts the journal after this record.
fn cut(site: &Site, records: usize) {
    let kept: String = site.text(JOURNAL).split_inclusive('\n').take(records).collect();
    site.write(JOURNAL, &kept);
}

fn remove(site: &Site, file: &str) {
    fs::remove_file(site.file(file)).unwrap();
}

fn put_aside(site: &Site) -> Vec<String> {
    let names = fs::read_dir(site.folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains(".damaged-")).collect();
    names.sort();
    names
}

/// What each damage must say, wherever it is met, and that looking changes no file.
async fn is_refused(site: &Site, problem: &str) -> Ran {
    let files = || [fs::read(site.file(STATE)).ok(), fs::read(site.file(JOURNAL)).ok()];
    let before = files();
    for command in [&["apply", "--yes"][..], &["rollback", "--yes"]] {
        let refused = site.run(command).await.expect(7);
        refused.says(problem).says("state recover").says("restore-");
    }
    let seen = site.run(&["status"]).await.expect(7).tells(problem).shows("As far as it is certain, up to record ");
    site.run(&["status", "--offline", "--format", "json"]).await.expect(7);
    assert!(put_aside(site).is_empty() && files() == before, "nothing is touched");
    seen
}

/// Recovers, and goes on to the end. What this computer wrote last is lost, so it asks for the roles by name.
async fn is_recovered(site: &Site, roles: usize, aside: &[&str]) {
    let recovered = site.run(&["state", "recover", "--yes"]).await.expect(6);
    aside.iter().fold(recovered, |recovered, name| recovered.shows(name));
    assert_eq!(put_aside(site), aside);
    site.run(&["status"]).await.expect(6).shows("Begun, and the end is not recorded").shows("found");
    site.run(&["apply", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 linked");
    assert_eq!(site.grants().len(), roles);
    site.run(&["status"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_the_middle_keeps_what_is_before_it() {
    let site = prepared("damaged_middle").await;
    let roles = site.grants().len() + 2;
    remove(&site, STATE);
    break_record(&site, 4);
    let seen = is_refused(&site, "the journal is damaged at record 4 (line 4)").await;
    seen.shows("up to record 3:")
        .tells("2 roles may be out: User Administrator of gina.grant@contoso.com")
        .tells("The state file is not there; the journal is damaged, certain are its records 1 to 3.")
        .shows("it happened");
    is_recovered(&site, roles, &["matchplan.journal.jsonl.damaged-1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_state_outweighs_a_damaged_journal() {
    let site = prepared("damaged_outweighed").await;
    let roles = site.grants().len() + 2;
    break_record(&site, 2);
    is_refused(&site, "the journal is damaged at record 2 (line 2)").await.tells("is whole (records 1 to 8)");
    is_recovered(&site, roles, &["matchplan.journal.jsonl.damaged-1", "matchplan.state.json.damaged-1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_state_is_built_anew_from_a_whole_journal() {
    let site = prepared("damaged_state").await;
    let roles = site.grants().len() + 2;
    let conflict = format!("<<<<<<< HEAD\n{}", site.text(STATE));
    site.write(STATE, &conflict);
    is_refused(&site, "it is not whole, or not a file of this kind")
        .await
        .tells("the journal is whole (records 1 to 8)");
    is_recovered(&site, roles, &["matchplan.journal.jsonl.damaged-1", "matchplan.state.json.damaged-1"]).await;
    assert_eq!(site.text("matchplan.state.json.damaged-1"), conflict, "nothing is deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_state_is_built_anew_without_being_asked() {
    let site = prepared("damaged_missing_state").await;
    remove(&site, STATE);
    site.run(&["status"]).await.expect(6).shows("2 roles are still suspended");
    site.run(&["apply"]).await.expect(0).shows("1 linked");
    site.run(&["state", "recover"]).await.expect(0).shows("The ledger is whole");
}

/// A fresh clone of a state that is shared through git: its journal stayed where it was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_without_its_journal_is_not_believed_about_what_is_half_done() {
    let site = prepared("damaged_clone").await;
    let before = site.read().await;
    // The state as an interruption may leave it: the anchor is set, and it does not say so.
    let mut journal = Journal::read(site.text(JOURNAL).as_bytes()).unwrap();
    journal.records.truncate(6);
    let state = join(None, &journal).unwrap().state.unwrap();
    let anchor = state.applies[0].steps.iter().find(|record| record.step.action.kind() == "anchor").unwrap();
    assert_eq!(anchor.status, StepStatus::Pending);
    site.write(STATE, &state.to_file().unwrap());
    remove(&site, JOURNAL);
    site.run(&["status"]).await.expect(6).shows("set the ImmutableID of gina.grant@contoso.com").shows("it happened");
    site.run(&["rollback", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 rolled back");
    assert!(site.read().await != before);
    assert_eq!(
        site.cloud_user("gina.grant@contoso.com").on_premises_immutable_id,
        None,
        "what was not recorded is undone"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_without_its_beginning_is_used_from_its_first_apply() {
    let site = prepared("damaged_beginning").await;
    let roles = site.grants().len() + 2;
    remove(&site, STATE);
    let rest: String = site.text(JOURNAL).split_inclusive('\n').skip(1).collect();
    site.write(JOURNAL, &rest);
    is_refused(&site, "the journal goes on from record 1, but the state ends with record 0").await;
    is_recovered(&site, roles, &["matchplan.journal.jsonl.damaged-1"]).await;
}

/// Another ledger's file came into the place of this one's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_are_not_of_one_ledger_are_chosen_between() {
    let (site, other) = (prepared("damaged_lineage").await, prepared("damaged_other").await);
    let roles = site.grants().len() + 2;
    let own = site.text(STATE);
    site.write(STATE, &other.text(STATE));
    for command in [&["apply", "--yes"][..], &["status"], &["state", "recover", "--yes"]] {
        site.run(command).await.expect(7).says("they are of different origin").says("--keep state, or --keep journal");
    }
    site.run(&["state", "recover", "--yes", "--keep", "journal"]).await.expect(6);
    let (kept, own) = (State::from_file(&site.text(STATE)).unwrap(), State::from_file(&own).unwrap());
    assert_eq!(kept.lineage, own.lineage);
    assert_eq!(put_aside(&site), ["matchplan.journal.jsonl.damaged-1", "matchplan.state.json.damaged-1"]);
    site.run(&["apply", "--yes", "--allow", "role-grants"]).await.expect(0);
    assert_eq!(site.grants().len(), roles);
}

/// Both went on from the same record, each on its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shorter_journal_that_knows_more_is_not_put_aside() {
    let site = Site::contoso(Backend::Embedded, "damaged_parted").await.unwrap();
    let link =
        |ad: &str, cloud: &str| format!("[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\nmove_to = \"{SYNCED}\"\n");
    site.plan(&link("ccole", "carla.cole@contoso.com"));
    site.run(&["apply", "--yes"]).await.expect(0);
    let (state, journal) = (site.text(STATE), site.text(JOURNAL));
    site.plan(&link("bbaker", "ben.baker@contoso.com"));
    site.run(&["apply", "--yes"]).await.expect(0);
    let longer = site.text(STATE);
    site.write(STATE, &state);
    site.write(JOURNAL, &journal);
    site.plan(&link("ffox", "fiona.fox@contoso.com"));
    site.run(&["apply", "--yes", "--prepare"]).await.expect(6);
    // The other one's state comes in by git.
    site.write(STATE, &longer);
    site.run(&["apply", "--yes"]).await.expect(7).says("they have parted");
    assert!(site.file(JOURNAL).exists());
}

/// Newer than the journal, or older: both are of one ledger, and the newer one counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_of_one_ledger_the_newer_counts() {
    let site = prepared("damaged_newer").await;
    let state = site.text(STATE);
    cut(&site, 5);
    site.run(&["status"]).await.expect(6).shows("2 roles are still suspended");
    site.run(&["apply"]).await.expect(0).shows("1 linked");
    let aside = fs::read_dir(site.folder()).unwrap().filter_map(Result::ok);
    assert_eq!(aside.filter(|file| file.file_name().to_string_lossy().contains("until-5")).count(), 1);
    // An older state beside its journal catches up.
    assert!(State::from_file(&site.text(STATE)).unwrap().serial > State::from_file(&state).unwrap().serial);
    site.run(&["status"]).await.expect(0).shows("1 linked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_certain_the_sheets_are_named() {
    let site = prepared("damaged_everything").await;
    site.write(STATE, "{");
    break_record(&site, 1);
    for command in [&["status"][..], &["apply", "--yes"], &["state", "recover", "--yes"]] {
        let told = site.run(command).await.expect(7);
        told.says("neither the state file nor the journal has anything that is certain").says("restore-");
    }
    assert!(put_aside(&site).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovering_asks_first() {
    let site = prepared("damaged_asks").await;
    break_record(&site, 3);
    site.run(&["state", "recover"]).await.expect(64).says("--yes");
    assert!(put_aside(&site).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_version_is_refused_by_name() {
    let site = prepared("damaged_version").await;
    let journal = site.text(JOURNAL);
    site.write(JOURNAL, &journal.replacen("\"format\":3", "\"format\":4", 1));
    for command in [&["status"][..], &["apply", "--yes"], &["state", "recover", "--yes"]] {
        let refused = site.run(command).await.expect(1);
        refused.says("its format version is 4, and this matchplan reads up to 3").says("or a newer one");
    }
    site.write(JOURNAL, &journal);
    let state = site.text(STATE);
    site.write(STATE, &state.replace("\"format_version\": 3", "\"format_version\": 4"));
    site.run(&["status"]).await.expect(1).says("its format version is 4").says("or a newer one");
}

/// A state and a journal that the first version wrote, in the middle of an apply.
mod version_1 {
    use super::{JOURNAL, Journal, JournalEvent, Path, Ran, STATE, State, fs, program, run};
    use tempfile::TempDir;

    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ledger-v1");

    /// The lab as it was when the fixture was made, with the fixture as its ledger.
    struct Old(TempDir);

    impl Old {
        async fn new() -> Self {
            let old = Self(tempfile::tempdir().unwrap());
            fs::create_dir(old.0.path().join("plans")).unwrap();
            old.plan("ad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n");
            old.run(&["--lab", "apply", "--yes"]).await.expect(0);
            old.plan("ad = \"ggrant\"\ncloud = \"gina.grant@contoso.com\"\nroles = \"suspend\"\n");
            old.run(&["--lab", "apply", "--yes", "--prepare"]).await.expect(6);
            for file in [STATE, JOURNAL] {
                fs::copy(Path::new(FIXTURE).join(file), old.file(file)).unwrap();
            }
            fs::remove_dir_all(old.0.path().join(".local")).unwrap();
            old
        }

        fn file(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join(".matchplan/lab").join(name)
        }

        fn plan(&self, link: &str) {
            let text =
                format!("version = 1\n[[link]]\n{link}move_to = \"OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com\"\n");
            fs::write(self.0.path().join("plans/wave.toml"), text).unwrap();
        }

        async fn run(&self, arguments: &[&str]) -> Ran {
            let mut command = program(self.0.path(), arguments);
            command.env("MATCHPLAN_CLOCK", "2026-11-20T10:00:00Z");
            run(command).await
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn is_upgraded_and_resumed() {
        let old = Old::new().await;
        old.run(&["--lab", "status"]).await.expect(6).shows("2 roles are still suspended").shows("2 links: 1 linked");
        old.run(&["--lab", "apply", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 link: 1 linked");
        let state = fs::read_to_string(old.file(STATE)).unwrap();
        assert!(state.contains("\"format_version\": 3"));
        // The journal goes on in the old file, which says from where on it is newer.
        let journal = Journal::read(&fs::read(old.file(JOURNAL)).unwrap()).unwrap();
        let first_new = journal.records.iter().find(|record| record.format.is_some()).unwrap();
        assert_eq!((first_new.seq, first_new.format, journal.format), (20, Some(3), 3));
        assert!(matches!(first_new.event, JournalEvent::ApplyResumed { .. }));
        old.run(&["--lab", "status"]).await.expect(0).shows("2 links: 2 linked");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn is_upgraded_and_rolled_back() {
        let old = Old::new().await;
        old.run(&["--lab", "rollback", "--yes"]).await.expect(3).shows("role-grant");
        old.run(&["--lab", "rollback", "--yes", "--allow", "role-grants"]).await.expect(0).shows("1 rolled back");
        old.run(&["--lab", "status"]).await.expect(0).shows("1 linked");
    }

    #[test]
    fn either_file_alone_tells_the_same() {
        let read = |name: &str| fs::read(Path::new(FIXTURE).join(name)).unwrap();
        let state = State::from_file(std::str::from_utf8(&read(STATE)).unwrap()).unwrap();
        let journal = Journal::read(&read(JOURNAL)).unwrap();
        assert_eq!((state.format_version, journal.format, state.losses.len()), (3, 1, 0));
        let folded = super::join(None, &journal).unwrap().state.unwrap();
        assert_eq!(State { digest: String::new(), ..state }, folded);
    }
}
