//! A soft-deleted user with the same anchor comes back instead of any soft match.
//!
//! Sources: Microsoft, "Microsoft Entra Connect Sync: enable AD recycle bin" (the same anchor within 30 days restores,
//! another one makes a new user); "Configure Microsoft Entra Connect for an existing tenant", recovery table (a
//! soft-deleted user that holds a role is blocked until it is restored by hand).

use super::protection::{holds_roles, remap};
use super::{Candidate, Meeting, error};
use crate::rules::microsoft::MicrosoftError;
use crate::snapshot::index::Index;

/// Whom the anchor meets in the recycle bin, and what comes of it.
pub(super) fn meet<'a>(link: Candidate<'a>, index: &Index<'a>) -> Option<Meeting<'a>> {
    let value = link.anchor.to_base64();
    let user = *index.cloud_by_immutable_id(&value).iter().find(|user| user.deleted.is_some())?;
    if holds_roles(link, user, index) {
        return Some(error(
            MicrosoftError::InvalidHardMatch,
            format!("the soft-deleted {} has the same anchor and holds a directory role", user.upn_before_deletion()),
        ));
    }
    Some(remap(link, user, index).unwrap_or(Meeting::Restore(user)))
}
