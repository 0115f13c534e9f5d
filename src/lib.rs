//! matchplan: Terraform-style plan, review, apply and rollback for linking on-premises Active Directory users with
//! the cloud users that already exist in Microsoft Entra ID.
#![forbid(unsafe_code)]

pub mod apply;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod directory;
#[cfg(feature = "lab")]
pub mod lab;
pub mod model;
pub mod plan;
pub mod report;
pub mod rollback;
pub mod rules;
pub mod schemas;
pub mod snapshot;
pub mod state;
pub mod store;
