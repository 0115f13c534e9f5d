//! Two directories of any size, made up by seed: the same numbers give the same bytes.
//!
//! Most people are synced already, half of them by `mS-DS-ConsistencyGuid`. Those who are to be linked have an AD user in
//! a staging OU and a cloud user of its own, with the same sign-in name and some addresses that only one side knows. Three
//! in a hundred of them hold a role.
#![allow(dead_code, reason = "each bench takes what it needs")]

use matchplan::model::ad::{AdUser, Octets};
use matchplan::model::anchor::{Anchor, ImmutableId, SourceAnchor};
use matchplan::model::dn::Dn;
use matchplan::model::entra::{AddressHolder, EntraUser, HolderKind};
use matchplan::model::id::{AdGuid, ObjectId, TenantId};
use matchplan::model::profile::ProfileAttribute;
use matchplan::model::role::{AdminRules, PolicySubject, RoleAssignment, RoleGrant, RoleKind, RolePolicy};
use matchplan::model::tenant::{Domain, SyncFeatures, Tenant};
use matchplan::snapshot::document::{AdDomainSnapshot, Coverage, SNAPSHOT_VERSION, Snapshot};
use std::fmt::Write as _;
use uuid::Uuid;

const BASE: &str = "DC=corp,DC=contoso,DC=com";
const STAGING: &str = "OU=Staging,DC=corp,DC=contoso,DC=com";
const USERS: &str = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";
const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";

const GIVEN: [&str; 24] = [
    "Anna", "Ben", "Carla", "David", "Elena", "Frank", "Greta", "Henrik", "Ines", "Jörg", "Katarina", "Lukas", "Maria",
    "Noah", "Olga", "Peter", "Quirin", "Rosa", "Stefan", "Théa", "Ulrich", "Vera", "Wolfgang", "Zoë",
];
const SURNAMES: [&str; 28] = [
    "Andersson",
    "Becker",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Hoffmann",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "Lindqvist",
    "Müller",
    "Nowak",
    "Olsen",
    "Petersen",
    "Quandt",
    "Rossi",
    "Schneider",
    "Tanaka",
    "Ullmann",
    "Virtanen",
    "Wagner",
    "Xu",
    "Yilmaz",
    "Zimmermann",
    "van der Berg",
    "O'Neill",
];
const DEPARTMENTS: [&str; 12] = [
    "Sales",
    "Research & Development",
    "Human Resources",
    "Finance",
    "Information Technology",
    "Legal",
    "Logistics",
    "Customer Service",
    "Production",
    "Quality Assurance",
    "Marketing",
    "Facility Management",
];
const TITLES: [&str; 8] = [
    "Clerk",
    "Engineer",
    "Senior Engineer",
    "Team Lead",
    "Account Manager",
    "Analyst",
    "Technician",
    "Head of Department",
];
const CITIES: [(&str, &str, &str); 6] = [
    ("Berlin", "10115", "DE"),
    ("Hamburg", "20095", "DE"),
    ("Lyon", "69001", "FR"),
    ("Kraków", "30-001", "PL"),
    ("Göteborg", "411 01", "SE"),
    ("München", "80331", "DE"),
];

/// Numbers by seed and place: SplitMix64.
fn number(seed: u64, at: u64) -> u64 {
    let mut z = seed.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn uuid(seed: u64, kind: u64, at: usize) -> Uuid {
    let at = at as u64;
    Uuid::from_u64_pair(number(seed ^ kind, at), number(seed ^ kind ^ 0xff, at))
}

fn pick<'a>(list: &[&'a str], by: u64) -> &'a str {
    list[usize::try_from(by % list.len() as u64).unwrap()]
}

/// How large a world is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Users in each directory.
    pub users: usize,
    /// How many of them are to be linked.
    pub links: usize,
    /// What the rest is made from.
    pub seed: u64,
}

impl Size {
    /// That many users, of whom one in a hundred is to be linked.
    pub const fn of(users: usize) -> Self {
        Self { users, links: users / 100, seed: 1 }
    }

    /// Whether that person is to be linked: spread evenly.
    fn is_linked(self, at: usize) -> bool {
        self.links > 0 && (at * self.links) % self.users < self.links
    }

    fn linked(self) -> impl Iterator<Item = usize> {
        (0..self.users).filter(move |at| self.is_linked(*at))
    }
}

fn account(at: usize) -> String {
    format!("u{at:07}")
}

