//! A checked reader over parsed TOML: every value knows its place, every problem is collected, and reading goes on.
//!
//! A [`Table`] hands out its values by key; what was never asked for is an unknown key. A *reader* is any function from
//! a [`Node`] to `Option<T>` that reports why it gives `None`, so readers combine: `list_of(dn)`, `word(&[…])`.

use super::secrets;
use crate::diagnostic::{Diagnostic, SourceId};
use crate::model::dn::Dn;
use jiff::SignedDuration;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Collects what is found in one file.
pub(super) struct Sink {
    pub(super) file: SourceId,
    found: RefCell<Vec<Diagnostic>>,
    masked: RefCell<Vec<Range<usize>>>,
}

impl Sink {
    pub(super) fn new(file: SourceId) -> Self {
        Self { file, found: RefCell::default(), masked: RefCell::default() }
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// Keeps a value out of everything that is shown.
    pub(super) fn mask(&self, span: Range<usize>) {
        self.masked.borrow_mut().push(span);
    }

    pub(super) fn into_parts(self) -> (Vec<Diagnostic>, Vec<Range<usize>>) {
        (self.found.into_inner(), self.masked.into_inner())
    }
}

/// A value that was read, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A value that is to be read.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) sink: &'a Sink,
    /// How messages call it: the key in back quotes, or a place in a list.
    pub(super) name: String,
    pub(super) value: &'a DeValue<'a>,
    pub(super) span: Range<usize>,
}

impl<'a> Node<'a> {
    /// An error at this value.
    pub(super) fn problem(
        &self,
        code: &'static str,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message).label(self.sink.file, self.span.clone(), label)
    }

    /// Reports that the value is of another type than `wanted`.
    pub(super) fn wrong_type(&self, wanted: &str) {
        let is = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.sink.report(self.problem(
            "wrong-type",
            format!("{} must be {wanted}, but it is {is}", self.name),
            format!("expected {wanted}"),
        ));
    }

    /// The value's text, if it is a string.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        }
    }

    /// The value's table, if it is one.
    pub(super) fn as_table(&self) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(entries) => Some(Table::new(self.sink, entries, self.name.clone(), self.span.clone())),
            _ => None,
        }
    }
}

/// A table that is being read.
pub(super) struct Table<'a> {
    pub(super) sink: &'a Sink,
    entries: BTreeMap<&'a str, (Range<usize>, &'a Spanned<DeValue<'a>>)>,
    /// How messages call it, such as `[sync]`.
    pub(super) name: String,
    /// Its header, or all of an inline table.
    pub(super) span: Range<usize>,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub(super) fn new(sink: &'a Sink, entries: &'a DeTable<'a>, name: String, span: Range<usize>) -> Self {
        let entries = entries.iter().map(|(key, value)| (key.get_ref().as_ref(), (key.span(), value))).collect();
        Self { sink, entries, name, span, known: Vec::new() }
    }

    /// Whether the key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Keeps every value out of what is shown, but those of `keys`.
    pub(super) fn mask_all_but(&self, keys: &[&str]) {
        let others = self.entries.iter().filter(|(key, _)| !keys.contains(*key));
        others.for_each(|(_, (_, value))| self.sink.mask(value.span()));
    }

    /// Where the key stands, if it is there.
    pub(super) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get(key).map(|(span, _)| span.clone())
    }

    /// Reads the key's value; `None` if it is not there or bad (which is reported).
    pub(super) fn take<T>(&mut self, key: &'static str, read: impl FnOnce(&Node<'a>) -> Option<T>) -> Option<At<T>> {
        self.known.push(key);
        let (_, value) = self.entries.get(key)?;
        let node = Node { sink: self.sink, name: format!("`{key}`"), value: value.get_ref(), span: value.span() };
        let span = node.span.clone();
        read(&node).map(|value| At { value, span })
    }

    /// As [`Table::take`], but a key that is not there is reported; `why` says what it is for.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        why: &str,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        if !self.has(key) {
            self.sink.report(Diagnostic::error("missing-key", format!("{} needs `{key}`: {why}", self.name)).label(
                self.sink.file,
                self.span.clone(),
                format!("`{key}` is missing"),
            ));
        }
        self.take(key, read)
    }

    /// As [`Table::take`], for a value with a default: `None` only if the value is there and bad.
    pub(super) fn take_or<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<T> {
        if self.has(key) {
            self.take(key, read).map(|at| at.value)
        } else {
            self.known.push(key);
            Some(default)
        }
    }

    /// Reports every key that nobody asked for. To be called after the last `take`.
    pub(super) fn finish(self) {
        let mut unknown: Vec<_> = self.entries.iter().filter(|(key, _)| !self.known.contains(*key)).collect();
        unknown.sort_by_key(|(_, (span, _))| span.start);
        for (key, (span, value)) in unknown {
            if secrets::is_secret_key(key) && !matches!(value.get_ref(), DeValue::Table(_)) {
                self.sink.mask(value.span());
                self.sink.report(secrets::refused(self.sink.file, span.clone(), key));
                continue;
            }
            let close = self
                .known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &key.to_lowercase().replace('-', "_")), *known))
                .filter(|(distance, known)| *distance <= known.len().max(key.len()).div_ceil(3))
                .min();
            let mut diagnostic = Diagnostic::error("unknown-key", format!("`{key}` is not a key of {}", self.name))
                .label(
                    self.sink.file,
                    span.clone(),
                    close.map_or_else(|| "unknown key".to_owned(), |(_, known)| format!("did you mean `{known}`?")),
                );
            if close.is_none() {
                diagnostic = diagnostic.help(format!("known keys are {}", listed(&self.known)));
            }
            self.sink.report(diagnostic);
        }
    }
}

