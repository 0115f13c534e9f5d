//! What a server says of itself in its rootDSE (RFC 4512 section 5.1, MS-ADTS 3.1.1.3.2), and which servers we refuse.

use super::entry::Entry;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use crate::model::dn::Dn;

/// The rootDSE attributes that are read.
pub const ATTRIBUTES: [&str; 5] =
    ["defaultNamingContext", "namingContexts", "configurationNamingContext", "dnsHostName", "supportedCapabilities"];

/// `LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID`: the server is a read-only domain controller (MS-ADTS 3.1.1.3.4.3).
const READ_ONLY: &str = "1.2.840.113556.1.4.1920";

/// The Global Catalog's ports: it holds a part of every object's attributes, and takes no writes.
const GLOBAL_CATALOG: [u16; 2] = [3268, 3269];

/// A writable domain controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainController {
    /// `dnsHostName`: which one it is.
    pub host: String,
    /// The naming context that `base_dn` lies in: the domain's.
    pub domain: Dn,
    /// The domain's DNS name, from the naming context's `DC=` parts.
    pub dns_name: String,
    /// The forest's configuration naming context.
    pub configuration: Dn,
}

impl DomainController {
    /// Reads a rootDSE. Refuses what is no domain controller, a read-only one, and one of another domain than
    /// `base_dn`'s.
    pub fn read(root: &Entry, url: &str, base_dn: &Dn) -> Result<Self, DirectoryError> {
        let refuse = |reason: String, hint: &str| {
            DirectoryError::new(ErrorKind::Refused, format!("use {url}"), reason).with_hint(hint)
        };
        let text = |name: &str| root.values(name).first().and_then(|value| String::from_utf8(value.clone()).ok());
        let naming = |name: &str| text(name).and_then(|text| Dn::parse(&text).ok());
        let (Some(host), Some(domain), Some(configuration)) =
            (text("dnsHostName"), naming("defaultNamingContext"), naming("configurationNamingContext"))
        else {
            return Err(refuse(
                "this server is not an Active Directory domain controller: its rootDSE names no domain".into(),
                "`url` in [[ad]] must lead to a domain controller (AD LDS and other LDAP servers are not supported)",
            ));
        };
        let host = one_line(&host);
        if root.values("supportedCapabilities").iter().any(|oid| oid == READ_ONLY.as_bytes()) {
            return Err(refuse(
                format!("{host} is a read-only domain controller (RODC)"),
                "set `url` in [[ad]] to a writable domain controller: `Get-ADDomainController -Filter 'IsReadOnly -eq $false'`",
            ));
        }
        // The longest naming context around it: a child domain's name ends in its parent's.
        let contexts = root.values("namingContexts").iter().filter_map(|value| String::from_utf8(value.clone()).ok());
        let contexts = contexts.filter_map(|text| Dn::parse(&text).ok()).chain([domain.clone()]);
        let around = contexts.filter(|context| base_dn.is_under(context)).max_by_key(|context| context.as_str().len());
        let Some(domain) = around else {
            return Err(refuse(
                format!("{host} serves {domain}, but base_dn is {base_dn}"),
                "let `url` and `base_dn` of this [[ad]] name the same domain",
            ));
        };
        Ok(Self { dns_name: dns_name(&domain), host, domain, configuration })
    }
}

/// Refuses a Global Catalog port before anything is sent there.
pub fn refuse_global_catalog(url: &url::Url) -> Result<(), DirectoryError> {
    match url.port().filter(|port| GLOBAL_CATALOG.contains(port)) {
        None => Ok(()),
        Some(port) => Err(DirectoryError::new(
            ErrorKind::Refused,
            format!("use {url}"),
            format!("{port} is the Global Catalog's port: it holds no mS-DS-ConsistencyGuid and takes no writes"),
        )
        .with_hint("use port 636 (ldaps://) or 389 (ldap:// with starttls)")),
    }
}

/// `DC=corp,DC=contoso,DC=com` as `corp.contoso.com`; what is before the first `DC=` does not count.
pub(super) fn dns_name(domain: &Dn) -> String {
    let mut labels = Vec::new();
    let mut next = Some(domain.clone());
    while let Some(dn) = next {
        if let Some((kind, value)) = dn.rdn().split_once('=')
            && kind.trim().eq_ignore_ascii_case("dc")
        {
            labels.push(value.trim().to_owned());
        }
        next = dn.parent();
    }
    labels.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(capability: &[u8]) -> Entry {
        Entry::new(
            "",
            &[
                ("dnsHostName", &[b"dc1.corp.test"]),
                ("defaultNamingContext", &[b"DC=corp,DC=test"]),
                ("configurationNamingContext", &[b"CN=Configuration,DC=corp,DC=test"]),
                ("supportedCapabilities", &[b"1.2.840.113556.1.4.800", capability]),
            ],
        )
    }

    fn base(dn: &str) -> Dn {
        Dn::parse(dn).unwrap()
    }

    #[test]
    fn a_writable_domain_controller_is_taken() {
        let dc = DomainController::read(&root(b"1"), "ldaps://corp.test", &base("OU=a,DC=corp,DC=test")).unwrap();
        assert_eq!((dc.host.as_str(), dc.dns_name.as_str()), ("dc1.corp.test", "corp.test"));
    }

    #[test]
    fn read_only_foreign_and_other_servers_are_refused() {
        let read = |entry: &Entry, dn| DomainController::read(entry, "ldaps://x", &base(dn)).unwrap_err();
        assert!(read(&root(READ_ONLY.as_bytes()), "DC=corp,DC=test").detail.contains("read-only"));
        assert!(read(&root(b"1"), "DC=other,DC=test").detail.contains("serves DC=corp,DC=test"));
        assert!(read(&Entry::default(), "DC=corp,DC=test").detail.contains("not an Active Directory"));
    }

    #[test]
    fn global_catalog_ports_are_refused() {
        for (url, taken) in [("ldap://dc:3268", false), ("ldaps://dc:3269", false), ("ldaps://dc", true)] {
            assert_eq!(refuse_global_catalog(&url.parse().unwrap()).is_ok(), taken, "{url}");
        }
    }
}
