//! What a soft match asks of the user that an address or a UPN has found.
//!
//! Sources: Microsoft, "Understanding errors during Microsoft Entra synchronization" (InvalidSoftMatch,
//! AttributeValueMustBeUnique, Existing Admin Role Conflict); "Configure Microsoft Entra Connect for an existing tenant"
//! (role holders, blocked soft matches); "Identity synchronization and duplicate attribute resiliency" (a UPN that is
//! taken is quarantined).

use super::protection::{holds_roles, remap};
use super::{Candidate, Meeting, error, features};
use crate::model::entra::EntraUser;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::prediction::MatchKey;
use crate::snapshot::index::Index;

/// What found the user.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    PrimarySmtp,
    Upn,
}

/// What comes of the user that was found.
pub(super) fn meet<'a>(link: Candidate<'a>, target: &'a EntraUser, key: Key, index: &Index<'a>) -> Meeting<'a> {
    // This is also why a cloud user can be soft-matched once only: from then on it has an anchor.
    if let Some(value) = &target.immutable_id {
        let why = format!("{} has another ImmutableID ({value}); a soft match needs an empty one", target.upn);
        return match key {
            Key::Upn => Meeting::Nobody { error: None, why: format!("{why}, so a quarantined duplicate is made") },
            // The text of 2026; older ones say InvalidSoftMatch, or a quarantined duplicate.
            Key::PrimarySmtp => error(
                MicrosoftError::AttributeValueMustBeUnique,
                format!("{why}; InvalidSoftMatch or a quarantined duplicate are reported too"),
            ),
        };
    }
    if target.cloud_managed == Some(true) {
        return Meeting::Nobody {
            error: None,
            why: format!("the source of authority of {} is the cloud, so it is not taken over", target.upn),
        };
    }
    if features(index).block_soft_match {
        return error(MicrosoftError::InvalidSoftMatch, "the tenant blocks soft matches (blockSoftMatchEnabled)");
    }
    if holds_roles(link, target, index) {
        return Meeting::Nobody {
            error: Some(MicrosoftError::ExistingAdminRoleConflict),
            why: format!("{} holds a directory role, so Entra makes a quarantined duplicate beside it", target.upn),
        };
    }
    remap(link, target, index).unwrap_or(Meeting::Join(target, key.into()))
}

impl From<Key> for MatchKey {
    fn from(key: Key) -> Self {
        match key {
            Key::PrimarySmtp => Self::PrimarySmtp,
            Key::Upn => Self::Upn,
        }
    }
}
