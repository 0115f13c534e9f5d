//! What the next cycle makes of an AD user: hard match, then primary SMTP, then UPN.
//!
//! Sources: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (order; new objects only; hard match
//! protections of June and July 2026); "Understanding errors during Microsoft Entra synchronization" (error names);
//! KB 2641663 and KB 3164442 (SMTP and UPN matching). Where Microsoft's texts differ the strict reading is taken: any
//! directory role blocks, and so does an `onPremisesObjectIdentifier` that cannot be compared.

use super::exposure;
use super::microsoft::MicrosoftError;
use super::prediction::{MatchKey, Prediction};
use crate::model::ad::AdUser;
use crate::model::address::{AddressKind, ProxyAddress};
use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::model::tenant::SyncFeatures;
use crate::snapshot::index::{Holder, Index};

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
}

/// Predicts the result of the next cycle.
pub fn predict(link: Candidate<'_>, index: &Index<'_>, features: SyncFeatures) -> Prediction {
    if let Some(why) = exposure::excluded_by_default(link.ad) {
        return Prediction::NotSynced { why: why.to_owned() };
    }
    hard_match(link, index, features)
        .or_else(|| smtp_match(link, index, features))
        .or_else(|| upn_match(link, index, features))
        .unwrap_or_else(|| no_match(link, index))
}

fn error(name: MicrosoftError, why: impl Into<String>) -> Prediction {
    Prediction::Error { name, why: why.into() }
}

/// Whether a cloud user will hold a role when the cycle comes.
fn holds_roles(link: Candidate<'_>, user: &EntraUser, index: &Index<'_>) -> bool {
    if user.id == link.cloud.id { link.privileged } else { !index.holdings_of(user.id).is_empty() }
}

/// Step 1: the anchor equals an ImmutableID.
fn hard_match(link: Candidate<'_>, index: &Index<'_>, features: SyncFeatures) -> Option<Prediction> {
    let value = link.anchor.to_base64();
    let others = index.cloud_by_immutable_id(&value).iter().copied().filter(|user| user.id != link.cloud.id);
    let (deleted, live): (Vec<_>, Vec<_>) = others.partition(|user| user.deleted.is_some());
    let target = match (link.anchored, live.first()) {
        (true, _) => link.cloud,
        (false, Some(user)) => user,
        (false, None) => {
            let user = deleted.first()?;
            return Some(Prediction::Restored {
                why: format!("the soft-deleted {} has the same anchor, so Entra restores it", user.upn),
            });
        }
    };
    if features.block_hard_match && !target.is_synced() {
        return Some(error(
            MicrosoftError::InvalidHardMatch,
            "the tenant blocks takeover by hard match (blockCloudObjectTakeoverThroughHardMatchEnabled)",
        ));
    }
    if holds_roles(link, target, index) {
        return Some(error(MicrosoftError::InvalidHardMatch, format!("{} holds a directory role", target.upn)));
    }
    if target.cloud_managed == Some(true) {
        return Some(error(
            MicrosoftError::InvalidHardMatch,
            format!("the source of authority of {} is the cloud", target.upn),
        ));
    }
    Some(linked_or_refused(link, target, features, MatchKey::HardMatch))
}

/// Whether the target's `onPremisesObjectIdentifier` is set and not recognisably this AD user's.
pub fn foreign_identifier(target: &EntraUser, ad: &AdUser, anchor: Anchor) -> bool {
    target.object_identifier.as_deref().is_some_and(|identifier| {
        !identifier.eq_ignore_ascii_case(&ad.guid.to_string())
            && identifier != anchor.to_base64()
            && identifier != Anchor::from_guid(ad.guid).to_base64()
    })
}

