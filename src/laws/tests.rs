//! Every law over its seeds, over damaged seeds, and over mere octets; and that a fuzz target runs it.
#![expect(clippy::disallowed_methods, reason = "the seeds and the targets are files of this repository")]

use super::{ALL, Law, written};
use crate::directory::ad::entry::Entry;
use crate::directory::ad::given::GivenFilter;
use crate::directory::ad::holder::read_holder;
use crate::directory::ad::user::read_user;
use crate::lab::graph::filter::parser;
use crate::lab::ldap::codec::LdapCodec;
use crate::lab::world::load;
use crate::model::dn::Dn;
use crate::plan::document::Plan;
use crate::snapshot::document::Snapshot;
use crate::state::fold::join;
use crate::state::journal::Journal;
use crate::state::ledger::State;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder as _;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The seeds of a law, by file name.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("seeds").join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut seeds: Vec<_> = files
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds
}

#[test]
fn every_law_has_a_target_and_every_target_a_law() {
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let laws: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |folder: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(fuzz().join(folder)).unwrap();
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!((stems("fuzz_targets"), stems("seeds")), (laws.clone(), laws));
    for (name, _) in ALL {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        let target = std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("::{name}(octets)")), "{name}: {target}");
    }
}

/// A law holds for what is refused, too: a seed that is refused by mistake would prove nothing.
#[test]
fn the_seeds_are_good_ones() {
    let text = |name: &str, file: &str| std::fs::read_to_string(fuzz().join("seeds").join(name).join(file)).unwrap();
    for file in ["link.plan.json", "three.plan.json"] {
        Plan::from_file(&text("plan", file)).unwrap();
    }
    for file in ["ended.state.json", "unfinished.state.json"] {
        State::from_file(&text("state", file)).unwrap();
    }
    for file in ["cut.jsonl", "whole.jsonl"] {
        join(None, &Journal::read(text("journal", file).as_bytes()).unwrap()).unwrap();
    }
    for file in ["forest.json", "tenant.json"] {
        load::parse(&text("lab_world", file), Path::new(file)).unwrap();
    }
    let snapshot: Snapshot = serde_json::from_str(&text("snapshot", "three.snapshot.json")).unwrap();
    assert!(!snapshot.users.is_empty() && snapshot.domains.iter().any(|domain| !domain.users.is_empty()));
    let both = text("config", "both.toml");
    let (settings, plan) = both.split_once(written::CUT).unwrap();
    let (config, found, sources) = crate::config::read(("m", settings), &[("p", plan)]);
    assert!(config.is_some(), "{}", crate::diagnostic::render_all(&found, &sources, false, 100));
    for file in ["plain.csv", "excel.csv"] {
        assert_eq!(
            crate::config::recipients::read(file, text("recipients", file).as_bytes()).0.map(|all| all.len()),
            Some(1)
        );
    }
    for file in ["all", "more"] {
        parser::parse(&text("lab_filter", file)).unwrap();
    }
    for file in ["list", "rule"] {
        GivenFilter::parse(&text("given_filter", file)).unwrap();
    }
    for file in ["user", "group", "ranged"] {
        let octets = std::fs::read(fuzz().join("seeds/ldap_entry").join(file)).unwrap();
        let entry = Entry::read(ldap3::asn1::parse_tag(&octets).unwrap().1).unwrap();
        assert!(file != "user" || read_user(&entry, &"corp".into()).is_ok());
        assert!(file != "group" || read_holder(&entry, &"corp".into()).is_ok());
    }
}

#[test]
fn the_laws_hold_for_the_seeds() {
    for (name, law) in ALL {
        for (file, octets) in seeds(name) {
            let held = catch_unwind(AssertUnwindSafe(|| law(&octets)));
            assert!(held.is_ok(), "fuzz/seeds/{name}/{file}");
        }
    }
}

/// One damage to a seed: octets replaced, left out, repeated, or brought in from another place.
#[derive(Clone, Debug)]
struct Damage {
    at: prop::sample::Index,
    from: prop::sample::Index,
    length: usize,
    kind: u8,
    octet: u8,
}

fn damage() -> impl Strategy<Value = Damage> {
    (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..40_usize, 0..5_u8, any::<u8>())
        .prop_map(|(at, from, length, kind, octet)| Damage { at, from, length, kind, octet })
}

fn damaged(mut octets: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for Damage { at, from, length, kind, octet } in damages {
        let at = at.index(octets.len() + 1);
        let to = (at + length).min(octets.len());
        let from = from.index(octets.len() + 1);
        let piece = octets[from..(from + length).min(octets.len())].to_vec();
        match kind {
            0 if at < octets.len() => octets[at] = *octet,
            1 => drop(octets.drain(at..to)),
            2 => drop(octets.splice(at..at, piece)),
            3 => drop(octets.splice(at..to, piece)),
            _ => octets.insert(at, *octet),
        }
    }
    octets
}

