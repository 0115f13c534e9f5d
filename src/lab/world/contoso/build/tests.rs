use super::contoso;
use crate::lab::sync::cycle::of_embedded_forest;
use crate::lab::sync::report::{ErrorCode, Outcome};
use crate::lab::world::World;
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::contoso::company::SYNCED;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::lab::world::load;
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, ObjectId};
use std::path::Path;

#[test]
fn contoso_is_the_same_every_time_and_survives_its_file() {
    let world = contoso();
    assert_eq!(world, contoso());
    let text = crate::model::digest::to_canonical_file(&world).unwrap();
    assert_eq!(load::parse(&text, Path::new("contoso.json")).unwrap(), world);
    assert_eq!(world.clock.to_string(), "2026-09-01T08:00:00Z");
}

#[test]
fn the_first_cycle_links_the_exposed_user_and_the_second_changes_nothing() {
    let mut world = contoso();
    let first = of_embedded_forest(&mut world);
    let outcomes: Vec<_> = first.objects.iter().map(|o| (o.outcome, o.error.clone())).collect();
    assert_eq!(outcomes, [(Outcome::SoftMatchedBySmtp, None)], "only Kim Kay is new and in scope");
    let before = world.clone();
    let second = of_embedded_forest(&mut world);
    assert_eq!(second.objects, []);
    assert_eq!((world.ad, world.entra.users), (before.ad, before.entra.users));
}

/// Enough Global Administrators are left whatever the plans do.
#[test]
fn three_global_administrators_besides_the_emergency_accounts() {
    let world = contoso();
    let holds = |u: &&CloudUser| {
        world.entra.role_assignments.iter().any(|a| {
            a.principal_id == u.id && a.role_definition_id.as_str() == crate::model::role::GLOBAL_ADMINISTRATOR
        })
    };
    let holders = world.entra.users.iter().filter(holds).filter(|u| u.account_enabled).count();
    assert_eq!(holders, 5);
    let caller = &world.entra.caller;
    assert!(!caller.roles.iter().any(|role| role.as_str() == crate::model::role::GLOBAL_ADMINISTRATOR));
}

/// A plan's links: the names, and whether a hard match is asked for.
fn links(file: &str) -> Vec<(String, String, bool)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans").join(file);
    let plan: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |link: &toml::Value, name: &str| link.get(name).and_then(toml::Value::as_str).unwrap_or("").to_owned();
    let links = plan["link"].as_array().unwrap().iter();
    links.map(|link| (text(link, "ad"), text(link, "cloud"), text(link, "match") == "hard")).collect()
}

fn entry<'w>(world: &'w mut World, selector: &str) -> Option<&'w mut AdEntry> {
    let has = |e: &AdEntry, name| e.values(name).is_some_and(|v| v.texts().iter().any(|text| text == selector));
    world.ad[0].entries.iter_mut().find(|e| {
        has(e, "sAMAccountName") || has(e, "userPrincipalName") || Dn::parse(selector).is_ok_and(|dn| dn == e.dn)
    })
}

fn cloud_user<'w>(world: &'w mut World, upn: &str) -> Option<&'w mut CloudUser> {
    world.entra.users.iter_mut().find(|u| u.user_principal_name == upn)
}

fn move_into_scope(entry: &mut AdEntry) {
    let synced = Dn::parse(SYNCED).unwrap();
    if !entry.dn.is_under(&synced) {
        entry.dn = entry.dn.moved_to(&synced);
    }
}

