//! What changes in an attribute, value by value.
//!
//! Values are compared as texts, for that is what is written. A value whose spelling alone changes (`smtp:` becomes
//! `SMTP:`, `J@x` becomes `j@x`), and the one value of a single-valued attribute, is one change `old → new` rather than
//! a loss and a gain.

use crate::model::address::{AddressKind, ProxyAddress};
use serde::Serialize;
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices};

/// What happens to one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum ValueChange {
    /// It is spelled differently afterwards, or replaced in a single-valued attribute.
    Changed {
        /// Before.
        old: String,
        /// After.
        new: String,
    },
    /// It comes.
    Added {
        /// The value.
        new: String,
    },
    /// It goes.
    Removed {
        /// The value.
        old: String,
    },
    /// It stays.
    Kept {
        /// The value.
        value: String,
    },
}

impl ValueChange {
    /// The value that the change is listed by.
    fn value(&self) -> &str {
        match self {
            Self::Changed { new, .. } | Self::Added { new } => new,
            Self::Removed { old } => old,
            Self::Kept { value } => value,
        }
    }
}

/// What values are folded to, to see that one is another spelling of the other.
fn fold(value: &str) -> String {
    value.to_lowercase()
}

/// The changes from `before` to `after`, as sets: the primary address first, then by value without case.
pub fn value_changes(before: &[String], after: &[String]) -> Vec<ValueChange> {
    if let ([old], [new]) = (before, after)
        && old != new
        && !is_typed(old)
        && !is_typed(new)
    {
        return vec![ValueChange::Changed { old: old.clone(), new: new.clone() }];
    }
    let (old, new) = (canonical(before), canonical(after));
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if let DiffOp::Equal { old_index, len, .. } = op {
            changes
                .extend(old[old_index..old_index + len].iter().map(|v| ValueChange::Kept { value: (*v).to_owned() }));
        } else {
            pair(&old[op.old_range()], &new[op.new_range()], &mut changes);
        }
    }
    // A spelling that moved in the order is seen as a loss in one place and a gain in another.
    let (gone, rest): (Vec<_>, Vec<_>) = changes.into_iter().partition(|c| matches!(c, ValueChange::Removed { .. }));
    let (come, mut changes): (Vec<_>, Vec<_>) = rest.into_iter().partition(|c| matches!(c, ValueChange::Added { .. }));
    let texts = |list: &[ValueChange]| list.iter().map(|c| c.value().to_owned()).collect::<Vec<_>>();
    let (gone, come) = (texts(&gone), texts(&come));
    pair(&refs(&gone), &refs(&come), &mut changes);
    changes.sort_by_cached_key(|c| (!is_primary(c.value()), fold(c.value()), c.value().to_owned()));
    changes
}

