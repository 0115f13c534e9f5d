//! Collections that may be large: a page is made of its own rows, and a filter looks only where it must.

use super::collection::{Options, Resource};
use super::entity::{Kind, Property};
use super::page::SkipToken;
use crate::lab::graph::answer::{Answer, Object, Refusal, Reply};
use crate::lab::graph::filter::{eval, narrow};
use crate::lab::graph::request::Request;
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::{Record, Row, Table};
use serde_json::Value;
use std::borrow::Cow;

/// A record that a collection shows.
pub trait Held: Record<Key = CloudKey> {
    /// A member by Graph's name; `None` for one that the world does not hold.
    fn property(&self, name: &str) -> Option<Value>;
}

/// Records with their rows, in the order in which they are shown.
type Found<'t, T> = Box<dyn Iterator<Item = (Row, &'t T)> + 't>;

impl Resource {
    /// A page of a table.
    ///
    /// # Errors
    /// A query that Graph refuses.
    pub fn list_rows<T: Held>(&self, request: &Request, table: &Table<T>) -> Answer {
        let options = self.options(request)?;
        let properties = options.select.clone().unwrap_or_else(|| self.entity.shown());
        let count = self.shows_count(request, &options).then(|| count(table, &options));
        let seen = options.skip.as_ref().map_or(0, |token| token.seen);
        let size = options.top.or(self.entity.page).unwrap_or(usize::MAX).max(1);
        let mut rest = rest(table, &options);
        let page: Vec<&T> = rest.by_ref().take(size).map(|(_, record)| record).collect();
        let last = page.last().filter(|_| rest.next().is_some());
        let next = last.map(|last| SkipToken { after: last.identity().1, seen: seen + page.len() });
        let value = page.into_iter().map(|record| Value::Object(shape(record, &properties))).collect();
        Ok(self.envelope(request, count, next.as_ref(), value))
    }

    /// How many records of a table there are (`/$count`).
    ///
    /// # Errors
    /// A query that Graph refuses; on directory objects, one without `ConsistencyLevel: eventual`.
    pub fn count_rows<T: Held>(&self, request: &Request, table: &Table<T>) -> Answer {
        if self.entity.is_directory_object && !request.is_eventual() {
            return Err(Refusal::bad_request("$count is not currently supported."));
        }
        Ok(Reply::text(count(table, &self.options(request)?).to_string()))
    }

    /// One record, with `@odata.context`.
    ///
    /// # Errors
    /// A `$select` that Graph refuses, or options that make no sense on one object.
    pub fn single_row<T: Held>(&self, request: &Request, record: &T) -> Answer {
        let options = self.options_of_one(request)?;
        let mut out = Object::new();
        out.insert("@odata.context".to_owned(), self.context(request, true).into());
        let properties = options.select.clone().unwrap_or_else(|| self.entity.shown());
        out.append(&mut shape(record, &properties));
        Ok(Reply::object(out))
    }
}

/// The record with exactly these properties; what it lacks is null or an empty list.
pub fn shape<T: Held>(record: &T, properties: &[&'static Property]) -> Object {
    let value = |property: &Property| {
        let is_list = matches!(property.kind, Kind::Texts | Kind::Objects);
        record.property(property.name).unwrap_or(if is_list { Value::Array(Vec::new()) } else { Value::Null })
    };
    properties.iter().map(|property| (property.name.to_owned(), value(property))).collect()
}

fn meets<T: Held>(record: &T, options: &Options) -> bool {
    options
        .filter
        .as_ref()
        .is_none_or(|filter| eval::meets(filter, &|name| Cow::Owned(record.property(name).unwrap_or(Value::Null))))
}

fn count<T: Held>(table: &Table<T>, options: &Options) -> usize {
    if options.filter.is_none() { table.len() } else { unordered(table, options, None).count() }
}

/// What is to be shown, after what earlier pages showed.
fn rest<'t, T: Held>(table: &'t Table<T>, options: &'t Options) -> Found<'t, T> {
    let Some(token) = &options.skip else { return ordered(table, options) };
    match table.find(CloudKey::Id, &token.after) {
        Some((last, _)) if options.order.is_none() => unordered(table, options, Some(Table::<T>::after(last))),
        Some((last, _)) => Box::new(ordered(table, options).skip_while(move |(row, _)| *row != last).skip(1)),
        // The last one that was shown is gone: its place is all that is left of it.
        None => Box::new(ordered(table, options).skip(token.seen)),
    }
}

fn ordered<'t, T: Held>(table: &'t Table<T>, options: &'t Options) -> Found<'t, T> {
    let found = unordered(table, options, None);
    let Some((name, descending)) = options.order else { return found };
    let mut found: Vec<(Row, &T)> = found.collect();
    let text = |record: &T| record.property(name).and_then(|value| value.as_str().map(str::to_lowercase));
    found.sort_by_cached_key(|(_, record)| text(record));
    if descending {
        found.reverse();
    }
    Box::new(found.into_iter())
}

/// What meets the filter, in the table's order, from a row on.
fn unordered<'t, T: Held>(table: &'t Table<T>, options: &'t Options, from: Option<Row>) -> Found<'t, T> {
    let narrowed = options.filter.as_ref().and_then(|filter| narrow::rows(filter, table));
    let candidates: Found<'t, T> = match narrowed {
        None => Box::new(table.rows_from(from)),
        Some(rows) => Box::new(
            rows.into_iter()
                .filter(move |row| from.is_none_or(|from| *row >= from))
                .filter_map(move |row| Some((row, table.get(row)?))),
        ),
    };
    Box::new(candidates.filter(move |(_, record)| meets(*record, options)))
}
