//! From the command line to a command, and from its result to an exit code.

use super::args::{self, Cli, Command, Global};
use super::commands;
use super::error::{CliError, CliResult};
use super::exit::Exit;
use super::signals::{self, Cut};
use super::stream::Stream;
use super::terminal::Terminal;
use super::{fault, secrets};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let matches = args::command().try_get_matches();
    let parsed = matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, other_form(&matches))));
    let (cli, other_form) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return misread(&error).into(),
    };
    let terminal = Terminal::detect(&cli.global);
    secrets::remember_environment();
    let work = || match other_form.filter(|_| cli.global.json) {
        Some(form) => terminal.end(Err(two_forms(&form))),
        None => terminal.end(dispatch(&cli, terminal)),
    };
    fault::contained(cli.global.repeated(), terminal.stream(), work).into()
}

/// A command line that is none, or that asks for help.
fn misread(error: &clap::Error) -> Exit {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // What could not be parsed does not say what it asked for, so its words do. Behind `--` none is an option.
    if !std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json") {
        // Printing can only fail if the stream is closed, and then there is nobody to tell.
        let _ = error.print();
        return if asked { Exit::Success } else { Exit::Usage };
    }
    let (stream, text) = (Stream::begin(None), error.render().to_string());
    if asked {
        stream.keep(serde_json::json!({ "text": text }));
        return stream.end(Ok(Exit::Success));
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default();
    let found = CliError::new(Exit::Usage, message.strip_prefix("error: ").unwrap_or(message));
    stream.end(Err(lines.fold(found, CliError::hint)))
}

/// The form that the command line names, if it is another than JSON.
fn other_form(matches: &ArgMatches) -> Option<String> {
    let mut command = matches;
    while let Some((_, inner)) = command.subcommand() {
        command = inner;
    }
    let mut forms = command.try_get_raw("format").ok().flatten()?;
    let form = forms.next_back().filter(|_| command.value_source("format") == Some(ValueSource::CommandLine))?;
    Some(form.to_string_lossy().into_owned()).filter(|form| form != "json")
}

fn two_forms(form: &str) -> CliError {
    CliError::new(Exit::Usage, format!("--json and --format {form} are two forms of one output."))
        .hint("Leave out one of them.")
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
