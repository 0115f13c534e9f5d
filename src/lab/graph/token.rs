//! `/{tenant}/oauth2/v2.0/token`.
//!
//! Grants: `client_credentials` (secret or assertion) and `refresh_token`. Answers and errors are worded as Entra's own
//! (Microsoft identity platform, "OAuth 2.0 client credentials flow", "Microsoft Entra authentication error codes").

use super::assertion::{self, AssertionError, Expected};
use super::sensitive::effective_roles;
use super::tokens::{self, Tokens};
use crate::lab::world::World;
use crate::model::id::RoleDefinitionId;
use axum::http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The application id of Microsoft Graph, the same in every tenant.
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// The hosts of Microsoft Graph (Microsoft Graph, "National cloud deployments").
const GRAPH_HOSTS: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A form post to the token endpoint, and what it is judged by.
pub struct TokenRequest<'a> {
    /// The path's first segment.
    pub tenant: &'a str,
    /// The form's fields.
    pub form: &'a [(String, String)],
    /// Where this server is.
    pub root: &'a str,
    /// The machine's time in seconds since 1970, for assertions.
    pub now: i64,
    /// The id of this request.
    pub request_id: Uuid,
}

/// An error as the token endpoint words it.
struct OAuthError {
    status: StatusCode,
    error: &'static str,
    number: u32,
    text: String,
    /// Whether the answer has an `error_uri`; Entra gives it for some.
    explained: bool,
}

impl OAuthError {
    fn new(status: StatusCode, error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self { status, error, number, text: text.into(), explained: false }
    }

    fn bad(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, number, text)
    }

    fn client(number: u32, text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", number, text).explained()
    }

    fn explained(self) -> Self {
        Self { explained: true, ..self }
    }

    fn missing(field: &str) -> Self {
        Self::bad(
            "invalid_request",
            900_144,
            format!("The request body must contain the following parameter: '{field}'."),
        )
        .explained()
    }

    fn told(self, world: &World, id: Uuid) -> (StatusCode, Value) {
        let Self { status, error, number, text, explained } = self;
        let time = world.clock.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let mut body = json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {id} Correlation ID: {id} Timestamp: {time}"),
            "error_codes": [number],
            "timestamp": time,
            "trace_id": id,
            "correlation_id": id,
        });
        if explained {
            body["error_uri"] = format!("https://login.microsoftonline.com/error?code={number}").into();
        }
        (status, body)
    }
}

/// Answers a token request.
pub fn answer(world: &World, tokens: &Tokens, secret: &SecretString, request: &TokenRequest) -> (StatusCode, Value) {
    grant(world, tokens, secret, request)
        .map_or_else(|error| error.told(world, request.request_id), |body| (StatusCode::OK, body))
}

/// The answer of a token endpoint that cannot help now ("Microsoft Entra authentication error codes": AADSTS90033).
pub fn transient(world: &World, status: StatusCode, request_id: Uuid) -> (StatusCode, Value) {
    let text = "A transient error has occurred. Please try again.";
    OAuthError::new(status, "temporarily_unavailable", 90_033, text).told(world, request_id)
}

fn grant(world: &World, tokens: &Tokens, secret: &SecretString, request: &TokenRequest) -> Result<Value, OAuthError> {
    let field = |name: &str| request.form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    check_tenant(world, request.tenant)?;
    let grant_type = field("grant_type").ok_or_else(|| OAuthError::missing("grant_type"))?;
    if !matches!(grant_type, "client_credentials" | "refresh_token") {
        let shown: String = grant_type.chars().take(100).collect();
        return Err(OAuthError::bad(
            "unsupported_grant_type",
            70_003,
            format!("The app requested an unsupported grant type '{shown}'."),
        ));
    }
    let client_id = field("client_id").ok_or_else(|| OAuthError::missing("client_id"))?;
    if Uuid::try_parse(client_id).map_or(true, |id| id.is_nil()) {
        let shown: String = client_id.chars().take(100).collect();
        return Err(OAuthError::bad(
            "unauthorized_client",
            700_038,
            format!("{shown} is not a valid application identifier."),
        ));
    }
    if grant_type == "refresh_token" {
        let token = field("refresh_token").ok_or_else(|| OAuthError::missing("refresh_token"))?;
        if !tokens.knows_refresh(token) {
            return Err(OAuthError::bad("invalid_grant", 70_000, "Provided grant is invalid or malformed.").explained());
        }
        let mut body = token_body(world, tokens, client_id);
        body["scope"] = world.entra.caller.permissions.join(" ").into();
        body["refresh_token"] = tokens.issue_refresh().expose_secret().into();
        return Ok(body);
    }
    check_client(world, secret, request, client_id)?;
    check_scope(world, request.root, field("scope").ok_or_else(|| OAuthError::missing("scope"))?)?;
    Ok(token_body(world, tokens, client_id))
}

/// The tenant may be named by id, by any of its domains, or as `organizations` or `common`.
fn check_tenant(world: &World, tenant: &str) -> Result<(), OAuthError> {
    let entra = &world.entra;
    let known = tenant.eq_ignore_ascii_case(&entra.tenant_id.to_string())
        || entra.domains.iter().any(|d| d.id.eq_ignore_ascii_case(tenant))
        || matches!(tenant, "organizations" | "common");
    if known {
        return Ok(());
    }
    let shown: String = tenant.chars().take(100).collect();
    Err(OAuthError::bad(
        "invalid_request",
        90_002,
        format!(
            "Tenant '{shown}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud."
        ),
    )
    .explained())
}

