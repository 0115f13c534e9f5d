//! A plain LDAP client for tests: no adapter of ours between the test and the wire.

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, SearchEntry};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A directory to connect to: the embedded one or Samba.
#[derive(Clone, Debug)]
pub struct Directory {
    /// `ldap://address:port`.
    pub plain_url: String,
    /// `ldaps://address:port`.
    pub tls_url: String,
    /// The authority that signed its certificate.
    pub ca_pem: String,
    /// The domain's DN.
    pub base_dn: String,
    /// An account that may do everything.
    pub bind_dn: String,
    /// The same account's UPN.
    pub bind_upn: String,
    /// Its password, made for tests.
    pub password: String,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Not at all.
    Plain,
    /// TLS after a request on the plain port.
    StartTls,
    /// TLS from the start.
    Ldaps,
}

impl Directory {
    /// Connects without binding.
    pub async fn connect(&self, transport: Transport) -> ldap3::result::Result<Ldap> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(Duration::from_secs(20))
            .set_starttls(transport == Transport::StartTls)
            .set_config(self.trust());
        let url = if transport == Transport::Ldaps { &self.tls_url } else { &self.plain_url };
        let (connection, ldap) = LdapConnAsync::with_settings(settings, url).await?;
        tokio::spawn(connection.drive());
        Ok(ldap)
    }

    /// Connects and binds as the account that may do everything.
    pub async fn bound(&self) -> Ldap {
        let mut ldap = self.connect(Transport::Ldaps).await.expect("the directory answers");
        let bind = ldap.simple_bind(&self.bind_dn, &self.password).await.expect("the directory answers");
        bind.success().expect("the account can bind");
        ldap
    }

    /// Trusts this directory's own authority and nobody else.
    fn trust(&self) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.ca_pem.as_bytes()) {
            roots.add(certificate.expect("the file holds certificates")).expect("it is an authority's");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Arc::new(builder.expect("ring knows TLS").with_root_certificates(roots).with_no_client_auth())
    }
}

/// An entry's attributes by name in lower case, each value in octets: `ldap3` sorts values into two maps, by whether
/// they happen to be UTF-8.
pub fn attributes(entry: SearchEntry) -> BTreeMap<String, BTreeSet<Vec<u8>>> {
    let mut all = BTreeMap::<String, BTreeSet<Vec<u8>>>::new();
    for (name, values) in entry.attrs {
        all.entry(name.to_lowercase()).or_default().extend(values.into_iter().map(String::into_bytes));
    }
    for (name, values) in entry.bin_attrs {
        all.entry(name.to_lowercase()).or_default().extend(values);
    }
    all
}

/// Panics unless the answer is one of these result codes.
pub fn expect_code(answer: &LdapResult, codes: &[u32], what: &str) {
    assert!(codes.contains(&answer.rc), "{what}: {} {}", answer.rc, answer.text);
}
