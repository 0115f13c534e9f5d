//! The order of a match, and what each of its outcomes means for a link.

use super::{export, hard, new, restore, smtp, unseen, upn};
use crate::model::ad::AdUser;
use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::rules::exposure;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::prediction::{MatchKey, Prediction};
use crate::snapshot::index::Index;

/// A link as it will stand when the cycle comes: both sides after this tool's own writes.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The AD user with its new attributes.
    pub ad: &'a AdUser,
    /// Its anchor.
    pub anchor: Anchor,
    /// The wanted cloud user, as it is now.
    pub cloud: &'a EntraUser,
    /// Whether the cloud user will have the anchor as its ImmutableID.
    pub anchored: bool,
    /// Whether the cloud user will hold a role.
    pub privileged: bool,
    /// Whether the AD user will lie outside of what the engine syncs.
    pub staged: bool,
}

/// What an export meets in the cloud.
pub(super) enum Meeting<'a> {
    /// A live user that it takes over.
    Join(&'a EntraUser, MatchKey),
    /// A soft-deleted user that comes back.
    Restore(&'a EntraUser),
    /// Nobody: a new user is made. The error, if any, is why it did not become a match.
    Nobody { error: Option<MicrosoftError>, why: String },
    /// It ends here, whatever else the cloud holds.
    End(Prediction),
}

/// Predicts the result of the next cycle.
pub fn predict(link: Candidate<'_>, index: &Index<'_>) -> Prediction {
    let excluded = exposure::excluded_by_default(link.ad).map(ToOwned::to_owned);
    let staged = link.staged.then(|| "it lies outside of the synced OUs".to_owned());
    if let Some(why) = excluded.or(staged) {
        return Prediction::NotSynced { why };
    }
    if let Some(why) = new::has_its_own(link, index) {
        return Prediction::NotEvaluated { why };
    }
    let meeting = hard::meet(link, index)
        .or_else(|| restore::meet(link, index))
        .or_else(|| smtp::meet(link, index))
        .or_else(|| upn::meet(link, index))
        .unwrap_or_else(|| nobody(link, index));
    if let Meeting::End(prediction) = meeting {
        return prediction;
    }
    if let Some(refused) = export::refused(link, &meeting, index) {
        return refused;
    }
    match meeting {
        Meeting::End(prediction) => prediction,
        Meeting::Restore(user) => Prediction::Restored {
            why: format!("the soft-deleted {} has the same anchor, so Entra restores it", user.upn_before_deletion()),
        },
        Meeting::Nobody { error, why } => Prediction::Duplicate { error, why },
        Meeting::Join(user, _) if user.id != link.cloud.id => Prediction::WrongTarget {
            why: format!("Entra would link {} with {} instead of {}", link.ad.sam, user.upn, link.cloud.upn),
        },
        Meeting::Join(_, by) => match unseen::doubts(link, by, index) {
            doubts if doubts.is_empty() => Prediction::Linked { by },
            doubts => Prediction::Unproven { by, why: doubts.join("; ") },
        },
    }
}

/// The tenant's switches; all off where they could not be read, which [`unseen`] tells.
pub(super) fn features(index: &Index<'_>) -> crate::model::tenant::SyncFeatures {
    index.features().unwrap_or_default()
}

pub(super) fn error<'a>(name: MicrosoftError, why: impl Into<String>) -> Meeting<'a> {
    Meeting::End(Prediction::Error { name, why: why.into() })
}

/// Nothing matches: a new user, with a mangled name or fewer addresses where somebody has them.
fn nobody<'a>(link: Candidate<'_>, index: &Index<'_>) -> Meeting<'a> {
    let why = match (export::quarantined(link, index), smtp::mail_without_addresses(link.ad, index)) {
        (Some((value, holder)), _) => {
            format!("nothing matches, and {value} belongs to {holder}, so a quarantined duplicate is made")
        }
        (None, Some(user)) => format!(
            "nothing matches: `mail` is the primary address of {}, but proxyAddresses is empty, and only that is matched by",
            user.upn
        ),
        (None, None) => "nothing matches, so a new cloud user is made".to_owned(),
    };
    Meeting::Nobody { error: None, why }
}
