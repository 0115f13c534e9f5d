//! Who has which name, address or number: look-ups over both directories, each answer of a bounded size.

use crate::model::ad::AdUser;
use crate::model::address::{Address, AddressSet};
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::entra::EntraUser;
use crate::model::id::DomainName;
use crate::model::name::Upn;
use crate::model::profile::{Profile, ProfileAttribute};
use crate::snapshot::index::Index;
use crate::snapshot::lookup::{Lookup, fold};

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

/// What kind of value a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    Employee,
    Account,
    Mark,
}

/// A value to look users up by: its kind, and its text in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// An e-mail address or a sign-in name.
    pub fn name(text: &str) -> Self {
        Self::of(Kind::Name, text)
    }

    /// An employee id.
    pub fn employee(text: &str) -> Self {
        Self::of(Kind::Employee, text)
    }

    /// What a sync engine writes on a cloud user: the Base64 of a source anchor, or a SID. Compared exactly.
    pub fn mark(text: &str) -> Self {
        Self::of(Kind::Mark, text)
    }

    /// An account name: `sAMAccountName` in AD, the part before `@` of the UPN and `mailNickname` in the cloud.
    pub fn account(text: &str) -> Self {
        Self::of(Kind::Account, text)
    }

    fn of(kind: Kind, text: &str) -> Self {
        let mut key = Self(Vec::with_capacity(text.len() + 1));
        key.set(kind, text);
        key
    }

    fn kind(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn set(&mut self, kind: Kind, text: &str) {
        self.0.clear();
        self.0.push(kind as u8);
        if kind == Kind::Mark {
            self.0.extend_from_slice(text.as_bytes());
        } else {
            fold(text, &mut self.0);
        }
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
        let by_ad = Lookup::new(ad.len(), |place, add| of_ad(&ad[place], None, |key| add(&key.0)));
        let by_cloud = Lookup::new(cloud.len(), |place, add| of_cloud(cloud[place], None, |key| add(&key.0)));
        Self { ad, cloud, by_ad, by_cloud }
    }

    /// Whether so many users of one directory have a value that it identifies nobody.
    pub fn is_crowded(&self, key: &Key) -> bool {
        self.ad_with(key).count() > MOST || self.cloud_with(key).count() > MOST
    }

    /// Every live cloud user with a key of this AD user that identifies somebody, by place in [`Self::cloud`].
    pub fn alike(&self, ad: &AdSide<'_>) -> Vec<usize> {
        let mut places = Vec::new();
        of_ad(ad, None, |key| {
            if !self.is_crowded(key) {
                places.extend(self.cloud_with(key));
            }
        });
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
        let has = move |place: &usize| {
            let mut has = false;
            of_ad(&self.ad[*place], key.kind(), |own| has |= own == key);
            has
        };
        self.by_ad.places(&key.0).filter(has).take(MOST + 1)
    }

    fn cloud_with<'k>(&'k self, key: &'k Key) -> impl Iterator<Item = usize> + use<'k, 'a> {
        let has = move |place: &usize| {
            let mut has = false;
            of_cloud(self.cloud[*place], key.kind(), |own| has |= own == key);
            has
        };
        self.by_cloud.places(&key.0).filter(has).take(MOST + 1)
    }
}

fn names_of_ad<'k>(ad: &'k AdSide<'_>) -> impl Iterator<Item = &'k str> {
    names(&ad.user.proxy_addresses, ad.user.mail.as_deref(), ad.upn.as_str())
}

/// Every e-mail address, and the sign-in name.
pub(super) fn names<'k>(
    addresses: &'k AddressSet,
    mail: Option<&'k str>,
    upn: &'k str,
) -> impl Iterator<Item = &'k str> {
    let smtp = addresses.iter().filter_map(Address::smtp_address);
    smtp.chain(mail).chain([upn]).filter(|text| !text.is_empty())
}

/// The number in the personnel department, if there is one.
pub(super) fn employee_id(profile: &Profile) -> Option<&str> {
    profile.get(ProfileAttribute::EmployeeId).map(str::trim).filter(|id| !id.is_empty())
}

/// Every key of an AD user, or those of one kind.
fn of_ad(ad: &AdSide<'_>, only: Option<u8>, mut add: impl FnMut(&Key)) {
    let mut each = Each { only, key: Key(Vec::new()), add: &mut add };
    let user = ad.user;
    each.of(Kind::Name, || names_of_ad(ad));
    each.of(Kind::Employee, || employee_id(&user.profile));
    each.of(Kind::Account, || [user.sam.as_str()]);
    each.of(Kind::Mark, || {
        [Some(user.sid.to_string()), ad.anchor.map(|anchor| anchor.to_base64())].into_iter().flatten()
    });
}

/// Every key of a cloud user, or those of one kind.
fn of_cloud(user: &EntraUser, only: Option<u8>, mut add: impl FnMut(&Key)) {
    let mut each = Each { only, key: Key(Vec::new()), add: &mut add };
    each.of(Kind::Name, || names(&user.proxy_addresses, user.mail.as_deref(), user.upn.as_str()));
    each.of(Kind::Employee, || employee_id(&user.profile));
    each.of(Kind::Account, || [Some(user.upn.prefix()), user.mail_nickname.as_deref()].into_iter().flatten());
    each.of(Kind::Mark, || user.security_identifier.as_ref().map(ToString::to_string));
    each.of(Kind::Mark, || user.immutable_id.as_ref().map(ImmutableId::as_str));
}

/// Hands keys out, one after the other in the same buffer.
struct Each<'f> {
    only: Option<u8>,
    key: Key,
    add: &'f mut dyn FnMut(&Key),
}

impl Each<'_> {
    fn of<I: IntoIterator<Item: AsRef<str>>>(&mut self, kind: Kind, texts: impl FnOnce() -> I) {
        if self.only.is_none_or(|only| only == kind as u8) {
            for text in texts() {
                self.key.set(kind, text.as_ref());
                (self.add)(&self.key);
            }
        }
    }
}
