//! A narrow snapshot gives the plan that a whole one gives, byte for byte: on random worlds, over real LDAP and HTTP.

use super::scene::{STAFF, Scene, scene};
use super::{match_plan, settings};
use crate::carry;
use crate::support::{LeapingClock, Memory};
use matchplan::config::read::Config;
use matchplan::config::settings::{Cloud, Settings, TenantName};
use matchplan::directory::connected::{Access, Directories};
use matchplan::directory::entra::credential::Credential;
use matchplan::directory::entra::parts::PAYS_FROM;
use matchplan::directory::entra::sizes::Sizes;
use matchplan::directory::entra::trace::Trace;
use matchplan::directory::narrow::Narrowed;
use matchplan::lab::faults::Faults;
use matchplan::lab::graph::server::{self as graph, GraphServer, GraphServerConfig};
use matchplan::lab::ldap::server::{self as ldap, LdapServer, LdapServerConfig};
use matchplan::lab::shared::SharedWorld;
use matchplan::lab::tls::LabTls;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::lab::world::contoso::contoso;
use matchplan::lab::world::forest::AdValues;
use matchplan::lab::world::load::fill_in_ids;
use matchplan::model::anchor::Anchor;
use matchplan::model::dn::Dn;
use matchplan::model::id::{AdGuid, ObjectId, Sid};
use matchplan::plan::document::Plan;
use matchplan::plan::planner::{PlanInput, plan, plan_noting};
use matchplan::snapshot::document::{Coverage, Snapshot, Synced};
use matchplan::snapshot::question::{Asked, Question};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many users nobody asks about.
const CROWD: usize = 30;

/// Both servers, over a world that is exchanged from case to case.
pub(super) struct Served {
    pub(super) world: SharedWorld,
    pub(super) ldap: LdapServer,
    graph: GraphServer,
    tls: LabTls,
}

impl Served {
    pub(super) async fn start() -> Self {
        let world = SharedWorld::in_memory(contoso());
        let tls = LabTls::generate().unwrap();
        let config = LdapServerConfig {
            manners: matchplan::lab::manners::Manners::default(),
            world: world.clone(),
            bind_dn: "CN=svc,DC=ad,DC=test".into(),
            bind_upn: "svc@ad.test".into(),
            bind_password: "bind-pw".to_owned().into(),
            plain_port: 0,
            tls_port: 0,
            require_encryption: false,
            faults: Faults::none(),
        };
        let ldap = ldap::serve(config, &tls).await.unwrap();
        let config = GraphServerConfig {
            manners: matchplan::lab::manners::Manners::default(),
            world: world.clone(),
            port: 0,
            access_token: "lab-token".to_owned().into(),
            client_secret: "graph-secret".to_owned().into(),
            faults: Faults::none(),
        };
        let graph = graph::serve(config).await.unwrap();
        Self { world, ldap, graph, tls }
    }

    pub(super) async fn connect(&self, settings: &Settings, trace: &Memory) -> Directories<LeapingClock> {
        let base: url::Url = self.graph.url().parse().unwrap();
        let (tenant, now) = self.world.read(|world| (world.entra.tenant_id.to_string(), world.clock));
        let mut settings = settings.clone();
        settings.entra.cloud = Cloud::Custom { login: base.clone(), graph: base };
        settings.entra.tenant = TenantName::parse(&tenant).unwrap();
        let domain = settings.ad[0].name.clone();
        settings.ad[0].url = format!("ldaps://localhost:{}", self.ldap.tls.port()).parse().unwrap();
        let client = "0f0f0f0f-1111-4222-8333-444444444444".into();
        let access = Access {
            passwords: BTreeMap::from([(domain.clone(), "bind-pw".to_owned().into())]),
            authorities: BTreeMap::from([(domain, self.tls.ca_pem().as_bytes().to_vec())]),
            entra: Credential::ClientSecret { client_id: client, secret: "graph-secret".to_owned().into() },
        };
        let trace = Arc::new(Trace::new(Box::new(trace.clone())));
        Directories::connect(&settings, access, LeapingClock::at(&now.to_string()), Some(trace)).await.unwrap()
    }
}

fn input<'a>(config: &'a Config, snapshot: &'a Snapshot) -> PlanInput<'a> {
    PlanInput { skip_blocked: true, ..PlanInput::of(config, snapshot, snapshot.taken) }
}

