//! Graph's JSON read into the model. Source: the v1.0 resource types of the Graph reference.
//!
//! What Graph always sends must be there; an object that cannot be read is an error that names its id, and never left
//! out. Empty strings mean the same as null.

use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use crate::model::address::ProxyAddress;
use crate::model::anchor::ImmutableId;
use crate::model::cloud::SyncFeature;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind, ProvisioningError};
use crate::model::id::{ObjectId, Sid, TenantId};
use crate::model::name::Upn;
use crate::model::profile::{Profile, ProfileAttribute};
use crate::model::tenant::{Domain, SyncFeatures};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The members of a user that linking looks at, besides its profile; without `$select` Graph sends few of them.
const USER: [&str; 16] = [
    "id",
    "userPrincipalName",
    "displayName",
    "givenName",
    "surname",
    "mail",
    "mailNickname",
    "proxyAddresses",
    "accountEnabled",
    "userType",
    "onPremisesImmutableId",
    "onPremisesSyncEnabled",
    "onPremisesSecurityIdentifier",
    "onPremisesLastSyncDateTime",
    "onPremisesProvisioningErrors",
    "deletedDateTime",
];

/// Everything that is read of a user.
pub fn user_members() -> Vec<&'static str> {
    USER.into_iter().chain(ProfileAttribute::ALL.iter().map(|attribute| attribute.graph_name())).collect()
}

/// The members of a group or contact.
pub const HOLDER: [&str; 5] = ["id", "displayName", "mail", "proxyAddresses", "onPremisesSyncEnabled"];

/// What a group has besides [`HOLDER`]: what keeps it from being matched.
pub const GROUP: [&str; 2] = ["isAssignableToRole", "groupTypes"];

/// Reads one JSON value; the error names what was read and the object's id.
pub fn from_json<T: DeserializeOwned>(value: Value, what: &str) -> Result<T, DirectoryError> {
    let id = value.get("id").and_then(Value::as_str).map(one_line);
    serde_json::from_value(value).map_err(|e| {
        let of = id.map(|id| format!(" (object {id})")).unwrap_or_default();
        DirectoryError::new(ErrorKind::Broken, what, format!("Graph's answer is not as documented{of}: {e}"))
    })
}

/// Reads all values of a collection.
pub fn all_from_json<W: DeserializeOwned, T>(
    values: Vec<Value>,
    what: &str,
    into: impl Fn(W) -> T,
) -> Result<Vec<T>, DirectoryError> {
    values.into_iter().map(|value| from_json(value, what).map(&into)).collect()
}

/// `null`, absent and `""` are all nothing.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// `null` is an empty list.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `null` is `false`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A `user`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireUser {
    id: ObjectId,
    user_principal_name: Upn,
    #[serde(default, deserialize_with = "text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    given_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    surname: Option<String>,
    #[serde(default, deserialize_with = "text")]
    mail: Option<String>,
    #[serde(default, deserialize_with = "text")]
    mail_nickname: Option<String>,
    #[serde(default, deserialize_with = "list")]
    proxy_addresses: Vec<ProxyAddress>,
    account_enabled: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    user_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    on_premises_immutable_id: Option<String>,
    on_premises_sync_enabled: Option<bool>,
    on_premises_security_identifier: Option<Sid>,
    on_premises_last_sync_date_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "list")]
    on_premises_provisioning_errors: Vec<WireProvisioningError>,
    deleted_date_time: Option<Timestamp>,
    #[serde(flatten)]
    profile: WireProfile,
}

/// The members of a user that describe a person: texts, or (`businessPhones`) a list with at most one.
#[derive(Deserialize)]
#[serde(try_from = "Map<String, Value>")]
struct WireProfile(Profile);

