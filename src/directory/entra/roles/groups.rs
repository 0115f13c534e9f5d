//! The role-assignable groups for a snapshot: who is in them, who owns them, what else they are used for.

use super::join;
use super::policy::WirePolicyAssignment;
use super::read::Schedules;
use super::wire::{GroupSchedule, WireAccessPolicy, WireAppRole, WireGroup, WireMember, WireSku};
use crate::directory::entra::http::Graph;
use crate::directory::entra::permission::Operation;
use crate::directory::entra::read::{Optional, SIDE_BY_SIDE, optional};
use crate::directory::entra::request::{Filter, Request};
use crate::directory::entra::wire;
use crate::directory::error::DirectoryError;
use crate::directory::port::Clock;
use crate::model::id::ObjectId;
use crate::model::role::{PolicySubject, RoleGroup, RolePolicy};
use crate::snapshot::document::Missing;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// What a snapshot has of role-assignable groups. What was refused is missing as a whole, and named.
#[derive(Debug, Default)]
pub struct RoleGroups {
    /// The groups.
    pub groups: Vec<RoleGroup>,
    /// PIM for Groups' policies of those with members in PIM.
    pub policies: Vec<RolePolicy>,
    /// What could not be read.
    pub refused: Vec<(Missing, DirectoryError)>,
}

/// Somebody in a group.
struct Insider {
    group: ObjectId,
    owner: bool,
    user: ObjectId,
}

impl<C: Clock> Graph<C> {
    /// Reads the groups' members and owners, and of those that hold a role (`holds`) also what PIM for Groups knows and
    /// what else they are used for. Side by side, at most [`SIDE_BY_SIDE`] of a kind.
    pub(in crate::directory::entra) async fn role_groups(
        &self,
        groups: Vec<WireGroup>,
        holds: impl Fn(ObjectId) -> bool,
    ) -> Result<RoleGroups, DirectoryError> {
        let all: Vec<ObjectId> = groups.iter().map(|group| group.id).collect();
        let holding: Vec<ObjectId> = all.iter().copied().filter(|group| holds(*group)).collect();
        let (insiders, active, eligible, app_roles, access, skus) = tokio::try_join!(
            optionally(of_each(&all, |group| self.insiders(group))),
            optionally(of_each(&holding, |group| self.schedules_of_group(Schedules::Active, group))),
            optionally(of_each(&holding, |group| self.schedules_of_group(Schedules::Eligible, group))),
            optionally(of_each(&holding, |group| self.app_roles(group))),
            optionally(self.access_policies(!holding.is_empty())),
            optionally(self.licence_names(&groups)),
        )?;
        let mut out = RoleGroups::default();
        let mut schedules = out.or_refused(Missing::PimSchedules, active);
        schedules.extend(out.or_refused(Missing::PimSchedules, eligible));
        let in_pim: BTreeSet<ObjectId> = schedules.iter().filter(|s| !s.owner).map(|s| s.group).collect();
        let in_pim: Vec<ObjectId> = in_pim.into_iter().collect();
        let policies = optional(of_each(&in_pim, |group| self.group_policies(group)).await)?;
        out.policies = out.or_refused(Missing::RolePolicies, policies);
        let app_roles = out.or_refused(Missing::GroupUses, app_roles);
        let access = out.or_refused(Missing::GroupUses, access);
        // Names are for people: without them a licence goes by its id, and nothing is missing.
        let skus = skus.unwrap_or_default();
        let insiders = match insiders {
            Ok(insiders) => insiders,
            Err(error) => {
                out.refused.push((Missing::RoleGroups, error));
                return Ok(out);
            }
        };
        for group in groups {
            let of = |owner: bool| insiders.iter().filter(move |one| one.group == group.id && one.owner == owner);
            let members: Vec<ObjectId> = of(false).map(|one| one.user).collect();
            let own: Vec<GroupSchedule> = schedules.iter().filter(|one| one.group == group.id).cloned().collect();
            // Who can make itself an owner counts as one.
            let ready = own.iter().filter(|schedule| schedule.owner).map(|schedule| schedule.member.user);
            let owners: BTreeSet<ObjectId> = of(true).map(|one| one.user).chain(ready).collect();
            let licences = group.assigned_licenses.iter().filter_map(|licence| licence.sku_id.as_ref());
            let licences = licences.map(|id| format!("the licence {}", skus.get(id).unwrap_or(id)));
            let apps = app_roles.iter().filter(|(of, _)| *of == group.id).map(|(_, words)| words.clone());
            let access = access.iter().filter_map(|policy| policy.of_group(group.id));
            let uses: BTreeSet<String> = licences.chain(apps).chain(access).collect();
            out.groups.push(RoleGroup {
                id: group.id,
                name: group.name(),
                members: join::members(&members, &own, self.now()),
                owners: owners.into_iter().collect(),
                uses: uses.into_iter().collect(),
            });
        }
        out.groups.sort();
        Ok(out)
    }

