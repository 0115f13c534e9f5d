//! Keeping a world in its file.
//!
//! A small world is written whole after each change, for people to read. A large one would take seconds: its changes go
//! as lines into a log beside it, `world.json.changes`, and the file is written anew when the log has grown long. The log
//! begins with the digest of the file that it belongs to; beside any other file it counts for nothing, so neither a crash
//! between the two writes nor a file that somebody put there can mix two worlds.

use super::world::World;
use super::world::changes::Changes;
use super::world::load;
use crate::model::digest;
use crate::model::visible::escape_json;
use serde::{Deserialize, Serialize};
use serde_json::ser::{CharEscape, Formatter};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A world with more objects than this counts as large.
const LARGE: usize = 2_000;

/// How long a log grows, compared with its file, before both become one file again.
const LONGEST_LOG: u64 = 2;

/// The first line of a log.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The digest of the world's file.
    changes_of: String,
}

/// A world's file and its log.
#[derive(Debug)]
pub struct Kept {
    file: PathBuf,
    /// Of a large world whose file is written.
    log: Option<Log>,
}

#[derive(Debug)]
struct Log {
    file: File,
    length: u64,
    longest: u64,
}

impl Kept {
    /// A world that is kept in this file. It is written, or its log begun, with the first change.
    pub const fn in_file(file: PathBuf) -> Self {
        Self { file, log: None }
    }

    /// The same for a world that is written at once.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begun(world: &World, file: PathBuf) -> io::Result<Self> {
        let mut kept = Self::in_file(file);
        kept.begin(world)?;
        Ok(kept)
    }

    /// Saves what a change did.
    ///
    /// # Errors
    /// It is not saved, as far as a later load is concerned.
    pub fn save(&mut self, before: &World, after: &World) -> io::Result<()> {
        let Some(changes) = Changes::between(before, after) else { return self.begin(after) };
        if changes.is_empty() {
            return Ok(());
        }
        match &mut self.log {
            Some(log) if log.length < log.longest => {
                let saved = log.append(&changes);
                if saved.is_err() {
                    // Half a line may stand in it. The whole file is the way out of that, with the next change.
                    self.log = None;
                }
                saved
            }
            _ => self.begin(after),
        }
    }

    /// Writes the whole world, and begins a log if it is a large one.
    fn begin(&mut self, world: &World) -> io::Result<()> {
        self.log = None;
        save(world, &self.file)?;
        if is_large(world) {
            self.log = Some(Log::begin(&self.file)?);
        }
        Ok(())
    }
}

impl Log {
    fn begin(world: &Path) -> io::Result<Self> {
        let base = std::fs::read(world)?;
        let head = Head { changes_of: digest::of_bytes(&base) };
        let mut line = serde_json::to_vec(&head)?;
        line.push(b'\n');
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true);
        // As private as the world's own file.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(beside(world))?;
        file.write_all(&line)?;
        Ok(Self { file, length: 0, longest: (base.len() as u64).saturating_mul(LONGEST_LOG) })
    }

    fn append(&mut self, changes: &Changes) -> io::Result<()> {
        let mut line = escape_json(&serde_json::to_string(changes)?).into_owned();
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.length += line.len() as u64;
        Ok(())
    }
}

/// Where the log of a world's file is.
fn beside(world: &Path) -> PathBuf {
    let mut name = world.as_os_str().to_owned();
    name.push(".changes");
    name.into()
}

/// Brings a world up to date that was just read from `text` in `file`: with the log beside the file, if it is this
/// file's. A last line that was cut off was never answered, and is left out.
///
/// # Errors
/// The log cannot be read.
pub fn catch_up(world: &mut World, file: &Path, text: &str) -> io::Result<()> {
    let log = match load::read_file(&beside(file), load::LARGEST_WORLD) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        log => String::from_utf8(log?).map_err(io::Error::other)?,
    };
    let mut lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let head: Option<Head> = lines.next().and_then(|head| serde_json::from_str(head).ok());
    if head.is_none_or(|head| head.changes_of != digest::of_bytes(text.as_bytes())) {
        return Ok(());
    }
    for line in lines {
        serde_json::from_str::<Changes>(line)?.apply(world);
    }
    Ok(())
}

fn is_large(world: &World) -> bool {
    let in_ad: usize = world.ad.iter().map(|domain| domain.entries.len()).sum();
    in_ad + world.entra.users.len() > LARGE
}

/// Writes a world to a file, replacing it in one step; a log that belongs to the file before is removed.
///
/// # Errors
/// Those of writing; the file is as it was.
pub fn save(world: &World, file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    if is_large(world) {
        let mut buffered = BufWriter::with_capacity(1 << 20, &mut temporary);
        write_lines(world, &mut buffered)?;
        buffered.flush()?;
    } else {
        temporary.write_all(digest::to_canonical_file(world).map_err(io::Error::other)?.as_bytes())?;
    }
    temporary.persist(file)?;
    match std::fs::remove_file(beside(file)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes JSON as it comes, a line for each element of a list: no copy of a large world is made on the way.
///
/// # Errors
/// Those of writing.
pub fn write_lines<T: Serialize>(value: &T, to: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *to, Lines))?;
    to.write_all(b"\n")
}

/// Compact JSON with a line for each element of a list, hidden characters escaped.
struct Lines;

impl Formatter for Lines {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"\n" } else { b",\n" })
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        writer.write_all(escape_json(fragment).as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests;
