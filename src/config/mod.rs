//! What is wanted: `matchplan.toml` and `plans/*.toml`, read into a checked [`Config`].
//!
//! Everything here takes texts and gives values; who calls it reads the files.
//!
//! | module | what |
//! |---|---|
//! | [`settings`] | the checked types of `matchplan.toml`: where the directories are, how they sync, the brakes |
//! | [`matchplan`] | the checked types of `plans/*.toml`: which AD user becomes one with which cloud user |
//! | [`read`](mod@read) | from texts to a [`Config`], with every problem of every file at once |
//! | [`init`] | the starter project
//! | `table` | the checked reader over parsed TOML that all reading is made of |
//! | `read_settings`, `read_plan` | the two files |
//! | `checks` | what can only be seen with all files side by side |
//! | [`schema`], `shape` | the JSON Schemas in `schemas/`, and the types that they are made from |
//! | `secrets` | secrets are refused, and never shown |

mod checks;
pub mod init;
pub mod matchplan;
pub mod read;
mod read_plan;
mod read_settings;
pub mod schema;
mod secrets;
pub mod settings;
mod shape;
mod table;

pub use read::{Config, config_digest, decode, read, settings_from};
