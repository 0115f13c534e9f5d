//! Alignment: the attributes that the AD user gets, so that the match happens and nothing is lost.

use crate::config::matchplan::{AddressChoice, LinkSpec, PrimaryChoice, UpnChoice};
use crate::model::ad::AdUser;
use crate::model::address::ProxyAddress;
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::entra::EntraUser;
use crate::rules::prediction::Method;

/// The AD user as it will be. Only UPN, `mail` and `proxyAddresses` differ from what it is.
pub fn aligned(ad: &AdUser, cloud: &EntraUser, spec: &LinkSpec, method: Method) -> AdUser {
    let mut wanted = ad.clone();
    let take_upn = match (spec.upn, method) {
        (UpnChoice::Cloud, _) | (UpnChoice::Default, Method::Soft) => true,
        (UpnChoice::Ad, _) => false,
        // A user without a UPN would get a made-up one in the cloud.
        (UpnChoice::Default, Method::Hard) => ad.upn.is_none(),
    };
    if take_upn && ad.upn.as_ref() != Some(&cloud.upn) {
        wanted.upn = Some(cloud.upn.clone());
    }
    match &spec.addresses {
        AddressChoice::Merge => {
            wanted.proxy_addresses.merge(&cloud.proxy_addresses);
            // `mail` is an address too, and the takeover overwrites it.
            let mail = cloud.mail.iter().filter(|mail| !wanted.proxy_addresses.has_smtp(mail));
            let mail: Vec<ProxyAddress> = mail.map(|mail| ProxyAddress::alias(mail)).collect();
            for mail in mail {
                wanted.proxy_addresses.insert(mail);
            }
        }
        AddressChoice::Keep => {}
        AddressChoice::Exact(list) => wanted.proxy_addresses = list.iter().cloned().collect(),
    }
    let primary = match (&spec.addresses, &spec.primary_smtp) {
        // What is kept stays as it is.
        (AddressChoice::Keep, PrimaryChoice::Ad) => None,
        // An exact list says itself which address is primary.
        (AddressChoice::Exact(_), PrimaryChoice::Cloud) => wanted.proxy_addresses.primary().map(ToOwned::to_owned),
        (_, PrimaryChoice::Cloud) => cloud.proxy_addresses.primary().or(cloud.mail.as_deref()).map(ToOwned::to_owned),
        (_, PrimaryChoice::Ad) => ad.proxy_addresses.primary().or(ad.mail.as_deref()).map(ToOwned::to_owned),
        (_, PrimaryChoice::Value(address)) => Some(address.clone()),
    };
    if let Some(primary) = primary {
        wanted.proxy_addresses.set_primary(&primary);
        if !wanted.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(&primary)) {
            wanted.mail = Some(primary);
        }
    }
    // Another spelling of an address that AD has is no change worth writing.
    wanted.proxy_addresses.spell_as(&ad.proxy_addresses);
    wanted
}

/// What has to be written to get from one to the other, in the order of the attributes.
pub fn changes(from: &AdUser, to: &AdUser) -> Vec<AttributeChange> {
    [AdAttribute::UserPrincipalName, AdAttribute::Mail, AdAttribute::ProxyAddresses]
        .into_iter()
        .map(|attribute| AttributeChange { attribute, expects: attribute.of(from), sets: attribute.of(to) })
        .filter(|change| !change.attribute.equal(&change.expects, &change.sets))
        .collect()
}
