//! A whole snapshot: every AD domain and the tenant, read at the same time.

use super::ad::connection::AdDomain;
use super::connected::Directories;
use super::entra::collect::Collected;
use super::entra::http::Graph;
use super::entra::sizes::Sizes;
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
    /// Objects of an AD domain came in.
    Domain {
        /// Which one.
        domain: DomainName,
        /// How many users there are so far.
        users: usize,
        /// About how many there will be, where that can be told.
        of: Option<usize>,
    },
    /// A page of the tenant came in.
    Cloud {
        /// Of what.
        part: Part,
        /// How many there are so far.
        count: usize,
        /// About how many there will be, where the tenant has counted them.
        of: Option<usize>,
    },
}

impl Progress {
    /// The same with what the tenant counts.
    #[must_use]
    pub fn out_of(self, sizes: Sizes) -> Self {
        match self {
            Self::Cloud { part, count, of: None } => {
                let of = match part {
                    Part::Users => sizes.users,
                    Part::DeletedUsers => sizes.deleted,
                    Part::Groups => sizes.groups,
                    Part::Contacts => sizes.contacts,
                    Part::Roles => None,
                };
                Self::Cloud { part, count, of: of.and_then(|of| usize::try_from(of).ok()) }
            }
            other => other,
        }
    }
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
        let domains = try_join_all(self.domains().iter().map(|domain| whole_domain(domain, &progress)));
        // Boxed: so many reads at once are a large future.
        let cloud = Box::pin(whole_cloud(self.graph(), &progress));
        let (domains, cloud) = tokio::try_join!(domains, cloud)?;
        Ok(cloud.into_snapshot(taken, domains))
    }
}

async fn whole_domain(
    domain: &AdDomain,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<AdDomainSnapshot, DirectoryError> {
    let tell = |users| progress(Progress::Domain { domain: domain.name().clone(), users, of: None });
    domain.snapshot_telling(&tell).await
}

async fn whole_cloud<C: Clock>(
    graph: &Graph<C>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Collected, DirectoryError> {
    let sizes = graph.sizes().await;
    graph.collect_sized(sizes, progress).await
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
