//! `/identity/conditionalAccess/policies`: which policies name which users and groups.
//!
//! Source: Graph v1.0 "List policies" and "conditionalAccessPolicy resource type".

use super::answer::{Answer, Object, Refusal};
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::ConditionalAccessPolicy;
use serde_json::json;

static POLICY: EntityType = EntityType {
    name: "conditionalAccessPolicy",
    properties: &[
        shown("id", Kind::Text, "D--------"),
        shown("templateId", Kind::Text, ""),
        shown("displayName", Kind::Text, "D-----D--"),
        shown("createdDateTime", Kind::Date, ""),
        shown("modifiedDateTime", Kind::Date, ""),
        shown("state", Kind::Text, "D--------"),
        shown("sessionControls", Kind::Object, ""),
        shown("conditions", Kind::Object, ""),
        shown("grantControls", Kind::Object, ""),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: true,
    is_directory_object: false,
    page: Some(100),
};

const POLICIES: Resource = Resource { entity: &POLICY, context: "identity/conditionalAccess/policies" };

fn view(policy: &ConditionalAccessPolicy) -> Object {
    let ConditionalAccessPolicy { id, display_name, state, conditions } = policy;
    let mut users = json!(conditions.users);
    users["includeRoles"] = json!([]);
    users["excludeRoles"] = json!([]);
    [
        ("id", json!(id)),
        ("displayName", json!(display_name)),
        ("state", json!(state)),
        ("conditions", json!({ "users": users, "clientAppTypes": ["all"] })),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// `GET /identity/conditionalAccess/policies`.
pub fn list(world: &World, request: &Request) -> Answer {
    POLICIES.list(request, &world.entra.conditional_access_policies, |p| view(p), |p| p.id.to_string())
}

/// `GET /identity/conditionalAccess/policies/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    let mut all = world.entra.conditional_access_policies.iter();
    let found = all.find(|p| p.id.to_string().eq_ignore_ascii_case(id)).ok_or_else(|| Refusal::not_found(id))?;
    POLICIES.single(request, view(found))
}
