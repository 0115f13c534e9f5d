//! The adapters against the lab's servers: LDAP over TLS and StartTLS, Graph with a client secret.

mod faults;
mod half;
mod on_demand;

use crate::support::LeapingClock;
use matchplan::config::settings::{
    AdSettings, Bind, Cloud, CredentialKind, EntraSettings, GraphLimits, Guard, SecretSource, Settings, SyncSettings,
    TenantName,
};
use matchplan::directory::collect::Progress;
use matchplan::directory::connected::{Access, Directories};
use matchplan::directory::entra::assertion::SigningCertificate;
use matchplan::directory::entra::cloud::Endpoints;
use matchplan::directory::entra::credential::Credential;
use matchplan::directory::entra::http::Graph;
use matchplan::directory::error::{DirectoryError, ErrorKind};
use matchplan::directory::port::{ReadAd as _, ReadEntra as _, WriteAd as _, WriteEntra as _};
use matchplan::lab::faults::Faults;
use matchplan::lab::graph::server::{self as graph, GraphServer, GraphServerConfig};
use matchplan::lab::ldap::server::{self as ldap, LdapServer, LdapServerConfig};
use matchplan::lab::shared::SharedWorld;
use matchplan::lab::tls::LabTls;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::group::GroupSchedule;
use matchplan::lab::world::cloud::pim::{AccessId, AssignmentType, RoleSchedule, ScheduleId};
use matchplan::lab::world::contoso::contoso;
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::model::ad::AdUser;
use matchplan::model::anchor::{Anchor, ImmutableId, SourceAnchor};
use matchplan::model::attribute::{AdAttribute, AttributeChange};
use matchplan::model::dn::Dn;
use matchplan::model::recipient::AdHolderKind;
use matchplan::model::reference::AdRef;
use matchplan::model::role::{GLOBAL_ADMINISTRATOR, Holding, PolicySubject, RoleAssignment, RoleKind};
use matchplan::snapshot::document::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

const CLIENT_ID: &str = "0f0f0f0f-1111-4222-8333-444444444444";
const BIND_DN: &str = "CN=svc-matchplan,OU=Service Accounts,DC=corp,DC=contoso,DC=com";
const BIND_UPN: &str = "svc-matchplan@corp.contoso.com";

/// Both servers over one world.
struct Lab {
    world: SharedWorld,
    ldap: LdapServer,
    graph: GraphServer,
    tls: LabTls,
}

/// How a test differs from the usual way in.
struct Way {
    url: String,
    starttls: bool,
    trusted: bool,
    user: &'static str,
    password: &'static str,
    secret: &'static str,
}

impl Lab {
    async fn over(world: World) -> Self {
        Self::with(world, Faults::none()).await
    }

    async fn with(world: World, faults: Faults) -> Self {
        let world = SharedWorld::in_memory(world);
        let tls = LabTls::generate().unwrap();
        let config = LdapServerConfig {
            world: world.clone(),
            bind_dn: BIND_DN.into(),
            bind_upn: BIND_UPN.into(),
            bind_password: "bind-pw".to_owned().into(),
            plain_port: 0,
            tls_port: 0,
            require_encryption: false,
            faults: faults.clone(),
            manners: matchplan::lab::manners::Manners::default(),
        };
        let ldap = ldap::serve(config, &tls).await.unwrap();
        let config = GraphServerConfig {
            world: world.clone(),
            port: 0,
            access_token: "lab-token".to_owned().into(),
            client_secret: "graph-secret".to_owned().into(),
            faults,
            manners: matchplan::lab::manners::Manners::default(),
        };
        let graph = graph::serve(config).await.unwrap();
        Self { world, ldap, graph, tls }
    }

    fn usual(&self) -> Way {
        Way {
            url: format!("ldaps://localhost:{}", self.ldap.tls.port()),
            starttls: false,
            trusted: true,
            user: BIND_UPN,
            password: "bind-pw",
            secret: "graph-secret",
        }
    }

