//! Reading roles: of the whole tenant, of one principal, and the memberships that bring one user roles.

use super::join;
use super::wire::{GroupSchedule, WireAssignment, WireGroup, WireGroupSchedule, WireMember, WireRole, WireSchedule};
use crate::directory::entra::http::Graph;
use crate::directory::entra::permission::Operation;
use crate::directory::entra::read::{SIDE_BY_SIDE, unless_refused};
use crate::directory::entra::request::{Filter, Request};
use crate::directory::entra::wire;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use crate::model::id::{ObjectId, RoleDefinitionId};
use crate::model::role::{GroupMembership, Holding, RoleAssignment, RoleGrant};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which of PIM's schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedules {
    /// Those of active assignments or members.
    Active,
    /// Those of eligible ones.
    Eligible,
}

impl Schedules {
    const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Eligible => "eligible",
        }
    }

    fn of_roles(self) -> Request {
        let (operation, collection) = match self {
            Self::Active => (Operation::ReadRoleSchedules, "roleAssignmentSchedules"),
            Self::Eligible => (Operation::ReadRoleEligibility, "roleEligibilitySchedules"),
        };
        let what = format!("read PIM's schedules of {} roles", self.word());
        Request::get(operation, what, &["roleManagement", "directory", collection])
    }

    fn of_groups(self) -> Request {
        let (operation, collection) = match self {
            Self::Active => (Operation::ReadGroupSchedules, "assignmentSchedules"),
            Self::Eligible => (Operation::ReadGroupEligibility, "eligibilitySchedules"),
        };
        let what = format!("read PIM's schedules of {} group members", self.word());
        Request::get(operation, what, &["identityGovernance", "privilegedAccess", "group", collection])
    }
}

impl<C: Clock> Graph<C> {
    /// Names of role definitions by id, read once per run: they are for people only.
    async fn role_names(&self) -> Result<&BTreeMap<RoleDefinitionId, String>, DirectoryError> {
        let read = async || {
            let what = "read the names of the directory roles";
            let path = ["roleManagement", "directory", "roleDefinitions"];
            let request = Request::get(Operation::ReadRoles, what, &path).select(&["id", "displayName"]);
            let named = |role: WireRole| {
                let name = role.display_name.unwrap_or_else(|| role.id.to_string());
                (role.id, name)
            };
            wire::all_from_json(self.read_all(&request, |_| ()).await?, what, named).map(BTreeMap::from_iter)
        };
        self.role_names.get_or_try_init(read).await
    }

    /// Role assignments in force, of all or of those that the filter leaves. A role that was made since the names were
    /// read goes by its id.
    pub(in crate::directory::entra) async fn assignments(
        &self,
        what: &str,
        filter: Option<&Filter>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let request = Request::get(Operation::ReadRoles, what, &["roleManagement", "directory", "roleAssignments"]);
        let request = filter.into_iter().fold(request, Request::filter);
        let values = match filter {
            Some(_) => self.read_few(&request).await?,
            None => self.read_all(&request, progress).await?,
        };
        let names = self.role_names().await?;
        wire::all_from_json(values, what, |role: WireAssignment| role.named(|id| name_in(names, id)))
    }

