//! What a reading costs, counted before it begins: requests, and the resource units by which Entra limits them. Pure.
//!
//! # The formula
//!
//! Graph charges by request, not by object (Microsoft, "Microsoft Graph service-specific throttling limits", identity and
//! access): `GET users` 2 units, other reads of groups and contacts 1; one less with `$select`, one more with `$expand`,
//! one less with `$top` below 20, and never less than 1. Every list that we read has a `$select`, so that it costs 1 unit
//! whether it brings one user or the 999 of a full page.
//!
//! - Reading all: a page for each 999 users, groups and contacts; another for each 999 users for
//!   `onPremisesObjectIdentifier`, which only the beta endpoint has; a page of LDAP for each 1,000 objects. How many
//!   objects AD has cannot be had without reading them: the tenant's numbers stand for AD's.
//! - Reading narrowly: for each link [`ADDRESSES`], [`NAMES`], [`ANCHORS`] and [`SIDS`] (from what is usual: people have
//!   some aliases, and both halves of a link are asked about), 15 to a filter, 20 filters to a request; in AD 100 terms to
//!   a search. In [`ROUNDS`] rounds, for the answers lead to questions.
//!
//! A reading is weighed by its requests, each as much as the [`UNITS_OF_A_REQUEST`] units that a batch carries: a page and
//! a batch take about as long, and time is what a person waits for. What is read in any case (roles, the recycle bin, the
//! tenant) is left out on both sides.

use super::ad::narrow::TERMS;
use super::entra::batch;
use super::entra::narrow::MOST_CONDITIONS;
use super::entra::sizes::Sizes;
use std::fmt;

/// Addresses to ask about for each link.
pub const ADDRESSES: u64 = 6;
/// Sign-in names, on each side.
pub const NAMES: u64 = 3;
/// Anchors and ImmutableIDs.
pub const ANCHORS: u64 = 2;
/// SIDs.
pub const SIDS: u64 = 2;
/// Rounds of questions.
pub const ROUNDS: u64 = 4;
/// Terms of one address in AD: with its type and without, in `proxyAddresses`, `mail` and `targetAddress`.
const TERMS_OF_AN_ADDRESS: u64 = 6;
/// Synced users whose AD half is looked for, to see which attribute is the source anchor: one page.
const SAMPLE: u64 = 999;
/// What is on a page of Graph's.
const PAGE: u64 = 999;
/// What is on a page of AD's.
const AD_PAGE: u64 = 1000;
/// How many units weigh as much as a request.
pub const UNITS_OF_A_REQUEST: u64 = batch::MOST as u64;

/// What a reading costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// HTTP requests to Graph.
    pub requests: u64,
    /// Resource units.
    pub units: u64,
    /// LDAP searches, each page counted as one.
    pub searches: u64,
}

/// What a Graph request costs by the published table.
pub const fn units(base: u64, select: bool, expand: bool, small_page: bool) -> u64 {
    let cost = (base + expand as u64).saturating_sub(select as u64).saturating_sub(small_page as u64);
    if cost == 0 { 1 } else { cost }
}

/// A list of users, groups or contacts with `$select`.
const LIST: u64 = units(2, true, false, false);

impl Cost {
    /// Reading all of a tenant of this size and of as large an AD; `None` where the users cannot be counted.
    pub fn of_all(sizes: Sizes, domains: u64) -> Option<Self> {
        let users = sizes.users?;
        let (groups, contacts) = (sizes.groups.unwrap_or(0), sizes.contacts.unwrap_or(0));
        let pages = |objects: u64| objects.div_ceil(PAGE).max(1);
        let requests = 2 * pages(users) + pages(groups) + pages(contacts);
        let searches = users.div_ceil(AD_PAGE) + (groups + contacts).div_ceil(AD_PAGE) + domains;
        Some(Self { requests, units: requests * LIST, searches })
    }

    /// Reading what so many links need.
    pub fn of_links(links: u64, domains: u64) -> Self {
        let filters = |values: u64| (links * values).div_ceil(MOST_CONDITIONS as u64);
        // Of users, groups and contacts, by proxyAddresses and by mail.
        let addresses = 3 * 2 * filters(ADDRESSES);
        let others = filters(NAMES) + filters(ANCHORS) + filters(SIDS) + filters(1) + filters(2);
        let inner = addresses + others + ROUNDS;
        let requests = inner.div_ceil(batch::MOST as u64) + 2 * ROUNDS;
        let terms = links * (ADDRESSES * TERMS_OF_AN_ADDRESS + NAMES + ANCHORS + SIDS) + SAMPLE;
        let searches = domains * (2 * terms.div_ceil(TERMS as u64) + ROUNDS);
        Self { requests, units: inner * LIST, searches }
    }

    /// What two readings are compared by.
    pub const fn weight(self) -> u64 {
        (self.requests + self.searches) * UNITS_OF_A_REQUEST + self.units
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, units, searches } = self;
        write!(
            f,
            "{} requests, {} resource units and {} LDAP searches",
            grouped(*requests),
            grouped(*units),
            grouped(*searches)
        )
    }
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(users: u64) -> Sizes {
        Sizes { users: Some(users), deleted: Some(10), groups: Some(users / 10), contacts: Some(0) }
    }

    #[test]
    fn units_are_as_published() {
        // Sources' own words: GET users 2; $select -1; $expand +1; $top below 20 -1; never below 1.
        assert_eq!(units(2, false, false, false), 2);
        assert_eq!(units(2, true, false, false), 1);
        assert_eq!(units(2, true, false, true), 1);
        assert_eq!(units(2, false, true, false), 3);
        assert_eq!(units(3, true, true, true), 2);
    }

    #[test]
    fn a_large_tenant_is_asked_and_a_small_one_is_read() {
        let narrow = Cost::of_links(200, 1);
        let all = |users| Cost::of_all(tenant(users), 1).unwrap();
        assert_eq!(all(500_000).requests, 2 * 501 + 51 + 1);
        assert!(narrow.requests < 60 && narrow.units < 1000, "{narrow}");
        assert!(narrow.weight() < all(500_000).weight());
        assert!(narrow.weight() > all(2_000).weight());
        assert!(Cost::of_links(1, 1).weight() < all(50_000).weight());
        assert!(Cost::of_links(400_000, 1).weight() > all(500_000).weight());
        assert_eq!(Cost::of_all(Sizes::default(), 1), None);
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_002, "1,002"), (500_000, "500,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
