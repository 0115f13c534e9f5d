//! The way back from what a cycle made in place of a link: steps in the order in which they must be done.
//!
//! The order is the point. A match is evaluated only for an object that is new to the cloud, so what the AD user has
//! there now must go first; and as long as it lies in the recycle bin, the same anchor restores it, so it must be purged
//! before the AD user comes into scope again.

use super::aftermath::{Aftermath, Diagnosis, Reason, Rival, Wanted, words};
use super::microsoft::MicrosoftError;

/// A diagnosis in words. `missing` are the marks that the wanted user lacks.
pub(super) fn told(wanted: &Wanted, aftermath: Aftermath, missing: &[String], reason: Option<Reason>) -> Diagnosis {
    let found = found(wanted, &aftermath, missing);
    let way_back = way_back(wanted, &aftermath, reason.as_ref().and_then(|(error, _)| *error));
    let microsoft_error = reason.as_ref().and_then(|(error, _)| *error);
    Diagnosis { aftermath, microsoft_error, found, cause: reason.map(|(_, cause)| cause), way_back }
}

fn found(wanted: &Wanted, aftermath: &Aftermath, missing: &[String]) -> String {
    let Wanted { ad, cloud, .. } = wanted;
    match aftermath {
        Aftermath::Formed => format!("{ad} and {cloud} are linked"),
        Aftermath::LinkedElsewhere { rival } => {
            format!("{ad} was linked with another user, {rival}, which carries {} now", rival.carries())
        }
        Aftermath::QuarantinedDuplicate { rival, original } => format!(
            "Entra made a second user beside {cloud}: the quarantined duplicate {rival}, which was to be called \
             {original} and carries {}",
            rival.carries()
        ),
        Aftermath::Duplicate { rival } => {
            format!("{ad} has another cloud user, {rival}, which is synced and carries {}", rival.carries())
        }
        Aftermath::Restored { rival } => {
            format!(
                "Entra restored the soft-deleted user {rival}, which carries {}, in place of the match",
                rival.carries()
            )
        }
        Aftermath::Claimed { rival } => {
            format!("{rival}, which is not synced, carries {} of {ad}", rival.carries())
        }
        Aftermath::InRecycleBin { rival } => {
            format!("the soft-deleted user {rival} carries {} of {ad}", rival.carries())
        }
        Aftermath::Contested { rival } => {
            format!("{cloud} is linked, but {rival} carries {} as well", rival.carries())
        }
        Aftermath::Recorded { errors } => {
            let errors: Vec<String> = errors.iter().map(words).collect();
            format!("{cloud} is not linked and carries provisioning errors: {}", errors.join("; "))
        }
        Aftermath::Gone => format!("{cloud} is not there any more"),
        Aftermath::NothingYet => {
            format!("no cloud user carries the anchor or the SID of {ad} ({})", missing.join("; "))
        }
    }
}

