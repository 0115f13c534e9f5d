//! Everything of a tenant that a snapshot holds.

use super::http::Graph;
use super::parts::PAYS_FROM;
use super::permission::Operation;
use super::read::{Place, SIDE_BY_SIDE, has_been_synced, optional, sync_behavior, users};
use super::request::Request;
use super::roles::join;
use super::roles::read::Schedules;
use super::roles::wire::WireGroup;
use super::sizes::Sizes;
use super::wire::{
    self, Synchronization, WireDomain, WireHolder, WireObjectIdentifier, WireOrganization, WireSyncBehavior,
    WireSynchronization, WireUser,
};
use crate::directory::collect::{Part, Progress};
use crate::directory::error::{DirectoryError, ErrorKind, if_there};
use crate::directory::port::Clock;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::ObjectId;
use crate::model::role::{Holding, PolicySubject, RoleAssignment, RoleGrant, RoleGroup, RolePolicy};
use crate::model::tenant::{Domain, Identity, Tenant};
use crate::snapshot::document::{Gap, Missing, Snapshot};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

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
    /// All role assignments: active, activated and eligible.
    pub roles: Vec<RoleAssignment>,
    /// The role-assignable groups.
    pub role_groups: Vec<RoleGroup>,
    /// PIM's policies for the roles and groups above.
    pub role_policies: Vec<RolePolicy>,
    /// Whom the credential speaks for.
    pub caller: Option<Identity>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// What roles are made of, each part as far as it may be seen.
struct RoleParts {
    assignments: Result<Vec<RoleAssignment>, DirectoryError>,
    active: Result<Vec<RoleAssignment>, DirectoryError>,
    eligible: Result<Vec<RoleAssignment>, DirectoryError>,
    groups: Result<Vec<WireGroup>, DirectoryError>,
}

/// The same, joined.
struct Joined {
    roles: Vec<RoleAssignment>,
    groups: Vec<RoleGroup>,
    /// The policies of these groups.
    policies: Vec<RolePolicy>,
}

/// A tenant without its users, groups and contacts, and the gaps in it.
#[derive(Clone)]
pub(in crate::directory) struct Frame {
    pub collected: Collected,
    pub gaps: Gaps,
}

/// The gaps found so far.
#[derive(Clone, Default)]
pub(in crate::directory) struct Gaps(Vec<Gap>);

impl Gaps {
    /// In the order of what is missing.
    pub(in crate::directory) fn sorted(mut self) -> Vec<Gap> {
        self.0.sort_by_key(|gap| gap.what);
        self.0
    }

    /// The value, or nothing and a gap.
    pub(in crate::directory) fn or_gap<T: Default>(&mut self, what: Missing, result: Result<T, DirectoryError>) -> T {
        result.unwrap_or_else(|error| {
            self.add(what, error.in_full());
            T::default()
        })
    }

    /// One gap for each part, with every reason.
    fn add(&mut self, what: Missing, reason: String) {
        match self.0.iter_mut().find(|gap| gap.what == what) {
            Some(gap) if gap.reason.contains(&reason) => {}
            Some(gap) => gap.reason = format!("{}; {reason}", gap.reason),
            None => self.0.push(Gap { what, reason }),
        }
    }
}

/// Of more than a hundred roles a tenant uses a few.
fn is_used(policy: &RolePolicy, roles: &[RoleAssignment]) -> bool {
    match &policy.subject {
        PolicySubject::Role(id) => roles.iter().any(|role| role.grant.role.as_str().eq_ignore_ascii_case(id.as_str())),
        PolicySubject::Group(_) => true,
    }
}

/// All groups or all contacts, as a request that can be narrowed.
pub(super) fn holders(kind: HolderKind) -> Request {
    let (operation, path, more) = match kind {
        HolderKind::Group => (Operation::ReadGroups, "groups", &wire::GROUP[..]),
        HolderKind::Contact => (Operation::ReadContacts, "contacts", &[][..]),
    };
    let select = [&wire::HOLDER, more].concat();
    Request::get(operation, format!("read the {path} of the tenant"), &[path]).select(&select).large_pages()
}

/// All live users, as a request that can be narrowed.
pub(super) fn live() -> Request {
    users(Place::Live)
}

