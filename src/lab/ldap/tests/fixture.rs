//! A small forest and ways to ask it.

use crate::lab::ldap::controls::Controls;
use crate::lab::ldap::forest::Forest;
use crate::lab::ldap::paging::Cursors;
use crate::lab::ldap::refusal::Outcome;
use crate::lab::ldap::search::{Found, search};
use crate::lab::world::World;
use crate::lab::world::forest::{AdDomain, AdEntry, AdValues};
use crate::model::dn::Dn;
use rasn_ldap::{Filter, SearchRequest, SearchRequestDerefAliases, SearchRequestScope};
use serde_json::{Value, json};

pub(super) const JANE: &str = "CN=Doe\\, Jane,OU=Staff,DC=corp,DC=test";
pub(super) const JOHN: &str = "CN=John,OU=Staff,DC=corp,DC=test";
pub(super) const JANE_GUID: &str = "15355f5d-d167-4f4f-80fb-7c3bedf5e411";

fn entry(dn: &str, guid: &str, attributes: impl Into<Value>) -> Value {
    json!({ "dn": dn, "guid": guid, "attributes": attributes.into() })
}

fn numbered(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Two domains of one forest: `corp.test` with two users, a group, two OUs and a protected user, and
/// `sub.corp.test` with a user.
pub(super) fn world() -> World {
    let mut jane = entry(
        JANE,
        JANE_GUID,
        json!({
            "objectClass": "user", "sAMAccountName": "jdoe", "userPrincipalName": "jane@corp.test",
            "displayName": "Jane  Doe", "mail": "jane@corp.test", "adminCount": "1", "userAccountControl": "514",
            "proxyAddresses": ["SMTP:jane@corp.test", "smtp:j@corp.test"],
            "mS-DS-ConsistencyGuid": { "hex": ["00ff10"] },
        }),
    );
    jane["sid"] = json!("S-1-5-21-1-2-3-1200");
    let corp = [
        entry("DC=corp,DC=test", &numbered(1), json!({ "objectClass": "domainDNS" })),
        entry("OU=Staff,DC=corp,DC=test", &numbered(2), json!({ "objectClass": "organizationalUnit" })),
        entry("OU=Left,DC=corp,DC=test", &numbered(3), json!({ "objectClass": "organizationalUnit" })),
        jane,
        entry(JOHN, &numbered(4), json!({ "objectClass": "user", "SAMACCOUNTNAME": "john" })),
        entry(
            "CN=Crew,OU=Left,DC=corp,DC=test",
            &numbered(5),
            json!({ "objectClass": "group", "sAMAccountName": "Crew", "member": [JANE, JOHN] }),
        ),
        entry(
            "CN=Chief,OU=Left,DC=corp,DC=test",
            &numbered(6),
            json!({ "objectClass": "user", "sAMAccountName": "chief", "labDenyWrite": "TRUE" }),
        ),
    ];
    let sub = [
        entry("DC=sub,DC=corp,DC=test", &numbered(7), json!({ "objectClass": "domainDNS" })),
        entry(
            "CN=Sue,DC=sub,DC=corp,DC=test",
            &numbered(8),
            json!({ "objectClass": "inetOrgPerson", "sAMAccountName": "sue", "userPrincipalName": "sue@corp.test" }),
        ),
    ];
    let domain = |name: &str, dns: &str, base: &str, entries: &[Value]| {
        json!({
            "name": name, "dns_name": dns, "netbios_name": name.to_uppercase(), "base_dn": base, "entries": entries
        })
    };
    let world = json!({
        "version": 1,
        "clock": "2026-03-01T08:30:00Z",
        "ad": [
            domain("corp", "corp.test", "DC=corp,DC=test", &corp),
            domain("sub", "sub.corp.test", "DC=sub,DC=corp,DC=test", &sub),
        ],
        "entra": {
            "tenantId": numbered(100), "displayName": "Contoso", "domains": [], "users": [], "roleDefinitions": [],
            "caller": { "id": numbered(101), "displayName": "lab", "permissions": [], "roles": [] },
        },
        "sync": { "scope": [] },
    });
    serde_json::from_value(world).unwrap()
}

/// The world with this many more users `u00000`… in `OU=Left`.
pub(super) fn world_with_users(count: u32) -> World {
    let mut world = world();
    let domain: &mut AdDomain = &mut world.ad[0];
    domain.entries.extend((0..count).map(|number| {
        AdEntry {
            dn: Dn::parse(&format!("CN=u{number:05},OU=Left,DC=corp,DC=test")).unwrap(),
            guid: numbered(1_000 + number).parse().unwrap(),
            sid: None,
            attributes: [("objectClass", "user".to_owned()), ("sAMAccountName", format!("u{number:05}"))]
                .map(|(name, value)| (name.to_owned(), AdValues::One(value)))
                .into(),
        }
    }));
    world
}

pub(super) fn stored<'w>(world: &'w World, dn: &str) -> &'w AdEntry {
    let dn = Dn::parse(dn).unwrap();
    world.ad.iter().flat_map(|domain| &domain.entries).find(|entry| entry.dn == dn).unwrap()
}

/// The stored values of an attribute as text.
pub(super) fn texts(world: &World, dn: &str, attribute: &str) -> Vec<String> {
    match stored(world, dn).attributes.get(attribute) {
        None => Vec::new(),
        Some(AdValues::One(text)) => vec![text.clone()],
        Some(AdValues::Many(texts) | AdValues::Octets { hex: texts }) => texts.clone(),
    }
}

/// A filter from its text, encoded by the client library and decoded by ours.
pub(super) fn filter(text: &str) -> Filter {
    let tag = ldap3::asn1::ASNTag::into_structure(ldap3::parse_filter(text).unwrap());
    let mut bytes = tokio_util::bytes::BytesMut::new();
    ldap3::asn1::write::encode_into(&mut bytes, tag).unwrap();
    rasn::ber::decode(&bytes).unwrap()
}

pub(super) fn request(base: &str, scope: SearchRequestScope, text: &str, attributes: &[&str]) -> SearchRequest {
    let attributes = attributes.iter().map(|&name| name.into()).collect();
    let never = SearchRequestDerefAliases::NeverDerefAliases;
    SearchRequest::new(base.into(), scope, never, 0, 0, false, filter(text), attributes)
}

pub(super) fn ask(world: &World, request: &SearchRequest) -> Outcome<Found> {
    search(&Forest::of(world), request, &Controls::default(), &mut Cursors::default())
}

/// The sAMAccountNames that a filter finds below `corp.test`, sorted.
pub(super) fn found(world: &World, text: &str) -> Vec<String> {
    let request = request(
        "DC=corp,DC=test",
        SearchRequestScope::WholeSubtree,
        &format!("(&(sAMAccountName=*){text})"),
        &["samaccountname"],
    );
    let entries = ask(world, &request).unwrap().entries;
    let mut names: Vec<String> = entries
        .iter()
        .map(|entry| String::from_utf8(entry.attributes[0].vals.to_vec()[0].to_vec()).unwrap())
        .filter(|name| name != "DC1$")
        .collect();
    names.sort();
    names
}
