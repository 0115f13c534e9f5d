//! A served world and a client.
//!
//! With `MATCHPLAN_GRAPH_RECORD=<folder>` set, every exchange is appended to a file there, one JSON object a line, so that
//! outside tools can judge the server's answers.

use crate::lab::faults::Faults;
use crate::lab::graph::server::{GraphServer, GraphServerConfig, serve};
use crate::lab::manners::Manners;
use crate::lab::shared::SharedWorld;
use crate::lab::world::World;
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};
use std::io::Write as _;

pub(super) const TENANT: &str = "11111111-2222-3333-4444-555555555555";
pub(super) const GA: &str = "62e90394-69f5-4237-9190-012177145e10";
pub(super) const USER_ADMIN: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
pub(super) const HELPDESK: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
pub(super) const TOKEN: &str = "lab.access.token";
pub(super) const SECRET: &str = "lab-client-secret";

/// The id of the user with this number.
pub(super) fn user_id(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

/// A tenant with `count` ordinary users `u1`, `u2`, …, a synced user, two Global Administrators, a helpdesk
/// administrator, a user in the recycle bin, a group and a contact.
pub(super) fn world(count: usize) -> World {
    let user = |id: String, upn: &str| {
        json!({
            "id": id, "userPrincipalName": format!("{upn}@contoso.com"), "displayName": format!("User {upn}"),
            "mail": format!("{upn}@contoso.com"), "mailNickname": upn, "givenName": null, "surname": null,
            "proxyAddresses": [format!("SMTP:{upn}@contoso.com"), format!("smtp:alias+{upn}@contoso.com")],
        })
    };
    let mut users: Vec<Value> = (1..=count).map(|n| user(user_id(n), &format!("u{n}"))).collect();
    users.extend(
        [("ga1", 9001), ("ga2", 9002), ("helpdesk", 9003), ("synced", 9004)].map(|(n, id)| user(user_id(id), n)),
    );
    let synced = users.last_mut().unwrap();
    synced["onPremisesSyncEnabled"] = true.into();
    synced["onPremisesImmutableId"] = "iGhmiAEBERG7uxI0VniQqw==".into();
    synced["onPremisesObjectIdentifier"] = "88666888-0101-1111-bbbb-1234567890ab".into();
    synced["onPremisesLastSyncDateTime"] = "2026-08-01T00:00:00Z".into();
    let mut gone = user(user_id(9100), "gone");
    gone["userPrincipalName"] = format!("{}gone@contoso.com", user_id(9100).replace('-', "")).into();
    gone["deletedDateTime"] = "2026-08-01T00:00:00Z".into();
    gone["onPremisesImmutableId"] = "AAAAAAAAAAAAAAAAAAAAAA==".into();
    let assignment = |id: &str, principal: usize, role: &str| json!({ "id": id, "principalId": user_id(principal), "roleDefinitionId": role, "directoryScopeId": "/" });
    let role = |id: &str, name: &str| json!({ "id": id, "displayName": name });
    let domain =
        |id: &str, kind: &str, verified: bool| json!({ "id": id, "authenticationType": kind, "isVerified": verified });
    serde_json::from_value(json!({
        "version": 1,
        "clock": "2026-08-20T12:00:00Z",
        "ad": [],
        "sync": { "scope": [] },
        "entra": {
            "tenantId": TENANT,
            "displayName": "Contoso",
            "onPremisesSyncEnabled": true,
            "onPremisesLastSyncDateTime": "2026-08-20T11:40:00Z",
            "domains": [
                domain("contoso.com", "Managed", true),
                domain("contoso.onmicrosoft.com", "Managed", true),
                domain("fed.contoso.com", "Federated", true),
                domain("unproven.example", "Managed", false),
            ],
            "caller": {
                "id": "00009999-0000-4000-8000-000000000000",
                "displayName": "matchplan",
                "appOnly": true,
                "permissions": [
                    "User.ReadWrite.All", "Group.Read.All", "OrgContact.Read.All", "Domain.Read.All",
                    "Organization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All", "User.DeleteRestore.All",
                    "RoleManagement.ReadWrite.Directory", "User-OnPremisesSyncBehavior.ReadWrite.All",
                    "AdministrativeUnit.Read.All", "GroupMember.Read.All",
                ],
                "roles": [GA],
            },
            "users": users,
            "deletedUsers": [gone],
            "groups": [{
                "id": "00007001-0000-4000-8000-000000000000", "displayName": "Sales", "mail": "sales@contoso.com",
                "proxyAddresses": ["SMTP:sales@contoso.com"],
            }],
            "contacts": [{
                "id": "00007002-0000-4000-8000-000000000000", "displayName": "Partner", "mail": "partner@fabrikam.com",
                "proxyAddresses": ["SMTP:partner@fabrikam.com"],
            }],
            "administrativeUnits": [{ "id": "00007003-0000-4000-8000-000000000000", "displayName": "Berlin" }],
            "roleDefinitions": [
                role(GA, "Global Administrator"), role(USER_ADMIN, "User Administrator"), role(HELPDESK, "Helpdesk Administrator"),
            ],
            "roleAssignments": [assignment("a-1", 9001, GA), assignment("a-2", 9002, GA), assignment("a-3", 9003, HELPDESK)],
        },
    }))
    .unwrap()
}

/// A user of the world, by UPN prefix.
pub(super) fn caller_is(world: &mut World, prefix: &str, roles: &[&str]) {
    let upn = format!("{prefix}@contoso.com");
    let id = world.entra.users.iter().find(|u| u.user_principal_name == upn).unwrap().id;
    world.entra.caller.id = id;
    world.entra.caller.app_only = false;
    world.entra.caller.roles = roles.iter().map(|r| (*r).into()).collect();
}

/// What came back.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Value,
}

