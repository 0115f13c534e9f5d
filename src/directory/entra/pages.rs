//! How far the pages of one collection are followed: each page names the next, so that a server can lead on for ever.

use crate::model::size::Size;
use std::collections::HashSet;
use url::Url;

/// The most that is kept of one collection, in octets as they came: some million users.
const LARGEST: usize = 1 << 30;
/// The most pages. Graph's smallest pages of a collection hold 100 objects, and its largest tenants some millions.
const MOST: usize = 50_000;
/// The most pages in a row without an object. A filter may leave a page empty, but not hundreds of them.
const MOST_EMPTY: usize = 500;

/// The pages so far.
#[derive(Debug, Default)]
pub struct Pages {
    seen: HashSet<Url>,
    octets: usize,
    empty: usize,
}

impl Pages {
    /// Counts a page with this address, so many octets and so many objects. Errors: why it is the last that is read, in
    /// words.
    pub fn count(&mut self, url: Url, octets: usize, objects: usize) -> Result<(), String> {
        if !self.seen.insert(url) {
            return Err("its pages lead in a circle".to_owned());
        }
        self.octets = self.octets.saturating_add(octets);
        self.empty = if objects == 0 { self.empty + 1 } else { 0 };
        if self.octets > LARGEST {
            return Err(format!("its pages hold more than {}, the most that is kept", Size(LARGEST as u64)));
        }
        if self.empty > MOST_EMPTY {
            return Err(format!("its pages do not end: {MOST_EMPTY} in a row held nothing"));
        }
        if self.seen.len() > MOST {
            return Err(format!("its pages do not end within {MOST}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(n: usize) -> Url {
        format!("https://graph.example/{n}").parse().unwrap()
    }

    /// How many pages are read, and why not one more.
    fn read(octets: usize, objects: impl Fn(usize) -> usize) -> (usize, String) {
        let mut pages = Pages::default();
        (0..).find_map(|n| pages.count(url(n), octets, objects(n)).err().map(|why| (n, why))).unwrap()
    }

    #[test]
    fn pages_without_end_are_followed_to_a_limit() {
        assert_eq!(read(1 << 20, |_| 1), (1024, "its pages hold more than 1 GiB, the most that is kept".to_owned()));
        assert_eq!(read(0, |_| 0), (500, "its pages do not end: 500 in a row held nothing".to_owned()));
        assert_eq!(read(0, |n| n % 2), (50_000, "its pages do not end within 50000".to_owned()));
        assert_eq!(read(usize::MAX, |_| 1).0, 0);
    }

    #[test]
    fn a_page_that_was_there_before_is_a_circle() {
        let mut pages = Pages::default();
        pages.count(url(1), 10, 1).unwrap();
        pages.count(url(2), 10, 1).unwrap();
        assert_eq!(pages.count(url(1), 10, 1), Err("its pages lead in a circle".to_owned()));
    }
}
