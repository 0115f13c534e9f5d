//! What the integration tests share.
//!
//! [`samba`] starts a real domain controller, [`seed`] fills it with a lab's world, [`ldap`] connects to any directory,
//! [`project`] runs the program in a folder of its own, [`world`] serves a world to it on either AD, [`doubles`] stand in
//! for clock and file, [`source`] reads this crate's own files.

pub mod doubles;
pub mod ldap;
pub mod project;
pub mod samba;
pub mod seed;
pub mod source;
pub mod world;

pub use doubles::{LeapingClock, Memory};
