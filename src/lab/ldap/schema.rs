//! The part of AD's schema that accounts, groups and containers use: attributes with their syntax, and classes.
//!
//! Sources: [MS-ADA1], [MS-ADA2], [MS-ADA3] (attributes), [MS-ADSC] (classes), with Exchange's schema extension for
//! `mailNickname`, `extensionAttribute1`…`15` and `targetAddress`.

/// How values of an attribute look and compare ([MS-ADTS] 3.1.1.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Text, compared without case and with runs of spaces as one (2.5.5.12 and its relatives).
    Text,
    /// A distinguished name (2.5.5.1).
    Dn,
    /// Octets, compared exactly (2.5.5.10).
    Octets,
    /// The octets of a GUID; filters may also give its text.
    Guid,
    /// The octets of a SID; filters may also give its text (2.5.5.17).
    Sid,
    /// A number, 32 or 64 bits (2.5.5.9, 2.5.5.16).
    Integer,
    /// `TRUE` or `FALSE` (2.5.5.8).
    Boolean,
    /// Generalized time, such as `20260101000000.0Z` (2.5.5.11).
    Time,
    /// A class's or attribute's name (2.5.5.2).
    Oid,
}

/// Who may write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// Clients with rights.
    Client,
    /// The directory only: constraintViolation.
    System,
    /// The security accounts manager only: unwillingToPerform.
    Sam,
    /// It names the entry; a rename writes it: notAllowedOnRDN.
    Rename,
    /// The entry's class, which stays: objectClassModsProhibited.
    Class,
}

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name in the schema's spelling.
    pub name: &'static str,
    /// What its values are.
    pub syntax: Syntax,
    /// Whether it holds at most one value.
    pub single: bool,
    /// The longest allowed value (`rangeUpper`), in characters or octets.
    pub longest: Option<usize>,
    /// The classes that may hold it (any of these in the entry's chain of classes).
    pub classes: &'static [&'static str],
    /// Who may write it.
    pub writer: Writer,
}

const TOP: &[&str] = &["top"];
const PERSON: &[&str] = &["person"];
const CONTACT: &[&str] = &["organizationalPerson"];
const USER: &[&str] = &["user"];
const GROUP: &[&str] = &["group"];
const MAIL: &[&str] = &["organizationalPerson", "group"];
const ACCOUNT: &[&str] = &["user", "group"];
const OU: &[&str] = &["organizationalUnit", "organizationalPerson"];
const DOMAIN: &[&str] = &["domain"];
const CONFIG: &[&str] = &["crossRef", "crossRefContainer", "server", "nTDSDSA"];

