//! A real Active Directory domain controller for one test, by way of `tests/samba/dc`.

use super::ldap::Directory;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running domain controller of the domain `corp.contoso.com`. It is empty, nobody else's, and gone when this is
/// dropped or this process ends.
#[derive(Debug)]
pub struct Samba {
    /// How to reach it.
    pub directory: Directory,
    script: Child,
    /// The script stops the server when this closes.
    lifeline: Option<ChildStdin>,
}

impl Samba {
    /// Starts one, from a template that is made on first use. `None` where this machine cannot run Samba, unless
    /// `MATCHPLAN_TEST_SAMBA` is `required`: then it panics.
    pub fn start() -> Option<Self> {
        if let Err(reason) = ready() {
            let required = std::env::var("MATCHPLAN_TEST_SAMBA").is_ok_and(|value| value == "required");
            assert!(
                !required,
                "the tests need Samba's domain controller, but {reason}; tests/run installs what it can"
            );
            say_once(&reason);
            return None;
        }
        // Between finding an address free and Samba taking it, another process may come first.
        let mut failure = String::new();
        for _ in 0..3 {
            match Self::start_on(free_address()) {
                Ok(samba) => return Some(samba),
                Err(reason) => failure = reason,
            }
        }
        panic!("Samba's domain controller does not start: {failure}");
    }

    fn start_on(address: Ipv4Addr) -> Result<Self, String> {
        let mut script = Command::new(script())
            .args(["run", &address.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let lifeline = script.stdin.take();
        let lines = BufReader::new(script.stdout.take().expect("its output is piped")).lines();
        let lines: Vec<String> = lines.map_while(Result::ok).take_while(|line| line != "READY").collect();
        let setting = |name: &str| {
            let line = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.map(str::to_owned).ok_or(())
        };
        let directory = || {
            Ok::<_, ()>(Directory {
                plain_url: setting("LDAP_URL")?,
                tls_url: setting("LDAPS_URL")?,
                ca_pem: std::fs::read_to_string(setting("CA_FILE")?).map_err(drop)?,
                base_dn: setting("BASE_DN")?,
                bind_dn: setting("BIND_DN")?,
                bind_upn: setting("BIND_UPN")?,
                password: setting("BIND_PASSWORD")?,
            })
        };
        if let Ok(directory) = directory() {
            return Ok(Self { directory, script, lifeline });
        }
        drop(lifeline);
        let mut said = String::new();
        let _ = script.stderr.take().expect("its errors are piped").read_to_string(&mut said);
        let _ = script.wait();
        Err(said)
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.script.wait();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samba/dc")
}

/// Why Samba cannot run here.
fn ready() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("it runs on Linux only".to_owned());
    }
    let answer = Command::new(script()).arg("ready").output().map_err(|error| error.to_string())?;
    if answer.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&answer.stdout).trim().to_owned()) }
}

/// Tells the person who runs the tests. Written past the test harness, which would swallow it as a passing test's.
fn say_once(reason: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "\nleft out: the tests against Samba, because {reason} (see tests/run)");
    });
}

/// An address where nobody serves LDAP. All of 127.0.0.0/8 is this machine; the process id keeps test runs apart, the
/// counter tests.
fn free_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let [.., high, low] = std::process::id().to_be_bytes();
        let count = u8::try_from(NEXT.fetch_add(1, Ordering::Relaxed) % 250).expect("it is below 250");
        let address = Ipv4Addr::new(127, 64 + high % 128, low, 1 + count);
        if TcpListener::bind((address, 389)).is_ok() {
            return address;
        }
    }
}
