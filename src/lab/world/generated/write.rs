//! Writing a generated world without holding it: a million people take no more memory than one.

use super::Size;
use crate::lab::kept::write_lines;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::io::{self, Write as _};
use std::path::Path;

/// A list that is made while it is written.
struct Made<F>(F);

impl<T: Serialize, I: Iterator<Item = T>, F: Fn() -> I> Serialize for Made<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// An object with one of its members replaced.
#[derive(Serialize)]
struct With<T> {
    #[serde(flatten)]
    rest: Map<String, Value>,
    #[serde(flatten)]
    member: T,
}

#[derive(Serialize)]
struct Entries<T> {
    entries: T,
}

#[derive(Serialize)]
struct Users<T> {
    users: T,
}

#[derive(Serialize)]
struct ConnectorSpace<T> {
    connector_space: T,
}

#[derive(Serialize)]
struct Whole<A, E, S> {
    version: u32,
    clock: jiff::Timestamp,
    ad: [A; 1],
    entra: E,
    sync: S,
}

fn without(value: &impl Serialize, member: &str) -> io::Result<Map<String, Value>> {
    match serde_json::to_value(value)? {
        Value::Object(mut object) => {
            object.remove(member);
            Ok(object)
        }
        _ => Ok(Map::new()),
    }
}

/// Writes the world's file: the same world as [`Size::world`] makes in memory.
///
/// # Errors
/// Those of writing.
pub fn write(size: Size, to: &mut impl io::Write) -> io::Result<()> {
    let frame = size.frame();
    let whole = Whole {
        version: frame.version,
        clock: frame.clock,
        ad: [With {
            rest: without(&frame.ad[0], "entries")?,
            member: Entries { entries: Made(|| size.entries(&frame)) },
        }],
        entra: With {
            rest: without(&frame.entra, "users")?,
            member: Users { users: Made(|| size.cloud_users(&frame)) },
        },
        sync: With {
            rest: without(&frame.sync, "connector_space")?,
            member: ConnectorSpace { connector_space: Made(|| size.connected(&frame)) },
        },
    };
    write_lines(&whole, to)
}

/// Writes the world's file, replacing it in one step.
///
/// # Errors
/// Those of writing; the file is as it was.
pub fn write_file(size: Size, file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 20, &mut temporary);
    write(size, &mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.persist(file)?;
    Ok(())
}
