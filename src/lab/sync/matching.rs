//! What a user that is new to the engine meets in the cloud.
//!
//! Order (*existing tenant*, "Sync with existing users in Microsoft Entra ID"): hard match on the source anchor; else
//! soft match on the primary SMTP address; only if that finds nobody, soft match on the UPN. Where Microsoft's pages
//! contradict each other the reading is named beside the rule.

use super::naming::on_premises_upn;
use super::report::{ErrorCode, ExportError, Outcome};
use super::view::ImportedUser;
use crate::lab::world::cloud::{Cloud, CloudUser};
use crate::model::anchor::Anchor;
use crate::model::id::ObjectId;
use std::collections::BTreeSet;

/// What becomes of a new user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is joined to this live cloud user.
    Join(ObjectId, Outcome),
    /// This soft-deleted cloud user is restored and joined.
    Restore(ObjectId),
    /// A new cloud user is made. The error, if any, is why no match came about; the duplicate is then quarantined.
    Provision(Option<ExportError>),
    /// Nothing is written; it is tried again in the next cycle.
    Refuse(ExportError),
    /// The cloud user with this anchor is managed in the cloud: nothing is written.
    CloudManaged(ObjectId),
}

/// Decides for a new user. `taken` are the cloud users that other AD users are joined to.
pub fn decide(user: &ImportedUser, anchor: Anchor, cloud: &Cloud, taken: &BTreeSet<ObjectId>) -> Decision {
    let immutable_id = anchor.to_base64();
    // The anchor is compared exactly: it is case-sensitive (*design concepts*).
    let has_anchor = |u: &&CloudUser| u.on_premises_immutable_id.as_ref() == Some(&immutable_id);
    if let Some(target) = cloud.users.iter().find(has_anchor) {
        return hard_match(user, target, cloud, taken);
    }
    if let Some(deleted) = cloud.deleted_users.iter().find(has_anchor) {
        return restore(user, deleted, cloud);
    }
    soft_match(user, cloud)
}

fn hard_match(user: &ImportedUser, target: &CloudUser, cloud: &Cloud, taken: &BTreeSet<ObjectId>) -> Decision {
    let refuse = |code, detail: &str| Decision::Refuse(ExportError::new(code, detail));
    if taken.contains(&target.id) {
        return refuse(ErrorCode::AttributeValueMustBeUnique, "SourceAnchor: another AD user has the same anchor");
    }
    if target.is_cloud_managed {
        return Decision::CloudManaged(target.id);
    }
    // A user that is synced already is not taken over: "ongoing sync of already matched users is not affected".
    let takeover = target.on_premises_sync_enabled != Some(true);
    if takeover && cloud.features.block_cloud_object_takeover_through_hard_match_enabled {
        let detail = "another cloud created object with the same source anchor already exists in Microsoft Entra ID";
        return refuse(ErrorCode::InvalidHardMatch, detail);
    }
    // Microsoft's texts of 2026 say "a role" (June) and "a privileged role" (July): any role blocks here.
    if takeover && holds_role(target.id, cloud) {
        return refuse(ErrorCode::InvalidHardMatch, "the cloud user holds a Microsoft Entra role");
    }
    match other_object_identifier(user, target, cloud) {
        Some(error) => Decision::Refuse(error),
        None => Decision::Join(target.id, Outcome::HardMatched),
    }
}

/// A soft-deleted user with the same anchor comes back (*recycle bin*); one that holds a role must be restored by hand
/// first (*existing tenant*, recovery table).
fn restore(user: &ImportedUser, deleted: &CloudUser, cloud: &Cloud) -> Decision {
    if holds_role(deleted.id, cloud) {
        let detail = "the soft-deleted cloud user with this anchor holds a Microsoft Entra role";
        return Decision::Refuse(ExportError::new(ErrorCode::InvalidHardMatch, detail));
    }
    match other_object_identifier(user, deleted, cloud) {
        Some(error) => Decision::Refuse(error),
        None => Decision::Restore(deleted.id),
    }
}

