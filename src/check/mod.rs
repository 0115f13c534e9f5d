//! `matchplan check`: is everything ready, and where it is not, what to do. Pure: facts in, verdicts out.
//!
//! The points are those that an experienced administrator goes through when a match does not happen: the sync engine,
//! the tenant and its switches, AD, the wanted links on both sides, what the credential may do, and what earlier applies
//! left behind. What could not be read is never called good: it cannot be told, with the reason.
//!
//! | module | what it looks at |
//! |---|---|
//! | [`facts`] | what was gathered, each part by itself: one directory that does not answer hides nothing of the other |
//! | `list`, `point` | the list, and one point of it |
//! | `tenant` | sync, its engine, the tenant's switches, what is in quarantine |
//! | `forest` | each AD domain: reached how, as whom, with which rights, its suffixes and its source anchor |
//! | `links` | the users of the match plans, on both sides |
//! | `access` | what the credential may do, who is protected, how many Global Administrators stay |
//! | `around` | what the credential needs for tasks, the match window and provisioning on demand |
//! | `record` | unfinished applies, missing roles, the lock |

mod access;
mod around;
pub mod facts;
mod forest;
mod links;
mod list;
mod point;
mod record;
mod tenant;
#[cfg(test)]
mod tests;

pub use list::check;
pub use point::{Area, Check, Verdict};
use point::{Point, plural, some};
