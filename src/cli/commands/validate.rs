//! `matchplan validate`: every problem of what was written, at once.

use crate::cli::args::{Global, TextOrJson, Validate};
use crate::cli::error::CliResult;
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::terminal::Terminal;
use crate::diagnostic::render_all;
use crate::report::events::count;
use crate::report::safe;
use serde_json::json;

/// Reads everything and reports it on standard output; exit code 1 if there is an error.
pub fn run(args: &Validate, global: &Global, terminal: Terminal) -> CliResult {
    let name = global.config.display().to_string();
    let text = if global.lab { crate::cli::site::lab_settings_text()? } else { project::config_text(&global.config)? };
    let read = project::read_all((&name, &text), &args.plans)?;
    let valid = read.config.is_some();
    if terminal.stream().is_some() {
        terminal.diagnostics(&read.diagnostics, &read.sources);
    }
    let as_json = || {
        let found: Vec<_> = read.diagnostics.iter().map(|d| d.to_json(&read.sources)).collect();
        safe::json(&json!({ "valid": valid, "diagnostics": found }))
    };
    terminal.give(args.format == TextOrJson::Json, as_json, || as_text(&read, terminal))?;
    if valid {
        return Ok(Exit::Success);
    }
    Err(project::problems(&read.diagnostics))
}

fn as_text(read: &project::Read, terminal: Terminal) -> String {
    let found = if read.diagnostics.is_empty() {
        String::new()
    } else {
        let found = render_all(&read.diagnostics, &read.sources, terminal.out_colour, terminal.width);
        format!("{}\n", found.trim_end())
    };
    let Some(config) = &read.config else { return found };
    let (links, files) = (config.plan.links.len(), config.plan.files.len());
    format!("{found}Valid: {} in {}.\n", count(links, "link"), count(files, "match plan"))
}
