//! Importing from a real AD over LDAP, for `lab serve --ad`.

use super::anchor::WriteBack;
use super::profile;
use super::view::{AdView, IMPORTED_ATTRIBUTES, ImportedHolder, ImportedUser, holder_kind};
use crate::lab::world::load::read_file;
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use crate::model::id::Sid;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Mod, Scope, SearchEntry};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The largest CA file that is read, in octets.
const LARGEST_AUTHORITY: u64 = 1 << 20;

/// A real AD that the simulated engine reads in place of the lab's own forest.
#[derive(Clone, Debug)]
pub struct ExternalAd {
    /// `ldaps://host[:port]`, or `ldap://` to this machine.
    pub url: Url,
    /// Who binds: a DN or UPN.
    pub bind_dn: String,
    /// The password. It lives in memory only.
    pub password: SecretString,
    /// A PEM file with the CA that the server's certificate is checked against; without it, the system's.
    pub ca_file: Option<PathBuf>,
    /// The domain's DN.
    pub base_dn: Dn,
}

/// Why a real AD could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The password would go over a network in the clear.
    #[error("the simulated sync engine sends no password over plain ldap:// to {0}: use ldaps://")]
    Plain(String),
    /// The CA file is of no use.
    #[error("cannot use the CA file {path}: {reason}", path = path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The directory could not be reached, or refused.
    #[error("the simulated sync engine cannot {what} at {url}: {source}")]
    Ldap {
        /// What was tried.
        what: &'static str,
        /// Where.
        url: Url,
        /// What happened.
        source: Box<LdapError>,
    },
    /// An answer that cannot be read whole. Half a directory would look like many deleted users.
    #[error("the simulated sync engine cannot use {dn}: {reason}")]
    Entry {
        /// The entry.
        dn: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// How long connecting may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);
/// Entries per page: AD's own limit (MaxPageSize).
const PAGE_SIZE: i32 = 1_000;
/// Every user that is not a computer (inetOrgPersons are users to AD's class tree too), every group and contact with an
/// address.
const OBJECTS: &str = "(|(&(objectClass=user)(!(objectClass=computer)))\
                       (&(|(objectClass=group)(objectClass=contact))(proxyAddresses=*)))";

/// A bound connection for one cycle.
pub struct LdapSource<'a> {
    ad: &'a ExternalAd,
    ldap: Ldap,
}

impl<'a> LdapSource<'a> {
    /// Connects and binds.
    pub async fn connect(ad: &'a ExternalAd) -> Result<Self, SourceError> {
        if ad.url.scheme() != "ldaps" && !is_this_machine(&ad.url) {
            return Err(SourceError::Plain(ad.url.to_string()));
        }
        let settings = LdapConnSettings::new().set_conn_timeout(CONNECT_TIMEOUT).set_config(tls_config(ad)?);
        let (connection, mut ldap) =
            LdapConnAsync::with_settings(settings, ad.url.as_str()).await.map_err(failed(&ad.url, "connect"))?;
        tokio::spawn(async move {
            // Its end shows in the next operation on the handle.
            let _ = connection.drive().await;
        });
        ldap.with_timeout(ANSWER_TIMEOUT)
            .simple_bind(&ad.bind_dn, ad.password.expose_secret())
            .await
            .and_then(ldap3::LdapResult::success)
            .map_err(failed(&ad.url, "bind"))?;
        Ok(Self { ad, ldap })
    }

    /// Reads every user, group and contact, page by page. All or nothing.
    pub async fn view(&mut self) -> Result<AdView, SourceError> {
        let domain = dns_name(&self.ad.base_dn);
        let failed = failed(&self.ad.url, "read the users, groups and contacts");
        let adapters: Vec<Box<dyn Adapter<_, _>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE_SIZE))];
        let mut stream = self
            .ldap
            .with_timeout(ANSWER_TIMEOUT)
            .streaming_search_with(
                adapters,
                self.ad.base_dn.as_str(),
                Scope::Subtree,
                OBJECTS,
                IMPORTED_ATTRIBUTES.into_iter().chain(profile::ad_names()).collect::<Vec<_>>(),
            )
            .await
            .map_err(&failed)?;
        let mut view = AdView::default();
        while let Some(entry) = stream.next().await.map_err(&failed)? {
            match imported(&SearchEntry::construct(entry), &domain)? {
                Imported::User(user) => view.users.push(*user),
                Imported::Holder(holder) => view.holders.extend(holder),
            }
        }
        // The result code of the last page stands only here.
        stream.finish().await.success().map_err(&failed)?;
        Ok(view)
    }

    /// Fills empty anchors, each only if it is still empty, and brings `view` up to date. A refused write leaves the
    /// anchor empty, which the cycle then reports for that user.
    pub async fn write_back(&mut self, writes: &[WriteBack], view: &mut AdView) -> Result<(), SourceError> {
        let failed = failed(&self.ad.url, "write anchors back");
        let mut written = Vec::new();
        for write in writes {
            let target = format!("<GUID={}>", write.guid);
            let attribute = b"mS-DS-ConsistencyGuid".to_vec();
            let add = Mod::Add(attribute, HashSet::from([write.anchor.octets().to_vec()]));
            let result = self.ldap.with_timeout(ANSWER_TIMEOUT).modify(&target, vec![add]).await.map_err(&failed)?;
            if result.rc == 0 {
                written.push(write.clone());
            }
        }
        view.note(&written);
        Ok(())
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        // The server forgets the connection either way.
        let _ = self.ldap.unbind().await;
    }
}

