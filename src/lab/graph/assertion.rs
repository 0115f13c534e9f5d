//! `client_assertion`: a JWT signed with the application's certificate.
//!
//! Source: Microsoft identity platform, "Application authentication certificate credentials"; RFC 7523 section 3. The lab
//! knows no application's certificates: it accepts any, as long as the assertion is formed as Entra wants it and, if the
//! certificate comes along (`x5c`), the signature is that certificate's.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls_pki_types::CertificateDer;
use serde_json::Value;

/// Why an assertion is refused, by Entra's error numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionError {
    /// AADSTS50027: not three parts of Base64url JSON.
    Malformed,
    /// AADSTS700023: for another audience.
    Audience,
    /// AADSTS700024: not valid now.
    Time,
    /// AADSTS700021: issuer or subject is not the client.
    Issuer,
    /// AADSTS700027: no thumbprint, another algorithm, or a wrong signature.
    Signature,
}

/// What an assertion is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The request's `client_id`.
    pub client_id: &'a str,
    /// The audiences that name this endpoint.
    pub audiences: &'a [String],
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// How far clocks may differ, in seconds.
const SKEW: i64 = 300;

fn json(part: &str) -> Result<Value, AssertionError> {
    let octets = URL_SAFE_NO_PAD.decode(part).map_err(|_| AssertionError::Malformed)?;
    serde_json::from_slice(&octets).map_err(|_| AssertionError::Malformed)
}

/// Checks an assertion.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(assertion: &str, expected: Expected) -> Result<(), AssertionError> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header_text, claims_text, signature] = parts.as_slice() else { return Err(AssertionError::Malformed) };
    let (header, claims) = (json(header_text)?, json(claims_text)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| AssertionError::Malformed)?;

    let claim = |name: &str| claims[name].as_str().unwrap_or_default();
    if ["iss", "sub"].iter().any(|name| !claim(name).eq_ignore_ascii_case(expected.client_id)) {
        return Err(AssertionError::Issuer);
    }
    if !expected.audiences.iter().any(|a| a.eq_ignore_ascii_case(claim("aud"))) {
        return Err(AssertionError::Audience);
    }
    let ends = claims["exp"].as_i64().ok_or(AssertionError::Malformed)?;
    let starts = claims["nbf"].as_i64().unwrap_or(0);
    if ends + SKEW < expected.now || starts - SKEW > expected.now {
        return Err(AssertionError::Time);
    }
    check_signature(&header, &format!("{header_text}.{claims_text}"), &signature)
}

fn check_signature(header: &Value, signed: &str, signature: &[u8]) -> Result<(), AssertionError> {
    let thumbprint = |name: &str| header[name].as_str().and_then(|t| URL_SAFE_NO_PAD.decode(t).ok());
    let (sha1, sha256) = (thumbprint("x5t"), thumbprint("x5t#S256"));
    let algorithm = match header["alg"].as_str() {
        Some("RS256") => webpki::ring::RSA_PKCS1_2048_8192_SHA256,
        Some("PS256") => webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        _ => return Err(AssertionError::Signature),
    };
    if (sha1.is_none() && sha256.is_none()) || signature.is_empty() {
        return Err(AssertionError::Signature);
    }
    // `x5c` is a list; some clients send its one certificate alone.
    let chain = &header["x5c"];
    let Some(first) = chain.as_str().or_else(|| chain[0].as_str()) else { return Ok(()) };
    let der = STANDARD.decode(first).map_err(|_| AssertionError::Malformed)?;
    let is_thumbprint = |given: &Option<Vec<u8>>, algorithm| {
        given.as_ref().is_none_or(|given| given.as_slice() == digest(algorithm, &der).as_ref())
    };
    if !is_thumbprint(&sha1, &SHA1_FOR_LEGACY_USE_ONLY) || !is_thumbprint(&sha256, &SHA256) {
        return Err(AssertionError::Signature);
    }
    let der = CertificateDer::from(der);
    let certificate = webpki::EndEntityCert::try_from(&der).map_err(|_| AssertionError::Malformed)?;
    certificate.verify_signature(algorithm, signed.as_bytes(), signature).map_err(|_| AssertionError::Signature)
}
