//! The command line.

mod examples;
#[cfg(feature = "lab")]
mod lab;
mod ledger;

pub use examples::command;
pub use ledger::{Apply, Keep, Lock, LockRelease, LockStatus, OnFailure, Recover, Rollback, State, Status};

#[cfg(feature = "lab")]
pub use lab::{Generated, Lab, LabControl, LabServe, LabUsage, LabWorld};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Plan, review, apply and undo the linking of on-premises AD users with existing Microsoft Entra ID users.
#[derive(Debug, Parser)]
#[command(name = "matchplan", version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 success · 1 error · 2 changes pending (plan --detailed-exitcode) · 3 blocked · \
4 stale, edited or foreign plan · 5 locked · 6 partly applied or waiting · 7 stuck · 64 usage · 130 interrupted";

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "matchplan.toml")]
    pub config: PathBuf,
    /// Use the embedded lab (kept in .matchplan/lab) in place of real directories.
    #[arg(long, global = true)]
    pub lab: bool,
    /// Write every Graph exchange to FILE as JSON lines, secrets redacted.
    #[arg(long, global = true, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Say how much of the directories is read, why, and what it cost.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Write JSON lines to standard output, one for each event, the result last, and nothing else anywhere. Asks nothing.
    #[arg(long, global = true)]
    pub json: bool,
    /// When to colour the output.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// The time to take for now, for reproducible output.
    #[arg(long, global = true, hide = true, env = "MATCHPLAN_CLOCK", value_name = "TIMESTAMP")]
    pub clock: Option<jiff::Timestamp>,
}

