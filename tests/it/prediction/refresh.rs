//! A snapshot that is brought up to date is the one that is read anew, whatever has changed in between: on random worlds,
//! over real LDAP and HTTP.

use super::narrow::{Served, crowded, runtime};
use super::scene::{STAFF, scene};
use super::settings;
use crate::carry;
use crate::support::Memory;
use ldap3::{Ldap, LdapConnAsync, Mod};
use matchplan::config::read::Config;
use matchplan::directory::refresh::Refreshed;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudHolder;
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::model::id::{AdGuid, ObjectId};
use matchplan::snapshot::document::Snapshot;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeSet, HashSet};

/// Something that happens between two readings.
#[derive(Clone, Debug)]
enum Change {
    CloudName(usize),
    CloudAddress(usize),
    CloudAnchor(usize),
    CloudIdentifier(usize),
    CloudManaged(usize),
    CloudDeleted(usize),
    CloudPurged(usize),
    CloudNew(u128),
    GroupAddress(usize),
    ContactNew(u128),
    RoleGone,
    AdName(usize),
    AdAddress(usize),
    AdMoved(usize),
    AdDeleted(usize),
    AdNew(usize),
    AdContainer,
}

fn change() -> impl Strategy<Value = Change> {
    let which = 0..40_usize;
    prop_oneof![
        which.clone().prop_map(Change::CloudName),
        which.clone().prop_map(Change::CloudAddress),
        which.clone().prop_map(Change::CloudAnchor),
        which.clone().prop_map(Change::CloudIdentifier),
        which.clone().prop_map(Change::CloudManaged),
        which.clone().prop_map(Change::CloudDeleted),
        which.clone().prop_map(Change::CloudPurged),
        (0..9_u128).prop_map(Change::CloudNew),
        which.clone().prop_map(Change::GroupAddress),
        (0..9_u128).prop_map(Change::ContactNew),
        Just(Change::RoleGone),
        which.clone().prop_map(Change::AdName),
        which.clone().prop_map(Change::AdAddress),
        which.clone().prop_map(Change::AdMoved),
        which.clone().prop_map(Change::AdDeleted),
        which.prop_map(Change::AdNew),
        Just(Change::AdContainer),
    ]
}

/// What happens in the cloud.
fn in_cloud(world: &mut World, change: &Change) {
    let cloud = &mut world.entra;
    let count = cloud.users.len().max(1);
    match change {
        Change::CloudName(n) => {
            if let Some(user) = cloud.users.iter_mut().nth(n % count) {
                user.display_name = Some(format!("Renamed {n}"));
            }
        }
        Change::CloudAddress(n) => {
            if let Some(user) = cloud.users.iter_mut().nth(n % count) {
                user.proxy_addresses.push(format!("smtp:more{n}@x.com"));
            }
        }
        Change::CloudAnchor(n) => {
            if let Some(user) = cloud.users.iter_mut().nth(n % count) {
                user.on_premises_immutable_id = Some(format!("anchor{n}"));
            }
        }
        Change::CloudIdentifier(n) => {
            let user = cloud.users.iter_mut().filter(|user| user.on_premises_object_identifier.is_some()).nth(n % 3);
            if let Some(user) = user.filter(|user| user.on_premises_sync_enabled != Some(true)) {
                user.on_premises_object_identifier = None;
            }
        }
        Change::CloudManaged(n) => {
            if let Some(user) = cloud.users.iter_mut().nth(n % count) {
                user.is_cloud_managed = !user.is_cloud_managed;
            }
        }
        Change::CloudDeleted(n) if !cloud.users.is_empty() => {
            let mut user = cloud.users.remove(n % count);
            user.user_principal_name = format!("{}{}", user.id.0.simple(), user.user_principal_name);
            user.deleted_date_time = Some(world.clock);
            cloud.deleted_users.push(user);
        }
        Change::CloudPurged(n) if !cloud.users.is_empty() => drop(cloud.users.remove(n % count)),
        Change::CloudNew(n) => {
            let id = ObjectId(uuid::Uuid::from_u128(0xBEEF_0000 + n));
            if let Some(model) = cloud.users.last().cloned().filter(|_| cloud.users.iter().all(|user| user.id != id)) {
                cloud.users.push(matchplan::lab::world::cloud::CloudUser {
                    id,
                    user_principal_name: format!("new{n}@x.com"),
                    ..model
                });
            }
        }
        Change::GroupAddress(n) => {
            if let Some(group) = cloud.groups.iter_mut().next() {
                group.proxy_addresses = vec![format!("SMTP:group{n}@x.com")];
            }
        }
        Change::ContactNew(n) => cloud.contacts.push(CloudHolder {
            id: ObjectId(uuid::Uuid::from_u128(0xC0C0_0000 + n)),
            display_name: format!("Contact {n}"),
            mail: None,
            proxy_addresses: vec![format!("SMTP:contact{n}@x.com")],
            on_premises_sync_enabled: None,
        }),
        Change::RoleGone if !cloud.role_assignments.is_empty() => {
            drop(cloud.role_assignments.remove(cloud.role_assignments.len() - 1));
        }
        _ => {}
    }
    let mut ids = BTreeSet::new();
    world.entra.contacts.retain(|contact| ids.insert(contact.id));
}

