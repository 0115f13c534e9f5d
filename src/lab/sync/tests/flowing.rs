//! What flows, at a takeover and afterwards.

use super::fixture::{INITIAL, jane, user};
use crate::lab::sync::report::{ErrorCode, Outcome};
use crate::lab::world::cloud::CloudUser;

/// Existing tenant: every attribute with a value in AD is overwritten, addresses only in the cloud are lost, and the
/// password is replaced with password hash sync.
#[test]
fn a_takeover_overwrites() {
    let target = CloudUser {
        given_name: Some("only in the cloud".to_owned()),
        password_version: 7,
        ..user("jane@x.com", &["SMTP:jane@x.com", "smtp:alias@x.com"])
    };
    let id = target.id;
    let mut small = jane().with(target);
    let (anchor, guid, sid) = (small.anchor(), small.entry().guid, small.entry().sid.clone().unwrap());
    let ended = small.cycle().ended;
    let now = small.cloud(id);
    assert_eq!(now.display_name.as_deref(), Some("Jane (AD)"));
    assert_eq!(now.given_name.as_deref(), Some("only in the cloud"), "AD has no value");
    assert_eq!(now.proxy_addresses, ["SMTP:jane@x.com"]);
    assert_eq!(now.password_version, 8);
    assert_eq!(now.on_premises_immutable_id, Some(anchor));
    assert_eq!(now.on_premises_sync_enabled, Some(true));
    assert_eq!(now.on_premises_security_identifier, Some(sid.to_string()));
    assert_eq!(now.on_premises_object_identifier, Some(guid.to_string()));
    assert_eq!(now.on_premises_sam_account_name.as_deref(), Some("jane"));
    assert_eq!(now.on_premises_domain_name.as_deref(), Some("ad.test"));
    assert_eq!(now.on_premises_user_principal_name.as_deref(), Some("jane@x.com"));
    assert_eq!(now.on_premises_last_sync_date_time, Some(ended));
}

/// Existing tenant: without password hash sync the cloud password stays.
#[test]
fn the_password_stays_without_password_hash_sync() {
    let target = user("jane@x.com", &["SMTP:jane@x.com"]);
    let id = target.id;
    let mut small = jane().with(target).having(|w| w.sync.password_hash_sync = false);
    small.cycle();
    assert_eq!(small.cloud(id).password_version, 0);
}

/// UPN population: an unverified suffix becomes `<MailNickName>@<initial domain>`, in the documented order.
#[test]
fn an_unverified_suffix_is_replaced() {
    let made = |small: super::fixture::Small| {
        let mut small = small;
        let id = small.report().cloud.unwrap();
        small.cloud(id).user_principal_name.clone()
    };
    let local = || jane().set("userPrincipalName", &["jane@ad.local"]);
    let initial = |name: &str| format!("{name}@{INITIAL}");
    assert_eq!(made(local().set("mailNickname", &["nick"])), initial("nick"));
    assert_eq!(made(local().set("proxyAddresses", &["smtp:z@x.com", "SMTP:primary@x.com"])), initial("primary"));
    assert_eq!(made(local().unset("proxyAddresses").set("mail", &["mail@x.com"])), initial("mail"));
    let bare = || local().unset("proxyAddresses").unset("mail");
    assert_eq!(made(bare()), initial("jane"));
    assert_eq!(
        made(bare().unset("userPrincipalName").set("proxyAddresses", &["smtp:second@x.com"])),
        initial("second")
    );
}

/// Service features: synchronizeUpnForManagedUsersEnabled decides whether an existing user's UPN changes.
#[test]
fn the_upn_of_an_existing_user_changes_where_the_tenant_lets_it() {
    for (flows, expected) in [(true, "jane@x.com"), (false, "j@x.com")] {
        let target = user("j@x.com", &["SMTP:jane@x.com"]);
        let id = target.id;
        let mut small =
            jane().with(target).having(|w| w.entra.features.synchronize_upn_for_managed_users_enabled = flows);
        small.cycle();
        assert_eq!(small.cloud(id).user_principal_name, expected);
        assert_eq!(small.cycle().objects, [], "and it stays so");
    }
}

/// Sync errors: IdentityDataValidationFailed. The limits are included; `'` is allowed (Graph, "Update user").
#[test]
fn a_upn_must_be_of_a_valid_form() {
    let upn = |prefix: &str| jane().set("userPrincipalName", &[&format!("{prefix}@x.com")]).outcome();
    let invalid = (Outcome::Failed, Some(ErrorCode::IdentityDataValidationFailed));
    for bad in ["ja ne", "jäne", "jane.", "ja+ne", "", &"j".repeat(65)] {
        assert_eq!(upn(bad), invalid, "{bad:?}");
    }
    for good in ["o'neil", "a-b_c!d#e^f~g", &"j".repeat(64)] {
        assert_eq!(upn(good), (Outcome::Provisioned, None), "{good:?}");
    }
}

