//! Links carried out on a lab's world by hand, blocked or not, so that what was predicted of each can be held against
//! what the cycle then does.

pub mod holdings;

use matchplan::config::{self, Config};
use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::sync::report::{CycleReport, ObjectReport, Outcome};
use matchplan::lab::world::World;
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::model::attribute::AttributeChange;
use matchplan::model::id::{AdGuid, LinkId, ObjectId};
use matchplan::plan::decide::{self, Context, Standing};
use matchplan::plan::duplicates::Duplicates;
use matchplan::plan::resolve::{self, Hint};
use matchplan::plan::step::{Action, Step};
use matchplan::plan::steps::{Waved, steps};
use matchplan::rules::lint::world::World as LintWorld;
use matchplan::rules::microsoft::MicrosoftError;
use matchplan::rules::prediction::{MatchKey, Prediction};
use matchplan::snapshot::document::Snapshot;
use matchplan::snapshot::index::Index;
use std::collections::BTreeSet;

/// Reads `matchplan.toml` and one match plan, which must be well-formed.
pub fn configuration(settings: &str, links: &str) -> Config {
    let (config, found, sources) = config::read(("matchplan.toml", settings), &[("a.toml", links)]);
    let told = || matchplan::diagnostic::render_all(&found, &sources, false, 120);
    config.unwrap_or_else(|| panic!("{links}\n{}", told()))
}

/// A link as the planner judges it, whatever it finds in the way, with the steps that it would take.
#[derive(Debug)]
pub struct Judged {
    pub id: LinkId,
    pub ad: AdGuid,
    pub cloud: ObjectId,
    pub prediction: Prediction,
    pub steps: Vec<Step>,
}

/// Every link that is to be changed. Those that are linked already, or whose users cannot be told, are left out.
pub fn judge(config: &Config, snapshot: &Snapshot) -> Vec<Judged> {
    let settings = &config.settings;
    let index = Index::new(snapshot, |name| settings.source_anchor(name));
    let context = Context {
        config,
        index: &index,
        features: snapshot.tenant.features.unwrap_or_default(),
        protected: &[],
        allow: &[],
        now: snapshot.taken,
        lint: &LintWorld::of_snapshot(snapshot),
        duplicates: &Duplicates::new(),
    };
    let judged = config.plan.links.iter().filter_map(|spec| {
        let ad = resolve::ad_user(&spec.ad, &index, Hint::Leave).ok()?;
        let cloud = resolve::cloud_user(&spec.cloud, &index).ok()?;
        let Standing::Decided(decision) = decide::decide(spec, ad, cloud, &context) else { return None };
        let id = resolve::link_id(spec, Some(ad));
        let steps = steps(&[], &[Waved { id: &id, decision: &decision, wave: 1 }], &settings.sync);
        Some(Judged { id, ad: ad.guid, cloud: cloud.id, prediction: decision.prediction, steps })
    });
    judged.collect()
}

/// Does a link's steps in a world where every other AD user that is new to the cloud waits outside of the scope, runs
/// one cycle, and gives back what is to be given back.
pub fn carry_out(judged: &Judged, world: &mut World) -> CycleReport {
    others_wait(judged.ad, world);
    let mut taken = holdings::Taken::default();
    let (after, before): (Vec<_>, Vec<_>) =
        judged.steps.iter().map(|step| &step.action).partition(|action| matches!(action, Action::Restore { .. }));
    for action in before {
        perform(action, world, &mut taken);
    }
    let report = of_embedded_forest(world);
    for action in after {
        perform(action, world, &mut taken);
    }
    assert!(taken.is_empty(), "{}: what is restored is what was taken", judged.id);
    report
}

fn others_wait(linked: AdGuid, world: &mut World) {
    let live: BTreeSet<ObjectId> = world.entra.users.iter().map(|user| user.id).collect();
    let known = world.sync.connector_space.iter().filter(|known| known.cloud.is_some_and(|id| live.contains(&id)));
    let joined: BTreeSet<AdGuid> = known.map(|known| known.ad).collect();
    for domain in &mut world.ad {
        let waiting = domain.base_dn.child("OU", "Waiting").expect("a DN");
        let new =
            |e: &&mut AdEntry| e.is_account() && !e.has_class("group") && e.guid != linked && !joined.contains(&e.guid);
        for entry in domain.entries.iter_mut().filter(new) {
            entry.dn = entry.dn.moved_to(&waiting);
        }
    }
}

