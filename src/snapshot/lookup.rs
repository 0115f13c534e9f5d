//! Which of many objects have a key, in eight octets for each key: the key's hash with the place of its object, sorted.
//!
//! A hash map with the keys in it would hold every name and address of a directory a second time. Here the objects keep
//! their keys, and whoever looks one up compares it with those of the few objects that the hash leads to. Directories are
//! filled by others, so the hash is seeded at random; what is found never depends on it. Many objects with one key cost no
//! more than as many with keys of their own.

use std::hash::{BuildHasher as _, RandomState};

/// Places of objects by the hash of their keys.
#[derive(Debug)]
pub struct Lookup {
    hasher: RandomState,
    /// The upper half of a key's hash, and the place of an object that has the key.
    entries: Vec<u64>,
}

impl Lookup {
    /// A look-up over `count` objects. `keys_of` hands out every key of the object at a place.
    pub fn new(count: usize, keys_of: impl Fn(usize, &mut dyn FnMut(&[u8]))) -> Self {
        let mut builder = Builder::new(count);
        (0..count).for_each(|place| keys_of(place, &mut |key| builder.add(key, place)));
        builder.finish()
    }

    /// The places, in order, of all objects that may have a key: those that have it, and hardly ever another one.
    pub fn places<'a>(&'a self, key: &[u8]) -> impl Iterator<Item = usize> + use<'a> {
        let hash = upper(self.hasher.hash_one(key));
        let entries = self.entries[self.first(hash)..].iter().take_while(move |entry| upper(**entry) == hash);
        entries.map(|entry| usize::try_from(*entry & PLACE).unwrap_or_default())
    }

    /// Where the entries of a hash begin. Hashes are spread evenly, so it is near where its value says.
    fn first(&self, hash: u64) -> usize {
        let before = |at: usize| self.entries.get(at).is_some_and(|entry| *entry < hash);
        let count = self.entries.len();
        let guess = usize::try_from(((hash >> 32) * count as u64) >> 32).unwrap_or_default();
        let (mut low, mut high, mut step) = (guess, guess, 64);
        while low > 0 && !before(low - 1) {
            low = low.saturating_sub(step);
            step *= 2;
        }
        while before(high) {
            high = count.min(high + step);
            step *= 2;
        }
        low + self.entries[low..high.max(low)].partition_point(|entry| *entry < hash)
    }
}

/// A [`Lookup`] that is being built, in any order of the objects.
#[derive(Debug)]
pub struct Builder {
    hasher: RandomState,
    entries: Vec<u64>,
}

impl Builder {
    /// For about so many keys.
    pub fn new(keys: usize) -> Self {
        Self { hasher: RandomState::new(), entries: Vec::with_capacity(keys) }
    }

    /// Adds a key of the object at a place.
    pub fn add(&mut self, key: &[u8], place: usize) {
        self.entries.push(upper(self.hasher.hash_one(key)) | place as u64);
    }

    /// The look-up.
    pub fn finish(self) -> Lookup {
        let Self { hasher, mut entries } = self;
        entries.sort_unstable();
        entries.dedup();
        entries.shrink_to_fit();
        Lookup { hasher, entries }
    }
}

/// The half of an entry that is a place. No directory has four thousand million objects.
const PLACE: u64 = 0xffff_ffff;

const fn upper(hash: u64) -> u64 {
    hash & !PLACE
}

/// Appends a text in lower case: what names and addresses compare by.
pub fn fold(text: &str, key: &mut Vec<u8>) {
    if text.is_ascii() {
        let begin = key.len();
        key.extend_from_slice(text.as_bytes());
        key[begin..].make_ascii_lowercase();
    } else {
        key.extend_from_slice(text.to_lowercase().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_object_with_a_key_is_found_in_order(
            objects in proptest::collection::vec(proptest::collection::vec("[a-c]{0,2}", 0..4), 0..40),
        ) {
            let keys_of = |place: usize, add: &mut dyn FnMut(&[u8])| {
                objects[place].iter().for_each(|key| add(key.as_bytes()));
            };
            let lookup = Lookup::new(objects.len(), keys_of);
            for key in ["", "a", "bc", "zz"] {
                let has = |place: &usize| objects[*place].iter().any(|own| own == key);
                let found: Vec<usize> = lookup.places(key.as_bytes()).filter(has).collect();
                prop_assert_eq!(found, (0..objects.len()).filter(has).collect::<Vec<_>>());
            }
        }

        #[test]
        fn folding_is_lower_case(text in "\\PC*|[ -~]*") {
            let mut key = Vec::new();
            fold(&text, &mut key);
            prop_assert_eq!(key, text.to_lowercase().into_bytes());
        }
    }
}
