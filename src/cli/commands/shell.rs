//! `matchplan completions` and `matchplan man`: what shells and packages want to know of the command line.

use crate::cli::args::{self, Completions, Man};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use clap::Command;
use serde_json::json;
use std::fs;
use std::io;
use std::path::Path;

/// Prints a shell's completions.
pub fn completions(args: &Completions, terminal: Terminal) -> CliResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "matchplan", &mut script);
    terminal.give_text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

/// Prints one manual page, or writes all of them.
pub fn man(args: &Man, terminal: Terminal) -> CliResult {
    let pages = pages();
    if let Some(folder) = &args.out {
        write(&pages, folder)
            .map_err(|error| CliError::plain(format!("Could not write the pages to {}: {error}", folder.display())))?;
        let files: Vec<_> = pages.iter().map(|(name, _)| folder.join(format!("{name}.1"))).collect();
        terminal.data(|| Ok(json!({ "written": files })))?;
        terminal.note(&format!("{} pages written to {}.", pages.len(), folder.display()));
        return Ok(Exit::Success);
    }
    let name =
        std::iter::once("matchplan").chain(args.command.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    let Some((_, page)) = pages.iter().find(|(known, _)| *known == name) else {
        let known: Vec<String> =
            pages.iter().skip(1).map(|(name, _)| name["matchplan-".len()..].replace('-', " ")).collect();
        return Err(CliError::new(Exit::Usage, format!("There is no command {}.", args.command.join(" ")))
            .hint(format!("There are: {}.", known.join(", "))));
    };
    terminal.give_text(page)?;
    Ok(Exit::Success)
}

/// Every page by its name, the program's own first.
fn pages() -> Vec<(String, String)> {
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages);
    pages
}

fn collect(command: &Command, pages: &mut Vec<(String, String)>) {
    let mut page = Vec::new();
    // Building the whole has named each part: matchplan-lock-status.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).render(&mut page);
    pages.push((name.to_owned(), String::from_utf8_lossy(&page).into_owned()));
    for part in command.get_subcommands().filter(|part| !part.is_hide_set()) {
        collect(part, pages);
    }
}

fn write(pages: &[(String, String)], folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    pages.iter().try_for_each(|(name, page)| fs::write(folder.join(format!("{name}.1")), page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples() {
        let pages = pages();
        let apply = &pages.iter().find(|(name, _)| name == "matchplan-apply").unwrap().1;
        assert!(apply.contains("matchplan apply wave\\-01.plan.json"), "{apply}");
        assert!(pages.iter().any(|(name, _)| name == "matchplan-lock-status"));
    }

    #[test]
    fn every_shell_gets_a_script() {
        use clap::ValueEnum as _;
        for shell in clap_complete::Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut args::command(), "matchplan", &mut script);
            assert!(String::from_utf8(script).unwrap().contains("rollback"), "{shell}");
        }
    }
}
