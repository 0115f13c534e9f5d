//! `matchplan snapshot`: both directories, read once and saved for planning offline.

use super::plan::same_tenant;
use crate::cli::args::{Global, Planning, Read, SnapshotArgs};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::reading::Need;
use crate::cli::site::{Site, SiteClock};
use crate::cli::terminal::Terminal;
use crate::cli::{progress, project};
use crate::config::selection::Selection;
use crate::directory::connected::Directories;
use crate::directory::port::Clock as _;
use crate::directory::refresh::Refreshed;
use crate::model::size::Size;
use crate::report::safe::Text;
use crate::snapshot::document::Snapshot;
use crate::snapshot::file::{self, Form, SnapshotError};
use crate::store::files;
use serde_json::{Value, json};
use std::path::Path;

/// Reads and saves; says what is missing.
pub async fn run(args: &SnapshotArgs, global: &Global, terminal: Terminal) -> CliResult {
    let recipients = args.recipients.as_deref().map(|file| project::recipients(file, terminal)).transpose()?;
    let site = Site::open(global, terminal).await?;
    let directories = site.connect(&site.settings, terminal).await?;
    let read = if let Some(old) = &args.refresh {
        refreshed(&site, &directories, &read_whole(old, terminal)?, terminal).await?
    } else if args.links.is_empty() {
        // Before the reading begins: what changes under way is not taken for seen the next time.
        let marks = Box::pin(directories.marks()).await;
        Snapshot { marks: Some(marks), ..site.snapshot(&directories, terminal).await? }
    } else {
        let config = site.config(&args.links, terminal)?;
        let how = Planning { read: Read::Narrow, ..Planning::default() };
        let need = Need { config: &config, how: &how, selection: &Selection::default(), now: site.clock.now() };
        site.snapshot_for(need, &directories, global, terminal).await?
    };
    let snapshot = Snapshot { recipients: recipients.or(read.recipients), ..read };
    let octets = packed(&snapshot, &args.out)?;
    files::replace(&args.out, &octets).map_err(|error| CliError::file("write", &args.out, &error))?;
    let ad: usize = snapshot.domains.iter().map(|domain| domain.users.len()).sum();
    let exchange = snapshot.recipients.as_ref().map(|all| format!(", {} Exchange recipients", all.len()));
    terminal.data(|| Ok(summary(&snapshot, &args.out)))?;
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

/// What a snapshot holds, for programs.
fn summary(snapshot: &Snapshot, out: &Path) -> Value {
    let ad: usize = snapshot.domains.iter().map(|domain| domain.users.len()).sum();
    let gaps: Vec<&str> = snapshot.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    json!({
        "written": [out],
        "ad_users": ad,
        "cloud_users": snapshot.users.len(),
        "deleted_users": snapshot.deleted_users.len(),
        "groups_and_contacts": snapshot.holders.len(),
        "role_assignments": snapshot.roles.len(),
        "exchange_recipients": snapshot.recipients.as_ref().map(Vec::len),
        "whole": snapshot.coverage.is_whole(),
        "gaps": gaps,
    })
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
pub fn read_whole(path: &Path, terminal: Terminal) -> Result<Snapshot, CliError> {
    let snapshot = read(path, terminal)?;
    if snapshot.coverage.is_whole() {
        return Ok(snapshot);
    }
    let message = format!("{} holds what some links need, and not whole directories.", path.display());
    Err(CliError::plain(message).hint("Take a whole one: matchplan snapshot --out FILE, without --for."))
}

/// The file's octets. More than is read again is not written.
fn packed(snapshot: &Snapshot, out: &Path) -> Result<Vec<u8>, CliError> {
    let form = Form::of(&out.to_string_lossy());
    let mut octets = Vec::new();
    let failed = |error: std::io::Error| CliError::plain(format!("The snapshot cannot be written: {error}"));
    file::write(snapshot, form, &mut octets).map_err(failed)?;
    if octets.len() as u64 <= files::LARGEST_WRITTEN {
        return Ok(octets);
    }
    let (size, limit) = (Size(octets.len() as u64), Size(files::LARGEST_WRITTEN));
    let refused = format!("{} would have {size}, and at most {limit} of a file are read again.", out.display());
    Err(CliError::plain(refused).hint(match form {
        Form::Plain => format!("Write it compressed: --out {}.zst", out.display()),
        Form::Compressed => "Take snapshots of fewer domains at a time.".to_owned(),
    }))
}

/// Reads a saved snapshot, compressed or not.
pub fn read(path: &Path, terminal: Terminal) -> Result<Snapshot, CliError> {
    let unread = |error: &std::io::Error| CliError::file("read", path, error);
    let (opened, size) = files::open_limited(path, files::LARGEST_WRITTEN)
        .map_err(|error| unread(&error).hint(COMPRESS))?
        .ok_or_else(|| CliError::plain(format!("There is no file {}.", path.display())))?;
    let bar = progress::unpacking(terminal, size);
    let snapshot = file::read(bar.wrap_read(opened), size);
    bar.finish_and_clear();
    snapshot.map_err(|error| match &error {
        SnapshotError::Unread(io) if error.too_large().is_some() => unread(io).hint(COMPRESS),
        SnapshotError::Unread(io) => unread(io),
        SnapshotError::Broken(why) => CliError::plain(format!("{} is not a whole snapshot: {why}.", path.display()))
            .hint("Take a new one: matchplan snapshot --out FILE."),
        SnapshotError::Newer(_) => CliError::plain(format!("{} cannot be used: {error}.", path.display()))
            .hint("Use that version, or take a new snapshot with this one."),
    })
}

/// What to do about a file that is too large.
const COMPRESS: &str = "A large directory is saved compressed: matchplan snapshot --out FILE.snapshot.json.zst";
