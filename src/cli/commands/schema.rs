//! `matchplan schema`: the JSON Schemas of the files.

use crate::cli::args::Schema;
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::schemas;
use serde_json::json;

/// Prints one schema, or the names of all.
pub fn run(args: &Schema, terminal: Terminal) -> CliResult {
    let all = schemas::all();
    let Some(wanted) = &args.name else {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        if terminal.stream().is_some() {
            terminal.data(|| Ok(json!({ "schemas": names })))?;
            return Ok(Exit::Success);
        }
        for (name, schema) in &all {
            let title = schema.get("description").or_else(|| schema.get("title")).and_then(|t| t.as_str());
            let title = title.unwrap_or_default().lines().next().unwrap_or_default();
            terminal.print(&format!("{name:<28} {title}\n"))?;
        }
        return Ok(Exit::Success);
    };
    let found = all.iter().find(|(name, _)| *name == wanted || name.strip_suffix(".schema.json") == Some(wanted));
    let (_, schema) = found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        CliError::new(Exit::Usage, format!("There is no schema {wanted}."))
            .hint(format!("There are: {}.", names.join(", ")))
    })?;
    terminal.give(false, || Ok(schema.to_string()), || format!("{schema:#}\n"))?;
    Ok(Exit::Success)
}
