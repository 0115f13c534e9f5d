//! How the Graph client behaves against a server that answers by script: paging, throttling, renewed tokens, cut
//! connections. Nobody sleeps: the clock is ours.

mod batch;
mod endless;
mod half;

use crate::support::{LeapingClock, Memory};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use matchplan::config::settings::{Cloud, CredentialKind, EntraSettings, GraphLimits, TenantName};
use matchplan::directory::collect::Progress;
use matchplan::directory::entra::cloud::Endpoints;
use matchplan::directory::entra::credential::Credential;
use matchplan::directory::entra::http::Graph;
use matchplan::directory::entra::token::Lifetime;
use matchplan::directory::entra::trace::Trace;
use matchplan::directory::error::ErrorKind;
use matchplan::directory::port::{ReadEntra as _, WriteEntra as _};
use matchplan::model::anchor::ImmutableId;
use matchplan::model::id::ObjectId;
use matchplan::snapshot::document::Missing;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const JANE: &str = "00000000-0000-0000-0000-00000000000a";

/// What a request was: method, path with query, authorization, body.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    authorization: String,
    consistency: Option<String>,
    body: String,
}

type Log = Arc<Mutex<Vec<Seen>>>;

fn reply(status: u16, headers: &[(&str, &str)], body: &Value) -> Response<Body> {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let builder = headers.iter().fold(Response::builder(), |builder, (name, value)| builder.header(*name, *value));
    builder.status(StatusCode::from_u16(status).unwrap()).body(body).unwrap()
}

