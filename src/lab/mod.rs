//! The lab: a small world on loopback, spoken to over real LDAP and HTTP.
//!
//! It imports only [`crate::model`]: not the adapters (a shared wire type would let client and server be wrong
//! together) and not the rules (its match engine is a second, independent reading of Microsoft's documents).

pub mod control;
pub mod faults;
pub mod graph;
pub mod kept;
pub mod ldap;
pub mod manners;
pub mod runtime;
pub mod shared;
pub mod sync;
pub mod tls;
pub mod usage;
pub mod world;
