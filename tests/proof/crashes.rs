//! Proof by exhaustion: the process is killed at every place of an apply, of a withdrawal and of a rollback; then the
//! apply is resumed, and, in another run, rolled back. The list of places is what the doors see in a run that nothing
//! interrupts, so whatever is built into the executor later is in it by itself.

mod places;
mod stories;

use crate::doors::{Nobody, Operation, Phase, Watcher};
use crate::image::{differences, image, roles};
use crate::stage::{self, Way, one_by_one, open, paths, serve, state};
use matchplan::apply::options::Options;
use matchplan::lab::world::World;
use matchplan::plan::document::Plan;
use places::{Place, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use stories::{Story, stories};

/// What the parent tells the child that is to die.
const TOLD: &str = "MATCHPLAN_PROOF_CHILD";

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
    let Ok(task) = std::env::var(TOLD) else { return false };
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
pub fn prove() -> Result<String, String> {
    let mut table = Table::default();
    let mut wrong = Vec::new();
    let mut recoveries = 0;
    for story in stories() {
        let whole = runtime().block_on(whole(&story));
        whole.places.iter().for_each(|place| table.add(place));
        let todo: Vec<(usize, Recovery)> = (0..whole.places.len())
            .flat_map(|n| story.recoveries.iter().map(move |recovery| (n, *recovery)))
            .collect();
        recoveries += todo.len();
        wrong.extend(side_by_side(&story, &whole, &todo));
    }
    wrong.extend(table.holes());
    if wrong.is_empty() {
        Ok(format!("{table}\ncrashes: {} places, {recoveries} recoveries, nothing lost", table.count()))
    } else {
        Err(format!("{} of {recoveries} recoveries went wrong\n{}", wrong.len(), wrong.join("\n")))
    }
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
                let runtime = runtime();
                while let Some((n, recovery)) = todo.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let found = runtime.block_on(crash(story, whole, *n, *recovery));
                                let place = &whole.places[*n];
                    let found = found.into_iter().map(|what| {
                        format!("{} / {recovery:?} after place {n}, {place}:\n    {what}", story.name)
                    });
                    wrong.lock().expect("nobody panics with it").extend(found);
                }
            });
        }
    });
    wrong.into_inner().expect("nobody panics with it")
}

async fn whole(story: &Story) -> Whole {
    let folder = stage::folder();
    let (lab, _, plan) = prepare(story, folder.path()).await;
    let lister = Arc::new(Lister::default());
    let watcher: Arc<dyn Watcher> = lister.clone();
    let session = story.way(&lab).connect(&plan.settings).await.expect("the lab answers").watched(watcher.clone());
    let mut ledger = open(&paths(folder.path()), watcher);
    let outcome = session.apply(&mut ledger, story.id, plan, one_by_one(), |_| {}).await.expect("nothing interrupts it");
    assert_eq!(outcome.ending, story.ending, "{}: {outcome:?}", story.name);
    let places = lister.0.lock().expect("nobody panics with it").clone();
    Whole { places, after: lab.world().read(World::clone) }
}

/// The company, its world before anything was done, and the plan that is interrupted.
async fn prepare(story: &Story, folder: &Path) -> (matchplan::lab::runtime::Lab, World, Plan) {
    let lab = serve(stories::world()).await;
    let way = story.way(&lab);
    let config = way.config(story.sync, "", &stories::links());
    let session = way.connect(&config.settings).await.expect("the lab answers");
    let before = lab.world().read(World::clone);
    let plan = session.plan(&config, &[]).await.expect("both directories answer");
    assert!(!plan.is_blocked(), "{:?}", plan.findings);
    if !story.undoes {
        return (lab, before, plan);
    }
    // What is interrupted is the way back.
    let mut ledger = open(&paths(folder), Arc::new(Nobody));
    let options = Options { prepare_only: true, ..one_by_one() };
    session.apply(&mut ledger, "forth", plan.clone(), options, |_| {}).await.expect("nothing interrupts it");
    drop(ledger);
    let state = state(&paths(folder)).expect("an apply began");
    let back = session.plan_rollback(&state, &plan).await.expect("both directories answer").expect("something stands");
    assert!(!back.is_blocked(), "{:?}", back.findings);
    (lab, before, back)
}

