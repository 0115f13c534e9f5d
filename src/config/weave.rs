//! A match plan's text with links added to it: what is in it stays as it is, comments included.

use super::checks::ad_key;
use super::import::{Row, Rows, few};
use super::matchplan::{AdSelector, CloudSelector, LinkSpec};
use super::read::match_plan;
use crate::diagnostic::{Diagnostic, Sources};
use std::collections::HashMap;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// A match plan with the rows in it.
#[derive(Clone, Debug)]
pub struct Woven {
    /// Its text.
    pub text: String,
    /// How many links were added.
    pub added: usize,
    /// How many rows it had already.
    pub had: usize,
    /// The rows that contradict a link that it has, and were left out.
    pub found: Vec<Diagnostic>,
}

/// Adds rows as links to a match plan's text, or begins a new one. What is in it already is not added again.
///
/// Errors: the match plan has an error itself, or its links are written in a form that nothing can be added to.
pub fn weave(name: &str, old: Option<&str>, rows: &Rows) -> Result<Woven, (Vec<Diagnostic>, Sources)> {
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
    let known = Known::of(&links);
    let (mut new, mut had, mut found) = (Vec::new(), 0, Vec::new());
    for row in &rows.rows {
        match known.what_of(row) {
            None => new.push(row),
            Some(Ok(())) => had += 1,
            Some(Err(link)) => {
                let message = format!("{} says otherwise: {} → {}", link.origin, link.ad, link.cloud);
                let problem = Diagnostic::warning("csv-contradicts", message);
                found.push(problem.label(rows.file, row.span.clone(), "left out"));
            }
        }
    }
    let item = document.entry("link").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if item.as_array().is_some_and(toml_edit::Array::is_empty) {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    let Some(tables) = item.as_array_of_tables_mut() else {
        let problem =
            Diagnostic::error("inline-links", format!("the links of {name} are written as one list in brackets"));
        return Err((vec![problem.help("write each as a [[link]] section; then rows can be added")], Sources::new()));
    };
    for row in &new {
        let mut table = Table::new();
        table.insert("ad", value(row.ad.to_string()));
        table.insert("cloud", value(row.cloud.to_string()));
        tables.push(table);
    }
    Ok(Woven { text: document.to_string(), added: new.len(), had, found: few(found) })
}

fn beginning_of_a_plan() -> DocumentMut {
    let mut document = DocumentMut::new();
    document.insert("version", value(1));
    document
        .decor_mut()
        .set_prefix("# `matchplan plan` shows what these links would change; nothing has been changed yet.\n");
    document
}

/// The links of a match plan, by both of their users.
struct Known<'a> {
    by_ad: HashMap<AdSelector, &'a LinkSpec>,
    by_cloud: HashMap<&'a CloudSelector, &'a LinkSpec>,
}

impl<'a> Known<'a> {
    fn of(links: &'a [LinkSpec]) -> Self {
        Self {
            by_ad: links.iter().map(|link| (ad_key(&link.ad, None), link)).collect(),
            by_cloud: links.iter().map(|link| (&link.cloud, link)).collect(),
        }
    }

    /// Whether the match plan has a row as it is, or which of its links says otherwise; `None` if it says nothing of it.
    fn what_of(&self, row: &Row) -> Option<Result<(), &'a LinkSpec>> {
        match (self.by_ad.get(&ad_key(&row.ad, None)), self.by_cloud.get(&row.cloud)) {
            (None, None) => None,
            (Some(one), Some(other)) if std::ptr::eq(*one, *other) => Some(Ok(())),
            (Some(link), _) | (None, Some(link)) => Some(Err(link)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::import::read;
    use proptest::prelude::*;

    #[test]
    fn a_plan_keeps_its_comments_and_gets_what_it_does_not_have() {
        let old = "# wave one\nversion = 1\n\n[defaults] # for all\nmatch = \"hard\"\n\n[[link]] # the boss\nad = 'Boss'   # staged\n\
                   cloud = \"boss@contoso.com\"\n\n[[link]]\nad = \"ann\"\ncloud = \"ann@contoso.com\"\n# the end\n";
        let text = "SamAccountName,CloudUPN\nANN,Ann@contoso.com\njsmith,john@contoso.com\nboss2,boss@contoso.com\n";
        let rows = read("users.csv", text.as_bytes()).unwrap();
        let woven = weave("plans/a.toml", Some(old), &rows).unwrap();
        assert_eq!((woven.added, woven.had), (1, 1));
        let added = "\n[[link]]\nad = \"jsmith\"\ncloud = \"john@contoso.com\"\n";
        assert!(woven.text.contains(added), "{}", woven.text);
        assert_eq!(woven.text.replacen(added, "", 1), old);
        assert_eq!(woven.found.iter().map(|found| found.code).collect::<Vec<_>>(), ["csv-contradicts"]);
        assert!(woven.found[0].message.contains("plans/a.toml:7"), "{}", woven.found[0].message);
    }

    #[test]
    fn a_broken_plan_is_left_alone() {
        let rows = read("users.csv", b"sam,cloud\na,a@contoso.com\n").unwrap();
        for old in [
            "version = 1\n[[link]]\nad = ",
            "version = 2\n",
            "link = [{ ad = 'b', cloud = 'b@contoso.com' }]\nversion = 1\n",
        ] {
            let (found, _) = weave("plans/a.toml", Some(old), &rows).unwrap_err();
            assert!(found.iter().any(Diagnostic::is_error), "{old}");
        }
        assert_eq!(weave("plans/a.toml", Some("version = 1\nlink = []\n"), &rows).unwrap().added, 1);
    }

    proptest! {
        /// Whatever is in a row that is taken: the match plan is valid, and says what the row said.
        #[test]
        fn what_is_woven_is_read_again(names in proptest::collection::vec(("[a-zA-Z0-9 .'#$%éü_-]{1,12}", "[a-z0-9.'+#]{1,8}"), 1..20)) {
            let mut text = String::from("SamAccountName;CloudUPN\n");
            for (ad, cloud) in &names {
                text += &["\"", ad, "\";", cloud, "@contoso.com\n"].concat();
            }
            let rows = read("users.csv", text.as_bytes()).unwrap();
            let woven = weave("a.toml", None, &rows).unwrap();
            let (links, found, _) = match_plan("a.toml", &woven.text);
            let links = links.unwrap_or_else(|| panic!("{found:?}\n{}", woven.text));
            let read: Vec<_> = links.into_iter().map(|link| (link.ad, link.cloud)).collect();
            prop_assert_eq!(read, rows.rows.into_iter().map(|row| (row.ad, row.cloud)).collect::<Vec<_>>());
        }

        /// No octets make it fail otherwise than with a message.
        #[test]
        fn nothing_makes_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read("users.csv", &[b"sam,cloud\n", octets.as_slice()].concat()).map(|rows| weave("a.toml", None, &rows));
        }
    }
}
