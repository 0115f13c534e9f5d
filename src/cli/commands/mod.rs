//! One file per command.

pub mod anchor;
pub mod apply;
pub mod check;
pub mod diff;
pub mod explain;
pub mod import;
pub mod init;
#[cfg(feature = "lab")]
pub mod lab;
pub mod lint;
pub mod lock;
pub mod plan;
pub mod rollback;
pub mod schema;
pub mod shell;
pub mod show;
pub mod snapshot;
pub mod state;
pub mod status;
pub mod suggest;
pub mod tenant;
pub mod validate;
