//! Active Directory over LDAP (RFC 4511), with AD's manners.
//!
//! | module | what |
//! |---|---|
//! | [`filter`] | search filters as a type that escapes |
//! | [`given`], [`scope`] | a filter that a person gave, and what it finds below a base |
//! | [`entry`] | a search entry as octets, without panics; ranged values |
//! | [`user`], [`holder`] | an entry read into a user, or into another object that has an address; [`reader`], its values |
//! | [`outcome`] | result codes and broken connections as errors that say what to do |
//! | [`root`] | what a domain controller says of itself, and which ones we refuse |
//! | `sign_in`, [`kerberos`] | signing in with a password or with a ticket |
//! | [`connection`] | connecting, pinning one domain controller, reading pages |
//! | [`narrow`] | users and other holders by what they hold, many terms to a search |
//! | [`refresh`] | a domain brought up to date by its controller's count of changes |
//! | [`read`], [`write`](mod@write) | one domain's reads and its compare-and-swap writes |

pub mod connection;
pub mod entry;
pub mod filter;
pub mod given;
pub mod holder;
pub mod kerberos;
pub mod narrow;
pub mod outcome;
pub mod read;
pub mod reader;
pub mod refresh;
pub mod root;
pub mod scope;
mod sign_in;
pub mod user;
pub mod write;
