//! Soft match, and what comes of it when it cannot be.

use super::fixture::{INITIAL, jane, user};
use crate::lab::sync::report::{ErrorCode, Outcome};
use crate::lab::world::cloud::{CloudGroup, CloudHolder, CloudUser};
use crate::lab::world::derive;

/// Existing tenant: primary SMTP before UPN.
#[test]
fn the_primary_address_comes_before_the_upn() {
    let (by_smtp, by_upn) = (user("j@x.com", &["SMTP:JANE@x.com"]), user("jane@x.com", &[]));
    let id = by_smtp.id;
    let mut small = jane().with(by_upn).with(by_smtp);
    let report = small.report();
    assert_eq!((report.outcome, report.cloud), (Outcome::SoftMatchedBySmtp, Some(id)));
    // The other one has the UPN, so it is quarantined (Duplicate attributes).
    assert!(small.cloud(id).user_principal_name.starts_with("jane+"));
}

/// Existing tenant: only the value with `SMTP:` in upper case is evaluated.
#[test]
fn an_alias_is_no_match() {
    let mut small = jane().with(user("j@x.com", &["SMTP:j@x.com", "smtp:jane@x.com"]));
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
    let mut small = jane()
        .set("proxyAddresses", &["SMTP:other@x.com", "smtp:jane@x.com"])
        .with(user("j@x.com", &["SMTP:jane@x.com"]));
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
}

/// Service features: UPN soft match is a switch, and comes only after SMTP has found nobody.
#[test]
fn the_upn_matches_where_the_tenant_lets_it() {
    let mut small = jane().with(user("JANE@x.com", &["SMTP:j@x.com"]));
    assert_eq!(small.outcome(), (Outcome::SoftMatchedByUpn, None));
    let mut small = jane()
        .with(user("jane@x.com", &["SMTP:j@x.com"]))
        .having(|w| w.entra.features.soft_match_on_upn_enabled = false);
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
    let blocked = user("j@x.com", &["SMTP:jane@x.com"]);
    let id = blocked.id;
    let mut small = jane().with(blocked).with(user("jane@x.com", &[])).role_for(id);
    assert_eq!(small.outcome(), (Outcome::Provisioned, Some(ErrorCode::ExistingAdminRoleConflict)));
}

/// Sync errors, Existing tenant: a target with another anchor is a conflict, never a match.
#[test]
fn a_target_with_another_anchor_is_a_conflict() {
    let anchored = |upn: &str, addresses: &[&str]| CloudUser {
        on_premises_immutable_id: Some("somebody@idp.example".to_owned()),
        ..user(upn, addresses)
    };
    let mut small = jane().with(anchored("j@x.com", &["SMTP:jane@x.com"]));
    let error = small.report().error.unwrap();
    assert_eq!(error.code, ErrorCode::AttributeValueMustBeUnique);
    assert!(error.detail.starts_with("ProxyAddresses"), "{}", error.detail);
    assert_eq!(small.world.entra.users.len(), 1);
    // The same UPN only: quarantined (Duplicate attributes).
    let mut small = jane().with(anchored("jane@x.com", &["SMTP:j@x.com"]));
    let report = small.report();
    assert_eq!(report.outcome, Outcome::Provisioned);
    let made = small.cloud(report.cloud.unwrap());
    assert!(made.user_principal_name.starts_with("jane+"));
    // An empty value is no anchor.
    let empty = CloudUser { on_premises_immutable_id: Some(String::new()), ..user("j@x.com", &["SMTP:jane@x.com"]) };
    assert_eq!(jane().with(empty).outcome(), (Outcome::SoftMatchedBySmtp, None));
}

/// Existing tenant, Service features: blockSoftMatchEnabled.
#[test]
fn the_tenant_can_block_soft_matches() {
    for target in [user("j@x.com", &["SMTP:jane@x.com"]), user("jane@x.com", &[])] {
        let mut small = jane().with(target).having(|w| w.entra.features.block_soft_match_enabled = true);
        assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::InvalidSoftMatch)));
        assert_eq!(small.world.entra.users.len(), 1);
    }
}

