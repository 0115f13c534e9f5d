//! Who holds a value: a synced object and its AD original are one owner, and it is changed at its source.
//!
//! A synced cloud user is joined with its AD user by SID. A synced group or contact carries nothing in what is read of it
//! that names its original, so it is joined with the one AD object of its type that holds the same value; where there is
//! none or there are several it stands alone, since nothing says which one it is. A mail-enabled public folder of Exchange
//! Online is joined with one of AD likewise.

use crate::model::address::Address;
use crate::model::entra::HolderKind;
use crate::model::recipient::AdHolderKind;
use crate::rules::finding::ObjectRef;
use crate::rules::matching::Candidate;
use crate::rules::objects;
use crate::snapshot::index::{Holder, Index};

/// Somebody who holds a value.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Where it is found.
    pub holder: Holder<'a>,
    /// Its original in AD, if it is synced from one that was read.
    pub original: Option<Holder<'a>>,
}

impl<'a> Owner<'a> {
    /// The object to change: the original, or itself.
    pub fn source(&self) -> Holder<'a> {
        self.original.unwrap_or(self.holder)
    }

    /// Everything that it is, the object to change first.
    pub fn objects(&self) -> impl Iterator<Item = ObjectRef> {
        let half = self.original.map(|_| objects::holder(&self.holder));
        std::iter::once(objects::holder(&self.source())).chain(half)
    }

    /// In which directory a value is taken away from it, as an instruction.
    pub fn way_out(&self, value: &str) -> String {
        match self.source() {
            Holder::Ad(user) => {
                let there = "In AD, remove it from";
                let stale = self.original.is_some() && !holds(&self.source(), value);
                if stale {
                    format!(
                        "AD does not give it to {}\\{} ({}): let a sync cycle run, or remove it in Exchange Online",
                        user.domain, user.sam, user.dn
                    )
                } else {
                    format!("{there} {}\\{} ({})", user.domain, user.sam, user.dn)
                }
            }
            Holder::User(user) if user.is_synced() => {
                format!("In the AD that {} is synced from (its AD user was not read), remove it", user.upn)
            }
            Holder::User(user) => {
                format!("In the cloud, remove it from {} (Exchange admin center; Graph only reads addresses)", user.upn)
            }
            Holder::Deleted(user) => format!(
                "In the cloud, delete {} for good (Entra admin center, Deleted users), or restore it and free the value",
                user.upn
            ),
            Holder::Other(other) if other.synced => format!(
                "In the AD that the {} {} is synced from (its original was not found among what was read), remove it",
                other.kind,
                objects::address_holder(other).name
            ),
            Holder::Other(other) => format!(
                "In the cloud, remove it from the {} {} (Exchange admin center)",
                other.kind,
                objects::address_holder(other).name
            ),
            Holder::AdOther(other) => format!("In AD, remove it from the {} {} ({})", other.kind, other.name, other.dn),
            Holder::Recipient(other) => {
                format!("In Exchange Online, remove it from {} ({})", other.name, set_cmdlet(&other.kind))
            }
        }
    }
}

/// The owners of a value, given everybody who holds it. The link's own two users are none, and neither is a cloud object
/// that its AD user has already, which is reported as that.
pub fn owners<'a>(holders: &[Holder<'a>], link: Candidate<'_>, index: &Index<'a>) -> Vec<Owner<'a>> {
    let duplicate = |holder: &Holder<'_>| match holder {
        Holder::User(user) => user.is_synced() && user.security_identifier.as_ref() == Some(&link.ad.sid),
        _ => false,
    };
    let others = holders.iter().filter(|holder| !is_own(holder, link) && !duplicate(holder));
    let others: Vec<Holder<'a>> = others.copied().collect();
    let owners: Vec<Owner<'a>> =
        others.iter().map(|holder| Owner { holder: *holder, original: original(holder, &others, index) }).collect();
    let originals: Vec<Holder<'a>> = owners.iter().filter_map(|owner| owner.original).collect();
    owners.into_iter().filter(|owner| !originals.iter().any(|original| original.is(&owner.holder))).collect()
}

/// Whether it is one of the two users that are to become one.
pub fn is_own(holder: &Holder<'_>, link: Candidate<'_>) -> bool {
    match holder {
        Holder::Ad(user) => user.guid == link.ad.guid,
        Holder::User(user) | Holder::Deleted(user) => user.id == link.cloud.id,
        Holder::Other(_) | Holder::AdOther(_) | Holder::Recipient(_) => false,
    }
}

fn original<'a>(holder: &Holder<'a>, others: &[Holder<'a>], index: &Index<'a>) -> Option<Holder<'a>> {
    let kind = match holder {
        Holder::User(user) if user.is_synced() => {
            return index.ad_by_sid(user.security_identifier.as_ref()?).map(Holder::Ad);
        }
        Holder::Other(other) if other.synced => match other.kind {
            HolderKind::Group => AdHolderKind::Group,
            HolderKind::Contact => AdHolderKind::Contact,
        },
        Holder::Recipient(recipient) if recipient.kind.eq_ignore_ascii_case("PublicFolder") => {
            AdHolderKind::PublicFolder
        }
        _ => return None,
    };
    let mut alike = others.iter().filter(|other| matches!(other, Holder::AdOther(ad) if ad.kind == kind));
    match (alike.next(), alike.next()) {
        (Some(one), None) => Some(*one),
        _ => None,
    }
}

/// Whether the object itself has the e-mail address, or is called by it.
fn holds(holder: &Holder<'_>, address: &str) -> bool {
    let (addresses, mail, upn) = match holder {
        Holder::Ad(user) => (&user.proxy_addresses, user.mail.as_deref(), user.upn.as_ref()),
        Holder::User(user) | Holder::Deleted(user) => (&user.proxy_addresses, user.mail.as_deref(), Some(&user.upn)),
        Holder::Other(other) => (&other.proxy_addresses, other.mail.as_deref(), None),
        Holder::AdOther(other) => (&other.proxy_addresses, other.mail.as_deref(), None),
        Holder::Recipient(recipient) => (&recipient.addresses, None, None),
    };
    let key = address.to_lowercase();
    let same = |text: &str| text.to_lowercase() == key;
    addresses.iter().map(Address::address).any(same)
        || mail.is_some_and(same)
        || upn.is_some_and(|upn| same(upn.as_str()))
}

/// Exchange's cmdlet that changes the addresses of a kind of recipient.
fn set_cmdlet(kind: &str) -> &'static str {
    match kind.to_lowercase().as_str() {
        "publicfolder" => "Set-MailPublicFolder",
        "dynamicdistributiongroup" => "Set-DynamicDistributionGroup",
        "groupmailbox" => "Set-UnifiedGroup",
        "mailcontact" => "Set-MailContact",
        "mailuser" | "guestmailuser" => "Set-MailUser",
        kind if kind.ends_with("mailbox") => "Set-Mailbox",
        _ => "Exchange admin center",
    }
}
