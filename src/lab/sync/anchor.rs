//! The source anchor: choosing it, writing it back, freezing it. Source: *design concepts*, "Using
//! ms-DS-ConsistencyGuid as sourceAnchor".

use super::report::{ErrorCode, ExportError};
use super::scope::exclusion;
use super::view::{AdView, ImportedUser};
use crate::lab::ldap::stamp;
use crate::lab::world::World;
use crate::lab::world::forest::AdValues;
use crate::lab::world::keys::AdKey;
use crate::lab::world::sync::Connected;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::dn::Dn;
use crate::model::id::AdGuid;

/// An `mS-DS-ConsistencyGuid` that the engine fills with the user's own `objectGUID` before it exports the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteBack {
    /// The user.
    pub guid: AdGuid,
    /// Its name.
    pub dn: Dn,
    /// The value.
    pub anchor: Anchor,
}

/// What must be written to AD before a cycle may export. A staging server writes nothing.
pub fn write_backs(view: &AdView, world: &World) -> Vec<WriteBack> {
    if world.sync.staging || world.sync.source_anchor != SourceAnchor::ConsistencyGuid {
        return Vec::new();
    }
    let empty = |user: &&ImportedUser| user.consistency_guid.is_none() && exclusion(user, &world.sync.scope).is_none();
    let write_back =
        |user: &ImportedUser| WriteBack { guid: user.guid, dn: user.dn.clone(), anchor: Anchor::from_guid(user.guid) };
    view.users.iter().filter(empty).map(write_back).collect()
}

/// Writes to the lab's own forest, which never refuses the engine, and stamps each change as AD does.
pub fn write_to_forest(writes: &[WriteBack], world: &mut World) {
    for write in writes {
        let usn = stamp::next_usn(world);
        let clock = world.clock;
        for domain in &mut world.ad {
            let Some((row, _)) = domain.entries.find(AdKey::Guid, &write.guid.to_string()) else { continue };
            domain.entries.update(row, |entry| {
                entry.attributes.retain(|name, _| !name.eq_ignore_ascii_case("mS-DS-ConsistencyGuid"));
                let value = AdValues::octets(write.anchor.octets());
                entry.attributes.insert("mS-DS-ConsistencyGuid".to_owned(), value);
                stamp::changed(entry, usn, clock);
            });
        }
    }
}

/// The anchor that the engine exports `user` with.
///
/// The anchor of a user that is joined is frozen: another value in AD is an error until it is changed back. An empty
/// `mS-DS-ConsistencyGuid` after the write-back means that the write was refused.
pub fn of(user: &ImportedUser, source: SourceAnchor, known: Option<&Connected>) -> Result<Anchor, ExportError> {
    let anchor = match (source, &user.consistency_guid) {
        (SourceAnchor::ObjectGuid, _) => Anchor::from_guid(user.guid),
        (SourceAnchor::ConsistencyGuid, Some(octets)) => Anchor::from_octets(octets).map_err(|error| {
            ExportError::new(ErrorCode::IdentityDataValidationFailed, format!("mS-DS-ConsistencyGuid: {error}"))
        })?,
        (SourceAnchor::ConsistencyGuid, None) => {
            let detail = "the engine's account may not write mS-DS-ConsistencyGuid (8344)";
            return Err(ExportError::new(ErrorCode::PermissionIssue, detail));
        }
    };
    match known {
        Some(known) if known.cloud.is_some() && known.anchor != anchor => {
            let detail = format!("it was imported as {} and is now {anchor}", known.anchor);
            Err(ExportError::new(ErrorCode::SourceAnchorHasChanged, detail))
        }
        _ => Ok(anchor),
    }
}
