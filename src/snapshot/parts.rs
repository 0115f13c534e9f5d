//! Cuts a snapshot's text into the lines of its long lists, and the rest.

use super::file::SnapshotError;
use crate::model::size::TooLarge;
use std::io;

/// What the objects of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    AdUser,
    AdHolder,
    User,
    DeletedUser,
    Holder,
}

/// A list, and the domain that it belongs to if it is one of a domain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) record: Record,
    pub(super) domain: usize,
}

/// Whole lines of one list.
#[derive(Debug)]
pub(super) struct Part {
    /// Its number among all parts, from 0.
    pub(super) number: usize,
    pub(super) slot: Slot,
    /// The number of the first line, from 1.
    pub(super) line: u64,
    pub(super) text: Vec<u8>,
}

impl Part {
    /// The objects of a part's text, without what separates them.
    pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.lines().map(|line| line.strip_suffix(',').unwrap_or(line))
    }
}

/// Where a list begins as this program writes it, it goes on like that: only the whole text could tell what else it is.
pub(super) const OWN_LINE: &str = "expected an object on a line of its own";

/// Where the cutting stands.
#[derive(Debug)]
pub(super) struct Cut {
    /// Everything but the lines of lists.
    rest: Vec<u8>,
    largest_rest: usize,
    depth: Depth,
    /// The number of the next line.
    line: u64,
    /// How much of the next line is known to have no end.
    looked_through: usize,
    /// How many parts there were.
    parts: usize,
    /// The list that the next line belongs to, and whether the line before ended in a comma.
    within: Option<(Slot, Before)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Comma,
    NoComma,
}

impl Cut {
    pub(super) const fn new(largest_rest: usize) -> Self {
        Self { rest: Vec::new(), largest_rest, depth: Depth::new(), line: 1, looked_through: 0, parts: 0, within: None }
    }

    /// Takes whole lines off the text, and at its end the last one; says how much it took.
    pub(super) fn take(&mut self, text: &[u8], end: bool, give: &mut impl FnMut(Part)) -> Result<usize, SnapshotError> {
        let mut at = 0;
        // What has no line feed is not looked through again.
        let mut looked_through = std::mem::take(&mut self.looked_through);
        // The lines of one list that stand together.
        let mut run: Option<(Slot, u64, usize)> = None;
        while at < text.len() {
            let length = match memchr::memchr(b'\n', &text[at + looked_through..]) {
                Some(length) => looked_through + length + 1,
                None if end => text.len() - at,
                None => {
                    self.looked_through = text.len() - at;
                    self.room(self.looked_through)?;
                    break;
                }
            };
            looked_through = 0;
            let line = &text[at..at + length];
            match self.within {
                Some((slot, before)) if line[0] == b'{' => {
                    let bare = line.strip_suffix(b"\n").unwrap_or(line);
                    let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
                    if before == Before::NoComma {
                        return Err(self.broken("expected `,` or `]`"));
                    }
                    let now = if bare.ends_with(b",") { Before::Comma } else { Before::NoComma };
                    self.within = Some((slot, now));
                    run.get_or_insert((slot, self.line, at));
                }
                _ => {
                    if let Some((slot, line, begin)) = run.take() {
                        give(self.part(slot, line, &text[begin..at]));
                    }
                    self.other(line)?;
                }
            }
            self.line += 1;
            at += length;
        }
        if let Some((slot, line, begin)) = run {
            give(self.part(slot, line, &text[begin..at]));
        }
        Ok(at)
    }

    fn part(&mut self, slot: Slot, line: u64, text: &[u8]) -> Part {
        self.parts += 1;
        Part { number: self.parts - 1, slot, line, text: text.to_vec() }
    }

    /// A line that is no object of a list.
    fn other(&mut self, line: &[u8]) -> Result<(), SnapshotError> {
        match self.within.take() {
            Some((_, Before::Comma)) if line[0] == b']' => return Err(self.broken("expected an object")),
            Some(_) if line[0] != b']' => return Err(self.broken(OWN_LINE)),
            _ => {}
        }
        self.room(line.len())?;
        self.rest.extend_from_slice(line);
        self.depth.read(line);
        self.within = self.depth.opens(line).map(|slot| (slot, Before::Nothing));
        Ok(())
    }

    fn room(&self, more: usize) -> Result<(), SnapshotError> {
        if self.rest.len() + more <= self.largest_rest {
            return Ok(());
        }
        let limit = self.largest_rest as u64;
        Err(io::Error::other(TooLarge { size: None, limit }).into())
    }

    fn broken(&self, why: &str) -> SnapshotError {
        SnapshotError::Broken(format!("in line {}: {why}", self.line))
    }

    /// The format version, where it stands first in the text.
    pub(super) fn version(&self) -> Option<u64> {
        let digits = self.rest.strip_prefix(b"{\"format_version\":")?;
        let length = digits.iter().take_while(|octet| octet.is_ascii_digit()).count();
        std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
    }

    /// Everything but the lines of lists: a document with empty lists.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.rest
    }
}

/// How deep in the document a place is.
#[derive(Debug)]
struct Depth {
    open: usize,
    in_text: bool,
    escaped: bool,
    /// How many objects the document's outermost open list has had.
    objects: usize,
}

impl Depth {
    const fn new() -> Self {
        Self { open: 0, in_text: false, escaped: false, objects: 0 }
    }

    fn read(&mut self, text: &[u8]) {
        for octet in text {
            match octet {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_text => self.escaped = true,
                b'"' => self.in_text = !self.in_text,
                _ if self.in_text => {}
                b'[' | b'{' => {
                    self.open += 1;
                    match (octet, self.open) {
                        (b'[', 2) => self.objects = 0,
                        (b'{', 3) => self.objects += 1,
                        _ => {}
                    }
                }
                b']' | b'}' => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// The list that begins at the end of this line, if it is one of the long ones.
    fn opens(&self, line: &[u8]) -> Option<Slot> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let named = |name: &[u8]| line.ends_with(name) && !self.in_text;
        let record = match self.open {
            4 if named(b"\"users\":[") => Record::AdUser,
            4 if named(b"\"holders\":[") => Record::AdHolder,
            2 if named(b"\"deleted_users\":[") => Record::DeletedUser,
            2 if named(b"\"users\":[") => Record::User,
            2 if named(b"\"holders\":[") => Record::Holder,
            _ => return None,
        };
        Some(Slot { record, domain: self.objects.saturating_sub(1) })
    }
}
