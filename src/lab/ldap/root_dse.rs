//! The rootDSE: what a server says about itself before anybody binds.
//!
//! Source: [MS-ADTS] 3.1.1.3.2, "rootDSE Attributes".

use super::controls::SUPPORTED;
use super::forest::Forest;
use super::{made, stamp};
use crate::model::dn::Dn;

/// Active Directory, of Windows Server 2003, with signed LDAP, of 2008, 2008 R2 and 2012 ([MS-ADTS] 3.1.1.3.4.3).
/// A read-only domain controller would also list `1.2.840.113556.1.4.1920`.
const CAPABILITIES: [&str; 6] = [
    "1.2.840.113556.1.4.800",
    "1.2.840.113556.1.4.1670",
    "1.2.840.113556.1.4.1791",
    "1.2.840.113556.1.4.1935",
    "1.2.840.113556.1.4.2080",
    "1.2.840.113556.1.4.2237",
];
/// The StartTLS extended operation (RFC 4511 section 4.14).
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// The "Who am I?" extended operation (RFC 4532).
pub const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// Windows Server 2016, the newest level but one.
const FUNCTIONAL_LEVEL: &str = "7";

/// The attributes, in no particular order.
pub fn attributes(forest: &Forest<'_>) -> Vec<(&'static str, Vec<String>)> {
    let world = forest.world;
    let dn = |dn: Option<Dn>| dn.map(String::from).into_iter().collect::<Vec<_>>();
    let oids = |oids: &[&str]| oids.iter().map(|&oid| oid.to_owned()).collect::<Vec<_>>();
    let root = forest.root();
    let base = || dn(root.map(|domain| domain.base_dn.clone()));
    let mut contexts: Vec<String> = forest.naming_contexts().iter().cloned().map(String::from).collect();
    contexts.extend(dn(made::schema(world)));
    vec![
        ("currentTime", vec![stamp::generalized_time(world.clock)]),
        ("defaultNamingContext", base()),
        ("rootDomainNamingContext", base()),
        ("configurationNamingContext", dn(made::configuration(world))),
        ("schemaNamingContext", dn(made::schema(world))),
        ("namingContexts", contexts),
        ("dnsHostName", root.map(made::host).into_iter().collect()),
        ("serverName", dn(root.and_then(|domain| made::server(world, domain)))),
        ("dsServiceName", dn(root.and_then(|domain| made::service(world, domain)))),
        (
            "ldapServiceName",
            root.map(|domain| format!("{}:dc1$@{}", domain.dns_name, domain.dns_name.to_uppercase()))
                .into_iter()
                .collect(),
        ),
        ("domainFunctionality", vec![FUNCTIONAL_LEVEL.to_owned()]),
        ("forestFunctionality", vec![FUNCTIONAL_LEVEL.to_owned()]),
        ("domainControllerFunctionality", vec![FUNCTIONAL_LEVEL.to_owned()]),
        ("highestCommittedUSN", vec![stamp::highest_usn(world).to_string()]),
        ("isGlobalCatalogReady", vec!["TRUE".to_owned()]),
        ("isSynchronized", vec!["TRUE".to_owned()]),
        ("supportedLDAPVersion", vec!["3".to_owned(), "2".to_owned()]),
        ("supportedControl", oids(&SUPPORTED)),
        ("supportedCapabilities", oids(&CAPABILITIES)),
        ("supportedExtension", oids(&[START_TLS, WHO_AM_I])),
    ]
}
