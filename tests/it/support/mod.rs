//! What the integration tests share.
//!
//! [`samba`] starts a real domain controller, [`seed`] fills it with a lab's world, [`ldap`] connects to any directory,
//! [`site`] is a whole company with a project folder and [`program`] the compiled binary to run in it, [`doubles`] stand
//! in for clock and file, [`tap`] stands between the program and Graph, [`source`] reads this crate's own files.

pub mod doubles;
pub mod ldap;
pub mod program;
pub mod samba;
pub mod seed;
pub mod site;
pub mod source;
pub mod tap;

pub use doubles::{LeapingClock, Memory};
