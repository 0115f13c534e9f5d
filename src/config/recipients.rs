//! The export of Exchange's recipients (`Get-Recipient … | Export-Csv`): what Graph does not show, read with every problem
//! at once.
//!
//! PowerShell writes it in many ways: with a `#TYPE` line, as UTF-8 with or without a mark or as UTF-16, with the comma or
//! the list separator of the machine, quoted or not; and people join the addresses with whatever they like. A list that
//! was not joined at all (`System.Object[]`) or was cut off (`…`) holds no addresses, and is refused: a conflict there would
//! pass for none.

use super::sheet::{decode, lines};
use crate::diagnostic::{Diagnostic, SourceId, Sources};
use crate::model::address::{AddressSet, ProxyAddress};
use crate::model::recipient::{self, Recipient};
use csv::StringRecord;
use std::ops::Range;

/// A larger export is refused. 256 MiB hold some 800,000 recipients.
pub const LARGEST_EXPORT: u64 = 256 << 20;

/// So many problems of one kind are shown; a file of the wrong form has one per line.
const MAX_SHOWN: usize = 20;

/// The columns that are read, in lower case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Type,
    DisplayName,
    Name,
    Primary,
    Addresses,
    ExternalId,
    Guid,
    Identity,
}

impl Column {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Type, "RecipientTypeDetails"),
        (Self::DisplayName, "DisplayName"),
        (Self::Name, "Name"),
        (Self::Primary, "PrimarySmtpAddress"),
        (Self::Addresses, "EmailAddresses"),
        (Self::ExternalId, "ExternalDirectoryObjectId"),
        (Self::Guid, "Guid"),
        (Self::Identity, "Identity"),
    ];
}

/// Where each column stands in a file.
struct Header([Option<usize>; 8], usize);

impl Header {
    fn of(record: &StringRecord) -> Self {
        let at = |name: &str| record.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        Self(Column::ALL.map(|(_, name)| at(name)), record.len())
    }

    fn has(&self, column: Column) -> bool {
        self.0[column as usize].is_some()
    }

    /// A cell that says something.
    fn cell<'a>(&self, column: Column, record: &'a StringRecord) -> Option<&'a str> {
        let cell = record.get(self.0[column as usize]?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// What is missing, each as an alternative of columns.
    fn missing(&self) -> Vec<&'static str> {
        let any = |columns: &[Column]| columns.iter().any(|column| self.has(*column));
        [
            (any(&[Column::Type]), "RecipientTypeDetails"),
            (any(&[Column::Addresses]), "EmailAddresses"),
            (any(&[Column::DisplayName, Column::Name, Column::Identity]), "DisplayName or Name"),
            (any(&[Column::ExternalId, Column::Guid, Column::Identity]), "ExternalDirectoryObjectId, Guid or Identity"),
        ]
        .into_iter()
        .filter_map(|(there, name)| (!there).then_some(name))
        .collect()
    }
}

/// Why a row cannot be used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Problem {
    Unjoined,
    CutOff,
    Columns { wanted: usize, found: usize },
    NoId,
    NoType,
    BadAddress,
}

/// Reads an export. There are recipients only if there is no error among the diagnostics.
pub fn read(name: &str, octets: &[u8]) -> (Option<Vec<Recipient>>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let text = match decode(octets) {
        Ok(text) => text,
        Err(why) => {
            let name = crate::model::visible::visible(name);
            let found = Diagnostic::error("recipients-encoding", format!("{name} {why}"));
            return (None, vec![found.help(export_help())], sources);
        }
    };
    let file = sources.add(name, &text);
    let (found, recipients) = rows(&text, file);
    (found.is_empty().then_some(recipients), found, sources)
}

fn export_help() -> String {
    format!("export it in Exchange Online PowerShell: {}", recipient::EXPORT)
}

fn rows(text: &str, file: SourceId) -> (Vec<Diagnostic>, Vec<Recipient>) {
    let mut lines = lines(text);
    let Some((first, names)) = lines.next() else {
        let found = Diagnostic::error("recipients-empty", "the file holds no line with column names");
        return (vec![found.label(file, 0..0, "").help(export_help())], Vec::new());
    };
    let header = Header::of(&first);
    let missing = header.missing();
    if !missing.is_empty() {
        let message = format!("these columns are missing: {}", missing.join("; "));
        let found = Diagnostic::error("recipients-columns", message);
        return (vec![found.label(file, names, "the column names").help(export_help())], Vec::new());
    }
    let (mut problems, mut recipients) = (Vec::new(), Vec::new());
    for (record, span) in lines {
        match row(&header, &record) {
            Ok(read) => recipients.extend(read),
            Err(problem) => problems.push((problem, span)),
        }
    }
    (told(&problems, file), recipients)
}

/// One recipient; `None` for one without any address.
fn row(header: &Header, record: &StringRecord) -> Result<Option<Recipient>, Problem> {
    if record.len() != header.1 {
        return Err(Problem::Columns { wanted: header.1, found: record.len() });
    }
    let cell = |column| header.cell(column, record);
    let mut addresses = cell(Column::Addresses).map_or_else(|| Ok(AddressSet::default()), addresses)?;
    if let Some(primary) = cell(Column::Primary) {
        if !primary.contains('@') {
            return Err(Problem::BadAddress);
        }
        if !addresses.has_smtp(primary) {
            addresses.insert(ProxyAddress::primary(primary));
        }
    }
    if addresses.is_empty() {
        return Ok(None);
    }
    let no_guid = |id: &&str| id.chars().any(|c| c != '0' && c != '-');
    let ids = [Column::ExternalId, Column::Guid, Column::Identity];
    let id = ids.into_iter().find_map(|column| cell(column).filter(no_guid)).ok_or(Problem::NoId)?;
    let names = [Column::DisplayName, Column::Name, Column::Identity];
    Ok(Some(Recipient {
        kind: cell(Column::Type).ok_or(Problem::NoType)?.to_owned(),
        id: id.to_owned(),
        name: names.into_iter().find_map(cell).unwrap_or(id).to_owned(),
        addresses,
    }))
}

