//! Bases, scopes, references, selection and ranges.

use super::fixture::{JANE, JANE_GUID, ask, request, world, world_with_users};
use crate::lab::ldap::controls::{Controls, Page};
use crate::lab::ldap::forest::Forest;
use crate::lab::ldap::paging::Cursors;
use crate::lab::ldap::search::search;
use crate::lab::world::World;
use crate::lab::world::forest::AdValues;
use crate::model::dn::Dn;
use rasn_ldap::{ResultCode, SearchRequestScope, SearchResultEntry};

const BASE: SearchRequestScope = SearchRequestScope::BaseObject;
const ONE: SearchRequestScope = SearchRequestScope::SingleLevel;
const SUB: SearchRequestScope = SearchRequestScope::WholeSubtree;

fn names(world: &World, base: &str, scope: SearchRequestScope) -> Vec<String> {
    let found = ask(world, &request(base, scope, "(objectClass=*)", &["1.1"])).unwrap();
    assert!(found.entries.iter().all(|entry| entry.attributes.is_empty()));
    found.entries.into_iter().map(|entry| entry.object_name.0).collect()
}

fn refusal(world: &World, base: &str) -> (ResultCode, String, Vec<String>) {
    let refusal = ask(world, &request(base, SUB, "(objectClass=*)", &[])).unwrap_err();
    (refusal.code, refusal.matched_dn, refusal.referral)
}

