//! Unlinking: a cloud user forgets its AD user.
//!
//! Sources: Microsoft, "Transfer user source of authority" (what has to be the case, and the way back); "Clear on-premises
//! attributes for cloud-only users" (the seven attributes, JSON null, what can be set back); "Microsoft Entra Connect Sync:
//! Prevent accidental deletes"; "Understanding errors during Microsoft Entra synchronization" (who leaves the scope is
//! soft-deleted, and not converted).

use super::work::{Draft, Task};
use crate::config::matchplan::{AdSelector, CloudSelector};
use crate::config::tasks::UnlinkSpec;
use crate::model::ad::AdUser;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, Residues};
use crate::model::dn::Dn;
use crate::model::entra::EntraUser;
use crate::model::reference::{AdRef, EntraRef};
use crate::plan::decide::Context;
use crate::plan::resolve::{self, Hint};
use crate::plan::step::{Action, Undo};
use crate::rules::exposure::{self, Exposure};
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::objects;

/// Microsoft's own threshold, where the tenant's could not be read.
const USUAL_THRESHOLD: u32 = 500;

pub(super) fn plan<'a>(
    cloud: &CloudSelector,
    method: &UnlinkSpec,
    context: &Context<'a>,
    residues: &Residues,
) -> Draft<'a> {
    let user = match resolve::cloud_user(cloud, context.index) {
        Ok(user) => user,
        Err(missing) => return Draft::blocked(*missing),
    };
    let draft = match method {
        UnlinkSpec::SourceOfAuthority => authority(user, context),
        UnlinkSpec::Clear => clear(user, context, residues),
        UnlinkSpec::RecycleBin { ad, move_to } => recycle_bin(user, ad, move_to, context, residues),
    };
    Draft { user: Some(user), ..draft }
}

fn authority<'a>(user: &EntraUser, context: &Context<'_>) -> Draft<'a> {
    if user.cloud_managed == Some(true) && !user.is_synced() {
        return Draft::default();
    }
    if !user.is_synced() {
        return Draft::blocked(
            Finding::error(
                FindingCode::NotSynced,
                format!("{} is not synced, so there is no source of authority to move.", user.upn),
                "Write `method = \"clear\"` if it is to forget an AD user that it was linked with.",
            )
            .about([objects::cloud_user(user)]),
        );
    }
    let domain = context.index.snapshot.tenant.domain(user.upn.suffix()).filter(|domain| domain.federated);
    if let Some(domain) = domain {
        return Draft::blocked(
            Finding::error(
                FindingCode::FederatedDomain,
                format!(
                    "{} signs in through the federation of {}, and Microsoft does not support moving such users: AD would \
                     still be asked for the password.",
                    user.upn, domain.name
                ),
                "Convert the domain to managed authentication first.",
            )
            .about([objects::cloud_user(user)]),
        );
    }
    let effect =
        "the next sync cycle makes AD the source again, and what was changed in the cloud meanwhile is replaced";
    let ready = Finding::warning(
        FindingCode::AuthorityPrerequisites,
        format!(
            "From now on AD's changes do not reach {}. Nothing here can see whether that is right: no on-premises Exchange \
             mailbox, no application that needs the AD account, no HR feed into AD for this person; Connect Sync 2.5.76.0 \
             or Cloud Sync agent 1.1.1370.0 or newer.",
            user.upn
        ),
        "Check these, let a sync finish first, and leave the AD user in the sync scope: taking it out before deletes the \
         cloud user.",
    );
    Draft {
        why: "the cloud becomes the source of authority; the AD account stays as it is".to_owned(),
        steps: vec![(
            Action::Authority { user: user.into(), expects: false, sets: true },
            Undo::FlowsOn { effect: effect.to_owned() },
        )],
        findings: vec![ready.about([objects::cloud_user(user)])],
        ..Draft::default()
    }
}

fn clear<'a>(user: &EntraUser, context: &Context<'_>, residues: &Residues) -> Draft<'a> {
    if user.is_synced() {
        return Draft::blocked(
            Finding::error(
                FindingCode::StillSynced,
                format!("{} is synced, and Graph refuses to clear what the sync engine owns.", user.upn),
                "Write `method = \"source-of-authority\"`, which unlinks a synced user without deleting it; or `\"recycle-bin\"`, \
                 the older way.",
            )
            .about([objects::cloud_user(user)]),
        );
    }
    let step = match cleared(user, residues) {
        Ok(Some(step)) => step,
        Ok(None) => return Draft::default(),
        Err(unseen) => return Draft::blocked(*unseen),
    };
    let mut findings: Vec<Finding> =
        [federated(user, context), comes_back(user, context), converted(user)].into_iter().flatten().collect();
    findings.extend(stamp_is_lost(user, &step.0));
    Draft {
        why: "nothing in the cloud points to AD any more, and no cycle matches the user by what it was".to_owned(),
        steps: vec![step],
        findings,
        ..Draft::default()
    }
}

