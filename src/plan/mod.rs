//! What will change: the planner and its data. Pure and synchronous; clock and inputs are arguments.
//!
//! [`step`] is one write or wait; [`link`] is what was decided about one link; [`document`] is the saved plan that a
//! reviewer approves.

pub mod document;
pub mod link;
pub mod step;
