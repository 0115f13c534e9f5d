//! The ledger on a real disk.

use super::disk::{Disk, RealDisk};
use super::files;
use super::ledger::{Ledger, OpenError, read};
use super::lock::{Lock, LockError, Stand};
use super::paths::Paths;
use super::release::{ReleaseError, clean_up, put_aside};
use super::witness::Witness;
use crate::apply::executor;
use crate::apply::options::{Fresh, Options, Ports};
use crate::apply::outcome::Ending;
use crate::apply::testing::{Spec, World, block_on};
use crate::model::holder::Holder;
use crate::model::id::LockId;
use crate::state::recorder::{RecordError, Recorder as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn holder() -> Holder {
    let started = "2026-01-01T00:00:00Z".parse().unwrap();
    let [host, user, command] = ["mgmt01", "olga", "apply"].map(str::to_owned);
    Holder { id: LockId(uuid::Uuid::from_u128(1)), pid: 7, host, user, command, started }
}

fn another() -> Holder {
    Holder { id: LockId(uuid::Uuid::from_u128(2)), host: "mgmt02".to_owned(), ..holder() }
}

fn paths(folder: &tempfile::TempDir) -> Paths {
    Paths::of(&folder.path().join("matchplan.state.json"))
}

fn open(paths: &Paths) -> Ledger {
    Ledger::open(paths, Lock::acquire(paths, &holder()).unwrap()).unwrap()
}

fn apply(paths: &Paths, id: &str) -> Ending {
    apply_by(paths, id, Witness::nobody())
}

fn apply_by(paths: &Paths, id: &str, witness: Witness) -> Ending {
    let world = World::new(&[Spec { hard: true, role: true, staged: true, wave: 1 }]);
    let lock = Lock::acquire(paths, &holder()).unwrap();
    let mut ledger = Ledger::open_by(paths, lock, Box::new(RealDisk), witness).unwrap();
    let ports = Ports { directories: &world, sync: &world, clock: &world };
    let fresh = Fresh { id: id.into(), lineage: "test".to_owned(), plan: world.plan() };
    block_on(executor::apply(ports, &mut ledger, Options::default(), fresh, |_| {})).unwrap().ending
}

#[test]
fn the_second_one_is_told_who_holds_the_lock_and_gets_it_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Free);
    let first = Lock::acquire(&paths, &holder()).unwrap();
    match Lock::acquire(&paths, &another()) {
        Err(LockError::Held { holder: Some(found) }) => assert_eq!(found, holder()),
        other => panic!("{other:?}"),
    }
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Held(Some(holder())));
    drop(first);
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Free);
    let _second = Lock::acquire(&paths, &another()).unwrap();
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Held(Some(another())));
}

#[test]
fn what_a_crash_left_is_no_obstacle_and_only_its_own_id_forgets_it() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    files::make_folder(&paths.work).unwrap();
    std::fs::write(&paths.holder, serde_json::to_vec(&holder()).unwrap()).unwrap();
    assert_eq!(Lock::look(&paths).unwrap(), Stand::LeftOver(holder()));
    assert!(matches!(clean_up(&paths, another().id), Err(ReleaseError::Changed(Some(found))) if found == holder()));
    assert_eq!(Lock::look(&paths).unwrap(), Stand::LeftOver(holder()));
    clean_up(&paths, holder().id).unwrap();
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Free);

    std::fs::write(&paths.holder, serde_json::to_vec(&holder()).unwrap()).unwrap();
    let held = Lock::acquire(&paths, &another()).unwrap();
    // The note is another's by now, and so is the lock.
    assert!(matches!(clean_up(&paths, holder().id), Err(ReleaseError::Changed(Some(found))) if found == another()));
    drop(held);
}