/// `` `a`, `b` or `c` ``.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Reads a string that is not empty.
pub(super) fn text(node: &Node<'_>) -> Option<String> {
    let Some(text) = node.as_text() else {
        node.wrong_type("a string");
        return None;
    };
    if text.trim().is_empty() {
        node.sink.report(node.problem("empty-value", format!("{} is empty", node.name), "nothing here"));
        return None;
    }
    Some(text.to_owned())
}

/// Reads a string with `parse`, whose error says in one sentence what is wrong.
pub(super) fn parsed<'a, T, E: std::fmt::Display>(
    code: &'static str,
    label: &'static str,
    help: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(&Node<'a>) -> Option<T> {
    move |node| {
        let text = text(node)?;
        parse(&text)
            .map_err(|why| node.sink.report(node.problem(code, format!("{}: {why}", node.name), label).help(help)))
            .ok()
    }
}

/// Reads a distinguished name.
pub(super) fn dn(node: &Node<'_>) -> Option<Dn> {
    parsed(
        "bad-dn",
        "not a distinguished name",
        "write it as AD shows it in `distinguishedName`, such as \"OU=Users,DC=corp,DC=contoso,DC=com\"",
        Dn::parse,
    )(node)
}

/// Reads a path; it is not looked for.
pub(super) fn path(node: &Node<'_>) -> Option<PathBuf> {
    let read = text(node)?;
    if read.contains('\0') {
        node.sink.report(node.problem("bad-path", format!("{} contains a NUL", node.name), "not a path"));
        return None;
    }
    Some(PathBuf::from(read))
}

/// Reads `true` or `false`.
pub(super) fn flag(node: &Node<'_>) -> Option<bool> {
    let DeValue::Boolean(flag) = node.value else {
        node.wrong_type("true or false");
        return None;
    };
    Some(*flag)
}

/// No limit is higher: more is a slip of the finger.
pub(super) const MAX_COUNT: u32 = 1_000_000;

/// Reads a whole number from `least` to [`MAX_COUNT`].
pub(super) fn count<'a>(least: u32) -> impl Fn(&Node<'a>) -> Option<u32> {
    move |node| {
        let DeValue::Integer(number) = node.value else {
            node.wrong_type("a whole number");
            return None;
        };
        let read =
            u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|read| (least..=MAX_COUNT).contains(read));
        if read.is_none() {
            node.sink.report(node.problem(
                "out-of-range",
                format!("{} is {number}, which is out of range", node.name),
                format!("a whole number from {least} to {MAX_COUNT}"),
            ));
        }
        read
    }
}

