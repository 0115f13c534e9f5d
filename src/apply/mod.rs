//! Doing it: the executor and what it says while it works.

pub mod event;
pub mod outcome;
