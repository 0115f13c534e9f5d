//! Files and pipes that no person means to give: larger than any memory, without an end, or a million levels deep. Each is
//! refused by the program itself, soon, in words that name the file, its size and the limit.

use crate::support::program::{Ran, program, run};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

const SETTINGS: &str = r#"version = 1
[entra]
tenant = "contoso.onmicrosoft.com"
credential = "access-token"
[[ad]]
name = "corp"
url = "ldaps://127.0.0.1:1"
base_dn = "DC=corp,DC=contoso,DC=com"
user = "CORP\\svc"
password = { file = "password.txt" }
ca_file = "ca.pem"
[sync]
synced_ous = ["OU=Users,DC=corp,DC=contoso,DC=com"]
"#;

/// A project folder in which everything is as it should be.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("matchplan.toml"), SETTINGS).unwrap();
    fs::write(folder.path().join("password.txt"), "planted-s3cret\n").unwrap();
    fs::create_dir(folder.path().join("plans")).unwrap();
    fs::write(folder.path().join("plans/a.toml"), "version = 1\nlink = []\n").unwrap();
    folder
}

/// Each file that the program reads: its name, the command that reads it, and the most that is read of it.
const READ: [(&str, &[&str], &str); 12] = [
    ("matchplan.toml", &["validate"], "16 MiB"),
    ("plans/a.toml", &["validate"], "16 MiB"),
    ("x.plan.json", &["show", "x.plan.json"], "512 MiB"),
    ("x.plan.json", &["apply", "x.plan.json"], "512 MiB"),
    ("x.plan.json", &["diff", "x.plan.json", "x.plan.json"], "512 MiB"),
    ("x.snapshot.json", &["plan", "--snapshot", "x.snapshot.json"], "512 MiB"),
    ("recipients.csv", &["plan", "--recipients", "recipients.csv"], "256 MiB"),
    ("matchplan.state.json", &["status", "--offline"], "512 MiB"),
    ("matchplan.journal.jsonl", &["status", "--offline"], "512 MiB"),
    ("password.txt", &["lint"], "1 MiB"),
    ("ca.pem", &["lint"], "1 MiB"),
    ("world.json", &["lab", "serve", "--world", "world.json"], "8 GiB"),
];

async fn read(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = run(program(folder, arguments)).await;
    assert!(ran.code > 0 && ran.code != 101, "{arguments:?} ended with {}\n{}{}", ran.code, ran.out, ran.err);
    ran
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file has no content, only a size: whoever began to read it would not end.
#[tokio::test]
async fn a_file_larger_than_any_memory_is_refused_by_its_size() {
    for (name, arguments, limit) in READ {
        let folder = project();
        File::create(folder.path().join(name)).unwrap().set_len(1 << 40).unwrap();
        let ran = read(folder.path(), arguments).await;
        let said = words(&ran.err);
        let wanted = format!("its size is 1 TiB, and at most {limit} are read");
        assert!(said.contains(&wanted) && said.contains(name), "{arguments:?}: {wanted:?} is not in\n{}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_without_an_end_is_read_to_the_limit() {
    for (name, arguments, limit) in READ.into_iter().filter(|(.., limit)| ["1 MiB", "16 MiB"].contains(limit)) {
        let folder = project();
        let file = folder.path().join(name);
        let _ = fs::remove_file(&file);
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        let ran = read(folder.path(), arguments).await;
        let wanted = format!("it goes on after {limit}, and no more is read");
        assert!(words(&ran.err).contains(&wanted), "{arguments:?}: {wanted:?} is not in\n{}", ran.err);
    }
}

/// An overflow of the stack would end the program by a signal, which [`read`] does not take.
#[tokio::test]
async fn a_million_levels_are_refused_in_words() {
    for (name, arguments, _) in READ.into_iter().filter(|(name, ..)| *name != "password.txt") {
        for piece in ["[", "{\"a\":", "a.", "(!"] {
            let folder = project();
            fs::write(folder.path().join(name), format!("version = 1\nx = {}", piece.repeat(1_000_000))).unwrap();
            let ran = read(folder.path(), arguments).await;
            assert!(ran.err.starts_with("error") && ran.err.len() < 4000, "{arguments:?} {piece:?}\n{}", ran.err);
        }
    }
    let filter = format!("{}(a=b){}", "(!".repeat(20_000), ")".repeat(20_000));
    let ran = read(project().path(), &["lint", "--filter", &filter]).await;
    assert!(ran.err.contains("it is longer than 8192 octets"), "{}", ran.err);
}

#[tokio::test]
async fn a_pipe_without_an_end_is_read_to_the_limit() {
    let folder = project();
    let mut command = program(folder.path(), &["explain", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // Until nobody reads any more; a program that read on would never end this.
    let pour = async { while pipe.write_all(&[b'x'; 1 << 14]).await.is_ok() {} };
    let (ended, ()) = tokio::join!(child.wait_with_output(), pour);
    let ended = ended.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("Could not read standard input: it goes on after 1 MiB, and no more is read"), "{said}");
    assert!(said.contains("tail -n 20 FILE | matchplan explain -"), "{said}");
}