/// The addresses of one cell. They begin with a type (`smtp:`), or are plain e-mail addresses; what separates them may
/// also occur in an X500 address.
fn addresses(cell: &str) -> Result<AddressSet, Problem> {
    let type_of_list = ["System.Object[]", "System.String[]", "ProxyAddressCollection", "System.Collections."];
    if type_of_list.iter().any(|name| cell.contains(name)) {
        return Err(Problem::Unjoined);
    }
    let inner = cell.strip_prefix('{').map_or(cell, |inner| inner.strip_suffix('}').unwrap_or(inner));
    if inner.trim_end().ends_with("...") || inner.trim_end().ends_with('…') {
        return Err(Problem::CutOff);
    }
    let starts: Vec<usize> = typed_starts(inner);
    let untyped = &inner[..starts.first().copied().unwrap_or(inner.len())];
    let ends = starts.iter().skip(1).copied().chain([inner.len()]);
    let mut set = AddressSet::default();
    for plain in words(untyped) {
        set.insert(smtp("smtp", plain)?);
    }
    for value in starts.iter().zip(ends).map(|(start, end)| &inner[*start..end]) {
        let (kind, rest) = value.split_once(':').unwrap_or((value, ""));
        if kind.eq_ignore_ascii_case("smtp") {
            let mut parts = words(rest);
            set.insert(smtp(kind, parts.next().unwrap_or_default())?);
            for plain in parts {
                set.insert(smtp("smtp", plain)?);
            }
        } else {
            set.insert(ProxyAddress(format!("{kind}:{}", rest.trim_end_matches(is_separator))));
        }
    }
    Ok(set)
}

fn smtp(kind: &str, address: &str) -> Result<ProxyAddress, Problem> {
    if address.contains('@') { Ok(ProxyAddress(format!("{kind}:{address}"))) } else { Err(Problem::BadAddress) }
}

const fn is_separator(c: char) -> bool {
    matches!(c, ' ' | ';' | ',' | '|' | '\t' | '\r' | '\n')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_separator).filter(|word| !word.is_empty())
}

/// Where a type and its colon stand behind a separator or at the beginning.
fn typed_starts(text: &str) -> Vec<usize> {
    let colons = text.match_indices(':').map(|(at, _)| at);
    let start = |colon: usize| {
        let before = &text[..colon];
        let kind = before.len() - before.chars().rev().take_while(char::is_ascii_alphanumeric).count();
        let begins = kind < colon && text.as_bytes()[kind].is_ascii_alphabetic();
        (begins && before[..kind].chars().next_back().is_none_or(is_separator)).then_some(kind)
    };
    colons.filter_map(start).collect()
}

/// The problems in words: those of one kind together, so that a file of the wrong form does not flood the screen.
fn told(problems: &[(Problem, Range<usize>)], file: SourceId) -> Vec<Diagnostic> {
    let one = |problem: Problem| problems.iter().filter(move |(other, _)| *other == problem);
    let mut found = Vec::new();
    for (problem, code, what) in [
        (Problem::Unjoined, "recipients-not-joined", "EmailAddresses holds the type of a list instead of addresses"),
        (Problem::CutOff, "recipients-cut-off", "EmailAddresses was cut off, so that addresses are missing"),
    ] {
        let mut lines = one(problem);
        if let Some((_, span)) = lines.next() {
            let more = lines.count();
            let others = match more {
                0 => String::new(),
                1 => ", and in one more line".to_owned(),
                more => format!(", and in {more} more lines"),
            };
            let help = format!("join the addresses when exporting: {}", recipient::EXPORT);
            found.push(Diagnostic::error(code, format!("{what}{others}")).label(file, span.clone(), "").help(help));
        }
    }
    let single = problems.iter().filter(|(problem, _)| !matches!(problem, Problem::Unjoined | Problem::CutOff));
    let mut single = single.map(|(problem, span)| {
        let (code, message) = match problem {
            Problem::Columns { wanted, found } => (
                "recipients-row",
                format!(
                    "this line has {found} values, but there are {wanted} column names: a quotation mark may be missing"
                ),
            ),
            Problem::NoId => {
                ("recipients-id", "this recipient has no ExternalDirectoryObjectId, Guid or Identity".into())
            }
            Problem::NoType => ("recipients-type", "this recipient has no RecipientTypeDetails".to_owned()),
            Problem::BadAddress | Problem::Unjoined | Problem::CutOff => {
                ("recipients-address", "an e-mail address here has no @".to_owned())
            }
        };
        Diagnostic::error(code, message).label(file, span.clone(), "")
    });
    found.extend(single.by_ref().take(MAX_SHOWN));
    let more = single.count();
    if more > 0 {
        let message = format!("{more} more lines cannot be used");
        found.push(Diagnostic::error("recipients-row", message).label(file, 0..0, "").help(export_help()));
    }
    found
}
