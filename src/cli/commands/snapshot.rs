//! `matchplan snapshot`: both directories, read once and saved for planning offline.

use super::plan::same_tenant;
use crate::cli::args::{Global, Planning, Read, SnapshotArgs};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::project;
use crate::cli::reading::Need;
use crate::cli::site::{Site, SiteClock};
use crate::cli::terminal::Terminal;
use crate::directory::connected::Directories;
use crate::directory::port::Clock as _;
use crate::directory::refresh::Refreshed;
use crate::model::digest;
use crate::report::safe::Text;
use crate::snapshot::document::{SNAPSHOT_VERSION, Snapshot};
use crate::store::files;
use std::path::Path;

/// Reads and saves; says what is missing.
pub async fn run(args: &SnapshotArgs, global: &Global, terminal: Terminal) -> CliResult {
    let recipients = args.recipients.as_deref().map(|file| project::recipients(file, terminal)).transpose()?;
    let site = Site::open(global, terminal).await?;
    let directories = site.connect(&site.settings, terminal).await?;
    let read = if let Some(old) = &args.refresh {
        refreshed(&site, &directories, &read_whole(old)?, terminal).await?
    } else if args.links.is_empty() {
        // Before the reading begins: what changes under way is not taken for seen the next time.
        let marks = Box::pin(directories.marks()).await;
        Snapshot { marks: Some(marks), ..site.snapshot(&directories, terminal).await? }
    } else {
        let config = site.config(&args.links, terminal)?;
        let how = Planning { read: Read::Narrow, ..Planning::default() };
        let need = Need { config: &config, how: &how, now: site.clock.now() };
        site.snapshot_for(need, &directories, global, terminal).await?
    };
    let snapshot = Snapshot { recipients: recipients.or(read.recipients), ..read };
    let text = digest::to_canonical_file(&snapshot)
        .map_err(|error| CliError::plain(format!("The snapshot cannot be written: {error}")))?;
    files::replace(&args.out, text.as_bytes()).map_err(|error| CliError::file("write", &args.out, &error))?;
    let ad: usize = snapshot.domains.iter().map(|domain| domain.users.len()).sum();
    let exchange = snapshot.recipients.as_ref().map(|all| format!(", {} Exchange recipients", all.len()));
    terminal.print(&format!(
        "Wrote {}: {ad} AD users, {} cloud users, {} soft-deleted, {} groups and contacts, {} role assignments{}.\n",
        args.out.display(),
        snapshot.users.len(),
        snapshot.deleted_users.len(),
        snapshot.holders.len(),
        snapshot.roles.len(),
        exchange.unwrap_or_default()
    ))?;
    if !snapshot.coverage.is_whole() {
        terminal.note("It holds what these links need, and serves no others.");
    }
    for gap in &snapshot.gaps {
        terminal.note(&format!("warning: could not be read: {}", Text(&gap.reason)));
    }
    Ok(Exit::Success)
}

/// A saved snapshot brought up to date, and what is to be said of that.
async fn refreshed(
    site: &Site,
    directories: &Directories<SiteClock>,
    old: &Snapshot,
    terminal: Terminal,
) -> Result<Snapshot, CliError> {
    same_tenant(&site.settings, old)?;
    let bar = progress::reading(terminal);
    let read = Box::pin(directories.refresh(old, site.clock.now(), |event| bar.tell(&event))).await;
    bar.finish();
    let Refreshed { mut snapshot, notes } = read?;
    for note in notes {
        terminal.note(&format!("note: {}", Text(&note)));
    }
    if old.recipients.is_some() {
        terminal.note(
            "note: Exchange's recipients are still those of the old snapshot; give a new export with --recipients.",
        );
        snapshot.recipients.clone_from(&old.recipients);
    }
    Ok(snapshot)
}

/// Reads a saved snapshot that must be of whole directories.
pub fn read_whole(path: &Path) -> Result<Snapshot, CliError> {
    let snapshot = read(path)?;
    if snapshot.coverage.is_whole() {
        return Ok(snapshot);
    }
    let message = format!("{} holds what some links need, and not whole directories.", path.display());
    Err(CliError::plain(message).hint("Take a whole one: matchplan snapshot --out FILE, without --for."))
}

/// Reads a saved snapshot.
pub fn read(path: &Path) -> Result<Snapshot, CliError> {
    let text = project::written_file(path)?;
    let bad = |reason: String| {
        CliError::plain(format!("{} is not a whole snapshot: {reason}.", path.display()))
            .hint("Take a new one: matchplan snapshot --out FILE.")
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    match value.get("format_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(SNAPSHOT_VERSION) => {
            Err(CliError::plain(format!("{} was written by a newer matchplan (format {version}).", path.display()))
                .hint("Use that version, or take a new snapshot with this one."))
        }
        Some(_) => serde_json::from_value(value).map_err(|error| bad(error.to_string())),
        None => Err(bad("it has no format_version".to_owned())),
    }
}
