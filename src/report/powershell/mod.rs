//! A plan as a PowerShell script, for people who may not run a new program: each step with the check before it, the
//! write, and the reading that shows it was done.
//!
//! | file | what it makes |
//! |---|---|
//! | `script` | the whole: what it is about, how it is used, what it knows of its plan, the steps |
//! | `literal` | pieces of a script, into which values come as literals and remarks only |
//! | `step` | one step: the one place that knows every action |
//! | `directory`, `graph`, `role`, `sync` | what the steps do in AD, in Entra, with roles, with the sync engine |
//! | `*.ps1` | the functions that the steps call |
//!
//! The script keeps what it does in a file beside it: only what it has written itself is taken back, and only a role that
//! it has taken itself is given back. It does not have what `apply` has: compare-and-swap, an audit trail that shows
//! every change, a look at why a link is not formed.
//!
//! Sources: Microsoft, PowerShell documentation of `Set-ADUser` (in one call `-Remove` comes before `-Add`, `-Replace` and
//! `-Clear`), `Move-ADObject`, `Invoke-MgGraphRequest` (an ImmutableID is cleared by JSON `null`; `Update-MgUser` sends an
//! empty text), `Set-ADSyncScheduler`, `Start-ADSyncSyncCycle`.

mod directory;
mod graph;
mod literal;
mod role;
mod script;
mod step;
mod sync;

#[cfg(test)]
mod tests;

pub use script::render;