fn person(size: Size, at: usize) -> (&'static str, &'static str, String) {
    let by = number(size.seed, at as u64);
    let (given, surname) = (pick(&GIVEN, by), pick(&SURNAMES, by >> 16));
    let ascii = |text: &str| -> String {
        text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { 'e' }).collect()
    };
    (given, surname, format!("{}.{}{at}", ascii(given), ascii(surname)))
}

fn addresses(size: Size, at: usize, name: &str, in_ad: bool) -> Vec<String> {
    let more = number(size.seed ^ 7, at as u64) % 3;
    let mut all = vec![format!("SMTP:{name}@contoso.com"), format!("smtp:{}@contoso.com", account(at))];
    if more > 0 {
        all.push(format!("smtp:{name}@contoso.mail.onmicrosoft.com"));
    }
    if more > 1 {
        let group = at % 9973;
        all.push(format!("X500:/o=Contoso/ou=Exchange/cn=Recipients/cn={}-{group}", account(at)));
    }
    // What only one side has: the other half of a merge.
    if size.is_linked(at) && at.is_multiple_of(2) {
        let side = if in_ad { "old" } else { "cloud" };
        all.push(format!("smtp:{side}.{name}@contoso.com"));
    }
    all
}

fn profile(size: Size, at: usize) -> impl Iterator<Item = (ProfileAttribute, String)> {
    use ProfileAttribute::{
        City, Company, Country, Department, JobTitle, Office, PostalCode, Telephone, UsageLocation,
    };
    let by = number(size.seed ^ 3, at as u64);
    let (city, code, country) = CITIES[usize::try_from(by % 6).unwrap()];
    [
        (City, city.to_owned()),
        (Company, "Contoso Ltd.".to_owned()),
        (Country, country.to_owned()),
        (Department, pick(&DEPARTMENTS, by >> 8).to_owned()),
        (JobTitle, pick(&TITLES, by >> 16).to_owned()),
        (Office, format!("{}.{:03}", by % 9, by % 431)),
        (PostalCode, code.to_owned()),
        (Telephone, format!("+49 30 {:07}", by % 10_000_000)),
        (UsageLocation, country.to_owned()),
    ]
    .into_iter()
}

fn ad_user(size: Size, at: usize) -> AdUser {
    let (given, surname, name) = person(size, at);
    let guid = AdGuid(uuid(size.seed, 1, at));
    let linked = size.is_linked(at);
    let own_anchor = !linked && at.is_multiple_of(2);
    let place = if linked { STAGING.to_owned() } else { format!("OU={},{USERS}", pick(&DEPARTMENTS, at as u64)) };
    AdUser {
        guid,
        dn: Dn::parse(&format!("CN={given} {surname} {at},{place}")).unwrap(),
        domain: "corp".into(),
        sam: account(at).as_str().into(),
        sid: format!("S-1-5-21-3623811015-3361044348-30300820-{}", 1000 + at).parse().unwrap(),
        upn: Some(format!("{name}@contoso.com").as_str().into()),
        mail: Some(format!("{name}@contoso.com")),
        proxy_addresses: addresses(size, at, &name, true).into_iter().collect(),
        consistency_guid: own_anchor.then(|| Octets(uuid(size.seed, 2, at).as_bytes().to_vec())),
        display_name: Some(format!("{given} {surname}").into()),
        given_name: Some(given.into()),
        surname: Some(surname.into()),
        mail_nickname: Some(account(at).into()),
        target_address: None,
        recipient_type: Some(0x8000_0000),
        profile: profile(size, at).collect(),
        user_account_control: 512,
        critical_system_object: false,
        admin_count: false,
    }
}

fn cloud_user(size: Size, at: usize, ad: &AdUser) -> EntraUser {
    let (given, surname, name) = person(size, at);
    let linked = size.is_linked(at);
    let anchor: Anchor = ad.anchor(SourceAnchor::ConsistencyGuid).unwrap();
    EntraUser {
        id: ObjectId(uuid(size.seed, 4, at)),
        upn: format!("{name}@contoso.com").as_str().into(),
        display_name: Some(format!("{given} {surname}").into()),
        given_name: Some(given.into()),
        surname: Some(surname.into()),
        mail: Some(format!("{name}@contoso.com")),
        mail_nickname: Some(account(at).into()),
        proxy_addresses: addresses(size, at, &name, false).into_iter().collect(),
        account_enabled: Some(true),
        user_type: Some("Member".into()),
        immutable_id: (!linked).then(|| ImmutableId::from(anchor)),
        sync_enabled: (!linked).then_some(true),
        security_identifier: (!linked).then(|| ad.sid.clone()),
        last_sync: (!linked).then(|| "2026-08-31T21:00:00Z".parse().unwrap()),
        object_identifier: (!linked).then(|| ad.guid.to_string()),
        cloud_managed: Some(false),
        provisioning_errors: Vec::new(),
        profile: profile(size, at).collect(),
        deleted: None,
    }
}