fn questions(config: &Config, snapshot: &Snapshot) -> BTreeSet<Question> {
    let asked = Arc::new(Asked::default());
    drop(plan_noting(input(config, snapshot), &asked));
    asked.questions()
}

/// Users who have nothing to do with any link, and whom the server's account may read.
pub(super) fn crowded(mut world: World) -> World {
    let caller = contoso().entra.caller;
    world.entra.caller.permissions = caller.permissions;
    world.entra.caller.roles = caller.roles;
    for n in 0..CROWD {
        let Some(model) = world.entra.users.first().cloned() else { break };
        world.entra.users.push(CloudUser {
            id: ObjectId(uuid::Uuid::from_u128(0xC0_0000 + n as u128)),
            user_principal_name: format!("crowd{n}@x.com"),
            mail: Some(format!("crowd{n}@x.com")),
            proxy_addresses: vec![format!("SMTP:crowd{n}@x.com")],
            on_premises_immutable_id: None,
            on_premises_security_identifier: None,
            on_premises_sync_enabled: None,
            on_premises_object_identifier: None,
            ..model
        });
    }
    fill_in_ids(&mut world);
    world
}

/// Whole and narrow, read of the same world.
async fn both(served: &Served, config: &Config, trace: &Memory) -> (Snapshot, Result<Snapshot, String>) {
    let taken = served.world.read(|world| world.clock);
    let whole = served.connect(&config.settings, &Memory::default()).await.snapshot(taken, |_| ()).await.unwrap();
    let directories = served.connect(&config.settings, trace).await;
    let narrowed = directories.narrow(taken, |snapshot| questions(config, snapshot), |_| ()).await.unwrap();
    let narrow = match narrowed {
        Narrowed::Done { snapshot, .. } => Ok(*snapshot),
        Narrowed::NotEnough(why) => Err(why),
    };
    (whole, narrow)
}

fn bytes(plan: &Plan) -> String {
    plan.to_file().unwrap()
}

/// Names that nobody has, one of them close to one that somebody has.
fn misspelt(text: &str, which: u8) -> String {
    match which {
        0 => text.replacen("ad = \"bob\"", "ad = \"bobb\"", 1),
        1 => text.replacen("cloud = \"cem@", "cloud = \"cemm@", 1),
        _ => text.to_owned(),
    }
}

#[test]
fn a_narrow_snapshot_gives_the_plan_of_a_whole_one() {
    let runtime = runtime();
    let served = runtime.block_on(Served::start());
    let cases = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    let spelling = 0..6_u8;
    TestRunner::new(cases)
        .run(&(scene(), spelling), |(scene, which)| {
            let text = misspelt(&match_plan(&scene), which);
            let protect = "protect = [\"crowd7@x.com\", \"nobody@x.com\"]\n";
            let config = carry::configuration(&format!("{}{protect}", settings(scene.hold)), &text);
            let Scene { world, .. } = scene;
            served.world.write(|held| *held = crowded(world)).unwrap();
            let trace = Memory::default();
            let (whole, narrow) = runtime.block_on(both(&served, &config, &trace));
            let narrow = narrow.map_err(TestCaseError::fail)?;
            let (of_whole, of_narrow) = (plan(input(&config, &whole)), plan(input(&config, &narrow)));
            prop_assert_eq!(bytes(&of_narrow), bytes(&of_whole), "{}", text);
            prop_assert!(unfiltered(&trace).is_empty(), "{:?}", unfiltered(&trace));
            let open: Vec<Question> =
                questions(&config, &narrow).into_iter().filter(|question| !narrow.answers(question)).collect();
            prop_assert!(open.is_empty(), "{open:?}");
            Ok(())
        })
        .unwrap();
}

/// Requests for users, groups or contacts that ask for no one in particular, beyond a look whether they may be read.
fn unfiltered(trace: &Memory) -> Vec<String> {
    let mut lists = Vec::new();
    for line in trace.text().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let inner = line["request_body"]["requests"].as_array().cloned().unwrap_or_default();
        let urls = inner.iter().map(|item| item["url"].clone()).chain([line["url"].clone()]);
        for url in urls {
            let url = url.as_str().unwrap_or_default();
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            let listed = ["/users", "/groups", "/contacts"].iter().any(|list| path.ends_with(list));
            if listed && !query.contains("$filter=") && !query.contains("$top=1&") && !query.ends_with("$top=1") {
                lists.push(url.to_owned());
            }
        }
    }
    lists
}

