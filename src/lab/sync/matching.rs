//! What a user that is new to the engine meets in the cloud.
//!
//! Order (*existing tenant*, "Sync with existing users in Microsoft Entra ID"): hard match on the source anchor; else
//! soft match on the primary SMTP address; only if that finds nobody, soft match on the UPN. Where Microsoft's pages
//! contradict each other the reading is named beside the rule.

use super::naming::on_premises_upn;
use super::report::{ErrorCode, ExportError, Outcome};
use super::view::ImportedUser;
use crate::lab::world::cloud::{AccessId, Cloud, CloudGroup, CloudUser};
use crate::lab::world::keys::{CloudKey, ConnectedKey};
use crate::lab::world::sync::Connected;
use crate::lab::world::table::Table;
use crate::model::anchor::Anchor;
use crate::model::id::ObjectId;
use jiff::Timestamp;

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

/// The cloud that a new user meets.
#[derive(Clone, Copy, Debug)]
pub struct Meeting<'a> {
    /// The tenant.
    pub cloud: &'a Cloud,
    /// The time: a role whose end has passed is none.
    pub now: Timestamp,
    /// What the engine remembers: the cloud users that other AD users are joined to.
    pub taken: &'a Table<Connected>,
}

/// Decides for a new user.
pub fn decide(user: &ImportedUser, anchor: Anchor, meeting: Meeting<'_>) -> Decision {
    let cloud = meeting.cloud;
    let immutable_id = anchor.to_base64();
    // The anchor is compared exactly: it is case-sensitive (*design concepts*).
    let with_anchor = |users: &'_ Table<CloudUser>| {
        let mut similar = users.with(CloudKey::ImmutableId, &immutable_id.to_lowercase());
        similar.find(|(_, u)| u.on_premises_immutable_id.as_ref() == Some(&immutable_id)).map(|(row, _)| row)
    };
    if let Some(target) = with_anchor(&cloud.users).and_then(|row| cloud.users.get(row)) {
        return hard_match(user, target, meeting);
    }
    if let Some(deleted) = with_anchor(&cloud.deleted_users).and_then(|row| cloud.deleted_users.get(row)) {
        return restore(user, deleted, meeting);
    }
    soft_match(user, meeting)
}

fn hard_match(user: &ImportedUser, target: &CloudUser, meeting: Meeting<'_>) -> Decision {
    let Meeting { cloud, now, taken } = meeting;
    let refuse = |code, detail: &str| Decision::Refuse(ExportError::new(code, detail));
    if taken.find(ConnectedKey::Cloud, &target.id.to_string()).is_some() {
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
    if let Some(held) = held_role(target.id, cloud, now).filter(|_| takeover) {
        return refuse(ErrorCode::InvalidHardMatch, &format!("the cloud user {held}"));
    }
    match other_object_identifier(user, target, cloud) {
        Some(error) => Decision::Refuse(error),
        None => Decision::Join(target.id, Outcome::HardMatched),
    }
}

/// A soft-deleted user with the same anchor comes back (*recycle bin*); one that holds a role must be restored by hand
/// first (*existing tenant*, recovery table).
fn restore(user: &ImportedUser, deleted: &CloudUser, meeting: Meeting<'_>) -> Decision {
    let Meeting { cloud, now, .. } = meeting;
    if let Some(held) = held_role(deleted.id, cloud, now) {
        let detail = format!("the soft-deleted cloud user with this anchor {held}");
        return Decision::Refuse(ExportError::new(ErrorCode::InvalidHardMatch, detail));
    }
    match other_object_identifier(user, deleted, cloud) {
        Some(error) => Decision::Refuse(error),
        None => Decision::Restore(deleted.id),
    }
}

fn soft_match(user: &ImportedUser, meeting: Meeting<'_>) -> Decision {
    let cloud = meeting.cloud;
    let by_smtp = user.primary_smtp().and_then(|address| {
        // Only the upper-case `SMTP:` value counts, on both sides (*existing tenant*).
        let mut holders = cloud.users.with(CloudKey::Address, &format!("smtp:{}", address.to_lowercase()));
        holders.find(|(_, u)| primary_smtp(u).is_some_and(|primary| primary.eq_ignore_ascii_case(address)))
    });
    if let Some((_, target)) = by_smtp {
        // The same address and another anchor: the reading of 2026 (*existing tenant*); older pages say
        // InvalidSoftMatch or quarantine.
        if has_immutable_id(target) {
            let detail = format!("ProxyAddresses: {} has this primary address and another anchor", target.id);
            return Decision::Refuse(ExportError::new(ErrorCode::AttributeValueMustBeUnique, detail));
        }
        return soft_target(user, target, Outcome::SoftMatchedBySmtp, meeting);
    }
    if !cloud.features.soft_match_on_upn_enabled {
        return Decision::Provision(None);
    }
    let upn = on_premises_upn(user);
    let mut similar = cloud.users.with(CloudKey::Upn, &upn.to_lowercase());
    match similar.find(|(_, u)| u.user_principal_name.eq_ignore_ascii_case(&upn)) {
        // A UPN that is taken is quarantined, not refused (*duplicate attributes*).
        Some((_, target)) if has_immutable_id(target) => Decision::Provision(None),
        Some((_, target)) => soft_target(user, target, Outcome::SoftMatchedByUpn, meeting),
        None => Decision::Provision(None),
    }
}

/// What a soft match that found `target` comes to.
fn soft_target(user: &ImportedUser, target: &CloudUser, outcome: Outcome, meeting: Meeting<'_>) -> Decision {
    let Meeting { cloud, now, .. } = meeting;
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
    if let Some(held) = held_role(target.id, cloud, now) {
        let detail = format!("{} matches, but {held}", target.id);
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

/// How the user holds a role now, if it does: any role, custom ones too, at any scope; active, activated or eligible;
/// itself, or as a member (an eligible one too) of a role-assignable group that holds one. Owning such a group is no
/// role.
///
/// Microsoft's texts of 2026 say "assigned" and "eligible" (*existing tenant*, "Hard match security protections"); of
/// groups they say nothing, and nothing of eligibility for soft matches: the strict reading is taken for both.
pub fn held_role(id: ObjectId, cloud: &Cloud, now: Timestamp) -> Option<&'static str> {
    let is_active = |id| cloud.active_roles(now).any(|role| role.principal_id == id);
    let is_eligible = |id| cloud.eligibilities(now).any(|role| role.principal_id == id && role.term().holds(now));
    if is_active(id) {
        return Some("holds a Microsoft Entra role");
    }
    if is_eligible(id) {
        return Some("is eligible for a Microsoft Entra role");
    }
    let carries = |group: &&CloudGroup| group.is_assignable_to_role && (is_active(group.id) || is_eligible(group.id));
    let is_in = |group: &CloudGroup| {
        group.is_held_by(id, AccessId::Member, now) || group.is_eligible(id, AccessId::Member, now)
    };
    cloud.groups.iter().filter(carries).any(is_in).then_some("holds a Microsoft Entra role through a group")
}

fn has_immutable_id(user: &CloudUser) -> bool {
    user.on_premises_immutable_id.as_deref().is_some_and(|id| !id.is_empty())
}

fn primary_smtp(user: &CloudUser) -> Option<&str> {
    user.proxy_addresses.iter().find_map(|address| address.strip_prefix("SMTP:"))
}