fn soft_match(user: &ImportedUser, cloud: &Cloud) -> Decision {
    let by_smtp = user.primary_smtp().and_then(|address| {
        // Only the upper-case `SMTP:` value counts, on both sides (*existing tenant*).
        cloud.users.iter().find(|u| primary_smtp(u).is_some_and(|primary| primary.eq_ignore_ascii_case(address)))
    });
    if let Some(target) = by_smtp {
        // The same address and another anchor: the reading of 2026 (*existing tenant*); older pages say
        // InvalidSoftMatch or quarantine.
        if has_immutable_id(target) {
            let detail = format!("ProxyAddresses: {} has this primary address and another anchor", target.id);
            return Decision::Refuse(ExportError::new(ErrorCode::AttributeValueMustBeUnique, detail));
        }
        return soft_target(user, target, Outcome::SoftMatchedBySmtp, cloud);
    }
    if !cloud.features.soft_match_on_upn_enabled {
        return Decision::Provision(None);
    }
    let upn = on_premises_upn(user);
    match cloud.users.iter().find(|u| u.user_principal_name.eq_ignore_ascii_case(&upn)) {
        // A UPN that is taken is quarantined, not refused (*duplicate attributes*).
        Some(target) if has_immutable_id(target) => Decision::Provision(None),
        Some(target) => soft_target(user, target, Outcome::SoftMatchedByUpn, cloud),
        None => Decision::Provision(None),
    }
}

/// What a soft match that found `target` comes to.
fn soft_target(user: &ImportedUser, target: &CloudUser, outcome: Outcome, cloud: &Cloud) -> Decision {
    // `isCloudManaged`: updates from on-premises are blocked, so the new object stands beside it.
    if target.is_cloud_managed {
        return Decision::Provision(None);
    }
    if cloud.features.block_soft_match_enabled {
        let detail = format!("{} matches, but the tenant blocks soft matches", target.id);
        return Decision::Refuse(ExportError::new(ErrorCode::InvalidSoftMatch, detail));
    }
    // "Microsoft Entra ID won't match on-premises users with cloud users that have an admin role": a quarantined
    // duplicate appears (*existing tenant*, "Considerations on soft matching user with Admin role").
    if holds_role(target.id, cloud) {
        let detail = format!("{} matches, but holds a Microsoft Entra role", target.id);
        return Decision::Provision(Some(ExportError::new(ErrorCode::ExistingAdminRoleConflict, detail)));
    }
    match other_object_identifier(user, target, cloud) {
        Some(error) => Decision::Refuse(error),
        None => Decision::Join(target.id, outcome),
    }
}

/// `onPremisesObjectIdentifier` of another AD object blocks the match; an equal one does not (*service features* says
/// "differs", *existing tenant* says "set": the first is the reading here).
fn other_object_identifier(user: &ImportedUser, target: &CloudUser, cloud: &Cloud) -> Option<ExportError> {
    let allowed = cloud.features.allow_on_prem_update_of_on_premises_object_identifier_enabled;
    let stamped = target.on_premises_object_identifier.as_deref()?;
    let differs = !stamped.eq_ignore_ascii_case(&user.guid.to_string());
    (differs && !allowed).then(|| {
        let detail =
            "Hard match operation blocked due to security hardening. Review OnPremisesObjectIdentifier mapping.";
        ExportError::new(ErrorCode::AttributeUpdateNotAllowed, detail)
    })
}

/// Whether the user holds any directory role at any scope.
pub fn holds_role(id: ObjectId, cloud: &Cloud) -> bool {
    cloud.role_assignments.iter().any(|assignment| assignment.principal_id == id)
}

fn has_immutable_id(user: &CloudUser) -> bool {
    user.on_premises_immutable_id.as_deref().is_some_and(|id| !id.is_empty())
}

fn primary_smtp(user: &CloudUser) -> Option<&str> {
    user.proxy_addresses.iter().find_map(|address| address.strip_prefix("SMTP:"))
}