    async fn connect(&self, way: Way) -> Result<Directories<LeapingClock>, DirectoryError> {
        let base: url::Url = self.graph.url().parse().unwrap();
        let tenant = self.world.read(|world| world.entra.tenant_id.to_string());
        let settings = Settings {
            entra: EntraSettings {
                tenant: TenantName::parse(&tenant).unwrap(),
                cloud: Cloud::Custom { login: base.clone(), graph: base },
                credential: CredentialKind::AzureCli,
                limits: GraphLimits::default(),
            },
            ad: vec![AdSettings {
                name: "corp".into(),
                url: way.url.parse().unwrap(),
                starttls: way.starttls,
                allow_plain: false,
                ca_file: None,
                base_dn: Dn::parse("DC=corp,DC=contoso,DC=com").unwrap(),
                bind: Bind::Simple { user: way.user.into(), password: SecretSource::Prompt },
                source_anchor: SourceAnchor::default(),
            }],
            sync: SyncSettings::default(),
            guard: Guard::default(),
            plan_ttl: Settings::DEFAULT_PLAN_TTL,
            state: Settings::DEFAULT_STATE.into(),
        };
        let authority = way.trusted.then(|| ("corp".into(), self.tls.ca_pem().as_bytes().to_vec()));
        let access = Access {
            passwords: BTreeMap::from([("corp".into(), way.password.to_owned().into())]),
            authorities: authority.into_iter().collect(),
            entra: Credential::ClientSecret { client_id: CLIENT_ID.into(), secret: way.secret.to_owned().into() },
        };
        Directories::connect(&settings, access, LeapingClock::at(&self.now().to_string()), None).await
    }

    /// The world's own time, which PIM's terms are about.
    fn now(&self) -> jiff::Timestamp {
        self.world.read(|world| world.clock)
    }

    async fn connected(&self) -> Directories<LeapingClock> {
        self.connect(self.usual()).await.unwrap()
    }
}

#[tokio::test]
async fn a_client_certificate_signs_in() {
    let lab = Lab::over(contoso()).await;
    let base: url::Url = lab.graph.url().parse().unwrap();
    let tenant = lab.world.read(|world| world.entra.tenant_id.to_string());
    let endpoints = Endpoints::of(&EntraSettings {
        tenant: TenantName::parse(&tenant).unwrap(),
        cloud: Cloud::Custom { login: base.clone(), graph: base },
        credential: CredentialKind::AzureCli,
        limits: GraphLimits::default(),
    });
    let key = include_str!("../fixtures/client-certificate/key-pkcs8.pem").to_owned().into();
    let certificate = include_str!("../fixtures/client-certificate/certificate.pem");
    let certificate = Box::new(SigningCertificate::from_pem(certificate, &key).unwrap());
    let credential = Credential::ClientCertificate { client_id: CLIENT_ID.into(), certificate };
    // An assertion is for now, and the lab looks at the machine's clock.
    let clock = LeapingClock::at(&jiff::Timestamp::now().to_string());
    let graph = Graph::new(endpoints.unwrap(), credential, clock, None).unwrap();
    assert!(!graph.global_administrators().await.unwrap().is_empty());
}

async fn snapshot(directories: &Directories<LeapingClock>) -> Snapshot {
    directories.snapshot("2026-09-01T10:00:00Z".parse().unwrap(), |_: Progress| ()).await.unwrap()
}

/// The first AD user that has an address, and nobody's special case.
fn somebody(snapshot: &Snapshot) -> AdUser {
    let users = &snapshot.domains[0].users;
    users.iter().find(|user| user.mail.is_some() && user.proxy_addresses.len() >= 2).unwrap().clone()
}

fn change(attribute: AdAttribute, expects: &[String], sets: &[String]) -> AttributeChange {
    AttributeChange { attribute, expects: expects.to_vec(), sets: sets.to_vec() }
}

