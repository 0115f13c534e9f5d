//! The anchor the other way: the AD user takes the ImmutableID that the cloud user has, as its `mS-DS-ConsistencyGuid`.
//!
//! For AD users that were made anew (a forest move, a restored domain) beside cloud users that keep the anchor of the old
//! ones. Sources: Microsoft Entra Connect "Design concepts" ("Using ms-DS-ConsistencyGuid as sourceAnchor": the anchor of
//! a user that was imported does not change any more); "Understanding errors during Microsoft Entra synchronization"
//! (writing the cloud's ImmutableID into `mS-DS-ConsistencyGuid` is the remedy that it names).

use super::decide::Context;
use crate::model::ad::{AdUser, Octets};
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::entra::EntraUser;
use crate::rules::exposure::Exposure;
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::objects;

/// The anchor that the AD user is to take. Errors: the cloud has none that could be one, the engine does not read the
/// attribute, or it has read the AD user already.
pub fn anchor(ad: &AdUser, cloud: &EntraUser, context: &Context<'_>) -> Result<Anchor, Box<Finding>> {
    let refuse = |code, message: String, help: &str| {
        Finding::error(code, message, help).about([objects::ad_user(ad), objects::cloud_user(cloud)])
    };
    let unusable = |message, help: &str| refuse(FindingCode::CloudAnchorUnusable, message, help);
    if context.source_anchor(&ad.domain) != SourceAnchor::ConsistencyGuid {
        return Err(Box::new(unusable(
            format!(
                "The sync engine takes objectGUID of {} as the source anchor, and nobody can write that: the cloud's \
                 ImmutableID would not be read in AD.",
                ad.domain
            ),
            "Leave `anchor` out: then the cloud user takes this AD user's anchor.",
        )));
    }
    let Some(held) = &cloud.immutable_id else {
        return Err(Box::new(unusable(
            format!("{} has no ImmutableID that the AD user could take.", cloud.upn),
            "Leave `anchor` out: then the cloud user takes this AD user's anchor.",
        )));
    };
    let anchor = held.to_anchor().map_err(|error| {
        let finding = unusable(
            format!(
                "The ImmutableID of {} cannot be a source anchor in AD: {error}. Another identity provider may have set it.",
                cloud.upn
            ),
            "Leave `anchor` out, so that the cloud user takes this AD user's anchor; see first who signs in by the old value.",
        );
        Box::new(finding.value(held.as_str()))
    })?;
    if ad.anchor(SourceAnchor::ConsistencyGuid) == Ok(anchor) {
        return Ok(anchor);
    }
    match imported(ad, context) {
        Some(why) => Err(Box::new(
            refuse(
                FindingCode::AlreadyImported,
                format!("The sync engine has read this AD user already: {why}. Its source anchor cannot change any more."),
                "Keep the AD user outside of the synced OUs until its first cycle, and write `move_to`; or leave `anchor` \
                 out, so that the cloud user takes this AD user's anchor.",
            )
            .value(anchor.to_base64()),
        )),
        None => Ok(anchor),
    }
}

/// Why the engine knows the AD user, if it does or may.
fn imported(ad: &AdUser, context: &Context<'_>) -> Option<String> {
    if ad.consistency_guid.is_some() {
        return Some("mS-DS-ConsistencyGuid has a value, as the engine writes it with the first cycle".to_owned());
    }
    let own = Anchor::from_guid(ad.guid).to_base64();
    if let Some(user) = context.index.cloud_by_immutable_id(&own).into_iter().find(|user| user.is_synced()) {
        return Some(format!("{} is synced from it", user.upn));
    }
    match context.exposure(ad) {
        Exposure::Staged => None,
        Exposure::Unknown => Some("sync.synced_ous is empty, so it may lie in the sync scope".to_owned()),
        Exposure::Held | Exposure::Exposed | Exposure::Provisioned => Some("it lies in the sync scope".to_owned()),
    }
}

/// The AD user as it will be.
pub fn taking(ad: &AdUser, anchor: Anchor) -> AdUser {
    AdUser { consistency_guid: Some(Octets(anchor.octets().to_vec())), ..ad.clone() }
}

/// What has to be written for that; `None` if it is the AD user's anchor already.
pub fn change(ad: &AdUser, anchor: Anchor) -> Option<AttributeChange> {
    let attribute = AdAttribute::ConsistencyGuid;
    (ad.anchor(SourceAnchor::ConsistencyGuid) != Ok(anchor)).then(|| AttributeChange {
        attribute,
        expects: attribute.of(ad),
        sets: attribute.of(&taking(ad, anchor)),
    })
}
