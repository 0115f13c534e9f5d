//! Who holds the lock of a ledger.

use super::id::LockId;
use super::visible::visible;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest name that is kept of a note, in characters. RFC 1035 allows a host name 255.
const LONGEST: usize = 255;

/// Who holds a lock, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The lock's id: random, and new each time it is taken.
    pub id: LockId,
    /// The process.
    pub pid: u32,
    /// The computer.
    pub host: String,
    /// The account on it.
    pub user: String,
    /// The command, without its values: `apply`, `rollback`.
    pub command: String,
    /// Since when.
    pub started: Timestamp,
}

impl Holder {
    /// Reads a note. Anybody who may write to the folder can have written it, so its names are made visible and cut
    /// off; `None` if it is no note.
    pub fn from_note(octets: &[u8]) -> Option<Self> {
        let note: Self = serde_json::from_slice(octets).ok()?;
        let tame = |name: &str| visible(name).chars().take(LONGEST).collect();
        Some(Self { host: tame(&note.host), user: tame(&note.user), command: tame(&note.command), ..note })
    }

    /// Whether it runs on this computer, whose name is `host`.
    pub fn is_on(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, pid, host, user, command, started } = self;
        write!(f, "`matchplan {command}` by {user} on {host}, process {pid}, since {started}, lock {id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_note_is_tamed_and_nonsense_is_none() {
        let note = |host: &str| {
            serde_json::json!({
                "id": "00000000-0000-4000-8000-000000000001", "pid": 7, "host": host, "user": "o\u{202e}lga",
                "command": "apply", "started": "2026-01-01T00:00:00Z", "of": "a later version",
            })
            .to_string()
        };
        let holder = Holder::from_note(note("pc\u{1b}[2J\n").as_bytes()).unwrap();
        assert_eq!((holder.host.as_str(), holder.user.as_str()), ("pc\\u{1b}[2J\\n", "o\\u{202e}lga"));
        assert_eq!(Holder::from_note(note(&"x".repeat(60_000)).as_bytes()).unwrap().host.len(), LONGEST);
        assert!(holder.is_on("PC\\u{1b}[2J\\n") && !holder.is_on("other"));
        for nonsense in ["", "{", "[]", "null", "{\"pid\":-1}", "\u{0}"] {
            assert_eq!(Holder::from_note(nonsense.as_bytes()), None, "{nonsense:?}");
        }
        assert_eq!(Holder::from_note(&[0xff; 64]), None);
    }
}