/// Does one step by hand. An anchor that somebody else has is refused, as Graph refuses it.
pub fn perform(action: &Action, world: &mut World, taken: &mut holdings::Taken) {
    match action {
        Action::Suspend { holding, restore, .. } => taken.take(holding, *restore, world),
        Action::Restore { user, .. } => taken.give(user.id, world),
        Action::Align { user, changes } => changes.iter().for_each(|change| align(entry(world, user.guid), change)),
        Action::Anchor { user, expects, sets } => {
            let wanted = sets.as_ref().map(ToString::to_string);
            let everybody = world.entra.users.iter().chain(&world.entra.deleted_users);
            if everybody.clone().any(|u| u.id != user.id && u.on_premises_immutable_id == wanted) {
                return;
            }
            let cloud = world.entra.users.iter_mut().find(|u| u.id == user.id).expect("the user is there");
            assert_eq!(cloud.on_premises_immutable_id, expects.as_ref().map(ToString::to_string));
            cloud.on_premises_immutable_id = wanted;
        }
        Action::Move { user, from, to } => {
            let entry = entry(world, user.guid);
            assert_eq!(entry.dn.parent().as_ref(), Some(from));
            entry.dn = entry.dn.moved_to(to);
        }
        Action::Hold | Action::Release | Action::Sync | Action::Verify { .. } => {}
        Action::Amend { .. }
        | Action::Place { .. }
        | Action::Authority { .. }
        | Action::Switch { .. }
        | Action::Departure { .. }
        | Action::Arrival { .. } => panic!("no link of a random world asks for {}", action.kind()),
    }
}

fn entry(world: &mut World, guid: AdGuid) -> &mut AdEntry {
    world.ad[0].entries.iter_mut().find(|entry| entry.guid == guid).expect("the user is there")
}

fn align(entry: &mut AdEntry, change: &AttributeChange) {
    let name = change.attribute.name();
    let set = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
    let found = entry.values(name).map_or(&[][..], AdValues::texts);
    assert_eq!(set(found), set(&change.expects), "a step expects what is there");
    entry.attributes.remove(name);
    if !change.sets.is_empty() {
        entry.attributes.insert(name.to_owned(), AdValues::Many(change.sets.clone()));
    }
}

/// What the cycle does if it links by this.
pub const fn linked_by(key: MatchKey) -> Outcome {
    match key {
        MatchKey::HardMatch => Outcome::HardMatched,
        MatchKey::PrimarySmtp => Outcome::SoftMatchedBySmtp,
        MatchKey::Upn => Outcome::SoftMatchedByUpn,
    }
}

/// Whether the cycle did what was predicted of a link with this cloud user.
pub fn agrees(prediction: &Prediction, wanted: ObjectId, did: Option<&ObjectReport>) -> bool {
    let error = did.and_then(|did| did.error.as_ref()).map(|error| error.code.as_str());
    let outcome = did.map(|did| did.outcome);
    let cloud = did.and_then(|did| did.cloud);
    let matched =
        matches!(outcome, Some(Outcome::HardMatched | Outcome::SoftMatchedBySmtp | Outcome::SoftMatchedByUpn));
    match prediction {
        Prediction::Linked { by } | Prediction::Unproven { by, .. } => {
            (outcome, cloud, error) == (Some(linked_by(*by)), Some(wanted), None)
        }
        Prediction::Error { name, .. } => (outcome, error) == (Some(Outcome::Failed), Some(name.as_str())),
        Prediction::WrongTarget { .. } => matched && cloud.is_some_and(|id| id != wanted) && error.is_none(),
        Prediction::Duplicate { error: name, .. } => {
            outcome == Some(Outcome::Provisioned) && cloud != Some(wanted) && error == name.map(MicrosoftError::as_str)
        }
        Prediction::Restored { .. } => outcome == Some(Outcome::Restored) && cloud != Some(wanted),
        Prediction::NotEvaluated { .. } => !matched && cloud != Some(wanted),
        Prediction::NotSynced { .. } => matches!(outcome, None | Some(Outcome::Skipped)),
    }
}
