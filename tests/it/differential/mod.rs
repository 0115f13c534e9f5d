//! The embedded LDAP server against a real domain controller: the same operations, the same answers.
//!
//! [`cases`] lists the operations, [`operation`] sends one and reads what it left behind, [`laxer`] lists the places where
//! Samba is laxer than Windows and the embedded server does as Windows does, [`compare`] holds the two side by side and
//! [`binds`] does so for what comes before the first operation.

mod binds;
mod cases;
mod compare;
mod laxer;
mod operation;
mod stage;
