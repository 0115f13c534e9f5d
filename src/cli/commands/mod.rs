//! One file per command.

pub mod anchor;
pub mod diff;
pub mod init;
pub mod plan;
pub mod schema;
pub mod show;
pub mod snapshot;
pub mod validate;