    async fn insiders(&self, group: ObjectId) -> Result<Vec<Insider>, DirectoryError> {
        let read = async |owner: bool| {
            let part = if owner { "owners" } else { "members" };
            let what = format!("read the {part} of the group {group}");
            let path = ["groups", &group.to_string(), part];
            let request = Request::get(Operation::ReadMembers, what.clone(), &path).select(&["id"]).large_pages();
            let insider = |one: WireMember| one.is_user().then_some(Insider { group, owner, user: one.id });
            let values = self.read_all(&request, |_| ()).await?;
            Ok::<_, DirectoryError>(wire::all_from_json(values, &what, insider)?.into_iter().flatten())
        };
        let (members, owners) = tokio::try_join!(read(false), read(true))?;
        Ok(members.chain(owners).collect())
    }

    async fn schedules_of_group(
        &self,
        which: Schedules,
        group: ObjectId,
    ) -> Result<Vec<GroupSchedule>, DirectoryError> {
        let schedules = self.group_schedules(which, &Filter::eq("groupId", &group.to_string())).await?;
        Ok(schedules.into_iter().filter(|schedule| schedule.group == group).collect())
    }

    async fn app_roles(&self, group: ObjectId) -> Result<Vec<(ObjectId, String)>, DirectoryError> {
        let what = format!("read the app roles of the group {group}");
        let path = ["groups", &group.to_string(), "appRoleAssignments"];
        let request = Request::get(Operation::ReadAppRoles, what.clone(), &path);
        let words = |role: WireAppRole| {
            let application = role.resource_display_name.or(role.resource_id);
            (group, format!("an app role of {}", application.as_deref().unwrap_or("an application without a name")))
        };
        wire::all_from_json(self.read_all(&request, |_| ()).await?, &what, words)
    }

    async fn access_policies(&self, wanted: bool) -> Result<Vec<WireAccessPolicy>, DirectoryError> {
        if !wanted {
            return Ok(Vec::new());
        }
        let what = "read the Conditional Access policies";
        let request = Request::get(Operation::ReadAccessPolicies, what, &["identity", "conditionalAccess", "policies"]);
        wire::all_from_json(self.read_all(&request, |_| ()).await?, what, |policy: WireAccessPolicy| policy)
    }

    async fn licence_names(&self, groups: &[WireGroup]) -> Result<BTreeMap<String, String>, DirectoryError> {
        if groups.iter().all(|group| group.assigned_licenses.is_empty()) {
            return Ok(BTreeMap::new());
        }
        let what = "read the names of the licences";
        let request =
            Request::get(Operation::ReadOrganization, what, &["subscribedSkus"]).select(&["skuId", "skuPartNumber"]);
        let values = self.read_all(&request, |_| ()).await?;
        Ok(wire::all_from_json(values, what, |sku: WireSku| (sku.sku_id, sku.sku_part_number))?.into_iter().collect())
    }

    async fn group_policies(&self, group: ObjectId) -> Result<Vec<RolePolicy>, DirectoryError> {
        let what = format!("read PIM's policy of the group {group}");
        let filter = Filter::eq("scopeId", &group.to_string()).and(&Filter::eq("scopeType", "Group"));
        let all = self.policies(Operation::ReadGroupPolicies, &what, &filter).await?;
        let of_members = all.into_iter().filter(|one| one.role_definition_id.as_str().eq_ignore_ascii_case("member"));
        Ok(of_members.map(|one| one.of(PolicySubject::Group(group))).collect())
    }

    /// PIM's policies of all directory roles.
    pub(in crate::directory::entra) async fn role_policies(&self) -> Result<Vec<RolePolicy>, DirectoryError> {
        let filter = Filter::eq("scopeId", "/").and(&Filter::eq("scopeType", "DirectoryRole"));
        let all = self.policies(Operation::ReadRolePolicies, "read PIM's policies of the roles", &filter).await?;
        let of_role = |one: WirePolicyAssignment| {
            let subject = PolicySubject::Role(one.role_definition_id.clone());
            one.of(subject)
        };
        Ok(all.into_iter().map(of_role).collect())
    }

    async fn policies(
        &self,
        operation: Operation,
        what: &str,
        filter: &Filter,
    ) -> Result<Vec<WirePolicyAssignment>, DirectoryError> {
        let request = Request::get(operation, what, &["policies", "roleManagementPolicyAssignments"]);
        let request = request.filter(filter).expand("policy($expand=rules)");
        wire::all_from_json(self.read_all(&request, |_| ()).await?, what, |policy: WirePolicyAssignment| policy)
    }
}

impl RoleGroups {
    /// The value, or nothing and a name for what is missing.
    fn or_refused<T: Default>(&mut self, what: Missing, read: Result<T, DirectoryError>) -> T {
        read.unwrap_or_else(|error| {
            self.refused.push((what, error));
            T::default()
        })
    }
}

async fn optionally<T>(read: impl Future<Output = Result<T, DirectoryError>>) -> Optional<T> {
    optional(read.await)
}

/// What `read` finds in each group, in one list; the first failure ends it all, so that half a list is never returned.
async fn of_each<T, R>(groups: &[ObjectId], read: impl Fn(ObjectId) -> R) -> Result<Vec<T>, DirectoryError>
where
    R: Future<Output = Result<Vec<T>, DirectoryError>>,
{
    stream::iter(groups.iter().copied()).map(read).buffer_unordered(SIDE_BY_SIDE).try_concat().await
}
