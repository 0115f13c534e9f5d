//! The world: everything that the lab's directories and sync engine hold, loaded from and saved to one JSON file.
//!
//! The cloud's members are spelled as Microsoft Graph spells them, AD's as LDAP does, so that a scenario can be written
//! by hand from Microsoft's documents. `schemas/lab-world.schema.json` is generated from these types.

pub mod changes;
pub mod cloud;
pub mod contoso;
pub mod derive;
pub mod forest;
pub mod generated;
pub mod keys;
pub mod load;
pub mod sync;
pub mod table;

pub use contoso::contoso;
pub use load::{LoadError, load};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format that this version reads and writes.
pub const WORLD_VERSION: u32 = 1;

/// A small world: an AD forest, an Entra tenant, and the sync engine between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The format's version, [`WORLD_VERSION`].
    pub version: u32,
    /// The time in this world. It moves only when somebody moves it, so runs repeat exactly.
    pub clock: Timestamp,
    /// The AD domains, each served under its own base DN.
    pub ad: Vec<forest::AdDomain>,
    /// The Entra tenant.
    pub entra: cloud::Cloud,
    /// The sync engine's configuration and memory.
    pub sync: sync::SyncEngine,
}