/// The step that clears everything that has a value; `None` if nothing has.
fn cleared(user: &EntraUser, residues: &Residues) -> Result<Option<(Action, Undo)>, Box<Finding>> {
    let Some(residue) = residues.get(&user.id) else {
        return Err(Box::new(
            Finding::error(
                FindingCode::ResidueUnseen,
                format!("What {} remembers of AD could not be read, so what would be cleared is not known.", user.upn),
                "Plan from the live directories: a snapshot does not hold these attributes.",
            )
            .about([objects::cloud_user(user)]),
        ));
    };
    let changes: Vec<EntraChange> = EntraAttribute::ON_PREMISES
        .into_iter()
        .filter_map(|attribute| {
            let value = residue.get(&attribute).cloned().flatten()?;
            Some(EntraChange { attribute, expects: Some(value), sets: None })
        })
        .collect();
    let clear = |changes| (Action::Amend { user: user.into(), changes }, Undo::Inverse);
    Ok((!changes.is_empty()).then(|| clear(changes)))
}

fn federated(user: &EntraUser, context: &Context<'_>) -> Option<Finding> {
    let domain = context.index.snapshot.tenant.domain(user.upn.suffix()).filter(|domain| domain.federated)?;
    user.immutable_id.as_ref()?;
    Some(
        Finding::error(
            FindingCode::FederatedDomain,
            format!(
                "The ImmutableID of {} cannot be cleared while its sign-in name is in the federated domain {}.",
                user.upn, domain.name
            ),
            "Give the cloud user a sign-in name in a managed domain first.",
        )
        .about([objects::cloud_user(user)]),
    )
}

/// An AD user in scope that the next cycle would match with the cloud user again, or make a second user of.
fn comes_back(user: &EntraUser, context: &Context<'_>) -> Option<Finding> {
    let by_anchor = user.immutable_id.as_ref().and_then(|id| id.to_anchor().ok());
    let by_anchor = by_anchor.map(|anchor| context.index.ad_by_anchor(anchor)).unwrap_or_default();
    let by_sid = user.security_identifier.as_ref().and_then(|sid| context.index.ad_by_sid(sid));
    let seen = |ad: &&AdUser| context.exposure(ad) != Exposure::Staged;
    let ad = by_anchor.into_iter().chain(by_sid).find(seen)?;
    Some(
        Finding::error(
            FindingCode::ComesBack,
            format!(
                "{}\\{} has the anchor or SID of {} and is, or may be, in the sync scope: the next cycle would take the user \
                 over again, or make a second one beside it.",
                ad.domain, ad.sam, user.upn
            ),
            "Take the AD user out of the sync scope first, and let a cycle run.",
        )
        .about([objects::ad_user(ad), objects::cloud_user(user)]),
    )
}

fn converted(user: &EntraUser) -> Option<Finding> {
    (user.cloud_managed == Some(true)).then(|| {
        Finding::warning(
            FindingCode::CloudManaged,
            format!(
                "The source of authority of {} was moved to the cloud. What is cleared now is what the way back needs.",
                user.upn
            ),
            "Go on only if AD is never to be its source again.",
        )
        .about([objects::cloud_user(user)])
    })
}

fn stamp_is_lost(user: &EntraUser, action: &Action) -> Option<Finding> {
    let Action::Amend { changes, .. } = action else { return None };
    changes.iter().any(|change| !change.attribute.can_return()).then(|| {
        Finding::new(
            crate::rules::finding::Severity::Info,
            FindingCode::ObjectIdentifierSet,
            format!(
                "onPremisesObjectIdentifier of {} is cleared, too, and a rollback cannot set it again: Graph takes only null, \
                 and the next sync stamps a fresh value. The write needs User-OnPremisesSyncBehavior.ReadWrite.All, on the \
                 beta endpoint.",
                user.upn
            ),
            "Nothing: without it, a later hard match would be refused with AttributeUpdateNotAllowed.",
        )
        .about([objects::cloud_user(user)])
    })
}

