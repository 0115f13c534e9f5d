//! matchplan: Terraform-style plan, review, apply and rollback for linking on-premises Active Directory users with
//! the cloud users that already exist in Microsoft Entra ID.
#![forbid(unsafe_code)]

pub mod apply;
#[expect(clippy::disallowed_methods, reason = "the door to the terminal, and to the clock and the environment")]
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod directory;
#[cfg(feature = "lab")]
#[expect(clippy::disallowed_methods, reason = "a door: the lab keeps its world in a file and serves in real time")]
pub mod lab;
pub mod model;
pub mod plan;
pub mod report;
pub mod rollback;
pub mod rules;
pub mod schemas;
pub mod snapshot;
pub mod state;
#[expect(clippy::disallowed_methods, reason = "the door to the disk")]
pub mod store;
