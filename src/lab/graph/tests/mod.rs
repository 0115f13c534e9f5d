//! The server over real HTTP: [`harness`] starts one on a world and speaks to it with reqwest.

mod batch;
mod capture;
mod delta;
mod groups;
mod harness;
mod patch;
mod pim;
mod reading;
mod refusals;
mod roles;
mod stopping;
mod storms;
mod throttling;
mod token;
mod trash;
