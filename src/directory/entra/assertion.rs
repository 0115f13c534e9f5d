//! The signed proof that we hold a certificate's key: a JWT client assertion (RFC 7523).
//!
//! Source: "Microsoft identity platform application authentication certificate credentials": PS256, header
//! `x5t#S256`, `aud` is the token endpoint, `iss` and `sub` are the application, a new `jti` each time.

use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::scrub::remember;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::fmt;
use uuid::Uuid;

/// How long an assertion holds: long enough for clocks that differ, short enough to be worthless soon.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// A certificate's thumbprint and its private key.
pub struct SigningCertificate {
    thumbprint: String,
    key: RsaKeyPair,
}

impl fmt::Debug for SigningCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningCertificate({})", self.thumbprint)
    }
}

impl SigningCertificate {
    /// Reads a PEM certificate and a PEM private key (PKCS#8 or PKCS#1, not encrypted). `key` may be the same text.
    pub fn from_pem(certificate: &str, key: &SecretString) -> Result<Self, DirectoryError> {
        let refuse = |reason: &str, hint: &str| {
            DirectoryError::new(ErrorKind::Unauthenticated, "read the client certificate", reason).with_hint(hint)
        };
        // Its lines are what a tool would repeat.
        key.expose_secret().lines().filter(|line| !line.contains('-')).for_each(remember);
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| {
            refuse("the file holds no certificate", "certificate_file is a PEM file with a CERTIFICATE block")
        })?;
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(|_| {
            refuse(
                "the file holds no private key that can be read",
                "put an unencrypted PRIVATE KEY block into certificate_file, or name its file as key_file; \
                 `openssl pkey -in key.pem -out plain.pem` takes the encryption off",
            )
        })?;
        let pair = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(refuse("the private key is not an RSA key", "Entra ID takes RSA keys only")),
        };
        let key = pair.map_err(|e| {
            refuse(&format!("the private key cannot be used ({e})"), "use an RSA key of 2048 to 4096 bits")
        })?;
        let thumbprint = ring::digest::digest(&ring::digest::SHA256, &certificate);
        Ok(Self { thumbprint: URL_SAFE_NO_PAD.encode(thumbprint), key })
    }

    /// A fresh assertion for `client_id` at the token endpoint `audience`.
    pub fn sign(&self, client_id: &str, audience: &str, now: Timestamp) -> Result<SecretString, DirectoryError> {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let payload = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": Uuid::new_v4().to_string(),
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": now.saturating_add(LIFETIME).map_or(now, |end| end).as_second(),
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut jwt = format!("{}.{}", encode(&header), encode(&payload));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), jwt.as_bytes(), &mut signature).map_err(|_| {
            DirectoryError::new(ErrorKind::Unauthenticated, "sign in with the certificate", "signing failed")
        })?;
        jwt.push('.');
        jwt.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(jwt.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

    const CERTIFICATE: &str = include_str!("../../../tests/fixtures/client-certificate/certificate.pem");
    const PKCS8: &str = include_str!("../../../tests/fixtures/client-certificate/key-pkcs8.pem");
    const PKCS1: &str = include_str!("../../../tests/fixtures/client-certificate/key-pkcs1.pem");

    #[test]
    fn both_key_formats_sign_what_the_public_key_verifies() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for key in [PKCS8.to_owned(), PKCS1.to_owned(), format!("{CERTIFICATE}{PKCS8}")] {
            let certificate = SigningCertificate::from_pem(CERTIFICATE, &key.into()).unwrap();
            let jwt = certificate.sign("app-id", "https://login.example/t/oauth2/v2.0/token", now).unwrap();
            let jwt = jwt.expose_secret();
            let (signed, signature) = jwt.rsplit_once('.').unwrap();
            let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.key.public().as_ref().to_vec());
            public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
            let part = |at: usize| -> serde_json::Value {
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').nth(at).unwrap()).unwrap()).unwrap()
            };
            assert_eq!(part(0)["alg"], "PS256");
            assert_eq!(part(0)["x5t#S256"].as_str().unwrap().len(), 43);
            assert_eq!(part(1)["aud"], "https://login.example/t/oauth2/v2.0/token");
            assert_eq!(part(1)["exp"].as_i64().unwrap() - now.as_second(), 600);
        }
    }

    #[test]
    fn a_file_without_a_key_says_what_to_do_and_shows_nothing() {
        let error = SigningCertificate::from_pem(CERTIFICATE, &CERTIFICATE.to_owned().into()).unwrap_err();
        assert!(error.hint.unwrap().contains("key_file"));
        let certificate = SigningCertificate::from_pem(CERTIFICATE, &PKCS8.to_owned().into()).unwrap();
        assert!(!format!("{certificate:?}").contains("PRIVATE"));
    }
}
