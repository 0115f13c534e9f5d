//! Random small worlds with links between their two sides.

use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::world::cloud::{CloudGroup, CloudRoleAssignment, CloudUser};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::lab::world::load::{fill_in_ids, parse};
use matchplan::lab::world::{World, derive};
use matchplan::model::anchor::Anchor;
use matchplan::model::dn::Dn;
use matchplan::model::id::AdGuid;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Few names, so that they collide often.
pub(super) const NAMES: [&str; 5] = ["ann", "bob", "cem", "dot", "eve"];
const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
const INITIAL: &str = "x.onmicrosoft.com";
pub(super) const STAFF: &str = "OU=Staff,DC=ad,DC=test";

/// A tenant with one verified domain beside its initial one, and an empty forest.
const WORLD: &str = r#"{
  "version": 1, "clock": "2026-09-01T08:00:00Z",
  "ad": [{"name": "ad", "dns_name": "ad.test", "netbios_name": "AD", "base_dn": "DC=ad,DC=test", "entries": []}],
  "entra": {
    "tenantId": "11111111-2222-3333-4444-555555555555", "displayName": "X", "onPremisesSyncEnabled": true,
    "domains": [
      {"id": "x.com", "authenticationType": "Managed", "isVerified": true},
      {"id": "x.onmicrosoft.com", "authenticationType": "Managed", "isVerified": true, "isInitial": true}
    ],
    "caller": {"id": "99999999-2222-3333-4444-555555555555", "displayName": "test", "permissions": [], "roles": []},
    "users": [],
    "roleDefinitions": [{"id": "729827e3-9c14-49f7-bb1b-9608f156bbb8", "displayName": "Helpdesk Administrator"}]
  },
  "sync": {"scope": ["OU=Staff,DC=ad,DC=test"]}
}"#;

#[derive(Clone, Debug)]
struct AdPerson {
    upn: Option<(usize, usize)>,
    primary: Option<usize>,
    alias: Option<usize>,
    in_scope: bool,
    disabled: bool,
    nickname: bool,
    /// Whose objectGUID stands in mS-DS-ConsistencyGuid.
    consistency: Option<usize>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct CloudPerson {
    domain: usize,
    anchor_of: Option<usize>,
    identifier_of: Option<usize>,
    role: bool,
    cloud_managed: bool,
    deleted: bool,
    has_primary: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) ad: usize,
    pub(super) cloud: usize,
    pub(super) by_id: bool,
    pub(super) choices: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) links: Vec<Link>,
    pub(super) hold: bool,
}

fn rarely<S: Strategy>(some: S) -> impl Strategy<Value = Option<S::Value>> {
    proptest::option::weighted(0.15, some)
}

fn name() -> std::ops::Range<usize> {
    0..NAMES.len()
}

fn ad_person() -> impl Strategy<Value = AdPerson> {
    let seldom = || proptest::bool::weighted(0.2);
    let upn = proptest::option::weighted(0.9, (name(), 0..3_usize));
    let maybe = || proptest::option::of(name());
    (upn, maybe(), rarely(name()), seldom(), seldom(), any::<bool>(), rarely(name())).prop_map(
        |(upn, primary, alias, in_scope, disabled, nickname, consistency)| AdPerson {
            upn,
            primary,
            alias,
            in_scope,
            disabled,
            nickname,
            consistency,
        },
    )
}

fn cloud_person() -> impl Strategy<Value = CloudPerson> {
    let seldom = || proptest::bool::weighted(0.12);
    (0..2_usize, rarely(name()), rarely(name()), seldom(), seldom(), seldom(), any::<bool>()).prop_map(
        |(domain, anchor_of, identifier_of, role, cloud_managed, deleted, has_primary)| CloudPerson {
            domain,
            anchor_of,
            identifier_of,
            role,
            cloud_managed,
            deleted,
            has_primary,
        },
    )
}

/// A link, mostly between people of one name, with choices that are mostly left out.
fn link(ad: usize) -> impl Strategy<Value = Link> {
    let says = |key: &'static str, values: &'static [&'static str]| {
        proptest::option::of(proptest::sample::select(values))
            .prop_map(move |value| value.map(|value| format!("{key} = \"{value}\"")))
    };
    let target = proptest::option::weighted(0.15, name()).prop_map(move |other| other.unwrap_or(ad));
    let choices = (
        says("match", &["auto", "soft", "hard"]),
        says("roles", &["suspend", "suspend", "remove"]),
        says("upn", &["cloud", "ad"]),
        says("primary_smtp", &["cloud", "ad", "spare@x.com"]),
        says("addresses", &["merge", "keep"]),
    );
    (target, any::<bool>(), choices).prop_map(move |(cloud, by_id, (a, b, c, d, e))| Link {
        ad,
        cloud,
        by_id,
        choices: [a, b, c, d, e].into_iter().flatten().collect(),
    })
}

pub(super) fn guid(n: usize) -> AdGuid {
    derive::ad_guid(&Dn::parse("DC=ad,DC=test").unwrap().child("CN", NAMES[n]).unwrap())
}

