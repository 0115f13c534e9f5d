//! Where a link stands, in words.

use super::style::Tone;
use crate::state::ledger::Standing;

/// How good it is.
pub const fn tone(standing: &Standing) -> Tone {
    match standing {
        Standing::Linked { .. } | Standing::Done { .. } => Tone::Good,
        Standing::Waiting | Standing::InProgress | Standing::RolledBack { .. } => Tone::Warn,
        Standing::Failed { .. } | Standing::Stuck { .. } => Tone::Alarm,
    }
}

/// In one word that fits a narrow column.
pub const fn short(standing: &Standing) -> &'static str {
    match standing {
        Standing::InProgress => "begun",
        Standing::RolledBack { .. } => "withdrawn",
        Standing::Waiting
        | Standing::Linked { .. }
        | Standing::Done { .. }
        | Standing::Failed { .. }
        | Standing::Stuck { .. } => standing.kind(),
    }
}

/// Why, where there is something to say.
pub fn why(standing: &Standing) -> Option<&str> {
    match standing {
        Standing::RolledBack { why, .. } | Standing::Failed { why, .. } => Some(why),
        Standing::Stuck { found, .. } => Some(found),
        Standing::Waiting | Standing::InProgress | Standing::Linked { .. } | Standing::Done { .. } => None,
    }
}
