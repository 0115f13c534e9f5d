//! Bringing what was read of a domain up to date, by the domain controller's count of changes (`uSNChanged`).
//!
//! - Another domain controller counts otherwise, and so does the same one after it was restored (another `invocationId`).
//! - A container that is renamed or moved gives everything below it another name, and counts as one change, its own.
//! - Who is gone is not counted among what is there. Tombstones are for administrators' eyes alone, so that seeing none
//!   proves nothing: the GUIDs of all that is there are read instead, one short attribute.

use super::connection::{AdDomain, Search};
use super::entry::Entry;
use super::filter::Filter;
use super::holder::{self, read_holder};
use super::user::{self, read_user};
use crate::directory::error::DirectoryError;
use crate::model::digest;
use crate::model::id::AdGuid;
use crate::snapshot::document::AdDomainSnapshot;
use crate::snapshot::marks::AdMark;
use ldap3::Scope;
use std::collections::BTreeSet;
use uuid::Uuid;

impl AdDomain {
    /// How far the domain controller has counted; `None` where it does not say.
    pub async fn mark(&self) -> Result<Option<AdMark>, DirectoryError> {
        let names = ["highestCommittedUSN", "dsServiceName"].map(str::to_owned).to_vec();
        let root = self.object("", names, "read how far the domain controller has counted").await?.unwrap_or_default();
        let text = |entry: &Entry, name: &str| {
            entry.values(name).first().map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let (Some(usn), Some(service)) = (text(&root, "highestCommittedUSN"), text(&root, "dsServiceName")) else {
            return Ok(None);
        };
        let what = "read which life of its database the domain controller lives";
        let service = self.object(&service, vec!["invocationId".to_owned()], what).await?.unwrap_or_default();
        let invocation = service.values("invocationId").first().map(|octets| digest::hex(octets));
        let server = self.controller().map(|controller| controller.host.clone());
        Ok(usn.parse().ok().zip(invocation).zip(server).map(|((usn, invocation), server)| AdMark {
            domain: self.name().clone(),
            server,
            invocation,
            usn,
        }))
    }

    /// The domain as it is now, from what was read of it up to `mark`. The text is why it must be read as a whole.
    pub async fn refreshed(
        &self,
        old: &AdDomainSnapshot,
        mark: &AdMark,
    ) -> Result<Result<(AdDomainSnapshot, AdMark), String>, DirectoryError> {
        let Some(now) = self.mark().await? else {
            return Ok(Err("the domain controller does not say how far it has counted".to_owned()));
        };
        if let Err(why) = continues(&now, mark) {
            return Ok(Err(why));
        }
        if old.base_dn != *self.base_dn() {
            return Ok(Err(format!("it was read below {}", old.base_dn)));
        }
        let since = || Filter::AtLeast("uSNChanged", mark.usn + 1);
        let domain = self.controller().map(|controller| controller.domain.clone());
        let whole = domain.as_ref().unwrap_or_else(|| self.base_dn()).as_str().to_owned();
        let containers =
            Filter::Or(["organizationalUnit", "container"].map(|class| Filter::equal("objectClass", class)).to_vec());
        let older = Filter::Not(Box::new(Filter::AtLeast("uSNCreated", mark.usn + 1)));
        let renamed = self.guids(&whole, Filter::And(vec![since(), containers, older])).await?;
        if !renamed.is_empty() {
            return Ok(
                Err("an OU or a container was changed, and what lies below it may have another name".to_owned()),
            );
        }
        let touched = self.guids(&whole, since()).await?;
        let users = self.below_base("users", Filter::And(vec![Filter::users(), since()]), user::attributes());
        let what = "groups, contacts and other objects with addresses";
        let of_holders = Filter::And(vec![Filter::address_holders(), since()]);
        let holders = self.below_base(what, of_holders, holder::attributes());
        let (users, holders, there) = tokio::try_join!(users, holders, self.objects_below(None, None))?;
        let mut fresh = self.narrow_snapshot(&super::narrow::Answers::default()).await?;
        let stays = |guid: &AdGuid| there.contains(guid) && !touched.contains(guid);
        fresh.users = old.users.iter().filter(|user| stays(&user.guid)).cloned().collect();
        fresh.holders = old.holders.iter().filter(|holder| stays(&holder.guid)).cloned().collect();
        for entry in users {
            fresh.users.push(read_user(&entry, self.name())?);
        }
        for entry in holders {
            fresh.holders.push(read_holder(&entry, self.name())?);
        }
        fresh.users.sort_by_key(|user| user.guid);
        fresh.holders.sort_by_key(|holder| holder.guid);
        // The census says who is there, so that it also says whether somebody is missing.
        let known: BTreeSet<AdGuid> =
            fresh.users.iter().map(|user| user.guid).chain(fresh.holders.iter().map(|holder| holder.guid)).collect();
        if let Some(missing) = there.iter().find(|guid| !known.contains(guid)) {
            return Ok(Err(format!("{missing} is there and was never counted as a change")));
        }
        Ok(Ok((fresh, now)))
    }

    async fn guids(&self, base: &str, filter: Filter) -> Result<BTreeSet<AdGuid>, DirectoryError> {
        let search = Search { base, scope: Scope::Subtree, filter, attributes: vec!["objectGUID".to_owned()] };
        let found = self.search(&search, &format!("read what has changed below {base}")).await?;
        let guid =
            |entry: &Entry| entry.values("objectGUID").first().and_then(|octets| Uuid::from_slice_le(octets).ok());
        Ok(found.iter().filter_map(guid).map(AdGuid).collect())
    }
}

/// Whether two counts are of the same life of the same domain controller.
fn continues(now: &AdMark, then: &AdMark) -> Result<(), String> {
    if !now.server.eq_ignore_ascii_case(&then.server) {
        return Err(format!("{} answers now, and {} did then: each counts for itself", now.server, then.server));
    }
    if now.invocation != then.invocation || now.usn < then.usn {
        return Err(format!("{} was restored since", now.server));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(server: &str, invocation: &str, usn: u64) -> AdMark {
        AdMark { domain: "corp".into(), server: server.to_owned(), invocation: invocation.to_owned(), usn }
    }

    #[test]
    fn only_the_same_life_of_the_same_server_goes_on() {
        let then = mark("dc1", "aa", 5);
        assert!(continues(&mark("DC1", "aa", 5), &then).is_ok());
        assert!(continues(&mark("dc2", "aa", 9), &then).unwrap_err().contains("dc2"));
        assert!(continues(&mark("dc1", "bb", 9), &then).unwrap_err().contains("restored"));
        assert!(continues(&mark("dc1", "aa", 4), &then).unwrap_err().contains("restored"));
    }
}
