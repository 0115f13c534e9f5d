//! What the next cycle makes of an AD user.
//!
//! The match happens in the cloud, in one `order`: an AD user that has a cloud object of its own is never matched again
//! (`new`); then `hard` match on the source anchor, of which `restore` is the case that the holder lies in the
//! recycle bin; then soft match on the primary address (`smtp`); and only if that finds nobody, on the UPN (`upn`).
//! What both soft matches ask of their target is in `soft`, what every match asks is in `protection`. Whatever
//! comes of it is written to the cloud, and `export` says what that write can fail on. `unseen` turns a match that
//! rests on what could not be read into one that is not proven.
//!
//! Sources: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (order; new objects only; hard match
//! security protections); "Understanding errors during Microsoft Entra synchronization" (error names). Where Microsoft's
//! texts differ the strict reading is taken, and named beside the rule.

mod export;
mod hard;
mod new;
mod order;
mod protection;
mod restore;
mod smtp;
mod soft;
mod unseen;
mod upn;

pub use order::{Candidate, predict};
use order::{Meeting, error, features};
pub use protection::foreign_identifier;
pub use smtp::mail_without_addresses;
