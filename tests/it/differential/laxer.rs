//! Where Samba is laxer than Windows, or unlike it, the embedded server does as Windows does. This is the only list of
//! such places.
//!
//! Three more are never asked, because there is nothing to hold side by side: "Who am I?" (RFC 4532), which Windows and
//! the embedded server answer and Samba does not know; deleted entries, which the embedded server does not keep; and the
//! matching rule "in chain", which it refuses.

use super::operation::Answer;
use super::stage::{CROWD, MANY};
use std::collections::BTreeSet;

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
pub(super) const LAXER_THAN_WINDOWS: &[Laxer] = &[
    Laxer {
        case: "a crowd, unpaged",
        windows: "1,000 entries, then sizeLimitExceeded: MaxPageSize, [MS-ADTS] 3.1.1.3.4.6",
        as_listed: |ours, samba| {
            (ours.code, ours.entries.len()) == (4, 1_000) && (samba.code, samba.entries.len()) == (0, CROWD)
        },
    },
    Laxer {
        case: "many values",
        windows: "1,500 values, as a range: MaxValRange, [MS-ADTS] 3.1.1.3.1.3.3",
        as_listed: |ours, samba| {
            values(ours, "proxyaddresses").is_empty()
                && values(ours, "proxyaddresses;range=0-1499").len() == 1_500
                && values(samba, "proxyaddresses").len() == MANY
        },
    },
    Laxer {
        case: "many values, the second part",
        windows: "the values that the first part left; their order is the server's own",
        as_listed: |ours, samba| {
            let count = |answer| values(answer, "proxyaddresses;range=1500-*").len();
            (count(ours), count(samba)) == (MANY - 1_500, MANY - 1_500)
        },
    },
    Laxer {
        case: "a value that differs in case only",
        windows: "attributeOrValueExists: the values are equal, [MS-ADTS] 3.1.1.2.2.4",
        as_listed: |ours, samba| {
            let count = |answer| values(answer, "proxyaddresses").len();
            (ours.code, count(ours), samba.code, count(samba)) == (20, 2, 0, 3)
        },
    },
    Laxer {
        case: "not an unknown attribute",
        windows: "nothing: the negation of Undefined is Undefined, RFC 4511 section 4.5.1.7",
        as_listed: |ours, samba| (ours.code, ours.entries.len(), samba.code, samba.entries.len()) == (0, 0, 0, 1),
    },
    Laxer {
        case: "compare with an absent attribute",
        windows: "noSuchAttribute, RFC 4511 section 4.10",
        as_listed: |ours, samba| (ours.code, samba.code) == (16, 5),
    },
    Laxer {
        case: "a base of another forest",
        windows: "a referral to that domain's DNS name, [MS-ADTS] 3.1.1.4.6",
        as_listed: |ours, samba| (ours.code, samba.code) == (10, 32),
    },
];

/// The values of an attribute of the only entry in an answer.
fn values(answer: &Answer, attribute: &str) -> BTreeSet<String> {
    let mut entries = answer.entries.values();
    let only = entries.next().and_then(|entry| entry.get(attribute)).cloned().unwrap_or_default();
    assert!(entries.next().is_none(), "one entry was asked for");
    only
}
