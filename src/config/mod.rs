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
//! | [`selection`] | which links and tasks are planned, where that is not all |
//! | [`tasks`] | the checked types of what a match plan asks for around its links |
//! | `table` | the checked reader over parsed TOML that all reading is made of |
//! | `read_settings` (`read_entra`, `read_ad`, `read_sync`), `read_plan` (`read_tasks`) | the two files |
//! | [`recipients`] | the export of Exchange's recipients |
//! | [`import`] | links from a CSV file |
//! | [`weave`](mod@weave) | a match plan's text with links added |
//! | `sheet` | tables as spreadsheets and PowerShell write them |
//! | `urls` | URLs over which no secret travels in the open |
//! | `checks` | what can only be seen with all files side by side |
//! | [`schema`], `shape`, `shape_features`, `shape_rules` | the JSON Schemas in `schemas/`, and the types that they are made from |
//! | `secrets` | secrets are refused, and never shown |

mod checks;
pub mod import;
pub mod init;
pub mod matchplan;
pub mod read;
mod read_ad;
mod read_entra;
mod read_holder;
mod read_plan;
mod read_settings;
mod read_sync;
mod read_tasks;
pub mod recipients;
pub mod schema;
mod secrets;
pub mod selection;
pub mod settings;
mod shape;
mod shape_features;
mod shape_rules;
mod sheet;
mod table;
pub mod tasks;
mod urls;
pub mod weave;

pub use read::{Config, config_digest, decode, read, settings_from};
pub use urls::{is_loopback, names_an_address};

#[cfg(test)]
mod tests;
