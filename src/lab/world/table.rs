//! A world's large lists: cheap to copy, quick to search.
//!
//! A copy shares its rows with the table it was made of, so that a whole world can be copied for every change: readers
//! look at the copy they took, a change that fails is thrown away, and what a change did is found by comparing addresses
//! ([`Table::changes_since`]). A row keeps its place for as long as the table lives; a row that is removed leaves a gap.
//!
//! The index is shared by all copies and never forgets: for each key it names every row that had it in any of them. What
//! it names is therefore checked against the table's own rows, and rows of the same key come in the table's order.

mod index;
mod list;
#[cfg(test)]
mod tests;

pub use list::Iter;

use index::{Index, hash};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// How many rows share one copy. A change copies the pointers of one chunk, a copy of the table one pointer for each.
const CHUNK: usize = 256;

/// What a table can hold: it has keys by which it is looked up.
pub trait Record: Clone + PartialEq {
    /// What a key is about.
    type Key: Copy + Eq + Hash + Debug;

    /// Tells every key, in the one form in which equal keys are the same text.
    fn keys(&self, each: &mut dyn FnMut(Self::Key, &str));

    /// The key that no other record of its table has.
    fn identity(&self) -> (Self::Key, String);

    /// Whether it has this key.
    fn has_key(&self, key: Self::Key, text: &str) -> bool {
        let mut found = false;
        self.keys(&mut |own, value| found |= own == key && value == text);
        found
    }
}

/// The place of a row in a table and in its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(u32);

/// A list of records.
#[derive(Clone, Debug)]
pub struct Table<T: Record> {
    chunks: Vec<Arc<Chunk<T>>>,
    /// How many rows are not gaps.
    len: usize,
    /// Made when first asked.
    index: Arc<OnceLock<RwLock<Index>>>,
}

type Chunk<T> = Vec<Option<Arc<T>>>;

impl<T: Record> Default for Table<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0, index: Arc::default() }
    }
}

impl Row {
    const fn at(chunk: usize, place: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a table of 4 billion rows does not fit into memory")]
        Self((chunk * CHUNK + place) as u32)
    }

    const fn chunk(self) -> usize {
        self.0 as usize / CHUNK
    }

    const fn place(self) -> usize {
        self.0 as usize % CHUNK
    }
}

/// Looking.
impl<T: Record> Table<T> {
    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The record in a row; `None` for a gap.
    pub fn get(&self, row: Row) -> Option<&T> {
        self.chunks.get(row.chunk())?.get(row.place())?.as_deref()
    }

    /// All records with their rows, from a row on.
    pub fn rows_from(&self, first: Option<Row>) -> impl Iterator<Item = (Row, &T)> {
        let (chunk, place) = first.map_or((0, 0), |row| (row.chunk(), row.place()));
        let chunks = self.chunks.iter().enumerate().skip(chunk);
        chunks.flat_map(move |(at, rows)| {
            let skipped = if at == chunk { place } else { 0 };
            let rows = rows.iter().enumerate().skip(skipped);
            rows.filter_map(move |(place, record)| Some((Row::at(at, place), record.as_deref()?)))
        })
    }

    /// All records with their rows.
    pub fn rows(&self) -> impl Iterator<Item = (Row, &T)> {
        self.rows_from(None)
    }

    /// The row after this one, which may be a gap, or behind the end.
    pub const fn after(row: Row) -> Row {
        Row(row.0 + 1)
    }

    /// The records with this key, in order.
    pub fn with(&self, key: T::Key, text: &str) -> std::vec::IntoIter<(Row, &T)> {
        let index = self.index.get_or_init(|| RwLock::new(self.indexed()));
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let own = |row: &Row| Some((*row, self.get(*row).filter(|record| record.has_key(key, text))?));
        index.rows(hash(key, text)).iter().filter_map(own).collect::<Vec<_>>().into_iter()
    }

    /// The first record with this key.
    pub fn find(&self, key: T::Key, text: &str) -> Option<(Row, &T)> {
        self.with(key, text).next()
    }

    fn indexed(&self) -> Index {
        let mut index = Index::default();
        for (row, record) in self.rows() {
            record.keys(&mut |key, text| index.add(hash(key, text), row));
        }
        index
    }

    /// The rows that are not the same here as in an earlier copy: changed, new, or a gap now.
    pub fn changes_since<'t>(&'t self, before: &'t Self) -> impl Iterator<Item = Row> + 't {
        let chunks = self.chunks.len().max(before.chunks.len());
        let differs = move |at: &usize| match (self.chunks.get(*at), before.chunks.get(*at)) {
            (Some(now), Some(then)) => !Arc::ptr_eq(now, then),
            _ => true,
        };
        let rows = (0..chunks).filter(differs).flat_map(|at| (0..CHUNK).map(move |place| Row::at(at, place)));
        rows.filter(move |row| match (self.shared(*row), before.shared(*row)) {
            (Some(now), Some(then)) => !Arc::ptr_eq(now, then) && now != then,
            (now, then) => now.is_some() != then.is_some(),
        })
    }

    fn shared(&self, row: Row) -> Option<&Arc<T>> {
        self.chunks.get(row.chunk())?.get(row.place())?.as_ref()
    }
}

/// Changing, with the index kept.
impl<T: Record> Table<T> {
    /// Puts a record behind the others.
    pub fn push(&mut self, record: T) {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
        }
        let chunk = self.chunks.len() - 1;
        let row = Row::at(chunk, self.chunks[chunk].len());
        self.note(row, &record);
        Arc::make_mut(&mut self.chunks[chunk]).push(Some(Arc::new(record)));
        self.len += 1;
    }

    /// Puts another record in place of the one in a row. A gap stays one.
    pub fn replace(&mut self, row: Row, record: T) {
        if self.get(row).is_none() {
            return;
        }
        self.note(row, &record);
        self.put(row, Some(record));
    }

    /// Changes the record in a row; `None` for a gap.
    pub fn update<R>(&mut self, row: Row, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut record = self.get(row)?.clone();
        let result = change(&mut record);
        self.replace(row, record);
        Some(result)
    }

    /// Takes the record out of a row.
    pub fn take(&mut self, row: Row) -> Option<T> {
        let record = self.get(row)?.clone();
        self.put(row, None);
        self.len -= 1;
        Some(record)
    }

    /// Keeps the records that `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let gone: Vec<Row> = self.rows().filter(|(_, record)| !keep(record)).map(|(row, _)| row).collect();
        for row in gone {
            self.put(row, None);
            self.len -= 1;
        }
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn put(&mut self, row: Row, record: Option<T>) {
        Arc::make_mut(&mut self.chunks[row.chunk()])[row.place()] = record.map(Arc::new);
    }

    /// Tells the index of a row's keys before it gets them.
    fn note(&mut self, row: Row, record: &T) {
        if self.index.get().is_none() {
            // A copy that shares the index could make it without this row.
            if Arc::strong_count(&self.index) > 1 {
                self.index = Arc::default();
            }
            return;
        }
        if let Some(index) = self.index.get() {
            let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
            record.keys(&mut |key, text| index.add(hash(key, text), row));
        }
    }
}
