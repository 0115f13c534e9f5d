//! What holds for any directory.

use super::build::{domain, holder, user};
use crate::model::ad::AdUser;
use crate::model::address::{Address, AddressSet};
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::rules::lint::finding::{Attribute, LintFinding, Proposal};
use crate::rules::lint::run::{LintReport, LintScope, lint};
use crate::rules::lint::world::World;
use crate::snapshot::document::AdDomainSnapshot;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Names that are often the same, nearly the same, or wrong.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]{1,2}",
        2 => "[aäÄ .@'$&\\]]{1,4}",
        1 => Just("a".repeat(70)),
        1 => any::<String>().prop_map(|text| text.chars().take(5).collect()),
    ]
}

fn suffix() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &["contoso.com", "contoso.com", "Contoso.COM", "contoso.local", "fabrikam.com", "x", "-y.de"][..],
    )
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![6 => (name(), suffix()).prop_map(|(name, suffix)| format!("{name}@{suffix}")), 1 => name()]
}

fn proxy() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(&["SMTP:", "smtp:", "smtp:", "X500:", "sip:", ""][..]);
    (kind, address()).prop_map(|(kind, address)| format!("{kind}{address}"))
}

fn person(number: usize) -> impl Strategy<Value = AdUser> {
    let option = |strategy: BoxedStrategy<String>| prop::option::weighted(0.8, strategy);
    let names =
        (option(address().boxed()), option(address().boxed()), option(name().boxed()), option(address().boxed()));
    let texts = (option(name().boxed()), option(name().boxed()), name(), any::<u8>());
    (names, prop::collection::vec(proxy(), 0..4), texts).prop_map(move |(names, proxies, texts)| {
        let (upn, mail, mail_nickname, target_address) = names;
        let (display_name, given_name, sam, dice) = texts;
        AdUser {
            upn: upn.map(Into::into),
            mail,
            mail_nickname: mail_nickname.map(Into::into),
            target_address: target_address.filter(|_| dice % 4 == 0),
            display_name: display_name.map(Into::into),
            given_name: given_name.map(Into::into),
            sam: sam.as_str().into(),
            proxy_addresses: proxies.into_iter().collect(),
            critical_system_object: dice % 16 == 1,
            ..user(&format!("user{number}"))
        }
    })
}

fn list(number: usize) -> impl Strategy<Value = AdHolder> {
    prop::collection::vec(proxy(), 0..3).prop_map(move |proxies| {
        let proxies: Vec<&str> = proxies.iter().map(String::as_str).collect();
        holder(AdHolderKind::Group, &format!("group{number}"), &proxies)
    })
}

fn anything() -> impl Strategy<Value = AdDomainSnapshot> {
    let people = (0..6).map(person).collect::<Vec<_>>();
    let lists = (0..2).map(list).collect::<Vec<_>>();
    (people, lists).prop_map(|(users, holders)| domain(users, holders))
}

fn report(domain: &AdDomainSnapshot) -> LintReport {
    lint(&World::of_domains(std::slice::from_ref(domain)), LintScope::default(), |_| true)
}

/// Writes a value into the object.
fn write(domain: &mut AdDomainSnapshot, finding: &LintFinding, new: &str) {
    let old = finding.value.as_deref();
    let replaced =
        |set: &AddressSet| set.iter().map(Address::as_str).filter(|value| Some(*value) != old).chain([new]).collect();
    let own = Some(new.to_owned());
    if let Some(user) = domain.users.iter_mut().find(|user| user.guid.to_string() == finding.object.id) {
        match finding.attribute {
            Attribute::UserPrincipalName => user.upn = Some(new.into()),
            Attribute::ProxyAddresses => user.proxy_addresses = replaced(&user.proxy_addresses),
            Attribute::Mail => user.mail = own,
            Attribute::MailNickname => user.mail_nickname = Some(new.into()),
            Attribute::SamAccountName => user.sam = new.into(),
            Attribute::TargetAddress => user.target_address = own,
            Attribute::DisplayName => user.display_name = Some(new.into()),
            Attribute::GivenName => user.given_name = Some(new.into()),
        }
    } else if let Some(holder) = domain.holders.iter_mut().find(|one| one.guid.to_string() == finding.object.id) {
        assert_eq!(finding.attribute, Attribute::ProxyAddresses);
        holder.proxy_addresses = replaced(&holder.proxy_addresses);
    }
}

fn set(finding: &LintFinding) -> Option<&str> {
    match &finding.proposed {
        Some(Proposal::Set { value }) => Some(value),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_proposal_passes_alone_and_all_of_them_together(domain in anything()) {
        let found = report(&domain).findings;
        let proposals: Vec<(&LintFinding, &str)> = found.iter().filter_map(|f| Some((f, set(f)?))).collect();
        let mut all = domain.clone();
        for (finding, new) in &proposals {
            prop_assert_ne!(finding.value.as_deref(), Some(*new));
            let mut alone = domain.clone();
            write(&mut alone, finding, new);
            write(&mut all, finding, new);
            let again = report(&alone).findings;
            let about: Vec<_> = again.iter().filter(|f| is_about(f, finding, new)).collect();
            prop_assert!(about.is_empty(), "{finding:#?}\n{about:#?}");
        }
        let again = report(&all).findings;
        for (finding, new) in &proposals {
            let about: Vec<_> = again.iter().filter(|f| is_about(f, finding, new)).collect();
            prop_assert!(about.is_empty(), "all written: {finding:#?}\n{about:#?}");
        }
    }

    #[test]
    fn the_order_of_objects_does_not_matter(domain in anything(), seed in any::<usize>()) {
        let mut shuffled = domain.clone();
        shuffled.users.rotate_left(seed % 6);
        shuffled.users.swap(0, seed % 5);
        shuffled.holders.reverse();
        prop_assert_eq!(report(&domain), report(&shuffled));
    }

    #[test]
    fn every_duplicate_names_all_its_holders_and_they_name_it(domain in anything()) {
        let found = report(&domain);
        let left_out: BTreeSet<&str> = found.left_out.iter().map(|one| one.object.id.as_str()).collect();
        for finding in found.findings.iter().filter(|finding| !finding.duplicate_of.is_empty()) {
            for held in &finding.duplicate_of {
                prop_assert_eq!(held.left_out, left_out.contains(held.object.id.as_str()));
                let mutual = found.findings.iter().any(|other| {
                    other.object == held.object && other.code == finding.code
                        && other.duplicate_of.iter().any(|back| back.object == finding.object)
                });
                prop_assert!(held.left_out || mutual, "{:#?}", finding);
            }
        }
        // What a plain comparison finds, the lint finds.
        for user in &domain.users {
            for other in domain.users.iter().filter(|other| other.guid != user.guid && !user.critical_system_object) {
                if let (Some(own), Some(theirs)) = (&user.mail, &other.mail)
                    && own.to_lowercase() == theirs.to_lowercase()
                {
                    let told = found.findings.iter().any(|f| f.object.id == user.guid.to_string()
                        && f.attribute == Attribute::Mail
                        && f.duplicate_of.iter().any(|held| held.object.id == other.guid.to_string()));
                    prop_assert!(told);
                }
            }
        }
    }
}

/// Whether a finding is about the value that was proposed.
fn is_about(finding: &LintFinding, proposed: &LintFinding, new: &str) -> bool {
    finding.object.id == proposed.object.id
        && finding.attribute == proposed.attribute
        && finding.value.as_deref() == Some(new)
}
