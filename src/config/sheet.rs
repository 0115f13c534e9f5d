//! A table as spreadsheets and PowerShell write it: which encoding, where it begins, what separates its cells.

use csv::{ReaderBuilder, StringRecord};
use std::ops::Range;

/// UTF-8 with or without a mark, or UTF-16 with one, as Windows PowerShell's `-Encoding Unicode` writes.
pub(super) fn decode(octets: &[u8]) -> Result<String, String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>());
        text.ok().filter(|_| odd.is_empty()).ok_or_else(|| "starts as UTF-16 and does not go on as UTF-16".to_owned())
    };
    match octets {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        _ => utf8(octets),
    }
}

fn utf8(octets: &[u8]) -> Result<String, String> {
    std::str::from_utf8(octets).map(str::to_owned).map_err(|error| {
        let line = octets[..error.valid_up_to()].split(|octet| *octet == b'\n').count();
        format!("is neither UTF-8 nor UTF-16: see line {line}")
    })
}

/// The lines of a table and where each stands: the one with the column names first, then every row that is not blank.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (StringRecord, Range<usize>)> {
    let (start, delimiter) = beginning(text);
    let mut builder = ReaderBuilder::new();
    let reader = builder.has_headers(false).flexible(true).delimiter(delimiter);
    // The text is UTF-8, and any number of cells is taken: reading from memory cannot fail.
    let records = reader.from_reader(&text.as_bytes()[start..]).into_records().map_while(Result::ok);
    let told = |(n, record): &(usize, StringRecord)| *n == 0 || record.iter().any(|cell| !cell.trim().is_empty());
    records.enumerate().filter(told).map(move |(_, record)| {
        let octet = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or_default();
        let span = line_at(text, start + octet);
        (record, span)
    })
}

/// Where the table begins behind a `#TYPE` or `sep=` line, and what its cells are separated by.
fn beginning(text: &str) -> (usize, u8) {
    let mut start = 0;
    let mut stated = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let lower = content.to_lowercase();
        if let Some(separator) = lower.strip_prefix("sep=") {
            stated = separator.bytes().next();
        } else if !content.is_empty() && !lower.trim_start_matches('"').starts_with("#type") {
            break;
        }
        start += line.len();
    }
    let header = text[start..].lines().next().unwrap_or_default();
    let count = |separator: char| header.matches(separator).count();
    let likeliest = [',', ';', '\t'].into_iter().max_by_key(|separator| (count(*separator), *separator == ','));
    (start, stated.unwrap_or_else(|| likeliest.map_or(b',', |separator| separator as u8)))
}

/// The line that starts at an octet, without its end. The reader counts the line feed of a Windows line end to the next
/// line.
fn line_at(text: &str, octet: usize) -> Range<usize> {
    let octet = octet.min(text.len());
    let start = octet + text.as_bytes()[octet..].iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    let end = text.as_bytes()[start..].iter().position(|octet| *octet == b'\n').map_or(text.len(), |at| start + at);
    let line = &text[start..end];
    start..start + line.trim_end().len()
}
