//! Which attributes of an entry an answer holds, and value ranges of long ones.

use super::forest::View;
use super::schema;
use rasn_ldap::{PartialAttribute, SearchResultEntry};

/// The most values of one attribute that an answer holds (AD's MaxValRange).
pub const MAX_VALUES: usize = 1_500;

/// One requested attribute: its name in lower case, and the range of values if one was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    range: Option<Range>,
}

/// `;range=first-last`; no last is `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first: usize,
    last: Option<usize>,
}

/// The attribute selection of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// `*`, or no selection at all.
    all: bool,
    wanted: Vec<Wanted>,
    types_only: bool,
}

/// AD answers these only by name, not to `*` ([MS-ADTS] 3.1.1.4.5, constructed attributes).
const BY_NAME_ONLY: [&str; 1] = ["canonicalName"];

impl Selection {
    /// Reads a selection (RFC 4511 section 4.5.1.8). `1.1` asks for no attributes; `+` gives none in AD either.
    pub fn read<'s>(names: impl IntoIterator<Item = &'s str>, types_only: bool) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        let wanted = names.iter().filter_map(|name| wanted(name)).collect();
        Self { all: names.is_empty() || names.contains(&"*"), wanted, types_only }
    }

    /// The entry with the selected attributes.
    pub fn entry(&self, view: &View<'_>) -> SearchResultEntry {
        let mut attributes = Vec::new();
        if self.all {
            for name in view.names() {
                let asked = self.wanted.iter().any(|wanted| wanted.name.eq_ignore_ascii_case(&name));
                if !asked && !BY_NAME_ONLY.contains(&name.as_str()) {
                    self.push(&mut attributes, &name, view.values_named(&name), None);
                }
            }
        }
        for wanted in &self.wanted {
            let name = view.spelling(&wanted.name);
            self.push(&mut attributes, &name, view.values_named(&name), wanted.range);
        }
        SearchResultEntry::new(view.entry.dn.as_str().into(), attributes)
    }

    /// The selected ones of some ready attributes (the rootDSE's).
    pub fn of_list(&self, name: &str, list: Vec<(&'static str, Vec<String>)>) -> SearchResultEntry {
        let mut attributes = Vec::new();
        for (attribute, values) in list {
            let asked = self.wanted.iter().any(|wanted| wanted.name.eq_ignore_ascii_case(attribute));
            if self.all || asked {
                self.push(&mut attributes, attribute, values.into_iter().map(String::into_bytes).collect(), None);
            }
        }
        SearchResultEntry::new(name.into(), attributes)
    }

    /// Adds an attribute that has values. One with too many, or of which a range was asked for, gets the range's
    /// values under a name that says so; where the client did not ask for a range, the bare name comes too, with no
    /// values.
    ///
    /// Source: [MS-ADTS] 3.1.1.3.1.3.3, "Range Retrieval of Attribute Values".
    fn push(&self, to: &mut Vec<PartialAttribute>, name: &str, values: Vec<Vec<u8>>, range: Option<Range>) {
        if values.is_empty() {
            return;
        }
        let count = values.len();
        let mut add = |name: String, values: Vec<Vec<u8>>| {
            let values = if self.types_only { Vec::new() } else { values };
            let values: Vec<_> = values.into_iter().map(Into::into).collect();
            to.push(PartialAttribute::new(name.into(), values.into()));
        };
        let Some(Range { first, last }) = range.or((count > MAX_VALUES).then_some(Range { first: 0, last: None }))
        else {
            return add(name.to_owned(), values);
        };
        if first >= count {
            return;
        }
        let end = last.map_or(count, |last| last.saturating_add(1)).min(first.saturating_add(MAX_VALUES)).min(count);
        let until = if end == count { "*".to_owned() } else { (end - 1).to_string() };
        if range.is_none() {
            add(name.to_owned(), Vec::new());
        }
        add(format!("{name};range={first}-{until}"), values.into_iter().take(end).skip(first).collect());
    }
}

/// An attribute description: a name and options. An option other than `range` is ignored; `+` and `1.1` select nothing.
fn wanted(description: &str) -> Option<Wanted> {
    let mut parts = description.split(';');
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let range = parts.find_map(|option| range(&option.to_ascii_lowercase()));
    let is_name = !matches!(name.as_str(), "" | "*" | "+" | "1.1");
    is_name.then(|| Wanted { name: schema::attribute(&name).map_or(name, |known| known.name.to_owned()), range })
}

fn range(option: &str) -> Option<Range> {
    let (first, last) = option.strip_prefix("range=")?.split_once('-')?;
    let first = first.parse().ok()?;
    let last = if last == "*" { None } else { Some(last.parse().ok().filter(|last| *last >= first)?) };
    Some(Range { first, last })
}
