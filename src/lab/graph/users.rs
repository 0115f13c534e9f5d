//! `/users`, `/me`: reading users, their sync behaviour and their roles.

use super::answer::{Answer, Object, Refusal, Reply};
use super::directory_object;
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use super::user_entity::USER;
use crate::lab::world::World;
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::{Row, Table};
use crate::model::digest;
use serde_json::json;
use uuid::Uuid;

const USERS: Resource = Resource { entity: &USER, context: "users" };
const SYNC_BEHAVIOR: Resource = Resource { entity: &ON_PREMISES_SYNC_BEHAVIOR, context: "users" };

/// `onPremisesSyncBehavior`.
static ON_PREMISES_SYNC_BEHAVIOR: EntityType = EntityType {
    name: "onPremisesSyncBehavior",
    properties: &[shown("id", Kind::Text, ""), shown("isCloudManaged", Kind::Bool, "")],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: false,
    is_directory_object: false,
    page: None,
};

/// Where the user with this id or UPN is among the live users.
///
/// # Errors
/// 404.
pub fn position(users: &Table<CloudUser>, key: &str) -> Result<Row, Refusal> {
    let folded = key.to_lowercase();
    let found = users.find(CloudKey::Id, &folded).or_else(|| users.find(CloudKey::Upn, &folded));
    found.map(|(row, _)| row).ok_or_else(|| Refusal::not_found(key))
}

/// UPNs compare without case.
pub fn same_upn(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn find<'a>(world: &'a World, key: &str) -> Result<&'a CloudUser, Refusal> {
    position(&world.entra.users, key).map(|at| &world.entra.users[at])
}

/// `GET /users`.
pub fn list(world: &World, request: &Request) -> Answer {
    USERS.list_rows(request, &world.entra.users)
}

/// `GET /users/$count`.
pub fn count(world: &World, request: &Request) -> Answer {
    USERS.count_rows(request, &world.entra.users)
}

/// `GET /users/{id or UPN}`.
pub fn get(world: &World, request: &Request, key: &str) -> Answer {
    USERS.single_row(request, find(world, key)?)
}

/// `GET /me`: the signed-in user.
///
/// # Errors
/// 400 for a service principal, which is no user.
pub fn me(world: &World, request: &Request) -> Answer {
    if world.entra.caller.app_only {
        return Err(Refusal::odata("/me request is only valid with delegated authentication flow."));
    }
    get(world, request, &world.entra.caller.id.to_string())
}

/// `GET /users/{id}/onPremisesSyncBehavior`.
pub fn sync_behavior(world: &World, request: &Request, key: &str) -> Answer {
    let user = find(world, key)?;
    let object: Object =
        [("id".to_owned(), json!(user.id)), ("isCloudManaged".to_owned(), json!(user.is_cloud_managed))]
            .into_iter()
            .collect();
    SYNC_BEHAVIOR.single(request, object)
}

/// `PATCH /users/{id}/onPremisesSyncBehavior`: moves the source of authority.
///
/// Converted to the cloud: `onPremisesSyncEnabled` becomes null. Rolled back: it stays null until the next cycle takes
/// the user over. Source: "Configure User Source of Authority", state table.
pub fn set_sync_behavior(world: &mut World, request: &Request, key: &str) -> Answer {
    let at = position(&world.entra.users, key)?;
    let body = request.json_object()?;
    let unknown = body.keys().find(|k| !k.contains('@') && !k.eq_ignore_ascii_case("isCloudManaged"));
    if let Some(unknown) = unknown {
        return Err(Refusal::odata(format!(
            "The property '{unknown}' does not exist on type 'microsoft.graph.onPremisesSyncBehavior'."
        )));
    }
    let value = body.iter().find(|(k, _)| k.eq_ignore_ascii_case("isCloudManaged")).and_then(|(_, v)| v.as_bool());
    let managed = value.ok_or_else(|| Refusal::odata("isCloudManaged: a Boolean value is expected."))?;
    let user = &world.entra.users[at];
    let converts = managed && !user.is_cloud_managed;
    if converts && user.on_premises_sync_enabled != Some(true) {
        return Err(Refusal::bad_request(
            "Only an object that is synchronized from on-premises can be converted to cloud-managed.",
        ));
    }
    world.entra.users.update(at, |user| {
        if converts {
            user.on_premises_sync_enabled = None;
        }
        user.is_cloud_managed = managed;
    });
    Ok(Reply::no_content())
}

/// `GET /users/{id}/memberOf`.
pub fn member_of(world: &World, request: &Request, key: &str) -> Answer {
    directory_object::member_of(world, request, find(world, key)?)
}

/// A UUID (version 8, RFC 9562) that a text gives, the same each time.
pub fn derived_uuid(seed: &str) -> Uuid {
    let hash = digest::of_bytes(seed.as_bytes());
    let hex = hash.rsplit(':').next().and_then(|h| h.get(..32)).unwrap_or_default();
    // A SHA-256's first 32 hexadecimal digits always are a u128.
    let octets = u128::from_str_radix(hex, 16).unwrap_or_default().to_be_bytes();
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}
