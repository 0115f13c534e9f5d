//! Everything of a tenant that a snapshot holds.

use super::http::Graph;
use super::permission::Operation;
use super::read::{Place, SIDE_BY_SIDE, assignments, has_been_synced, optional, users};
use super::request::Request;
use super::wire::{self, WireDomain, WireHolder, WireObjectIdentifier, WireSynchronization, WireUser};
use crate::directory::collect::{Part, Progress};
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::ObjectId;
use crate::model::role::RoleAssignment;
use crate::model::tenant::{Domain, Identity, SyncFeatures, Tenant};
use crate::snapshot::document::{Gap, Missing};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeMap;

/// The cloud's part of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// The tenant.
    pub tenant: Tenant,
    /// All live users, by id.
    pub users: Vec<EntraUser>,
    /// The recycle bin's users, by id.
    pub deleted_users: Vec<EntraUser>,
    /// Groups and contacts, by kind and id.
    pub holders: Vec<AddressHolder>,
    /// All active role assignments.
    pub roles: Vec<RoleAssignment>,
    /// Whom the credential speaks for.
    pub caller: Option<Identity>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// The gaps found so far.
#[derive(Default)]
struct Gaps(Vec<Gap>);

impl Gaps {
    /// The value, or nothing and a gap.
    fn or_gap<T: Default>(&mut self, what: Missing, result: Result<T, DirectoryError>) -> T {
        result.unwrap_or_else(|error| {
            let hint = error.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            self.0.push(Gap { what, reason: format!("could not {}: {}{hint}", error.what, error.detail) });
            T::default()
        })
    }
}