fn check_client(
    world: &World,
    secret: &SecretString,
    request: &TokenRequest,
    client_id: &str,
) -> Result<(), OAuthError> {
    let field = |name: &str| request.form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    if let Some(given) = field("client_secret") {
        if given == secret.expose_secret() {
            return Ok(());
        }
        return Err(OAuthError::client(
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
                 not the client secret ID, for a secret added to app '{client_id}'."
            ),
        ));
    }
    let Some(given) = field("client_assertion") else {
        return Err(OAuthError::client(
            7_000_216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        ));
    };
    if field("client_assertion_type") != Some(JWT_BEARER) {
        return Err(OAuthError::bad(
            "invalid_request",
            900_144,
            format!("The parameter 'client_assertion_type' must be '{JWT_BEARER}'."),
        )
        .explained());
    }
    let tenant = world.entra.tenant_id;
    let audiences: Vec<String> = [request.tenant.to_owned(), tenant.to_string()]
        .iter()
        .flat_map(|t| [format!("{}/{t}/oauth2/v2.0/token", request.root), format!("{}/{t}/v2.0", request.root)])
        .collect();
    assertion::check(given, Expected { client_id, audiences: &audiences, now: request.now }).map_err(assertion_error)
}

fn assertion_error(error: AssertionError) -> OAuthError {
    match error {
        AssertionError::Malformed => {
            OAuthError::bad("invalid_request", 50_027, "JWT token is invalid or malformed.").explained()
        }
        AssertionError::Audience => OAuthError::client(
            700_023,
            "Client assertion audience claim does not match Realm issuer. Review the documentation at \
             https://learn.microsoft.com/entra/identity-platform/certificate-credentials.",
        ),
        AssertionError::Time => OAuthError::client(700_024, "Client assertion is not within its valid time range."),
        AssertionError::Issuer => {
            OAuthError::client(700_021, "Client assertion application identifier doesn't match 'client_id' parameter.")
        }
        AssertionError::Signature => OAuthError::client(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application, or the \
             signature is invalid.",
        ),
    }
}

/// One scope, `{Graph}/.default`; this server's own address counts as Graph's.
fn check_scope(world: &World, root: &str, scope: &str) -> Result<(), OAuthError> {
    let shown: String = scope.chars().take(200).collect();
    let Some(resource) = scope.strip_suffix("/.default").map(|r| r.trim_end_matches('/')) else {
        return Err(OAuthError::bad(
            "invalid_scope",
            1_002_012,
            format!(
                "The provided value for scope {shown} is not valid. Client credential flows must have a scope value with \
                 /.default suffixed to the resource identifier (application ID URI)."
            ),
        )
        .explained());
    };
    if GRAPH_HOSTS.contains(&resource) || resource == GRAPH_APP_ID || resource == root {
        return Ok(());
    }
    let resource: String = resource.chars().take(200).collect();
    Err(OAuthError::bad(
        "invalid_resource",
        500_011,
        format!(
            "The resource principal named {resource} was not found in the tenant named {}. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You might have sent your authentication request to the wrong tenant.",
            world.entra.tenant_id
        ),
    )
    .explained())
}

fn token_body(world: &World, tokens: &Tokens, client_id: &str) -> Value {
    let access = tokens.issue(&claims(world, client_id));
    let seconds = tokens.lifetime_seconds();
    json!({
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": access.expose_secret(),
    })
}

/// An access token for the world's caller, shaped like those that the endpoint issues.
pub fn access_token(world: &World, client_id: &str) -> SecretString {
    tokens::jwt(&claims(world, client_id))
}

/// The template ids of the roles that the caller holds now over the whole directory, each once.
fn role_templates(world: &World) -> BTreeSet<&str> {
    let caller = &world.entra.caller;
    let held = effective_roles(world, caller.id).into_iter().filter(|role| role.directory_scope == Some("/"));
    caller.roles.iter().chain(held.map(|role| role.role_definition_id)).map(RoleDefinitionId::as_str).collect()
}

/// The token's claims: whom it speaks for. Its times are only in the answer (`expires_in`), since the world's clock is
/// not the one that clients compare with.
fn claims(world: &World, client_id: &str) -> Value {
    let entra = &world.entra;
    let caller = &entra.caller;
    let mut claims = json!({
        "aud": "https://graph.microsoft.com",
        "iss": format!("https://sts.windows.net/{}/", entra.tenant_id),
        "tid": entra.tenant_id,
        "oid": caller.id,
        "sub": caller.id,
        "appid": client_id,
        "app_displayname": caller.display_name,
        "idtyp": if caller.app_only { "app" } else { "user" },
        "ver": "1.0",
    });
    // Both kinds of token carry the template ids of the directory roles, those that a group brings too.
    claims["wids"] = json!(role_templates(world));
    if caller.app_only {
        claims["roles"] = json!(caller.permissions);
    } else {
        claims["scp"] = caller.permissions.join(" ").into();
        claims["amr"] = json!(if caller.multi_factor { vec!["pwd", "mfa"] } else { vec!["pwd"] });
    }
    claims
}
