//! The door to the network: [`port`] says what the rest of the program may ask of the directories, by ability; the
//! adapters answer it over LDAP ([`ad`]) and Microsoft Graph ([`entra`]); [`collect`] reads a whole snapshot.

pub mod error;
pub mod port;
