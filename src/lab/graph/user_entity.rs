//! `user`: its properties, and a world's user as Graph shows it.
//!
//! Names and kinds: Graph's v1.0 metadata. Filters: Microsoft Graph, "user resource type" and "Advanced query capabilities
//! on Microsoft Entra ID objects". Two cells follow the service rather than the table: `onPremisesImmutableId eq` works
//! without an advanced query, and so does `onPremisesSyncEnabled eq null`.

use super::answer::Object;
use super::odata::entity::{EntityType, Kind, Level, Property, asked, shown};
use super::odata::rows::Held;
use crate::lab::world::cloud::{CloudProvisioningError, CloudUser};
use serde_json::{Value, json};

/// `user`.
pub static USER: EntityType = EntityType {
    name: "user",
    properties: PROPERTIES,
    beta_properties: &[asked("onPremisesObjectIdentifier", Kind::Text, "---------")],
    order: &[
        ("displayName", Level::Default),
        ("userPrincipalName", Level::Default),
        ("createdDateTime", Level::Advanced),
        ("deletedDateTime", Level::Advanced),
    ],
    expand: &[],
    has_filter: true,
    is_directory_object: true,
    page: Some(100),
};

/// Columns: `eq ne not ge le in startsWith null endsWith`.
const PROPERTIES: &[Property] = &[
    shown("id", Kind::Text, "DAA--D---"),
    asked("deletedDateTime", Kind::Date, "DAADDA---"),
    asked("aboutMe", Kind::Text, "---------"),
    asked("accountEnabled", Kind::Bool, "DAAAAD---"),
    asked("ageGroup", Kind::Text, "DAA--D---"),
    asked("assignedLicenses", Kind::Objects, "---------"),
    asked("assignedPlans", Kind::Objects, "---------"),
    asked("authorizationInfo", Kind::Object, "---------"),
    asked("birthday", Kind::Date, "---------"),
    shown("businessPhones", Kind::Texts, "DAAAA-A--"),
    asked("city", Kind::Text, "DAADADDA-"),
    asked("companyName", Kind::Text, "AAAAAAAA-"),
    asked("consentProvidedForMinor", Kind::Text, "DAA--D---"),
    asked("country", Kind::Text, "DAADDDDA-"),
    asked("createdDateTime", Kind::Date, "DAADDA---"),
    asked("creationType", Kind::Text, "DAA--D---"),
    asked("customSecurityAttributes", Kind::Object, "---------"),
    asked("department", Kind::Text, "DAADDDDA-"),
    asked("deviceEnrollmentLimit", Kind::Int, "---------"),
    shown("displayName", Kind::Text, "DAAAADDA-"),
    asked("employeeHireDate", Kind::Date, "AAAAAA---"),
    asked("employeeId", Kind::Text, "DAAAAADA-"),
    asked("employeeLeaveDateTime", Kind::Date, "AAAAAA---"),
    asked("employeeOrgData", Kind::Object, "---------"),
    asked("employeeType", Kind::Text, "AAAAAAA--"),
    asked("externalUserState", Kind::Text, "AAA--A---"),
    asked("externalUserStateChangeDateTime", Kind::Date, "AAA--A---"),
    asked("faxNumber", Kind::Text, "AAAAAAAA-"),
    shown("givenName", Kind::Text, "DAADDDDA-"),
    asked("hireDate", Kind::Date, "---------"),
    asked("identities", Kind::Objects, "---------"),
    asked("identityParentId", Kind::Text, "---------"),
    asked("imAddresses", Kind::Texts, "DAADD-D--"),
    asked("interests", Kind::Texts, "---------"),
    asked("isManagementRestricted", Kind::Bool, "---------"),
    asked("isResourceAccount", Kind::Bool, "DAA------"),
    shown("jobTitle", Kind::Text, "DAADDDAA-"),
    asked("lastPasswordChangeDateTime", Kind::Date, "---------"),
    asked("legalAgeGroupClassification", Kind::Text, "---------"),
    asked("licenseAssignmentStates", Kind::Objects, "---------"),
    shown("mail", Kind::Text, "DAADDDDAA"),
    asked("mailNickname", Kind::Text, "DAADDDDA-"),
    asked("mailboxSettings", Kind::Object, "---------"),
    shown("mobilePhone", Kind::Text, "AAAAAAAA-"),
    asked("mySite", Kind::Text, "---------"),
    shown("officeLocation", Kind::Text, "AAAAAAAA-"),
    asked("onPremisesDistinguishedName", Kind::Text, "---------"),
    asked("onPremisesDomainName", Kind::Text, "---------"),
    asked("onPremisesExtensionAttributes", Kind::Object, "---------"),
    asked("onPremisesImmutableId", Kind::Text, "DAAAAA-A-"),
    asked("onPremisesLastSyncDateTime", Kind::Date, "AAAAAA---"),
    asked("onPremisesProvisioningErrors", Kind::Objects, "---------"),
    asked("onPremisesSamAccountName", Kind::Text, "AAAAAAA--"),
    asked("onPremisesSecurityIdentifier", Kind::Text, "DAA--D-A-"),
    asked("onPremisesSyncEnabled", Kind::Bool, "DAAAAD-D-"),
    asked("onPremisesUserPrincipalName", Kind::Text, "DAADDDD--"),
    asked("otherMails", Kind::Texts, "DAADDDD-A"),
    asked("passwordPolicies", Kind::Text, "AAA----A-"),
    asked("passwordProfile", Kind::Object, "---------"),
    asked("pastProjects", Kind::Texts, "---------"),
    asked("postalCode", Kind::Text, "AAAAAAAA-"),
    asked("preferredDataLocation", Kind::Text, "---------"),
    shown("preferredLanguage", Kind::Text, "AAAAAAAA-"),
    asked("preferredName", Kind::Text, "---------"),
    asked("print", Kind::Object, "---------"),
    asked("provisionedPlans", Kind::Objects, "---------"),
    asked("proxyAddresses", Kind::Texts, "DAADD-DAA"),
    asked("responsibilities", Kind::Texts, "---------"),
    asked("schools", Kind::Texts, "---------"),
    asked("securityIdentifier", Kind::Text, "---------"),
    asked("serviceProvisioningErrors", Kind::Objects, "---------"),
    asked("showInAddressList", Kind::Bool, "AAAAAA---"),
    asked("signInActivity", Kind::Object, "---------"),
    asked("signInSessionsValidFromDateTime", Kind::Date, "---------"),
    asked("skills", Kind::Texts, "---------"),
    asked("state", Kind::Text, "DAADDDDA-"),
    asked("streetAddress", Kind::Text, "AAAAAAAA-"),
    shown("surname", Kind::Text, "DAADDDDA-"),
    asked("usageLocation", Kind::Text, "DAADDDDA-"),
    shown("userPrincipalName", Kind::Text, "DAAADDD-A"),
    asked("userType", Kind::Text, "DAA--D-A-"),
];

