//! The whole of `matchplan plan --snapshot FILE --out FILE` at any size: a process of its own, with its time and its peak
//! of memory.
//!
//! ```text
//! cargo bench --bench at_size                             10,000 and 100,000 users in each directory
//! cargo bench --bench at_size -- 1000000 10000            that many users and links
//! cargo bench --bench at_size -- 1000000 10000 DIR        the same, and the files stay in DIR
//! ```
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench writes files, reads the clock and prints"
)]

mod world;

use matchplan::snapshot::file::{self, Form};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use world::Size;

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let number = |text: &String| text.replace(['_', ','], "").parse::<usize>().expect("a number");
    let sizes = match given.as_slice() {
        [users, links, ..] => vec![Size { users: number(users), links: number(links), seed: 1 }],
        _ => vec![Size::of(10_000), Size::of(100_000)],
    };
    println!(
        "{:>9} {:>7} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "users", "links", "snapshot", "plan", "time", "peak", "per user"
    );
    for size in sizes {
        let kept = given.get(2).map(Path::new);
        let temporary = tempfile::tempdir().expect("a folder");
        measure(size, kept.unwrap_or(temporary.path()));
    }
}

fn measure(size: Size, folder: &Path) {
    let snapshot = folder.join("world.snapshot.json.zst");
    prepare(size, folder, &snapshot);
    let out = folder.join("big.plan.json");
    let begin = Instant::now();
    let mut run = Command::new(env!("CARGO_BIN_EXE_matchplan"))
        .args(["--clock", "2026-09-01T09:00:00Z", "plan", "--snapshot"])
        .args([&snapshot, Path::new("--out"), &out])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("matchplan starts");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_of(run.id()));
        match run.try_wait().expect("it can be waited for") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let time = begin.elapsed();
    assert!(status.success(), "matchplan failed: {status}");
    let mib = |octets: u64| format!("{} MiB", octets >> 20);
    let length = |path: &Path| mib(fs::metadata(path).map_or(0, |file| file.len()));
    println!(
        "{:>9} {:>7} {:>9} {:>9} {:>7.2} s {:>9} {:>8.2} µs",
        size.users,
        size.links,
        length(&snapshot),
        length(&out),
        time.as_secs_f64(),
        mib(peak),
        time.as_secs_f64() * 1e6 / f64::from(u32::try_from(2 * size.users).expect("a number of users")),
    );
}

/// Writes what `plan` reads, unless it is there already.
fn prepare(size: Size, folder: &Path, snapshot: &Path) {
    fs::create_dir_all(folder.join("plans")).expect("a folder");
    fs::write(folder.join("matchplan.toml"), world::settings(size)).expect("the settings are written");
    for (at, text) in world::match_plans(size).iter().enumerate() {
        fs::write(folder.join(format!("plans/{at:02}.toml")), text).expect("a match plan is written");
    }
    if !snapshot.exists() {
        let to = fs::File::create(snapshot).expect("a file");
        file::write(&world::snapshot(size), Form::Compressed, to).expect("the snapshot is written");
    }
}

/// The most memory that a process has had so far, in octets; 0 where the system does not say.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}