#[test]
fn whoever_is_released_against_its_will_writes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    apply(&paths, "one");
    let before = read(&paths).unwrap();
    let mut first = open(&paths);
    assert!(matches!(put_aside(&paths, another().id), Err(ReleaseError::Changed(Some(_)))));
    put_aside(&paths, holder().id).unwrap();
    let second = Lock::acquire(&paths, &another()).unwrap();

    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let event = crate::state::journal::JournalEvent::ApplyEnded { apply: "one".into() };
    assert!(matches!(first.record(at, event), Err(RecordError::Released)));
    assert!(matches!(first.keep_sheet(&"one".into(), "sheet"), Err(RecordError::Released)));
    drop(first);
    assert_eq!(read(&paths).unwrap(), before);
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Held(Some(another())), "the second one's note is its own");
    let mut second = Ledger::open(&paths, second).unwrap();
    second.keep_sheet(&"two".into(), "sheet").unwrap();
    drop(second);
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Free);
}

#[test]
fn a_broken_huge_or_hostile_note_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    let held = Lock::acquire(&paths, &holder()).unwrap();
    let huge = format!("{{\"host\":\"{}\"}}", "x".repeat(1 << 20));
    for note in ["", "{", "\u{1b}[2J", "[[[[", huge.as_str()] {
        std::fs::write(&paths.holder, note).unwrap();
        assert_eq!(Lock::look(&paths).unwrap(), Stand::Held(None));
        let error = Lock::acquire(&paths, &another()).unwrap_err();
        assert!(error.to_string().ends_with("it did not say who it is"), "{error}");
    }
    drop(held);
    std::fs::write(&paths.holder, huge).unwrap();
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Free);
    // A folder where the note should be: the lock is not got, and nothing hangs.
    std::fs::remove_file(&paths.holder).unwrap();
    std::fs::create_dir(&paths.holder).unwrap();
    assert_eq!(Lock::look(&paths).unwrap(), Stand::Free);
    assert!(matches!(Lock::acquire(&paths, &holder()), Err(LockError::Io { .. })));
}

#[test]
fn no_locks_is_another_answer_than_no_access() {
    let unsupported = LockError::of(Path::new("x"), std::io::ErrorKind::Unsupported.into());
    assert!(unsupported.to_string().contains("has no locks"), "{unsupported}");
    let denied = LockError::of(Path::new("x"), std::io::ErrorKind::PermissionDenied.into());
    assert!(matches!(denied, LockError::Io { .. }));
    #[cfg(target_os = "linux")]
    assert!(matches!(
        LockError::of(Path::new("x"), std::io::Error::from_raw_os_error(37)),
        LockError::Unsupported { .. }
    ));
}

#[test]
fn an_apply_is_read_back_from_disk_and_the_next_one_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    assert_eq!(apply(&paths, "one"), Ending::Complete);
    let first = read(&paths).unwrap().unwrap();
    assert_eq!(apply(&paths, "two"), Ending::Complete);
    let second = read(&paths).unwrap().unwrap();
    assert!(second.serial > first.serial && second.applies.len() == 2);
    assert_eq!(second.lineage, first.lineage);
    let sheet = std::fs::read_to_string(paths.sheet(&"one".into())).unwrap();
    assert!(sheet.contains("Restore sheet of apply one"));
    // The journal alone tells the same.
    std::fs::remove_file(&paths.state).unwrap();
    assert_eq!(read(&paths).unwrap().unwrap().applies, second.applies);
}

#[test]
fn a_torn_append_is_cut_off_and_appending_goes_on() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    apply(&paths, "one");
    let whole = std::fs::read(&paths.journal).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(&paths.journal).unwrap();
    file.write_all(b"{\"seq\":99,\"at\":").unwrap();
    drop(file);
    assert!(read(&paths).unwrap().is_some());
    drop(open(&paths));
    assert_eq!(std::fs::read(&paths.journal).unwrap(), whole);
    assert_eq!(apply(&paths, "two"), Ending::Complete);
    assert_eq!(read(&paths).unwrap().unwrap().applies.len(), 2);
}

