//! `matchplan init`: a commented starter project.

use crate::cli::args::Init;
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::config::init::{InitOptions, files};
use serde_json::json;
use std::io::Write as _;

/// Writes the starter files. An existing file is never touched: git's own are named with what is to be added to them, and
/// with any other nothing at all is written.
pub fn run(args: &Init, terminal: Terminal) -> CliResult {
    let files = files(InitOptions { commit_state: args.commit_state })
        .map_err(|error| crate::cli::error::unwritable(&error))?;
    let is_gits = |name: &str| name.starts_with(".git");
    let (kept, new): (Vec<_>, Vec<_>) =
        files.iter().partition(|(name, _)| is_gits(name) && args.folder.join(name).exists());
    let taken: Vec<String> = new
        .iter()
        .map(|(name, _)| args.folder.join(name))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if !taken.is_empty() {
        return Err(CliError::plain(format!(
            "These files are there already: {}. Nothing was written.",
            taken.join(", ")
        ))
        .hint("Choose an empty folder: matchplan init FOLDER."));
    }
    let mut made = Vec::new();
    for (name, text) in &new {
        let path = args.folder.join(name);
        let folder = path.parent().unwrap_or(&args.folder);
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::File::create_new(&path))
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| CliError::file("write", &path, &error))?;
        if terminal.stream().is_none() {
            terminal.print(&format!("wrote {}\n", path.display()))?;
        }
        made.push(path);
    }
    for (name, text) in &kept {
        terminal.print(&format!("\n{name} is there already and was left alone. Add to it:\n\n{text}\n"))?;
    }
    let left_alone: Vec<_> = kept.iter().map(|(name, _)| name).collect();
    terminal.data(|| Ok(json!({ "written": made, "left_alone": left_alone })))?;
    terminal.print("\nNext: say in matchplan.toml where your directories are, then run `matchplan validate`.\n")?;
    Ok(Exit::Success)
}
