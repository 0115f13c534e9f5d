//! The kinds of faults, and what each can befall.

use std::fmt;

/// What a server was asked, as far as it matters for what can go wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Signing in, or asking a server what it is: fails at a tenth of the rates.
    SignIn,
    /// A read.
    Read,
    /// A write.
    Write,
    /// A `$batch` of Graph, as a whole.
    Batch,
    /// One request inside a `$batch`.
    Item,
}

/// When to come again, as Graph says it or does not (RFC 9110 section 10.2.3; Microsoft Graph, "Throttling guidance").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetryAfter {
    /// No `Retry-After` at all.
    Unsaid,
    /// Two whole seconds.
    Seconds,
    /// `2.128`, which Graph's own sample has.
    Decimal,
    /// An HTTP date, two seconds from the world's time.
    Date,
    /// An hour: longer than a client will wait.
    Hour,
}

/// What befalls an HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphFault {
    /// The connection is cut before anything is done.
    CutBefore,
    /// It is done, and the connection is cut before the answer.
    CutAfter,
    /// It is done, and the connection is cut in the middle of the answer's body (before the answer if it has none).
    CutInBody,
    /// 429; not done. Befalls single requests of a batch too.
    Throttled(RetryAfter),
    /// 500; not done.
    InternalError,
    /// 502; not done.
    BadGateway,
    /// 503; not done. Befalls single requests of a batch too.
    Unavailable(RetryAfter),
    /// 504; not done.
    GatewayTimeout,
    /// 504, although a write was done: the gateway did not wait for it.
    GatewayTimeoutDone,
    /// 200 for a read with a page of some proxy in place of JSON.
    NotJson,
    /// 503 this time and the next [`OUTAGE`] times: longer than a client's patience.
    Outage,
}

/// What befalls an LDAP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LdapFault {
    /// The connection is cut before anything is done.
    CutBefore,
    /// It is done, and the connection is cut before the answer; of a search's entries, the first half is sent.
    CutAfter,
    /// `busy` (51); not done.
    Busy,
    /// `unavailable` (52); not done.
    Unavailable,
    /// `timeLimitExceeded` (3) after half of a search's entries.
    TimeLimit,
    /// `sizeLimitExceeded` (4) after half of a search's entries.
    SizeLimit,
    /// `adminLimitExceeded` (11) after half of a search's entries.
    AdminLimit,
    /// `unavailable` this time and the next [`OUTAGE`] times: longer than a client's patience.
    Outage,
}

/// How many more times an outage meets the same request.
pub const OUTAGE: u32 = 11;

/// What [`GraphFault`] and [`LdapFault`] have in common.
pub trait Kind: Copy {
    /// Whether it can befall a request of this sort.
    fn befalls(self, sort: Sort) -> bool;

    /// How many more times it meets the same request, whatever the rates and their cap say.
    fn goes_on(self) -> u32;
}

impl Kind for GraphFault {
    fn befalls(self, sort: Sort) -> bool {
        match self {
            Self::Throttled(_) | Self::Unavailable(_) => true,
            Self::GatewayTimeoutDone => matches!(sort, Sort::Write | Sort::Batch),
            Self::NotJson => sort == Sort::Read,
            Self::Outage => matches!(sort, Sort::Read | Sort::Write | Sort::Batch),
            // What breaks an answer breaks the whole of it.
            Self::CutBefore
            | Self::CutAfter
            | Self::CutInBody
            | Self::InternalError
            | Self::BadGateway
            | Self::GatewayTimeout => sort != Sort::Item,
        }
    }

    fn goes_on(self) -> u32 {
        if self == Self::Outage { OUTAGE } else { 0 }
    }
}

impl Kind for LdapFault {
    fn befalls(self, sort: Sort) -> bool {
        match self {
            Self::CutBefore | Self::CutAfter | Self::Outage => matches!(sort, Sort::Read | Sort::Write),
            Self::Busy | Self::Unavailable => true,
            Self::TimeLimit | Self::SizeLimit | Self::AdminLimit => sort == Sort::Read,
        }
    }

    fn goes_on(self) -> u32 {
        if self == Self::Outage { OUTAGE } else { 0 }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsaid => "without Retry-After",
            Self::Seconds => "Retry-After in whole seconds",
            Self::Decimal => "Retry-After with a fraction",
            Self::Date => "Retry-After as a date",
            Self::Hour => "Retry-After of an hour",
        })
    }
}

impl fmt::Display for GraphFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutBefore => f.write_str("cut before it was done"),
            Self::CutAfter => f.write_str("done, and cut before the answer"),
            Self::CutInBody => f.write_str("done, and cut in the middle of the answer"),
            Self::Throttled(after) => write!(f, "429 {after}, not done"),
            Self::InternalError => f.write_str("500, not done"),
            Self::BadGateway => f.write_str("502, not done"),
            Self::Unavailable(after) => write!(f, "503 {after}, not done"),
            Self::GatewayTimeout => f.write_str("504, not done"),
            Self::GatewayTimeoutDone => f.write_str("504, although it was done"),
            Self::NotJson => f.write_str("200 with a proxy's page"),
            Self::Outage => f.write_str("503 of an outage, not done"),
        }
    }
}

impl fmt::Display for LdapFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CutBefore => "cut before it was done",
            Self::CutAfter => "done, and cut before the answer was complete",
            Self::Busy => "busy (51), not done",
            Self::Unavailable => "unavailable (52), not done",
            Self::TimeLimit => "timeLimitExceeded (3) after half of the entries",
            Self::SizeLimit => "sizeLimitExceeded (4) after half of the entries",
            Self::AdminLimit => "adminLimitExceeded (11) after half of the entries",
            Self::Outage => "unavailable (52) of an outage, not done",
        })
    }
}
