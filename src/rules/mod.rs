//! The rulebook as code: what Entra and the sync engine will do, and what stands in the way. Pure.
//!
//! [`finding`] is the form in which every rule speaks; [`prediction`] is the outcome that is expected of the next cycle.

pub mod finding;
pub mod prediction;
