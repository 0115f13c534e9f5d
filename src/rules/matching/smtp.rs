//! Soft match by the primary address: the one with upper-case `SMTP:`, on both sides. It is always on.
//!
//! Sources: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (only the primary address is
//! evaluated); "How to use SMTP matching to match on-premises user accounts to Office 365 user accounts" (the cloud user
//! needs a primary address, a licence is not needed). A worked example elsewhere searches all addresses: the primary
//! makes a match, any address can make a conflict.

use super::soft::{self, Key};
use super::{Candidate, Meeting};
use crate::model::ad::AdUser;
use crate::model::entra::EntraUser;
use crate::snapshot::index::{Holder, Index};

/// Whom the primary address meets, and what comes of it. Several primaries are none.
pub(super) fn meet<'a>(link: Candidate<'a>, index: &Index<'a>) -> Option<Meeting<'a>> {
    let target = user_with_primary(link.ad.proxy_addresses.primary()?, index)?;
    Some(soft::meet(link, target, Key::PrimarySmtp, index))
}

/// The live user whose primary address this is. A group or contact that has it is none, which the export then fails on.
fn user_with_primary<'a>(address: &str, index: &Index<'a>) -> Option<&'a EntraUser> {
    let primary = |user: &EntraUser| user.proxy_addresses.primary().is_some_and(|p| p.eq_ignore_ascii_case(address));
    index.holders_of(&format!("smtp:{}", address.to_lowercase())).iter().find_map(|holder| match holder {
        Holder::User(user) if primary(user) => Some(*user),
        _ => None,
    })
}

/// The cloud user whose primary address is the `mail` of an AD user that has no proxyAddresses. The engine may make a
/// primary address of `mail` and it may not, depending on its Exchange rules: no match is promised.
pub fn mail_without_addresses<'a>(ad: &AdUser, index: &Index<'a>) -> Option<&'a EntraUser> {
    let mail = ad.mail.as_deref().filter(|_| ad.proxy_addresses.is_empty())?;
    user_with_primary(mail, index)
}
