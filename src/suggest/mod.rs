//! Proposing links: which AD user and which cloud user are the same person, by what both directories say. Pure.
//!
//! A proposal is a question to a person and never an answer: nothing here is applied, and what is written is a match plan
//! to be read, corrected and planned like any other.
//!
//! # How sure
//!
//! [`evidence`] compares two users value by value. Names are without case, addresses are e-mail addresses (`proxyAddresses`
//! of type smtp, and `mail`), and a sign-in name counts as an address of its user too.
//!
//! | confidence | evidence |
//! |---|---|
//! | certain | the AD user's anchor or SID on a cloud user that nothing syncs; or an equal employee id with one more of: sign-in name, address, account name; or an equal sign-in name and an equal primary address |
//! | likely | one of: equal employee id, equal sign-in name, equal primary address; or two of: a shared address, the account name, the display name |
//! | possible | one of: a shared address, the account name |
//!
//! An equal display name alone is nothing: two people may have one name. A value that more than [`keys::MOST`] users of one
//! directory have identifies nobody and is no evidence, whatever it is.
//!
//! # What is never proposed
//!
//! Whoever fits two users equally well is ambiguous, and whoever fits another one better is not proposed either: `choose`
//! keeps only pairs that are each other's one best. Different employee ids are a contradiction, whatever else agrees.
//! [`objections`] has the other reasons; some forbid a proposal, some leave it commented out for a person to decide, some
//! are only said.
//!
//! # What happens without anybody asking
//!
//! [`next_cycle`] looks for AD users in the sync scope that no link names and that the cloud will match by itself, or make
//! a quarantined duplicate of.
//!
//! # Cost
//!
//! Pairs are found through look-ups by key, each of a bounded number of users, so that the work grows with the directories
//! and their addresses, and not with one multiplied by the other.

mod choose;
pub mod document;
pub mod evidence;
pub mod keys;
pub mod naming;
pub mod next_cycle;
pub mod objections;
pub mod run;
#[cfg(test)]
mod tests;
