//! Links from a CSV file: the list that administrators keep (`SamAccountName,CloudUPN`), made into a match plan.
//!
//! The columns may stand in any order and beside others. A row that cannot be a link is left out and named with its line;
//! a row that is in the match plan already is left out too. What is in the match plan stays as it is, comments included.

use super::matchplan::{AdSelector, CloudSelector, LinkSpec};
use super::read::match_plan;
use super::sheet::{beginning, decode, line_at};
use crate::diagnostic::{Diagnostic, SourceId, Sources};
use csv::{ReaderBuilder, StringRecord};
use std::collections::HashMap;
use std::ops::Range;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

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
    /// What is wrong with the others; of a file that is no such table, with the whole.
    pub found: Vec<Diagnostic>,
    /// The text that these point into.
    pub sources: Sources,
    /// The file in it; `None` if it is no text.
    pub file: Option<SourceId>,
}

/// Reads a file in any of the encodings and with any of the separators that spreadsheets and PowerShell write.
pub fn read(name: &str, octets: &[u8]) -> Rows {
    let mut sources = Sources::new();
    let text = match decode(octets) {
        Ok(text) => text,
        Err(why) => {
            let name = crate::model::visible::visible(name);
            let problem = Diagnostic::error("csv-encoding", format!("{name} {why}"));
            let help = "save it as CSV UTF-8; in PowerShell: Export-Csv FILE -NoTypeInformation -Encoding utf8";
            return Rows { rows: Vec::new(), found: vec![problem.help(help)], sources, file: None };
        }
    };
    let file = sources.add(name, &text);
    let (rows, found) = table(&text, file);
    Rows { rows, found, sources, file: Some(file) }
}

