//! The plan that goes back: from the ledger and a fresh snapshot.

use super::live;
use crate::config::settings::Settings;
use crate::model::id::{ApplyId, LinkId, StepId};
use crate::model::role::Holding;
use crate::plan::document::{Counts, DomainRef, PLAN_VERSION, Plan, Purpose, Selection};
use crate::plan::link::{BeforeImage, Exposure, Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome};
use crate::rules::finding::{Finding, FindingCode, ObjectRef, Severity};
use crate::rules::prediction::Takeover;
use crate::snapshot::document::Snapshot;
use crate::state::inverse::inverse;
use crate::state::ledger::{ApplyRecord, Done, LinkRecord, Standing, State, StepRecord, StepStatus, TaskRecord};
use crate::state::write::{Verdict, Write};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The brake's name that lets a rollback grant roles.
pub const ALLOW_ROLE_GRANTS: &str = "role-grants";

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The newest apply that formed links, as far as anything of it stands.
    Latest,
    /// An apply, or a rollback.
    Apply(ApplyId),
    /// One link, in the newest apply in which anything of it stands.
    Link(LinkId),
}

/// Everything that a rollback is planned from.
#[derive(Clone, Copy, Debug)]
pub struct RollbackInput<'a> {
    /// The ledger.
    pub state: &'a State,
    /// What is taken back.
    pub target: &'a Target,
    /// Both directories, fresh.
    pub snapshot: &'a Snapshot,
    /// The settings now.
    pub settings: &'a Settings,
    /// The digest of the configuration.
    pub config_digest: &'a str,
    /// The version of matchplan.
    pub tool_version: &'a str,
    /// Now.
    pub now: Timestamp,
    /// Brakes that were lifted by name.
    pub allow: &'a BTreeSet<String>,
    /// Leave out what cannot go back, instead of refusing the whole.
    pub skip_blocked: bool,
}

/// Why there is no rollback to plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// No such apply.
    #[error("the state has no apply {0}")]
    NoSuchApply(ApplyId),
    /// No such link.
    #[error("the state has nothing of link {0} that could be undone")]
    NoSuchLink(LinkId),
    /// Nothing stands.
    #[error("the state has nothing that could be undone")]
    Nothing,
}

/// Plans a rollback. The plan is shown, reviewed, saved and applied like any other.
///
/// It undoes what the ledger says was written and still stands, in reverse order: scope, anchor, alignment, roles. What
/// others have changed since, what a cycle has taken over, and every role that would be granted is a finding.
pub fn plan_rollback(input: &RollbackInput<'_>) -> Result<Plan, RollbackError> {
    let (apply, only) = choose(input.state, input.target)?;
    let mut planner = Planner { input, apply, findings: Vec::new(), steps: Vec::new(), skipped: Vec::new() };
    planner.check_tenant();
    let mut links = Vec::new();
    for (id, link) in &apply.links {
        let wanted = only.is_none_or(|only| only == id);
        if wanted && (stands(apply, id) || !link.standing.is_ended() || is_formed(link)) {
            links.extend(planner.link(id, link));
        }
    }
    let of_tasks = apply.tasks.iter().filter(|(id, _)| only.is_none_or(|only| only == *id));
    let tasks: Vec<PlannedTask> = of_tasks.filter_map(|(id, task)| planner.task(id, task)).collect();
    let Planner { mut findings, mut steps, skipped, .. } = planner;
    // What is no link's comes first, as in the apply: a window that stands open is closed before anything else.
    steps.sort_by_key(|step| step.wave);
    let touches_sync =
        steps.iter().any(|s| s.wave > 0 && !matches!(s.action, Action::Restore { .. } | Action::Suspend { .. }));
    if input.settings.sync.hold.is_some() && (apply.is_held() || touches_sync) {
        let first = steps.iter().take_while(|step| step.wave == 0).count();
        steps.insert(first, wave_step(Action::Hold));
        steps.push(wave_step(Action::Release));
    }
    for (n, step) in steps.iter_mut().enumerate() {
        step.id = Step::numbered(n + 1, &step.action, step.link.as_ref());
    }
    findings.sort();
    let tenant = input.state.tenant.clone();
    let forest = input.snapshot.domains.iter().map(DomainRef::from);
    let mut plan = Plan {
        format_version: PLAN_VERSION,
        tool_version: input.tool_version.to_owned(),
        purpose: Purpose::Rollback { of: apply.id.clone() },
        tenant,
        forest: forest.collect(),
        config_digest: input.config_digest.to_owned(),
        sources: Vec::new(),
        recipients: None,
        settings: input.settings.clone(),
        created: input.now,
        expires: input.now.saturating_add(input.settings.plan_ttl).unwrap_or(input.now),
        counts: Counts::of(&links, &tasks, &steps, true),
        findings,
        skipped,
        selection: Selection::default(),
        tasks,
        links,
        steps,
        digest: String::new(),
    };
    plan.seal();
    Ok(plan)
}