/// Existing tenant, "Considerations on soft matching user with Admin role".
#[test]
fn a_role_holder_gets_a_quarantined_duplicate_beside_it() {
    let admin = user("jane@x.com", &["SMTP:jane@x.com"]);
    let id = admin.id;
    let mut small = jane().with(admin.clone()).role_for(id);
    let report = small.report();
    assert_eq!(report.error.unwrap().code, ErrorCode::ExistingAdminRoleConflict);
    assert_eq!(small.cloud(id), &admin, "the administrator is untouched");
    let duplicate = small.cloud(report.cloud.unwrap()).clone();
    let upn = &duplicate.user_principal_name;
    let digits = upn.strip_prefix("jane+").and_then(|rest| rest.strip_suffix(&format!("@{INITIAL}"))).unwrap();
    assert!(digits.len() == 4 && digits.chars().all(|c| c.is_ascii_digit()), "{upn}");
    assert!(duplicate.proxy_addresses.is_empty());
    let causes: Vec<_> =
        duplicate.on_premises_provisioning_errors.iter().map(|e| e.property_causing_error.as_str()).collect();
    assert_eq!(causes, ["UserPrincipalName", "ProxyAddress"]);

    // Removing the role is not enough: the AD user is not new any more.
    small.world.entra.role_assignments.clear();
    assert_eq!(small.cycle().objects, []);
    assert_eq!(small.remembered_error(), Some("ExistingAdminRoleConflict"));
    // Removing the duplicate for good is what the page says to do.
    small.world.entra.users.retain(|u| u.id != duplicate.id);
    let report = small.report();
    assert_eq!((report.outcome, report.cloud), (Outcome::SoftMatchedBySmtp, Some(id)));
}

/// onPremisesSyncBehavior: a user managed in the cloud is never matched.
#[test]
fn a_user_managed_in_the_cloud_is_not_matched() {
    let managed = CloudUser { is_cloud_managed: true, ..user("jane@x.com", &["SMTP:jane@x.com"]) };
    let mut small = jane().with(managed.clone());
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
    assert_eq!(small.cloud(managed.id), &managed);
}

/// Clear on-premises attributes; Existing tenant: clearing the ImmutableID alone is not enough.
#[test]
fn an_object_identifier_left_behind_blocks_a_soft_match_too() {
    let left = CloudUser {
        on_premises_object_identifier: Some("another".to_owned()),
        ..user("jane@x.com", &["SMTP:jane@x.com"])
    };
    assert_eq!(jane().with(left).outcome(), (Outcome::Failed, Some(ErrorCode::AttributeUpdateNotAllowed)));
}

/// Sync errors: ObjectTypeMismatch, for groups and contacts, whatever the match.
#[test]
fn an_address_of_another_object_type_is_an_error() {
    let holder = || CloudHolder {
        id: derive::object_id("group", "g"),
        display_name: "G".to_owned(),
        mail: None,
        proxy_addresses: vec!["smtp:JANE@x.com".to_owned()],
        on_premises_sync_enabled: None,
    };
    let group = || CloudGroup { proxy_addresses: holder().proxy_addresses, id: holder().id, ..CloudGroup::named("G") };
    let refused = (Outcome::Failed, Some(ErrorCode::ObjectTypeMismatch));
    assert_eq!(jane().having(|w| w.entra.groups.push(group())).outcome(), refused);
    assert_eq!(jane().having(|w| w.entra.contacts.push(holder())).outcome(), refused);
    let mut small = jane().with(user("jane@x.com", &[])).having(|w| w.entra.groups.push(group()));
    assert_eq!(small.outcome(), refused, "a match does not help");
}

/// Existing tenant: "match is evaluated only for new objects coming from Connect".
#[test]
fn a_joined_user_is_not_matched_again() {
    let mut small = jane();
    let own = small.report().cloud.unwrap();
    let mut small = small.with(user("j@x.com", &["SMTP:j@x.com"])).set("proxyAddresses", &["SMTP:j@x.com"]);
    let report = small.report();
    assert_eq!((report.outcome, report.cloud), (Outcome::Updated, Some(own)));
    assert_eq!(small.cloud(own).on_premises_provisioning_errors[0].value, "SMTP:j@x.com");
}

/// Nobody says what two primary addresses mean; no match is taken from either.
#[test]
fn two_primary_addresses_match_nobody() {
    let mut small =
        jane().set("proxyAddresses", &["SMTP:jane@x.com", "SMTP:j@x.com"]).with(user("x@x.com", &["SMTP:jane@x.com"]));
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
}
