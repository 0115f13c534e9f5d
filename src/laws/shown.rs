//! What may reach a terminal: nothing that it would obey, and nothing that it would not show.

use crate::model::visible::is_hidden;

/// Panics where a text for people holds a hidden character; line ends are none.
#[track_caller]
pub fn harmless(text: &str) {
    let raw = text.chars().find(|c| *c != '\n' && is_hidden(*c));
    assert_eq!(raw, None, "a hidden character is shown raw");
}
