//! What a plan says that a takeover overwrites, against what the lab's engine overwrites: attribute by attribute, for a
//! user that is certainly taken over.

use crate::prediction::seen;
use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::sync::report::Outcome;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::lab::world::forest::AdValues;
use matchplan::lab::world::load::{fill_in_ids, parse};
use matchplan::model::anchor::{Anchor, SourceAnchor};
use matchplan::model::profile::ProfileAttribute;
use matchplan::rules::takeover::preview;
use matchplan::snapshot::index::Index;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const WORLD: &str = r#"{
  "version": 1, "clock": "2026-09-01T08:00:00Z",
  "ad": [{"name": "ad", "dns_name": "ad.test", "netbios_name": "AD", "base_dn": "DC=ad,DC=test", "entries": [
    {"dn": "CN=Jane,OU=Staff,DC=ad,DC=test", "attributes": {
      "objectClass": ["top", "person", "organizationalPerson", "user"], "sAMAccountName": "jane",
      "userAccountControl": "512"}}]}],
  "entra": {
    "tenantId": "11111111-2222-3333-4444-555555555555", "displayName": "X", "onPremisesSyncEnabled": true,
    "domains": [
      {"id": "x.com", "authenticationType": "Managed", "isVerified": true},
      {"id": "x.onmicrosoft.com", "authenticationType": "Managed", "isVerified": true, "isInitial": true}
    ],
    "caller": {"id": "99999999-2222-3333-4444-555555555555", "displayName": "test", "permissions": [], "roles": []},
    "users": [], "roleDefinitions": []
  },
  "sync": {"scope": ["OU=Staff,DC=ad,DC=test"]}
}"#;

/// The single-valued texts of AD that flow, profile included; none is a key of the match.
fn ad_names() -> Vec<&'static str> {
    let own = ["displayName", "givenName", "sn", "mail", "mailNickname", "userPrincipalName"];
    own.into_iter().chain(ProfileAttribute::ALL.iter().map(|attribute| attribute.ad_name())).collect()
}

/// A text, often the same on both sides; for what holds addresses, an address.
fn text(name: &str, n: u8) -> String {
    match name {
        "mail" | "userPrincipalName" => ["a@x.com", "b@x.com", "a@ad.test"][usize::from(n) % 3].to_owned(),
        _ => ["a", "b", " a "][usize::from(n) % 3].to_owned(),
    }
}

#[derive(Clone, Debug)]
struct Pair {
    /// By AD's name, absent or one of three.
    ad: Vec<Option<u8>>,
    cloud: Vec<Option<u8>>,
    /// Which of some addresses each side has; the first is primary.
    ad_addresses: Vec<usize>,
    cloud_addresses: Vec<usize>,
    disabled: bool,
    enabled: bool,
    switches: (bool, bool),
}

fn pair() -> impl Strategy<Value = Pair> {
    let many = ad_names().len();
    let texts = || proptest::collection::vec(proptest::option::of(0..3_u8), many);
    let some = || proptest::sample::subsequence(vec![0, 1, 2, 3], 0..=3).prop_shuffle();
    (texts(), texts(), some(), some(), any::<bool>(), any::<bool>(), any::<(bool, bool)>()).prop_map(
        |(ad, cloud, ad_addresses, cloud_addresses, disabled, enabled, switches)| Pair {
            ad,
            cloud,
            ad_addresses,
            cloud_addresses,
            disabled,
            enabled,
            switches,
        },
    )
}

fn addresses(which: &[usize]) -> Vec<String> {
    let mark = |at: usize| if at == 0 { "SMTP" } else { "smtp" };
    which.iter().enumerate().map(|(at, n)| format!("{}:{}@x.com", mark(at), ["j", "k", "l", "m"][*n])).collect()
}

