//! What holds in every world, checked on random small ones.

use super::fixture::{INITIAL, jane, user};
use crate::lab::sync::cycle::of_embedded_forest;
use crate::lab::world::cloud::{Cloud, CloudGroup, CloudUser};
use crate::lab::world::forest::AdValues;
use crate::lab::world::{World, derive};
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Few names, so that they collide often.
const NAMES: [&str; 5] = ["ann", "bob", "cem", "dot", "eve"];

#[derive(Clone, Debug)]
struct AdPerson {
    upn: usize,
    suffix: usize,
    primary: Option<usize>,
    alias: Option<usize>,
    in_scope: bool,
    disabled: bool,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct CloudPerson {
    anchor_of: Option<usize>,
    role: bool,
    cloud_managed: bool,
    stamped: bool,
    deleted: bool,
    has_primary: bool,
}

fn ad_person() -> impl Strategy<Value = AdPerson> {
    let name = || 0..NAMES.len();
    let maybe = || proptest::option::of(name());
    (name(), 0..3_usize, maybe(), maybe(), any::<bool>(), any::<bool>()).prop_map(
        |(upn, suffix, primary, alias, in_scope, disabled)| AdPerson {
            upn,
            suffix,
            primary,
            alias,
            in_scope,
            disabled,
        },
    )
}

fn cloud_person() -> impl Strategy<Value = CloudPerson> {
    let rarely = || proptest::bool::weighted(0.2);
    let anchor = proptest::option::of(0..NAMES.len());
    (anchor, rarely(), rarely(), rarely(), rarely(), any::<bool>()).prop_map(
        |(anchor_of, role, cloud_managed, stamped, deleted, has_primary)| CloudPerson {
            anchor_of,
            role,
            cloud_managed,
            stamped,
            deleted,
            has_primary,
        },
    )
}

/// A world whose AD users clash as they like, and whose tenant is one that Entra would allow.
fn world() -> impl Strategy<Value = World> {
    let people = proptest::collection::vec(ad_person(), 1..6);
    let cloud = proptest::collection::vec(cloud_person(), 0..NAMES.len());
    let switches = proptest::collection::vec(any::<bool>(), 5);
    (people, cloud, switches, any::<bool>()).prop_map(|(people, cloud, switches, group)| {
        let mut small = jane();
        let jane = small.world.ad[0].entries.remove(0);
        let domain = &mut small.world.ad[0];
        for (n, person) in people.iter().enumerate() {
            let parent = if person.in_scope { "OU=Staff,DC=ad,DC=test" } else { "DC=ad,DC=test" };
            let mut entry = jane.clone();
            entry.dn = Dn::parse(parent).unwrap().child("CN", NAMES[n]).unwrap();
            entry.guid = derive::ad_guid(&Dn::parse("DC=ad,DC=test").unwrap().child("CN", NAMES[n]).unwrap());
            entry.sid = Some(derive::sid(&domain.base_dn, &entry.dn));
            let suffix = ["x.com", "ad.local", INITIAL][person.suffix];
            let mut addresses = Vec::new();
            addresses.extend(person.primary.map(|p| format!("SMTP:{}@x.com", NAMES[p])));
            addresses.extend(
                person.alias.filter(|a| Some(*a) != person.primary).map(|a| format!("smtp:{}@x.com", NAMES[a])),
            );
            let mut set = |name: &str, value: AdValues| entry.attributes.insert(name.to_owned(), value);
            set("sAMAccountName", AdValues::One(NAMES[n].to_owned()));
            set("userPrincipalName", AdValues::One(format!("{}@{suffix}", NAMES[person.upn])));
            set("proxyAddresses", AdValues::Many(addresses));
            set("userAccountControl", AdValues::One(if person.disabled { "514" } else { "512" }.to_owned()));
            entry.attributes.remove("mail");
            domain.entries.push(entry);
        }
        let guids: Vec<_> = domain.entries.iter().map(|e| e.guid).collect();
        let mut anchors = BTreeSet::new();
        for (n, person) in cloud.iter().enumerate() {
            let mut addresses = vec![format!("smtp:{}2@x.com", NAMES[n])];
            addresses.extend(person.has_primary.then(|| format!("SMTP:{}@x.com", NAMES[n])));
            let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
            let anchor = person.anchor_of.and_then(|n| guids.get(n)).filter(|guid| anchors.insert(**guid));
            let made = CloudUser {
                on_premises_immutable_id: anchor.map(|guid| Anchor::from_guid(*guid).to_base64()),
                is_cloud_managed: person.cloud_managed,
                on_premises_object_identifier: person.stamped.then(|| "another".to_owned()),
                ..user(&format!("{}@x.com", NAMES[n]), &addresses)
            };
            let id = made.id;
            small = if person.deleted { small.deleted(made) } else { small.with(made) };
            if person.role {
                small = small.role_for(id);
            }
        }
        if group {
            small.world.entra.groups.push(CloudGroup {
                id: derive::object_id("group", "g"),
                proxy_addresses: vec!["SMTP:eve@x.com".to_owned()],
                ..CloudGroup::named("G")
            });
            for user in &mut small.world.entra.users {
                user.proxy_addresses.retain(|a| !a.ends_with(":eve@x.com"));
            }
        }
        small.world.entra.on_premises_sync_enabled = Some(true);
        let features = &mut small.world.entra.features;
        features.block_soft_match_enabled = switches[0] && switches[1];
        features.block_cloud_object_takeover_through_hard_match_enabled = switches[1] && switches[2];
        features.soft_match_on_upn_enabled = switches[3];
        features.synchronize_upn_for_managed_users_enabled = switches[4];
        small.world
    })
}

/// What must be unique in a tenant, in lower case.
fn unique_values(world: &World) -> Vec<String> {
    let cloud = &world.entra;
    let mut values: Vec<String> = Vec::new();
    for user in &cloud.users {
        values.push(format!("upn {}", user.user_principal_name.to_lowercase()));
        values.extend(user.on_premises_security_identifier.iter().map(|sid| format!("sid {sid}")));
        values.extend(user.on_premises_immutable_id.iter().map(|id| format!("anchor {id}")));
    }
    let addresses = cloud.users.iter().map(|u| &u.proxy_addresses);
    let addresses = addresses.chain(cloud.groups.iter().map(|g| &g.proxy_addresses)).flatten();
    values.extend(addresses.map(|a| format!("address {}", a.to_lowercase())));
    values
}

/// The cloud but for the time of its last sync.
fn still(world: &World) -> Cloud {
    Cloud { on_premises_last_sync_date_time: None, ..world.entra.clone() }
}

proptest! {
    // A failure shows its smallest world; a test of its own keeps it, where it can be explained.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tenant_stays_a_tenant_and_cycles_come_to_rest(mut world in world()) {
        let ad: Vec<_> = world.ad[0].entries.iter().map(|e| (e.dn.clone(), e.values("proxyAddresses").cloned())).collect();
        let holders: Vec<_> = world.entra.role_assignments.iter().map(|a| a.principal_id).collect();
        let untouchable: Vec<CloudUser> = world.entra.users.iter()
            .filter(|u| holders.contains(&u.id) || u.is_cloud_managed).cloned().collect();
        // A name that one user gives up is free for another in the next cycle, so rest can take a few.
        for _ in 0..=2 * NAMES.len() {
            let before = still(&world);
            let started = world.clock;
            let report = of_embedded_forest(&mut world);
            prop_assert!(world.clock > started);

            let values = unique_values(&world);
            let unique: BTreeSet<_> = values.iter().collect();
            prop_assert_eq!(unique.len(), values.len(), "{:?}", values);
            for user in &untouchable {
                prop_assert!(world.entra.users.contains(user), "{} was touched", user.user_principal_name);
            }
            let now: Vec<_> = world.ad[0].entries.iter().map(|e| (e.dn.clone(), e.values("proxyAddresses").cloned())).collect();
            prop_assert_eq!(&now, &ad, "the engine writes nothing to AD but the anchor");
            let joined: Vec<_> = world.sync.connector_space.iter().filter_map(|c| c.cloud).collect();
            prop_assert_eq!(joined.iter().collect::<BTreeSet<_>>().len(), joined.len(), "no cloud user is joined twice");

            if !report.changed_anything() {
                prop_assert_eq!(still(&world), before, "a cycle that reports nothing changes nothing");
                return Ok(());
            }
        }
        prop_assert!(false, "the cycles never come to rest");
    }
}
