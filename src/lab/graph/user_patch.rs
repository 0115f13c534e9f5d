//! `PATCH /users/{id}`: what Graph lets a client change, and in which words it refuses the rest.
//!
//! Sources: Graph v1.0 "Update user" and "user resource type"; "Clear on-premises attributes" (beta) for the seven
//! `onPremises…` attributes of cloud-only users. A request is all or nothing: the change is made on a copy, the copy is
//! checked as a whole, and only then it replaces the user.

use super::answer::{Answer, Refusal, Reply};
use super::odata::entity::{Kind, Property};
use super::request::{Request, Version};
use super::sensitive::{HYBRID_IDENTITY_ADMINISTRATOR, check_role, check_update, is_sensitive};
use super::user_entity::USER;
use super::users::{position, same_upn};
use crate::lab::world::World;
use crate::lab::world::cloud::{CloudDomain, CloudUser};
use crate::lab::world::keys::CloudKey;
use crate::model::address::{AddressSet, ProxyAddress};
use crate::model::id::Sid;
use crate::model::role::GLOBAL_ADMINISTRATOR;
use serde_json::Value;

/// Properties that Graph never sets, in either version.
const READ_ONLY: [&str; 17] = [
    "id",
    "assignedPlans",
    "createdDateTime",
    "creationType",
    "deletedDateTime",
    "imAddresses",
    "isManagementRestricted",
    "lastPasswordChangeDateTime",
    "licenseAssignmentStates",
    "onPremisesLastSyncDateTime",
    "onPremisesProvisioningErrors",
    "onPremisesSyncEnabled",
    "provisionedPlans",
    "proxyAddresses",
    "securityIdentifier",
    "signInActivity",
    "signInSessionsValidFromDateTime",
];

/// Properties that v1.0 shows and only beta sets.
const BETA_WRITABLE: [&str; 5] = [
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesUserPrincipalName",
];

/// The stamp that only the sync engine sets, and that may be cleared on a synced user too.
const STAMP: &str = "onPremisesObjectIdentifier";

/// `PATCH /users/{id or UPN}`.
///
/// # Errors
/// Graph's refusals; the user is unchanged then.
pub fn patch(world: &mut World, request: &Request, key: &str) -> Answer {
    let at = position(&world.entra.users, key)?;
    let before = &world.entra.users[at];
    let changes = read_changes(request)?;

    check_update(world, before.id, changes.iter().any(|(p, _)| is_sensitive(p.name)))?;
    if changes.iter().any(|(p, _)| p.name == STAMP) {
        check_role(world, &[GLOBAL_ADMINISTRATOR, HYBRID_IDENTITY_ADMINISTRATOR])?;
    }
    let mastered = before.on_premises_sync_enabled == Some(true) && !before.is_cloud_managed;
    if mastered && changes.iter().any(|(p, _)| !matches!(p.name, STAMP | "userType")) {
        return Err(Refusal::bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
             currently undergoing migration.",
        ));
    }
    let mut after = before.clone();
    for (property, value) in &changes {
        set(&mut after, property.name, value)?;
    }
    check_whole(world, before, &after)?;
    world.entra.users.replace(at, after);
    Ok(Reply::no_content())
}

/// The body's members as properties that this version lets a client set.
fn read_changes(request: &Request) -> Result<Vec<(&'static Property, Value)>, Refusal> {
    let mut changes = Vec::new();
    for (name, value) in request.json_object()?.iter().filter(|(name, _)| !name.contains('@')) {
        let property = USER.property(name, request.version).ok_or_else(|| {
            Refusal::bad_request(format!(
                "Property '{name}' does not exist as a declared property or extension property."
            ))
        })?;
        let read_only = READ_ONLY.contains(&property.name)
            || request.version == Version::V1 && BETA_WRITABLE.contains(&property.name);
        if read_only {
            return Err(Refusal::bad_request(format!("Property '{}' is read-only and cannot be set.", property.name)));
        }
        // The empty text is where clients mean null; Graph refuses it for every property.
        if property.kind == Kind::Text && value.as_str() == Some("") {
            return Err(Refusal::invalid_value(property.name));
        }
        changes.push((property, value.clone()));
    }
    Ok(changes)
}

