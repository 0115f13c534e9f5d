//! What the cloud user's roles mean for its link: whether they may be taken, whether they would come back, what else
//! goes with a group.
//!
//! Sources: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (a role holder is not matched, be the
//! role assigned or eligible); "Use Microsoft Entra groups to manage role assignments".

use super::decide::{Context, Decision};
use crate::config::matchplan::{LinkSpec, RolesChoice};
use crate::model::role::{GroupMembership, Holding, RoleGroup};
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::rules::prediction::Method;
use crate::rules::restorable::{Restorable, restorable};
use crate::snapshot::document::Missing;

/// Everything that is to be said about one link's roles.
pub fn find(spec: &LinkSpec, decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(unseen(decision, context));
    findings.extend(refused(spec, decision, context));
    if decision.restore {
        findings.extend(decision.roles.iter().filter_map(|holding| way_back(holding, decision, context)));
    }
    findings.extend(owned(decision, context));
    findings.extend(decision.roles.iter().filter_map(|holding| match holding {
        Holding::Group(group) => left_behind(group, decision, context),
        Holding::Role(_) => None,
    }));
    findings
}

/// The role-assignable groups that hold a role and that the decision's user owns.
pub fn owned_groups<'a>(decision: &Decision<'_>, context: &Context<'a>) -> impl Iterator<Item = &'a RoleGroup> {
    let (snapshot, user) = (context.index.snapshot, decision.cloud.id);
    let holds = |group: &&RoleGroup| snapshot.roles.iter().any(|role| role.principal == group.id);
    snapshot.role_groups.iter().filter(move |group| group.owners.contains(&user)).filter(holds)
}

fn unseen(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let gap = context.index.snapshot.gap(Missing::Roles)?;
    let lifted = context.allows(FindingCode::RolesUnseen);
    Some(Finding::new(
        if lifted { Severity::Warning } else { Severity::Error },
        FindingCode::RolesUnseen,
        format!(
            "Whether {} holds a role could not be seen: {}. Entra does not match role holders.",
            decision.cloud.upn, gap.reason
        ),
        "Grant RoleManagement.Read.Directory, or go on without knowing: --allow roles-unseen.",
    ))
}

fn refused(spec: &LinkSpec, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let cloud = decision.cloud;
    let held = context.index.holdings_of(cloud.id);
    (spec.roles == RolesChoice::Refuse && !held.is_empty()).then(|| {
        let names: Vec<String> = held.iter().map(ToString::to_string).collect();
        let error = match decision.method {
            Method::Hard => MicrosoftError::InvalidHardMatch,
            Method::Soft => MicrosoftError::ExistingAdminRoleConflict,
        };
        Finding::error(
            FindingCode::HoldsRoles,
            format!("{} holds {}: Entra does not match an AD user with a role holder.", cloud.upn, names.join(", ")),
            "Write `roles = \"suspend\"` in this link: the roles are taken, the link is formed, the roles are given back.",
        )
        .about([objects::cloud_user(cloud)])
        .about(held.iter().filter_map(through))
        .microsoft(error)
    })
}

fn through(holding: &Holding) -> Option<crate::rules::finding::ObjectRef> {
    match holding {
        Holding::Group(group) => Some(objects::role_group(group.group, &group.group_name)),
        Holding::Role(_) => None,
    }
}

/// A role is taken for a time only if it is proven that it can be given back.
fn way_back(holding: &Holding, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let (upn, snapshot) = (&decision.cloud.upn, context.index.snapshot);
    let finding = match restorable(holding, &snapshot.role_policies, &snapshot.gaps, context.now) {
        Restorable::Proven => return None,
        Restorable::Unmet(why) => Finding::error(
            FindingCode::RestoreImpossible,
            format!("{holding} could be taken from {upn}, but not given back: {}.", why.join("; ")),
            "Change the role's settings in Privileged Identity Management for the time of the match, or give this role up \
             first and write `roles = \"remove\"` in this link.",
        ),
        Restorable::Unseen(why) => Finding::new(
            if context.allows(FindingCode::UnprovenRestore) { Severity::Warning } else { Severity::Error },
            FindingCode::UnprovenRestore,
            format!("Whether {holding} could be given back to {upn} could not be seen: {}.", why.join("; ")),
            "Grant RoleManagementPolicy.Read.Directory (for groups RoleManagementPolicy.Read.AzureADGroup) and plan again; \
             or, if you know that it can be given back, go on: --allow unproven-restore.",
        ),
    };
    Some(finding.about([objects::cloud_user(decision.cloud)]).about(through(holding)))
}

/// Owning is not holding, but an owner can add itself at any time, and is a sensitive account.
fn owned(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let groups: Vec<&RoleGroup> = owned_groups(decision, context).collect();
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    (!groups.is_empty()).then(|| {
        Finding::warning(
            FindingCode::OwnsRoleGroup,
            format!(
                "{} owns {}, which {} a role: an owner can become a member at any time, and from the match on whoever \
                 controls the AD account can do so.",
                decision.cloud.upn,
                names.join(", "),
                if groups.len() == 1 { "holds" } else { "hold" },
            ),
            "Take the ownership away for good unless this person must have it; nobody adds members before the match.",
        )
        .about([objects::cloud_user(decision.cloud)])
        .about(groups.iter().map(|group| objects::role_group(group.id, &group.name)))
    })
}

/// What goes with a membership besides the role, before anybody leaves the group.
fn left_behind(group: &GroupMembership, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let snapshot = context.index.snapshot;
    let upn = &decision.cloud.upn;
    let about = [objects::cloud_user(decision.cloud), objects::role_group(group.group, &group.group_name)];
    if let Some(gap) = snapshot.gap(Missing::GroupUses) {
        let finding = Finding::warning(
            FindingCode::CouldNotBeSeen,
            format!(
                "{upn} leaves the group {}; what else its members have by it could not be seen: {}.",
                group.group_name,
                gap.reason.trim_end_matches('.')
            ),
            "Look by hand for licences, Conditional Access policies and app roles of this group.",
        );
        return Some(finding.about(about));
    }
    let uses = &snapshot.role_groups.iter().find(|known| known.id == group.group)?.uses;
    (!uses.is_empty()).then(|| {
        let time = if decision.restore && group.member.kind != crate::model::role::RoleKind::Activated {
            "for the time of the match"
        } else {
            "for good"
        };
        Finding::warning(
            FindingCode::GroupCarriesMore,
            format!(
                "{upn} leaves the group {} {time}, and with it goes more than the role: {}.",
                group.group_name,
                uses.join("; ")
            ),
            "Make sure that the person can do without for that time: a licence that is missing longer deletes data, and \
             whoever is not left out of a Conditional Access policy any more may be locked out.",
        )
        .about(about)
    })
}