fn ad_entry(n: usize, person: &AdPerson) -> AdEntry {
    let parent = if person.in_scope { STAFF } else { "OU=Staging,DC=ad,DC=test" };
    let base = Dn::parse("DC=ad,DC=test").unwrap();
    let addresses: Vec<String> = person
        .primary
        .map(|p| format!("SMTP:{}@x.com", NAMES[p]))
        .into_iter()
        .chain(person.alias.filter(|a| Some(*a) != person.primary).map(|a| format!("smtp:{}@x.com", NAMES[a])))
        .collect();
    let one = |text: String| AdValues::One(text);
    let class = ["top", "person", "organizationalPerson", "user"].map(str::to_owned);
    let mut attributes = vec![
        ("objectClass", AdValues::Many(class.to_vec())),
        ("sAMAccountName", one(NAMES[n].to_owned())),
        ("userAccountControl", one(if person.disabled { "514" } else { "512" }.to_owned())),
    ];
    attributes.extend(person.upn.map(|(name, suffix)| {
        ("userPrincipalName", one(format!("{}@{}", NAMES[name], ["x.com", "ad.local", INITIAL][suffix])))
    }));
    if !addresses.is_empty() {
        attributes.push(("proxyAddresses", AdValues::Many(addresses)));
    }
    if person.nickname {
        attributes.push(("mailNickname", one(NAMES[n].to_owned())));
    }
    if let Some(other) = person.consistency {
        attributes.push(("mS-DS-ConsistencyGuid", AdValues::octets(Anchor::from_guid(guid(other)).octets())));
    }
    AdEntry {
        dn: Dn::parse(parent).unwrap().child("CN", NAMES[n]).unwrap(),
        guid: guid(n),
        sid: Some(derive::sid(&base, &base.child("CN", NAMES[n]).unwrap())),
        attributes: attributes.into_iter().map(|(name, values)| (name.to_owned(), values)).collect(),
    }
}

fn cloud_user(n: usize, person: &CloudPerson, anchors: &mut BTreeSet<usize>) -> CloudUser {
    let upn = format!("{}@{}", NAMES[n], ["x.com", INITIAL][person.domain]);
    let mut addresses = vec![format!("smtp:{}2@x.com", NAMES[n])];
    addresses.extend(person.has_primary.then(|| format!("SMTP:{}@x.com", NAMES[n])));
    let anchor = person.anchor_of.filter(|of| anchors.insert(*of)).map(|of| Anchor::from_guid(guid(of)).to_base64());
    CloudUser {
        id: derive::object_id("user", &upn),
        mail: addresses.iter().find_map(|a| a.strip_prefix("SMTP:")).map(str::to_owned),
        proxy_addresses: addresses,
        on_premises_immutable_id: anchor,
        on_premises_object_identifier: person.identifier_of.map(|of| guid(of).to_string()),
        is_cloud_managed: person.cloud_managed,
        ..CloudUser::named(&upn)
    }
}

/// A world whose AD users clash as they like, with a tenant that Entra would allow, and links between the two.
/// `history` is how many cycles have run before, so that some users are linked, duplicated or quarantined already.
pub(super) fn scene() -> impl Strategy<Value = Scene> {
    let people = proptest::collection::vec(ad_person(), NAMES.len());
    let cloud = proptest::collection::vec(cloud_person(), NAMES.len());
    let links: Vec<_> = name().map(link).collect();
    let switches = proptest::collection::vec(proptest::bool::weighted(0.2), 5);
    (people, cloud, links, switches, any::<bool>(), 0..2_usize, any::<bool>()).prop_map(
        |(people, cloud, links, switches, group, history, hold)| {
            let mut world = parse(WORLD, Path::new("test")).unwrap();
            world.ad[0].entries = people.iter().enumerate().map(|(n, person)| ad_entry(n, person)).collect();
            let mut anchors = BTreeSet::new();
            for (n, person) in cloud.iter().enumerate() {
                let user = cloud_user(n, person, &mut anchors);
                if person.role {
                    world.entra.role_assignments.push(CloudRoleAssignment {
                        id: derive::assignment_id(user.id, &HELPDESK.into(), "/"),
                        principal_id: user.id,
                        role_definition_id: HELPDESK.into(),
                        directory_scope_id: Some("/".to_owned()),
                        app_scope_id: None,
                        condition: None,
                    });
                }
                if person.deleted {
                    let upn = format!("{}{}", user.id.0.simple(), user.user_principal_name);
                    let deleted_date_time = Some(world.clock);
                    world.entra.deleted_users.push(CloudUser { user_principal_name: upn, deleted_date_time, ..user });
                } else {
                    world.entra.users.push(user);
                }
            }
            if group {
                let free = |world: &World| {
                    let mut all = world.entra.users.iter().flat_map(|user| &user.proxy_addresses);
                    !all.any(|address| address.ends_with(":eve@x.com"))
                };
                if free(&world) {
                    world.entra.groups.push(CloudGroup {
                        id: derive::object_id("group", "g"),
                        proxy_addresses: vec!["SMTP:eve@x.com".to_owned()],
                        ..CloudGroup::named("G")
                    });
                }
            }
            let features = &mut world.entra.features;
            features.block_soft_match_enabled = switches[0];
            features.block_cloud_object_takeover_through_hard_match_enabled = switches[1];
            features.soft_match_on_upn_enabled = !switches[2];
            features.synchronize_upn_for_managed_users_enabled = !switches[3];
            features.allow_on_prem_update_of_on_premises_object_identifier_enabled = switches[4];
            fill_in_ids(&mut world);
            (0..history).for_each(|_| {
                of_embedded_forest(&mut world);
            });
            Scene { world, links, hold }
        },
    )
}
