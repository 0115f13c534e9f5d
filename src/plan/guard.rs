//! Brakes: what the plan as a whole may not do. They come after the diff, and each is lifted by its own name.

use super::decide::{Context, Decision};
use super::steps::Waved;
use crate::model::id::{LinkId, ObjectId};
use crate::model::recipient;
use crate::model::role::Holding;
use crate::rules::exposure::Exposure;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::objects;
use crate::snapshot::document::Missing;
use std::collections::BTreeSet;

/// Findings about the plan as a whole, given the links that it would change, and the tasks that change users.
pub fn find(decisions: &[&Decision<'_>], tasks: usize, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = brakes(decisions, tasks, context);
    findings.extend(global_administrators(decisions, context));
    findings.extend(tenant(context, !decisions.is_empty()));
    findings
}

/// Switches that Microsoft advises to have on but for a matching project, and that are off though no link is left to form.
pub fn open_switches(context: &Context<'_>) -> Option<Finding> {
    let features = context.index.snapshot.tenant.features?;
    let switches = [
        ("blockSoftMatchEnabled", features.block_soft_match),
        ("blockCloudObjectTakeoverThroughHardMatchEnabled", features.block_hard_match),
    ];
    let open: Vec<&str> = switches.iter().filter(|(_, on)| !on).map(|(name, _)| *name).collect();
    let are = if open.len() == 1 { "is" } else { "are" };
    (!open.is_empty()).then(|| {
        Finding::new(
            Severity::Info,
            FindingCode::SwitchOpen,
            format!("Every link is formed, and {} {are} off.", open.join(" and ")),
            "When the matching is through, switch on what is off, as Microsoft advises: PATCH \
             /directory/onPremisesSynchronization/{id}.",
        )
    })
}

/// Links that an earlier wave's cycle would meet unprepared: holding the scheduler protects a wave's own links only, and
/// the wave ends with a cycle over everything in scope.
pub fn unready<'a>(waved: &[Waved<'a>]) -> Vec<(&'a LinkId, Finding)> {
    let late = waved.iter().filter(|link| link.wave > 1 && link.decision.exposure != Exposure::Staged);
    late.map(|link| {
        let finding = Finding::error(
            FindingCode::Exposed,
            format!(
                "This AD user may be in the sync scope, and its link would go through wave {}: the cycle of wave 1 would see it before its steps are done.",
                link.wave
            ),
            "Stage the user outside of the scope and write `move_to`, or link it by a match plan of its own.",
        );
        (link.id, finding.about([objects::ad_user(link.decision.ad)]))
    })
    .collect()
}

fn brakes(decisions: &[&Decision<'_>], tasks: usize, context: &Context<'_>) -> Vec<Finding> {
    let guard = &context.config.settings.guard;
    let roles = decisions.iter().map(|decision| decision.roles.len()).sum::<usize>();
    let changed = if tasks == 0 { "links are changed" } else { "links and users of tasks are changed" };
    let limits = [
        (FindingCode::TooManyLinks, decisions.len() + tasks, guard.max_links, "guard.max_links", changed),
        (
            FindingCode::TooManyRoleRemovals,
            roles,
            guard.max_role_removals,
            "guard.max_role_removals",
            "roles and memberships that bring roles are taken",
        ),
    ];
    let over = |(_, count, limit, ..): &(FindingCode, usize, u32, &str, &str)| *count > *limit as usize;
    limits
        .into_iter()
        .filter(over)
        .map(|(code, count, limit, key, what)| {
            let severity = if context.allows(code) { Severity::Warning } else { Severity::Error };
            let message = format!("{count} {what}; {key} allows {limit}.");
            let help = format!("Make the plan smaller, or lift this brake by name: --allow {code}.");
            Finding::new(severity, code, message, help)
        })
        .collect()
}

/// At every moment `min_global_admins` must be left: enabled, in force directly, directory-wide and for good, outside of
/// this plan. An eligible one must first activate, and one through a group hangs on that group: neither is counted.
fn global_administrators(decisions: &[&Decision<'_>], context: &Context<'_>) -> Option<Finding> {
    let taken = |decision: &&&Decision<'_>| decision.roles.iter().any(Holding::grants_global_administrator);
    decisions.iter().find(taken)?;
    let in_plan: BTreeSet<ObjectId> = decisions.iter().map(|decision| decision.cloud.id).collect();
    let left: BTreeSet<ObjectId> = context
        .index
        .snapshot
        .roles
        .iter()
        .filter(|role| role.is_standing_global_administrator(context.now))
        .filter(|role| !in_plan.contains(&role.principal))
        .filter(|role| context.index.cloud_user(role.principal).is_some_and(|user| user.account_enabled == Some(true)))
        .map(|role| role.principal)
        .collect();
    let wanted = context.config.settings.guard.min_global_admins;
    (left.len() < wanted as usize).then(|| {
        Finding::error(
            FindingCode::GlobalAdminsLeft,
            format!(
                "While this plan runs, {} Global Administrators would be left (enabled, permanent, direct); guard.min_global_admins wants {wanted}.",
                left.len()
            ),
            "Link the Global Administrators in several plans, or assign the role to somebody outside of this plan first.",
        )
    })
}

fn tenant(context: &Context<'_>, changes: bool) -> Vec<Finding> {
    let snapshot = context.index.snapshot;
    let mut findings = Vec::new();
    if changes && snapshot.tenant.sync_enabled != Some(true) {
        findings.push(Finding::error(
            FindingCode::SyncDisabled,
            "Directory synchronization is off in this tenant, so no cycle would form any link.",
            "Set up Entra Connect or Cloud Sync first.",
        ));
    }
    if changes && snapshot.recipients.is_none() {
        findings.push(Finding::new(
            Severity::Info,
            FindingCode::CouldNotBeSeen,
            "Could not be seen: mail-enabled public folders and dynamic distribution lists that hold an address (Graph does not show them).",
            format!("Export the recipients and give the file with --recipients FILE: {}", recipient::EXPORT),
        ));
    }
    for gap in &snapshot.gaps {
        let (code, depends) = match gap.what {
            // Said per link, where it blocks.
            Missing::Roles => continue,
            Missing::PimSchedules => (FindingCode::CouldNotBeSeen, "eligible and activated roles"),
            Missing::RoleGroups => (FindingCode::CouldNotBeSeen, "roles through role-assignable groups"),
            Missing::RolePolicies => (FindingCode::CouldNotBeSeen, "whether PIM's policies let a role be given back"),
            Missing::GroupUses => (FindingCode::CouldNotBeSeen, "what role-assignable groups carry besides roles"),
            Missing::SyncFeatures => (FindingCode::SyncFeaturesUnseen, "whether the tenant blocks matches"),
            Missing::DeletedUsers => (FindingCode::CouldNotBeSeen, "soft-deleted users that are in the way"),
            Missing::Groups => (FindingCode::CouldNotBeSeen, "groups that hold an address"),
            Missing::Contacts => (FindingCode::CouldNotBeSeen, "contacts that hold an address"),
            Missing::ObjectIdentifier => (FindingCode::CouldNotBeSeen, "a foreign onPremisesObjectIdentifier"),
            Missing::SyncBehavior => (FindingCode::CouldNotBeSeen, "users whose source of authority is the cloud"),
            Missing::Caller => (FindingCode::CouldNotBeSeen, "whether a link touches the identity that runs this tool"),
        };
        findings.push(Finding::warning(
            code,
            format!("Could not be seen: {depends} ({}).", gap.reason.trim_end_matches('.')),
            "Grant the permission and plan again, or check this by hand.",
        ));
    }
    findings
}