impl Seen {
    pub(super) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(super) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// A member of every item of a page.
    pub(super) fn column(&self, name: &str) -> Vec<&str> {
        self.body["value"].as_array().unwrap().iter().map(|v| v[name].as_str().unwrap()).collect()
    }
}

/// A server and a client of it.
pub(super) struct Lab {
    pub(super) world: SharedWorld,
    pub(super) server: GraphServer,
    client: Client,
}

impl Lab {
    pub(super) async fn start(world: World) -> Self {
        Self::with(world, Faults::none()).await
    }

    pub(super) async fn with(world: World, faults: Faults) -> Self {
        Self::serving(world, faults, Manners::default()).await
    }

    /// A server with these rules.
    pub(super) async fn throttled(world: World, rules: &str) -> Self {
        let manners = Manners { throttle: rules.parse().unwrap(), ..Manners::default() };
        Self::serving(world, Faults::none(), manners).await
    }

    pub(super) async fn serving(world: World, faults: Faults, manners: Manners) -> Self {
        // Fails only if another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let world = SharedWorld::in_memory(world);
        let config = GraphServerConfig {
            world: world.clone(),
            port: 0,
            access_token: TOKEN.into(),
            client_secret: SECRET.into(),
            faults,
            manners,
        };
        let server = serve(config).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { world, server, client }
    }

    /// One exchange. `target` is a path below the version, or a whole URL.
    pub(super) async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Seen {
        let url = match target {
            t if t.starts_with("http") => t.to_owned(),
            t if t.starts_with("/beta/") || t.starts_with("/v1.0/") => format!("{}{t}", self.server.url()),
            t => format!("{}/v1.0{t}", self.server.url()),
        };
        let mut sent: Map<String, Value> = Map::new();
        sent.insert("authorization".to_owned(), format!("Bearer {TOKEN}").into());
        if body.is_some() {
            sent.insert("content-type".to_owned(), "application/json".into());
        }
        for (name, value) in headers {
            sent.insert((*name).to_owned(), (*value).into());
        }
        let mut request = self.client.request(method.clone(), &url);
        for (name, value) in sent.iter().filter(|(_, v)| v.as_str() != Some("")) {
            request = request.header(name.as_str(), value.as_str().unwrap());
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body_seen = serde_json::from_str(&text).unwrap_or(Value::String(text.clone()));
        let seen = Seen { status, headers, body: body_seen };
        record(method.as_str(), &url, &sent, body, &seen);
        seen
    }

    pub(super) async fn get(&self, target: &str) -> Seen {
        self.send(Method::GET, target, &[], None).await
    }

    /// With what an advanced query needs in its header.
    pub(super) async fn get_eventual(&self, target: &str) -> Seen {
        self.send(Method::GET, target, &[("ConsistencyLevel", "eventual")], None).await
    }

    pub(super) async fn patch(&self, target: &str, body: Value) -> Seen {
        self.send(Method::PATCH, target, &[], Some(&body)).await
    }

    pub(super) async fn post(&self, target: &str, body: Value) -> Seen {
        self.send(Method::POST, target, &[], Some(&body)).await
    }

    pub(super) async fn delete(&self, target: &str) -> Seen {
        self.send(Method::DELETE, target, &[], None).await
    }

    /// A form post to the token endpoint.
    pub(super) async fn token(&self, url: &str, form: &[(&str, &str)]) -> Seen {
        let response = self.client.post(url).form(form).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Seen { status, headers, body: response.json().await.unwrap() }
    }

    /// The ids that a filter finds among the users.
    pub(super) async fn find(&self, filter: &str, advanced: bool) -> Result<Vec<String>, String> {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let seen = if advanced {
            self.get_eventual(&format!("/users?$select=userPrincipalName&$count=true&$filter={filter}")).await
        } else {
            self.get(&format!("/users?$select=userPrincipalName&$filter={filter}")).await
        };
        if seen.status != 200 {
            return Err(format!("{}: {}", seen.code(), seen.message()));
        }
        let prefix = |upn: &&str| upn.split('@').next().unwrap_or_default().to_owned();
        Ok(seen.column("userPrincipalName").iter().map(prefix).collect())
    }
}

fn record(method: &str, url: &str, sent: &Map<String, Value>, body: Option<&Value>, seen: &Seen) {
    let Some(folder) = std::env::var_os("MATCHPLAN_GRAPH_RECORD") else { return };
    let received: Map<String, Value> =
        seen.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().into())).collect();
    let line = json!({
        "method": method, "url": url, "request_headers": sent, "request_body": body,
        "status": seen.status, "response_headers": received, "response_body": seen.body,
    });
    let test = std::thread::current().name().unwrap_or("unnamed").replace("::", "-");
    let file = std::path::Path::new(&folder).join(format!("{test}.jsonl"));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
    writeln!(file, "{line}").unwrap();
}
