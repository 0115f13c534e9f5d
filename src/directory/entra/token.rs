//! Access tokens: fetched, held in memory only, renewed before they end.
//!
//! Source: "OAuth 2.0 client credentials flow on the Microsoft identity platform".

use super::claims::Claims;
use super::cloud::Endpoints;
use super::credential::Credential;
use super::refusal;
use super::retry;
use super::transport::{Bodies, Failure, Reply, Transport};
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::output::kept;
use crate::directory::port::Clock;
use crate::directory::scrub::remember;
use crate::directory::text::first_lines;
use crate::model::id::TenantId;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A token is renewed this long before its end, or in the last fifth of a life shorter than 25 minutes.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// How long the Azure CLI may take; it starts slowly on Windows.
const CLI_TIMEOUT: Duration = Duration::from_secs(90);
/// Where the sign-in is asked once more after a 429 or a 5xx, at most so often.
const MOST_RETRIES: u32 = 3;

/// An access token, and what it says of itself.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub value: SecretString,
    /// When it ends, if that is known.
    pub expires: Option<Timestamp>,
    /// Its claims, if it is a JWT.
    pub claims: Option<Claims>,
    renew_at: Option<Timestamp>,
}

/// How long the credential will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It gets new tokens by itself.
    Renewed,
    /// It ends for good at this time.
    Until(Timestamp),
    /// It cannot be renewed, and does not say when it ends.
    Unknown,
}

/// Gives tokens.
#[derive(Debug)]
pub struct TokenSource<C> {
    credential: Credential,
    endpoints: Endpoints,
    transport: Transport,
    clock: Arc<C>,
    current: Mutex<Option<Token>>,
}

impl<C: Clock> TokenSource<C> {
    /// A source that has not asked for anything yet.
    pub fn new(credential: Credential, endpoints: Endpoints, transport: Transport, clock: Arc<C>) -> Self {
        if let Credential::ClientSecret { secret, .. } = &credential {
            remember(secret.expose_secret());
        }
        Self { credential, endpoints, transport, clock, current: Mutex::new(None) }
    }

    /// A token that is good now; fetched if there is none, or if it ends soon.
    pub async fn token(&self) -> Result<Token, DirectoryError> {
        let mut current = self.current.lock().await;
        let now = self.clock.now();
        if let Some(token) = current.as_ref()
            && token.renew_at.is_none_or(|at| now < at)
        {
            return Ok(token.clone());
        }
        let token = self.fetch(now).await?;
        self.refuse_other_tenant(&token)?;
        *current = Some(token.clone());
        Ok(token)
    }

    /// Forgets `refused`, so that the next [`Self::token`] is another one. `false` if this credential has no other.
    pub async fn forget(&self, refused: &Token) -> bool {
        if matches!(self.credential, Credential::AccessToken(_)) {
            return false;
        }
        let mut current = self.current.lock().await;
        // Another request that was refused side by side may have renewed it already.
        if current.as_ref().is_some_and(|token| token.value.expose_secret() == refused.value.expose_secret()) {
            *current = None;
        }
        true
    }

    /// The tenant that the settings name.
    pub const fn tenant(&self) -> &crate::config::settings::TenantName {
        &self.endpoints.tenant
    }

    /// How long the credential will do; an apply that suspends roles must fit in.
    pub async fn lifetime(&self) -> Result<Lifetime, DirectoryError> {
        if !matches!(self.credential, Credential::AccessToken(_)) {
            return Ok(Lifetime::Renewed);
        }
        Ok(self.token().await?.expires.map_or(Lifetime::Unknown, Lifetime::Until))
    }

