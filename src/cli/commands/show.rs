//! `matchplan show`: a saved plan, rendered. Needs neither network nor state.

use crate::cli::args::{Format, Rendering, Show};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::terminal::Terminal;
use crate::model::sealed::SealError;
use crate::plan::document::Plan;
use crate::report;
use crate::report::plan_text::Detail;
use std::path::Path;

/// Renders the saved plan on standard output.
pub fn run(args: &Show, terminal: Terminal) -> CliResult {
    let plan = read_plan(&args.file)?;
    print_plan(&plan, Some(&args.file), args.rendering, terminal)?;
    Ok(Exit::Success)
}

/// Reads a saved plan; one that was cut short, edited or made by a newer version is refused with the reason.
pub fn read_plan(path: &Path) -> Result<Plan, CliError> {
    let text = project::written_file(path)?;
    Plan::from_file(&text).map_err(|error| {
        let hint = match &error {
            SealError::Broken(_) => "Write it anew: matchplan plan --out FILE.",
            SealError::Newer { .. } => "Use the version of matchplan that wrote it, or a newer one.",
            SealError::Edited { .. } => {
                "A saved plan is not edited by hand: change the match plan, and plan again with --out."
            }
        };
        CliError::new(Exit::Stale, format!("{} cannot be used: {error}.", path.display())).hint(hint)
    })
}

/// Prints a plan in the form that was asked for.
pub fn print_plan(plan: &Plan, file: Option<&Path>, how: Rendering, terminal: Terminal) -> Result<(), CliError> {
    let redacted = how.redact.then(|| report::redact::plan(plan));
    let shown = redacted.as_ref().unwrap_or(plan);
    let text = match how.format {
        Format::Text => {
            let detail = if how.details { Detail::Full } else { Detail::Brief };
            report::plan_text::render(shown, terminal.out_style(), terminal.width, detail)
        }
        Format::Json => report::plan_json::render(shown).map_err(|error| unwritable(&error))?,
        Format::Markdown => {
            let name = file.map_or_else(|| "FILE".to_owned(), |file| file.display().to_string());
            report::plan_markdown::render(shown, &name)
        }
    };
    terminal.print(&text)
}

/// Something of ours that would not go into JSON.
pub fn unwritable(error: &serde_json::Error) -> CliError {
    CliError::plain(format!("This cannot be written as JSON: {error}"))
}