fn failed(url: &Url, what: &'static str) -> impl Fn(LdapError) -> SourceError + use<> {
    let url = url.clone();
    move |source| SourceError::Ldap { what, url: url.clone(), source: Box::new(source) }
}

/// What an entry is to the engine.
#[derive(Debug)]
enum Imported {
    User(Box<ImportedUser>),
    /// A group or contact; `None` if it is not mail-enabled.
    Holder(Option<ImportedHolder>),
}

/// Reads an entry. An attribute's values stand in either map: those whose octets happen to be UTF-8 among the texts.
fn imported(entry: &SearchEntry, domain: &str) -> Result<Imported, SourceError> {
    let unusable = |reason: String| SourceError::Entry { dn: entry.dn.clone(), reason };
    let values = |name: &str| -> Vec<Vec<u8>> {
        let is_it = |key: &&String| key.eq_ignore_ascii_case(name);
        let texts = entry.attrs.iter().filter(|(key, _)| is_it(key)).flat_map(|(_, v)| v.iter().cloned());
        let octets = entry.bin_attrs.iter().filter(|(key, _)| is_it(key)).flat_map(|(_, v)| v.iter().cloned());
        texts.map(String::into_bytes).chain(octets).collect()
    };
    if let Some(key) = entry.attrs.keys().chain(entry.bin_attrs.keys()).find(|key| key.contains(";range=")) {
        return Err(unusable(format!("it has more values than one answer holds ({key})")));
    }
    let one = |name: &str| values(name).into_iter().next().ok_or_else(|| unusable(format!("it has no {name}")));
    let guid = Anchor::from_octets(&one("objectGUID")?).map_err(|e| unusable(e.to_string()))?.to_guid();
    let dn = Dn::parse(&entry.dn).map_err(|e| unusable(e.to_string()))?;
    let has_class = |class: &str| values("objectClass").iter().any(|c| c.eq_ignore_ascii_case(class.as_bytes()));
    if let Some(kind) = holder_kind(has_class) {
        return Ok(Imported::Holder(ImportedHolder::read(kind, guid, dn, values)));
    }
    let sid = Sid::from_octets(&one("objectSid")?).map_err(|e| unusable(e.to_string()))?;
    Ok(Imported::User(Box::new(ImportedUser::read(guid, sid, dn, domain, values))))
}

/// `corp.contoso.com` of `DC=corp,DC=contoso,DC=com`.
fn dns_name(base: &Dn) -> String {
    let part = |rdn: &str| {
        rdn.split_once('=').filter(|(kind, _)| kind.trim().eq_ignore_ascii_case("dc")).map(|(_, v)| v.trim().to_owned())
    };
    let parts: Vec<String> =
        std::iter::successors(Some(base.clone()), Dn::parent).filter_map(|dn| part(dn.rdn())).collect();
    parts.join(".")
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        // For a scheme that the URL standard does not know, even an address is a name.
        Some(url::Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

fn tls_config(ad: &ExternalAd) -> Result<Arc<rustls::ClientConfig>, SourceError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let authority = |reason: String| SourceError::Authority { path: ad.ca_file.clone().unwrap_or_default(), reason };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| authority(e.to_string()))?;
    let config = match &ad.ca_file {
        None => builder.with_platform_verifier().map_err(|e| authority(e.to_string()))?.with_no_client_auth(),
        Some(path) => {
            let mut roots = rustls::RootCertStore::empty();
            let pem = read_file(path, LARGEST_AUTHORITY).map_err(|e| authority(e.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|e| authority(e.to_string()))?;
                roots.add(certificate).map_err(|e| authority(e.to_string()))?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dns_name_is_in_the_dn() {
        assert_eq!(dns_name(&Dn::parse("DC=corp,dc=contoso, DC=com").unwrap()), "corp.contoso.com");
    }

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        let here = |text: &str| is_this_machine(&Url::parse(text).unwrap());
        assert!(here("ldap://127.0.0.77:389") && here("ldap://localhost") && here("ldap://[::1]"));
        assert!(!here("ldap://dc01.corp.contoso.com") && !here("ldap://10.0.0.1"));
    }

    #[test]
    fn octets_are_found_in_either_map() {
        let guid = b"0123456789abcdef".to_vec();
        let sid: Sid = "S-1-5-21-1-2-3-4444444".parse().unwrap();
        let entry = SearchEntry {
            dn: "CN=J,DC=x".to_owned(),
            attrs: [("objectGUID".to_owned(), vec![String::from_utf8(guid.clone()).unwrap()])].into(),
            bin_attrs: [("objectSid".to_owned(), vec![sid.to_octets()])].into(),
        };
        let Imported::User(user) = imported(&entry, "x").unwrap() else { panic!("a user") };
        assert_eq!((user.guid, user.sid), (Anchor::from_octets(&guid).unwrap().to_guid(), sid));
    }

    #[test]
    fn a_split_attribute_is_refused() {
        let attrs = [("proxyAddresses;range=0-1499".to_owned(), vec!["smtp:a@x".to_owned()])].into();
        let entry = SearchEntry { dn: "CN=J,DC=x".to_owned(), attrs, bin_attrs: [].into() };
        assert!(imported(&entry, "x").unwrap_err().to_string().contains("more values"));
    }
}
