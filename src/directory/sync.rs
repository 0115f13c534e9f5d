//! The sync engine through the commands that the settings name. They are started directly, without a shell.
//!
//! What a command must do: exit 0 on success. "A cycle is running already" is recognised by exit code 75 (EX_TEMPFAIL,
//! for one's own scripts), or by what Entra Connect's cmdlets say: on stderr always, on stdout if the command failed.
//!
//! A command runs in a process group of its own, so that Ctrl-C at the terminal reaches matchplan alone: it finishes what
//! is in flight, the command's answer included, and knows what was done. Asked a second time it ends at once, and ends
//! the command; what the command was to do can be repeated without harm.
//!
//! `status` prints one JSON object: `{"busy": …, "staging": …, "suspended": …}`; members that are missing are false.

use super::error::{DirectoryError, ErrorKind};
use super::output::kept;
use super::port::{SyncEngine, SyncStatus, Triggered};
use super::text::{first_lines, one_line};
use crate::config::settings::{Command, SyncSettings, Trigger};
use std::process::Stdio;
use std::time::Duration;

/// How long a command may run. Starting a remote PowerShell can take half a minute; a cycle itself is not waited for.
const TIMEOUT: Duration = Duration::from_mins(5);
/// EX_TEMPFAIL of sysexits.h: try again later.
const TRY_LATER: i32 = 75;

/// What the cmdlets say while a cycle runs (or another run profile), in lower case.
const BUSY_WORDS: [&str; 5] =
    ["sync is already running", "is busy", "already in progress", "cannot start a new run", "synccycleinprogress"];

/// The configured commands.
#[derive(Clone, Debug)]
pub struct SyncCommands {
    settings: SyncSettings,
}

/// What a command ended with.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl SyncCommands {
    /// The commands of these settings.
    pub const fn new(settings: SyncSettings) -> Self {
        Self { settings }
    }
}

impl SyncEngine for SyncCommands {
    async fn trigger(&self) -> Result<Triggered, DirectoryError> {
        let Trigger::Command(command) = &self.settings.trigger else { return Ok(Triggered::Scheduler) };
        let what = "start a sync cycle";
        let ended = run(command, what).await?;
        if ended.is_busy() {
            return Ok(Triggered::Busy);
        }
        ended.success(command, what).map(|_| Triggered::Asked)
    }

    async fn status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        let Some(command) = &self.settings.status else { return Ok(None) };
        let what = "ask for the sync engine's status";
        let stdout = run(command, what).await?.success(command, what)?;
        // PowerShell may put a byte order mark in front.
        serde_json::from_str(stdout.trim_start_matches('\u{feff}').trim()).map(Some).map_err(|e| {
            let detail = format!("`{}` printed no such JSON ({e}): {}", show(command), first_lines(&stdout, 1));
            DirectoryError::new(ErrorKind::Broken, what, detail)
                .with_hint(r#"the status command prints {"busy": false, "staging": false, "suspended": false}"#)
        })
    }

    async fn hold(&self) -> Result<(), DirectoryError> {
        match &self.settings.hold {
            Some(pair) => simple(&pair.hold, "hold the sync scheduler").await,
            None => Err(no_pair("hold the sync scheduler")),
        }
    }

    async fn release(&self) -> Result<(), DirectoryError> {
        match &self.settings.hold {
            Some(pair) => simple(&pair.release, "release the sync scheduler").await,
            None => Err(no_pair("release the sync scheduler")),
        }
    }
}

fn no_pair(what: &str) -> DirectoryError {
    DirectoryError::new(ErrorKind::Refused, what, "the configuration has no hold and release commands")
        .with_hint("add `hold` and `release` to [sync] in matchplan.toml")
}

async fn simple(command: &Command, what: &str) -> Result<(), DirectoryError> {
    let ended = run(command, what).await?;
    if ended.code != Some(0) && ended.is_busy() {
        return Err(DirectoryError::new(ErrorKind::Busy, what, "a sync cycle is running now"));
    }
    ended.success(command, what).map(drop)
}

/// The command as a person would recognise it.
fn show(command: &Command) -> String {
    one_line(
        &std::iter::once(command.program())
            .chain(command.args().iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" "),
    )
}

