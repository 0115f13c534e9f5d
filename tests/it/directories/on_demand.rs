//! Single users that Cloud Sync provisions on demand, over the lab's HTTP.

use super::{CLIENT_ID, Lab};
use crate::support::LeapingClock;
use jiff::SignedDuration;
use matchplan::config::settings::{Cloud, CredentialKind, EntraSettings, GraphLimits, OnDemand, TenantName};
use matchplan::directory::entra::cloud::Endpoints;
use matchplan::directory::entra::credential::Credential;
use matchplan::directory::entra::http::Graph;
use matchplan::directory::entra::on_demand::Provisioning;
use matchplan::directory::error::ErrorKind;
use matchplan::directory::port::Provisioned;
use matchplan::lab::world::World;
use matchplan::lab::world::contoso::contoso;
use matchplan::lab::world::sync::CloudSync;
use matchplan::model::dn::Dn;
use matchplan::model::id::SyncId;
use std::sync::Arc;

const PRINCIPAL: &str = "00000000-0000-4000-8000-00000000c5c5";
const JOB: &str = "AD2AADProvisioning.a948e1d58215475cb76a66f39959b21a.791b065b";
const RULE: &str = "6c409270-f78a-4bc6-af23-7cf3ab6482fe";
const ANNA: &str = "anna.smith@contoso.com";
const STAGED: &str = "CN=Anna Smith,OU=Staging,DC=corp,DC=contoso,DC=com";
const IN_SCOPE: &str = "CN=Anna Smith,OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";

fn world() -> World {
    let mut world = contoso();
    let (job, rule) = (JOB.to_owned(), RULE.to_owned());
    world.sync.cloud_sync = Some(CloudSync { service_principal: PRINCIPAL.parse().unwrap(), job, rule });
    world.entra.caller.permissions.push("Synchronization.ReadWrite.All".to_owned());
    world
}

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn job(principal: &str, [job, rule]: [Option<&str>; 2]) -> Provisioning {
    let id = |text: &str| SyncId::try_from(text.to_owned()).unwrap();
    let service_principal = principal.parse().unwrap();
    Provisioning::new(OnDemand { service_principal, job: job.map(id), rule: rule.map(id) })
}

fn graph_of(lab: &Lab) -> (Graph<LeapingClock>, Arc<LeapingClock>) {
    let base: url::Url = lab.graph.url().parse().unwrap();
    let tenant = lab.world.read(|world| world.entra.tenant_id.to_string());
    let endpoints = Endpoints::of(&EntraSettings {
        tenant: TenantName::parse(&tenant).unwrap(),
        cloud: Cloud::Custom { login: base.clone(), graph: base },
        credential: CredentialKind::AzureCli,
        limits: GraphLimits::default(),
    });
    let secret = "graph-secret".to_owned().into();
    let credential = Credential::ClientSecret { client_id: CLIENT_ID.into(), secret };
    let clock = LeapingClock::at(&lab.now().to_string());
    (Graph::new(endpoints.unwrap(), credential, Arc::clone(&clock), None).unwrap(), clock)
}

#[tokio::test]
async fn one_user_is_provisioned_and_nobody_else() {
    let lab = Lab::over(world()).await;
    let (graph, _) = graph_of(&lab);
    let job = job(PRINCIPAL, [None, None]);
    let Provisioned::Refused(why) = job.provision(&graph, &dn(STAGED)).await.unwrap() else { panic!("not left out") };
    assert!(why.starts_with("left out: NotEffectivelyEntitled: "), "{why}");
    let before = lab.world.read(Clone::clone);
    lab.world
        .write(|world| {
            let entry = world.ad[0].entries.iter_mut().find(|entry| entry.dn == dn(STAGED)).unwrap();
            entry.dn = dn(IN_SCOPE);
        })
        .unwrap();
    assert_eq!(job.provision(&graph, &dn(STAGED)).await.unwrap(), {
        let text = format!("refused: EntryNotFound: The user '{STAGED}' was not found in Active Directory.");
        Provisioned::Refused(text)
    });
    assert_eq!(job.provision(&graph, &dn(IN_SCOPE)).await.unwrap(), Provisioned::Done);
    assert_eq!(job.provision(&graph, &dn(IN_SCOPE)).await.unwrap(), Provisioned::Done, "it is as AD has it already");
    lab.world.read(|after| {
        let changed = after.entra.users.iter().filter(|user| !before.entra.users.iter().any(|other| other == *user));
        let changed: Vec<_> =
            changed.map(|user| (user.user_principal_name.as_str(), user.on_premises_sync_enabled)).collect();
        assert_eq!(changed, [(ANNA, Some(true))]);
        assert_eq!(after.entra.users.len(), before.entra.users.len());
        assert_eq!(after.sync.next_cycle, before.sync.next_cycle);
    });
}

#[tokio::test]
async fn what_does_not_fit_or_may_not_be_is_told_before_anybody_is_provisioned() {
    let lab = Lab::over(world()).await;
    let (graph, _) = graph_of(&lab);
    let other = "00000000-0000-4000-8000-0000000000ff";
    for (job, kind) in [
        (job(other, [None, None]), ErrorKind::NotFound),
        (job(PRINCIPAL, [Some("another"), None]), ErrorKind::NotFound),
        (job(PRINCIPAL, [None, Some(other)]), ErrorKind::Refused),
    ] {
        assert_eq!(job.provision(&graph, &dn(IN_SCOPE)).await.unwrap_err().kind, kind, "{job:?}");
    }
    lab.world.write(|world| world.entra.caller.permissions.retain(|p| !p.starts_with("Synchronization"))).unwrap();
    for job in [job(PRINCIPAL, [None, None]), job(PRINCIPAL, [Some(JOB), Some(RULE)])] {
        let error = job.provision(&graph, &dn(IN_SCOPE)).await.unwrap_err();
        let hint = error.hint.clone().unwrap_or_default();
        assert_eq!(error.kind, ErrorKind::Forbidden, "{error:?}");
        assert!(
            hint.contains("Synchronization.ReadWrite.All") && hint.contains("Hybrid Identity Administrator"),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn five_requests_go_at_once_and_the_sixth_waits_also_for_the_server() {
    let lab = Lab::over(world()).await;
    let (graph, clock) = graph_of(&lab);
    let job = job(PRINCIPAL, [Some(JOB), Some(RULE)]);
    for _ in 0..5 {
        assert!(matches!(job.provision(&graph, &dn(STAGED)).await.unwrap(), Provisioned::Refused(_)));
    }
    assert_eq!(clock.slept(), []);
    // Our clock leaps over the ten seconds, and the server's does not.
    let error = job.provision(&graph, &dn(STAGED)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled, "{error}");
    let slept = clock.slept();
    let asked = |wait: &SignedDuration| (9..=11).contains(&wait.as_secs());
    assert!(slept.len() > 1 && asked(&slept[0]) && asked(&slept[1]), "{slept:?}");
}