/// Doing by hand what a plan has to do, every link of the one plan comes about in one cycle, to the wanted user, with
/// no error and no address lost.
#[test]
fn every_link_of_the_plan_that_can_succeed_does() {
    let mut world = contoso();
    let mut wanted: Vec<(String, AdGuid, ObjectId, Vec<String>)> = Vec::new();
    for (ad, upn, hard) in links("contoso.toml") {
        let target = cloud_user(&mut world, &upn).unwrap_or_else(|| panic!("{upn} is in the cloud")).clone();
        world.entra.role_assignments.retain(|a| a.principal_id != target.id);
        let entry = entry(&mut world, &ad).unwrap_or_else(|| panic!("{ad} is in AD"));
        let mut addresses = target.proxy_addresses.clone();
        let own = entry.values("proxyAddresses").map(|v| v.texts().to_vec()).unwrap_or_default();
        for address in own.into_iter().map(|a| a.replace("SMTP:", "smtp:")) {
            if !addresses.iter().any(|a| a.eq_ignore_ascii_case(&address)) {
                addresses.push(address);
            }
        }
        let upn_value = AdValues::One(target.user_principal_name.clone());
        entry.attributes.insert("userPrincipalName".to_owned(), upn_value);
        if !addresses.is_empty() {
            entry.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(addresses.clone()));
        }
        move_into_scope(entry);
        let guid = entry.guid;
        let octets = entry.values("mS-DS-ConsistencyGuid").map(AdValues::to_octets);
        let anchor = octets.map_or_else(|| Anchor::from_guid(guid), |o| Anchor::from_octets(&o[0]).unwrap());
        if hard {
            cloud_user(&mut world, &upn).unwrap().on_premises_immutable_id = Some(anchor.to_base64());
        }
        wanted.push((ad, guid, target.id, addresses));
    }
    let report = of_embedded_forest(&mut world);
    for (name, guid, id, addresses) in wanted {
        if let Some(object) = report.of(guid) {
            assert_eq!((object.cloud, &object.error), (Some(id), &None), "{name}");
            assert!(!matches!(object.outcome, Outcome::Provisioned | Outcome::Failed), "{name}: {object:?}");
        }
        let user = world.entra.users.iter().find(|u| u.id == id).unwrap();
        assert_eq!(user.on_premises_sync_enabled, Some(true), "{name}");
        assert!(user.on_premises_provisioning_errors.is_empty(), "{name}");
        assert!(addresses.iter().all(|a| user.proxy_addresses.contains(a)), "{name}: {:?}", user.proxy_addresses);
    }
}

/// What the engine makes of the other plan's AD users when they are just moved into scope: why each link is blocked.
#[test]
fn what_happens_to_those_who_cannot_be_linked() {
    use ErrorCode::{
        AttributeUpdateNotAllowed, AttributeValueMustBeUnique, ExistingAdminRoleConflict, ObjectTypeMismatch,
    };
    type Result = Option<(Outcome, Option<ErrorCode>)>;
    let expected: [(&str, Result); 18] = [
        // Matched, but the address that Front Desk has is quarantined.
        ("ppark", Some((Outcome::SoftMatchedBySmtp, None))),
        ("qquinn", Some((Outcome::Restored, None))),
        ("rross", Some((Outcome::Failed, Some(ObjectTypeMismatch)))),
        ("sstone", Some((Outcome::Failed, Some(ObjectTypeMismatch)))),
        // Excluded by the default rules.
        ("MSOL_4f1c2a9d0b7e", None),
        // Matched, but with Tara.
        ("ttaylor", Some((Outcome::SoftMatchedBySmtp, None))),
        ("bglass", Some((Outcome::Provisioned, None))),
        ("uupton", Some((Outcome::Provisioned, None))),
        ("vvogt", Some((Outcome::Failed, Some(AttributeValueMustBeUnique)))),
        ("iihle", Some((Outcome::Failed, Some(AttributeValueMustBeUnique)))),
        // Has its duplicate already, and nothing changes.
        ("wwolf", None),
        ("xxu", Some((Outcome::Failed, Some(AttributeUpdateNotAllowed)))),
        ("yyoung", Some((Outcome::Failed, Some(AttributeValueMustBeUnique)))),
        ("zziegler", Some((Outcome::Provisioned, None))),
        ("nnobel", Some((Outcome::Provisioned, None))),
        // Matched, and renamed to the initial domain.
        ("aadler", Some((Outcome::SoftMatchedBySmtp, None))),
        // Matched, and disabled.
        ("bbond", Some((Outcome::SoftMatchedBySmtp, None))),
        ("rrice", Some((Outcome::Provisioned, Some(ExistingAdminRoleConflict)))),
    ];
    let mut world = contoso();
    let mut guids = Vec::new();
    for (ad, _, _) in links("contoso-blocked.toml") {
        let Some(entry) = entry(&mut world, &ad) else {
            assert_eq!(ad, "uulrich", "the one who is not in AD");
            continue;
        };
        move_into_scope(entry);
        guids.push((ad, entry.guid));
    }
    let report = of_embedded_forest(&mut world);
    let got: Vec<_> = guids
        .iter()
        .map(|(ad, guid)| {
            (ad.as_str(), report.of(*guid).map(|o| (o.outcome, o.error.as_ref().map(|error| error.code))))
        })
        .collect();
    assert_eq!(got, expected);
    let has = |upn: &str| world.entra.users.iter().any(|u| u.user_principal_name == upn);
    assert!(has("aadler@contoso.onmicrosoft.com"));
    let boris = world.entra.users.iter().find(|u| u.user_principal_name == "boris.bond@contoso.com").unwrap();
    assert!(!boris.account_enabled);
    let paula = world.entra.users.iter().find(|u| u.user_principal_name == "paula.park@contoso.com").unwrap();
    assert_eq!(paula.on_premises_provisioning_errors[0].value, "smtp:reception@contoso.com");
}
