//! What the credential may do, and the guards.
//!
//! Sources: the permission tables of the Graph reference; Microsoft, "Who can perform sensitive actions" (Entra role-based
//! access control), "Microsoft Entra built-in roles" (template ids).

use super::facts::Facts;
use super::{Area, Check, Point, plural};
use crate::config::matchplan::{MatchChoice, RolesChoice};
use crate::model::granted::Granted;
use crate::model::id::ObjectId;
use crate::model::role::{
    GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, RoleKind,
    USER_ADMINISTRATOR,
};
use crate::plan::resolve;
use crate::snapshot::document::{Missing, Snapshot};
use crate::snapshot::index::Index;
use std::collections::BTreeSet;

const READING: Point = Point(Area::Access, "permissions-read", "everything that planning looks at can be read");
const PIM: Point = Point(Area::Access, "pim", "PIM's eligible roles and policies can be seen");
const ANCHORING: Point = Point(Area::Access, "permissions-apply", "the credential may set ImmutableIDs");
const ROLES: Point = Point(Area::Access, "permissions-roles", "the credential may take and give roles");
const CALLER: Point = Point(Area::Access, "caller", "whose credential this is");
const PROTECT: Point = Point(Area::Access, "protect", "every protected user exists");
const ADMINS: Point = Point(Area::Access, "global-admins", "enough Global Administrators stay");

/// What only PIM, with its licence, can show.
const OF_PIM: [Missing; 2] = [Missing::PimSchedules, Missing::RolePolicies];

pub(super) fn access(facts: &Facts<'_>, index: Option<&Index<'_>>) -> Vec<Check> {
    let (Ok(cloud), Some(index)) = (&facts.cloud, index) else { return Vec::new() };
    vec![
        caller(cloud),
        reading(cloud),
        pim(cloud),
        anchoring(facts, cloud),
        roles(facts, cloud),
        protect(facts, index),
        admins(facts, cloud, index),
    ]
}

fn caller(cloud: &Snapshot) -> Check {
    match &cloud.caller {
        Some(caller) => CALLER.pass(format!("{} ({})", caller.name, caller.id)),
        None => CALLER.cannot_tell(
            "the access token does not say whom it speaks for",
            "Then no plan can keep this identity's own roles from being taken; use a credential that says so.",
        ),
    }
}

/// What was really refused says more than any list of permissions.
fn reading(cloud: &Snapshot) -> Check {
    let refused: Vec<String> = cloud
        .gaps
        .iter()
        .filter(|gap| !OF_PIM.contains(&gap.what) && gap.what != Missing::Caller)
        .map(|gap| gap.reason.clone())
        .collect();
    READING.unless(
        &refused,
        "nothing was refused",
        "Grant what is named; without it, plans say \"could not be seen\" where they should say yes or no.",
    )
}

fn pim(cloud: &Snapshot) -> Check {
    match OF_PIM.into_iter().find_map(|what| cloud.gap(what)) {
        None => PIM.pass("they were read"),
        Some(gap) => PIM.cannot_tell(
            gap.reason.as_str(),
            "Without a licence (Entra ID P2 or Governance) there is nothing to see; otherwise grant the permission that is \
             named. An eligible role blocks a match as an active one does.",
        ),
    }
}

/// The directory roles that the caller is known to hold over the whole tenant: by the token, and by its assignments.
fn held(granted: &Granted, cloud: &Snapshot) -> BTreeSet<String> {
    let me: Option<ObjectId> = cloud.caller.as_ref().map(|caller| caller.id);
    let assigned = cloud.roles.iter().filter(|role| {
        Some(role.principal) == me
            && role.kind != RoleKind::Eligible
            && role.grant.directory_scope.as_deref() == Some("/")
    });
    let assigned = assigned.map(|role| role.grant.role.as_str().to_lowercase());
    granted.role_templates.iter().map(|id| id.to_lowercase()).chain(assigned).collect()
}

/// The token, or the verdict that there is nothing to see in it.
pub(super) fn token<'a>(point: Point, facts: &'a Facts<'_>) -> Result<&'a Granted, Box<Check>> {
    let help = "The first write will show it: begin with one pilot user.";
    match &facts.granted {
        Ok(Some(granted)) => Ok(granted),
        Ok(None) => Err(Box::new(point.cannot_tell("the access token does not show its permissions", help))),
        Err(why) => Err(Box::new(point.cannot_tell(why.as_str(), help))),
    }
}

