//! The door to the disk.
//!
//! | module | what |
//! |---|---|
//! | [`paths`] | which files there are |
//! | [`disk`] | the operations that must be durable, one by one |
//! | [`files`] | replacing and appending so that a crash leaves the old or the new, whole |
//! | [`lock`], [`release`] | one apply at a time; what a crash or a dead computer left of a lock |
//! | [`ledger`] | journal and state file together, as the executor's recorder |
//! | [`salvage`] | a ledger that is not whole |
//! | [`witness`] | what this computer itself wrote last to a ledger |

pub mod disk;
pub mod files;
pub mod ledger;
pub mod lock;
pub mod paths;
pub mod release;
pub mod salvage;
#[cfg(test)]
mod tests;
pub mod witness;
