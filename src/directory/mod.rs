//! The door to the network: [`port`] says what the rest of the program may ask of the directories, by ability; the
//! adapters answer it over LDAP ([`ad`]) and Microsoft Graph ([`entra`]); [`collect`] reads a whole snapshot.

pub mod ad;
pub mod error;
pub mod port;
pub mod text;
pub mod tls;
