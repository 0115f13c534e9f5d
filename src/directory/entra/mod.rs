//! Entra ID through Microsoft Graph.
//!
//! | module | what |
//! |---|---|
//! | [`cloud`] | where a tenant's sign-in and Graph are |
//! | [`credential`] | how to prove who we are, and [`assertion`], the signed proof of a certificate |
//! | [`token`] | tokens: fetched, kept in memory, renewed before they end; [`claims`], what they say |
//! | [`request`] | one request as data: path and OData options that escape |
//! | [`http`] | requests to Graph, sent again where that is safe ([`retry`]), and pages read to their end ([`pages`], but not without end) |
//! | [`batch`] | up to twenty requests in one, each answered by itself |
//! | `gather` | requests that are ready at the same moment go as one batch, below the tenant's limits ([`pace`]) |
//! | [`meter`] | what has been asked so far, in requests and resource units |
//! | [`transport`] | the one place that sends: one HTTP exchange, with what a failure means |
//! | [`refusal`] | Graph's and the sign-in's error bodies as errors; [`permission`], what each operation needs |
//! | [`trace`] | every exchange as a JSON line, without secrets |
//! | [`wire`] | Graph's JSON read into the model |
//! | [`roles`] | who holds which role, how and until when |
//! | [`read`], [`write`](mod@write), [`collect`] | single objects, writes, and everything for a snapshot |
//! | [`parts`] | many users read side by side, by the first character of their names |
//! | [`on_demand`] | single users provisioned by Cloud Sync |
//! | [`delta`], [`by_id`] | what has changed since a snapshot, and reading that |
//! | [`narrow`] | users, groups and contacts by what they hold; [`sizes`], how many there are |

pub mod assertion;
pub mod batch;
pub mod by_id;
pub mod claims;
pub mod cloud;
pub mod collect;
pub mod credential;
pub mod delta;
mod gather;
pub mod http;
pub mod meter;
pub mod narrow;
pub mod on_demand;
pub mod pace;
pub mod pages;
pub mod parts;
pub mod permission;
pub mod read;
pub mod refusal;
pub mod request;
pub mod retry;
pub mod roles;
pub mod sizes;
pub mod token;
pub mod trace;
pub mod transport;
pub mod wire;
pub mod write;