impl TryFrom<Map<String, Value>> for WireProfile {
    type Error = String;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let mut profile = Profile::new();
        for attribute in ProfileAttribute::ALL {
            let name = attribute.graph_name();
            let value = match members.get(name) {
                Some(Value::Array(values)) => values.first(),
                other => other,
            };
            match value {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(Value::String(text)) => {
                    profile.insert(*attribute, text.clone());
                }
                Some(_) => return Err(format!("{name} is no text")),
            }
        }
        Ok(Self(profile))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProvisioningError {
    category: Option<String>,
    property_causing_error: Option<String>,
    value: Option<String>,
    occurred_date_time: Option<Timestamp>,
}

impl From<WireUser> for EntraUser {
    fn from(user: WireUser) -> Self {
        let error = |e: WireProvisioningError| ProvisioningError {
            category: e.category,
            property: e.property_causing_error,
            value: e.value,
            occurred: e.occurred_date_time,
        };
        Self {
            id: user.id,
            upn: user.user_principal_name,
            display_name: user.display_name.map(Into::into),
            given_name: user.given_name.map(Into::into),
            surname: user.surname.map(Into::into),
            mail: user.mail,
            mail_nickname: user.mail_nickname.map(Into::into),
            proxy_addresses: user.proxy_addresses.into(),
            account_enabled: user.account_enabled,
            user_type: user.user_type.map(Into::into),
            immutable_id: user.on_premises_immutable_id.map(ImmutableId),
            sync_enabled: user.on_premises_sync_enabled,
            security_identifier: user.on_premises_security_identifier,
            last_sync: user.on_premises_last_sync_date_time,
            object_identifier: None,
            cloud_managed: None,
            provisioning_errors: user.on_premises_provisioning_errors.into_iter().map(error).collect(),
            profile: user.profile.0,
            deleted: user.deleted_date_time,
        }
    }
}

/// The one member of a beta `user` that v1.0 does not have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireObjectIdentifier {
    /// `id`.
    pub id: ObjectId,
    /// `onPremisesObjectIdentifier`.
    #[serde(default, deserialize_with = "text")]
    pub on_premises_object_identifier: Option<String>,
}

/// `onPremisesSyncBehavior`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireSyncBehavior {
    /// `isCloudManaged`.
    pub is_cloud_managed: Option<bool>,
}

/// A `group` or an `orgContact`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireHolder {
    id: ObjectId,
    #[serde(default, deserialize_with = "text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    mail: Option<String>,
    #[serde(default, deserialize_with = "list")]
    proxy_addresses: Vec<ProxyAddress>,
    #[serde(default, deserialize_with = "flag")]
    on_premises_sync_enabled: bool,
    #[serde(default, deserialize_with = "flag")]
    is_assignable_to_role: bool,
    #[serde(default, deserialize_with = "list")]
    group_types: Vec<String>,
}

impl WireHolder {
    /// As the model has it.
    pub fn of_kind(self, kind: HolderKind) -> AddressHolder {
        let Self { id, display_name, mail, proxy_addresses, .. } = self;
        AddressHolder {
            kind,
            id,
            display_name,
            mail,
            proxy_addresses: proxy_addresses.into(),
            synced: self.on_premises_sync_enabled,
            assignable_to_role: self.is_assignable_to_role,
            microsoft_365: self.group_types.iter().any(|one| one == "Unified"),
        }
    }
}

/// An `organization`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireOrganization {
    /// `id`: the tenant's.
    pub id: TenantId,
    /// `displayName`.
    #[serde(default, deserialize_with = "text")]
    pub display_name: Option<String>,
    /// `onPremisesSyncEnabled`.
    pub on_premises_sync_enabled: Option<bool>,
    /// `onPremisesLastSyncDateTime`.
    pub on_premises_last_sync_date_time: Option<Timestamp>,
}

/// A `domain`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireDomain {
    id: String,
    #[serde(default, deserialize_with = "text")]
    authentication_type: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    is_verified: bool,
    #[serde(default, deserialize_with = "flag")]
    is_initial: bool,
    #[serde(default, deserialize_with = "flag")]
    is_default: bool,
}

impl From<WireDomain> for Domain {
    fn from(domain: WireDomain) -> Self {
        Self {
            name: domain.id,
            verified: domain.is_verified,
            federated: domain.authentication_type.is_some_and(|kind| kind.eq_ignore_ascii_case("Federated")),
            initial: domain.is_initial,
            default: domain.is_default,
        }
    }
}