impl Global {
    /// The options that a person must give again with the next command, each with a space before it.
    pub fn repeated(&self) -> String {
        let lab = if self.lab { " --lab" } else { "" };
        let default = self.config.as_os_str() == "matchplan.toml";
        let path = self.config.display().to_string();
        // Double quotes are the ones that every shell knows.
        let path = if path.contains(char::is_whitespace) { format!("\"{path}\"") } else { path };
        let config = if default { String::new() } else { format!(" --config {path}") };
        format!("{config}{lab}")
    }
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented starter project.
    Init(Init),
    /// Check matchplan.toml and the match plans, and report every problem at once.
    Validate(Validate),
    /// Read both directories and save what they hold, for planning offline.
    Snapshot(SnapshotArgs),
    /// Make links out of a list that somebody keeps.
    #[command(subcommand)]
    Import(Import),
    /// Propose links: AD users and cloud users that are the same person, with the evidence. Changes nothing.
    Suggest(Suggest),
    /// Show what would change, and what stands in the way. Changes nothing.
    Plan(PlanArgs),
    /// Check attributes in AD against Microsoft's rules, and propose values that pass. Changes nothing.
    Lint(Lint),
    /// Render a saved plan. Needs neither network nor state.
    Show(Show),
    /// Compare two saved plans: what a reviewer of the first must look at again.
    Diff(Diff),
    /// Execute a saved plan, or plan and ask. Goes on by itself where an earlier apply was interrupted.
    Apply(Apply),
    /// Say what is waiting, in progress, suspended or drifting. Changes nothing.
    Status(Status),
    /// Go through the list: sync engine, tenant, AD, links, permissions, state. Says what to do; changes nothing.
    Check(CheckArgs),
    /// Show the switches of the tenant's directory synchronization, and what they mean for matching. Changes nothing.
    Tenant(Tenant),
    /// Go back from what an apply did: planned, reviewed and journaled like any other change.
    Rollback(Rollback),
    /// The way on with a state or journal that is damaged.
    #[command(subcommand)]
    State(State),
    /// Who is at work on this state, and what a crash left of a lock.
    #[command(subcommand)]
    Lock(Lock),
    /// Convert a source anchor: GUID, octets, ImmutableID, LDAP filter, connector-space DN.
    Anchor(Anchor),
    /// Explain a finding code, an error name of Microsoft's, or a pasted error message.
    Explain(Explain),
    /// Print the JSON Schemas of the files.
    Schema(Schema),
    /// Print the completions of a shell.
    Completions(Completions),
    /// Print a manual page, or write all of them.
    Man(Man),
    /// The embedded lab: two directories and a sync engine on loopback.
    #[cfg(feature = "lab")]
    #[command(subcommand)]
    Lab(Lab),
}

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder to write to.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Have git keep the state file too (otherwise it is ignored).
    #[arg(long)]
    pub commit_state: bool,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Match plans; without any, all of plans/*.toml.
    pub plans: Vec<PathBuf>,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}

/// `import`.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A CSV file with a row for each link: SamAccountName,CloudUPN in any order, beside any other columns, as spreadsheets
    /// and PowerShell write it.
    #[command(
        after_help = "Exit codes: 0 every row is a link · 1 nothing was imported · 3 rows were left out, each named"
    )]
    Csv(ImportCsv),
}

/// `import csv`.
#[derive(Debug, Args)]
pub struct ImportCsv {
    /// The file.
    pub file: PathBuf,
    /// Add the links to this match plan, which keeps its comments, or write a new one; without it they are printed. Links that
    /// it has are not added again.
    #[arg(long, value_name = "MATCH-PLAN")]
    pub into: Option<PathBuf>,
}

/// `suggest`.
///
/// Whatever the match plans link already is left out, so that a wave of links can be taken from it at a time.
#[derive(Debug, Args)]
#[command(
    after_help = "Confidence: certain: a mark of an earlier sync; or an equal employee id and one more of sign-in name, address, account \
name; or an equal sign-in name and primary address · likely: an equal employee id, sign-in name or primary address; or two of \
shared address, account name, display name · possible: a shared address or the account name alone. An equal display name \
alone is nothing, and whoever fits several users equally well is not proposed.\n\n\
Exit codes: 0 both directories were compared, whatever was found · 1 they could not be, or the file is there already"
)]
pub struct Suggest {
    /// Match plans whose links are left out; without any, all of plans/*.toml, if there are some.
    pub plans: Vec<PathBuf>,
    /// Compare in a saved snapshot, without credentials.
    #[arg(long, value_name = "FILE", conflicts_with = "lab")]
    pub snapshot: Option<PathBuf>,
    /// Write the match plan here, and say on standard output what is to be known besides. A file that is there is not
    /// overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Form of the output.
    #[arg(long, default_value = "toml")]
    pub format: SuggestFormat,
    /// Propose and list only what is at least so sure.
    #[arg(long, value_name = "CONFIDENCE", default_value = "possible")]
    pub min_confidence: LeastConfidence,
    /// Propose so many links at most, the surest.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Forms of suggestions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SuggestFormat {
    /// A match plan to review.
    Toml,
    /// For programs.
    Json,
}

/// How sure a proposal is at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LeastConfidence {
    /// One weak piece of evidence; written commented out.
    Possible,
    /// One strong piece of evidence, or two weak ones.
    Likely,
    /// Two strong pieces of evidence, or a mark of an earlier sync.
    Certain,
}

/// `snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Where to write it; compressed if the name ends in .zst. It holds personal data; .gitignore of `init` keeps it out of
    /// git.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// A CSV export of Exchange's Get-Recipient, for the recipients that Graph does not show.
    #[arg(long, value_name = "FILE")]
    pub recipients: Option<PathBuf>,
    /// Bring this saved snapshot up to date: only what has changed since is read. What no longer tells what has changed is
    /// read as a whole, and said so.
    #[arg(long, value_name = "OLD", conflicts_with = "links")]
    pub refresh: Option<PathBuf>,
    /// Read only what the links of this match plan need: cheaper for few links, and of no use for others. Can be repeated.
    #[arg(long = "for", value_name = "MATCH-PLAN", conflicts_with = "recipients")]
    pub links: Vec<PathBuf>,
}

/// Options of everything that plans.
#[derive(Clone, Debug, Default, Args)]
pub struct Planning {
    /// Leave blocked links out (each is named) instead of blocking the whole plan.
    #[arg(long)]
    pub skip_blocked: bool,
    /// Lift one brake by its name, such as too-many-links. Can be repeated.
    #[arg(long, value_name = "NAME")]
    pub allow: Vec<String>,
    /// Plan only this link or task, by a name of its AD user or cloud user, or by its id such as corp/jsmith. Can be repeated;
    /// @FILE reads names from a file, one a line. A saved plan remembers it.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Plan all but this link or task; named as with --only.
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Take so many links through a wave of their own first; apply asks before the others follow. A saved plan remembers it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub pilot: Option<u32>,
    /// A CSV export of Exchange's Get-Recipient: public folders and dynamic lists, which Graph does not show, may hold an
    /// address too. A saved plan remembers the file's name, and apply reads it again.
    #[arg(long, value_name = "FILE")]
    pub recipients: Option<PathBuf>,
    /// How much of both directories to read. Narrowly, only what the links need is asked for; the plan is the same.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub read: Read,
}

/// How much is read to plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Read {
    /// Whichever is cheaper, counted in requests and resource units.
    #[default]
    Auto,
    /// What the links need.
    Narrow,
    /// All users, groups and contacts.
    All,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Match plans; without any, all of plans/*.toml.
    pub plans: Vec<PathBuf>,
    /// Plan from a saved snapshot, without credentials.
    #[arg(long, value_name = "FILE", conflicts_with = "lab")]
    pub snapshot: Option<PathBuf>,
    /// Write the saved plan here, for review and for apply.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 if changes are pending.
    #[arg(long)]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own type is documented")]
    pub planning: Planning,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own type is documented")]
    pub rendering: Rendering,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Args)]
pub struct Rendering {
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: PlanFormat,
    /// Show ids instead of names and addresses.
    #[arg(long)]
    pub redact: bool,
    /// Show ids, DNs, places in files and how each step is undone, too (text only; JSON and Markdown always do).
    #[arg(long)]
    pub details: bool,
}

/// Forms of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
    /// A script for those who may not run a new program: each step with its check, its write and its reading.
    Powershell,
}

/// Forms of what is compared or explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// Forms of everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `lint`.
///
/// Duplicates are looked for in whole domains, whatever the scope.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no error was found (warnings may have been) · 1 could not lint, or nothing is in scope · 3 errors were found\n\n\
CSV: a cell that begins with = + - or @ gets an apostrophe before it, so that no spreadsheet runs it as a formula."
)]
pub struct Lint {
    /// Lint only what lies below this DN.
    #[arg(long, value_name = "DN")]
    pub base: Option<String>,
    /// Lint only what this LDAP filter lets in, such as '(department=Sales)'.
    #[arg(long, value_name = "LDAP-FILTER", conflicts_with = "snapshot")]
    pub filter: Option<String>,
    /// Lint a saved snapshot, without credentials; the tenant's verified domains are known then.
    #[arg(long, value_name = "FILE", conflicts_with = "lab")]
    pub snapshot: Option<PathBuf>,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: LintFormat,
    /// Write it here; standard output then says only how much was found.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Show findings of this weight and above. The exit code does not depend on it.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub severity: Level,
    /// List the objects that were left out, too, because the sync leaves them out (text only; JSON always does).
    #[arg(long)]
    pub left_out: bool,
}

/// Forms of the lint's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Weights of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// What the sync refuses.
    Error,
    /// What it replaces or drops, and what Microsoft's texts differ on.
    Warning,
    /// Everything.
    Info,
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The saved plan.
    pub file: PathBuf,
    /// Write it to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own type is documented")]
    pub rendering: Rendering,
}

/// `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The plan that was approved.
    pub old: PathBuf,
    /// The plan to look at.
    pub new: PathBuf,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: Format,
    /// Show ids instead of names and addresses.
    #[arg(long)]
    pub redact: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Match plans whose links are looked at; without any, all of plans/*.toml, if there are some.
    pub plans: Vec<PathBuf>,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}

/// `tenant`.
#[derive(Debug, Args)]
pub struct Tenant {
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}

/// `anchor`.
#[derive(Debug, Args)]
pub struct Anchor {
    /// A GUID, an ImmutableID (Base64), octets in hexadecimal, an LDAP filter value or a connector-space DN.
    pub value: String,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: TextOrJson,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code such as upn-conflict, a name such as InvalidSoftMatch, or a whole message; `-` reads it from standard
    /// input. Without any, all codes and names are listed.
    #[arg(value_name = "CODE|MESSAGE")]
    pub words: Vec<String>,
    /// Form of the output.
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// One schema's file name; without it, all names are listed.
    pub name: Option<String>,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell.
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// A command, such as `apply` or `lock status`; without it, the program's own page.
    #[arg(conflicts_with = "out")]
    pub command: Vec<String>,
    /// Write every page to this folder.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
