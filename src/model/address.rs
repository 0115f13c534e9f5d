//! `proxyAddresses`: typed addresses, compared as Exchange and Entra compare them.
//!
//! A value is `type:address`. For e-mail the type's case carries meaning: `SMTP:` marks the one primary address,
//! `smtp:` every other. Everything else compares without case. Source: Microsoft, "Configure Microsoft Entra Connect
//! for an existing tenant" (only the upper-case `SMTP:` value is evaluated for a soft match).

use super::texts::Texts;
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// One value of `proxyAddresses`, such as `SMTP:jane@contoso.com`.
///
/// Equality here is textual; [`Address::key`] is what sets compare by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ProxyAddress(pub String);

/// One value of `proxyAddresses`, where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address<'a>(pub &'a str);

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// `SMTP:`: the primary e-mail address.
    PrimarySmtp,
    /// `smtp:` (also in mixed case, which Exchange never writes): an alias.
    SecondarySmtp,
    /// `x500:`, `sip:`, `EUM:`, or no type at all.
    Other,
}

impl<'a> Address<'a> {
    /// What kind of address this is.
    pub fn kind(self) -> AddressKind {
        match self.0.split_once(':') {
            Some(("SMTP", _)) => AddressKind::PrimarySmtp,
            Some((prefix, _)) if prefix.eq_ignore_ascii_case("smtp") => AddressKind::SecondarySmtp,
            _ => AddressKind::Other,
        }
    }

