//! The directory's meaning on small worlds, and the protocol spoken by a real client.

mod fixture;
mod hostile;
mod meaning;
mod protocol;
mod searching;
mod writing;
