//! Links from a CSV file: the list that administrators keep (`SamAccountName,CloudUPN`).
//!
//! The columns may stand in any order and beside others. A row that cannot be a link is left out and named with its line.
//! [`super::weave`] makes a match plan of the others.

use super::checks::ad_key;
use super::matchplan::{AdSelector, CloudSelector};
use super::sheet::{decode, lines};
use crate::diagnostic::{Diagnostic, SourceId, Sources};
use csv::StringRecord;
use std::collections::HashMap;
use std::ops::Range;

/// A larger file is refused. 64 MiB hold more than a million rows.
pub const LARGEST: u64 = 64 << 20;

/// So many rows that cannot be links are shown one by one.
const MAX_SHOWN: usize = 50;

/// What the column of the AD user may be called: without case, spaces, `_` and `-`. The first that is there counts.
const AD: &[&str] =
    &["samaccountname", "sam", "aduser", "ad", "adupn", "distinguishedname", "dn", "objectguid", "username"];
/// The same of the cloud user.
const CLOUD: &[&str] = &[
    "cloudupn",
    "clouduserprincipalname",
    "clouduser",
    "cloud",
    "entraupn",
    "azureupn",
    "cloudobjectid",
    "objectid",
    "userprincipalname",
    "upn",
];

/// The links of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The AD user.
    pub ad: AdSelector,
    /// The cloud user.
    pub cloud: CloudSelector,
    /// Where it stands in the file.
    pub span: Range<usize>,
}

/// What was read of a file.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The rows that can be links.
    pub rows: Vec<Row>,
    /// What is wrong with the others: warnings only.
    pub found: Vec<Diagnostic>,
    /// The text that these point into.
    pub sources: Sources,
    /// The file in it.
    pub file: SourceId,
}

/// Reads a file in any of the encodings and with any of the separators that spreadsheets and PowerShell write. Errors: it
/// is no text, or no table with both columns and a row.
pub fn read(name: &str, octets: &[u8]) -> Result<Rows, (Vec<Diagnostic>, Sources)> {
    let mut sources = Sources::new();
    let text = match decode(octets) {
        Ok(text) => text,
        Err(why) => {
            let name = crate::model::visible::visible(name);
            let problem = Diagnostic::error("csv-encoding", format!("{name} {why}"));
            let help = "save it as CSV UTF-8; in PowerShell: Export-Csv FILE -NoTypeInformation -Encoding utf8";
            return Err((vec![problem.help(help)], sources));
        }
    };
    let file = sources.add(name, &text);
    match table(&text, file) {
        Ok((rows, found)) => Ok(Rows { rows, found, sources, file }),
        Err(problem) => Err((vec![*problem], sources)),
    }
}

fn table(text: &str, file: SourceId) -> Result<(Vec<Row>, Vec<Diagnostic>), Box<Diagnostic>> {
    let mut lines = lines(text);
    let columns =
        "SamAccountName (or AD UPN, DistinguishedName, ObjectGUID) and CloudUPN (or UserPrincipalName, ObjectId)";
    let Some((header, names)) = lines.next() else {
        let problem = Diagnostic::error("csv-empty", "the file holds no line with column names").label(file, 0..0, "");
        return Err(Box::new(problem.help(format!("name the columns in the first line: {columns}"))));
    };
    let (ad, cloud) = match (column(&header, AD), column(&header, CLOUD)) {
        (Some(ad), Some(cloud)) => (ad, cloud),
        (ad, cloud) => {
            let missing = match (ad, cloud) {
                (None, None) => "columns for the AD user and the cloud user",
                (None, _) => "a column for the AD user",
                _ => "a column for the cloud user",
            };
            let message = format!("{missing} cannot be told from the names in the first line");
            let problem = Diagnostic::error("csv-columns", message).label(file, names, "the column names");
            return Err(Box::new(problem.help(format!("call them {columns}"))));
        }
    };
    let (mut rows, mut found): (Vec<Row>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    let (mut seen_ad, mut seen_cloud) = (HashMap::new(), HashMap::new());
    for (record, span) in lines {
        let row = match row(&record, (ad, cloud), header.len(), &span) {
            Ok(row) => row,
            Err(why) => {
                found.push(Diagnostic::warning("csv-row", why).label(file, span, "left out"));
                continue;
            }
        };
        let ad = ad_key(&row.ad, None);
        let first = seen_ad.get(&ad).map(|first| (first, "AD user"));
        let first = first.or_else(|| seen_cloud.get(&row.cloud).map(|first| (first, "cloud user")));
        if let Some((first, what)) = first {
            let problem = Diagnostic::warning("csv-twice", format!("this {what} is in an earlier row already"));
            let first: &Range<usize> = first;
            found.push(problem.label(file, span, "left out").label(file, first.clone(), "the first one counts"));
            continue;
        }
        seen_ad.insert(ad, span.clone());
        seen_cloud.insert(row.cloud.clone(), span);
        rows.push(row);
    }
    if rows.is_empty() && found.is_empty() {
        let problem = Diagnostic::error("csv-empty", "there is no row below the column names");
        return Err(Box::new(problem.label(file, names, "")));
    }
    Ok((rows, few(found)))
}

/// Of very many the first ones, and how many more there are.
pub(super) fn few(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if let Some(more) = found.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        found.truncate(MAX_SHOWN);
        found.push(Diagnostic::warning("csv-row", format!("{more} more rows were left out")));
    }
    found
}

