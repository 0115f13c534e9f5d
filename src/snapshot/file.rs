//! The snapshot as a file: one JSON document, with a line of its own for each object, compressed if that is wanted.
//!
//! Only the place of the line breaks is special: any program reads the document as JSON, and any spelling of the document
//! is read here. Where the lines are as this module writes them, the long lists are cut out of the text as it streams by
//! and read on several threads, and what is left over is read as a small document with empty lists. So a directory of a
//! million users is never in memory as text.

use super::document::{SNAPSHOT_VERSION, Snapshot};
use super::layout::Lines;
use super::parts::{Cut, Part, Record, Slot};
use crate::model::ad::AdUser;
use crate::model::entra::{AddressHolder, EntraUser};
use crate::model::recipient::AdHolder;
use crate::model::size::{self, TooLarge};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The largest snapshot that is read, once it is out of its compression: three times one of a million users in each
/// directory.
pub const LARGEST: u64 = 4 << 30;

/// How much text may stand outside of the lists that are read line by line. What an older version or another program
/// wrote stands outside as a whole.
const LARGEST_REST: usize = 512 << 20;

/// How many times its compressed size a file may grow to: ten times what a directory does. Small ones may grow more.
const LARGEST_GROWTH: u64 = 100;
const SMALL: u64 = 64 << 20;

/// How much text a thread gets at a time.
const BLOCK: usize = 1 << 20;

/// How every compressed file begins (RFC 8878 section 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Why a file is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It cannot be read, or is larger than anything that is read ([`TooLarge`]).
    #[error(transparent)]
    Unread(#[from] io::Error),
    /// Not JSON, cut short, or another kind of file.
    #[error("{0}")]
    Broken(String),
    /// A newer version wrote it.
    #[error("it was written by a newer matchplan (format {0})")]
    Newer(u64),
}

