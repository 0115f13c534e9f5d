//! `matchplan validate`: every problem of what was written, at once.

use super::show::unwritable;
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
    match args.format {
        TextOrJson::Json => {
            let found: Vec<_> = read.diagnostics.iter().map(|d| d.to_json(&read.sources)).collect();
            let found = json!({ "valid": valid, "diagnostics": found });
            terminal.print(&safe::json(&found).map_err(|error| unwritable(&error))?)?;
        }
        TextOrJson::Text => {
            if !read.diagnostics.is_empty() {
                let text = render_all(&read.diagnostics, &read.sources, terminal.out_colour, terminal.width);
                terminal.print(&format!("{}\n", text.trim_end()))?;
            }
            if let Some(config) = &read.config {
                let (links, files) = (config.plan.links.len(), config.plan.files.len());
                terminal.print(&format!("Valid: {} in {}.\n", count(links, "link"), count(files, "match plan")))?;
            }
        }
    }
    if valid {
        return Ok(Exit::Success);
    }
    Err(project::problems(&read.diagnostics))
}
