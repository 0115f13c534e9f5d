//! What a takeover overwrites in the cloud.
//!
//! Every cloud attribute that has a value in AD gets that value; addresses that only the cloud has are lost; with
//! password hash sync the cloud password is replaced. Sources: Microsoft, "Configure Microsoft Entra Connect for an
//! existing tenant" ("Attributes get overwritten"); "Plan and troubleshoot UserPrincipalName changes" (UPN suffix that
//! is not verified).

use super::prediction::{Overwrite, Takeover};
use crate::model::ad::AdUser;
use crate::model::address::AddressKind;
use crate::model::entra::EntraUser;
use crate::model::name::Upn;
use crate::snapshot::index::Index;

/// The preview, for an AD user with its new attributes.
pub fn preview(ad: &AdUser, cloud: &EntraUser, index: &Index<'_>) -> Takeover {
    let upn = predicted_upn(ad, index);
    let single = [
        ("displayName", &ad.display_name, &cloud.display_name),
        ("givenName", &ad.given_name, &cloud.given_name),
        ("surname", &ad.surname, &cloud.surname),
        ("mail", &ad.mail, &cloud.mail),
        ("mailNickname", &ad.mail_nickname, &cloud.mail_nickname),
    ];
    let mut overwritten: Vec<Overwrite> = single
        .into_iter()
        .filter(|(_, from, to)| from.is_some() && from != to)
        .map(|(attribute, from, to)| Overwrite {
            attribute: attribute.to_owned(),
            before: to.iter().cloned().collect(),
            after: from.iter().cloned().collect(),
        })
        .collect();
    let sign_in_name_changes = upn.as_ref().is_some_and(|upn| *upn != cloud.upn);
    if let (true, Some(upn)) = (sign_in_name_changes, &upn) {
        overwritten.push(Overwrite {
            attribute: "userPrincipalName".to_owned(),
            before: vec![cloud.upn.to_string()],
            after: vec![upn.to_string()],
        });
    }
    // An account that is disabled on one side only: the cloud follows AD, and a blocked user can sign in again.
    if let Some(enabled) = cloud.account_enabled.filter(|enabled| *enabled == ad.is_disabled()) {
        overwritten.push(Overwrite {
            attribute: "accountEnabled".to_owned(),
            before: vec![enabled.to_string()],
            after: vec![(!enabled).to_string()],
        });
    }
    if !ad.proxy_addresses.is_empty() && ad.proxy_addresses != cloud.proxy_addresses {
        overwritten.push(Overwrite {
            attribute: "proxyAddresses".to_owned(),
            before: cloud.proxy_addresses.to_strings(),
            after: ad.proxy_addresses.to_strings(),
        });
    }
    overwritten.sort_by(|a, b| a.attribute.cmp(&b.attribute));
    Takeover {
        overwritten,
        addresses_lost: addresses_lost(ad, cloud),
        password_replaced: index.snapshot.tenant.features.is_some_and(|f| f.password_sync),
        sign_in_name_changes,
    }
}

/// The cloud's addresses that AD will not have, primary or not. None are lost to an AD user without any: only what has
/// a value in AD is overwritten.
fn addresses_lost(ad: &AdUser, cloud: &EntraUser) -> Vec<String> {
    if ad.proxy_addresses.is_empty() {
        return Vec::new();
    }
    let kept = |address: &crate::model::address::ProxyAddress| match address.smtp_address() {
        Some(smtp) => ad.proxy_addresses.has_smtp(smtp),
        None => ad.proxy_addresses.contains(address),
    };
    cloud.proxy_addresses.iter().filter(|a| !kept(a)).map(ToString::to_string).collect()
}

/// The cloud UPN after the takeover: the one that is exported, or `<mailNickName>@<initial domain>` if its suffix is not
/// verified in the tenant. `None` if it cannot be said.
pub fn predicted_upn(ad: &AdUser, index: &Index<'_>) -> Option<Upn> {
    let tenant = &index.snapshot.tenant;
    let upn = index.exported_upn(ad);
    if tenant.domain(upn.suffix()).is_some_and(|domain| domain.verified) {
        return Some(upn);
    }
    Some(format!("{}@{}", nickname(ad), tenant.initial_domain()?.name).into())
}

/// MailNickName as Entra derives it: the first of `mailNickname`, and the parts before `@` of the primary SMTP
/// address, `mail`, the UPN, and a secondary address; the account's name where there is none of them.
fn nickname(ad: &AdUser) -> String {
    let prefix =
        |address: &str| address.rsplit_once('@').map(|(prefix, _)| prefix.to_owned()).filter(|p| !p.is_empty());
    let secondary = || ad.proxy_addresses.iter().find(|a| a.kind() == AddressKind::SecondarySmtp);
    ad.mail_nickname
        .clone()
        .or_else(|| ad.proxy_addresses.primary().and_then(prefix))
        .or_else(|| ad.mail.as_deref().and_then(prefix))
        .or_else(|| ad.upn.as_ref().and_then(|upn| prefix(upn.as_str())))
        .or_else(|| secondary().and_then(|a| prefix(a.address())))
        .unwrap_or_else(|| ad.sam.to_string())
}