impl SnapshotError {
    /// What is too large about it, if that is why.
    pub fn too_large(&self) -> Option<&TooLarge> {
        match self {
            Self::Unread(error) => error.get_ref()?.downcast_ref(),
            Self::Broken(_) | Self::Newer(_) => None,
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As text.
    Plain,
    /// Compressed with Zstandard.
    Compressed,
}

impl Form {
    /// Whether what begins like this is compressed.
    pub fn is_compressed(begin: &[u8]) -> bool {
        begin.starts_with(&MAGIC)
    }

    /// The form that a file's name asks for: compressed if it ends in `.zst`.
    pub fn of(name: &str) -> Self {
        if name.to_ascii_lowercase().ends_with(".zst") { Self::Compressed } else { Self::Plain }
    }
}

/// Writes a snapshot: the same one gives the same octets.
pub fn write(snapshot: &Snapshot, form: Form, to: impl Write) -> io::Result<()> {
    match form {
        Form::Plain => write_text(snapshot, to),
        Form::Compressed => {
            let mut encoder = zstd::Encoder::new(to, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            // Noticed when it is read: a file that a disk or a transfer has damaged.
            encoder.include_checksum(true)?;
            write_text(snapshot, &mut encoder)?;
            encoder.finish().map(drop)
        }
    }
}

fn write_text(snapshot: &Snapshot, to: impl Write) -> io::Result<()> {
    let mut to = io::BufWriter::with_capacity(BLOCK, to);
    serde::Serialize::serialize(snapshot, &mut serde_json::Serializer::with_formatter(&mut to, Lines::default()))?;
    to.write_all(b"\n")?;
    to.flush()
}

/// Reads a snapshot in any form and of any version so far. `size` is what a file says of itself.
pub fn read(input: impl Read, size: Option<u64>) -> Result<Snapshot, SnapshotError> {
    read_by(BLOCK, input, size)
}

fn read_by(block: usize, input: impl Read, size: Option<u64>) -> Result<Snapshot, SnapshotError> {
    let mut input = BufReader::with_capacity(BLOCK, input);
    if Form::is_compressed(input.fill_buf()?) {
        let limit = size.map_or(LARGEST, |size| LARGEST.min(SMALL.max(size.saturating_mul(LARGEST_GROWTH))));
        let decoder = zstd::Decoder::with_buffer(input)?;
        read_text(block, size::Limited::new(decoder, limit))
    } else {
        read_text(block, size::Limited::new(input, LARGEST))
    }
}

fn read_text(block: usize, mut input: impl Read) -> Result<Snapshot, SnapshotError> {
    let mut cut = Cut::new(LARGEST_REST);
    let mut text = Vec::new();
    let lists = Lists::default();
    if fill(block, &mut input, &mut text)? {
        // The calling thread unpacks and cuts; the others read.
        let workers = thread::available_parallelism().map_or(2, NonZero::get).min(8);
        let (send, receive) = sync_channel::<Part>(2 * workers);
        let receive = Mutex::new(receive);
        let fed = thread::scope(|threads| {
            (0..workers).for_each(|_| drop(threads.spawn(|| work(&receive, &lists))));
            feed(block, &mut input, text, &mut cut, send, &lists)
        });
        // What was read comes first in the text, and so does what is wrong with it.
        lists.problem(&cut)?;
        fed?;
    } else {
        cut.take(&text, true, &mut |part| lists.take(parse(&part)))?;
        lists.problem(&cut)?;
    }
    put_together(cut, lists)
}

/// Reads on until a block is full; `false` at the end.
fn fill(block: usize, input: &mut impl Read, text: &mut Vec<u8>) -> io::Result<bool> {
    let wanted = (text.len() / block + 1) * block;
    let missing = wanted - text.len();
    input.by_ref().take(missing as u64).read_to_end(text).map(|got| got == missing)
}

/// Cuts the text into parts for the others, until they find a problem.
fn feed(
    block: usize,
    input: &mut impl Read,
    mut text: Vec<u8>,
    cut: &mut Cut,
    send: SyncSender<Part>,
    lists: &Lists,
) -> Result<(), SnapshotError> {
    let mut more = true;
    while !lists.lock().is_broken() {
        // Somebody is there to take it as long as this runs.
        let used = cut.take(&text, !more, &mut |part| drop(send.send(part)))?;
        text.drain(..used);
        if !more {
            break;
        }
        more = fill(block, input, &mut text)?;
    }
    // The others wait for parts as long as this lives, here or where an error ends it.
    drop(send);
    Ok(())
}

/// Reads parts until there are no more.
fn work(parts: &Mutex<Receiver<Part>>, lists: &Lists) {
    loop {
        let next = parts.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(part) = next else { return };
        lists.take(parse(&part));
    }
}

/// A part that was read, or its first problem.
struct Parsed {
    number: usize,
    slot: Slot,
    records: Result<Records, SnapshotError>,
}

/// The objects of a part.
enum Records {
    AdUsers(Vec<AdUser>),
    AdHolders(Vec<AdHolder>),
    Users(Vec<EntraUser>),
    Holders(Vec<AddressHolder>),
}

fn parse(part: &Part) -> Parsed {
    let records = match part.slot.record {
        Record::AdUser => objects(part).map(Records::AdUsers),
        Record::AdHolder => objects(part).map(Records::AdHolders),
        Record::User | Record::DeletedUser => objects(part).map(Records::Users),
        Record::Holder => objects(part).map(Records::Holders),
    };
    Parsed { number: part.number, slot: part.slot, records }
}

fn objects<T: DeserializeOwned>(part: &Part) -> Result<Vec<T>, SnapshotError> {
    let broken = |line: u64, why: String| SnapshotError::Broken(format!("in line {line}: {why}"));
    let text = std::str::from_utf8(&part.text).map_err(|error| {
        let before = &part.text[..error.valid_up_to()];
        broken(part.line + memchr::memchr_iter(b'\n', before).count() as u64, "it is not UTF-8".to_owned())
    })?;
    let mut objects = Vec::with_capacity(text.len() / 512);
    for (number, line) in (part.line..).zip(Part::lines(text)) {
        objects.push(serde_json::from_str(line).map_err(|error| broken(number, error.to_string()))?);
    }
    Ok(objects)
}

/// The lists, put together as their parts come in.
#[derive(Default)]
struct Lists(Mutex<Gathered>);

#[derive(Default)]
struct Gathered {
    domains: BTreeMap<usize, (Vec<AdUser>, Vec<AdHolder>)>,
    users: Vec<EntraUser>,
    deleted_users: Vec<EntraUser>,
    holders: Vec<AddressHolder>,
    /// How many parts are in, and those that came before their turn.
    parts: usize,
    early: BTreeMap<usize, Parsed>,
    /// The problem that stands first in the text.
    problem: Option<SnapshotError>,
}

impl Lists {
    fn lock(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a part, and whatever was waiting for it.
    fn take(&self, part: Parsed) {
        let mut gathered = self.lock();
        gathered.early.insert(part.number, part);
        loop {
            let turn = gathered.parts;
            let Some(part) = gathered.early.remove(&turn) else { break };
            gathered.parts += 1;
            gathered.append(part);
        }
    }

    /// The problem that stands first in the text; if a newer version wrote that, this is all that is said.
    fn problem(&self, cut: &Cut) -> Result<(), SnapshotError> {
        let problem = self.lock().problem.take();
        let version = cut.version().filter(|version| *version > u64::from(SNAPSHOT_VERSION));
        match (problem, version) {
            (None, _) => Ok(()),
            (Some(_), Some(newer)) => Err(SnapshotError::Newer(newer)),
            (Some(problem), None) => Err(problem),
        }
    }
}

impl Gathered {
    fn is_broken(&self) -> bool {
        self.problem.is_some() || self.early.values().any(|part| part.records.is_err())
    }

    fn append(&mut self, part: Parsed) {
        if self.problem.is_some() {
            return;
        }
        match part.records {
            Err(problem) => self.problem = Some(problem),
            Ok(Records::AdUsers(mut list)) => self.domains.entry(part.slot.domain).or_default().0.append(&mut list),
            Ok(Records::AdHolders(mut list)) => self.domains.entry(part.slot.domain).or_default().1.append(&mut list),
            Ok(Records::Users(mut list)) if part.slot.record == Record::DeletedUser => {
                self.deleted_users.append(&mut list);
            }
            Ok(Records::Users(mut list)) => self.users.append(&mut list),
            Ok(Records::Holders(mut list)) => self.holders.append(&mut list),
        }
    }
}

/// The document without its long lists, and then the lists.
fn put_together(cut: Cut, lists: Lists) -> Result<Snapshot, SnapshotError> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u64,
    }
    let broken = |error: serde_json::Error| SnapshotError::Broken(error.to_string());
    let rest = cut.into_rest();
    let rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&rest);
    match serde_json::from_slice::<Version>(rest) {
        Ok(Version { format_version }) if format_version > u64::from(SNAPSHOT_VERSION) => {
            return Err(SnapshotError::Newer(format_version));
        }
        Ok(_) => {}
        Err(error) => return Err(broken(error)),
    }
    let mut snapshot: Snapshot = serde_json::from_slice(rest).map_err(broken)?;
    let gathered = lists.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (number, (users, holders)) in gathered.domains {
        let domain = snapshot.domains.get_mut(number);
        let domain = domain.ok_or_else(|| SnapshotError::Broken("a list stands where none belongs".to_owned()))?;
        fill_in(&mut domain.users, users);
        fill_in(&mut domain.holders, holders);
    }
    fill_in(&mut snapshot.users, gathered.users);
    fill_in(&mut snapshot.deleted_users, gathered.deleted_users);
    fill_in(&mut snapshot.holders, gathered.holders);
    Ok(snapshot)
}

/// Puts a list in its place: it is empty there if its lines were cut out.
fn fill_in<T>(place: &mut Vec<T>, list: Vec<T>) {
    if !list.is_empty() {
        *place = list;
    }
}

#[cfg(test)]
mod tests;
