//! What the credential needs besides the links' permissions: for tasks, for the match window, for duplicates that are
//! removed, and for provisioning on demand.
//!
//! Source: the permission tables of the Graph reference for each request.

use super::facts::Facts;
use super::{Area, Check, Point, access};
use crate::config::matchplan::{DuplicateChoice, MatchPlan};
use crate::config::settings::Trigger;
use crate::config::tasks::{UnlinkSpec, WorkSpec};
use std::collections::BTreeMap;

const AROUND: Point = Point(Area::Access, "permissions-around", "the credential may do what stands around the links");

/// What is asked for, and the permissions of which any one suffices.
type Need = (&'static str, &'static [&'static str]);

const AUTHORITY: Need = ("changing a user's source of authority", &["User-OnPremisesSyncBehavior.ReadWrite.All"]);
const IDENTIFIER: Need =
    ("clearing onPremisesObjectIdentifier, where a user has one", &["User-OnPremisesSyncBehavior.ReadWrite.All"]);
const CLEARING: Need = ("clearing what users remember of AD", &["User.ReadWrite.All", "Directory.ReadWrite.All"]);
const DELETING: Need = ("deleting and restoring users", &["User.DeleteRestore.All", "User.ReadWrite.All"]);
const SWITCHES: Need = ("the tenant's switches", &["OnPremDirectorySynchronization.ReadWrite.All"]);
const ON_DEMAND: Need = ("provisioning on demand", &["Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"]);

/// The check, where anything of the kind is asked for.
pub(super) fn around(facts: &Facts<'_>) -> Option<Check> {
    let mut needs: Vec<Need> = facts.config.map(|config| of_plan(&config.plan)).unwrap_or_default();
    if matches!(facts.settings.sync.trigger, Trigger::ProvisionOnDemand(_)) {
        needs.push(ON_DEMAND);
    }
    if needs.is_empty() {
        return None;
    }
    let granted = match access::token(AROUND, facts) {
        Ok(granted) => granted,
        Err(check) => return Some(*check),
    };
    // By permission: several jobs may want the same.
    let mut missing: BTreeMap<&str, &str> = BTreeMap::new();
    for (what, any_of) in needs.into_iter().filter(|(_, any_of)| !granted.permits(any_of)) {
        missing.entry(any_of[0]).or_insert(what);
    }
    let wrong: Vec<String> =
        missing.iter().map(|(permission, what)| format!("{permission} is not granted, for {what}")).collect();
    Some(AROUND.unless(
        &wrong,
        "it may",
        "Grant what is named to the application that matchplan signs in with, with admin consent.",
    ))
}

fn of_plan(plan: &MatchPlan) -> Vec<Need> {
    let of_tasks = plan.tasks.iter().flat_map(|task| match &task.work {
        // AD is written, and nothing else: the cycle does the rest.
        WorkSpec::Join { .. } => &[][..],
        WorkSpec::Unlink { method: UnlinkSpec::SourceOfAuthority, .. } => &[AUTHORITY],
        WorkSpec::Unlink { method: UnlinkSpec::Clear, .. } => &[CLEARING, IDENTIFIER],
        WorkSpec::Unlink { method: UnlinkSpec::RecycleBin { .. }, .. } => &[DELETING, CLEARING, IDENTIFIER],
        WorkSpec::Restore { .. } | WorkSpec::Purge { .. } => &[DELETING],
        WorkSpec::Feature { .. } => &[SWITCHES],
    });
    let removed = plan.links.iter().any(|link| link.duplicate == DuplicateChoice::Remove).then_some(DELETING);
    let window = (!plan.window.is_none()).then_some(SWITCHES);
    of_tasks.copied().chain(removed).chain(window).collect()
}
