//! Hard match: the source anchor equals a live user's ImmutableID, compared exactly.
//!
//! Sources: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" ("Hard match security protections");
//! "Understanding errors during Microsoft Entra synchronization" (InvalidHardMatch).

use super::protection::{holds_roles, remap};
use super::{Candidate, Meeting, error, features};
use crate::model::entra::EntraUser;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::prediction::{MatchKey, Prediction};
use crate::snapshot::index::Index;

/// Whom the anchor meets among the live users, and what comes of it.
pub(super) fn meet<'a>(link: Candidate<'a>, index: &Index<'a>) -> Option<Meeting<'a>> {
    let target = target(link, index)?;
    // Before the protections: Microsoft excludes users whose source of authority was moved to the cloud from them, and
    // the cloud takes nothing from AD for such a user (event 6956).
    if target.cloud_managed == Some(true) {
        return Some(Meeting::End(Prediction::NotSynced {
            why: format!("the source of authority of {} is the cloud, so what comes from AD is skipped", target.upn),
        }));
    }
    if features(index).block_hard_match {
        return Some(error(
            MicrosoftError::InvalidHardMatch,
            "the tenant blocks takeover by hard match (blockCloudObjectTakeoverThroughHardMatchEnabled)",
        ));
    }
    if holds_roles(link, target, index) {
        return Some(error(MicrosoftError::InvalidHardMatch, format!("{} holds a directory role", target.upn)));
    }
    Some(remap(link, target, index).unwrap_or(Meeting::Join(target, MatchKey::HardMatch)))
}

/// An ImmutableID is unique, in the recycle bin too as it seems: where somebody else has the anchor, Graph does not let
/// the wanted user get it as well.
fn target<'a>(link: Candidate<'a>, index: &Index<'a>) -> Option<&'a EntraUser> {
    let value = link.anchor.to_base64();
    let holders = index.cloud_by_immutable_id(&value);
    if link.cloud.has_anchor(link.anchor) {
        return Some(link.cloud);
    }
    match holders.iter().find(|user| user.deleted.is_none()) {
        Some(user) => Some(user),
        None => (link.anchored && holders.is_empty()).then_some(link.cloud),
    }
}
