//! What is: both directories at one time, immutable and serialisable. Pure.
//!
//! [`document`] is the data, and [`mod@file`] what `snapshot --out` writes and `--snapshot` reads: one JSON document with a
//! line for each object, which streams, and may be compressed. [`index`] answers the planner's questions about it without
//! ever scanning twice; [`lookup`] is how little memory that takes, and [`question`] has the questions as data. [`marks`] say
//! where a snapshot ends, for bringing it up to date.

pub mod document;
pub mod file;
pub mod index;
mod layout;
pub mod lookup;
pub mod marks;
mod parts;
pub mod question;
