//! The lab's Microsoft Graph and Entra token endpoint: real HTTP on loopback, answers made from the world.
//!
//! The way of a request: [`server`] (bytes in, bytes out) → [`dispatch`] (token, route, permission, handler) → one file
//! per resource, each a pure function of the world and the request. What all resources share lives in [`odata`]
//! (query options, projection, pages) and [`filter`] (`$filter`).
//!
//! | file | what it answers |
//! |---|---|
//! | [`token`], [`assertion`] | `/{tenant}/oauth2/v2.0/token` |
//! | [`users`], [`user_patch`], [`delta`] | `/users`, `/me` |
//! | [`deleted`] | `/directory/deletedItems` |
//! | [`groups`] | `/groups`, their members, owners and app roles |
//! | [`directory_object`] | `/directoryObjects`, `/servicePrincipals`, what a user is a member of |
//! | [`holders`] | `/contacts`, `/directory/administrativeUnits` |
//! | [`tenant`] | `/organization`, `/domains` |
//! | [`directory_sync`] | `/directory/onPremisesSynchronization` |
//! | [`roles`], [`role_assignment`] | `/roleManagement/directory` |
//! | [`pim`] | its schedules, `/policies`, `/identityGovernance/privilegedAccess/group` |
//! | [`conditional_access`] | `/identity/conditionalAccess/policies` |
//! | [`batch`] | `/$batch` |
//!
//! [`throttle`] keeps the limits; [`conditions`] is the place for replication delay and faults; [`replica`] answers what lags behind, and
//! [`broken`] what is cut.

/// The form of an HTTP date (RFC 9110 section 5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

pub mod answer;
pub mod assertion;
pub mod batch;
pub mod broken;
pub mod conditional_access;
pub mod conditions;
pub mod deleted;
pub mod delta;
pub mod directory_object;
pub mod directory_sync;
pub mod dispatch;
pub mod filter;
pub mod groups;
pub mod holders;
pub mod odata;
pub mod on_demand;
pub mod permission;
pub mod pim;
pub mod replica;
pub mod request;
pub mod role_assignment;
pub mod roles;
pub mod route;
pub mod sensitive;
pub mod server;
pub mod tenant;
pub mod throttle;
pub mod token;
pub mod tokens;
pub mod user_entity;
pub mod user_patch;
pub mod users;

#[cfg(test)]
mod tests;
