//! Each AD domain: how it is reached, as whom and with which rights, its names and its anchor.
//!
//! Sources: Microsoft, "Microsoft Entra Connect: Design concepts" (source anchor), "Microsoft Entra Connect:
//! UserPrincipalName population" (suffixes), MS-ADTS 3.1.1.4.5.16 (`allowedAttributesEffective`).

use super::facts::{DomainFacts, Facts};
use super::tenant::skew;
use super::{Area, Check, Point, plural, some};
use crate::config::matchplan::{MatchChoice, UpnChoice};
use crate::config::settings::{AdSettings, Bind};
use crate::model::ad::AdUser;
use crate::model::anchor::SourceAnchor;
use crate::plan::resolve::{self, Hint};
use crate::rules::exposure::in_scope;
use crate::rules::source_anchor::{Conclusion, Evidence, evidence};
use crate::snapshot::index::Index;
use std::collections::BTreeMap;

/// What linking writes to an AD user.
const WRITTEN: [&str; 3] = ["userPrincipalName", "mail", "proxyAddresses"];

/// What to look at where a sign-in with Kerberos fails.
const TICKET: &str = "Check `url` of this [[ad]] and the ticket (`klist`), and the network.";

const SUFFIXES: Point = Point(Area::Ad, "upn-suffixes", "the UPN suffixes are verified domains of the tenant");

pub(super) fn forest(facts: &Facts<'_>, index: Option<&Index<'_>>) -> Vec<Check> {
    let mut all = Vec::new();
    for domain in &facts.domains {
        let Some(settings) = facts.settings.domain(&domain.name) else { continue };
        let mut of_domain = vec![reach(domain, settings), transport(settings)];
        if domain.read.is_ok() {
            of_domain.push(skew(
                Point(Area::Ad, "ad-clock", "this computer's clock agrees with the domain controller's"),
                domain.ahead,
            ));
            of_domain.push(rights(domain));
        }
        all.extend(of_domain.into_iter().map(|check| check.of(domain.name.as_str())));
    }
    let Some(index) = index else { return all };
    if facts.cloud.is_ok() && facts.domains.iter().any(|domain| domain.read.is_ok()) {
        all.push(suffixes(facts, index));
        let found = evidence(index);
        for domain in facts.domains.iter().filter(|domain| domain.read.is_ok()) {
            let set = facts.settings.source_anchor(&domain.name);
            all.push(source_anchor(set, found.get(&domain.name)).of(domain.name.as_str()));
        }
    }
    all
}

fn reach(domain: &DomainFacts, settings: &AdSettings) -> Check {
    let point = Point(Area::Ad, "ad-reach", "the domain can be read from a writable domain controller");
    let (signed_in, help) = match (&settings.bind, &domain.account) {
        (Bind::Simple { user, .. }, _) => {
            (format!("as {user}"), "Check `url`, `user` and the password of this [[ad]], and the network.")
        }
        (Bind::Kerberos, Some(account)) => (format!("with Kerberos as {account}"), TICKET),
        (Bind::Kerberos, None) => ("with Kerberos".to_owned(), TICKET),
    };
    match &domain.read {
        Ok(read) => point.pass(format!(
            "{} of {}, signed in {signed_in}, {}",
            read.server,
            read.dns_name,
            plural(read.users.len(), "user")
        )),
        Err(why) => point.fail(why.as_str(), help),
    }
}

fn transport(settings: &AdSettings) -> Check {
    let point = Point(Area::Ad, "ad-encrypted", "passwords cross the network encrypted");
    if settings.is_encrypted() {
        let how = if settings.starttls { "StartTLS" } else { "LDAPS" };
        return point.pass(match settings.bind {
            Bind::Simple { .. } => how.to_owned(),
            Bind::Kerberos => format!("{how}, and with Kerberos ours does not cross it at all"),
        });
    }
    if settings.allow_plain {
        return point.fail(
            "`allow_plain` is set: the password of our account can be read on the way",
            "Use ldaps:// or `starttls = true`, and take `allow_plain` out of this [[ad]].",
        );
    }
    // Connecting refuses every other plain connection.
    point.pass("plain LDAP, which never leaves this computer")
}

