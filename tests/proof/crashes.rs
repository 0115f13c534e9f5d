//! Proof by exhaustion: the process is killed at every place of an apply, of a withdrawal and of a rollback; then the
//! apply is resumed, and, in another run, rolled back. The list of places is what the doors see in a run that nothing
//! interrupts, so whatever is built into the executor later is in it by itself.

mod places;
mod stories;

use crate::doors::{Nobody, Operation, Phase, Watcher};
use crate::image::{differences, image, roles};
use crate::stage::{self, Session, Way, one_by_one, open, paths, state};
use matchplan::apply::options::Options;
use matchplan::lab::faults::Faults;
use matchplan::lab::runtime::Lab;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::{CloudGroup, CloudUser};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::plan::document::Plan;
use matchplan::rollback::plan::RollbackError;
use matchplan::state::recorder::Recorder as _;
use matchplan::store::paths::Paths;
use places::{Place, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use stories::{Story, stories};
use tempfile::TempDir;

/// What the parent tells the child that is to die.
const TASK: &str = "MATCHPLAN_PROOF_CHILD";

/// How much of what went wrong is told.
const TOLD: usize = 20;

/// The child's task.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    way: Way,
    plan: PathBuf,
    folder: PathBuf,
    id: String,
    die_at: usize,
}

/// Whether this process is a child that is to die; then it does its task, and does not return.
pub fn is_child() -> bool {
    let Ok(task) = std::env::var(TASK) else { return false };
    let task: Task = serde_json::from_str(&task).expect("the parent tells it in this form");
    runtime().block_on(async {
        let text = std::fs::read_to_string(&task.plan).expect("the parent has written it");
        let plan = Plan::from_file(&text).expect("the parent has written a plan");
        let killer: Arc<dyn Watcher> = Arc::new(Killer { seen: AtomicUsize::new(0), die_at: task.die_at });
        let session = task.way.connect(&plan.settings).await.expect("the lab answers").watched(Arc::clone(&killer));
        let mut ledger = open(&paths(&task.folder), killer);
        let _ = session.apply(&mut ledger, &task.id, plan, one_by_one(), |_| {}).await;
    });
    true
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Kills the process at the place with this number: no destructor runs, nothing is flushed.
#[derive(Debug)]
struct Killer {
    seen: AtomicUsize,
    die_at: usize,
}

impl Watcher for Killer {
    fn at(&self, _: &Operation<'_>, _: Phase) -> io::Result<()> {
        if self.seen.fetch_add(1, Ordering::SeqCst) == self.die_at {
            std::process::abort();
        }
        Ok(())
    }
}

/// Notes the places.
#[derive(Debug, Default)]
struct Lister(Mutex<Vec<Place>>);

impl Watcher for Lister {
    fn at(&self, operation: &Operation<'_>, phase: Phase) -> io::Result<()> {
        let mut places = self.0.lock().expect("nobody panics with it");
        let place = Place::of(operation, phase, places.last());
        places.push(place);
        Ok(())
    }
}

/// A run that nothing interrupts: its places, and what it leaves.
struct Whole {
    places: Vec<Place>,
    after: World,
}

/// Proves every story; says what was covered. `Err` names each place after which something was lost.
///
/// For each point of each kind of step one place is tried, the first or the last of its kind, and recovered from in one of
/// the story's ways, turn by turn; with `every`, all places are, and in all ways.
/// With `only`, it is about the story of that name alone, in all ways; it need not go through every kind of step.
pub fn prove(every: bool, only: Option<&str>) -> Result<String, String> {
    let mut table = Table::default();
    let mut wrong = Vec::new();
    let mut recoveries = 0;
    if let Some(name) = only.filter(|name| stories().iter().all(|story| story.name != *name)) {
        let names = stories().map(|story| story.name).join(", ");
        return Err(format!("there is no story {name}; the stories: {names}"));
    }
    for story in stories().into_iter().filter(|story| only.is_none_or(|name| story.name == name)) {
        let whole = runtime().block_on(whole(&story));
        let chosen = if every { (0..whole.places.len()).collect() } else { one_of_each(&whole.places) };
        for n in &chosen {
            table.add(&whole.places[*n]);
        }
        let ways = |turn: usize| {
            let way = turn % story.recoveries.len();
            if every || only.is_some() { story.recoveries } else { &story.recoveries[way..=way] }
        };
        let todo: Vec<(usize, Recovery)> =
            chosen.iter().enumerate().flat_map(|(turn, n)| ways(turn).iter().map(|way| (*n, *way))).collect();
        recoveries += todo.len();
        let found = side_by_side(&story, &whole, &todo);
        let (killed, of) = (chosen.len(), whole.places.len());
        println!("{}: killed at {killed} of {of} places, {} recoveries, {} wrong", story.name, todo.len(), found.len());
        wrong.extend(found);
    }
    wrong.extend(only.is_none().then(|| table.holes()).into_iter().flatten());
    if wrong.is_empty() {
        Ok(format!("{table}\ncrashes: {} places, {recoveries} recoveries, nothing lost", table.count()))
    } else {
        let count = wrong.len();
        wrong.truncate(TOLD);
        Err(format!("{table}\ncrashes: {count} things went wrong in {recoveries} recoveries\n{}", wrong.join("\n")))
    }
}

/// Of the places that are alike, the first, or for every other kind of place the last.
fn one_of_each(places: &[Place]) -> Vec<usize> {
    let mut alike: BTreeMap<&Place, Vec<usize>> = BTreeMap::new();
    for (n, place) in places.iter().enumerate() {
        alike.entry(place).or_default().push(n);
    }
    let ends = alike.into_values().enumerate();
    let mut chosen: Vec<usize> =
        ends.map(|(n, alike)| if n % 2 == 0 { alike[0] } else { alike[alike.len() - 1] }).collect();
    chosen.sort_unstable();
    chosen
}

/// What is done after the crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recovery {
    Resume,
    RollBack,
}

