//! Which rows have, or once had, a key.

use super::Row;
use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// Rows by the hash of a key. Two keys with the same hash do no harm: whoever looks checks what he finds.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: HashMap<u64, Rows, BuildHasherDefault<Spread>>,
}

/// Nearly every key is of one row.
#[derive(Debug)]
enum Rows {
    One(Row),
    /// In order, each once.
    Many(Vec<Row>),
}

/// The hash of a key; the same in every copy of a table.
pub(super) fn hash<K: Hash>(key: K, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    text.hash(&mut hasher);
    hasher.finish()
}

impl Index {
    pub(super) fn add(&mut self, key: u64, row: Row) {
        match self.rows.entry(key) {
            Entry::Vacant(free) => {
                free.insert(Rows::One(row));
            }
            Entry::Occupied(mut taken) => match taken.get_mut() {
                Rows::One(one) if *one == row => {}
                Rows::One(one) => {
                    let both = vec![row.min(*one), row.max(*one)];
                    *taken.get_mut() = Rows::Many(both);
                }
                Rows::Many(rows) => {
                    if let Err(at) = rows.binary_search(&row) {
                        rows.insert(at, row);
                    }
                }
            },
        }
    }

    pub(super) fn rows(&self, key: u64) -> &[Row] {
        match self.rows.get(&key) {
            None => &[],
            Some(Rows::One(row)) => std::slice::from_ref(row),
            Some(Rows::Many(rows)) => rows,
        }
    }
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