impl Ended {
    fn is_busy(&self) -> bool {
        let says = |text: &str| {
            let text = text.to_lowercase();
            BUSY_WORDS.iter().any(|words| text.contains(words))
        };
        self.code == Some(TRY_LATER) || says(&self.stderr) || (self.code != Some(0) && says(&self.stdout))
    }

    fn success(self, command: &Command, what: &str) -> Result<String, DirectoryError> {
        if self.code == Some(0) {
            return Ok(self.stdout);
        }
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let said = first_lines(said, 3);
        let said = if said.is_empty() { "it said nothing".to_owned() } else { said };
        let ended =
            self.code.map_or_else(|| "was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        Err(DirectoryError::new(ErrorKind::Refused, what, format!("`{}` {ended}: {said}", show(command)))
            .with_hint("try the command by hand; it is in [sync] of matchplan.toml"))
    }
}

async fn run(command: &Command, what: &str) -> Result<Ended, DirectoryError> {
    let program = command.program();
    let mut child = tokio::process::Command::new(program);
    child.args(command.args()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    child.process_group(0);
    // CREATE_NEW_PROCESS_GROUP: Ctrl-C is not passed on.
    #[cfg(windows)]
    child.creation_flags(0x200);
    let mut child = child.spawn().map_err(|e| {
        DirectoryError::new(ErrorKind::Unreachable, what, format!("`{}` cannot be started: {e}", one_line(program)))
            .with_hint("check the command in [sync] of matchplan.toml; a script needs its interpreter in front")
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(kept(stdout), kept(stderr), child.wait()) };
    let (stdout, stderr, status) = tokio::time::timeout(TIMEOUT, all).await.map_err(|_| {
        let detail =
            format!("`{}` did not end within {} minutes and was stopped", show(command), TIMEOUT.as_secs() / 60);
        DirectoryError::new(ErrorKind::OutcomeUnknown, what, detail)
            .with_hint("a command must ask nothing: it has no terminal; try it by hand, with its input closed")
    })?;
    let status = status
        .map_err(|e| DirectoryError::new(ErrorKind::OutcomeUnknown, what, format!("`{}`: {e}", show(command))))?;
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    Ok(Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, stdout: &str, stderr: &str) -> Ended {
        Ended { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    #[test]
    fn busy_is_recognised_by_words_and_by_exit_code() {
        let connect = "Start-ADSyncSyncCycle : System.InvalidOperationException: Sync is already running. Cannot start \
                       a new run till this one completes.";
        assert!(ended(1, "", connect).is_busy());
        assert!(ended(0, "", "System.InvalidOperationException: AAD is busy.").is_busy());
        assert!(ended(75, "", "").is_busy());
        assert!(ended(1, "Connector: contoso is busy", "").is_busy());
        assert!(!ended(0, "nobody is busy", "").is_busy());
        assert!(!ended(1, "", "Access is denied").is_busy());
    }

    #[test]
    fn a_failure_shows_the_first_lines_without_escapes() {
        let command = Command::try_from(vec!["pwsh".to_owned(), "-Command".to_owned()]).unwrap();
        let error =
            ended(5, "", "\n\u{1b}[31mAccess is denied\nat line 1\nx\ny").success(&command, "start").unwrap_err();
        assert_eq!(error.detail, "`pwsh -Command` ended with exit code 5: \\u{1b}[31mAccess is denied / at line 1 / x");
    }

    #[tokio::test]
    async fn a_missing_program_is_an_error_and_waiting_needs_none() {
        let absent = Command::try_from(vec!["no-such-program-7f3a".to_owned()]).unwrap();
        let settings = SyncSettings { trigger: Trigger::Command(absent), ..SyncSettings::default() };
        let error = SyncCommands::new(settings).trigger().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        let waiting = SyncCommands::new(SyncSettings::default());
        assert_eq!(waiting.trigger().await.unwrap(), Triggered::Scheduler);
        assert_eq!(waiting.status().await.unwrap(), None);
        assert_eq!(waiting.hold().await.unwrap_err().kind, ErrorKind::Refused);
    }
}
