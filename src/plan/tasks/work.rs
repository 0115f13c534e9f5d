//! Every task of a match plan, each decided by the planner of its kind and held against the others.

use super::{deleted, features, join, unlink};
use crate::config::matchplan::CloudSelector;
use crate::config::tasks::{TaskSpec, WorkSpec};
use crate::model::cloud::Residues;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, LinkId, ObjectId};
use crate::model::reference::EntraRef;
use crate::plan::decide::Context;
use crate::plan::step::{Action, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome, link_title};
use crate::rules::finding::{Finding, FindingCode, Origin, Severity};
use crate::rules::objects;

/// A task, its steps in order, and what was noticed.
#[derive(Debug)]
pub struct Task {
    /// The task.
    pub planned: PlannedTask,
    /// Its steps; none unless it changes something.
    pub steps: Vec<(Action, Undo)>,
    /// What was noticed, errors included.
    pub findings: Vec<Finding>,
    /// The group or contact of AD and that of the cloud, if it joins two.
    pub joins: Option<(AdGuid, ObjectId)>,
}

impl Task {
    /// Whether it rests on a soft match.
    pub fn soft_matches(&self) -> bool {
        self.joins.is_some() && self.planned.outcome.is_change()
    }
}

/// What the planner of one kind of task comes to.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) user: Option<&'a EntraUser>,
    /// What comes of it.
    pub(super) why: String,
    pub(super) steps: Vec<(Action, Undo)>,
    pub(super) findings: Vec<Finding>,
    pub(super) joins: Option<(AdGuid, ObjectId)>,
}

impl Draft<'_> {
    pub(super) fn blocked(finding: Finding) -> Self {
        Self { findings: vec![finding], ..Self::default() }
    }
}

/// Plans every task, in the order in which they are written. Of two that are the same, the second is left out.
pub fn plan(context: &Context<'_>, residues: &Residues) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for spec in &context.config.plan.tasks {
        let task = one(spec, context, residues);
        if !tasks.iter().any(|known| known.planned.id == task.planned.id) {
            tasks.push(task);
        } else if let Some(first) = tasks.iter_mut().find(|known| known.planned.id == task.planned.id) {
            first.findings.extend(twice(first, &task));
        }
    }
    unlink::count_deletions(&mut tasks, context);
    joined_twice(&mut tasks);
    for task in &mut tasks {
        settle(task);
    }
    tasks
}

/// Two tasks about the same thing that want different things of it.
fn twice(first: &Task, second: &Task) -> Option<Finding> {
    let same = first.planned.title == second.planned.title;
    let places = [first, second].map(|task| task.planned.origin.as_ref().map_or_else(String::new, ToString::to_string));
    (!same).then(|| {
        Finding::error(
            FindingCode::LinkedTwice,
            format!("{} and {} want different things of the same object.", places[0], places[1]),
            "Remove one of them.",
        )
    })
}

/// Links of groups or contacts that name the same object, however they are written.
fn joined_twice(tasks: &mut [Task]) {
    let joins: Vec<_> = tasks.iter().map(|task| task.joins).collect();
    let clash = |a: Option<(AdGuid, ObjectId)>, b: Option<(AdGuid, ObjectId)>| {
        a.zip(b).is_some_and(|((ad, cloud), (other_ad, other_cloud))| ad == other_ad || cloud == other_cloud)
    };
    for (at, task) in tasks.iter_mut().enumerate() {
        if joins.iter().enumerate().any(|(other, join)| other != at && clash(joins[at], *join)) {
            task.findings.push(Finding::error(
                FindingCode::LinkedTwice,
                "Another link names the same group or contact. One object is linked once.",
                "Remove all but one of them.",
            ));
        }
    }
}

