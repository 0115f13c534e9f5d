//! What a snapshot says of a write's target.

use crate::model::ad::AdUser;
use crate::model::entra::EntraUser;
use crate::model::id::ObjectId;
use crate::model::reference::AdRef;
use crate::snapshot::document::Snapshot;
use crate::state::ledger::Reading;
use crate::state::write::Write;

/// The AD user by its GUID, wherever it is now.
pub(super) fn ad_user<'a>(snapshot: &'a Snapshot, user: &AdRef) -> Option<&'a AdUser> {
    let domains = snapshot.domains.iter().filter(|d| d.name == user.domain);
    domains.flat_map(|d| &d.users).find(|u| u.guid == user.guid)
}

/// The live cloud user.
pub(super) fn entra_user(snapshot: &Snapshot, id: ObjectId) -> Option<&EntraUser> {
    snapshot.users.iter().find(|u| u.id == id)
}

/// What the write is about, as the snapshot has it; `None` if the object is gone.
pub(super) fn reading(snapshot: &Snapshot, write: &Write) -> Option<Reading> {
    match write {
        Write::Align { user, changes } => {
            ad_user(snapshot, user).map(|live| Reading::attributes(live, changes.iter().map(|c| &c.attribute)))
        }
        Write::Move { user, .. } => {
            ad_user(snapshot, user).and_then(|live| live.dn.parent()).map(|dn| Reading::Container { dn })
        }
        Write::Anchor { user, .. } => {
            entra_user(snapshot, user.id).map(|live| Reading::ImmutableId { value: live.immutable_id.clone() })
        }
        Write::Take { user, holding } | Write::Give { user, holding } => {
            entra_user(snapshot, user.id)?;
            let mut holdings = snapshot.holdings_of(user.id);
            holdings.retain(|live| holding.same_as(live));
            Some(Reading::Holdings { holdings })
        }
    }
}