/// An `onPremisesDirectorySynchronization`.
#[derive(Deserialize)]
pub struct WireSynchronization {
    id: String,
    #[serde(default)]
    features: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    configuration: Option<WireConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireConfiguration {
    #[serde(default)]
    accidental_deletion_prevention: Option<WireDeletionPrevention>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDeletionPrevention {
    #[serde(default)]
    synchronization_prevention_type: Option<String>,
    #[serde(default)]
    alert_threshold: Option<u32>,
}

/// What is read of the tenant's directory synchronization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synchronization {
    /// The features that decide about matching, if Graph sent any.
    pub features: Option<SyncFeatures>,
    /// Every switch that Graph sent; null is off.
    pub switches: BTreeMap<SyncFeature, bool>,
    /// How many deletions one cycle may export, where that is limited by a number.
    pub deletion_threshold: Option<u32>,
}

impl WireSynchronization {
    /// Its id, and what is read of it.
    pub fn read(self) -> (String, Synchronization) {
        let features = self.features.unwrap_or_default();
        let read = |feature: &SyncFeature| features.get(feature.name()).map(|on| (*feature, on == true));
        let switches: BTreeMap<SyncFeature, bool> = SyncFeature::ALL.iter().filter_map(read).collect();
        let on = |feature| switches.get(&feature).copied().unwrap_or_default();
        let matching = SyncFeatures {
            block_soft_match: on(SyncFeature::BlockSoftMatch),
            block_hard_match: on(SyncFeature::BlockCloudObjectTakeoverThroughHardMatch),
            soft_match_on_upn: on(SyncFeature::SoftMatchOnUpn),
            allow_object_identifier_update: on(SyncFeature::AllowOnPremUpdateOfOnPremisesObjectIdentifier),
            synchronize_upn_for_managed_users: on(SyncFeature::SynchronizeUpnForManagedUsers),
            password_sync: on(SyncFeature::PasswordSync),
        };
        let prevention = self.configuration.and_then(|found| found.accidental_deletion_prevention);
        let counted = prevention.filter(|found| {
            found
                .synchronization_prevention_type
                .as_deref()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("enabledForCount"))
        });
        let found = Synchronization {
            features: (!switches.is_empty()).then_some(matching),
            deletion_threshold: counted.and_then(|found| found.alert_threshold),
            switches,
        };
        (self.id, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // rule: 2-open-category
    #[test]
    fn an_unknown_category_is_kept_as_it_came() {
        let value = json!({
            "id": "11111111-2222-3333-4444-555555555555", "userPrincipalName": "jane@contoso.com",
            "onPremisesProvisioningErrors": [{"category": "MatchedWithSoftmatch", "propertyCausingError": "SipAddress"}],
        });
        let user: EntraUser = from_json::<WireUser>(value, "read users").unwrap().into();
        let error = &user.provisioning_errors[0];
        assert_eq!(error.category.as_deref(), Some("MatchedWithSoftmatch"));
        assert_eq!(error.property.as_deref(), Some("SipAddress"));
    }

    #[test]
    fn nulls_and_empty_strings_are_nothing() {
        let value = json!({
            "id": "11111111-2222-3333-4444-555555555555", "userPrincipalName": "jane@contoso.com",
            "mail": "", "proxyAddresses": null, "onPremisesImmutableId": null, "onPremisesSyncEnabled": null,
            "onPremisesProvisioningErrors": [{"category": "PropertyConflict", "propertyCausingError": "ProxyAddress",
                "value": "SMTP:a@x", "occurredDateTime": "2026-08-13T21:24:28.1234567Z"}],
            "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1106", "unknownMember": 1
        });
        let user: EntraUser = from_json::<WireUser>(value, "read users").unwrap().into();
        assert_eq!((user.mail, user.immutable_id, user.proxy_addresses.len()), (None, None, 0));
        assert_eq!(user.provisioning_errors[0].property.as_deref(), Some("ProxyAddress"));
        assert_eq!(user.security_identifier.unwrap().to_string(), "S-1-5-21-1-2-3-1106");
    }

    #[test]
    fn a_profile_has_what_is_said_and_its_one_telephone() {
        let read = |profile: Value| {
            let mut value = json!({"id": "11111111-2222-3333-4444-555555555555", "userPrincipalName": "j@x"});
            value.as_object_mut().unwrap().extend(profile.as_object().unwrap().clone());
            from_json::<WireUser>(value, "read users").map(|user| EntraUser::from(user).profile)
        };
        let profile =
            read(json!({"jobTitle": "Engineer", "city": "", "state": null, "businessPhones": ["+1 2"]})).unwrap();
        let expected = [(ProfileAttribute::JobTitle, "Engineer"), (ProfileAttribute::Telephone, "+1 2")];
        assert_eq!(profile, expected.map(|(attribute, value)| (attribute, value.to_owned())).into());
        assert!(read(json!({"businessPhones": []})).unwrap().is_empty());
        assert!(read(json!({"department": 7})).err().unwrap().detail.contains("department"));
    }

    #[test]
    fn an_object_that_cannot_be_read_is_named() {
        let value = json!({"id": "11111111-2222-3333-4444-555555555555", "userPrincipalName": 7});
        let error = from_json::<WireUser>(value, "read users").err().unwrap();
        assert_eq!(error.kind, ErrorKind::Broken);
        assert!(error.detail.contains("11111111-2222"), "{error}");
    }
}
