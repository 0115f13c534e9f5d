//! The snapshot as a file: one JSON document, with a line of its own for each object, compressed if that is wanted.
//!
//! Only the place of the line breaks is special: any program reads the document as JSON, and any spelling of the document
//! is read here. Where the lines are as this module writes them, the long lists are cut out of the text as it streams by
//! and read on several threads, and what is left over is read as a small document with empty lists. So a directory of a
//! million users is never in memory as text.

use super::document::{SNAPSHOT_VERSION, Snapshot};
use super::layout::Lines;
use super::parts::{Cut, Part, Record, Slot};
use crate::model::size::{self, TooLarge};
use serde::Deserialize;
use serde::de::DeserializeOwned;
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
    let mut input = BufReader::with_capacity(BLOCK, input);
    if input.fill_buf()?.starts_with(&MAGIC) {
        let limit = size.map_or(LARGEST, |size| LARGEST.min(SMALL.max(size.saturating_mul(LARGEST_GROWTH))));
        let decoder = zstd::Decoder::with_buffer(input)?;
        read_text(size::Limited::new(decoder, limit))
    } else {
        read_text(size::Limited::new(input, LARGEST))
    }
}

fn read_text(mut input: impl Read) -> Result<Snapshot, SnapshotError> {
    let mut cut = Cut::new(LARGEST_REST);
    let mut text = Vec::new();
    let more = fill(&mut input, &mut text)?;
    let mut read = Vec::new();
    if more {
        // The calling thread unpacks and cuts; the others read.
        let workers = thread::available_parallelism().map_or(2, NonZero::get).min(8);
        let (send, receive) = sync_channel::<Part>(2 * workers);
        let receive = Mutex::new(receive);
        let fed = thread::scope(|threads| {
            let workers: Vec<_> = (0..workers).map(|_| threads.spawn(|| work(&receive))).collect();
            let fed = feed(&mut input, text, &mut cut, send);
            for worker in workers {
                read.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            fed
        });
        // What the text says comes first in it, and so does what is wrong with that.
        first_problem(&mut read, &cut)?;
        fed?;
    } else {
        cut.take(&text, true, &mut |part| read.push(parse(&part)))?;
        first_problem(&mut read, &cut)?;
    }
    put_together(cut, read)
}

/// Reads on until a block is full; `false` at the end.
fn fill(input: &mut impl Read, text: &mut Vec<u8>) -> io::Result<bool> {
    let wanted = (text.len() / BLOCK + 1) * BLOCK;
    let missing = wanted - text.len();
    input.by_ref().take(missing as u64).read_to_end(text).map(|got| got == missing)
}

/// Cuts the text into parts for the others.
fn feed(
    input: &mut impl Read,
    mut text: Vec<u8>,
    cut: &mut Cut,
    send: SyncSender<Part>,
) -> Result<(), SnapshotError> {
    let mut more = true;
    let mut alive = true;
    while alive {
        let used = cut.take(&text, !more, &mut |part| alive &= send.send(part).is_ok())?;
        text.drain(..used);
        if !more {
            break;
        }
        more = fill(input, &mut text)?;
    }
    Ok(())
}

/// Reads parts until there are no more, or one has a problem.
fn work(parts: &Mutex<Receiver<Part>>) -> Vec<Parsed> {
    let mut all = Vec::new();
    loop {
        let next = parts.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(part) = next else { return all };
        all.push(parse(&part));
    }
}

/// A part that was read, or its first problem.
struct Parsed {
    slot: Slot,
    /// Where it stands in the text.
    line: u64,
    records: Result<Records, SnapshotError>,
}

/// The objects of a part.
enum Records {
    AdUsers(Vec<crate::model::ad::AdUser>),
    AdHolders(Vec<crate::model::recipient::AdHolder>),
    Users(Vec<crate::model::entra::EntraUser>),
    Holders(Vec<crate::model::entra::AddressHolder>),
}

fn parse(part: &Part) -> Parsed {
    let records = match part.slot.record {
        Record::AdUser => objects(part).map(Records::AdUsers),
        Record::AdHolder => objects(part).map(Records::AdHolders),
        Record::User | Record::DeletedUser => objects(part).map(Records::Users),
        Record::Holder => objects(part).map(Records::Holders),
    };
    Parsed { slot: part.slot, line: part.line, records }
}

fn objects<T: DeserializeOwned>(part: &Part) -> Result<Vec<T>, SnapshotError> {
    let mut objects = Vec::with_capacity(part.text.len() / 512);
    for (number, line) in (part.line..).zip(part.lines()) {
        let object = serde_json::from_slice(line);
        objects.push(object.map_err(|error| SnapshotError::Broken(format!("in line {number}: {error}")))?);
    }
    objects.shrink_to_fit();
    Ok(objects)
}

/// The problem that stands first in the text, unless a newer version wrote it.
fn first_problem(read: &mut [Parsed], cut: &Cut) -> Result<(), SnapshotError> {
    read.sort_by_key(|part| part.line);
    let Some(bad) = read.iter_mut().find(|part| part.records.is_err()) else { return Ok(()) };
    if let Some(version) = cut.version().filter(|version| *version > u64::from(SNAPSHOT_VERSION)) {
        return Err(SnapshotError::Newer(version));
    }
    let nothing = Ok(Records::Users(Vec::new()));
    std::mem::replace(&mut bad.records, nothing).map(drop)
}

/// The document without its long lists, and then the lists.
fn put_together(cut: Cut, read: Vec<Parsed>) -> Result<Snapshot, SnapshotError> {
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
    for part in read {
        let domain = snapshot.domains.get_mut(part.slot.domain);
        match (part.slot.record, part.records?, domain) {
            (Record::AdUser, Records::AdUsers(mut list), Some(domain)) => domain.users.append(&mut list),
            (Record::AdHolder, Records::AdHolders(mut list), Some(domain)) => domain.holders.append(&mut list),
            (Record::User, Records::Users(mut list), _) => snapshot.users.append(&mut list),
            (Record::DeletedUser, Records::Users(mut list), _) => snapshot.deleted_users.append(&mut list),
            (Record::Holder, Records::Holders(mut list), _) => snapshot.holders.append(&mut list),
            _ => return Err(SnapshotError::Broken("a list stands where none belongs".to_owned())),
        }
    }
    Ok(snapshot)
}
