//! Integration tests: the architecture, the program's parts together over real protocols on loopback, and the embedded
//! directory against a real domain controller.
//!
//! PowerShell's own parser reads a plan as PowerShell where `pwsh` is installed; `MATCHPLAN_TEST_PWSH=required` makes its
//! absence a failure.
//!
//! Tests that need Samba leave themselves out, with a note on standard error, where it cannot run;
//! `MATCHPLAN_TEST_SAMBA=required` (which `tests/run` sets) makes that a failure.
#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod arrows;
#[cfg(feature = "lab")]
mod carry;
mod coverage;
mod differential;
mod directories;
mod files;
mod graph_client;
mod hostile;
mod hostile_input;
mod powershell;
#[cfg(feature = "lab")]
mod prediction;
#[cfg(feature = "lab")]
mod scenario_table;
mod scenarios;
mod seeding;
#[cfg(feature = "lab")]
mod streaming;
mod support;
#[cfg(feature = "lab")]
mod takeover;
mod transcripts;
