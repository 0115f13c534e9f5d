//! Values that must be unique, and who else has them.
//!
//! Every side of a duplicate is reported, each with all the others: in whatever attribute of whatever type of object, in
//! any spelling, inside of the scope that is linted or not.
//!
//! Sources: Microsoft, "Understanding errors during Microsoft Entra synchronization" (`mail`, `proxyAddresses` and
//! `userPrincipalName` must be unique over users, groups and contacts: AttributeValueMustBeUnique, ObjectTypeMismatch);
//! "Prepare for directory synchronization to Microsoft 365" (`mailNickname`, `targetAddress` and `sAMAccountName` too).

use super::finding::{Attribute, Confidence, HeldBy};
use super::problem::Problem;
use super::subject::Subject;
use super::world::{Key, World};
use crate::rules::finding::{FindingCode, Severity};

/// The duplicates of one object, in one attribute.
pub fn check(attribute: Attribute, subject: &Subject, world: &World<'_>) -> Vec<Problem> {
    let own = subject.values(attribute).into_iter().map(|value| (Some(value), value));
    // A user without a UPN gets one that can be somebody's.
    let implied = subject.implied_upn.as_deref().filter(|_| subject.upn.is_none());
    let implied = implied.filter(|_| attribute == Attribute::UserPrincipalName).map(|implied| (None, implied));
    own.chain(implied)
        .filter_map(|(written, value)| {
            let key = Key::of(attribute, value, subject)?;
            let others = world.others(&key, subject.guid);
            (!others.is_empty()).then(|| problem(attribute, written, value, others))
        })
        .collect()
}

fn problem(attribute: Attribute, written: Option<&str>, value: &str, others: Vec<HeldBy>) -> Problem {
    let (code, severity, confidence) = judge(attribute, &others);
    let whose = match others.as_slice() {
        [one] => format!("{} {} has it in {}", one.object.kind, one.object.name, one.attribute),
        many => {
            let names: Vec<String> = many
                .iter()
                .map(|held| format!("{} {} ({})", held.object.kind, held.object.name, held.attribute))
                .collect();
            format!("others have it too: {}", names.join(", "))
        }
    };
    let subject =
        if written.is_some() { format!("{attribute} {value}") } else { format!("{value}, which the sync makes up,") };
    let left_out = if others.iter().all(|held| held.left_out) {
        " The sync leaves that object out, so that nothing fails as long as it does."
    } else {
        ""
    };
    let message = format!("{subject} must be unique, and {whose}.{left_out}");
    Problem {
        severity,
        code,
        confidence,
        attribute,
        value: written.map(ToOwned::to_owned),
        message,
        duplicate_of: others,
    }
}

fn judge(attribute: Attribute, others: &[HeldBy]) -> (FindingCode, Severity, Confidence) {
    let synced = || others.iter().filter(|held| !held.left_out);
    let error_if = |breaks: bool| if breaks { Severity::Error } else { Severity::Warning };
    match attribute {
        Attribute::UserPrincipalName => {
            (FindingCode::UpnDuplicate, error_if(synced().next().is_some()), Confidence::Documented)
        }
        // Microsoft's guide wants it unique; the sync's own list of what must be unique does not have it.
        Attribute::MailNickname => (FindingCode::NicknameDuplicate, Severity::Warning, Confidence::StrictReading),
        Attribute::SamAccountName => {
            (FindingCode::SamDuplicate, error_if(synced().next().is_some()), Confidence::Documented)
        }
        _ => {
            // A forwarding address that is somebody's own: Exchange makes it an address of the forwarding object too.
            let target = |attribute: Attribute| attribute == Attribute::TargetAddress;
            let alike = synced().any(|held| target(held.attribute) == target(attribute));
            let strict = others.iter().any(|held| target(held.attribute) == target(attribute));
            let confidence = if strict { Confidence::Documented } else { Confidence::Experience };
            (FindingCode::AddressDuplicate, error_if(alike), confidence)
        }
    }
}