fn way_back(wanted: &Wanted, aftermath: &Aftermath, error: Option<MicrosoftError>) -> Vec<String> {
    let Wanted { ad, cloud, .. } = wanted;
    let out_of_scope = format!(
        "Keep {ad} out of the sync scope (in an OU that is not synced) and let a cycle run: Entra then puts what {ad} has \
         in the cloud into the recycle bin."
    );
    let again = format!(
        "Type `matchplan plan`: when it shows no finding for {ad} any more, `matchplan apply` brings it into scope as an \
         object that is new to the cloud, and Entra evaluates the match."
    );
    let cause = mend(wanted, error);
    match aftermath {
        Aftermath::Formed => vec!["`matchplan apply` goes on and ends the link.".to_owned()],
        Aftermath::QuarantinedDuplicate { rival, .. } | Aftermath::Duplicate { rival } => {
            let mut steps = vec![
                format!("See that nobody works with {rival} yet: no mail, no files, no licence."),
                out_of_scope,
                purge(rival),
            ];
            steps.extend(cause);
            steps.push(again);
            steps
        }
        Aftermath::LinkedElsewhere { rival } => vec![
            format!("Do not delete {rival}: it was there before."),
            out_of_scope,
            format!("Restore {rival} from the recycle bin; it comes back as a cloud user."),
            clear(rival),
            format!("Remove from {ad} the address or UPN by which Entra found {}, or give it to {cloud}.", rival.upn),
            again,
        ],
        Aftermath::Restored { rival } => {
            let mut steps = vec![format!("See that nothing of {rival} is needed."), out_of_scope, purge(rival)];
            steps.extend(cause);
            steps.push(again);
            steps
        }
        Aftermath::Claimed { rival } => vec![clear(rival), again],
        Aftermath::InRecycleBin { rival } => vec![purge(rival), again],
        Aftermath::Contested { rival } => {
            vec![clear(rival), "`matchplan apply` looks again and ends the link.".to_owned()]
        }
        Aftermath::Recorded { errors } => {
            let named = errors.iter().filter_map(|error| error.value.as_deref()).map(|value| format!("{value:?}"));
            let named: Vec<String> = named.collect();
            let what = if named.is_empty() { "the value in conflict".to_owned() } else { named.join(", ") };
            let mut steps = vec![format!(
                "Remove {what} from the other object that has it, in the directory where that object is mastered; Entra \
                 looks at such conflicts again every hour."
            )];
            steps.extend(cause);
            steps.push(again);
            steps
        }
        Aftermath::Gone => vec![format!(
            "If {cloud} lies in the recycle bin, restore it and type `matchplan plan`; otherwise take the link out of the \
             match plan."
        )],
        Aftermath::NothingYet => {
            let mut steps: Vec<String> = cause.into_iter().collect();
            steps.push("Type `matchplan check`: the engine may be suspended, a staging server, or late.".to_owned());
            steps.push(format!(
                "Look for {ad} in the sync engine's own errors (Synchronization Service Manager, last export; Entra Connect \
                 Health), and whether a filter of the engine keeps it out."
            ));
            steps.push(again);
            steps
        }
    }
}

/// What mends the cause, where Microsoft's error names it.
fn mend(wanted: &Wanted, error: Option<MicrosoftError>) -> Option<String> {
    let cloud = &wanted.cloud;
    let text = match error? {
        MicrosoftError::ExistingAdminRoleConflict => format!(
            "Take the roles from {cloud} until the link is formed, and give them back then: `roles = \"suspend\"` in the \
             link does both."
        ),
        MicrosoftError::InvalidHardMatch => format!(
            "Allow the match: take roles from {cloud} until the link is formed (`roles = \"suspend\"` does that and gives \
             them back), and switch blockCloudObjectTakeoverThroughHardMatchEnabled off for the time of the matching."
        ),
        MicrosoftError::InvalidSoftMatch => {
            "Switch blockSoftMatchEnabled off for the time of the matching, or match by the anchor (`match = \"hard\"`)."
                .to_owned()
        }
        MicrosoftError::AttributeUpdateNotAllowed => format!(
            "Clear onPremisesObjectIdentifier of {cloud}: PATCH https://graph.microsoft.com/beta/users/{} with \
             {{\"onPremisesObjectIdentifier\": null}} (permission User-OnPremisesSyncBehavior.ReadWrite.All).",
            cloud.id
        ),
        MicrosoftError::AttributeValueMustBeUnique | MicrosoftError::ObjectTypeMismatch => format!(
            "Find who else has the value in conflict and remove it there, in the directory where that object is mastered; \
             if it is the ImmutableID of {cloud}, write it into mS-DS-ConsistencyGuid of {} or clear it.",
            wanted.ad
        ),
        MicrosoftError::IdentityDataValidationFailed
        | MicrosoftError::LargeObject
        | MicrosoftError::ExceededAllowedLength
        | MicrosoftError::FederatedDomainChangeError => {
            format!("Mend the values of {} in AD that the error names.", wanted.ad)
        }
    };
    Some(text)
}

fn purge(rival: &Rival) -> String {
    format!(
        "Delete {rival} for good: DELETE https://graph.microsoft.com/v1.0/directory/deletedItems/{} (this cannot be undone). \
         While it lies in the recycle bin, Entra restores it in place of the match.",
        rival.id
    )
}

fn clear(rival: &Rival) -> String {
    format!(
        "Clear what ties {rival} to AD: PATCH https://graph.microsoft.com/beta/users/{} with {{\"onPremisesImmutableId\": \
         null, \"onPremisesSecurityIdentifier\": null, \"onPremisesObjectIdentifier\": null}}.",
        rival.id
    )
}
