//! The tasks of a match plan: what is done around the links, decided like them, each with its steps and what stands in its
//! way.
//!
//! | module | what |
//! |---|---|
//! | [`join`] | a group or contact of AD takes over one of the cloud |
//! | [`unlink`] | a cloud user forgets its AD user, in one of three ways |
//! | [`deleted`] | users in the recycle bin: back, or gone for good |
//! | [`features`] | the tenant's switches, and the match window |
//! | [`work`] | all of them: names, what clashes, who is protected |

pub mod deleted;
pub mod features;
pub mod join;
pub mod unlink;
pub mod work;

pub use work::{Task, plan};
