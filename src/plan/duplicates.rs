//! Duplicates: cloud objects that an earlier cycle made of an AD user instead of matching it, and that `duplicate =
//! "remove"` takes away before the match.
//!
//! Source: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" and "Understanding errors during Microsoft
//! Entra synchronization" (hard-delete the quarantined object that was created in the cloud, then sync again). Deleting for
//! good has no way back, so only what certainly is such an object is removed: one under a mangled name.

use super::decide::{Context, Decision};
use super::resolve::{self, Hint};
use super::tasks::deleted::irreversible;
use crate::config::Config;
use crate::config::matchplan::{DuplicateChoice, LinkSpec};
use crate::config::tasks::Irreversible;
use crate::model::ad::AdUser;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, ObjectId};
use crate::rules::aftermath::{mangled, prefix};
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::objects;
use crate::snapshot::index::Index;
use std::collections::BTreeMap;

/// What is in the way of each AD user whose link says `duplicate = "remove"`, by its GUID.
pub type Duplicates<'a> = BTreeMap<AdGuid, Vec<&'a EntraUser>>;

/// Finds them: whoever else, live or soft-deleted, has the anchor or the SID of the AD user.
pub fn of<'a>(config: &Config, index: &Index<'a>) -> Duplicates<'a> {
    let wanted = config.plan.links.iter().filter(|spec| spec.duplicate == DuplicateChoice::Remove);
    let found = wanted.filter_map(|spec| {
        let ad = resolve::ad_user(&spec.ad, index, Hint::Leave).ok()?;
        let cloud = resolve::cloud_user(&spec.cloud, index).ok()?;
        let others = holders(ad, config, index).into_values().filter(|user| user.id != cloud.id).collect();
        Some((ad.guid, others))
    });
    found.collect()
}

fn holders<'a>(ad: &AdUser, config: &Config, index: &Index<'a>) -> BTreeMap<ObjectId, &'a EntraUser> {
    let anchor = ad.anchor(config.settings.source_anchor(&ad.domain)).ok();
    let by_anchor = anchor.map(|anchor| index.cloud_by_immutable_id(&anchor.to_base64())).unwrap_or_default();
    let made = |user: &&EntraUser| user.is_synced() || user.deleted.is_some();
    by_anchor.into_iter().chain(index.cloud_by_sid(&ad.sid)).filter(made).map(|user| (user.id, user)).collect()
}

/// What stands in the way of removing them, and what is to be read before.
pub fn find(spec: &LinkSpec, decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for user in &decision.duplicates {
        let in_use = in_use(user, decision.ad, context);
        let named = spec.allow.contains(&Irreversible::Purge);
        findings.extend(match in_use {
            Some(why) => Some(
                Finding::error(
                    FindingCode::DuplicateInUse,
                    format!(
                        "{} has the anchor or SID of this AD user, but {why}: it is not removed as a duplicate.",
                        user.upn_before_deletion()
                    ),
                    "Look at that user. If it is the person's own, link to it instead; if not, delete it by hand.",
                )
                .about([objects::ad_user(decision.ad), objects::cloud_user(user)]),
            ),
            None if !named => Some(irreversible(user)),
            None => None,
        });
    }
    findings
}

/// Why a user is not certainly a duplicate that a failed match left behind.
fn in_use(user: &EntraUser, ad: &AdUser, context: &Context<'_>) -> Option<&'static str> {
    let name = user.upn_before_deletion();
    let initial = context.index.snapshot.tenant.initial_domain().map_or("", |domain| &domain.name);
    let exported = context.index.exported_upn(ad);
    let nickname = ad.mail_nickname.as_deref().unwrap_or_default();
    let originals = [prefix(exported.as_str()), ad.sam.as_str(), nickname];
    if context.protected.contains(&user.id) {
        Some("guard.protect in matchplan.toml protects it")
    } else if context.index.snapshot.caller.as_ref().is_some_and(|caller| caller.id == user.id) {
        Some("it is the identity that runs this tool")
    } else if !context.index.holdings_of(user.id).is_empty() {
        Some("it holds a role")
    } else if mangled(&name, initial, &originals).is_none() {
        Some("its sign-in name is none that Entra gives to a duplicate (name+1234@… in the tenant's initial domain)")
    } else {
        None
    }
}
