//! The planner: wanted links + a snapshot → a plan. Pure and synchronous: clock and inputs are arguments, so the same
//! input gives the same bytes.

use super::decide::{self, Context, Decision, Standing};
use super::document::{Counts, DomainRef, PLAN_VERSION, Plan, Purpose, Selection, TenantRef};
use super::link::{BeforeImage, Outcome, PlannedLink};
use super::resolve::Hint;
use super::task::{PlannedTask, TaskOutcome};
use super::tasks::{self, Task};
use super::{anchors, duplicates, guard, resolve, steps};
use crate::config::Config;
use crate::config::matchplan::LinkSpec;
use crate::model::ad::AdUser;
use crate::model::cloud::Residues;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, LinkId};
use crate::model::reference::{AdRef, EntraRef};
use crate::rules::exposure::Exposure;
use crate::rules::finding::{Finding, FindingCode, Origin, Severity};
use crate::rules::lint::world::World;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::rules::prediction::Takeover;
use crate::snapshot::document::Snapshot;
use crate::snapshot::index::Index;
use crate::snapshot::question::Asked;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// What is wanted.
    pub config: &'a Config,
    /// What is.
    pub snapshot: &'a Snapshot,
    /// When the plan is made.
    pub now: Timestamp,
    /// Leave blocked links out instead of blocking the whole plan.
    pub skip_blocked: bool,
    /// Brakes that were lifted, by the code of their finding.
    pub allow: &'a [String],
    /// Which links are planned, and how many go first.
    pub selection: &'a Selection,
    /// What users that are to be cleared remember of AD.
    pub residues: &'a Residues,
}

impl<'a> PlanInput<'a> {
    /// All links and tasks, with no brake lifted and nothing left out.
    pub const fn of(config: &'a Config, snapshot: &'a Snapshot, now: Timestamp) -> Self {
        static ALL: Selection = Selection { only: Vec::new(), exclude: Vec::new(), pilot: None };
        static NONE: Residues = Residues::new();
        Self { config, snapshot, now, skip_blocked: false, allow: &[], selection: &ALL, residues: &NONE }
    }
}

/// A link whose two users were found.
struct Pair<'a> {
    id: LinkId,
    origin: Origin,
    ad: &'a AdUser,
    cloud: &'a EntraUser,
    standing: Standing<'a>,
}

/// Makes a plan.
pub fn plan(input: PlanInput<'_>) -> Plan {
    make(input, None, &BTreeSet::new())
}

/// Makes a plan, and notes every question that it asks of the snapshot. A snapshot that [answers](Snapshot::answers) them
/// all gives the plan that the whole directories would.
pub fn plan_noting(input: PlanInput<'_>, asked: &Arc<Asked>) -> Plan {
    make(input, Some(asked), &BTreeSet::new())
}

