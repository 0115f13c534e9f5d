//! Ctrl-C, SIGTERM and a closed terminal at every kind of moment: exit code 130, and what was begun can be finished.

use super::locks::{WAITS, waiting_site};
use crate::scenarios::linking::assert_same;
use crate::support::program::{Running, run};
use crate::support::site::{Backend, Site, Wishes};
use crate::support::tap::{Act, Asked, Tap};
use serde_json::json;
use std::process::Stdio;

const SIGNALS: [&str; 3] = ["-INT", "-TERM", "-HUP"];
const LENA: &str = "[[link]]\nad = \"llang\"\ncloud = \"lena.lang@contoso.com\"\nmatch = \"hard\"\n\
    move_to = \"OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com\"\n";

/// One hard match, which needs a write to Graph.
async fn site(name: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(LENA);
    site
}

fn is_write(asked: &Asked) -> bool {
    asked.line.starts_with("PATCH /v1.0/users/")
}

/// What follows an interruption: nobody holds the lock, the status says what stands, and `apply` finishes it.
async fn finishes(site: &Site) {
    site.run(&["lock", "status"]).await.expect(0);
    site.run(&["status"]).await.expect(6).shows("in progress");
    site.run(&["apply"]).await.expect(0).says("going on with it").shows("1 link: 1 linked");
    site.run(&["status"]).await.expect(0);
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_reads_nothing_was_changed() {
    let site = site("signal_reading").await;
    let before = site.read().await;
    let reads = |asked: &Asked| if asked.line.starts_with("GET /v1.0/users") { Act::Hang } else { Act::Pass };
    let mut tap = Tap::before(&site, Wishes::default(), reads).await;
    for signal in SIGNALS {
        for arguments in [&["plan"][..], &["apply", "--yes"], &["snapshot", "--out", "s.json"]] {
            let running = site.start(arguments);
            tap.caught().await;
            running.signal(signal);
            let ended = running.end().await.expect(130).says("Interrupted; nothing was changed.");
            ended.says(&format!("matchplan {}", arguments[0]));
        }
    }
    assert!(!site.file("matchplan.journal.jsonl").exists() && !site.file("s.json").exists());
    tap.choose(|_| Act::Pass);
    assert_same(&site.read().await, &before);
    site.run(&["lock", "status"]).await.expect(0).shows("Nobody holds the lock.\n");
    site.run(&["apply", "--yes"]).await.expect(0);
}

/// The server wants four minutes of peace; nobody waits for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_server_wants_to_be_left_alone() {
    let site = site("signal_throttled").await;
    let busy = || Act::Answer(429, vec![("retry-after", "240".to_owned())], refusal("TooManyRequests"));
    let mut tap =
        Tap::before(&site, Wishes::default(), move |asked| if is_write(asked) { busy() } else { Act::Pass }).await;
    for signal in SIGNALS {
        let mut running = site.start(&["apply", "--yes"]);
        running.until("apply").await;
        tap.caught().await;
        running.signal(signal);
        running.end().await.expect(130).shows("Stopped as asked").shows("`matchplan apply` goes on from here");
        site.run(&["status"]).await.expect(6);
    }
    tap.choose(|_| Act::Pass);
    finishes(&site).await;
}

/// Planning waits, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_reading_waits_for_a_busy_server() {
    let site = site("signal_busy").await;
    let mut tap = Tap::before(&site, Wishes::default(), |asked| {
        if asked.line.starts_with("GET /v1.0/users") {
            Act::Answer(503, vec![("retry-after", "240".to_owned())], refusal("ServiceUnavailable"))
        } else {
            Act::Pass
        }
    })
    .await;
    let running = site.start(&["plan"]);
    tap.caught().await;
    running.signal("-TERM");
    running.end().await.expect(130).says("nothing was changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_waits_for_a_cycle() {
    let site = waiting_site("signal_cycle").await;
    for signal in SIGNALS {
        let mut running = site.start(&["--config", "matchplan.toml", "apply", "--yes"]);
        running.until(WAITS).await;
        running.signal(signal);
        running.end().await.expect(130).shows("Stopped as asked").shows("`matchplan apply` goes on from here");
    }
    site.lab.run_cycle().await.unwrap();
    finishes(&site).await;
}