#[tokio::test]
async fn a_snapshot_holds_both_directories_as_the_world_has_them() {
    let lab = Lab::over(contoso()).await;
    let snapshot = snapshot(&lab.connected().await).await;
    assert_eq!(snapshot.gaps, [], "the lab's caller may see everything");
    let domain = &snapshot.domains[0];
    assert_eq!((domain.dns_name.as_str(), domain.server.is_empty()), ("corp.contoso.com", false));
    assert!(domain.upn_suffixes.contains(&"contoso.com".to_owned()), "{:?}", domain.upn_suffixes);
    lab.world.read(|world| {
        assert_eq!(snapshot.users.len(), world.entra.users.len());
        assert_eq!(snapshot.deleted_users.len(), world.entra.deleted_users.len());
        assert_eq!(snapshot.holders.len(), world.entra.groups.len() + world.entra.contacts.len());
        let roles = |kind| snapshot.roles.iter().filter(|role| role.kind == kind).count();
        assert_eq!(roles(RoleKind::Eligible), world.entra.role_eligibility_schedules.len());
        assert_eq!(roles(RoleKind::Activated), world.entra.role_assignment_schedules.len());
        assert_eq!(roles(RoleKind::Active), world.entra.role_assignments.len());
        assert_eq!(snapshot.caller.as_ref().unwrap().id, world.entra.caller.id);
        assert_eq!(snapshot.tenant.features.unwrap().password_sync, world.entra.features.password_sync_enabled);
        for user in &domain.users {
            let entry = world.ad[0].entries.iter().find(|entry| entry.guid == user.guid).unwrap();
            assert_eq!((&entry.dn, entry.sid.as_ref()), (&user.dn, Some(&user.sid)));
        }
    });
    assert!(snapshot.roles.iter().all(|role| !role.grant.role_name.is_empty()));
    assert!(domain.users.len() > 30 && domain.users.iter().all(|user| !user.sam.as_str().ends_with('$')));
    let octets = |user: &AdUser| user.consistency_guid.as_ref().map(|octets| octets.0.len());
    assert!(domain.users.iter().any(|user| octets(user) == Some(16)));
}

#[tokio::test]
async fn every_way_in_works_and_every_wrong_one_says_why() {
    let lab = Lab::over(contoso()).await;
    let plain = format!("ldap://localhost:{}", lab.ldap.plain.port());
    for way in [
        Way { user: BIND_DN, ..lab.usual() },
        Way { url: plain.clone(), starttls: true, ..lab.usual() },
        Way { url: plain.clone(), ..lab.usual() },
        Way { url: format!("ldaps://127.0.0.1:{}", lab.ldap.tls.port()), ..lab.usual() },
    ] {
        lab.connect(way).await.unwrap();
    }
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (way, kind, hint) in [
        (Way { password: "wrong", ..lab.usual() }, ErrorKind::Unauthenticated, "UPN"),
        (Way { password: "", ..lab.usual() }, ErrorKind::Unauthenticated, "password"),
        (Way { trusted: false, ..lab.usual() }, ErrorKind::Untrusted, "ca_file"),
        (Way { trusted: false, url: plain, starttls: true, ..lab.usual() }, ErrorKind::Untrusted, "ca_file"),
        (Way { secret: "wrong", ..lab.usual() }, ErrorKind::Unauthenticated, "secret"),
        (Way { url: "ldap://dc.example:389".into(), ..lab.usual() }, ErrorKind::Refused, "starttls"),
        (Way { url: "ldap://localhost:3268".into(), ..lab.usual() }, ErrorKind::Refused, "636"),
        (Way { url: format!("ldaps://{free}"), ..lab.usual() }, ErrorKind::Unreachable, ""),
    ] {
        let (url, error) = (way.url.clone(), lab.connect(way).await.err().unwrap());
        assert_eq!(error.kind, kind, "{url}: {error}");
        assert!(error.hint.clone().unwrap_or_default().contains(hint), "{url}: {error:?}");
        assert!(!format!("{error:?}").contains("bind-pw"));
    }
}