    async fn fetch(&self, now: Timestamp) -> Result<Token, DirectoryError> {
        let Endpoints { token: endpoint, scope, .. } = &self.endpoints;
        let form = |client_id: &str, proof: Vec<(&'static str, SecretString)>| {
            let mut form = vec![
                ("grant_type", SecretString::from("client_credentials")),
                ("client_id", client_id.to_owned().into()),
                ("scope", scope.clone().into()),
            ];
            form.extend(proof);
            form
        };
        match &self.credential {
            Credential::AccessToken(value) => {
                let token = Token::new(value.clone(), None, now);
                match token.expires {
                    Some(end) if end <= now => Err(DirectoryError::new(
                        ErrorKind::Unauthenticated,
                        "sign in to Entra ID",
                        format!("the access token ended at {end}"),
                    )
                    .with_hint("put a fresh one into the environment, or use a credential that renews itself")),
                    // Until then it is used: there is no other.
                    _ => Ok(Token { renew_at: token.expires, ..token }),
                }
            }
            Credential::AzureCli { program } => azure_cli(program, &self.endpoints, now).await,
            Credential::ClientSecret { client_id, secret } => {
                self.ask(&form(client_id, vec![("client_secret", secret.clone())])).await
            }
            Credential::ClientCertificate { client_id, certificate } => {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                let assertion = certificate.sign(client_id, endpoint.as_str(), now)?;
                let proof = vec![("client_assertion_type", kind.into()), ("client_assertion", assertion)];
                self.ask(&form(client_id, proof)).await
            }
        }
    }