fn anchoring(facts: &Facts<'_>, cloud: &Snapshot) -> Check {
    if facts.links().is_some_and(|links| links.iter().all(|link| link.matching == MatchChoice::Soft)) {
        return ANCHORING.pass("every link is a soft match, which writes nothing to the cloud");
    }
    let granted = match token(ANCHORING, facts) {
        Ok(granted) => granted,
        Err(check) => return *check,
    };
    if !granted.permits(&["User.ReadWrite.All", "Directory.ReadWrite.All"]) {
        return ANCHORING.fail(
            "the token carries neither User.ReadWrite.All nor Directory.ReadWrite.All",
            "Grant User.ReadWrite.All to the application that matchplan signs in with, with admin consent.",
        );
    }
    let held = held(granted, cloud);
    let has = |role: &str| held.contains(role);
    let help = "The ImmutableID is a sensitive property: assign User Administrator to the identity (to the service principal \
                itself, for an application), or Privileged Authentication Administrator if linked users hold roles.";
    if has(GLOBAL_ADMINISTRATOR) || has(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR) {
        return ANCHORING.pass("permission and role reach all users, role holders included");
    }
    if has(USER_ADMINISTRATOR) {
        return ANCHORING.pass("permission and role reach users without privileged roles").help(help);
    }
    if cloud.gap(Missing::Roles).is_some() {
        return ANCHORING
            .cannot_tell("the permission is there; which directory roles the identity holds was not readable", help);
    }
    ANCHORING.fail("the permission is there, but no directory role that reaches ImmutableIDs", help)
}

fn roles(facts: &Facts<'_>, cloud: &Snapshot) -> Check {
    let taking = facts.links().map(|links| links.iter().any(|link| link.roles != RolesChoice::Refuse));
    if taking == Some(false) {
        return ROLES.pass("no link takes a role");
    }
    let granted = match token(ROLES, facts) {
        Ok(granted) => granted,
        Err(check) => return *check,
    };
    let help = "Grant RoleManagement.ReadWrite.Directory; a signed-in user also needs Privileged Role Administrator.";
    let permitted = granted.permits(&["RoleManagement.ReadWrite.Directory"]);
    let held = held(granted, cloud);
    // An application acts by its permission alone.
    let ranked =
        granted.app_only || held.contains(GLOBAL_ADMINISTRATOR) || held.contains(PRIVILEGED_ROLE_ADMINISTRATOR);
    match (permitted, ranked) {
        (true, true) => ROLES.pass("it may"),
        _ if taking.is_none() => ROLES.pass("it may not, and without a match plan nothing asks for it").help(help),
        (false, _) => {
            ROLES.fail("the token does not carry RoleManagement.ReadWrite.Directory, and links take roles", help)
        }
        (true, false) if cloud.gap(Missing::Roles).is_some() => ROLES
            .cannot_tell("the permission is there; which directory roles the identity holds was not readable", help),
        (true, false) => {
            ROLES.fail("the permission is there, but neither Privileged Role nor Global Administrator", help)
        }
    }
}

fn protect(facts: &Facts<'_>, index: &Index<'_>) -> Check {
    let wanted = &facts.settings.guard.protect;
    let (found, missing) = resolve::protected(wanted, index);
    if wanted.is_empty() {
        return PROTECT.fail(
            "`protect` in [guard] names nobody",
            "Name the emergency access accounts there: no plan touches them then.",
        );
    }
    let wrong: Vec<String> = missing.into_iter().map(|finding| finding.message).collect();
    let help = "Correct the entries in [guard] of matchplan.toml.";
    PROTECT.unless(&wrong, plural(found.len(), "user"), help)
}

/// Those that a plan counts on: enabled, directly and permanently active over the whole tenant, and not linked by it.
fn admins(facts: &Facts<'_>, cloud: &Snapshot, index: &Index<'_>) -> Check {
    if let Some(gap) = cloud.gap(Missing::Roles) {
        return ADMINS.cannot_tell(gap.reason.as_str(), "Grant RoleManagement.Read.Directory.");
    }
    let linked: BTreeSet<ObjectId> = facts
        .links()
        .unwrap_or_default()
        .iter()
        .filter_map(|link| resolve::cloud_user(&link.cloud, index).ok())
        .map(|user| user.id)
        .collect();
    let staying: BTreeSet<ObjectId> = cloud
        .roles
        .iter()
        .filter(|role| role.kind == RoleKind::Active && role.ends.is_none() && role.grant.is_global_administrator())
        .map(|role| role.principal)
        .filter(|id| !linked.contains(id))
        .filter(|id| index.cloud_user(*id).is_some_and(|user| user.account_enabled == Some(true)))
        .collect();
    let needed = facts.settings.guard.min_global_admins as usize;
    let seen = format!(
        "{} outside of the match plan, enabled and permanently active; `min_global_admins` is {needed}",
        plural(staying.len(), "Global Administrator")
    );
    if staying.len() >= needed {
        ADMINS.pass(seen)
    } else {
        ADMINS.fail(
            seen,
            "Make another one, or take one of the linked users out of the match plan; two are the least to have.",
        )
    }
}