#[tokio::test]
async fn more_users_than_a_page_and_more_addresses_than_a_range_come_whole() {
    let mut world = contoso();
    let template = world.ad[0].entries.iter().find(|entry| entry.attributes.contains_key("userPrincipalName")).unwrap();
    let template = template.clone();
    let before = world.ad[0].entries.len();
    for n in 0..2_100u32 {
        let mut entry = template.clone();
        entry.dn = Dn::parse(&format!("CN=Extra {n},OU=Staging,DC=corp,DC=contoso,DC=com")).unwrap();
        entry.guid = format!("00000000-0000-4000-8000-{n:012}").parse().unwrap();
        entry.sid = Some(format!("S-1-5-21-1-2-3-{}", 50_000 + n).parse().unwrap());
        entry.attributes.insert("sAMAccountName".into(), AdValues::One(format!("extra{n}")));
        entry.attributes.insert("userPrincipalName".into(), AdValues::One(format!("extra{n}@contoso.com")));
        entry.attributes.remove("proxyAddresses");
        entry.attributes.remove("mail");
        world.ad[0].entries.push(entry);
    }
    let many: Vec<String> = (0..3_200).map(|n| format!("smtp:alias{n}@contoso.com")).collect();
    world.ad[0].entries[before].attributes.insert("proxyAddresses".into(), AdValues::Many(many));
    let guid = world.ad[0].entries[before].guid;
    let lab = Lab::over(world).await;
    let directories = lab.connected().await;
    let domain = directories.domains()[0].snapshot().await.unwrap();
    let extra = domain.users.iter().filter(|user| user.sam.as_str().starts_with("extra")).count();
    assert_eq!(extra, 2_100);
    let one = directories.ad_user(&"corp".into(), guid).await.unwrap().unwrap();
    assert_eq!(one.proxy_addresses.len(), 3_200);
    assert_eq!(domain.users.iter().find(|user| user.guid == guid), Some(&one));
}

fn entry(rdn: &str, number: u32, classes: &[&str], attributes: &[(&str, AdValues)]) -> AdEntry {
    let mut all: BTreeMap<String, AdValues> =
        attributes.iter().map(|(name, values)| ((*name).to_owned(), values.clone())).collect();
    let classes = classes.iter().map(ToString::to_string).collect();
    all.insert("objectClass".into(), AdValues::Many(classes));
    AdEntry {
        dn: Dn::parse(&format!("CN={rdn},OU=Staging,DC=corp,DC=contoso,DC=com")).unwrap(),
        guid: format!("00000000-0000-4000-9000-{number:012}").parse().unwrap(),
        sid: None,
        attributes: all,
    }
}

#[tokio::test]
async fn whatever_has_an_address_and_is_no_account_is_read_whole() {
    let mut world = contoso();
    let one = |text: &str| AdValues::One(text.to_owned());
    let many: Vec<String> = (0..1_700).map(|n| format!("smtp:list{n}@contoso.com")).collect();
    let person = ["top", "person", "organizationalPerson"];
    let contact: Vec<&str> = person.iter().copied().chain(["contact"]).collect();
    let computer: Vec<&str> = person.iter().copied().chain(["user", "computer"]).collect();
    world.ad[0].entries.extend([
        entry(
            "Everybody",
            1,
            &["top", "group"],
            &[
                ("sAMAccountName", one("Everybody")),
                ("proxyAddresses", AdValues::Many(many)),
                ("mailNickname", one("all")),
            ],
        ),
        entry(
            "Fabrikam Support",
            2,
            &contact,
            &[("displayName", one("Support at Fabrikam")), ("targetAddress", one("SMTP:support@fabrikam.com"))],
        ),
        entry("PC1", 3, &computer, &[("sAMAccountName", one("PC1$")), ("mail", one("pc1@contoso.com"))]),
        entry("Silent", 4, &["top", "group"], &[("sAMAccountName", one("Silent"))]),
    ]);
    let lab = Lab::over(world).await;
    let domain = lab.connected().await.domains()[0].snapshot().await.unwrap();
    let ours: Vec<_> = domain.holders.iter().filter(|holder| holder.guid.to_string().contains("-4000-9000-")).collect();
    let [everybody, support] = ours[..] else { panic!("{ours:?}") };
    assert_eq!((everybody.kind, everybody.name.as_str()), (AdHolderKind::Group, "Everybody"));
    assert_eq!((everybody.proxy_addresses.len(), everybody.mail_nickname.as_deref()), (1_700, Some("all")));
    assert_eq!((support.kind, support.name.as_str()), (AdHolderKind::Contact, "Support at Fabrikam"));
    assert_eq!(support.target_address.as_deref(), Some("SMTP:support@fabrikam.com"));
    let users: std::collections::BTreeSet<_> = domain.users.iter().map(|user| user.guid).collect();
    assert!(domain.holders.iter().all(|holder| !users.contains(&holder.guid)));
}