/// So many people who are synced, and `links` more on either side who are to be linked.
fn large(synced: usize, links: usize) -> World {
    let tree = scene().new_tree(&mut TestRunner::deterministic()).unwrap();
    let mut world = crowded(tree.current().world);
    let (entry, model) = (world.ad[0].entries.iter().find(|e| e.dn.as_str().starts_with("CN=ann")), &world.entra.users);
    let (entry, model) = (entry.unwrap().clone(), model.last().unwrap().clone());
    for n in 0..synced + links {
        let guid = AdGuid(uuid::Uuid::from_u128(0xAD00_0000_0000 + n as u128));
        let sid: Sid = format!("S-1-5-21-7-7-7-{}", 2000 + n).try_into().unwrap();
        let octets: [u8; 16] =
            [u8::try_from(n % 251).unwrap(), u8::try_from(n / 251).unwrap(), 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7];
        let name = format!("many{n}");
        let is_synced = n < synced;
        let mut ad = entry.clone();
        ad.dn = Dn::parse(&format!("CN={name},{STAFF}")).unwrap();
        (ad.guid, ad.sid) = (guid, Some(sid.clone()));
        let texts = [
            ("cn", name.clone()),
            ("sAMAccountName", name.clone()),
            ("mailNickname", name.clone()),
            ("userPrincipalName", format!("{name}@x.com")),
            ("mail", format!("{name}@x.com")),
            ("proxyAddresses", format!("SMTP:{name}@x.com")),
        ];
        ad.attributes.extend(texts.map(|(attribute, value)| (attribute.to_owned(), AdValues::One(value))));
        let hex: String = matchplan::model::digest::hex(&octets);
        ad.attributes.remove("mS-DS-ConsistencyGuid");
        if is_synced {
            ad.attributes.insert("mS-DS-ConsistencyGuid".to_owned(), AdValues::Octets { hex: vec![hex] });
        }
        world.ad[0].entries.push(ad);
        world.entra.users.push(CloudUser {
            id: ObjectId(uuid::Uuid::from_u128(0xCC00_0000_0000 + n as u128)),
            user_principal_name: format!("{name}@x.com"),
            mail: Some(format!("{name}@x.com")),
            proxy_addresses: vec![format!("SMTP:{name}@x.com")],
            on_premises_sync_enabled: is_synced.then_some(true),
            on_premises_security_identifier: is_synced.then(|| sid.to_string()),
            on_premises_immutable_id: is_synced.then(|| Anchor::from_octets(&octets).unwrap().to_base64()),
            ..model.clone()
        });
    }
    world
}

