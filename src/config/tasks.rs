//! The checked types of what a match plan asks for around its links: unlinking, the recycle bin, the tenant's sync features,
//! and the match window.

use super::matchplan::{AdSelector, CloudSelector, Origin};
use crate::model::cloud::SyncFeature;
use crate::model::dn::Dn;
use crate::model::entra::HolderKind;
use crate::model::id::ObjectId;
use crate::model::name::Upn;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// One piece of work that forms no link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// What is to be done.
    pub work: WorkSpec,
    /// The steps without a way back that the author names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<Irreversible>,
    /// Where it was written. As with links, neither saved nor digested.
    #[serde(skip)]
    pub origin: Origin,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkSpec {
    /// `[[link]]` with `kind = "group"` or `"contact"`: a group or contact of AD takes over one of the cloud, by its primary
    /// address.
    Join {
        /// Groups or contacts.
        kind: HolderKind,
        /// Which one of AD: by `sAMAccountName`, `mail` (in the place of a UPN), DN or objectGUID.
        ad: AdSelector,
        /// Which one of the cloud.
        cloud: HolderSelector,
        /// The OU to move the AD object to, so that it comes into sync scope.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        move_to: Option<Dn>,
    },
    /// `[[unlink]]`: a cloud user is to forget its AD user.
    Unlink {
        /// Which.
        cloud: CloudSelector,
        /// How.
        method: UnlinkSpec,
    },
    /// `[[deleted]]` with `action = "restore"`: a user comes back from the recycle bin.
    Restore {
        /// Which.
        user: CloudSelector,
        /// The sign-in name that it gets, if not the one that it had.
        upn: Option<Upn>,
    },
    /// `[[deleted]]` with `action = "purge"`: a user in the recycle bin is deleted for good.
    Purge {
        /// Which.
        user: CloudSelector,
    },
    /// `[tenant]`: a switch of the directory synchronization.
    Feature {
        /// Which.
        feature: SyncFeature,
        /// How it is to stand.
        on: bool,
    },
}

/// How a link names its group or contact of the cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HolderSelector {
    /// By object id.
    Id(ObjectId),
    /// By an e-mail address that it has.
    Mail(String),
    /// By `displayName`, if only one has it.
    Name(String),
}

impl fmt::Display for HolderSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Mail(text) | Self::Name(text) => f.write_str(text),
        }
    }
}

/// `method` of an `[[unlink]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnlinkSpec {
    /// The cloud becomes the source of authority of a synced user.
    SourceOfAuthority,
    /// A user that is not synced loses what it remembers of AD.
    Clear,
    /// The AD user leaves the sync scope, the cycle deletes the cloud user, and it is restored and cleared.
    RecycleBin {
        /// The AD user.
        ad: AdSelector,
        /// Where it goes: outside of the synced OUs.
        move_to: Dn,
    },
}

/// A kind of step that has no way back, as `allow` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Irreversible {
    /// Deleting a user from the recycle bin.
    Purge,
}

/// `[window]`: the switches of the tenant that stand open for exactly one apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Soft matches: `blockSoftMatchEnabled` is off.
    #[serde(default)]
    pub soft_match: bool,
    /// Hard matches: `blockCloudObjectTakeoverThroughHardMatchEnabled` is off.
    #[serde(default)]
    pub hard_match: bool,
}

impl Window {
    /// Whether none is asked for.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The switches that block what the window lets through.
    pub fn switches(self) -> impl Iterator<Item = SyncFeature> {
        let Self { soft_match, hard_match } = self;
        let soft = soft_match.then_some(SyncFeature::BlockSoftMatch);
        soft.into_iter().chain(hard_match.then_some(SyncFeature::BlockCloudObjectTakeoverThroughHardMatch))
    }
}
