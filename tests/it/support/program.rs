//! The compiled program, run as a person runs it, but with nothing of this machine's environment.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// The binary under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_matchplan");

/// What a run that hangs is ended after. No test depends on it.
const TOO_LONG: Duration = Duration::from_mins(2);

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Panics, with everything that was said, unless it ended with this exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Panics unless standard output holds this.
    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text:?} is not in\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Panics unless standard output holds this, on one line or wrapped.
    #[track_caller]
    pub fn tells(self, text: &str) -> Self {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&self.out).contains(&words(text)), "{text:?} is not in\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Panics unless standard error holds this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in\n--- stderr\n{}\n--- stdout\n{}", self.err, self.out);
        self
    }
}

/// The program in `folder`, with an environment of its own.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).env_clear().kill_on_drop(true);
    command.env("HOME", folder).env("NO_COLOR", "1").env("COLUMNS", "100").env("USER", "tester");
    if let Some(root) = std::env::var_os("SystemRoot") {
        // Windows has no network without it.
        command.env("SystemRoot", root);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub async fn run(mut command: Command) -> Ran {
    let ended = tokio::time::timeout(TOO_LONG, command.output()).await.expect("the program hangs");
    let ended = ended.expect("the program was built");
    Ran {
        code: ended.status.code().unwrap_or(-1),
        out: String::from_utf8(ended.stdout).expect("it writes UTF-8"),
        err: String::from_utf8(ended.stderr).expect("it writes UTF-8"),
    }
}

/// A run that goes on while the test does something else.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    err: String,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program was built");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        Self { child, lines, err: String::new() }
    }

    /// Reads standard error until a line holds this.
    #[track_caller]
    pub fn until<'a>(&'a mut self, text: &'a str) -> impl Future<Output = ()> + 'a {
        let told = async move {
            while let Some(line) = self.lines.next_line().await.expect("it writes UTF-8") {
                self.err += &line;
                self.err.push('\n');
                if line.contains(text) {
                    return;
                }
            }
            panic!("it ended without saying {text:?}:\n{}", self.err);
        };
        async { tokio::time::timeout(TOO_LONG, told).await.expect("the program hangs") }
    }

    /// What Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Sends a signal: `-TERM`, `-KILL`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = std::process::Command::new("kill").args([name, &id]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// What `kill -9` and a power failure do to a process.
    #[cfg(unix)]
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is still running");
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it is still running")
    }

    /// Reads on to its end.
    pub async fn end(mut self) -> Ran {
        let mut out = String::new();
        let mut stdout = self.child.stdout.take().expect("it is piped");
        let rest = async {
            while let Some(line) = self.lines.next_line().await.expect("it writes UTF-8") {
                self.err += &line;
                self.err.push('\n');
            }
        };
        let all = async { tokio::join!(stdout.read_to_string(&mut out), rest) };
        let (read, ()) = tokio::time::timeout(TOO_LONG, all).await.expect("the program hangs");
        read.expect("it writes UTF-8");
        let status = self.child.wait().await.expect("it was started");
        Ran { code: status.code().unwrap_or(-1), out, err: self.err }
    }
}
