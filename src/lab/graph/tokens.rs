//! Which bearer tokens are good.
//!
//! Only digests are kept, so neither a dump nor `Debug` shows a token. A token's life is measured on the machine's
//! clock: clients count `expires_in` there, and a lab's clock may leap by hours in a second.

use crate::model::digest::of_bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What is known of a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Good now.
    Valid {
        /// The application that it was given to; nil if the token does not say.
        application: Uuid,
    },
    /// Issued here, but its time is over.
    Expired,
    /// Never issued here.
    Unknown,
}

/// The tokens that this server accepts.
#[derive(Debug)]
pub struct Tokens {
    lifetime: Duration,
    /// By the digest of an access token.
    access: Mutex<BTreeMap<String, Issued>>,
    /// Digests of refresh tokens.
    refresh: Mutex<Vec<String>>,
}

/// What is kept of an access token.
#[derive(Clone, Copy, Debug)]
struct Issued {
    application: Uuid,
    /// `None`: never.
    ends: Option<Instant>,
}

/// `appid` among a token's claims.
fn application(claims: &Value) -> Uuid {
    claims["appid"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default()
}

fn digest(token: &str) -> String {
    of_bytes(token.as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Text that nobody can guess: 32 octets in Base64.
fn random() -> String {
    let octets = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
    URL_SAFE_NO_PAD.encode(octets)
}

/// A token shaped like Entra's: header, payload with `claims`, signature. The signature is random, since to a client the
/// token is opaque.
pub fn jwt(claims: &Value) -> SecretString {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "lab" });
    format!("{}.{}.{}", part(&header), part(claims), random()).into()
}

impl Tokens {
    /// Accepts one token for ever; those it issues live for `lifetime`.
    pub fn new(always: &SecretString, lifetime: Duration) -> Self {
        let claims = always.expose_secret().split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Value = claims.and_then(|octets| serde_json::from_slice(&octets).ok()).unwrap_or_default();
        let issued = Issued { application: application(&claims), ends: None };
        let access = Mutex::new(BTreeMap::from([(digest(always.expose_secret()), issued)]));
        Self { lifetime, access, refresh: Mutex::new(Vec::new()) }
    }

    /// Issues an access token with these claims.
    pub fn issue(&self, claims: &Value) -> SecretString {
        let token = jwt(claims);
        let issued = Issued { application: application(claims), ends: Some(Instant::now() + self.lifetime) };
        lock(&self.access).insert(digest(token.expose_secret()), issued);
        token
    }

    /// Issues a refresh token, as an earlier sign-in would have left it with the client.
    pub fn issue_refresh(&self) -> SecretString {
        let token = format!("1.{}", random());
        lock(&self.refresh).push(digest(&token));
        token.into()
    }

    /// Whether a refresh token was issued here.
    pub fn knows_refresh(&self, token: &str) -> bool {
        lock(&self.refresh).contains(&digest(token))
    }

    /// How a presented access token stands.
    pub fn standing(&self, token: &str) -> Standing {
        match lock(&self.access).get(&digest(token)) {
            None => Standing::Unknown,
            Some(Issued { ends: Some(end), .. }) if Instant::now() >= *end => Standing::Expired,
            Some(Issued { application, .. }) => Standing::Valid { application: *application },
        }
    }

    /// How long a token lives, in seconds: `expires_in`.
    pub const fn lifetime_seconds(&self) -> u64 {
        self.lifetime.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_end_and_do_not_show_themselves() {
        let tokens = Tokens::new(&"fixed-token".into(), Duration::ZERO);
        assert_eq!(tokens.standing("fixed-token"), Standing::Valid { application: Uuid::nil() });
        let app = Uuid::new_v4();
        let own = jwt(&json!({ "appid": app }));
        let of_app = Tokens::new(&own, Duration::ZERO);
        assert_eq!(of_app.standing(own.expose_secret()), Standing::Valid { application: app });
        assert_eq!(tokens.standing("other"), Standing::Unknown);
        let issued = tokens.issue(&json!({ "tid": "x" }));
        assert_eq!(tokens.standing(issued.expose_secret()), Standing::Expired);
        assert!(!format!("{tokens:?}").contains("fixed-token"));
    }
}
