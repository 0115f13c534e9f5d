//! `/roleManagement/directory/roleAssignments`.
//!
//! Sources: Graph v1.0 `unifiedRoleAssignment` ("Assign roles at different scopes"), "List", "Create", "Delete".

use super::answer::{Answer, Object, Refusal, Reply};
use super::holders::{GROUP, group};
use super::odata::collection::{Resource, embedded};
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use super::roles::{self, ROLE_DEFINITION};
use super::sensitive::{PRIVILEGED_ROLE_ADMINISTRATOR, check_role};
use super::user_entity::{self, USER};
use super::users::derived_uuid;
use crate::lab::world::World;
use crate::lab::world::cloud::CloudRoleAssignment;
use crate::model::id::{AssignmentId, ObjectId, RoleDefinitionId};
use crate::model::role::GLOBAL_ADMINISTRATOR;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

/// `unifiedRoleAssignment`.
static ROLE_ASSIGNMENT: EntityType = EntityType {
    name: "unifiedRoleAssignment",
    properties: &[
        shown("id", Kind::Text, "D----D---"),
        shown("appScopeId", Kind::Text, "D----D---"),
        shown("condition", Kind::Text, ""),
        shown("directoryScopeId", Kind::Text, "D----D---"),
        shown("principalId", Kind::Text, "D----D---"),
        shown("principalOrganizationId", Kind::Text, ""),
        shown("roleDefinitionId", Kind::Text, "D----D---"),
    ],
    beta_properties: &[],
    order: &[],
    expand: &["roleDefinition", "principal"],
    has_filter: true,
    is_directory_object: false,
    page: Some(100),
};

const PATH: &str = "roleManagement/directory/roleAssignments";
const ASSIGNMENTS: Resource = Resource { entity: &ROLE_ASSIGNMENT, context: PATH };

/// Roles that let a person assign roles.
const ASSIGNERS: [&str; 2] = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR];

/// Where an assignment holds in the directory; a world's file may leave out `/`.
pub fn directory_scope(assignment: &CloudRoleAssignment) -> Option<&str> {
    let whole = assignment.app_scope_id.is_none().then_some("/");
    assignment.directory_scope_id.as_deref().or(whole)
}

/// An assignment as Graph shows it, with what `$expand` may ask for.
fn view(world: &World, assignment: &CloudRoleAssignment) -> Object {
    let CloudRoleAssignment { id, principal_id, role_definition_id, directory_scope_id: _, app_scope_id, condition } =
        assignment;
    let definition =
        roles::find(world, role_definition_id.as_str()).map(|d| embedded(&ROLE_DEFINITION, roles::view(d)));
    [
        ("id", json!(id)),
        ("appScopeId", json!(app_scope_id)),
        ("condition", json!(condition)),
        ("directoryScopeId", json!(directory_scope(assignment))),
        ("principalId", json!(principal_id)),
        ("principalOrganizationId", json!(world.entra.tenant_id)),
        ("roleDefinitionId", json!(role_definition_id)),
        ("roleDefinition", json!(definition)),
        ("principal", principal(world, *principal_id).unwrap_or(Value::Null)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Who holds a role: a user, a group, or the application that calls.
fn principal(world: &World, id: ObjectId) -> Option<Value> {
    let entra = &world.entra;
    let user = entra.users.iter().find(|u| u.id == id).map(|u| embedded(&USER, user_entity::view(u)));
    let group = || entra.groups.iter().find(|g| g.id == id).map(|g| embedded(&GROUP, group(g)));
    let application = || {
        (entra.caller.app_only && entra.caller.id == id).then(|| {
            json!({
                "@odata.type": "#microsoft.graph.servicePrincipal",
                "id": id,
                "displayName": entra.caller.display_name,
            })
        })
    };
    user.or_else(group).or_else(application)
}

fn position(world: &World, id: &str) -> Result<usize, Refusal> {
    // The id is Base64: case tells ids apart.
    world.entra.role_assignments.iter().position(|a| a.id.as_str() == id).ok_or_else(|| Refusal::not_found(id))
}

/// `GET …/roleAssignments`.
pub fn list(world: &World, request: &Request) -> Answer {
    ASSIGNMENTS.list(request, &world.entra.role_assignments, |a| view(world, a), |a| a.id.to_string())
}

/// `GET …/roleAssignments/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    ASSIGNMENTS.single(request, view(world, &world.entra.role_assignments[position(world, id)?]))
}

/// `POST …/roleAssignments`.
pub fn create(world: &mut World, request: &Request) -> Answer {
    check_role(world, &ASSIGNERS)?;
    let wanted = read_body(world, request)?;
    let same = |a: &CloudRoleAssignment| {
        a.principal_id == wanted.principal_id
            && a.role_definition_id == wanted.role_definition_id
            && directory_scope(a) == directory_scope(&wanted)
            && a.app_scope_id == wanted.app_scope_id
    };
    if world.entra.role_assignments.iter().any(same) {
        return Err(Refusal::coded(
            "RoleAssignmentExists",
            "A conflicting object with one or more of the specified property values is present in the directory.",
        ));
    }
    let location = format!("{}/{}/{PATH}/{}", request.root, request.version.segment(), wanted.id);
    let mut shown = view(world, &wanted);
    shown.retain(|name, _| name != "roleDefinition" && name != "principal");
    shown.insert("@odata.context".to_owned(), format!("{}#{PATH}/$entity", request.metadata()).into());
    world.entra.role_assignments.push(wanted);
    Ok(Reply::created(shown, location))
}

/// The assignment that a body asks for, with a new id.
fn read_body(world: &World, request: &Request) -> Result<CloudRoleAssignment, Refusal> {
    let body = request.json_object()?;
    for name in body.keys().filter(|n| !n.contains('@')) {
        if ROLE_ASSIGNMENT.property(name, request.version).is_none() {
            return Err(Refusal::odata(format!(
                "The property '{name}' does not exist on type 'microsoft.graph.unifiedRoleAssignment'. Make sure to only \
                 use property names that are defined by the type."
            )));
        }
    }
    let text = |name: &str| match body.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::bad_request(format!("Invalid value specified for property '{name}'."))),
    };
    let required =
        |name: &str| text(name)?.ok_or_else(|| Refusal::bad_request(format!("The property '{name}' is required.")));

    let role = required("roleDefinitionId")?;
    let definition = roles::find(world, &role)
        .ok_or_else(|| Refusal::bad_request(format!("The role definition '{role}' does not exist.")))?;
    let holder = required("principalId")?;
    let principal_id: ObjectId = holder.parse().map_err(|_| Refusal::bad_request("The principalId is not a GUID."))?;
    if principal(world, principal_id).is_none() {
        return Err(Refusal::not_found(&holder));
    }
    let (directory_scope_id, app_scope_id) = (text("directoryScopeId")?, text("appScopeId")?);
    if directory_scope_id.is_some() == app_scope_id.is_some() {
        return Err(Refusal::bad_request("Exactly one of directoryScopeId and appScopeId must be specified."));
    }
    if let Some(scope) = &directory_scope_id {
        check_scope(world, scope)?;
    }
    let scope = directory_scope_id.as_deref().or(app_scope_id.as_deref()).unwrap_or_default();
    Ok(CloudRoleAssignment {
        id: new_id(world, &definition.id, principal_id, scope),
        principal_id,
        role_definition_id: definition.id.clone(),
        directory_scope_id,
        app_scope_id,
        condition: text("condition")?,
    })
}

