//! `matchplan explain`: the manual's page for a code, a name, or a pasted message.

use crate::cli::args::{Explain, Format};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::model::size::{self, TooLarge};
use crate::report::explain;
use crate::rules::explain::lookup::{self, Found};
use crate::rules::explain::topic::Topic;

/// A message is no longer than this, in octets; more is a file that was piped by mistake.
const LONGEST: u64 = 1 << 20;

/// Prints the pages that answer, or the list of all.
pub fn run(args: &Explain, terminal: Terminal) -> CliResult {
    let asked = match args.words.as_slice() {
        [] => None,
        [one] if one == "-" => Some(standard_input()?),
        words => Some(words.join(" ")),
    };
    let topics = match asked.as_deref().map(lookup::find) {
        None => None,
        Some(Found::Pages(topics)) => Some(topics),
        Some(Found::Nothing { similar }) => return Err(nothing(&similar)),
    };
    let all = || Topic::all().collect::<Vec<_>>();
    let pages = topics.clone().unwrap_or_else(all);
    let as_text = || match (args.format, &topics) {
        (Format::Markdown, _) => explain::pages_markdown(&pages),
        (_, None) => explain::list_text(terminal.out_style(), terminal.width),
        (_, Some(topics)) => explain::pages_text(topics, terminal.out_style(), terminal.width),
    };
    terminal.give(args.format == Format::Json, || explain::pages_json(&pages), as_text)?;
    Ok(Exit::Success)
}

fn standard_input() -> Result<String, CliError> {
    let octets = size::read(std::io::stdin().lock(), None, LONGEST).map_err(|error| {
        let failed = CliError::plain(format!("Could not read standard input: {error}"));
        if error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()).is_some() {
            return failed.hint("Pass the message alone, such as: tail -n 20 FILE | matchplan explain -");
        }
        failed
    })?;
    // A message from an old log may be in any encoding; what is looked for in it is ASCII.
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

fn nothing(similar: &[Topic]) -> CliError {
    let error = CliError::new(Exit::Error, "There is no page for this code or message.");
    let names: Vec<&str> = similar.iter().map(|topic| topic.as_str()).collect();
    let error = if names.is_empty() { error } else { error.hint(format!("Did you mean {}?", names.join(", "))) };
    error.hint("All codes and names, by theme: matchplan explain")
}
