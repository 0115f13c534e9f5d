//! Modify, rename, add, delete.

use super::fixture::{JANE, JANE_GUID, JOHN, found, stored, texts, world};
use crate::lab::ldap::controls::Controls;
use crate::lab::ldap::refusal::Outcome;
use crate::lab::ldap::{add, delete, modify, modify_dn};
use crate::lab::world::World;
use rasn_ldap::ChangeOperation::{self, Add, Delete, Replace};
use rasn_ldap::{
    AddRequest, Attribute, DelRequest, ModifyDnRequest, ModifyRequest, ModifyRequestChanges, PartialAttribute,
};

type Given<'g> = (&'g str, &'g [&'g str]);
type Change<'c> = (ChangeOperation, &'c str, &'c [&'c str]);

fn modify_with(world: &mut World, dn: &str, changes: &[Change<'_>], controls: &Controls) -> Outcome {
    let change = |(operation, name, values): &Change<'_>| {
        let values: Vec<_> = values.iter().map(|value| value.as_bytes().into()).collect();
        ModifyRequestChanges {
            operation: *operation,
            modification: PartialAttribute::new((*name).into(), values.into()),
        }
    };
    let request = ModifyRequest { object: dn.into(), changes: changes.iter().map(change).collect() };
    modify::modify(world, &request, controls)
}

fn code(outcome: Outcome) -> u32 {
    outcome.map_or_else(|refusal| refusal.code as u32, |()| 0)
}

