//! Cycles: repetition, deletion, staging, the scheduler, a real AD that refuses writes.

use super::fixture::{JANE, jane, user};
use crate::lab::shared::SharedWorld;
use crate::lab::sync::cycle::{CYCLE_LENGTH, cycle};
use crate::lab::sync::report::{ErrorCode, Outcome, Stopped};
use crate::lab::sync::scheduler::{CycleError, LONGEST_ADVANCE, Scheduler, schedule};
use crate::lab::sync::view::AdView;
use crate::lab::world::World;
use crate::model::dn::Dn;
use jiff::SignedDuration;

/// A world without its clocks: what a cycle without changes leaves alone.
fn still(world: &World) -> World {
    let mut world = world.clone();
    world.clock = jiff::Timestamp::UNIX_EPOCH;
    world.sync.next_cycle = None;
    world.entra.on_premises_last_sync_date_time = None;
    world
}

#[test]
fn a_second_cycle_changes_nothing() {
    let admin = user("zoe@x.com", &["SMTP:zoe@x.com"]);
    let id = admin.id;
    let mut small = jane().colleague("Ann").colleague("Zoe").with(admin).role_for(id);
    small.cycle();
    let before = still(&small.world);
    let last_sync = small.world.entra.on_premises_last_sync_date_time;
    let report = small.cycle();
    assert!(!report.changed_anything());
    assert_eq!(still(&small.world), before);
    assert_eq!(small.world.entra.on_premises_last_sync_date_time, Some(report.ended), "the tenant's time moves");
    assert!(small.world.entra.on_premises_last_sync_date_time > last_sync);
}

#[test]
fn the_same_world_gives_the_same_cycle() {
    let (mut a, mut b) = (jane().colleague("Ann"), jane().colleague("Ann"));
    assert_eq!(a.cycle(), b.cycle());
    assert_eq!(a.world, b.world);
}

#[test]
fn a_cycle_takes_time() {
    let mut small = jane();
    let report = small.cycle();
    assert_eq!(report.ended.duration_since(report.started), CYCLE_LENGTH);
    assert_eq!(small.world.clock, report.ended);
    assert_eq!(small.world.sync.next_cycle, Some(report.started + SignedDuration::from_mins(30)));
}

/// Sync errors: a user out of scope is soft-deleted and DirSyncEnabled is off; Recycle bin: it comes back with the same
/// anchor.
#[test]
fn who_leaves_is_soft_deleted_and_can_come_back() {
    let mut small = jane();
    let id = small.report().cloud.unwrap();
    let mut small = small.having(|w| w.ad[0].entries[0].dn = Dn::parse("CN=Jane,DC=ad,DC=test").unwrap());
    let report = small.cycle();
    assert_eq!((report.objects[0].outcome, report.objects[0].cloud), (Outcome::Deleted, Some(id)));
    let gone = &small.world.entra.deleted_users[0];
    assert_eq!((gone.on_premises_sync_enabled, gone.deleted_date_time), (None, Some(report.ended)));
    assert!(gone.on_premises_immutable_id.is_some() && small.world.entra.users.is_empty());
    assert!(small.world.sync.connector_space.is_empty());
    let mut small = small.having(|w| w.ad[0].entries[0].dn = Dn::parse(JANE).unwrap());
    assert_eq!(small.outcome(), (Outcome::Restored, None));
    assert_eq!(small.cloud(id).user_principal_name, "jane@x.com");
}

/// User source of authority: what is managed in the cloud is neither updated nor deleted.
#[test]
fn a_converted_user_is_left_alone() {
    let mut small = jane();
    small.cycle();
    small.world.entra.users[0].is_cloud_managed = true;
    let before = small.world.entra.users.clone();
    let mut small = small.set("displayName", &["Another"]);
    assert_eq!(small.outcome(), (Outcome::Skipped, None));
    let mut small = small.having(|w| w.ad[0].entries.clear());
    small.cycle();
    assert_eq!(small.world.entra.users, before);
}

