//! Undoing: ledger and a fresh snapshot make an ordinary plan. Pure.
//!
//! [`plan`] computes it; [`drift`](mod@drift) compares linked pairs with the snapshot, and
//! [`waiting`] says of links that are not at their end what the directories show of them, both for `status`. [`elsewhere`]
//! looks at a ledger that does not stand as this computer left it.

pub mod drift;
pub mod elsewhere;
mod live;
pub mod plan;
#[cfg(test)]
mod tests;
pub mod waiting;
