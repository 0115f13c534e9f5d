//! Undoing: ledger and a fresh snapshot make an ordinary plan. Pure.
//!
//! [`plan`] computes it; [`drift`](mod@drift) compares linked pairs with the snapshot, and
//! [`waiting`] says of links that are not at their end what the directories show of them, both for `status`.

pub mod drift;
mod live;
pub mod plan;
#[cfg(test)]
mod tests;
pub mod waiting;
