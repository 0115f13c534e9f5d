//! `matchplan show`: a saved plan, rendered. Needs neither network nor state.

use crate::cli::args::{PlanFormat, Rendering, Show};
use crate::cli::error::{CliError, CliResult, unwritable};
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::terminal::Terminal;
use crate::model::sealed::SealError;
use crate::plan::document::Plan;
use crate::report;
use crate::report::plan_text::Detail;
use crate::report::stream::Said;
use crate::report::style::Style;
use crate::store::files;
use serde_json::json;
use std::path::Path;

/// Renders the saved plan on standard output, or into a file.
pub fn run(args: &Show, terminal: Terminal) -> CliResult {
    let plan = read_plan(&args.file)?;
    let Some(out) = &args.out else {
        give_plan(&plan, Some(&args.file), args.rendering, terminal)?;
        return Ok(Exit::Success);
    };
    // A file has no colours, and is as wide as it likes to be.
    let text = rendered(&plan, Some(&args.file), args.rendering, Style { colour: false }, terminal.width)?;
    files::replace(out, text.as_bytes()).map_err(|error| CliError::file("write", out, &error))?;
    terminal.data(|| Ok(json!({ "written": [out] })))?;
    terminal.print(&format!("Wrote {}.\n", out.display()))?;
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

/// Gives a plan in the form that was asked for, as what the command comes to.
pub fn give_plan(plan: &Plan, file: Option<&Path>, how: Rendering, terminal: Terminal) -> Result<(), CliError> {
    if terminal.stream().is_some() {
        return terminal.give(true, || as_json(plan, how.redact), String::new);
    }
    terminal.print(&rendered(plan, file, how, terminal.out_style(), terminal.width)?)
}

/// Shows the plan that is about to be executed.
pub fn announce_plan(plan: &Plan, terminal: Terminal) -> Result<(), CliError> {
    let how = Rendering { format: PlanFormat::Text, redact: false, details: false };
    let as_text = || rendered(plan, None, how, terminal.out_style(), terminal.width);
    terminal.give_now(|data| Said::Plan { data }, || as_json(plan, false), as_text)
}

fn as_json(plan: &Plan, redact: bool) -> Result<String, serde_json::Error> {
    if redact { report::plan_json::render(&report::redact::plan(plan)) } else { report::plan_json::render(plan) }
}

fn rendered(plan: &Plan, file: Option<&Path>, how: Rendering, style: Style, width: usize) -> Result<String, CliError> {
    if how.redact && how.format == PlanFormat::Powershell {
        let message = "A script with ids in place of names could not be run.";
        return Err(CliError::new(Exit::Usage, message).hint("Leave out --redact, or take another --format."));
    }
    let redacted = how.redact.then(|| report::redact::plan(plan));
    let shown = redacted.as_ref().unwrap_or(plan);
    Ok(match how.format {
        PlanFormat::Text => {
            let detail = if how.details { Detail::Full } else { Detail::Brief };
            report::plan_text::render(shown, style, width, detail)
        }
        PlanFormat::Json => report::plan_json::render(shown).map_err(|error| unwritable(&error))?,
        PlanFormat::Powershell => report::powershell::render(shown),
        PlanFormat::Markdown => {
            let name = file.map_or_else(|| "FILE".to_owned(), |file| file.display().to_string());
            report::plan_markdown::render(shown, &name)
        }
    })
}
