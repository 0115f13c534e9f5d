//! `userPrincipalName`: the sign-in name.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" ("userPrincipalName"): at most 64
//! characters before `@` and 48 after it, 113 in all; letters, digits and `' . - _ ! # ^ ~`; no diacritics; not beginning
//! with `@`, the part before it not ending with `.`, `&`, a space or `@`; a routable domain. IdFix looked at the total
//! only, and refused `'`, which Microsoft's guide and Graph allow.

use super::finding::{Attribute, Confidence};
use super::problem::{Problem, offending};
use super::subject::{Kind, Subject};
use super::syntax;
use super::world::World;
use crate::model::name::Upn;
use crate::rules::finding::{FindingCode, Severity};

/// The longest part before `@`.
pub const LOCAL: usize = 64;
/// The longest part after `@`.
pub const DOMAIN: usize = 48;
/// The longest name.
pub const TOTAL: usize = 113;

const UPN: Attribute = Attribute::UserPrincipalName;

/// Whether a character may stand before `@`.
pub fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c)
}

/// What is wrong with the name itself: what the cloud would refuse.
pub fn form(value: &str) -> Vec<Problem> {
    let upn = Upn(value.to_owned());
    let (local, domain) = if value.contains('@') { (upn.prefix(), upn.suffix()) } else { (value, "") };
    [characters(value, local, domain), shape(value, local, domain), length(value, local, domain)]
        .into_iter()
        .flatten()
        .collect()
}

/// What is wrong with a user's name, its suffix included.
pub fn check(subject: &Subject, world: &World<'_>) -> Vec<Problem> {
    match &subject.upn {
        _ if subject.kind != Kind::User => Vec::new(),
        None => subject.implied_upn.iter().map(|implied| missing(implied)).collect(),
        Some(value) => {
            let mut problems = form(value);
            problems.extend(suffix(value, world));
            problems
        }
    }
}

fn missing(implied: &str) -> Problem {
    let message = format!("There is no userPrincipalName, so the sync makes up {implied} from the sAMAccountName.");
    Problem::missing(FindingCode::UpnMissing, UPN, Severity::Warning, message)
}

fn characters(value: &str, local: &str, domain: &str) -> Option<Problem> {
    let unwanted = |c: char| !is_allowed(c) && c != '@';
    let before = offending(local, unwanted);
    let after = offending(domain, |c| !syntax::is_domain(c));
    let places: Vec<String> = [(before, "before @"), (after, "after @")]
        .into_iter()
        .filter_map(|(found, place)| found.map(|found| format!("{found} {place}")))
        .collect();
    if places.is_empty() {
        return None;
    }
    // These two are on neither of Microsoft's lists, of what is allowed and of what is not.
    let unlisted =
        domain.chars().all(syntax::is_domain) && local.chars().all(|c| !unwanted(c) || matches!(c, '$' | '`'));
    let confidence = if unlisted { Confidence::StrictReading } else { Confidence::Documented };
    let message = format!(
        "userPrincipalName has {}. Allowed are letters without diacritics, digits and ' . - _ ! # ^ ~.",
        places.join(" and ")
    );
    Some(Problem::error(FindingCode::UpnCharacter, UPN, value, message).believed(confidence))
}

fn shape(value: &str, local: &str, domain: &str) -> Option<Problem> {
    let one_at = value.matches('@').count() == 1;
    let (why, confidence) = if !one_at {
        ("it must have exactly one @", Confidence::Documented)
    } else if local.is_empty() {
        ("nothing stands before @", Confidence::Documented)
    } else if domain.is_empty() {
        ("nothing stands after @", Confidence::Documented)
    } else if let Some(why) = syntax::local_dots(local) {
        // Only the dot at the end is in Microsoft's guide; IdFix refused the others as well.
        (why, if local.ends_with('.') { Confidence::Documented } else { Confidence::StrictReading })
    } else {
        (syntax::domain_form(domain)?, Confidence::Documented)
    };
    let message = format!("userPrincipalName is no sign-in name of the form name@domain: {why}.");
    Some(Problem::error(FindingCode::UpnFormat, UPN, value, message).believed(confidence))
}

fn length(value: &str, local: &str, domain: &str) -> Option<Problem> {
    let count = |text: &str| text.chars().count();
    let parts: Vec<String> =
        [(count(local), LOCAL, "before @"), (count(domain), DOMAIN, "after @"), (count(value), TOTAL, "in all")]
            .into_iter()
            .filter(|(length, limit, _)| length > limit)
            .map(|(length, limit, place)| format!("{length} {place} (at most {limit})"))
            .collect();
    if parts.is_empty() {
        return None;
    }
    let confidence = if count(value) > TOTAL { Confidence::Documented } else { Confidence::StrictReading };
    let message = format!("userPrincipalName is too long: {} characters.", parts.join(", "));
    Some(Problem::error(FindingCode::UpnTooLong, UPN, value, message).believed(confidence))
}

/// The suffix, if the name has a usable form at all.
fn suffix(value: &str, world: &World<'_>) -> Vec<Problem> {
    let Some((_, domain)) = syntax::split(value) else { return Vec::new() };
    if !domain.chars().all(syntax::is_domain) || syntax::domain_form(domain).is_some() {
        return Vec::new();
    }
    let fate = "the cloud sign-in name becomes one in the tenant's initial domain (….onmicrosoft.com)";
    let in_cloud = match world.is_verified(domain) {
        Some(true) => None,
        Some(false) => {
            let message = format!("{domain} is no verified domain of the tenant: {fate}.");
            Some(Problem::warning(FindingCode::UnverifiedSuffix, UPN, value, message))
        }
        None if syntax::is_routable(domain) => None,
        None => {
            let message = format!("{domain} is no domain of the internet, so no tenant can verify it: {fate}.");
            Some(Problem::warning(FindingCode::SuffixNotRoutable, UPN, value, message))
        }
    };
    let in_forest = (!world.lists(domain)).then(|| {
        let message = format!("The forest does not list the UPN suffix {domain}; administrators cannot choose it.");
        Problem::warning(FindingCode::SuffixNotInForest, UPN, value, message)
    });
    in_cloud.into_iter().chain(in_forest).collect()
}

/// Whether a name could have this suffix without anything to be said of it.
pub fn is_usable_suffix(suffix: &str, world: &World<'_>) -> bool {
    suffix.chars().count() <= DOMAIN
        && suffix.chars().all(syntax::is_domain)
        && syntax::domain_form(suffix).is_none()
        && world.lists(suffix)
        && world.is_verified(suffix).unwrap_or_else(|| syntax::is_routable(suffix))
}
