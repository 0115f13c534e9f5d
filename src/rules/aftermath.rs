//! After the cycle: why a link was not formed, and the way back.
//!
//! An export that Entra answers with a quarantined duplicate counts as a success in the sync engine, so the engine's own
//! log stays silent. What the cloud holds afterwards tells: who carries the anchor or the SID, and under which name.
//!
//! Sources: Microsoft, "Identity synchronization and duplicate attribute resiliency", "Understanding errors during
//! Microsoft Entra synchronization", "Configure Microsoft Entra Connect for an existing tenant", "Microsoft Entra Connect
//! Sync: Enable AD recycle bin".

use super::microsoft::MicrosoftError;
use super::prediction::Method;
use super::way_back;
use crate::model::anchor::Anchor;
use crate::model::entra::{EntraUser, ProvisioningError};
use crate::model::id::{ObjectId, Sid};
use crate::model::name::Upn;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::Holding;
use crate::model::tenant::SyncFeatures;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a link must show to count as formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The AD side.
    pub ad: AdRef,
    /// The cloud side.
    pub cloud: EntraRef,
    /// The anchor that the link rests on.
    pub anchor: Anchor,
    /// The AD user's SID.
    pub sid: Sid,
    /// How the match was to happen.
    pub method: Method,
    /// The cloud user's own last sync before anything was done. Only the cloud's timestamps are compared with each
    /// other; our clock has no part in it.
    pub before: Option<Timestamp>,
}

/// Which users the tenant had before the cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The live ones.
    pub live: BTreeSet<ObjectId>,
    /// Those in the recycle bin.
    pub deleted: BTreeSet<ObjectId>,
}

/// What was read after the cycle.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The wanted user, if it is live.
    pub user: Option<&'a EntraUser>,
    /// Every live or soft-deleted user that carries the anchor or the SID; the wanted one may be among them.
    pub carriers: &'a [EntraUser],
    /// What makes the wanted user a role holder now.
    pub holdings: &'a [Holding],
    /// The tenant's switches now, if they could be read.
    pub features: Option<SyncFeatures>,
    /// Whom the tenant had before; `None` where nobody looked.
    pub seen: Option<&'a Seen>,
    /// The tenant's first domain: quarantined names end in it.
    pub initial_domain: &'a str,
}

/// Another user that carries what the wanted one should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// Its object id.
    pub id: ObjectId,
    /// Its UPN.
    pub upn: Upn,
    /// Whether it carries the anchor, compared exactly.
    pub anchor: bool,
    /// Whether it carries the SID.
    pub sid: bool,
}

/// What became of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Aftermath {
    /// It is formed.
    Formed,
    /// The AD user took over another user, which was there before.
    LinkedElsewhere {
        /// Which.
        rival: Rival,
    },
    /// A second user was made beside the wanted one, with a mangled UPN.
    QuarantinedDuplicate {
        /// Which.
        rival: Rival,
        /// The name it was to have.
        original: String,
    },
    /// A second user was made beside the wanted one, and its UPN looks like any other.
    Duplicate {
        /// Which.
        rival: Rival,
    },
    /// A user came back from the recycle bin in place of the match.
    Restored {
        /// Which.
        rival: Rival,
    },
    /// A user that is not synced carries the anchor or the SID: the next cycle would go to it.
    Claimed {
        /// Which.
        rival: Rival,
    },
    /// A user in the recycle bin carries the anchor or the SID: the next cycle would restore it.
    InRecycleBin {
        /// Which.
        rival: Rival,
    },
    /// The wanted user is linked, and another one carries the anchor or the SID as well.
    Contested {
        /// Which.
        rival: Rival,
    },
    /// The wanted user carries provisioning errors.
    Recorded {
        /// Which.
        errors: Vec<ProvisioningError>,
    },
    /// The wanted user is not there any more.
    Gone,
    /// Nothing can be seen of the AD user in the cloud.
    NothingYet,
}

/// Why a link was not formed, and the way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// What became of it.
    pub aftermath: Aftermath,
    /// Microsoft's name for the error, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microsoft_error: Option<MicrosoftError>,
    /// What was found, in one sentence without a full stop.
    pub found: String,
    /// Why, in one sentence without a full stop; `None` if it cannot be told from what the cloud shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub way_back: Vec<String>,
}

impl Diagnosis {
    /// Whether waiting for another cycle is pointless, provably: a synced user other than the wanted one carries the
    /// anchor or the SID. A match is evaluated only for objects that are new to the cloud, and both values are unique in
    /// the tenant, so no later cycle forms this link.
    pub const fn is_final(&self) -> bool {
        matches!(
            self.aftermath,
            Aftermath::LinkedElsewhere { .. }
                | Aftermath::QuarantinedDuplicate { .. }
                | Aftermath::Duplicate { .. }
                | Aftermath::Restored { .. }
        )
    }

