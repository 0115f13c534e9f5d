//! Candidates for a better value, best first. None of them is good until [`super::proposal`] has checked it.

use super::finding::Attribute;
use super::subject::Subject;
use super::syntax;
use super::user_principal_name as upn;
use super::world::{World, is_type};
use super::{display_name, given_name, mail_nickname, proxy_addresses, sam_account_name, target_address};
use crate::model::address::ProxyAddress;
use std::iter;

/// How far numbers go that make a name another one.
const NUMBERS: std::ops::RangeInclusive<u32> = 2..=99;
/// The longest part before `@` of an e-mail address (RFC 5321 section 4.5.3.1.1).
const LOCAL: usize = 64;

/// A name between what stands before and after it, which a number can make another name.
#[derive(Clone, Debug)]
struct Base {
    before: String,
    name: String,
    after: String,
    longest: usize,
}

impl Base {
    fn new(before: &str, name: &str, after: &str, longest: usize) -> Self {
        Self { before: before.to_owned(), name: name.to_owned(), after: after.to_owned(), longest }
    }

    fn plain(&self) -> String {
        format!("{}{}{}", self.before, cut(&self.name, self.longest), self.after)
    }

    fn numbered(&self, number: u32) -> String {
        let number = number.to_string();
        let name = cut(&self.name, self.longest.saturating_sub(number.len()));
        format!("{}{name}{number}{}", self.before, self.after)
    }
}

/// At most `longest` characters, without a dot or blank where it was cut.
fn cut(text: &str, longest: usize) -> String {
    let cut: String = text.chars().take(longest).collect();
    if cut.len() == text.len() { cut } else { cut.trim_end_matches(['.', ' ']).to_owned() }
}

/// Candidates for a value of `subject`; `value` is `None` where one is missing. Numbered ones come last.
pub fn candidates(attribute: Attribute, value: Option<&str>, subject: &Subject, world: &World<'_>) -> Vec<String> {
    let bases: Vec<Base> = match attribute {
        Attribute::UserPrincipalName => sign_in_names(value, subject, world),
        Attribute::ProxyAddresses => value.map(|value| proxies(value, subject, world)).unwrap_or_default(),
        Attribute::Mail => value.map(|value| mails(value, subject, world)).unwrap_or_default(),
        Attribute::MailNickname => nicknames(value, subject),
        Attribute::SamAccountName => {
            let value = value.unwrap_or_default();
            let name = plain(value, |c| !sam_account_name::is_bad(c) && !c.is_whitespace());
            vec![Base::new("", &name, "", sam_account_name::LIMIT.error)]
        }
        // Not numbered: where mail goes, and what a person is called, is no name to choose.
        Attribute::TargetAddress => return value.map(target).unwrap_or_default(),
        Attribute::DisplayName => return display(value, subject),
        Attribute::GivenName => {
            return value.map(|value| cut(value.trim(), given_name::LIMIT.warning)).into_iter().collect();
        }
    };
    let bases: Vec<Base> = bases.into_iter().filter(|base| !base.name.is_empty()).collect();
    let numbered = bases.first().into_iter().flat_map(|base| NUMBERS.map(|number| base.numbered(number)));
    bases.iter().map(Base::plain).chain(numbered).collect()
}

/// The text in ASCII, without what is not wanted.
fn plain(text: &str, wanted: impl Fn(char) -> bool) -> String {
    let ascii: String = text.chars().flat_map(|c| in_ascii(c).chars().collect::<Vec<_>>()).collect();
    ascii.chars().filter(|c| wanted(*c)).collect()
}