#[tokio::test]
async fn a_write_goes_through_only_where_the_old_values_still_stand() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connected().await;
    let user = somebody(&snapshot(&directories).await);
    let reference = AdRef::from(&user);
    let before = user.proxy_addresses.to_strings();
    let mut wanted = user.proxy_addresses.clone();
    wanted.set_primary("brand.new@contoso.com");
    let addresses = change(AdAttribute::ProxyAddresses, &before, &wanted.to_strings());
    let mail = change(AdAttribute::Mail, &AdAttribute::Mail.of(&user), &["brand.new@contoso.com".into()]);
    directories.modify(&reference, &[addresses.clone(), mail.clone()]).await.unwrap();
    let after = directories.ad_user(&user.domain, user.guid).await.unwrap().unwrap();
    assert_eq!(AdAttribute::ProxyAddresses.of(&after), wanted.to_strings());
    assert_eq!(after.proxy_addresses.primary(), Some("brand.new@contoso.com"));

    // The same again finds the old values gone, and changes nothing of either attribute.
    let error = directories.modify(&reference, &[mail.clone(), addresses.clone()]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Changed, "{error}");
    assert_eq!(directories.ad_user(&user.domain, user.guid).await.unwrap(), Some(after));

    // And back, byte for byte: only the case of one letter and the primary mark differ on the way.
    directories.modify(&reference, &[addresses.inverse(), mail.inverse()]).await.unwrap();
    assert_eq!(directories.ad_user(&user.domain, user.guid).await.unwrap(), Some(user.clone()));
    let shouted = change(AdAttribute::Mail, &AdAttribute::Mail.of(&user), &[user.mail.clone().unwrap().to_uppercase()]);
    directories.modify(&reference, std::slice::from_ref(&shouted)).await.unwrap();
    let loud = directories.ad_user(&user.domain, user.guid).await.unwrap().unwrap();
    assert_eq!(loud.mail, user.mail.map(|mail| mail.to_uppercase()));
}

#[tokio::test]
async fn a_upn_that_another_user_has_is_refused() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connected().await;
    let snapshot = snapshot(&directories).await;
    let with_upn: Vec<&AdUser> = snapshot.domains[0].users.iter().filter(|user| user.upn.is_some()).collect();
    let taken = AdAttribute::UserPrincipalName.of(with_upn[1]);
    let wish = change(AdAttribute::UserPrincipalName, &AdAttribute::UserPrincipalName.of(with_upn[0]), &taken);
    let error = directories.modify(&AdRef::from(with_upn[0]), &[wish]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn a_move_keeps_guid_and_present_name() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connected().await;
    let user = somebody(&snapshot(&directories).await);
    // Somebody has renamed the user since the plan was made.
    let mut planned = AdRef::from(&user);
    planned.dn = Dn::parse("CN=Old Name,OU=Staging,DC=corp,DC=contoso,DC=com").unwrap();
    let parent = Dn::parse("OU=Admins,DC=corp,DC=contoso,DC=com").unwrap();
    directories.move_under(&planned, &parent).await.unwrap();
    let moved = directories.ad_user(&user.domain, user.guid).await.unwrap().unwrap();
    assert_eq!(moved.dn, user.dn.moved_to(&parent));
    directories.move_under(&planned, &parent).await.unwrap();

    let nowhere = Dn::parse("OU=Nowhere,DC=corp,DC=contoso,DC=com").unwrap();
    let error = directories.move_under(&planned, &nowhere).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    planned.guid = "00000000-0000-0000-0000-00000000dead".parse().unwrap();
    assert_eq!(directories.move_under(&planned, &parent).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(directories.ad_user(&planned.domain, planned.guid).await.unwrap(), None);
}

#[tokio::test]
async fn anchors_are_set_found_and_cleared() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connected().await;
    let snapshot = snapshot(&directories).await;
    let holders: Vec<_> = snapshot.roles.iter().map(|role| role.principal).collect();
    let cloud = |user: &&matchplan::model::entra::EntraUser| {
        !user.is_synced() && user.immutable_id.is_none() && !holders.contains(&user.id)
    };
    let user = snapshot.users.iter().find(cloud).unwrap();
    let anchor = Anchor::from_base64("iGhmiAEBERG7uxI0VniQqw==").unwrap();
    let (anchor, sid) = (ImmutableId::from(anchor), "S-1-5-21-9-9-9-9".parse().unwrap());
    assert_eq!(directories.users_with(&anchor, &sid).await.unwrap(), []);
    directories.set_immutable_id(user.id, Some(&anchor)).await.unwrap();
    let read = directories.entra_user(user.id).await.unwrap().unwrap();
    assert_eq!(read.immutable_id, Some(anchor.clone()));
    let found = directories.users_with(&anchor, &sid).await.unwrap();
    assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [user.id]);
    directories.set_immutable_id(user.id, None).await.unwrap();
    assert_eq!(directories.entra_user(user.id).await.unwrap().as_ref(), Some(user));
}

