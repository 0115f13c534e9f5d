//! A ledger that does not stand as this computer left it: what it would have this computer do, for a person to judge.
//!
//! Whoever can change the repository can write such a ledger. So what it says is taken for what it is about, and never
//! for what it is called: users and roles are named as the live directory names them.

use super::live;
use crate::model::role::{Holding, RoleAssignment, RoleGrant};
use crate::plan::document::Plan;
use crate::plan::step::{Action, Step};
use crate::rules::finding::{Finding, FindingCode, ObjectRef};
use crate::snapshot::document::Snapshot;
use crate::state::ledger::{ApplyRecord, State, StepStatus};
use jiff::Timestamp;

/// What a resume would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead<'a> {
    /// The writes that are not done, in order.
    pub writes: Vec<&'a Step>,
    /// The roles that it would give and that nobody has now, as far as the snapshot shows.
    pub gifts: Vec<Gift>,
}

/// A role that would be given to somebody who does not hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift {
    /// To whom, as the directory knows it.
    pub user: ObjectRef,
    /// What: the role or the group by its live name and its id, where, how and until when.
    pub right: ObjectRef,
}

/// What going on with `apply` would do.
pub fn ahead<'a>(state: &State, apply: &'a ApplyRecord, snapshot: &Snapshot, now: Timestamp) -> Ahead<'a> {
    let open = |status: &StepStatus| matches!(status, StepStatus::Pending | StepStatus::Started { .. });
    let writes = apply.steps.iter().filter(|s| s.step.action.writes() && open(&s.status)).map(|s| &s.step).collect();
    let mut gifts = Vec::new();
    for step in &apply.steps {
        let holding = match (&step.step.action, &step.status) {
            (restore @ Action::Restore { .. }, status) if open(status) => state.taken(&apply.id, restore),
            // Undoing the link would give it back, too.
            (Action::Suspend { holding, .. }, StepStatus::Started { .. }) => Some(holding),
            (Action::Suspend { holding, .. }, status) if status.standing().is_some_and(|done| done.wrote) => {
                Some(holding)
            }
            _ => None,
        };
        if let Some(gift) = holding.and_then(|holding| gift(holding, snapshot, now))
            && !gifts.contains(&gift)
        {
            gifts.push(gift);
        }
    }
    Ahead { writes, gifts }
}

/// The finding on a rollback that is planned from such a ledger: with each role that it would give.
pub fn finding(plan: &Plan, state: &State, snapshot: &Snapshot) -> Finding {
    let gifts = plan.steps.iter().filter_map(|step| match &plan.purpose {
        crate::plan::document::Purpose::Rollback { of } => state.taken(of, &step.action),
        crate::plan::document::Purpose::Link => None,
    });
    let objects = gifts.filter_map(|holding| gift(holding, snapshot, plan.created));
    let objects: Vec<ObjectRef> = objects.flat_map(|Gift { user, right }| [user, right]).collect();
    Finding::warning(
        FindingCode::LedgerElsewhere,
        "The state does not stand as this computer left it: another computer wrote it, or somebody edited it. What this \
         plan undoes, and which roles it gives back, is what that state says was done.",
        "Look at every step. Roll back on the computer that applied, if you can; its own state is known there.",
    )
    .about(objects)
}

/// What giving `holding` would be; `None` if it is there, or would not be given at all.
fn gift(holding: &Holding, snapshot: &Snapshot, now: Timestamp) -> Option<Gift> {
    let there = snapshot.holdings_of(holding.user()).iter().any(|live| holding.same_as(live));
    if there || !holding.comes_back() || holding.is_over(now) {
        return None;
    }
    let id = holding.user();
    let user = live::entra_user(snapshot, id);
    let user = ObjectRef {
        kind: "cloud user".to_owned(),
        id: id.to_string(),
        name: user.map_or_else(|| "(there is no such user now)".to_owned(), |user| user.upn.to_string()),
        place: "Entra ID".to_owned(),
    };
    Some(Gift { user, right: right(holding, snapshot) })
}

fn right(holding: &Holding, snapshot: &Snapshot) -> ObjectRef {
    let until = holding.ends().map_or_else(|| "for good".to_owned(), |ends| format!("until {ends}"));
    let kind = holding.kind();
    match holding {
        Holding::Role(RoleAssignment { grant, .. }) => {
            let RoleGrant { role, role_name, directory_scope, app_scope, condition } = grant;
            let known = snapshot.roles.iter().find(|live| live.grant.role.as_str().eq_ignore_ascii_case(role.as_str()));
            let name = known.map_or_else(
                || format!("a role that nobody holds now, which the state calls {role_name}"),
                |live| live.grant.role_name.clone(),
            );
            let scope = match (directory_scope.as_deref(), app_scope.as_deref()) {
                (None | Some("/"), None) => "the whole directory".to_owned(),
                (Some(scope), None) | (_, Some(scope)) => format!("scope {scope}"),
            };
            let condition = if condition.is_some() { ", under a condition" } else { "" };
            let place = format!("{scope}, {kind} {until}{condition}");
            ObjectRef { kind: "role".to_owned(), id: role.to_string(), name, place }
        }
        Holding::Group(group) => {
            let known = snapshot.role_groups.iter().find(|live| live.id == group.group);
            let held = snapshot.roles.iter().filter(|live| live.principal == group.group);
            let roles: Vec<&str> = held.map(|live| live.grant.role_name.as_str()).collect();
            let name = known.map_or("(there is no such group now)", |live| live.name.as_str()).to_owned();
            let place = format!("{kind} {until}; it brings {}", roles.join(", "));
            ObjectRef { kind: "group".to_owned(), id: group.group.to_string(), name, place }
        }
    }
}
