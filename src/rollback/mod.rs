//! Undoing: ledger and a fresh snapshot make an ordinary plan. Pure.
//!
//! [`plan`] computes it; [`drift`](mod@drift) compares linked pairs with the snapshot, and
//! [`open`](mod@open) says of steps that were begun and never ended what a resume would find, and [`waiting`] that are not at their end what the directories show of them, all for `status`. [`elsewhere`]
//! looks at a ledger that does not stand as this computer left it.

pub mod drift;
pub mod elsewhere;
mod live;
pub mod open;
pub mod plan;
#[cfg(test)]
mod tests;
pub mod waiting;