    /// Posts to the token endpoint. A throttled, failing or unreachable one is asked again a few times: a token is no
    /// change of anything.
    async fn ask(&self, form: &[(&'static str, SecretString)]) -> Result<Token, DirectoryError> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            #[serde(default)]
            expires_in: Option<i64>,
        }
        let what = "sign in to Entra ID";
        let mut retries = 0;
        loop {
            let shown: Vec<_> = form.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
            let request = self.transport.client().post(self.endpoints.token.clone()).form(&shown).build();
            let request =
                request.map_err(|_| DirectoryError::new(ErrorKind::Broken, what, "the form is not usable"))?;
            let reply = self.transport.exchange(request, Bodies::Secret).await;
            let now = self.clock.now();
            let wait = match reply {
                Ok(Reply { status: 200, body, .. }) => {
                    let granted: Granted = serde_json::from_slice(&body).map_err(|_| {
                        DirectoryError::new(ErrorKind::Broken, what, "the answer holds no access token")
                    })?;
                    let life = granted.expires_in.map(SignedDuration::from_secs);
                    return Ok(Token::new(granted.access_token.into(), life, now));
                }
                Ok(reply) => {
                    let after = reply.headers.get("retry-after").and_then(|value| value.to_str().ok());
                    let after = after.and_then(|value| retry::parse_retry_after(value, now));
                    let wait = retry::wait(reply.status, false, after, retries).filter(|_| retries < MOST_RETRIES);
                    wait.ok_or_else(|| refusal::from_sign_in(reply.status, &reply.body))?
                }
                Err(Failure::NoAnswer(_)) if retries < retry::MOST_RECONNECTS => retry::backoff(retries),
                Err(failure) => {
                    let host = self.endpoints.token.host_str().unwrap_or_default();
                    return Err(failure.into_error(what, host, false));
                }
            };
            if !self.clock.wait(wait).await {
                let detail = format!(
                    "stopped as asked; {} would have been asked again in {wait:#}",
                    self.endpoints.token.host_str().unwrap_or_default()
                );
                return Err(DirectoryError::new(ErrorKind::Busy, what, detail));
            }
            retries += 1;
        }
    }

    /// Where the settings name the tenant by its id, a token of another one is refused before it is used. (Where they
    /// name a domain, reading the organization tells.)
    fn refuse_other_tenant(&self, token: &Token) -> Result<(), DirectoryError> {
        let wanted = self.endpoints.tenant.as_str();
        let Ok(id) = wanted.parse::<TenantId>() else { return Ok(()) };
        match token.claims.as_ref().and_then(|claims| claims.tid) {
            Some(tid) if tid != id => Err(DirectoryError::new(
                ErrorKind::Unauthenticated,
                "sign in to Entra ID",
                format!("the token is for the tenant {tid}, the configuration names {wanted}"),
            )
            .with_hint("sign in to the right tenant (`az login --tenant …`), or correct `tenant` in [entra]")),
            _ => Ok(()),
        }
    }
}

impl Token {
    /// A token that was given at `now` for `life`; without `life`, its own claim says when it ends.
    fn new(value: SecretString, life: Option<SignedDuration>, now: Timestamp) -> Self {
        remember(value.expose_secret());
        let claims = Claims::read(value.expose_secret());
        let expires = match life {
            Some(life) => now.saturating_add(life).ok(),
            None => claims.as_ref().and_then(Claims::expires),
        };
        let renew_at = expires.map(|end| {
            let margin = MARGIN.min(end.duration_since(now) / 5).max(SignedDuration::ZERO);
            end.saturating_sub(margin).unwrap_or(end)
        });
        Self { value, expires, claims, renew_at }
    }
}

/// Asks the Azure CLI. What it prints on stdout is a secret and never shown; on stderr it says what is wrong.
async fn azure_cli(program: &str, endpoints: &Endpoints, now: Timestamp) -> Result<Token, DirectoryError> {
    let what = "get a token from the Azure CLI";
    let refuse =
        |detail: String, hint: &str| DirectoryError::new(ErrorKind::Unauthenticated, what, detail).with_hint(hint);
    let child = tokio::process::Command::new(program)
        .args(["account", "get-access-token", "--output", "json", "--resource", &endpoints.resource])
        .args(["--tenant", endpoints.tenant.as_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let cannot = |e: std::io::Error| {
        refuse(format!("{program}: {e}"), "install the Azure CLI, or choose another `credential` in [entra]")
    };
    let mut child = child.map_err(cannot)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(kept(stdout), kept(stderr), child.wait()) };
    let (stdout, stderr, status) = tokio::time::timeout(CLI_TIMEOUT, all)
        .await
        .map_err(|_| refuse(format!("{program} did not end in time"), "try `az account get-access-token` by hand"))?;
    if !status.map_err(cannot)?.success() {
        let said = first_lines(&String::from_utf8_lossy(&stderr), 2);
        return Err(refuse(said, &format!("run `az login --tenant {}`", endpoints.tenant)));
    }
    read_azure_cli(&stdout, now)
        .ok_or_else(|| refuse("its answer holds no access token".to_owned(), "update the Azure CLI (`az upgrade`)"))
}

/// The token in the Azure CLI's JSON. Versions before 2.54 say its end only in local time without a zone; then the token
/// itself says it.
fn read_azure_cli(stdout: &[u8], now: Timestamp) -> Option<Token> {
    #[derive(Deserialize)]
    struct Granted {
        #[serde(rename = "accessToken")]
        access_token: String,
        /// Seconds since 1970.
        #[serde(default)]
        expires_on: Option<i64>,
    }
    let granted: Granted = serde_json::from_slice(stdout).ok()?;
    let end = granted.expires_on.and_then(|at| Timestamp::from_second(at).ok());
    Some(Token::new(granted.access_token.into(), end.map(|end| end.duration_since(now)), now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_azure_clis_answer_is_read_in_old_and_new_versions() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let in_an_hour = now.as_second() + 3600;
        let new =
            format!(r#"{{"accessToken":"t","expiresOn":"2026-11-22 12:00:00.000000","expires_on":{in_an_hour}}}"#);
        let token = read_azure_cli(new.as_bytes(), now).unwrap();
        assert_eq!(token.expires.unwrap().as_second(), in_an_hour);
        assert_eq!(token.renew_at.unwrap(), token.expires.unwrap() - MARGIN);
        let old = read_azure_cli(br#"{"accessToken":"t","expiresOn":"2026-11-22 12:00:00.000000"}"#, now).unwrap();
        assert_eq!((old.expires, old.claims), (None, None));
        assert!(read_azure_cli(b"Please run 'az login'", now).is_none());
    }

    #[test]
    fn a_short_life_is_used_for_four_fifths_and_shown_to_nobody() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let token = Token::new("s3cret".to_owned().into(), Some(SignedDuration::from_mins(5)), now);
        assert_eq!(token.renew_at.unwrap(), now + SignedDuration::from_mins(4));
        assert!(!format!("{token:?}").contains("s3cret"));
    }
}