    /// The user that stands in the way.
    pub const fn rival(&self) -> Option<&Rival> {
        match &self.aftermath {
            Aftermath::LinkedElsewhere { rival }
            | Aftermath::QuarantinedDuplicate { rival, .. }
            | Aftermath::Duplicate { rival }
            | Aftermath::Restored { rival }
            | Aftermath::Claimed { rival }
            | Aftermath::InRecycleBin { rival }
            | Aftermath::Contested { rival } => Some(rival),
            Aftermath::Formed | Aftermath::Recorded { .. } | Aftermath::Gone | Aftermath::NothingYet => None,
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.found)?;
        match (&self.cause, self.microsoft_error) {
            (Some(cause), Some(error)) => write!(f, "; {error}: {cause}"),
            (Some(cause), None) => write!(f, "; {cause}"),
            (None, Some(error)) => write!(f, "; Microsoft's name for it is {error}"),
            (None, None) => Ok(()),
        }
    }
}

impl Rival {
    fn of(user: &EntraUser, wanted: &Wanted) -> Self {
        Self {
            id: user.id,
            upn: user.upn_before_deletion(),
            anchor: user.has_anchor(wanted.anchor),
            sid: user.security_identifier.as_ref() == Some(&wanted.sid),
        }
    }

    /// What of the AD user it carries.
    pub const fn carries(&self) -> &'static str {
        match (self.anchor, self.sid) {
            (true, true) => "the anchor and the SID",
            (true, false) => "the anchor",
            (false, _) => "the SID",
        }
    }
}

impl fmt::Display for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.upn, self.id)
    }
}

/// The marks of a formed link that the user itself lacks, in words.
pub fn missing_marks(user: &EntraUser, wanted: &Wanted) -> Vec<String> {
    let mut missing = Vec::new();
    if !user.is_synced() {
        missing.push("the cloud user is not synced".to_owned());
    }
    match &user.immutable_id {
        Some(_) if user.has_anchor(wanted.anchor) => {}
        Some(id) => missing.push(format!("its ImmutableID is {:?}, not {}", id.as_str(), wanted.anchor)),
        None => missing.push("it has no ImmutableID".to_owned()),
    }
    match &user.security_identifier {
        Some(sid) if *sid == wanted.sid => {}
        Some(sid) => missing.push(format!("its on-premises SID is {sid}, not {}", wanted.sid)),
        None => missing.push("it has no on-premises SID".to_owned()),
    }
    if user.last_sync.is_none() || user.last_sync <= wanted.before {
        missing.push("it was not synced since".to_owned());
    }
    missing
}

/// The name that a quarantined UPN was made of: Entra puts four digits behind the prefix, with or without a `+`, and the
/// tenant's initial domain behind that (`name+1234@initial`, `name1234@initial`).
///
/// Without the `+`, a name that a person chose can look the same. So that form counts only where the name that is left
/// is one of `originals`.
///
/// Source: Microsoft, "Identity synchronization and duplicate attribute resiliency", which shows both forms.
pub fn mangled(upn: &Upn, initial_domain: &str, originals: &[&str]) -> Option<String> {
    let (local, domain) = upn.as_str().rsplit_once('@')?;
    let (name, digits) = local.split_at_checked(local.len().checked_sub(4)?)?;
    if initial_domain.is_empty()
        || !domain.eq_ignore_ascii_case(initial_domain)
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    match name.strip_suffix('+') {
        Some("") => None,
        Some(original) => Some(original.to_owned()),
        None => originals.iter().any(|known| known.eq_ignore_ascii_case(name)).then(|| name.to_owned()),
    }
}

/// The part of a name before its `@`.
pub fn prefix(upn: &str) -> &str {
    upn.rsplit_once('@').map_or(upn, |(prefix, _)| prefix)
}

/// Says what became of a link.
pub fn diagnose(wanted: &Wanted, looked: Looked<'_>) -> Diagnosis {
    let Some(user) = looked.user else {
        return way_back::told(wanted, Aftermath::Gone, &[], None);
    };
    let mut others: Vec<&EntraUser> = looked.carriers.iter().filter(|other| other.id != wanted.cloud.id).collect();
    // The one that decides: a synced one before one that only claims the value, the recycle bin last.
    others
        .sort_by_key(|other| (other.deleted.is_some(), !other.is_synced(), !other.has_anchor(wanted.anchor), other.id));
    let missing = missing_marks(user, wanted);
    let Some(other) = others.first() else {
        let aftermath = match (missing.is_empty(), user.provisioning_errors.is_empty()) {
            (true, _) => Aftermath::Formed,
            (false, false) => Aftermath::Recorded { errors: user.provisioning_errors.clone() },
            (false, true) => Aftermath::NothingYet,
        };
        let reason = if missing.is_empty() { None } else { reason(wanted, looked, user, None) };
        return way_back::told(wanted, aftermath, &missing, reason);
    };
    let aftermath = rivalry(wanted, looked, user, other);
    let reason = match aftermath {
        Aftermath::Contested { .. } => None,
        _ => reason(wanted, looked, user, Some(other)),
    };
    way_back::told(wanted, aftermath, &missing, reason)
}

