//! Which AD attribute is the source anchor in force, read from the users that are synced already.
//!
//! A synced cloud user's ImmutableID is its AD user's `mS-DS-ConsistencyGuid` or its `objectGUID`. Users for whom the two
//! are the same value, or whose `mS-DS-ConsistencyGuid` is empty, say nothing about which one it is. Only users count:
//! groups and contacts have `objectGUID` in any case. Source: Microsoft, "Microsoft Entra Connect: Design concepts"
//! (sourceAnchor, "Using ms-DS-ConsistencyGuid as sourceAnchor").

use crate::model::ad::{AdUser, Octets};
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::entra::EntraUser;
use crate::model::id::DomainName;
use crate::snapshot::index::Index;
use crate::snapshot::question::Question;
use std::collections::BTreeMap;

/// What the synced users of one domain show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Their ImmutableID is `mS-DS-ConsistencyGuid`, and not `objectGUID`.
    pub consistency_guid: Sample<'a>,
    /// It is `objectGUID`, and `mS-DS-ConsistencyGuid` has another value.
    pub object_guid: Sample<'a>,
    /// It is both, or `objectGUID` while `mS-DS-ConsistencyGuid` is empty.
    pub either: Sample<'a>,
    /// It is neither.
    pub neither: Sample<'a>,
}

/// How many users, and one of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample<'a> {
    /// How many.
    pub count: usize,
    /// The first one, in the order of ids.
    pub example: Option<(&'a AdUser, &'a EntraUser)>,
}

/// What the evidence comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// This attribute.
    Proven(SourceAnchor),
    /// One of the two, and nothing says which.
    Open,
    /// Some users show one, some the other.
    Mixed,
    /// Most users show neither: the anchor is another attribute.
    Other,
    /// No user is synced from this domain.
    Unseen,
}

/// The evidence of every domain that a synced user comes from. One look at each cloud user; a large directory is looked
/// at by several threads.
pub fn evidence<'a>(index: &Index<'a>) -> BTreeMap<DomainName, Evidence<'a>> {
    const PART: usize = 100_000;
    index.note(|| Question::SyncedUsers);
    let users = &index.snapshot.users;
    if users.len() <= PART {
        return look(users, index);
    }
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let parts = users.chunks(users.len().div_ceil(threads).max(PART));
    let mut found: BTreeMap<DomainName, Evidence<'a>> = BTreeMap::new();
    std::thread::scope(|scope| {
        let looks: Vec<_> = parts.map(|part| scope.spawn(|| look(part, index))).collect();
        for look in looks {
            for (domain, evidence) in look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                found.entry(domain).or_default().add(evidence);
            }
        }
    });
    found
}

fn look<'a>(users: &'a [EntraUser], index: &Index<'a>) -> BTreeMap<DomainName, Evidence<'a>> {
    let mut found: BTreeMap<DomainName, Evidence<'a>> = BTreeMap::new();
    for cloud in users.iter().filter(|user| user.is_synced()) {
        let (Some(sid), Some(immutable_id)) = (&cloud.security_identifier, &cloud.immutable_id) else { continue };
        let Some(ad) = index.ad_by_sid(sid) else { continue };
        if !found.contains_key(&ad.domain) {
            found.insert(ad.domain.clone(), Evidence::default());
        }
        let Some(evidence) = found.get_mut(&ad.domain) else { continue };
        let value = immutable_id.as_str();
        let guid = Anchor::from_guid(ad.guid).to_base64();
        let is_guid = value == guid;
        let sample = match ad.consistency_guid.as_ref().map(Octets::to_base64) {
            Some(consistency) if consistency == value && !is_guid => &mut evidence.consistency_guid,
            Some(consistency) if consistency != guid && is_guid => &mut evidence.object_guid,
            _ if is_guid => &mut evidence.either,
            _ => &mut evidence.neither,
        };
        sample.add(Sample { count: 1, example: Some((ad, cloud)) });
    }
    found
}

impl<'a> Sample<'a> {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        let id = |example: &Option<(&'a AdUser, &'a EntraUser)>| example.map(|(_, cloud)| cloud.id);
        if other.example.is_some() && (self.example.is_none() || id(&other.example) < id(&self.example)) {
            self.example = other.example;
        }
    }
}

impl Evidence<'_> {
    /// Adds what other users show.
    fn add(&mut self, other: Self) {
        self.consistency_guid.add(other.consistency_guid);
        self.object_guid.add(other.object_guid);
        self.either.add(other.either);
        self.neither.add(other.neither);
    }
}

impl Evidence<'_> {
    /// What it comes to.
    pub fn conclusion(&self) -> Conclusion {
        let Self { consistency_guid, object_guid, either, neither } = self;
        let explained = consistency_guid.count + object_guid.count + either.count;
        match (consistency_guid.count, object_guid.count) {
            _ if explained + neither.count == 0 => Conclusion::Unseen,
            _ if neither.count > explained => Conclusion::Other,
            (0, 0) => Conclusion::Open,
            (_, 0) => Conclusion::Proven(SourceAnchor::ConsistencyGuid),
            (0, _) => Conclusion::Proven(SourceAnchor::ObjectGuid),
            (_, _) => Conclusion::Mixed,
        }
    }

    /// The counts in words.
    pub fn counts(&self) -> String {
        let Self { consistency_guid, object_guid, either, neither } = self;
        format!(
            "of the synced users, {} have mS-DS-ConsistencyGuid as ImmutableID, {} objectGUID, {} a value that is both, {} neither",
            consistency_guid.count, object_guid.count, either.count, neither.count
        )
    }

    /// A user that contradicts this setting, if there is one.
    pub fn against(&self, setting: SourceAnchor) -> Option<(&AdUser, &EntraUser)> {
        let contrary = match setting {
            SourceAnchor::ConsistencyGuid => self.object_guid,
            SourceAnchor::ObjectGuid => self.consistency_guid,
        };
        contrary.example.or(self.neither.example)
    }
}

#[cfg(test)]
mod tests;
