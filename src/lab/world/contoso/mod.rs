//! The seeded world: Contoso, which has just bought Entra Connect and links its cloud users with its AD.
//!
//! About 45 AD users. Those who are synced already got there by a real cycle of the simulated engine, ten minutes before
//! the world's clock; everybody else is somebody in `plans/contoso.toml` (every case that can succeed) or
//! `plans/contoso-blocked.toml` (what stands in the way).
//!
//! | module | what |
//! |---|---|
//! | [`build`] | putting it together |
//! | [`company`] | the tenant, the domain, the engine's settings |
//! | [`person`] | writing a person down in few words |
//! | [`people`] | everybody, by case |
//! | [`administrators`] | those who hold a role in another way than by a plain assignment |

pub mod administrators;
pub mod build;
pub mod company;
pub mod people;
pub mod person;

pub use build::contoso;
