//! Look-ups over a snapshot: each built once, when it is first asked for. Every answer is in an order that does not depend on the order in which the
//! directories returned their objects, so that the same directories give the same plan.

use super::document::{AdDomainSnapshot, Snapshot};
use super::lookup::{Lookup, fold};
use crate::model::ad::AdUser;
use crate::model::address::AddressSet;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::{AdGuid, DomainName, ObjectId, Sid};
use crate::model::name::{SamAccountName, Upn};
use crate::model::recipient::{AdHolder, Recipient};
use crate::model::role::Holding;
use std::collections::HashMap;
use std::sync::OnceLock;

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

impl<'a> Holder<'a> {
    /// Its addresses, and its `mail`.
    fn addresses(&self) -> (&'a AddressSet, Option<&'a str>) {
        match self {
            Self::Ad(user) => (&user.proxy_addresses, user.mail.as_deref()),
            Self::User(user) | Self::Deleted(user) => (&user.proxy_addresses, user.mail.as_deref()),
            Self::Other(other) => (&other.proxy_addresses, other.mail.as_deref()),
            Self::AdOther(other) => (&other.proxy_addresses, other.mail.as_deref()),
            Self::Recipient(recipient) => (&recipient.addresses, None),
        }
    }

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

/// What objects are looked up by. Each look-up is built when it is first asked for.
#[derive(Clone, Copy, Debug)]
enum By {
    AdGuid,
    AdDn,
    AdSam,
    AdUpn,
    AdAnchor,
    AdSid,
    AdAddress,
    /// Live cloud users by object id.
    CloudId,
    /// Live cloud users by sign-in name.
    CloudUpn,
    /// Soft-deleted users by the name that they had.
    DeletedUpn,
    /// Cloud users, live and soft-deleted.
    ImmutableId,
    CloudSid,
    CloudAddress,
    /// Everything of the cloud that has an object id.
    Shown,
}

const LOOKUPS: usize = By::Shown as usize + 1;

/// Look-ups over one snapshot.
#[derive(Debug)]
pub struct Index<'a> {
    /// What is indexed.
    pub snapshot: &'a Snapshot,
    /// AD's objects: domain for domain, users before others, by GUID.
    ad: Vec<Holder<'a>>,
    /// The cloud's objects: users, soft-deleted users, groups and contacts, recipients; each kind by id.
    cloud: Vec<Holder<'a>>,
    /// The source anchor of each domain.
    anchors: Vec<(&'a DomainName, SourceAnchor)>,
    lookups: [OnceLock<Lookup>; LOOKUPS],
    holdings: HashMap<ObjectId, Vec<Holding>>,
}

impl<'a> Index<'a> {
    /// Indexes a snapshot. `anchor_of` says which attribute is the source anchor in each domain.
    pub fn new(snapshot: &'a Snapshot, anchor_of: impl Fn(&DomainName) -> SourceAnchor) -> Self {
        let of_domain = |domain: &'a AdDomainSnapshot| {
            let users = sorted(&domain.users, |user| user.guid).into_iter().map(Holder::Ad);
            users.chain(sorted(&domain.holders, |holder| holder.guid).into_iter().map(Holder::AdOther))
        };
        let cloud = || {
            let live = sorted(&snapshot.users, |user| user.id).into_iter().map(Holder::User);
            let deleted = sorted(&snapshot.deleted_users, |user| user.id).into_iter().map(Holder::Deleted);
            let others = sorted(&snapshot.holders, |holder| holder.id).into_iter().map(Holder::Other);
            let recipients = snapshot.recipients.as_deref().unwrap_or_default();
            let recipients = sorted(recipients, |recipient| recipient.id.clone()).into_iter().map(Holder::Recipient);
            live.chain(deleted).chain(others).chain(recipients).collect()
        };
        Self {
            snapshot,
            ad: snapshot.domains.iter().flat_map(of_domain).collect(),
            cloud: cloud(),
            anchors: snapshot.domains.iter().map(|domain| (&domain.name, anchor_of(&domain.name))).collect(),
            lookups: [const { OnceLock::new() }; LOOKUPS],
            holdings: holdings(snapshot),
        }
    }

    /// Builds what every link asks for, each directory on a thread of its own. Only large directories are worth it.
    pub fn prepare(&self) {
        const WORTH_IT: usize = 20_000;
        if self.ad.len() + self.cloud.len() < WORTH_IT {
            return;
        }
        let build = |list: &[By]| list.iter().for_each(|by| drop(self.lookup(*by).places(&[])));
        std::thread::scope(|threads| {
            threads.spawn(|| build(&[By::AdUpn, By::AdSam, By::AdAnchor, By::AdSid, By::AdAddress]));
            build(&[By::CloudUpn, By::CloudId, By::ImmutableId, By::CloudSid, By::CloudAddress]);
        });
    }

