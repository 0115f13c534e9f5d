//! Entries that every forest has, made for a world whose file does not spell them out: domain heads, the configuration
//! with its partitions and sites, and the domain controllers' accounts.

use super::sid;
use crate::lab::world::World;
use crate::lab::world::forest::{AdDomain, AdEntry, AdValues};
use crate::lab::world::keys::{AdKey, dn_key};
use crate::model::dn::Dn;
use crate::model::id::AdGuid;
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;

/// The site that a new forest has.
const SITE: &str = "Default-First-Site-Name";
/// The host name that every domain's controller has in the lab.
const DC: &str = "DC1";

fn below(first: &str, base: &Dn) -> Option<Dn> {
    Dn::parse(&format!("{first},{base}")).ok()
}

/// `CN=Configuration` of the forest, below its root domain.
pub fn configuration(world: &World) -> Option<Dn> {
    below("CN=Configuration", &world.ad.first()?.base_dn)
}

/// The schema's naming context. The lab names it and serves no entries in it.
pub fn schema(world: &World) -> Option<Dn> {
    below("CN=Schema", &configuration(world)?)
}

/// The DN of an object category.
pub fn category(world: &World, name: &str) -> Option<Dn> {
    below(&format!("CN={name}"), &schema(world)?)
}

/// The `server` object of a domain's controller.
pub fn server(world: &World, domain: &AdDomain) -> Option<Dn> {
    let short = &domain.netbios_name;
    below(&format!("CN={short}-{DC},CN=Servers,CN={SITE},CN=Sites"), &configuration(world)?)
}

/// The `nTDSDSA` object of a domain's controller: rootDSE's `dsServiceName`.
pub fn service(world: &World, domain: &AdDomain) -> Option<Dn> {
    below("CN=NTDS Settings", &server(world, domain)?)
}

/// The DNS name of a domain's controller.
pub fn host(domain: &AdDomain) -> String {
    format!("{}.{}", DC.to_lowercase(), domain.dns_name)
}

/// A GUID that follows from a text, the same on every run. Marked as version 8 (RFC 9562 section 5.8).
pub fn guid(text: &str) -> AdGuid {
    let mut octets = [0; 16];
    octets.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
    AdGuid(uuid::Builder::from_custom_bytes(octets).into_uuid())
}

fn entry(dn: Dn, class: &str, attributes: &[(&str, &str)]) -> AdEntry {
    let guid = guid(&format!("made:{}", dn.as_str().to_lowercase()));
    let pairs = attributes.iter().copied().chain([("objectClass", class)]);
    let attributes: BTreeMap<_, _> =
        pairs.map(|(name, value)| (name.to_owned(), AdValues::One(value.to_owned()))).collect();
    AdEntry { dn, guid, sid: None, attributes }
}

/// The made entries whose names the world does not hold itself.
pub fn entries(world: &World) -> Vec<AdEntry> {
    let mut entries = forest_entries(world).unwrap_or_default();
    for domain in &world.ad {
        entries.extend(domain_entries(world, domain).unwrap_or_default());
    }
    let is_held = |dn: &Dn| world.ad.iter().any(|domain| domain.entries.find(AdKey::Dn, &dn_key(dn)).is_some());
    entries.retain(|entry| !is_held(&entry.dn));
    entries
}

/// The containers of deleted objects, which are deleted themselves as far as a search is concerned.
pub fn deleted_objects(world: &World) -> impl Iterator<Item = AdEntry> {
    let names = world.ad.iter().filter_map(|domain| below("CN=Deleted Objects", &domain.base_dn));
    names.map(|name| entry(name, "container", &[("isDeleted", "TRUE")]))
}

fn forest_entries(world: &World) -> Option<Vec<AdEntry>> {
    let configuration = configuration(world)?;
    let at = |first: &str| below(first, &configuration);
    Some(vec![
        entry(at("CN=Partitions")?, "crossRefContainer", &[]),
        entry(at("CN=Sites")?, "container", &[]),
        entry(at(&format!("CN={SITE},CN=Sites"))?, "container", &[]),
        entry(at(&format!("CN=Servers,CN={SITE},CN=Sites"))?, "container", &[]),
        entry(configuration, "configuration", &[]),
    ])
}

fn domain_entries(world: &World, domain: &AdDomain) -> Option<Vec<AdEntry>> {
    let base = &domain.base_dn;
    let configuration = configuration(world)?;
    let server = server(world, domain)?;
    let account = below(&format!("CN={DC},OU=Domain Controllers"), base)?;
    let host = host(domain);
    // 516 is the group "Domain Controllers"; a read-only one would be in 521.
    let name = format!("{DC}$");
    let computer = [
        ("sAMAccountName", name.as_str()),
        ("dNSHostName", host.as_str()),
        ("primaryGroupID", "516"),
        ("userAccountControl", "532480"),
    ];
    let mut settings = entry(below("CN=NTDS Settings", &server)?, "nTDSDSA", &[("msDS-isRODC", "FALSE")]);
    let life = guid(&format!("invocation:{}", base.as_str().to_lowercase())).0.simple().to_string();
    settings.attributes.insert("invocationId".to_owned(), AdValues::Octets { hex: vec![life] });
    let cross_ref = [
        ("dnsRoot", domain.dns_name.as_str()),
        ("nCName", base.as_str()),
        ("nETBIOSName", domain.netbios_name.as_str()),
        ("systemFlags", "3"),
    ];
    Some(vec![
        entry(base.clone(), "domainDNS", &[]),
        entry(below("OU=Domain Controllers", base)?, "organizationalUnit", &[]),
        AdEntry { sid: sid::with_rid(domain, sid::CONTROLLER), ..entry(account.clone(), "computer", &computer) },
        entry(below(&format!("CN={},CN=Partitions", domain.netbios_name), &configuration)?, "crossRef", &cross_ref),
        entry(server.clone(), "server", &[("dNSHostName", &host), ("serverReference", account.as_str())]),
        settings,
    ])
}