/// Whether anything that was written, or may have been, stands for a link.
fn stands(apply: &ApplyRecord, link: &LinkId) -> bool {
    apply.steps_of(link).any(may_stand)
}

fn may_stand(step: &StepRecord) -> bool {
    step.stands() || (step.step.action.writes() && matches!(step.status, StepStatus::Started { .. }))
}

fn is_formed(link: &LinkRecord) -> bool {
    matches!(link.standing, Standing::Linked { .. })
}

fn choose<'a>(state: &'a State, target: &'a Target) -> Result<(&'a ApplyRecord, Option<&'a LinkId>), RollbackError> {
    let newest = || state.applies.iter().rev();
    match target {
        Target::Apply(id) => {
            state.apply(id).map(|apply| (apply, None)).ok_or_else(|| RollbackError::NoSuchApply(id.clone()))
        }
        Target::Link(link) => newest()
            .find(|apply| (apply.links.contains_key(link) || apply.tasks.contains_key(link)) && stands(apply, link))
            .or_else(|| newest().find(|apply| apply.links.get(link).is_some_and(is_formed)))
            .map(|apply| (apply, Some(link)))
            .ok_or_else(|| RollbackError::NoSuchLink(link.clone())),
        // Not a rollback: typed twice, `rollback` must not do everything again.
        Target::Latest => newest()
            .filter(|apply| apply.purpose == Purpose::Link)
            .find(|apply| {
                apply.ended.is_none()
                    || apply.links.iter().any(|(id, link)| stands(apply, id) || is_formed(link))
                    || apply.tasks.keys().any(|id| stands(apply, id))
            })
            .map(|apply| (apply, None))
            .ok_or(RollbackError::Nothing),
    }
}

fn wave_step(action: Action) -> Step {
    Step { id: StepId(String::new()), wave: 1, link: None, action, undo: Undo::Nothing }
}

/// What a finding and a step are about: a link, or a task.
struct About<'a> {
    id: &'a LinkId,
    wave: u32,
    objects: Vec<ObjectRef>,
    /// Both sides of a link, or what a task does.
    who: String,
    ad: String,
    cloud: String,
}

impl<'a> About<'a> {
    fn link(id: &'a LinkId, link: &LinkRecord) -> Self {
        let objects = vec![
            ObjectRef {
                kind: "AD user".to_owned(),
                id: link.ad.guid.to_string(),
                name: link.ad.to_string(),
                place: link.ad.dn.to_string(),
            },
            ObjectRef {
                kind: "cloud user".to_owned(),
                id: link.cloud.id.to_string(),
                name: link.cloud.to_string(),
                place: "Entra ID".to_owned(),
            },
        ];
        let (ad, cloud) = (link.ad.to_string(), link.cloud.to_string());
        Self { id, wave: 1, objects, who: format!("{ad} or {cloud}"), ad, cloud }
    }

    fn task(id: &'a LinkId, task: &TaskRecord) -> Self {
        let what = || "what it is about".to_owned();
        Self {
            id,
            wave: 0,
            objects: Vec::new(),
            who: format!("what this did: {}", task.title),
            ad: what(),
            cloud: what(),
        }
    }
}

