//! What the lint says of a linked user, with the values that it will have.

use super::decide::{Context, Decision};
use crate::model::ad::AdUser;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::lint::finding::{Attribute, LintFinding, Proposal};
use crate::rules::lint::run::lint_linked;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;

/// Said elsewhere, with the link in view: [`super::cautions`].
const SAID_ELSEWHERE: [FindingCode; 5] = [
    FindingCode::NoMailNickname,
    FindingCode::SuffixNotInForest,
    FindingCode::SeveralPrimaries,
    FindingCode::UnverifiedSuffix,
    FindingCode::UpnMissing,
];

/// The lint's findings of one link: errors only where the sync would fail.
pub fn find(aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    let domain = context.index.snapshot.domains.iter().find(|domain| domain.name == aligned.domain);
    let dns_name = domain.map_or("", |domain| &domain.dns_name);
    let found = lint_linked(aligned, dns_name, decision.cloud.id, context.lint);
    let kept = found.into_iter().filter(|one| one.severity != Severity::Info && !SAID_ELSEWHERE.contains(&one.code));
    kept.map(|one| finding(one, decision)).collect()
}

fn finding(found: LintFinding, decision: &Decision<'_>) -> Finding {
    let help = help(&found);
    let LintFinding { severity, code, value, message, duplicate_of, .. } = found;
    let failure = failure(code).filter(|_| severity == Severity::Error);
    let severity = if failure.is_some() { Severity::Error } else { Severity::Warning };
    let others = duplicate_of.into_iter().map(|held| held.object);
    let mut finding = Finding::new(severity, code, message, help).about([objects::ad_user(decision.ad)]).about(others);
    finding.value = value;
    finding.microsoft_error = failure;
    finding
}

/// What to do. A redacted plan knows addresses in a sentence, and no other values: those stay where they are looked up.
fn help(found: &LintFinding) -> String {
    let person = matches!(
        found.attribute,
        Attribute::MailNickname | Attribute::SamAccountName | Attribute::DisplayName | Attribute::GivenName
    );
    match &found.proposed {
        Some(Proposal::Set { value }) if person || !value.contains('@') => {
            format!("Correct {} in AD; `matchplan lint` proposes a value that passes.", found.attribute)
        }
        _ => found.help.clone(),
    }
}

/// What the sync would fail with. Whatever is not in here is replaced or dropped on the way, and the link is formed.
///
/// Source: Microsoft, "Understanding errors during Microsoft Entra synchronization" (`IdentityDataValidationFailed`: the
/// UPN's characters and form; `ExceededAllowedLength`: an attribute that is too long).
const fn failure(code: FindingCode) -> Option<MicrosoftError> {
    match code {
        FindingCode::UpnCharacter | FindingCode::UpnFormat => Some(MicrosoftError::IdentityDataValidationFailed),
        FindingCode::UpnTooLong
        | FindingCode::AddressTooLong
        | FindingCode::NicknameTooLong
        | FindingCode::DisplayNameTooLong
        | FindingCode::GivenNameTooLong => Some(MicrosoftError::ExceededAllowedLength),
        _ => None,
    }
}
