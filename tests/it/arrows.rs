//! The architecture, held by a test: which room may know which, and what pure rooms must not touch.

use crate::support::source::{code_of, is_unit_tests, rust_files};
use std::collections::{BTreeMap, BTreeSet};

/// What a room may name of this crate. `diagnostic` is a shared noun of the text formats, like `model`.
///
/// A path such as `directory::port` allows that module only.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("diagnostic", &["model"]),
    ("config", &["model", "diagnostic"]),
    ("snapshot", &["model"]),
    ("rules", &["model", "snapshot"]),
    ("plan", &["model", "snapshot", "rules", "config"]),
    ("state", &["model", "snapshot", "rules", "config", "plan"]),
    ("rollback", &["model", "snapshot", "rules", "config", "plan", "state"]),
    ("check", &["model", "snapshot", "rules", "config", "plan", "state"]),
    ("suggest", &["model", "snapshot", "rules", "config", "plan"]),
    (
        "apply",
        &[
            "model",
            "snapshot",
            "rules",
            "config",
            "plan",
            "state",
            "rollback",
            "directory::port",
            "directory::error",
            "store",
        ],
    ),
    (
        "report",
        &[
            "model",
            "snapshot",
            "rules",
            "config",
            "plan",
            "state",
            "rollback",
            "check",
            "suggest",
            "diagnostic",
            "apply::event",
            "apply::outcome",
        ],
    ),
    ("directory", &["model", "snapshot", "config"]),
    ("store", &["model", "state"]),
    ("lab", &["model"]),
];

/// Rooms that do no IO and read neither clock nor environment.
const PURE: &[&str] =
    &["model", "config", "snapshot", "rules", "plan", "state", "rollback", "check", "suggest", "report"];

/// What a pure room must not name, and why.
const IMPURE: &[(&str, &str)] = &[
    ("std::fs", "files are the store's"),
    ("TcpStream", "the network is the directory's"),
    ("TcpListener", "the network is the directory's"),
    ("UdpSocket", "the network is the directory's"),
    ("ToSocketAddrs", "the network is the directory's"),
    ("std::env", "the environment is the command line's"),
    ("std::process", "processes are the command line's"),
    // Threads that end within the call only compute; these wait, or go on behind its back.
    ("thread::sleep", "a pure room does not wait"),
    ("thread::park", "a pure room does not wait"),
    ("thread::spawn", "a pure room leaves nothing running"),
    ("std::io::stdout", "the terminal is the command line's"),
    ("std::io::stderr", "the terminal is the command line's"),
    ("tokio", "a pure room does not wait"),
    ("reqwest", "the network is the directory's"),
    ("LdapConn", "the network is the directory's"),
    ("LdapConnAsync", "the network is the directory's"),
    ("Timestamp::now", "the time is an argument"),
    ("Zoned::now", "the time is an argument"),
    ("SystemTime", "the time is an argument"),
    ("Instant::now", "the time is an argument"),
    ("Uuid::new_v4", "randomness is an argument"),
    ("println!", "the terminal is the command line's"),
    ("eprintln!", "the terminal is the command line's"),
    ("dbg!", "the terminal is the command line's"),
];

/// One use of this crate's own modules: the file's room, the path after `crate::`, and where.
struct Arrow {
    from: String,
    to: Vec<String>,
    file: String,
}

