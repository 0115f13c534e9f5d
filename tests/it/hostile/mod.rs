//! Hostile directories, servers and moments: what they hold is shown harmlessly ([`showing`], [`rendered`]), no secret
//! comes out ([`secrets`], [`panics`]), a signal at any moment loses nothing ([`signals`], [`terminal`]), and one lock is
//! held by one process ([`locks`]).

mod corpus;
#[cfg(unix)]
mod locks;
mod panics;
mod rendered;
#[cfg(unix)]
mod secrets;
mod showing;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod terminal;
