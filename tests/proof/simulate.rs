//! Proof by simulation: each seed is a company, a plan, and a bad day. Servers fail on the wire, replicas lag, other
//! administrators change the same users, the clock jumps, the disk fills up or becomes read-only, the process dies; then
//! it goes on, or goes back, until nothing is unfinished. What must hold holds at every moment and at the end.

mod day;
mod dice;
mod disturber;
mod laws;
mod meddler;
mod script;

use day::Day;
use script::Script;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many seeds a test run tries.
pub const SEEDS: u64 = 2000;

/// How many seeds that went wrong are told in full.
const TOLD: usize = 5;

/// Tries the seeds `0..seeds`; says how the days ended. `Err` names each seed that broke a law, and how to see it again.
pub fn prove(seeds: u64) -> Result<String, String> {
    let (next, wrong) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    let endings = Mutex::new(BTreeMap::<String, u64>::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds {
                        return;
                    }
                    let day = live(seed);
                    let mut endings = endings.lock().expect("nobody panics with it");
                    for what in day.tally() {
                        *endings.entry(what).or_default() += 1;
                    }
                    if !day.wrong.is_empty() {
                        wrong.lock().expect("nobody panics with it").insert(seed, day.wrong);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics with it");
    let endings = endings.into_inner().expect("nobody panics with it");
    let tally: Vec<String> = endings.iter().map(|(what, times)| format!("  {times:>7}  {what}")).collect();
    let tally = tally.join("\n");
    if wrong.is_empty() {
        return Ok(format!("{tally}\nsimulation: {seeds} seeds, 0 violations"));
    }
    let told: Vec<String> = wrong
        .iter()
        .take(TOLD)
        .map(|(seed, what)| {
            format!(
                "seed {seed}:\n    {}\n  again: cargo test --test proof -- simulate --seed {seed}",
                what.join("\n    ")
            )
        })
        .collect();
    let all: Vec<String> = wrong.keys().map(ToString::to_string).collect();
    Err(format!(
        "{tally}\nsimulation: {} of {seeds} seeds broke a law: {}\n{}",
        wrong.len(),
        all.join(" "),
        told.join("\n")
    ))
}

/// Lives one seed again and tells all of it.
pub fn replay(seed: u64) -> Result<String, String> {
    let day = live(seed);
    let told = day.told.join("\n");
    if day.wrong.is_empty() {
        Ok(format!("{told}\nseed {seed}: no law was broken"))
    } else {
        Err(format!("{told}\nseed {seed} broke a law:\n    {}", day.wrong.join("\n    ")))
    }
}

fn live(seed: u64) -> Day {
    // A panic is as bad as a broken law, and must not hide what the other seeds find.
    std::panic::catch_unwind(|| live_through(seed)).unwrap_or_else(|_| Day::of_a_panic())
}

fn live_through(seed: u64) -> Day {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(Day::live(&Script::of(seed)))
}
