//! `/directory/onPremisesSynchronization`: the tenant's sync switches.
//!
//! Source: Graph v1.0 `onPremisesDirectorySynchronization` (its id is the tenant's id), "Microsoft Entra Connect Sync
//! service features".

use super::answer::{Answer, Object, Refusal, Reply};
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::Features;
use serde_json::{Value, json};

static ON_PREMISES_SYNC: EntityType = EntityType {
    name: "onPremisesDirectorySynchronization",
    properties: &[
        shown("id", Kind::Text, ""),
        shown("configuration", Kind::Object, ""),
        shown("features", Kind::Object, ""),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: false,
    is_directory_object: false,
    page: None,
};

const RESOURCE: Resource = Resource { entity: &ON_PREMISES_SYNC, context: "directory/onPremisesSynchronization" };

/// Switches that Graph has and matching does not depend on; they stay off in the lab.
const ALWAYS_OFF: [&str; 12] = [
    "bypassDirSyncOverridesEnabled",
    "cloudPasswordPolicyForPasswordSyncedUsersEnabled",
    "concurrentCredentialUpdateEnabled",
    "concurrentOrgIdProvisioningEnabled",
    "deviceWritebackEnabled",
    "directoryExtensionsEnabled",
    "fopeConflictResolutionEnabled",
    "groupWriteBackEnabled",
    "passwordWritebackEnabled",
    "unifiedGroupWritebackEnabled",
    "userForcePasswordChangeOnLogonEnabled",
    "userWritebackEnabled",
];

/// Switches that cannot be turned off again.
const PERMANENT: [&str; 4] = [
    "softMatchOnUpnEnabled",
    "synchronizeUpnForManagedUsersEnabled",
    "quarantineUponUpnConflictEnabled",
    "quarantineUponProxyAddressesConflictEnabled",
];

/// The switches that the world holds, by Graph's names.
fn switches(features: &mut Features) -> [(&'static str, &mut bool); 8] {
    let Features {
        block_soft_match_enabled,
        block_cloud_object_takeover_through_hard_match_enabled,
        soft_match_on_upn_enabled,
        allow_on_prem_update_of_on_premises_object_identifier_enabled,
        synchronize_upn_for_managed_users_enabled,
        password_sync_enabled,
        quarantine_upon_upn_conflict_enabled,
        quarantine_upon_proxy_addresses_conflict_enabled,
    } = features;
    [
        ("blockSoftMatchEnabled", block_soft_match_enabled),
        ("blockCloudObjectTakeoverThroughHardMatchEnabled", block_cloud_object_takeover_through_hard_match_enabled),
        ("softMatchOnUpnEnabled", soft_match_on_upn_enabled),
        (
            "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
            allow_on_prem_update_of_on_premises_object_identifier_enabled,
        ),
        ("synchronizeUpnForManagedUsersEnabled", synchronize_upn_for_managed_users_enabled),
        ("passwordSyncEnabled", password_sync_enabled),
        ("quarantineUponUpnConflictEnabled", quarantine_upon_upn_conflict_enabled),
        ("quarantineUponProxyAddressesConflictEnabled", quarantine_upon_proxy_addresses_conflict_enabled),
    ]
}

fn configuration(world: &World) -> Value {
    json!({
        "accidentalDeletionPrevention": {
            "synchronizationPreventionType": "enabledForCount",
            "alertThreshold": world.sync.deletion_threshold,
        },
    })
}

fn view(world: &World) -> Object {
    let mut features = world.entra.features.clone();
    let mut shown: Object = ALWAYS_OFF.iter().map(|name| ((*name).to_owned(), Value::Bool(false))).collect();
    shown.extend(switches(&mut features).map(|(name, on)| (name.to_owned(), Value::Bool(*on))));
    [
        ("id".to_owned(), json!(world.entra.tenant_id)),
        ("configuration".to_owned(), configuration(world)),
        ("features".to_owned(), Value::Object(shown)),
    ]
    .into_iter()
    .collect()
}

fn check_id(world: &World, id: &str) -> Result<(), Refusal> {
    let same = world.entra.tenant_id.to_string().eq_ignore_ascii_case(id);
    same.then_some(()).ok_or_else(|| Refusal::not_found(id))
}

/// `GET /directory/onPremisesSynchronization`: always one.
pub fn list(world: &World, request: &Request) -> Answer {
    RESOURCE.list(request, [world], |w| view(w), |w| w.entra.tenant_id.to_string())
}

/// `GET /directory/onPremisesSynchronization/{tenant id}`.
pub fn get(world: &World, request: &Request, id: &str) -> Answer {
    check_id(world, id)?;
    RESOURCE.single(request, view(world))
}

/// `PATCH /directory/onPremisesSynchronization/{tenant id}`: switches not named stay as they are.
pub fn patch(world: &mut World, request: &Request, id: &str) -> Answer {
    check_id(world, id)?;
    let mut features = world.entra.features.clone();
    let mut threshold = world.sync.deletion_threshold;
    for (name, value) in request.json_object()?.iter().filter(|(name, _)| !name.contains('@')) {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("features", Value::Object(wanted)) => {
                for (name, value) in wanted.iter().filter(|(name, _)| !name.contains('@')) {
                    set(&mut features, name, value)?;
                }
            }
            ("configuration", value) => threshold = read_threshold(value)?,
            _ => return Err(unknown(name)),
        }
    }
    world.entra.features = features;
    world.sync.deletion_threshold = threshold;
    Ok(Reply::no_content())
}

/// The threshold of accidental-delete prevention; the lab knows it as a count only.
fn read_threshold(configuration: &Value) -> Result<u32, Refusal> {
    let prevention = &configuration["accidentalDeletionPrevention"];
    if prevention["synchronizationPreventionType"].as_str().is_some_and(|kind| kind != "enabledForCount") {
        return Err(Refusal::not_in_the_lab("accidental-delete prevention other than enabledForCount"));
    }
    let threshold = prevention["alertThreshold"].as_u64().and_then(|n| u32::try_from(n).ok());
    threshold.ok_or_else(|| Refusal::odata("alertThreshold: a whole number is expected."))
}

fn unknown(name: &str) -> Refusal {
    Refusal::odata(format!(
        "The property '{name}' does not exist on type 'microsoft.graph.onPremisesDirectorySynchronization'."
    ))
}

fn set(features: &mut Features, name: &str, value: &Value) -> Result<(), Refusal> {
    let wanted = value.as_bool().ok_or_else(|| Refusal::odata(format!("{name}: a Boolean value is expected.")))?;
    if let Some(off) = ALWAYS_OFF.iter().find(|n| n.eq_ignore_ascii_case(name)) {
        return if wanted { Err(Refusal::not_in_the_lab(&format!("the feature {off}"))) } else { Ok(()) };
    }
    let Some((name, switch)) = switches(features).into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) else {
        return Err(unknown(name));
    };
    if *switch && !wanted && PERMANENT.contains(&name) {
        return Err(Refusal::bad_request(format!("{name} cannot be disabled once it is enabled.")));
    }
    *switch = wanted;
    Ok(())
}
