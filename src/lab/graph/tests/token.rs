use super::harness::{GA, Lab, SECRET, TENANT, caller_is, user_id, world};
use crate::lab::graph::assertion::{AssertionError, Expected, check};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const CLIENT: &str = "00001234-0000-4000-8000-000000000000";
const SCOPE: &str = "https://graph.microsoft.com/.default";

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_secret_gives_a_token_that_works() {
    let lab = Lab::start(world(1)).await;
    assert!(lab.server.token_url().ends_with(&format!("/{TENANT}/oauth2/v2.0/token")));
    let form =
        [("grant_type", "client_credentials"), ("client_id", CLIENT), ("client_secret", SECRET), ("scope", SCOPE)];
    for tenant in [TENANT, "contoso.onmicrosoft.com"] {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", lab.server.url());
        let seen = lab.token(&url, &form).await;
        assert_eq!(
            (seen.status, &seen.body["token_type"], &seen.body["expires_in"]),
            (200, &json!("Bearer"), &json!(3599))
        );
        let token = seen.body["access_token"].as_str().unwrap();
        let claims = claims(token);
        assert_eq!(
            (&claims["tid"], &claims["appid"], &claims["idtyp"]),
            (&json!(TENANT), &json!(CLIENT), &json!("app"))
        );
        assert!(claims["roles"].as_array().unwrap().contains(&json!("User.ReadWrite.All")));
        assert_eq!(claims["wids"], json!([GA]));
        let bearer = format!("Bearer {token}");
        assert_eq!(lab.send(Method::GET, "/users", &[("authorization", &bearer)], None).await.status, 200);
        let forged = format!("{bearer}x");
        assert_eq!(lab.send(Method::GET, "/users", &[("authorization", &forged)], None).await.status, 401);
    }
}

/// A person's token has the permissions as `scp`, the factors as `amr`, and in `wids` only roles over the whole
/// directory, those that a group brings too.
#[tokio::test]
async fn a_persons_token_says_what_the_person_may_do() {
    let mut json = serde_json::to_value(world(2)).unwrap();
    let group = "00007010-0000-4000-8000-000000000000";
    json["entra"]["groups"] = json!([{
        "id": group, "displayName": "Admins", "isAssignableToRole": true, "members": [user_id(1)],
    }]);
    let role = |id: &str, principal: &str, scope: &str| json!({ "id": id, "principalId": principal, "roleDefinitionId": id, "directoryScopeId": scope });
    let unit = "/administrativeUnits/00007003-0000-4000-8000-000000000000";
    json["entra"]["roleAssignments"] =
        json!([role(GA, group, "/"), role("729827e3-9c14-49f7-bb1b-9608f156bbb8", &user_id(1), unit)]);
    let mut world = serde_json::from_value(json).unwrap();
    caller_is(&mut world, "u1", &[]);
    world.entra.caller.multi_factor = true;
    let token = crate::lab::graph::token::access_token(&world, CLIENT);
    let claims = claims(token.expose_secret());
    assert_eq!((&claims["wids"], &claims["amr"]), (&json!([GA]), &json!(["pwd", "mfa"])));
    assert!(claims["scp"].as_str().unwrap().split(' ').any(|scope| scope == "User.ReadWrite.All"));
    assert_eq!(claims.get("roles"), None);
}