impl Attribute {
    const fn single(name: &'static str, syntax: Syntax, classes: &'static [&'static str]) -> Self {
        Self { name, syntax, single: true, longest: None, classes, writer: Writer::Client }
    }
    const fn text(name: &'static str, longest: usize, classes: &'static [&'static str]) -> Self {
        Self { longest: Some(longest), ..Self::single(name, Syntax::Text, classes) }
    }
    const fn many(name: &'static str, syntax: Syntax, classes: &'static [&'static str]) -> Self {
        Self { single: false, ..Self::single(name, syntax, classes) }
    }
    const fn longest(self, longest: usize) -> Self {
        Self { longest: Some(longest), ..self }
    }
    const fn by(self, writer: Writer) -> Self {
        Self { writer, ..self }
    }

    /// Whether an entry with this chain of classes may hold the attribute.
    pub fn allowed_on(&self, chain: &[String]) -> bool {
        chain.iter().any(|class| self.classes.iter().any(|allowed| allowed.eq_ignore_ascii_case(class)))
    }
}

use Syntax::{Boolean, Dn, Guid, Integer, Octets, Oid, Sid, Text, Time};

/// All attributes, sorted by lower-case name (a test holds it so).
static ATTRIBUTES: &[Attribute] = &[
    Attribute::single("accountExpires", Integer, USER),
    Attribute::single("adminCount", Integer, TOP),
    Attribute::single("badPwdCount", Integer, USER).by(Writer::Sam),
    Attribute::text("c", 3, OU),
    Attribute::single("canonicalName", Text, TOP).by(Writer::System),
    Attribute::text("cn", 64, TOP).by(Writer::Rename),
    Attribute::text("co", 128, OU),
    Attribute::text("company", 64, CONTACT),
    Attribute::single("dc", Text, DOMAIN).by(Writer::Rename),
    Attribute::text("department", 64, CONTACT),
    Attribute::many("description", Text, TOP).longest(1024),
    Attribute::text("displayName", 256, TOP),
    Attribute::single("distinguishedName", Dn, TOP).by(Writer::System),
    Attribute::single("dNSHostName", Text, &["computer", "server"]).longest(2048),
    Attribute::many("dnsRoot", Text, CONFIG),
    Attribute::text("employeeID", 16, USER),
    Attribute::text("employeeNumber", 512, USER),
    Attribute::text("employeeType", 256, USER),
    Attribute::text("extensionAttribute1", 1024, MAIL),
    Attribute::text("extensionAttribute10", 1024, MAIL),
    Attribute::text("extensionAttribute11", 2048, MAIL),
    Attribute::text("extensionAttribute12", 2048, MAIL),
    Attribute::text("extensionAttribute13", 2048, MAIL),
    Attribute::text("extensionAttribute14", 2048, MAIL),
    Attribute::text("extensionAttribute15", 2048, MAIL),
    Attribute::text("extensionAttribute2", 1024, MAIL),
    Attribute::text("extensionAttribute3", 1024, MAIL),
    Attribute::text("extensionAttribute4", 1024, MAIL),
    Attribute::text("extensionAttribute5", 1024, MAIL),
    Attribute::text("extensionAttribute6", 1024, MAIL),
    Attribute::text("extensionAttribute7", 1024, MAIL),
    Attribute::text("extensionAttribute8", 1024, MAIL),
    Attribute::text("extensionAttribute9", 1024, MAIL),
    Attribute::text("givenName", 64, CONTACT),
    Attribute::single("groupType", Integer, GROUP),
    Attribute::text("info", 1024, TOP),
    Attribute::text("initials", 6, CONTACT),
    Attribute::single("instanceType", Integer, TOP).by(Writer::System),
    Attribute::single("invocationId", Octets, CONFIG).longest(16).by(Writer::System),
    Attribute::single("isCriticalSystemObject", Boolean, TOP).by(Writer::System),
    Attribute::single("isDeleted", Boolean, TOP).by(Writer::System),
    Attribute::text("l", 128, OU),
    Attribute::single("lastKnownParent", Dn, TOP).by(Writer::System),
    Attribute::single("lastLogonTimestamp", Integer, USER).by(Writer::Sam),
    Attribute::single("legacyExchangeDN", Text, MAIL),
    Attribute::text("mail", 256, MAIL),
    Attribute::text("mailNickname", 64, MAIL),
    Attribute::single("managedBy", Dn, TOP),
    Attribute::single("manager", Dn, CONTACT),
    Attribute::many("member", Dn, GROUP),
    Attribute::many("memberOf", Dn, TOP).by(Writer::System),
    Attribute::text("mobile", 64, CONTACT),
    // rangeUpper is 16 in the schema, but no Windows version enforces it.
    Attribute::single("mS-DS-ConsistencyGuid", Octets, TOP),
    Attribute::single("msDS-ExternalDirectoryObjectId", Text, TOP).longest(256),
    Attribute::single("msDS-isRODC", Boolean, CONFIG).by(Writer::System),
    Attribute::single("msExchHideFromAddressLists", Boolean, MAIL),
    Attribute::single("msExchMailboxGuid", Octets, MAIL).longest(16),
    Attribute::single("msExchMasterAccountSid", Sid, MAIL),
    Attribute::single("msExchRecipientTypeDetails", Integer, MAIL),
    Attribute::single("msExchRemoteRecipientType", Integer, MAIL),
    Attribute::single("name", Text, TOP).by(Writer::Rename),
    Attribute::single("nCName", Dn, CONFIG).by(Writer::System),
    Attribute::single("nETBIOSName", Text, CONFIG).by(Writer::System),
    Attribute::single("objectCategory", Dn, TOP),
    Attribute::many("objectClass", Oid, TOP).by(Writer::Class),
    Attribute::single("objectGUID", Guid, TOP).by(Writer::System),
    Attribute::single("objectSid", Sid, ACCOUNT).by(Writer::Sam),
    Attribute::many("otherMailbox", Text, USER),
    Attribute::single("ou", Text, TOP).by(Writer::Rename),
    Attribute::text("personalTitle", 64, USER),
    Attribute::text("physicalDeliveryOfficeName", 128, CONTACT),
    Attribute::text("postalCode", 40, OU),
    Attribute::text("preferredLanguage", 64, USER),
    Attribute::single("primaryGroupID", Integer, USER),
    Attribute::many("proxyAddresses", Text, TOP).longest(1123),
    Attribute::single("pwdLastSet", Integer, USER),
    Attribute::text("sAMAccountName", 256, ACCOUNT),
    Attribute::single("sAMAccountType", Integer, ACCOUNT).by(Writer::Sam),
    Attribute::single("serverReference", Dn, CONFIG),
    Attribute::many("servicePrincipalName", Text, USER),
    Attribute::text("sn", 64, PERSON),
    Attribute::text("st", 128, OU),
    Attribute::text("streetAddress", 1024, OU),
    Attribute::single("systemFlags", Integer, TOP).by(Writer::System),
    Attribute::text("targetAddress", 1123, MAIL),
    Attribute::text("telephoneNumber", 64, PERSON),
    Attribute::text("title", 128, CONTACT),
    Attribute::many("uPNSuffixes", Text, CONFIG),
    Attribute::single("userAccountControl", Integer, USER),
    Attribute::text("userPrincipalName", 1024, USER),
    Attribute::single("uSNChanged", Integer, TOP).by(Writer::System),
    Attribute::single("uSNCreated", Integer, TOP).by(Writer::System),
    Attribute::single("whenChanged", Time, TOP).by(Writer::System),
    Attribute::single("whenCreated", Time, TOP).by(Writer::System),
];

/// The attribute of this name, without regard to case.
pub fn attribute(name: &str) -> Option<&'static Attribute> {
    let name = name.to_ascii_lowercase();
    let lower = |attribute: &Attribute| attribute.name.bytes().map(|octet| octet.to_ascii_lowercase());
    let at = ATTRIBUTES.binary_search_by(|attribute| lower(attribute).cmp(name.bytes())).ok()?;
    ATTRIBUTES.get(at)
}

/// A structural class.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// Itself and its superclasses, from `top` down.
    pub chain: &'static [&'static str],
    /// The `CN` of its default object category in the schema.
    pub category: &'static str,
    /// The attribute that names entries of this class.
    pub named_by: &'static str,
    /// Whether clients may add entries of it.
    pub addable: bool,
}

