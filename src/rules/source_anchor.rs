//! Which AD attribute is the source anchor in force, read from the users that are synced already.
//!
//! A synced cloud user's ImmutableID is its AD user's `mS-DS-ConsistencyGuid` or its `objectGUID`. Users for whom the two
//! are the same value, or whose `mS-DS-ConsistencyGuid` is empty, say nothing about which one it is. Only users count:
//! groups and contacts have `objectGUID` in any case. Source: Microsoft, "Microsoft Entra Connect: Design concepts"
//! (sourceAnchor, "Using ms-DS-ConsistencyGuid as sourceAnchor").

use crate::model::ad::AdUser;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::entra::EntraUser;
use crate::model::id::DomainName;
use crate::snapshot::index::{Holder, Index};
use crate::snapshot::question::Question;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    /// The first one, in the snapshot's order of ids.
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
    let users = index.cloud_users();
    let mut found: BTreeMap<DomainName, Evidence<'a>> = BTreeMap::new();
    if users.len() <= PART {
        look(users, index, &mut found);
        return found;
    }
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let parts = users.chunks(users.len().div_ceil(threads).max(PART));
        let looks: Vec<_> = parts
            .map(|part| {
                scope.spawn(|| {
                    let mut found = BTreeMap::new();
                    look(part, index, &mut found);
                    found
                })
            })
            .collect();
        for part in looks.into_iter().map(|look| look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))) {
            for (domain, evidence) in part {
                found.entry(domain).or_default().add(evidence);
            }
        }
    });
    found
}

fn look<'a>(users: &[Holder<'a>], index: &Index<'a>, found: &mut BTreeMap<DomainName, Evidence<'a>>) {
    for holder in users {
        let Holder::User(cloud) = holder else { continue };
        let (Some(sid), Some(immutable_id), true) =
            (&cloud.security_identifier, &cloud.immutable_id, cloud.is_synced())
        else {
            continue;
        };
        let Some(ad) = index.ad_by_sid(sid) else { continue };
        if !found.contains_key(&ad.domain) {
            found.insert(ad.domain.clone(), Evidence::default());
        }
        let Some(evidence) = found.get_mut(&ad.domain) else { continue };
        let value = immutable_id.as_str();
        let guid = Anchor::from_guid(ad.guid).to_base64();
        let is_guid = value == guid;
        let sample = match ad.consistency_guid.as_ref().map(|octets| STANDARD.encode(&octets.0)) {
            Some(consistency) if consistency == value && !is_guid => &mut evidence.consistency_guid,
            Some(consistency) if consistency != guid && is_guid => &mut evidence.object_guid,
            _ if is_guid => &mut evidence.either,
            _ => &mut evidence.neither,
        };
        sample.count += 1;
        sample.example.get_or_insert((ad, cloud));
    }
}

impl Evidence<'_> {
    /// Adds what users further on show.
    fn add(&mut self, later: Self) {
        let Self { consistency_guid, object_guid, either, neither } = self;
        let pairs = [
            (consistency_guid, later.consistency_guid),
            (object_guid, later.object_guid),
            (either, later.either),
            (neither, later.neither),
        ];
        for (sample, later) in pairs {
            sample.count += later.count;
            sample.example = sample.example.or(later.example);
        }
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