fn rights(domain: &DomainFacts) -> Check {
    let point = Point(Area::Ad, "ad-write-rights", "our account may write the users that are linked");
    let help = "Delegate \"Write userPrincipalName, mail, proxyAddresses\" on the OUs of the linked users to our account; \
                users with adminCount 1 get their rights from AdminSDHolder and need it there.";
    let known: Vec<_> = domain.writable.iter().filter_map(|(guid, may)| Some((guid, may.as_ref()?))).collect();
    if known.is_empty() {
        let seen = if domain.writable.is_empty() {
            "there is no user to look at"
        } else {
            "the server does not say what our account may write (allowedAttributesEffective)"
        };
        return point
            .cannot_tell(seen, "Try with one pilot user: `matchplan apply --prepare`, then `matchplan rollback`.");
    }
    let users = domain.read.as_ref().map(|read| read.users.as_slice()).unwrap_or_default();
    let lacking = known.iter().filter_map(|(guid, may)| {
        let has = |name: &&str| may.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
        let missing: Vec<&str> = WRITTEN.iter().filter(|name| !has(name)).copied().collect();
        let name =
            users.iter().find(|user| user.guid == **guid).map_or_else(|| guid.to_string(), |u| u.sam.to_string());
        (!missing.is_empty()).then(|| format!("{name}: not {}", missing.join(", ")))
    });
    let lacking: Vec<String> = lacking.collect();
    point.unless(&lacking, format!("{} of {} looked at", known.len(), plural(known.len(), "user")), help)
}

/// The suffixes that would reach the cloud: of the linked users that keep AD's UPN, or of everybody in scope.
fn suffixes(facts: &Facts<'_>, index: &Index<'_>) -> Check {
    let users: Vec<&AdUser> = match facts.links() {
        Some(links) => links
            .iter()
            .filter(|link| {
                link.upn == UpnChoice::Ad || link.upn == UpnChoice::Default && link.matching == MatchChoice::Hard
            })
            .filter_map(|link| resolve::ad_user(&link.ad, index, Hint::Leave).ok())
            .collect(),
        None => index.ad_users().filter(|user| in_scope(&user.dn, &facts.settings.sync.synced_ous)).collect(),
    };
    let mut unverified: BTreeMap<String, usize> = BTreeMap::new();
    for user in users {
        let upn = index.exported_upn(user);
        if !index.snapshot.tenant.domain(upn.suffix()).is_some_and(|domain| domain.verified) {
            *unverified.entry(upn.suffix().to_lowercase()).or_default() += 1;
        }
    }
    let told: Vec<String> = unverified.iter().map(|(suffix, n)| format!("@{suffix}: {}", plural(*n, "user"))).collect();
    let good = if facts.links().is_some() {
        "every linked user that keeps its UPN has a verified one"
    } else {
        "every user in scope has a verified one"
    };
    SUFFIXES.unless(
        &told,
        good,
        "Entra gives such users a name in the tenant's initial domain. Verify the domain in the tenant, or give the users a \
         suffix that is verified.",
    )
}

fn source_anchor(set: SourceAnchor, evidence: Option<&Evidence<'_>>) -> Check {
    let point = Point(Area::Ad, "source-anchor", "the source anchor in force is the configured one");
    let name = |anchor| match anchor {
        SourceAnchor::ConsistencyGuid => "mS-DS-ConsistencyGuid",
        SourceAnchor::ObjectGuid => "objectGUID",
    };
    let help = format!(
        "See Entra Connect's own setting (Configure, View current configuration, SOURCE ANCHOR), and correct \
         `source_anchor` in this [[ad]]; it says {} now. With a wrong one, every hard match becomes a duplicate.",
        name(set)
    );
    let Some(evidence) = evidence else {
        return point.cannot_tell("no user of this domain is synced yet", help);
    };
    match evidence.conclusion() {
        Conclusion::Proven(found) if found == set => point.pass(evidence.counts()),
        Conclusion::Proven(_) | Conclusion::Mixed | Conclusion::Other => {
            let example =
                evidence.against(set).map(|(ad, cloud)| format!("{}\\{} and {}", ad.domain, ad.sam, cloud.upn));
            let example: Vec<String> = example.into_iter().collect();
            point.fail(format!("{} (see {})", evidence.counts(), some(&example)), help)
        }
        Conclusion::Open | Conclusion::Unseen => point.cannot_tell(evidence.counts(), help),
    }
}