/// Serves on loopback; `answer` is given the server's base address, the request and how many came before it.
async fn serve(answer: impl Fn(&str, &Seen, usize) -> Response<Body> + Clone + Send + Sync + 'static) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let log = Log::default();
    let (seen_by, at) = (Arc::clone(&log), base.clone());
    let router = Router::new().fallback(move |request: Request| {
        let (answer, log, base) = (answer.clone(), Arc::clone(&seen_by), at.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let header = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
            let seen = Seen {
                line: format!("{} {}", parts.method, parts.uri),
                authorization: header("authorization").unwrap_or_default(),
                consistency: header("consistencylevel"),
                body: String::from_utf8(body.to_vec()).unwrap(),
            };
            let before = {
                let mut log = log.lock().unwrap();
                log.push(seen.clone());
                log.len() - 1
            };
            answer(&base, &seen, before)
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, log)
}

fn endpoints(base: &str) -> Endpoints {
    let url: url::Url = base.parse().unwrap();
    Endpoints::of(&EntraSettings {
        tenant: TenantName::parse(TENANT).unwrap(),
        cloud: Cloud::Custom { login: url.clone(), graph: url },
        credential: CredentialKind::AzureCli,
        limits: GraphLimits::default(),
    })
    .unwrap()
}

fn clock() -> Arc<LeapingClock> {
    LeapingClock::at("2026-11-22T10:00:00Z")
}

fn with_token(base: &str, clock: &Arc<LeapingClock>) -> Graph<LeapingClock> {
    let credential = Credential::AccessToken("opaque".to_owned().into());
    Graph::new(endpoints(base), credential, Arc::clone(clock), None).unwrap()
}

fn with_secret(base: &str, clock: &Arc<LeapingClock>, trace: Option<Arc<Trace>>) -> Graph<LeapingClock> {
    let credential = Credential::ClientSecret { client_id: "app".into(), secret: "planted-s3cret".to_owned().into() };
    Graph::new(endpoints(base), credential, Arc::clone(clock), trace).unwrap()
}

fn jane() -> ObjectId {
    JANE.parse().unwrap()
}

fn lines(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().map(|seen| seen.line.clone()).collect()
}

#[tokio::test]
async fn throttling_is_waited_out_as_long_as_the_server_asks() {
    let (base, log) = serve(|_, _, before| match before {
        0 => reply(429, &[("retry-after", "2.128")], &json!({"error": {"code": "TooManyRequests"}})),
        1 => reply(429, &[], &Value::Null),
        _ => reply(204, &[], &Value::Null),
    })
    .await;
    let clock = clock();
    with_token(&base, &clock).set_immutable_id(jane(), None).await.unwrap();
    assert_eq!(clock.slept(), [SignedDuration::from_millis(2128), SignedDuration::from_secs(2)]);
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 3);
    assert_eq!(log[2].line, format!("PATCH /v1.0/users/{JANE}"));
    assert_eq!(log[2].body, r#"{"onPremisesImmutableId":null}"#);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_given_up_on() {
    let (base, log) = serve(|_, _, _| reply(429, &[("retry-after", "1")], &Value::Null)).await;
    let clock = clock();
    let error = with_token(&base, &clock).set_immutable_id(jane(), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert_eq!((log.lock().unwrap().len(), clock.slept().len()), (9, 8));
}

#[tokio::test]
async fn a_gateway_that_fails_is_asked_again_for_a_read_and_never_for_a_write() {
    let (base, log) = serve(|_, seen, before| match (seen.line.starts_with("GET"), before) {
        (true, 0..3) => reply(503, &[], &Value::Null),
        (true, _) => reply(200, &[], &json!({"value": [{"id": TENANT, "onPremisesLastSyncDateTime": null}]})),
        (false, _) => reply(504, &[], &Value::Null),
    })
    .await;
    let clock = clock();
    let graph = with_token(&base, &clock);
    assert_eq!(graph.last_sync().await.unwrap(), None);
    assert_eq!(clock.slept(), [1, 2, 4].map(SignedDuration::from_secs));
    let error = graph.set_immutable_id(jane(), None).await.unwrap_err();
    assert_eq!((error.kind, log.lock().unwrap().len()), (ErrorKind::OutcomeUnknown, 5));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_one_that_ends_soon_before() {
    let (base, log) = serve(|_, seen, before| {
        if seen.line.contains("/oauth2/") {
            return reply(200, &[], &json!({"access_token": format!("token-{before}"), "expires_in": 3600}));
        }
        match seen.authorization.as_str() {
            "Bearer token-0" => reply(401, &[], &json!({"error": {"code": "InvalidAuthenticationToken"}})),
            _ => reply(204, &[], &Value::Null),
        }
    })
    .await;
    let (clock, out) = (clock(), Memory::default());
    let trace = Arc::new(Trace::new(Box::new(out.clone())));
    let graph = with_secret(&base, &clock, Some(trace));
    let anchor = ImmutableId("iGhmiAEBERG7uxI0VniQqw==".into());
    graph.set_immutable_id(jane(), Some(&anchor)).await.unwrap();
    let (token, patch) = (format!("POST /{TENANT}/oauth2/v2.0/token"), format!("PATCH /v1.0/users/{JANE}"));
    assert_eq!(lines(&log), [&token, &patch, &token, &patch].map(String::clone));
    // 54 minutes on, the token is good for another 6: it is used. Two minutes later it is renewed first.
    clock.advance(SignedDuration::from_mins(54));
    graph.set_immutable_id(jane(), None).await.unwrap();
    clock.advance(SignedDuration::from_mins(2));
    graph.set_immutable_id(jane(), None).await.unwrap();
    assert_eq!(lines(&log)[4..], [&patch, &token, &patch].map(String::clone));
    assert!(log.lock().unwrap()[0].body.contains("client_secret=planted-s3cret"));

    let text = out.text();
    assert!(!text.contains("s3cret") && !text.contains("token-"), "{text}");
    let traced: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(traced.len(), 7);
    assert_eq!((&traced[0]["request_body"], &traced[0]["status"]), (&Value::Null, &json!(200)));
    assert_eq!(traced[3]["request_body"]["onPremisesImmutableId"], anchor.as_str());
}

#[tokio::test]
async fn a_ready_token_that_is_refused_ends_with_a_hint() {
    let (base, log) = serve(|_, _, _| reply(401, &[], &json!({"error": {"code": "InvalidAuthenticationToken"}}))).await;
    let error = with_token(&base, &clock()).last_sync().await.unwrap_err();
    assert_eq!((error.kind, log.lock().unwrap().len()), (ErrorKind::Unauthenticated, 1));
    assert!(error.detail.contains("InvalidAuthenticationToken") && error.hint.is_some());
}

#[tokio::test]
async fn a_wrong_secret_is_told_without_showing_it() {
    let (base, _) = serve(|_, _, _| {
        let said = "AADSTS7000215: Invalid client secret provided. Trace ID: 1";
        reply(401, &[], &json!({"error": "invalid_client", "error_description": said, "error_codes": [7_000_215]}))
    })
    .await;
    let error = with_secret(&base, &clock(), None).last_sync().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert!(error.detail.contains("AADSTS7000215") && !format!("{error:?}").contains("planted"), "{error:?}");
}

#[tokio::test]
async fn a_token_of_another_tenant_is_refused_before_it_is_used() {
    let other = "99999999-2222-3333-4444-555555555555";
    let (base, log) = serve(|_, _, _| reply(204, &[], &Value::Null)).await;
    let claims = URL_SAFE_NO_PAD.encode(json!({"tid": other}).to_string());
    let credential = Credential::AccessToken(format!("e30.{claims}.x").into());
    let graph = Graph::new(endpoints(&base), credential, clock(), None).unwrap();
    let error = graph.set_immutable_id(jane(), None).await.unwrap_err();
    assert_eq!((error.kind, log.lock().unwrap().len()), (ErrorKind::Unauthenticated, 0));
    assert!(error.detail.contains(other) && error.detail.contains(TENANT), "{error}");
}

#[tokio::test]
async fn a_ready_token_that_has_ended_is_not_sent() {
    let (base, log) = serve(|_, _, _| reply(204, &[], &Value::Null)).await;
    let clock = clock();
    let exp = "2026-11-22T10:30:00Z".parse::<jiff::Timestamp>().unwrap();
    let claims = URL_SAFE_NO_PAD.encode(json!({"tid": TENANT, "exp": exp.as_second()}).to_string());
    let credential = Credential::AccessToken(format!("e30.{claims}.x").into());
    let graph = Graph::new(endpoints(&base), credential, Arc::clone(&clock), None).unwrap();
    assert_eq!(graph.tokens().lifetime().await.unwrap(), Lifetime::Until(exp));
    graph.set_immutable_id(jane(), None).await.unwrap();
    clock.advance(SignedDuration::from_mins(30));
    assert_eq!(graph.set_immutable_id(jane(), None).await.unwrap_err().kind, ErrorKind::Unauthenticated);
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_may_not_be_read_of_a_user_is_asked_for_once() {
    let (base, log) = serve(|_, seen, _| {
        if seen.line.starts_with("GET /v1.0/users/") && !seen.line.contains("onPremisesSyncBehavior") {
            let user = json!({"id": JANE, "userPrincipalName": "j@x", "onPremisesImmutableId": "anything"});
            return reply(200, &[], &user);
        }
        reply(403, &[], &json!({"error": {"code": "Authorization_RequestDenied", "message": "No."}}))
    })
    .await;
    let graph = with_token(&base, &clock());
    for _ in 0..3 {
        let user = graph.entra_user(jane()).await.unwrap().unwrap();
        assert_eq!((user.object_identifier, user.cloud_managed), (None, None));
    }
    assert_eq!(lines(&log).iter().filter(|line| line.contains("onPremisesSyncBehavior")).count(), 1);
    assert_eq!(log.lock().unwrap().len(), 5);
}

/// A server that reads a request and hangs up; returns how often it did.
async fn serve_cut() -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(Mutex::new(0));
    let cut = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut octets = [0; 4096];
            if stream.read(&mut octets).await.is_ok_and(|read| read > 0) {
                *cut.lock().unwrap() += 1;
            }
        }
    });
    (base, count)
}

#[tokio::test]
async fn a_cut_connection_leaves_a_write_open_and_a_read_repeated() {
    let (base, cut) = serve_cut().await;
    let clock = clock();
    let graph = with_token(&base, &clock);
    assert_eq!(graph.set_immutable_id(jane(), None).await.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    assert_eq!(*cut.lock().unwrap(), 1);
    assert_eq!(graph.last_sync().await.unwrap_err().kind, ErrorKind::Unreachable);
    assert_eq!((*cut.lock().unwrap(), clock.slept().len()), (4, 2));
}

#[tokio::test]
async fn no_connection_means_that_nothing_happened() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let graph = with_token(&format!("http://{free}"), &clock());
    assert_eq!(graph.set_immutable_id(jane(), None).await.unwrap_err().kind, ErrorKind::Unreachable);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (base, log) = serve(|_, _, _| reply(302, &[("location", "http://127.0.0.1:1/")], &Value::Null)).await;
    let error = with_token(&base, &clock()).last_sync().await.unwrap_err();
    assert_eq!((error.kind, log.lock().unwrap().len()), (ErrorKind::Broken, 1));
}

#[tokio::test]
async fn the_anchor_is_asked_for_encoded_and_compared_exactly() {
    let user = |id: &str, anchor: &str| json!({"id": id, "userPrincipalName": "x@contoso.com", "onPremisesImmutableId": anchor});
    let (base, log) = serve(move |_, seen, _| {
        // OData compares without case: the second is another anchor.
        let both = [user(JANE, "ab+/AQEBERG7uxI0VniQqw=="), user(TENANT, "AB+/AQEBERG7uxI0VniQqw==")];
        let found = if seen.line.contains("onPremisesImmutableId%20eq") { &both[..] } else { &[] };
        reply(200, &[], &json!({"value": found}))
    })
    .await;
    let anchor = ImmutableId("ab+/AQEBERG7uxI0VniQqw==".into());
    let found = with_token(&base, &clock()).users_with(&anchor, &"S-1-5-21-1-2-3-4".parse().unwrap()).await.unwrap();
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [jane()]);
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 4);
    let live = log.iter().find(|seen| seen.line.contains("/v1.0/users?") && seen.line.contains("ImmutableId%20eq"));
    let live = live.unwrap();
    assert!(live.line.contains("eq%20%27ab%2B%2FAQEBERG7uxI0VniQqw%3D%3D%27&$count=true"), "{}", live.line);
    assert_eq!(live.consistency.as_deref(), Some("eventual"));
}

