//! What a request costs (Microsoft Graph, "Throttling limits", "Identity and access service limits").

use crate::lab::graph::request::Request;
use crate::lab::graph::route::Operation;
use axum::http::Method;

/// The cost of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Resource units.
    pub units: u32,
    /// Whether it spends one of the writes.
    pub write: bool,
}

/// What a request costs; one that leads nowhere (`None`) costs as any that the table does not list.
///
/// `$select` takes one off, `$top` below 20 too, `$expand` adds one; nothing costs less than one.
pub fn of(operation: Option<&Operation>, request: &Request) -> Cost {
    let base: u32 = match operation {
        Some(Operation::ListUsers | Operation::UsersDelta | Operation::MemberOf(_)) => 2,
        Some(Operation::ListGroupHolders(..)) => 3,
        _ => 1,
    };
    let has = |option: &str| u32::from(request.option(option).is_some_and(|value| !value.trim().is_empty()));
    let few = u32::from(request.option("$top").and_then(|top| top.parse::<u32>().ok()).is_some_and(|top| top < 20));
    let units = (base + has("$expand")).saturating_sub(has("$select") + few).max(1);
    Cost { units, write: request.method != Method::GET }
}
