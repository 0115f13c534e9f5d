//! An LDAP server with Active Directory's manners, over the lab's world.
//!
//! From the wire inwards: [`server`] listens, [`connection`] moves bytes and switches to TLS, [`codec`] cuts and decodes
//! messages, [`session`] keeps what a connection knows (who is bound, open pages) and turns each request into answers.
//! Then one file per verb, each a plain function of the world and a request: [`bind`], [`search`], [`compare`],
//! [`modify`], [`modify_dn`], [`add`], [`delete`]. They share [`forest`] (the world as AD shows it) with [`made`] (what
//! every forest has) and [`root_dse`], [`target`] (names), [`filter`], [`select`] and [`paging`] for searches, [`mod@write`]
//! [`stamp`] and [`sid`] for changes, [`controls`], [`mishap`] for what goes wrong, and at the bottom [`schema`], [`value`] and [`refusal`].
//!
//! Where Samba is laxer than Windows, the lab does as Windows: 1,000 entries in an unpaged answer, 1,500 values of an
//! attribute, and values that differ only in case are the same value. `tests/it/differential` asks both, and has the list.

pub mod add;
pub mod bind;
pub mod codec;
pub mod compare;
pub mod connection;
pub mod controls;
pub mod delete;
pub mod filter;
pub mod forest;
pub mod made;
pub mod mishap;
pub mod modify;
pub mod modify_dn;
pub mod paging;
pub mod refusal;
pub mod root_dse;
pub mod schema;
pub mod search;
pub mod select;
pub mod server;
pub mod session;
pub mod sid;
pub mod stamp;
pub mod target;
#[cfg(test)]
mod tests;
pub mod value;
pub mod write;

pub use server::{LdapServer, LdapServerConfig, serve};