    /// PIM's schedules of roles, of all or of those that the filter leaves.
    pub(in crate::directory::entra) async fn role_schedules(
        &self,
        which: Schedules,
        filter: Option<&Filter>,
    ) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let request = filter.into_iter().fold(which.of_roles(), Request::filter);
        let values = self.narrowed(&request, filter).await?;
        let names = self.role_names().await?;
        let eligible = which == Schedules::Eligible;
        let named = |schedule: WireSchedule| schedule.named(eligible, |id| name_in(names, id));
        Ok(wire::all_from_json(values, &request.what, named)?.into_iter().flatten().collect())
    }

    /// A collection that may be narrowed by a filter.
    async fn narrowed(&self, request: &Request, filter: Option<&Filter>) -> Result<Vec<Value>, DirectoryError> {
        match filter {
            Some(_) => self.read_few(request).await,
            None => self.read_all(request, |_| ()).await,
        }
    }

    /// PIM for Groups' schedules; Graph wants them filtered by group or by principal.
    pub(in crate::directory::entra) async fn group_schedules(
        &self,
        which: Schedules,
        filter: &Filter,
    ) -> Result<Vec<GroupSchedule>, DirectoryError> {
        let request = which.of_groups().filter(filter);
        let values = self.read_few(&request).await?;
        let read = |schedule: WireGroupSchedule| schedule.read(which == Schedules::Eligible);
        Ok(wire::all_from_json(values, &request.what, read)?.into_iter().flatten().collect())
    }

    /// The role-assignable groups. Graph answers this filter as an advanced query only; the index behind those lags some
    /// seconds, which only a group made just now could tell, since the property never changes.
    pub(in crate::directory::entra) async fn assignable_groups(&self) -> Result<Vec<WireGroup>, DirectoryError> {
        let what = "read the groups that can hold roles";
        let request = Request::get(Operation::ReadGroups, what, &["groups"])
            .filter(&Filter::is_true("isAssignableToRole"))
            .select(&["id", "displayName", "assignedLicenses"])
            .large_pages()
            .advanced();
        wire::all_from_json(self.read_all(&request, |_| ()).await?, what, |group: WireGroup| group)
    }

    /// Every way in which a principal of its own holds roles. Without PIM this is what is in force.
    pub(in crate::directory::entra) async fn roles_of(
        &self,
        principal: ObjectId,
    ) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let what = format!("read the roles of {principal}");
        let filter = Filter::eq("principalId", &principal.to_string());
        let (assignments, active, eligible) = tokio::join!(
            self.assignments(&what, Some(&filter), |_| ()),
            unless_refused(&self.unseen.role_schedules, self.role_schedules(Schedules::Active, Some(&filter))),
            unless_refused(&self.unseen.role_eligibility, self.role_schedules(Schedules::Eligible, Some(&filter))),
        );
        let mut assignments = assignments?;
        assignments.retain(|role| role.principal == principal);
        let own = |mut schedules: Vec<RoleAssignment>| {
            schedules.retain(|role| role.principal == principal);
            schedules
        };
        Ok(join::roles(assignments, own(active?), own(eligible?), self.now()))
    }

    /// The user's memberships that bring roles, in force and in readiness.
    pub(in crate::directory::entra) async fn memberships_of(
        &self,
        user: ObjectId,
    ) -> Result<Vec<GroupMembership>, DirectoryError> {
        let filter = Filter::eq("principalId", &user.to_string());
        let groups = async {
            let (assignable, inside) = tokio::join!(self.assignable_groups(), self.groups_of(user));
            Ok((assignable?, inside?))
        };
        let (groups, active, eligible) = tokio::join!(
            unless_refused(&self.unseen.role_groups, groups),
            unless_refused(&self.unseen.group_schedules, self.group_schedules(Schedules::Active, &filter)),
            unless_refused(&self.unseen.group_eligibility, self.group_schedules(Schedules::Eligible, &filter)),
        );
        let ((assignable, inside), active, eligible) = (groups?, active?, eligible?);
        let of_user = |schedule: &GroupSchedule| schedule.member.user == user && !schedule.owner;
        let schedules: Vec<GroupSchedule> = active.into_iter().chain(eligible).filter(of_user).collect();
        let names: BTreeMap<ObjectId, String> = assignable.iter().map(|group| (group.id, group.name())).collect();
        let inside: BTreeSet<ObjectId> = inside.into_iter().filter(|group| names.contains_key(group)).collect();
        let all: BTreeSet<ObjectId> = inside.iter().copied().chain(schedules.iter().map(|s| s.group)).collect();
        let read = stream::iter(all).map(async |group| {
            let roles: BTreeSet<RoleGrant> = self.roles_of(group).await?.into_iter().map(|role| role.grant).collect();
            if roles.is_empty() {
                return Ok(Vec::new());
            }
            let own: Vec<_> = schedules.iter().filter(|schedule| schedule.group == group).cloned().collect();
            let plain: &[ObjectId] = if inside.contains(&group) { &[user] } else { &[] };
            let membership = |member| GroupMembership {
                group,
                group_name: names.get(&group).cloned().unwrap_or_else(|| group.to_string()),
                roles: roles.iter().cloned().collect(),
                member,
            };
            Ok::<_, DirectoryError>(join::members(plain, &own, self.now()).into_iter().map(membership).collect())
        });
        let read: Vec<_> = read.buffered(SIDE_BY_SIDE).collect().await;
        Ok(read.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The groups that a user is in.
    async fn groups_of(&self, user: ObjectId) -> Result<Vec<ObjectId>, DirectoryError> {
        let what = format!("read the groups of {user}");
        let path = ["users", &user.to_string(), "memberOf"];
        let request = Request::get(Operation::ReadMembers, what.clone(), &path).select(&["id"]).large_pages();
        let values = self.read_few(&request).await?;
        let group = |member: WireMember| member.is_group().then_some(member.id);
        Ok(wire::all_from_json(values, &what, group)?.into_iter().flatten().collect())
    }

    /// What the holding needs and what is gone, in words. What may not be looked at counts as there: giving back will
    /// tell.
    pub(in crate::directory::entra) async fn missing_part(
        &self,
        holding: &Holding,
    ) -> Result<Option<String>, DirectoryError> {
        let role = match holding {
            Holding::Group(group) => {
                let gone = self.is_gone(&["directoryObjects", &group.group.to_string()]).await?;
                return Ok(
                    gone.then(|| format!("the group {} ({}) is not there any more", group.group_name, group.group))
                );
            }
            Holding::Role(role) => role,
        };
        let scope = role.grant.directory_scope.as_deref().unwrap_or("/");
        let object = scope.rsplit('/').next().and_then(|id| id.parse::<ObjectId>().ok());
        if let Some(object) = object
            && self.is_gone(&["directoryObjects", &object.to_string()]).await?
        {
            return Ok(Some(match scope.strip_prefix("/administrativeUnits/") {
                Some(_) => format!("the administrative unit {object}, the role's scope, is not there any more"),
                None => format!("the object {object}, the role's scope, is not there any more"),
            }));
        }
        let id = role.grant.role.as_str();
        let gone = self.is_gone(&["roleManagement", "directory", "roleDefinitions", id]).await?;
        Ok(gone.then(|| format!("the role {} ({id}) is not there any more", role.grant.role_name)))
    }

    async fn is_gone(&self, path: &[&str]) -> Result<bool, DirectoryError> {
        let operation = if path.len() == 2 { Operation::ReadObject } else { Operation::ReadRoles };
        let what = format!("look whether {} is there", path.last().unwrap_or(&"it"));
        match self.read(&Request::get(operation, what, path).select(&["id"])).await {
            Ok(_) => Ok(false),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(true),
            Err(error) if error.kind == ErrorKind::Forbidden => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn name_in(names: &BTreeMap<RoleDefinitionId, String>, id: &RoleDefinitionId) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_string())
}