/// `stays` names the AD users whose duplicates stay after all, since their links are blocked.
fn make(input: PlanInput<'_>, asked: Option<&Arc<Asked>>, stays: &BTreeSet<AdGuid>) -> Plan {
    let PlanInput { config, snapshot, now, skip_blocked, allow, selection, residues } = input;
    let settings = &config.settings;
    let mut index = Index::new(snapshot, |name| settings.source_anchor(name)).noting(asked.cloned());
    index.prepare();
    let duplicates = duplicates::of(config, &index);
    let removed = duplicates.iter().filter(|(ad, _)| !stays.contains(ad)).flat_map(|(_, users)| users);
    index.forget(removed.map(|user| user.id).collect::<Vec<_>>());
    index.change_features(|features| tasks::features::within(&config.plan, features));
    let (protected, mut findings) = resolve::protected(&settings.guard.protect, &index);
    findings.extend(unread_domains(config, snapshot));
    let context = Context {
        config,
        index: &index,
        features: index.features().unwrap_or_default(),
        protected: &protected,
        allow,
        now,
        lint: &World::of_snapshot(snapshot).noting(asked.cloned()),
        duplicates: &duplicates,
    };
    let mut tasks = tasks::plan(&context, residues);

    let mut pairs = Vec::new();
    let mut skipped = BTreeSet::new();
    for spec in &config.plan.links {
        match pair(spec, &context, Hint::after(skipped.len())) {
            Ok(pair) => pairs.push(pair),
            Err((id, unresolved)) => {
                skipped.insert(id);
                findings.extend(unresolved);
            }
        }
    }
    let unresolved = skipped.len();
    pairs.sort_by(|a, b| a.id.cmp(&b.id));
    findings.extend(linked_twice(&pairs));
    findings.extend(same_new_address(&pairs));
    for pair in &pairs {
        let own = match &pair.standing {
            Standing::Linked(_) => &[][..],
            Standing::Blocked(list) => list,
            Standing::Decided(decision) => &decision.findings,
        };
        findings.extend(own.iter().map(|finding| finding.clone().at(&pair.id, &pair.origin)));
    }
    let mut blocked: BTreeSet<LinkId> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter_map(|finding| finding.link.clone())
        .collect();
    let mut changing: Vec<(&LinkId, &Decision<'_>)> = pairs
        .iter()
        .filter(|pair| !blocked.contains(&pair.id))
        .filter_map(|pair| match &pair.standing {
            Standing::Decided(decision) => Some((&pair.id, decision.as_ref())),
            Standing::Linked(_) | Standing::Blocked(_) => None,
        })
        .collect();
    for (id, finding) in guard::unready(&steps::waves(&changing, settings.guard.max_suspended, selection.pilot)) {
        blocked.insert(id.clone());
        // The pairs are sorted by id.
        let found = pairs.binary_search_by(|pair| pair.id.cmp(id));
        findings.extend(found.ok().map(|at| finding.at(id, &pairs[at].origin)));
    }
    // A link that is blocked removes nothing, so that nothing else may rest on its duplicates being gone.
    let kept = pairs.iter().filter(|pair| blocked.contains(&pair.id)).map(|pair| pair.ad.guid);
    let kept: BTreeSet<AdGuid> = kept.filter(|ad| duplicates.get(ad).is_some_and(|users| !users.is_empty())).collect();
    if !kept.is_subset(stays) {
        return make(input, asked, &(&kept | stays));
    }
    changing.retain(|(id, _)| !blocked.contains(*id));
    if !changing.is_empty() || tasks.iter().any(Task::soft_matches) {
        tasks.extend(tasks::features::window(&context));
    }
    for task in &tasks {
        findings.extend(task.findings.iter().cloned());
        if task.planned.outcome == TaskOutcome::Blocked {
            blocked.insert(task.planned.id.clone());
        }
    }
    let decisions: Vec<&Decision<'_>> = changing.iter().map(|(_, decision)| *decision).collect();
    let of_users = tasks.iter().filter(|task| task.planned.user.is_some() && !task.steps.is_empty()).count();
    findings.extend(guard::find(&decisions, of_users, &context));
    findings.extend(anchors::find(&wanted(&pairs), &context));
    let formed = |pair: &Pair<'_>| matches!(pair.standing, Standing::Linked(_));
    if !pairs.is_empty() && skipped.is_empty() && pairs.iter().all(formed) && blocked.is_empty() {
        findings.extend(guard::open_switches(&context));
    }
    findings.sort();
    findings.dedup();

    let waved = steps::waves(&changing, settings.guard.max_suspended, selection.pilot);
    let steps = steps::steps(&tasks, &waved, &settings.sync);
    let tasks: Vec<PlannedTask> = tasks.into_iter().map(|task| task.planned).collect();
    let waves: BTreeMap<&LinkId, u32> = waved.iter().map(|link| (link.id, link.wave)).collect();
    let links: Vec<PlannedLink> =
        pairs.iter().map(|pair| planned(pair, waves.get(&pair.id).copied(), &context)).collect();
    let mut counts = Counts::of(&links, &tasks, &steps, false);
    counts.blocked += unresolved;
    let skipped =
        if skip_blocked { blocked.into_iter().chain(skipped).collect::<BTreeSet<_>>() } else { BTreeSet::new() };
    let mut plan = Plan {
        format_version: PLAN_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        purpose: Purpose::Link,
        tenant: TenantRef::from(&snapshot.tenant),
        forest: snapshot.domains.iter().map(DomainRef::from).collect(),
        config_digest: config.digest.clone(),
        sources: config.plan.files.clone(),
        recipients: None,
        settings: settings.clone(),
        created: now,
        expires: now.saturating_add(settings.plan_ttl).unwrap_or(now),
        counts,
        findings,
        skipped: skipped.into_iter().collect(),
        selection: selection.clone(),
        tasks,
        links,
        steps,
        digest: String::new(),
    };
    plan.seal();
    plan
}

fn pair<'a>(spec: &LinkSpec, context: &Context<'a>, hint: Hint) -> Result<Pair<'a>, (LinkId, Vec<Finding>)> {
    let origin = Origin { file: spec.origin.file.clone(), line: spec.origin.line };
    let cloud = resolve::cloud_user(&spec.cloud, context.index);
    let ad = resolve::ad_user(&spec.ad, context.index, hint).or_else(|missing| {
        let linked = cloud.as_ref().ok().and_then(|cloud| resolve::renamed_by_link(spec, cloud, context.index));
        linked.ok_or(missing)
    });
    let cloud = cloud.or_else(|missing| match (&ad, missing.code) {
        (Ok(ad), FindingCode::CloudUserMissing) => {
            let source = context.source_anchor(&ad.domain);
            resolve::renamed_by_takeover(spec, ad, source, context.index).ok_or(missing)
        }
        _ => Err(missing),
    });
    let id = resolve::link_id(spec, ad.as_ref().ok().copied());
    match (ad, cloud) {
        (Ok(ad), Ok(cloud)) => {
            let standing = decide::decide(spec, ad, cloud, context);
            Ok(Pair { id, origin, ad, cloud, standing })
        }
        (ad, cloud) => {
            let findings = [ad.err(), cloud.err()].into_iter().flatten().map(|f| f.at(&id, &origin)).collect();
            Err((id, findings))
        }
    }
}

