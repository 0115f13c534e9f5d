//! Where an AD user stands towards the sync engine, and whom the engine never looks at.

use crate::model::ad::AdUser;
use crate::model::dn::Dn;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an AD user stands towards the sync engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Outside of the sync scope: no cycle sees it.
    Staged,
    /// In scope, but the scheduler is held by us while steps run.
    Held,
    /// In scope: a cycle may run at any moment.
    Exposed,
    /// It has a cloud object of its own already.
    Provisioned,
    /// Could not be determined.
    Unknown,
}

/// Where a user at `dn` stands, judged by its place alone: that it is [`Exposure::Provisioned`] is the index's to say.
/// `synced_ous` is empty where nobody has said what is in scope; `can_hold` is whether we can stop the scheduler.
pub fn by_place(dn: &Dn, synced_ous: &[Dn], can_hold: bool) -> Exposure {
    match (synced_ous.is_empty(), in_scope(dn, synced_ous), can_hold) {
        (true, _, _) => Exposure::Unknown,
        (false, false, _) => Exposure::Staged,
        (false, true, true) => Exposure::Held,
        (false, true, false) => Exposure::Exposed,
    }
}

/// Whether a DN lies in a synced container.
pub fn in_scope(dn: &Dn, synced_ous: &[Dn]) -> bool {
    synced_ous.iter().any(|ou| dn.is_under(ou))
}

/// The bits of `msExchRecipientTypeDetails` that the default rules leave out.
const UNSYNCED_RECIPIENTS: i64 = 0x21C0_7000;

/// `msExchRecipientTypeDetails` of a linked mailbox, which gives no anchor.
const LINKED_MAILBOX: i64 = 2;

/// Why Entra Connect's default rules keep a user out, or `None` if they do not.
///
/// Source: Microsoft, "Microsoft Entra Connect Sync: Understanding the default configuration", users: the scoping
/// filters of "In from AD - User Join". `isCriticalSystemObject` counts by presence, not by being TRUE.
pub fn excluded_by_default(user: &AdUser) -> Option<&'static str> {
    let sam = user.sam.key();
    let nickname = user.mail_nickname.as_deref().unwrap_or_default().to_lowercase();
    if user.critical_system_object {
        Some("isCriticalSystemObject is present")
    } else if sam.starts_with("aad_") || sam.starts_with("msol_") {
        Some("its sAMAccountName starts as the sync service's own accounts do (AAD_ or MSOL_)")
    } else if sam == "support_388945a0" {
        Some("it is a built-in account")
    } else if nickname.starts_with("systemmailbox{") || nickname.starts_with("cas_") && nickname.contains('}') {
        Some("its mailNickname is that of an Exchange system mailbox")
    } else if user.recipient_type.is_some_and(|kind| kind & UNSYNCED_RECIPIENTS != 0) {
        Some("its msExchRecipientTypeDetails is that of a system, discovery or other mailbox that is not synced")
    } else if user.recipient_type == Some(LINKED_MAILBOX) {
        Some("it is a linked mailbox (msExchRecipientTypeDetails 2): its account in the other forest is synced")
    } else if user.dn.as_str().to_uppercase().contains("\\0ACNF:") {
        Some("it is a replication conflict object (CNF)")
    } else {
        None
    }
}