/// A scope is the directory, an administrative unit, or one object.
fn check_scope(world: &World, scope: &str) -> Result<(), Refusal> {
    let entra = &world.entra;
    let invalid = || Refusal::bad_request(format!("The directoryScopeId '{scope}' is invalid."));
    let path = scope.strip_prefix('/').ok_or_else(invalid)?;
    let exists = match path.split('/').collect::<Vec<_>>().as_slice() {
        [""] => true,
        [kind, id] if kind.eq_ignore_ascii_case("administrativeUnits") => {
            let id: ObjectId = id.parse().map_err(|_| invalid())?;
            entra.administrative_units.iter().any(|u| u.id == id)
        }
        [id] => {
            let id: ObjectId = id.parse().map_err(|_| invalid())?;
            principal(world, id).is_some()
        }
        _ => return Err(invalid()),
    };
    if exists { Ok(()) } else { Err(Refusal::not_found(path.rsplit('/').next().unwrap_or(path))) }
}

/// A new id in Entra's form: the role's octets and sixteen more, in Base64, and `-1`.
///
/// The sixteen come from what is granted, and from how often that was granted and removed before: a role that comes back
/// has another id, and the same story gives the same ids in every run, in whatever order requests arrive.
fn new_id(world: &World, role: &RoleDefinitionId, principal: ObjectId, scope: &str) -> AssignmentId {
    let id = |time: u32| {
        let mut octets = Uuid::parse_str(role.as_str()).unwrap_or_default().to_bytes_le().to_vec();
        octets.extend_from_slice(derived_uuid(&format!("{role}/{principal}/{scope}/{time}")).as_bytes());
        AssignmentId(format!("{}-1", URL_SAFE_NO_PAD.encode(octets)))
    };
    let mut time = 0;
    while world.entra.past_role_assignments.contains(&id(time)) {
        time += 1;
    }
    id(time)
}

/// `DELETE …/roleAssignments/{id}`.
///
/// # Errors
/// 404; or 400 for a Global Administrator's own role and for the tenant's last Global Administrator.
pub fn delete(world: &mut World, id: &str) -> Answer {
    check_role(world, &ASSIGNERS)?;
    let at = position(world, id)?;
    let is_global = |a: &CloudRoleAssignment| {
        a.role_definition_id.as_str().eq_ignore_ascii_case(GLOBAL_ADMINISTRATOR) && directory_scope(a) == Some("/")
    };
    let entra = &world.entra;
    let doomed = &entra.role_assignments[at];
    if is_global(doomed) {
        if doomed.principal_id == entra.caller.id {
            return Err(Refusal::bad_request("Removing self from Global Administrator built-in role is not allowed."));
        }
        let others = entra.role_assignments.iter().filter(|a| is_global(a) && a.id != doomed.id);
        let enabled = |id: ObjectId| entra.users.iter().any(|u| u.id == id && u.account_enabled);
        if !others.map(|a| a.principal_id).any(enabled) {
            return Err(Refusal::bad_request(
                "The last Global Administrator of the directory cannot be removed from the role.",
            ));
        }
    }
    let gone = world.entra.role_assignments.remove(at);
    world.entra.past_role_assignments.insert(gone.id);
    Ok(Reply::no_content())
}
