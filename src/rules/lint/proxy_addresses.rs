//! `proxyAddresses`: every address, each with its type.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("proxyAddresses": at most 256 characters
//! per value, no second colon, characters of e-mail addresses). X.400 and X.500 addresses hold old Exchange names with
//! spaces, slashes, brackets of many kinds and letters of any alphabet: only control characters and `[ ] " '` are wrong
//! there. IdFix once reported them by the thousand.

use super::finding::{Attribute, Confidence};
use super::mail;
use super::problem::{Limit, Problem, offending};
use super::subject::Subject;
use super::world::{World, is_type};
use crate::model::address::{AddressKind, ProxyAddress};
use crate::rules::finding::FindingCode;

/// The longest value, type included.
pub const LIMIT: Limit = Limit::of(256);

const PROXY: Attribute = Attribute::ProxyAddresses;

/// What is wrong with the addresses.
pub fn check(subject: &Subject, world: &World<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        subject.proxy_addresses.iter().flat_map(|value| one(value.as_str(), world)).collect();
    problems.extend(several_primaries(subject));
    problems
}

/// What is wrong with one address.
pub fn one(value: &str, world: &World<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = LIMIT.check(FindingCode::AddressTooLong, PROXY, value).into_iter().collect();
    match value.split_once(':').filter(|(kind, _)| is_type(kind)) {
        None => {
            problems.extend(untyped(value));
            problems.extend(mail::smtp(PROXY, value, value));
        }
        Some((kind, address)) if kind.eq_ignore_ascii_case("smtp") => {
            problems.extend(mail::smtp(PROXY, value, address));
            problems.extend(mail::unreachable_domain(PROXY, value, address, world));
        }
        Some((_, "")) => {
            let message = "proxyAddresses: nothing stands behind the type of this address.";
            problems.push(Problem::error(FindingCode::AddressFormat, PROXY, value, message));
        }
        Some((kind, address)) => {
            let bad: fn(char) -> bool = if is_old_exchange(kind) { bad_in_x500 } else { bad_elsewhere };
            problems.extend(offending(address, bad).map(|found| {
                let message = format!("proxyAddresses: this {} address has {found}.", kind.to_uppercase());
                Problem::error(FindingCode::AddressCharacter, PROXY, value, message)
            }));
        }
    }
    problems
}

/// Whether a type is X.400 or X.500.
pub fn is_old_exchange(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("x400") || kind.eq_ignore_ascii_case("x500")
}

/// What may not stand in an X.400 or X.500 address.
pub fn bad_in_x500(c: char) -> bool {
    c.is_control() || "[]\"'".contains(c)
}

/// What may not stand in an address of any other type but SMTP.
pub fn bad_elsewhere(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>(),[]\"".contains(c)
}

fn untyped(value: &str) -> Option<Problem> {
    value.contains('@').then(|| {
        let message = "proxyAddresses: this address has no type before it, such as smtp:.";
        Problem::warning(FindingCode::AddressFormat, PROXY, value, message).believed(Confidence::Experience)
    })
}

/// Several values marked `SMTP:`, each of them a finding of its own: all but one must become aliases.
fn several_primaries(subject: &Subject) -> Vec<Problem> {
    let count = subject.proxy_addresses.primary_count();
    if count < 2 {
        return Vec::new();
    }
    let primaries = subject.proxy_addresses.iter().filter(|value| value.kind() == AddressKind::PrimarySmtp);
    let kept = meant_as_primary(subject).map(ProxyAddress::primary);
    let message = format!("There are {count} primary addresses (SMTP:) and there may be one; none can be matched by.");
    primaries
        .filter(|value| kept.as_ref().is_none_or(|kept| kept.key() != value.key()))
        .map(|value| Problem::warning(FindingCode::SeveralPrimaries, PROXY, value.as_str(), message.clone()))
        .collect()
}

/// Which of several primary addresses is meant: the one that `mail` has.
pub fn meant_as_primary(subject: &Subject) -> Option<&str> {
    subject.mail.as_deref().filter(|mail| subject.proxy_addresses.contains(ProxyAddress::primary(mail).get()))
}
