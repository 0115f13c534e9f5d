//! One domain: connecting, binding, staying with one domain controller, and reading whole answers.

use super::entry::Entry;
use super::filter::Filter;
use super::outcome::{During, from_error, from_result};
use super::root::{self, DomainController};
use super::sign_in;
use crate::config::settings::AdSettings;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::scrub::remember;
use crate::directory::tls;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, DomainName};
use crate::model::size::Size;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Scope};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// How long connecting may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one answer may take; a search's clock starts anew with each entry.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);
/// Entries per page: AD's own limit (MaxPageSize).
const PAGE_SIZE: i32 = 1000;

/// The most that is kept of one answer, in octets: some million users.
const LARGEST_ANSWER: usize = 2 << 30;

/// A domain of the configuration, bound and ready.
///
/// Once it has answered, it stays with that one domain controller: after a lost connection, it goes back to the same
/// one or fails, since another one may not have our last writes yet.
pub struct AdDomain {
    pub(super) settings: AdSettings,
    password: SecretString,
    tls: Arc<rustls::ClientConfig>,
    handle: Mutex<Option<Ldap>>,
    pinned: OnceLock<DomainController>,
}

/// What is searched.
pub(super) struct Search<'a> {
    /// A DN, or [`by_guid`].
    pub base: &'a str,
    /// How deep.
    pub scope: Scope,
    /// Which entries.
    pub filter: Filter,
    /// Which attributes.
    pub attributes: Vec<String>,
}

/// `<GUID=…>`: AD's name of an object that survives moves and renames (MS-ADTS 3.1.1.3.1.2.4).
pub(super) fn by_guid(guid: AdGuid) -> String {
    format!("<GUID={guid}>")
}

impl AdDomain {
    /// Connects, binds and pins the domain controller.
    ///
    /// `authorities` is the content of the domain's `ca_file`; the password is empty where the settings ask for none.
    /// Errors: what must not be tried (an empty password for a simple bind, a plain connection that is not allowed, Kerberos
    /// in a build without it), and whatever connecting or binding ends with.
    pub async fn connect(
        settings: AdSettings,
        password: SecretString,
        authorities: Option<&[u8]>,
    ) -> Result<Self, DirectoryError> {
        root::refuse_global_catalog(&settings.url)?;
        sign_in::refuse(&settings, &password)?;
        remember(password.expose_secret());
        let tls = tls::client_config(authorities)?;
        let domain = Self { settings, password, tls, handle: Mutex::new(None), pinned: OnceLock::new() };
        domain.ldap().await?;
        Ok(domain)
    }

    /// The domain controller that everything goes to.
    pub fn controller(&self) -> Option<&DomainController> {
        self.pinned.get()
    }

    /// A handle on a live connection; many operations can be on their way over it side by side.
    pub(super) async fn ldap(&self) -> Result<Ldap, DirectoryError> {
        let mut handle = self.handle.lock().await;
        if let Some(ldap) = handle.as_mut()
            && !ldap.is_closed()
        {
            return Ok(ldap.clone());
        }
        let ldap = self.open().await?;
        *handle = Some(ldap.clone());
        Ok(ldap)
    }

    /// Opens a connection to the pinned domain controller, or pins the one that answers first.
    async fn open(&self) -> Result<Ldap, DirectoryError> {
        let url = &self.settings.url;
        let (ldap, found) = self.open_at(url).await?;
        let pinned = self.pinned.get_or_init(|| found.clone());
        if found.host.eq_ignore_ascii_case(&pinned.host) {
            return Ok(ldap);
        }
        // `url` names several domain controllers and another one answered: go to ours by name.
        let mut ours = url.clone();
        let elsewhere = || {
            DirectoryError::new(
                ErrorKind::Unreachable,
                format!("reach {} again", pinned.host),
                format!("{url} now leads to {}, which may not have the last changes yet", found.host),
            )
        };
        ours.set_host(Some(&pinned.host)).map_err(|_| elsewhere())?;
        match self.open_at(&ours).await {
            Ok((ldap, again)) if again.host.eq_ignore_ascii_case(&pinned.host) => Ok(ldap),
            Ok(_) => Err(elsewhere()),
            Err(error) => Err(error.with_hint(format!("wait until {} is back, then go on", pinned.host))),
        }
    }