fn rivalry(wanted: &Wanted, looked: Looked<'_>, user: &EntraUser, other: &EntraUser) -> Aftermath {
    let rival = Rival::of(other, wanted);
    if user.is_synced() && user.has_anchor(wanted.anchor) {
        return Aftermath::Contested { rival };
    }
    if other.deleted.is_some() {
        return Aftermath::InRecycleBin { rival };
    }
    if !other.is_synced() {
        return Aftermath::Claimed { rival };
    }
    match looked.seen {
        Some(seen) if seen.live.contains(&other.id) => return Aftermath::LinkedElsewhere { rival },
        Some(seen) if seen.deleted.contains(&other.id) => return Aftermath::Restored { rival },
        _ => {}
    }
    let originals = [prefix(wanted.cloud.upn.as_str()), wanted.ad.sam.as_str()];
    let of_rival: Vec<&str> = conflicting_names(other).chain(originals).collect();
    match mangled(&other.upn, looked.initial_domain, &of_rival) {
        Some(original) => Aftermath::QuarantinedDuplicate { rival, original },
        None => Aftermath::Duplicate { rival },
    }
}

/// The prefixes of the names that a user was refused.
fn conflicting_names(user: &EntraUser) -> impl Iterator<Item = &str> {
    user.provisioning_errors.iter().filter_map(|error| error.value.as_deref()).map(|value| {
        let name =
            value.split_once(':').filter(|(kind, _)| kind.eq_ignore_ascii_case("smtp")).map_or(value, |(_, a)| a);
        prefix(name)
    })
}

/// Microsoft's error where it is known, and why it came.
pub(super) type Reason = (Option<MicrosoftError>, String);

/// What about the wanted user, the tenant or the recorded errors explains that no match came about: the strongest first.
fn reason(wanted: &Wanted, looked: Looked<'_>, user: &EntraUser, other: Option<&EntraUser>) -> Option<Reason> {
    let features = looked.features.unwrap_or_default();
    let hard = wanted.method == Method::Hard;
    let cloud = &wanted.cloud;
    if user.cloud_managed == Some(true) {
        return Some((
            None,
            format!("the source of authority of {cloud} is the cloud, so nothing from AD is matched to it"),
        ));
    }
    if !looked.holdings.is_empty() {
        let held: Vec<String> = looked.holdings.iter().map(ToString::to_string).collect();
        let error = if hard { MicrosoftError::InvalidHardMatch } else { MicrosoftError::ExistingAdminRoleConflict };
        return Some((
            Some(error),
            format!("{cloud} holds {}, and Entra matches nobody onto a role holder", held.join(", ")),
        ));
    }
    if let Some(id) = &user.immutable_id
        && !user.has_anchor(wanted.anchor)
    {
        let cause = format!("{cloud} has another ImmutableID, {:?}, which a match does not replace", id.as_str());
        return Some((Some(MicrosoftError::AttributeValueMustBeUnique), cause));
    }
    if hard && features.block_hard_match {
        let cause = "the tenant's switch blockCloudObjectTakeoverThroughHardMatchEnabled is on".to_owned();
        return Some((Some(MicrosoftError::InvalidHardMatch), cause));
    }
    if !hard && features.block_soft_match {
        let cause = "the tenant's switch blockSoftMatchEnabled is on".to_owned();
        return Some((Some(MicrosoftError::InvalidSoftMatch), cause));
    }
    // Entra stamps it with the AD object's identity; in which spelling is not documented.
    let guid = wanted.ad.guid;
    let ours = |value: &str| {
        value.eq_ignore_ascii_case(&guid.to_string())
            || value == wanted.anchor.to_base64()
            || value == Anchor::from_guid(guid).to_base64()
    };
    if let Some(value) = user.object_identifier.as_deref().filter(|value| hard && !ours(value))
        && !features.allow_object_identifier_update
    {
        let cause = format!("{cloud} carries the onPremisesObjectIdentifier {value:?} of another AD object");
        return Some((Some(MicrosoftError::AttributeUpdateNotAllowed), cause));
    }
    let recorded = other.map(|other| (other, format!("on {}", other.upn))).into_iter();
    let mut recorded = recorded.chain([(user, format!("on {cloud}"))]);
    recorded.find_map(|(user, at)| {
        let error = user.provisioning_errors.first()?;
        Some((microsoft_name(error), format!("Entra recorded {at}: {}", words(error))))
    })
}

/// An entry of `onPremisesProvisioningErrors` in words. Microsoft documents few of its values, so all are shown as read.
pub fn words(error: &ProvisioningError) -> String {
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let ProvisioningError { category, property, value, occurred } = error;
    let since = occurred.map(|at| format!(", since {at}")).unwrap_or_default();
    format!("{} of {} (value {:?}{since})", or_unknown(category), or_unknown(property), or_unknown(value))
}

/// Microsoft's name for a recorded error: its category where that is one, and the documented `PropertyConflict`.
pub fn microsoft_name(error: &ProvisioningError) -> Option<MicrosoftError> {
    let category = error.category.as_deref()?;
    match category {
        "PropertyConflict" => Some(MicrosoftError::AttributeValueMustBeUnique),
        _ => MicrosoftError::ALL.iter().copied().find(|name| name.as_str().eq_ignore_ascii_case(category)),
    }
}

#[cfg(test)]
mod tests;
