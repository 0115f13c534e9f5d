//! From both directories to suggestions.

use super::choose::{Pair, Standing, standings};
use super::document::{Counts, NotProposed, Proposal, SUGGESTIONS_VERSION, Suggestions};
use super::evidence::{Confidence, EmployeeIds, between, confidence, employee_ids};
use super::keys::{AdSide, Keys};
use super::objections::{self, Context, Named, Objection, ObjectionKind, Weight, is_linked};
use super::{naming, next_cycle};
use crate::config::matchplan::LinkSpec;
use crate::config::settings::Settings;
use crate::model::entra::EntraUser;
use crate::model::reference::{AdRef, EntraRef};
use crate::plan::document::TenantRef;
use crate::plan::resolve;
use crate::snapshot::document::Snapshot;
use crate::snapshot::index::Index;
use std::cmp::Reverse;

/// Everything that suggestions are made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The settings: the sync scope, the source anchors, whom to protect.
    pub settings: &'a Settings,
    /// The links that match plans have already.
    pub links: &'a [LinkSpec],
    /// Both directories, whole.
    pub snapshot: &'a Snapshot,
    /// Pairs less sure are neither proposed nor listed.
    pub least: Confidence,
    /// At most so many proposals, the surest.
    pub limit: Option<usize>,
}

/// Looks for users that are the same person, and for what the next cycle does by itself.
pub fn suggest(input: Input<'_>) -> Suggestions {
    let Input { settings, links, snapshot, least, limit } = input;
    let index = Index::new(snapshot, |name| settings.source_anchor(name));
    index.prepare();
    let keys = Keys::new(&index, |user, domain| user.anchor(settings.source_anchor(domain)).ok());
    let named = Named::of(links, &index);
    let (protected, unprotected) = resolve::protected(&settings.guard.protect, &index);
    let context = Context { settings, index: &index, keys: &keys, named: &named, protected: &protected };

    let pairs = pairs(&context);
    let standings = standings(&pairs, keys.ad.len(), keys.cloud.len());
    let mut all = Sorted::default();
    for (pair, standing) in pairs.iter().zip(standings) {
        all.take(pair, standing, least, &context);
    }
    let Sorted { mut proposals, mut not_proposed, weaker } = all;
    let name = |ad: &AdRef| (ad.to_string().to_lowercase(), ad.guid);
    proposals.sort_by_cached_key(|one| (Reverse(one.confidence), one.commented_out, name(&one.ad)));
    not_proposed.sort_by_cached_key(|one| (Reverse(one.confidence), name(&one.ad), one.cloud.id));
    let beyond_limit = limit.map_or(0, |limit| proposals.len().saturating_sub(limit));
    proposals.truncate(proposals.len() - beyond_limit);

    let (next_cycle, unjudged) = next_cycle::find(&context);
    let mut notes: Vec<String> = unprotected.into_iter().map(|finding| finding.message).collect();
    notes.extend(notes_on(&context, unjudged));
    let commented_out = proposals.iter().filter(|one| one.commented_out).count();
    Suggestions {
        format_version: SUGGESTIONS_VERSION,
        taken: snapshot.taken,
        tenant: TenantRef::from(&snapshot.tenant),
        synced_ous: settings.sync.synced_ous.clone(),
        counts: Counts {
            ad_users: keys.ad.len(),
            cloud_users: keys.cloud.len(),
            proposed: proposals.len() - commented_out,
            commented_out,
            beyond_limit,
            not_proposed: not_proposed.len(),
            weaker,
            named: named.pairs(),
        },
        next_cycle,
        proposals,
        not_proposed,
        notes,
    }
}

/// Every pair with some evidence, but for those that are linked already or that a match plan links.
fn pairs(context: &Context<'_>) -> Vec<Pair> {
    let keys = context.keys;
    let mut pairs = Vec::new();
    for (place, ad) in keys.ad.iter().enumerate() {
        for cloud in keys.alike(ad) {
            let user = keys.cloud[cloud];
            if is_linked(ad, user) || context.named.links(ad.user.guid, user.id) {
                continue;
            }
            if let Some(confidence) = confidence(&between(ad, user, keys)) {
                let contradicted = matches!(employee_ids(ad, user, keys), EmployeeIds::Different(..));
                pairs.push(Pair { ad: place, cloud, confidence, contradicted });
            }
        }
    }
    pairs
}

/// The pairs, sorted by what becomes of them.
#[derive(Default)]
struct Sorted {
    proposals: Vec<Proposal>,
    not_proposed: Vec<NotProposed>,
    weaker: usize,
}

impl Sorted {
    fn take(&mut self, pair: &Pair, standing: Standing, least: Confidence, context: &Context<'_>) {
        let Pair { confidence, .. } = *pair;
        if confidence < least {
            return;
        }
        let (ad, cloud) = (&context.keys.ad[pair.ad], context.keys.cloud[pair.cloud]);
        if standing != Standing::Best && confidence == Confidence::Possible {
            self.weaker += 1;
            return;
        }
        let mut against = objections::find(ad, cloud, context);
        against.splice(0..0, against_standing(standing, ad, cloud));
        let forbidden = against.iter().any(|objection| objection.weight() == Weight::Forbid);
        if forbidden && confidence == Confidence::Possible {
            self.weaker += 1;
            return;
        }
        let evidence = between(ad, cloud, context.keys);
        let (ad_ref, cloud_ref) = (AdRef::from(ad.user), EntraRef::from(cloud));
        if forbidden {
            self.not_proposed.push(NotProposed { ad: ad_ref, cloud: cloud_ref, confidence, evidence, against });
            return;
        }
        self.proposals.push(Proposal {
            ad: ad_ref,
            cloud: cloud_ref,
            ad_selector: naming::ad(ad.user, context.settings, context.index),
            cloud_selector: naming::cloud(cloud, context.index),
            confidence,
            evidence,
            commented_out: Proposal::is_held(confidence, &against),
            against,
        });
    }
}

/// What the other pairs say against this one.
fn against_standing(standing: Standing, ad: &AdSide<'_>, cloud: &EntraUser) -> Option<Objection> {
    let who = |of_ad: bool| if of_ad { ad.user.sam.to_string() } else { cloud.upn.to_string() };
    match standing {
        // The employee ids are an objection of these two themselves.
        Standing::Best | Standing::Contradicted => None,
        Standing::Ambiguous { ad } => {
            Some(Objection::new(ObjectionKind::Ambiguous, format!("{} fits several users equally well", who(ad))))
        }
        Standing::Outdone { ad } => {
            Some(Objection::new(ObjectionKind::BetterElsewhere, format!("{} fits another user better", who(ad))))
        }
    }
}

fn notes_on(context: &Context<'_>, unjudged: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if context.settings.sync.synced_ous.is_empty() {
        notes.push(
            "sync.synced_ous is empty, so which AD users the next cycle sees is not known; list the synced OUs in \
             matchplan.toml."
                .to_owned(),
        );
    }
    if context.named.unresolved > 0 {
        notes.push(format!(
            "Links of the match plans that name a user who was not found: {}; `matchplan plan` says which.",
            context.named.unresolved
        ));
    }
    if unjudged > 0 {
        notes.push(format!(
            "AD users in the sync scope that were not judged, since more than {} have their address or sign-in name: \
             {unjudged}; `matchplan lint` names them.",
            super::keys::MOST
        ));
    }
    let gaps = context.index.snapshot.gaps.iter();
    notes.extend(gaps.map(|gap| format!("Could not be read: {}", gap.reason)));
    notes
}
