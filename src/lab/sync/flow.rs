//! How AD's attributes reach a cloud user, and what is quarantined on the way.
//!
//! Attributes with a value in AD overwrite the cloud's; those without one leave it alone unless AD gave it before
//! (*existing tenant*, "Sync with existing users": "any attribute with a value in AD is overwritten"). A UPN or SMTP
//! address that another live user has is quarantined: the object is written without it (*duplicate attributes*).

use super::naming;
use super::profile;
use super::report::{ErrorCode, ExportError};
use super::view::ImportedUser;
use crate::lab::world::cloud::{Cloud, CloudProvisioningError, CloudUser};
use crate::lab::world::derive;
use crate::lab::world::keys::CloudKey;
use crate::lab::world::sync::MangledUpn;
use crate::model::address::ProxyAddress;
use crate::model::anchor::Anchor;
use crate::model::id::ObjectId;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Why attributes flow now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A new cloud user is made, or comes back from the recycle bin.
    Appearance,
    /// An existing cloud user becomes AD's.
    Takeover,
    /// The user is synced already.
    Ongoing,
}

/// One user's flow.
#[derive(Debug)]
pub struct Flow<'a> {
    /// The AD user.
    pub user: &'a ImportedUser,
    /// Its anchor.
    pub anchor: Anchor,
    /// Why it flows now.
    pub occasion: Occasion,
    /// Whether the AD password's hash comes along (at an appearance or takeover; later changes are not modelled).
    pub with_password: bool,
    /// How a UPN is written that somebody else has.
    pub mangled_upn: MangledUpn,
    /// The time.
    pub now: Timestamp,
}

