//! Small domains for the lint.

use crate::model::ad::AdUser;
use crate::model::address::AddressSet;
use crate::model::digest;
use crate::model::dn::Dn;
use crate::model::id::AdGuid;
use crate::model::profile::Profile;
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::rules::lint::finding::{Attribute, LintFinding, Proposal};
use crate::rules::lint::run::{LintReport, LintScope, lint};
use crate::rules::lint::world::World;
use crate::snapshot::document::AdDomainSnapshot;
use uuid::Uuid;

/// A UUID that depends on the name only.
fn uuid(name: &str) -> Uuid {
    let hex = digest::of_bytes(name.as_bytes()).replace("sha256:", "");
    Uuid::parse_str(&hex[..32]).unwrap()
}

/// Addresses.
pub fn has(addresses: &[&str]) -> AddressSet {
    addresses.iter().copied().collect()
}

/// A user of whom there is nothing to say.
pub fn user(name: &str) -> AdUser {
    AdUser {
        guid: AdGuid(uuid(name)),
        dn: Dn::parse(&format!("CN={name},OU=Users,DC=corp,DC=contoso,DC=com")).unwrap(),
        domain: "corp".into(),
        sam: name.into(),
        sid: "S-1-5-21-1-2-3-1000".parse().unwrap(),
        upn: Some(format!("{name}@contoso.com").into()),
        mail: Some(format!("{name}@contoso.com")),
        proxy_addresses: has(&[&format!("SMTP:{name}@contoso.com")]),
        consistency_guid: None,
        display_name: Some(name.into()),
        given_name: Some(name.into()),
        surname: None,
        mail_nickname: Some(name.into()),
        target_address: None,
        recipient_type: None,
        profile: Profile::new(),
        user_account_control: 512,
        critical_system_object: false,
        admin_count: false,
    }
}

/// Jane, changed.
pub fn jane(change: impl FnOnce(&mut AdUser)) -> AdUser {
    let mut jane = user("jane");
    change(&mut jane);
    jane
}

/// A group or contact with these addresses.
pub fn holder(kind: AdHolderKind, name: &str, addresses: &[&str]) -> AdHolder {
    AdHolder {
        kind,
        guid: AdGuid(uuid(name)),
        dn: Dn::parse(&format!("CN={name},OU=Mail,DC=corp,DC=contoso,DC=com")).unwrap(),
        domain: "corp".into(),
        name: name.to_owned(),
        sam: None,
        mail: None,
        proxy_addresses: has(addresses),
        mail_nickname: Some(name.to_owned()),
        target_address: None,
    }
}

/// A domain whose forest lists `contoso.com` and `contoso.local`.
pub fn domain(users: Vec<AdUser>, holders: Vec<AdHolder>) -> AdDomainSnapshot {
    AdDomainSnapshot {
        name: "corp".into(),
        base_dn: Dn::parse("DC=corp,DC=contoso,DC=com").unwrap(),
        dns_name: "corp.contoso.com".to_owned(),
        server: "dc1.corp.contoso.com".to_owned(),
        upn_suffixes: vec!["contoso.com".to_owned(), "contoso.local".to_owned()],
        users,
        holders,
    }
}

/// Lints all of a domain.
pub fn lint_all(users: Vec<AdUser>, holders: Vec<AdHolder>) -> LintReport {
    lint(&World::of_domains(&[domain(users, holders)]), LintScope::default(), |_| true)
}

/// Severity and code of each finding of one user.
pub fn codes(user: AdUser) -> Vec<String> {
    lint_all(vec![user], Vec::new()).findings.iter().map(|f| format!("{}[{}]", f.severity, f.code)).collect()
}

/// The value that is proposed for the first finding in an attribute.
pub fn proposed(findings: &[LintFinding], attribute: Attribute) -> Option<String> {
    match findings.iter().find(|finding| finding.attribute == attribute)?.proposed.clone()? {
        Proposal::Set { value } => Some(value),
        Proposal::Remove => Some("(remove)".to_owned()),
    }
}
