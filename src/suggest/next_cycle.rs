//! What the next sync cycle does although nobody has asked for it: AD users in the sync scope that no link names.

use super::evidence::{Confidence, EmployeeIds, between, confidence, employee_ids};
use super::keys::AdSide;
use super::objections::Context;
use crate::model::address::Address;
use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::model::reference::{AdRef, EntraRef};
use crate::rules::exposure::{Exposure, excluded_by_default};
use crate::rules::matching::{Candidate, predict};
use crate::rules::prediction::{MatchKey, Prediction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of such an AD user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// It takes the cloud user over.
    TakesOver {
        /// What Entra matches by.
        by: MatchKey,
    },
    /// It takes the cloud user over as far as can be told.
    MayTakeOver {
        /// What Entra matches by.
        by: MatchKey,
        /// What could not be seen.
        why: String,
    },
    /// A second cloud object is made beside the cloud user, without the values that this one has (in quarantine).
    Duplicate {
        /// Why it does not become a match.
        why: String,
    },
}

/// One AD user that the next cycle brings to the cloud where a cloud user with its values is already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByItself {
    /// The AD user.
    pub ad: AdRef,
    /// The cloud user that it meets.
    pub cloud: EntraRef,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Whether the AD user is known to be in the sync scope; not where `sync.synced_ous` is empty.
    pub in_scope: bool,
    /// How sure it is that both are the same person; `None` if nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Why they are two people, if their employee ids say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<String>,
}

/// Everybody whom the next cycle meets unasked, the worst first; and how many AD users could not be judged, since they
/// have an address or a name that too many others have.
pub fn find(context: &Context<'_>) -> (Vec<ByItself>, usize) {
    let (mut found, mut unjudged) = (Vec::new(), 0);
    for ad in &context.keys.ad {
        let in_scope = match context.exposure(ad.user) {
            Exposure::Exposed | Exposure::Held => true,
            Exposure::Unknown => false,
            Exposure::Staged | Exposure::Provisioned => continue,
        };
        let Some(anchor) = ad.anchor else { continue };
        let looked_at = excluded_by_default(ad.user).is_none() && !context.named.has_ad(ad.user);
        if !looked_at || context.own_object(ad).is_some() {
            continue;
        }
        if context.keys.has_crowded_name(ad) {
            unjudged += 1;
            continue;
        }
        if let Some((cloud, outcome)) = meets(ad, anchor, context) {
            let contradiction = match employee_ids(ad, cloud, context.keys) {
                EmployeeIds::Different(own, other) => Some(format!("employee id {own} in AD, {other} in the cloud")),
                _ => None,
            };
            found.push(ByItself {
                ad: AdRef::from(ad.user),
                cloud: EntraRef::from(cloud),
                outcome,
                in_scope,
                confidence: confidence(&between(ad, cloud, context.keys)),
                contradiction,
            });
        }
    }
    found.sort_by_cached_key(|one| {
        let agrees = one.contradiction.is_none();
        (!one.in_scope, agrees, one.outcome.clone(), one.ad.to_string().to_lowercase(), one.ad.guid)
    });
    (found, unjudged)
}

/// Whom an AD user meets, and what comes of it. Whoever a cycle can meet has one of its keys.
fn meets<'a>(ad: &AdSide<'_>, anchor: Anchor, context: &Context<'a>) -> Option<(&'a EntraUser, Outcome)> {
    let candidates = context.keys.alike(ad).into_iter().map(|place| context.keys.cloud[place]);
    let mut quarantined = None;
    for cloud in candidates {
        let candidate = Candidate {
            ad: ad.user,
            anchor,
            cloud,
            anchored: false,
            privileged: !context.index.holdings_of(cloud.id).is_empty(),
            staged: false,
        };
        match predict(candidate, context.index) {
            Prediction::Linked { by } => return Some((cloud, Outcome::TakesOver { by })),
            Prediction::Unproven { by, why } => return Some((cloud, Outcome::MayTakeOver { by, why })),
            Prediction::Duplicate { why, .. } if collides(ad, cloud) && quarantined.is_none() => {
                quarantined = Some((cloud, Outcome::Duplicate { why }));
            }
            // It meets somebody else, who is among the candidates too; or nothing is written at all.
            _ => {}
        }
    }
    quarantined
}

/// Whether a new object of the AD user could not have its sign-in name or an address, because the cloud user has it.
fn collides(ad: &AdSide<'_>, cloud: &EntraUser) -> bool {
    let has = |address: &str| {
        cloud.proxy_addresses.has_smtp(address)
            || cloud.mail.as_deref().is_some_and(|m| m.eq_ignore_ascii_case(address))
    };
    ad.upn == cloud.upn || ad.user.proxy_addresses.iter().filter_map(Address::smtp_address).any(has)
}
