//! A project folder of its own for one test, and the built program in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder with a `matchplan.toml`, and what the program sees of its surroundings: nothing but what the test gives.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
    trace: Option<PathBuf>,
}

/// What a run of the program ended with.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Panics with everything that was said unless the program ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- standard output\n{}\n--- standard error\n{}", self.out, self.err);
        self
    }
}

impl Project {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), environment: Vec::new(), trace: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file; the folders on the way are made.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is below the project")).expect("a writable folder");
        std::fs::write(&path, text).expect("a writable folder");
        path
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Sets an environment variable for every run.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Records every run's Graph exchanges in `target/contract/NAME.jsonl`, where `tests/run` has them checked against
    /// Microsoft's description. Each test has a name of its own.
    pub fn record(&mut self, name: &str) {
        let folder = target_folder().join("contract");
        std::fs::create_dir_all(&folder).expect("a writable target folder");
        self.trace = Some(folder.join(format!("{name}.jsonl")));
    }

    /// Runs the program in the folder and waits for its end. It sees no terminal, no colour, 100 columns and no
    /// environment but the test's.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let home = self.path().join("home");
        let mut command = Command::new(env!("CARGO_BIN_EXE_matchplan"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        // Windows finds its own libraries and sockets by these.
        for kept in ["SystemRoot", "TEMP", "TMP", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        // The program starts a trace anew with each run; the check wants all of them.
        let trace = self.trace.as_ref().map(|all| (all, self.path().join("run.trace.jsonl")));
        if let Some((_, one)) = &trace {
            command.arg("--trace").arg(one);
        }
        let output = command.output().expect("the program runs");
        if let Some((all, one)) = trace
            && let Ok(lines) = std::fs::read(&one)
        {
            append(all, &lines);
            std::fs::remove_file(&one).expect("a writable folder");
        }
        let text = |octets: Vec<u8>| String::from_utf8(octets).expect("the program writes UTF-8");
        // A program that a signal ended has no code.
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn append(file: &Path, lines: &[u8]) {
    use std::io::Write as _;
    let mut file = std::fs::File::options().create(true).append(true).open(file).expect("a writable target folder");
    file.write_all(lines).expect("a writable target folder");
}

/// Cargo's target folder: the program stands in `target/debug/`.
fn target_folder() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_matchplan"));
    program.ancestors().nth(2).expect("the program is two folders down").to_owned()
}
