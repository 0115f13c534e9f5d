use super::*;
use crate::model::entra::HolderKind;
use crate::model::recipient::AdHolderKind;
use crate::model::role::GLOBAL_ADMINISTRATOR;
use crate::plan::testing::{Scene, ad, cloud, linked};
use crate::snapshot::parts::OWN_LINE;
use proptest::prelude::*;

/// Two domains, everything that has a list, and names that need escaping.
fn world() -> Snapshot {
    let mut scene =
        Scene::pair("jane").and_pair("joe\"]\n\u{202e}").deleted(cloud("gone")).role("jane", GLOBAL_ADMINISTRATOR);
    scene = scene.holder(HolderKind::Group, "SMTP:all@contoso.com").holder(HolderKind::Contact, "SMTP:x@contoso.com");
    let mut snapshot = scene.snapshot;
    snapshot.users.push(linked(cloud("zoë"), &ad("zoë")));
    let mut second = snapshot.domains[0].clone();
    second.name = "lab".into();
    second.users = vec![ad("users\":["), ad("holders")];
    second.holders = vec![AdHolder {
        kind: AdHolderKind::Group,
        guid: ad("group").guid,
        dn: ad("group").dn,
        domain: "lab".into(),
        name: "{Group}".to_owned(),
        sam: None,
        mail: None,
        proxy_addresses: ["smtp:g@x"].into_iter().collect(),
        mail_nickname: None,
        target_address: None,
    }];
    snapshot.domains.push(second);
    snapshot
}

fn text(snapshot: &Snapshot) -> String {
    let mut text = Vec::new();
    write(snapshot, Form::Plain, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// In one piece on this thread, and in small ones on several.
fn both(text: &[u8]) -> Vec<Result<Snapshot, String>> {
    [BLOCK, 100].map(|block| read_by(block, text, None).map_err(|error| error.to_string())).into()
}

#[test]
fn what_is_written_is_one_json_document_with_a_line_for_each_object() {
    let (snapshot, text) = (world(), text(&world()));
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    let lines = |begin: &str| text.lines().filter(|line| line.starts_with(begin)).count();
    assert_eq!((lines("{\"guid\":"), lines("{\"kind\":\"group\",\"guid\"")), (4, 1), "{text}");
    assert!(!text.contains('\u{202e}') && text.contains("\\u202e"), "hidden characters are escaped");
    for read in both(text.as_bytes()) {
        assert_eq!(read.as_ref(), Ok(&snapshot));
    }
}

#[test]
fn a_compressed_one_is_known_by_its_octets_and_always_the_same() {
    let (snapshot, mut octets, mut again) = (world(), Vec::new(), Vec::new());
    write(&snapshot, Form::of("x.snapshot.json.ZST"), &mut octets).unwrap();
    write(&snapshot, Form::Compressed, &mut again).unwrap();
    assert!(octets == again && octets.len() < text(&snapshot).len());
    assert_eq!(read(&octets[..], Some(octets.len() as u64)).unwrap(), snapshot);
    for end in [octets.len() - 1, octets.len() / 2, 5] {
        assert!(matches!(read(&octets[..end], None), Err(SnapshotError::Unread(_))));
    }
    let at = octets.len() / 2;
    octets[at] ^= 1;
    assert!(read(&octets[..], None).is_err(), "a damaged one");
}

#[test]
fn every_other_layout_of_the_document_is_read_too() {
    let snapshot = world();
    let pretty = crate::model::digest::to_canonical_file(&snapshot).unwrap();
    let compact = serde_json::to_string(&snapshot).unwrap();
    let marked = format!("\u{feff}{}", text(&snapshot));
    for text in [&pretty, &compact, &marked, &text(&snapshot).replace('\n', "\r\n")] {
        for read in both(text.as_bytes()) {
            assert_eq!(read.as_ref(), Ok(&snapshot), "{text}");
        }
    }
}

#[test]
fn one_that_was_cut_short_is_refused_wherever_it_was_cut() {
    let text = text(&world());
    for end in (0..text.len() - 1).filter(|end| text.is_char_boundary(*end)) {
        for read in both(&text.as_bytes()[..end]) {
            assert!(read.is_err(), "{}", &text[..end]);
        }
    }
}

#[test]
fn the_first_problem_is_named_with_its_line_whoever_finds_it() {
    let text = text(&world()).replace("\"guid\":\"", "\"guid\":\"no ");
    let line = text.lines().position(|line| line.starts_with("{\"guid\"")).unwrap() + 1;
    for read in both(text.as_bytes()) {
        let error = read.unwrap_err();
        assert!(error.starts_with(&format!("in line {line}: ")), "{error}");
    }
}

#[test]
fn a_newer_one_is_called_newer_whatever_else_is_new_in_it() {
    let newer = text(&world()).replace("\"format_version\":1", "\"format_version\":2");
    for text in [newer.clone(), newer.replace("\"guid\":", "\"new\":1,\"guid\":")] {
        for block in [BLOCK, 100] {
            assert!(matches!(read_by(block, text.as_bytes(), None), Err(SnapshotError::Newer(2))));
        }
    }
}

#[test]
fn what_grows_without_end_is_refused_early() {
    let bomb = zstd::encode_all(io::repeat(b' ').take(SMALL + 1), 1).unwrap();
    let error = read(&bomb[..], Some(bomb.len() as u64)).unwrap_err();
    assert_eq!(error.too_large(), Some(&TooLarge { size: None, limit: SMALL }));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    /// Cut into lines a text is taken exactly if it is taken as a whole, and comes to the same.
    #[test]
    fn cutting_changes_nothing(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[\\[\\]{},\":\n]?|\"users\":\\[\n|null"), 1..3),
        block in 50_usize..3000,
    ) {
        let mut text = text(&world());
        for (at, cut, put) in edits {
            let at = at.index(text.len());
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at..=(at + cut).min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap();
            text.replace_range(at..end, &put);
        }
        let whole = serde_json::from_str::<Snapshot>(&text).ok().filter(|it| it.format_version <= SNAPSHOT_VERSION);
        match read_by(block, text.as_bytes(), None) {
            // A line feed where this program writes none.
            Err(error) if error.to_string().ends_with(OWN_LINE) => {}
            cut => prop_assert_eq!(cut.ok(), whole, "{}", text),
        }
    }
}