/// A letter of any alphabet in ASCII letters; other signs than letters and digits become nothing.
fn in_ascii(c: char) -> String {
    if c.is_ascii() {
        return c.to_string();
    }
    let spelled = if c.is_alphanumeric() { deunicode::deunicode_char(c).unwrap_or_default() } else { "" };
    spelled.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Dots only between other characters, one at a time.
fn single_dots(text: &str) -> String {
    text.split('.').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}

/// What stands before the last `@`, with further `@` and blanks as dots; all of it if there is none.
fn local_part(address: &str, allowed: impl Fn(char) -> bool) -> String {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let local = local.trim().replace(['@', ' '], ".");
    single_dots(&plain(&local, allowed))
}

/// What stands after the last `@`, if it has the form of a domain once it is in ASCII.
fn domain_part(address: &str) -> Option<String> {
    let domain = single_dots(&plain(address.rsplit_once('@')?.1.trim(), syntax::is_domain));
    (!domain.is_empty() && syntax::domain_form(&domain).is_none()).then_some(domain)
}

/// The addresses that say what somebody is called: the primary one, then `mail`.
fn own_addresses(subject: &Subject) -> impl Iterator<Item = &str> {
    let primary = subject.proxy_addresses.primary().or_else(|| proxy_addresses::meant_as_primary(subject));
    primary.into_iter().chain(subject.mail.as_deref())
}

/// The suffix as it is, that of an own address, or the only one there is to choose.
fn suffixes(value: Option<&str>, subject: &Subject, world: &World<'_>) -> Vec<String> {
    let own = value.into_iter().chain(own_addresses(subject)).filter_map(domain_part);
    let mut found: Vec<String> = own.filter(|suffix| upn::is_usable_suffix(suffix, world)).collect();
    let mut listed = world.suffixes().filter(|suffix| upn::is_usable_suffix(suffix, world));
    if let (true, Some(only), None) = (found.is_empty(), listed.next(), listed.next()) {
        found.push(only.to_owned());
    }
    found
}

fn sign_in_names(value: Option<&str>, subject: &Subject, world: &World<'_>) -> Vec<Base> {
    let name = |address: &str| local_part(address, upn::is_allowed);
    let names: Vec<String> =
        value.into_iter().chain(own_addresses(subject)).chain(subject.sam.as_deref()).map(name).collect();
    let names = names.iter().filter(|name| !name.is_empty());
    suffixes(value, subject, world)
        .iter()
        .flat_map(|suffix| names.clone().map(move |name| Base::new("", name, &format!("@{suffix}"), upn::LOCAL)))
        .collect()
}

fn nicknames(value: Option<&str>, subject: &Subject) -> Vec<Base> {
    let sources = value.into_iter().chain(own_addresses(subject)).chain(subject.upn.as_deref());
    let name = |address: &str| local_part(address, |c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let names = sources.chain(subject.sam.as_deref()).map(name);
    names.map(|name| Base::new("", &name, "", mail_nickname::LIMIT.error)).collect()
}

fn mails(value: &str, subject: &Subject, world: &World<'_>) -> Vec<Base> {
    let mut bases = Vec::new();
    // The primary address is what `mail` should say; it is checked like any other candidate.
    let primary = subject.proxy_addresses.primary().filter(|primary| !primary.eq_ignore_ascii_case(value));
    bases.extend(primary.and_then(|primary| mailbox("", primary)));
    bases.extend(mailbox("", value));
    bases.extend(in_sign_in_domain("", value, subject, world));
    bases
}

fn proxies(value: &str, subject: &Subject, world: &World<'_>) -> Vec<Base> {
    let (kind, address) = value.split_once(':').filter(|(kind, _)| is_type(kind)).unwrap_or(("smtp", value));
    if kind.eq_ignore_ascii_case("smtp") {
        let kind = if is_surplus_primary(value, subject) { "smtp" } else { kind };
        let before = format!("{kind}:");
        let moved = if kind == "SMTP" { in_sign_in_domain(&before, address, subject, world) } else { None };
        return mailbox(&before, address).into_iter().chain(moved).collect();
    }
    let bad: fn(char) -> bool = if proxy_addresses::is_old_exchange(kind) {
        proxy_addresses::bad_in_x500
    } else {
        proxy_addresses::bad_elsewhere
    };
    let kept: String = address.chars().filter(|c| !bad(*c)).collect();
    vec![Base::new(&format!("{kind}:"), &kept, "", usize::MAX)]
}

/// Whether this is a primary address besides the one that is meant.
fn is_surplus_primary(value: &str, subject: &Subject) -> bool {
    let meant = proxy_addresses::meant_as_primary(subject).map(|mail| ProxyAddress::primary(mail).key());
    subject.proxy_addresses.primary_count() > 1
        && meant.is_some_and(|meant| meant != ProxyAddress(value.to_owned()).key())
}

/// The address with what is wrong in its characters and dots put right.
fn mailbox(before: &str, address: &str) -> Option<Base> {
    let name = local_part(address, syntax::is_local);
    Some(Base::new(before, &name, &format!("@{}", domain_part(address)?), LOCAL))
}

/// The name in the domain of the sign-in name, for an address in a domain that leads nowhere.
fn in_sign_in_domain(before: &str, address: &str, subject: &Subject, world: &World<'_>) -> Option<Base> {
    let domain = domain_part(subject.upn.as_deref()?).filter(|domain| upn::is_usable_suffix(domain, world))?;
    Some(Base::new(before, &local_part(address, syntax::is_local), &format!("@{domain}"), LOCAL))
}

fn target(value: &str) -> Vec<String> {
    let (kind, address) = value.split_once(':').filter(|(kind, _)| is_type(kind)).unwrap_or(("SMTP", value));
    let repaired = mailbox(&format!("{kind}:"), address).filter(|base| !base.name.is_empty()).map(|base| base.plain());
    // Cut, it would lead elsewhere.
    let whole = value.chars().count() <= target_address::LIMIT.warning;
    repaired.filter(|_| whole && kind.eq_ignore_ascii_case("smtp")).into_iter().collect()
}

fn display(value: Option<&str>, subject: &Subject) -> Vec<String> {
    let cut = |text: &str| cut(text.trim(), display_name::LIMIT.warning);
    value.map(cut).into_iter().chain(iter::once(cut(&subject.dn.rdn_pair().1))).collect()
}
