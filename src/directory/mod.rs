//! The door to the network.
//!
//! | module | what |
//! |---|---|
//! | [`port`], [`error`] | what the rest of the program may ask of the directories, by ability, and how that can fail |
//! | [`connected`] | both directories and the sync engine, connected: the adapters behind every port |
//! | [`reach`] | each directory by itself, where one that does not answer must hide nothing of the other |
//! | [`collect`] | a whole snapshot |
//! | [`narrow`] | one that holds the answers to some questions; [`cost`], which of the two is cheaper |
//! | [`refresh`] | a saved one brought up to date |
//! | [`residues`] | what users that are to be cleared remember of AD, which no snapshot holds |
//! | [`ad`] | Active Directory over LDAP |
//! | [`entra`] | Entra ID through Microsoft Graph |
//! | [`sync`] | the sync engine through the commands that the settings name |
//! | [`tls`], [`text`], [`output`] | one TLS for both; foreign words made fit for a message; what a command prints, to a limit |

pub mod ad;
pub mod collect;
pub mod connected;
pub mod cost;
pub mod entra;
pub mod error;
pub mod narrow;
pub mod output;
pub mod port;
pub mod reach;
pub mod refresh;
pub mod residues;
pub mod scrub;
pub mod sync;
pub mod text;
pub mod tls;
