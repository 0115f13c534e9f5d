//! What is: both directories at one time, immutable and serialisable. Pure.
//!
//! [`document`] is the data (and what `snapshot --out` writes); [`index`] answers the planner's questions about it
//! without ever scanning twice, and [`question`] has them as data;
//! [`marks`] say where a snapshot ends, for bringing it up to date.

pub mod document;
pub mod file;
pub mod index;
mod layout;
pub mod lookup;
pub mod marks;
mod parts;
pub mod question;
