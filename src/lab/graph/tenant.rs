//! `/organization` and `/domains`.

use super::answer::{Answer, Object, Refusal};
use super::odata::collection::Resource;
use super::odata::entity::{EntityType, Kind, shown};
use super::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::CloudDomain;
use serde_json::{Value, json};

/// `organization`.
pub static ORGANIZATION: EntityType = EntityType {
    name: "organization",
    properties: &[
        shown("id", Kind::Text, ""),
        shown("deletedDateTime", Kind::Date, ""),
        shown("assignedPlans", Kind::Objects, ""),
        shown("businessPhones", Kind::Texts, ""),
        shown("city", Kind::Text, ""),
        shown("country", Kind::Text, ""),
        shown("countryLetterCode", Kind::Text, ""),
        shown("createdDateTime", Kind::Date, ""),
        shown("defaultUsageLocation", Kind::Text, ""),
        shown("displayName", Kind::Text, ""),
        shown("marketingNotificationEmails", Kind::Texts, ""),
        shown("onPremisesLastSyncDateTime", Kind::Date, ""),
        shown("onPremisesSyncEnabled", Kind::Bool, ""),
        shown("partnerTenantType", Kind::Text, ""),
        shown("postalCode", Kind::Text, ""),
        shown("preferredLanguage", Kind::Text, ""),
        shown("privacyProfile", Kind::Object, ""),
        shown("provisionedPlans", Kind::Objects, ""),
        shown("securityComplianceNotificationMails", Kind::Texts, ""),
        shown("securityComplianceNotificationPhones", Kind::Texts, ""),
        shown("state", Kind::Text, ""),
        shown("street", Kind::Text, ""),
        shown("technicalNotificationMails", Kind::Texts, ""),
        shown("tenantType", Kind::Text, ""),
        shown("verifiedDomains", Kind::Objects, ""),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: false,
    is_directory_object: false,
    page: None,
};

/// `domain`.
pub static DOMAIN: EntityType = EntityType {
    name: "domain",
    properties: &[
        shown("id", Kind::Text, ""),
        shown("authenticationType", Kind::Text, ""),
        shown("availabilityStatus", Kind::Text, ""),
        shown("isAdminManaged", Kind::Bool, ""),
        shown("isDefault", Kind::Bool, ""),
        shown("isInitial", Kind::Bool, ""),
        shown("isRoot", Kind::Bool, ""),
        shown("isVerified", Kind::Bool, ""),
        shown("manufacturer", Kind::Text, ""),
        shown("model", Kind::Text, ""),
        shown("passwordNotificationWindowInDays", Kind::Int, ""),
        shown("passwordValidityPeriodInDays", Kind::Int, ""),
        shown("state", Kind::Object, ""),
        shown("supportedServices", Kind::Texts, ""),
    ],
    beta_properties: &[],
    order: &[],
    expand: &[],
    has_filter: false,
    is_directory_object: false,
    page: None,
};

const ORGANIZATIONS: Resource = Resource { entity: &ORGANIZATION, context: "organization" };
const DOMAINS: Resource = Resource { entity: &DOMAIN, context: "domains" };

fn organization(world: &World) -> Object {
    let entra = &world.entra;
    let verified: Vec<Value> = entra
        .domains
        .iter()
        .filter(|d| d.is_verified)
        .map(|d| {
            json!({
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": d.is_default,
                "isInitial": d.is_initial,
                "name": d.id,
                "type": d.authentication_type,
            })
        })
        .collect();
    [
        ("id", json!(entra.tenant_id)),
        ("displayName", json!(entra.display_name)),
        ("onPremisesSyncEnabled", json!(entra.on_premises_sync_enabled)),
        ("onPremisesLastSyncDateTime", json!(entra.on_premises_last_sync_date_time)),
        ("tenantType", json!("AAD")),
        ("verifiedDomains", json!(verified)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// A domain as Graph shows it. A name below another domain of the tenant is no root.
fn domain(all: &[CloudDomain], domain: &CloudDomain) -> Object {
    let CloudDomain { id, authentication_type, is_verified, is_default, is_initial } = domain;
    let below = |parent: &CloudDomain| id.to_lowercase().ends_with(&format!(".{}", parent.id.to_lowercase()));
    let services: &[&str] = if *is_verified { &["Email", "OfficeCommunicationsOnline"] } else { &[] };
    [
        ("id", json!(id)),
        ("authenticationType", json!(authentication_type)),
        ("isAdminManaged", json!(true)),
        ("isDefault", json!(is_default)),
        ("isInitial", json!(is_initial)),
        ("isRoot", json!(!all.iter().any(below))),
        ("isVerified", json!(is_verified)),
        ("supportedServices", json!(services)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// `GET /organization`: always one.
pub fn list_organization(world: &World, request: &Request) -> Answer {
    ORGANIZATIONS.list(request, [world], |w| organization(w), |w| w.entra.tenant_id.to_string())
}

/// `GET /organization/{id}`.
pub fn get_organization(world: &World, request: &Request, id: &str) -> Answer {
    if !world.entra.tenant_id.to_string().eq_ignore_ascii_case(id) {
        return Err(Refusal::not_found(id));
    }
    ORGANIZATIONS.single(request, organization(world))
}

/// `GET /domains`.
pub fn list_domains(world: &World, request: &Request) -> Answer {
    let all = &world.entra.domains;
    DOMAINS.list(request, all, |d| domain(all, d), |d| d.id.clone())
}

/// `GET /domains/{name}`.
pub fn get_domain(world: &World, request: &Request, name: &str) -> Answer {
    let all = &world.entra.domains;
    let found = all.iter().find(|d| d.id.eq_ignore_ascii_case(name)).ok_or_else(|| Refusal::not_found(name))?;
    DOMAINS.single(request, domain(all, found))
}
