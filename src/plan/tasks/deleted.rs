//! Users in the recycle bin: restored, or deleted for good.
//!
//! Sources: Graph v1.0 "Restore deleted item" (a value that somebody else has now makes it fail), "Permanently delete item".

use super::work::{Draft, in_the_bin};
use crate::config::matchplan::CloudSelector;
use crate::config::tasks::Irreversible;
use crate::model::cloud::Presence;
use crate::model::entra::EntraUser;
use crate::model::name::Upn;
use crate::plan::decide::Context;
use crate::plan::step::{Action, Undo};
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::objects;
use crate::snapshot::document::Missing;
use crate::snapshot::index::Holder;
use std::collections::BTreeSet;

pub(super) fn restore<'a>(selector: &CloudSelector, upn: Option<&Upn>, context: &Context<'a>) -> Draft<'a> {
    let user = match in_the_bin(selector, context) {
        Ok(Some(user)) => user,
        Ok(None) => return absent(selector, context),
        Err(ambiguous) => return Draft::blocked(*ambiguous),
    };
    let name = upn.cloned().unwrap_or_else(|| user.upn_before_deletion());
    let findings: Vec<Finding> =
        name_taken(user, &name, context).into_iter().chain(addresses_taken(user, context)).collect();
    let action = Action::Place { user: user.into(), from: Presence::RecycleBin, to: Presence::Live, upn: upn.cloned() };
    let why = format!("{name} can sign in again, with everything that it had");
    Draft { user: Some(user), why, steps: vec![(action, Undo::Inverse)], findings, ..Draft::default() }
}

pub(super) fn purge<'a>(selector: &CloudSelector, allow: &BTreeSet<Irreversible>, context: &Context<'a>) -> Draft<'a> {
    let user = match in_the_bin(selector, context) {
        Ok(Some(user)) => user,
        Ok(None) => return absent(selector, context),
        Err(ambiguous) => return Draft::blocked(*ambiguous),
    };
    let named = allow.contains(&Irreversible::Purge);
    let findings = (!named).then(|| irreversible(user)).into_iter().collect();
    let action = Action::Place { user: user.into(), from: Presence::RecycleBin, to: Presence::Gone, upn: None };
    let why = "its name, addresses, ImmutableID and SID are free for others".to_owned();
    Draft { user: Some(user), why, steps: vec![(action, never_back(user))], findings, ..Draft::default() }
}

/// Why a purge is not undone.
pub fn never_back(user: &EntraUser) -> Undo {
    Undo::Never {
        reason: format!(
            "who is deleted from the recycle bin does not come back: {} is lost with its mailbox and files",
            user.id
        ),
    }
}

/// That a purge has to be named where it is wanted.
pub fn irreversible(user: &EntraUser) -> Finding {
    Finding::error(
        FindingCode::Irreversible,
        format!(
            "{} would be deleted for good, with its mailbox and files, and nothing brings it back.",
            user.upn_before_deletion()
        ),
        "If that is right, write `allow = [\"purge\"]` in this section.",
    )
    .about([objects::cloud_user(user)])
}

/// Nobody in the recycle bin answers: restored or purged already, or never there.
fn absent<'a>(selector: &CloudSelector, context: &Context<'_>) -> Draft<'a> {
    if let Some(gap) = context.index.snapshot.gap(Missing::DeletedUsers) {
        return Draft::blocked(Finding::error(
            FindingCode::CouldNotBeSeen,
            format!("The recycle bin could not be read: {}.", gap.reason.trim_end_matches('.')),
            "Grant the permission and plan again.",
        ));
    }
    let live = match selector {
        CloudSelector::Id(id) => context.index.cloud_user(*id),
        CloudSelector::Upn(upn) => context.index.cloud_by_upn(upn).first().copied(),
    };
    let finding = Finding::warning(
        FindingCode::DeletedUserMissing,
        match live {
            Some(_) => format!("{selector} is not in the recycle bin but a live user: nothing is done."),
            None => format!("Nobody in the recycle bin answers to {selector}: nothing is done."),
        },
        "If it was restored or deleted for good already, remove this section; otherwise check the spelling, or name the \
         user by its object id.",
    );
    Draft { findings: vec![finding.about(live.map(objects::cloud_user))], ..Draft::default() }
}

fn name_taken(user: &EntraUser, name: &Upn, context: &Context<'_>) -> Option<Finding> {
    let holders = context.index.cloud_by_upn(name);
    let holder = holders.first()?;
    Some(
        Finding::error(
            FindingCode::UpnConflict,
            format!("{} has the sign-in name {name} now, so the user cannot be restored under it.", holder.id),
            "Write `upn = \"…\"` in this section with a name that is free, or rename the other user first.",
        )
        .about([objects::cloud_user(user), objects::cloud_user(holder)])
        .value(name.as_str()),
    )
}

fn addresses_taken(user: &EntraUser, context: &Context<'_>) -> Vec<Finding> {
    let taken = |key: String| {
        let holders = context.index.holders_of(&key);
        let other = holders.into_iter().find(|holder| match holder {
            Holder::User(other) => other.id != user.id,
            Holder::Other(_) | Holder::Recipient(_) => true,
            Holder::Ad(_) | Holder::AdOther(_) | Holder::Deleted(_) => false,
        })?;
        Some((key, objects::holder(&other)))
    };
    let taken = user.proxy_addresses.iter().filter_map(|address| taken(address.conflict_key()));
    taken
        .map(|(address, holder)| {
            Finding::error(
                FindingCode::AddressConflict,
                format!("{} has {address} now, so Entra would not restore the user with it.", holder.name),
                "Remove the address from that object first.",
            )
            .about([objects::cloud_user(user), holder])
            .value(address)
        })
        .collect()
}
