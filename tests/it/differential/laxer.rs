//! Where Samba is laxer than Windows, the embedded server does as Windows does. This is the only list of such places.

use super::operation::Answer;

/// A known difference.
pub(super) struct Laxer {
    /// The operation's name in [`super::cases`].
    pub(super) case: &'static str,
    /// What Windows does, and where that is written.
    pub(super) windows: &'static str,
    /// Whether the embedded server's answer (first) and Samba's are what this entry says.
    pub(super) as_listed: fn(&Answer, &Answer) -> bool,
}

/// All known differences. One that is gone makes the test fail, so that it leaves the list.
pub(super) const LAXER_THAN_WINDOWS: &[Laxer] = &[];
