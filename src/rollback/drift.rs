//! Linked users that do not look linked any more, or no longer agree: what `status` shows.

use super::live;
use crate::model::anchor::ImmutableId;
use crate::model::id::{ApplyId, LinkId};
use crate::model::reference::{AdRef, EntraRef};
use crate::snapshot::document::Snapshot;
use crate::state::ledger::{LinkRecord, State};

/// A linked pair that has drifted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Drift {
    /// The apply that formed the link.
    pub apply: ApplyId,
    /// The link.
    pub link: LinkId,
    /// The AD side.
    pub ad: AdRef,
    /// The cloud side.
    pub cloud: EntraRef,
    /// What differs, one sentence each.
    pub what: Vec<String>,
}

/// Every linked pair of the ledger that has drifted.
pub fn drift(state: &State, snapshot: &Snapshot) -> Vec<Drift> {
    let drifted = state.linked().filter_map(|(apply, id, link)| {
        let what = differences(link, snapshot);
        let (ad, cloud) = (link.ad.clone(), link.cloud.clone());
        (!what.is_empty()).then(|| Drift { apply: apply.id.clone(), link: id.clone(), ad, cloud, what })
    });
    drifted.collect()
}

fn differences(link: &LinkRecord, snapshot: &Snapshot) -> Vec<String> {
    let mut what = Vec::new();
    let Some(cloud) = live::entra_user(snapshot, link.cloud.id) else {
        let deleted = snapshot.deleted_users.iter().any(|u| u.id == link.cloud.id);
        return vec![
            if deleted { "the cloud user is in the recycle bin" } else { "the cloud user is gone" }.to_owned(),
        ];
    };
    if !cloud.is_synced() {
        what.push("the cloud user is not synced any more".to_owned());
    }
    if let Some(anchor) = link.anchor
        && !cloud.has_anchor(anchor)
    {
        let now = cloud.immutable_id.as_ref().map_or("null", ImmutableId::as_str);
        what.push(format!("the ImmutableID is {now}, not {anchor}"));
    }
    let Some(ad) = live::ad_user(snapshot, &link.ad) else {
        what.push("the AD user is gone".to_owned());
        return what;
    };
    // A suffix that the tenant has not verified never arrives as it is.
    if let Some(upn) = &ad.upn
        && snapshot.tenant.domain(upn.suffix()).is_some_and(|d| d.verified)
        && cloud.upn != *upn
    {
        what.push(format!("the UPN is {upn} in AD and {} in the cloud", cloud.upn));
    }
    // The cloud may have addresses of its own (the tenant's initial domain); what AD has must be there.
    for address in ad.proxy_addresses.iter().filter(|a| !cloud.proxy_addresses.contains(*a)) {
        what.push(format!("the address {address} is in AD only"));
    }
    what
}