fn modify(world: &mut World, dn: &str, changes: &[Change<'_>]) -> u32 {
    code(modify_with(world, dn, changes, &Controls::default()))
}

fn rename(world: &mut World, dn: &str, rdn: &str, superior: Option<&str>) -> u32 {
    let request = ModifyDnRequest {
        entry: dn.into(),
        new_rdn: rdn.into(),
        delete_old_rdn: true,
        new_superior: superior.map(Into::into),
    };
    code(modify_dn::modify_dn(world, &request))
}

fn add(world: &mut World, dn: &str, attributes: &[Given<'_>]) -> u32 {
    let attribute = |(name, values): &Given<'_>| {
        let values: Vec<_> = values.iter().map(|value| value.as_bytes().into()).collect();
        Attribute::new((*name).into(), values.into())
    };
    let request = AddRequest { entry: dn.into(), attributes: attributes.iter().map(attribute).collect() };
    code(add::add(world, &request))
}

fn delete(world: &mut World, dn: &str, controls: &Controls) -> u32 {
    code(delete::delete(world, &DelRequest(dn.into()), controls))
}

#[test]
fn result_codes_of_a_modify() {
    let long = "x".repeat(257);
    let cases: &[(u32, &str, &[Change<'_>])] = &[
        (20, "a present value", &[(Add, "proxyAddresses", &["smtp:j@corp.test"])]),
        (20, "a value that differs in case only", &[(Add, "proxyAddresses", &["SMTP:J@corp.test"])]),
        (20, "a value twice", &[(Add, "proxyAddresses", &["smtp:n@x", "smtp:n@x"])]),
        (16, "an absent value", &[(Delete, "proxyAddresses", &["smtp:n@x"])]),
        (16, "an absent attribute", &[(Delete, "title", &[])]),
        (0, "nothing in place of nothing", &[(Replace, "title", &[])]),
        (20, "a second value of one", &[(Add, "mail", &["b@x"])]),
        (20, "two values for one", &[(Replace, "mail", &["a@x", "b@x"])]),
        (16, "an unknown attribute", &[(Replace, "noSuch", &["x"])]),
        (65, "a group's attribute", &[(Replace, "groupType", &["2"])]),
        (21, "too long", &[(Replace, "mail", &[&long])]),
        (21, "no number", &[(Replace, "adminCount", &["one"])]),
        (21, "empty", &[(Replace, "title", &[""])]),
        (19, "objectGUID", &[(Replace, "objectGUID", &["0123456789abcdef"])]),
        (19, "uSNChanged as a guard", &[(Delete, "uSNChanged", &["1"])]),
        (53, "objectSid", &[(Replace, "objectSid", &["S-1-5-32-544"])]),
        (67, "cn", &[(Replace, "cn", &["x"])]),
        (69, "objectClass", &[(Replace, "objectClass", &["contact"])]),
        (53, "no change at all", &[]),
        (19, "a UPN of another domain's user", &[(Replace, "userPrincipalName", &["SUE@corp.test"])]),
        (68, "an implicit UPN", &[(Replace, "userPrincipalName", &["john@corp.test"])]),
        (68, "a taken account name", &[(Replace, "sAMAccountName", &["JOHN"])]),
        (65, "no account name", &[(Delete, "sAMAccountName", &[])]),
        (0, "an address that another has", &[(Replace, "mail", &["sue@corp.test"])]),
        (0, "octets of any length", &[(Replace, "mS-DS-ConsistencyGuid", &["12345678901234567"])]),
        (32, "a manager who does not exist", &[(Replace, "manager", &["CN=x,DC=corp,DC=test"])]),
    ];
    for (expected, what, changes) in cases {
        let mut world = world();
        let before = world.clone();
        assert_eq!(modify(&mut world, JANE, changes), *expected, "{what}");
        if *expected != 0 {
            assert_eq!(world, before, "{what}: a refused modify changes nothing");
        }
    }
    assert_eq!(modify(&mut world(), "CN=x,DC=corp,DC=test", &[(Replace, "mail", &["a@x"])]), 32);
}

#[test]
fn a_taken_upn_is_told_by_its_number() {
    let mut world = world();
    let changes: &[Change<'_>] = &[(Replace, "userPrincipalName", &["sue@corp.test"])];
    let refusal = modify_with(&mut world, JANE, changes, &Controls::default()).unwrap_err();
    assert!(refusal.text.starts_with("000021C8: AtrErr"), "{}", refusal.text);
}

#[test]
fn a_modify_is_atomic_and_guarded_by_what_it_deletes() {
    let mut world = world();
    let swap = |old: &str, new: &str, world: &mut World| {
        modify(world, JANE, &[(Replace, "title", &["x"]), (Delete, "mail", &[old]), (Add, "mail", &[new])])
    };
    assert_eq!(swap("wrong@corp.test", "new@corp.test", &mut world), 16);
    assert!(texts(&world, JANE, "title").is_empty(), "nothing of it is applied");
    assert_eq!(swap("JANE@corp.test", "new@corp.test", &mut world), 0, "text matches without case");
    assert_eq!(texts(&world, JANE, "mail"), ["new@corp.test"]);
    assert_eq!(modify(&mut world, JANE, &[(Delete, "mS-DS-ConsistencyGuid", &["\u{0}"])]), 16, "octets exactly");
}

#[test]
fn the_primary_address_is_switched_in_one_modify() {
    let mut world = world();
    let changes: &[Change<'_>] = &[
        (Delete, "proxyAddresses", &["SMTP:jane@corp.test", "smtp:j@corp.test"]),
        (Add, "proxyAddresses", &["smtp:jane@corp.test", "SMTP:j@corp.test"]),
    ];
    assert_eq!(modify(&mut world, JANE, changes), 0);
    assert_eq!(texts(&world, JANE, "proxyAddresses"), ["smtp:jane@corp.test", "SMTP:j@corp.test"]);
}

#[test]
fn only_a_change_moves_the_usn() {
    let mut world = world();
    let usn = |world: &World| texts(world, JANE, "uSNChanged");
    assert_eq!(
        modify(&mut world, JANE, &[(Replace, "proxyAddresses", &["smtp:j@corp.test", "SMTP:jane@corp.test"])]),
        0
    );
    assert!(usn(&world).is_empty(), "the same values in another order");
    assert_eq!(modify(&mut world, JANE, &[(Replace, "mail", &["JANE@corp.test"])]), 0);
    assert_eq!(usn(&world), ["12289"], "case is a change");
    assert_eq!(texts(&world, JANE, "whenChanged"), ["20260301083000.0Z"]);
    assert_eq!(modify(&mut world, JOHN, &[(Replace, "title", &["x"])]), 0);
    assert_eq!(texts(&world, JOHN, "uSNChanged"), ["12290"]);
    assert_eq!(found(&world, "(uSNChanged>=12290)"), ["john"], "what an incremental read asks");
    assert_eq!(delete(&mut world, JOHN, &Controls::default()), 0);
    assert_eq!(modify(&mut world, JANE, &[(Replace, "title", &["x"])]), 0);
    assert_eq!(usn(&world), ["12292"], "a deletion takes a number and frees none");
}

#[test]
fn an_odd_spelling_in_the_file_is_still_the_same_attribute() {
    let mut world = world();
    assert_eq!(modify(&mut world, JOHN, &[(Replace, "sAMAccountName", &["johnny"])]), 0);
    assert_eq!(texts(&world, JOHN, "sAMAccountName"), ["johnny"]);
    assert!(texts(&world, JOHN, "SAMACCOUNTNAME").is_empty());
}

#[test]
fn permissive_modify_forgives() {
    let mut world = world();
    let controls = Controls { permissive_modify: true, ..Controls::default() };
    let changes: &[Change<'_>] =
        &[(Add, "proxyAddresses", &["smtp:j@corp.test"]), (Delete, "proxyAddresses", &["smtp:n@x"])];
    assert_eq!(code(modify_with(&mut world, JANE, changes, &controls)), 0);
}

#[test]
fn protected_and_made_entries_refuse_before_anything_else_is_looked_at() {
    let mut world = world();
    let chief = "CN=Chief,OU=Left,DC=corp,DC=test";
    assert_eq!(modify(&mut world, chief, &[(Delete, "mail", &["lost@cas"])]), 50);
    assert_eq!(rename(&mut world, chief, "CN=Chief", Some("OU=Staff,DC=corp,DC=test")), 50);
    assert_eq!(delete(&mut world, chief, &Controls::default()), 50);
    let partitions = "CN=Partitions,CN=Configuration,DC=corp,DC=test";
    assert_eq!(modify(&mut world, partitions, &[(Add, "uPNSuffixes", &["x.test"])]), 50);
}

#[test]
fn a_move_keeps_the_guid_and_takes_links_and_children_along() {
    let mut world = world();
    let by_guid = format!("<GUID={JANE_GUID}>");
    assert_eq!(rename(&mut world, &by_guid, "CN=Doe\\, Jane", Some("OU=Left,DC=corp,DC=test")), 0);
    let moved = "CN=Doe\\, Jane,OU=Left,DC=corp,DC=test";
    assert_eq!(stored(&world, moved).guid.to_string(), JANE_GUID);
    assert_eq!(texts(&world, "CN=Crew,OU=Left,DC=corp,DC=test", "member"), [moved, JOHN]);
    assert_eq!(rename(&mut world, "OU=Left,DC=corp,DC=test", "OU=Right", Some("OU=Staff,DC=corp,DC=test")), 0);
    let deep = "CN=Doe\\, Jane,OU=Right,OU=Staff,DC=corp,DC=test";
    assert_eq!(stored(&world, deep).guid.to_string(), JANE_GUID);
    assert_eq!(texts(&world, "CN=Crew,OU=Right,OU=Staff,DC=corp,DC=test", "member"), [deep, JOHN]);
}

#[test]
fn result_codes_of_a_rename() {
    let staff = "OU=Staff,DC=corp,DC=test";
    let cases: &[(u32, &str, &str, Option<&str>)] = &[
        (0, JANE, "CN=Jane", None),
        (0, JANE, "cn=DOE\\2c jane", None),
        (68, JANE, "CN=john", None),
        (80, JANE, "CN=Jane", Some("OU=Gone,DC=corp,DC=test")),
        (71, JANE, "CN=Jane", Some("DC=sub,DC=corp,DC=test")),
        (53, staff, "OU=Staff", Some(staff)),
        (64, JANE, "OU=Jane", None),
        (34, JANE, "Jane", None),
        (34, JANE, "CN=a,OU=b", None),
        (32, "CN=Gone,DC=corp,DC=test", "CN=x", None),
        (53, "DC=corp,DC=test", "DC=x", None),
    ];
    for (expected, dn, rdn, superior) in cases {
        assert_eq!(rename(&mut world(), dn, rdn, *superior), *expected, "{dn} to {rdn} in {superior:?}");
    }
    let keep =
        ModifyDnRequest { entry: JANE.into(), new_rdn: "CN=x".into(), delete_old_rdn: false, new_superior: None };
    assert_eq!(code(modify_dn::modify_dn(&mut world(), &keep)), 53);
}

#[test]
fn an_added_user_gets_what_ad_gives() {
    let new = "CN=New,OU=Staff,DC=corp,DC=test";
    let make = || {
        let mut world = world();
        assert_eq!(add(&mut world, new, &[("objectClass", &["top", "user"]), ("cn", &["New"]), ("mail", &["n@x"])]), 0);
        world
    };
    let world = make();
    let entry = stored(&world, new);
    assert_eq!(texts(&world, new, "userAccountControl"), ["546"]);
    assert!(texts(&world, new, "sAMAccountName")[0].starts_with('$'));
    assert_eq!(entry.sid.as_ref().unwrap().to_string(), "S-1-5-21-1-2-3-1201", "the domain's next");
    assert_eq!(texts(&world, new, "uSNCreated"), texts(&world, new, "uSNChanged"));
    assert_eq!(make(), world, "the same requests make the same world");
}

#[test]
fn result_codes_of_an_add() {
    let user: Given<'_> = ("objectClass", &["user"]);
    let new = "CN=New,OU=Staff,DC=corp,DC=test";
    let cases: &[(u32, &str, &[Given<'_>])] = &[
        (68, JANE, &[user]),
        (32, "CN=New,OU=Gone,DC=corp,DC=test", &[user]),
        (65, new, &[("mail", &["a@x"])]),
        (16, new, &[("objectClass", &["noSuchClass"])]),
        (65, new, &[user, ("groupType", &["2"])]),
        (64, "OU=New,OU=Staff,DC=corp,DC=test", &[user]),
        (64, new, &[("objectClass", &["organizationalUnit"])]),
        (16, new, &[user, ("noSuch", &["x"])]),
        (20, new, &[user, ("mail", &["a@x", "b@x"])]),
        (20, new, &[user, ("proxyAddresses", &["smtp:a@x", "SMTP:a@x"])]),
        (19, new, &[user, ("objectGUID", &["0123456789abcdef"])]),
        (53, new, &[user, ("objectSid", &["S-1-5-21-1-2-3-4"])]),
        (68, new, &[user, ("sAMAccountName", &["JDOE"])]),
        (19, new, &[user, ("userPrincipalName", &["jane@corp.test"])]),
        (50, "CN=New,CN=Partitions,CN=Configuration,DC=corp,DC=test", &[("objectClass", &["container"])]),
        (53, new, &[("objectClass", &["domainDNS"])]),
        (0, "OU=New,DC=sub,DC=corp,DC=test", &[("objectClass", &["organizationalUnit"]), ("ou", &["New"])]),
    ];
    for (expected, dn, attributes) in cases {
        assert_eq!(add(&mut world(), dn, attributes), *expected, "{dn} {attributes:?}");
    }
}

#[test]
fn a_delete_takes_links_along_and_branches_only_when_told() {
    let mut world = world();
    assert_eq!(delete(&mut world, JANE, &Controls::default()), 0);
    assert_eq!(texts(&world, "CN=Crew,OU=Left,DC=corp,DC=test", "member"), [JOHN]);
    assert_eq!(delete(&mut world, "OU=Staff,DC=corp,DC=test", &Controls::default()), 66);
    let tree = Controls { tree_delete: true, ..Controls::default() };
    assert_eq!(delete(&mut world, "OU=Staff,DC=corp,DC=test", &tree), 0);
    assert!(texts(&world, "CN=Crew,OU=Left,DC=corp,DC=test", "member").is_empty());
    assert_eq!(delete(&mut world, "OU=Left,DC=corp,DC=test", &tree), 50, "a protected entry is in it");
    assert_eq!(delete(&mut world, JANE, &Controls::default()), 32);
    assert_eq!(delete(&mut world, "DC=corp,DC=test", &tree), 53);
}
