//! Reading one domain: all its users and other holders of addresses, one user by GUID, the forest's UPN suffixes.

use super::connection::{ANSWER_TIMEOUT, AdDomain, Search, by_guid};
use super::entry::{Entry, Malformed};
use super::filter::Filter;
use super::holder::{self, read_holder};
use super::user::{self, read_user};
use crate::config::settings::Bind;
use crate::directory::error::{DirectoryError, ErrorKind, if_there};
use crate::directory::text::one_line;
use crate::model::ad::AdUser;
use crate::model::id::AdGuid;
use crate::model::recipient::AdHolder;
use crate::snapshot::document::AdDomainSnapshot;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ldap3::Scope;
use ldap3::exop::WhoAmI;
use std::collections::BTreeSet;

/// The most parts that are fetched of one attribute: each holds 1,500 values, unless the server leads on and on.
const MOST_PARTS: usize = 1000;

/// The one attribute that a domain controller may send in parts.
const RANGED: &str = "proxyAddresses";

impl AdDomain {
    /// All users and other holders of addresses below the base, with the domain's names. Errors: an answer that is not
    /// complete, and an object that cannot be read ([`super::user`] says why none is left out).
    pub async fn snapshot(&self) -> Result<AdDomainSnapshot, DirectoryError> {
        self.snapshot_telling(&|_| ()).await
    }

