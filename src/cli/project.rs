//! Finding and reading what people wrote: `matchplan.toml` and the match plans.

use super::error::CliError;
use super::terminal::Terminal;
use crate::config::read::{self, Config, MAX_FILE_SIZE};
use crate::config::recipients;
use crate::config::settings::Settings;
use crate::diagnostic::{Diagnostic, Sources};
use crate::model::recipient::Recipient;
use crate::store::files;
use std::path::{Path, PathBuf};

/// What was read, with everything that was noticed.
pub struct Read {
    /// The configuration; only if there was no error.
    pub config: Option<Config>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that they point into.
    pub sources: Sources,
}

/// Reads a text file that a person wrote. Whoever saved it as UTF-16 is told so.
pub fn text_file(path: &Path) -> Result<String, CliError> {
    text_up_to(path, MAX_FILE_SIZE as u64)
}

/// Reads a text file that this program wrote: a saved plan or a snapshot.
pub fn written_file(path: &Path) -> Result<String, CliError> {
    text_up_to(path, files::LARGEST_WRITTEN)
}

fn text_up_to(path: &Path, limit: u64) -> Result<String, CliError> {
    let octets = files::read_limited(path, limit)
        .map_err(|error| CliError::file("read", path, &error))?
        .ok_or_else(|| CliError::plain(format!("There is no file {}.", path.display())))?;
    read::decode(&path.display().to_string(), octets).map_err(|diagnostic| {
        // The diagnostic names the file itself.
        let found = CliError::plain(diagnostic.message.clone());
        diagnostic.help.iter().fold(found, |found, help| found.hint(help.as_str()))
    })
}

/// Reads an export of Exchange's recipients; every problem is said.
pub fn recipients(path: &Path, terminal: Terminal) -> Result<Vec<Recipient>, CliError> {
    let octets = files::read_limited(path, recipients::LARGEST_EXPORT)
        .map_err(|error| CliError::file("read", path, &error))?
        .ok_or_else(|| {
            CliError::plain(format!("There is no file {}.", path.display()))
                .hint("--recipients names an export of Exchange's Get-Recipient; without it they count as not seen.")
        })?;
    let (recipients, diagnostics, sources) = recipients::read(&path.display().to_string(), &octets);
    say(&diagnostics, &sources, terminal);
    recipients.ok_or_else(|| problems(&diagnostics))
}

/// The match plans to read: those that were named, or all of `plans/*.toml` beside the configuration.
fn plan_files(named: &[PathBuf], config: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let folder = config.parent().unwrap_or(Path::new("")).join("plans");
    let entries = std::fs::read_dir(&folder).map_err(|error| {
        CliError::file("look into", &folder, &error)
            .hint("Name the match plans, or run `matchplan init` for a starter project.")
    })?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(CliError::plain(format!("There is no match plan (*.toml) in {}.", folder.display()))
            .hint("Write one, or run `matchplan init` for a starter project."));
    }
    Ok(found)
}

/// Whether there is a match plan to read.
pub fn has_plans(named: &[PathBuf], config: &Path) -> bool {
    plan_files(named, config).is_ok()
}

/// Reads the configuration from its text, and the match plans from their files.
pub fn read_all(config: (&str, &str), named: &[PathBuf]) -> Result<Read, CliError> {
    let texts: Vec<(String, String)> = plan_files(named, Path::new(config.0))?
        .iter()
        .map(|path| Ok((path.display().to_string(), text_file(path)?)))
        .collect::<Result<_, CliError>>()?;
    let plans: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (config, diagnostics, sources) = read::read(config, &plans);
    Ok(Read { config, diagnostics, sources })
}

/// The text of the configuration file.
pub fn config_text(path: &Path) -> Result<String, CliError> {
    if !path.exists() {
        return Err(CliError::plain(format!("There is no configuration file {}.", path.display()))
            .hint("Run `matchplan init` for a commented one, name it with --config, or try the tool with --lab."));
    }
    text_file(path)
}

/// Says on standard error what was noticed, and goes on only if there was no error.
pub fn checked(read: Read, terminal: Terminal) -> Result<Config, CliError> {
    say(&read.diagnostics, &read.sources, terminal);
    read.config.ok_or_else(|| problems(&read.diagnostics))
}

/// The settings alone, for commands that need no match plan.
pub fn settings(config: (&str, &str), terminal: Terminal) -> Result<Settings, CliError> {
    let (settings, diagnostics, sources) = read::settings_from(config.0, config.1);
    say(&diagnostics, &sources, terminal);
    settings.ok_or_else(|| problems(&diagnostics))
}

/// Says on standard error what was noticed.
pub fn say(diagnostics: &[Diagnostic], sources: &Sources, terminal: Terminal) {
    terminal.diagnostics(diagnostics, sources);
}

/// The closing error of a configuration with problems.
pub fn problems(diagnostics: &[Diagnostic]) -> CliError {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let noun = if errors == 1 { "problem" } else { "problems" };
    CliError::plain(format!("{errors} {noun} in what was written; nothing was changed."))
}
