//! Random small worlds with links between their two sides.

use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::world::cloud::{
    AccessId, AssignmentType, CloudGroup, CloudHolder, CloudRoleAssignment, CloudUser, GroupSchedule, RoleSchedule,
    ScheduleId,
};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::lab::world::load::{fill_in_ids, parse};
use matchplan::lab::world::{World, derive};
use matchplan::model::anchor::Anchor;
use matchplan::model::dn::Dn;
use matchplan::model::id::{AdGuid, ObjectId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Few names, so that they collide often.
pub(super) const NAMES: [&str; 5] = ["ann", "bob", "cem", "dot", "eve"];
const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
const INITIAL: &str = "x.onmicrosoft.com";
pub(super) const STAFF: &str = "OU=Staff,DC=ad,DC=test";

/// A tenant with one verified domain beside its initial one, and an empty forest.
const WORLD: &str = r#"{
  "version": 1, "clock": "2026-09-01T08:00:00Z",
  "ad": [{"name": "ad", "dns_name": "ad.test", "netbios_name": "AD", "base_dn": "DC=ad,DC=test", "entries": []}],
  "entra": {
    "tenantId": "11111111-2222-3333-4444-555555555555", "displayName": "X", "onPremisesSyncEnabled": true,
    "domains": [
      {"id": "x.com", "authenticationType": "Managed", "isVerified": true},
      {"id": "fed.x.com", "authenticationType": "Federated", "isVerified": true},
      {"id": "x.onmicrosoft.com", "authenticationType": "Managed", "isVerified": true, "isInitial": true}
    ],
    "caller": {"id": "99999999-2222-3333-4444-555555555555", "displayName": "test", "permissions": [], "roles": []},
    "users": [],
    "roleDefinitions": [{"id": "729827e3-9c14-49f7-bb1b-9608f156bbb8", "displayName": "Helpdesk Administrator"}]
  },
  "sync": {"scope": ["OU=Staff,DC=ad,DC=test"]}
}"#;

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
    /// What the cloud does not take or the engine does not look at.
    oddity: Option<Oddity>,
}

#[derive(Clone, Copy, Debug)]
enum Oddity {
    BlankInUpn,
    LinkedMailbox,
    DiscoveryMailbox,
    Critical,
}

/// How somebody holds a role.
#[derive(Clone, Copy, Debug)]
enum Right {
    Active,
    Scoped,
    Activated,
    Eligible,
    Member,
    EligibleMember,
}

#[derive(Clone, Debug)]
struct CloudPerson {
    domain: usize,
    anchor_of: Option<usize>,
    identifier_of: Option<usize>,
    sid_of: Option<usize>,
    right: Option<Right>,
    cloud_managed: bool,
    deleted: bool,
    has_primary: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) ad: usize,
    pub(super) cloud: usize,
    pub(super) by_id: bool,
    pub(super) choices: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) links: Vec<Link>,
    pub(super) hold: bool,
}

fn rarely<S: Strategy>(some: S) -> impl Strategy<Value = Option<S::Value>> {
    proptest::option::weighted(0.15, some)
}

fn name() -> std::ops::Range<usize> {
    0..NAMES.len()
}

fn ad_person() -> impl Strategy<Value = AdPerson> {
    let seldom = || proptest::bool::weighted(0.2);
    let upn = proptest::option::weighted(0.9, (name(), 0..4_usize));
    let maybe = || proptest::option::of(name());
    let oddities = [Oddity::BlankInUpn, Oddity::LinkedMailbox, Oddity::DiscoveryMailbox, Oddity::Critical];
    let oddity = proptest::option::weighted(0.1, proptest::sample::select(oddities.to_vec()));
    (upn, maybe(), rarely(name()), seldom(), seldom(), any::<bool>(), rarely(name()), oddity).prop_map(
        |(upn, primary, alias, in_scope, disabled, nickname, consistency, oddity)| AdPerson {
            upn,
            primary,
            alias,
            in_scope,
            disabled,
            nickname,
            consistency,
            oddity,
        },
    )
}

