//! What was done. Pure: reading and writing files is `store`'s business.
//!
//! | module | what |
//! |---|---|
//! | [`ledger`] | the data: applies with their links and steps |
//! | [`journal`] | the append-only record of every intent and outcome; the ledger is its fold |
//! | [`fold`] | the state machine: which event may follow which |
//! | `doubt` | what is believed of an apply after records were lost |
//! | [`salvage`] | what is certain of a ledger that is not whole |
//! | [`inverse`] | what takes a step back |
//! | [`query`] | questions to the ledger: what is unfinished, which roles are missing |
//! | [`file`](mod@file) | the state file |
//! | [`steps`] | an apply's steps, found by id and by link |
//! | [`recorder`] | what the executor asks of whatever keeps journal and state |
//! | [`write`](mod@write) | a write in concrete terms, and what a reading means for it |
//! | [`sheet`] | the restore sheet, which gives roles back without matchplan |
//! | [`restore_request`] | the request that gives one role or membership back |

mod doubt;
pub mod file;
pub mod fold;
pub mod inverse;
pub mod journal;
pub mod ledger;
pub mod query;
pub mod recorder;
pub mod restore_request;
pub mod salvage;
pub mod sheet;
pub mod steps;
#[cfg(test)]
mod tests;
pub mod write;