/// What happens in AD, through its own server, which counts it.
async fn in_ad(ldap: &mut Ldap, served: &Served, change: &Change) {
    let people: Vec<String> = served.world.read(|world| {
        let is_person = |classes: &str| classes.contains("user");
        let entries = world.ad[0].entries.iter();
        let people = entries
            .filter(|entry| serde_json::to_string(&entry.attributes["objectClass"]).is_ok_and(|c| is_person(&c)));
        people.map(|entry| entry.dn.as_str().to_owned()).collect()
    });
    let person = |n: &usize| people.get(n % people.len().max(1)).cloned();
    let one = |value: String| HashSet::from([value]);
    // A change that AD refuses is no change.
    match change {
        Change::AdName(n) => {
            if let Some(dn) = person(n) {
                let changes = vec![Mod::Replace("displayName".to_owned(), one(format!("Renamed {n}")))];
                let _ = ldap.modify(&dn, changes).await.unwrap();
            }
        }
        Change::AdAddress(n) => {
            if let Some(dn) = person(n) {
                let changes = vec![Mod::Replace("proxyAddresses".to_owned(), one(format!("smtp:more{n}@x.com")))];
                let _ = ldap.modify(&dn, changes).await.unwrap();
            }
        }
        Change::AdMoved(n) => {
            if let Some(dn) = person(n) {
                let rdn = dn.split(',').next().unwrap().to_owned();
                let to = if dn.contains("OU=Staff") { "DC=ad,DC=test" } else { STAFF };
                let _ = ldap.modifydn(&dn, &rdn, true, Some(to)).await.unwrap();
            }
        }
        Change::AdDeleted(n) => {
            if let Some(dn) = person(n) {
                let _ = ldap.delete(&dn).await.unwrap();
            }
        }
        Change::AdNew(n) => {
            let attributes = vec![
                ("objectClass".to_owned(), one("user".to_owned())),
                ("sAMAccountName".to_owned(), one(format!("new{n}"))),
                ("mail".to_owned(), one(format!("new{n}@x.com"))),
            ];
            let _ = ldap.add(&format!("CN=New {n},DC=ad,DC=test"), attributes).await.unwrap();
        }
        Change::AdContainer => {
            let _ = ldap.modifydn(STAFF, "OU=Personnel", true, None).await.unwrap();
        }
        _ => {}
    }
}

/// What does not tell of the directories.
fn content(snapshot: Snapshot) -> Snapshot {
    Snapshot { marks: None, ..snapshot }
}

async fn old_and_changed(served: &Served, config: &Config, changes: &[Change]) -> (Snapshot, Refreshed) {
    let directories = served.connect(&config.settings, &Memory::default()).await;
    let taken = served.world.read(|world| world.clock);
    let marks = directories.marks().await;
    let old = Snapshot { marks: Some(marks), ..directories.snapshot(taken, |_| ()).await.unwrap() };
    // It is a file in between.
    let old: Snapshot = serde_json::from_str(&serde_json::to_string(&old).unwrap()).unwrap();
    let settings = ldap3::LdapConnSettings::new();
    let (connection, mut ldap) =
        LdapConnAsync::with_settings(settings, &format!("ldap://{}", served.ldap.plain)).await.unwrap();
    ldap3::drive!(connection);
    assert_eq!(ldap.simple_bind("svc@ad.test", "bind-pw").await.unwrap().rc, 0);
    for change in changes {
        served.world.write(|world| in_cloud(world, change)).unwrap();
        in_ad(&mut ldap, served, change).await;
    }
    let refreshed = directories.refresh(&old, taken, |_| ()).await.unwrap();
    (directories.snapshot(taken, |_| ()).await.unwrap(), refreshed)
}

