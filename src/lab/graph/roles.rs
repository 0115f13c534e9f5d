//! `/roleManagement/directory/roleDefinitions`.

use super::answer::{Answer, Object, Refusal};
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::RoleDefinition;
use serde_json::json;

/// `unifiedRoleDefinition`.
pub static ROLE_DEFINITION: EntityType = EntityType {
    name: "unifiedRoleDefinition",
    properties: &[
        shown("id", Kind::Text, "D----D---"),
        shown("description", Kind::Text, ""),
        shown("displayName", Kind::Text, "D----DD--"),
        shown("isBuiltIn", Kind::Bool, "D----D---"),
        shown("isEnabled", Kind::Bool, ""),
        shown("resourceScopes", Kind::Texts, ""),
        shown("rolePermissions", Kind::Objects, ""),
        shown("templateId", Kind::Text, ""),
        shown("version", Kind::Text, ""),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: true,
    is_directory_object: false,
    page: None,
};

const DEFINITIONS: Resource =
    Resource { entity: &ROLE_DEFINITION, context: "roleManagement/directory/roleDefinitions" };

/// A role definition as Graph shows it.
pub fn view(definition: &RoleDefinition) -> Object {
    let RoleDefinition { id, display_name, is_built_in } = definition;
    [
        ("id", json!(id)),
        ("displayName", json!(display_name)),
        ("isBuiltIn", json!(is_built_in)),
        ("isEnabled", json!(true)),
        ("resourceScopes", json!(["/"])),
        ("templateId", json!(id)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The definition with this id, compared without case.
pub fn find<'a>(world: &'a World, id: &str) -> Option<&'a RoleDefinition> {
    world.entra.role_definitions.iter().find(|d| d.id.as_str().eq_ignore_ascii_case(id))
}

/// `GET /roleManagement/directory/roleDefinitions`.
pub fn list(world: &World, request: &Request) -> Answer {
    DEFINITIONS.list(request, &world.entra.role_definitions, |d| view(d), |d| d.id.to_string())
}

/// `GET /roleManagement/directory/roleDefinitions/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    DEFINITIONS.single(request, view(find(world, id).ok_or_else(|| Refusal::not_found(id))?))
}
