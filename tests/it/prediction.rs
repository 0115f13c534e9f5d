//! The planner's rulebook against the lab's sync engine: two implementations of Microsoft's documents that share no
//! code. What a plan predicts of a link is what the cycle does, on random small worlds.

use matchplan::config;
use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::sync::report::Outcome as Done;
use matchplan::lab::sync::view::AdView;
use matchplan::lab::world::cloud::{CloudHolder, CloudRoleAssignment, CloudUser};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::lab::world::load::{fill_in_ids, parse};
use matchplan::lab::world::{World, derive};
use matchplan::model::ad::{AdUser, Octets};
use matchplan::model::anchor::{Anchor, ImmutableId};
use matchplan::model::attribute::AttributeChange;
use matchplan::model::dn::Dn;
use matchplan::model::entra::{AddressHolder, EntraUser, HolderKind};
use matchplan::model::id::{AdGuid, ObjectId};
use matchplan::model::role::{RoleAssignment, RoleGrant};
use matchplan::model::tenant::{Domain, SyncFeatures, Tenant};
use matchplan::plan::document::Plan;
use matchplan::plan::link::Outcome;
use matchplan::plan::planner::{PlanInput, plan};
use matchplan::plan::step::Action;
use matchplan::rules::prediction::{MatchKey, Prediction};
use matchplan::snapshot::document::{AdDomainSnapshot, SNAPSHOT_VERSION, Snapshot};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Few names, so that they collide often.
const NAMES: [&str; 5] = ["ann", "bob", "cem", "dot", "eve"];
const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
const INITIAL: &str = "x.onmicrosoft.com";
const STAFF: &str = "OU=Staff,DC=ad,DC=test";

/// A tenant with one verified domain beside its initial one, and an empty forest.
const WORLD: &str = r#"{
  "version": 1, "clock": "2026-09-01T08:00:00Z",
  "ad": [{"name": "ad", "dns_name": "ad.test", "netbios_name": "AD", "base_dn": "DC=ad,DC=test", "entries": []}],
  "entra": {
    "tenantId": "11111111-2222-3333-4444-555555555555", "displayName": "X", "onPremisesSyncEnabled": true,
    "domains": [
      {"id": "x.com", "authenticationType": "Managed", "isVerified": true},
      {"id": "x.onmicrosoft.com", "authenticationType": "Managed", "isVerified": true, "isInitial": true}
    ],
    "caller": {"id": "99999999-2222-3333-4444-555555555555", "displayName": "test", "permissions": [], "roles": []},
    "users": [],
    "roleDefinitions": [{"id": "729827e3-9c14-49f7-bb1b-9608f156bbb8", "displayName": "Helpdesk Administrator"}]
  },
  "sync": {"scope": ["OU=Staff,DC=ad,DC=test"]}
}"#;

const SETTINGS: &str = r#"version = 1
[entra]
tenant = "x.onmicrosoft.com"
[[ad]]
name = "ad"
url = "ldaps://dc.ad.test"
base_dn = "DC=ad,DC=test"
user = "svc@ad.test"
password = { env = "AD_PASSWORD" }
[sync]
synced_ous = ["OU=Staff,DC=ad,DC=test"]
"#;