    /// The address after the type, as written.
    pub fn address(self) -> &'a str {
        self.0.split_once(':').map_or(self.0, |(_, address)| address)
    }

    /// The e-mail address, if this is one.
    pub fn smtp_address(self) -> Option<&'a str> {
        (self.kind() != AddressKind::Other).then(|| self.address())
    }

    /// The value in lower case, type included: what must be unique in a tenant, primary or not.
    pub fn conflict_key(self) -> String {
        self.0.to_lowercase()
    }

    /// What two sets compare by: lower case, but for the primary mark `SMTP:`.
    pub fn key(self) -> String {
        match self.kind() {
            AddressKind::PrimarySmtp => format!("SMTP:{}", self.address().to_lowercase()),
            _ => self.conflict_key(),
        }
    }

    /// The value as text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The order of [`Address::key`], without making the keys of what is plain ASCII.
    fn cmp_key(self, other: Self) -> Ordering {
        fn folded(address: Address<'_>) -> impl Iterator<Item = u8> {
            // `SMTP:` and what follows it.
            let kept = if address.kind() == AddressKind::PrimarySmtp { 5 } else { 0 };
            let octets = address.0.bytes().enumerate();
            octets.map(move |(at, octet)| if at < kept { octet } else { octet.to_ascii_lowercase() })
        }
        if self.0.is_ascii() && other.0.is_ascii() {
            folded(self).cmp(folded(other))
        } else {
            self.key().cmp(&other.key())
        }
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl ProxyAddress {
    /// The primary e-mail address `SMTP:address`.
    pub fn primary(address: &str) -> Self {
        Self(format!("SMTP:{address}"))
    }

    /// An alias `smtp:address`.
    pub fn alias(address: &str) -> Self {
        Self(format!("smtp:{address}"))
    }

    /// The address, to look at.
    pub fn get(&self) -> Address<'_> {
        Address(&self.0)
    }

    /// [`Address::kind`].
    pub fn kind(&self) -> AddressKind {
        self.get().kind()
    }

    /// [`Address::address`].
    pub fn address(&self) -> &str {
        self.get().address()
    }

    /// [`Address::smtp_address`].
    pub fn smtp_address(&self) -> Option<&str> {
        self.get().smtp_address()
    }

    /// [`Address::conflict_key`].
    pub fn conflict_key(&self) -> String {
        self.get().conflict_key()
    }

    /// [`Address::key`].
    pub fn key(&self) -> String {
        self.get().key()
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ProxyAddress {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

impl From<String> for ProxyAddress {
    fn from(s: String) -> Self {
        Self(s)
    }
}

impl From<Address<'_>> for ProxyAddress {
    fn from(address: Address<'_>) -> Self {
        Self(address.0.to_owned())
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of addresses: at most one spelling per address, sorted with the primary first.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "Vec<ProxyAddress>")]
pub struct AddressSet(Texts);

impl AddressSet {
    /// The one primary SMTP address, without its `SMTP:`. `None` if there is none or more than one.
    pub fn primary(&self) -> Option<&str> {
        let mut primaries = self.iter().filter(|a| a.kind() == AddressKind::PrimarySmtp);
        match (primaries.next(), primaries.next()) {
            (Some(one), None) => Some(one.address()),
            _ => None,
        }
    }

    /// How many values are marked `SMTP:`. More than one is a fault of the data.
    pub fn primary_count(&self) -> usize {
        self.iter().filter(|a| a.kind() == AddressKind::PrimarySmtp).count()
    }

    /// The values, primary first, then by address.
    pub fn iter(&self) -> impl Iterator<Item = Address<'_>> + Clone {
        // Upper-case `S` sorts before every lower-case key, so the order of keys already has the primary first.
        self.0.iter().map(Address)
    }

    /// Whether the e-mail address is in the set, primary or alias, in any case.
    pub fn has_smtp(&self, address: &str) -> bool {
        self.iter().any(|a| a.smtp_address().is_some_and(|x| x.eq_ignore_ascii_case(address)))
    }

    /// Whether an equal value (by [`Address::key`]) is in the set.
    pub fn contains(&self, address: Address<'_>) -> bool {
        self.iter().any(|own| own.cmp_key(address).is_eq())
    }

    /// Makes `address` the primary one; the old primary becomes an alias, and an alias of the same address goes.
    pub fn set_primary(&mut self, address: &str) {
        let primary = ProxyAddress::primary(address);
        if self.iter().any(|a| a == primary.get()) && self.primary_count() == 1 {
            return;
        }
        let others = self.iter().filter(|a| !a.smtp_address().is_some_and(|x| x.eq_ignore_ascii_case(address)));
        let (former, kept): (Vec<_>, Vec<_>) = others.partition(|a| a.kind() == AddressKind::PrimarySmtp);
        let former = former.into_iter().map(|a| ProxyAddress::alias(a.address()));
        // An alias that is there already keeps its spelling.
        *self = kept.into_iter().map(ProxyAddress::from).chain(former).chain([primary]).collect();
    }

    /// Adds a value as it stands unless an equal one is there.
    pub fn insert(&mut self, address: ProxyAddress) {
        if !self.contains(address.get()) {
            *self = self.iter().map(ProxyAddress::from).chain([address]).collect();
        }
    }

    /// Adds every address of `other` that is in this set under neither mark: primaries come in as aliases, so the
    /// primary here stays.
    pub fn merge(&mut self, other: &Self) {
        for address in other.iter() {
            match address.smtp_address() {
                Some(smtp) if self.has_smtp(smtp) => {}
                Some(smtp) => self.insert(ProxyAddress::alias(smtp)),
                None => self.insert(address.into()),
            }
        }
    }

    /// Takes over the spelling of every equal value (by [`Address::key`]) of `other`.
    pub fn spell_as(&mut self, other: &Self) {
        let spelled = self.iter().map(|own| other.iter().find(|theirs| theirs.cmp_key(own).is_eq()).unwrap_or(own).0);
        self.0 = spelled.collect();
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.iter().count()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values as text, in the set's order.
    pub fn to_strings(&self) -> Vec<String> {
        self.iter().map(|a| a.0.to_owned()).collect()
    }

    /// The set of these values: the first of equal ones stays.
    fn of(values: &[Cow<'_, str>]) -> Self {
        let mut sorted: Vec<Address<'_>> = values.iter().map(|value| Address(value)).collect();
        // Stable, so that what came first stands first; what a program wrote is sorted already.
        sorted.sort_by(|a, b| a.cmp_key(*b));
        sorted.dedup_by(|later, earlier| later.cmp_key(*earlier).is_eq());
        Self(sorted.into_iter().map(Address::as_str).collect())
    }
}

impl PartialEq for AddressSet {
    /// Set equality by [`Address::key`].
    fn eq(&self, other: &Self) -> bool {
        let mut theirs = other.iter();
        self.iter().all(|own| theirs.next().is_some_and(|their| their.cmp_key(own).is_eq())) && theirs.next().is_none()
    }
}
impl Eq for AddressSet {}

impl<A: Into<ProxyAddress>> FromIterator<A> for AddressSet {
    fn from_iter<I: IntoIterator<Item = A>>(values: I) -> Self {
        Self::of(&values.into_iter().map(|value| Cow::Owned(value.into().0)).collect::<Vec<_>>())
    }
}

impl From<Vec<ProxyAddress>> for AddressSet {
    fn from(values: Vec<ProxyAddress>) -> Self {
        values.into_iter().collect()
    }
}

impl From<AddressSet> for Vec<ProxyAddress> {
    fn from(set: AddressSet) -> Self {
        set.iter().map(ProxyAddress::from).collect()
    }
}

impl Serialize for AddressSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for AddressSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// A text, borrowed where it stands in the input as it is.
        #[derive(Deserialize)]
        struct Value<'a>(#[serde(borrow)] Cow<'a, str>);

        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = AddressSet;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of addresses")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<AddressSet, A::Error> {
                let mut values = Vec::with_capacity(8);
                while let Some(Value(value)) = list.next_element()? {
                    values.push(value);
                }
                Ok(AddressSet::of(&values))
            }
        }
        from.deserialize_seq(Values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(values: &[&str]) -> AddressSet {
        values.iter().copied().collect()
    }

    #[test]
    fn sets_compare_without_case_but_for_the_primary_mark() {
        assert_eq!(set(&["SMTP:A@x", "smtp:b@x"]), set(&["smtp:B@X", "SMTP:a@x"]));
        assert_ne!(set(&["SMTP:a@x"]), set(&["smtp:a@x"]));
    }

    #[test]
    fn a_new_primary_keeps_the_old_one_as_an_alias() {
        let mut s = set(&["SMTP:old@x", "smtp:new@x", "X500:/o=y"]);
        s.set_primary("new@x");
        assert_eq!(s.to_strings(), ["SMTP:new@x", "smtp:old@x", "X500:/o=y"]);
        let before = s.clone();
        s.set_primary("new@x");
        assert_eq!(s, before);
    }

    #[test]
    fn merging_loses_nothing_and_moves_no_primary() {
        let mut s = set(&["SMTP:a@x"]);
        s.merge(&set(&["SMTP:b@x", "smtp:A@x", "sip:a@x"]));
        assert_eq!(s, set(&["SMTP:a@x", "smtp:b@x", "sip:a@x"]));
    }

    #[test]
    fn two_primaries_are_no_primary() {
        let s = set(&["SMTP:a@x", "SMTP:b@x"]);
        assert_eq!((s.primary(), s.primary_count()), (None, 2));
    }
}
