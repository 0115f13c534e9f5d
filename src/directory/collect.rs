//! A whole snapshot: every AD domain and the tenant, read at the same time.

use super::connected::Directories;
use super::entra::collect::Collected;
use super::error::DirectoryError;
use super::port::Clock;
use crate::model::id::DomainName;
use crate::snapshot::document::{AdDomainSnapshot, Coverage, SNAPSHOT_VERSION, Snapshot};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// How far reading has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// An AD domain is read.
    Domain {
        /// Which one.
        domain: DomainName,
        /// How many users it has.
        users: usize,
    },
    /// A page of the tenant came in.
    Cloud {
        /// Of what.
        part: Part,
        /// How many there are so far.
        count: usize,
    },
}

/// The parts of the tenant that are read page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Live users.
    Users,
    /// The recycle bin.
    DeletedUsers,
    /// Groups.
    Groups,
    /// Contacts.
    Contacts,
    /// Role assignments.
    Roles,
}

impl<C: Clock> Directories<C> {
    /// Reads everything that planning needs. `taken` is when reading begins; `progress` hears how it goes.
    ///
    /// Errors: whatever of AD, or of the tenant's users, organization and domains, could not be read whole. Other parts
    /// become gaps.
    pub async fn snapshot(
        &self,
        taken: Timestamp,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Snapshot, DirectoryError> {
        let progress = Mutex::new(progress);
        let progress = |event: Progress| (progress.lock().unwrap_or_else(PoisonError::into_inner))(event);
        let domains = try_join_all(self.domains().iter().map(async |domain| {
            let read = domain.snapshot().await?;
            progress(Progress::Domain { domain: read.name.clone(), users: read.users.len() });
            Ok(read)
        }));
        let (domains, cloud) = tokio::try_join!(domains, self.graph().collect(&progress))?;
        Ok(cloud.into_snapshot(taken, domains))
    }
}

impl Collected {
    /// The snapshot of this cloud with these domains.
    pub fn into_snapshot(self, taken: Timestamp, domains: Vec<AdDomainSnapshot>) -> Snapshot {
        Snapshot {
            format_version: SNAPSHOT_VERSION,
            taken,
            domains,
            tenant: self.tenant,
            users: self.users,
            marks: None,
            coverage: Coverage::Whole,
            deleted_users: self.deleted_users,
            holders: self.holders,
            roles: self.roles,
            role_groups: self.role_groups,
            role_policies: self.role_policies,
            recipients: None,
            caller: self.caller,
            gaps: self.gaps,
        }
    }
}