const fn class(
    name: &'static str,
    chain: &'static [&'static str],
    category: &'static str,
    named_by: &'static str,
    addable: bool,
) -> Class {
    Class { name, chain, category, named_by, addable }
}

/// The classes, the most specific first where one is the superclass of another.
#[rustfmt::skip]
static CLASSES: &[Class] = &[
    class("inetOrgPerson", &["top", "person", "organizationalPerson", "user", "inetOrgPerson"], "Person", "CN", true),
    class("computer", &["top", "person", "organizationalPerson", "user", "computer"], "Computer", "CN", true),
    class("user", &["top", "person", "organizationalPerson", "user"], "Person", "CN", true),
    class("contact", &["top", "person", "organizationalPerson", "contact"], "Person", "CN", true),
    class("group", &["top", "group"], "Group", "CN", true),
    class("organizationalUnit", &["top", "organizationalUnit"], "Organizational-Unit", "OU", true),
    class("domainDNS", &["top", "domain", "domainDNS"], "Domain-DNS", "DC", false),
    class("container", &["top", "container"], "Container", "CN", true),
    class("configuration", &["top", "configuration"], "Configuration", "CN", false),
    class("crossRefContainer", &["top", "crossRefContainer"], "Cross-Ref-Container", "CN", false),
    class("crossRef", &["top", "crossRef"], "Cross-Ref", "CN", false),
    class("server", &["top", "server"], "Server", "CN", false),
    class("nTDSDSA", &["top", "applicationSettings", "nTDSDSA"], "NTDS-DSA", "CN", false),
    class("builtinDomain", &["top", "builtinDomain"], "Builtin-Domain", "CN", false),
    class("lostAndFound", &["top", "lostAndFound"], "Lost-And-Found", "CN", false),
    class("foreignSecurityPrincipal", &["top", "foreignSecurityPrincipal"], "Foreign-Security-Principal", "CN", false),
];

impl Class {
    /// Whether an entry of this class may be directly below one of class `parent` ([MS-ADSC], possSuperiors).
    pub fn may_be_below(&self, parent: &Class) -> bool {
        let allowed: &[&str] = match self.name {
            "organizationalUnit" => &["organizationalUnit", "domainDNS"],
            "container" => &["container", "organizationalUnit", "domainDNS", "configuration", "server"],
            _ => &["organizationalUnit", "container", "domainDNS", "builtinDomain"],
        };
        allowed.contains(&parent.name)
    }
}

/// The `CN` of the object category that a filter means with a bare class name ([MS-ADTS] 3.1.1.3.1.3.5).
pub fn category_named(name: &str) -> Option<&'static str> {
    let named = |class: &&Class| class.name.eq_ignore_ascii_case(name) || class.category.eq_ignore_ascii_case(name);
    match name.to_ascii_lowercase().as_str() {
        "person" | "organizationalperson" => Some("Person"),
        _ => CLASSES.iter().find(named).map(|class| class.category),
    }
}

/// The `CN`s of all object categories.
pub fn categories() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.category)
}

/// The most specific known class among these names.
pub fn structural(names: &[String]) -> Option<&'static Class> {
    CLASSES.iter().find(|class| names.iter().any(|name| name.eq_ignore_ascii_case(class.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_attribute_is_found() {
        for attribute in ATTRIBUTES {
            let found = super::attribute(&attribute.name.to_uppercase());
            assert_eq!(found.map(|a| a.name), Some(attribute.name));
        }
    }

    #[test]
    fn a_bare_class_name_means_its_category() {
        assert_eq!(category_named("user"), Some("Person"));
        assert_eq!(category_named("PERSON"), Some("Person"));
        assert_eq!(category_named("organizationalUnit"), Some("Organizational-Unit"));
        assert_eq!(category_named("nonsense"), None);
    }

    #[test]
    fn the_most_specific_class_wins() {
        let names = ["top".to_owned(), "user".to_owned(), "COMPUTER".to_owned()];
        assert_eq!(structural(&names).unwrap().name, "computer");
    }
}
