//! What goes wrong in the lab, chosen by seed.
//!
//! A server asks [`Faults`] with the [`Request`] that it was sent, and is told what befalls it, if anything. The answer
//! depends on the seed, on the request and on how often this very request was made before: never on the time, and never
//! on what else is asked meanwhile. So the same seed gives each request the same fate, however requests interleave.
//!
//! | file | what is in it |
//! |---|---|
//! | [`kind`] | the kinds of faults, and which requests each can befall |
//! | [`rates`] | how often each kind happens |
//! | [`draw`] | the numbers that a seed gives |
//! | [`storm`] | the handle that servers share: what was asked how often, and what was done to whom |

pub mod draw;
pub mod kind;
pub mod rates;
pub mod storm;
#[cfg(test)]
mod tests;

pub use kind::{GraphFault, LdapFault, RetryAfter, Sort};
pub use rates::Rates;
pub use storm::{Fault, Faults, Request, Told};
