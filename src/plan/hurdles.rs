//! What stands in the way of one link, besides conflicts with other objects.

use super::decide::{Context, Decision};
use super::{cautions, detour, duplicates, lint, roles, uncertain};
use crate::config::matchplan::LinkSpec;
use crate::model::ad::AdUser;
use crate::rules::exposure::{self, Exposure};
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::matching;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::rules::prediction::{Method, Prediction};

/// Adds every hurdle and caution to the decision's findings.
pub fn find(spec: &LinkSpec, aligned: &AdUser, decision: &mut Decision<'_>, context: &Context<'_>) {
    let mut findings = Vec::new();
    findings.extend(protection(decision, context));
    findings.extend(source_of_authority(decision));
    findings.extend(roles::find(spec, decision, context));
    findings.extend(immutable_id(decision, context));
    findings.extend(object_identifier(decision, context));
    findings.extend(switches(decision, context));
    findings.extend(scope(decision, context));
    findings.extend(federation(decision, context));
    findings.extend(duplicates::find(spec, decision, context));
    findings.extend(cautions::find(spec, aligned, decision, context));
    findings.extend(lint::find(aligned, decision, context));
    findings.extend(uncertain::find(aligned, decision, context));
    decision.findings.append(&mut findings);
    // That another user would be taken over is said even where the conflict behind it has been.
    let astray = matches!(decision.prediction, Prediction::WrongTarget { .. });
    if astray || !decision.findings.iter().any(|finding| finding.severity == Severity::Error) {
        decision.findings.extend(unexplained(decision, context));
    }
}

fn protection(decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    let Decision { cloud, roles, .. } = decision;
    let mut findings = Vec::new();
    if context.protected.contains(&cloud.id) {
        findings.push(
            Finding::error(
                FindingCode::ProtectedUser,
                format!("{} is protected: guard.protect in matchplan.toml says that no plan may touch it.", cloud.upn),
                "Remove this link.",
            )
            .about([objects::cloud_user(cloud)]),
        );
    }
    if context.index.snapshot.caller.as_ref().is_some_and(|caller| caller.id == cloud.id) {
        let message = format!(
            "{} is the identity that runs this tool: a link would change its password and roles under way.",
            cloud.upn
        );
        let help = "Run matchplan as another identity for this link.";
        // What its rights rest on would be taken, or could be taken by whoever controls the AD account.
        let rests = !roles.is_empty() || roles::owned_groups(decision, context).next().is_some();
        let severity = if rests { Severity::Error } else { Severity::Warning };
        findings
            .push(Finding::new(severity, FindingCode::OwnIdentity, message, help).about([objects::cloud_user(cloud)]));
    }
    findings
}

fn source_of_authority(decision: &Decision<'_>) -> Option<Finding> {
    let cloud = decision.cloud;
    (cloud.cloud_managed == Some(true)).then(|| {
        Finding::error(
            FindingCode::CloudManaged,
            format!("The source of authority of {} was moved to the cloud (isCloudManaged), so the sync never takes it over.", cloud.upn),
            "Give the source of authority back (onPremisesSyncBehavior isCloudManaged = false), then plan again.",
        )
        .about([objects::cloud_user(cloud)])
    })
}

fn immutable_id(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let Decision { cloud, anchor, method, .. } = decision;
    let held = cloud.immutable_id.as_ref().filter(|_| !cloud.has_anchor(*anchor))?;
    let owners = held.to_anchor().map_or_else(|_| Vec::new(), |other| context.index.ad_by_anchor(other));
    let finding = match (owners.first(), method) {
        (Some(owner), _) => Finding::error(
            FindingCode::ImmutableIdSet,
            format!(
                "The ImmutableID of {} is the anchor of another AD user, {}\\{}.",
                cloud.upn, owner.domain, owner.sam
            ),
            "Link that AD user instead, or clear the ImmutableID (JSON null) if it is wrong.",
        )
        .about([objects::ad_user(owner)])
        .microsoft(MicrosoftError::AttributeValueMustBeUnique),
        (None, Method::Soft) => Finding::error(
            FindingCode::ImmutableIdSet,
            format!("{} has another ImmutableID already; a soft match needs an empty one.", cloud.upn),
            "Write `match = \"hard\"`, which replaces it, or clear it (JSON null).",
        )
        .microsoft(MicrosoftError::AttributeValueMustBeUnique),
        (None, Method::Hard) => Finding::warning(
            FindingCode::ImmutableIdSet,
            format!(
                "{} has another ImmutableID, which belongs to no AD user that was read; it will be replaced.",
                cloud.upn
            ),
            "Make sure that no identity provider signs this person in by the old value.",
        ),
    };
    Some(finding.about([objects::cloud_user(cloud)]).value(held.as_str()))
}

fn object_identifier(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let Decision { ad, cloud, anchor, .. } = decision;
    let blocked = !context.features.allow_object_identifier_update && matching::foreign_identifier(cloud, ad, *anchor);
    blocked.then(|| {
        Finding::error(
            FindingCode::ObjectIdentifierSet,
            format!("{} carries the onPremisesObjectIdentifier of an earlier AD object: Entra refuses to map it anew.", cloud.upn),
            "Clear it (PATCH /beta/users/{id} with {\"onPremisesObjectIdentifier\": null}; User-OnPremisesSyncBehavior.ReadWrite.All), then plan again.",
        )
        .about([objects::cloud_user(cloud)])
        .value(cloud.object_identifier.as_deref().unwrap_or_default())
        .microsoft(MicrosoftError::AttributeUpdateNotAllowed)
    })
}

