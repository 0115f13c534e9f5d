//! Every rule of Microsoft's that the tool relies on is proven by a test or a scenario, and the list of what proves what
//! is up to date.
//!
//! The rules are in `tests/rulebook.toml`. A comment line `// rule: ID, ID` above a Rust test, or `rules = ["ID"]` in a
//! scenario of `tests/scenarios/*.toml`, names what it proves. `MATCHPLAN_BLESS=1` rewrites `tests/coverage.md`.

use crate::support::source::{repository, rust_files};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rulebook {
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "named as in the file")]
struct Rule {
    id: String,
    rule: String,
    source: String,
    #[serde(default)]
    files: Vec<String>,
    /// Why nothing here can prove it.
    background: Option<String>,
}

/// A test or scenario and the rules that it names.
struct Proof {
    file: String,
    name: String,
    rules: Vec<String>,
}

fn rulebook() -> Vec<Rule> {
    let text = std::fs::read_to_string(repository().join("tests/rulebook.toml")).expect("the rulebook is readable");
    toml::from_str::<Rulebook>(&text).expect("the rulebook is well-formed").rule
}

/// The names between the parentheses of `on_both!(…)`, which makes each of them two tests.
fn on_both(text: &str) -> BTreeSet<&str> {
    let inside = text.split("\non_both!(").nth(1).and_then(|rest| rest.split(");").next()).unwrap_or_default();
    inside.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// The proofs of a Rust file, and what is wrong with its tags. A tag belongs to the next function that is a test.
fn rust_proofs(file: &str, text: &str) -> (Vec<Proof>, Vec<String>) {
    let (mut proofs, mut wrong, mut rules, mut is_test) = (Vec::new(), Vec::new(), Vec::new(), false);
    let scenarios = on_both(text);
    for line in text.lines().map(str::trim) {
        if let Some(tag) = line.strip_prefix("// rule: ") {
            rules.extend(tag.split(',').map(|id| id.trim().to_owned()));
        } else if rules.is_empty() {
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(name) = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ") {
            let name = name.split(['(', '<']).next().unwrap_or_default().to_owned();
            if is_test || scenarios.contains(name.as_str()) {
                proofs.push(Proof { file: file.to_owned(), name, rules: std::mem::take(&mut rules) });
            } else {
                wrong.push(format!("{file}: `// rule:` stands above {name}, which is no test"));
                rules.clear();
            }
            is_test = false;
        }
    }
    if !rules.is_empty() {
        wrong.push(format!("{file}: no test follows `// rule: {}`", rules.join(", ")));
    }
    (proofs, wrong)
}

/// The proofs of a scenario table.
fn scenario_proofs(file: &str, text: &str) -> Vec<Proof> {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let scenarios = table.get("scenario").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text_of = |value: Option<&toml::Value>| value.and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    scenarios
        .iter()
        .map(|scenario| Proof {
            file: file.to_owned(),
            name: text_of(scenario.get("name")),
            rules: scenario
                .get("rules")
                .and_then(toml::Value::as_array)
                .map(|rules| rules.iter().map(|id| text_of(Some(id))).collect())
                .unwrap_or_default(),
        })
        .collect()
}

fn proofs() -> (Vec<Proof>, Vec<String>) {
    let (mut proofs, mut wrong) = (Vec::new(), Vec::new());
    for (path, text) in ["src", "tests"].into_iter().flat_map(rust_files) {
        let (found, bad) = rust_proofs(&path.to_string_lossy().replace('\\', "/"), &text);
        proofs.extend(found);
        wrong.extend(bad);
    }
    let mut tables: Vec<_> = std::fs::read_dir(repository().join("tests/scenarios"))
        .map(|folder| folder.map(|entry| entry.expect("the folder is readable").path()).collect())
        .unwrap_or_default();
    tables.sort();
    for path in tables.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let text = std::fs::read_to_string(path).expect("the scenarios are readable");
        let name = path.file_name().unwrap().to_string_lossy();
        proofs.extend(scenario_proofs(&format!("tests/scenarios/{name}"), &text));
    }
    (proofs, wrong)
}