/// A text that must be there.
fn text(name: &str, value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Err(Refusal::invalid_value(name)),
        _ => Err(wrong_type(name, "Edm.String")),
    }
}

/// A text or null.
fn text_or_null(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    if value.is_null() { Ok(None) } else { text(name, value).map(Some) }
}

fn wrong_type(name: &str, kind: &str) -> Refusal {
    Refusal::odata(format!("Cannot convert the value of property '{name}' to the expected type '{kind}'."))
}

fn set(user: &mut CloudUser, name: &'static str, value: &Value) -> Result<(), Refusal> {
    match name {
        "displayName" => user.display_name = Some(text(name, value)?),
        "givenName" => user.given_name = text_or_null(name, value)?,
        "surname" => user.surname = text_or_null(name, value)?,
        "mailNickname" => user.mail_nickname = Some(text(name, value)?),
        "mail" => set_mail(user, text(name, value)?)?,
        "userPrincipalName" => user.user_principal_name = text(name, value)?,
        "onPremisesImmutableId" => {
            let wanted = text_or_null(name, value)?;
            if wanted.as_ref().is_some_and(|id| id.contains(['$', '_'])) {
                return Err(Refusal::invalid_value(name));
            }
            user.on_premises_immutable_id = wanted;
        }
        "accountEnabled" => {
            user.account_enabled = match value {
                Value::Bool(enabled) => *enabled,
                Value::Null => return Err(Refusal::invalid_value(name)),
                _ => return Err(wrong_type(name, "Edm.Boolean")),
            };
        }
        "userType" => match text(name, value)?.as_str() {
            kind @ ("Member" | "Guest") => kind.clone_into(&mut user.user_type),
            _ => return Err(Refusal::invalid_value(name)),
        },
        STAMP if value.is_null() => user.on_premises_object_identifier = None,
        STAMP => return Err(Refusal::invalid_value(name)),
        "onPremisesDistinguishedName" => user.on_premises_distinguished_name = text_or_null(name, value)?,
        "onPremisesDomainName" => user.on_premises_domain_name = text_or_null(name, value)?,
        "onPremisesSamAccountName" => user.on_premises_sam_account_name = text_or_null(name, value)?,
        "onPremisesUserPrincipalName" => user.on_premises_user_principal_name = text_or_null(name, value)?,
        "onPremisesSecurityIdentifier" => {
            let wanted = text_or_null(name, value)?;
            let is_domain_sid = |sid: &String| sid.starts_with("S-1-5-21-") && sid.parse::<Sid>().is_ok();
            if wanted.as_ref().is_some_and(|sid| !is_domain_sid(sid)) {
                return Err(Refusal::invalid_value(name));
            }
            user.on_premises_security_identifier = wanted;
        }
        _ => return Err(Refusal::not_in_the_lab(&format!("changing a user's {name}"))),
    }
    Ok(())
}

/// A new mail address becomes the primary address; the former primary stays as an alias.
fn set_mail(user: &mut CloudUser, mail: String) -> Result<(), Refusal> {
    let halves = mail.split_once('@').filter(|(local, domain)| !local.is_empty() && domain.contains('.'));
    if halves.is_none_or(|(_, domain)| domain.contains('@')) || mail.contains(char::is_whitespace) {
        return Err(Refusal::invalid_value("mail"));
    }
    let mut addresses: AddressSet = user.proxy_addresses.iter().map(String::as_str).collect();
    addresses.set_primary(&mail);
    user.proxy_addresses = addresses.to_strings();
    user.mail = Some(mail);
    Ok(())
}

