//! Look-ups over a snapshot: each built once, when it is first asked for. Every answer is in an order that does not depend on the order in which the
//! directories returned their objects, so that the same directories give the same plan.

use super::document::Snapshot;
use super::lookup::{Builder, Lookup, fold};
use super::question::{Asked, Question};
use crate::model::ad::AdUser;
use crate::model::address::AddressSet;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::{AdGuid, DomainName, ObjectId, Sid};
use crate::model::name::{SamAccountName, Upn};
use crate::model::recipient::{AdHolder, Recipient};
use crate::model::role::Holding;
use crate::model::tenant::SyncFeatures;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

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
    /// Where the questions are noted, if anybody wants to know them.
    asked: Option<Arc<Asked>>,
    /// AD's objects: domain for domain, users before others, by GUID.
    ad: Objects<'a>,
    /// The cloud's objects: users, soft-deleted users, groups and contacts, recipients; each kind by id.
    cloud: Objects<'a>,
    /// The source anchor of each domain.
    anchors: Vec<(&'a DomainName, SourceAnchor)>,
    lookups: [OnceLock<Lookup>; LOOKUPS],
    holdings: HashMap<ObjectId, Vec<Holding>>,
    /// The sync features as they will be when the cycle comes; `None` where they could not be read.
    features: Option<SyncFeatures>,
    /// Cloud users that will be gone by then.
    removed: BTreeSet<ObjectId>,
}

impl<'a> Index<'a> {
    /// Indexes a snapshot. `anchor_of` says which attribute is the source anchor in each domain.
    pub fn new(snapshot: &'a Snapshot, anchor_of: impl Fn(&DomainName) -> SourceAnchor) -> Self {
        let mut ad = Objects::default();
        for domain in &snapshot.domains {
            ad.add(&domain.users, |user| user.guid, Holder::Ad);
            ad.add(&domain.holders, |holder| holder.guid, Holder::AdOther);
        }
        let mut cloud = Objects::default();
        cloud.add(&snapshot.users, |user| user.id, Holder::User);
        cloud.add(&snapshot.deleted_users, |user| user.id, Holder::Deleted);
        cloud.add(&snapshot.holders, |holder| holder.id, Holder::Other);
        let recipients = snapshot.recipients.as_deref().unwrap_or_default();
        cloud.add(recipients, |recipient| recipient.id.as_str(), Holder::Recipient);
        Self {
            snapshot,
            asked: None,
            ad,
            cloud,
            anchors: snapshot.domains.iter().map(|domain| (&domain.name, anchor_of(&domain.name))).collect(),
            lookups: [const { OnceLock::new() }; LOOKUPS],
            holdings: holdings(snapshot),
            features: snapshot.tenant.features,
            removed: BTreeSet::new(),
        }
    }

    /// The tenant's sync features as they will be when the cycle comes; `None` where they could not be read.
    pub const fn features(&self) -> Option<SyncFeatures> {
        self.features
    }

    /// From now on as they will be.
    pub fn change_features(&mut self, change: impl FnOnce(SyncFeatures) -> SyncFeatures) {
        self.features = self.features.map(change);
    }

    /// Answers from now on as if these cloud users were gone.
    pub fn forget(&mut self, users: impl IntoIterator<Item = ObjectId>) {
        self.removed.extend(users);
    }

    /// The same index, noting what it is asked.
    #[must_use]
    pub fn noting(mut self, asked: Option<Arc<Asked>>) -> Self {
        self.asked = asked;
        if self.snapshot.recipients.is_some() {
            // What Exchange says of an object is said by its id, so that no question about an address finds it.
            self.note(|| Question::Everything);
        }
        self
    }

    /// Notes a question.
    pub fn note(&self, question: impl FnOnce() -> Question) {
        if let Some(asked) = &self.asked {
            asked.note(question());
        }
    }

    /// Builds what every link asks for in one pass, each directory on a thread of its own. Only large directories are worth
    /// it.
    pub fn prepare(&self) {
        const WORTH_IT: usize = 20_000;
        if self.ad.sorted.len() + self.cloud.sorted.len() < WORTH_IT {
            return;
        }
        std::thread::scope(|threads| {
            threads.spawn(|| self.build(&[By::AdUpn, By::AdSam, By::AdAnchor, By::AdSid, By::AdAddress]));
            self.build(&[By::CloudUpn, By::ImmutableId, By::CloudSid, By::CloudAddress]);
        });
    }

