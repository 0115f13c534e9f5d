//! What will change: the planner and its data. Pure and synchronous; clock and inputs are arguments.
//!
//! [`planner`] is the way in. It [`resolve`]s what people wrote to users, [`decide`]s each link (which branch, which
//! attributes by [`align`], whose anchor by [`reverse`], what stands in the way by [`hurdles`], [`cautions`] and [`uncertain`]), checks the source
//! anchor in force ([`anchors`]), applies the [`guard`], and puts the [`steps`] in order. Work around the links is planned by
//! [`tasks`], and what an earlier cycle left in a link's way is found by [`duplicates`]. [`step`], [`link`], [`task`] and
//! [`document`] are the data: one write or wait, what was decided about one link or task, and the saved plan that a reviewer approves.

pub mod align;
pub mod anchors;
pub mod cautions;
pub mod decide;
pub mod detour;
pub mod document;
pub mod duplicates;
pub mod guard;
pub mod hurdles;
pub mod link;
pub mod lint;
pub mod planner;
pub mod resolve;
pub mod reverse;
pub mod roles;
pub mod step;
pub mod steps;
pub mod task;
pub mod tasks;
pub mod uncertain;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
