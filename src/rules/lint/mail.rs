//! `mail`, and what all e-mail addresses have in common.
//!
//! Source: Microsoft, "Prepare for directory synchronization to Microsoft 365" (`mail`, `proxyAddresses`: characters,
//! unique values); RFC 2822 section 3.4.1 (the form). At most 256 characters, as for `proxyAddresses`.

use super::finding::Attribute;
use super::problem::{Limit, Problem, offending};
use super::subject::Subject;
use super::syntax;
use super::world::World;
use crate::model::name::Upn;
use crate::rules::finding::FindingCode;

/// The longest address.
pub const LIMIT: Limit = Limit::of(256);

/// What is wrong with `mail`.
pub fn check(subject: &Subject, world: &World<'_>) -> Vec<Problem> {
    let Some(value) = &subject.mail else { return Vec::new() };
    let mut problems: Vec<Problem> =
        LIMIT.check(FindingCode::AddressTooLong, Attribute::Mail, value).into_iter().collect();
    problems.extend(smtp(Attribute::Mail, value, value));
    problems.extend(unreachable_domain(Attribute::Mail, value, value, world));
    problems
}

/// What is wrong with the characters and the form of an e-mail address. `value` is the attribute's value, of which
/// `address` may be a part.
pub fn smtp(attribute: Attribute, value: &str, address: &str) -> Vec<Problem> {
    let upn = Upn(address.to_owned());
    let (local, domain) = if address.contains('@') { (upn.prefix(), upn.suffix()) } else { (address, "") };
    let before = offending(local, |c| !syntax::is_local(c) && c != '@');
    let after = offending(domain, |c| !syntax::is_domain(c));
    let places: Vec<String> = [(before, "before @"), (after, "after @")]
        .into_iter()
        .filter_map(|(found, place)| found.map(|found| format!("{found} {place}")))
        .collect();
    let characters = (!places.is_empty()).then(|| {
        let message =
            format!("{attribute}: this address has {}, which no e-mail address may have there.", places.join(" and "));
        Problem::error(FindingCode::AddressCharacter, attribute, value, message)
    });
    let why = if address.matches('@').count() != 1 {
        Some("it must have exactly one @")
    } else if local.is_empty() {
        Some("nothing stands before @")
    } else if domain.is_empty() {
        Some("nothing stands after @")
    } else {
        syntax::local_dots(local).or_else(|| syntax::domain_form(domain))
    };
    let form = why.map(|why| {
        let message = format!("{attribute}: this is no e-mail address of the form name@domain: {why}.");
        Problem::error(FindingCode::AddressFormat, attribute, value, message)
    });
    characters.into_iter().chain(form).collect()
}

/// An address in a domain that no tenant can verify: Exchange Online drops it without a word.
pub fn unreachable_domain(attribute: Attribute, value: &str, address: &str, world: &World<'_>) -> Option<Problem> {
    let (_, domain) = syntax::split(address)?;
    let fine = syntax::is_routable(domain) || world.is_verified(domain) == Some(true);
    // A domain of another form is said already.
    (!fine && domain.chars().all(syntax::is_domain) && syntax::domain_form(domain).is_none()).then(|| {
        let message = format!(
            "{attribute}: {domain} is no domain of the internet; the cloud drops addresses in domains that the tenant has not verified."
        );
        Problem::warning(FindingCode::AddressNotRoutable, attribute, value, message)
    })
}