/// A tenant of three users in two pages, whose optional parts are refused.
fn small_tenant(base: &str, seen: &Seen, next: &str) -> Response<Body> {
    let denied = || reply(403, &[], &json!({"error": {"code": "Authorization_RequestDenied", "message": "No."}}));
    let user = |n: u8| json!({"id": format!("00000000-0000-0000-0000-00000000000{n}"), "userPrincipalName": "u@x"});
    let path = seen.line.trim_start_matches("GET ").to_owned();
    if path.starts_with("/v1.0/organization") {
        reply(200, &[], &json!({"value": [{"id": TENANT, "displayName": "Contoso"}]}))
    } else if path.starts_with("/v1.0/domains") {
        reply(
            200,
            &[],
            &json!({"value": [{"id": "contoso.com", "authenticationType": "Federated", "isVerified": true}]}),
        )
    } else if path.contains("page=2") {
        reply(200, &[], &json!({"value": [user(3)]}))
    } else if path.starts_with("/v1.0/users?") {
        reply(200, &[], &json!({"value": [user(2), user(1)], "@odata.nextLink": next.replace("BASE", base)}))
    } else if path.starts_with("/v1.0/groups") {
        reply(200, &[], &json!({"value": []}))
    } else {
        denied()
    }
}

#[tokio::test]
async fn a_snapshot_reads_all_pages_and_tells_what_it_could_not_see() {
    let (base, _) = serve(|base, seen, _| small_tenant(base, seen, "BASE/v1.0/users?page=2")).await;
    let heard = Mutex::new(Vec::new());
    let progress = |event: Progress| heard.lock().unwrap().push(event);
    let collected = with_token(&base, &clock()).collect(&progress).await.unwrap();
    let ids: Vec<String> = collected.users.iter().map(|user| user.id.to_string()).collect();
    assert!(ids.is_sorted() && ids.len() == 3, "{ids:?}");
    assert!(collected.tenant.domains[0].federated && collected.tenant.features.is_none());
    let missing: Vec<Missing> = collected.gaps.iter().map(|gap| gap.what).collect();
    let refused = [
        Missing::SyncFeatures,
        Missing::Roles,
        Missing::PimSchedules,
        Missing::RolePolicies,
        Missing::DeletedUsers,
        Missing::Contacts,
        Missing::ObjectIdentifier,
        Missing::Caller,
    ];
    assert_eq!(missing, refused);
    assert!(collected.gaps[1].reason.contains("RoleManagement.Read.Directory"), "{:?}", collected.gaps[1]);
    assert!(heard.into_inner().unwrap().len() >= 3);
}