/// Collects findings and steps, link by link.
struct Planner<'a> {
    input: &'a RollbackInput<'a>,
    apply: &'a ApplyRecord,
    findings: Vec<Finding>,
    steps: Vec<Step>,
    skipped: Vec<LinkId>,
}

impl Planner<'_> {
    fn check_tenant(&mut self) {
        let (state, snapshot) = (&self.input.state.tenant, &self.input.snapshot.tenant);
        if state.id != snapshot.id {
            self.findings.push(Finding {
                severity: Severity::Error,
                code: FindingCode::ForeignTenant,
                link: None,
                origin: None,
                message: format!("The state is about tenant {}, the snapshot about {}.", state.id, snapshot.id),
                objects: Vec::new(),
                value: None,
                microsoft_error: None,
                help: "Use the state file that belongs to this tenant.".to_owned(),
            });
        }
    }

    fn finding(&mut self, severity: Severity, code: FindingCode, about: &About<'_>, text: (String, String)) {
        let (message, help) = text;
        let objects = about.objects.clone();
        let link = Some(about.id.clone());
        let (origin, value, microsoft_error) = (None, None, None);
        self.findings.push(Finding { severity, code, link, origin, message, objects, value, microsoft_error, help });
    }

    /// What stands in the way: an error, or a warning where it is to be left out.
    fn obstacle(&self) -> Severity {
        if self.input.skip_blocked { Severity::Warning } else { Severity::Error }
    }

    fn link(&mut self, id: &LinkId, link: &LinkRecord) -> Option<PlannedLink> {
        let snapshot = self.input.snapshot;
        let about = &About::link(id, link);
        let Some(user) = live::entra_user(snapshot, link.cloud.id) else {
            let help = "Restore the cloud user from the recycle bin, then plan the rollback again.".to_owned();
            let message = format!("The cloud user {} is not there any more.", link.cloud);
            self.finding(self.obstacle(), FindingCode::ChangedSince, about, (message, help));
            self.skipped.extend(self.input.skip_blocked.then(|| id.clone()));
            return None;
        };
        // Our anchor on a synced user: the cycle has run, and the sync engine owns the link.
        let taken_over = user.is_synced() && link.anchor.is_some_and(|anchor| user.has_anchor(anchor));
        let errors_before = self.findings.iter().filter(|f| f.severity == Severity::Error).count();
        let before = self.steps.len();
        let apply = self.apply;
        for record in apply.steps_of(id).rev().filter(|s| may_stand(s)) {
            // Given back or taken roles can go back at any time, everything else only until the takeover.
            let is_role = matches!(record.step.action, Action::Suspend { .. } | Action::Restore { .. });
            let missing = apply.suspended_roles().any(|role| *role.step == record.step.id);
            if !taken_over || (is_role && missing) {
                self.step(about, record);
            }
        }
        let roles_only = self.steps.len() > before;
        if taken_over {
            self.past_return(about, link, roles_only);
            if !roles_only {
                self.skipped.extend(self.input.skip_blocked.then(|| id.clone()));
            }
        }
        let blocked = self.findings.iter().filter(|f| f.severity == Severity::Error).count() > errors_before;
        if taken_over && !roles_only && !blocked {
            return None;
        }
        if blocked {
            self.steps.truncate(before);
        }
        Some(PlannedLink {
            id: id.clone(),
            origin: None,
            ad: link.ad.clone(),
            cloud: link.cloud.clone(),
            outcome: if blocked { Outcome::Blocked } else { Outcome::Undo { wave: 1 } },
            exposure: self.exposure(link),
            anchor: link.anchor,
            prediction: None,
            takeover: Takeover::default(),
            before: BeforeImage { user: user.clone(), roles: snapshot.holdings_of(user.id) },
        })
    }

    /// A task's steps are taken back like a link's. Only a group or contact can be taken over by a cycle.
    fn task(&mut self, id: &LinkId, task: &TaskRecord) -> Option<PlannedTask> {
        let apply = self.apply;
        let about = &About::task(id, task);
        if apply.steps_of(id).any(|record| self.has_arrived(record)) {
            let message = format!(
                "{}: a sync cycle has joined the two, and AD is the source now. Taking this back in AD would take addresses from \
                 the cloud object, or delete it.",
                task.title
            );
            let help = "Still possible: change it in AD, from where it flows to the cloud.".to_owned();
            self.finding(self.obstacle(), FindingCode::PointOfNoReturn, about, (message, help));
            self.skipped.extend(self.input.skip_blocked.then(|| id.clone()));
            return None;
        }
        let errors_before = self.findings.iter().filter(|f| f.severity == Severity::Error).count();
        let before = self.steps.len();
        for record in apply.steps_of(id).rev() {
            if may_stand(record) {
                self.step(about, record);
            } else if let (Undo::Never { reason }, Some(done)) = (&record.step.undo, record.status.standing())
                && done.wrote
            {
                let message = format!("{}: this stays as it is. It cannot be undone: {reason}.", task.title);
                let help = "Nothing can be done about it by this program.".to_owned();
                self.finding(Severity::Warning, FindingCode::PointOfNoReturn, about, (message, help));
            }
        }
        let blocked = self.findings.iter().filter(|f| f.severity == Severity::Error).count() > errors_before;
        if blocked {
            self.steps.truncate(before);
        }
        let outcome = if blocked { TaskOutcome::Blocked } else { TaskOutcome::Undo };
        let title = format!("undo: {}", task.title);
        let planned = PlannedTask { id: id.clone(), title, origin: None, user: None, outcome, before: None };
        // One that never came to its end is brought to it, also if nothing of it stands.
        (blocked || self.steps.len() > before || !task.standing.is_ended()).then_some(planned)
    }

    /// Whether a cycle has joined the group or contact that a step waited for: seen in the apply, or now.
    fn has_arrived(&self, record: &StepRecord) -> bool {
        let Action::Arrival { object } = &record.step.action else { return false };
        let begun = !matches!(record.status, StepStatus::Pending | StepStatus::Skipped { .. });
        let is_synced = || self.input.snapshot.holders.iter().any(|holder| holder.id == object.id && holder.synced);
        record.status.standing().is_some() || (begun && is_synced())
    }

    fn past_return(&mut self, about: &About<'_>, link: &LinkRecord, roles_only: bool) {
        let message = format!(
            "A sync cycle has linked {} with {}: the sync engine owns the cloud user now, and its anchor cannot be taken \
             back by this program.{}",
            link.ad,
            link.cloud,
            if roles_only { " Only the roles that are missing are given back." } else { "" }
        );
        let help = "Still possible: change attributes in AD (they flow to the cloud); assign roles; or unlink by moving the \
                    AD user out of the sync scope, which soft-deletes the cloud user, and restoring that from the recycle \
                    bin within 30 days."
            .to_owned();
        let severity = if roles_only { Severity::Warning } else { self.obstacle() };
        self.finding(severity, FindingCode::PointOfNoReturn, about, (message, help));
    }

    fn exposure(&self, link: &LinkRecord) -> Exposure {
        let scope = &self.input.settings.sync.synced_ous;
        match live::ad_user(self.input.snapshot, &link.ad) {
            Some(user) if !scope.is_empty() => {
                if scope.iter().any(|ou| user.dn.is_under(ou)) {
                    Exposure::Exposed
                } else {
                    Exposure::Staged
                }
            }
            _ => Exposure::Unknown,
        }
    }

    fn step(&mut self, about: &About<'_>, record: &StepRecord) {
        let done = match self.outcome_of(record) {
            Ok(Some(done)) => done,
            Ok(None) => return,
            Err(why) => return self.changed(about, &why),
        };
        let state = self.input.state;
        let given_back = state.taken(&self.apply.id, &record.step.action);
        let Some(action) = inverse(&record.step, &done, Some(&self.apply.id), given_back) else { return };
        let Some(write) = state.write_of(&self.apply.id, &action) else { return };
        if let Some(gap) = write.holding().and_then(|holding| live::unseen(self.input.snapshot, holding)) {
            let text = (
                format!("The roles of {} could not be read: {}", about.cloud, gap.reason),
                "Give the credential the permission to read them and plan the rollback again.".to_owned(),
            );
            return self.finding(Severity::Error, FindingCode::RolesUnseen, about, text);
        }
        let Some(reading) = live::reading(self.input.snapshot, &write) else {
            return self.changed(about, &format!("{} is not there any more", about.ad));
        };
        match (write.verdict(&reading), &write) {
            // Nothing is written then; the ledger learns that the role does not come back.
            (Verdict::Surprise(why), Write::Give { holding, .. }) => self.forgone(about, holding, &why),
            (Verdict::Surprise(why), _) => return self.changed(about, &why),
            (Verdict::AsExpected, Write::Give { holding, .. }) => match self.never_back(holding) {
                Some(why) => self.forgone(about, holding, &why),
                None => self.grant(about, holding),
            },
            // What is back already stays in the plan: the ledger learns of it, and nothing is written.
            (Verdict::AsExpected | Verdict::AsWanted, _) => {}
        }
        let undo = Undo::Inverse;
        let (wave, link) = (about.wave, Some(about.id.clone()));
        self.steps.push(Step { id: StepId(String::new()), wave, link, action, undo });
    }

    /// What a step came to. One that was begun and never ended is judged by the snapshot.
    fn outcome_of(&self, record: &StepRecord) -> Result<Option<Done>, String> {
        let StepStatus::Started { at, before } = &record.status else { return Ok(record.status.standing().cloned()) };
        let Some(write) = self.input.state.begun(&self.apply.id, record) else { return Ok(None) };
        let Some(after) = live::reading(self.input.snapshot, &write) else {
            return Err("an object is not there any more".to_owned());
        };
        match write.verdict(&after) {
            Verdict::AsWanted => {
                let assignment = match &after {
                    crate::state::ledger::Reading::Holdings { holdings } => {
                        holdings.first().and_then(Holding::id).cloned()
                    }
                    _ => None,
                };
                Ok(Some(Done { at: *at, wrote: true, before: before.clone(), after, assignment }))
            }
            Verdict::AsExpected => Ok(None),
            Verdict::Surprise(why) => Err(why),
        }
    }

    fn changed(&mut self, about: &About<'_>, why: &str) {
        let message = format!("Somebody has changed {} since: {why}. That is not overwritten.", about.who);
        let help = "Look at the value. Set it back by hand and plan the rollback again, or leave this step out with \
                    --skip-blocked."
            .to_owned();
        self.finding(self.obstacle(), FindingCode::ChangedSince, about, (message, help));
    }

    /// Why a role is not given back at all, as far as the snapshot shows it.
    fn never_back(&self, holding: &Holding) -> Option<String> {
        if let Some(ends) = holding.ends().filter(|_| holding.is_over(self.input.now)) {
            return Some(format!("its end, {ends}, passed meanwhile"));
        }
        let Holding::Group(group) = holding else { return None };
        let gone = !self.input.snapshot.role_groups.iter().any(|known| known.id == group.group);
        gone.then(|| format!("there is no role-assignable group {} any more", group.group_name))
    }

    fn forgone(&mut self, about: &About<'_>, holding: &Holding, why: &str) {
        let message = format!("{holding} is not given back to {}: {why}.", about.cloud);
        let help = "If the person is to have it, assign it by hand after the rollback.".to_owned();
        self.finding(Severity::Info, FindingCode::RoleGrant, about, (message, help));
    }

    fn grant(&mut self, about: &About<'_>, grant: &Holding) {
        let allowed = self.input.allow.contains(ALLOW_ROLE_GRANTS);
        let user =
            live::entra_user(self.input.snapshot, grant.user()).map_or(about.cloud.as_str(), |user| user.upn.as_str());
        let named = live::named(self.input.snapshot, grant);
        let message = format!("The rollback gives {user} the role {named}, which it does not hold now.");
        let help = format!("If that is right, add --allow {ALLOW_ROLE_GRANTS}.");
        let severity = if allowed { Severity::Info } else { Severity::Error };
        self.finding(severity, FindingCode::RoleGrant, about, (message, help));
    }
}
