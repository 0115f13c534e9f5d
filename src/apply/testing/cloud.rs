//! What the world knows of users besides matching: attributes, the recycle bin, the source of authority, switches.

use super::World;
use super::directories::refuse;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::model::anchor::ImmutableId;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::entra::EntraUser;
use crate::model::id::ObjectId;
use std::collections::BTreeMap;

type Answer<T> = Result<T, DirectoryError>;

impl World {
    pub(super) fn values(
        &self,
        id: ObjectId,
        wanted: &[EntraAttribute],
    ) -> Option<BTreeMap<EntraAttribute, Option<String>>> {
        let inner = self.inner.borrow();
        let user = inner.cloud.get(&id)?;
        let of = |attribute: EntraAttribute| match attribute {
            EntraAttribute::UserPrincipalName => Some(user.upn.to_string()),
            EntraAttribute::ImmutableId => user.immutable_id.as_ref().map(|id| id.as_str().to_owned()),
            EntraAttribute::SecurityIdentifier => user.security_identifier.as_ref().map(ToString::to_string),
            other => inner.residues.get(&(id, other)).cloned(),
        };
        Some(wanted.iter().map(|attribute| (*attribute, of(*attribute))).collect())
    }

    pub(super) fn change(&self, id: ObjectId, changes: &[EntraChange]) -> Answer<()> {
        let mut inner = self.inner.borrow_mut();
        let live = inner.cloud.get_mut(&id).ok_or_else(|| refuse(ErrorKind::NotFound, "amend"))?;
        if live.is_synced() {
            return Err(refuse(ErrorKind::Refused, "amend"));
        }
        let mut others = Vec::new();
        for EntraChange { attribute, sets, .. } in changes {
            match (attribute, sets) {
                (EntraAttribute::UserPrincipalName, Some(upn)) => live.upn = upn.as_str().into(),
                (EntraAttribute::UserPrincipalName, None) => return Err(refuse(ErrorKind::Refused, "amend")),
                (EntraAttribute::ImmutableId, value) => live.immutable_id = value.clone().map(ImmutableId),
                (EntraAttribute::SecurityIdentifier, value) => {
                    live.security_identifier = value.as_ref().map(|sid| sid.parse().unwrap());
                }
                (other, value) => others.push((*other, value.clone())),
            }
        }
        for (attribute, value) in others {
            match value {
                Some(value) => inner.residues.insert((id, attribute), value),
                None => inner.residues.remove(&(id, attribute)),
            };
        }
        Ok(())
    }

    pub(super) fn presence(&self, id: ObjectId) -> Presence {
        let inner = self.inner.borrow();
        match (inner.cloud.contains_key(&id), inner.deleted.contains_key(&id)) {
            (true, _) => Presence::Live,
            (false, true) => Presence::RecycleBin,
            (false, false) => Presence::Gone,
        }
    }

    pub(super) fn bring(&self, id: ObjectId, from: Presence, to: Presence) -> Answer<()> {
        let mut inner = self.inner.borrow_mut();
        let gone = || refuse(ErrorKind::NotFound, "place");
        match (from, to) {
            (Presence::Live, Presence::RecycleBin) => {
                let user = inner.cloud.remove(&id).ok_or_else(gone)?;
                inner.deleted.insert(id, EntraUser { sync_enabled: None, ..user });
            }
            (Presence::RecycleBin, Presence::Live) => {
                let user = inner.deleted.remove(&id).ok_or_else(gone)?;
                inner.cloud.insert(id, user);
            }
            (Presence::RecycleBin, Presence::Gone) => drop(inner.deleted.remove(&id).ok_or_else(gone)?),
            _ => return Err(refuse(ErrorKind::Refused, "place")),
        }
        Ok(())
    }

    pub(super) fn turn(&self, feature: SyncFeature, on: bool) {
        self.inner.borrow_mut().switches.insert(feature, on);
    }

    /// How a switch stands.
    pub(crate) fn switch(&self, feature: SyncFeature) -> bool {
        self.inner.borrow().switches.get(&feature).copied().unwrap_or_default()
    }
}