/// A world whose domain has a head, in which the server remembers how far it has counted.
fn counted(world: World) -> World {
    let mut world = crowded(world);
    let base = world.ad[0].base_dn.clone();
    let classes = AdValues::Many(["top", "domain", "domainDNS"].map(str::to_owned).to_vec());
    let attributes = [("objectClass".to_owned(), classes)].into();
    let guid = AdGuid(uuid::Uuid::from_u128(0xDC));
    world.ad[0].entries.push(AdEntry { dn: base, guid, sid: None, attributes });
    world
}

#[test]
fn a_snapshot_brought_up_to_date_is_one_read_anew() {
    let runtime = runtime();
    let served = runtime.block_on(Served::start());
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    let config = carry::configuration(&settings(true), "version = 1\n");
    TestRunner::new(cases)
        .run(&(scene(), prop::collection::vec(change(), 0..6)), |(scene, changes)| {
            served.world.write(|held| *held = counted(scene.world)).unwrap();
            let (anew, refreshed) = runtime.block_on(old_and_changed(&served, &config, &changes));
            prop_assert_eq!(content(refreshed.snapshot.clone()), anew, "{:?}", changes);
            let renamed = changes.iter().any(|change| matches!(change, Change::AdContainer));
            let whole_ad = refreshed.notes.iter().any(|note| note.starts_with("all of ad"));
            prop_assert!(!whole_ad || renamed, "{:?}", refreshed.notes);
            let whole_cloud = refreshed.notes.iter().any(|note| note.contains("cloud users"));
            prop_assert!(!whole_cloud, "{:?}", refreshed.notes);
            let marks = refreshed.snapshot.marks.unwrap();
            prop_assert!(marks.users.is_some() && marks.domains.len() == 1, "{marks:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_mark_that_counts_no_more_is_said_and_all_is_read() {
    let runtime = runtime();
    runtime.block_on(async {
        let served = Served::start().await;
        let tree = scene().new_tree(&mut TestRunner::deterministic()).unwrap();
        served.world.write(|held| *held = crowded(proptest::strategy::ValueTree::current(&tree).world)).unwrap();
        let config = carry::configuration(&settings(true), "version = 1\n");
        let directories = served.connect(&config.settings, &Memory::default()).await;
        let taken = served.world.read(|world| world.clock);
        let marks = directories.marks().await;
        let fresh = directories.snapshot(taken, |_| ()).await.unwrap();
        let with = |users: Option<String>, server: &str, invocation: Option<&str>| {
            let mut marks = marks.clone();
            marks.users = users;
            if let Some(invocation) = invocation {
                marks.domains[0].invocation = invocation.to_owned();
            }
            marks.domains[0].server = server.to_owned();
            Snapshot { marks: Some(marks), ..fresh.clone() }
        };
        let (link, host) = (marks.users.clone().unwrap(), marks.domains[0].server.clone());
        // The lab keeps a hundred rounds, as Graph keeps seven days.
        let gone = link.split("deltatoken=").next().unwrap().to_owned() + "deltatoken=eyJyIjo5OTk5LCJuIjowfQ";
        let elsewhere = "https://elsewhere.example/v1.0/users/delta?$deltatoken=x".to_owned();
        for (old, said) in [
            (with(Some(gone), &host, None), "all cloud users were read"),
            (with(Some(elsewhere), &host, None), "must not go"),
            (with(None, &host, None), "no mark"),
            (with(Some(link.clone()), "dc9.ad.test", None), "each counts for itself"),
            (with(Some(link), &host, Some("00")), "restored"),
        ] {
            let refreshed = directories.refresh(&old, taken, |_| ()).await.unwrap();
            assert_eq!(content(refreshed.snapshot), fresh);
            assert!(refreshed.notes.iter().any(|note| note.contains(said)), "{said}: {:?}", refreshed.notes);
        }
    });
}
