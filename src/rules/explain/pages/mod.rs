//! The pages, by theme.
//!
//! A page says what it means, how it comes about, how to see it, what to do, and where that stands. What Microsoft does
//! not say, or says in two ways, is told apart.

pub mod addresses;
pub mod anchors;
pub mod conflicts;
pub mod groups;
pub mod guard;
pub mod names;
pub mod refusals;
pub mod roles;
pub mod scope;
pub mod sync;
pub mod takeover;
pub mod tenant;
pub mod unlinking;
pub mod users;
