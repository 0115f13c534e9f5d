//! Links of groups and contacts: AD gets both sides' addresses, comes into the sync scope, and the cycle joins the two.

use super::work::Draft;
use crate::config::matchplan::AdSelector;
use crate::config::tasks::HolderSelector;
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, HolderKind};
use crate::model::recipient::AdHolder;
use crate::model::reference::AdRef;
use crate::plan::decide::Context;
use crate::plan::step::{Action, Undo};
use crate::rules::exposure::{self, Exposure};
use crate::rules::finding::{Finding, FindingCode, ObjectRef};
use crate::rules::joining::{self, Joining};
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::snapshot::document::Missing;
use crate::snapshot::question::Question;

/// How many objects a finding about an ambiguous name lists.
const SHOWN: usize = 5;

/// What is to be joined, as written.
#[derive(Clone, Copy)]
pub(super) struct Wish<'w> {
    pub(super) kind: HolderKind,
    pub(super) ad: &'w AdSelector,
    pub(super) cloud: &'w HolderSelector,
    pub(super) move_to: Option<&'w Dn>,
}

pub(super) fn plan<'a>(wish: Wish<'_>, context: &Context<'a>) -> Draft<'a> {
    // Names and ids of groups are asked of whole directories only.
    context.index.note(|| Question::Everything);
    let (ad, cloud) = match (in_ad(wish, context), in_cloud(wish, context)) {
        (Ok(ad), Ok(cloud)) => (ad, cloud),
        (ad, cloud) => {
            let findings = [ad.err(), cloud.err()].into_iter().flatten().map(|finding| *finding).collect();
            return Draft { findings, ..Draft::default() };
        }
    };
    let joins = Some((ad.guid, cloud.id));
    if joining::is_joined(ad, cloud) {
        return Draft { joins, ..Draft::default() };
    }
    if cloud.synced {
        let name = cloud.name();
        let finding = Finding::error(
            FindingCode::AlreadySynced,
            format!(
                "The {} {name} is synced already, and its primary address is not that of this AD object.",
                wish.kind
            ),
            "Link the AD object that it is synced from, or take that one out of the sync scope first, which deletes it.",
        );
        let finding = finding.about([objects::ad_holder(ad), objects::address_holder(cloud)]);
        return Draft { joins, findings: vec![finding], ..Draft::default() };
    }
    let wanted = joining::aligned(ad, cloud);
    let mut findings = joining::find(Joining { now: ad, ad: &wanted, cloud }, context.features, context.index);
    let sync = &context.config.settings.sync;
    let from = ad.dn.parent().unwrap_or_else(|| ad.dn.clone());
    let relocation = wish.move_to.filter(|to| **to != from);
    let exposure = exposure::by_place(&ad.dn, &sync.synced_ous, false);
    findings.extend(scope(ad, exposure, relocation.is_some()));
    if context.index.snapshot.tenant.sync_enabled != Some(true) {
        findings.push(Finding::error(
            FindingCode::SyncDisabled,
            "Directory synchronization is off in this tenant, so no cycle would join the two.",
            "Set up Entra Connect or Cloud Sync first.",
        ));
    }
    if wish.kind == HolderKind::Group {
        findings.push(members(ad, cloud));
    }
    let mut steps = Vec::new();
    let changes = joining::changes(ad, &wanted);
    if !changes.is_empty() {
        let effect = format!("after the cycle, changing it back changes the {} in the cloud too", wish.kind);
        steps.push((Action::Align { user: AdRef::from(ad), changes }, Undo::FlowsOn { effect }));
    }
    if let Some(to) = relocation {
        let reason =
            format!("after the cycle, moving it out of scope again would delete the {} in the cloud", wish.kind);
        steps.push((Action::Move { user: AdRef::from(ad), from, to: to.clone() }, Undo::UntilSync { reason }));
    }
    steps.push((Action::Arrival { object: cloud.into() }, Undo::Nothing));
    let primary = cloud.primary().unwrap_or_default();
    let why =
        format!("the next cycle matches the two by {primary}, and AD is the source of the {} from then on", wish.kind);
    Draft { why, steps, findings, joins, ..Draft::default() }
}

fn scope(ad: &AdHolder, exposure: Exposure, moved: bool) -> Option<Finding> {
    let kind = ad.kind;
    let finding = match exposure {
        Exposure::Staged if !moved => Finding::error(
            FindingCode::OutOfScope,
            format!("This {kind} lies outside of the synced OUs and is not moved, so no cycle would ever see it."),
            "Write `move_to = \"…\"` in this link ([defaults] is about users), or add its OU to sync.synced_ous if the engine \
             syncs it.",
        ),
        Exposure::Exposed => Finding::warning(
            FindingCode::Exposed,
            format!(
                "This {kind} is in the sync scope: a cycle may run before its addresses are complete, and make another \
                     object of it."
            ),
            "Stage it outside of the scope and write `move_to`.",
        ),
        Exposure::Unknown => Finding::warning(
            FindingCode::ExposureUnknown,
            format!("sync.synced_ous is empty, so whether a cycle may see this {kind} at any moment is unknown."),
            "List the synced OUs in matchplan.toml.",
        ),
        Exposure::Staged | Exposure::Held | Exposure::Provisioned => return None,
    };
    Some(finding.about([objects::ad_holder(ad)]))
}

