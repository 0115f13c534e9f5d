//! What people write or paste.

use super::shown::harmless;
use crate::config::{read, recipients as csv};
use crate::diagnostic::{Diagnostic, Sources, render_all};
use crate::directory::ad::filter::Filter;
use crate::directory::ad::given::GivenFilter;
use crate::lab::world::load;
use crate::report::style::Style;
use crate::rules::explain::lookup::{self, Found};
use ldap3::asn1::{PL, StructureTag, Tag};
use std::path::Path;

/// Stands between `matchplan.toml` and a match plan, on a line of its own.
pub(super) const CUT: &str = "\n#----\n";

fn told(found: &[Diagnostic], sources: &Sources) {
    harmless(&render_all(found, sources, false, 80));
    for problem in found {
        assert_eq!(problem.to_json(sources).code, problem.code);
    }
}

/// `matchplan.toml`, then [`CUT`] and a match plan: there is a configuration exactly where there is no error, it is the
/// same when it is read again, and problems are shown harmlessly.
pub fn config(octets: &[u8]) {
    let Ok(text) = read::decode("matchplan.toml", octets.to_vec()) else { return };
    let (settings, plan) = text.split_once(CUT).unwrap_or((&text, "version = 1\nlink = []\n"));
    let both = || read::read(("matchplan.toml", settings), &[("plans/a.toml", plan)]);
    let (config, found, sources) = both();
    assert_eq!(config.is_none(), found.iter().any(Diagnostic::is_error), "{found:?}");
    told(&found, &sources);
    if let Some(config) = config {
        assert_eq!(Some(&config.digest), read::config_digest(&config.settings, &config.plan).ok().as_ref());
        assert_eq!(both().0, Some(config));
    }
}

/// An export of Exchange's recipients: whoever is read has an id, a kind and an address.
pub fn recipients(octets: &[u8]) {
    let (read, found, sources) = csv::read("recipients.csv", octets);
    assert_eq!(read.is_some(), found.is_empty());
    told(&found, &sources);
    for recipient in read.unwrap_or_default() {
        assert!(!recipient.id.is_empty() && !recipient.kind.is_empty() && !recipient.name.is_empty(), "{recipient:?}");
        assert!(!recipient.addresses.is_empty(), "{recipient:?}");
    }
}

/// A pasted message: whatever it is, each page that answers can be printed.
pub fn explain(octets: &[u8]) {
    match lookup::find(&String::from_utf8_lossy(octets)) {
        Found::Pages(topics) => {
            assert!(!topics.is_empty());
            harmless(&crate::report::explain::pages_text(&topics[..1], Style::PLAIN, 80));
        }
        Found::Nothing { similar } => assert!(similar.len() <= 20, "{similar:?}"),
    }
}

/// A filter of RFC 4515 as a tree, by the parser that sends it.
pub(super) fn filter_tree(text: &str) -> Option<StructureTag> {
    ldap3::parse_filter(text).ok().map(|tag: Tag| {
        use ldap3::asn1::ASNTag as _;
        tag.into_structure()
    })
}

/// The parts of a constructed element.
pub(super) fn parts(tag: StructureTag) -> Vec<StructureTag> {
    match tag.payload {
        PL::C(parts) => parts,
        PL::P(_) => panic!("a primitive element where a list was built"),
    }
}

/// A filter that a person gives: one that is taken stays in its place, whatever stands around it.
pub fn given_filter(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let given = match GivenFilter::parse(text) {
        Ok(given) => given,
        Err(error) => return harmless(&error.to_string()),
    };
    let alone = filter_tree(given.as_str()).expect("it was checked with this parser");
    let around = Filter::And(vec![Filter::equal("objectClass", "user"), Filter::Given(given.clone()), Filter::any()]);
    let around = parts(filter_tree(&around.to_string()).expect("it is well-formed where it stands"));
    assert_eq!(around.len(), 3, "it reached out of its place");
    assert_eq!(around[1], alone);
    assert_eq!(GivenFilter::parse(given.as_str()), Ok(given));
}

/// A world of the lab: one that is taken is written and read back as the same.
pub fn lab_world(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let file = Path::new("world.json");
    let Ok(world) = load::parse(text, file) else { return };
    let written = crate::model::digest::to_canonical_file(&world).expect("a world can be written");
    assert_eq!(load::parse(&written, file).expect("its own words are understood"), world);
}
