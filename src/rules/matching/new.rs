//! Only an AD user that is new to the cloud is matched.
//!
//! Source: Microsoft, "Configure Microsoft Entra Connect for an existing tenant": the match is evaluated for new objects
//! coming from AD only; an existing object that is changed so that it would match shows an error instead.

use super::Candidate;
use crate::snapshot::index::Index;

/// Why an AD user is not new to the cloud: a synced user, other than the wanted one, carries its anchor or its SID.
pub(super) fn has_its_own(link: Candidate<'_>, index: &Index<'_>) -> Option<String> {
    let value = link.anchor.to_base64();
    let by_anchor = index.cloud_by_immutable_id(&value).into_iter();
    let by_sid = index.cloud_by_sid(&link.ad.sid).into_iter();
    let own = by_anchor.chain(by_sid).find(|user| user.is_synced() && user.id != link.cloud.id)?;
    Some(format!(
        "{} has a cloud object of its own already, {}, so no match is evaluated for it any more",
        link.ad.sam, own.upn
    ))
}
