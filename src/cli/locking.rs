//! Taking the lock of a ledger, and saying who has it.

use super::args::Global;
use super::error::{CliError, capital};
use super::exit::Exit;
use super::site;
use crate::directory::port::Clock as _;
use crate::model::holder::Holder;
use crate::model::id::LockId;
use crate::store::lock::{Lock, LockError};
use crate::store::paths::Paths;
use uuid::Uuid;

/// Takes the lock for a command, or says who has it.
pub fn acquire(paths: &Paths, command: &str, global: &Global) -> Result<Lock, CliError> {
    let holder = Holder {
        id: LockId(Uuid::new_v4()),
        pid: std::process::id(),
        host: host(),
        user: user(),
        command: command.to_owned(),
        started: site::clock(global).now(),
    };
    Lock::acquire(paths, &holder).map_err(|error| refused(&error, global))
}

/// A lock that was not got, with what to do.
pub fn refused(error: &LockError, global: &Global) -> CliError {
    let flags = global.repeated();
    let found = |exit| CliError::new(exit, format!("{}.", capital(&error.to_string())));
    match error {
        LockError::Held { holder: None } => {
            found(Exit::Locked).hint(format!("Wait until it has ended; `matchplan{flags} lock status` says when."))
        }
        LockError::Held { holder: Some(holder) } if holder.is_on(&host()) => {
            found(Exit::Locked).hint("Wait until it has ended; the lock ends with its process.")
        }
        LockError::Held { holder: Some(holder) } => found(Exit::Locked)
            .hint("Wait until it has ended; the lock ends with its process.")
            .hint(format!("If {0} has died: matchplan{flags} lock release {1}", holder.host, holder.id)),
        LockError::Unsupported { .. } => {
            found(Exit::Error).hint("Keep the state on a disk of this computer: `state = \"…\"` in matchplan.toml.")
        }
        LockError::Io { .. } => found(Exit::Error),
    }
}

/// The name of this computer.
pub fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// The account that this runs as, as its environment says.
pub fn user() -> String {
    std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_else(|_| "unknown".to_owned())
}
