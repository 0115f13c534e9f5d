//! Where this server and Samba are known to differ: a test that asks both expects these to differ, and nothing else.

/// A way in which the lab differs from Samba 4.17: mostly as Windows does, last what the lab leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Difference {
    /// An unpaged search, or a page, holds at most [`MAX_ENTRIES`](super::search::MAX_ENTRIES); a client's own size
    /// limit counts. Samba has no limit and ignores the client's.
    SizeLimit,
    /// An attribute with more than [`MAX_VALUES`](super::select::MAX_VALUES) values comes in ranges. Samba sends all.
    RangeSplit,
    /// A value that differs from a present one in case only is attributeOrValueExists. Samba stores both.
    CaseOnlyDuplicate,
    /// "Who am I?" is answered. Samba refuses it with protocolError.
    WhoAmI,
    /// Deleted entries are gone. Samba, and Windows, keep tombstones for show-deleted searches.
    NoTombstones,
    /// A filter with the matching rule "in chain" is refused with inappropriateMatching; Samba, and Windows, follow it.
    NoInChainRule,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::SizeLimit,
        Self::RangeSplit,
        Self::CaseOnlyDuplicate,
        Self::WhoAmI,
        Self::NoTombstones,
        Self::NoInChainRule,
    ];
}
