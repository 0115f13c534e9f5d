//! A table as the list that it is in a world's file, and to whoever writes a small world down.
//!
//! What changes records here forgets the index: it is for preparing a world, not for serving one.

use super::{Chunk, Record, Row, Table};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};
use std::slice;
use std::sync::Arc;

impl<T: Record> Table<T> {
    /// All records.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { chunks: self.chunks.iter(), rows: [].iter() }
    }

    /// All records, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.index = Arc::default();
        let rows = self.chunks.iter_mut().flat_map(|chunk| Arc::make_mut(chunk).iter_mut());
        rows.filter_map(Option::as_mut).map(Arc::make_mut)
    }

    /// The first record.
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// The last record.
    pub fn last(&self) -> Option<&T> {
        self.iter().last()
    }

    /// The last record, to be changed.
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.iter_mut().last()
    }

    /// Sorts the records.
    pub fn sort_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        let mut records: Vec<T> = std::mem::take(self).into_iter().collect();
        records.sort_by_cached_key(key);
        self.extend(records);
    }

    /// Whether there is an equal record.
    pub fn contains(&self, record: &T) -> bool {
        self.iter().any(|other| other == record)
    }

    /// Takes out the record at a place, not counting gaps.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn remove(&mut self, at: usize) -> T {
        let row = self.row_at(at);
        row.and_then(|row| self.take(row)).unwrap_or_else(|| panic!("there is no record {at} of {}", self.len))
    }

    /// The row of the record at a place, not counting gaps.
    pub fn row_at(&self, at: usize) -> Option<Row> {
        self.rows().nth(at).map(|(row, _)| row)
    }
}

impl<T: Record> Index<Row> for Table<T> {
    type Output = T;

    fn index(&self, row: Row) -> &T {
        self.get(row).unwrap_or_else(|| panic!("{row:?} is a gap"))
    }
}

impl<T: Record> IndexMut<Row> for Table<T> {
    fn index_mut(&mut self, row: Row) -> &mut T {
        self.index = Arc::default();
        let chunk = self.chunks.get_mut(row.chunk()).map(Arc::make_mut);
        let record = chunk.and_then(|chunk| chunk.get_mut(row.place())).and_then(Option::as_mut).map(Arc::make_mut);
        record.unwrap_or_else(|| panic!("{row:?} is a gap"))
    }
}

impl<T: Record> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        self.iter().nth(at).unwrap_or_else(|| panic!("there is no record {at} of {}", self.len))
    }
}

impl<T: Record> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        let len = self.len;
        self.iter_mut().nth(at).unwrap_or_else(|| panic!("there is no record {at} of {len}"))
    }
}

impl<T: Record> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        let same_row = |(one, two): (&Option<Arc<T>>, &Option<Arc<T>>)| match (one, two) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two) || one == two,
            (one, two) => one.is_none() && two.is_none(),
        };
        let same = |(one, two): (&Arc<Chunk<T>>, &Arc<Chunk<T>>)| {
            Arc::ptr_eq(one, two) || one.len() == two.len() && one.iter().zip(&**two).all(same_row)
        };
        let in_the_same_rows =
            self.chunks.len() == other.chunks.len() && self.chunks.iter().zip(&other.chunks).all(same);
        let has_gaps = |table: &Self| table.chunks.iter().map(|chunk| chunk.len()).sum::<usize>() > table.len;
        // Where there are gaps, the same records can be in other rows.
        in_the_same_rows || self.len == other.len && (has_gaps(self) || has_gaps(other)) && self.iter().eq(other.iter())
    }
}

impl<T: Record> Extend<T> for Table<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, records: I) {
        for record in records {
            self.push(record);
        }
    }
}

impl<T: Record> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(records: I) -> Self {
        let mut table = Self::default();
        table.extend(records);
        table
    }
}

impl<T: Record> From<Vec<T>> for Table<T> {
    fn from(records: Vec<T>) -> Self {
        records.into_iter().collect()
    }
}

impl<'t, T: Record> IntoIterator for &'t Table<T> {
    type Item = &'t T;
    type IntoIter = Iter<'t, T>;

    fn into_iter(self) -> Iter<'t, T> {
        self.iter()
    }
}

impl<'t, T: Record> IntoIterator for &'t mut Table<T> {
    type Item = &'t mut T;
    type IntoIter = Box<dyn Iterator<Item = &'t mut T> + 't>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter_mut())
    }
}

impl<T: Record> IntoIterator for Table<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        let rows = self.chunks.into_iter().flat_map(Arc::unwrap_or_clone).flatten();
        rows.map(Arc::unwrap_or_clone).collect::<Vec<_>>().into_iter()
    }
}

/// All records of a table.
#[derive(Debug)]
pub struct Iter<'t, T> {
    chunks: slice::Iter<'t, Arc<Chunk<T>>>,
    rows: slice::Iter<'t, Option<Arc<T>>>,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), rows: self.rows.clone() }
    }
}

impl<'t, T> Iterator for Iter<'t, T> {
    type Item = &'t T;

    fn next(&mut self) -> Option<&'t T> {
        loop {
            if let Some(record) = self.rows.by_ref().flatten().next() {
                return Some(record);
            }
            self.rows = self.chunks.next()?.iter();
        }
    }
}

impl<T: Record + Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, T: Record + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Records<T>(PhantomData<T>);
        impl<'de, T: Record + Deserialize<'de>> Visitor<'de> for Records<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
                let mut table = Table::default();
                while let Some(record) = all.next_element()? {
                    table.push(record);
                }
                Ok(table)
            }
        }
        deserializer.deserialize_seq(Records(PhantomData))
    }
}

/// To a schema it is a list like any other.
impl<T: Record + JsonSchema> JsonSchema for Table<T> {
    fn inline_schema() -> bool {
        Vec::<T>::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Vec::<T>::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}