#[test]
fn a_state_from_elsewhere_puts_the_older_journal_aside() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    apply(&paths, "one");
    let older = std::fs::read(&paths.journal).unwrap();
    apply(&paths, "two");
    std::fs::write(&paths.journal, &older).unwrap();
    assert_eq!(apply(&paths, "three"), Ending::Complete);
    assert_eq!(read(&paths).unwrap().unwrap().applies.len(), 3);
    let aside = std::fs::read_dir(folder.path()).unwrap().filter_map(Result::ok);
    assert_eq!(aside.filter(|f| f.file_name().to_string_lossy().contains("until-")).count(), 1);
}

#[test]
fn damage_is_refused_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    apply(&paths, "one");
    let damaged = std::fs::read_to_string(&paths.journal).unwrap().replacen("apply-started", "apply-stopped", 1);
    std::fs::write(&paths.journal, &damaged).unwrap();
    let error = Ledger::open(&paths, Lock::acquire(&paths, &holder()).unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::Journal { ref source, .. } if source.seq == 2), "{error}");
    assert_eq!(std::fs::read_to_string(&paths.journal).unwrap(), damaged);
}

#[test]
fn files_are_replaced_whole_and_readable_by_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    files::replace(&path, b"one").unwrap();
    files::replace(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    assert!(files::read_limited(&path, 2).is_err());
    assert_eq!(files::read_limited(Path::new("no/such/file"), 2).unwrap(), None);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let paths = paths(&folder);
        apply(&paths, "one");
        for file in [&path, &paths.state, &paths.journal, &paths.sheet(&"one".into())] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
    }
}

#[test]
fn every_path_follows_from_the_state_files() {
    let paths = Paths::of(Path::new("a/prod.state.json"));
    assert_eq!(paths.journal, Path::new("a/prod.journal.jsonl"));
    assert_eq!(paths.lock, Path::new("a/.matchplan/prod.state.json.lock"));
    assert_eq!(Paths::of(Path::new("matchplan.state.json")).journal, Path::new("matchplan.journal.jsonl"));
    assert_eq!(paths.sheet(&"../../x".into()), Path::new("a/.matchplan/restore-______x.txt"));
}

mod known {
    use super::{Holder, Lock, apply_by, holder, paths};
    use crate::state::journal::{Journal, JournalEvent};
    use crate::state::ledger::{Context, State};
    use crate::state::recorder::Recorder as _;
    use crate::store::disk::RealDisk;
    use crate::store::ledger::Ledger;
    use crate::store::paths::Paths;
    use crate::store::witness::Witness;
    use std::fs;
    use std::path::Path;

    fn open(paths: &Paths, notes: &Path) -> Ledger {
        let lock = Lock::acquire(paths, &Holder { command: "status".to_owned(), ..holder() }).unwrap();
        Ledger::open_by(paths, lock, Box::new(RealDisk), Witness::in_folder(notes.to_owned())).unwrap()
    }

    fn known(paths: &Paths, notes: &Path) -> bool {
        open(paths, notes).is_known()
    }