impl<C: Clock> Graph<C> {
    /// Reads it all, side by side. Users, organization and domains must be readable; what else may not be seen becomes
    /// a gap with its reason. Errors also: a tenant other than the configured one.
    pub async fn collect(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Collected, DirectoryError> {
        // Nine reads at once are a large future; boxed, it does not travel through every caller's stack.
        Box::pin(self.collect_all(progress)).await
    }

    async fn collect_all(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Collected, DirectoryError> {
        let (organization, domains, mut users, deleted, groups, contacts, roles, features, identifiers) = tokio::try_join!(
            self.organization(),
            self.domains(),
            self.all_users(Place::Live, Part::Users, progress),
            async { optional(self.all_users(Place::RecycleBin, Part::DeletedUsers, progress).await) },
            async { optional(self.holders(HolderKind::Group, progress).await) },
            async { optional(self.holders(HolderKind::Contact, progress).await) },
            async { optional(self.all_roles(progress).await) },
            async { optional(self.features().await) },
            async { optional(self.object_identifiers().await) },
        )?;
        self.refuse_other_tenant(&organization.id.to_string(), &domains)?;
        let mut gaps = Gaps::default();
        let mut identifiers = gaps.or_gap(Missing::ObjectIdentifier, identifiers);
        for user in &mut users {
            user.object_identifier = identifiers.remove(&user.id);
        }
        let behaviors = optional(self.sync_behaviors(&users).await)?;
        let behaviors = gaps.or_gap(Missing::SyncBehavior, behaviors);
        for user in &mut users {
            user.cloud_managed = behaviors.get(&user.id).copied();
        }
        let mut holders = gaps.or_gap(Missing::Groups, groups);
        holders.extend(gaps.or_gap(Missing::Contacts, contacts));
        let features = gaps.or_gap(Missing::SyncFeatures, features);
        let deleted_users = gaps.or_gap(Missing::DeletedUsers, deleted);
        let roles = gaps.or_gap(Missing::Roles, roles);
        let caller = self.caller().await?;
        if caller.is_none() {
            let reason = "the access token does not say whom it speaks for (it has no `oid`)".to_owned();
            gaps.0.push(Gap { what: Missing::Caller, reason });
        }
        gaps.0.sort_by_key(|gap| gap.what);
        Ok(Collected {
            tenant: Tenant {
                id: organization.id,
                display_name: organization.display_name.unwrap_or_default(),
                domains,
                sync_enabled: organization.on_premises_sync_enabled,
                last_sync: organization.on_premises_last_sync_date_time,
                features,
            },
            users,
            deleted_users,
            holders,
            roles,
            caller,
            gaps: gaps.0,
        })
    }

    async fn all_users(
        &self,
        place: Place,
        part: Part,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<EntraUser>, DirectoryError> {
        let request = users(place);
        let values = self.read_all(&request, |count| progress(Progress::Cloud { part, count })).await?;
        let mut users: Vec<EntraUser> = wire::all_from_json(values, &request.what, |user: WireUser| user.into())?;
        users.sort_by_key(|user| user.id);
        Ok(users)
    }

    async fn holders(
        &self,
        kind: HolderKind,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<AddressHolder>, DirectoryError> {
        let (operation, path, part) = match kind {
            HolderKind::Group => (Operation::ReadGroups, "groups", Part::Groups),
            HolderKind::Contact => (Operation::ReadContacts, "contacts", Part::Contacts),
        };
        let what = format!("read the {path} of the tenant");
        let request = Request::get(operation, what.clone(), &[path]).select(&wire::HOLDER).large_pages();
        let values = self.read_all(&request, |count| progress(Progress::Cloud { part, count })).await?;
        let mut holders = wire::all_from_json(values, &what, |holder: WireHolder| holder.of_kind(kind))?;
        holders.sort_by_key(|holder| holder.id);
        Ok(holders)
    }

    async fn all_roles(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let request = assignments("read the role assignments of the tenant");
        let seen = |count| progress(Progress::Cloud { part: Part::Roles, count });
        self.named_assignments(self.read_all(&request, seen).await?, &request.what).await
    }

    async fn domains(&self) -> Result<Vec<Domain>, DirectoryError> {
        let what = "read the domains of the tenant";
        let request = Request::get(Operation::ReadDomains, what, &["domains"]);
        let values = self.read_all(&request, |_| ()).await?;
        let mut domains: Vec<Domain> = wire::all_from_json(values, what, |domain: WireDomain| domain.into())?;
        domains.sort();
        Ok(domains)
    }

    pub(super) async fn features(&self) -> Result<Option<SyncFeatures>, DirectoryError> {
        let what = "read the tenant's sync features";
        let path = ["directory", "onPremisesSynchronization"];
        let values = self.read_all(&Request::get(Operation::ReadSyncFeatures, what, &path), |_| ()).await?;
        let all = wire::all_from_json(values, what, WireSynchronization::features)?;
        let features = all.into_iter().flatten().next();
        features.map(Some).ok_or_else(|| {
            DirectoryError::new(ErrorKind::NotFound, what, "Graph knows none: the tenant has never synced")
        })
    }

    async fn object_identifiers(&self) -> Result<BTreeMap<ObjectId, String>, DirectoryError> {
        let what = "read onPremisesObjectIdentifier of the users (beta endpoint)";
        let request = Request::get(Operation::ReadObjectIdentifier, what, &["users"])
            .beta()
            .select(&["id", "onPremisesObjectIdentifier"])
            .large_pages();
        let values = self.read_all(&request, |_| ()).await?;
        let pair = |user: WireObjectIdentifier| user.on_premises_object_identifier.map(|value| (user.id, value));
        Ok(wire::all_from_json(values, what, pair)?.into_iter().flatten().collect())
    }

    /// The source of authority of every user that was synced once and is not now: of the others it is known.
    async fn sync_behaviors(&self, users: &[EntraUser]) -> Result<BTreeMap<ObjectId, bool>, DirectoryError> {
        let ids: Vec<ObjectId> = users.iter().filter(|user| has_been_synced(user)).map(|user| user.id).collect();
        let read = stream::iter(ids).map(async |id| match self.cloud_managed(id).await {
            Ok(managed) => Ok(managed.map(|managed| (id, managed))),
            // Deleted since the users were read, or never converted.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        });
        read.buffer_unordered(SIDE_BY_SIDE).try_filter_map(async |pair| Ok(pair)).try_collect().await
    }

    async fn caller(&self) -> Result<Option<Identity>, DirectoryError> {
        let Some(claims) = self.tokens.token().await?.claims else { return Ok(None) };
        let name = claims.name().map(str::to_owned);
        Ok(claims.oid.map(|id| Identity { id, name: name.unwrap_or_else(|| id.to_string()) }))
    }

    /// The credential may belong elsewhere (a ready token, the Azure CLI): what it reads must be the configured tenant.
    fn refuse_other_tenant(&self, id: &str, domains: &[Domain]) -> Result<(), DirectoryError> {
        let wanted = self.tokens.tenant().as_str();
        let known = |domain: &Domain| domain.name.eq_ignore_ascii_case(wanted);
        if id.eq_ignore_ascii_case(wanted) || domains.iter().any(known) {
            return Ok(());
        }
        let initial = domains.iter().find(|domain| domain.initial).map_or(id, |domain| &domain.name);
        Err(DirectoryError::new(
            ErrorKind::Unauthenticated,
            format!("read the tenant {wanted}"),
            format!("the credential belongs to another tenant, {initial} ({id})"),
        )
        .with_hint("sign in to the right tenant (`az login --tenant …`), or correct `tenant` in [entra]"))
    }
}