/// The members that a world's user has besides its profile.
const HELD: [&str; 21] = [
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
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesSamAccountName",
    "onPremisesUserPrincipalName",
    "onPremisesLastSyncDateTime",
    "onPremisesObjectIdentifier",
    "onPremisesProvisioningErrors",
    "deletedDateTime",
];

/// The user as Graph shows it. What the world does not hold (licences, …) is null or empty there.
pub fn view(user: &CloudUser) -> Object {
    let profile = user.profile.keys().map(String::as_str);
    let all = HELD.into_iter().chain(profile);
    all.filter_map(|name| Some((name.to_owned(), property(user, name)?))).collect()
}

/// One member of the user as Graph shows it; `None` for one that the world does not hold.
pub fn property(user: &CloudUser, name: &str) -> Option<Value> {
    Some(match name {
        "id" => json!(user.id),
        "userPrincipalName" => json!(user.user_principal_name),
        "displayName" => json!(user.display_name),
        "givenName" => json!(user.given_name),
        "surname" => json!(user.surname),
        "mail" => json!(user.mail),
        "mailNickname" => json!(user.mail_nickname),
        "proxyAddresses" => json!(user.proxy_addresses),
        "accountEnabled" => json!(user.account_enabled),
        "userType" => json!(user.user_type),
        "onPremisesImmutableId" => json!(user.on_premises_immutable_id),
        "onPremisesSyncEnabled" => json!(user.on_premises_sync_enabled),
        "onPremisesSecurityIdentifier" => json!(user.on_premises_security_identifier),
        "onPremisesDistinguishedName" => json!(user.on_premises_distinguished_name),
        "onPremisesDomainName" => json!(user.on_premises_domain_name),
        "onPremisesSamAccountName" => json!(user.on_premises_sam_account_name),
        "onPremisesUserPrincipalName" => json!(user.on_premises_user_principal_name),
        "onPremisesLastSyncDateTime" => json!(user.on_premises_last_sync_date_time),
        "onPremisesObjectIdentifier" => json!(user.on_premises_object_identifier),
        "onPremisesProvisioningErrors" => {
            user.on_premises_provisioning_errors.iter().map(provisioning_error).collect::<Vec<_>>().into()
        }
        "deletedDateTime" => json!(user.deleted_date_time),
        _ => described(name, user.profile.get(name)?),
    })
}

impl Held for CloudUser {
    fn property(&self, name: &str) -> Option<Value> {
        property(self, name)
    }
}

/// A value that describes a person; the one telephone number is a list of one to Graph.
fn described(name: &str, value: &str) -> Value {
    if name == "businessPhones" { json!([value]) } else { json!(value) }
}

fn provisioning_error(error: &CloudProvisioningError) -> Value {
    let CloudProvisioningError { category, occurred_date_time, property_causing_error, value } = error;
    json!({
        "category": category,
        "occurredDateTime": occurred_date_time,
        "propertyCausingError": property_causing_error,
        "value": value,
    })
}
