//! Hard match.

use super::fixture::{JANE, jane, user};
use crate::lab::sync::report::{ErrorCode, Outcome};
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::forest::AdValues;
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;

fn anchored(upn: &str, anchor: &str) -> CloudUser {
    CloudUser { on_premises_immutable_id: Some(anchor.to_owned()), ..user(upn, &[]) }
}

/// Existing tenant: the source anchor comes before any address.
#[test]
fn the_anchor_comes_first() {
    let small = jane();
    let anchor = small.anchor();
    let by_anchor = anchored("somebody@x.com", &anchor);
    let id = by_anchor.id;
    let mut small = small.with(user("j@x.com", &["SMTP:jane@x.com"])).with(by_anchor);
    let report = small.report();
    assert_eq!((report.outcome, report.cloud), (Outcome::HardMatched, Some(id)));
}

/// Design concepts: the anchor is case-sensitive.
#[test]
fn the_anchor_is_compared_exactly() {
    let small = jane();
    let other_case: String = small
        .anchor()
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let mut small = small.with(anchored("somebody@x.com", &other_case));
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
}

/// Design concepts: mS-DS-ConsistencyGuid is the anchor, objectGUID where it is empty, and is written back.
#[test]
fn consistency_guid_is_the_anchor_once_it_has_a_value() {
    let other = Anchor::from_octets(b"0123456789abcdef").unwrap();
    let target = anchored("somebody@x.com", &other.to_base64());
    let mut small = jane().with(target).having(|w| {
        let value = AdValues::octets(other.octets());
        w.ad[0].entries[0].attributes.insert("mS-DS-ConsistencyGuid".to_owned(), value);
    });
    assert_eq!(small.outcome(), (Outcome::HardMatched, None));

    let mut small = jane();
    let anchor = Anchor::from_guid(small.entry().guid);
    small.cycle();
    let written = small.entry().values("mS-DS-ConsistencyGuid").unwrap().to_octets();
    assert_eq!(written, [anchor.octets().to_vec()]);
}

/// Existing tenant, Sync errors: blockCloudObjectTakeoverThroughHardMatchEnabled.
#[test]
fn the_tenant_can_block_hard_matches() {
    let small = jane();
    let target = anchored("somebody@x.com", &small.anchor());
    let mut small =
        small.with(target).having(|w| w.entra.features.block_cloud_object_takeover_through_hard_match_enabled = true);
    assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::InvalidHardMatch)));
    assert_eq!(small.world.entra.users.len(), 1, "no second object");
    small.world.entra.features.block_cloud_object_takeover_through_hard_match_enabled = false;
    assert_eq!(small.outcome(), (Outcome::HardMatched, None), "a failed export is tried again, and is still new");
}

/// Existing tenant, "Hard match security protections" (July 2026); What's new (June 2026).
#[test]
fn a_role_blocks_a_hard_match() {
    let small = jane();
    let target = anchored("somebody@x.com", &small.anchor());
    let id = target.id;
    let mut small = small.with(target).role_for(id);
    assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::InvalidHardMatch)));
    assert_eq!((small.world.entra.users.len(), small.remembered_error()), (1, Some("InvalidHardMatch")));
    small.world.entra.role_assignments.clear();
    assert_eq!(small.outcome(), (Outcome::HardMatched, None));
    assert_eq!(small.remembered_error(), None);
}

/// Existing tenant, recovery table; Service features ("differs from the incoming value").
#[test]
fn another_object_identifier_blocks_until_it_is_cleared_or_allowed() {
    let build = |identifier: &str, allow: bool| {
        let small = jane();
        let identifier = identifier.replace("{own}", &small.entry().guid.to_string());
        let target = CloudUser {
            on_premises_object_identifier: Some(identifier),
            ..anchored("somebody@x.com", &small.anchor())
        };
        small.with(target).having(|w| {
            w.entra.features.allow_on_prem_update_of_on_premises_object_identifier_enabled = allow;
        })
    };
    let blocked = (Outcome::Failed, Some(ErrorCode::AttributeUpdateNotAllowed));
    assert_eq!(build("another", false).outcome(), blocked);
    assert_eq!(build("another", true).outcome(), (Outcome::HardMatched, None));
    assert_eq!(build("{own}", false).outcome(), (Outcome::HardMatched, None));
}

/// Sync errors: onPremisesSecurityIdentifier is unique in a tenant.
#[test]
fn a_sid_that_another_user_has_is_refused() {
    let small = jane();
    let sid = small.entry().sid.clone().map(|s| s.to_string());
    let holder = CloudUser { on_premises_security_identifier: sid, ..user("old@x.com", &[]) };
    let target = anchored("somebody@x.com", &small.anchor());
    let mut small = small.with(holder).with(target);
    let report = small.report();
    let error = report.error.unwrap();
    assert_eq!(error.code, ErrorCode::AttributeValueMustBeUnique);
    assert!(error.detail.starts_with("OnPremiseSecurityIdentifier"), "{}", error.detail);
}

/// onPremisesSyncBehavior: updates from on-premises are blocked (event 6956).
#[test]
fn a_user_managed_in_the_cloud_is_left_alone() {
    let small = jane();
    let target = CloudUser { is_cloud_managed: true, ..anchored("somebody@x.com", &small.anchor()) };
    let mut small = small.with(target.clone());
    assert_eq!(small.outcome(), (Outcome::Skipped, None));
    assert_eq!(small.world.entra.users, vec![target].into());
}

