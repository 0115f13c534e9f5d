//! What is wanted: `matchplan.toml` and `plans/*.toml`, read into checked types.
//!
//! | module | what |
//! |---|---|
//! | [`settings`] | the checked types of `matchplan.toml`: where the directories are, how they sync, the brakes |
//! | [`matchplan`] | the checked types of `plans/*.toml`: which AD user becomes one with which cloud user |

pub mod matchplan;
pub mod settings;
