//! One apply at a time; the lock ends with its process, and a person can release what a dead computer left.

use crate::scenarios::linking::assert_same;
use crate::support::program::{program, run};
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use matchplan::model::holder::Holder;
use matchplan::model::id::LockId;
use matchplan::store::lock::Lock;
use matchplan::store::paths::Paths;
use uuid::Uuid;

/// One link, and nobody who runs a cycle: an apply waits until it is told to stop.
pub(super) async fn waiting_site(name: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!("[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\nmove_to = \"{SYNCED}\"\n"));
    let sync = vec![("trigger", "\"wait\"".to_owned()), ("timeout", "\"1h\"".to_owned())];
    site.configure(&Wishes { sync, ..Wishes::default() });
    site
}

pub(super) const WAITS: &str = "waits for the scheduler's next cycle";

fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// The lock's id, as `lock status` shows it.
async fn id_of(site: &Site) -> String {
    let shown = run(site.command(&["lock", "status", "--format", "json"])).await;
    let json: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    json["holder"]["id"].as_str().unwrap().to_owned()
}

/// A lock in this very process, in another one's name.
fn held(site: &Site, folder: &str, host: &str) -> Lock {
    let [host, user, command] = [host, "olga", "apply"].map(str::to_owned);
    let started = "2026-01-01T00:00:00Z".parse().unwrap();
    let holder = Holder { id: LockId(Uuid::from_u128(9)), pid: 4711, host, user, command, started };
    Lock::acquire(&Paths::of(&site.file(folder).join("matchplan.state.json")), &holder).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_is_told_everything_and_whoever_only_reads_needs_no_lock() {
    let site = waiting_site("lock_held").await;
    site.run(&["plan", "--out", "a.plan.json"]).await.expect(0);
    site.run(&["lock", "status"]).await.expect(0).shows("Nobody holds the lock.");
    let mut first = site.start(&["apply", "--yes"]);
    first.until(WAITS).await;

    let pid = first.id().to_string();
    let refused = site.run(&["apply", "--yes"]).await.expect(5);
    let refused = refused.says(&format!("`matchplan apply` by tester on {}, process {pid}, since 20", host()));
    let id = id_of(&site).await;
    assert!(refused.err.contains(&id), "{}", refused.err);
    site.run(&["rollback", "--yes"]).await.expect(5).says(&id);
    site.run(&["lock", "status"]).await.expect(5).shows("The lock is held:").shows(&pid).shows(&id);

    for (arguments, code) in [
        (&["plan"][..], 0),
        (&["show", "a.plan.json"], 0),
        (&["diff", "a.plan.json", "a.plan.json"], 0),
        (&["status"], 6),
        (&["check"], 3),
        (&["validate"], 0),
        (&["snapshot", "--out", "s.snapshot.json"], 0),
    ] {
        site.run(arguments).await.expect(code);
    }

    let other = Uuid::from_u128(1).to_string();
    site.run(&["lock", "release", &other])
        .await
        .expect(5)
        .says("is not the id of this lock")
        .says(&format!("process {pid}"));
    site.run(&["lock", "release", &id, "--yes"]).await.expect(5).says(&format!("kill {pid}"));
    first.interrupt();
    first.end().await.expect(130);
    site.run(&["lock", "status"]).await.expect(0).shows("Nobody holds the lock.\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_exactly_one_runs() {
    let site = waiting_site("lock_many").await;
    let ended = tokio::sync::Semaphore::new(0);
    let all = (0..6).map(|_| async {
        let mut one = site.start(&["apply", "--yes"]);
        tokio::select! {
            () = one.until("Another matchplan is at work on this state") => {
                one.end().await.expect(5);
                ended.add_permits(1);
                return 0;
            }
            all = ended.acquire_many(5) => drop(all.unwrap()),
        }
        one.interrupt();
        one.end().await.expect(130);
        1
    });
    let ran: usize = futures_util::future::join_all(all).await.into_iter().sum();
    assert_eq!(ran, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_keeps_no_lock_and_its_note_can_be_forgotten() {
    let site = waiting_site("lock_killed").await;
    let mut first = site.start(&["apply", "--yes"]);
    first.until(WAITS).await;
    let id = id_of(&site).await;
    first.signal("-KILL");
    first.end().await;

    let left = site.run(&["lock", "status"]).await.expect(0);
    left.shows("ended without giving it back").shows(&id).tells(&format!("`matchplan lock release {id}` forgets it"));
    let other = Uuid::from_u128(1).to_string();
    site.run(&["lock", "release", &other]).await.expect(1).says("It was last held by `matchplan apply`").says(&id);
    site.run(&["lock", "release", &id]).await.expect(0).shows("Nobody holds the lock.");
    site.run(&["lock", "release", &id]).await.expect(0).shows("Nobody holds the lock.");

    site.lab.run_cycle().await.unwrap();
    site.run(&["apply"]).await.expect(0).says("going on with it").shows("1 linked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_of_a_dead_computer_is_put_aside_only_on_purpose() {
    let site = waiting_site("lock_foreign").await;
    let dead = held(&site, "", "fileserver-7");
    let id = LockId(Uuid::from_u128(9)).to_string();
    let refused = site.run(&["apply", "--yes"]).await.expect(5).says("fileserver-7");
    refused.says(&format!("matchplan lock release {id}"));
    let before = site.read().await;
    let asks = site.run(&["lock", "release", &id]).await.expect(64);
    asks.says("two of them write to the same directories").says("no terminal to ask on");
    site.run(&["lock", "status"]).await.expect(5);
    site.run(&["lock", "release", &id, "--yes"]).await.expect(0).shows("was put aside").shows("fileserver-7");
    assert!(dead.is_released(), "should it be alive after all, it sees that");
    site.run(&["lock", "status"]).await.expect(0);
    assert_same(&site.read().await, &before);

    let mut second = site.start(&["apply", "--yes"]);
    second.until(WAITS).await;
    drop(dead);
    // The dead one's end is not the new one's.
    site.run(&["lock", "status"]).await.expect(5);
    second.interrupt();
    second.end().await.expect(130);
}

/// The world of `--lab` is a file that each run reads and writes whole, so one at a time may change it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lab_has_one_writer_and_readers_leave_it_alone() {
    let site = waiting_site("lock_lab").await;
    let lab = |arguments: &[&str]| run(program(site.folder(), arguments));
    lab(&["plan", "--lab"]).await.expect(0);
    assert!(!site.file(".matchplan/lab/world.json").exists(), "reading makes no world");
    lab(&["apply", "--lab", "--yes"]).await.expect(0);
    let world = site.text(".matchplan/lab/world.json");

    let held = held(&site, ".matchplan/lab", &host());
    lab(&["apply", "--lab", "--yes"]).await.expect(5).says("process 4711");
    lab(&["lab", "reset"]).await.expect(5);
    lab(&["lock", "status", "--lab"]).await.expect(5).shows("process    4711");
    lab(&["plan", "--lab"]).await.expect(0);
    lab(&["status", "--lab"]).await.expect(0);
    lab(&["check", "--lab"]).await;
    assert_eq!(site.text(".matchplan/lab/world.json"), world);
    drop(held);
    lab(&["lock", "status", "--lab"]).await.expect(0);
    lab(&["lab", "reset"]).await.expect(0).shows("back at its first day");
    assert!(!site.file(".matchplan/lab/world.json").exists());
    assert!(!site.file(".matchplan/lab/matchplan.state.json").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_note_is_shown_harmlessly() {
    let site = waiting_site("lock_hostile").await;
    let _held = held(&site, "", "x");
    let note = site.text(".matchplan/matchplan.state.json.holder");
    let nasty = "\\u001b[2J\\u202e\\u009b31m\\nINJECTED\\u0000";
    site.write(".matchplan/matchplan.state.json.holder", &note.replace("olga", nasty));
    for arguments in [&["lock", "status"][..], &["lock", "status", "--format", "json"], &["apply", "--yes"], &["check"]]
    {
        let ran = site.run(arguments).await;
        super::corpus::assert_harmless(&ran.out);
        super::corpus::assert_harmless(&ran.err);
        assert!(!format!("{}{}", ran.out, ran.err).contains("\nINJECTED"));
    }
    site.write(".matchplan/matchplan.state.json.holder", &"[".repeat(1 << 20));
    site.run(&["lock", "status"]).await.expect(5).shows("does not say who it is");
    let id = LockId(Uuid::from_u128(9)).to_string();
    site.run(&["lock", "release", &id, "--yes"]).await.expect(5).says("matchplan.state.json.lock");
}