/// The second signal, and after it the hardest: in the middle of a write whose answer never comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twice_in_the_middle_of_a_write() {
    let site = site("signal_write").await;
    let mut tap =
        Tap::before(&site, Wishes::default(), |asked| if is_write(asked) { Act::Hang } else { Act::Pass }).await;
    let mut running = site.start(&["apply", "--yes"]);
    tap.caught().await;
    running.interrupt();
    running.until("Once more ends at once").await;
    running.signal("-TERM");
    let ended = running.end().await.expect(130).says("Ended at once. Nothing is lost");
    ended.says("`matchplan apply` reads what is there, and goes on.");
    site.run(&["status"]).await.expect(6);

    let running = site.start(&["apply", "--yes"]);
    tap.caught().await;
    running.signal("-KILL");
    running.end().await;
    tap.choose(|_| Act::Pass);
    finishes(&site).await;
}

/// A closed terminal says so more than once, and that is no second wish.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_terminal_asks_once() {
    let site = site("signal_hangup").await;
    let mut tap =
        Tap::before(&site, Wishes::default(), |asked| if is_write(asked) { Act::Hang } else { Act::Pass }).await;
    let mut running = site.start(&["apply", "--yes"]);
    tap.caught().await;
    running.signal("-HUP");
    running.until("Once more ends at once").await;
    running.signal("-HUP");
    site.run(&["lock", "status"]).await.expect(5);
    running.signal("-INT");
    running.end().await.expect(130).says("Ended at once");
    tap.choose(|_| Act::Pass);
    finishes(&site).await;
}

/// `nohup` says that a closed terminal is nothing.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nohup_is_respected() {
    let site = waiting_site("signal_nohup").await;
    let ours = site.command(&["apply", "--yes"]);
    let ours = ours.as_std();
    let mut command = tokio::process::Command::new("/usr/bin/nohup");
    command.arg(ours.get_program()).args(ours.get_args()).current_dir(site.folder()).env_clear().kill_on_drop(true);
    command.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command);
    running.until(WAITS).await;
    running.signal("-HUP");
    site.run(&["lock", "status"]).await.expect(5);
    site.lab.run_cycle().await.unwrap();
    running.end().await.expect(0).shows("1 linked");
}

/// `matchplan apply | head -1`: nobody reads any more, and the apply is done all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_went_away_stops_nothing() {
    for (arguments, linked) in [(&["plan"][..], false), (&["apply", "--yes"], true)] {
        let site = site(&format!("broken_pipe_{}", arguments[0])).await;
        for closed in ["stdout", "both"] {
            let mut command = site.command(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            drop(child.stdout.take());
            let err = child.stderr.take();
            let err = if closed == "both" {
                drop(err);
                None
            } else {
                err
            };
            let said = async {
                let mut said = String::new();
                if let Some(mut err) = err {
                    tokio::io::AsyncReadExt::read_to_string(&mut err, &mut said).await.unwrap();
                }
                said
            };
            let (said, status) = tokio::join!(said, child.wait());
            assert_eq!(status.unwrap().code(), Some(0), "{arguments:?}: {said}");
            assert!(!said.contains("fault") && !said.contains("panicked"), "{said}");
        }
        let user = site.cloud_user("lena.lang@contoso.com");
        assert_eq!(user.on_premises_sync_enabled == Some(true), linked);
    }
}

/// A server of the lab ends in good order, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lab_that_is_served_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    for signal in SIGNALS {
        let mut serving = Running::start(crate::support::program::program(folder.path(), &["lab", "serve"]));
        serving.until("Ctrl-C ends it").await;
        serving.signal(signal);
        serving.end().await.expect(0);
    }
    let unknown =
        run(crate::support::program::program(folder.path(), &["lab", "status", "--control", "http://127.0.0.1:1/x"]));
    unknown.await.expect(1);
}

/// An error as Graph words it.
fn refusal(code: &str) -> serde_json::Value {
    let id = "0b5a4f39-1c7e-4d0e-9a55-5a3a8b0f7c11";
    let inner = json!({ "date": "2026-09-01T08:00:00", "request-id": id, "client-request-id": id });
    json!({ "error": { "code": code, "message": "Try again later.", "innerError": inner } })
}
