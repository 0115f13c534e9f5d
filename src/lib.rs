//! matchplan
#![forbid(unsafe_code)]
#[cfg(feature = "lab")]
pub mod lab;
pub mod model;
