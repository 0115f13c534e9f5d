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
    Valid,
    /// Issued here, but its time is over.
    Expired,
    /// Never issued here.
    Unknown,
}

/// The tokens that this server accepts.
#[derive(Debug)]
pub struct Tokens {
    lifetime: Duration,
    /// Digest of an access token → when it ends; `None`: never.
    access: Mutex<BTreeMap<String, Option<Instant>>>,
    /// Digests of refresh tokens.
    refresh: Mutex<Vec<String>>,
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
        let access = Mutex::new(BTreeMap::from([(digest(always.expose_secret()), None)]));
        Self { lifetime, access, refresh: Mutex::new(Vec::new()) }
    }

    /// Issues an access token with these claims.
    pub fn issue(&self, claims: &Value) -> SecretString {
        let token = jwt(claims);
        lock(&self.access).insert(digest(token.expose_secret()), Some(Instant::now() + self.lifetime));
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
            Some(Some(end)) if Instant::now() >= *end => Standing::Expired,
            Some(_) => Standing::Valid,
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
        assert_eq!(tokens.standing("fixed-token"), Standing::Valid);
        assert_eq!(tokens.standing("other"), Standing::Unknown);
        let issued = tokens.issue(&json!({ "tid": "x" }));
        assert_eq!(tokens.standing(issued.expose_secret()), Standing::Expired);
        assert!(!format!("{tokens:?}").contains("fixed-token"));
    }
}
