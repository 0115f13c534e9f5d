//! The snapshot's data and file format.

use super::marks::Marks;
use super::question::Question;
use crate::model::ad::AdUser;
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::{DomainName, ObjectId};
use crate::model::recipient::{AdHolder, Recipient};
use crate::model::role::{GroupMember, GroupMembership, Holding, RoleAssignment, RoleGrant, RoleGroup, RolePolicy};
use crate::model::tenant::{Identity, Tenant};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The format that this version reads and writes.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Both directories at one time. Planning needs nothing else of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// [`SNAPSHOT_VERSION`].
    pub format_version: u32,
    /// When reading began.
    pub taken: Timestamp,
    /// The AD domains that were read.
    pub domains: Vec<AdDomainSnapshot>,
    /// The tenant.
    pub tenant: Tenant,
    /// How much of the directories this is.
    #[serde(default, skip_serializing_if = "Coverage::is_whole")]
    pub coverage: Coverage,
    /// All live users.
    pub users: Vec<EntraUser>,
    /// The recycle bin's users.
    pub deleted_users: Vec<EntraUser>,
    /// Groups and contacts, for their addresses.
    pub holders: Vec<AddressHolder>,
    /// All role assignments of users and groups: active, activated and eligible.
    pub roles: Vec<RoleAssignment>,
    /// The role-assignable groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_groups: Vec<RoleGroup>,
    /// PIM's policies for the roles and groups above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_policies: Vec<RolePolicy>,
    /// What Exchange knows and Graph does not show, from an export of `Get-Recipient`; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<Recipient>>,
    /// Whom the credential speaks for, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Identity>,
    /// Where it ends, for bringing it up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Marks>,
    /// What could not be read. A plan says of everything that depends on it: could not be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// How much of the directories a snapshot holds. The recycle bin, roles, groups that bring them and everything about the
/// tenant are whole in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All users, groups and contacts of both.
    #[default]
    Whole,
    /// The answers to some questions, and whatever else came with them.
    Narrow(Narrow),
}

/// What a narrow snapshot can answer: what is not in here was not looked for, which is not the same as not being there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Narrow {
    /// Questions that were asked of both directories, with all of their answers in the snapshot.
    pub asked: BTreeSet<Question>,
    /// How many of the synced users were looked at, if any were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<Synced>,
}

/// How many of the synced users a narrow snapshot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Synced {
    /// All of them.
    All,
    /// Some hundreds, as the tenant sent them.
    Sample,
}

impl Coverage {
    /// Whether it is everything.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// One AD domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdDomainSnapshot {
    /// The name in the configuration.
    pub name: DomainName,
    /// The DN that was searched.
    pub base_dn: Dn,
    /// The domain's DNS name, from the domain controller.
    pub dns_name: String,
    /// The domain controller that was read.
    pub server: String,
    /// UPN suffixes that the forest lists besides its DNS names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upn_suffixes: Vec<String>,
    /// All its users.
    pub users: Vec<AdUser>,
    /// Its groups, contacts and whatever else has an address and is no user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<AdHolder>,
}

/// Something that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What.
    pub what: Missing,
    /// Why, in one sentence, with the permission that was missing if that is known.
    pub reason: String,
}

/// A part of the tenant that a credential may not be allowed to see. Users and AD are not in here: without them there
/// is no snapshot at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The tenant's sync features.
    SyncFeatures,
    /// Active role assignments.
    Roles,
    /// PIM's schedules: eligible roles, and which active ones were activated or end by themselves.
    PimSchedules,
    /// Members and owners of role-assignable groups.
    RoleGroups,
    /// PIM's policies, which say whether a role can be given back.
    RolePolicies,
    /// What role-assignable groups are used for besides roles.
    GroupUses,
    /// The recycle bin.
    DeletedUsers,
    /// Groups.
    Groups,
    /// Contacts.
    Contacts,
    /// `onPremisesObjectIdentifier` (beta endpoint).
    ObjectIdentifier,
    /// `onPremisesSyncBehavior` of the linked users.
    SyncBehavior,
    /// Who the credential is.
    Caller,
}

impl Snapshot {
    /// Whether the snapshot holds the whole answer to a question.
    pub fn answers(&self, question: &Question) -> bool {
        let Coverage::Narrow(narrow) = &self.coverage else { return true };
        narrow.asked.contains(question)
            || match question {
                // Of these there is one at most, and it is here.
                Question::AdGuid(guid) => {
                    self.domains.iter().flat_map(|domain| &domain.users).any(|user| user.guid == *guid)
                }
                Question::CloudId(id) => self.users.iter().any(|user| user.id == *id),
                Question::SyncedUsers => narrow.synced.is_some(),
                _ => false,
            }
    }

    /// Whether only some of the synced users were looked at.
    pub const fn is_sampled(&self) -> bool {
        matches!(self.coverage, Coverage::Narrow(Narrow { synced: Some(Synced::Sample), .. }))
    }

    /// Why a part is missing, or `None` if it was read.
    pub fn gap(&self, what: Missing) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.what == what)
    }

    /// Everything that makes a user a role holder: its own assignments, and its memberships of groups that hold a role.
    ///
    /// Looks through all of them: who asks for many users asks an index.
    pub fn holdings_of(&self, user: ObjectId) -> Vec<Holding> {
        let own = self.roles.iter().filter(|role| role.principal == user).cloned().map(Holding::Role);
        let through = self.role_groups.iter().flat_map(|group| {
            let members = group.members.iter().filter(|member| member.user == user);
            members.filter_map(|member| Self::membership(group, &self.roles_of(group), member)).map(Holding::Group)
        });
        let mut all: Vec<Holding> = own.chain(through).collect();
        all.sort();
        all
    }

    /// The roles that a group holds, each once.
    pub fn roles_of(&self, group: &RoleGroup) -> Vec<RoleGrant> {
        let held = self.roles.iter().filter(|role| role.principal == group.id);
        held.map(|role| role.grant.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A membership that brings these roles; `None` if there are none.
    pub fn membership(group: &RoleGroup, roles: &[RoleGrant], member: &GroupMember) -> Option<GroupMembership> {
        (!roles.is_empty()).then(|| GroupMembership {
            group: group.id,
            group_name: group.name.clone(),
            roles: roles.to_vec(),
            member: member.clone(),
        })
    }
}
