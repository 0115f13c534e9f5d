//! `matchplan lock`: who is at work on this state, and what to do about a lock whose holder is gone.

use crate::cli::args::{Global, Lock as Args, LockRelease, LockStatus, TextOrJson};
use crate::cli::error::{CliError, CliResult, capital};
use crate::cli::exit::Exit;
use crate::cli::locking::{host, refused};
use crate::cli::site;
use crate::cli::terminal::Terminal;
use crate::model::holder::Holder;
use crate::report::lock::{LockStand, LockView};
use crate::store::lock::{Lock, Stand};
use crate::store::paths::Paths;
use crate::store::release::{self, ReleaseError};

/// Runs the subcommand.
pub async fn run(args: &Args, global: &Global, terminal: Terminal) -> CliResult {
    let paths = Paths::of(&site::state_file(global, terminal)?);
    let stand = Lock::look(&paths).map_err(|error| refused(&error, global))?;
    match args {
        Args::Status(args) => status(args, &stand, global, terminal),
        Args::Release(args) => release(args, &paths, stand, global, terminal).await,
    }
}

/// Exit code 5 while somebody holds the lock.
fn status(args: &LockStatus, stand: &Stand, global: &Global, terminal: Terminal) -> CliResult {
    let (view, exit) = match stand {
        Stand::Free => (LockView::new(LockStand::Free, None), Exit::Success),
        Stand::LeftOver(holder) => (LockView::new(LockStand::LeftOver, Some(holder)), Exit::Success),
        Stand::Held(holder) => (LockView::new(LockStand::Held, holder.as_ref()), Exit::Locked),
    };
    give(&view, args.format, global, terminal)?;
    Ok(exit)
}

async fn release(args: &LockRelease, paths: &Paths, stand: Stand, global: &Global, terminal: Terminal) -> CliResult {
    let done = |stand, holder: Option<&Holder>| {
        give(&LockView::new(stand, holder), args.format, global, terminal)?;
        Ok(Exit::Success)
    };
    let failed = |error: ReleaseError| match error {
        ReleaseError::Changed(_) => CliError::new(Exit::Locked, format!("{}.", capital(&error.to_string())))
            .hint(format!("`matchplan{} lock status` says how it stands.", global.repeated())),
        ReleaseError::Lock(error) => refused(&error, global),
    };
    let (held, holder) = match stand {
        Stand::Free => return done(LockStand::Free, None),
        Stand::LeftOver(holder) => (false, holder),
        Stand::Held(Some(holder)) => (true, holder),
        Stand::Held(None) => {
            let message = "The lock is held, and its holder does not say who it is; nothing was released.";
            return Err(CliError::new(Exit::Locked, message)
                .hint("Find the process that has this file open, and end it:")
                .hint(paths.lock.display().to_string()));
        }
    };
    if holder.id.to_string() != args.id.trim().to_lowercase() {
        return Err(CliError::new(
            if held { Exit::Locked } else { Exit::Error },
            format!("{} is not the id of this lock; nothing was released.", args.id),
        )
        .hint(format!("{} {holder}", if held { "It is held by" } else { "It was last held by" })));
    }
    if !held {
        release::clean_up(paths, holder.id).map_err(failed)?;
        return done(LockStand::Free, None);
    }
    if holder.is_on(&host()) {
        return Err(alive(&holder, global));
    }
    warn(&holder, terminal);
    if !args.yes && !terminal.confirm("\nPut its lock aside?").await? {
        terminal.note("Nothing was changed.");
        return Ok(Exit::Success);
    }
    release::put_aside(paths, holder.id).map_err(failed)?;
    done(LockStand::PutAside, Some(&holder))
}

/// The operating system says that the process is alive, so ending it is the way: the lock goes with it.
fn alive(holder: &Holder, global: &Global) -> CliError {
    let end = if cfg!(windows) { "taskkill /PID" } else { "kill" };
    let flags = global.repeated();
    CliError::new(Exit::Locked, format!("The holder is alive on this computer; nothing was released: {holder}."))
        .hint("Wait until it has ended; the lock ends with its process.")
        .hint(format!(
            "Or end it: {end} {}. It finishes what it is writing; `matchplan{flags} apply` goes on.",
            holder.pid
        ))
}

fn warn(holder: &Holder, terminal: Terminal) {
    terminal.note(&format!(
            "The lock is held by another computer: {holder}. If that process is alive, two of them write to the same \
             directories and the same journal, and roles that one has taken away the other may not give back. Go on only \
             if you know that {} is down, or that the process is.",
            holder.host
        ));
}

fn give(view: &LockView<'_>, format: TextOrJson, global: &Global, terminal: Terminal) -> Result<(), CliError> {
    let as_text = || view.to_text(&global.repeated(), terminal.out_style(), terminal.width);
    terminal.give(format == TextOrJson::Json, || view.to_json(), as_text)
}