/// Tries all places, on as many threads as there are processors.
fn side_by_side(story: &Story, whole: &Whole, todo: &[(usize, Recovery)]) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                runtime().block_on(async {
                    let set = Set::up(story).await;
                    while let Some((n, recovery)) = todo.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let place = &whole.places[*n];
                        let found =
                            set.crash(story, whole, *n, *recovery).await.into_iter().map(|what| {
                                format!("{} / {recovery:?} after place {n}, {place}:\n    {what}", story.name)
                            });
                        wrong.lock().expect("nobody panics with it").extend(found);
                    }
                });
            });
        }
    });
    wrong.into_inner().expect("nobody panics with it")
}

async fn whole(story: &Story) -> Whole {
    let set = Set::up(story).await;
    let folder = set.begin().await;
    let lister = Arc::new(Lister::default());
    let session = set.way.connect(&set.plan.settings).await.expect("the lab answers").watched(lister.clone());
    let mut ledger = open(&paths(folder.path()), lister.clone());
    let outcome = session.apply(&mut ledger, story.id, set.plan.clone(), one_by_one(), |_| {}).await;
    let outcome = outcome.expect("nothing interrupts it");
    assert_eq!(outcome.ending, story.ending, "{}: {outcome:?}", story.name);
    let places = lister.0.lock().expect("nobody panics with it").clone();
    Whole { places, after: set.lab.world().read(World::clone) }
}

/// A stage that is set for a story, again and again: the same servers, and everything as it was before.
struct Set {
    lab: Lab,
    way: Way,
    session: Session,
    /// The world before anything was done.
    first: World,
    /// The plan that is interrupted.
    plan: Plan,
    /// The world and the ledger's folder when that plan begins.
    world: World,
    files: TempDir,
}

impl Set {
    async fn up(story: &Story) -> Self {
        let lab = stage::serve(story.world(), Faults::none()).await;
        let way = story.way(&lab);
        let config = way.config(story.sync, "", &story.links());
        // Whoever recovers need not write the state with each record.
        let mut recovery = way.clone();
        recovery.a_look_takes = jiff::SignedDuration::from_millis(100);
        let session = recovery.connect(&config.settings).await.expect("the lab answers");
        let first = lab.world().read(World::clone);
        let mut plan = session.plan(&config, &[]).await.expect("both directories answer");
        assert!(!plan.is_blocked(), "{:?}", plan.findings);
        let files = stage::folder();
        if story.undoes {
            // What is interrupted is the way back.
            let mut ledger = open(&paths(files.path()), Arc::new(Nobody));
            let options = Options { prepare_only: true, ..one_by_one() };
            session.apply(&mut ledger, "forth", plan.clone(), options, |_| {}).await.expect("nothing interrupts it");
            let state = ledger.state().expect("an apply began");
            let back = session.plan_rollback(state, &plan).await.expect("both directories answer");
            plan = back.expect("something stands");
            assert!(!plan.is_blocked(), "{:?}", plan.findings);
        }
        let world = lab.world().read(World::clone);
        Self { lab, way, session, first, plan, world, files }
    }

