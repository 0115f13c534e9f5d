//! What a takeover overwrites in the cloud.
//!
//! Every cloud attribute that has a value in AD gets that value; addresses that only the cloud has are lost; with
//! password hash sync the cloud password is replaced. Sources: Microsoft, "Configure Microsoft Entra Connect for an
//! existing tenant" ("Attributes get overwritten"); "Microsoft Entra Connect Sync: Attributes synchronized to Microsoft
//! Entra ID" (which ones); "Plan and troubleshoot UserPrincipalName changes" (UPN suffix that is not verified);
//! "Microsoft Entra Connect Sync service features" (UPNs of managed, licensed users).
//!
//! The default rules take addresses and what describes a person from "In from AD - User Common", which applies to every
//! user, and what Exchange alone knows from rules that apply where `mailNickname` has a value. They trim texts (but for
//! `displayName`), and take the common name where `displayName` is empty.

use super::prediction::{Overwrite, Takeover};
use crate::model::ad::AdUser;
use crate::model::address::{Address, AddressKind};
use crate::model::entra::EntraUser;
use crate::model::name::Upn;
use crate::model::profile::ProfileAttribute;
use crate::snapshot::index::Index;

/// The preview, for an AD user with its new attributes.
pub fn preview(ad: &AdUser, cloud: &EntraUser, index: &Index<'_>) -> Takeover {
    let mut overwritten: Vec<Overwrite> = texts(ad, cloud).chain(profile(ad, cloud)).collect();
    let becomes = predicted_upn(ad, index).filter(|upn| *upn != cloud.upn);
    let held_back = upn_may_be_held_back(cloud, index);
    overwritten.extend(becomes.iter().filter(|_| !held_back).map(|upn| Overwrite {
        attribute: "userPrincipalName".to_owned(),
        before: vec![cloud.upn.to_string()],
        after: vec![upn.to_string()],
    }));
    // An account that is disabled on one side only: the cloud follows AD, and a blocked user can sign in again.
    overwritten.extend(cloud.account_enabled.filter(|enabled| *enabled == ad.is_disabled()).map(|enabled| Overwrite {
        attribute: "accountEnabled".to_owned(),
        before: vec![enabled.to_string()],
        after: vec![(!enabled).to_string()],
    }));
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
        password_replaced: index.features().is_some_and(|f| f.password_sync),
        sign_in_name_changes: becomes.is_some() && !held_back,
        sign_in_name_unproven: becomes.filter(|_| held_back).map(|upn| upn.to_string()),
    }
}

/// The single-valued texts that every user has.
fn texts(ad: &AdUser, cloud: &EntraUser) -> impl Iterator<Item = Overwrite> {
    let common_name = ad.dn.rdn_pair().1;
    let display_name = ad.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&common_name);
    // Without `mail` the cloud shows the primary address as such.
    let mail = named(ad.mail.as_deref()).or_else(|| ad.proxy_addresses.primary());
    let overwrites = [
        overwrite("displayName", Some(display_name), cloud.display_name.as_deref()),
        overwrite("givenName", named(ad.given_name.as_deref()), cloud.given_name.as_deref()),
        overwrite("surname", named(ad.surname.as_deref()), cloud.surname.as_deref()),
        overwrite("mail", mail, cloud.mail.as_deref()),
        overwrite("mailNickname", named(ad.mail_nickname.as_deref()), cloud.mail_nickname.as_deref()),
    ];
    overwrites.into_iter().flatten()
}

/// A text as the rules take it along: trimmed, and not an empty one.
fn named(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// What describes the person.
fn profile(ad: &AdUser, cloud: &EntraUser) -> impl Iterator<Item = Overwrite> {
    let exchange = ad.mail_nickname.as_deref().is_some_and(|name| !name.trim().is_empty());
    ProfileAttribute::ALL.iter().filter(move |attribute| exchange || !is_exchanges(**attribute)).filter_map(
        |attribute| {
            let from = ad.profile.get(*attribute).map(str::trim).filter(|value| !value.is_empty());
            overwrite(attribute.graph_name(), from, cloud.profile.get(*attribute))
        },
    )
}

/// Whether an attribute is one of Exchange's, which only the rules for users with a `mailNickname` take along.
const fn is_exchanges(attribute: ProfileAttribute) -> bool {
    matches!(attribute, ProfileAttribute::UsageLocation)
}

/// A value of AD over a different one, or none, in the cloud.
fn overwrite(attribute: &str, from: Option<&str>, to: Option<&str>) -> Option<Overwrite> {
    let from = from.filter(|from| Some(*from) != to)?;
    Some(Overwrite {
        attribute: attribute.to_owned(),
        before: to.into_iter().map(str::to_owned).collect(),
        after: vec![from.to_owned()],
    })
}

/// Whether the tenant holds a new UPN back from users of managed domains that have a licence. Licences are not read, so
/// nobody can say which it is for one user.
fn upn_may_be_held_back(cloud: &EntraUser, index: &Index<'_>) -> bool {
    let tenant = &index.snapshot.tenant;
    let off = tenant.features.is_some_and(|features| !features.synchronize_upn_for_managed_users);
    off && !tenant.domain(cloud.upn.suffix()).is_some_and(|domain| domain.federated)
}

/// The cloud's addresses that AD will not have, primary or not. None are lost to an AD user without any: only what has
/// a value in AD is overwritten.
fn addresses_lost(ad: &AdUser, cloud: &EntraUser) -> Vec<String> {
    if ad.proxy_addresses.is_empty() {
        return Vec::new();
    }
    let kept = |address: Address<'_>| match address.smtp_address() {
        Some(smtp) => ad.proxy_addresses.has_smtp(smtp),
        None => ad.proxy_addresses.contains(address),
    };
    cloud.proxy_addresses.iter().filter(|a| !kept(*a)).map(|a| a.to_string()).collect()
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
        .as_deref()
        .map(str::trim)
        .filter(|nickname| !nickname.is_empty())
        .map(str::to_owned)
        .or_else(|| ad.proxy_addresses.primary().and_then(prefix))
        .or_else(|| ad.mail.as_deref().and_then(prefix))
        .or_else(|| ad.upn.as_ref().and_then(|upn| prefix(upn.as_str())))
        .or_else(|| secondary().and_then(|a| prefix(a.address())))
        .unwrap_or_else(|| ad.sam.to_string())
}

#[cfg(test)]
mod tests;