    /// The same; `progress` hears how many users came in so far.
    pub async fn snapshot_telling(
        &self,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<AdDomainSnapshot, DirectoryError> {
        let mut users = Vec::new();
        for entry in self.below_base_telling("users", Filter::users(), user::attributes(), progress).await? {
            users.push(read_user(&entry, &self.settings.name)?);
        }
        users.sort_by_key(|user| user.guid);
        let mut holders = Vec::new();
        let what = "groups, contacts and other objects with addresses";
        for entry in self.below_base(what, Filter::address_holders(), holder::attributes()).await? {
            holders.push(read_holder(&entry, &self.settings.name)?);
        }
        holders.sort_by_key(|holder| holder.guid);
        self.as_snapshot(users, holders).await
    }

    /// The domain's names, with these of its objects.
    pub(super) async fn as_snapshot(
        &self,
        users: Vec<AdUser>,
        holders: Vec<AdHolder>,
    ) -> Result<AdDomainSnapshot, DirectoryError> {
        let controller = self.controller().cloned().ok_or_else(|| {
            DirectoryError::new(ErrorKind::Unreachable, format!("read {}", self.settings.name), "not connected")
        })?;
        Ok(AdDomainSnapshot {
            name: self.settings.name.clone(),
            base_dn: self.base_dn().clone(),
            upn_suffixes: self.upn_suffixes(controller.configuration.as_str()).await?,
            dns_name: controller.dns_name,
            server: controller.host,
            users,
            holders,
        })
    }

    /// The user with that GUID, wherever it is; `None` if there is none.
    pub async fn user(&self, guid: AdGuid) -> Result<Option<AdUser>, DirectoryError> {
        match self.object(&by_guid(guid), user::attributes(), &format!("read the user {guid}")).await? {
            Some(entry) => read_user(&self.whole(entry).await?, &self.settings.name).map(Some),
            None => Ok(None),
        }
    }

    /// The group, contact or other object with that GUID, wherever it is; `None` if there is none.
    pub async fn holder(&self, guid: AdGuid) -> Result<Option<AdHolder>, DirectoryError> {
        match self.object(&by_guid(guid), holder::attributes(), &format!("read the object {guid}")).await? {
            Some(entry) => read_holder(&self.whole(entry).await?, &self.settings.name).map(Some),
            None => Ok(None),
        }
    }

    /// Who the domain controller says that we are (RFC 4532), such as `CORP\jsmith`; asked where the settings do not say
    /// it. `None` where it does not tell.
    pub async fn account(&self) -> Option<String> {
        if self.settings.bind != Bind::Kerberos {
            return None;
        }
        let mut ldap = self.ldap().await.ok()?;
        let answer = ldap.with_timeout(ANSWER_TIMEOUT).extended(WhoAmI).await.ok()?;
        account_in(&answer.0.val.filter(|_| answer.1.rc == 0)?)
    }

    /// What time it is at the domain controller: `currentTime` of its rootDSE (MS-ADTS 3.1.1.3.2.5).
    pub async fn server_time(&self) -> Result<Option<Timestamp>, DirectoryError> {
        let root = self.object("", vec!["currentTime".into()], "read the domain controller's time").await?;
        let root = root.unwrap_or_default();
        let text = root.values("currentTime").first().map(|value| String::from_utf8_lossy(value).into_owned());
        Ok(text.and_then(|text| generalized_time(&text)))
    }

    /// The attributes of a user that our account may write; `None` where the server does not say (MS-ADTS
    /// 3.1.1.4.5.16, `allowedAttributesEffective`).
    pub async fn writable_attributes(&self, guid: AdGuid) -> Result<Option<BTreeSet<String>>, DirectoryError> {
        const NAME: &str = "allowedAttributesEffective";
        let what = format!("read what may be written to the user {guid}");
        let entry = self.object(&by_guid(guid), vec![NAME.into()], &what).await?.unwrap_or_default();
        let names: BTreeSet<String> =
            entry.values(NAME).iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        // Nothing allowed and nothing said look the same; only the second is common.
        Ok((!names.is_empty()).then_some(names))
    }

    /// Everything below the base that the filter leaves, whole.
    pub(super) async fn below_base(
        &self,
        which: &str,
        filter: Filter,
        attributes: Vec<String>,
    ) -> Result<Vec<Entry>, DirectoryError> {
        self.below_base_telling(which, filter, attributes, &|_| ()).await
    }

    async fn below_base_telling(
        &self,
        which: &str,
        filter: Filter,
        attributes: Vec<String>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Entry>, DirectoryError> {
        let host = self.controller().map(|controller| controller.host.as_str()).unwrap_or_default();
        let what = format!("read the {which} of {} from {host}", self.base_dn());
        let search = Search { base: self.base_dn().as_str(), scope: Scope::Subtree, filter, attributes };
        let mut entries = self.search_telling(&search, &what, progress).await?;
        for entry in &mut entries {
            *entry = self.whole(std::mem::take(entry)).await?;
        }
        Ok(entries)
    }

    /// `uPNSuffixes` of the forest's Partitions container: those besides its domains' own names.
    pub(super) async fn upn_suffixes(&self, configuration: &str) -> Result<Vec<String>, DirectoryError> {
        let base = format!("CN=Partitions,{configuration}");
        let entry = self.object(&base, vec!["uPNSuffixes".into()], "read the forest's UPN suffixes").await?;
        let values = entry.as_ref().map(|entry| entry.values("uPNSuffixes")).unwrap_or_default();
        let mut suffixes: Vec<String> = values.iter().map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        suffixes.sort();
        Ok(suffixes)
    }

    /// One object by its name, or `None` if it is not there.
    pub(super) async fn object(
        &self,
        base: &str,
        attributes: Vec<String>,
        what: &str,
    ) -> Result<Option<Entry>, DirectoryError> {
        let search = Search { base, scope: Scope::Base, filter: Filter::any(), attributes };
        let entries = if_there(self.search(&search, what).await)?;
        Ok(entries.into_iter().flatten().next())
    }

    /// Fetches the parts of the entry's addresses that were left out (more than 1,500 values).
    async fn whole(&self, mut entry: Entry) -> Result<Entry, DirectoryError> {
        let what = format!("read all {RANGED} of {}", one_line(&entry.dn));
        let broken =
            |reason: &dyn std::error::Error| DirectoryError::new(ErrorKind::Broken, what.clone(), reason.to_string());
        let mut next = entry.fold_range(RANGED).map_err(|e| broken(&e))?;
        let mut parts = 0;
        while let Some(range) = next {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(broken(&Malformed("an attribute in parts without end")));
            }
            let attribute = format!("{RANGED};range={}-*", range.from);
            // By GUID, as a move in between would make the DN name nothing.
            let guid = entry.values("objectGUID").first().and_then(|octets| uuid::Uuid::from_slice_le(octets).ok());
            let base = guid.map_or_else(|| entry.dn.clone(), |guid| by_guid(AdGuid(guid)));
            let part = self.object(&base, vec![attribute], &what).await?;
            let part = part.ok_or_else(|| {
                DirectoryError::new(ErrorKind::NotFound, what.clone(), "it was deleted while it was read")
            })?;
            next = entry.complete(RANGED, part, range).map_err(|e| broken(&e))?;
        }
        Ok(entry)
    }
}

/// A point in time as LDAP writes it in UTC: `20261124150000.0Z` (RFC 4517 section 3.3.13, with AD's fraction).
fn generalized_time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?.split('.').next()?;
    let time = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// The name in an authorization identity (RFC 4513 section 5.2.1.8): `u:CORP\jsmith`.
fn account_in(said: &[u8]) -> Option<String> {
    let said = std::str::from_utf8(said).ok()?;
    let name = one_line(said.strip_prefix("u:").unwrap_or(said));
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{account_in, generalized_time};

    #[test]
    fn times_of_ad_are_read() {
        let wanted = "2026-11-24T15:00:09Z".parse().ok();
        assert_eq!(generalized_time("20261124150009.0Z"), wanted);
        assert_eq!(generalized_time("20261124150009Z"), wanted);
        assert!(["", "Z", "20261324150009.0Z", "20261124150009.0"].iter().all(|text| generalized_time(text).is_none()));
    }

    #[test]
    fn who_we_are_is_read() {
        assert_eq!(account_in(b"u:CORP\\jsmith").as_deref(), Some("CORP\\jsmith"));
        assert_eq!(account_in(b"dn:CN=jsmith,DC=corp").as_deref(), Some("dn:CN=jsmith,DC=corp"));
        assert_eq!([account_in(b""), account_in(b"u:"), account_in(b"\xff")], [None, None, None]);
    }
}
