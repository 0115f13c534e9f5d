//! The product's story, as it looks in a terminal: `tests/transcripts/*.md` are sessions with `--lab`, and each is run
//! anew here. After a change that is meant, `SNAPSHOTS=overwrite cargo test --test it transcripts` writes what is shown
//! now; the difference is for review.
//!
//! In a block marked `console`, a line that begins with `$ ` is a command; below it stands what it writes to standard
//! output, then to standard error, and `? CODE` unless it ends with 0. A block marked `toml FILE` is written to that
//! file. All commands of a session share a folder, which is empty at first. A block whose output holds fences has longer
//! ones itself.

use crate::support::program::{program, run};
use crate::support::source::repository;
use std::fmt::Write as _;
use std::path::Path;

/// What makes a session repeat exactly: ids of applies are random (version 4), all others are derived (version 8).
struct Ids(Vec<String>);

impl Ids {
    /// Writes `APPLY-1`, `APPLY-2`, … for random ids, in order of appearance.
    fn redact(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.char_indices().map(|(at, _)| at).find(|at| is_random(&rest[*at..])) {
            let (before, from) = rest.split_at(at);
            let (id, after) = from.split_at(36);
            let known = self.0.iter().position(|known| known == id);
            let number = known.unwrap_or_else(|| {
                self.0.push(id.to_owned());
                self.0.len() - 1
            });
            write!(out, "{before}APPLY-{}", number + 1).unwrap();
            rest = after;
        }
        if out.is_empty() { rest.to_owned() } else { without_digests(&(out + rest)) }
    }
}

/// The digest of what holds a random id is as random.
fn without_digests(text: &str) -> String {
    const START: &str = "sha256:";
    let mut parts = text.split(START);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + START + "…" + part.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
}

fn is_random(text: &str) -> bool {
    text.get(..36).is_some_and(|id| id.as_bytes()[14] == b'4' && id.contains('-') && uuid::Uuid::parse_str(id).is_ok())
}

/// Runs the commands of a session and writes it down anew.
async fn replay(session: &str, folder: &Path) -> String {
    let (mut out, mut ids) = (String::new(), Ids(Vec::new()));
    let mut lines = session.lines();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        let block = line.trim_start_matches('`');
        let fence = &line[..line.len() - block.len()];
        if fence.len() < 3 {
            continue;
        }
        let content: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        match block.split_once(' ') {
            Some((_, file)) => {
                let path = folder.join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content.join("\n") + "\n").unwrap();
                out += &(content.join("\n") + "\n");
            }
            None if block == "console" => {
                for command in content.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    writeln!(out, "$ {command}").unwrap();
                    out += &ids.redact(&shown(command, folder).await);
                }
            }
            None => out += &(content.join("\n") + "\n"),
        }
        writeln!(out, "{fence}").unwrap();
    }
    out
}

async fn shown(command: &str, folder: &Path) -> String {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
    let ["matchplan", arguments @ ..] = words.as_slice() else { panic!("{command:?} is not ours") };
    let ran = run(program(folder, arguments)).await;
    let mut shown = ran.out + &ran.err;
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    if ran.code != 0 {
        writeln!(shown, "? {}", ran.code).unwrap();
    }
    // A line that ends in a blank could not be told from one that does not.
    shown.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

async fn session(name: &str) {
    let file = repository().join("tests/transcripts").join(name);
    let folder = tempfile::tempdir().unwrap();
    let written = std::fs::read_to_string(&file).unwrap();
    let shown = replay(&written, folder.path()).await;
    let expected = snapbox::Data::read_from(&file, None).raw();
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(snapbox::Data::text(shown).raw(), expected);
}

macro_rules! sessions {
    ($($name:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            session(concat!(stringify!($name), ".md")).await;
        })*

        #[test]
        fn every_session_is_run() {
            let run = [$(concat!(stringify!($name), ".md")),*];
            let files = std::fs::read_dir(repository().join("tests/transcripts")).unwrap();
            for file in files {
                let name = file.unwrap().file_name();
                assert!(run.iter().any(|run| name == *run), "{name:?} is not run");
            }
        }
    };
}

sessions!(around, check, story, review, blocked, anchors, lint, explain, suggest, powershell, import);
