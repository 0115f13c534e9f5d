//! `matchplan suggest`: users of both directories that are the same person, as a match plan to review.

use super::plan::same_tenant;
use super::snapshot;
use crate::cli::args::{Global, LeastConfidence, Suggest, SuggestFormat};
use crate::cli::error::{CliError, CliResult, unwritable};
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::cli::{progress, project};
use crate::config::matchplan::MatchPlan;
use crate::config::read::MAX_FILE_SIZE;
use crate::config::settings::Settings;
use crate::model::size::Size;
use crate::report::suggest as show;
use crate::report::suggest_toml::to_toml;
use crate::snapshot::document::Snapshot;
use crate::store::files;
use crate::suggest::document::Suggestions;
use crate::suggest::evidence::Confidence;
use crate::suggest::run::{Input, suggest};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;

/// Reads both directories (or a snapshot), compares everybody, writes what it finds. Nothing changes in either.
pub async fn run(args: &Suggest, global: &Global, terminal: Terminal) -> CliResult {
    // Before the reading takes its time.
    if let Some(out) = args.out.as_deref().filter(|out| out.exists()) {
        return Err(there_already(out));
    }
    let (settings, links, snapshot) = match &args.snapshot {
        Some(file) => offline(args, file, global, terminal)?,
        None => live(args, global, terminal).await?,
    };
    same_tenant(&settings, &snapshot)?;
    let bar = progress::thinking(terminal, "Comparing");
    let least = match args.min_confidence {
        LeastConfidence::Possible => Confidence::Possible,
        LeastConfidence::Likely => Confidence::Likely,
        LeastConfidence::Certain => Confidence::Certain,
    };
    let input = Input { settings: &settings, links: &links.links, snapshot: &snapshot, least, limit: args.limit };
    let found = suggest(input);
    bar.finish_and_clear();
    give(&found, args, global, terminal)?;
    Ok(Exit::Success)
}

fn offline(
    args: &Suggest,
    file: &Path,
    global: &Global,
    terminal: Terminal,
) -> Result<(Settings, MatchPlan, Snapshot), CliError> {
    let (name, text) = (global.config.display().to_string(), project::config_text(&global.config)?);
    let (settings, links) = if project::has_plans(&args.plans, &global.config) {
        let config = project::checked(project::read_all((&name, &text), &args.plans)?, terminal)?;
        (config.settings, config.plan)
    } else {
        (project::settings((&name, &text), terminal)?, MatchPlan::default())
    };
    Ok((settings, links, snapshot::read_whole(file, terminal)?))
}

async fn live(
    args: &Suggest,
    global: &Global,
    terminal: Terminal,
) -> Result<(Settings, MatchPlan, Snapshot), CliError> {
    let site = Site::open(global, terminal).await?;
    let links =
        if site.has_plans(&args.plans) { site.config(&args.plans, terminal)?.plan } else { MatchPlan::default() };
    let directories = site.connect(&site.settings, terminal).await?;
    let snapshot = site.snapshot(&directories, terminal).await?;
    Ok((site.settings.clone(), links, snapshot))
}

fn give(found: &Suggestions, args: &Suggest, global: &Global, terminal: Terminal) -> Result<(), CliError> {
    terminal.data(|| serde_json::from_str::<Value>(&show::to_json(found)?))?;
    if args.out.is_none() && terminal.stream().is_some() {
        alarm(found, terminal);
        return Ok(());
    }
    let text = match args.format {
        SuggestFormat::Toml => to_toml(found),
        SuggestFormat::Json => show::to_json(found).map_err(|error| unwritable(&error))?,
    };
    if args.format == SuggestFormat::Toml && text.len() > MAX_FILE_SIZE {
        let (size, limit) = (Size(text.len() as u64), Size(MAX_FILE_SIZE as u64));
        let message = format!("The match plan would have {size}, and at most {limit} of one are read.");
        return Err(CliError::plain(message)
            .hint("Take so many at a time: --limit 5000. What is in a match plan is not proposed again."));
    }
    let Some(out) = &args.out else {
        terminal.print(&text)?;
        alarm(found, terminal);
        return Ok(());
    };
    files::create(out, text.as_bytes()).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => there_already(out),
        _ => CliError::file("write", out, &error),
    })?;
    if terminal.stream().is_none() {
        terminal.print(&show::to_text(found, terminal.out_style(), terminal.width))?;
    }
    let next = match args.format {
        SuggestFormat::Toml => {
            format!(" Read it, then: `matchplan{} plan {}`.", global.repeated(), out.display())
        }
        SuggestFormat::Json => String::new(),
    };
    terminal.print(&format!("\nWrote {}.{next}\n", out.display()))
}

fn alarm(found: &Suggestions, terminal: Terminal) {
    if let Some(alarm) = show::alarm(found, terminal.err_style(), terminal.width) {
        terminal.note(alarm.trim_end());
    }
}

fn there_already(out: &Path) -> CliError {
    CliError::plain(format!(
        "{} is there already, and somebody may have worked on it; nothing was written.",
        out.display()
    ))
    .hint("Give another name: --out FILE.")
}