fn cloud_person() -> impl Strategy<Value = CloudPerson> {
    let seldom = || proptest::bool::weighted(0.12);
    let rights =
        [Right::Active, Right::Scoped, Right::Activated, Right::Eligible, Right::Member, Right::EligibleMember];
    let right = proptest::option::weighted(0.2, proptest::sample::select(rights.to_vec()));
    let domain = proptest::sample::select(vec![0, 0, 0, 1, 1, 2]);
    (domain, rarely(name()), rarely(name()), rarely(name()), right, seldom(), seldom(), any::<bool>()).prop_map(
        |(domain, anchor_of, identifier_of, sid_of, right, cloud_managed, deleted, has_primary)| CloudPerson {
            domain,
            anchor_of,
            identifier_of,
            sid_of,
            right,
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

pub(super) fn guid(n: usize) -> AdGuid {
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
    let blank = if matches!(person.oddity, Some(Oddity::BlankInUpn)) { " " } else { "" };
    attributes.extend(person.upn.map(|(name, suffix)| {
        let suffix = ["x.com", "ad.local", INITIAL, "fed.x.com"][suffix];
        ("userPrincipalName", one(format!("{}{blank}@{suffix}", NAMES[name])))
    }));
    attributes.extend(match person.oddity {
        Some(Oddity::LinkedMailbox) => Some(("msExchRecipientTypeDetails", one("2".to_owned()))),
        Some(Oddity::DiscoveryMailbox) => Some(("msExchRecipientTypeDetails", one("536870912".to_owned()))),
        Some(Oddity::Critical) => Some(("isCriticalSystemObject", one("FALSE".to_owned()))),
        Some(Oddity::BlankInUpn) | None => None,
    });
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

/// An anchor and a SID are given once in a tenant.
#[derive(Default)]
struct Given {
    anchors: BTreeSet<usize>,
    sids: BTreeSet<usize>,
}

fn cloud_user(n: usize, person: &CloudPerson, given: &mut Given) -> CloudUser {
    let upn = format!("{}@{}", NAMES[n], ["x.com", INITIAL, "fed.x.com"][person.domain]);
    let mut addresses = vec![format!("smtp:{}2@x.com", NAMES[n])];
    addresses.extend(person.has_primary.then(|| format!("SMTP:{}@x.com", NAMES[n])));
    let anchor =
        person.anchor_of.filter(|of| given.anchors.insert(*of)).map(|of| Anchor::from_guid(guid(of)).to_base64());
    let base = Dn::parse("DC=ad,DC=test").unwrap();
    let sid = person.sid_of.filter(|of| given.sids.insert(*of));
    CloudUser {
        on_premises_security_identifier: sid
            .map(|of| derive::sid(&base, &base.child("CN", NAMES[of]).unwrap()).to_string()),
        id: derive::object_id("user", &upn),
        mail: addresses.iter().find_map(|a| a.strip_prefix("SMTP:")).map(str::to_owned),
        proxy_addresses: addresses,
        on_premises_immutable_id: anchor,
        on_premises_object_identifier: person.identifier_of.map(|of| guid(of).to_string()),
        is_cloud_managed: person.cloud_managed,
        ..CloudUser::named(&upn)
    }
}

/// The role-assignable group that brings its members the role.
fn administrators() -> CloudGroup {
    CloudGroup {
        id: derive::object_id("group", "administrators"),
        is_assignable_to_role: true,
        ..CloudGroup::named("Administrators")
    }
}

fn assignment(principal: ObjectId, scope: &str) -> CloudRoleAssignment {
    CloudRoleAssignment {
        id: derive::assignment_id(principal, &HELPDESK.into(), scope),
        principal_id: principal,
        role_definition_id: HELPDESK.into(),
        directory_scope_id: Some(scope.to_owned()),
        app_scope_id: None,
        condition: None,
    }
}

fn schedule(principal: ObjectId, assignment_type: AssignmentType) -> RoleSchedule {
    RoleSchedule {
        id: ScheduleId(format!("schedule of {principal}")),
        principal_id: principal,
        role_definition_id: HELPDESK.into(),
        directory_scope_id: Some("/".to_owned()),
        app_scope_id: None,
        assignment_type,
        start_date_time: None,
        end_date_time: None,
    }
}

fn give(right: Right, user: ObjectId, world: &mut World) {
    let end_date_time = world.clock.checked_add(jiff::SignedDuration::from_hours(100)).ok();
    let entra = &mut world.entra;
    let group = entra.groups.iter_mut().find(|group| group.is_assignable_to_role).unwrap();
    match right {
        Right::Active => entra.role_assignments.push(assignment(user, "/")),
        Right::Scoped => entra.role_assignments.push(assignment(user, "/administrativeUnits/1")),
        Right::Activated => entra
            .role_assignment_schedules
            .push(RoleSchedule { end_date_time, ..schedule(user, AssignmentType::Activated) }),
        Right::Eligible => entra.role_eligibility_schedules.push(schedule(user, AssignmentType::Assigned)),
        Right::Member => group.members.push(user),
        Right::EligibleMember => group.eligibility_schedules.push(GroupSchedule {
            id: ScheduleId(format!("membership of {user}")),
            principal_id: user,
            access_id: AccessId::Member,
            assignment_type: AssignmentType::Assigned,
            start_date_time: None,
            end_date_time: None,
        }),
    }
    let group = group.id;
    if entra.role_assignments.iter().all(|held| held.principal_id != group) {
        entra.role_assignments.push(assignment(group, "/"));
    }
}

/// What else holds an address: in the cloud alone, or in AD and synced.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Group,
    Contact,
    SyncedGroup,
    SyncedContact,
}

const KINDS: [Kind; 4] = [Kind::Group, Kind::Contact, Kind::SyncedGroup, Kind::SyncedContact];

/// Adds a group or contact, unless somebody in the cloud has the address already.
fn add_holder(n: usize, holder: Option<(Kind, usize, bool)>, world: &mut World) {
    let Some((kind, name, primary)) = holder else { return };
    let address = format!("{}:{}@x.com", if primary { "SMTP" } else { "smtp" }, NAMES[name]);
    let entra = &mut world.entra;
    let users = entra.users.iter().flat_map(|user| &user.proxy_addresses);
    let groups = entra.groups.iter().flat_map(|group| &group.proxy_addresses);
    let contacts = entra.contacts.iter().flat_map(|contact| &contact.proxy_addresses);
    if users.chain(groups).chain(contacts).any(|held| held.eq_ignore_ascii_case(&address)) {
        return;
    }
    let (class, synced) = match kind {
        Kind::Group => ("group", false),
        Kind::Contact => ("contact", false),
        Kind::SyncedGroup => ("group", true),
        Kind::SyncedContact => ("contact", true),
    };
    let called = format!("{class} {n}");
    let on_premises_sync_enabled = synced.then_some(true);
    let (id, proxy_addresses) = (derive::object_id(class, &called), vec![address]);
    if synced {
        let dn = Dn::parse(STAFF).unwrap().child("CN", &called).unwrap();
        let classes = AdValues::Many(["top", class].map(str::to_owned).to_vec());
        world.ad[0].entries.push(AdEntry {
            guid: derive::ad_guid(&dn),
            sid: None,
            dn,
            attributes: [
                ("objectClass".to_owned(), classes),
                ("proxyAddresses".to_owned(), AdValues::Many(proxy_addresses.clone())),
            ]
            .into(),
        });
    }
    if class == "group" {
        entra.groups.push(CloudGroup { id, proxy_addresses, on_premises_sync_enabled, ..CloudGroup::named(&called) });
    } else {
        entra.contacts.push(CloudHolder {
            id,
            display_name: called,
            mail: None,
            proxy_addresses,
            on_premises_sync_enabled,
        });
    }
}

/// A world whose AD users clash as they like, with a tenant that Entra would allow, and links between the two.
/// `history` is how many cycles have run before, so that some users are linked, duplicated or quarantined already.
pub(super) fn scene() -> impl Strategy<Value = Scene> {
    let people = proptest::collection::vec(ad_person(), NAMES.len());
    let cloud = proptest::collection::vec(cloud_person(), NAMES.len());
    let links: Vec<_> = name().map(link).collect();
    let switches = proptest::collection::vec(proptest::bool::weighted(0.2), 5);
    let holder = rarely((proptest::sample::select(KINDS.to_vec()), name(), any::<bool>()));
    let holders = proptest::collection::vec(holder, 4);
    // Until nothing is left to happen: what an earlier cycle puts off is not the link's.
    let history = proptest::sample::select(vec![0_usize, 4]);
    (people, cloud, links, switches, holders, history, any::<bool>()).prop_map(
        |(people, cloud, links, switches, holders, history, hold)| {
            let mut world = parse(WORLD, Path::new("test")).unwrap();
            world.ad[0].entries = people.iter().enumerate().map(|(n, person)| ad_entry(n, person)).collect();
            world.entra.groups.push(administrators());
            let mut given = Given::default();
            for (n, person) in cloud.iter().enumerate() {
                let user = cloud_user(n, person, &mut given);
                if let Some(right) = person.right {
                    give(right, user.id, &mut world);
                }
                if person.deleted {
                    let upn = format!("{}{}", user.id.0.simple(), user.user_principal_name);
                    let deleted_date_time = Some(world.clock);
                    world.entra.deleted_users.push(CloudUser { user_principal_name: upn, deleted_date_time, ..user });
                } else {
                    world.entra.users.push(user);
                }
            }
            for (n, holder) in holders.iter().enumerate() {
                add_holder(n, *holder, &mut world);
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