/// Step 2: the primary SMTP address is a cloud object's primary SMTP address.
fn smtp_match(link: Candidate<'_>, index: &Index<'_>, features: SyncFeatures) -> Option<Prediction> {
    let primary = link.ad.proxy_addresses.primary()?;
    let key = format!("smtp:{}", primary.to_lowercase());
    let is_primary = |address: &ProxyAddress| {
        address.kind() == AddressKind::PrimarySmtp && address.address().eq_ignore_ascii_case(primary)
    };
    let found = index.holders_of(&key).iter().find_map(|holder| match holder {
        Holder::User(user) if user.proxy_addresses.iter().any(is_primary) => Some(*holder),
        Holder::Other(other) if other.proxy_addresses.iter().any(is_primary) => Some(*holder),
        _ => None,
    })?;
    match found {
        Holder::User(user) => Some(soft_match(link, user, index, features, MatchKey::PrimarySmtp)),
        Holder::Other(other) => Some(error(
            MicrosoftError::ObjectTypeMismatch,
            format!("the primary address {primary} belongs to a {}, not to a user", other.kind),
        )),
        Holder::Ad(_) | Holder::Deleted(_) | Holder::AdOther(_) | Holder::Recipient(_) => None,
    }
}

/// Step 3: the UPN equals a cloud user's UPN; only where the tenant matches by UPN and SMTP found nothing.
fn upn_match(link: Candidate<'_>, index: &Index<'_>, features: SyncFeatures) -> Option<Prediction> {
    let user = *index.cloud_by_upn(&index.exported_upn(link.ad)).first()?;
    if features.soft_match_on_upn {
        return Some(soft_match(link, user, index, features, MatchKey::Upn));
    }
    Some(Prediction::Duplicate {
        why: "the tenant does not match by UPN (softMatchOnUpnEnabled is off) and no primary SMTP address matches"
            .to_owned(),
    })
}

/// What stands between an equal key and a soft match.
fn soft_match(
    link: Candidate<'_>,
    target: &EntraUser,
    index: &Index<'_>,
    features: SyncFeatures,
    by: MatchKey,
) -> Prediction {
    if features.block_soft_match {
        return error(MicrosoftError::InvalidSoftMatch, "the tenant blocks soft matches (blockSoftMatchEnabled)");
    }
    if let Some(value) = &target.immutable_id {
        let why = format!("{} has another ImmutableID ({value}); a soft match needs an empty one", target.upn);
        // A UPN that is taken is quarantined, an address with another anchor is refused.
        return match by {
            MatchKey::Upn => Prediction::Duplicate { why },
            MatchKey::PrimarySmtp | MatchKey::HardMatch => error(MicrosoftError::AttributeValueMustBeUnique, why),
        };
    }
    if target.cloud_managed == Some(true) {
        return error(
            MicrosoftError::InvalidSoftMatch,
            format!("the source of authority of {} is the cloud", target.upn),
        );
    }
    if holds_roles(link, target, index) {
        return Prediction::Duplicate {
            why: format!("{} holds a directory role, so Entra makes a quarantined duplicate beside it", target.upn),
        };
    }
    linked_or_refused(link, target, features, by)
}

/// What is left when the match itself may happen: it is the wanted one, or not, and it may be stamped, or not.
fn linked_or_refused(link: Candidate<'_>, target: &EntraUser, features: SyncFeatures, by: MatchKey) -> Prediction {
    if !features.allow_object_identifier_update && foreign_identifier(target, link.ad, link.anchor) {
        return error(
            MicrosoftError::AttributeUpdateNotAllowed,
            format!("{} carries the onPremisesObjectIdentifier of another AD object", target.upn),
        );
    }
    if target.id == link.cloud.id {
        Prediction::Linked { by }
    } else {
        Prediction::WrongTarget {
            why: format!("Entra would link {} with {} instead of {}", link.ad.sam, target.upn, link.cloud.upn),
        }
    }
}

/// Nothing matches: a new user, unless the cloud cannot take it.
fn no_match(link: Candidate<'_>, index: &Index<'_>) -> Prediction {
    let conflict = link.ad.proxy_addresses.iter().find_map(|address| {
        index.holders_of(&address.conflict_key()).iter().find_map(|holder| match holder {
            Holder::User(user) => Some((address, user.upn.to_string())),
            Holder::Other(other) => Some((address, other.display_name.clone().unwrap_or_else(|| other.id.to_string()))),
            Holder::Recipient(other) => Some((address, other.name.clone())),
            Holder::Ad(_) | Holder::Deleted(_) | Holder::AdOther(_) => None,
        })
    });
    Prediction::Duplicate {
        why: match conflict {
            Some((address, name)) => {
                format!("nothing matches; {address} belongs to {name}, so a quarantined duplicate is made")
            }
            None => "nothing matches, so a new cloud user is made".to_owned(),
        },
    }
}