/// The AD users that are not linked yet, with the way in which they would be.
fn wanted<'a>(pairs: &'a [Pair<'a>]) -> Vec<anchors::Wanted<'a>> {
    let wanted = pairs.iter().filter_map(|pair| match &pair.standing {
        Standing::Linked(_) => None,
        Standing::Blocked(_) => Some(anchors::Wanted { ad: pair.ad, method: None, takes_anchor: false }),
        Standing::Decided(decision) => Some(anchors::Wanted {
            ad: pair.ad,
            method: Some(decision.method),
            takes_anchor: decision.source_anchor.is_some(),
        }),
    });
    wanted.collect()
}

fn unread_domains(config: &Config, snapshot: &Snapshot) -> Vec<Finding> {
    let read = |name: &str| snapshot.domains.iter().any(|domain| domain.name.as_str().eq_ignore_ascii_case(name));
    let unread = config.settings.ad.iter().filter(|ad| !read(ad.name.as_str()));
    unread
        .map(|ad| {
            Finding::error(
                FindingCode::DomainUnread,
                format!("The domain {} is configured, but the snapshot does not hold it.", ad.name),
                "Take a new snapshot with this configuration.",
            )
        })
        .collect()
}

/// Two links with the same AD user or the same cloud user, however they are written.
fn linked_twice(pairs: &[Pair<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut by_ad: BTreeMap<_, Vec<&Pair<'_>>> = BTreeMap::new();
    let mut by_cloud: BTreeMap<_, Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in pairs {
        by_ad.entry(pair.ad.guid).or_default().push(pair);
        by_cloud.entry(pair.cloud.id).or_default().push(pair);
    }
    let groups = by_ad.into_values().chain(by_cloud.into_values()).filter(|group| group.len() > 1);
    for group in groups {
        for pair in &group {
            let places: Vec<String> = group.iter().map(|other| other.origin.to_string()).collect();
            let finding = Finding::error(
                FindingCode::LinkedTwice,
                format!("{} links name the same user: {}. One user is linked once.", group.len(), places.join(", ")),
                "Remove all but one of them.",
            )
            .about([objects::ad_user(pair.ad), objects::cloud_user(pair.cloud)]);
            findings.push(finding.at(&pair.id, &pair.origin));
        }
    }
    findings
}

/// Two links of this plan that would give the same address to two AD users.
fn same_new_address(pairs: &[Pair<'_>]) -> Vec<Finding> {
    let mut claims: BTreeMap<String, Vec<(&Pair<'_>, &str)>> = BTreeMap::new();
    for pair in pairs {
        let Standing::Decided(decision) = &pair.standing else { continue };
        for change in &decision.changes {
            for value in change.added() {
                let key = format!("{} {}", change.attribute, change.attribute.key(value).to_lowercase());
                claims.entry(key).or_default().push((pair, value));
            }
        }
    }
    let contested = claims.into_values().filter(|claim| claim.len() > 1);
    contested
        .flat_map(|claim| {
            let names: Vec<String> = claim.iter().map(|(pair, _)| pair.id.to_string()).collect();
            claim
                .into_iter()
                .map(|(pair, value)| {
                    Finding::error(
                        FindingCode::AddressConflict,
                        format!("This plan would give {value} to several AD users: {}.", names.join(", ")),
                        "Give it to one of them only.",
                    )
                    .about([objects::ad_user(pair.ad)])
                    .value(value)
                    .microsoft(MicrosoftError::AttributeValueMustBeUnique)
                    .at(&pair.id, &pair.origin)
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn planned(pair: &Pair<'_>, wave: Option<u32>, context: &Context<'_>) -> PlannedLink {
    let (outcome, anchor, prediction, takeover) = match (&pair.standing, wave) {
        (Standing::Linked(anchor), _) => (Outcome::Unchanged, Some(*anchor), None, Takeover::default()),
        (Standing::Blocked(_), _) => (Outcome::Blocked, None, None, Takeover::default()),
        (Standing::Decided(decision), wave) => {
            let outcome = wave.map_or(Outcome::Blocked, |wave| Outcome::Change {
                method: decision.method,
                why: decision.why.clone(),
                wave,
            });
            (outcome, Some(decision.anchor), Some(decision.prediction.clone()), decision.takeover.clone())
        }
    };
    let exposure = match &pair.standing {
        Standing::Linked(_) => Exposure::Provisioned,
        Standing::Decided(decision) => decision.exposure,
        Standing::Blocked(_) => context.exposure(pair.ad),
    };
    let roles = context.index.holdings_of(pair.cloud.id).to_vec();
    PlannedLink {
        id: pair.id.clone(),
        origin: Some(pair.origin.clone()),
        ad: AdRef::from(pair.ad),
        cloud: EntraRef::from(pair.cloud),
        outcome,
        exposure,
        anchor,
        prediction,
        takeover,
        before: BeforeImage { user: pair.cloud.clone(), roles },
    }
}
