//! The detour of users whose sign-in name is in a federated domain: Entra does not let their ImmutableID change, so for the
//! moment of the write they get a name in the tenant's initial domain, which is managed.
//!
//! Sources: Graph, "user resource type" (a federated user needs an ImmutableID); customers' reports that a change is refused
//! with "You must provide a required property: FederatedUser.SourceAnchor", and of this way around it.

use super::decide::{Context, Decision};
use crate::config::matchplan::{FederatedChoice, LinkSpec};
use crate::model::cloud::{EntraAttribute, EntraChange};
use crate::model::entra::EntraUser;
use crate::model::name::Upn;
use crate::plan::step::Action;
use crate::rules::aftermath::prefix;
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::objects;

/// The name for that moment, where the link asks for it and needs it.
pub fn name(spec: &LinkSpec, decision: &Decision<'_>, context: &Context<'_>) -> Option<Upn> {
    let tenant = &context.index.snapshot.tenant;
    let upn = &decision.cloud.upn;
    let federated = tenant.domain(upn.suffix()).is_some_and(|domain| domain.federated);
    let initial = tenant.initial_domain()?;
    (spec.federated == FederatedChoice::Detour && federated && decision.writes_anchor())
        .then(|| format!("{}@{}", prefix(upn.as_str()), initial.name).into())
}

/// What is to be read before, or why the name cannot be had.
pub fn finding(decision: &Decision<'_>, name: &Upn, context: &Context<'_>) -> Finding {
    let cloud = decision.cloud;
    if let Some(holder) = context.index.cloud_by_upn(name).into_iter().find(|holder| holder.id != cloud.id) {
        return Finding::error(
            FindingCode::UpnConflict,
            format!("{} would be {name} while its ImmutableID is written, and another user has that name.", cloud.upn),
            "Rename the other user, or give this one a name in a managed domain by hand for the time of the match.",
        )
        .about([objects::cloud_user(cloud), objects::cloud_user(holder)])
        .value(name.as_str());
    }
    Finding::warning(
        FindingCode::SignInNameDetour,
        format!(
            "For the moment in which its ImmutableID is written, {} is {name}: whoever signs in just then may be refused, and \
             sessions may end.",
            cloud.upn
        ),
        "Apply outside of working hours. The name goes back in the next step, also if the write fails.",
    )
    .about([objects::cloud_user(cloud)])
    .value(name.as_str())
}

/// The step from one name to the other.
pub fn step(user: &EntraUser, from: &Upn, to: &Upn) -> Action {
    let change = EntraChange {
        attribute: EntraAttribute::UserPrincipalName,
        expects: Some(from.to_string()),
        sets: Some(to.to_string()),
    };
    Action::Amend { user: user.into(), changes: vec![change] }
}
