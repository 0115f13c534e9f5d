//! `matchplan diff`: what a reviewer who has approved one saved plan must look at again in another.

use super::show::read_plan;
use crate::cli::args::{Diff, Format};
use crate::cli::error::CliResult;
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::report::compare::Comparison;
use crate::report::redact;

/// Compares two saved plans on standard output.
pub fn run(args: &Diff, terminal: Terminal) -> CliResult {
    let (mut old, mut new) = (read_plan(&args.old)?, read_plan(&args.new)?);
    if args.redact {
        (old, new) = (redact::plan(&old), redact::plan(&new));
    }
    let comparison = Comparison::of(&old, &new);
    let command = format!("matchplan diff {} {}", args.old.display(), args.new.display());
    let as_text = || match args.format {
        Format::Markdown => comparison.to_markdown(&command),
        Format::Text | Format::Json => comparison.to_text(terminal.out_style(), terminal.width),
    };
    terminal.give(args.format == Format::Json, || comparison.to_json(), as_text)?;
    Ok(Exit::Success)
}
