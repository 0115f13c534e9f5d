use super::*;
use crate::lab::shared::SharedWorld;
use crate::lab::world::contoso;
use std::fs;

/// Contoso with so many cloud users that it counts as large.
fn large() -> World {
    let mut world = contoso();
    for n in 0..LARGE {
        world.entra.users.push(super::super::world::cloud::CloudUser::named(&format!("extra{n}@contoso.com")));
    }
    super::super::world::load::fill_in_ids(&mut world);
    world
}

fn rename_first(world: &mut World, name: &str) {
    let (row, _) = world.entra.users.rows().next().unwrap();
    world.entra.users.update(row, |user| user.display_name = Some(name.to_owned()));
}

#[test]
fn a_large_world_is_kept_by_its_changes_and_read_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    save(&large(), &file).unwrap();
    let shared = SharedWorld::kept_in(large(), file.clone());
    shared.write(|w| rename_first(w, "one")).unwrap();
    let written = fs::read(&file).unwrap();
    shared
        .write(|w| {
            rename_first(w, "two \u{202e}");
            let gone = w.entra.users.remove(5);
            w.entra.deleted_users.push(gone);
            w.clock += jiff::SignedDuration::from_mins(1);
            let row = w.ad[0].entries.row_at(12).unwrap();
            w.ad[0].entries.update(row, |entry| entry.attributes.remove("description"));
            w.entra.role_assignments.remove(0);
        })
        .unwrap();
    shared.write(|_| {}).unwrap();
    assert_eq!(fs::read(&file).unwrap(), written, "the file stays, the log grows");
    assert_eq!(fs::read_to_string(beside(&file)).unwrap().lines().count(), 2);
    assert_eq!(load::load(&file).unwrap(), *shared.now());

    // A line that was being written when the process died was never answered.
    let mut log = fs::read_to_string(beside(&file)).unwrap();
    log.push_str("{\"users\":{\"set\":[");
    fs::write(beside(&file), log).unwrap();
    assert_eq!(load::load(&file).unwrap(), *shared.now());
}

#[test]
fn a_log_counts_beside_its_own_file_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    let shared = SharedWorld::kept_in(large(), file.clone());
    shared.write(|w| rename_first(w, "one")).unwrap();
    shared.write(|w| rename_first(w, "two")).unwrap();
    let log = fs::read(beside(&file)).unwrap();
    save(&large(), &file).unwrap();
    assert!(!beside(&file).exists());
    fs::write(beside(&file), log).unwrap();
    assert_eq!(load::load(&file).unwrap(), large());
}

#[test]
fn a_small_world_is_one_file_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    let shared = SharedWorld::kept_in(contoso(), file.clone());
    shared.write(|w| rename_first(w, "one")).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, digest::to_canonical_file(&*shared.now()).unwrap());
    assert!(!beside(&file).exists());
}

#[test]
fn what_cannot_be_saved_was_not_done() {
    let not_a_folder = tempfile::NamedTempFile::new().unwrap();
    let shared = SharedWorld::kept_in(contoso(), not_a_folder.path().join("world.json"));
    assert!(shared.write(|w| rename_first(w, "one")).is_err());
    assert_eq!(*shared.now(), contoso());
}
