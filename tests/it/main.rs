//! Integration tests: the architecture, the embedded directories against a real domain controller, and the program
//! from the outside.
//!
//! Tests that need Samba leave themselves out, with a note on standard error, where it cannot run;
//! `MATCHPLAN_TEST_SAMBA=required` (which `tests/run` sets) makes that a failure.

mod arrows;
mod differential;
mod directories;
mod files;
mod graph_client;
mod seeding;
mod support;