/// Duplicate attributes: an alias of another user is dropped and recorded; it comes back when it is free.
#[test]
fn a_quarantined_address_comes_back_when_it_is_free() {
    let holder = user("front@x.com", &["SMTP:front@x.com", "smtp:desk@x.com"]);
    let id = holder.id;
    let mut small = jane().set("proxyAddresses", &["SMTP:jane@x.com", "smtp:desk@x.com"]).with(holder);
    let own = small.report().cloud.unwrap();
    assert_eq!(small.cloud(own).proxy_addresses, ["SMTP:jane@x.com"]);
    let error = small.cloud(own).on_premises_provisioning_errors[0].clone();
    assert_eq!((error.category.as_str(), error.value.as_str()), ("PropertyConflict", "smtp:desk@x.com"));
    assert_eq!(small.cycle().objects, [], "the quarantine is no export error and nothing is tried again");

    small.world.entra.users.retain(|u| u.id != id);
    assert_eq!(small.outcome(), (Outcome::Updated, None));
    assert_eq!(small.cloud(own).proxy_addresses, ["SMTP:jane@x.com", "smtp:desk@x.com"]);
    assert!(small.cloud(own).on_premises_provisioning_errors.is_empty());
}

/// Sync errors: without quarantine (long ago) the same conflict is an export error.
#[test]
fn without_quarantine_a_conflict_is_an_error() {
    let off = |w: &mut crate::lab::world::World| {
        w.entra.features.quarantine_upon_upn_conflict_enabled = false;
        w.entra.features.quarantine_upon_proxy_addresses_conflict_enabled = false;
        w.entra.features.soft_match_on_upn_enabled = false;
    };
    let refused = (Outcome::Failed, Some(ErrorCode::AttributeValueMustBeUnique));
    assert_eq!(jane().with(user("jane@x.com", &[])).having(off).outcome(), refused);
    assert_eq!(jane().with(user("j@x.com", &["smtp:jane@x.com"])).having(off).outcome(), refused);
}

/// Ongoing sync: changes flow, and a value that AD gave goes when AD's goes.
#[test]
fn changes_of_a_joined_user_flow() {
    let target = CloudUser { given_name: Some("cloud".to_owned()), ..user("jane@x.com", &["SMTP:jane@x.com"]) };
    let id = target.id;
    let mut small = jane().with(target);
    small.cycle();
    let mut small = small.set("displayName", &["Jane Doe"]).set("sn", &["Doe"]).set("userAccountControl", &["514"]);
    assert_eq!(small.outcome(), (Outcome::Updated, None));
    let now = small.cloud(id);
    assert_eq!((now.display_name.as_deref(), now.surname.as_deref()), (Some("Jane Doe"), Some("Doe")));
    assert!(!now.account_enabled, "disabled in AD");
    assert_eq!(now.password_version, 1, "only a takeover replaces the password");
    let mut small = small.unset("sn").unset("proxyAddresses");
    assert_eq!(small.outcome(), (Outcome::Updated, None));
    let now = small.cloud(id);
    assert_eq!((now.surname.as_deref(), now.given_name.as_deref()), (None, Some("cloud")));
    assert!(now.proxy_addresses.is_empty());
}

/// Attributes synchronized: what describes a person overwrites, is trimmed, and goes with AD's value; Exchange's own only
/// with a mailNickname.
#[test]
fn a_persons_profile_flows() {
    let profile = [("jobTitle", "Clerk"), ("city", "Ulm")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let target = CloudUser { profile: profile.into(), ..user("jane@x.com", &["SMTP:jane@x.com"]) };
    let id = target.id;
    let small = jane().with(target).set("title", &[" CEO "]).set("telephoneNumber", &["1"]);
    let mut small = small.set("msExchUsageLocation", &["DE"]);
    small.cycle();
    let shown = |small: &super::fixture::Small| {
        let all = small.cloud(id).profile.iter();
        all.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(&small), "businessPhones=1 city=Ulm jobTitle=CEO");
    let mut small = small.set("mailNickname", &["jane"]).unset("title");
    small.cycle();
    assert_eq!(shown(&small), "businessPhones=1 city=Ulm usageLocation=DE");
}