/// Name and number of values of each attribute of an answer.
fn shape(entry: &SearchResultEntry) -> Vec<(String, usize)> {
    entry.attributes.iter().map(|attribute| (attribute.r#type.0.clone(), attribute.vals.len())).collect()
}

#[test]
fn scopes() {
    let world = world();
    assert_eq!(names(&world, "ou=staff, dc=CORP,dc=test", BASE), ["OU=Staff,DC=corp,DC=test"]);
    assert_eq!(
        names(&world, "OU=Left,DC=corp,DC=test", ONE),
        ["CN=Crew,OU=Left,DC=corp,DC=test", "CN=Chief,OU=Left,DC=corp,DC=test"]
    );
    assert_eq!(names(&world, "OU=Left,DC=corp,DC=test", SUB).len(), 3);
    let whole = names(&world, "DC=corp,DC=test", SUB);
    assert!(whole.contains(&JANE.to_owned()));
    assert!(!whole.iter().any(|name| name.contains("DC=sub") || name.contains("CN=Configuration")), "{whole:?}");
    assert!(names(&world, "DC=sub,DC=corp,DC=test", SUB).contains(&"CN=Sue,DC=sub,DC=corp,DC=test".to_owned()));
}

#[test]
fn a_guid_or_sid_is_a_base() {
    let world = world();
    assert_eq!(names(&world, &format!("<GUID={JANE_GUID}>"), BASE), [JANE]);
    assert_eq!(names(&world, "<GUID=5d5f351567d14f4f80fb7c3bedf5e411>", BASE), [JANE]);
    assert_eq!(names(&world, "<SID=S-1-5-21-1-2-3-1200>", SUB), [JANE]);
    let unknown = refusal(&world, "<GUID=99999999-d167-4f4f-80fb-7c3bedf5e411>");
    assert_eq!(unknown.0, ResultCode::NoSuchObject);
}

#[test]
fn a_missing_base_names_its_closest_ancestor_and_a_foreign_one_its_server() {
    let world = world();
    assert_eq!(
        refusal(&world, "CN=x,OU=Gone,OU=Staff,DC=corp,DC=test"),
        (ResultCode::NoSuchObject, "OU=Staff,DC=corp,DC=test".to_owned(), vec![])
    );
    assert_eq!(
        refusal(&world, "OU=Staff,DC=other,DC=test"),
        (ResultCode::Referral, String::new(), vec!["ldap://other.test/OU=Staff,DC=other,DC=test".to_owned()])
    );
    assert_eq!(refusal(&world, "O=other").0, ResultCode::NoSuchObject);
    assert_eq!(refusal(&world, "").0, ResultCode::NoSuchObject);
    assert_eq!(refusal(&world, "nonsense").0, ResultCode::InvalidDnSyntax);
}

#[test]
fn a_search_at_the_root_refers_to_the_naming_contexts_below_unless_told_not_to() {
    let world = world();
    let request = request("DC=corp,DC=test", SUB, "(sAMAccountName=jdoe)", &["1.1"]);
    assert_eq!(
        ask(&world, &request).unwrap().references,
        ["ldap://sub.corp.test/DC=sub,DC=corp,DC=test", "ldap://corp.test/CN=Configuration,DC=corp,DC=test"]
    );
    let controls = Controls { domain_scope: true, ..Controls::default() };
    let found = search(&Forest::of(&world), &request, &controls, &mut Cursors::default()).unwrap();
    assert!(found.references.is_empty());
    assert_eq!(found.entries.len(), 1);
}

#[test]
fn attributes_are_answered_in_the_schemas_spelling() {
    let world = world();
    let asked = ["SAMACCOUNTNAME", "objectguid", "MEMBEROF", "mail", "labDenyWrite", "noSuch"];
    let entry = ask(&world, &request(JANE, BASE, "(objectClass=*)", &asked)).unwrap().entries.remove(0);
    let one = |name: &str| (name.to_owned(), 1);
    assert_eq!(shape(&entry), [one("sAMAccountName"), one("objectGUID"), one("memberOf"), one("mail")]);
    assert_eq!(entry.attributes[1].vals.to_vec()[0].len(), 16);
}

#[test]
fn star_gives_what_ad_computes_and_nothing_of_the_labs_own() {
    let world = world();
    let chief = "CN=Chief,OU=Left,DC=corp,DC=test";
    for asked in [&[][..], &["*"], &["*", "mail"]] {
        let entry = ask(&world, &request(chief, BASE, "(objectClass=*)", asked)).unwrap().entries.remove(0);
        let names: Vec<String> = shape(&entry).into_iter().map(|(name, _)| name).collect();
        for expected in ["cn", "distinguishedName", "name", "objectCategory", "objectGUID", "uSNChanged", "whenChanged"]
        {
            assert!(names.contains(&expected.to_owned()), "{expected} in {names:?}");
        }
        assert!(!names.iter().any(|name| name.starts_with("lab")), "{names:?}");
    }
    let mut types_only = request(chief, BASE, "(cn=chief)", &["cn"]);
    types_only.types_only = true;
    assert_eq!(shape(&ask(&world, &types_only).unwrap().entries[0]), [("cn".to_owned(), 0)]);
}

#[test]
fn a_long_attribute_comes_in_ranges() {
    let mut world = world();
    let addresses = (0..3_100).map(|number| format!("smtp:{number}@corp.test")).collect();
    let jane = world.ad[0].entries.iter_mut().find(|entry| entry.dn == Dn::parse(JANE).unwrap()).unwrap();
    jane.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(addresses));
    let shape_of =
        |asked: &str| shape(&ask(&world, &request(JANE, BASE, "(objectClass=*)", &[asked])).unwrap().entries[0]);
    let ranged = |range: &str, count: usize| (format!("proxyAddresses;range={range}"), count);
    let bare = ("proxyAddresses".to_owned(), 0);
    assert_eq!(shape_of("proxyaddresses"), [bare, ranged("0-1499", 1_500)]);
    assert_eq!(shape_of("proxyAddresses;range=0-*"), [ranged("0-1499", 1_500)]);
    assert_eq!(shape_of("proxyAddresses;range=1500-*"), [ranged("1500-2999", 1_500)]);
    assert_eq!(shape_of("proxyAddresses;range=3000-*"), [ranged("3000-*", 100)]);
    assert_eq!(shape_of("proxyAddresses;Range=2-5"), [ranged("2-5", 4)]);
    assert_eq!(shape_of("proxyAddresses;range=3100-*"), []);
}

#[test]
fn a_size_limit_comes_with_the_entries_up_to_it() {
    let world = world_with_users(1_200);
    let all = request("OU=Left,DC=corp,DC=test", ONE, "(objectClass=user)", &["1.1"]);
    let found = ask(&world, &all).unwrap();
    assert_eq!((found.entries.len(), found.end.unwrap_err().code), (1_000, ResultCode::SizeLimitExceeded));
    let mut three = all;
    three.size_limit = 3;
    let found = ask(&world, &three).unwrap();
    assert_eq!((found.entries.len(), found.end.unwrap_err().code), (3, ResultCode::SizeLimitExceeded));
}

#[test]
fn a_cookie_is_good_once_and_for_one_search() {
    let world = world_with_users(25);
    let (forest, mut cursors) = (Forest::of(&world), Cursors::default());
    let users = request("OU=Left,DC=corp,DC=test", ONE, "(sAMAccountName=u*)", &["1.1"]);
    let mut page = |request, cookie: &[u8]| {
        let page = Some(Page { size: 10, cookie: cookie.into() });
        search(&forest, request, &Controls { page, ..Controls::default() }, &mut cursors)
    };
    let first = page(&users, b"").unwrap();
    let cookie = first.cookie.unwrap();
    let second = page(&users, &cookie).unwrap();
    assert_eq!(page(&users, &cookie).unwrap_err().code, ResultCode::UnwillingToPerform);
    let third = page(&users, &second.cookie.unwrap()).unwrap();
    assert_eq!((first.entries.len(), second.entries.len(), third.entries.len()), (10, 10, 5));
    assert_eq!(third.cookie.unwrap(), b"", "the last page");
    let other = request("OU=Left,DC=corp,DC=test", ONE, "(cn=u*)", &["1.1"]);
    let cookie = page(&users, b"").unwrap().cookie.unwrap();
    assert_eq!(page(&other, &cookie).unwrap_err().code, ResultCode::UnavailableCriticalExtension);
    assert_eq!(page(&users, b"nonsense-of-any-length").unwrap_err().code, ResultCode::UnwillingToPerform);
}

#[test]
fn the_configuration_can_be_read() {
    let world = world();
    let partitions = "CN=Partitions,CN=Configuration,DC=corp,DC=test";
    assert_eq!(names(&world, partitions, BASE), [partitions]);
    assert_eq!(names(&world, partitions, ONE).len(), 2, "a crossRef for each domain");
    let dsa = ask(&world, &request("CN=Configuration,DC=corp,DC=test", SUB, "(msDS-isRODC=FALSE)", &["1.1"])).unwrap();
    assert_eq!(dsa.entries.len(), 2);
}

#[test]
fn a_worlds_own_partitions_entry_takes_the_place_of_the_made_one() {
    let mut world = world();
    let partitions = "CN=Partitions,CN=Configuration,DC=corp,DC=test";
    let mut own = world.ad[0].entries[0].clone();
    own.dn = Dn::parse(partitions).unwrap();
    own.guid = JANE_GUID.replace('1', "2").parse().unwrap();
    own.attributes.insert("uPNSuffixes".to_owned(), AdValues::One("contoso.com".to_owned()));
    world.ad[0].entries.push(own);
    assert_eq!(names(&world, partitions, BASE).len(), 1);
    let suffixes = ask(&world, &request(partitions, BASE, "(objectClass=*)", &["upnsuffixes"])).unwrap().entries;
    assert_eq!(shape(&suffixes[0]), [("uPNSuffixes".to_owned(), 1)]);
    assert!(!names(&world, "DC=corp,DC=test", SUB).contains(&partitions.to_owned()), "another naming context");
}
