//! Soft match by UPN: only if the primary address found nobody, and only where the tenant matches by UPN.
//!
//! Sources: Microsoft, "How to use UPN matching for identity synchronization in Office 365, Azure, or Intune" ("UPN
//! matching can be run only when SMTP matching fails"); "Microsoft Entra Connect Sync service features"
//! (EnableSoftMatchOnUpn, on for tenants since 30 March 2016).

use super::soft::{self, Key};
use super::{Candidate, Meeting};
use crate::snapshot::index::Index;

/// Whom the UPN meets, and what comes of it.
pub(super) fn meet<'a>(link: Candidate<'a>, index: &Index<'a>) -> Option<Meeting<'a>> {
    let target = *index.cloud_by_upn(&index.exported_upn(link.ad)).first()?;
    // Switches that could not be read leave the match possible; that it is not proven is said at the end.
    if index.features().is_some_and(|features| !features.soft_match_on_upn) {
        return Some(Meeting::Nobody {
            error: None,
            why: "the tenant does not match by UPN (softMatchOnUpnEnabled is off) and no primary SMTP address matches"
                .to_owned(),
        });
    }
    Some(soft::meet(link, target, Key::Upn, index))
}