    /// Puts everything back, the ledger into a folder of its own.
    async fn begin(&self) -> TempDir {
        self.lab.scheduler().replace(self.world.clone()).await.expect("the lab's world is in memory");
        let folder = stage::folder();
        copy(self.files.path(), folder.path());
        folder
    }

    /// Kills a process at one place and recovers; says what is not as it should be.
    async fn crash(&self, story: &Story, whole: &Whole, die_at: usize, recovery: Recovery) -> Vec<String> {
        let folder = self.begin().await;
        let file = folder.path().join("proof.plan.json");
        std::fs::write(&file, self.plan.to_file().expect("a plan can be written")).expect("the folder is ours");
        let (way, id) = (self.way.clone(), story.id.to_owned());
        let task = Task { way, plan: file, folder: folder.path().to_owned(), id, die_at };
        if let Err(why) = kill(&task).await {
            return vec![why];
        }
        let paths = paths(folder.path());
        let mut wrong = without_a_sheet(&self.first, &self.lab.world().read(World::clone), &paths);
        if !open(&paths, Arc::new(Nobody)).is_known() {
            wrong.push("this computer does not know its own ledger again".to_owned());
        }
        match recovery {
            Recovery::Resume => {
                wrong.extend(self.resume(story, &paths).await);
                let after = self.lab.world().read(World::clone);
                wrong.extend(differences(&image(&whole.after), &image(&after)));
            }
            Recovery::RollBack => {
                wrong.extend(self.roll_back(&paths).await.err());
                // What a cycle has formed cannot go back: its apply goes on to its end.
                wrong.extend(self.end(&paths).await.err());
                let mut after = self.lab.world().read(World::clone);
                if story.goes_back_by_a_cycle() {
                    self.lab.run_cycle().await.expect("the engine is the lab's own");
                    after = self.lab.world().read(World::clone);
                    forget_repeated_passwords(&self.first, &mut after);
                }
                wrong.extend(differences(&as_far_as_formed(whole, &self.first, &after), &image(&after)));
            }
        }
        if let Some(state) = state(&paths) {
            wrong.extend(state.unfinished().map(|apply| format!("{} is unfinished", apply.id)));
            wrong.extend(state.suspended_roles().iter().map(|role| format!("{} is not back", role.holding)));
        }
        wrong
    }

    /// The same command again: it goes on, or begins where the process died before it had begun.
    async fn resume(&self, story: &Story, paths: &Paths) -> Option<String> {
        let mut ledger = open(paths, Arc::new(Nobody));
        let begun = ledger.state().and_then(|state| state.apply(&story.id.into())).map(|apply| apply.ended.is_some());
        let outcome = match begun {
            Some(true) => return None,
            Some(false) => self.session.resume(&mut ledger, one_by_one(), |_| {}).await,
            None => self.session.apply(&mut ledger, story.id, self.plan.clone(), one_by_one(), |_| {}).await,
        };
        match outcome {
            Err(error) => Some(error.to_string()),
            Ok(outcome) if outcome.ending != story.ending => Some(format!("{outcome:?}")),
            Ok(_) => None,
        }
    }

    async fn end(&self, paths: &Paths) -> Result<(), String> {
        let mut ledger = open(paths, Arc::new(Nobody));
        if ledger.state().is_none_or(|state| state.unfinished().is_none()) {
            return Ok(());
        }
        let outcome = self.session.resume(&mut ledger, one_by_one(), |_| {}).await;
        outcome.map(drop).map_err(|error| error.to_string())
    }

    async fn roll_back(&self, paths: &Paths) -> Result<(), String> {
        let mut ledger = open(paths, Arc::new(Nobody));
        let Some(state) = ledger.state().filter(|state| !state.applies.is_empty()) else { return Ok(()) };
        let back = match self.session.plan_rollback(state, &self.plan).await.map_err(|e| e.to_string())? {
            Ok(back) if back.is_blocked() => return Err(format!("the rollback is blocked: {:?}", back.findings)),
            Ok(back) => back,
            Err(RollbackError::Nothing) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let outcome = self.session.apply(&mut ledger, "undo", back, one_by_one(), |_| {}).await;
        outcome.map(drop).map_err(|error| error.to_string())
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the folder is ours") {
        let entry = entry.expect("the folder is ours");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&to).expect("the folder is ours");
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("both folders are ours");
        }
    }
}

