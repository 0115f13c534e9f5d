//! Doing it: the executor and what it says while it works. It sees the directories through traits only.
//!
//! | module | what |
//! |---|---|
//! | [`executor`] | begins, resumes and ends an apply |
//! | `wave` | one wave: own steps, barrier, scope, cycle, endings |
//! | `tasks` | the tasks, which come before every wave |
//! | `window` | the tenant's switches that stand open for the time of the waves |
//! | `own` | a link's own steps, and what a failure does to the link |
//! | `perform` | one write: read, compare, journal, write, read back |
//! | `cycle` | waiting for a sync cycle and proving it |
//! | `linked` | whether a link is formed, and its end if it is |
//! | `diagnose` | why a link was not formed |
//! | `undo` | undoing a link within its own apply |
//! | [`event`], [`outcome`], [`options`], [`error`] | what goes in and comes out |

mod cycle;
mod diagnose;
pub mod error;
pub mod event;
pub mod executor;
mod linked;
mod on_demand;
pub mod options;
pub mod outcome;
mod own;
mod perform;
mod run;
mod tasks;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod undo;
mod wave;
mod window;