fn links(range: std::ops::Range<usize>, more: &str) -> String {
    let link = |n| format!("[[link]]\nad = \"many{n}\"\ncloud = \"many{n}@x.com\"\n{more}\n");
    format!("version = 1\n{}", range.map(link).collect::<String>())
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn few_links_of_many_users_are_read_by_few_requests() {
    runtime().block_on(async {
        let (synced, wanted) = (1050, 40);
        let served = Served::start().await;
        served.world.write(|held| *held = large(synced, wanted)).unwrap();
        let soft = carry::configuration(&settings(true), &links(synced..synced + wanted, ""));
        let trace = Memory::default();
        let (whole, narrow) = both(&served, &soft, &trace).await;
        let narrow = narrow.unwrap();
        assert_eq!(bytes(&plan(input(&soft, &narrow))), bytes(&plan(input(&soft, &whole))));
        assert_eq!(unfiltered(&trace), Vec::<String>::new());
        let requests = trace.text().lines().count();
        assert!(requests < 60, "{requests} requests");
        // Besides the sample, only the links' own users were read.
        assert!(narrow.users.len() < 999 + 2 * wanted, "{}", narrow.users.len());
        assert!(narrow.domains[0].users.len() < 999 + 2 * wanted);
        let Coverage::Narrow(covered) = &narrow.coverage else { panic!("it is narrow") };
        assert_eq!(covered.synced, Some(Synced::Sample));

        // A hard match rests on the anchor: that it was proven by a sample is said, and all else is the same.
        let hard = carry::configuration(&settings(true), &links(synced..synced + 3, "match = \"hard\""));
        let (whole, narrow) = both(&served, &hard, &Memory::default()).await;
        let (of_whole, of_narrow) = (plan(input(&hard, &whole)), plan(input(&hard, &narrow.unwrap())));
        assert_eq!(of_narrow.steps, of_whole.steps);
        assert_eq!(of_narrow.links, of_whole.links);
        let more: Vec<_> = of_narrow.findings.iter().filter(|finding| !of_whole.findings.contains(finding)).collect();
        assert_eq!(more.len(), 1, "{more:#?}");
        assert!(more[0].message.contains("sample agrees"));
    });
}

#[test]
fn what_a_sample_cannot_tell_is_read_as_a_whole() {
    runtime().block_on(async {
        let served = Served::start().await;
        served.world.write(|held| *held = large(1050, 2)).unwrap();
        // The synced users show mS-DS-ConsistencyGuid.
        let wrong = settings(true).replace("[sync]", "source_anchor = \"objectGUID\"\n[sync]");
        let config = carry::configuration(&wrong, &links(1050..1052, ""));
        let (_, narrow) = both(&served, &config, &Memory::default()).await;
        assert!(narrow.unwrap_err().contains("source anchor"));
    });
}

#[test]
fn other_links_than_a_narrow_snapshot_was_read_for_have_open_questions() {
    runtime().block_on(async {
        let served = Served::start().await;
        served.world.write(|held| *held = large(20, 4)).unwrap();
        let config = |range| carry::configuration(&settings(true), &links(range, ""));
        let (_, narrow) = both(&served, &config(20..22), &Memory::default()).await;
        let narrow = narrow.unwrap();
        let open = |config: &Config| -> Vec<Question> {
            questions(config, &narrow).into_iter().filter(|question| !narrow.answers(question)).collect()
        };
        assert_eq!(open(&config(20..22)), []);
        assert_eq!(open(&config(21..22)), []);
        assert!(open(&config(22..23)).contains(&Question::AdSam("many22".to_owned())));
        // What was saved and read again says the same.
        let text = serde_json::to_string(&narrow).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), narrow);
    });
}

#[test]
fn parts_side_by_side_are_all_users_or_are_not_taken_for_them() {
    runtime().block_on(async {
        let served = Served::start().await;
        let mut world = large(30, 5);
        for (n, name) in ["0zero@x.com", "_under@x.com", "o'neil@x.com", "ZED@x.com"].into_iter().enumerate() {
            let model = world.entra.users.last().unwrap().clone();
            let id = ObjectId(uuid::Uuid::from_u128(0xFA_0000 + n as u128));
            world.entra.users.push(CloudUser { id, user_principal_name: name.to_owned(), ..model });
        }
        served.world.write(|held| *held = world.clone()).unwrap();
        let config = carry::configuration(&settings(true), "version = 1\n");
        let directories = served.connect(&config.settings, &Memory::default()).await;
        let in_parts = directories.graph().users_in_parts(&|_| ()).await.unwrap().unwrap();
        let taken = served.world.read(|world| world.clock);
        let whole = directories.snapshot(taken, |_| ()).await.unwrap();
        let plain = whole.users.iter().map(|user| {
            let mut user = user.clone();
            (user.object_identifier, user.cloud_managed) = (None, None);
            user
        });
        assert_eq!(in_parts.into_values().collect::<Vec<_>>(), plain.collect::<Vec<_>>());
        // A tenant that is said to be large is read in parts, and comes out the same.
        let sizes = Sizes { users: Some(PAYS_FROM), ..Sizes::default() };
        let trace = Memory::default();
        let again = served.connect(&config.settings, &trace).await;
        let collected = again.graph().collect_sized(sizes, &|_| ()).await.unwrap();
        assert_eq!(collected.users, whole.users);
        assert!(trace.text().contains("startswith"));
        // A name that begins with something else is in no part.
        let odd = CloudUser { user_principal_name: "\u{e9}mile@x.com".to_owned(), ..world.entra.users[0].clone() };
        let odd = CloudUser { id: ObjectId(uuid::Uuid::from_u128(0xFB)), ..odd };
        served.world.write(|held| held.entra.users.push(odd)).unwrap();
        let why = directories.graph().users_in_parts(&|_| ()).await.unwrap().unwrap_err();
        assert!(why.contains("tenant counts"), "{why}");
        let collected = directories.graph().collect_sized(sizes, &|_| ()).await.unwrap();
        assert_eq!(collected.users.len(), whole.users.len() + 1);
    });
}
