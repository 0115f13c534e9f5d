//! `matchplan import csv`: the list that somebody keeps, made into links to review.

use crate::cli::args::ImportCsv;
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::project;
use crate::cli::terminal::Terminal;
use crate::config::{import, weave};
use crate::report::events::count;
use crate::store::files;
use serde_json::json;

/// Reads the file, and adds its links to a match plan or prints a new one. Rows that cannot be links are named.
pub fn csv(args: &ImportCsv, terminal: Terminal) -> CliResult {
    let octets = files::read_limited(&args.file, import::LARGEST)
        .map_err(|error| CliError::file("read", &args.file, &error))?
        .ok_or_else(|| CliError::plain(format!("There is no file {}.", args.file.display())))?;
    let rows = import::read(&args.file.display().to_string(), &octets).map_err(|(found, sources)| {
        project::say(&found, &sources, terminal);
        project::problems(&found)
    })?;
    let old = args.into.as_ref().filter(|path| path.exists()).map(|path| project::text_file(path)).transpose()?;
    let name = args.into.as_ref().map_or_else(|| "the match plan".to_owned(), |path| path.display().to_string());
    let woven = weave::weave(&name, old.as_deref(), &rows).map_err(|(found, sources)| {
        project::say(&found, &sources, terminal);
        CliError::plain(format!("{name} has an error of its own; nothing was added to it."))
    })?;
    let left_out = [rows.found, woven.found].concat();
    project::say(&left_out, &rows.sources, terminal);
    if let Some(path) = args.into.as_ref().filter(|_| woven.added > 0) {
        files::replace(path, woven.text.as_bytes()).map_err(|error| CliError::file("write", path, &error))?;
    }
    let text = args.into.is_none().then_some(&woven.text);
    let (added, known, rows_left_out) = (woven.added, woven.had, left_out.len());
    terminal.data(|| {
        Ok(json!({ "added": added, "had_already": known, "left_out": rows_left_out, "into": args.into, "text": text }))
    })?;
    let had = if woven.had == 0 { String::new() } else { format!(", {} it had already", count(woven.had, "link")) };
    match &args.into {
        Some(_) if woven.added > 0 => {
            terminal.note(&format!("{} added to {name}{had}. Next: matchplan plan {name}", count(woven.added, "link")));
        }
        Some(_) => terminal.note(&format!("No link added to {name}{had}.")),
        None => {
            if terminal.stream().is_none() {
                terminal.print(&woven.text)?;
            }
            terminal.note(&format!(
                "{}. To write them: matchplan import csv … --into plans/NAME.toml",
                count(woven.added, "link")
            ));
        }
    }
    if left_out.is_empty() {
        return Ok(Exit::Success);
    }
    Err(CliError::new(Exit::Blocked, "Some rows could not be links; they stand above and were left out.")
        .hint("Correct them and import the file again: what is in the match plan already is not added twice."))
}
