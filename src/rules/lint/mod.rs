//! The attribute lint: what in AD would be refused, replaced or dropped on its way to Microsoft Entra ID, each with a
//! value that would pass. Pure.
//!
//! One file per attribute says what is wrong with a value; [`duplicates`] says who else has it; [`proposal`] looks for a
//! value that passes every rule and that nobody has; [`run`] puts them together over a scope.
//!
//! Sources: Microsoft, "Prepare for directory synchronization to Microsoft 365" (limits and characters), "Understanding
//! errors during Microsoft Entra synchronization" (what must be unique), and the rules of Microsoft's retired IdFix.
//! Where these differ, the stricter reading counts and the finding says so ([`finding::Confidence`]).
//!
//! | module | what |
//! |---|---|
//! | [`subject`] | one object as the lint sees it; who is left out and why |
//! | [`world`] | who holds what, which UPN suffixes the forest lists, which domains the tenant has |
//! | [`finding`] | attributes, findings, proposals, confidence |
//! | [`problem`] | what a rule says of one value |
//! | [`syntax`] | the form of addresses and domains |
//! | [`user_principal_name`], [`proxy_addresses`], [`mail`], [`mail_nickname`], [`sam_account_name`], [`target_address`], [`display_name`], [`given_name`] | the rules |
//! | [`duplicates`] | values that must be unique |
//! | [`repair`] | candidates for a better value |
//! | [`proposal`] | the candidate that is really one |
//! | [`run`] | a whole scope, and one linked user |

pub mod display_name;
pub mod duplicates;
pub mod finding;
pub mod given_name;
pub mod mail;
pub mod mail_nickname;
pub mod problem;
pub mod proposal;
pub mod proxy_addresses;
pub mod repair;
pub mod run;
pub mod sam_account_name;
pub mod subject;
pub mod syntax;
pub mod target_address;
#[cfg(test)]
mod tests;
pub mod user_principal_name;
pub mod world;
