//! `matchplan diff`: what a reviewer who has approved one saved plan must look at again in another.

use super::show::read_plan;
use crate::cli::args::{Diff, Format};
use crate::cli::error::CliResult;
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::report::{compare, redact};

/// Compares two saved plans on standard output.
pub fn run(args: &Diff, terminal: Terminal) -> CliResult {
    let (mut old, mut new) = (read_plan(&args.old)?, read_plan(&args.new)?);
    if args.rendering.redact {
        (old, new) = (redact::plan(&old), redact::plan(&new));
    }
    let comparison = compare::compare(&old, &new);
    terminal.print(&match args.rendering.format {
        Format::Text => compare::text(&comparison, terminal.out_colour, terminal.width),
        Format::Json => compare::json(&comparison),
        Format::Markdown => compare::markdown(&comparison),
    })?;
    Ok(Exit::Success)
}
