//! What keeps Entra from giving a cloud user to an AD user: roles, and the mark of another AD object.
//!
//! Source: Microsoft, "Configure Microsoft Entra Connect for an existing tenant", "Hard match security protections" and
//! "Considerations on soft matching user with Admin role"; "Microsoft Entra Connect Sync service features". One text
//! says any role, another a privileged role: any role of any kind blocks here, held directly or through a group.

use super::{Candidate, Meeting, error, features};
use crate::model::ad::AdUser;
use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::rules::microsoft::MicrosoftError;
use crate::snapshot::index::Index;

/// Whether a cloud user will hold a role when the cycle comes.
pub(super) fn holds_roles(link: Candidate<'_>, user: &EntraUser, index: &Index<'_>) -> bool {
    if user.id == link.cloud.id { link.privileged } else { !index.holdings_of(user.id).is_empty() }
}

/// Whether the target's `onPremisesObjectIdentifier` is set and not recognisably this AD user's. One text says that it
/// blocks when it is set, another when it differs: an equal one does not block, and one that cannot be compared does.
pub fn foreign_identifier(target: &EntraUser, ad: &AdUser, anchor: Anchor) -> bool {
    target.object_identifier.as_deref().is_some_and(|identifier| {
        !identifier.eq_ignore_ascii_case(&ad.guid.to_string())
            && identifier != anchor.to_base64()
            && identifier != Anchor::from_guid(ad.guid).to_base64()
    })
}

/// The refusal to map a cloud user that carries the mark of another AD object, unless the tenant allows it for a time
/// (`allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled`).
pub(super) fn remap<'a>(link: Candidate<'_>, target: &EntraUser, index: &Index<'_>) -> Option<Meeting<'a>> {
    let blocked = !features(index).allow_object_identifier_update && foreign_identifier(target, link.ad, link.anchor);
    blocked.then(|| {
        error(
            MicrosoftError::AttributeUpdateNotAllowed,
            format!("{} carries the onPremisesObjectIdentifier of another AD object", target.upn),
        )
    })
}