/// Kills a process at one place and recovers; says what is not as it should be.
async fn crash(story: &Story, whole: &Whole, die_at: usize, recovery: Recovery) -> Vec<String> {
    let folder = stage::folder();
    let (lab, before, plan) = prepare(story, folder.path()).await;
    let file = folder.path().join("proof.plan.json");
    // The plan of this very lab: its ports are in it.
    std::fs::write(&file, plan.to_file().expect("a plan can be written")).expect("the folder is ours");
    let way = story.way(&lab);
    let task =
        Task { way: way.clone(), plan: file, folder: folder.path().to_owned(), id: story.id.to_owned(), die_at };
    if let Err(why) = kill(&task).await {
        return vec![why];
    }
    let paths = paths(folder.path());
    let mut wrong = without_a_sheet(&before, &lab.world().read(World::clone), &paths);
    let session = way.connect(&plan.settings).await.expect("the lab answers");
    match recovery {
        Recovery::Resume => {
            let mut ledger = open(&paths, Arc::new(Nobody));
            let unfinished = matchplan::state::recorder::Recorder::state(&ledger).and_then(|s| s.unfinished());
            let begun = unfinished.is_some_and(|apply| apply.id.as_str() == story.id);
            let ended = matchplan::state::recorder::Recorder::state(&ledger)
                .is_some_and(|s| s.apply(&story.id.into()).is_some_and(|apply| apply.ended.is_some()));
            let outcome = if begun {
                Some(session.resume(&mut ledger, one_by_one(), |_| {}).await)
            } else if ended {
                None
            } else {
                // It died before the apply began: the same command begins it.
                Some(session.apply(&mut ledger, story.id, plan, one_by_one(), |_| {}).await)
            };
            match outcome {
                Some(Err(error)) => wrong.push(error.to_string()),
                Some(Ok(outcome)) if outcome.ending != story.ending => wrong.push(format!("{outcome:?}")),
                Some(Ok(_)) | None => {}
            }
            let after = lab.world().read(World::clone);
            wrong.extend(differences(&image(&whole.after), &image(&after)));
        }
        Recovery::RollBack => {
            if let Err(why) = roll_back(&session, &paths, &plan).await {
                wrong.push(why);
            }
            let after = lab.world().read(World::clone);
            wrong.extend(differences(&as_far_as_formed(whole, &before, &after), &image(&after)));
        }
    }
    if let Some(state) = state(&paths) {
        wrong.extend(state.unfinished().map(|apply| format!("{} is unfinished", apply.id)));
        wrong.extend(state.suspended_roles().iter().map(|role| format!("{} is not back", role.holding)));
    }
    wrong
}

/// Runs the child until it is dead.
async fn kill(task: &Task) -> Result<(), String> {
    let me = std::env::current_exe().expect("this program is a file");
    let mut command = Command::new(me);
    command.env(TOLD, serde_json::to_string(task).expect("it is plain data"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it only waits");
    let ended = ended.expect("this program can be started");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.success() {
        return Err("the process came to its end instead of dying".to_owned());
    }
    if told.contains("panicked") { Err(told) } else { Ok(()) }
}

/// Whoever is without a role must stand on a sheet that the dead process has left.
fn without_a_sheet(before: &World, now: &World, paths: &matchplan::store::paths::Paths) -> Vec<String> {
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
    // Whose it is: the holder's id stands in each row.
    let named = |row: &String| before.entra.users.iter().any(|u| row.contains(&u.id.to_string()) && sheets.contains(&u.id.to_string()));
    missing.into_iter().filter(|row| !named(row)).map(|row| format!("no restore sheet names {row}")).collect()
}

async fn roll_back(
    session: &crate::stage::Session,
    paths: &matchplan::store::paths::Paths,
    plan: &Plan,
) -> Result<(), String> {
    let Some(state) = state(paths) else { return Ok(()) };
    if state.applies.is_empty() {
        return Ok(());
    }
    let back = match session.plan_rollback(&state, plan).await.map_err(|e| e.to_string())? {
        Ok(back) => back,
        Err(matchplan::rollback::plan::RollbackError::Nothing) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if back.is_blocked() {
        return Err(format!("the rollback is blocked: {:?}", back.findings));
    }
    let mut ledger = open(paths, Arc::new(Nobody));
    let outcome = session.apply(&mut ledger, "undo", back, one_by_one(), |_| {}).await;
    outcome.map(drop).map_err(|error| error.to_string())
}

/// The world before, but for links that a cycle has formed: these are as the whole run leaves them. Roles are those from
/// before in any case.
fn as_far_as_formed(whole: &Whole, before: &World, after: &World) -> BTreeMap<String, String> {
    let formed: BTreeSet<String> = after
        .entra
        .users
        .iter()
        .filter(|user| user.on_premises_sync_enabled == Some(true))
        .filter_map(|user| user.on_premises_security_identifier.clone())
        .collect();
    let (first, last) = (image(before), image(&whole.after));
    let of_a_formed_link = |key: &String| {
        let ad = after.ad.iter().flat_map(|domain| &domain.entries);
        let sids = ad.filter(|e| *key == format!("AD {}", e.guid)).filter_map(|e| e.sid.as_ref().map(ToString::to_string));
        let cloud = after.entra.users.iter().filter(|u| *key == format!("cloud {}", u.id));
        sids.chain(cloud.filter_map(|u| u.on_premises_security_identifier.clone())).any(|sid| formed.contains(&sid))
    };
    let keys: BTreeSet<String> = first.keys().chain(last.keys()).cloned().collect();
    keys.into_iter()
        .filter_map(|key| {
            let from = if of_a_formed_link(&key) { &last } else { &first };
            from.get(&key).cloned().map(|value| (key, value))
        })
        .collect()
}