fn switches(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    match decision.method {
        Method::Hard if context.features.block_hard_match => Some(
            Finding::error(
                FindingCode::HardMatchBlocked,
                "The tenant blocks hard matches (blockCloudObjectTakeoverThroughHardMatchEnabled is on).",
                "Write `hard_match = true` under [window] in the match plan: it is switched off for exactly this apply, and \
                 on again afterwards. A soft match is not affected.",
            )
            .microsoft(MicrosoftError::InvalidHardMatch),
        ),
        Method::Soft if context.features.block_soft_match => Some(
            Finding::error(
                FindingCode::SoftMatchBlocked,
                "The tenant blocks soft matches (blockSoftMatchEnabled is on).",
                "Write `soft_match = true` under [window] in the match plan: it is switched off for exactly this apply, and \
                 on again afterwards. Or write `match = \"hard\"`.",
            )
            .microsoft(MicrosoftError::InvalidSoftMatch),
        ),
        Method::Hard | Method::Soft => None,
    }
}

fn scope(decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    let Decision { ad, method, roles, exposure, relocation, .. } = decision;
    let mut findings = Vec::new();
    if let Some(why) = exposure::excluded_by_default(ad) {
        findings.push(
            Finding::error(
                FindingCode::ExcludedFromSync,
                format!("The sync engine never looks at this AD user: {why}."),
                "Remove this link: service and system accounts are not synced.",
            )
            .about([objects::ad_user(ad)]),
        );
    }
    let sync = &context.config.settings.sync;
    let delicate = *method == Method::Hard || !roles.is_empty() || !decision.duplicates.is_empty();
    let held = sync.hold.is_some();
    let severity = if delicate && !held { Severity::Error } else { Severity::Warning };
    let finding = match exposure {
        // Where a link moves its user to is in scope: the reader of the match plan sees to that.
        Exposure::Staged if relocation.is_none() => Finding::error(
            FindingCode::OutOfScope,
            "This AD user lies outside of the synced OUs and is not moved, so no cycle would ever see it.",
            "Write `move_to = \"…\"` with a synced OU, or add its OU to sync.synced_ous if the engine syncs it.",
        ),
        Exposure::Exposed => Finding::new(
            severity,
            FindingCode::Exposed,
            "This AD user is in the sync scope: a cycle may run between the steps and see it half done.",
            "Stage the user outside of the scope and write `move_to`, or configure sync.hold and sync.release.",
        ),
        Exposure::Unknown => Finding::new(
            severity,
            FindingCode::ExposureUnknown,
            "sync.synced_ous is empty, so whether a cycle may see this AD user at any moment is unknown.",
            "List the synced OUs in matchplan.toml.",
        ),
        Exposure::Staged | Exposure::Held | Exposure::Provisioned => return findings,
    };
    findings.push(finding.about([objects::ad_user(ad)]));
    findings
}

fn federation(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let cloud = decision.cloud;
    let domain = context.index.snapshot.tenant.domain(cloud.upn.suffix()).filter(|domain| domain.federated)?;
    let finding = if let Some(name) = &decision.detour {
        return Some(detour::finding(decision, name, context));
    } else if decision.writes_anchor() {
        Finding::error(
            FindingCode::FederatedDomain,
            format!(
                "The ImmutableID of {} cannot be changed while its sign-in name is in the federated domain {}.",
                cloud.upn, domain.name
            ),
            "Write `federated = \"detour\"` in this link: for the moment of the write the user gets a name in the tenant's initial \
             domain, and its own back right after.",
        )
    } else {
        Finding::warning(
            FindingCode::FederatedDomain,
            format!(
                "{} is a federated domain; customers report that soft matches fail there, and Microsoft's documents are silent.",
                domain.name
            ),
            "Try one link first.",
        )
    };
    Some(finding.about([objects::cloud_user(cloud)]))
}

/// Whatever the prediction says that no other finding has said: nothing may fail at sync that could be seen now.
fn unexplained(decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let (why, error) = match &decision.prediction {
        // What could not be seen has a finding of its own, for this link or for the plan as a whole.
        Prediction::Linked { .. } | Prediction::Unproven { .. } => return None,
        Prediction::Error { name, why } => (why, Some(name)),
        Prediction::Duplicate { error, why } => (why, error.as_ref()),
        Prediction::WrongTarget { why }
        | Prediction::Restored { why }
        | Prediction::NotEvaluated { why }
        | Prediction::NotSynced { why } => (why, None),
    };
    let soft = decision.method == Method::Soft;
    let switched_off = context.index.features().is_some_and(|features| !features.soft_match_on_upn);
    let by_upn = switched_off && matches!(decision.prediction, Prediction::Duplicate { .. });
    let code = match &decision.prediction {
        Prediction::WrongTarget { .. } => FindingCode::WrongTarget,
        _ if soft && by_upn => FindingCode::UpnMatchOff,
        _ => FindingCode::MatchImpossible,
    };
    let help = if soft {
        "Correct that first, or write `match = \"hard\"` in this link."
    } else {
        "Correct that first, then plan again."
    };
    let finding = Finding::error(code, format!("The next cycle would not form this link: {why}."), help)
        .about([objects::ad_user(decision.ad), objects::cloud_user(decision.cloud)]);
    Some(match error {
        Some(name) => finding.microsoft(*name),
        None => finding,
    })
}