    fn lookup(&self, by: By) -> &Lookup {
        self.lookups[by as usize].get_or_init(|| {
            let objects = self.objects(by);
            Lookup::new(objects.len(), |place, add| self.keys(by, &objects[place], add))
        })
    }

    fn objects(&self, by: By) -> &[Holder<'a>] {
        match by {
            By::AdGuid | By::AdDn | By::AdSam | By::AdUpn | By::AdAnchor | By::AdSid | By::AdAddress => &self.ad,
            By::CloudId
            | By::CloudUpn
            | By::DeletedUpn
            | By::ImmutableId
            | By::CloudSid
            | By::CloudAddress
            | By::Shown => &self.cloud,
        }
    }

    /// Everything that has a key, in the order of the objects.
    fn find(&self, by: By, key: &[u8]) -> impl DoubleEndedIterator<Item = Holder<'a>> {
        let objects = self.objects(by);
        let mut found: Vec<Holder<'a>> = Vec::new();
        for place in self.lookup(by).places(key) {
            let mut has = false;
            self.keys(by, &objects[place], &mut |own| has |= own == key);
            if has {
                found.push(objects[place]);
            }
        }
        found.into_iter()
    }

    /// The keys of an object: both what a look-up is built from and what is compared with when it is asked.
    fn keys(&self, by: By, object: &Holder<'a>, add: &mut dyn FnMut(&[u8])) {
        let folded = |text: &str, add: &mut dyn FnMut(&[u8])| {
            let mut key = Vec::with_capacity(text.len());
            fold(text, &mut key);
            add(&key);
        };
        match (by, object) {
            (By::AdGuid, Holder::Ad(user)) => add(user.guid.0.as_bytes()),
            (By::AdDn, Holder::Ad(user)) => add(&user.dn.key()),
            (By::AdSam, Holder::Ad(user)) => folded(user.sam.as_str(), add),
            (By::AdUpn, Holder::Ad(user)) => user.upn.iter().for_each(|upn| folded(upn.as_str(), add)),
            (By::AdSid, Holder::Ad(user)) => add(&user.sid.to_octets()),
            (By::AdAnchor, Holder::Ad(user)) => {
                let source = self.anchors.iter().find(|(name, _)| **name == user.domain);
                let anchor = user.anchor(source.map_or_else(SourceAnchor::default, |(_, source)| *source));
                anchor.iter().for_each(|anchor| add(anchor.octets()));
            }
            (By::CloudId, Holder::User(user)) => add(user.id.0.as_bytes()),
            (By::CloudUpn, Holder::User(user)) => folded(user.upn.as_str(), add),
            (By::DeletedUpn, Holder::Deleted(user)) => folded(user.upn_before_deletion().as_str(), add),
            (By::ImmutableId, Holder::User(user) | Holder::Deleted(user)) => {
                user.immutable_id.iter().for_each(|value| add(value.as_str().as_bytes()));
            }
            (By::CloudSid, Holder::User(user) | Holder::Deleted(user)) => {
                user.security_identifier.iter().for_each(|sid| add(&sid.to_octets()));
            }
            (By::Shown, Holder::User(user) | Holder::Deleted(user)) => add(user.id.0.as_bytes()),
            (By::Shown, Holder::Other(other)) => add(other.id.0.as_bytes()),
            (By::AdAddress | By::CloudAddress, object) => {
                let (addresses, mail) = object.addresses();
                let mut key = Vec::with_capacity(64);
                for address in addresses.iter() {
                    key.clear();
                    fold(address.as_str(), &mut key);
                    add(&key);
                }
                // `mail` counts as an e-mail address.
                if let Some(mail) = mail {
                    key.clear();
                    key.extend_from_slice(b"smtp:");
                    fold(mail, &mut key);
                    add(&key);
                }
            }
            _ => {}
        }
    }

    fn ad_users_by(&self, by: By, key: &[u8]) -> Vec<&'a AdUser> {
        self.find(by, key).filter_map(|found| if let Holder::Ad(user) = found { Some(user) } else { None }).collect()
    }

    fn cloud_users_by(&self, by: By, key: &[u8]) -> Vec<&'a EntraUser> {
        let user = |found| match found {
            Holder::User(user) | Holder::Deleted(user) => Some(user),
            _ => None,
        };
        self.find(by, key).filter_map(user).collect()
    }

    /// The AD user with that GUID.
    pub fn ad_user(&self, guid: AdGuid) -> Option<&'a AdUser> {
        self.ad_users_by(By::AdGuid, guid.0.as_bytes()).pop()
    }

    /// The AD user of that name.
    pub fn ad_by_dn(&self, dn: &Dn) -> Option<&'a AdUser> {
        self.ad_users_by(By::AdDn, &dn.key()).pop()
    }

    /// The AD users with that sAMAccountName, in one domain or in all.
    pub fn ad_by_sam(&self, domain: Option<&DomainName>, sam: &SamAccountName) -> Vec<&'a AdUser> {
        let mut found = self.ad_users_by(By::AdSam, sam.key().as_bytes());
        found.retain(|user| domain.is_none_or(|d| d.as_str().eq_ignore_ascii_case(user.domain.as_str())));
        found
    }

    /// The AD users with that UPN.
    pub fn ad_by_upn(&self, upn: &Upn) -> Vec<&'a AdUser> {
        self.ad_users_by(By::AdUpn, upn.key().as_bytes())
    }

    /// The AD users with that anchor. More than one is a fault of the data.
    pub fn ad_by_anchor(&self, anchor: Anchor) -> Vec<&'a AdUser> {
        self.ad_users_by(By::AdAnchor, anchor.octets())
    }

    /// The AD user with that SID.
    pub fn ad_by_sid(&self, sid: &Sid) -> Option<&'a AdUser> {
        self.ad_users_by(By::AdSid, &sid.to_octets()).pop()
    }

    /// All AD users.
    pub fn ad_users(&self) -> impl Iterator<Item = &'a AdUser> {
        self.snapshot.domains.iter().flat_map(|domain| &domain.users)
    }

    /// All live cloud users, by id.
    pub fn cloud_users(&self) -> &[Holder<'a>] {
        &self.cloud[..self.snapshot.users.len()]
    }

    /// The live cloud user with that id.
    pub fn cloud_user(&self, id: ObjectId) -> Option<&'a EntraUser> {
        self.cloud_users_by(By::CloudId, id.0.as_bytes()).pop()
    }

    /// The live cloud users with that UPN.
    pub fn cloud_by_upn(&self, upn: &Upn) -> Vec<&'a EntraUser> {
        self.cloud_users_by(By::CloudUpn, upn.key().as_bytes())
    }

    /// The soft-deleted users that had that UPN.
    pub fn deleted_by_upn(&self, upn: &Upn) -> Vec<&'a EntraUser> {
        self.cloud_users_by(By::DeletedUpn, upn.key().as_bytes())
    }

    /// The cloud users, live or soft-deleted, with that ImmutableID, compared exactly.
    pub fn cloud_by_immutable_id(&self, value: &str) -> Vec<&'a EntraUser> {
        self.cloud_users_by(By::ImmutableId, value.as_bytes())
    }

    /// The cloud users, live or soft-deleted, with that on-premises SID.
    pub fn cloud_by_sid(&self, sid: &Sid) -> Vec<&'a EntraUser> {
        self.cloud_users_by(By::CloudSid, &sid.to_octets())
    }

    /// Everybody on both sides who holds an address, given as its lower-case `type:address`.
    pub fn holders_of(&self, conflict_key: &str) -> Vec<Holder<'a>> {
        let key = conflict_key.as_bytes();
        let mut holders: Vec<Holder<'a>> = self.find(By::AdAddress, key).collect();
        for holder in self.find(By::CloudAddress, key) {
            match self.shown(holder) {
                // What Exchange says of an object that Graph shows too is said of that object: one holder, not two.
                Some(known) if holders.iter().any(|other| other.is(&known)) => {}
                known => holders.push(known.unwrap_or(holder)),
            }
        }
        holders
    }

    /// What Graph shows of one of Exchange's recipients, if it does; `None` for whatever is no recipient.
    fn shown(&self, holder: Holder<'a>) -> Option<Holder<'a>> {
        let Holder::Recipient(recipient) = holder else { return None };
        let known = recipient.id.parse::<ObjectId>().ok().and_then(|id| self.find(By::Shown, id.0.as_bytes()).next_back());
        // A second recipient of the same id is no second holder either.
        Some(known.unwrap_or(holder))
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

fn holdings(snapshot: &Snapshot) -> HashMap<ObjectId, Vec<Holding>> {
    let mut holdings: HashMap<ObjectId, Vec<Holding>> = HashMap::new();
    for role in &snapshot.roles {
        holdings.entry(role.principal).or_default().push(Holding::Role(role.clone()));
    }
    for group in &snapshot.role_groups {
        let roles = snapshot.roles_of(group);
        for member in &group.members {
            let membership = Snapshot::membership(group, &roles, member).map(Holding::Group);
            holdings.entry(member.user).or_default().extend(membership);
        }
    }
    holdings.values_mut().for_each(|held| held.sort());
    holdings
}

/// The items by a key that does not depend on the order in which they were read.
fn sorted<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort_by_cached_key(|item| key(item));
    items
}
