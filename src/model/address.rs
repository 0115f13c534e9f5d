//! `proxyAddresses`: typed addresses, compared as Exchange and Entra compare them.
//!
//! A value is `type:address`. For e-mail the type's case carries meaning: `SMTP:` marks the one primary address,
//! `smtp:` every other. Everything else compares without case. Source: Microsoft, "Configure Microsoft Entra Connect
//! for an existing tenant" (only the upper-case `SMTP:` value is evaluated for a soft match).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One value of `proxyAddresses`, such as `SMTP:jane@contoso.com`.
///
/// Equality here is textual; [`ProxyAddress::key`] is what sets compare by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ProxyAddress(pub String);

/// What a [`ProxyAddress`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// `SMTP:`: the primary e-mail address.
    PrimarySmtp,
    /// `smtp:` (also in mixed case, which Exchange never writes): an alias.
    SecondarySmtp,
    /// `x500:`, `sip:`, `EUM:`, or no type at all.
    Other,
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

    /// What kind of address this is.
    pub fn kind(&self) -> AddressKind {
        match self.0.split_once(':') {
            Some(("SMTP", _)) => AddressKind::PrimarySmtp,
            Some((prefix, _)) if prefix.eq_ignore_ascii_case("smtp") => AddressKind::SecondarySmtp,
            _ => AddressKind::Other,
        }
    }

    /// The address after the type, as written.
    pub fn address(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, address)| address)
    }

    /// The e-mail address, if this is one.
    pub fn smtp_address(&self) -> Option<&str> {
        (self.kind() != AddressKind::Other).then(|| self.address())
    }

    /// The value in lower case, type included: what must be unique in a tenant, primary or not.
    pub fn conflict_key(&self) -> String {
        self.0.to_lowercase()
    }

    /// What two sets compare by: lower case, but for the primary mark `SMTP:`.
    pub fn key(&self) -> String {
        match self.kind() {
            AddressKind::PrimarySmtp => format!("SMTP:{}", self.address().to_lowercase()),
            _ => self.conflict_key(),
        }
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

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of addresses: at most one spelling per address, sorted with the primary first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<ProxyAddress>", into = "Vec<ProxyAddress>")]
#[schemars(with = "Vec<ProxyAddress>")]
pub struct AddressSet(BTreeMap<String, ProxyAddress>);

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
    pub fn iter(&self) -> impl Iterator<Item = &ProxyAddress> {
        // Upper-case `S` sorts before every lower-case key, so the map's order already has the primary first.
        self.0.values()
    }

    /// Whether the e-mail address is in the set, primary or alias, in any case.
    pub fn has_smtp(&self, address: &str) -> bool {
        self.iter().any(|a| a.smtp_address().is_some_and(|x| x.eq_ignore_ascii_case(address)))
    }

    /// Whether an equal value (by [`ProxyAddress::key`]) is in the set.
    pub fn contains(&self, address: &ProxyAddress) -> bool {
        self.0.contains_key(&address.key())
    }

    /// Makes `address` the primary one; the old primary becomes an alias, and an alias of the same address goes.
    pub fn set_primary(&mut self, address: &str) {
        let spelled_same = self.iter().any(|a| *a == ProxyAddress::primary(address));
        if spelled_same && self.primary_count() == 1 {
            return;
        }
        let old: Vec<String> =
            self.iter().filter(|a| a.kind() == AddressKind::PrimarySmtp).map(|a| a.address().to_owned()).collect();
        self.0.retain(|_, a| a.kind() != AddressKind::PrimarySmtp);
        self.0.retain(|_, a| !a.smtp_address().is_some_and(|x| x.eq_ignore_ascii_case(address)));
        for former in old.iter().filter(|former| !former.eq_ignore_ascii_case(address)) {
            self.insert(ProxyAddress::alias(former));
        }
        self.insert(ProxyAddress::primary(address));
    }

    /// Adds a value as it stands unless an equal one is there.
    pub fn insert(&mut self, address: ProxyAddress) {
        self.0.entry(address.key()).or_insert(address);
    }

    /// Adds every address of `other` that is in this set under neither mark: primaries come in as aliases, so the
    /// primary here stays.
    pub fn merge(&mut self, other: &Self) {
        for address in other.iter() {
            match address.smtp_address() {
                Some(smtp) if self.has_smtp(smtp) => {}
                Some(smtp) => self.insert(ProxyAddress::alias(smtp)),
                None => self.insert(address.clone()),
            }
        }
    }

    /// Takes over the spelling of every equal value (by [`ProxyAddress::key`]) of `other`.
    pub fn spell_as(&mut self, other: &Self) {
        for (key, address) in &mut self.0 {
            if let Some(spelled) = other.0.get(key) {
                address.clone_from(spelled);
            }
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values as text, in the set's order.
    pub fn to_strings(&self) -> Vec<String> {
        self.iter().map(|a| a.0.clone()).collect()
    }
}

impl PartialEq for AddressSet {
    /// Set equality by [`ProxyAddress::key`].
    fn eq(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}
impl Eq for AddressSet {}

impl<A: Into<ProxyAddress>> FromIterator<A> for AddressSet {
    fn from_iter<I: IntoIterator<Item = A>>(values: I) -> Self {
        let mut set = Self::default();
        values.into_iter().for_each(|v| set.insert(v.into()));
        set
    }
}

impl From<Vec<ProxyAddress>> for AddressSet {
    fn from(values: Vec<ProxyAddress>) -> Self {
        values.into_iter().collect()
    }
}

impl From<AddressSet> for Vec<ProxyAddress> {
    fn from(set: AddressSet) -> Self {
        set.0.into_values().collect()
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
