//! How findings name objects: kind, id, readable name, and where the object lives.

use super::finding::ObjectRef;
use crate::model::ad::AdUser;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::id::ObjectId;
use crate::model::recipient::{AdHolder, AdHolderKind, Recipient};
use crate::snapshot::index::Holder;

/// Names an AD user by its account and container.
pub fn ad_user(user: &AdUser) -> ObjectRef {
    ObjectRef {
        kind: "AD user".to_owned(),
        id: user.guid.to_string(),
        name: format!("{}\\{}", user.domain, user.sam),
        place: user.dn.to_string(),
    }
}

/// Names a cloud user by its UPN.
pub fn cloud_user(user: &EntraUser) -> ObjectRef {
    let (kind, place) = if user.deleted.is_some() {
        ("soft-deleted cloud user", "recycle bin of Entra ID")
    } else if user.is_synced() {
        ("cloud user, synced from AD", "Entra ID")
    } else {
        ("cloud user", "Entra ID")
    };
    ObjectRef { kind: kind.to_owned(), id: user.id.to_string(), name: user.upn.to_string(), place: place.to_owned() }
}

/// Names a group or contact by its display name.
pub fn address_holder(holder: &AddressHolder) -> ObjectRef {
    ObjectRef {
        kind: holder.kind.to_string(),
        id: holder.id.to_string(),
        name: holder.name(),
        place: if holder.synced { "Entra ID, synced from AD" } else { "Entra ID" }.to_owned(),
    }
}

/// Names a group that holds a role.
pub fn role_group(id: ObjectId, name: &str) -> ObjectRef {
    ObjectRef {
        kind: "role-assignable group".to_owned(),
        id: id.to_string(),
        name: name.to_owned(),
        place: "Entra ID".to_owned(),
    }
}

/// Names a group, contact or other object of AD.
pub fn ad_holder(holder: &AdHolder) -> ObjectRef {
    ObjectRef {
        kind: holder.kind.to_string(),
        id: holder.guid.to_string(),
        name: format!("{}\\{}", holder.domain, holder.name),
        place: holder.dn.to_string(),
    }
}

/// Names a recipient that only Exchange knows.
pub fn exchange_recipient(recipient: &Recipient) -> ObjectRef {
    ObjectRef {
        kind: format!("Exchange recipient ({})", recipient.kind),
        id: recipient.id.clone(),
        name: recipient.name.clone(),
        place: "Exchange Online".to_owned(),
    }
}

/// Whether the holder is of another type than a user, to the cloud. A dynamic list of AD is not: the engine leaves it alone,
/// so the cloud never hears of it.
pub fn is_other_type(holder: &Holder<'_>) -> bool {
    match holder {
        Holder::Ad(_) | Holder::User(_) | Holder::Deleted(_) => false,
        Holder::Other(_) => true,
        Holder::AdOther(other) => other.kind != AdHolderKind::DynamicList,
        Holder::Recipient(recipient) => !is_user_kind(&recipient.kind),
    }
}

/// Whether Exchange's `RecipientTypeDetails` is a kind of user.
fn is_user_kind(kind: &str) -> bool {
    let kind = kind.to_lowercase();
    kind != "groupmailbox" && (kind.ends_with("mailbox") || kind.ends_with("mailuser") || kind == "user")
}

/// Names whoever holds a value.
pub fn holder(holder: &Holder<'_>) -> ObjectRef {
    match holder {
        Holder::Ad(user) => ad_user(user),
        Holder::User(user) | Holder::Deleted(user) => cloud_user(user),
        Holder::Other(other) => address_holder(other),
        Holder::AdOther(other) => ad_holder(other),
        Holder::Recipient(recipient) => exchange_recipient(recipient),
    }
}