fn recycle_bin<'a>(
    user: &EntraUser,
    ad: &AdSelector,
    move_to: &Dn,
    context: &Context<'_>,
    residues: &Residues,
) -> Draft<'a> {
    let ad = match resolve::ad_user(ad, context.index, Hint::Search) {
        Ok(ad) => ad,
        Err(missing) => return Draft::blocked(*missing),
    };
    let refuse = |code, message: String, help: &str| {
        Draft::blocked(Finding::error(code, message, help).about([objects::ad_user(ad), objects::cloud_user(user)]))
    };
    if !user.is_synced() {
        return refuse(
            FindingCode::NotSynced,
            format!("{} is not synced, so no cycle would delete it.", user.upn),
            "Write `method = \"clear\"`.",
        );
    }
    let ours = ad.anchor(context.source_anchor(&ad.domain)).is_ok_and(|anchor| user.has_anchor(anchor));
    if !ours || user.security_identifier.as_ref().is_some_and(|sid| *sid != ad.sid) {
        return refuse(
            FindingCode::NotLinked,
            format!(
                "{} is not linked with {}\\{}: moving that AD user would delete somebody else.",
                user.upn, ad.domain, ad.sam
            ),
            "Name the AD user that has the cloud user's ImmutableID; `matchplan anchor` converts it.",
        );
    }
    let scope = &context.config.settings.sync.synced_ous;
    if scope.is_empty() || exposure::in_scope(move_to, scope) {
        return refuse(
            FindingCode::ComesBack,
            format!(
                "{move_to} is in the sync scope, or sync.synced_ous does not say what is, so the cycle would delete nobody."
            ),
            "Name an OU outside of sync.synced_ous.",
        );
    }
    if !context.index.holdings_of(user.id).is_empty() {
        return refuse(
            FindingCode::HoldsRoles,
            format!("{} holds a role, and would be without it while it lies in the recycle bin.", user.upn),
            "Write `method = \"source-of-authority\"`, which deletes nobody.",
        );
    }
    let clear = match cleared(user, residues) {
        Ok(clear) => clear,
        Err(unseen) => return Draft::blocked(*unseen),
    };
    let from = ad.dn.parent().unwrap_or_else(|| ad.dn.clone());
    let mut steps = Vec::new();
    if from != *move_to {
        let effect =
            "the next sync cycle links the cloud user with it again, as long as the ImmutableID is there".to_owned();
        steps.push((Action::Move { user: AdRef::from(ad), from, to: move_to.clone() }, Undo::FlowsOn { effect }));
    }
    let user_ref = EntraRef::from(user);
    steps.push((Action::Departure { user: user_ref.clone() }, Undo::Nothing));
    let back = Action::Place { user: user_ref, from: Presence::RecycleBin, to: Presence::Live, upn: None };
    // A rollback does not delete the user again: it gives back what was cleared, and the AD user.
    steps.push((back, Undo::Nothing));
    let mut findings: Vec<Finding> = clear.iter().filter_map(|(action, _)| stamp_is_lost(user, action)).collect();
    findings.push(
        Finding::warning(
            FindingCode::DeletedForAWhile,
            format!(
                "{} is deleted from the cycle until it is restored: the person cannot work in the cloud for that time, and \
                 everybody sees the user gone.",
                user.upn
            ),
            "`method = \"source-of-authority\"` unlinks without deleting; take this way only where that is not supported.",
        )
        .about([objects::cloud_user(user)]),
    );
    steps.extend(clear);
    Draft {
        why: "the AD user leaves the sync scope, the cycle deletes the cloud user, and it is restored and cleared"
            .to_owned(),
        steps,
        findings,
        ..Draft::default()
    }
}

/// More deletions in one cycle than the engine's threshold stop its export as a whole.
pub(super) fn count_deletions(tasks: &mut [Task], context: &Context<'_>) {
    let deletes = |task: &Task| task.steps.iter().any(|(action, _)| matches!(action, Action::Departure { .. }));
    let count = tasks.iter().filter(|task| deletes(task)).count();
    let threshold = context.index.snapshot.tenant.deletion_threshold.unwrap_or(USUAL_THRESHOLD);
    if u32::try_from(count).unwrap_or(u32::MAX) <= threshold {
        return;
    }
    for task in tasks.iter_mut().filter(|task| deletes(task)) {
        task.findings.push(Finding::error(
            FindingCode::DeletionThreshold,
            format!(
                "{count} cloud users would be deleted by one sync cycle, and the tenant's accidental-delete prevention stops \
                 the whole export at more than {threshold}."
            ),
            "Unlink fewer users at a time, or write `method = \"source-of-authority\"`.",
        ));
    }
}
