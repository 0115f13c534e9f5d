//! The door to the terminal: arguments in, text and an exit code out. Commands are thin: they read files, connect, call
//! the rooms, and print what [`crate::report`] renders.
//!
//! | module | what |
//! |---|---|
//! | [`args`] | the command line |
//! | [`exit`], [`error`] | the documented exit codes, and errors with what to do next |
//! | [`fault`] | a panic, told without its text |
//! | [`terminal`] | colour per stream, width, prompts |
//! | [`stream`] | the event stream of `--json` |
//! | [`project`] | finding and reading `matchplan.toml` and match plans |
//! | [`home`] | where this computer keeps what belongs to no project |
//! | [`locking`] | taking the lock, and saying who has it |
//! | [`executing`], [`signals`] | running an apply; how a person or the system asks to stop |
//! | [`reading`] | how much of the directories a plan needs, and reading that much |
//! | [`selecting`] | which links and tasks a command is for |
//! | [`site`] | the connected directories: the configured ones, or the lab |
//! | [`commands`] | one file per command |

pub mod args;
pub mod commands;
pub mod error;
pub mod executing;
pub mod exit;
pub mod fault;
pub mod home;
#[cfg(feature = "lab")]
pub mod lab;
pub mod locking;
pub mod progress;
pub mod project;
pub mod reading;
pub mod run;
pub mod secrets;
pub mod selecting;
pub mod signals;
pub mod site;
pub mod stream;
pub mod terminal;

pub use run::main;