/// Whoever is without a role must stand on a sheet that the dead process has left.
fn without_a_sheet(before: &World, now: &World, paths: &Paths) -> Vec<String> {
    let missing: Vec<String> = roles(before).difference(&roles(now)).cloned().collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let sheets: String = std::fs::read_dir(&paths.work)
        .expect("the lock is in it")
        .map(|entry| entry.expect("the folder is ours").path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restore-")))
        .map(|path| std::fs::read_to_string(path).expect("the file is ours"))
        .collect();
    let users = || before.entra.users.iter().map(|user| user.id.to_string());
    let named = |row: &String| users().any(|id| row.contains(&id) && sheets.contains(&id));
    missing.into_iter().filter(|row| !named(row)).map(|row| format!("no restore sheet names {row}")).collect()
}

/// Runs the child until it is dead.
async fn kill(task: &Task) -> Result<(), String> {
    let me = std::env::current_exe().expect("this program is a file");
    let mut command = Command::new(me);
    command.env(TASK, serde_json::to_string(task).expect("it is plain data"));
    // It talks to loopback in plain text: reading the machine's root certificates would take longer than its life.
    command.env("SSL_CERT_FILE", "no-certificates-are-needed");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it only waits");
    let ended = ended.expect("this program can be started");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.success() {
        return Err("the process came to its end instead of dying".to_owned());
    }
    if told.contains("panicked") { Err(told) } else { Ok(()) }
}

/// The world before, but for links that a cycle has formed: these are as the whole run leaves them. Roles are those from
/// before in any case.
fn as_far_as_formed(whole: &Whole, before: &World, after: &World) -> BTreeMap<String, String> {
    let formed = formed(before, after);
    let (first, last) = (image(before), image(&whole.after));
    let keys: BTreeSet<String> = first.keys().chain(last.keys()).cloned().collect();
    keys.into_iter()
        .filter_map(|key| {
            let from = if formed.contains(&key) { &last } else { &first };
            from.get(&key).cloned().map(|value| (key, value))
        })
        .collect()
}

/// Who left and came back by a cycle has the same password, written once more, and that count is all that may differ.
fn forget_repeated_passwords(before: &World, after: &mut World) {
    let rows: Vec<_> = after.entra.users.rows().map(|(row, user)| (row, user.id)).collect();
    for (row, id) in rows {
        let then = before.entra.users.iter().find(|user| user.id == id && user.on_premises_sync_enabled == Some(true));
        if let Some(then) = then {
            after.entra.users.update(row, |user| user.password_version = then.password_version);
        }
    }
}

/// Both sides of each link that was not there before, by the image's names: of users by SID, of groups by the address.
fn formed(before: &World, after: &World) -> BTreeSet<String> {
    let users = |world: &World| -> Vec<CloudUser> {
        world.entra.users.iter().filter(|user| user.on_premises_sync_enabled == Some(true)).cloned().collect()
    };
    let groups = |world: &World| -> Vec<CloudGroup> {
        world.entra.groups.iter().filter(|group| group.on_premises_sync_enabled == Some(true)).cloned().collect()
    };
    let (users_before, groups_before) = (users(before), groups(before));
    let (mut users, mut groups) = (users(after), groups(after));
    users.retain(|user| users_before.iter().all(|known| known.id != user.id));
    groups.retain(|group| groups_before.iter().all(|known| known.id != group.id));
    let has_joined = |entry: &&AdEntry| {
        let sid = entry.sid.as_ref().map(ToString::to_string);
        let by_sid = sid.is_some() && users.iter().any(|user| user.on_premises_security_identifier == sid);
        let addresses = entry.values("proxyAddresses").map_or(&[][..], AdValues::texts);
        let of_group =
            |group: &CloudGroup| group.mail.as_ref().is_some_and(|mail| addresses.contains(&format!("SMTP:{mail}")));
        by_sid || (entry.has_class("group") && groups.iter().any(of_group))
    };
    let ad = after.ad.iter().flat_map(|domain| &domain.entries).filter(has_joined);
    let ad = ad.map(|entry| format!("AD {}", entry.guid));
    let cloud = users.iter().map(|user| format!("cloud {}", user.id));
    ad.chain(cloud).chain(groups.iter().map(|group| format!("group {}", group.id))).collect()
}