#[tokio::test]
async fn errors_are_entras() {
    let lab = Lab::start(world(1)).await;
    let url = lab.server.token_url();
    let good =
        [("grant_type", "client_credentials"), ("client_id", CLIENT), ("client_secret", SECRET), ("scope", SCOPE)];
    let with = |name: &'static str, value: Option<&'static str>| {
        let mut form: Vec<(&str, &str)> = good.iter().filter(|(n, _)| *n != name).copied().collect();
        form.extend(value.map(|v| (name, v)));
        form
    };
    for (form, status, error, number) in [
        (with("client_secret", Some("not-the-secret")), 401, "invalid_client", 7_000_215),
        (with("client_secret", None), 401, "invalid_client", 7_000_216),
        (with("grant_type", Some("no_such_grant")), 400, "unsupported_grant_type", 70_003),
        (
            with("grant_type", Some("urn:ietf:params:oauth:grant-type:device_code")),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (with("grant_type", None), 400, "invalid_request", 900_144),
        (with("client_id", Some("00000000-0000-0000-0000-000000000000")), 400, "unauthorized_client", 700_038),
        (with("scope", Some("api://not-a-registered-resource/.default")), 400, "invalid_resource", 500_011),
        (with("scope", Some("User.Read")), 400, "invalid_scope", 1_002_012),
    ] {
        let seen = lab.token(&url, &form).await;
        assert_eq!(
            (seen.status, &seen.body["error"], &seen.body["error_codes"]),
            (status, &json!(error), &json!([number]))
        );
        let text = seen.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{number}: ")) && text.contains("Trace ID: "), "{text}");
        assert!(!text.contains(SECRET) && !text.contains("not-the-secret"), "{text}");
        assert_eq!(seen.body["timestamp"], "2026-08-20 12:00:00Z");
    }
    let elsewhere = format!("{}/fabrikam.com/oauth2/v2.0/token", lab.server.url());
    assert_eq!(lab.token(&elsewhere, &good).await.body["error_codes"], json!([90_002]));
}

#[tokio::test]
async fn a_refresh_token_of_an_earlier_sign_in_works() {
    let lab = Lab::start(world(1)).await;
    let refresh = lab.server.issue_refresh_token();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", refresh.expose_secret()),
        ("scope", SCOPE),
    ];
    let seen = lab.token(&lab.server.token_url(), &form).await;
    assert_eq!(seen.status, 200);
    assert!(seen.body["refresh_token"].is_string());
    let unknown = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", "1.unknown")];
    assert_eq!(lab.token(&lab.server.token_url(), &unknown).await.body["error"], "invalid_grant");
}

/// An assertion without its certificate: only its form can be checked.
fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("signature"))
}

#[tokio::test]
async fn a_certificates_assertion_gives_a_token() {
    let lab = Lab::start(world(1)).await;
    let url = lab.server.token_url();
    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode([7; 32]) });
    let end = jiff::Timestamp::now().as_second() + 600;
    let claims = json!({ "aud": url, "iss": CLIENT, "sub": CLIENT, "jti": "1", "exp": end });
    let assertion = unsigned(&header, &claims);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
        ("scope", SCOPE),
    ];
    assert_eq!(lab.token(&url, &form).await.status, 200);
    let mut other = claims.clone();
    other["aud"] = "https://login.example/".into();
    let assertion = unsigned(&header, &other);
    let mut form = form;
    form[3].1 = &assertion;
    assert_eq!(lab.token(&url, &form).await.body["error_codes"], json!([700_023]));
}

/// Signed once with a key that is thrown away; the certificate is in its header.
const SIGNED: &str = include_str!("signed-assertion.jwt");

#[test]
fn an_assertion_is_checked_in_every_part() {
    let audiences = ["https://login.example/t/oauth2/v2.0/token".to_owned()];
    let good = Expected { client_id: CLIENT, audiences: &audiences, now: 1_700_000_100 };
    let signed = SIGNED.trim();
    assert_eq!(check(signed, good), Ok(()));
    assert_eq!(check(signed, Expected { now: 1_700_009_000, ..good }), Err(AssertionError::Time));
    assert_eq!(check(signed, Expected { now: 1_600_000_000, ..good }), Err(AssertionError::Time));
    assert_eq!(check(signed, Expected { audiences: &[], ..good }), Err(AssertionError::Audience));
    assert_eq!(check(signed, Expected { client_id: TENANT, ..good }), Err(AssertionError::Issuer));
    assert_eq!(check("a.b", good), Err(AssertionError::Malformed));

    let (rest, signature) = signed.rsplit_once('.').unwrap();
    let mut octets = URL_SAFE_NO_PAD.decode(signature).unwrap();
    octets[10] ^= 1;
    let forged = format!("{rest}.{}", URL_SAFE_NO_PAD.encode(&octets));
    assert_eq!(check(&forged, good), Err(AssertionError::Signature));

    let claims = json!({ "aud": audiences[0], "iss": CLIENT, "sub": CLIENT, "exp": 1_700_000_600 });
    for header in [
        json!({ "alg": "RS256" }),
        json!({ "alg": "none", "x5t": "AAAA" }),
        json!({ "alg": "HS256", "x5t": "AAAA" }),
        json!({ "alg": "RS256", "x5t": "AAAA", "x5c": ["AAAA"] }),
    ] {
        assert_eq!(check(&unsigned(&header, &claims), good), Err(AssertionError::Signature), "{header}");
    }
}