    async fn open_at(&self, url: &Url) -> Result<(Ldap, DomainController), DirectoryError> {
        let what = || format!("connect to {url}");
        let settings = LdapConnSettings::new()
            .set_conn_timeout(CONNECT_TIMEOUT)
            .set_config(Arc::clone(&self.tls))
            .set_starttls(self.settings.starttls);
        let (connection, mut ldap) = LdapConnAsync::from_url_with_settings(settings, url)
            .await
            .map_err(|e| from_error(&e, During::Connect, what()))?;
        // It ends with its last handle, or with an error that every operation on it reports as well.
        tokio::spawn(connection.drive());
        sign_in::sign_in(&mut ldap, &self.settings, &self.password, url, CONNECT_TIMEOUT).await?;
        let root = Search {
            base: "",
            scope: Scope::Base,
            filter: Filter::any(),
            attributes: root::ATTRIBUTES.map(str::to_owned).to_vec(),
        };
        let root = search_on(&mut ldap, &root, &format!("read what {url} is"), &|_| ()).await?;
        let root = root.into_iter().next().unwrap_or_default();
        let controller = DomainController::read(&root, url.as_str(), &self.settings.base_dn)?;
        Ok((ldap, controller))
    }

    /// All entries, or an error: half an answer is never returned. A connection that broke is opened once more, since
    /// reading twice is harmless.
    pub(super) async fn search(&self, search: &Search<'_>, what: &str) -> Result<Vec<Entry>, DirectoryError> {
        self.search_telling(search, what, &|_| ()).await
    }

    /// The same; `progress` hears with each page how many entries there are so far.
    pub(super) async fn search_telling(
        &self,
        search: &Search<'_>,
        what: &str,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Entry>, DirectoryError> {
        let mut ldap = self.ldap().await?;
        match search_on(&mut ldap, search, what, progress).await {
            Err(error) if error.kind == ErrorKind::Unreachable => {
                let mut ldap = self.reopened(&mut ldap).await?;
                search_on(&mut ldap, search, what, progress).await
            }
            other => other,
        }
    }

    /// A new connection in place of one that failed, unless another operation has replaced it already.
    async fn reopened(&self, failed: &mut Ldap) -> Result<Ldap, DirectoryError> {
        if !failed.is_closed() {
            self.forget_connection().await;
        }
        self.ldap().await
    }

    /// Leaves a connection that hangs to itself; the next operation opens another. Those still on their way over the
    /// old one hold it open until they end.
    pub(super) async fn forget_connection(&self) {
        *self.handle.lock().await = None;
    }

    /// The domain's name in the settings.
    pub const fn name(&self) -> &DomainName {
        &self.settings.name
    }

    /// The DN that is searched.
    pub fn base_dn(&self) -> &Dn {
        &self.settings.base_dn
    }
}

async fn search_on(
    ldap: &mut Ldap,
    search: &Search<'_>,
    what: &str,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Entry>, DirectoryError> {
    // `EntriesOnly` first: a paged stream lets referrals through as items. A base search is one page by nature.
    let mut adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> = vec![Box::new(EntriesOnly::new())];
    if search.scope != Scope::Base {
        adapters.push(Box::new(PagedResults::new(PAGE_SIZE)));
    }
    let mut stream = ldap
        .with_timeout(ANSWER_TIMEOUT)
        .streaming_search_with(
            adapters,
            search.base,
            search.scope,
            &search.filter.to_string(),
            search.attributes.clone(),
        )
        .await
        .map_err(|e| from_error(&e, During::Read, what))?;
    let mut entries = Vec::new();
    let mut kept = 0_usize;
    loop {
        match stream.next().await {
            Ok(Some(item)) => {
                let entry = Entry::read(item.0).map_err(|e| broken(what, entries.len(), &e.to_string()))?;
                kept = kept.saturating_add(entry.size());
                if kept > LARGEST_ANSWER {
                    let reason = format!("the answer goes on after {}", Size(LARGEST_ANSWER as u64));
                    return Err(broken(what, entries.len(), &reason));
                }
                entries.push(entry);
                if entries.len().is_multiple_of(PAGE_SIZE.unsigned_abs() as usize) {
                    progress(entries.len());
                }
            }
            Ok(None) => break,
            // A server that dies in the middle shows here, while `finish` would say success …
            Err(e) => {
                let mut error = from_error(&e, During::Read, what);
                error.detail = format!("{} after {} entries", error.detail, entries.len());
                return Err(error);
            }
        }
    }
    // … and a page that is refused shows only in `finish`, after a `next` that looked like the end.
    let result = stream.finish().await;
    if result.rc == 0 {
        progress(entries.len());
        return Ok(entries);
    }
    let mut error = from_result(&result, During::Read, what);
    if !entries.is_empty() {
        error.kind = ErrorKind::Broken;
        error.detail =
            format!("the answer ended after {} entries and is not complete: {}", entries.len(), error.detail);
    }
    Err(error)
}

/// An answer that cannot be used, after `read` entries that could.
fn broken(what: &str, read: usize, reason: &str) -> DirectoryError {
    DirectoryError::new(ErrorKind::Broken, what, format!("{reason}, after {read} entries"))
}