    /// Builds several look-ups in one directory.
    fn build(&self, list: &[By]) {
        let Some(objects) = list.first().map(|by| self.objects(*by)) else { return };
        let mut builders: Vec<Builder> = list.iter().map(|_| Builder::new(objects.sorted.len())).collect();
        let mut buffer = Vec::new();
        for place in objects.as_read() {
            for (by, builder) in list.iter().zip(&mut builders) {
                self.keys(*by, &objects.sorted[place], &mut buffer, &mut |key| builder.add(key, place));
            }
        }
        for (by, builder) in list.iter().zip(builders) {
            self.lookups[*by as usize].get_or_init(|| builder.finish());
        }
    }

    fn lookup(&self, by: By) -> &Lookup {
        self.lookups[by as usize].get_or_init(|| {
            let objects = self.objects(by);
            let mut builder = Builder::new(objects.sorted.len());
            let mut buffer = Vec::new();
            for place in objects.as_read() {
                self.keys(by, &objects.sorted[place], &mut buffer, &mut |key| builder.add(key, place));
            }
            builder.finish()
        })
    }

    fn objects(&self, by: By) -> &Objects<'a> {
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
    fn find(&self, by: By, key: &[u8]) -> impl DoubleEndedIterator<Item = Holder<'a>> + use<'a> {
        let objects = self.objects(by);
        let mut buffer = Vec::new();
        let mut has_key = |object: &Holder<'a>| {
            let mut has = false;
            self.keys(by, object, &mut buffer, &mut |own| has |= own == key);
            has
        };
        let places = self.lookup(by).places(key);
        let is_there = |object: &Holder<'a>| match object {
            Holder::User(user) | Holder::Deleted(user) => !self.removed.contains(&user.id),
            _ => true,
        };
        let found = places.map(|place| objects.sorted[place]).filter(&mut has_key).filter(is_there);
        let found: Vec<Holder<'a>> = found.collect();
        found.into_iter()
    }

    /// The keys of an object: both what a look-up is built from and what is compared with when it is asked.
    fn keys(&self, by: By, object: &Holder<'a>, key: &mut Vec<u8>, add: &mut dyn FnMut(&[u8])) {
        key.clear();
        let mut folded = |text: &str, add: &mut dyn FnMut(&[u8])| {
            fold(text, key);
            add(key);
        };
        match (by, object) {
            (By::AdGuid, Holder::Ad(user)) => add(user.guid.0.as_bytes()),
            (By::AdDn, Holder::Ad(user)) => add(&user.dn.key()),
            (By::AdSam, Holder::Ad(user)) => folded(user.sam.as_str(), add),
            (By::AdUpn, Holder::Ad(user)) => user.upn.iter().for_each(|upn| folded(upn.as_str(), add)),
            (By::AdSid, Holder::Ad(user)) => {
                user.sid.write_octets(key);
                add(key);
            }
            (By::AdAnchor, Holder::Ad(user)) => {
                let source = self.anchors.iter().find(|(name, _)| **name == user.domain);
                let anchor = user.anchor(source.map_or_else(SourceAnchor::default, |(_, source)| *source));
                if let Ok(anchor) = anchor {
                    add(anchor.octets());
                }
            }
            (By::CloudUpn, Holder::User(user)) => folded(user.upn.as_str(), add),
            (By::DeletedUpn, Holder::Deleted(user)) => folded(user.upn_before_deletion().as_str(), add),
            (By::ImmutableId, Holder::User(user) | Holder::Deleted(user)) => {
                user.immutable_id.iter().for_each(|value| add(value.as_str().as_bytes()));
            }
            (By::CloudSid, Holder::User(user) | Holder::Deleted(user)) => {
                if let Some(sid) = &user.security_identifier {
                    sid.write_octets(key);
                    add(key);
                }
            }
            (By::CloudId | By::Shown, Holder::User(user)) | (By::Shown, Holder::Deleted(user)) => {
                add(user.id.0.as_bytes());
            }
            (By::Shown, Holder::Other(other)) => add(other.id.0.as_bytes()),
            (By::AdAddress | By::CloudAddress, object) => {
                let (addresses, mail) = object.addresses();
                for address in addresses.iter() {
                    key.clear();
                    fold(address.as_str(), key);
                    add(key);
                }
                // `mail` counts as an e-mail address.
                if let Some(mail) = mail {
                    key.clear();
                    key.extend_from_slice(b"smtp:");
                    fold(mail, key);
                    add(key);
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
        self.note(|| Question::AdGuid(guid));
        self.ad_users_by(By::AdGuid, guid.0.as_bytes()).pop()
    }

    /// The AD user of that name.
    pub fn ad_by_dn(&self, dn: &Dn) -> Option<&'a AdUser> {
        self.note(|| Question::AdDn(dn.clone()));
        self.ad_users_by(By::AdDn, &dn.key()).pop()
    }

    /// The AD users with that sAMAccountName, in one domain or in all.
    pub fn ad_by_sam(&self, domain: Option<&DomainName>, sam: &SamAccountName) -> Vec<&'a AdUser> {
        self.note(|| Question::AdSam(sam.key()));
        let mut found = self.ad_users_by(By::AdSam, sam.key().as_bytes());
        found.retain(|user| domain.is_none_or(|d| d.as_str().eq_ignore_ascii_case(user.domain.as_str())));
        found
    }

    /// The AD users with that UPN.
    pub fn ad_by_upn(&self, upn: &Upn) -> Vec<&'a AdUser> {
        self.note(|| Question::AdUpn(upn.key()));
        self.ad_users_by(By::AdUpn, upn.key().as_bytes())
    }

    /// The AD users with that anchor. More than one is a fault of the data.
    pub fn ad_by_anchor(&self, anchor: Anchor) -> Vec<&'a AdUser> {
        self.note(|| Question::AdAnchor(anchor));
        self.ad_users_by(By::AdAnchor, anchor.octets())
    }

    /// The AD user with that SID.
    pub fn ad_by_sid(&self, sid: &Sid) -> Option<&'a AdUser> {
        self.note(|| Question::AdSid(sid.clone()));
        self.ad_users_by(By::AdSid, &sid.to_octets()).pop()
    }

    /// All AD users that were read. What depends on them all is to be noted by who asks.
    pub fn ad_users(&self) -> impl Iterator<Item = &'a AdUser> {
        self.snapshot.domains.iter().flat_map(|domain| &domain.users)
    }

    /// The live cloud user with that id.
    pub fn cloud_user(&self, id: ObjectId) -> Option<&'a EntraUser> {
        self.note(|| Question::CloudId(id));
        self.cloud_users_by(By::CloudId, id.0.as_bytes()).pop()
    }

    /// The live cloud users with that UPN.
    pub fn cloud_by_upn(&self, upn: &Upn) -> Vec<&'a EntraUser> {
        self.note(|| Question::CloudUpn(upn.key()));
        self.cloud_users_by(By::CloudUpn, upn.key().as_bytes())
    }

    /// The soft-deleted users that had that UPN.
    pub fn deleted_by_upn(&self, upn: &Upn) -> Vec<&'a EntraUser> {
        self.cloud_users_by(By::DeletedUpn, upn.key().as_bytes())
    }

    /// The cloud users, live or soft-deleted, with that ImmutableID, compared exactly.
    pub fn cloud_by_immutable_id(&self, value: &str) -> Vec<&'a EntraUser> {
        self.note(|| Question::ImmutableId(value.to_owned()));
        self.cloud_users_by(By::ImmutableId, value.as_bytes())
    }

    /// The cloud users, live or soft-deleted, with that on-premises SID.
    pub fn cloud_by_sid(&self, sid: &Sid) -> Vec<&'a EntraUser> {
        self.note(|| Question::CloudSid(sid.clone()));
        self.cloud_users_by(By::CloudSid, &sid.to_octets())
    }

    /// Everybody on both sides who holds an address, given as its lower-case `type:address`.
    pub fn holders_of(&self, conflict_key: &str) -> Vec<Holder<'a>> {
        self.note(|| Question::Address(conflict_key.to_owned()));
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
        let known =
            recipient.id.parse::<ObjectId>().ok().and_then(|id| self.find(By::Shown, id.0.as_bytes()).next_back());
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
    for held in holdings.values_mut() {
        held.sort();
    }
    holdings
}

/// The objects of a directory, in an order that does not depend on the one in which they were read.
#[derive(Debug, Default)]
struct Objects<'a> {
    sorted: Vec<Holder<'a>>,
    /// The place of each object, in the order in which they were read: whoever looks at all of them follows it, for that is
    /// how they lie in memory.
    places: Vec<u32>,
}

impl<'a> Objects<'a> {
    /// Adds objects of one kind, sorted by a key.
    fn add<T, K: Ord>(&mut self, items: &'a [T], key: impl Fn(&'a T) -> K, holder: impl Fn(&'a T) -> Holder<'a>) {
        let begin = self.sorted.len();
        let mut order: Vec<(K, usize)> = items.iter().map(key).zip(0..).collect();
        order.sort_unstable();
        self.places.resize(begin + items.len(), 0);
        for (place, (_, at)) in (begin..).zip(order) {
            self.sorted.push(holder(&items[at]));
            self.places[begin + at] = u32::try_from(place).unwrap_or(u32::MAX);
        }
    }

    fn as_read(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|place| *place as usize)
    }
}

#[cfg(test)]
mod tests;
