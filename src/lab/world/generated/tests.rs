use super::*;
use crate::lab::sync::cycle;
use crate::lab::world::load;
use std::path::Path;

const SIZE: Size = Size { users: 600, links: 60, seed: 1 };

#[test]
fn a_generated_world_is_the_same_each_time_in_memory_and_in_its_file() {
    let mut text = Vec::new();
    write(SIZE, &mut text).unwrap();
    let world = load::parse(std::str::from_utf8(&text).unwrap(), Path::new("x")).unwrap();
    assert_eq!(world, SIZE.world());
    assert_ne!(world, Size { seed: 2, ..SIZE }.world());
}

#[test]
fn everybody_is_one_of_four_kinds_and_nobody_twice() {
    let world = SIZE.world();
    let text = serde_json::to_string(&world).unwrap();
    load::parse(&text, Path::new("x")).expect("no name, address, id or SID is used twice");
    // More people than there are pairs of names.
    let all = (0..30_000).map(|number| Size { users: 30_000, ..SIZE }.person(number));
    let names: BTreeSet<String> = all.map(|person| person.cloud_upn()).collect();
    assert_eq!(names.len(), 30_000);
    let staged =
        world.ad[0].entries.iter().filter(|entry| entry.dn.as_str().contains("OU=Staging,DC") && entry.is_account());
    assert_eq!(staged.count(), 60);
    let synced = world.sync.connector_space.len();
    assert!((470..500).contains(&synced), "{synced}");
    let addresses: Vec<String> =
        world.entra.users.iter().flat_map(|user| &user.proxy_addresses).map(|a| a.to_lowercase()).collect();
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len());
}

#[test]
fn the_last_cycle_has_been_so_the_next_changes_nothing() {
    let mut world = SIZE.world();
    let report = cycle::of_embedded_forest(&mut world);
    assert_eq!(report.objects, []);
    let before = SIZE.world();
    assert_eq!((world.ad, world.entra.users), (before.ad, before.entra.users));
}

#[test]
fn the_plan_names_everybody_who_is_to_be_linked() {
    let plan: toml::Table = SIZE.plan().parse().unwrap();
    let links = plan["link"].as_array().unwrap();
    assert_eq!(links.len(), 60);
    let world = SIZE.world();
    for link in links {
        let upn = link["cloud"].as_str().unwrap();
        let user = world.entra.users.iter().find(|user| user.user_principal_name == upn).unwrap();
        assert_eq!((user.on_premises_sync_enabled, &user.on_premises_immutable_id), (None, &None));
    }
    assert!(SIZE.plan().contains("upn = \"cloud\"") && SIZE.plan().contains("addresses = \"merge\""));
}