/// The rules about the user as a whole and about the others in the tenant.
fn check_whole(world: &World, before: &CloudUser, after: &CloudUser) -> Result<(), Refusal> {
    let entra = &world.entra;
    // Among the users that have a value like this one; `is_same` says which of them have the same.
    let another = |key: CloudKey, value: &str, is_same: &dyn Fn(&CloudUser) -> bool| {
        let mut found = entra.users.with(key, &value.to_lowercase());
        found.any(|(_, user)| user.id != after.id && is_same(user))
    };
    let upn_changed = before.user_principal_name != after.user_principal_name;
    if upn_changed {
        check_upn(world, after)?;
        let upn = &after.user_principal_name;
        if another(CloudKey::Upn, upn, &|u| same_upn(&u.user_principal_name, upn)) {
            return Err(Refusal::conflict("userPrincipalName"));
        }
    }
    let id_changed = before.on_premises_immutable_id != after.on_premises_immutable_id;
    if let Some(id) = after.on_premises_immutable_id.as_ref().filter(|_| id_changed) {
        // The recycle bin counts: a restored user would bring its value back.
        let is_same = |u: &CloudUser| u.on_premises_immutable_id.as_ref() == Some(id);
        let mut binned = entra.deleted_users.with(CloudKey::ImmutableId, &id.to_lowercase());
        if another(CloudKey::ImmutableId, id, &is_same) || binned.any(|(_, u)| is_same(u)) {
            return Err(Refusal::conflict("onPremisesImmutableId"));
        }
    }
    let federated = domain_of(world, &after.user_principal_name).is_some_and(|d| d.authentication_type == "Federated");
    // Customers report that no change is taken while the name is in such a domain, not even to another value.
    if federated && (id_changed && !upn_changed || upn_changed && after.on_premises_immutable_id.is_none()) {
        return Err(Refusal::bad_request("You must provide a required property: FederatedUser.SourceAnchor"));
    }
    let sid_changed = before.on_premises_security_identifier != after.on_premises_security_identifier;
    if let Some(sid) = after.on_premises_security_identifier.as_ref().filter(|_| sid_changed)
        && another(CloudKey::Sid, sid, &|u| u.on_premises_security_identifier.as_ref() == Some(sid))
    {
        return Err(Refusal::conflict("onPremisesSecurityIdentifier"));
    }
    if before.proxy_addresses == after.proxy_addresses { Ok(()) } else { check_addresses(world, after) }
}

fn domain_of<'a>(world: &'a World, upn: &str) -> Option<&'a CloudDomain> {
    let (_, suffix) = upn.rsplit_once('@')?;
    world.entra.domains.iter().find(|d| d.id.eq_ignore_ascii_case(suffix))
}

/// The UPN's form and its domain.
///
/// Allowed characters: Graph v1.0 "Update user"; lengths: "Prepare for directory synchronization to Microsoft 365".
///
/// # Errors
/// 400, naming the property.
pub fn check_upn(world: &World, user: &CloudUser) -> Result<(), Refusal> {
    let upn = user.user_principal_name.as_str();
    let invalid =
        || Refusal::bad_request("Property userPrincipalName is invalid.").detailed("InvalidValue", "userPrincipalName");
    let (prefix, suffix) = upn.split_once('@').ok_or_else(invalid)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
    let lengths = (1..=64).contains(&prefix.len()) && (1..=48).contains(&suffix.len());
    if !lengths || !prefix.chars().all(allowed) || prefix.ends_with('.') || suffix.contains('@') {
        return Err(invalid());
    }
    if domain_of(world, upn).is_some_and(|d| d.is_verified) {
        return Ok(());
    }
    Err(Refusal::bad_request(
        "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names \
         in your organization.",
    )
    .detailed("InvalidValue", "userPrincipalName"))
}

/// No address of this user may belong to another user, group or contact.
///
/// # Errors
/// 400 `ObjectConflict` on `proxyAddresses`.
pub fn check_addresses(world: &World, user: &CloudUser) -> Result<(), Refusal> {
    let entra = &world.entra;
    let is_taken = |address: &String| {
        let key = ProxyAddress(address.clone()).conflict_key();
        entra.users.with(CloudKey::Address, &key).any(|(_, other)| other.id != user.id)
            || entra.groups.find(CloudKey::Address, &key).is_some()
            || entra.contacts.find(CloudKey::Address, &key).is_some()
    };
    let free = !user.proxy_addresses.iter().any(is_taken);
    if free { Ok(()) } else { Err(Refusal::conflict("proxyAddresses")) }
}
