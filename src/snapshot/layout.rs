//! Where a snapshot's text has its line breaks: before each object of the document's lists, and of each domain's.

use crate::model::visible::escape_json;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Compact JSON with those line breaks, and hidden characters escaped: a person may look at it in a terminal.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// How many lists and objects are open.
    depth: usize,
    /// The member of the document that is being written.
    member: String,
    in_member: bool,
    /// For each open list: whether its objects have lines of their own, and whether there was one.
    lists: Vec<(bool, bool)>,
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.lists.push((self.depth == 1 || self.depth == 3 && self.member == "domains", false));
        self.depth += 1;
        to.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        let broken = self.lists.pop() == Some((true, true));
        to.write_all(if broken { b"\n]" } else { b"]" })
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        let own_lines = self.lists.last_mut().is_some_and(|(own_lines, any)| {
            *any = true;
            *own_lines
        });
        to.write_all(match (first, own_lines) {
            (true, true) => b"\n",
            (true, false) => b"",
            (false, true) => b",\n",
            (false, false) => b",",
        })
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        to.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth -= 1;
        to.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if self.depth == 1 {
            self.member.clear();
            self.in_member = true;
        }
        to.write_all(if first { b"" } else { b"," })
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.in_member = false;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, text: &str) -> io::Result<()> {
        if self.in_member {
            self.member.push_str(text);
        }
        to.write_all(escape_json(text).as_bytes())
    }
}