#[tokio::test]
async fn a_next_page_elsewhere_or_in_a_circle_is_refused() {
    for (next, reason) in [("http://127.0.0.2:1/v1.0/users", "another address"), ("BASE/v1.0/users?page=1", "circle")] {
        let (base, log) = serve(move |base, seen, _| small_tenant(base, seen, next)).await;
        let error = with_token(&base, &clock()).collect(&|_| ()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Broken);
        assert!(error.detail.contains(reason), "{error}");
        assert!(log.lock().unwrap().len() < 20);
    }
}

#[tokio::test]
async fn users_that_may_not_be_read_stop_the_snapshot() {
    let (base, _) = serve(|base, seen, _| {
        if seen.line.starts_with("GET /v1.0/users") {
            return reply(403, &[], &json!({"error": {"code": "Authorization_RequestDenied", "message": "No."}}));
        }
        small_tenant(base, seen, "")
    })
    .await;
    let error = with_token(&base, &clock()).collect(&|_| ()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden);
    assert!(error.hint.unwrap().contains("User.Read.All"));
}

#[tokio::test]
async fn another_tenant_is_refused_once_it_is_known() {
    let other = "99999999-2222-3333-4444-555555555555";
    let (base, _) = serve(move |base, seen, _| {
        if seen.line.contains("/organization") {
            return reply(200, &[], &json!({"value": [{"id": other}]}));
        }
        small_tenant(base, seen, "BASE/v1.0/users?page=2")
    })
    .await;
    let error = with_token(&base, &clock()).collect(&|_| ()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert!(error.detail.contains(other), "{error}");
}
