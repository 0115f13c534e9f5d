//! The operations. Each write has a user of its own (`w01`, `w02`, …), so that no case depends on another.

use super::operation::Change::{self, Add, Delete, Replace};
use super::operation::Operation;
use super::stage::{WIRE, entry, wire};
use ldap3::Scope::{self, Base, OneLevel, Subtree};
use matchplan::lab::world::World;
use matchplan::model::anchor::Anchor;

const BASE: &str = "DC=corp,DC=contoso,DC=com";
const GHOST: &str = "CN=Ghost,OU=Wire,DC=corp,DC=contoso,DC=com";
/// An anchor with octets that are no text.
const ANCHOR: &[u8; 16] = b"\x00\x01\x02\x03ABCDEFGH\xfc\xfd\xfe\xff";
/// Tree delete ([MS-ADTS] 3.1.1.3.4.1.15).
const TREE_DELETE: &str = "1.2.840.113556.1.4.805";
/// Permissive modify ([MS-ADTS] 3.1.1.3.4.1.8).
const PERMISSIVE: &str = "1.2.840.113556.1.4.1413";
/// Domain scope: no referrals ([MS-ADTS] 3.1.1.3.4.1.4).
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";
/// Assertion (RFC 4528), which AD does not know.
const ASSERTION: &str = "1.3.6.1.1.12";