impl Flow<'_> {
    /// What `current` becomes, with `flowed` brought up to date.
    ///
    /// An error leaves the cloud user as it is. `current` need not be among the live users of `cloud`.
    pub fn onto(
        &self,
        current: &CloudUser,
        flowed: &mut BTreeSet<String>,
        cloud: &Cloud,
    ) -> Result<CloudUser, ExportError> {
        let user = self.user;
        self.check_types(cloud)?;
        self.check_sid(current.id, cloud)?;
        let mut next = current.clone();
        let mut quarantine = Quarantine { before: current, now: self.now, errors: Vec::new() };

        let wanted_upn = naming::cloud_upn(user, cloud)?;
        if self.upn_flows(current, cloud) {
            next.user_principal_name = self.free_upn(wanted_upn, current.id, cloud, &mut quarantine)?;
        }
        let addresses = self.free_addresses(current.id, cloud, &mut quarantine)?;
        let lost = |address: &str| {
            let dropped = |a: &&ProxyAddress| a.smtp_address().is_some_and(|x| x.eq_ignore_ascii_case(address));
            user.proxy_addresses.iter().any(|a| dropped(&a)) && !addresses.iter().any(|a| dropped(&a))
        };
        let mail = user.mail.as_deref().or_else(|| user.primary_smtp()).filter(|mail| !lost(mail)).map(str::to_owned);
        let nickname = user
            .mail_nickname
            .clone()
            .or_else(|| (self.occasion == Occasion::Appearance).then(|| naming::mail_nickname(user)));

        let mut overwrite = |name: &str, target: &mut Option<String>, value: Option<String>| {
            if value.is_some() {
                flowed.insert(name.to_owned());
                *target = value;
            } else if flowed.remove(name) {
                *target = None;
            }
        };
        // The default rules take the common name of a user without `displayName`.
        let display_name = user.display_name.clone().unwrap_or_else(|| user.dn.rdn_pair().1);
        overwrite("displayName", &mut next.display_name, Some(display_name));
        overwrite("givenName", &mut next.given_name, user.given_name.clone());
        overwrite("surname", &mut next.surname, user.surname.clone());
        overwrite("mail", &mut next.mail, mail);
        if nickname.is_some() {
            next.mail_nickname = nickname;
        }
        profile::flow(user, &mut next.profile, flowed);
        if !user.proxy_addresses.is_empty() {
            flowed.insert("proxyAddresses".to_owned());
            replace_set(&mut next.proxy_addresses, addresses);
        } else if flowed.remove("proxyAddresses") {
            next.proxy_addresses.clear();
        } else if self.occasion == Occasion::Appearance {
            // What comes back from the recycle bin has lost the addresses that somebody else has by now.
            next.proxy_addresses.retain(|address| !held_by_another(address, current.id, cloud));
        }

        next.account_enabled = !user.is_disabled();
        next.on_premises_provisioning_errors = quarantine.errors;
        next.deleted_date_time = None;
        self.stamp(&mut next);
        if self.occasion != Occasion::Ongoing && self.with_password {
            next.password_version += 1;
        }
        if next != *current {
            next.on_premises_last_sync_date_time = Some(self.now);
        }
        Ok(next)
    }

    /// What says that the user is AD's now.
    fn stamp(&self, next: &mut CloudUser) {
        let user = self.user;
        next.on_premises_immutable_id = Some(self.anchor.to_base64());
        next.on_premises_sync_enabled = Some(true);
        next.on_premises_security_identifier = Some(user.sid.to_string());
        next.on_premises_distinguished_name = Some(user.dn.to_string());
        next.on_premises_domain_name = Some(user.domain.clone());
        next.on_premises_sam_account_name.clone_from(&user.sam);
        next.on_premises_user_principal_name = Some(naming::on_premises_upn(user));
        // One that was cleared gets a fresh value (*existing tenant*); "ongoing sync of already matched users is not
        // affected" by another one.
        if self.occasion != Occasion::Ongoing || next.on_premises_object_identifier.is_none() {
            next.on_premises_object_identifier = Some(user.guid.to_string());
        }
    }

    /// An address that a group or contact has is an error, never a quarantine (*duplicate attributes*, *sync errors*).
    fn check_types(&self, cloud: &Cloud) -> Result<(), ExportError> {
        for address in self.user.proxy_addresses.iter().filter(|a| a.smtp_address().is_some()) {
            let holds = |values: &[String]| values.iter().any(|v| v.eq_ignore_ascii_case(address.as_str()));
            let key = address.as_str().to_lowercase();
            let groups = cloud.groups.with(CloudKey::Address, &key);
            let groups = groups.map(|(_, g)| ("group", g.id, &g.display_name, &g.proxy_addresses));
            let contacts = cloud.contacts.with(CloudKey::Address, &key);
            let contacts = contacts.map(|(_, c)| ("contact", c.id, &c.display_name, &c.proxy_addresses));
            if let Some((kind, id, name, _)) = groups.chain(contacts).find(|(_, _, _, addresses)| holds(addresses)) {
                let detail = format!("the {kind} {name} ({id}) has {address}");
                return Err(ExportError::new(ErrorCode::ObjectTypeMismatch, detail));
            }
        }
        Ok(())
    }

    /// `onPremisesSecurityIdentifier` is unique in a tenant (*sync errors*).
    fn check_sid(&self, own: ObjectId, cloud: &Cloud) -> Result<(), ExportError> {
        let sid = self.user.sid.to_string();
        let has_sid = |u: &&CloudUser| u.on_premises_security_identifier.as_deref() == Some(sid.as_str());
        let mut similar = cloud.users.with(CloudKey::Sid, &sid.to_lowercase());
        match similar.find(|(_, u)| u.id != own && has_sid(u)) {
            Some((_, holder)) => {
                let detail = format!("OnPremiseSecurityIdentifier: {} has {sid}", holder.id);
                Err(ExportError::new(ErrorCode::AttributeValueMustBeUnique, detail))
            }
            None => Ok(()),
        }
    }

    /// An existing user's UPN changes only where the tenant lets it (*service features*, "Synchronize
    /// userPrincipalName updates"; the lab's users all count as licensed), or to leave the quarantine.
    fn upn_flows(&self, current: &CloudUser, cloud: &Cloud) -> bool {
        self.occasion == Occasion::Appearance
            || cloud.features.synchronize_upn_for_managed_users_enabled
            || current.on_premises_provisioning_errors.iter().any(|e| e.property_causing_error == USER_PRINCIPAL_NAME)
    }

    fn free_upn(
        &self,
        wanted: String,
        own: ObjectId,
        cloud: &Cloud,
        quarantine: &mut Quarantine<'_>,
    ) -> Result<String, ExportError> {
        let taken = |upn: &str| {
            let mut similar = cloud.users.with(CloudKey::Upn, &upn.to_lowercase());
            similar.any(|(_, u)| u.id != own && u.user_principal_name.eq_ignore_ascii_case(upn))
        };
        if !taken(&wanted) {
            return Ok(wanted);
        }
        if !cloud.features.quarantine_upon_upn_conflict_enabled {
            let detail = format!("UserPrincipalName: another user has {wanted}");
            return Err(ExportError::new(ErrorCode::AttributeValueMustBeUnique, detail));
        }
        let prefix = wanted.rsplit_once('@').map_or(wanted.as_str(), |(prefix, _)| prefix);
        let mark = match self.mangled_upn {
            MangledUpn::WithPlus => "+",
            MangledUpn::WithoutPlus => "",
        };
        let first = derive::number("quarantine", &self.anchor.to_base64(), 10_000);
        let mangled = (0..10_000)
            .map(|n| format!("{prefix}{mark}{:04}@{}", (first + n) % 10_000, naming::initial_domain(cloud)))
            .find(|upn| !taken(upn));
        quarantine.add(USER_PRINCIPAL_NAME, &wanted);
        mangled.ok_or_else(|| {
            ExportError::new(
                ErrorCode::AttributeValueMustBeUnique,
                format!("UserPrincipalName: {wanted} and all its variants"),
            )
        })
    }

    fn free_addresses(
        &self,
        own: ObjectId,
        cloud: &Cloud,
        quarantine: &mut Quarantine<'_>,
    ) -> Result<Vec<ProxyAddress>, ExportError> {
        let mut free = Vec::new();
        for address in &self.user.proxy_addresses {
            let has = |u: &&CloudUser| u.proxy_addresses.iter().any(|v| v.eq_ignore_ascii_case(address.as_str()));
            let similar = cloud.users.with(CloudKey::Address, &address.as_str().to_lowercase());
            let holder = similar.map(|(_, user)| user).filter(|u| u.id != own).find(has);
            match holder.filter(|_| address.smtp_address().is_some()) {
                None => free.push(address.clone()),
                Some(_) if cloud.features.quarantine_upon_proxy_addresses_conflict_enabled => {
                    quarantine.add(PROXY_ADDRESS, address.as_str());
                }
                Some(holder) => {
                    let detail = format!("ProxyAddresses: {} has {address}", holder.id);
                    return Err(ExportError::new(ErrorCode::AttributeValueMustBeUnique, detail));
                }
            }
        }
        Ok(free)
    }
}

