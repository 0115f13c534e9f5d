//! What makes a soft match uncertain, by Microsoft's documents and with nobody else in the way.

use super::decide::{Context, Decision};
use crate::model::ad::AdUser;
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::matching;
use crate::rules::objects;
use crate::rules::prediction::{Method, Prediction};

/// The uncertainties of one link.
pub fn find(aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    if decision.method == Method::Hard {
        return Vec::new();
    }
    [mail_without_addresses(aligned, decision, context), matched_before(decision)].into_iter().flatten().collect()
}

/// Where the UPN matches, it does not matter what the engine makes of `mail`.
fn mail_without_addresses(aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let matched = matches!(decision.prediction, Prediction::Linked { .. } | Prediction::Unproven { .. });
    let holder = matching::mail_without_addresses(aligned, context.index).filter(|_| !matched)?;
    (holder.id == decision.cloud.id).then(|| {
        Finding::warning(
            FindingCode::MailWithoutAddresses,
            format!(
                "`mail` of this AD user is the primary address of {}, but its proxyAddresses is empty: whether the engine makes a primary address of `mail` depends on its rules.",
                holder.upn
            ),
            "Leave `primary_smtp` and `addresses` out of this link: the address is then written to proxyAddresses.",
        )
        .about([objects::ad_user(decision.ad), objects::cloud_user(holder)])
        .value(aligned.mail.as_deref().unwrap_or_default())
    })
}

fn matched_before(decision: &Decision<'_>) -> Option<Finding> {
    let cloud = decision.cloud;
    let sid = cloud.security_identifier.as_ref().filter(|_| cloud.immutable_id.is_none())?;
    Some(
        Finding::warning(
            FindingCode::MatchedBefore,
            format!(
                "{} was synced before: it still carries the security identifier of an AD account. A soft match is documented to work once per cloud user.",
                cloud.upn
            ),
            "Write `match = \"hard\"` in this link, or clear the left-over onPremises attributes first.",
        )
        .about([objects::cloud_user(cloud)])
        .value(sid.to_string()),
    )
}
