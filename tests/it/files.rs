//! Rules for files: what a reader may rely on when opening one.

use crate::support::source::{is_unit_tests, repository, rust_files};

/// A file that is longer holds two ideas.
const LONGEST: usize = 600;
/// Tests are lists more than ideas, but not without end.
const LONGEST_OF_TESTS: usize = 800;

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let long: Vec<String> = ["src", "tests"]
        .into_iter()
        .flat_map(rust_files)
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(path, lines)| {
            let tests = path.starts_with("tests") || is_unit_tests(&path.to_string_lossy());
            *lines > if tests { LONGEST_OF_TESTS } else { LONGEST }
        })
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "split these ({LONGEST} lines at most, tests {LONGEST_OF_TESTS}):\n{}", long.join("\n"));
}

#[test]
fn a_mod_file_is_a_tour_and_holds_no_logic() {
    for (path, text) in rust_files("src").into_iter().filter(|(path, _)| path.ends_with("mod.rs")) {
        let path = path.display();
        assert!(text.starts_with("//! "), "{path} does not say what its room is");
        let logic = ["fn ", "struct ", "enum ", "impl ", "trait ", "macro_rules!"];
        let holds =
            text.lines().find(|line| logic.iter().any(|item| line.trim_start_matches("pub ").starts_with(item)));
        // The lab's world is one type, and its mod file is that type's home.
        if !path.to_string().replace('\\', "/").ends_with("lab/world/mod.rs") {
            assert_eq!(holds, None, "{path} holds logic");
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = ["src", "tests"]
        .into_iter()
        .flat_map(rust_files)
        .filter(|(path, text)| !text.starts_with("//! ") && !is_unit_tests(&path.to_string_lossy()))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no `//!` at the start of:\n{}", silent.join("\n"));
}

#[test]
fn every_rust_file_of_the_tests_is_compiled() {
    // A test file that no `mod` names passes by not running.
    for (path, _) in rust_files("tests/it") {
        let folder = path.parent().unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem == "main" || (stem == "mod" && folder.ends_with("it")) {
            continue;
        }
        let (name, parent) = if stem == "mod" {
            (folder.file_name().unwrap().to_string_lossy().into_owned(), folder.parent().unwrap())
        } else {
            (stem, folder)
        };
        let roots = [parent.join("main.rs"), parent.join("mod.rs"), parent.with_extension("rs")];
        let named = roots.iter().filter_map(|root| std::fs::read_to_string(repository().join(root)).ok());
        let wanted = [format!("mod {name};"), format!("mod r#{name};")];
        let is_named = named.into_iter().any(|text| {
            text.lines().any(|line| wanted.iter().any(|mod_line| line.trim_end().ends_with(mod_line.as_str())))
        });
        assert!(is_named, "no file names {}: it is never compiled", path.display());
    }
}