fn refs(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

/// Sorted without case, each text once.
fn canonical(values: &[String]) -> Vec<&str> {
    let mut values = refs(values);
    values.sort_by_cached_key(|v| (fold(v), (*v).to_owned()));
    values.dedup();
    values
}

/// Pairs spellings of one value; what is left over goes or comes.
fn pair(old: &[&str], new: &[&str], changes: &mut Vec<ValueChange>) {
    let mut come: Vec<Option<&str>> = new.iter().copied().map(Some).collect();
    for old in old {
        let twin = come.iter_mut().find(|slot| slot.is_some_and(|new| fold(new) == fold(old)));
        changes.push(match twin.and_then(Option::take) {
            Some(new) => ValueChange::Changed { old: (*old).to_owned(), new: new.to_owned() },
            None => ValueChange::Removed { old: (*old).to_owned() },
        });
    }
    changes.extend(come.into_iter().flatten().map(|new| ValueChange::Added { new: new.to_owned() }));
}

/// Whether this is an e-mail address with its type before it, and so a member of a set.
fn is_typed(value: &str) -> bool {
    ProxyAddress::from(value).kind() != AddressKind::Other
}

fn is_primary(value: &str) -> bool {
    ProxyAddress::from(value).kind() == AddressKind::PrimarySmtp
}

/// A value in pieces, each with whether it differs from its counterpart.
pub type Pieces = Vec<(bool, String)>;

/// Which parts of two spellings differ, word by word: `(old, new)`.
pub fn emphasis(old: &str, new: &str) -> (Pieces, Pieces) {
    let (old_words, new_words) = (words(old), words(new));
    let diff = TextDiff::from_slices(&old_words, &new_words);
    let (mut left, mut right) = (Pieces::new(), Pieces::new());
    for change in diff.iter_all_changes() {
        let differs = change.tag() != ChangeTag::Equal;
        if change.tag() != ChangeTag::Insert {
            append(&mut left, differs, change.value());
        }
        if change.tag() != ChangeTag::Delete {
            append(&mut right, differs, change.value());
        }
    }
    (left, right)
}

fn append(pieces: &mut Pieces, differs: bool, word: &str) {
    match pieces.last_mut() {
        Some((same, text)) if *same == differs => text.push_str(word),
        _ => pieces.push((differs, word.to_owned())),
    }
}

/// Runs of letters and digits, and each other character by itself.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_alphanumeric()) {
        words.extend([&text[start..at], &text[at..at + c.len_utf8()]]);
        start = at + c.len_utf8();
    }
    words.push(&text[start..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(before: &[&str], after: &[&str]) -> Vec<String> {
        let own = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        let show = |c: &ValueChange| match c {
            ValueChange::Changed { old, new } => format!("~ {old} > {new}"),
            ValueChange::Added { new } => format!("+ {new}"),
            ValueChange::Removed { old } => format!("- {old}"),
            ValueChange::Kept { value } => format!("= {value}"),
        };
        value_changes(&own(before), &own(after)).iter().map(show).collect()
    }

    #[test]
    fn a_single_value_is_replaced() {
        assert_eq!(changes(&["j@corp.local"], &["john@contoso.com"]), ["~ j@corp.local > john@contoso.com"]);
        assert_eq!(changes(&[], &["j@x"]), ["+ j@x"]);
        assert_eq!(changes(&["j@x"], &[]), ["- j@x"]);
        assert_eq!(changes(&["j@x"], &["j@x"]), ["= j@x"]);
    }

    #[test]
    fn addresses_are_a_set_and_a_new_mark_is_a_change() {
        assert_eq!(
            changes(&["SMTP:old@x", "smtp:new@x", "x500:/o=y"], &["SMTP:new@x", "smtp:old@x", "x500:/o=y", "sip:j@x"]),
            ["~ smtp:new@x > SMTP:new@x", "+ sip:j@x", "~ SMTP:old@x > smtp:old@x", "= x500:/o=y"]
        );
        assert_eq!(changes(&["SMTP:a@x"], &["SMTP:b@x"]), ["- SMTP:a@x", "+ SMTP:b@x"].map(str::to_owned));
        assert_eq!(changes(&["smtp:b@x", "SMTP:a@x"], &["SMTP:a@x", "smtp:b@x"]), ["= SMTP:a@x", "= smtp:b@x"]);
    }

    proptest::proptest! {
        /// Whatever the lists, the changes lead from all of the one to all of the other, each value told once.
        #[test]
        fn changes_tell_everything_once(
            before in proptest::collection::vec("(SMTP:|smtp:|x500:|)[aAbB]", 0..6),
            after in proptest::collection::vec("(SMTP:|smtp:|x500:|)[aAbB]", 0..6),
        ) {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            for change in value_changes(&before, &after) {
                match change {
                    ValueChange::Changed { old: o, new: n } => (old.push(o), new.push(n)).1,
                    ValueChange::Added { new: n } => new.push(n),
                    ValueChange::Removed { old: o } => old.push(o),
                    ValueChange::Kept { value } => (old.push(value.clone()), new.push(value)).1,
                }
            }
            let set = |mut values: Vec<String>| { values.sort(); values.dedup(); values };
            old.sort();
            new.sort();
            proptest::prop_assert_eq!(old, set(before));
            proptest::prop_assert_eq!(new, set(after));
        }
    }

    #[test]
    fn the_differing_words_are_found() {
        let (old, new) = emphasis("jsmith@corp.com", "john.smith@corp.com");
        assert_eq!(old, [(true, "jsmith".to_owned()), (false, "@corp.com".to_owned())]);
        assert_eq!(new, [(true, "john.smith".to_owned()), (false, "@corp.com".to_owned())]);
    }
}