type Case = (&'static str, Operation);

/// All operations, in the order in which they are sent.
pub(super) fn cases(world: &World) -> Vec<Case> {
    let mut all = names_and_scopes(world);
    all.extend(filters(world));
    all.extend(large_answers());
    all.extend(swaps());
    all.extend(refused_changes());
    all.extend(unique_names());
    all.extend(octets_and_guids(world));
    all.extend(moves(world));
    all.extend(adds_and_deletes());
    all.extend(controls());
    all
}

fn search(base: &str, scope: Scope, filter: &str, attributes: &[&'static str]) -> Operation {
    Operation::Search {
        base: base.to_owned(),
        scope,
        filter: filter.to_owned(),
        attributes: attributes.to_vec(),
        page: None,
    }
}

fn paged(base: &str, filter: &str, attributes: &[&'static str], size: i32) -> Operation {
    let (base, filter) = (base.to_owned(), filter.to_owned());
    Operation::Search { base, scope: Subtree, filter, attributes: attributes.to_vec(), page: Some(size) }
}

fn modify(dn: &str, changes: impl Into<Vec<Change>>) -> Operation {
    Operation::Modify { dn: dn.to_owned(), changes: changes.into() }
}

fn rename(dn: &str, rdn: &'static str, parent: Option<&str>) -> Operation {
    Operation::Move { dn: dn.to_owned(), rdn, delete_old: true, parent: parent.map(str::to_owned) }
}

fn one(value: &str) -> Vec<Vec<u8>> {
    vec![value.as_bytes().to_vec()]
}

fn some(values: &[&str]) -> Vec<Vec<u8>> {
    values.iter().map(|value| value.as_bytes().to_vec()).collect()
}

fn names_and_scopes(world: &World) -> Vec<Case> {
    let user = entry(world, &wire("w01"));
    let guid = format!("<GUID={}>", user.guid);
    let octets = format!("<GUID={}>", matchplan::model::digest::hex(Anchor::from_guid(user.guid).octets()));
    let sid = format!("<SID={}>", user.sid.as_ref().unwrap());
    let what = ["distinguishedName", "objectGUID", "objectSid", "mail", "proxyAddresses", "sAMAccountName", "name"];
    let people = "(sAMAccountName=w*)";
    vec![
        ("one entry by DN", search(&wire("w01"), Base, "(objectClass=*)", &what)),
        ("one entry by DN in another case", search(&wire("w01").to_uppercase(), Base, "(objectClass=*)", &what)),
        ("one entry by DN with spaces", search(&wire("w01").replace(',', " , "), Base, "(objectClass=*)", &what)),
        ("one entry by GUID", search(&guid, Base, "(objectClass=*)", &what)),
        ("one entry by GUID octets", search(&octets, Base, "(objectClass=*)", &what)),
        ("one entry by SID", search(&sid, Base, "(objectClass=*)", &what)),
        ("a GUID of nobody", search("<GUID=15355f5d-d167-4f4f-80fb-7c3bedf5e411>", Base, "(objectClass=*)", &what)),
        ("a GUID that is none", search("<GUID=15355f5d>", Base, "(objectClass=*)", &what)),
        ("a base that is not there", search(GHOST, Base, "(objectClass=*)", &what)),
        ("a base below nobody", search(&format!("CN=x,{GHOST}"), Subtree, "(objectClass=*)", &what)),
        ("a base of another forest", search("DC=fabrikam,DC=com", Subtree, "(objectClass=*)", &what)),
        ("a base that is no DN", search("not a DN", Base, "(objectClass=*)", &what)),
        ("children only", search(WIRE, OneLevel, people, &what)),
        ("the whole subtree", search(WIRE, Subtree, people, &what)),
        ("a leaf's children", search(&wire("w01"), OneLevel, "(objectClass=*)", &what)),
        ("the whole domain", search(BASE, Subtree, "(sAMAccountName=w0*)", &what)),
        ("upn suffixes", search(&format!("CN=Partitions,CN=Configuration,{BASE}"), Base, "(cn=*)", &["uPNSuffixes"])),
        ("names in another case", search(&wire("w01"), Base, "(objectClass=*)", &["MAIL", "PROXYaddresses"])),
        ("no attributes", search(&wire("w01"), Base, "(objectClass=*)", &["1.1"])),
        ("an unknown attribute", search(&wire("w01"), Base, "(objectClass=*)", &["noSuchThing", "mail"])),
        ("constructed attributes", search(&wire("w01"), Base, "(cn=*)", &["canonicalName", "primaryGroupID"])),
        ("an explicit range", search(&wire("w01"), Base, "(cn=*)", &["proxyAddresses;range=0-1"])),
        ("a range to the end", search(&wire("w01"), Base, "(cn=*)", &["proxyAddresses;range=0-*"])),
        (
            "rootDSE",
            search(
                "",
                Base,
                "(objectClass=*)",
                &[
                    "defaultNamingContext",
                    "configurationNamingContext",
                    "schemaNamingContext",
                    "rootDomainNamingContext",
                    "supportedLDAPVersion",
                    "dnsHostName",
                ],
            ),
        ),
        ("rootDSE by subtree", search("", Subtree, "(objectClass=*)", &["defaultNamingContext"])),
    ]
}

fn filters(world: &World) -> Vec<Case> {
    let user = entry(world, &wire("w01"));
    let escaped = Anchor::from_guid(user.guid).to_filter_value();
    let within = |filter: &str| search(WIRE, Subtree, filter, &["sAMAccountName"]);
    vec![
        ("by sAMAccountName", within("(sAMAccountName=W01)")),
        ("by UPN", within("(userPrincipalName=W02@CONTOSO.com)")),
        ("by mail", within("(mail=w03@contoso.com)")),
        ("by primary address", within("(proxyAddresses=SMTP:w04@contoso.com)")),
        ("by address in another case", within("(proxyAddresses=smtp:W04@contoso.com)")),
        ("by the start of an address", within("(proxyAddresses=smtp:w0*)")),
        ("by pieces", within("(displayName=w*e*1)")),
        ("by the end", within("(mail=*5@contoso.com)")),
        ("by presence", within("(mS-DS-ConsistencyGuid=*)")),
        ("by absence", within("(&(objectClass=user)(!(mS-DS-ConsistencyGuid=*)))")),
        ("by objectGUID octets", within(&format!("(objectGUID={escaped})"))),
        ("by objectGUID text", within(&format!("(objectGUID={})", user.guid))),
        ("by objectSid text", within(&format!("(objectSid={})", user.sid.as_ref().unwrap()))),
        ("by anchor octets", within(r"(mS-DS-ConsistencyGuid=\30\31\32\33\34\35\36\37\38\39\61\62\63\64\65\66)")),
        ("by either", within("(|(sAMAccountName=w05)(sAMAccountName=w06)(mail=nobody))")),
        ("by both", within("(&(objectClass=user)(mail=w07@contoso.com))")),
        ("by class and category", within("(&(objectCategory=person)(objectClass=user)(cn=w08))")),
        ("by base class", within("(&(objectClass=organizationalPerson)(cn=w09))")),
        ("not a computer", search(BASE, Subtree, "(&(objectClass=user)(!(objectClass=computer))(cn=PC*))", &["cn"])),
        ("a computer", search(BASE, Subtree, "(&(objectClass=computer)(cn=PC*))", &["cn"])),
        ("disabled accounts", within("(userAccountControl:1.2.840.113556.1.4.803:=2)")),
        ("ordinary accounts", within("(userAccountControl:1.2.840.113556.1.4.803:=512)")),
        ("any of two bits", within("(&(cn=w1*)(userAccountControl:1.2.840.113556.1.4.804:=514))")),
        ("numbers from", within("(&(cn=w10)(userAccountControl>=512))")),
        ("numbers up to", within("(&(cn=w10)(userAccountControl<=511))")),
        ("an unknown attribute in a filter", within("(noSuchThing=x)")),
        ("not an unknown attribute", within("(&(cn=w11)(!(noSuchThing=x)))")),
        ("escaped special characters", within(r"(displayName=\2a\28\29\5c)")),
        ("outer and repeated spaces", within("(displayName=  wire   12 )")),
        ("compare true", compare("w01", "mail", "W01@contoso.com")),
        ("compare false", compare("w01", "mail", "other@contoso.com")),
        ("compare with an absent attribute", compare("w01", "employeeID", "7")),
        ("compare with nobody", Operation::Compare { dn: GHOST.to_owned(), attribute: "mail", value: "x" }),
    ]
}

fn compare(user: &str, attribute: &'static str, value: &'static str) -> Operation {
    Operation::Compare { dn: wire(user), attribute, value }
}

fn large_answers() -> Vec<Case> {
    let crowd = format!("OU=Crowd,{WIRE}");
    let many = wire("Many");
    vec![
        ("a crowd, paged", paged(&crowd, "(objectClass=contact)", &["cn"], 400)),
        ("a crowd, in pages of AD's own size", paged(&crowd, "(objectClass=contact)", &["cn"], 1_000)),
        ("a crowd, in pages of one", paged(&crowd, "(cn=c000*)", &["cn"], 1)),
        ("pages of nothing", paged(&crowd, "(cn=nobody)", &["cn"], 10)),
        ("a crowd, unpaged", search(&crowd, Subtree, "(objectClass=contact)", &["cn"])),
        ("many values", search(&many, Base, "(objectClass=*)", &["proxyAddresses"])),
        ("many values, the second part", search(&many, Base, "(objectClass=*)", &["proxyAddresses;range=1500-*"])),
    ]
}

/// What `apply` does: delete exactly the old value, add the new one, in one modify.
fn swaps() -> Vec<Case> {
    let swap =
        |user: &str, old: &str, new: &str| modify(&wire(user), [Delete("mail", one(old)), Add("mail", one(new))]);
    vec![
        ("swap", swap("w02", "w02@contoso.com", "new02@contoso.com")),
        ("swap a value that has changed", swap("w02", "w02@contoso.com", "newer02@contoso.com")),
        ("swap, the old value in another case", swap("w03", "W03@CONTOSO.COM", "new03@contoso.com")),
        ("swap to another case only", swap("w04", "w04@contoso.com", "W04@contoso.com")),
        ("set where absent", modify(&wire("w01"), [Add("employeeID", one("7"))])),
        ("set where present", modify(&wire("w01"), [Add("employeeID", one("8"))])),
        ("clear by exact value", modify(&wire("w05"), [Delete("mail", one("w05@contoso.com"))])),
        ("clear by another value", modify(&wire("w06"), [Delete("mail", one("other@contoso.com"))])),
        ("clear whatever is there", modify(&wire("w07"), [Delete("mail", vec![])])),
        ("clear what is absent", modify(&wire("w07"), [Delete("employeeID", vec![])])),
        ("replace", modify(&wire("w08"), [Replace("mail", one("new08@contoso.com"))])),
        ("replace with nothing", modify(&wire("w08"), [Replace("mail", vec![])])),
        ("replace an absent one with nothing", modify(&wire("w08"), [Replace("employeeID", vec![])])),
        ("replace with the same", modify(&wire("w09"), [Replace("mail", one("w09@contoso.com"))])),
        (
            "a new primary address",
            modify(
                &wire("w10"),
                [
                    Delete("proxyAddresses", some(&["SMTP:w10@contoso.com", "smtp:w10.alias@contoso.com"])),
                    Add("proxyAddresses", some(&["smtp:w10@contoso.com", "SMTP:w10.alias@contoso.com"])),
                ],
            ),
        ),
        (
            "all attributes at once",
            modify(
                &wire("w11"),
                [
                    Delete("proxyAddresses", some(&["SMTP:w11@contoso.com"])),
                    Add("proxyAddresses", some(&["SMTP:eleven@contoso.com", "smtp:w11@contoso.com"])),
                    Delete("mail", one("w11@contoso.com")),
                    Add("mail", one("eleven@contoso.com")),
                    Delete("userPrincipalName", one("w11@contoso.com")),
                    Add("userPrincipalName", one("eleven@contoso.com")),
                ],
            ),
        ),
        (
            "nothing at all if one value has changed",
            modify(
                &wire("w12"),
                [
                    Delete("userPrincipalName", one("w12@contoso.com")),
                    Add("userPrincipalName", one("twelve@contoso.com")),
                    Delete("mail", one("somebody.else@contoso.com")),
                    Add("mail", one("twelve@contoso.com")),
                ],
            ),
        ),
        ("the same value out and in", swap("w13", "w13@contoso.com", "w13@contoso.com")),
        (
            "must be absent",
            modify(
                &wire("w14"),
                [Add("employeeID", one("x")), Delete("employeeID", one("x")), Replace("mail", one("a@x"))],
            ),
        ),
    ]
}

fn refused_changes() -> Vec<Case> {
    let long = "x".repeat(300);
    vec![
        ("a value that is there already", modify(&wire("w15"), [Add("proxyAddresses", one("SMTP:w15@contoso.com"))])),
        (
            "a value that differs in case only",
            modify(&wire("w16"), [Add("proxyAddresses", one("smtp:W16@contoso.com"))]),
        ),
        ("a value that is not there", modify(&wire("w15"), [Delete("proxyAddresses", one("smtp:no@contoso.com"))])),
        (
            "two values for one place",
            modify(&wire("w15"), [Replace("mail", some(&["a@contoso.com", "b@contoso.com"]))]),
        ),
        ("an attribute that AD does not know", modify(&wire("w15"), [Add("noSuchThing", one("x"))])),
        ("an attribute of another class", modify(&wire("w15"), [Add("dnsRoot", one("x"))])),
        ("a value that is too long", modify(&wire("w15"), [Replace("displayName", one(&long))])),
        ("a number that is none", modify(&wire("w15"), [Replace("adminCount", one("many"))])),
        ("an empty value", modify(&wire("w15"), [Replace("displayName", one(""))])),
        ("octets that are no text", modify(&wire("w15"), [Replace("displayName", vec![vec![0xff, 0xfe]])])),
        ("the GUID", modify(&wire("w15"), [Replace("objectGUID", vec![vec![7; 16]])])),
        ("the SID", modify(&wire("w15"), [Replace("objectSid", vec![vec![7; 28]])])),
        ("the update number", modify(&wire("w15"), [Replace("uSNChanged", one("7"))])),
        ("the name", modify(&wire("w15"), [Replace("cn", one("other"))])),
        ("no changes", modify(&wire("w15"), [])),
        ("a change to nobody", modify(GHOST, [Replace("mail", one("x@contoso.com"))])),
        ("disabling", modify(&wire("w41"), [Replace("userAccountControl", one("514"))])),
        ("several descriptions", modify(&wire("w41"), [Replace("description", some(&["a", "b"]))])),
    ]
}

fn unique_names() -> Vec<Case> {
    vec![
        ("another's UPN", modify(&wire("w17"), [Replace("userPrincipalName", one("w18@contoso.com"))])),
        ("another's UPN in another case", modify(&wire("w17"), [Replace("userPrincipalName", one("W18@Contoso.com"))])),
        ("another's implicit UPN", modify(&wire("w17"), [Replace("userPrincipalName", one("w18@corp.contoso.com"))])),
        ("one's own implicit UPN", modify(&wire("w17"), [Replace("userPrincipalName", one("w17@corp.contoso.com"))])),
        ("another's sAMAccountName", modify(&wire("w19"), [Replace("sAMAccountName", one("w18"))])),
        ("another's mail", modify(&wire("w19"), [Replace("mail", one("w18@contoso.com"))])),
        ("another's address", modify(&wire("w19"), [Add("proxyAddresses", one("smtp:w18.alias@contoso.com"))])),
        ("a UPN without suffix", modify(&wire("w20"), [Replace("userPrincipalName", one("w20"))])),
        ("a UPN of a strange suffix", modify(&wire("w20"), [Replace("userPrincipalName", one("w20@unknown.example"))])),
        ("a new sAMAccountName", modify(&wire("w20"), [Replace("sAMAccountName", one("w20new"))])),
    ]
}

fn octets_and_guids(world: &World) -> Vec<Case> {
    let guid = |name: &str| format!("<GUID={}>", entry(world, &wire(name)).guid);
    let anchor = |octets: &[u8]| vec![octets.to_vec()];
    vec![
        ("an anchor", modify(&guid("w21"), [Add("mS-DS-ConsistencyGuid", anchor(ANCHOR))])),
        ("an anchor again", modify(&guid("w21"), [Add("mS-DS-ConsistencyGuid", anchor(&[1; 16]))])),
        ("an anchor that another has", modify(&guid("w22"), [Add("mS-DS-ConsistencyGuid", anchor(ANCHOR))])),
        (
            "swap an anchor",
            modify(
                &guid("w22"),
                [Delete("mS-DS-ConsistencyGuid", anchor(ANCHOR)), Add("mS-DS-ConsistencyGuid", anchor(&[2; 16]))],
            ),
        ),
        ("an anchor of 15 octets", modify(&guid("w23"), [Replace("mS-DS-ConsistencyGuid", anchor(&[3; 15]))])),
        ("an anchor of 17 octets", modify(&guid("w23"), [Replace("mS-DS-ConsistencyGuid", anchor(&[3; 17]))])),
        (
            "octets compare exactly",
            modify(&guid("w40"), [Delete("mS-DS-ConsistencyGuid", anchor(b"0123456789ABCDEF"))]),
        ),
        ("by GUID", modify(&guid("w24"), [Replace("mail", one("by.guid@contoso.com"))])),
        (
            "by a GUID of nobody",
            modify("<GUID=15355f5d-d167-4f4f-80fb-7c3bedf5e411>", [Replace("mail", one("x@contoso.com"))]),
        ),
    ]
}

fn moves(world: &World) -> Vec<Case> {
    let target = format!("OU=Target,{WIRE}");
    let guid = |name: &str| format!("<GUID={}>", entry(world, &wire(name)).guid);
    let keeping_old = Operation::Move { dn: wire("w28"), rdn: "CN=w28 renamed", delete_old: false, parent: None };
    vec![
        ("a move", rename(&wire("w25"), "CN=w25", Some(&target))),
        ("a move by GUID", rename(&guid("w26"), "CN=w26", Some(&target))),
        ("found by GUID after the move", search(&guid("w26"), Base, "(objectClass=*)", &["mail", "distinguishedName"])),
        ("a rename", rename(&wire("w27"), "CN=Renamed", None)),
        ("a rename that keeps the old name", keeping_old),
        ("a rename in case only", rename(&wire("w29"), "CN=W29", None)),
        ("a rename to a name with a comma", rename(&wire("w31"), r"CN=Doe\, Jane", None)),
        ("a move to where it is", rename(&wire("w32"), "CN=w32", Some(WIRE))),
        ("a move to a missing container", rename(&wire("w33"), "CN=w33", Some(&format!("OU=Nowhere,{WIRE}")))),
        ("a move onto another's name", rename(&wire("w33"), "CN=w25", Some(&target))),
        ("a move of nobody", rename(GHOST, "CN=Ghost", Some(&target))),
        ("a move below itself", rename(&target, "OU=Target", Some(&target))),
        ("a move below a user", rename(&wire("w33"), "CN=w33", Some(&wire("w34")))),
        ("a container moves with its entries", rename(&target, "OU=Moved", None)),
        (
            "found below the moved container",
            search(&format!("OU=Moved,{WIRE}"), OneLevel, "(cn=*)", &["distinguishedName"]),
        ),
    ]
}

fn adds_and_deletes() -> Vec<Case> {
    let person = |name: &str, attributes: &[(&'static str, &str)]| {
        let mut all = vec![("objectClass", vec!["user".to_owned()])];
        all.extend(attributes.iter().map(|&(name, value)| (name, vec![value.to_owned()])));
        Operation::Add { dn: wire(name), attributes: all }
    };
    let below =
        |dn: String, class: &str| Operation::Add { dn, attributes: vec![("objectClass", vec![class.to_owned()])] };
    vec![
        ("a contact", below(wire("New contact"), "contact")),
        ("a container", below(format!("OU=New,{WIRE}"), "organizationalUnit")),
        ("a name that is taken", person("w34", &[("sAMAccountName", "w34new")])),
        ("an account name that is taken", person("New one", &[("sAMAccountName", "w35")])),
        (
            "a UPN that is taken",
            person("New two", &[("sAMAccountName", "new2"), ("userPrincipalName", "w35@contoso.com")]),
        ),
        ("below nobody", below(format!("CN=x,{GHOST}"), "contact")),
        ("below a user", below(format!("CN=x,{}", wire("w35")), "contact")),
        ("a class that AD does not know", below(wire("Strange"), "noSuchClass")),
        (
            "no class",
            Operation::Add { dn: wire("Classless"), attributes: vec![("mail", vec!["x@contoso.com".to_owned()])] },
        ),
        (
            "another name than its own",
            Operation::Add {
                dn: wire("Right"),
                attributes: vec![("objectClass", vec!["contact".to_owned()]), ("cn", vec!["Wrong".to_owned()])],
            },
        ),
        ("delete a user", Operation::Delete { dn: wire("w36") }),
        ("delete it again", Operation::Delete { dn: wire("w36") }),
        ("delete a container that is empty", Operation::Delete { dn: format!("OU=Leaf,{WIRE}") }),
        ("delete a container that is not", Operation::Delete { dn: format!("OU=Moved,{WIRE}") }),
        (
            "delete with everything below",
            Operation::With(TREE_DELETE, Box::new(Operation::Delete { dn: format!("OU=Moved,{WIRE}") })),
        ),
    ]
}

fn controls() -> Vec<Case> {
    let with = |control, operation| Operation::With(control, Box::new(operation));
    let again = |user: &str| modify(&wire(user), [Add("proxyAddresses", one(&format!("SMTP:{user}@contoso.com")))]);
    vec![
        ("permissive: a value that is there already", with(PERMISSIVE, again("w37"))),
        (
            "permissive: a value that is not there",
            with(PERMISSIVE, modify(&wire("w37"), [Delete("mail", one("no@x"))])),
        ),
        ("domain scope", with(DOMAIN_SCOPE, search(BASE, Subtree, "(cn=w38)", &["cn"]))),
        (
            "a critical control that AD does not know",
            with(ASSERTION, modify(&wire("w39"), [Replace("mail", one("x@x"))])),
        ),
        // Not on a search: there Samba's refusal is an answer of another kind, which ldap3 does not survive.
    ]
}