/// Everything that is wrong between the rules and what names them, one sentence each.
fn problems(rules: &[Rule], proofs: &[Proof], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let named: BTreeSet<&str> = proofs.iter().flat_map(|proof| proof.rules.iter().map(String::as_str)).collect();
    for Rule { id, rule, source, files, background } in rules {
        if !ids.insert(id.as_str()) {
            wrong.push(format!("{id} stands in the rulebook twice"));
        }
        if rule.trim().is_empty() || source.trim().is_empty() {
            wrong.push(format!("{id} has no statement or no source"));
        }
        for file in files.iter().filter(|file| !file.starts_with("src/") || !exists(file)) {
            wrong.push(format!("{id} names {file}, which does not exist below src/"));
        }
        match background {
            Some(why) if why.trim().is_empty() => wrong.push(format!("{id} is background without a reason")),
            Some(_) if named.contains(id.as_str()) => {
                wrong.push(format!("{id} is called background, but a test proves it: remove `background`"));
            }
            Some(_) => {}
            None => {
                if files.is_empty() {
                    wrong.push(format!("{id} names no file below src/ that implements it"));
                }
                if !named.contains(id.as_str()) {
                    wrong.push(format!("{id} has no test and no scenario: {rule}"));
                }
            }
        }
    }
    for Proof { file, name, rules } in proofs {
        for id in rules.iter().filter(|id| !ids.contains(id.as_str())) {
            wrong.push(format!("{file}: `{name}` names {id}, which the rulebook does not have"));
        }
    }
    wrong
}

/// The list of what proves what.
fn coverage(rules: &[Rule], proofs: &[Proof]) -> String {
    let mut by_rule: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Proof { file, name, rules } in proofs {
        for id in rules {
            by_rule.entry(id).or_default().push(format!("`{file}`: {name}"));
        }
    }
    let mut out = "# What proves which rule\n\nGenerated from `tests/rulebook.toml` and the tests; `MATCHPLAN_BLESS=1 cargo test \
                   --test it coverage` rewrites it.\n"
        .to_owned();
    for Rule { id, rule, source, files, background } in rules {
        let _ = write!(out, "\n## {id}\n\n{rule}\n\nSource: {source}\n\n");
        for file in files {
            let _ = writeln!(out, "- implemented in `{file}`");
        }
        if let Some(why) = background {
            let _ = writeln!(out, "- not tested: {why}");
        }
        for proof in by_rule.get(id.as_str()).into_iter().flatten() {
            let _ = writeln!(out, "- proven by {proof}");
        }
    }
    out
}

#[test]
fn every_rule_has_a_file_and_a_test_or_scenario() {
    let (proofs, mut wrong) = proofs();
    wrong.extend(problems(&rulebook(), &proofs, |file| repository().join(file).exists()));
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_list_is_up_to_date() {
    let path = repository().join("tests/coverage.md");
    let list = coverage(&rulebook(), &proofs().0);
    if std::env::var_os("MATCHPLAN_BLESS").is_some() {
        std::fs::write(&path, &list).expect("the list is writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == list, "tests/coverage.md is out of date: MATCHPLAN_BLESS=1 cargo test --test it coverage");
}

#[test]
fn each_gap_is_said() {
    let rule = |id: &str, files: &[&str], background: Option<&str>| Rule {
        id: id.to_owned(),
        rule: "statement".to_owned(),
        source: "title".to_owned(),
        files: files.iter().map(|&file| file.to_owned()).collect(),
        background: background.map(str::to_owned),
    };
    let book = [
        rule("a", &["src/a.rs"], None),
        rule("b", &["src/b.rs"], None),
        rule("c", &[], None),
        rule("d", &[], Some("why")),
        rule("a", &["src/a.rs"], None),
    ];
    let tag = concat!("// rule", ": a, c, x\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn proves() {}\n");
    let (proofs, wrong) = rust_proofs("src/t.rs", tag);
    assert!(wrong.is_empty());
    let found = problems(&book, &proofs, |file| file == "src/a.rs");
    assert_eq!(
        found,
        [
            "b names src/b.rs, which does not exist below src/",
            "b has no test and no scenario: statement",
            "c names no file below src/ that implements it",
            "a stands in the rulebook twice",
            "src/t.rs: `proves` names x, which the rulebook does not have",
        ]
    );
    let stray = concat!("// rule", ": a\nfn helper() {}\n", "// rule", ": b\n");
    assert_eq!(rust_proofs("src/t.rs", stray).1.len(), 2);
    let both = concat!("use on_both;\non_both!(\n    one,\n);\n// rule", ": a\nasync fn one(site: Site) {}\n");
    assert_eq!((rust_proofs("t.rs", both).0.len(), rust_proofs("t.rs", both).1.len()), (1, 0));
    let table = "[[scenario]]\nname = \"one\"\nrules = [\"a\"]\n[[scenario]]\nname = \"two\"\n";
    let found = scenario_proofs("t.toml", table);
    assert_eq!((found.len(), found[0].rules.as_slice()), (2, &["a".to_owned()][..]));
}
