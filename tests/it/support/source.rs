//! This crate's own files, for tests about them.

use std::path::{Path, PathBuf};

/// The repository's folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the repository, with its text; sorted by path.
pub fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is readable") {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("the file is text");
                files.push((path.strip_prefix(repository()).expect("it is below").to_owned(), text));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no Rust files");
    files
}

/// Whether a file below `src/` holds unit tests or what only they use.
pub fn is_unit_tests(path: &str) -> bool {
    path.starts_with("src") && path.split(['/', '\\']).any(|part| matches!(part, "tests" | "tests.rs" | "testing.rs"))
}

/// The code of a file without what only tests and readers see: comments, and everything from the first `#[cfg(test)]`
/// module that has a body on (by convention a file's last item).
pub fn code_of(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| match line.find("//") {
        // `//` in a text literal is part of a URL, which has a colon before it.
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}