/// The world in which the pair's cloud user has the AD user's anchor.
fn world(pair: &Pair) -> World {
    let mut world = parse(WORLD, Path::new("test")).unwrap();
    fill_in_ids(&mut world);
    let entry = &mut world.ad[0].entries[0];
    for (name, n) in ad_names().into_iter().zip(&pair.ad) {
        entry.attributes.extend(n.map(|n| (name.to_owned(), AdValues::One(text(name, n)))));
    }
    if !pair.ad_addresses.is_empty() {
        entry.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(addresses(&pair.ad_addresses)));
    }
    let control = if pair.disabled { "514" } else { "512" };
    entry.attributes.insert("userAccountControl".to_owned(), AdValues::One(control.to_owned()));
    let anchor = Anchor::from_guid(entry.guid).to_base64();
    let mut texts: BTreeMap<&str, String> =
        ad_names().into_iter().zip(&pair.cloud).filter_map(|(name, n)| n.map(|n| (name, text(name, n)))).collect();
    let profile = ProfileAttribute::ALL.iter().filter_map(|attribute| {
        texts.remove(attribute.ad_name()).map(|value| (attribute.graph_name().to_owned(), value))
    });
    let profile = profile.collect();
    world.entra.features.synchronize_upn_for_managed_users_enabled = pair.switches.0;
    world.entra.features.password_sync_enabled = pair.switches.1;
    world.sync.password_hash_sync = pair.switches.1;
    world.entra.users.push(CloudUser {
        display_name: texts.remove("displayName"),
        given_name: texts.remove("givenName"),
        surname: texts.remove("sn"),
        mail: texts.remove("mail"),
        mail_nickname: texts.remove("mailNickname"),
        proxy_addresses: addresses(&pair.cloud_addresses),
        account_enabled: pair.enabled,
        on_premises_immutable_id: Some(anchor),
        profile,
        ..CloudUser::named("jane@x.com")
    });
    fill_in_ids(&mut world);
    world
}

/// Everything of a cloud user that a takeover may overwrite, by Graph's names; what is absent is not in here.
fn values(user: &CloudUser) -> BTreeMap<String, BTreeSet<String>> {
    let one = |value: &Option<String>| value.iter().cloned().collect::<BTreeSet<_>>();
    let own = [
        ("displayName", one(&user.display_name)),
        ("givenName", one(&user.given_name)),
        ("surname", one(&user.surname)),
        ("mail", one(&user.mail)),
        ("mailNickname", one(&user.mail_nickname)),
        ("userPrincipalName", [user.user_principal_name.clone()].into()),
        ("accountEnabled", [user.account_enabled.to_string()].into()),
        ("proxyAddresses", user.proxy_addresses.iter().cloned().collect()),
    ];
    let own = own.map(|(name, values)| (name.to_owned(), values));
    let profile = user.profile.iter().map(|(name, value)| (name.clone(), BTreeSet::from([value.clone()])));
    own.into_iter().chain(profile).filter(|(_, values)| !values.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    // rule: 1.2-overwritten, 1.2-addresses-lost, 1.2-password, 1.2-sign-in-name, 1.2-unverified-suffix
    #[test]
    fn what_a_preview_promises_is_what_the_cycle_writes(pair in pair()) {
        let mut world = world(&pair);
        let before = world.entra.users[0].clone();
        let snapshot = seen::snapshot(&world);
        let ad = snapshot.domains[0].users[0].clone();
        let index = Index::new(&snapshot, |_| SourceAnchor::default());
        let promised = preview(&ad, &snapshot.users[0], &index);

        let report = of_embedded_forest(&mut world);
        prop_assert_eq!(report.of(ad.guid).map(|object| object.outcome), Some(Outcome::HardMatched));
        let after = &world.entra.users[0];

        let mut wanted = values(&before);
        for overwrite in &promised.overwritten {
            let was = wanted.get(&overwrite.attribute).cloned().unwrap_or_default();
            prop_assert_eq!(was, overwrite.before.iter().cloned().collect(), "{}", overwrite.attribute);
            wanted.insert(overwrite.attribute.clone(), overwrite.after.iter().cloned().collect());
        }
        prop_assert_eq!(wanted, values(after));
        prop_assert_eq!(promised.password_replaced, after.password_version != before.password_version);
        prop_assert_eq!(promised.sign_in_name_changes, after.user_principal_name != before.user_principal_name);
        let lost = before.proxy_addresses.iter().filter(|address| {
            let (_, plain) = address.split_once(':').unwrap();
            !after.proxy_addresses.iter().any(|kept| kept.ends_with(&format!(":{plain}")))
        });
        prop_assert_eq!(promised.addresses_lost.iter().collect::<BTreeSet<_>>(), lost.collect());
    }
}