/// Contoso with every further way to hold a role: for a time, later, and through a group in readiness or for a time.
fn administrators() -> World {
    let mut world = contoso();
    let at = |text: &str| Some(text.parse().unwrap());
    let holds = |id| world.entra.role_assignments.iter().any(|role| role.principal_id == id);
    let free = world.entra.users.iter().filter(|user| user.on_premises_sync_enabled.is_none() && !holds(user.id));
    let free: Vec<_> = free.map(|user| user.id).take(4).collect();
    let mut schedule = world.entra.role_eligibility_schedules[0].clone();
    schedule.end_date_time = None;
    let role = |n: u8, principal, start, end| RoleSchedule {
        id: ScheduleId(format!("schedule-{n}")),
        principal_id: principal,
        start_date_time: start,
        end_date_time: end,
        ..schedule.clone()
    };
    let until = role(1, free[0], at("2026-08-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let later = role(2, free[1], at("2026-10-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let member = |n: u8, principal, end| GroupSchedule {
        id: ScheduleId(format!("member-{n}")),
        principal_id: principal,
        access_id: AccessId::Member,
        assignment_type: AssignmentType::Assigned,
        start_date_time: at("2026-08-01T00:00:00Z"),
        end_date_time: end,
    };
    let (ready, for_a_time) = (member(1, free[2], None), member(2, free[3], at("2027-01-01T00:00:00Z")));
    world.entra.role_assignment_schedules.extend([until, later]);
    let group = world.entra.groups.iter_mut().find(|group| group.is_assignable_to_role).unwrap();
    group.eligibility_schedules.push(ready);
    group.assignment_schedules.push(for_a_time);
    world
}

// rule: 3.6-scope, 3.6-new-id, 3.6-time-bound, 3.6-eligible
#[tokio::test]
async fn every_kind_of_holding_is_taken_and_comes_back_with_its_term() {
    let lab = Lab::over(administrators()).await;
    let directories = lab.connected().await;
    let snapshot = snapshot(&directories).await;
    let mut seen = BTreeSet::new();
    for user in snapshot.users.iter().map(|user| user.id) {
        let before = directories.holdings_of(user).await.unwrap();
        assert_eq!(before, snapshot.holdings_of(user), "one user is read as all are");
        for holding in &before {
            if holding.grants_global_administrator() {
                continue;
            }
            assert_eq!(directories.missing_for(holding).await.unwrap(), None, "{holding}");
            directories.take(holding).await.unwrap();
            let without = directories.holdings_of(user).await.unwrap();
            assert!(!without.iter().any(|live| holding.same_as(live)), "{holding} is gone: {without:?}");
            let again = directories.take(holding).await.unwrap_err();
            assert_eq!(again.kind, ErrorKind::NotFound, "{holding}: {again:?}");
            if !holding.comes_back() {
                assert_eq!(directories.give(holding).await.unwrap_err().kind, ErrorKind::Refused);
                seen.insert("activated");
                continue;
            }
            directories.give(holding).await.unwrap();
            let after = directories.holdings_of(user).await.unwrap();
            let back =
                after.iter().find(|live| holding.same_as(live)).unwrap_or_else(|| panic!("{holding}: {after:?}"));
            assert_eq!((back.ends(), without.len() + 1), (holding.ends(), after.len()));
            let ahead = holding.starts().filter(|start| *start > lab.now());
            assert!(ahead.is_none() || back.starts() == ahead, "{holding} begins when it would have begun");
            let again = directories.give(holding).await.unwrap_err();
            assert_eq!(again.kind, ErrorKind::Refused, "{holding}: {again}");
            seen.insert(match (holding, holding.kind(), holding.ends().is_some(), ahead.is_some()) {
                (_, _, _, true) => "later",
                (Holding::Role(_), RoleKind::Eligible, ends, _) => {
                    if ends {
                        "eligible with an end"
                    } else {
                        "eligible"
                    }
                }
                (Holding::Role(_), _, ends, _) => {
                    if ends {
                        "with an end"
                    } else {
                        "for good"
                    }
                }
                (Holding::Group(_), RoleKind::Eligible, _, _) => "eligible member",
                (Holding::Group(_), _, ends, _) => {
                    if ends {
                        "member with an end"
                    } else {
                        "member"
                    }
                }
            });
        }
    }
    let all = [
        "activated",
        "eligible",
        "eligible member",
        "eligible with an end",
        "for good",
        "later",
        "member",
        "member with an end",
        "with an end",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

#[tokio::test]
async fn global_administrators_are_counted_and_a_restored_role_has_a_new_id() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connected().await;
    let snapshot = snapshot(&directories).await;
    let is_plain =
        |role: &&RoleAssignment| role.kind == RoleKind::Active && role.grant.directory_scope.as_deref() != Some("/");
    let scoped = Holding::Role(snapshot.roles.iter().find(is_plain).unwrap().clone());
    directories.take(&scoped).await.unwrap();
    directories.give(&scoped).await.unwrap();
    let after = directories.holdings_of(scoped.user()).await.unwrap();
    assert!(after.iter().find(|live| scoped.same_as(live)).unwrap().id() != scoped.id());

    let administrators = directories.global_administrators().await.unwrap();
    let is_global = |role: &&RoleAssignment| role.grant.role.as_str() == GLOBAL_ADMINISTRATOR;
    let mut expected: Vec<_> = snapshot.roles.iter().filter(is_global).map(|role| role.principal).collect();
    expected.retain(|id| snapshot.users.iter().any(|user| user.id == *id));
    expected.sort();
    expected.dedup();
    assert_eq!(administrators.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
    assert!(!expected.is_empty());
}

#[tokio::test]
async fn a_role_group_is_read_with_everything_that_leaving_it_takes() {
    let lab = Lab::over(administrators()).await;
    let snapshot = snapshot(&lab.connected().await).await;
    let [group] = &snapshot.role_groups[..] else { panic!("{:?}", snapshot.role_groups) };
    let of = |what: &str| group.uses.iter().filter(|words| words.contains(what)).count();
    assert_eq!((of("licence"), of("Contoso Ticketing"), of("Block sign-in"), group.uses.len()), (1, 1, 1, 3));
    assert!(group.members.len() >= 3 && group.owners.len() == 1, "{group:?}");
    let governed: Vec<&PolicySubject> = snapshot.role_policies.iter().map(|policy| &policy.subject).collect();
    assert!(governed.contains(&&PolicySubject::Group(group.id)));
    for role in &snapshot.roles {
        assert!(governed.contains(&&PolicySubject::Role(role.grant.role.clone())), "{}", role.grant);
    }
    let exchange = snapshot.roles.iter().find(|role| role.grant.role_name == "Exchange Administrator").unwrap();
    let subject = PolicySubject::Role(exchange.grant.role.clone());
    let policy = snapshot.role_policies.iter().find(|policy| policy.subject == subject).unwrap();
    assert!(policy.eligible.expiration_required && policy.eligible.justification);
    assert_eq!(policy.eligible.longest.as_deref(), Some("P365D"));
}

#[tokio::test]
async fn a_scope_a_role_or_a_group_that_was_deleted_is_named() {
    let lab = Lab::over(administrators()).await;
    let directories = lab.connected().await;
    let snapshot = snapshot(&directories).await;
    let mut all = snapshot.users.iter().flat_map(|user| snapshot.holdings_of(user.id));
    let scope_of = |holding: &Holding| match holding {
        Holding::Role(role) => role.grant.directory_scope.clone().unwrap_or_default(),
        Holding::Group(_) => String::new(),
    };
    let scoped = all.clone().find(|holding| scope_of(holding).starts_with("/administrativeUnits/")).unwrap();
    let custom = |holding: &Holding| matches!(holding, Holding::Role(role) if role.grant.role_name.contains("Contoso"));
    let custom = all.clone().find(custom).unwrap();
    let member = all.find(|holding| matches!(holding, Holding::Group(_))).unwrap();
    lab.world
        .write(|world| {
            world.entra.administrative_units.clear();
            world.entra.role_definitions.retain(|role| !role.display_name.contains("Contoso"));
            world.entra.groups.retain(|group| !group.is_assignable_to_role);
        })
        .unwrap();
    for (holding, words) in
        [(scoped, "administrative unit"), (custom, "Contoso Licence Auditor"), (member, "the group Tier 1")]
    {
        let missing = directories.missing_for(&holding).await.unwrap().unwrap();
        assert!(missing.contains(words), "{missing}");
    }
}

#[tokio::test]
async fn a_domain_controller_that_came_back_is_read_again() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connected().await;
    let user = somebody(&snapshot(&directories).await);
    let port = lab.ldap.tls.port();
    lab.ldap.stop();
    let gone = directories.ad_user(&user.domain, user.guid).await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::Unreachable, "{gone}");
    let nothing = AttributeChange { attribute: AdAttribute::Mail, expects: vec![], sets: vec!["x@contoso.com".into()] };
    let write = directories.modify(&AdRef::from(&user), &[nothing]).await.unwrap_err();
    assert_eq!(write.kind, ErrorKind::Unreachable, "{write}");
    let config = LdapServerConfig {
        world: lab.world.clone(),
        bind_dn: BIND_DN.into(),
        bind_upn: BIND_UPN.into(),
        bind_password: "bind-pw".to_owned().into(),
        plain_port: 0,
        tls_port: port,
        require_encryption: false,
        faults: Faults::none(),
        manners: matchplan::lab::manners::Manners::default(),
    };
    let _again = ldap::serve(config, &lab.tls).await.unwrap();
    assert_eq!(directories.ad_user(&user.domain, user.guid).await.unwrap(), Some(user));
}

/// Whoever asks at the same moment goes together; whoever asks alone goes alone.
#[tokio::test]
async fn what_is_asked_at_the_same_moment_goes_in_batches() {
    let lab = Lab::over(contoso()).await;
    let directories = lab.connect(lab.usual()).await.unwrap();
    let ids: Vec<_> = lab.world.read(|world| world.entra.users.iter().map(|user| user.id).collect());
    let before = directories.graph().spent();
    let one_by_one = directories.entra_marks(ids[0]).await.unwrap();
    assert_eq!((directories.graph().spent() - before).requests, 1);
    let before = directories.graph().spent();
    let all = futures_util::future::join_all(ids.iter().map(|id| directories.entra_marks(*id))).await;
    let spent = directories.graph().spent() - before;
    assert_eq!(spent.requests, ids.len().div_ceil(20) as u64, "{} users", ids.len());
    assert_eq!(spent.inner, ids.len() as u64);
    assert_eq!(all[0].as_ref().unwrap(), &one_by_one);
    for (id, user) in ids.iter().zip(all) {
        assert_eq!(user.unwrap().map(|user| user.id), Some(*id));
    }
    // All roles at once are the roles of each.
    let mut single = BTreeMap::new();
    for id in &ids {
        single.insert(*id, directories.holdings_of(*id).await.unwrap());
    }
    single.retain(|_, held| !held.is_empty());
    assert!(ids.len() > 20 && single.len() > 3);
    assert_eq!(directories.holdings_of_all(&ids).await.unwrap(), single);
}
