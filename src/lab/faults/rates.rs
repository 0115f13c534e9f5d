//! How often each kind of fault happens.

use super::kind::{GraphFault, LdapFault, RetryAfter};

/// Of a thousand requests that a kind can befall, how many it does. A kind that is drawn for a request that it cannot
/// befall (half an answer to a write) leaves it in peace. Kinds are drawn against each other, so their rates add up; what
/// goes beyond a thousand never happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    pub(super) graph: Vec<(GraphFault, u16)>,
    pub(super) ldap: Vec<(LdapFault, u16)>,
    pub(super) lagging: u16,
    pub(super) going_back: u16,
    pub(super) most_in_a_row: u32,
}

/// How often the same request meets faults in a row, unless [`Rates::at_most_in_a_row`] says otherwise.
const MOST_IN_A_ROW: u32 = 3;

impl Rates {
    /// Nothing ever happens.
    pub const fn none() -> Self {
        Self { graph: Vec::new(), ldap: Vec::new(), lagging: 0, going_back: 0, most_in_a_row: MOST_IN_A_ROW }
    }

    /// A very bad day: about one request in six to Graph and one in twelve to AD fails in one way or another, most of
    /// them passing; every third read of Graph after a write may lag behind it.
    pub fn stormy() -> Self {
        use GraphFault as G;
        use LdapFault as L;
        let graph = [
            (G::CutBefore, 15),
            (G::CutAfter, 20),
            (G::CutInBody, 10),
            (G::Throttled(RetryAfter::Unsaid), 15),
            (G::Throttled(RetryAfter::Seconds), 15),
            (G::Throttled(RetryAfter::Decimal), 10),
            (G::Throttled(RetryAfter::Date), 8),
            (G::Throttled(RetryAfter::Hour), 2),
            (G::InternalError, 10),
            (G::BadGateway, 10),
            (G::Unavailable(RetryAfter::Unsaid), 10),
            (G::Unavailable(RetryAfter::Seconds), 10),
            (G::GatewayTimeout, 10),
            (G::GatewayTimeoutDone, 15),
            (G::NotJson, 8),
            (G::Outage, 2),
        ];
        let ldap = [
            (L::CutBefore, 15),
            (L::CutAfter, 20),
            (L::Busy, 15),
            (L::Unavailable, 10),
            (L::TimeLimit, 8),
            (L::SizeLimit, 8),
            (L::AdminLimit, 4),
            (L::Outage, 1),
        ];
        Self { graph: graph.into(), ldap: ldap.into(), lagging: 300, ..Self::none() }
    }

    /// The same with this kind of Graph fault this often, in place of how often it was.
    #[must_use]
    pub fn graph(mut self, kind: GraphFault, per_mille: u16) -> Self {
        set(&mut self.graph, kind, per_mille);
        self
    }

    /// The same with this kind of LDAP fault this often, in place of how often it was.
    #[must_use]
    pub fn ldap(mut self, kind: LdapFault, per_mille: u16) -> Self {
        set(&mut self.ldap, kind, per_mille);
        self
    }

    /// The same with reads of Graph that lag behind a write: for so many of a thousand pairs of a write and a read, the
    /// first one to three times that the read is made after the write, it is answered by a replica that does not have
    /// the write yet. A read that has shown the write does not lose it again.
    #[must_use]
    pub const fn lagging(mut self, per_mille: u16) -> Self {
        self.lagging = per_mille;
        self
    }

    /// The same with reads of Graph that go back: so many of a thousand are answered by the replica that lags the most,
    /// although the same read has shown the newer state before.
    #[must_use]
    pub const fn going_back(mut self, per_mille: u16) -> Self {
        self.going_back = per_mille;
        self
    }

    /// The same with another cap (3 if not said) on how often the same request meets faults in a row; then it is served
    /// once, so that a client that tries again gets on. Outages do not keep to it.
    #[must_use]
    pub const fn at_most_in_a_row(mut self, times: u32) -> Self {
        self.most_in_a_row = times;
        self
    }
}

fn set<K: PartialEq>(rates: &mut Vec<(K, u16)>, kind: K, per_mille: u16) {
    rates.retain(|(other, _)| *other != kind);
    rates.push((kind, per_mille));
}
