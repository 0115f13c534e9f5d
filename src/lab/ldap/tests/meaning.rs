//! Filters.

use super::fixture::{ask, found, request, world};
use rasn_ldap::{ResultCode, SearchRequestScope};

#[test]
fn text_matches_without_case_and_with_spaces_as_one() {
    let world = world();
    assert_eq!(found(&world, "(DISPLAYNAME=jane doe)"), ["jdoe"]);
    assert_eq!(found(&world, "(displayName=  JANE    Doe )"), ["jdoe"]);
    assert_eq!(found(&world, "(displayName=janedoe)"), [""; 0]);
    assert_eq!(found(&world, "(proxyAddresses=smtp:JANE@corp.test)"), ["jdoe"]);
    assert_eq!(found(&world, "(displayName~=jane doe)"), ["jdoe"]);
}

#[test]
fn substrings_match_in_order_and_without_overlap() {
    let world = world();
    assert_eq!(found(&world, "(displayName=JANE*)"), ["jdoe"]);
    assert_eq!(found(&world, "(displayName=*e d*)"), ["jdoe"]);
    assert_eq!(found(&world, "(displayName=j*n*doe)"), ["jdoe"]);
    assert_eq!(found(&world, "(displayName=jane doe*doe)"), [""; 0]);
    assert_eq!(found(&world, "(displayName=*doe*jane*)"), [""; 0]);
    assert_eq!(found(&world, "(mS-DS-ConsistencyGuid=\\00*)"), ["jdoe"]);
    assert_eq!(found(&world, "(adminCount=1*)"), [""; 0], "numbers have no substrings");
}

#[test]
fn octets_match_exactly_and_a_guid_also_by_its_text() {
    let world = world();
    assert_eq!(found(&world, "(mS-DS-ConsistencyGuid=\\00\\ff\\10)"), ["jdoe"]);
    assert_eq!(found(&world, "(mS-DS-ConsistencyGuid=\\00\\ff)"), [""; 0]);
    let octets = "\\5d\\5f\\35\\15\\67\\d1\\4f\\4f\\80\\fb\\7c\\3b\\ed\\f5\\e4\\11";
    assert_eq!(found(&world, &format!("(objectGUID={octets})")), ["jdoe"]);
    assert_eq!(found(&world, "(objectGUID=15355F5D-D167-4F4F-80FB-7C3BEDF5E411)"), ["jdoe"]);
    assert_eq!(found(&world, "(objectSid=S-1-5-21-1-2-3-1200)"), ["jdoe"]);
}

#[test]
fn undefined_is_not_false() {
    let world = world();
    let others = ["Crew", "chief", "john"];
    assert_eq!(found(&world, "(!(mail=jane@corp.test))"), others, "an absent attribute is false");
    assert_eq!(found(&world, "(!(noSuchAttribute=x))"), [""; 0], "an unknown attribute is undefined");
    assert_eq!(found(&world, "(!(adminCount=one))"), [""; 0], "no number is undefined");
    assert_eq!(found(&world, "(|(noSuchAttribute=x)(sAMAccountName=john))"), ["john"]);
    assert_eq!(found(&world, "(!(&(noSuchAttribute=x)(sAMAccountName=jdoe)))"), others, "one false decides");
}

#[test]
fn classes_and_categories_match_as_in_ad() {
    let world = world();
    assert_eq!(found(&world, "(objectClass=person)"), ["chief", "jdoe", "john"]);
    assert_eq!(found(&world, "(objectCategory=person)"), ["chief", "jdoe", "john"]);
    assert_eq!(found(&world, "(objectCategory=group)"), ["Crew"]);
    let category = "CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=test";
    assert_eq!(found(&world, &format!("(&(objectCategory={category})(sAMAccountName=j*))")), ["jdoe", "john"]);
    assert_eq!(found(&world, "(sAMAccountType=268435456)"), ["Crew"]);
}

#[test]
fn numbers_compare_as_numbers() {
    let world = world();
    assert_eq!(found(&world, "(userAccountControl>=513)"), ["jdoe"]);
    assert_eq!(found(&world, "(userAccountControl<=1000)"), ["chief", "jdoe", "john"]);
    assert_eq!(found(&world, "(userAccountControl>=99)"), ["chief", "jdoe", "john"], "99 is less than 512");
    assert_eq!(found(&world, "(userAccountControl:1.2.840.113556.1.4.803:=2)"), ["jdoe"]);
    assert_eq!(found(&world, "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"), ["Crew", "chief", "john"]);
    assert_eq!(found(&world, "(userAccountControl:1.2.840.113556.1.4.804:=3)"), ["jdoe"]);
}

#[test]
fn group_membership_can_be_asked_from_both_ends() {
    let world = world();
    assert_eq!(found(&world, "(memberOf=cn=crew, ou=left,dc=corp,dc=test)"), ["jdoe", "john"]);
    assert_eq!(found(&world, "(member=CN=Doe\\5c2c Jane,OU=Staff,DC=corp,DC=test)"), ["Crew"]);
}

#[test]
fn a_rule_that_is_not_evaluated_is_refused_rather_than_answered_wrongly() {
    let text = "(memberOf:1.2.840.113556.1.4.1941:=CN=Crew,OU=Left,DC=corp,DC=test)";
    let request = request("DC=corp,DC=test", SearchRequestScope::WholeSubtree, text, &["1.1"]);
    assert_eq!(ask(&world(), &request).unwrap_err().code, ResultCode::InappropriateMatching);
}
