//! Who has which name, address or number: look-ups over both directories, each answer of a bounded size.

use crate::model::ad::AdUser;
use crate::model::address::Address;
use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::model::id::DomainName;
use crate::model::name::Upn;
use crate::model::profile::ProfileAttribute;
use crate::snapshot::index::Index;
use crate::snapshot::lookup::Lookup;

/// A value that more users of one directory have identifies nobody: an employee id of `0`, the address of a helpdesk that
/// service accounts share, an account name such as `admin` in many domains.
pub const MOST: usize = 8;

/// An AD user with what is derived from it.
#[derive(Clone, Debug)]
pub struct AdSide<'a> {
    /// The user.
    pub user: &'a AdUser,
    /// The sign-in name that the engine exports.
    pub upn: Upn,
    /// Its source anchor; `None` if it has none that can be used.
    pub anchor: Option<Anchor>,
}

/// A value to look users up by: its kind and its text in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// An e-mail address or a sign-in name.
    pub fn name(text: &str) -> Self {
        Self::of(b'a', text)
    }

    /// An employee id.
    pub fn employee(text: &str) -> Self {
        Self::of(b'e', text)
    }

    /// An account name: `sAMAccountName` in AD, the part before `@` of the UPN and `mailNickname` in the cloud.
    pub fn account(text: &str) -> Self {
        Self::of(b'n', text)
    }

    /// What a sync engine writes on a cloud user: the Base64 of a source anchor, or a SID. Compared exactly.
    pub fn mark(text: &str) -> Self {
        Self([b"m", text.as_bytes()].concat())
    }

    fn of(kind: u8, text: &str) -> Self {
        let mut key = vec![kind];
        key.extend_from_slice(text.to_lowercase().as_bytes());
        Self(key)
    }
}

/// Both directories by their keys. Users are in an order that does not depend on the one in which they were read.
pub struct Keys<'a> {
    /// AD's users, by GUID.
    pub ad: Vec<AdSide<'a>>,
    /// The live cloud users, by id.
    pub cloud: Vec<&'a EntraUser>,
    by_ad: Lookup,
    by_cloud: Lookup,
}

impl<'a> Keys<'a> {
    /// Over everybody who was read. `anchor_of` gives an AD user's source anchor.
    pub fn new(index: &Index<'a>, anchor_of: impl Fn(&AdUser, &DomainName) -> Option<Anchor>) -> Self {
        let side =
            |user: &'a AdUser| AdSide { user, upn: index.exported_upn(user), anchor: anchor_of(user, &user.domain) };
        let mut ad: Vec<AdSide<'a>> = index.ad_users().map(side).collect();
        ad.sort_unstable_by_key(|side| side.user.guid);
        let mut cloud: Vec<&EntraUser> = index.snapshot.users.iter().collect();
        cloud.sort_unstable_by_key(|user| user.id);
        let by_ad = Lookup::new(ad.len(), |place, add| of_ad(&ad[place]).iter().for_each(|key| add(&key.0)));
        let by_cloud = Lookup::new(cloud.len(), |place, add| of_cloud(cloud[place]).iter().for_each(|key| add(&key.0)));
        Self { ad, cloud, by_ad, by_cloud }
    }

    /// Whether so many users of one directory have a value that it identifies nobody.
    pub fn is_crowded(&self, key: &Key) -> bool {
        self.ad_with(key).count() > MOST || self.cloud_with(key).count() > MOST
    }

    /// Every live cloud user with a key of this AD user that identifies somebody, by place in [`Self::cloud`].
    pub fn alike(&self, ad: &AdSide<'_>) -> Vec<usize> {
        let keys = of_ad(ad);
        let mut places: Vec<usize> =
            keys.iter().filter(|key| !self.is_crowded(key)).flat_map(|key| self.cloud_with(key)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether a sign-in name or an address of this AD user identifies nobody.
    pub fn has_crowded_name(&self, ad: &AdSide<'_>) -> bool {
        names_of_ad(ad).any(|name| self.is_crowded(&Key::name(name)))
    }

    /// One more than [`MOST`] at most: who asks needs no more to know that they are too many.
    fn ad_with<'k>(&'k self, key: &'k Key) -> impl Iterator<Item = usize> + use<'k, 'a> {
        self.by_ad.places(&key.0).filter(move |place| of_ad(&self.ad[*place]).contains(key)).take(MOST + 1)
    }

    fn cloud_with<'k>(&'k self, key: &'k Key) -> impl Iterator<Item = usize> + use<'k, 'a> {
        self.by_cloud.places(&key.0).filter(move |place| of_cloud(self.cloud[*place]).contains(key)).take(MOST + 1)
    }
}

fn names_of_ad<'k>(ad: &'k AdSide<'_>) -> impl Iterator<Item = &'k str> {
    let smtp = ad.user.proxy_addresses.iter().filter_map(Address::smtp_address);
    smtp.chain(ad.user.mail.as_deref()).chain([ad.upn.as_str()]).filter(|text| !text.is_empty())
}

fn of_ad(ad: &AdSide<'_>) -> Vec<Key> {
    let employee = ad.user.profile.get(ProfileAttribute::EmployeeId).map(str::trim).filter(|id| !id.is_empty());
    names_of_ad(ad)
        .map(Key::name)
        .chain(employee.map(Key::employee))
        .chain([Key::account(ad.user.sam.as_str()), Key::mark(&ad.user.sid.to_string())])
        .chain(ad.anchor.map(|anchor| Key::mark(&anchor.to_base64())))
        .collect()
}

fn of_cloud(user: &EntraUser) -> Vec<Key> {
    let smtp = user.proxy_addresses.iter().filter_map(Address::smtp_address);
    let names = smtp.chain(user.mail.as_deref()).chain([user.upn.as_str()]).filter(|text| !text.is_empty());
    let employee = user.profile.get(ProfileAttribute::EmployeeId).map(str::trim).filter(|id| !id.is_empty());
    let sid = user.security_identifier.as_ref().map(ToString::to_string);
    names
        .map(Key::name)
        .chain(employee.map(Key::employee))
        .chain(user.immutable_id.iter().map(|id| Key::mark(id.as_str())))
        .chain(sid.map(|sid| Key::mark(&sid)))
        .chain([Some(user.upn.prefix()), user.mail_nickname.as_deref()].into_iter().flatten().map(Key::account))
        .collect()
}