    #[test]
    fn what_this_computer_wrote_is_known_here_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, notes) = (paths(&folder), folder.path().join("notes"));
        assert!(known(&paths, &notes), "what is begun here");
        apply_by(&paths, "one", Witness::in_folder(notes.clone()));
        assert!(known(&paths, &notes));
        assert!(!known(&paths, &folder.path().join("elsewhere")));
        // One file suffices: the other follows from it, or is not there.
        let (state, journal) = (fs::read(&paths.state).unwrap(), fs::read(&paths.journal).unwrap());
        fs::remove_file(&paths.state).unwrap();
        assert!(known(&paths, &notes));
        fs::write(&paths.state, &state).unwrap();
        fs::remove_file(&paths.journal).unwrap();
        assert!(known(&paths, &notes));
        fs::write(&paths.journal, &journal).unwrap();
        // The note names no path that the file could choose, and only its owner reads it.
        let notes: Vec<_> = fs::read_dir(&notes).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(notes.len(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(notes[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    /// Wherever the process ended: the note was written before, and names what was there before.
    #[test]
    fn a_process_that_ended_between_note_and_journal_is_still_known() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, notes) = (paths(&folder), folder.path().join("notes"));
        apply_by(&paths, "one", Witness::in_folder(notes.clone()));
        let whole = fs::read_to_string(&paths.journal).unwrap();
        let last = whole.trim_end().rfind('\n').unwrap() + 1;
        fs::remove_file(&paths.state).unwrap();
        for torn in [last, last + 20] {
            fs::write(&paths.journal, &whole[..torn]).unwrap();
            let ledger = open(&paths, &notes);
            assert!(ledger.is_known(), "{torn}");
            drop(ledger);
            fs::remove_file(&paths.state).unwrap();
        }
        // Two records back is not what this computer left.
        let before = whole[..last].trim_end().rfind('\n').unwrap() + 1;
        fs::write(&paths.journal, &whole[..before]).unwrap();
        assert!(!known(&paths, &notes));
    }

    /// Neither opening a forged ledger nor catching up with it makes it known; only a person does.
    #[test]
    fn a_forged_ledger_does_not_become_known_by_being_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, notes) = (paths(&folder), folder.path().join("notes"));
        apply_by(&paths, "one", Witness::in_folder(notes.clone()));
        let whole = Journal::read(&fs::read(&paths.journal).unwrap()).unwrap();
        let mut older = State::begin(&whole.records[0]).unwrap();
        whole.records[1..4].iter().for_each(|record| older.advance(record).unwrap());
        // The content is forged, the marks by which it hangs together with the journal are right.
        older.applies[0].context = Context { host: "forged".to_owned(), user: String::new() };
        fs::write(&paths.state, older.to_file().unwrap()).unwrap();
        for _ in 0..2 {
            assert!(!known(&paths, &notes), "catching up has written the state anew, but noted nothing");
        }
        let mut ledger = open(&paths, &notes);
        ledger.take_on();
        let link = crate::apply::testing::link_id(0);
        let event = JournalEvent::LinkWaiting { apply: "one".into(), link };
        assert!(ledger.record("2026-01-03T00:00:00Z".parse().unwrap(), event).is_err(), "the apply has ended");
        drop(ledger);
        assert!(!known(&paths, &notes), "and nothing was recorded since");
    }

    /// Without a place for notes everything works, and nothing is known the next time.
    #[test]
    fn a_computer_without_notes_knows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(&folder);
        let file = folder.path().join("a-file");
        fs::write(&file, "").unwrap();
        apply_by(&paths, "one", Witness::in_folder(file.join("notes")));
        assert!(!known(&paths, &file.join("notes")));
    }
}

/// A disk on which the state file cannot be replaced so many times.
#[derive(Debug)]
struct Full(Arc<AtomicUsize>);

impl Disk for Full {
    fn persist(&self, target: &Path, temporary: tempfile::NamedTempFile) -> std::io::Result<()> {
        let is_state = target.to_string_lossy().ends_with(".state.json");
        let left = |left: usize| left.checked_sub(1);
        if is_state && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok() {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        RealDisk.persist(target, temporary)
    }
}

#[test]
fn a_ledger_is_known_again_however_often_its_state_could_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    let full = Arc::new(AtomicUsize::new(0));
    let open = || {
        let lock = Lock::acquire(&paths, &holder()).unwrap();
        let witness = Witness::in_folder(folder.path().join("notes"));
        Ledger::open_by(&paths, lock, Box::new(Full(Arc::clone(&full))), witness)
    };
    let apply = |ledger: &mut Ledger, id: &str| {
        let world = World::new(&[Spec { hard: true, role: true, staged: true, wave: 1 }]);
        let ports = Ports { directories: &world, sync: &world, clock: &world };
        let fresh = Fresh { id: id.into(), lineage: "test".to_owned(), plan: world.plan() };
        block_on(executor::apply(ports, ledger, Options::default(), fresh, |_| {})).is_ok()
    };
    assert!(apply(&mut open().unwrap(), "one"));
    full.store(3, Ordering::SeqCst);
    let mut ledger = open().unwrap();
    assert!(!apply(&mut ledger, "two"), "it stops where the state cannot be kept");
    drop(ledger);
    assert!(full.load(Ordering::SeqCst) > 0);
    while full.load(Ordering::SeqCst) > 0 {
        assert!(open().is_err());
    }
    let ledger = open().unwrap();
    assert!(ledger.is_known());
    assert_eq!(read(&paths).unwrap().unwrap().applies.len(), 2);
}

