//! matchplan
#![forbid(unsafe_code)]
pub mod config;
#[cfg(feature = "lab")]
pub mod lab;
pub mod model;
