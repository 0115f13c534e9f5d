//! A person at a terminal: the prompt, Ctrl-C as the terminal itself sends it (to every process of the group), and the
//! sync command that must not be hit by it.
//!
//! `script` of util-linux gives the program a terminal.

use crate::support::program::PROGRAM;
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use secrecy::ExposeSecret as _;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const CTRL_C: &[u8] = b"\x03";
const TOO_LONG: Duration = Duration::from_mins(2);

struct AtTerminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    said: String,
}

impl AtTerminal {
    fn start(site: &Site, arguments: &str) -> Self {
        let ours = site.command(&["status"]);
        let mut command = Command::new("/usr/bin/script");
        command.args(["-qefc", &format!("exec '{PROGRAM}' {arguments}"), "/dev/null"]).current_dir(site.folder());
        command.env_clear().envs(ours.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("SHELL", "/bin/sh").env("TERM", "xterm").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("util-linux has it");
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, keys, screen, said: String::new() }
    }

    async fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).await.unwrap();
        self.keys.flush().await.unwrap();
    }

    async fn until(&mut self, text: &str) {
        let reading = async {
            while !self.said.contains(text) {
                assert_ne!(self.more().await, 0, "it ended without saying {text:?}:\n{}", self.said);
            }
        };
        tokio::time::timeout(TOO_LONG, reading).await.expect("the program hangs");
    }

    async fn more(&mut self) -> usize {
        let mut octets = [0; 4096];
        let count = self.screen.read(&mut octets).await.unwrap_or(0);
        self.said += &String::from_utf8_lossy(&octets[..count]);
        count
    }

    async fn end(mut self, code: i32) -> String {
        let reading = async { while self.more().await > 0 {} };
        tokio::time::timeout(TOO_LONG, reading).await.expect("the program hangs");
        assert_eq!(self.child.wait().await.unwrap().code(), Some(code), "{}", self.said);
        self.said
    }
}

/// A site whose trigger says that it runs and then waits for a word, both by named pipes.
async fn site(name: &str, then: &str) -> Site {
    let site = Site::contoso(Backend::Embedded, name).await.unwrap();
    site.plan(&format!("[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\nmove_to = \"{SYNCED}\"\n"));
    for pipe in ["started", "go"] {
        assert!(std::process::Command::new("mkfifo").arg(site.file(pipe)).status().unwrap().success());
    }
    let script = format!("echo $$ > started; read word < go; {then}");
    let command = toml::Value::from(vec!["/bin/sh".to_owned(), "-c".to_owned(), script]);
    let sync = vec![("trigger", format!("{{ command = {command} }}"))];
    site.configure(&Wishes { sync, ..Wishes::default() });
    site
}

/// Begins an apply at a terminal, until its trigger runs; the trigger's process.
async fn until_the_trigger_runs(site: &Site) -> (AtTerminal, String) {
    let mut person = AtTerminal::start(site, "apply");
    person.until("goes on: ").await;
    person.press(b"yes\n").await;
    let started = tokio::time::timeout(TOO_LONG, tokio::fs::read_to_string(site.file("started")));
    let process = started.await.expect("the trigger is run").unwrap().trim().to_owned();
    (person, process)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_at_the_prompt_is_no_yes() {
    let site = site("terminal_prompt", "true").await;
    let before = site.read().await;
    let mut person = AtTerminal::start(&site, "apply");
    person.until("goes on: ").await;
    person.press(CTRL_C).await;
    let said = person.end(130).await;
    assert!(said.contains("Interrupted; nothing was changed.") && said.contains("matchplan apply"), "{said}");

    let mut person = AtTerminal::start(&site, "apply");
    person.until("goes on: ").await;
    person.press(b"y\n").await;
    assert!(person.end(0).await.contains("Nothing was changed."));
    assert_eq!(site.read().await, before);
    site.run(&["lock", "status"]).await.expect(0);
}

/// The terminal sends Ctrl-C to its whole foreground group. The trigger is in none, so it ends as it would have, and
/// matchplan knows what it did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trigger_is_not_hit_by_the_terminals_ctrl_c() {
    let control = matchplan_control();
    let site = site("terminal_trigger", &control).await;
    site.write("control", site.lab.ready().control_url.expose_secret());
    let (mut person, _) = until_the_trigger_runs(&site).await;
    person.press(CTRL_C).await;
    person.until("Once more ends at once").await;
    tokio::time::timeout(TOO_LONG, tokio::fs::write(site.file("go"), "go\n")).await.expect("it still waits").unwrap();
    let said = person.end(130).await;
    assert!(said.contains("a cycle was asked for") && said.contains("`matchplan apply` goes on from here"), "{said}");
    assert_eq!(site.cloud_user("carla.cole@contoso.com").on_premises_sync_enabled, Some(true), "the cycle ran");
    site.run(&["status"]).await.expect(6);
    site.run(&["apply"]).await.expect(0).shows("1 linked");
}

/// Runs a cycle, with the control address from a file: it is a key, and does not belong into a plan.
fn matchplan_control() -> String {
    format!("exec '{PROGRAM}' lab cycle --control \"$(/bin/cat control)\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_twice_ends_the_trigger_too() {
    let site = site("terminal_twice", "true").await;
    let (mut person, process) = until_the_trigger_runs(&site).await;
    person.press(CTRL_C).await;
    person.until("Once more ends at once").await;
    person.press(CTRL_C).await;
    let said = person.end(130).await;
    assert!(said.contains("Ended at once. Nothing is lost"), "{said}");
    // A process that was killed has no command line any more, whether or not somebody has collected it.
    let gone = async {
        while tokio::fs::read(format!("/proc/{process}/cmdline")).await.is_ok_and(|line| !line.is_empty()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TOO_LONG, gone).await.expect("the trigger goes on");
    site.lab.run_cycle().await.unwrap();
    site.run(&["status"]).await.expect(6);
    site.run(&["apply"]).await.expect(0).shows("1 linked");
}