/// A disk on which the notes, and only they, cannot be written at every second try.
#[derive(Debug, Default)]
struct Forgetful(AtomicUsize);

impl Disk for Forgetful {
    fn write(&self, target: &Path, file: &mut std::fs::File, octets: &[u8]) -> std::io::Result<()> {
        if target.starts_with(target.ancestors().find(|above| above.ends_with("notes")).unwrap_or(Path::new("-")))
            && self.0.fetch_add(1, Ordering::SeqCst).is_multiple_of(2)
        {
            return Err(std::io::ErrorKind::ReadOnlyFilesystem.into());
        }
        RealDisk.write(target, file, octets)
    }
}

/// The process may end at any moment after a record: the note that was missed before it stands behind it.
#[test]
fn a_note_that_could_not_be_written_is_made_good_as_soon_as_the_record_stands() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    let open = |disk: Box<dyn Disk>| {
        let lock = Lock::acquire(&paths, &holder()).unwrap();
        Ledger::open_by(&paths, lock, disk, Witness::in_folder(folder.path().join("notes"))).unwrap()
    };
    let world = World::new(&[Spec { hard: true, role: true, staged: true, wave: 1 }]);
    let ports = Ports { directories: &world, sync: &world, clock: &world };
    let fresh = Fresh { id: "one".into(), lineage: "test".to_owned(), plan: world.plan() };
    let mut ledger = open(Box::<Forgetful>::default());
    block_on(executor::apply(ports, &mut ledger, Options::default(), fresh, |_| {})).unwrap();
    drop(ledger);
    assert!(open(Box::new(RealDisk)).is_known());
}

/// Several records are synced together. A power failure may leave any part of them: whatever is left, this computer knows it.
#[test]
fn a_group_of_records_that_the_power_cut_short_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(&folder);
    let open = || {
        let lock = Lock::acquire(&paths, &holder()).unwrap();
        Ledger::open_by(&paths, lock, Box::new(RealDisk), Witness::in_folder(folder.path().join("notes"))).unwrap()
    };
    let world = World::new(&[Spec { hard: true, role: false, staged: true, wave: 1 }; 3]);
    world.cycle.set(None);
    world.has_status.set(true);
    let ports = Ports { directories: &world, sync: &world, clock: &world };
    let fresh = Fresh { id: "one".into(), lineage: "test".to_owned(), plan: world.plan() };
    let mut ledger = open();
    block_on(executor::apply(ports, &mut ledger, Options { prepare_only: true, ..Options::default() }, fresh, |_| {}))
        .unwrap();
    let durable = std::fs::metadata(&paths.journal).unwrap().len();
    let now = "2026-01-02T01:00:00Z".parse().unwrap();
    for n in 0..3 {
        let why = format!("reason {n}");
        let apply = crate::model::id::ApplyId("one".to_owned());
        let state = ledger.state().unwrap().applies[0].links.keys().nth(n).unwrap().clone();
        let ending = crate::state::journal::LinkEnding::Failed { why };
        ledger.append(now, crate::state::journal::JournalEvent::LinkEnded { apply, link: state, ending }).unwrap();
    }
    assert_eq!(std::fs::metadata(&paths.journal).unwrap().len(), durable, "nothing is written before the group is");
    let state_file = std::fs::read(&paths.state).unwrap();
    ledger.commit().unwrap();
    drop(ledger);
    let whole = std::fs::read(&paths.journal).unwrap();
    for left in (durable..=whole.len() as u64).step_by(40) {
        std::fs::write(&paths.journal, &whole[..usize::try_from(left).unwrap()]).unwrap();
        std::fs::write(&paths.state, &state_file).unwrap();
        let found = crate::store::ledger::look(&paths, &Witness::in_folder(folder.path().join("notes"))).unwrap();
        assert!(found.known, "{left} octets are left");
    }
}
