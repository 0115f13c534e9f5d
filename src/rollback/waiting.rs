//! Links that wait for a cycle or for a person, as the directories show them now: what `status` says about them.

use crate::model::entra::EntraUser;
use crate::model::id::LinkId;
use crate::plan::document::{Purpose, TenantRef};
use crate::rules::aftermath::{Diagnosis, Looked, Wanted, diagnose};
use crate::rules::prediction::Method;
use crate::snapshot::document::Snapshot;
use crate::state::ledger::{ApplyRecord, LinkRecord, Standing, State};
use std::collections::BTreeMap;

/// Whether the newest apply has links whose end is not known: only then there is something to look at.
pub fn any(state: &State) -> bool {
    state.last_apply().is_some_and(|apply| links(apply).next().is_some())
}

/// A diagnosis of each link of the newest apply that waits, is under way or is stuck.
pub fn diagnoses(state: &State, snapshot: &Snapshot) -> BTreeMap<LinkId, Diagnosis> {
    let Some(apply) = state.last_apply() else { return BTreeMap::new() };
    links(apply).filter_map(|(id, link)| Some((id.clone(), now(apply, id, link, snapshot)?))).collect()
}

fn links(apply: &ApplyRecord) -> impl Iterator<Item = (&LinkId, &LinkRecord)> {
    let open =
        |standing: &Standing| matches!(standing, Standing::Waiting | Standing::InProgress | Standing::Stuck { .. });
    apply.links.iter().filter(move |(_, link)| apply.purpose == Purpose::Link && open(&link.standing))
}

fn now(apply: &ApplyRecord, id: &LinkId, link: &LinkRecord, snapshot: &Snapshot) -> Option<Diagnosis> {
    let planned = apply.plan.iter().flat_map(|plan| &plan.links).find(|planned| planned.id == *id);
    let wanted = Wanted {
        ad: link.ad.clone(),
        cloud: link.cloud.clone(),
        anchor: link.anchor?,
        sid: link.sid.clone()?,
        method: link.method.unwrap_or(Method::Soft),
        before: planned.and_then(|planned| planned.before.user.last_sync),
    };
    let carries =
        |user: &&EntraUser| user.has_anchor(wanted.anchor) || user.security_identifier.as_ref() == Some(&wanted.sid);
    let carriers: Vec<EntraUser> =
        snapshot.users.iter().chain(&snapshot.deleted_users).filter(carries).cloned().collect();
    let initial = TenantRef::from(&snapshot.tenant).initial_domain;
    let looked = Looked {
        user: snapshot.users.iter().find(|user| user.id == wanted.cloud.id),
        carriers: &carriers,
        holdings: &snapshot.holdings_of(wanted.cloud.id),
        features: snapshot.tenant.features,
        seen: None,
        initial_domain: &initial,
    };
    let now = diagnose(&wanted, looked);
    // What was recorded right after the cycle also knows who was there before.
    let recorded = link.diagnosis.as_ref().filter(|recorded| {
        recorded.is_final() && now.is_final() && recorded.rival().map(|r| r.id) == now.rival().map(|r| r.id)
    });
    Some(recorded.cloned().unwrap_or(now))
}
