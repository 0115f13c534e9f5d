//! The product's story through the compiled program over real protocols: every scenario of [`linking`], [`undoing`],
//! [`aftermath`] and most of [`saved`] run on the embedded AD and on Samba ([`on_both`]). [`refusals`] are about what
//! can be wrong, [`linting`] is the lint over LDAP, [`checking`] what `check` says, [`explaining`] the manual for a piped
//! message, [`roles`] is every way to hold a role, [`recipients`] are about what Exchange alone knows, [`identity`] is a
//! property over random choices of links. [`elsewhere`] is about a state that this computer did not write,
//! [`damaged`] about one that is not whole, [`around`] about work around the links, [`going_back`] about every other way back,
//! [`suggesting`] about links that nobody has written yet, [`groups`] about links of groups and contacts,
//! [`on_demand`] about users that are provisioned one by one.
//!
//! What the program and the lab's Graph say to each other is recorded in `target/contract/`, which `tests/run` holds
//! against Microsoft's own description.

mod aftermath;
mod around;
mod checking;
mod damaged;
mod elsewhere;
mod explaining;
mod going_back;
mod groups;
mod identity;
pub mod linking;
mod linting;
mod on_both;
mod on_demand;
mod recipients;
mod refusals;
mod roles;
mod saved;
mod suggesting;
mod undoing;
