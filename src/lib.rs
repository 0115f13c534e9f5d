//! matchplan
#![forbid(unsafe_code)]
pub mod config;
pub mod diagnostic;
#[cfg(feature = "lab")]
pub mod lab;
pub mod model;
