//! Which objects a person means: those below a base that a given filter lets in.

use super::connection::{AdDomain, Search};
use super::filter::Filter;
use super::given::GivenFilter;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::model::dn::Dn;
use crate::model::id::AdGuid;
use ldap3::Scope;
use std::collections::BTreeSet;
use uuid::Uuid;

impl AdDomain {
    /// The GUIDs of all users and other holders of addresses below `base` (or the domain's own base) that `filter` lets in. Errors: a base that is not
    /// there, an answer that is not complete.
    pub async fn objects_below(
        &self,
        base: Option<&Dn>,
        filter: Option<&GivenFilter>,
    ) -> Result<BTreeSet<AdGuid>, DirectoryError> {
        let base = base.unwrap_or_else(|| self.base_dn());
        let what = format!("look below {base}");
        // What a snapshot holds, and no computers.
        let objects = Filter::Or(vec![Filter::users(), Filter::address_holders()]);
        let filter = filter.map(|filter| Filter::Given(filter.clone()));
        let search = Search {
            base: base.as_str(),
            scope: Scope::Subtree,
            filter: Filter::And([objects].into_iter().chain(filter).collect()),
            attributes: vec!["objectGUID".to_owned()],
        };
        let found = self.search(&search, &what).await.map_err(|error| match error.kind {
            ErrorKind::NotFound => error.with_hint("check the DN given with --base: it names nothing in this domain"),
            _ => error,
        })?;
        found
            .iter()
            .map(|entry| {
                let guid = entry.values("objectGUID").first().and_then(|octets| Uuid::from_slice_le(octets).ok());
                guid.map(AdGuid).ok_or_else(|| {
                    DirectoryError::new(ErrorKind::Broken, what.clone(), "an object came without its objectGUID")
                })
            })
            .collect()
    }
}