/// The room of a file: the first part of its path below `src/`.
fn room(file: &str) -> String {
    let below = file.trim_start_matches("src/");
    below.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

fn sources() -> Vec<(String, String)> {
    let portable = |path: std::path::PathBuf| path.to_string_lossy().replace('\\', "/");
    rust_files("src").into_iter().map(|(path, text)| (portable(path), code_of(&text))).collect()
}

/// Every path that follows `crate::`, with the branches of `{…}` spelled out.
fn paths_after_crate(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // Not `$crate::…` of a macro, which names the same crate but is written for others, and not `my_crate::`.
        let before = code[..at].chars().next_back();
        if before.is_none_or(|c| !c.is_alphanumeric() && c != '_') {
            branches(&code[at + "crate::".len()..], &[], &mut found);
        }
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}` or `{a, b}` at the start of a text; returns how many octets it took.
fn branches(text: &str, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if let Some(inside) = rest.strip_prefix('{') {
            at += 1;
            let mut inside = inside;
            loop {
                let blank = inside.len() - inside.trim_start().len();
                at += blank;
                inside = &inside[blank..];
                if inside.is_empty() || inside.starts_with('}') {
                    return at + 1;
                }
                let taken = if inside.starts_with(',') { 1 } else { branches(inside, &path, found).max(1) };
                at += taken;
                inside = inside.get(taken..).unwrap_or_default();
            }
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            break;
        }
        at += name.len();
        path.push(name);
        match text[at..].strip_prefix("::") {
            Some(_) => at += 2,
            None => break,
        }
    }
    if path.len() > prefix.len() {
        found.push(path);
    }
    at
}

fn arrows() -> Vec<Arrow> {
    let mut all = Vec::new();
    // Unit tests build their cases from wherever they like.
    for (file, code) in sources().into_iter().filter(|(file, _)| !is_unit_tests(file)) {
        for to in paths_after_crate(&code) {
            all.push(Arrow { from: room(&file), to, file: file.clone() });
        }
    }
    all
}

/// Whether `path` is the module `allowed` or something in it.
fn is_in(path: &[String], allowed: &str) -> bool {
    let allowed: Vec<&str> = allowed.split("::").collect();
    path.len() >= allowed.len() && path.iter().zip(&allowed).all(|(a, b)| a == b)
}

#[test]
fn no_room_knows_one_that_it_must_not() {
    let rules: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = BTreeSet::new();
    for Arrow { from, to, file } in arrows() {
        if to[0] == from {
            continue;
        }
        // The terminal's room, the two roots, the list of schemas and the laws see everything.
        let is_top = matches!(from.as_str(), "cli" | "main" | "lib" | "schemas" | "laws");
        let allowed = rules.get(from.as_str());
        assert!(is_top || allowed.is_some(), "{file} is in a room that has no rule here");
        if !is_top && !allowed.is_some_and(|all| all.iter().any(|one| is_in(&to, one))) {
            wrong.insert(format!("{file} names crate::{}", to.join("::")));
        }
    }
    assert!(wrong.is_empty(), "forbidden arrows:\n{}", Vec::from_iter(wrong).join("\n"));
}

#[test]
fn pure_rooms_touch_nothing() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        if !PURE.contains(&room(&file).as_str()) || is_unit_tests(&file) {
            continue;
        }
        for (name, reason) in IMPURE {
            if names(&code, name) {
                wrong.push(format!("{file} names {name}, but {reason}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the code names a path as a whole word: `tokio` is not in `tokio_util`.
fn names(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

#[test]
fn the_rules_themselves_have_no_cycle_and_the_reader_finds_arrows() {
    // A room may only name rooms that do not (through others) name it.
    let rules: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for start in rules.keys() {
        let (mut seen, mut next) = (BTreeSet::new(), vec![*start]);
        while let Some(room) = next.pop() {
            for to in rules.get(room).copied().unwrap_or_default() {
                let to = to.split("::").next().unwrap_or_default();
                assert_ne!(to, *start, "{start} leads back to itself");
                if seen.insert(to) {
                    next.push(to);
                }
            }
        }
    }
    let code = "use crate::model::{ad::AdUser, id::{Sid, AdGuid}};\nfn f() -> crate::cli::Exit { my_crate::x() }";
    let found: Vec<String> = paths_after_crate(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["model::ad::AdUser", "model::id::Sid", "model::id::AdGuid", "cli::Exit"]);
    assert!(names("use tokio::fs;", "tokio") && !names("use tokio_util::x;", "tokio"));
    assert!(arrows().len() > 100, "the crate's own arrows are found");
}