/// `onPremisesObjectIdentifier` of all users, as a request that can be narrowed.
pub(super) fn identifiers() -> Request {
    let what = "read onPremisesObjectIdentifier of the users (beta endpoint)";
    let request = Request::get(Operation::ReadObjectIdentifier, what, &["users"]).beta();
    request.select(&["id", "onPremisesObjectIdentifier"]).large_pages()
}

fn tenant(organization: WireOrganization, domains: Vec<Domain>, synchronization: Synchronization) -> Tenant {
    let Synchronization { features, switches, deletion_threshold } = synchronization;
    Tenant {
        id: organization.id,
        display_name: organization.display_name.unwrap_or_default(),
        domains,
        sync_enabled: organization.on_premises_sync_enabled,
        last_sync: organization.on_premises_last_sync_date_time,
        features,
        switches,
        deletion_threshold,
    }
}

impl<C: Clock> Graph<C> {
    /// Reads it all, side by side. Users, organization and domains must be readable; what else may not be seen becomes
    /// a gap with its reason. Errors also: a tenant other than the configured one.
    pub async fn collect(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Collected, DirectoryError> {
        self.collect_sized(Sizes::default(), progress).await
    }

    /// The same of a tenant that is known to be so large: what remains is told, and many users are read in parts.
    pub async fn collect_sized(
        &self,
        sizes: Sizes,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Collected, DirectoryError> {
        let progress = |event: Progress| progress(event.out_of(sizes));
        // So many reads at once are a large future; boxed, it does not travel through every caller's stack.
        Box::pin(self.collect_all(sizes, &progress)).await
    }

    async fn collect_all(
        &self,
        sizes: Sizes,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Collected, DirectoryError> {
        let large = sizes.users.is_some_and(|users| users >= PAYS_FROM);
        let (frame, (mut users, identifiers), groups, contacts) = tokio::try_join!(
            self.frame(progress),
            self.identified_users(large, progress),
            async { optional(self.holders(HolderKind::Group, progress).await) },
            async { optional(self.holders(HolderKind::Contact, progress).await) },
        )?;
        let Frame { mut collected, mut gaps } = frame;
        self.learn_size(users.len() as u64);
        let mut identifiers = gaps.or_gap(Missing::ObjectIdentifier, identifiers);
        for user in &mut users {
            user.object_identifier = identifiers.remove(&user.id);
        }
        let behaviors = gaps.or_gap(Missing::SyncBehavior, optional(self.sync_behaviors(&users).await)?);
        for user in &mut users {
            user.cloud_managed = behaviors.get(&user.id).copied();
        }
        collected.users = users;
        collected.holders = gaps.or_gap(Missing::Groups, groups);
        collected.holders.extend(gaps.or_gap(Missing::Contacts, contacts));
        collected.gaps = gaps.sorted();
        Ok(collected)
    }

    /// All live users, and who of them has an `onPremisesObjectIdentifier`.
    async fn identified_users(
        &self,
        large: bool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(Vec<EntraUser>, Result<BTreeMap<ObjectId, String>, DirectoryError>), DirectoryError> {
        if large && let Ok(users) = self.users_in_parts(progress).await? {
            let identifiers = match optional(self.identifiers_in_parts(&users).await)? {
                Ok(Some(identifiers)) => Ok(identifiers),
                Ok(None) => optional(self.object_identifiers().await)?,
                Err(refused) => Err(refused),
            };
            return Ok((users.into_values().collect(), identifiers));
        }
        tokio::try_join!(self.all_users(Place::Live, Part::Users, progress), async {
            optional(self.object_identifiers().await)
        })
    }

    /// Everything but the live users, groups and contacts: what is read whole however little is asked.
    pub(in crate::directory) async fn frame(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Frame, DirectoryError> {
        Box::pin(self.read_frame(progress)).await
    }

    async fn read_frame(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Frame, DirectoryError> {
        let (organization, domains, deleted, roles, policies, synchronization) = tokio::try_join!(
            self.organization(),
            self.domains(),
            async { optional(self.all_users(Place::RecycleBin, Part::DeletedUsers, progress).await) },
            self.all_roles(progress),
            async { optional(self.role_policies().await) },
            async { optional(self.synchronization().await) },
        )?;
        self.refuse_other_tenant(&organization.id.to_string(), &domains)?;
        let mut gaps = Gaps::default();
        let synchronization = gaps.or_gap(Missing::SyncFeatures, synchronization.map(|(_, found)| found));
        let deleted_users = gaps.or_gap(Missing::DeletedUsers, deleted);
        let Joined { roles, groups: role_groups, policies: of_groups } = self.whole_roles(roles, &mut gaps).await?;
        let mut role_policies = gaps.or_gap(Missing::RolePolicies, policies);
        role_policies.retain(|policy| is_used(policy, &roles));
        role_policies.extend(of_groups);
        role_policies.sort_by(|a, b| a.subject.cmp(&b.subject));
        let caller = self.caller().await?;
        if caller.is_none() {
            gaps.add(Missing::Caller, "the access token does not say whom it speaks for (it has no `oid`)".to_owned());
        }
        let collected = Collected {
            tenant: tenant(organization, domains, synchronization),
            users: Vec::new(),
            deleted_users,
            holders: Vec::new(),
            roles,
            role_groups,
            role_policies,
            caller,
            gaps: Vec::new(),
        };
        Ok(Frame { collected, gaps })
    }

    pub(super) async fn all_users(
        &self,
        place: Place,
        part: Part,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<EntraUser>, DirectoryError> {
        let request = users(place);
        let values = self.read_all(&request, |count| progress(Progress::Cloud { part, count, of: None })).await?;
        let mut users: Vec<EntraUser> = wire::all_from_json(values, &request.what, |user: WireUser| user.into())?;
        users.sort_by_key(|user| user.id);
        Ok(users)
    }

    pub(super) async fn holders(
        &self,
        kind: HolderKind,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<AddressHolder>, DirectoryError> {
        let part = match kind {
            HolderKind::Group => Part::Groups,
            HolderKind::Contact => Part::Contacts,
        };
        let request = holders(kind);
        let values = self.read_all(&request, |count| progress(Progress::Cloud { part, count, of: None })).await?;
        let mut holders = wire::all_from_json(values, &request.what, |holder: WireHolder| holder.of_kind(kind))?;
        holders.sort_by_key(|holder| holder.id);
        Ok(holders)
    }

    /// What roles are made of, as far as it can be read before it is known who holds one.
    async fn all_roles(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<RoleParts, DirectoryError> {
        let seen = |count| progress(Progress::Cloud { part: Part::Roles, count, of: None });
        let (assignments, active, eligible, groups) = tokio::try_join!(
            async { optional(self.assignments("read the role assignments of the tenant", None, seen).await) },
            async { optional(self.role_schedules(Schedules::Active, None).await) },
            async { optional(self.role_schedules(Schedules::Eligible, None).await) },
            async { optional(self.assignable_groups().await) },
        )?;
        Ok(RoleParts { assignments, active, eligible, groups })
    }

    /// The parts joined, then the groups that hold a role read. Where the assignments may not be seen, any group may
    /// hold one.
    async fn whole_roles(&self, parts: RoleParts, gaps: &mut Gaps) -> Result<Joined, DirectoryError> {
        let blind = parts.assignments.is_err();
        let assignments = gaps.or_gap(Missing::Roles, parts.assignments);
        let active = gaps.or_gap(Missing::PimSchedules, parts.active);
        let eligible = gaps.or_gap(Missing::PimSchedules, parts.eligible);
        let roles = join::roles(assignments, active, eligible, self.now());
        let holders: BTreeSet<ObjectId> = roles.iter().map(|role| role.principal).collect();
        let groups = gaps.or_gap(Missing::RoleGroups, parts.groups);
        let found = self.role_groups(groups, |group| blind || holders.contains(&group)).await?;
        for (what, error) in found.refused {
            gaps.add(what, error.in_full());
        }
        Ok(Joined { roles, groups: found.groups, policies: found.policies })
    }

    /// Who holds roles, in whatever way, of the whole tenant: a few requests for any number of users. As in the reading of
    /// one user, what may not be seen counts as nothing; a plan has said so.
    pub(super) async fn holdings_of_everybody(&self) -> Result<BTreeMap<ObjectId, Vec<Holding>>, DirectoryError> {
        let parts = Box::pin(self.all_roles(&|_| ())).await?;
        let parts = RoleParts { assignments: Ok(parts.assignments?), ..parts };
        let mut gaps = Gaps::default();
        let Joined { roles, groups, .. } = Box::pin(self.whole_roles(parts, &mut gaps)).await?;
        let mut all = BTreeMap::<ObjectId, Vec<Holding>>::new();
        for group in &groups {
            let held: BTreeSet<RoleGrant> =
                roles.iter().filter(|role| role.principal == group.id).map(|role| role.grant.clone()).collect();
            let held: Vec<RoleGrant> = held.into_iter().collect();
            for membership in group.members.iter().filter_map(|member| Snapshot::membership(group, &held, member)) {
                all.entry(membership.member.user).or_default().push(Holding::Group(membership));
            }
        }
        for role in roles {
            all.entry(role.principal).or_default().push(Holding::Role(role));
        }
        for held in all.values_mut() {
            held.sort();
        }
        Ok(all)
    }

    async fn domains(&self) -> Result<Vec<Domain>, DirectoryError> {
        let what = "read the domains of the tenant";
        let request = Request::get(Operation::ReadDomains, what, &["domains"]);
        let values = self.read_all(&request, |_| ()).await?;
        let mut domains: Vec<Domain> = wire::all_from_json(values, what, |domain: WireDomain| domain.into())?;
        domains.sort();
        Ok(domains)
    }

    /// The tenant with its domains and every switch of its directory synchronization. Unlike in a snapshot, not being allowed
    /// to see these is an error.
    pub async fn tenant(&self) -> Result<Tenant, DirectoryError> {
        let (organization, domains, synchronization) =
            tokio::try_join!(self.organization(), self.domains(), self.synchronization())?;
        self.refuse_other_tenant(&organization.id.to_string(), &domains)?;
        Ok(tenant(organization, domains, synchronization.1))
    }

    /// The tenant's directory synchronization, with its id.
    pub(super) async fn synchronization(&self) -> Result<(String, Synchronization), DirectoryError> {
        let what = "read the tenant's sync features";
        let path = ["directory", "onPremisesSynchronization"];
        let values = self.read_all(&Request::get(Operation::ReadSyncFeatures, what, &path), |_| ()).await?;
        let all = wire::all_from_json(values, what, WireSynchronization::read)?;
        all.into_iter().next().ok_or_else(|| {
            DirectoryError::new(ErrorKind::NotFound, what, "Graph knows none: the tenant has never synced")
        })
    }

    pub(super) async fn object_identifiers(&self) -> Result<BTreeMap<ObjectId, String>, DirectoryError> {
        let request = identifiers();
        let values = self.read_all(&request, |_| ()).await?;
        let pair = |user: WireObjectIdentifier| user.on_premises_object_identifier.map(|value| (user.id, value));
        Ok(wire::all_from_json(values, &request.what, pair)?.into_iter().flatten().collect())
    }

    /// The source of authority of every user that was synced once and is not now: of the others it is known.
    pub(super) async fn sync_behaviors(&self, users: &[EntraUser]) -> Result<BTreeMap<ObjectId, bool>, DirectoryError> {
        let ids: Vec<ObjectId> = users.iter().filter(|user| has_been_synced(user)).map(|user| user.id).collect();
        if ids.len() > SIDE_BY_SIDE {
            return self.many_sync_behaviors(&ids).await;
        }
        let read = stream::iter(ids).map(async |id| {
            // Who is not there was deleted since the users were read, or never converted.
            let managed = if_there(self.cloud_managed(id).await)?.flatten();
            Ok(managed.map(|managed| (id, managed)))
        });
        read.buffer_unordered(SIDE_BY_SIDE).try_filter_map(async |pair| Ok(pair)).try_collect().await
    }

    async fn many_sync_behaviors(&self, ids: &[ObjectId]) -> Result<BTreeMap<ObjectId, bool>, DirectoryError> {
        let requests: Vec<Request> = ids.iter().map(|id| sync_behavior(*id)).collect();
        let mut found = BTreeMap::new();
        for ((id, request), outcome) in ids.iter().zip(&requests).zip(self.batch(&requests).await) {
            match outcome {
                Ok(value) => {
                    let behavior: WireSyncBehavior = wire::from_json(value.unwrap_or_default(), &request.what)?;
                    found.extend(behavior.is_cloud_managed.map(|managed| (*id, managed)));
                }
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
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
