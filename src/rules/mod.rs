//! The rulebook as code: what Entra and the sync engine will do, and what stands in the way. Pure.
//!
//! [`finding`] is the form in which every rule speaks; [`prediction`] is the outcome that is expected of the next cycle.
//!
//! | module | rule |
//! |---|---|
//! | [`exposure`] | where an AD user stands towards the sync engine; whom the engine never looks at |
//! | [`matching`] | hard match, then primary SMTP, then UPN: what the next cycle does |
//! | [`conflict`] | who else holds an address, a UPN, an anchor, a SID |
//! | [`joining`] | what the next cycle makes of a group or contact of AD, and what stands in its way |
//! | [`source_anchor`] | which AD attribute is the anchor in force, as synced users show it |
//! | [`takeover`] | what a takeover overwrites in the cloud |
//! | [`aftermath`], [`way_back`] | after the cycle: why a link was not formed, and the way back |
//! | [`explain`] | the manual: a page for every code and message |
//! | [`restorable`] | whether a role that is taken for a time can be given back |
//! | [`microsoft`] | Microsoft's names for what goes wrong |
//! | [`lint`] | what is wrong with attribute values, and what would be right |
//! | [`objects`] | how findings name objects |

pub mod aftermath;
pub mod conflict;
pub mod explain;
pub mod exposure;
pub mod finding;
pub mod joining;
pub mod lint;
pub mod matching;
pub mod microsoft;
pub mod objects;
pub mod prediction;
pub mod restorable;
pub mod source_anchor;
pub mod takeover;
pub mod way_back;
