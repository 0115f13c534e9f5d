//! What was done. Pure: reading and writing files is `store`'s business.
//!
//! [`ledger`] is the state file's data. [`journal`] is the append-only record of every intent and outcome beneath it;
//! the ledger is its fold.

pub mod ledger;
