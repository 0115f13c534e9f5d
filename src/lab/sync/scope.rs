//! Which users are synced at all. Source: *default configuration*, "In from AD – User" scoping filters and the join
//! rules' exclusions.

use super::view::ImportedUser;
use crate::model::dn::Dn;

/// Why a user is not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// In none of the synced containers.
    OutsideContainers,
    /// `isCriticalSystemObject` is present (its value does not matter).
    CriticalSystemObject,
    /// No `sAMAccountName`.
    NoSamAccountName,
    /// No `userAccountControl`.
    NoAccountControl,
    /// An account of the engine itself (`AAD_…`, `MSOL_…`) or Microsoft's support account.
    ReservedName,
    /// An Exchange system mailbox.
    SystemMailbox,
    /// An Exchange recipient type that is not synced.
    RecipientType,
    /// A replication conflict's loser.
    ConflictObject,
}

/// Recipient types that are not synced (*default configuration*).
const EXCLUDED_RECIPIENT_TYPES: i64 = 0x21C0_7000;

/// A linked mailbox: its other forest's account is the user, this one gives no anchor.
const LINKED_MAILBOX: i64 = 2;

/// Why `user` is not synced by an engine that is set to these containers; `None` if it is synced.
pub fn exclusion(user: &ImportedUser, containers: &[Dn]) -> Option<Exclusion> {
    let starts = |text: &Option<String>, prefix: &str| {
        text.as_deref().and_then(|t| t.get(..prefix.len())).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let rules = [
        (!containers.iter().any(|ou| user.dn.is_under(ou)), Exclusion::OutsideContainers),
        (user.critical_system_object, Exclusion::CriticalSystemObject),
        (user.sam.is_none(), Exclusion::NoSamAccountName),
        (user.user_account_control.is_none(), Exclusion::NoAccountControl),
        (
            starts(&user.sam, "AAD_")
                || starts(&user.sam, "MSOL_")
                || user.sam.as_deref().is_some_and(|sam| sam.eq_ignore_ascii_case("SUPPORT_388945a0")),
            Exclusion::ReservedName,
        ),
        (
            starts(&user.mail_nickname, "SystemMailbox{")
                || starts(&user.mail_nickname, "CAS_")
                    && user.mail_nickname.as_deref().is_some_and(|n| n.contains('}')),
            Exclusion::SystemMailbox,
        ),
        (
            user.recipient_type & EXCLUDED_RECIPIENT_TYPES != 0 || user.recipient_type == LINKED_MAILBOX,
            Exclusion::RecipientType,
        ),
        (user.dn.as_str().to_uppercase().contains("\\0ACNF:"), Exclusion::ConflictObject),
    ];
    rules.into_iter().find_map(|(applies, exclusion)| applies.then_some(exclusion))
}
