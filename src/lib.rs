//! matchplan
#![forbid(unsafe_code)]
pub mod model;
#[cfg(feature = "lab")]
pub mod lab;