#[derive(Clone, Debug)]
struct AdPerson {
    upn: Option<(usize, usize)>,
    primary: Option<usize>,
    alias: Option<usize>,
    in_scope: bool,
    disabled: bool,
    nickname: bool,
    /// Whose objectGUID stands in mS-DS-ConsistencyGuid.
    consistency: Option<usize>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct CloudPerson {
    domain: usize,
    anchor_of: Option<usize>,
    identifier_of: Option<usize>,
    role: bool,
    cloud_managed: bool,
    deleted: bool,
    has_primary: bool,
}

#[derive(Clone, Debug)]
struct Link {
    ad: usize,
    cloud: usize,
    by_id: bool,
    choices: Vec<String>,
}

#[derive(Clone, Debug)]
struct Scene {
    world: World,
    links: Vec<Link>,
    hold: bool,
}

fn rarely<S: Strategy>(some: S) -> impl Strategy<Value = Option<S::Value>> {
    proptest::option::weighted(0.15, some)
}

fn name() -> std::ops::Range<usize> {
    0..NAMES.len()
}

fn ad_person() -> impl Strategy<Value = AdPerson> {
    let seldom = || proptest::bool::weighted(0.2);
    let upn = proptest::option::weighted(0.9, (name(), 0..3_usize));
    let maybe = || proptest::option::of(name());
    (upn, maybe(), rarely(name()), seldom(), seldom(), any::<bool>(), rarely(name())).prop_map(
        |(upn, primary, alias, in_scope, disabled, nickname, consistency)| AdPerson {
            upn,
            primary,
            alias,
            in_scope,
            disabled,
            nickname,
            consistency,
        },
    )
}

fn cloud_person() -> impl Strategy<Value = CloudPerson> {
    let seldom = || proptest::bool::weighted(0.12);
    (0..2_usize, rarely(name()), rarely(name()), seldom(), seldom(), seldom(), any::<bool>()).prop_map(
        |(domain, anchor_of, identifier_of, role, cloud_managed, deleted, has_primary)| CloudPerson {
            domain,
            anchor_of,
            identifier_of,
            role,
            cloud_managed,
            deleted,
            has_primary,
        },
    )
}

/// A link, mostly between people of one name, with choices that are mostly left out.
fn link(ad: usize) -> impl Strategy<Value = Link> {
    let says = |key: &'static str, values: &'static [&'static str]| {
        proptest::option::of(proptest::sample::select(values))
            .prop_map(move |value| value.map(|value| format!("{key} = \"{value}\"")))
    };
    let target = proptest::option::weighted(0.15, name()).prop_map(move |other| other.unwrap_or(ad));
    let choices = (
        says("match", &["auto", "soft", "hard"]),
        says("roles", &["suspend", "suspend", "remove"]),
        says("upn", &["cloud", "ad"]),
        says("primary_smtp", &["cloud", "ad", "spare@x.com"]),
        says("addresses", &["merge", "keep"]),
    );
    (target, any::<bool>(), choices).prop_map(move |(cloud, by_id, (a, b, c, d, e))| Link {
        ad,
        cloud,
        by_id,
        choices: [a, b, c, d, e].into_iter().flatten().collect(),
    })
}

fn guid(n: usize) -> AdGuid {
    derive::ad_guid(&Dn::parse("DC=ad,DC=test").unwrap().child("CN", NAMES[n]).unwrap())
}

fn ad_entry(n: usize, person: &AdPerson) -> AdEntry {
    let parent = if person.in_scope { STAFF } else { "OU=Staging,DC=ad,DC=test" };
    let base = Dn::parse("DC=ad,DC=test").unwrap();
    let addresses: Vec<String> = person
        .primary
        .map(|p| format!("SMTP:{}@x.com", NAMES[p]))
        .into_iter()
        .chain(person.alias.filter(|a| Some(*a) != person.primary).map(|a| format!("smtp:{}@x.com", NAMES[a])))
        .collect();
    let one = |text: String| AdValues::One(text);
    let class = ["top", "person", "organizationalPerson", "user"].map(str::to_owned);
    let mut attributes = vec![
        ("objectClass", AdValues::Many(class.to_vec())),
        ("sAMAccountName", one(NAMES[n].to_owned())),
        ("userAccountControl", one(if person.disabled { "514" } else { "512" }.to_owned())),
    ];
    attributes.extend(person.upn.map(|(name, suffix)| {
        ("userPrincipalName", one(format!("{}@{}", NAMES[name], ["x.com", "ad.local", INITIAL][suffix])))
    }));
    if !addresses.is_empty() {
        attributes.push(("proxyAddresses", AdValues::Many(addresses)));
    }
    if person.nickname {
        attributes.push(("mailNickname", one(NAMES[n].to_owned())));
    }
    if let Some(other) = person.consistency {
        attributes.push(("mS-DS-ConsistencyGuid", AdValues::octets(Anchor::from_guid(guid(other)).octets())));
    }
    AdEntry {
        dn: Dn::parse(parent).unwrap().child("CN", NAMES[n]).unwrap(),
        guid: guid(n),
        sid: Some(derive::sid(&base, &base.child("CN", NAMES[n]).unwrap())),
        attributes: attributes.into_iter().map(|(name, values)| (name.to_owned(), values)).collect(),
    }
}

fn cloud_user(n: usize, person: &CloudPerson, anchors: &mut BTreeSet<usize>) -> CloudUser {
    let upn = format!("{}@{}", NAMES[n], ["x.com", INITIAL][person.domain]);
    let mut addresses = vec![format!("smtp:{}2@x.com", NAMES[n])];
    addresses.extend(person.has_primary.then(|| format!("SMTP:{}@x.com", NAMES[n])));
    let anchor = person.anchor_of.filter(|of| anchors.insert(*of)).map(|of| Anchor::from_guid(guid(of)).to_base64());
    CloudUser {
        id: derive::object_id("user", &upn),
        mail: addresses.iter().find_map(|a| a.strip_prefix("SMTP:")).map(str::to_owned),
        proxy_addresses: addresses,
        on_premises_immutable_id: anchor,
        on_premises_object_identifier: person.identifier_of.map(|of| guid(of).to_string()),
        is_cloud_managed: person.cloud_managed,
        ..CloudUser::named(&upn)
    }
}

/// A world whose AD users clash as they like, with a tenant that Entra would allow, and links between the two.
/// `history` is how many cycles have run before, so that some users are linked, duplicated or quarantined already.
fn scene() -> impl Strategy<Value = Scene> {
    let people = proptest::collection::vec(ad_person(), NAMES.len());
    let cloud = proptest::collection::vec(cloud_person(), NAMES.len());
    let links: Vec<_> = name().map(link).collect();
    let switches = proptest::collection::vec(proptest::bool::weighted(0.2), 5);
    (people, cloud, links, switches, any::<bool>(), 0..2_usize, any::<bool>()).prop_map(
        |(people, cloud, links, switches, group, history, hold)| {
            let mut world = parse(WORLD, Path::new("test")).unwrap();
            world.ad[0].entries = people.iter().enumerate().map(|(n, person)| ad_entry(n, person)).collect();
            let mut anchors = BTreeSet::new();
            for (n, person) in cloud.iter().enumerate() {
                let user = cloud_user(n, person, &mut anchors);
                if person.role {
                    world.entra.role_assignments.push(CloudRoleAssignment {
                        id: derive::assignment_id(user.id, &HELPDESK.into(), "/"),
                        principal_id: user.id,
                        role_definition_id: HELPDESK.into(),
                        directory_scope_id: Some("/".to_owned()),
                        app_scope_id: None,
                        condition: None,
                    });
                }
                if person.deleted {
                    let upn = format!("{}{}", user.id.0.simple(), user.user_principal_name);
                    let deleted_date_time = Some(world.clock);
                    world.entra.deleted_users.push(CloudUser { user_principal_name: upn, deleted_date_time, ..user });
                } else {
                    world.entra.users.push(user);
                }
            }
            if group {
                let free = |world: &World| {
                    let mut all = world.entra.users.iter().flat_map(|user| &user.proxy_addresses);
                    !all.any(|address| address.ends_with(":eve@x.com"))
                };
                if free(&world) {
                    world.entra.groups.push(CloudHolder {
                        id: derive::object_id("group", "g"),
                        display_name: "G".to_owned(),
                        mail: None,
                        proxy_addresses: vec!["SMTP:eve@x.com".to_owned()],
                        on_premises_sync_enabled: None,
                    });
                }
            }
            let features = &mut world.entra.features;
            features.block_soft_match_enabled = switches[0];
            features.block_cloud_object_takeover_through_hard_match_enabled = switches[1];
            features.soft_match_on_upn_enabled = !switches[2];
            features.synchronize_upn_for_managed_users_enabled = !switches[3];
            features.allow_on_prem_update_of_on_premises_object_identifier_enabled = switches[4];
            fill_in_ids(&mut world);
            (0..history).for_each(|_| {
                of_embedded_forest(&mut world);
            });
            Scene { world, links, hold }
        },
    )
}

/// What a perfect reader of both directories would see.
fn snapshot(world: &World) -> Snapshot {
    let domain = &world.ad[0];
    let users = AdView::of_forest(&world.ad).users.into_iter().map(|user| AdUser {
        guid: user.guid,
        dn: user.dn,
        domain: domain.name.clone(),
        sam: user.sam.unwrap().into(),
        sid: user.sid,
        upn: user.upn.map(Into::into),
        mail: user.mail,
        proxy_addresses: user.proxy_addresses.into_iter().collect(),
        consistency_guid: user.consistency_guid.map(Octets),
        display_name: user.display_name,
        given_name: user.given_name,
        surname: user.surname,
        mail_nickname: user.mail_nickname,
        employee_id: None,
        user_account_control: user.user_account_control.unwrap(),
        critical_system_object: user.critical_system_object,
        admin_count: false,
    });
    let cloud = &world.entra;
    let features = &cloud.features;
    let role_name = |id: &matchplan::model::id::RoleDefinitionId| {
        cloud.role_definitions.iter().find(|role| role.id == *id).unwrap().display_name.clone()
    };
    Snapshot {
        format_version: SNAPSHOT_VERSION,
        taken: world.clock,
        domains: vec![AdDomainSnapshot {
            name: domain.name.clone(),
            base_dn: domain.base_dn.clone(),
            dns_name: domain.dns_name.clone(),
            server: "dc".to_owned(),
            upn_suffixes: Vec::new(),
            users: users.collect(),
        }],
        tenant: Tenant {
            id: cloud.tenant_id,
            display_name: cloud.display_name.clone(),
            domains: cloud
                .domains
                .iter()
                .map(|d| Domain {
                    name: d.id.clone(),
                    verified: d.is_verified,
                    federated: false,
                    initial: d.is_initial,
                    default: false,
                })
                .collect(),
            sync_enabled: cloud.on_premises_sync_enabled,
            last_sync: cloud.on_premises_last_sync_date_time,
            features: Some(SyncFeatures {
                block_soft_match: features.block_soft_match_enabled,
                block_hard_match: features.block_cloud_object_takeover_through_hard_match_enabled,
                soft_match_on_upn: features.soft_match_on_upn_enabled,
                allow_object_identifier_update: features.allow_on_prem_update_of_on_premises_object_identifier_enabled,
                synchronize_upn_for_managed_users: features.synchronize_upn_for_managed_users_enabled,
                password_sync: features.password_sync_enabled,
            }),
        },
        users: cloud.users.iter().map(entra_user).collect(),
        deleted_users: cloud.deleted_users.iter().map(entra_user).collect(),
        holders: cloud
            .groups
            .iter()
            .map(|group| AddressHolder {
                kind: HolderKind::Group,
                id: group.id,
                display_name: Some(group.display_name.clone()),
                mail: group.mail.clone(),
                proxy_addresses: group.proxy_addresses.iter().map(String::as_str).collect(),
                synced: false,
            })
            .collect(),
        roles: cloud
            .role_assignments
            .iter()
            .map(|role| RoleAssignment {
                id: role.id.clone(),
                principal: role.principal_id,
                grant: RoleGrant {
                    role: role.role_definition_id.clone(),
                    role_name: role_name(&role.role_definition_id),
                    directory_scope: role.directory_scope_id.clone(),
                    app_scope: role.app_scope_id.clone(),
                    condition: role.condition.clone(),
                },
            })
            .collect(),
        caller: None,
        gaps: Vec::new(),
    }
}

fn entra_user(user: &CloudUser) -> EntraUser {
    EntraUser {
        id: user.id,
        upn: user.user_principal_name.as_str().into(),
        display_name: user.display_name.clone(),
        given_name: user.given_name.clone(),
        surname: user.surname.clone(),
        mail: user.mail.clone(),
        mail_nickname: user.mail_nickname.clone(),
        proxy_addresses: user.proxy_addresses.iter().map(String::as_str).collect(),
        account_enabled: Some(user.account_enabled),
        user_type: Some(user.user_type.clone()),
        immutable_id: user.on_premises_immutable_id.clone().map(ImmutableId),
        sync_enabled: user.on_premises_sync_enabled,
        security_identifier: user.on_premises_security_identifier.as_ref().map(|sid| sid.parse().unwrap()),
        last_sync: user.on_premises_last_sync_date_time,
        object_identifier: user.on_premises_object_identifier.clone(),
        cloud_managed: Some(user.is_cloud_managed),
        provisioning_errors: Vec::new(),
        deleted: user.deleted_date_time,
    }
}

/// The scene's links as a person writes them, before anything is applied.
fn match_plan(scene: &Scene) -> String {
    let mut text = "version = 1\n".to_owned();
    let mut targets = BTreeSet::new();
    for link in &scene.links {
        let starts = |user: &&CloudUser| user.user_principal_name.starts_with(&format!("{}@", NAMES[link.cloud]));
        let Some(target) = scene.world.entra.users.iter().find(starts) else { continue };
        // The reader refuses what is plainly linked twice.
        if !targets.insert(target.id) {
            continue;
        }
        let cloud = if link.by_id { target.id.to_string() } else { target.user_principal_name.clone() };
        text += &format!("[[link]]\nad = \"{}\"\ncloud = \"{cloud}\"\n{}\n", NAMES[link.ad], link.choices.join("\n"));
        let entry = scene.world.ad[0].entries.iter().find(|entry| entry.guid == guid(link.ad)).unwrap();
        if !entry.dn.is_under(&Dn::parse(STAFF).unwrap()) {
            text += &format!("move_to = \"{STAFF}\"\n");
        }
    }
    text
}

fn make(world: &World, plan_text: &str, hold: bool) -> Plan {
    let holding = "hold = { command = [\"x\"] }\nrelease = { command = [\"x\"] }\n";
    let settings = format!("{SETTINGS}{}[guard]\nmax_role_removals = 99\n", if hold { holding } else { "" });
    let (config, found, sources) = config::read(("matchplan.toml", &settings), &[("a.toml", plan_text)]);
    let config =
        config.unwrap_or_else(|| panic!("{}", matchplan::diagnostic::render_all(&found, &sources, false, 120)));
    let snapshot = snapshot(world);
    plan(PlanInput { config: &config, snapshot: &snapshot, now: world.clock, skip_blocked: true, allow: &[] })
}

fn entry(world: &mut World, guid: AdGuid) -> &mut AdEntry {
    world.ad[0].entries.iter_mut().find(|entry| entry.guid == guid).unwrap()
}

fn align(entry: &mut AdEntry, change: &AttributeChange) {
    let name = change.attribute.name();
    let set = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
    let found = entry.values(name).map_or(&[][..], AdValues::texts);
    assert_eq!(set(found), set(&change.expects), "a step expects what is there");
    entry.attributes.remove(name);
    if !change.sets.is_empty() {
        entry.attributes.insert(name.to_owned(), AdValues::Many(change.sets.clone()));
    }
}

/// Does one step by hand. A restore gives back what `taken` holds.
fn perform(action: &Action, world: &mut World, taken: &mut Vec<CloudRoleAssignment>) {
    match action {
        Action::Suspend { assignment, restore, .. } => {
            let (out, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut world.entra.role_assignments)
                .into_iter()
                .partition(|role| role.id == assignment.id);
            assert_eq!(out.len(), 1);
            world.entra.role_assignments = rest;
            taken.extend(out.into_iter().filter(|_| *restore));
        }
        Action::Align { user, changes } => changes.iter().for_each(|change| align(entry(world, user.guid), change)),
        Action::Anchor { user, expects, sets } => {
            let cloud = world.entra.users.iter_mut().find(|u| u.id == user.id).unwrap();
            assert_eq!(cloud.on_premises_immutable_id, expects.as_ref().map(ToString::to_string));
            cloud.on_premises_immutable_id = sets.as_ref().map(ToString::to_string);
        }
        Action::Move { user, from, to } => {
            let entry = entry(world, user.guid);
            assert_eq!(entry.dn.parent().as_ref(), Some(from));
            entry.dn = entry.dn.moved_to(to);
        }
        Action::Restore { user, .. } => {
            let at = taken.iter().position(|role| role.principal_id == user.id).unwrap();
            world.entra.role_assignments.push(taken.remove(at));
        }
        Action::Hold | Action::Release | Action::Sync | Action::Verify { .. } => {}
    }
}

fn user(world: &World, id: ObjectId) -> &CloudUser {
    world.entra.users.iter().find(|user| user.id == id).unwrap()
}

/// The e-mail addresses of a user, in lower case.
fn addresses(user: &CloudUser) -> BTreeSet<String> {
    user.proxy_addresses.iter().map(|address| address.to_lowercase()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_plan_predicts_is_what_the_cycle_does(scene in scene()) {
        let text = match_plan(&scene);
        let mut world = scene.world.clone();
        let made = make(&world, &text, scene.hold);
        prop_assert!(!made.is_blocked(), "{:#?}", made.findings);
        let mut taken = Vec::new();
        for wave in 1..=u32::try_from(made.counts.waves).unwrap() {
            let steps = || made.steps.iter().filter(|step| step.wave == wave).map(|step| &step.action);
            let restores = |action: &&Action| matches!(action, Action::Restore { .. });
            steps().filter(|action| !restores(action)).for_each(|action| perform(action, &mut world, &mut taken));
            let before = world.clone();
            let report = of_embedded_forest(&mut world);
            let here = |link: &&matchplan::plan::link::PlannedLink| matches!(link.outcome, Outcome::Change { wave: w, .. } if w == wave);
            for link in made.links.iter().filter(here) {
                let wanted = match &link.prediction {
                    Some(Prediction::Linked { by: MatchKey::HardMatch }) => Done::HardMatched,
                    Some(Prediction::Linked { by: MatchKey::PrimarySmtp }) => Done::SoftMatchedBySmtp,
                    Some(Prediction::Linked { by: MatchKey::Upn }) => Done::SoftMatchedByUpn,
                    other => return Err(TestCaseError::fail(format!("{} is not blocked: {other:?}", link.id))),
                };
                let found = report.of(link.ad.guid);
                prop_assert_eq!(
                    found.map(|object| (object.outcome, object.cloud, object.error.clone())),
                    Some((wanted, Some(link.cloud.id), None)),
                    "{}\n{}", link.id, text
                );
                // The takeover preview's promise.
                let lost: BTreeSet<String> = link.takeover.addresses_lost.iter().map(|a| a.to_lowercase()).collect();
                let (was, is) = (addresses(user(&before, link.cloud.id)), addresses(user(&world, link.cloud.id)));
                prop_assert_eq!(was.difference(&is).cloned().collect::<BTreeSet<_>>(), lost, "{}\n{}", link.id, text);
            }
            steps().filter(restores).for_each(|action| perform(action, &mut world, &mut taken));
        }
        prop_assert!(taken.is_empty(), "every suspended role is back");

        // What is linked is no change from then on, whatever its names have become.
        let linked: Vec<_> =
            made.links.iter().filter(|link| !matches!(link.outcome, Outcome::Blocked)).map(|link| &link.id).collect();
        let again = make(&world, &text, scene.hold);
        for id in linked {
            let link = again.links.iter().find(|link| link.id == *id);
            let planned = made.links.iter().find(|link| link.id == *id).unwrap();
            // A name that a takeover freed and that somebody else has got since means somebody else.
            let upn = planned.cloud.upn.as_str();
            let taken = |u: &CloudUser| u.id != planned.cloud.id && u.user_principal_name.eq_ignore_ascii_case(upn);
            prop_assert!(
                link.is_some_and(|link| link.outcome == Outcome::Unchanged) || world.entra.users.iter().any(taken),
                "{id}\n{text}\n{planned:#?}"
            );
        }
    }

    #[test]
    fn merging_loses_no_address(scene in scene()) {
        let merging = Scene {
            links: scene.links.iter().cloned().map(|mut link| {
                link.choices.retain(|choice| !choice.starts_with("addresses"));
                link
            }).collect(),
            ..scene
        };
        let made = make(&merging.world, &match_plan(&merging), merging.hold);
        for link in &made.links {
            prop_assert!(link.takeover.addresses_lost.is_empty(), "{:#?}", link);
        }
    }
}