/// Two AD users cannot be one cloud user: the second one has an anchor that is taken.
#[test]
fn an_anchor_is_joined_once() {
    let mut small = jane();
    let anchor = Anchor::from_guid(small.entry().guid);
    small.cycle();
    let mut small = small.colleague("Zoe").having(|w| {
        let zoe = w.ad[0].entries.last_mut().unwrap();
        zoe.attributes.insert("mS-DS-ConsistencyGuid".to_owned(), AdValues::octets(anchor.octets()));
    });
    let zoe = small.world.ad[0].entries.last().unwrap().guid;
    let report = small.cycle();
    let error = report.of(zoe).unwrap().error.clone().unwrap();
    assert_eq!(error.code, ErrorCode::AttributeValueMustBeUnique);
    assert_eq!(small.world.entra.users.len(), 1);
}

/// Design concepts: the anchor of an imported object is frozen; Existing tenant: while its export fails, changing it is
/// the remedy.
// rule: 4.1-frozen
#[test]
fn the_anchor_is_frozen_once_joined() {
    let other = || AdValues::octets(b"0123456789abcdef");
    let change = |w: &mut crate::lab::world::World| {
        w.ad[0].entries[0].attributes.insert("mS-DS-ConsistencyGuid".to_owned(), other());
    };
    let mut small = jane();
    small.cycle();
    let before = small.world.entra.users.clone();
    let mut small = small.having(change);
    assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::SourceAnchorHasChanged)));
    assert_eq!(small.world.entra.users, before);

    let target = anchored("somebody@x.com", &Anchor::from_octets(b"0123456789abcdef").unwrap().to_base64());
    let target = CloudUser { proxy_addresses: vec!["SMTP:jane@x.com".to_owned()], ..target };
    let mut small = jane().with(target);
    assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::AttributeValueMustBeUnique)));
    let mut small = small.having(change);
    assert_eq!(small.outcome(), (Outcome::HardMatched, None));
}

/// Recycle bin: an object that returns with the same anchor restores the soft-deleted user; Existing tenant, recovery
/// table: not if it holds a role.
#[test]
fn a_soft_deleted_user_with_the_anchor_is_restored() {
    let small = jane();
    let gone = anchored("0123jane@x.com", &small.anchor());
    let id = gone.id;
    let mut small = small.deleted(gone.clone());
    let report = small.report();
    assert_eq!((report.outcome, report.cloud), (Outcome::Restored, Some(id)));
    let back = small.cloud(id);
    assert_eq!((back.user_principal_name.as_str(), back.deleted_date_time), ("jane@x.com", None));
    assert!(small.world.entra.deleted_users.is_empty());

    let mut small = jane().deleted(gone).role_for(id);
    assert_eq!(small.outcome(), (Outcome::Failed, Some(ErrorCode::InvalidHardMatch)));
    assert!(small.world.entra.users.is_empty());
}

/// Graph, "Restore deleted item": an address that somebody else has by now does not come back.
#[test]
fn a_restored_user_has_lost_the_addresses_of_others() {
    let small = jane().unset("proxyAddresses");
    let addresses = ["SMTP:jane@x.com", "smtp:desk@x.com"].map(str::to_owned).to_vec();
    let gone = CloudUser { proxy_addresses: addresses, ..anchored("0123jane@x.com", &small.anchor()) };
    let id = gone.id;
    let mut small = small.deleted(gone).with(user("desk@x.com", &["SMTP:desk@x.com"]));
    assert_eq!(small.outcome(), (Outcome::Restored, None));
    assert_eq!(small.cloud(id).proxy_addresses, ["SMTP:jane@x.com"]);
}

/// Default configuration: what the engine never looks at.
// rule: 4.3-no-account-name, 4.3-critical, 4.3-sync-accounts, 4.3-support-account, 4.3-system-mailbox, 4.3-replication-conflict
#[test]
fn the_default_rules_keep_users_out() {
    for (attribute, value) in [
        ("isCriticalSystemObject", "FALSE"),
        ("sAMAccountName", "MSOL_0123"),
        ("sAMAccountName", "aad_0123"),
        ("sAMAccountName", "SUPPORT_388945a0"),
        ("mailNickname", "SystemMailbox{1}"),
        ("mailNickname", "CAS_{1}"),
        ("msExchRecipientTypeDetails", "4096"),
        ("msExchRecipientTypeDetails", "2"),
    ] {
        let mut small = jane().set(attribute, &[value]);
        assert_eq!(small.cycle().objects, [], "{attribute} {value}");
        assert!(small.entry().values("mS-DS-ConsistencyGuid").is_none(), "{attribute} {value}");
    }
    assert_eq!(jane().unset("userAccountControl").cycle().objects, []);
    assert_eq!(jane().unset("sAMAccountName").cycle().objects, []);
    for dn in [JANE.replace("OU=Staff,", ""), JANE.replace("Jane", "Jane\\0ACNF:0123")] {
        let mut small = jane().having(|w| w.ad[0].entries[0].dn = Dn::parse(&dn).unwrap());
        assert_eq!(small.cycle().objects, [], "{dn}");
    }
}
