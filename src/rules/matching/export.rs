//! What writing an AD user to the cloud fails on, whomever it met there; and what is quarantined instead.
//!
//! Sources: Microsoft, "Understanding errors during Microsoft Entra synchronization" (ObjectTypeMismatch,
//! AttributeValueMustBeUnique for OnPremiseSecurityIdentifier, IdentityDataValidationFailed); "Identity synchronization
//! and duplicate attribute resiliency" (UPN and SMTP addresses of other users are quarantined; another type of object is
//! an error); "Prepare for directory synchronization to Microsoft 365" (what a UPN may be made of).

use super::{Candidate, Meeting};
use crate::model::address::Address;
use crate::model::name::Upn;
use crate::rules::lint::user_principal_name;
use crate::rules::microsoft::MicrosoftError;
use crate::rules::objects;
use crate::rules::prediction::Prediction;
use crate::snapshot::index::{Holder, Index};

/// Why the cloud refuses the export, or `None` if it takes it.
pub(super) fn refused(link: Candidate<'_>, meeting: &Meeting<'_>, index: &Index<'_>) -> Option<Prediction> {
    let own = match meeting {
        Meeting::Join(user, _) | Meeting::Restore(user) => Some(user.id),
        Meeting::Nobody { .. } | Meeting::End(_) => None,
    };
    let sid = || {
        let mut others = index.cloud_by_sid(&link.ad.sid).into_iter();
        let other = others.find(|user| user.deleted.is_none() && Some(user.id) != own)?;
        let why = format!("{} has this AD user's security identifier (OnPremiseSecurityIdentifier)", other.upn);
        Some((MicrosoftError::AttributeValueMustBeUnique, why))
    };
    let upn = || {
        let upn = index.exported_upn(link.ad);
        let verified = index.snapshot.tenant.domain(upn.suffix()).is_some_and(|domain| domain.verified);
        // Another suffix is replaced together with what stands before it.
        let flaw = flaw(&upn).filter(|_| verified)?;
        Some((MicrosoftError::IdentityDataValidationFailed, format!("the sign-in name {upn} is not valid: {flaw}")))
    };
    let (name, why) = other_type(link, index).or_else(sid).or_else(upn)?;
    Some(Prediction::Error { name, why })
}

/// An address of the AD user that a group or contact of the cloud holds, primary or not.
fn other_type(link: Candidate<'_>, index: &Index<'_>) -> Option<(MicrosoftError, String)> {
    let smtp = link.ad.proxy_addresses.iter().filter(|address| address.smtp_address().is_some());
    smtp.flat_map(|address| index.holders_of(&address.conflict_key()).into_iter().map(move |holder| (address, holder)))
        // What AD alone has is a conflict too, but which of the two the cloud hears of first cannot be said.
        .find(|(_, holder)| !matches!(holder, Holder::AdOther(_)) && objects::is_other_type(holder))
        .map(|(address, holder)| {
            let other = objects::holder(&holder);
            let why = format!("{address} belongs to a {}, {}", other.kind, other.name);
            (MicrosoftError::ObjectTypeMismatch, why)
        })
}

/// A value that another live user has: the new object is made without it.
pub(super) fn quarantined(link: Candidate<'_>, index: &Index<'_>) -> Option<(String, String)> {
    let upn = index.exported_upn(link.ad);
    let by_upn = index.cloud_by_upn(&upn).first().map(|user| (upn.to_string(), user.upn.to_string()));
    by_upn.or_else(|| {
        let held = |address: Address<'_>| {
            index.holders_of(&address.conflict_key()).iter().find_map(|holder| match holder {
                Holder::User(user) => Some((address.to_string(), user.upn.to_string())),
                _ => None,
            })
        };
        link.ad.proxy_addresses.iter().find_map(held)
    })
}

/// What is wrong with a sign-in name, or `None`. The apostrophe is allowed, the limits are included.
fn flaw(upn: &Upn) -> Option<&'static str> {
    let (prefix, suffix) = upn.as_str().rsplit_once('@')?;
    [
        (prefix.is_empty(), "nothing stands before the @"),
        (!prefix.chars().all(user_principal_name::is_allowed), "it has a character that Entra does not allow"),
        (prefix.ends_with('.'), "a full stop stands before the @"),
        (prefix.chars().count() > user_principal_name::LOCAL, "more than 64 characters stand before the @"),
        (suffix.chars().count() > user_principal_name::DOMAIN, "more than 48 characters stand after the @"),
    ]
    .into_iter()
    .find_map(|(wrong, flaw)| wrong.then_some(flaw))
}