fn table(text: &str, file: SourceId) -> (Vec<Row>, Vec<Diagnostic>) {
    let (start, delimiter) = beginning(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(&text.as_bytes()[start..]);
    let mut records = reader.records();
    let octet = |record: &StringRecord| record.position().and_then(|at| usize::try_from(at.byte()).ok());
    let span = |record: &StringRecord| line_at(text, start + octet(record).unwrap_or_default());
    let columns =
        "SamAccountName (or AD UPN, DistinguishedName, ObjectGUID) and CloudUPN (or UserPrincipalName, ObjectId)";
    let Some(Ok(header)) = records.next() else {
        let problem = Diagnostic::error("csv-empty", "the file holds no line with column names").label(file, 0..0, "");
        return (Vec::new(), vec![problem.help(format!("name the columns in the first line: {columns}"))]);
    };
    let (ad, cloud) = (column(&header, AD), column(&header, CLOUD));
    let (Some(ad), Some(cloud)) = (ad, cloud) else {
        let missing = match (ad, cloud) {
            (None, None) => "columns for the AD user and the cloud user",
            (None, _) => "a column for the AD user",
            _ => "a column for the cloud user",
        };
        let problem =
            Diagnostic::error("csv-columns", format!("{missing} cannot be told from the names in the first line"));
        let problem = problem.label(file, span(&header), "the column names");
        return (Vec::new(), vec![problem.help(format!("call them {columns}"))]);
    };
    let (mut rows, mut found): (Vec<Row>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    let (mut seen_ad, mut seen_cloud) =
        (HashMap::<String, Range<usize>>::new(), HashMap::<String, Range<usize>>::new());
    // The text is UTF-8 already, and any number of cells is taken: reading from memory cannot fail.
    for record in records.map_while(Result::ok).filter(|record| record.iter().any(|cell| !cell.trim().is_empty())) {
        let span = span(&record);
        let row = if record.len() > header.len() {
            Err(format!(
                "this row has {} values under {} column names: a quotation mark may be missing",
                record.len(),
                header.len()
            ))
        } else {
            let cell = |at: usize| record.get(at).unwrap_or_default().trim();
            row(cell(ad), cell(cloud), span.clone())
        };
        let row = match row {
            Ok(row) => row,
            Err(why) => {
                found.push(Diagnostic::warning("csv-row", why).label(file, span, "left out"));
                continue;
            }
        };
        let twice =
            [(&mut seen_ad, ad_key(&row.ad), "AD user"), (&mut seen_cloud, cloud_key(&row.cloud), "cloud user")]
                .into_iter()
                .find_map(|(seen, key, what)| Some((seen.get(&key)?.clone(), what)));
        if let Some((first, what)) = twice {
            let problem = Diagnostic::warning("csv-twice", format!("this {what} is in an earlier row already"));
            found.push(problem.label(file, span, "left out").label(file, first, "the first one counts"));
            continue;
        }
        seen_ad.insert(ad_key(&row.ad), span.clone());
        seen_cloud.insert(cloud_key(&row.cloud), span);
        rows.push(row);
    }
    if rows.is_empty() && found.is_empty() {
        found.push(Diagnostic::error("csv-empty", "there is no row below the column names").label(
            file,
            span(&header),
            "",
        ));
    }
    (rows, few(found))
}

/// Of very many the first ones, and how many more there are.
fn few(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
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

fn row(ad: &str, cloud: &str, span: Range<usize>) -> Result<Row, String> {
    if ad.is_empty() || cloud.is_empty() {
        let missing = if ad.is_empty() { "AD user" } else { "cloud user" };
        return Err(format!("this row names no {missing}"));
    }
    let ad = AdSelector::parse(ad).map_err(|error| error.to_string())?;
    let cloud = CloudSelector::parse(cloud).map_err(|error| error.to_string())?;
    Ok(Row { ad, cloud, span })
}

fn ad_key(ad: &AdSelector) -> String {
    ad.to_string().to_lowercase()
}

fn cloud_key(cloud: &CloudSelector) -> String {
    cloud.to_string().to_lowercase()
}

/// A match plan with the rows in it.
#[derive(Clone, Debug)]
pub struct Woven {
    /// Its text.
    pub text: String,
    /// How many links were added.
    pub added: usize,
    /// How many rows it had already.
    pub had: usize,
}

/// Adds rows as links to a match plan's text, or begins a new one. Everything else in it stays as it is. Rows that
/// contradict a link that it has are left out, and named in `into`'s diagnostics.
///
/// Errors: the match plan has an error itself, or its links are written in a form that nothing can be added to.
pub fn weave(name: &str, old: Option<&str>, into: &mut Rows) -> Result<Woven, (Vec<Diagnostic>, Sources)> {
    let (links, mut document) = match old {
        Some(text) => {
            let (links, found, sources) = match_plan(name, text);
            let (Some(links), Ok(document)) = (links, text.parse::<DocumentMut>()) else {
                return Err((found, sources));
            };
            (links, document)
        }
        None => (Vec::new(), beginning_of_a_plan()),
    };
    let rows = std::mem::take(&mut into.rows);
    let (rows, had) = without_known(rows, &links, into);
    let item = document.entry("link").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if item.as_array().is_some_and(toml_edit::Array::is_empty) {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    let Some(tables) = item.as_array_of_tables_mut() else {
        let problem =
            Diagnostic::error("inline-links", format!("the links of {name} are written as one list in brackets"));
        return Err((vec![problem.help("write each as a [[link]] section; then rows can be added")], Sources::new()));
    };
    for row in &rows {
        let mut table = Table::new();
        table.insert("ad", value(row.ad.to_string()));
        table.insert("cloud", value(row.cloud.to_string()));
        tables.push(table);
    }
    into.rows = rows;
    Ok(Woven { text: document.to_string(), added: into.rows.len(), had })
}

fn beginning_of_a_plan() -> DocumentMut {
    let mut document = DocumentMut::new();
    document.insert("version", value(1));
    document
        .decor_mut()
        .set_prefix("# `matchplan plan` shows what these links would change; nothing has been changed yet.\n");
    document
}

/// The rows that the match plan says nothing of, and how many it has as they are.
fn without_known(rows: Vec<Row>, links: &[LinkSpec], into: &mut Rows) -> (Vec<Row>, usize) {
    let by_ad: HashMap<String, &LinkSpec> = links.iter().map(|link| (ad_key(&link.ad), link)).collect();
    let by_cloud: HashMap<String, &LinkSpec> = links.iter().map(|link| (cloud_key(&link.cloud), link)).collect();
    let mut had = 0;
    let mut contradicted = Vec::new();
    let keep = |row: &Row| {
        let (ad, cloud) = (by_ad.get(&ad_key(&row.ad)), by_cloud.get(&cloud_key(&row.cloud)));
        match (ad, cloud) {
            (None, None) => true,
            (Some(one), Some(other)) if std::ptr::eq(*one, *other) => {
                had += 1;
                false
            }
            (Some(link), _) | (None, Some(link)) => {
                let message = format!("{} says otherwise: {} → {}", link.origin, link.ad, link.cloud);
                contradicted.extend(into.file.map(|file| {
                    Diagnostic::warning("csv-contradicts", message).label(file, row.span.clone(), "left out")
                }));
                false
            }
        }
    };
    let rows = rows.into_iter().filter(keep).collect();
    into.found.extend(few(contradicted));
    (rows, had)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(rows: &Rows) -> Vec<(String, String)> {
        rows.rows.iter().map(|row| (row.ad.to_string(), row.cloud.to_string())).collect()
    }

    fn codes(rows: &Rows) -> Vec<&'static str> {
        rows.found.iter().map(|found| found.code).collect()
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
                let rows = read("users.csv", &octets);
                assert_eq!(pairs(&rows), wanted, "{text}");
                assert!(rows.found.is_empty(), "{text}: {:?}", rows.found);
            }
        }
    }

    #[test]
    fn a_row_that_cannot_be_a_link_is_named_and_the_others_are_read() {
        let text = "SamAccountName,CloudUPN\n,x@contoso.com\njsmith,\n=cmd|'/c calc'!A1,x@contoso.com\na b\"c,y\nok,ok@contoso.com\n\
                    OK,other@contoso.com\nthird,OK@contoso.com\none,two@contoso.com,three\n";
        let rows = read("users.csv", text.as_bytes());
        assert_eq!(pairs(&rows), [("ok".to_owned(), "ok@contoso.com".to_owned())]);
        let twice = ["csv-twice"; 2];
        assert_eq!(codes(&rows), [&["csv-row"; 4][..], &twice, &["csv-row"]].concat());
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
            let rows = read("users.csv", text.as_bytes());
            assert_eq!((codes(&rows), rows.rows.len()), (vec![code], 0), "{text}");
        }
        assert_eq!(codes(&read("users.csv", b"SamAccountName,CloudUPN\nj\xfcrgen,x@y\n")), ["csv-encoding"]);
        assert_eq!(codes(&read("users.csv", &[0xff, 0xfe, 0x41])), ["csv-encoding"]);
    }

    #[test]
    fn many_bad_rows_do_not_flood_the_screen() {
        let text = format!("SamAccountName,CloudUPN\n{}", ",\"\"x\n".repeat(500));
        let rows = read("users.csv", text.as_bytes());
        assert_eq!(rows.found.len(), MAX_SHOWN + 1);
        assert!(rows.found.last().unwrap().message.contains("450 more rows"), "{:?}", rows.found.last());
    }

    #[test]
    fn a_plan_keeps_its_comments_and_gets_what_it_does_not_have() {
        let old = "# wave one\nversion = 1\n\n[defaults] # for all\nmatch = \"hard\"\n\n[[link]] # the boss\nad = 'Boss'   # staged\n\
                   cloud = \"boss@contoso.com\"\n\n[[link]]\nad = \"ann\"\ncloud = \"ann@contoso.com\"\n# the end\n";
        let text = "SamAccountName,CloudUPN\nANN,Ann@contoso.com\njsmith,john@contoso.com\nboss2,boss@contoso.com\n";
        let mut rows = read("users.csv", text.as_bytes());
        let woven = weave("plans/a.toml", Some(old), &mut rows).unwrap();
        assert_eq!((woven.added, woven.had), (1, 1));
        let added = "\n[[link]]\nad = \"jsmith\"\ncloud = \"john@contoso.com\"\n";
        assert!(woven.text.contains(added), "{}", woven.text);
        assert_eq!(woven.text.replacen(added, "", 1), old);
        assert_eq!(codes(&rows), ["csv-contradicts"]);
        assert!(rows.found[0].message.contains("plans/a.toml:7"), "{}", rows.found[0].message);
    }

    #[test]
    fn a_broken_plan_is_left_alone() {
        let mut rows = read("users.csv", b"sam,cloud\na,a@contoso.com\n");
        for old in [
            "version = 1\n[[link]]\nad = ",
            "version = 2\n",
            "link = [{ ad = 'b', cloud = 'b@contoso.com' }]\nversion = 1\n",
        ] {
            let (found, _) = weave("plans/a.toml", Some(old), &mut rows.clone()).unwrap_err();
            assert!(found.iter().any(Diagnostic::is_error), "{old}");
        }
        assert_eq!(weave("plans/a.toml", Some("version = 1\nlink = []\n"), &mut rows).unwrap().added, 1);
    }

    proptest! {
        /// Whatever is in a row that is taken: the match plan is valid, and says what the row said.
        #[test]
        fn what_is_woven_is_read_again(names in proptest::collection::vec(("[a-zA-Z0-9 .'#$%éü_-]{1,12}", "[a-z0-9.'+#]{1,8}"), 1..20)) {
            let mut text = String::from("SamAccountName;CloudUPN\n");
            for (ad, cloud) in &names {
                text += &["\"", ad, "\";", cloud, "@contoso.com\n"].concat();
            }
            let mut rows = read("users.csv", text.as_bytes());
            let woven = weave("a.toml", None, &mut rows).unwrap();
            let (links, found, _) = match_plan("a.toml", &woven.text);
            let links = links.unwrap_or_else(|| panic!("{found:?}\n{}", woven.text));
            let read: Vec<_> = links.into_iter().map(|link| (link.ad, link.cloud)).collect();
            prop_assert_eq!(read, rows.rows.into_iter().map(|row| (row.ad, row.cloud)).collect::<Vec<_>>());
        }

        /// No octets make it fail otherwise than with a message.
        #[test]
        fn nothing_makes_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut rows = read("users.csv", &[b"sam,cloud\n", octets.as_slice()].concat());
            let _ = weave("a.toml", None, &mut rows);
        }
    }
}