fn one(spec: &TaskSpec, context: &Context<'_>, residues: &Residues) -> Task {
    let (kind, name, title) = name(&spec.work);
    let draft = match &spec.work {
        WorkSpec::Join { kind, ad, cloud, move_to } => {
            join::plan(join::Wish { kind: *kind, ad, cloud, move_to: move_to.as_ref() }, context)
        }
        WorkSpec::Unlink { cloud, method } => unlink::plan(cloud, method, context, residues),
        WorkSpec::Restore { user, upn } => deleted::restore(user, upn.as_ref(), context),
        WorkSpec::Purge { user } => deleted::purge(user, &spec.allow, context),
        WorkSpec::Feature { feature, on } => features::plan(*feature, *on, context),
    };
    let Draft { user, why, steps, mut findings, joins } = draft;
    findings.extend(user.and_then(|user| protection(user, context)));
    let planned = PlannedTask {
        id: LinkId(format!("{kind}/{name}").to_lowercase()),
        title,
        origin: Some(Origin { file: spec.origin.file.clone(), line: spec.origin.line }),
        user: user.map(EntraRef::from),
        outcome: TaskOutcome::Change { why },
        before: user.map(|user| Box::new(user.clone())),
    };
    Task { planned, steps, findings, joins }
}

/// A task whose errors are known is blocked, and one without steps leaves everything as it is.
fn settle(task: &mut Task) {
    let blocked = task.findings.iter().any(|finding| finding.severity == Severity::Error);
    if blocked {
        task.steps.clear();
        task.planned.outcome = TaskOutcome::Blocked;
    } else if task.steps.is_empty() {
        task.planned.outcome = TaskOutcome::Unchanged;
    }
    if let Some(origin) = &task.planned.origin {
        let id = &task.planned.id;
        task.findings = std::mem::take(&mut task.findings).into_iter().map(|finding| finding.at(id, origin)).collect();
    }
}

/// The kind of a task, whom or what it is about as written, and both for people.
fn name(work: &WorkSpec) -> (&'static str, String, String) {
    use crate::config::tasks::UnlinkSpec as U;
    match work {
        WorkSpec::Join { kind, ad, cloud, .. } => {
            ("link", ad.to_string().replace('\\', "/"), link_title(*kind, ad, cloud))
        }
        WorkSpec::Unlink { cloud, method } => {
            let how = match method {
                U::SourceOfAuthority => "the cloud becomes its source of authority",
                U::Clear => "what it remembers of AD is cleared",
                U::RecycleBin { .. } => "through the recycle bin",
            };
            ("unlink", cloud.to_string(), format!("unlink {cloud}: {how}"))
        }
        WorkSpec::Restore { user, .. } => ("deleted", user.to_string(), format!("restore {user} from the recycle bin")),
        WorkSpec::Purge { user } => ("deleted", user.to_string(), format!("delete {user} for good")),
        WorkSpec::Feature { feature, on } => {
            let how = if *on { "on" } else { "off" };
            ("tenant", feature.to_string(), format!("switch {feature} {how}"))
        }
    }
}

fn protection(user: &EntraUser, context: &Context<'_>) -> Option<Finding> {
    let caller = context.index.snapshot.caller.as_ref().is_some_and(|caller| caller.id == user.id);
    let (code, message, help) = if context.protected.contains(&user.id) {
        let message =
            format!("{} is protected: guard.protect in matchplan.toml says that no plan may touch it.", user.upn);
        (FindingCode::ProtectedUser, message, "Remove this section.")
    } else if caller {
        let message = format!("{} is the identity that runs this tool.", user.upn);
        (FindingCode::OwnIdentity, message, "Run matchplan as another identity for this.")
    } else {
        return None;
    };
    Some(Finding::error(code, message, help).about([objects::cloud_user(user)]))
}

/// The soft-deleted user that a selector names; `None` if nobody in the recycle bin answers to it.
pub(super) fn in_the_bin<'a>(
    selector: &CloudSelector,
    context: &Context<'a>,
) -> Result<Option<&'a EntraUser>, Box<Finding>> {
    let found = match selector {
        CloudSelector::Id(id) => context.index.snapshot.deleted_users.iter().filter(|user| user.id == *id).collect(),
        CloudSelector::Upn(upn) => context.index.deleted_by_upn(upn),
    };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(Box::new(
            Finding::error(
                FindingCode::CloudUserAmbiguous,
                format!("{} users in the recycle bin had the name {selector}; the tool never guesses.", several.len()),
                "Name the user by its object id.",
            )
            .about(several.iter().map(|user| objects::cloud_user(user))),
        )),
    }
}
