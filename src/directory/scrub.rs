//! Secrets that this process has had in its hands do not come out in the words of others: a server that repeats a token
//! in its error message, a command that prints its environment.
//!
//! Whoever takes a secret in ([`remember`]) and whoever passes on foreign words ([`scrub`]) need not know of each other,
//! so what is known belongs to the process.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";
/// A shorter value would tear holes into every sentence, and the holes would tell it.
const SHORTEST: usize = 8;
/// So would a word of this length or less.
const LONGEST_WORD: usize = 15;
/// A run of letters and digits of this length is a token of some kind: no id, name or digest of Entra's or AD's comes
/// near it.
const TOKEN_LENGTH: usize = 72;

/// Every known secret in every form, the longest first: one may hold another.
static KNOWN: RwLock<Vec<SecretString>> = RwLock::new(Vec::new());

/// From now on, this does not come out: neither itself nor as Base64, percent-encoded, or in a JSON string.
pub fn remember(secret: &str) {
    let is_word = secret.len() <= LONGEST_WORD && secret.chars().all(char::is_alphabetic);
    if secret.len() < SHORTEST || is_word {
        return;
    }
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::Value::from(secret).to_string();
    let forms = [
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        form,
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for form in forms {
        if !known.iter().any(|known| known.expose_secret() == form) {
            known.push(form.into());
        }
    }
    known.sort_by_key(|known| std::cmp::Reverse(known.expose_secret().len()));
}

/// The text without any secret that is known, and without what can only be one: JSON Web Tokens, what follows `Bearer`,
/// and long runs of letters and digits.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for known in KNOWN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        let known = known.expose_secret();
        if out.contains(known) {
            out = Cow::Owned(out.replace(known, REDACTED));
        }
    }
    match without_tokens(&out) {
        Some(scrubbed) => Cow::Owned(scrubbed),
        None => out,
    }
}

/// `None` if nothing in it looks like a token.
fn without_tokens(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~');
    let (mut out, mut rest, mut found, mut after_bearer) = (String::new(), text, false, false);
    while !rest.is_empty() {
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(length);
        let is_opaque = || word.len() >= 20 || word.contains(|c: char| c.is_ascii_digit());
        let is_token = (after_bearer && is_opaque()) || looks_like_token(word);
        found |= is_token;
        out.push_str(if is_token { REDACTED } else { word });
        let between = tail.find(is_part).unwrap_or(tail.len());
        after_bearer = word.eq_ignore_ascii_case("bearer") && tail[..between].trim().is_empty();
        out.push_str(&tail[..between]);
        rest = &tail[between..];
    }
    found.then_some(out)
}

/// A JWT begins with `{"` in Base64, which is `eyJ`, and has two more parts; opaque tokens are long.
fn looks_like_token(word: &str) -> bool {
    let is_jwt = word.starts_with("eyJ") && word.split('.').count() >= 3;
    let mixed = || word.contains(|c: char| c.is_ascii_digit()) && word.contains(|c: char| c.is_ascii_alphabetic());
    is_jwt || (word.len() >= TOKEN_LENGTH && mixed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_secret_comes_out_in_no_form() {
        let secret = "p\u{e4}ss \"wo/rd\"?7f31";
        remember(secret);
        let forms = [
            secret.to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            serde_json::json!({ "a": secret }).to_string(),
        ];
        for form in forms {
            let scrubbed = scrub(&form);
            assert!(scrubbed.contains(REDACTED) && !scrubbed.contains("7f31"), "{form}: {scrubbed}");
        }
        for word in ["abc", "password"] {
            remember(word);
            let sentence = format!("the {word} of it");
            assert!(matches!(scrub(&sentence), Cow::Borrowed(_)), "the hole would tell it");
        }
    }

    #[test]
    fn tokens_are_seen_by_their_looks_and_ordinary_words_are_left_alone() {
        let long = "1.AXEAq".repeat(12);
        for (text, wanted) in [
            ("got eyJhbGciOiJub25lIn0.e30.c2ln!".to_owned(), "got [redacted]!".to_owned()),
            ("Authorization: Bearer opaque-7".to_owned(), "Authorization: Bearer [redacted]".to_owned()),
            (format!("refresh {long}, then"), "refresh [redacted], then".to_owned()),
        ] {
            assert_eq!(scrub(&text), wanted);
        }
        for plain in [
            "The bearer of the role User Administrator",
            "request-id 3f2a9c1e-0d5b-4c8e-9a53-8a0c3d1f2b77, S-1-5-21-3623811015-3361044348-30300820-1013",
            "sha256:3c1b5c80960852511023a4bb94ef881727111f8b16a204ce99001b760806dbd4",
            "CN=A very long name of somebody who works here,OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com",
        ] {
            assert!(matches!(scrub(plain), Cow::Borrowed(_)), "{plain}: {}", scrub(plain));
        }
    }
}
