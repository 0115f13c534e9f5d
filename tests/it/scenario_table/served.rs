//! A world read as the program reads real directories: over LDAP and HTTP, from the lab's servers.

use crate::support::LeapingClock;
use matchplan::config::settings::{
    AdSettings, Bind, Cloud, CredentialKind, EntraSettings, GraphLimits, Guard, SecretSource, Settings, SyncSettings,
    TenantName,
};
use matchplan::directory::collect::Progress;
use matchplan::directory::connected::{Access, Directories};
use matchplan::directory::entra::credential::Credential;
use matchplan::lab::faults::Faults;
use matchplan::lab::graph::server::{self as graph, GraphServerConfig};
use matchplan::lab::ldap::server::{self as ldap, LdapServerConfig};
use matchplan::lab::shared::SharedWorld;
use matchplan::lab::tls::LabTls;
use matchplan::lab::world::World;
use matchplan::model::anchor::SourceAnchor;
use matchplan::snapshot::document::Snapshot;
use std::collections::BTreeMap;

const CLIENT_ID: &str = "0f0f0f0f-1111-4222-8333-444444444444";
const BIND_DN: &str = "CN=svc,OU=Service Accounts,DC=corp,DC=contoso,DC=com";

/// Serves the world for as long as reading it takes.
pub async fn snapshot(world: &World) -> Snapshot {
    let tls = LabTls::generate().expect("the lab makes its certificates");
    let shared = SharedWorld::in_memory(world.clone());
    let config = LdapServerConfig {
        world: shared.clone(),
        bind_dn: BIND_DN.into(),
        bind_upn: "svc@corp.contoso.com".into(),
        bind_password: "password".to_owned().into(),
        plain_port: 0,
        tls_port: 0,
        require_encryption: false,
        faults: Faults::none(),
        manners: matchplan::lab::manners::Manners::default(),
    };
    let ldap = ldap::serve(config, &tls).await.expect("a free port");
    let config = GraphServerConfig {
        world: shared,
        port: 0,
        access_token: "token".to_owned().into(),
        client_secret: "secret".to_owned().into(),
        faults: Faults::none(),
        manners: matchplan::lab::manners::Manners::default(),
    };
    let graph = graph::serve(config).await.expect("a free port");
    let base: url::Url = graph.url().parse().expect("a URL");
    let domain = &world.ad[0];
    let settings = Settings {
        entra: EntraSettings {
            tenant: TenantName::parse(&world.entra.tenant_id.to_string()).expect("a tenant id"),
            cloud: Cloud::Custom { login: base.clone(), graph: base },
            credential: CredentialKind::AzureCli,
            limits: GraphLimits::default(),
        },
        ad: vec![AdSettings {
            name: domain.name.clone(),
            // Without encryption: what is read is the same, and a hundred worlds are read.
            url: format!("ldap://localhost:{}", ldap.plain.port()).parse().expect("a URL"),
            starttls: false,
            allow_plain: true,
            ca_file: None,
            base_dn: domain.base_dn.clone(),
            bind: Bind::Simple { user: BIND_DN.into(), password: SecretSource::Prompt },
            source_anchor: SourceAnchor::default(),
        }],
        sync: SyncSettings::default(),
        guard: Guard::default(),
        plan_ttl: Settings::DEFAULT_PLAN_TTL,
        state: Settings::DEFAULT_STATE.into(),
    };
    let access = Access {
        passwords: BTreeMap::from([(domain.name.clone(), "password".to_owned().into())]),
        authorities: BTreeMap::new(),
        entra: Credential::ClientSecret { client_id: CLIENT_ID.into(), secret: "secret".to_owned().into() },
    };
    let clock = LeapingClock::at(&world.clock.to_string());
    let directories = Directories::connect(&settings, access, clock, None).await.expect("the lab lets everybody in");
    directories.snapshot(world.clock, |_: Progress| ()).await.expect("the lab answers")
}