fn column(header: &StringRecord, names: &[&str]) -> Option<usize> {
    let bare = |cell: &str| {
        cell.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect::<String>()
    };
    let header: Vec<String> = header.iter().map(bare).collect();
    names.iter().find_map(|name| header.iter().position(|cell| cell == name))
}

/// The link that a line is, of a table with so many `columns`.
fn row(line: &StringRecord, (ad, cloud): (usize, usize), columns: usize, span: &Range<usize>) -> Result<Row, String> {
    if line.len() > columns {
        let values = line.len();
        return Err(format!(
            "this row has {values} values under {columns} column names: a quotation mark may be missing"
        ));
    }
    let cell = |at: usize| line.get(at).unwrap_or_default().trim();
    let (ad, cloud) = (cell(ad), cell(cloud));
    if ad.is_empty() || cloud.is_empty() {
        let missing = if ad.is_empty() { "AD user" } else { "cloud user" };
        return Err(format!("this row names no {missing}"));
    }
    let ad = AdSelector::parse(ad).map_err(|error| error.to_string())?;
    let cloud = CloudSelector::parse(cloud).map_err(|error| error.to_string())?;
    Ok(Row { ad, cloud, span: span.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(rows: &Rows) -> Vec<(String, String)> {
        rows.rows.iter().map(|row| (row.ad.to_string(), row.cloud.to_string())).collect()
    }

    fn codes(found: &[Diagnostic]) -> Vec<&'static str> {
        found.iter().map(|found| found.code).collect()
    }

    fn rows_of(text: &str) -> Rows {
        read("users.csv", text.as_bytes()).unwrap_or_else(|(found, _)| panic!("{found:?}"))
    }

    /// What is said of a file that is refused as a whole.
    fn refused(octets: &[u8]) -> Vec<&'static str> {
        codes(&read("users.csv", octets).unwrap_err().0)
    }

    fn wide(text: &str) -> Vec<u8> {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    }

    #[test]
    fn every_way_in_which_such_lists_are_written_is_read() {
        let wanted =
            [("jsmith".to_owned(), "john@contoso.com".to_owned()), ("corp\\a".into(), "ann@contoso.com".into())];
        let texts = [
            "SamAccountName,CloudUPN\njsmith,john@contoso.com\ncorp\\a,ann@contoso.com\n",
            "\u{feff}CloudUPN;SamAccountName;Department\r\njohn@contoso.com;jsmith;Sales\r\n\r\nann@contoso.com;corp\\a;\r\n",
            "#TYPE Selected.User\n\"sAMAccountName\",\"UserPrincipalName\"\n\"jsmith\",\"john@contoso.com\"\n\"corp\\a\",\"ann@contoso.com\"",
            "sep=;\nSAM;cloud_upn\njsmith; john@contoso.com \ncorp\\a;ann@contoso.com",
            "AD User\tCloud User\njsmith\tjohn@contoso.com\ncorp\\a\tann@contoso.com\n",
        ];
        for text in texts {
            for octets in [text.as_bytes().to_vec(), wide(text.trim_start_matches('\u{feff}'))] {
                let rows = read("users.csv", &octets).unwrap();
                assert_eq!(pairs(&rows), wanted, "{text}");
                assert!(rows.found.is_empty(), "{text}: {:?}", rows.found);
            }
        }
    }

    #[test]
    fn a_row_that_cannot_be_a_link_is_named_and_the_others_are_read() {
        let text = "SamAccountName,CloudUPN\n,x@contoso.com\njsmith,\n=cmd|'/c calc'!A1,x@contoso.com\na b\"c,y\nok,ok@contoso.com\n\
                    OK,other@contoso.com\nthird,OK@contoso.com\none,two@contoso.com,three\n";
        let rows = rows_of(text);
        assert_eq!(pairs(&rows), [("ok".to_owned(), "ok@contoso.com".to_owned())]);
        let twice = ["csv-twice"; 2];
        assert_eq!(codes(&rows.found), [&["csv-row"; 4][..], &twice, &["csv-row"]].concat());
    }

    #[test]
    fn a_file_that_is_no_such_table_says_what_is_missing() {
        for (text, code) in [
            ("", "csv-empty"),
            ("SamAccountName,CloudUPN\n", "csv-empty"),
            ("jsmith,john@contoso.com\n", "csv-columns"),
            ("SamAccountName,Mail\njsmith,x\n", "csv-columns"),
            ("CloudUPN\nx@contoso.com\n", "csv-columns"),
        ] {
            assert_eq!(refused(text.as_bytes()), [code], "{text}");
        }
        assert_eq!(refused(b"SamAccountName,CloudUPN\nj\xfcrgen,x@y\n"), ["csv-encoding"]);
        assert_eq!(refused(&[0xff, 0xfe, 0x41]), ["csv-encoding"]);
    }

    #[test]
    fn many_bad_rows_do_not_flood_the_screen() {
        let text = format!("SamAccountName,CloudUPN\n{}", ",\"\"x\n".repeat(500));
        let rows = rows_of(&text);
        assert_eq!(rows.found.len(), MAX_SHOWN + 1);
        assert!(rows.found.last().unwrap().message.contains("450 more rows"), "{:?}", rows.found.last());
    }
}