/// Both directories.
pub fn snapshot(size: Size) -> Snapshot {
    let domain = |name: &str, initial| Domain {
        name: name.to_owned(),
        verified: true,
        federated: false,
        initial,
        default: !initial,
    };
    let ad: Vec<AdUser> = (0..size.users).map(|at| ad_user(size, at)).collect();
    let users: Vec<EntraUser> = ad.iter().enumerate().map(|(at, ad)| cloud_user(size, at, ad)).collect();
    let role = |at: usize| RoleAssignment {
        id: format!("assignment-{at}").as_str().into(),
        principal: users[at].id,
        kind: RoleKind::Active,
        starts: None,
        ends: None,
        grant: RoleGrant {
            role: HELPDESK.into(),
            role_name: "Helpdesk Administrator".to_owned(),
            directory_scope: Some("/".to_owned()),
            app_scope: None,
            condition: None,
        },
    };
    let policy = RolePolicy {
        subject: PolicySubject::Role(HELPDESK.into()),
        active: AdminRules::default(),
        eligible: AdminRules::default(),
    };
    let group = |at: usize| AddressHolder {
        kind: HolderKind::Group,
        id: ObjectId(uuid(size.seed, 5, at)),
        display_name: Some(format!("Group {at}")),
        mail: Some(format!("group{at}@contoso.com")),
        proxy_addresses: [format!("SMTP:group{at}@contoso.com")].into_iter().collect(),
        synced: false,
        assignable_to_role: false,
        microsoft_365: false,
    };
    let roles = size.linked().enumerate().filter(|(nth, _)| nth % 33 == 0).map(|(_, at)| role(at)).collect();
    Snapshot {
        marks: None,
        coverage: Coverage::Whole,
        format_version: SNAPSHOT_VERSION,
        taken: "2026-09-01T08:00:00Z".parse().unwrap(),
        domains: vec![AdDomainSnapshot {
            name: "corp".into(),
            base_dn: Dn::parse(BASE).unwrap(),
            dns_name: "corp.contoso.com".to_owned(),
            server: "dc01.corp.contoso.com".to_owned(),
            upn_suffixes: vec!["contoso.com".to_owned()],
            users: ad,
            holders: Vec::new(),
        }],
        tenant: Tenant {
            id: TenantId(uuid(size.seed, 6, 0)),
            display_name: "Contoso".to_owned(),
            domains: vec![domain("contoso.com", false), domain("contoso.onmicrosoft.com", true)],
            sync_enabled: Some(true),
            last_sync: None,
            features: Some(SyncFeatures {
                soft_match_on_upn: true,
                synchronize_upn_for_managed_users: true,
                ..SyncFeatures::default()
            }),
            switches: std::collections::BTreeMap::new(),
            deletion_threshold: Some(500),
        },
        roles,
        holders: (0..size.users / 20).map(group).collect(),
        users,
        deleted_users: Vec::new(),
        role_groups: Vec::new(),
        role_policies: vec![policy],
        recipients: Some(Vec::new()),
        caller: None,
        gaps: Vec::new(),
    }
}

/// `matchplan.toml`, with brakes wide enough for all links.
pub fn settings(size: Size) -> String {
    format!(
        r#"version = 1
[entra]
tenant = "contoso.onmicrosoft.com"
[[ad]]
name = "corp"
url = "ldaps://dc01.corp.contoso.com"
base_dn = "{BASE}"
user = "svc-matchplan@corp.contoso.com"
password = {{ env = "MATCHPLAN_AD_PASSWORD" }}
[sync]
synced_ous = ["{USERS}"]
[guard]
max_links = {0}
max_role_removals = {0}
max_suspended = {0}
"#,
        size.links.max(500)
    )
}

/// The match plans, each of at most 50,000 links.
pub fn match_plans(size: Size) -> Vec<String> {
    let linked: Vec<usize> = size.linked().collect();
    linked
        .chunks(50_000)
        .map(|part| {
            part.iter().fold("version = 1\n[defaults]\nroles = \"suspend\"\n".to_owned(), |mut text, at| {
                let (account, name) = (account(*at), person(size, *at).2);
                let _ =
                    write!(text, "[[link]]\nad = '{account}'\ncloud = \"{name}@contoso.com\"\nmove_to = \"{USERS}\"\n");
                text
            })
        })
        .collect()
}
