//! The tenant's switches, and the match window.
//!
//! Sources: Microsoft, "Microsoft Entra Connect Sync service features" (what cannot be switched off again), "Configure
//! Microsoft Entra Connect for an existing tenant" (the switches that block matches stand on but for a matching project).

use super::work::{Draft, Task};
use crate::config::matchplan::MatchPlan;
use crate::config::tasks::WorkSpec;
use crate::model::cloud::SyncFeature;
use crate::model::id::LinkId;
use crate::model::tenant::{SyncFeatures, Tenant};
use crate::plan::decide::Context;
use crate::plan::step::{Action, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome, WINDOW};
use crate::rules::finding::{Finding, FindingCode, Severity};

pub(super) fn plan<'a>(feature: SyncFeature, on: bool, context: &Context<'_>) -> Draft<'a> {
    let now = match standing(feature, &context.index.snapshot.tenant) {
        Ok(now) => now,
        Err(unseen) => return Draft::blocked(*unseen),
    };
    if now == on {
        return Draft::default();
    }
    let mut findings = Vec::new();
    if feature.is_permanent() {
        findings.push(permanent(feature, on, context));
    }
    let reason = format!("{feature} cannot be switched off again");
    let undo = if feature.is_permanent() { Undo::Never { reason } } else { Undo::Inverse };
    let how = if on { "on" } else { "off" };
    Draft {
        why: format!("it is {} now, and stays {how} for the whole tenant", if now { "on" } else { "off" }),
        steps: vec![(Action::Switch { feature, expects: now, sets: on }, undo)],
        findings,
        ..Draft::default()
    }
}

fn permanent(feature: SyncFeature, on: bool, context: &Context<'_>) -> Finding {
    let code = FindingCode::PermanentFeature;
    if !on {
        return Finding::error(
            code,
            format!("{feature} is on, and Microsoft does not let it be switched off again."),
            "Remove this line.",
        );
    }
    let severity = if context.allows(code) { Severity::Warning } else { Severity::Error };
    Finding::new(
        severity,
        code,
        format!("{feature} cannot be switched off again once it is on, for the whole tenant."),
        format!("If that is right: --allow {code}."),
    )
}

fn standing(feature: SyncFeature, tenant: &Tenant) -> Result<bool, Box<Finding>> {
    tenant.switches.get(&feature).copied().ok_or_else(|| {
        Box::new(Finding::error(
            FindingCode::SyncFeaturesUnseen,
            format!("How {feature} stands could not be read, so it is not changed."),
            "Grant OnPremDirectorySynchronization.ReadWrite.All, and plan again from the live tenant.",
        ))
    })
}

/// How a match plan's `[tenant]` wants a switch, if it says so. Its tasks are done before the first link.
fn wanted(plan: &MatchPlan, feature: SyncFeature) -> Option<bool> {
    plan.tasks.iter().find_map(|task| match task.work {
        WorkSpec::Feature { feature: of, on } if of == feature => Some(on),
        _ => None,
    })
}

/// The features that decide about matches, as they are when the links' cycle comes: after `[tenant]`, in the window.
pub fn within(plan: &MatchPlan, features: SyncFeatures) -> SyncFeatures {
    use SyncFeature as F;
    let window = plan.window;
    let then = |feature, now| wanted(plan, feature).unwrap_or(now);
    let features = SyncFeatures {
        block_soft_match: then(F::BlockSoftMatch, features.block_soft_match),
        block_hard_match: then(F::BlockCloudObjectTakeoverThroughHardMatch, features.block_hard_match),
        soft_match_on_upn: then(F::SoftMatchOnUpn, features.soft_match_on_upn),
        allow_object_identifier_update: then(
            F::AllowOnPremUpdateOfOnPremisesObjectIdentifier,
            features.allow_object_identifier_update,
        ),
        synchronize_upn_for_managed_users: then(
            F::SynchronizeUpnForManagedUsers,
            features.synchronize_upn_for_managed_users,
        ),
        password_sync: then(F::PasswordSync, features.password_sync),
    };
    SyncFeatures {
        block_soft_match: features.block_soft_match && !window.soft_match,
        block_hard_match: features.block_hard_match && !window.hard_match,
        ..features
    }
}

/// The task that opens the window and closes it, if a link needs it; and what there is to say of it.
pub fn window(context: &Context<'_>) -> Option<Task> {
    let window = context.config.plan.window;
    if window.is_none() {
        return None;
    }
    let (mut steps, mut findings) = (Vec::new(), Vec::new());
    for feature in window.switches() {
        let now = standing(feature, &context.index.snapshot.tenant);
        match now.map(|now| wanted(&context.config.plan, feature).unwrap_or(now)) {
            Ok(true) => steps.push((Action::Switch { feature, expects: true, sets: false }, Undo::Inverse)),
            Ok(false) => findings.push(Finding::new(
                Severity::Info,
                FindingCode::SwitchOpen,
                format!("{feature} is off already, so the window opens nothing there, and leaves it off afterwards."),
                "If it should be on but for matching: [tenant] with that name and `true`, in a plan of its own.",
            )),
            Err(unseen) => findings.push(*unseen),
        }
    }
    let id = LinkId(WINDOW.to_owned());
    let blocked = findings.iter().any(|finding: &Finding| finding.severity == Severity::Error);
    let outcome = match (blocked, steps.is_empty()) {
        (true, _) => TaskOutcome::Blocked,
        (false, true) => TaskOutcome::Unchanged,
        (false, false) => TaskOutcome::Change {
            why: "it stands open for this apply only: it is closed when the last link is through, also after a failure"
                .to_owned(),
        },
    };
    let steps = if blocked { Vec::new() } else { steps };
    let what = match (window.soft_match, window.hard_match) {
        (true, true) => "soft and hard matches",
        (true, false) => "soft matches",
        (false, _) => "hard matches",
    };
    let planned =
        PlannedTask { id, title: format!("match window for {what}"), origin: None, user: None, outcome, before: None };
    Some(Task { planned, steps, findings, joins: None })
}