/// Deterministic: the same inputs on every machine and in every run.
fn tried(name: &str, law: Law, cases: u32, inputs: &impl Strategy<Value = Vec<u8>>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, rng).run(inputs, |octets| {
        law(&octets);
        Ok(())
    });
    if let Err(TestError::Fail(reason, octets)) = outcome {
        panic!("{name}: {reason}: {}", octets.escape_ascii());
    }
}

#[test]
fn the_laws_hold_for_damaged_seeds() {
    for (name, law) in ALL {
        let seeds: Vec<Vec<u8>> = seeds(name).into_iter().map(|(_, octets)| octets).collect();
        let inputs = (prop::sample::select(seeds), prop::collection::vec(damage(), 1..6))
            .prop_map(|(seed, damages)| damaged(seed, &damages));
        tried(name, law, 150, &inputs);
    }
}

#[test]
fn the_laws_hold_for_mere_octets() {
    for (name, law) in ALL {
        tried(name, law, 100, &prop::collection::vec(any::<u8>(), 0..300));
        tried(name, law, 100, &"\\PC{0,80}".prop_map(String::into_bytes));
    }
}

const DEEP: usize = 1_000_000;

/// A search request whose filter is `not` of `not` of … (RFC 4511 section 4.5.1), each level with a length of four octets.
fn nested_search(levels: usize) -> Vec<u8> {
    // Written from the inside out, and turned round at the end.
    let mut reversed = vec![b'x', 1, 0x87];
    let wrap = |reversed: &mut Vec<u8>, tag: u8| {
        let length = u32::try_from(reversed.len()).unwrap();
        reversed.extend(length.to_le_bytes());
        reversed.extend([0x84, tag]);
    };
    for _ in 0..levels {
        wrap(&mut reversed, 0xa2);
    }
    // No attributes behind it; before it: base, scope, aliases, two limits, types only.
    reversed.splice(0..0, [0, 0x30]);
    reversed.extend([4, 0, 10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0].iter().rev());
    wrap(&mut reversed, 0x63);
    reversed.extend([2, 1, 1].iter().rev());
    wrap(&mut reversed, 0x30);
    reversed.reverse();
    reversed
}

/// Runs laws by name.
fn run(inputs: Vec<(&str, Vec<Vec<u8>>)>) {
    for (name, inputs) in inputs {
        let (_, law) = ALL.into_iter().find(|(other, _)| *other == name).unwrap();
        for octets in inputs {
            law(&octets);
        }
    }
}

/// An overflow of the stack is no panic: it would end the whole test run.
#[test]
fn a_million_levels_are_refused_without_a_million_calls() {
    let times = |text: &str| text.repeat(DEEP).into_bytes();
    let json = || vec![times("["), times("{\"a\":"), [times("["), times("]")].concat()];
    let toml = |text: &str| [b"version = 1\nx = ".to_vec(), times(text)].concat();
    let filters = ["(!", "(&", "(|(a=b)"].map(|open| [times(open), b"(a=b)".to_vec(), times(")")].concat());
    let conditions = ["not ", "(", "a/any(a:", "a eq 1 and "].map(times);
    run(vec![
        ("config", vec![toml("["), toml("{a="), times("a."), times("[a")]),
        ("plan", json()),
        ("state", json()),
        ("journal", json()),
        ("snapshot", json()),
        ("lab_world", json()),
        ("given_filter", filters.to_vec()),
        ("lab_filter", conditions.to_vec()),
        ("lab_graph", vec![[b"GET /users?$filter=".to_vec(), times("(")].concat()]),
        ("lab_ldap", vec![nested_search(DEEP)]),
    ]);
    let decoded = |levels| LdapCodec.decode(&mut BytesMut::from(nested_search(levels).as_slice()));
    assert!(matches!(decoded(10), Ok(Some(_))), "the request itself is a good one");
    assert!(decoded(DEEP).is_err());
    let name = Dn::parse(&("CN=a,".repeat(DEEP) + "DC=x")).unwrap();
    assert_eq!(name.parent().unwrap().rdn(), "CN=a");
}

/// What costs more with each repetition than with the one before takes minutes here.
#[test]
fn a_hundred_thousand_of_anything_are_read_in_one_go() {
    let times = |text: &str| text.repeat(DEEP / 10).into_bytes();
    run(vec![
        ("config", vec![times("[[a]]\n"), times("]\n"), times("a.b = 1\n"), times("password = '\n"), times("://@")]),
        ("graph", vec![times("["), times("{\"a\":")]),
        ("journal", vec![times("{}\n"), times("\n")]),
        ("dn", vec![[times("CN=a,"), b"DC=x".to_vec()].concat(), times("\\ ")]),
        ("ids", vec![times("a:"), times("smtp:a\n"), times("S-1-"), times("-1")]),
        ("recipients", vec![times("\""), times("\",\""), times("a,"), times("sep=;\n")]),
        ("explain", vec![times("a "), times("[a]"), times("é")]),
        ("ldap_value", vec![times("("), times("'")]),
        ("lab_graph", vec![times("a&"), times("/a"), times("a?a"), times("?a&b=")]),
    ]);
}