/// Prevent accidental deletes.
#[test]
fn many_deletions_stop_the_whole_export() {
    let mut small = jane().colleague("Ann");
    small.cycle();
    small.world.sync.deletion_threshold = 1;
    small.world.ad[0].entries.clear();
    let before = small.world.entra.clone();
    let report = small.cycle();
    assert_eq!(report.stopped, Some(Stopped::DeletionThreshold { deletions: 2, threshold: 1 }));
    assert_eq!(small.world.entra, before, "not even the last sync time moves");
    small.world.sync.deletion_threshold = 2;
    assert_eq!(small.cycle().objects.len(), 2);
}

/// Scheduler: StagingModeEnabled.
#[test]
fn a_staging_server_exports_nothing() {
    let target = user("jane@x.com", &["SMTP:jane@x.com"]);
    let mut small = jane().with(target).having(|w| w.sync.staging = true);
    let before = (small.world.entra.clone(), small.world.ad.clone());
    assert_eq!(small.cycle().stopped, Some(Stopped::Staging));
    assert_eq!((small.world.entra.clone(), small.world.ad.clone()), before);
    small.world.sync.staging = false;
    assert_eq!(small.outcome(), (Outcome::SoftMatchedBySmtp, None), "still new to the cloud");
}

/// Design concepts; 8344: the anchor must be written before the user is exported.
#[test]
fn a_refused_write_back_is_an_export_error() {
    let mut small = jane();
    // A view whose write-back never happened, as from a real AD that refuses it.
    let view = AdView::of_forest(&small.world.ad);
    let report = cycle(&view, &mut small.world);
    assert_eq!(report.objects[0].error.as_ref().unwrap().code, ErrorCode::PermissionIssue);
    assert!(small.world.entra.users.is_empty());
    assert_eq!(small.outcome(), (Outcome::Provisioned, None));
}

#[test]
fn computers_groups_and_containers_are_no_users() {
    let classes = crate::lab::world::forest::AdValues::Many(["top", "user", "computer"].map(str::to_owned).to_vec());
    let small = jane().having(|w| {
        w.ad[0].entries[0].attributes.insert("objectClass".to_owned(), classes);
    });
    assert!(AdView::of_forest(&small.world.ad).users.is_empty());
}

fn scheduler() -> Scheduler {
    let mut world = jane().world;
    schedule(&mut world);
    Scheduler::new(SharedWorld::in_memory(world), None)
}

#[tokio::test]
async fn the_scheduler_runs_what_is_due() {
    let scheduler = scheduler();
    let minutes = SignedDuration::from_mins;
    assert_eq!(scheduler.advance(minutes(29)).await.unwrap(), []);
    let reports = scheduler.advance(minutes(61)).await.unwrap();
    let at = |n: usize| reports[n].started.to_string();
    assert_eq!((reports.len(), at(0), at(2)), (3, "2026-09-01T08:30:00Z".into(), "2026-09-01T09:30:00Z".into()));
    assert_eq!(scheduler.world().read(|w| w.clock).to_string(), "2026-09-01T09:31:30Z");
}

#[tokio::test]
async fn a_held_scheduler_runs_nothing_and_a_release_starts_nothing() {
    let scheduler = scheduler();
    assert!(scheduler.enable(false).await.unwrap().suspended);
    assert_eq!(scheduler.advance(SignedDuration::from_hours(2)).await.unwrap(), []);
    assert_eq!(scheduler.run_cycle().await.unwrap().objects.len(), 1, "a cycle on demand runs all the same");
    assert!(!scheduler.enable(true).await.unwrap().suspended);
    assert_eq!(scheduler.advance(SignedDuration::from_mins(1)).await.unwrap(), []);
}

#[tokio::test]
async fn the_clock_moves_forwards_and_not_too_far() {
    let scheduler = scheduler();
    let far = LONGEST_ADVANCE + SignedDuration::from_secs(1);
    for by in [SignedDuration::from_secs(-1), far] {
        assert!(matches!(scheduler.advance(by).await, Err(CycleError::Clock { .. })));
    }
}
