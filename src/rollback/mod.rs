//! Undoing: ledger and a fresh snapshot make an ordinary plan. Pure.
//!
//! [`plan`] computes it; [`drift`](mod@drift) compares linked pairs with the snapshot, for `status`.

pub mod drift;
mod live;
pub mod plan;
#[cfg(test)]
mod tests;
