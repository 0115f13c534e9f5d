//! From the command line to a command, and from its result to an exit code.

use super::args::{self, Cli, Command, Global};
use super::commands;
use super::error::{CliError, CliResult};
use super::exit::Exit;
use super::signals::{self, Cut};
use super::terminal::Terminal;
use super::{fault, secrets};
use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let parsed = args::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Printing can only fail if the stream is closed, and then there is nobody to tell.
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { Exit::Success } else { Exit::Usage }.into();
        }
    };
    let terminal = Terminal::detect(cli.global.color);
    secrets::remember_environment();
    let work = || match dispatch(&cli, terminal) {
        Ok(exit) => exit,
        Err(error) => {
            terminal.note(&error.to_string());
            error.exit
        }
    };
    fault::contained(cli.global.repeated(), work).into()
}

fn dispatch(cli: &Cli, terminal: Terminal) -> CliResult {
    let global = &cli.global;
    match &cli.command {
        Command::Init(args) => commands::init::run(args, terminal),
        Command::Validate(args) => commands::validate::run(args, global, terminal),
        Command::Show(args) => commands::show::run(args, terminal),
        Command::Diff(args) => commands::diff::run(args, terminal),
        Command::Anchor(args) => commands::anchor::run(args, terminal),
        Command::Explain(args) => commands::explain::run(args, terminal),
        Command::Schema(args) => commands::schema::run(args, terminal),
        Command::Completions(args) => commands::shell::completions(args, terminal),
        Command::Man(args) => commands::shell::man(args, terminal),
        Command::Import(args::Import::Csv(args)) => commands::import::csv(args, terminal),
        Command::Snapshot(args) => block_on("snapshot", global, commands::snapshot::run(args, global, terminal)),
        Command::Plan(args) => block_on("plan", global, commands::plan::run(args, global, terminal)),
        Command::Suggest(args) => block_on("suggest", global, commands::suggest::run(args, global, terminal)),
        Command::Lint(args) => block_on("lint", global, commands::lint::run(args, global, terminal)),
        Command::Apply(args) => block_on("apply", global, commands::apply::run(args, global, terminal)),
        Command::Check(args) => block_on("check", global, commands::check::run(args, global, terminal)),
        Command::Tenant(args) => block_on("tenant", global, commands::tenant::run(args, global, terminal)),
        Command::Status(args) => block_on("status", global, commands::status::run(args, global, terminal)),
        Command::State(args::State::Recover(args)) => {
            block_on("state", global, commands::state::recover(args, global, terminal))
        }
        Command::Rollback(args) => block_on("rollback", global, commands::rollback::run(args, global, terminal)),
        Command::Lock(args) => block_on("lock", global, commands::lock::run(args, global, terminal)),
        #[cfg(feature = "lab")]
        Command::Lab(args) => block_on("lab", global, commands::lab::run(args, global, terminal)),
    }
}

/// Runs a command to its end, or until somebody asks it to stop and it does not do so itself.
fn block_on(name: &str, global: &Global, command: impl Future<Output = CliResult>) -> CliResult {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::plain(format!("Could not start the network runtime: {error}")))?;
    let ended = runtime.block_on(async {
        signals::listen();
        tokio::select! {
            biased;
            ended = command => ended,
            // The command is dropped here: it gives its lock back, and ends its child processes.
            cut = signals::cut() => Err(interrupted(cut, name, global)),
        }
    });
    // A thread that waits for an answer at the terminal would be waited for.
    runtime.shutdown_background();
    ended
}

fn interrupted(cut: Cut, name: &str, global: &Global) -> CliError {
    let flags = global.repeated();
    match cut {
        Cut::Reading => CliError::new(Exit::Interrupted, "Interrupted; nothing was changed.")
            .hint(format!("Begin again when you like: matchplan{flags} {name}")),
        Cut::Writing => {
            CliError::new(Exit::Interrupted, "Ended at once. Nothing is lost: every write is in the journal.")
                .hint(format!("`matchplan{flags} apply` reads what is there, and goes on."))
                .hint(format!("`matchplan{flags} status` shows what stands."))
        }
    }
}
