//! `/roleManagement/directory/roleAssignments`.
//!
//! Sources: Graph v1.0 `unifiedRoleAssignment` ("Assign roles at different scopes"), "List", "Create", "Delete".

use super::answer::{Answer, Object, Refusal, Reply};
use super::groups::{GROUP, group};
use super::odata::collection::{Resource, embedded};
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use super::roles::{self, ROLE_DEFINITION};
use super::sensitive::check_role;
use super::user_entity::{self, USER};
use super::users::derived_uuid;
use crate::lab::world::World;
use crate::lab::world::cloud::{ActiveRole, CloudRoleAssignment, ScheduleId};
use crate::model::id::{AssignmentId, ObjectId, RoleDefinitionId};
use crate::model::role::{GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR};
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

/// An assignment as Graph shows it, with what `$expand` may ask for.
fn view(world: &World, assignment: &ActiveRole) -> Object {
    let ActiveRole { id, principal_id, role_definition_id, directory_scope, app_scope_id, condition, schedule: _ } =
        assignment;
    let definition =
        roles::find(world, role_definition_id.as_str()).map(|d| embedded(&ROLE_DEFINITION, roles::view(d)));
    [
        ("id", json!(id)),
        ("appScopeId", json!(app_scope_id)),
        ("condition", json!(condition)),
        ("directoryScopeId", json!(directory_scope)),
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
pub fn principal(world: &World, id: ObjectId) -> Option<Value> {
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

fn find<'a>(world: &'a World, id: &str) -> Result<ActiveRole<'a>, Refusal> {
    // The id is Base64: case tells ids apart.
    let mut active = world.entra.active_roles(world.clock);
    active.find(|a| a.id.as_str() == id).ok_or_else(|| Refusal::not_found(id))
}

/// `GET …/roleAssignments`: what is active now, in whatever way.
pub fn list(world: &World, request: &Request) -> Answer {
    ASSIGNMENTS.list(request, world.entra.active_roles(world.clock), |a| view(world, a), |a| a.id.to_string())
}

/// `GET …/roleAssignments/{id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    ASSIGNMENTS.single(request, view(world, &find(world, id)?))
}

/// `POST …/roleAssignments`.
pub fn create(world: &mut World, request: &Request) -> Answer {
    check_role(world, &ASSIGNERS)?;
    let wanted = read_body(world, request)?;
    let now = world.clock;
    let same = |a: ActiveRole| {
        a.principal_id == wanted.principal_id
            && *a.role_definition_id == wanted.role_definition_id
            && a.directory_scope == wanted.directory_scope()
            && a.app_scope_id == wanted.app_scope_id.as_deref()
    };
    if world.entra.active_roles(now).any(same) {
        return Err(Refusal::coded(
            "RoleAssignmentExists",
            "A conflicting object with one or more of the specified property values is present in the directory.",
        ));
    }
    let id = wanted.id.clone();
    let location = format!("{}/{}/{PATH}/{id}", request.root, request.version.segment());
    world.entra.role_assignments.push(wanted);
    let mut shown = view(world, &find(world, id.as_str())?);
    shown.retain(|name, _| name != "roleDefinition" && name != "principal");
    shown.insert("@odata.context".to_owned(), format!("{}#{PATH}/$entity", request.metadata()).into());
    Ok(Reply::created(shown, location))
}

/// Whether a role can be given to this object.
///
/// # Errors
/// 404; 400 for a group that no role can be assigned to.
pub fn check_holder(world: &World, id: ObjectId) -> Result<(), Refusal> {
    if principal(world, id).is_none() {
        return Err(Refusal::not_found(&id.to_string()));
    }
    if world.entra.groups.iter().any(|g| g.id == id && !g.is_assignable_to_role) {
        return Err(Refusal::bad_request(
            "The group cannot be assigned to a role: its property isAssignableToRole is not true.",
        ));
    }
    Ok(())
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
    check_holder(world, principal_id)?;
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
///
/// # Errors
/// 400 for no scope, 404 for what is not there.
pub fn check_scope(world: &World, scope: &str) -> Result<(), Refusal> {
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
pub fn new_id(world: &World, role: &RoleDefinitionId, principal: ObjectId, scope: &str) -> AssignmentId {
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

/// Whether a role may be taken away.
///
/// # Errors
/// 400 for a Global Administrator's own role and for the tenant's last Global Administrator.
pub fn check_removal(world: &World, doomed: &ActiveRole) -> Result<(), Refusal> {
    let entra = &world.entra;
    if !doomed.is_directory_wide(GLOBAL_ADMINISTRATOR) {
        return Ok(());
    }
    if doomed.principal_id == entra.caller.id {
        return Err(Refusal::bad_request("Removing self from Global Administrator built-in role is not allowed."));
    }
    let others = entra.active_roles(world.clock);
    let mut others = others.filter(|a| a.is_directory_wide(GLOBAL_ADMINISTRATOR) && a.id != doomed.id);
    let enabled = |id: ObjectId| entra.users.iter().any(|u| u.id == id && u.account_enabled);
    if others.any(|a| enabled(a.principal_id)) {
        return Ok(());
    }
    Err(Refusal::bad_request("The last Global Administrator of the directory cannot be removed from the role."))
}

/// Takes a role away, with PIM's row if it has one. Their ids are not given again.
pub fn remove(world: &mut World, id: &AssignmentId, schedule: Option<&ScheduleId>) {
    let cloud = &mut world.entra;
    if let Some(schedule) = schedule {
        cloud.role_assignment_schedules.retain(|s| s.id != *schedule);
        cloud.past_role_assignments.insert(AssignmentId(schedule.0.clone()));
    }
    cloud.role_assignments.retain(|a| a.id != *id);
    cloud.past_role_assignments.insert(id.clone());
}

/// `DELETE …/roleAssignments/{id}`.
///
/// # Errors
/// 404; or 400 for a Global Administrator's own role and for the tenant's last Global Administrator.
pub fn delete(world: &mut World, id: &str) -> Answer {
    check_role(world, &ASSIGNERS)?;
    let doomed = find(world, id)?;
    check_removal(world, &doomed)?;
    let (id, schedule) = (doomed.id.clone(), doomed.schedule.map(|s| s.id.clone()));
    remove(world, &id, schedule.as_ref());
    Ok(Reply::no_content())
}