/// `propertyCausingError` of a UPN.
const USER_PRINCIPAL_NAME: &str = "UserPrincipalName";

/// `propertyCausingError` of an address.
const PROXY_ADDRESS: &str = "ProxyAddress";

/// Collects `onPremisesProvisioningErrors`; one that stands already keeps its time.
struct Quarantine<'a> {
    before: &'a CloudUser,
    now: Timestamp,
    errors: Vec<CloudProvisioningError>,
}

impl Quarantine<'_> {
    fn add(&mut self, property: &str, value: &str) {
        let known = self.before.on_premises_provisioning_errors.iter();
        let known = known.clone().find(|e| e.property_causing_error == property && e.value == value);
        self.errors.push(known.cloned().unwrap_or_else(|| CloudProvisioningError {
            category: "PropertyConflict".to_owned(),
            occurred_date_time: self.now,
            property_causing_error: property.to_owned(),
            value: value.to_owned(),
        }));
    }
}

/// Whether another live object has an address, primary or not.
fn held_by_another(address: &str, own: ObjectId, cloud: &Cloud) -> bool {
    let key = address.to_lowercase();
    let users = cloud.users.with(CloudKey::Address, &key).filter(|(_, u)| u.id != own).map(|(_, u)| &u.proxy_addresses);
    let groups = cloud.groups.with(CloudKey::Address, &key).map(|(_, group)| &group.proxy_addresses);
    let contacts = cloud.contacts.with(CloudKey::Address, &key).map(|(_, contact)| &contact.proxy_addresses);
    users.chain(groups).chain(contacts).flatten().any(|value| value.eq_ignore_ascii_case(address))
}

/// Replaces a set's values; one that holds the same values already keeps its order.
fn replace_set(target: &mut Vec<String>, values: Vec<ProxyAddress>) {
    let values: Vec<String> = values.into_iter().map(|a| a.0).collect();
    if target.iter().collect::<BTreeSet<_>>() != values.iter().collect::<BTreeSet<_>>() {
        *target = values;
    }
}
