//! The commands that write the ledger, or are about it.

use super::{Planning, TextOrJson};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What a failed link does to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnFailure {
    /// The others go on.
    Continue,
    /// Nothing new is begun.
    Stop,
    /// Everything of this apply that can still be undone is undone.
    Rollback,
}

/// `apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// A saved plan (JSON), or match plans to plan now; without any, all of plans/*.toml.
    pub files: Vec<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Go on only if the saved plan has this digest: the one that was approved.
    #[arg(long, value_name = "DIGEST")]
    pub expect_digest: Option<String>,
    /// What a failed link does to the others.
    #[arg(long, value_name = "WHAT", default_value = "continue")]
    pub on_failure: OnFailure,
    /// Prepare the first wave and stop before the point of no return; `apply` goes on, `rollback` goes back.
    #[arg(long)]
    pub prepare: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own type is documented")]
    pub planning: Planning,
}

/// `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Read the state only; do not look for drift in the directories.
    #[arg(long)]
    pub offline: bool,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// A saved rollback plan to execute.
    pub file: Option<PathBuf>,
    /// The apply to go back from; without it, the last one.
    #[arg(long, value_name = "ID")]
    pub apply: Option<String>,
    /// Only this link, such as corp/jsmith.
    #[arg(long, value_name = "LINK")]
    pub link: Option<String>,
    /// Leave out what cannot go back (each is named) instead of refusing the whole.
    #[arg(long)]
    pub skip_blocked: bool,
    /// Write the rollback plan here for review instead of executing it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Lift one brake by its name, such as role-grants. Can be repeated.
    #[arg(long, value_name = "NAME")]
    pub allow: Vec<String>,
}

/// `state`.
#[derive(Debug, Subcommand)]
pub enum State {
    /// Keep what is certain of a damaged ledger and put the damaged file aside; deletes nothing, and asks first. What lost
    /// records may have touched is read in the directories when you go on.
    Recover(Recover),
}

/// `state recover`.
#[derive(Debug, Args)]
pub struct Recover {
    /// Where state and journal are each whole and do not belong together: which one is meant.
    #[arg(long, value_name = "WHICH")]
    pub keep: Option<Keep>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}

/// Which file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    /// The state file.
    State,
    /// The journal.
    Journal,
}

/// `lock`.
#[derive(Debug, Subcommand)]
pub enum Lock {
    /// Say who holds the lock. Exit code 5 while somebody does.
    Status(LockStatus),
    /// Forget a holder that crashed; for a lock that a dead computer left on a shared folder, put it aside.
    Release(LockRelease),
}

/// `lock status`.
#[derive(Debug, Args)]
pub struct LockStatus {
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}

/// `lock release`.
#[derive(Debug, Args)]
pub struct LockRelease {
    /// The lock's id, as `lock status` and the message of exit code 5 show it.
    pub id: String,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}
