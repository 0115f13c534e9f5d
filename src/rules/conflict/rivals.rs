//! Rivals: other AD users that would match the wanted cloud user.
//!
//! Source: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (the primary address, then the UPN).

use crate::model::ad::AdUser;
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::matching::Candidate;
use crate::rules::objects;
use crate::snapshot::index::{Holder, Index};

/// Other AD users that Entra could match with the wanted cloud user, since they have its UPN or primary address and this
/// link's AD user will not. One that has a cloud object of its own matches no more, and a hard match comes first.
pub fn find(link: Candidate<'_>, index: &Index<'_>) -> Vec<Finding> {
    let new =
        |user: &&AdUser| user.guid != link.ad.guid && !index.cloud_by_sid(&user.sid).iter().any(|u| u.is_synced());
    if link.anchored {
        return Vec::new();
    }
    let upn = Some(&link.cloud.upn).filter(|upn| index.exported_upn(link.ad) != **upn);
    let by_upn = upn.into_iter().flat_map(|upn| {
        index.ad_by_upn(upn).into_iter().filter(new).map(|user| (FindingCode::UpnConflict, user, upn.as_str()))
    });
    let primary = link.cloud.proxy_addresses.primary().filter(|primary| !link.ad.proxy_addresses.has_smtp(primary));
    let by_address = primary.into_iter().flat_map(|primary| {
        let holders = index.holders_of(&format!("smtp:{}", primary.to_lowercase())).into_iter();
        let users = holders.filter_map(|holder| if let Holder::Ad(user) = holder { Some(user) } else { None });
        users.filter(new).map(move |user| (FindingCode::AddressConflict, user, primary))
    });
    by_upn
        .chain(by_address)
        .map(|(code, rival, value)| {
            Finding::error(
                code,
                format!(
                    "Two AD users could match {}: {} in this link, and {}\\{}, which has its {value}.",
                    link.cloud.upn, link.ad.sam, rival.domain, rival.sam
                ),
                format!(
                    "In AD, take {value} away from {}\\{} ({}), or write `match = \"hard\"` in this link.",
                    rival.domain, rival.sam, rival.dn
                ),
            )
            .about([objects::ad_user(link.ad), objects::ad_user(rival), objects::cloud_user(link.cloud)])
            .value(value)
        })
        .collect()
}
