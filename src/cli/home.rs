//! Where this computer keeps what belongs to no project: the user's state folder.

use std::env;
use std::path::PathBuf;

/// `$XDG_STATE_HOME/matchplan`, or `~/.local/state/matchplan`; on Windows `%LOCALAPPDATA%\matchplan`. `None` where the
/// environment names no such place.
///
/// Source: XDG Base Directory Specification: a relative path there is invalid and does not count.
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else {
        absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
    };
    base.map(|base| base.join("matchplan"))
}
