//! From the command line to a command, and from its result to an exit code.

use super::args::{self, Cli, Command};
use super::commands;
use super::error::CliResult;
use super::exit::Exit;
use super::terminal::Terminal;
use clap::Parser as _;
use clap::error::ErrorKind;
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing can only fail if the stream is closed, and then there is nobody to tell.
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { Exit::Success } else { Exit::Usage }.into();
        }
    };
    let terminal = Terminal::detect(cli.global.color);
    match dispatch(&cli, terminal) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal.note(&error.to_string());
            error.exit.into()
        }
    }
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
        Command::Snapshot(args) => block_on(commands::snapshot::run(args, global, terminal)),
        Command::Plan(args) => block_on(commands::plan::run(args, global, terminal)),
        Command::Lint(args) => block_on(commands::lint::run(args, global, terminal)),
        Command::Apply(args) => block_on(commands::apply::run(args, global, terminal)),
        Command::Check(args) => block_on(commands::check::run(args, global, terminal)),
        Command::Status(args) => block_on(commands::status::run(args, global, terminal)),
        Command::State(args::State::Recover(args)) => block_on(commands::state::recover(args, global, terminal)),
        Command::Rollback(args) => block_on(commands::rollback::run(args, global, terminal)),
        #[cfg(feature = "lab")]
        Command::Lab(args) => block_on(commands::lab::run(args, global, terminal)),
    }
}

fn block_on(command: impl Future<Output = CliResult>) -> CliResult {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| super::error::CliError::plain(format!("Could not start the network runtime: {error}")))?;
    runtime.block_on(command)
}