/// Reads a time span such as `45m`, `72h` or `1h 30m`; more than nothing.
pub(super) fn duration(node: &Node<'_>) -> Option<SignedDuration> {
    let Some(text) = node.as_text() else {
        node.wrong_type("a time span such as \"45m\"");
        return None;
    };
    let read = is_time_span(text).then(|| text.parse::<SignedDuration>().ok()).flatten();
    let problem = match read {
        Some(read) if read.is_positive() => return Some(read),
        Some(_) => node.problem("bad-duration", format!("{} must be more than no time", node.name), "not positive"),
        None => node.problem("bad-duration", format!("{}: {text:?} is no time span", node.name), "not a time span"),
    };
    node.sink.report(problem.help("write hours, minutes and seconds, such as \"45m\", \"72h\" or \"1h 30m\""));
    None
}

/// Hours, minutes and seconds in this order, each at most once, one space between at most. Of the many ways that jiff
/// reads, these are the ones that a schema can describe and that nobody misreads.
fn is_time_span(text: &str) -> bool {
    let mut rest = text;
    for unit in ['h', 'm', 's'] {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if (1..=6).contains(&digits)
            && let Some(after) = rest[digits..].strip_prefix(unit)
        {
            rest = after.strip_prefix(' ').filter(|more| !more.is_empty()).unwrap_or(after);
        }
    }
    rest.is_empty() && !text.is_empty()
}

/// Reads one of some words.
pub(super) fn word<'a, T: Clone>(words: &'a [(&'static str, T)]) -> impl Fn(&Node<'a>) -> Option<T> {
    move |node| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let Some(text) = node.as_text() else {
            node.wrong_type(&format!("one of {}", listed(&names)));
            return None;
        };
        let read = words.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone());
        if read.is_none() {
            report_word(node, text, &names);
        }
        read
    }
}

/// Reports a word that is none of `names`.
pub(super) fn report_word(node: &Node<'_>, text: &str, names: &[&str]) {
    let close = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, &text.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .min();
    let label = close.map_or_else(|| "unknown word".to_owned(), |(_, name)| format!("did you mean \"{name}\"?"));
    node.sink.report(
        node.problem("unknown-word", format!("{} cannot be {text:?}", node.name), label)
            .help(format!("it is one of {}", listed(names))),
    );
}

/// Reads a list, each element with `read`. All elements are read, so that all problems are reported.
pub(super) fn list_of<'a, T>(read: impl Fn(&Node<'a>) -> Option<T>) -> impl Fn(&Node<'a>) -> Option<Vec<At<T>>> {
    move |node| {
        let DeValue::Array(elements) = node.value else {
            node.wrong_type("a list");
            return None;
        };
        let elements: Vec<Option<At<T>>> = elements
            .iter()
            .enumerate()
            .map(|(index, element)| {
                let name = format!("element {} of {}", index + 1, node.name);
                let inner = Node { sink: node.sink, name, value: element.get_ref(), span: element.span() };
                read(&inner).map(|value| At { value, span: element.span() })
            })
            .collect();
        elements.into_iter().collect()
    }
}

/// Reads a table; `what` is how messages call it, such as `[sync]`.
pub(super) fn table<'a>(what: &'static str) -> impl Fn(&Node<'a>) -> Option<Table<'a>> {
    move |node| {
        let Some(mut table) = node.as_table() else {
            node.wrong_type("a table");
            return None;
        };
        what.clone_into(&mut table.name);
        Some(table)
    }
}

/// Reads an array of tables; `what` is how messages call it, such as `[[link]]`.
pub(super) fn tables<'a>(what: &'static str) -> impl Fn(&Node<'a>) -> Option<Vec<At<Table<'a>>>> {
    move |node| {
        if let DeValue::Table(_) = node.value {
            let single = what.trim_start_matches('[').trim_end_matches(']');
            node.sink.report(
                node.problem(
                    "wrong-type",
                    format!("`[{single}]` is one table, but there can be several"),
                    "a single table",
                )
                .help(format!("write `{what}` with two brackets on each side")),
            );
            return None;
        }
        list_of(table(what))(node)
    }
}
