//! Look-ups over a snapshot: built once. Every answer is in an order that does not depend on the order in which the
//! directories returned their objects, so that the same directories give the same plan.

use super::document::Snapshot;
use crate::model::ad::AdUser;
use crate::model::address::Address;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::{AdGuid, DomainName, ObjectId, Sid};
use crate::model::name::{SamAccountName, Upn};
use crate::model::recipient::{AdHolder, Recipient};
use crate::model::role::Holding;
use std::collections::HashMap;

/// Somebody who holds an address or a name.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// A user in AD.
    Ad(&'a AdUser),
    /// A live cloud user.
    User(&'a EntraUser),
    /// A soft-deleted cloud user.
    Deleted(&'a EntraUser),
    /// A group or contact in Entra ID.
    Other(&'a AddressHolder),
    /// A group, contact or other object in AD.
    AdOther(&'a AdHolder),
    /// A recipient that only Exchange knows.
    Recipient(&'a Recipient),
}

impl Holder<'_> {
    /// Whether both are the same object.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ad(a), Self::Ad(b)) => a.guid == b.guid,
            (Self::User(a) | Self::Deleted(a), Self::User(b) | Self::Deleted(b)) => a.id == b.id,
            (Self::Other(a), Self::Other(b)) => a.id == b.id,
            (Self::AdOther(a), Self::AdOther(b)) => a.guid == b.guid,
            (Self::Recipient(a), Self::Recipient(b)) => a.id == b.id,
            _ => false,
        }
    }
}

/// Indexes over one snapshot.
#[derive(Debug)]
pub struct Index<'a> {
    /// What is indexed.
    pub snapshot: &'a Snapshot,
    ad_by_guid: HashMap<AdGuid, &'a AdUser>,
    ad_by_dn: HashMap<&'a Dn, &'a AdUser>,
    ad_by_sam: HashMap<String, Vec<&'a AdUser>>,
    ad_by_upn: HashMap<String, Vec<&'a AdUser>>,
    ad_by_anchor: HashMap<Anchor, Vec<&'a AdUser>>,
    ad_by_sid: HashMap<&'a Sid, &'a AdUser>,
    cloud_by_id: HashMap<ObjectId, &'a EntraUser>,
    cloud_by_upn: HashMap<String, Vec<&'a EntraUser>>,
    cloud_by_immutable_id: HashMap<&'a str, Vec<&'a EntraUser>>,
    cloud_by_sid: HashMap<&'a Sid, Vec<&'a EntraUser>>,
    deleted_by_upn: HashMap<String, Vec<&'a EntraUser>>,
    by_address: HashMap<String, Vec<Holder<'a>>>,
    holdings: HashMap<ObjectId, Vec<Holding>>,
}

impl<'a> Index<'a> {
    /// Indexes a snapshot. `anchor_of` says which attribute is the source anchor in each domain.
    pub fn new(snapshot: &'a Snapshot, anchor_of: impl Fn(&DomainName) -> SourceAnchor) -> Self {
        let mut index = Self {
            snapshot,
            ad_by_guid: HashMap::new(),
            ad_by_dn: HashMap::new(),
            ad_by_sam: HashMap::new(),
            ad_by_upn: HashMap::new(),
            ad_by_anchor: HashMap::new(),
            ad_by_sid: HashMap::new(),
            cloud_by_id: HashMap::with_capacity(snapshot.users.len()),
            cloud_by_upn: HashMap::with_capacity(snapshot.users.len()),
            cloud_by_immutable_id: HashMap::new(),
            cloud_by_sid: HashMap::new(),
            deleted_by_upn: HashMap::new(),
            by_address: HashMap::new(),
            holdings: HashMap::new(),
        };
        for domain in &snapshot.domains {
            let source = anchor_of(&domain.name);
            for user in sorted(&domain.users, |user| user.guid) {
                index.add_ad_user(user, source);
            }
            for holder in sorted(&domain.holders, |holder| holder.guid) {
                let addresses = holder.proxy_addresses.iter().map(Address::conflict_key);
                index.add_addresses(addresses, holder.mail.as_deref(), Holder::AdOther(holder));
            }
        }
        for user in sorted(&snapshot.users, |user| user.id) {
            index.cloud_by_id.insert(user.id, user);
            index.cloud_by_upn.entry(user.upn.key()).or_default().push(user);
            index.add_cloud_user(user, Holder::User(user));
        }
        for user in sorted(&snapshot.deleted_users, |user| user.id) {
            index.deleted_by_upn.entry(user.upn_before_deletion().key()).or_default().push(user);
            index.add_cloud_user(user, Holder::Deleted(user));
        }
        for holder in sorted(&snapshot.holders, |holder| holder.id) {
            let addresses = holder.proxy_addresses.iter().map(Address::conflict_key);
            index.add_addresses(addresses, holder.mail.as_deref(), Holder::Other(holder));
        }
        index.add_recipients();
        index.add_holdings();
        index
    }

    /// What Exchange says of an object that Graph shows too is said of that object: it is one holder, not two.
    fn add_recipients(&mut self) {
        let snapshot = self.snapshot;
        let Some(recipients) = snapshot.recipients.as_deref().filter(|recipients| !recipients.is_empty()) else {
            return;
        };
        let live = snapshot.users.iter().map(|user| (user.id, Holder::User(user)));
        let deleted = snapshot.deleted_users.iter().map(|user| (user.id, Holder::Deleted(user)));
        let others = snapshot.holders.iter().map(|other| (other.id, Holder::Other(other)));
        let shown: HashMap<ObjectId, Holder<'a>> = live.chain(deleted).chain(others).collect();
        for recipient in sorted(recipients, |recipient| recipient.id.clone()) {
            let known = recipient.id.parse::<ObjectId>().ok().and_then(|id| shown.get(&id).copied());
            let holder = known.unwrap_or(Holder::Recipient(recipient));
            for key in recipient.addresses.iter().map(Address::conflict_key) {
                let holders = self.by_address.entry(key).or_default();
                if !holders.iter().any(|other| other.is(&holder)) {
                    holders.push(holder);
                }
            }
        }
    }

    fn add_holdings(&mut self) {
        for role in &self.snapshot.roles {
            self.holdings.entry(role.principal).or_default().push(Holding::Role(role.clone()));
        }
        for group in &self.snapshot.role_groups {
            for member in &group.members {
                let membership = self.snapshot.membership(group, member).map(Holding::Group);
                self.holdings.entry(member.user).or_default().extend(membership);
            }
        }
        self.holdings.values_mut().for_each(|held| held.sort());
    }

    fn add_ad_user(&mut self, user: &'a AdUser, source: SourceAnchor) {
        self.ad_by_guid.insert(user.guid, user);
        self.ad_by_dn.insert(&user.dn, user);
        self.ad_by_sid.insert(&user.sid, user);
        self.ad_by_sam.entry(user.sam.key()).or_default().push(user);
        if let Some(upn) = &user.upn {
            self.ad_by_upn.entry(upn.key()).or_default().push(user);
        }
        if let Ok(anchor) = user.anchor(source) {
            self.ad_by_anchor.entry(anchor).or_default().push(user);
        }
        let addresses = user.proxy_addresses.iter().map(Address::conflict_key);
        self.add_addresses(addresses, user.mail.as_deref(), Holder::Ad(user));
    }

    fn add_cloud_user(&mut self, user: &'a EntraUser, holder: Holder<'a>) {
        if let Some(value) = &user.immutable_id {
            self.cloud_by_immutable_id.entry(value.as_str()).or_default().push(user);
        }
        if let Some(sid) = &user.security_identifier {
            self.cloud_by_sid.entry(sid).or_default().push(user);
        }
        let addresses = user.proxy_addresses.iter().map(Address::conflict_key);
        self.add_addresses(addresses, user.mail.as_deref(), holder);
    }

    /// `mail` counts as an e-mail address, but not a second time where `proxyAddresses` has it too.
    fn add_addresses(&mut self, keys: impl Iterator<Item = String>, mail: Option<&str>, holder: Holder<'a>) {
        let mut keys: Vec<String> = keys.chain(mail.map(|m| format!("smtp:{}", m.to_lowercase()))).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.by_address.entry(key).or_default().push(holder);
        }
    }

    /// The AD user with that GUID.
    pub fn ad_user(&self, guid: AdGuid) -> Option<&'a AdUser> {
        self.ad_by_guid.get(&guid).copied()
    }

    /// The AD user of that name.
    pub fn ad_by_dn(&self, dn: &Dn) -> Option<&'a AdUser> {
        self.ad_by_dn.get(dn).copied()
    }

    /// The AD users with that sAMAccountName, in one domain or in all.
    pub fn ad_by_sam(&self, domain: Option<&DomainName>, sam: &SamAccountName) -> Vec<&'a AdUser> {
        let all = self.ad_by_sam.get(&sam.key()).map_or(&[][..], Vec::as_slice);
        let wanted = |user: &&&AdUser| domain.is_none_or(|d| d.as_str().eq_ignore_ascii_case(user.domain.as_str()));
        all.iter().filter(wanted).copied().collect()
    }

    /// The AD users with that UPN.
    pub fn ad_by_upn(&self, upn: &Upn) -> &[&'a AdUser] {
        self.ad_by_upn.get(&upn.key()).map_or(&[], Vec::as_slice)
    }

    /// The AD users with that anchor. More than one is a fault of the data.
    pub fn ad_by_anchor(&self, anchor: Anchor) -> &[&'a AdUser] {
        self.ad_by_anchor.get(&anchor).map_or(&[], Vec::as_slice)
    }

    /// The AD user with that SID.
    pub fn ad_by_sid(&self, sid: &Sid) -> Option<&'a AdUser> {
        self.ad_by_sid.get(sid).copied()
    }

    /// All AD users.
    pub fn ad_users(&self) -> impl Iterator<Item = &'a AdUser> {
        self.snapshot.domains.iter().flat_map(|domain| &domain.users)
    }

    /// The live cloud user with that id.
    pub fn cloud_user(&self, id: ObjectId) -> Option<&'a EntraUser> {
        self.cloud_by_id.get(&id).copied()
    }

    /// The live cloud users with that UPN.
    pub fn cloud_by_upn(&self, upn: &Upn) -> &[&'a EntraUser] {
        self.cloud_by_upn.get(&upn.key()).map_or(&[], Vec::as_slice)
    }

    /// The soft-deleted users that had that UPN.
    pub fn deleted_by_upn(&self, upn: &Upn) -> &[&'a EntraUser] {
        self.deleted_by_upn.get(&upn.key()).map_or(&[], Vec::as_slice)
    }

    /// The cloud users, live or soft-deleted, with that ImmutableID, compared exactly.
    pub fn cloud_by_immutable_id(&self, value: &str) -> &[&'a EntraUser] {
        self.cloud_by_immutable_id.get(value).map_or(&[], Vec::as_slice)
    }

    /// The cloud users, live or soft-deleted, with that on-premises SID.
    pub fn cloud_by_sid(&self, sid: &Sid) -> &[&'a EntraUser] {
        self.cloud_by_sid.get(sid).map_or(&[], Vec::as_slice)
    }

    /// Everybody on both sides who holds an address, given as its lower-case `type:address`.
    pub fn holders_of(&self, conflict_key: &str) -> &[Holder<'a>] {
        self.by_address.get(conflict_key).map_or(&[], Vec::as_slice)
    }

    /// The UPN that the sync engine exports: `userPrincipalName`, or `sAMAccountName@<DNS name of the domain>` where that
    /// is empty. Source: Microsoft, "Microsoft Entra Connect: UserPrincipalName population", and the default rule
    /// "In from AD - User AccountEnabled".
    pub fn exported_upn(&self, user: &AdUser) -> Upn {
        let implied = || {
            let domain = self.snapshot.domains.iter().find(|domain| domain.name == user.domain);
            format!("{}@{}", user.sam, domain.map_or("", |domain| &domain.dns_name)).into()
        };
        user.upn.clone().unwrap_or_else(implied)
    }

    /// Everything that makes a user a role holder.
    pub fn holdings_of(&self, user: ObjectId) -> &[Holding] {
        self.holdings.get(&user).map_or(&[], Vec::as_slice)
    }
}

/// The items by a key that does not depend on the order in which they were read.
fn sorted<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort_by_key(|item| key(item));
    items
}
