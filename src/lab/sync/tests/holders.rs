//! Groups and contacts of AD: soft match on the primary address, and nothing else.

use super::fixture::{Small, jane, user};
use crate::lab::sync::report::{ErrorCode, ObjectReport, Outcome};
use crate::lab::world::cloud::{CloudGroup, CloudHolder};
use crate::lab::world::derive;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::model::dn::Dn;

const TEAM: &str = "CN=Team,OU=Staff,DC=ad,DC=test";

/// An AD object of this class with these addresses, beside Jane.
fn with_object(small: Small, class: &str, addresses: &[&str]) -> Small {
    small.having(|w| {
        let one = |text: &str| AdValues::One(text.to_owned());
        let many = |texts: &[&str]| AdValues::Many(texts.iter().map(|&t| t.to_owned()).collect());
        let mut attributes: std::collections::BTreeMap<String, AdValues> =
            [("objectClass".to_owned(), many(&["top", class])), ("cn".to_owned(), one("Team"))].into();
        if !addresses.is_empty() {
            attributes.insert("mail".to_owned(), one("team@x.com"));
            attributes.insert("proxyAddresses".to_owned(), many(addresses));
        }
        let dn = Dn::parse(TEAM).unwrap();
        w.ad[0].entries.push(AdEntry { guid: derive::ad_guid(&dn), dn, sid: None, attributes });
    })
}

fn report(small: &mut Small) -> Option<ObjectReport> {
    let guid = derive::ad_guid(&Dn::parse(TEAM).unwrap());
    small.cycle().of(guid).cloned()
}

fn outcome(small: &mut Small) -> (Outcome, Option<ErrorCode>) {
    let ObjectReport { outcome, error, .. } = report(small).expect("something happened to it");
    (outcome, error.map(|e| e.code))
}

fn cloud_group(address: &str) -> CloudGroup {
    CloudGroup {
        id: derive::object_id("group", address),
        proxy_addresses: vec![address.to_owned()],
        ..CloudGroup::named("In the cloud")
    }
}

fn cloud_contact(address: &str) -> CloudHolder {
    CloudHolder {
        id: derive::object_id("contact", address),
        display_name: "In the cloud".to_owned(),
        mail: None,
        proxy_addresses: vec![address.to_owned()],
        on_premises_sync_enabled: None,
    }
}

/// Existing tenant: "for mail-enabled groups and contacts, soft match based on proxyAddresses is supported".
#[test]
fn the_primary_address_matches_the_same_kind() {
    let mut small = with_object(jane(), "group", &["SMTP:team@x.com"])
        .having(|w| w.entra.groups.push(cloud_group("SMTP:TEAM@x.com")));
    assert_eq!(outcome(&mut small), (Outcome::SoftMatchedBySmtp, None));
    let group = &small.world.entra.groups[0];
    assert_eq!((group.display_name.as_str(), group.on_premises_sync_enabled), ("Team", Some(true)));
    assert_eq!(report(&mut small), None, "a second cycle changes nothing");

    let mut small = with_object(jane(), "contact", &["SMTP:team@x.com"])
        .having(|w| w.entra.contacts.push(cloud_contact("SMTP:team@x.com")));
    assert_eq!(outcome(&mut small), (Outcome::SoftMatchedBySmtp, None));
    assert_eq!(small.world.entra.contacts.len(), 1);
}

#[test]
fn an_alias_is_no_match_but_a_conflict() {
    let mut small = with_object(jane(), "group", &["SMTP:team@x.com"])
        .having(|w| w.entra.groups.push(cloud_group("smtp:team@x.com")));
    assert_eq!(outcome(&mut small), (Outcome::Failed, Some(ErrorCode::AttributeValueMustBeUnique)));
}

#[test]
fn the_switch_that_blocks_soft_matches_is_theirs_too() {
    let mut small = with_object(jane(), "group", &["SMTP:team@x.com"]).having(|w| {
        w.entra.groups.push(cloud_group("SMTP:team@x.com"));
        w.entra.features.block_soft_match_enabled = true;
    });
    assert_eq!(outcome(&mut small), (Outcome::Failed, Some(ErrorCode::InvalidSoftMatch)));
}

/// Sync errors: ObjectTypeMismatch, in every pairing.
#[test]
fn an_address_of_another_type_is_a_mismatch() {
    let mismatch = (Outcome::Failed, Some(ErrorCode::ObjectTypeMismatch));
    let group = || with_object(jane(), "group", &["SMTP:team@x.com", "smtp:alias@x.com"]);
    let contact = || with_object(jane(), "contact", &["SMTP:team@x.com"]);
    assert_eq!(outcome(&mut group().with(user("t@x.com", &["smtp:ALIAS@x.com"]))), mismatch);
    assert_eq!(outcome(&mut group().having(|w| w.entra.contacts.push(cloud_contact("SMTP:team@x.com")))), mismatch);
    assert_eq!(outcome(&mut contact().with(user("t@x.com", &["SMTP:team@x.com"]))), mismatch);
    assert_eq!(outcome(&mut contact().having(|w| w.entra.groups.push(cloud_group("SMTP:team@x.com")))), mismatch);
}

/// A user of AD that has the address of AD's own group: whoever comes first has it.
#[test]
fn a_user_and_a_group_of_ad_cannot_share_an_address() {
    let mut small = with_object(jane(), "group", &["SMTP:jane@x.com"]);
    assert_eq!(outcome(&mut small), (Outcome::Failed, Some(ErrorCode::ObjectTypeMismatch)));
}

#[test]
fn without_mail_nothing_matches_and_who_leaves_is_gone() {
    let mut small = with_object(jane(), "group", &[]);
    assert_eq!(report(&mut small), None);
    let mut small = with_object(jane(), "group", &["SMTP:team@x.com"]);
    assert_eq!(outcome(&mut small), (Outcome::Provisioned, None));
    small.world.ad[0].entries.retain(|e| e.dn.as_str() != TEAM);
    assert_eq!(outcome(&mut small), (Outcome::Deleted, None));
    assert!(small.world.entra.groups.is_empty());
}