fn members(ad: &AdHolder, cloud: &AddressHolder) -> Finding {
    Finding::warning(
        FindingCode::MembersFromAd,
        format!(
            "From the cycle on, the members of {} are those of the AD group that are synced: whoever is a member in the cloud \
             only, guests included, is none any more, and loses what the group gives.",
            cloud.name()
        ),
        "Compare the members of both before, and add to the AD group whoever is to stay.",
    )
    .about([objects::ad_holder(ad), objects::address_holder(cloud)])
}

/// The one object of AD that is meant.
fn in_ad<'a>(wish: Wish<'_>, context: &Context<'a>) -> Result<&'a AdHolder, Box<Finding>> {
    let Wish { kind, ad: selector, move_to, .. } = wish;
    let holders = context.index.snapshot.domains.iter().flat_map(|domain| &domain.holders);
    let answers = |holder: &&AdHolder| match selector {
        AdSelector::Sam { domain, sam } => {
            let there = domain.as_ref().is_none_or(|name| name.as_str().eq_ignore_ascii_case(holder.domain.as_str()));
            there && holder.sam.as_ref() == Some(sam)
        }
        AdSelector::Upn(address) => has(&holder.proxy_addresses, holder.mail.as_deref(), address.as_str()),
        // Where an earlier apply of this link has moved it to, it is the same.
        AdSelector::Dn(dn) => holder.dn == *dn || move_to.is_some_and(|to| dn.moved_to(to) == holder.dn),
        AdSelector::Guid(guid) => holder.guid == *guid,
    };
    let help = match (selector, kind) {
        (AdSelector::Sam { .. }, HolderKind::Contact) => {
            "A contact has no sAMAccountName: name it by its mail, DN or objectGUID."
        }
        _ => {
            "Check the spelling. A group or contact without an address, or outside of base_dn, is not read: without mail \
              nothing is matched."
        }
    };
    let missing = format!("No AD {kind} with an address answers to {selector}.");
    one(
        wish,
        selector.to_string(),
        &holders.filter(answers).collect::<Vec<_>>(),
        |holder| holder.kind.in_cloud(),
        objects::ad_holder,
        Finding::error(FindingCode::GroupMissing, missing, help),
    )
}

/// The one object of the cloud that is meant.
fn in_cloud<'a>(wish: Wish<'_>, context: &Context<'a>) -> Result<&'a AddressHolder, Box<Finding>> {
    let Wish { kind, cloud: selector, .. } = wish;
    let snapshot = context.index.snapshot;
    let part = match kind {
        HolderKind::Group => Missing::Groups,
        HolderKind::Contact => Missing::Contacts,
    };
    if let Some(gap) = snapshot.gap(part) {
        let finding = Finding::error(
            FindingCode::CouldNotBeSeen,
            format!("The {kind}s of the tenant could not be read: {}.", gap.reason.trim_end_matches('.')),
            "Grant the permission and plan again.",
        );
        return Err(finding.into());
    }
    let answers = |holder: &&AddressHolder| match selector {
        HolderSelector::Id(id) => holder.id == *id,
        HolderSelector::Mail(address) => has(&holder.proxy_addresses, holder.mail.as_deref(), address),
        HolderSelector::Name(name) => {
            holder.kind == kind
                && holder.display_name.as_ref().is_some_and(|own| own.to_lowercase() == name.to_lowercase())
        }
    };
    let missing = format!("No {kind} in the cloud answers to {selector}.");
    let help = "Check the spelling; the object id, an address or the display name is needed. A cycle gives it AD's display name.";
    one(
        wish,
        selector.to_string(),
        &snapshot.holders.iter().filter(answers).collect::<Vec<_>>(),
        |holder| Some(holder.kind),
        objects::address_holder,
        Finding::error(FindingCode::GroupMissing, missing, help),
    )
}

fn has(addresses: &crate::model::address::AddressSet, mail: Option<&str>, address: &str) -> bool {
    addresses.has_smtp(address) || mail.is_some_and(|mail| mail.eq_ignore_ascii_case(address))
}

/// The one of the kind that is meant; none is a finding, and so are several, or one of another kind.
fn one<'a, T>(
    wish: Wish<'_>,
    name: String,
    found: &[&'a T],
    kind_of: impl Fn(&T) -> Option<HolderKind>,
    object: impl Fn(&T) -> ObjectRef,
    missing: Finding,
) -> Result<&'a T, Box<Finding>> {
    let of_kind: Vec<&T> = found.iter().copied().filter(|one| kind_of(one) == Some(wish.kind)).collect();
    let finding = match (of_kind.as_slice(), found.first()) {
        ([one], _) => return Ok(one),
        ([], None) => missing,
        ([], Some(other)) => {
            let other = object(other);
            Finding::error(
                FindingCode::ObjectTypeConflict,
                format!("{name} is no {} but {} ({}).", wish.kind, other.name, other.kind),
                "Only the same kind is matched: correct `kind`, or name another object.",
            )
            .about([other])
            .microsoft(MicrosoftError::ObjectTypeMismatch)
        }
        (several, _) => Finding::error(
            FindingCode::GroupAmbiguous,
            format!("{} objects answer to {name}; the tool never guesses.", several.len()),
            "Name the one you mean by its objectGUID or object id.",
        )
        .about(several.iter().take(SHOWN).map(|one| object(one))),
    };
    Err(finding.value(name).into())
}
