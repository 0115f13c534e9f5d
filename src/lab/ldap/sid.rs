//! Security identifiers of a domain's accounts: the domain's SID and a relative id.

use super::forest::stored_text;
use crate::lab::world::forest::AdDomain;
use crate::model::id::Sid;
use ring::digest::{SHA256, digest};

/// The relative id of a new domain's first controller.
pub const CONTROLLER: u32 = 1_000;
/// The first relative id that new accounts get.
const FIRST: u32 = 1_103;

/// The next free SID of a domain: one above its highest.
pub fn next(domain: &AdDomain) -> Option<Sid> {
    let prefix = format!("{}-", of_domain(domain));
    let sids = domain.entries.iter().filter_map(|entry| entry.sid.as_ref()).map(ToString::to_string);
    let taken = sids.filter_map(|sid| sid.strip_prefix(&prefix)?.parse().ok());
    with_rid(domain, taken.max().map_or(FIRST, |highest: u32| highest.saturating_add(1).max(FIRST)))
}

/// The SID with this relative id. `None` only for a domain whose own SID is as long as a SID can be.
pub fn with_rid(domain: &AdDomain, rid: u32) -> Option<Sid> {
    format!("{}-{rid}", of_domain(domain)).parse().ok()
}

/// The domain's SID as text: from its head, else from an account in it, else made from its DNS name.
fn of_domain(domain: &AdDomain) -> String {
    let head = domain.entries.iter().find(|entry| entry.dn == domain.base_dn).and_then(|entry| entry.sid.as_ref());
    if let Some(sid) = head {
        return sid.to_string();
    }
    let accounts = domain.entries.iter().filter(|entry| stored_text(entry, "sAMAccountName").is_some());
    let mut sids = accounts.filter_map(|entry| entry.sid.as_ref()).map(ToString::to_string);
    let account = sids.find(|sid| sid.starts_with("S-1-5-21-"));
    if let Some((sid, _)) = account.as_deref().and_then(|sid| sid.rsplit_once('-')) {
        return sid.to_owned();
    }
    let hash = digest(&SHA256, domain.dns_name.to_lowercase().as_bytes());
    let part = |at: usize| hash.as_ref()[at..at + 4].iter().fold(0u32, |number, octet| number << 8 | u32::from(*octet));
    format!("S-1-5-21-{}-{}-{}", part(0), part(4), part(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dn::Dn;
    use crate::model::id::DomainName;

    #[test]
    fn a_domain_without_accounts_has_a_sid_of_its_own() {
        let domain = |dns_name: &str| AdDomain {
            name: DomainName::from("x"),
            dns_name: dns_name.to_owned(),
            netbios_name: "X".to_owned(),
            base_dn: Dn::parse("DC=x").unwrap(),
            entries: Vec::new().into(),
            deleted: Vec::new().into(),
        };
        let first = next(&domain("a.test")).unwrap();
        assert!(first.to_string().starts_with("S-1-5-21-") && first.to_string().ends_with("-1103"), "{first}");
        assert_eq!(next(&domain("A.test")), Some(first.clone()));
        assert_ne!(next(&domain("b.test")), Some(first));
    }
}
