//! The lint's rules, its view of duplicates, its proposals.

mod build;
mod finding_duplicates;
mod limits;
mod properties;
