//! matchplan
#![forbid(unsafe_code)]
pub mod config;
pub mod directory;
#[cfg(feature = "lab")]
pub mod lab;
pub mod model;
pub mod snapshot;
